"""What the report editor calls things: properties, kinds of figures and analyses, and their options."""

from typing import Any, Final

from flask_babel import lazy_gettext as _

PROPERTIES: Final = {
    "label": _("Label"),
    "key": _("Key"),
    "description": _("Description"),
    "form_number": _("Form number"),
    "form_revision": _("Form revision"),
    "unit": _("Unit"),
    "compare": _("Compare with"),
    "readers": _("Readers"),
    "schedules": _("Made by itself"),
    "first_month": _("A year begins with"),
    "first_day": _("A month begins on day"),
    "form": _("Form"),
    "date": _("Date that decides on the period"),
    "where": _("Only where"),
    "with_void": _("Void records count too"),
    "source": _("Source"),
    "kind": _("Kind"),
    "field": _("Field"),
    "until": _("Until"),
    "weights": _("Weights"),
    "decimals": _("Decimals"),
    "part": _("Divided"),
    "whole": _("By"),
    "per": _("For each"),
    "tree": _("Groups lie within"),
    "level": _("Added up at level"),
    "top": _("Only the largest"),
    "measures": _("Figures"),
    "by": _("Groupings"),
    "note": _("Note"),
    "options": _("Options"),
    "every": _("Every"),
    "working_day": _("On working day"),
    "at": _("At"),
    "recipients": _("Recipients"),
    "value": _("Target"),
    "better": _("Better is"),
    "values": _("Values it begins with"),
    "release": _("Approval and distribution"),
    "plans": _("Plan"),
}
SECTIONS: Final = {
    "sources": _("Sources"),
    "measures": _("Figures"),
    "ratios": _("Ratios"),
    "targets": _("Targets"),
    "groupings": _("Groupings"),
    "analyses": _("Analyses"),
}
UNITS: Final = {"week": _("Week"), "month": _("Month"), "quarter": _("Quarter"), "year": _("Year")}
COMPARE: Final = {
    "before": _("Previous period"),
    "year_before": _("Same period last year"),
    "target": _("Target"),
}
MEASURES: Final = {
    "count": _("How many records"),
    "sum": _("Sum of a field"),
    "average": _("Average of a field"),
    "days": _("Average days between two dates"),
    "distinct": _("How many different values"),
}
BETTER: Final = {"lower": _("less"), "higher": _("more")}
HOW: Final = {"added": _("Added"), "changed": _("Changed"), "removed": _("Removed")}

# kind of analysis → what it shows
ANALYSES: Final = {
    "figures": _("All figures of the report, compared with other periods and with their targets."),
    "frequency": _("What happens again and again, and what happened by chance."),
    "breakdown": _("Figures by group, with shares and changes; two groupings make a cross table."),
    "pareto": _("The few groups that make up most of it: columns in order, and the line that adds them up."),
    "trend": _("The last periods as a control chart, with limits and Nelson's rules."),
    "season": _("Months over several years: which ones are always high or low."),
    "fishbone": _("Causes as branches: the first grouping makes the bones, the second their twigs."),
    "ageing": _("What is open, by how long it has been waiting."),
    "thresholds": _("Which groups are over a limit: the first figure for each so many of the second."),
    "repeats": _("The same again within so many days, by what the groupings say is the same."),
    "timeliness": _("Deadlines that were met and missed."),
    "scorecard": _("Groups as rows, figures as columns: suppliers compared, for example."),
    "satisfaction": _("Answers of a rating or a choice, and their average."),
    "corrections": _("What changed in records of closed periods since they were closed."),
    "records": _("The records themselves, as the list of the form."),
}

# kind of analysis.option, or option → (label, help, how it is entered)
OPTIONS: Final[dict[str, tuple[Any, Any, str]]] = {
    "frequency.limit": (_("Frequent from"), _("So many times in the period. Usually 3."), "whole"),
    "frequency.periods": (_("Looks back over"), _("So many periods. Usually 3."), "whole"),
    "frequency.in_periods": (_("Frequent if in"), _("So many of them. Usually all."), "whole"),
    "pareto.rows": (_("Columns in the chart"), _("Usually 15."), "whole"),
    "trend.periods": (_("Periods shown"), "", "whole"),
    "trend.rules": (_("Nelson's rules"), _("Usually 1 to 3."), "nelson"),
    "trend.chart": (_("Chart of a ratio"), "", "choice"),
    "trend.least": (_("Limits from"), _("So many points. Usually 8."), "whole"),
    "season.years": (_("Years looked back"), "", "whole"),
    "ageing.days": (_("Steps in days"), _("Separated by commas, such as 7, 30, 90."), "wholes"),
    "thresholds.limits": (_("Limit values"), _("Over it is more, never just as much."), "limits"),
    "repeats.days": (_("Again within days"), "", "whole"),
    "repeats.rows": (_("Groups shown"), "", "whole"),
    "timeliness.clocks": (_("Clocks"), _("Without any: all of the form."), "clocks"),
    "satisfaction.scores": (_("Worth of each answer"), _("A rating is worth its stars."), "scores"),
    "satisfaction.target": (_("The average shall be at least"), "", "number"),
    "records.fields": (_("Columns"), _("Without any: those of the form's list."), "fields"),
}  # fmt: skip
# kind of analysis → what it can find that a plan is begun for
FINDS: Final = {"trend": "abnormal", "thresholds": "over"}
CHARTS: Final = {"u": _("u: faults for each unit"), "p": _("p: share of units")}
NELSON: Final = {
    "1": _("1: a point beyond three sigmas"),
    "2": _("2: nine points on one side of the centre"),
    "3": _("3: six points rising or falling"),
    "4": _("4: fourteen points up and down in turn"),
    "5": _("5: two of three points beyond two sigmas"),
    "6": _("6: four of five points beyond one sigma"),
    "7": _("7: fifteen points within one sigma"),
    "8": _("8: eight points beyond one sigma on both sides"),
}


