"""Control charts, seasons and Paretos against examples worked out by hand and known from textbooks."""

from decimal import Decimal
from math import sqrt

import pytest

from models.reports.statistics.control import RULES, Kind, Point, chart
from models.reports.statistics.pareto import pareto, vital
from models.reports.statistics.season import season

# Montgomery, Introduction to Statistical Quality Control: faults on 26 samples of printed circuit boards
BOARDS = [
    21, 24, 16, 12, 15, 5, 28, 20, 31, 25, 20, 24, 16, 19, 10, 17, 13, 22, 18, 39, 30, 24, 16, 19, 17, 15,
]  # fmt: skip
# the same: faulty cans of juice in 30 samples of 50
CANS = [
    12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11,
    20, 18, 24, 15, 9, 12, 7, 13, 9, 6,
]  # fmt: skip
# the same: shipping errors in 20 weeks of 50 shipments each
ERRORS = [2, 3, 8, 1, 1, 4, 1, 4, 5, 1, 8, 2, 4, 3, 4, 1, 8, 3, 7, 4]


def broken(kind: Kind, points: list[Point], *rules: int, least: int = 8) -> dict[int, tuple[int, ...]]:
    """Return the rules broken by the points (counted from 1) that break any."""
    judged = chart(kind, points, rules=rules, least=least)
    return {at: one.breaks for at, one in enumerate(judged, 1) if one.breaks}


def test_a_c_chart_has_the_limits_of_the_textbook() -> None:
    points = [Point(count) for count in BOARDS]
    first = chart("c", points)[0]
    assert first.centre == pytest.approx(19.85, abs=0.005)
    assert first.upper == pytest.approx(33.22, abs=0.01)
    assert first.lower == pytest.approx(6.48, abs=0.01)
    assert broken("c", points, 1) == {6: (1,), 20: (1,)}


def test_a_p_chart_has_the_limits_of_the_textbook() -> None:
    points = [Point(count, 50) for count in CANS]
    first = chart("p", points)[0]
    assert first.centre == pytest.approx(0.2313, abs=0.00005)
    assert first.upper == pytest.approx(0.4102, abs=0.00005)
    assert first.lower == pytest.approx(0.0524, abs=0.00005)
    assert broken("p", points, 1) == {15: (1,), 23: (1,)}


def test_a_u_chart_has_the_limits_of_the_textbook_and_none_below_zero() -> None:
    points = [Point(count, 50) for count in ERRORS]
    first = chart("u", points)[0]
    assert first.centre == pytest.approx(0.0740, abs=0.00005)
    assert first.upper == pytest.approx(0.1894, abs=0.0001)
    assert first.lower == 0
    assert broken("u", points, 1) == {}


def test_limits_follow_the_size_of_each_period() -> None:
    points = [Point(4, 100), Point(4, 400), *[Point(4, 100)] * 8]
    small, large = chart("u", points)[:2]
    centre = 40 / 1_300
    assert small.centre == large.centre == pytest.approx(centre)
    assert small.upper == pytest.approx(centre + 3 * sqrt(centre / 100))
    assert large.upper == pytest.approx(centre + 3 * sqrt(centre / 400))


def test_values_on_both_sides_of_a_gap_are_no_neighbours() -> None:
    calm = [Point(value) for value in (10, 12, 10, 12)]
    high = [Point(value) for value in (90, 92, 90, 92)]
    judged = chart("i", [*calm, Point(None), *high])
    assert judged[0].upper == pytest.approx(51 + 3 * 2 / 1.128)  # a step of 78 is no chance of a month
    assert judged[4].value is None
    alone = [point for value in calm + high for point in (value, Point(None))]
    assert [one.upper for one in chart("i", alone)] == [None] * 16


def test_single_values_vary_as_their_neighbours_do() -> None:
    # viscosities of a textbook's individuals chart: mean 33.52, mean moving range 0.48
    values = [
        33.75,
        33.05,
        34.00,
        33.81,
        33.46,
        34.02,
        33.68,
        33.27,
        33.49,
        33.20,
        33.62,
        33.00,
        33.54,
        33.12,
        33.84,
    ]
    first = chart("i", [Point(one) for one in values])[0]
    assert first.centre == pytest.approx(33.52, abs=0.005)
    assert first.upper == pytest.approx(34.802, abs=0.01)
    assert first.lower == pytest.approx(32.245, abs=0.01)


