"""Groups of any kind are counted as they are, and lead to exactly their records."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from bson import Decimal128

from models.database import db
from models.reports import drill
from models.reports.checks import problems
from models.reports.look import change
from models.reports.narrowing import groupings, narrowed
from models.reports.parts import Target
from models.reports.periods import Period
from tests import factories
from tests.models.reports.cases import Cases, breakdown, by, named, number, opened, over_cases
from tests.models.reports.stage import WORKFLOW, one_result

MOMENT: Final = datetime(2026, 9, 10, 1, 30, 15, 250_000, tzinfo=UTC)


@pytest.fixture
def cases(db: object) -> Cases:
    return Cases(factories.administrator())


# -- others ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("top", "groups"), [(100, 130), (600, 640)])
def test_others_are_the_records_in_none_of_ever_so_many_groups(cases: Cases, top: int, groups: int) -> None:
    cases.add(*({"text": f"T{at:04}"} for at in range(groups) for _twice in range(2 if at < top else 1)))
    look = cases.look(over_cases(breakdown("text"), groupings=[by("text", top=top)]))
    result = one_result(look)
    *shown, others = result.rows
    assert [row.values["count"] for row in shown] == [2] * top
    assert (others.values["group"], others.values["count"]) == ("Others", groups - top)
    assert others.values["share"] == Decimal(groups - top) / (groups + top)
    counts = Counter(one["data"]["text"] for one in opened(look, others))
    assert set(counts.values()) == {1}
    assert sum(counts.values()) == groups - top


@pytest.mark.parametrize(("top", "on_screen", "in_workbook"), [(50, 1, 1), (300, 1, 0), (600, 0, 0)])
def test_others_lead_to_their_records_as_far_as_server_and_excel_take_the_address(
    cases: Cases, top: int, on_screen: int, in_workbook: int
) -> None:
    cases.add(*({"text": f"T{at:04}"} for at in range(top + 1)))
    look = cases.look(over_cases(breakdown("text"), groupings=[by("text", top=top)]))
    result = one_result(look)
    link = drill.link_of(look, "https://backoffice.example.com")
    assert link
    found, linked = drill.address(look, result, result.rows[-1]), link(result, result.rows[-1])
    assert (bool(found), bool(linked)) == (on_screen, in_workbook)
    assert (len(found) <= 7_500, len(linked) <= 2_079) == (True, True)


def test_others_beside_what_is_not_stated_are_all_stated(cases: Cases) -> None:
    cases.add(*[{"text": "a"}] * 2, *[{}] * 4, {"text": "b"}, {"tags": ["red"]})
    look = cases.look(over_cases(breakdown("text"), groupings=[by("text", top=1)]))
    assert named(one_result(look)) == {"a": 2, "Others": 6}
    look = cases.look(over_cases(breakdown("text"), groupings=[by("text", top=2)]))
    assert named(one_result(look)) == {"a": 2, "b": 1, "Others": 5}


def test_others_of_yes_and_no_are_counted_too(cases: Cases) -> None:
    cases.add(*[{"urgent": True}] * 3, {"urgent": False}, {})
    look = cases.look(over_cases(breakdown("urgent"), groupings=[by("urgent", top=1)]))
    result = one_result(look)
    assert named(result) == {"Yes": 3, "Others": 2}
    assert [len(opened(look, row)) for row in result.rows] == [3, 2]


def test_a_text_too_long_to_ask_for_has_no_list_and_no_others(cases: Cases) -> None:
    cases.add(*[{"story": "x" * 2_001}] * 3, *[{"story": "y"}] * 2, {"story": "z"})
    look = cases.look(over_cases(breakdown("story"), groupings=[by("story")]))
    first, *rest = one_result(look).rows
    assert (first.values["count"], first.where) == (3, None)
    assert drill.address(look, one_result(look), first) == ""
    assert [len(opened(look, row)) for row in rest] == [2, 1]
    refused = one_result(cases.look(over_cases(breakdown("story"), groupings=[by("story", top=2)])))
    assert refused.rows == ()
    assert [str(note) for note in refused.notes] == ["At most 2000 characters."]


def test_a_rule_that_is_too_long_is_refused_and_not_left_out(cases: Cases) -> None:
    cases.add({"text": "a"}, {"text": "b"})
    one = {"field": "text", "op": "eq", "value": "a"}
    fits, not_known = {"any": [one] * 90}, {"field": "gone", "op": "empty"}
    assert named(one_result(cases.look(report(), narrowed=[fits, not_known]))) == {"a": 1}
    refused = one_result(cases.look(report(), narrowed=[{"any": [one] * 101}]))
    assert refused.rows == ()
    assert [str(note) for note in refused.notes] == ["A rule has at most 100 conditions."]


def test_an_option_that_only_one_of_the_forms_has_is_none_of_the_others_records(cases: Cases) -> None:
    cases.add(*({"kind": one} for one in ("a", "a", "b", "c")))
    cases.add(*[{"kind": "a", "qty": 5}] * 2, form=cases.deliveries)
    definition = over_cases(breakdown("kind", "count", "delivered"), groupings=[by("kind", top=1)])
    rule = {"field": "kind", "op": "eq", "value": "c"}
    figures = cases.look(definition, narrowed=[rule]).figures
    assert figures.total(["count", "delivered"], Period.read("2026-09")) == {"count": 1, "delivered": 0}
    result = one_result(cases.look(definition))
    assert named(result) == {"A": 2, "Others": 2}
    assert named(result, "delivered") == {"A": 10, "Others": 0}


@pytest.mark.parametrize(
    ("figures", "kind", "state"),
    [
        (["count"], "A", "Open"),
        (["delivered"], "By air", "On its way"),
        (["rate", "count"], "By air", "On its way"),
    ],
)
def test_groups_are_called_as_in_the_records_that_are_counted(
    cases: Cases, figures: list[str], kind: str, state: str
) -> None:
    """Forms may use one name for fields, options and states of their own."""
    for form, label in ((cases.form, "Open"), (cases.deliveries, "On its way")):
        workflow = {**WORKFLOW, "states": [{**one, "label": {"en": label}} for one in WORKFLOW["states"]]}
        fields = form.definition.dump()["fields"]
        if form is cases.deliveries:
            fields[-1]["options"][0]["label"] = {"en": "By air"}
        factories.republish(form, workflow=workflow, fields=fields)
        cases.add({"kind": "a", "qty": 2}, form=form)
        form.records().update_many({}, {"$set": {"state": "open"}})
    for by_key, name in (("kind", kind), ("@state", state)):
        definition = over_cases(breakdown(by_key.strip("@"), *figures), groupings=[by(by_key)])
        assert list(named(one_result(cases.look(definition)), figures[0])) == [name]


def test_groups_by_moment_are_written_by_the_clock_of_the_company(cases: Cases) -> None:
    cases.add({"happened": MOMENT})
    cases.admin.update(timezone="Europe/London")
    cases.admin.reload()
    look = cases.look(over_cases(breakdown("happened"), groupings=[by("happened")]))
    [name] = named(one_result(look))
    assert name.startswith("2026-09-10 09:30")


def test_a_report_is_not_narrowed_down_to_what_means_something_else_in_each_source(cases: Cases) -> None:
    definition = over_cases(breakdown("kind"), groupings=[by("kind"), by("cause")])
    assert [one.key for one in groupings(cases.look(definition))] == ["cause"]


def report() -> Any:
    return over_cases(breakdown("text"), groupings=[by("text")])


# -- what a source does not know -------------------------------------------------------------------------


def test_figures_of_a_source_without_the_groups_are_left_blank(cases: Cases) -> None:
    cases.add({"cause": "people"}, {"cause": "machine"})
    cases.add({"qty": 50}, form=cases.deliveries)
    grouping = by("cause", top=1)
    look = cases.look(
        over_cases(breakdown("cause", "count", "delivered", "ppm", "rate"), groupings=[grouping])
    )
    result = one_result(look)
    for row in result.rows:
        assert [row.values[key] for key in ("count", "delivered", "ppm", "rate")] == [1, None, None, None]
    assert result.total is not None
    assert result.total.values["delivered"] == 50


def test_a_rate_whose_numerator_knows_no_groups_meets_no_target(cases: Cases) -> None:
    cases.add({"cause": "people"})
    cases.add({"qty": 50}, form=cases.deliveries)
    analysis = {"kind": "scorecard", "by": ["cause"], "measures": ["count", "rate"]}
    [row] = one_result(cases.look(over_cases(analysis, groupings=[by("cause")]))).rows
    assert (row.values["rate"], row.values.get("rate_mark"), row.values["met"]) == (None, None, None)


def test_a_scorecard_judges_nobody_for_records_that_do_not_state_whose_they_are(cases: Cases) -> None:
    cases.add({"cause": "people"}, *[{}] * 3)
    analysis = {"kind": "scorecard", "by": ["cause"], "measures": ["count"]}
    target = Target(measure="count", value=Decimal(2))
    definition = over_cases(analysis, groupings=[by("cause")]).model_copy(update={"targets": (target,)})
    look = cases.look(definition)
    result = one_result(look)
    assert (named(result), result.facts) == ({"People": 1}, {"missed": 0})
    assert list(map(look.say, result.notes)) == [
        "3 records of “Test sheet” do not state “cause” and are left out."
    ]


def test_what_a_report_says_of_an_analysis_stands_before_its_notes(cases: Cases) -> None:
    cases.add({"cause": "people"}, {})
    analysis = {"kind": "scorecard", "by": ["cause"], "measures": ["count"], "note": {"en": "Own people."}}
    look = cases.look(over_cases(analysis, groupings=[by("cause")]))
    own, _left_out = one_result(look).notes
    assert own == "Own people."
    breakdown = {"kind": "breakdown", "by": ["cause"], "measures": ["count"], "note": {"en": "Own people."}}
    look = cases.look(over_cases(breakdown, groupings=[by("cause")]), "2020-01")
    assert list(map(look.say, one_result(look).notes)) == ["Own people.", "There is nothing in this period."]


# -- trees -----------------------------------------------------------------------------------------------


def tree(level: int, field: str = "mechanism") -> dict[str, Any]:
    return by(field, tree="parent", level=level)


def test_a_record_above_the_level_is_a_group_of_itself_alone(cases: Cases) -> None:
    top = cases.mechanism("Top")
    child = cases.mechanism("Child", top)
    leaf = cases.mechanism("Leaf", child)
    cases.add({"mechanism": top}, *[{"mechanism": child}] * 2, {"mechanism": leaf})
    look = cases.look(over_cases(breakdown("mechanism"), groupings=[tree(2)]))
    result = one_result(look)
    assert named(result) == {"Child": 3, "Top": 1}
    assert [len(opened(look, row)) for row in result.rows] == [3, 1]
    look = cases.look(over_cases(breakdown("mechanism"), groupings=[{**tree(2), "top": 1}]))
    assert named(one_result(look)) == {"Child": 3, "Others": 1}


def test_a_fishbone_hangs_each_record_on_its_own_bone(cases: Cases) -> None:
    top = cases.mechanism("Top")
    child = cases.mechanism("Child", top)
    cases.add({"mechanism": top, "cause": "people"}, *[{"mechanism": child, "cause": "machine"}] * 2)
    analysis = {"kind": "fishbone", "by": ["mechanism", "cause"], "measures": ["count"]}
    look = cases.look(over_cases(analysis, groupings=[tree(2), by("cause")]))
    rows = one_result(look).rows
    found = [(row.values["bone"], row.values["twig"], row.values["count"]) for row in rows]
    assert found == [("Child", "Machine", 2), ("Top", "People", 1)]
    assert [len(opened(look, row)) for row in rows] == [2, 1]


def test_several_leaves_of_a_branch_are_that_branch_once(cases: Cases) -> None:
    top, other = cases.mechanism("Top"), cases.mechanism("Other")
    leaves = [cases.mechanism(name, top) for name in ("a", "b", "c")]
    cases.add(
        {"mechanisms": leaves, "qty": 5}, {"mechanisms": [leaves[0], other], "qty": 2}, {"qty": 1}, {"qty": 1}
    )
    look = cases.look(over_cases(breakdown("mechanisms", "count", "qty"), groupings=[tree(1, "mechanisms")]))
    result = one_result(look)
    assert named(result) == {"Top": 2, "Other": 1, "Not stated": 2}
    assert named(result, "qty") == {"Top": 7, "Other": 2, "Not stated": 2}
    assert [len(opened(look, row)) for row in result.rows] == [row.values["count"] for row in result.rows]


def test_a_branch_of_more_records_than_a_condition_takes_is_counted_and_opened(cases: Cases) -> None:
    top, other = cases.mechanism("Top"), cases.mechanism("Other")
    leaves = cases.add(*({"name": f"L{at}", "parent": top} for at in range(1_100)), form=cases.mechanisms)
    cases.add(*({"mechanism": leaf} for leaf in leaves[::100]), *[{"mechanism": other}] * 5, {})
    definition = over_cases(breakdown("mechanism"), groupings=[tree(1)])
    look = cases.look(definition)
    result = one_result(look)
    assert named(result) == {"Top": 11, "Other": 5, "Not stated": 1}
    assert [len(opened(look, row)) for row in result.rows] == [11, 5, 1]
    [only] = narrowed(look, {"mechanism": str(top)})
    within = cases.look(definition, narrowed=[only.rule])
    assert named(one_result(within)) == {"Top": 11}
    assert len(opened(within, one_result(within).rows[0])) == 11


def test_narrowing_to_a_branch_takes_everything_below_it(cases: Cases) -> None:
    top = cases.mechanism("Top")
    child = cases.mechanism("Child", top)
    leaf = cases.mechanism("Leaf", child)
    cases.add({"mechanism": top}, {"mechanism": child}, {"mechanism": leaf}, {})
    for level, group, count in ((1, child, 2), (2, top, 3), (2, leaf, 1)):
        definition = over_cases(breakdown("mechanism"), groupings=[tree(level)])
        [only] = narrowed(cases.look(definition), {"mechanism": str(group)})
        look = cases.look(definition, narrowed=[only.rule])
        assert look.figures.total(["count"], look.period)["count"] == count


def test_repeats_are_found_at_the_level_of_the_tree(cases: Cases) -> None:
    top = cases.mechanism("Top")
    leaves = [cases.mechanism(name, top) for name in ("a", "b")]
    cases.add({"mechanism": leaves[0]}, {"mechanism": leaves[1]}, {"mechanisms": leaves})
    for field in ("mechanism", "mechanisms"):
        analysis = {"kind": "repeats", "by": [field], "measures": ["count"]}
        look = cases.look(over_cases(analysis, groupings=[tree(1, field)]))
        rows = one_result(look).rows
        found = [(row.values["what"], row.values["times"], row.values["repeats"]) for row in rows]
        assert found == ([("Top", 2, 1)] if field == "mechanism" else [])
        assert [len(opened(look, row)) for row in rows] == [2] * len(rows)


@pytest.mark.parametrize("field", ["mechanism", "mechanisms"])
def test_deadlines_are_parted_at_the_level_of_the_tree(cases: Cases, field: str) -> None:
    top = cases.mechanism("Top")
    leaves = [cases.mechanism(name, top) for name in ("a", "b")]
    values: list[Any] = leaves if field == "mechanism" else [leaves, leaves[:1]]
    made = cases.add(*({field: value} for value in values), {})
    ended = {"form": "case", "kind": "deadline", "rule": "reply", "state": "done"}
    at = {"started_at": MOMENT, "stopped_at": MOMENT + timedelta(days=1)}
    db().clocks.insert_many({**ended, **at, "key": str(one), "record": one} for one in made)
    analysis = {"kind": "timeliness", "by": [field], "measures": ["count"]}
    result = one_result(cases.look(over_cases(analysis, groupings=[tree(1, field)])))
    assert named(result, "in_time") == {"Top": 2, "Not stated": 1}


# -- numbers and moments ---------------------------------------------------------------------------------


def test_groups_of_numbers_are_equal_however_many_decimals_they_have(cases: Cases) -> None:
    cases.add(
        *({"amount": number(text)} for text in ("10", "10.0", "10.00", "2.5")),
        {"share": number("12.5")},
        {"twice": number("20.00")},
        {"cost": {"amount": number("1234.5"), "currency": "CNY"}},
        {"cost": {"amount": number("1234.50"), "currency": "USD"}},
    )
    expected = {
        "amount": {"10": 3, "2.5": 1},
        "share": {"12.5%": 1},
        "twice": {"20": 1},
        "cost": {"1,234.5": 2},
    }
    for key, groups in expected.items():
        look = cases.look(over_cases(breakdown(key), groupings=[by(key)]))
        result = one_result(look)
        stated = {group: count for group, count in named(result).items() if group != "Not stated"}
        assert {
            group.rstrip("0").rstrip(".") if key == "cost" else group: n for group, n in stated.items()
        } == groups
        for row in result.rows:
            assert len(opened(look, row)) == row.values["count"]
            assert drill.address(look, result, row)
        look = cases.look(over_cases(breakdown(key), groupings=[by(key, top=1)]))
        assert sum(named(one_result(look)).values()) == 8


def test_different_numbers_are_counted_once_each(cases: Cases) -> None:
    cases.add(*({"amount": number(text)} for text in ("10", "10.00", "2.5")), {})
    look = cases.look(over_cases())
    assert look.figures.total(["amounts"], look.period)["amounts"] == 2
    periods = look.period.until(2)
    assert [one["amounts"] for one in look.figures.series(["amounts"], periods)] == [0, 2]


def test_groups_of_moments_are_named_and_opened(cases: Cases) -> None:
    cases.add(*[{"happened": MOMENT}] * 2, {"happened": MOMENT + timedelta(milliseconds=1)})
    look = cases.look(over_cases(breakdown("happened"), groupings=[by("happened")]))
    rows = one_result(look).rows
    assert [row.values["count"] for row in rows] == [2, 1]
    assert all("2026-09-10 09:30" in row.values["group"] for row in rows)
    assert [len(opened(look, row)) for row in rows] == [2, 1]


@pytest.mark.parametrize("name", ["@created_at", "@updated_at"])
def test_groups_of_system_moments_are_named_and_opened(cases: Cases, name: str) -> None:
    cases.add({}, {})
    cases.form.records().update_many({}, {"$set": {name[1:]: MOMENT}})
    look = cases.look(over_cases(breakdown(name[1:]), groupings=[by(name)]))
    [row] = one_result(look).rows
    assert (row.values["group"], row.values["count"]) == ("2026-09-10 09:30", 2)
    assert len(opened(look, row)) == 2


def test_groups_of_numbers_of_records_bear_them(cases: Cases) -> None:
    cases.add({})
    cases.form.records().update_many({}, {"$set": {"number": "K-00007"}})
    look = cases.look(over_cases(breakdown("number"), groupings=[by("@number")]))
    [row] = one_result(look).rows
    assert row.values["group"] == "K-00007"
    assert len(opened(look, row)) == 1


def test_a_fishbone_by_moments_has_each_cause_under_its_own(cases: Cases) -> None:
    cases.add(
        {"happened": MOMENT, "cause": "people"},
        *[{"happened": MOMENT + timedelta(days=1), "cause": "machine"}] * 2,
    )
    analysis = {"kind": "fishbone", "by": ["happened", "cause"], "measures": ["count"]}
    look = cases.look(over_cases(analysis, groupings=[by("happened"), by("cause")]))
    rows = one_result(look).rows
    assert [(row.values["twig"], row.values["count"]) for row in rows] == [("Machine", 2), ("People", 1)]
    assert [len(opened(look, row)) for row in rows] == [2, 1]


def test_a_fishbone_of_several_values_counts_each_pair(cases: Cases) -> None:
    data: list[dict[str, Any]] = [
        {"tags": ["red", "green"], "cause": "people"},
        {"tags": ["red"], "cause": "people"},
        {"tags": ["blue"]},
        {},
    ]
    cases.add(*data)
    expected = Counter(
        ((one.get("cause") or "not stated"), tag) for one in data for tag in one.get("tags") or ["not stated"]
    )
    for order in (("cause", "tags"), ("tags", "cause")):
        analysis = {"kind": "fishbone", "by": list(order), "measures": ["count"]}
        look = cases.look(over_cases(analysis, groupings=[by("cause"), by("tags")]))
        rows = one_result(look).rows
        found = {
            (row.values["bone"].lower(), row.values["twig"].lower())[
                :: 1 if order[0] == "cause" else -1
            ]: row.values["count"]
            for row in rows
        }
        assert found == expected
        assert [len(opened(look, row)) for row in rows] == [row.values["count"] for row in rows]


# -- several values --------------------------------------------------------------------------------------


def test_what_is_parted_stays_whole_for_the_figures_beside_it(cases: Cases) -> None:
    cases.add({"tags": ["red", "green"]}, {"tags": ["red"]})
    look = cases.look(over_cases(breakdown("tags", "count", "labels"), groupings=[by("tags")]))
    result = one_result(look)
    assert named(result) == {"Red": 2, "Green": 1}
    assert named(result, "labels") == {"Red": 2, "Green": 2}


def test_a_record_in_several_chains_repeats_once(cases: Cases) -> None:
    cases.add(
        {"tags": ["red", "green"], "day": "2026-09-01"}, {"tags": ["red", "green"], "day": "2026-09-05"}
    )
    analysis = {"kind": "repeats", "by": ["tags"], "measures": ["count"]}
    result = one_result(cases.look(over_cases(analysis, groupings=[by("tags")])))
    assert [row.values["repeats"] for row in result.rows] == [1, 1]
    assert result.facts == {"repeats": 1, "records": 2}
    assert any("1 of 2 records" in str(note) for note in result.notes)


def test_repeats_of_a_sum_are_still_of_records(cases: Cases) -> None:
    cases.add({"text": "a", "qty": 40}, {"text": "a", "qty": 30}, {"text": "b", "qty": 30})
    analysis = {"kind": "repeats", "by": ["text"], "measures": ["qty"]}
    result = one_result(cases.look(over_cases(analysis, groupings=[by("text")])))
    assert result.facts == {"repeats": 1, "records": 3}


def test_repeats_by_an_amount_are_found_and_opened(cases: Cases) -> None:
    cases.add({"amount": Decimal128("10")}, {"amount": Decimal128("10.00")}, {"amount": Decimal128("3")})
    analysis = {"kind": "repeats", "by": ["amount"], "measures": ["count"]}
    look = cases.look(over_cases(analysis, groupings=[by("amount")]))
    [row] = one_result(look).rows
    assert (row.values["times"], row.values["repeats"], len(opened(look, row))) == (2, 1, 2)


def test_a_chain_older_than_the_look_back_says_since_when_it_counts(cases: Cases) -> None:
    cases.add(*({"text": "a", "day": f"2026-{month:02}-01"} for month in range(1, 10)))
    analysis = {"kind": "repeats", "by": ["text"], "measures": ["count"], "options": {"days": 40}}
    result = one_result(cases.look(over_cases(analysis, groupings=[by("text")])))
    [row] = result.rows
    labels = {column.key: str(column.label) for column in result.columns}
    assert (row.values["times"], row.values["repeats"]) == (2, 1)
    assert labels["times"] == "Records since 2026-07-23"
    assert labels["first"] == "First since 2026-07-23"


def test_an_average_of_weights_is_of_what_is_stated(cases: Cases) -> None:
    cases.add({"severity": "major"}, {"severity": "general"}, {}, {"severity": ""})
    look = cases.look(over_cases(breakdown("cause", "mean"), groupings=[by("cause")]))
    assert look.figures.total(["mean"], look.period)["mean"] == Decimal("5.5")
    assert list(problems(look.report)) == []


@pytest.mark.parametrize(
    ("value", "before", "share"), [(5, -10, "1.5"), (-15, -10, "-0.5"), (15, 10, "0.5"), (5, 0, None)]
)
def test_a_change_goes_up_where_the_value_does(value: int, before: int, share: str | None) -> None:
    assert change(Decimal(value), Decimal(before)) == (None if share is None else Decimal(share))