def option(kind: str, name: str) -> tuple[str, str, str]:
    """Return what an option is called, its help, and how it is entered; one nobody described as JSON."""
    label, text, entered = OPTIONS.get(f"{kind}.{name}", (name, "", "json"))
    return str(label), str(text), entered


def texts() -> dict[str, str]:
    """Return the texts of the scripts by their names; where the form editor has one too, this one counts."""
    return {name: str(text) for name, text in _TEXTS.items()}


_TEXTS: Final = {
    "names": _("Names"),
    "identity": _("Identity"),
    "period": _("Period"),
    "period_of": _("Made for each"),
    "whom": _("Readers and dates"),
    "readers_help": _(
        "Roles. Without any: everybody who may see records of its forms. Of a closed period, these roles "
        "read everything that was counted, if they may see each of its forms."
    ),
    "first_day_help": _("With 26, October is 26 September to 25 October."),
    "add_schedule": _("Add a date"),
    "no_schedules": _("The report is made when somebody asks for it."),
    "recipient_roles": _("Roles"),
    "working_day_help": _("After the period is over."),
    "remove": _("Remove"),
    "add_source": _("Add source"),
    "no_sources": _("No sources yet: records of which form, and which of their dates decides?"),
    "add_measure": _("Add figure"),
    "no_measures": _("No figures yet: how many, a sum, an average…"),
    "add_ratio": _("Add ratio"),
    "no_ratios": _("No ratios yet: one figure divided by another, such as PPM or on-time rate."),
    "add_grouping": _("Add grouping"),
    "no_groupings": _("No groupings yet: by what are figures parted?"),
    "add_analysis": _("Add analysis"),
    "no_analyses": _("No analyses yet: each is a table with its chart."),
    "source_first": _("Make a source first."),
    "ratios": _("Ratios"),
    "top_help": _("The rest together as others. 0: all."),
    "no_tree": _("None"),
    "level_help": _("0: as recorded. 1: the topmost groups."),
    "no_target": _("No target"),
    "weights_help": _("What each option counts for; without any, the field itself must be a number."),
    "options": _("Options"),
    "usual": _("As usual"),
    "measures_help": _("At least %(count)s."),
    "measures_any": _("Without any: all of them."),
    "values_help": _(
        "{report}, {period} and {analysis} stand for their names. Where groups exceed a limit: {group} for "
        "the group, {name} for its name, {rate} for its rate in ‰, {limit} for the key of the limit."
    ),
    "add_value": _("Add value"),
    "no_plan": _("Nothing"),
    "plan_form": _("Begin a record of"),
    "plan_label": _("Text of the button"),
    "plan_over": _("When a group is over a limit"),
    "plan_abnormal": _("When the last point is abnormal"),
    "release": _("Approval and distribution"),
    "release_form": _("When a period is closed, begin a record of"),
    "release_help": _("The workflow of that form asks for approval and tells who gets the report."),
    "no_release": _("Nothing"),
    "release_report": _("Name of the report in"),
    "release_period": _("Period in"),
    "release_fingerprint": _("Fingerprint in"),
    "release_workbook": _("Workbook in"),
    "release_reopened": _("Step when the period is opened again"),
    "limit_per": _("for each"),
    "limit_value": _("more than"),
    "add_limit": _("Add limit"),
    "chinese": _("Chinese"),
    "english": _("English"),
    "saved": _("Saved"),
    "saving": _("Saving…"),
    "unsaved": _("Unsaved changes"),
    "up_to_date": _("Nothing to save"),
    "no_problems": _("No problems"),
    "problems": _("%(count)s to correct before saving"),
    "save_refused": _("Nothing was saved. Please correct the marked parts."),
    "conflict_title": _("Someone else saved this report"),
    "preview_failed": _("The preview could not be made. Please check your connection and try again."),
    "version": _("Version %(version)s"),
    "delete_part_title": _("Delete “%(name)s”?"),
    "delete_part": _("It is still named in %(count)s places; they must be corrected then."),
    "too_large": _("This report is too large."),
}