def test_a_period_without_any_units_is_no_point() -> None:
    points = [Point(2, 100), Point(3, 0), Point(3, None), Point(None, 100), *[Point(2, 100)] * 8]
    judged = chart("u", points)
    assert [one.value is None for one in judged[:5]] == [False, True, True, True, False]
    assert all(one.upper is None for one in judged[1:4])
    assert judged[0].centre == pytest.approx(0.02)  # nothing of them is in the mean either


def test_limits_need_enough_points() -> None:
    assert all(one.centre is None for one in chart("c", [Point(3)] * 7))
    assert all(one.centre == 3 for one in chart("c", [Point(3)] * 8))
    assert all(one.centre is None for one in chart("u", [*[Point(3, 10)] * 7, *[Point(3, 0)] * 9]))


def test_where_nothing_happens_there_is_no_pattern() -> None:
    assert broken("c", [Point(0)] * 30, *RULES) == {}
    assert broken("u", [Point(0, 100)] * 30, *RULES) == {}
    assert broken("p", [Point(100, 100)] * 30, *RULES) == {}
    assert broken("i", [Point(5)] * 30, *RULES) == {}


# -- Nelson's rules: a c-chart with mean 100 has a standard deviation of 10 -----------------------------


def around(*shifts: float) -> list[Point]:
    """Return points so many standard deviations from a mean of exactly 100, kept there by their mirror."""
    return [Point(100 + 10 * shift) for shift in shifts]


def rule(number: int, *shifts: float, rest: tuple[float, ...] = ()) -> set[int]:
    """Return the points (from 1) among `shifts` that break a rule; `rest` follows and keeps the mean."""
    values = [*shifts, *rest]
    assert sum(values) == pytest.approx(0)
    return {at for at in broken("c", around(*values), number, least=2) if at <= len(shifts)}


def test_rule_1_is_one_point_beyond_three_sigmas() -> None:
    assert rule(1, 0, 3.01, 0, rest=(-1.01, -1, -1)) == {2}
    assert rule(1, 0, 3.00, 0, rest=(-1, -1, -1)) == set()
    assert rule(1, 0, -3.01, 0, rest=(1.01, 1, 1)) == {2}


def test_rule_2_is_nine_points_in_a_row_on_one_side() -> None:
    assert rule(2, *[0.5] * 9, rest=(-1.5, -1.5, -1.5)) == set(range(1, 10))
    assert rule(2, *[0.5] * 8, rest=(-1, 0, -1, -2)) == set()
    assert rule(2, *[0.5] * 4, 0, *[0.5] * 5, rest=(-1.5, -1.5, -1.5)) == set()


def test_rule_3_is_six_points_in_a_row_rising_or_falling() -> None:
    assert rule(3, -1, -0.5, 0, 0.5, 1, 1.5, rest=(-1.5,)) == {1, 2, 3, 4, 5, 6}
    assert rule(3, -1, -0.5, 0, 0, 1, 1.5, rest=(-1,)) == set()
    assert rule(3, 1.5, 1, 0.5, 0, -0.5, -1, rest=(-1.5,)) == {1, 2, 3, 4, 5, 6}
    assert rule(3, -1, -0.5, 0, 0.5, 1, rest=(-1, 1)) == set()


def test_rule_4_is_fourteen_points_in_a_row_up_and_down() -> None:
    assert rule(4, *[0.5, -0.5] * 7) == set(range(1, 15))
    assert rule(4, *[0.5, -0.5] * 6, 0.5, rest=(0.6, -1.1)) == set()


def test_rule_5_is_two_of_three_points_beyond_two_sigmas_on_one_side() -> None:
    assert rule(5, 2.1, 0, 2.1, rest=(-1.4, -1.4, -1.4)) == {1, 3}
    assert rule(5, 2.1, 0, 0, 2.1, rest=(-1.4, -1.4, -1.4)) == set()
    assert rule(5, 2.1, 0, -2.1) == set()
    assert rule(5, 2.0, 0, 2.0, rest=(-1, -1, -1, -1)) == set()


