"""The README says what is true."""

from pathlib import Path

from backoffice.cli import COMMANDS
from backoffice.settings_table import as_markdown

README = (Path(__file__).parent.parent.parent / "README.md").read_text()


def test_the_readme_lists_every_setting_as_it_is() -> None:
    assert as_markdown().strip() in README


def test_the_readme_names_every_command() -> None:
    assert [name for name in COMMANDS if name not in README] == []
