"""What is wrong with a report's definition is said before it is kept."""

from typing import Any

import pytest

from models import forms
from models.procedure import Who
from models.reports.checks import problems
from models.reports.parts import ReportDefinition, Schedule
from models.reports.trees import names_parent
from tests import factories
from tests.factories import field
from tests.models.reports.cases import Cases, breakdown, by, over_cases
from tests.models.reports.stage import Company, label, one_result, report


def paths(definition: ReportDefinition) -> list[str]:
    return [one.path for one in problems(definition)]


def with_measure(**measure: Any) -> ReportDefinition:
    whole = report()
    one = {"key": "new", "label": label("New"), "source": "complaints", **measure}
    return ReportDefinition.load({**whole.dump(), "measures": [*whole.dump()["measures"], one]})


@pytest.mark.parametrize(
    ("measure", "path"),
    [
        ({"kind": "sum", "field": "name"}, "measures.new.field"),
        ({"kind": "average", "field": "fault"}, "measures.new.field"),
        ({"kind": "average", "field": "gone"}, "measures.new.field"),
        ({"kind": "average", "field": "received_at", "until": "qty"}, "measures.new.until"),
        ({"kind": "average", "field": "qty", "until": "closed_on"}, "measures.new.field"),
        ({"kind": "sum", "field": "opened_on", "until": "closed_on"}, "measures.new.until"),
        ({"kind": "sum", "field": "severity", "weights": {"gone": 1}}, "measures.new.weights"),
        ({"kind": "count", "where": {"field": "gone", "op": "empty"}}, "measures.new.where"),
        ({"kind": "count", "source": "gone"}, "measures.new.source"),
        ({"kind": "distinct", "field": "severity", "weights": {"major": 1}}, "measures.new.weights"),
    ],
)
def test_a_measure_that_cannot_be_worked_out_is_refused(
    company: Company, measure: dict[str, Any], path: str
) -> None:
    assert paths(with_measure(**measure)) == [path]


@pytest.mark.parametrize(
    "measure",
    [
        {"kind": "average", "field": "received_at", "until": "replied_at"},
        {"kind": "average", "field": "@created_at", "until": "closed_on"},
        {"kind": "average", "field": "stars"},
        {"kind": "sum", "field": "severity", "weights": {"major": "2.5"}},
        {"kind": "sum", "field": "tags", "weights": {"safety": 3}},
        {"kind": "distinct", "field": "customer"},
    ],
)
def test_a_measure_that_makes_sense_is_taken(company: Company, measure: dict[str, Any]) -> None:
    assert paths(with_measure(**measure)) == []


@pytest.mark.parametrize(
    ("analysis", "path"),
    [
        ({"kind": "gone"}, "analyses.gone.kind"),
        ({"kind": "pareto"}, "analyses.pareto.measures"),
        ({"kind": "pareto", "measures": ["ppm"], "by": ["fault"]}, "analyses.pareto.measures"),
        ({"kind": "pareto", "measures": ["count"], "by": ["gone"]}, "analyses.pareto.by"),
        (
            {"kind": "trend", "measures": ["count"], "options": {"rules": [1, 9]}},
            "analyses.trend.options.rules",
        ),
        (
            {"kind": "trend", "measures": ["count"], "options": {"rules": "all"}},
            "analyses.trend.options.rules",
        ),
        (
            {"kind": "trend", "measures": ["count"], "options": {"periods": 0}},
            "analyses.trend.options.periods",
        ),
        ({"kind": "trend", "measures": ["ppm"], "options": {"chart": "x"}}, "analyses.trend.options.chart"),
        ({"kind": "trend", "measures": ["count"], "options": {"nothing": 1}}, "analyses.trend.options"),
        (
            {"kind": "ageing", "measures": ["open"], "options": {"days": ["a"]}},
            "analyses.ageing.options.days",
        ),
        (
            {"kind": "ageing", "measures": ["open"], "options": {"days": [7, 7]}},
            "analyses.ageing.options.days",
        ),
        (
            {"kind": "ageing", "measures": ["open"], "options": {"days": list(range(1, 14))}},
            "analyses.ageing.options.days",
        ),
        ({"kind": "pareto", "measures": ["reply"], "by": ["fault"]}, "analyses.pareto.measures"),
        ({"kind": "pareto", "measures": ["customers"], "by": ["fault"]}, "analyses.pareto.measures"),
        (
            {
                "kind": "thresholds",
                "measures": ["count", "delivered"],
                "by": ["fault"],
                "options": {"limits": [{"value": 3, "per": 0, "label": {}}]},
            },
            "analyses.thresholds.options.limits",
        ),
        (
            {"kind": "satisfaction", "measures": ["count"], "by": ["stars"], "options": {"target": "NaN"}},
            "analyses.satisfaction.options.target",
        ),
    ],
)
def test_an_analysis_that_cannot_be_worked_out_is_refused(
    company: Company, analysis: dict[str, Any], path: str
) -> None:
    assert path in paths(report(analysis))


# -- groupings -------------------------------------------------------------------------------------------


def grouped(**grouping: Any) -> list[str]:
    """Return what is wrong with a report over cases that has one more grouping, in words."""
    one = {"key": "new", "label": label("New"), **grouping}
    definition = over_cases(groupings=[one])
    assert paths(definition) in ([], ["groupings.new.field"], ["groupings.new.tree"])
    return [str(problem.message) for problem in problems(definition)]


@pytest.fixture
def cases(db: object) -> Cases:
    made = Cases(factories.administrator())
    factories.form(
        field("name"),
        field("text"),
        field("above", "reference", form="customer"),
        field("several", "reference", form="mechanism", many=True),
        field("parent", "reference", form="mechanism"),
        key="mechanism_tried",
    )
    return made


