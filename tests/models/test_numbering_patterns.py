from datetime import date

import pytest

from models import numbering_patterns

DAY = date(2026, 3, 9)


def made(pattern: str, sequence: int = 7, department: str = "QA") -> str:
    return numbering_patterns.render(*numbering_patterns.split(pattern, DAY, department), sequence)


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("QF-{yyyy}{mm}-{seq:4}", "QF-202603-0007"),
        ("{dept}-{yy}{seq:5}", "QA-2600007"),
        ("{seq}", "7"),
        ("{dd}.{mm}.{yyyy} 第{seq:2}号", "09.03.2026 第07号"),
        ("%d{seq:3}%s", "%d007%s"),
    ],
)
def test_a_pattern_is_filled(pattern: str, number: str) -> None:
    assert list(numbering_patterns.check(pattern)) == []
    assert made(pattern) == number


def test_a_running_number_grows_beyond_its_digits() -> None:
    assert made("A{seq:2}", 12345) == "A12345"


@pytest.mark.parametrize(
    "pattern",
    ["QF", "{seq}{seq}", "{seq:0}", "{seq:11}", "{seq:999}", "{year}{seq}", "{seq", "seq}", "{{seq}}",
     "{}{seq}", "{seq:4", "{SEQ}", "{seq:-1}"],
)  # fmt: skip
def test_a_pattern_that_cannot_count_is_refused(pattern: str) -> None:
    assert list(numbering_patterns.check(pattern))


@pytest.mark.parametrize(
    ("pattern", "one", "other", "same"),
    [
        ("{yyyy}{mm}-{seq}", date(2026, 1, 31), date(2026, 2, 1), False),
        ("{yyyy}{mm}-{seq}", date(2026, 1, 1), date(2026, 1, 31), True),
        ("{yy}{seq}", date(2026, 12, 31), date(2027, 1, 1), False),
        ("{dd}{seq}", date(2026, 1, 1), date(2026, 1, 2), False),
        ("{seq}", date(2026, 1, 1), date(2030, 1, 2), True),
    ],
)
def test_counting_begins_anew_with_each_period(pattern: str, one: date, other: date, *, same: bool) -> None:
    first, second = (numbering_patterns.split(pattern, day, "")[0] for day in (one, other))
    assert (first == second) is same


def test_only_a_pattern_with_a_department_needs_one() -> None:
    assert numbering_patterns.needs_department("{dept}{seq}")
    assert not numbering_patterns.needs_department("dept{seq}")
