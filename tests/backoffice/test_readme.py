"""The README says what is true."""

from pathlib import Path

from backoffice.cli import COMMANDS
from backoffice.settings_table import as_markdown

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()


def test_the_readme_lists_every_setting_as_it_is() -> None:
    assert as_markdown().strip() in README


def test_the_readme_names_every_command() -> None:
    assert [name for name in COMMANDS if name not in README] == []


def test_both_locks_hold_what_only_the_first_pythons_of_3_11_need() -> None:
    """Debian 12 has 3.11.2, for which redis asks for more than for the Python that writes the locks."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert 'async-timeout==5.0.1 ; python_full_version < "3.11.3"' in (ROOT / name).read_text("utf-8")