@pytest.mark.parametrize("name", ["@created_at", "@number", "@state", "happened", "amount", "tags", "urgent"])
def test_records_are_parted_by_whatever_has_values(cases: Cases, name: str) -> None:
    assert grouped(field=name) == []


@pytest.mark.parametrize("name", ["@bogus", "gone", "@"])
def test_a_grouping_by_what_is_not_there_is_refused(cases: Cases, name: str) -> None:
    assert grouped(field=name) == [f"No source has the field “{name}”."]


def test_a_grouping_by_files_is_refused(company: Company) -> None:
    live = factories.form(field("name"), field("day", "date"), field("file", "attachment"), key="case")
    assert live.key == "case"
    definition = over_cases(groupings=[{"key": "new", "label": label("New"), "field": "file"}])
    assert "groupings.new.field" in paths(definition)


def test_a_tree_is_a_reference_to_the_one_record_above(cases: Cases) -> None:
    assert grouped(field="mechanism", tree="parent", level=1) == []
    assert grouped(field="mechanisms", tree="parent", level=1) == []
    for wrong in ("name", "gone"):
        [words] = grouped(field="mechanism", tree=wrong, level=1)
        assert words == f"“{wrong}” of “Test sheet” is no reference to the one record above."
    for plain in ("text", "@owner"):
        [words] = grouped(field=plain, tree="parent", level=1)
        assert words == f"“{plain}” does not refer to records: nothing stands above them."


def test_a_tree_of_another_form_or_of_several_parents_is_none(cases: Cases) -> None:
    definition = forms.current("mechanism_tried").definition
    assert not any(names_parent(definition, key) for key in ("above", "several", "parent", "text"))
    assert names_parent(forms.current("mechanism").definition, "parent")


def test_a_tree_that_is_none_any_more_is_said_and_not_tried(cases: Cases) -> None:
    cases.add({"mechanism": cases.mechanism("Top")})
    grouping = {"key": "new", "label": label("New"), "field": "mechanism", "tree": "name", "level": 1}
    result = one_result(cases.look(over_cases(breakdown("new"), groupings=[grouping])))
    assert result.rows == ()
    assert [str(note) for note in result.notes] == ["There is no field “name”."]


def test_an_analysis_that_would_always_be_empty_is_refused(cases: Cases) -> None:
    groupings = [by("cause"), by("kind")]
    [problem] = problems(over_cases(breakdown("cause", "delivered"), groupings=groupings))
    assert problem.path == "analyses.breakdown.by"
    assert "“cause”" in str(problem.message)
    assert paths(over_cases(breakdown("cause", "delivered", "count"), groupings=groupings)) == []
    assert paths(over_cases(breakdown("kind", "delivered"), groupings=groupings)) == []


def test_a_figure_without_the_grouping_is_said_to_be_left_blank(cases: Cases) -> None:
    cases.add({"cause": "machine", "kind": "a"}, {"cause": "people", "kind": "a"})
    cases.add({"qty": 3, "kind": "a"}, form=cases.deliveries)
    groupings = [by("cause"), by("kind")]
    result = one_result(cases.look(over_cases(breakdown("cause", "count", "ppm"), groupings=groupings)))
    assert {row.values["ppm"] for row in result.rows} == {None}
    assert [str(note) for note in result.notes] == [
        "Cannot be told by “cause”, and is left blank: delivered."
    ]
    apart = one_result(cases.look(over_cases(breakdown("kind", "count", "ppm"), groupings=groupings)))
    assert apart.notes == []


# -- names that are taken --------------------------------------------------------------------------------


def test_a_report_is_not_called_like_an_address_of_the_program(company: Company) -> None:
    assert paths(report(key="tile")) == ["key"]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("trend", "period"),
        ("trend", "abnormal"),
        ("breakdown", "share"),
        ("breakdown", "before_change"),
        ("pareto", "cumulative"),
        ("fishbone", "bone"),
        ("scorecard", "met"),
        ("frequency", "kind"),
    ],
)
def test_a_figure_is_not_called_like_another_column(company: Company, kind: str, key: str) -> None:
    analysis = {"kind": kind, "measures": [key], "by": ["fault", "cause"]}
    whole = report().dump()
    measures = [*whole["measures"], {"key": key, "label": label(key), "source": "complaints"}]
    assert paths(report(analysis, measures=measures)) == [f"analyses.{kind}.measures"]
    assert paths(report({**analysis, "kind": "repeats"}, measures=measures)) == []


def test_a_figure_is_not_called_like_the_mark_of_another(company: Company) -> None:
    whole = report().dump()
    measures = [*whole["measures"], {"key": "count_mark", "label": label("Mark"), "source": "complaints"}]
    analysis = {"kind": "scorecard", "measures": ["count", "count_mark"], "by": ["fault"]}
    assert paths(report(analysis, measures=measures)) == ["analyses.scorecard.measures"]


@pytest.mark.parametrize(
    "recipients",
    [
        {"fields": ["@owner"]},
        {"heads_of": ["@department"]},
        {"members_of": ["plant"]},
        {"roles": ["quality"], "within": "@department"},
        {"roles": ["quality"], "within": "part"},
    ],
)
def test_who_gets_a_report_is_not_named_by_a_record(company: Company, recipients: dict[str, Any]) -> None:
    scheduled = report().model_copy(update={"schedules": (Schedule(recipients=Who(**recipients)),)})
    assert paths(scheduled) == ["schedules.0.recipients"]


def test_recipients_are_named_by_role_department_and_name(company: Company) -> None:
    meant = Who(roles=("quality",), within="QA", people=("li",), heads=("QA",), members=("QA",))
    assert paths(report().model_copy(update={"schedules": (Schedule(recipients=meant),)})) == []