def test_rule_6_is_four_of_five_points_beyond_one_sigma_on_one_side() -> None:
    assert rule(6, 1.1, 1.1, 0, 1.1, 1.1, rest=(-0.9, -0.9, -0.9, -0.9, -0.8)) == {1, 2, 4, 5}
    assert rule(6, 1.1, 1.1, 0, 0, 1.1, 1.1, rest=(-0.9, -0.9, -0.9, -0.9, -0.8)) == set()
    assert rule(6, 1.1, 1.1, 0, -1.1, -1.1) == set()


def test_rule_7_is_fifteen_points_in_a_row_within_one_sigma() -> None:
    assert rule(7, *[0.9, -0.9, 0] * 5) == set(range(1, 16))
    assert rule(7, *[0.9, -0.9] * 7, rest=(1.0, -1.0)) == set()


def test_rule_8_is_eight_points_in_a_row_beyond_one_sigma_on_either_side() -> None:
    assert rule(8, *[1.1, -1.1] * 4) == set(range(1, 9))
    assert rule(8, *[1.1, -1.1] * 3, 1.1, rest=(0, -1.1)) == set()


def test_a_point_can_break_several_rules_and_only_those_chosen() -> None:
    shifts = [3.5, *[0.5] * 8, *[-2.5] * 3]
    found = broken("c", around(*shifts), 1, 2, least=2)
    assert found[1] == (1, 2)
    assert broken("c", around(*shifts), 2, least=2)[1] == (2,)


def test_a_run_ends_where_a_point_is_not_known() -> None:
    above, below = around(*[0.5] * 9), around(*[-1.5] * 3)
    assert set(broken("c", [*above, *below], 2)) == set(range(1, 10))
    assert broken("c", [*above[:5], Point(None), *above[5:], *below], 2) == {}
    rising = around(-1, -0.5, 0, 0.5, 1, 1.5, -1.5)
    assert set(broken("c", rising, 3, least=2)) == set(range(1, 7))
    assert broken("c", [*rising[:3], Point(None), *rising[3:]], 3, least=2) == {}


# -- Pareto and season -----------------------------------------------------------------------------------


def test_a_pareto_is_ordered_and_adds_up_to_one() -> None:
    values = {"a": Decimal(10), "b": Decimal(60), None: Decimal(5), "c": Decimal(25), "d": Decimal(0)}
    bars = pareto(values, last=[None])
    assert [bar.group for bar in bars] == ["b", "c", "a", None]
    assert [bar.cumulative for bar in bars] == [Decimal("0.6"), Decimal("0.85"), Decimal("0.95"), 1]
    assert vital(bars) == ["b", "c"]
    assert pareto({}) == []


def test_growth_from_year_to_year_is_no_season() -> None:
    counts = {
        (year, month): float(year * (2 if month == 6 else 1)) for year in (1, 2, 4) for month in range(1, 13)
    }
    found = season(counts, [1, 2, 4])
    assert found.index[5] == pytest.approx(24 / 13)
    assert found.index[0] == pytest.approx(12 / 13)
    assert found.years == (3,) * 12


def test_a_year_without_anything_tells_nothing_of_seasons() -> None:
    assert season({}, [1, 2]).index == (None,) * 12
    assert season({(1, 3): 12.0}, [1, 2]).index[2] == 12


def test_a_month_that_is_not_known_is_in_no_mean() -> None:
    year = {(1, month): None if month == 3 else 2.0 for month in range(1, 13)}
    found = season({**year, **{(2, month): float(month) for month in range(1, 13)}}, [1, 2])
    assert found.index[2] == pytest.approx(3 / 6.5)
    assert found.index[0] == pytest.approx((1 + 1 / 6.5) / 2)
    assert found.years == (2, 2, 1, *[2] * 9)
    assert season({(1, month): None for month in range(1, 13)}, [1]).index == (None,) * 12
