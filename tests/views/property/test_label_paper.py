"""How much text fits on a label, worked out without a browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.phone_stage import LONG_NAME
from views.property.label_paper import LETTERS, LINE, ROLLS, SHEETS, Box, Paper, areas, fit

EVERY = [*SHEETS.items(), *ROLLS.items()]


@pytest.mark.parametrize(("key", "paper"), EVERY, ids=[key for key, _paper in EVERY])
def test_labels_lie_side_by_side_on_their_page(key: str, paper: Paper) -> None:
    width, height = paper.page_size
    places = [paper.place(at) for at in range(paper.on_page)]
    assert len(set(places)) == paper.on_page
    for x, y in places:
        assert x >= 0
        assert y >= 0
        assert x + paper.width <= width + 0.01
        assert y + paper.height <= height + 0.01


@pytest.mark.parametrize(
    ("width", "height"), [(20, 15), (20, 297), (210, 15), (38.1, 21.2), (50, 30), (40, 60)]
)
def test_code_and_text_lie_on_the_label_and_not_on_each_other(width: float, height: float) -> None:
    code, text = areas(width, height)
    for box in (code, text):
        assert box.x >= 1
        assert box.y >= 1
        assert box.x + box.width <= width - 1
        assert box.y + box.height <= height - 1
        assert min(box.width, box.height) > 0
    assert text.x >= code.x + code.width or text.y >= code.y + code.height


def test_short_text_is_large_and_long_text_small() -> None:
    _code, box = areas(50, 30)
    short, long = fit(["TH-1", "Gauge"], box), fit(["TH-1", LONG_NAME, LONG_NAME, "7K3M9-QX2TB"], box)
    assert short.letters == LETTERS[0]
    assert long.letters < short.letters
    assert not long.left_out


def test_what_is_too_long_is_shortened_and_told() -> None:
    _code, box = areas(38.1, 21.2)
    found = fit(["TH-1", LONG_NAME * 6, "A", "B", "7K3M9-QX2TB"], box)
    assert found.left_out
    assert found.lines[0] == "TH-1"
    assert found.lines[-1] == "7K3M9-QX2TB", "the code is never left out"


@given(
    st.lists(st.text(alphabet="检具测试 abcMW012-…，", min_size=1, max_size=300), min_size=2, max_size=9),
    st.floats(10, 100),
    st.floats(8, 100),
)
def test_what_is_said_to_fit_fits(lines: list[str], width: float, height: float) -> None:
    """Counted as a printer lays it out: no line is wider than the box, and all lines are not higher."""
    found = fit(lines, Box(0, 0, width, height))
    per_line = width / found.letters
    rows = 0
    for line in found.lines:
        used, rows = 0.0, rows + 1
        for letter in line:
            wide = 1.0 if letter in "检具测试，…MW" else 0.5
            if used + wide > per_line:
                used, rows = 0.0, rows + 1
            used += wide
    if not found.left_out or len(found.lines) > 1:
        assert rows * found.letters * LINE <= height + 1e-6 or len(found.lines) == 1
    assert set(found.lines[:-1]) <= {*lines, *(one for one in found.lines if one.endswith("…"))}
