"""The look holds its promises: contrast, icons that exist, nothing inline that the CSP would block."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "backoffice"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
GROUNDS = ("surface", "surface-2", "canvas", "hover", "selected")
TINTS = (
    "gray",
    "blue",
    "green",
    "yellow",
    "orange",
    "red",
    "purple",
    "teal",
    "danger",
    "warning",
    "success",
    "info",
)
READABLE = 4.5
VISIBLE = 3.0


def tokens(name: str) -> dict[str, str]:
    text = (ROOT / "static" / "css" / f"{name}.css").read_text()
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", text))


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(params=["tokens", "dark"])
def palette(request: pytest.FixtureRequest) -> dict[str, str]:
    return tokens(request.param)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("ink", ["text", "text-2", "text-3", "accent-text", "danger-text"])
def test_text_can_be_read_on_every_ground(palette: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(palette[ink], palette[ground]) >= READABLE


@pytest.mark.parametrize("tint", TINTS)
def test_coloured_tags_and_messages_can_be_read(palette: dict[str, str], tint: str) -> None:
    assert contrast(palette[f"{tint}-text"], palette[f"{tint}-soft"]) >= READABLE


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        ("on-accent", "accent", READABLE),
        ("on-accent", "danger", READABLE),
        ("accent-text", "accent-soft", READABLE),
        ("text-2", "sunken", READABLE),
        ("text-3", "sunken", READABLE),
        ("surface", "text", READABLE),
        ("control-line", "surface", VISIBLE),
        ("focus", "surface", VISIBLE),
        ("focus", "canvas", VISIBLE),
    ],
)
def test_controls_can_be_seen(palette: dict[str, str], ink: str, ground: str, least: float) -> None:
    assert contrast(palette[ink], palette[ground]) >= least


def test_dark_has_no_name_of_its_own_and_forgets_no_colour() -> None:
    assert set(tokens("dark")) == set(tokens("tokens"))


def test_style_sheets_take_colours_from_the_tokens_only() -> None:
    loose = {
        f"{path.name}: {color}"
        for path in (ROOT / "static" / "css").glob("*.css")
        if path.stem not in {"tokens", "dark", "print", "letter"}  # paper is white
        for color in re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s])", path.read_text())
    }
    # a signature is drawn on white paper, and cameras read codes on white ground
    assert loose == {"forms.css: #fff", "factors.css: #fff"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_template_has_nothing_inline_that_the_csp_blocks(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<[^>]*\son[a-z]+=", text)
    assert not re.search(r"<[^>]*\sstyle=", text)
    assert "javascript:" not in text
    assert all(
        "nonce=" in tag or "admin_csp_nonce_attribute" in tag for tag in re.findall(r"<script[^>]*>", text)
    )


def test_every_icon_a_template_names_is_built_in() -> None:
    patterns = (r"icon\('([a-z0-9-]+)'", r"icon_name='([a-z0-9-]+)'", r"empty\('([a-z0-9-]+)'")
    named = names_in(TEMPLATES, patterns)
    assert named
    assert named <= built_in()


def test_every_icon_code_or_a_pack_names_is_built_in() -> None:
    files = [path for name in ("views", "models", "seed") for path in (ROOT.parent / name).rglob("*.[py]*")]
    named = names_in(files, (r"""\bicon["']?\s*[:=]\s*["']?([a-z0-9]+(?:-[a-z0-9]+)*)["']?[,\s)}]""",))
    assert named - {"str", "icon"} <= built_in()


def built_in() -> set[str]:
    return set((ROOT / "icons.txt").read_text().split())


def names_in(files: list[Path], patterns: tuple[str, ...]) -> set[str]:
    return {
        name
        for path in files
        if path.suffix in {".html", ".py", ".yaml", ".yml"}
        for pattern in patterns
        for name in re.findall(pattern, path.read_text())
    }
