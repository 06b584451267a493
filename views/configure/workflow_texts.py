"""The texts that the workflow designer's scripts show."""

from flask_babel import gettext as _


def workflow_texts() -> dict[str, str]:
    """Return every text by the name under which the scripts know it."""
    return {
        **_for_parts(),
        **_for_people(),
        **_for_effects(),
        **_for_clocks(),
        **_for_routing(),
        **_for_trial(),
    }


def _for_parts() -> dict[str, str]:
    return {
        "workflow": _("Workflow"),
        "diagram": _("Diagram of the workflow"),
        "warnings": _("%(count)s to look at"),
        "no_workflow": _("This form has no workflow yet"),
        "no_workflow_text": _(
            "A workflow says in which states a record can be, who moves it on, and what happens then."
        ),
        "begin_simple": _("Received → in progress → done"),
        "begin_empty": _("Begin with one state"),
        "remove_workflow": _("Remove the workflow"),
        "remove_workflow_text": _(
            "States, steps and routing go out of the draft. Records keep theirs until the draft is published."
        ),
        "add_state": _("Add state"),
        "no_states": _("No states yet."),
        "add_step": _("Add step"),
        "no_steps": _("No steps yet: a record stays where it begins."),
        "begins_here": _("New records begin here"),
        "any_state": _("Any open state"),
        "category_help": _("Done and void end all clocks and tasks."),
        "state_task": _("What is to be done here"),
        "state_fields": _("Fields in this state"),
        "task_help": _("Shown in the inbox of those who owe it."),
        "state_who_help": _("Those who owe the task."),
        "has_approval": _("Entering this state asks for approval"),
        "add_approval_step": _("Add step of the approval"),
        "no_approval_steps": _("Nobody is asked yet."),
        "step_condition_help": _("Without a rule the step always takes place."),
        "step_who_help": _("Nobody named: everybody who may edit the record."),
        "button": _("Button"),
        "fields_help": _("Asked for in the dialog of the step."),
        "required_help": _("The step is refused while one of them is empty."),
        "waits_help": _("Possible when all their records that belong to this one are done."),
        "condition_help": _("Without a rule the step is always possible."),
        "rule_step_help": _("The step is taken as soon as this holds."),
        "step": _("Step"),
        "delete_part_title": _("Delete “%(name)s”?"),
        "delete_part": _("It is still named in %(count)s places; they must be corrected then."),
    }


def _for_people() -> dict[str, str]:
    return {
        "who_roles": _("Roles"),
        "who_fields": _("From the record"),
        "who_heads_of": _("Heads of a department of the record"),
        "who_members_of": _("People of a department of the record"),
        "who_heads": _("Heads of a department"),
        "who_members": _("People of a department"),
        "who_people": _("People"),
        "head_of": _("Head: "),
        "members_of": _("People: "),
        "within": _("of"),
        "everywhere": _("all departments"),
        "people": _("People"),
    }


def _for_effects() -> dict[str, str]:
    return {
        "add_effect": _("Add what happens…"),
        "value_from": _("Value from"),
        "only_if_empty": _("Only where it is empty"),
        "mapping": _("Values of the new record"),
        "add_mapping": _("Add a value"),
        "field_of_new": _("Field of the new record"),
        "each": _("How many"),
        "one_record": _("One record"),
        "back": _("Reference to it"),
        "text_help": _("{field} stands for the value of a field."),
        "routing_table": _("Routing table"),
        "clock": _("Clock"),
        "action": _("Action"),
        "of_slip": _("With what is on the slip"),
        "of_item": _("With one item"),
        "this_item": _("This record"),
        "all_free": _("All that are free"),
    }


def _for_clocks() -> dict[str, str]:
    return {
        "add_clock": _("Add clock"),
        "no_clocks": _("No clocks yet: nothing has a deadline."),
        "course": _("When it runs"),
        "in_state": _("In a state"),
        "in_state_prefix": _("State: "),
        "by_step": _("By a step"),
        "by_step_prefix": _("Step: "),
        "that_moment": _("the moment it starts"),
        "amount": _("How much"),
        "unit": _("Unit"),
        "no_field": _("the same for all records"),
        "or_field": _("or as a field says"),
        "length_help": _("Working hours and days count by the calendar."),
        "department_calendar": _("that of the department"),
        "at_time": _("At"),
        "times_of_day": _("Times of day"),
        "times_help": _("Such as 09:00, 15:30."),
        "weekdays": _("Weekdays"),
        "day_of_month": _("Day of the month"),
        "day_of_month_help": _("31 is the last day."),
        "months": _("Months"),
        "months_help": _("Such as 3, 6, 9, 12. Empty: every month."),
        "day_of_year": _("Day of the year"),
        "day_of_year_help": _("Month and day, such as 03-31."),
        "working_days_only": _("On working days only"),
        "done_by_help": _("A change of one of these fields settles what is due."),
        "when": _("When"),
        "again_and_again": _("Tell them again and again"),
        "add_rung": _("Add reminder"),
        "no_rungs": _("Nobody is reminded."),
        "before_offset": _("%(length)s before"),
        "after_offset": _("%(length)s after"),
        "ladder_help": _("Who is told before, at and after the due time."),
    }


def _for_routing() -> dict[str, str]:
    return {
        "add_table": _("Add routing table"),
        "no_tables": _("No routing tables. An effect “Route” asks one where a record goes."),
        "add_route": _("Add row"),
        "row_number": _("Row %(number)s"),
        "row_count": _("%(count)s rows"),
        "route_when_help": _("Without a rule: all others."),
        "routes_help": _("Asked from the top; the first that holds decides."),
        "own_department": _("the record's own department"),
        "own_assignees": _("its assignees"),
        "stays_in_state": _("stays in its state"),
        "table_clocks_help": _("They begin anew when it is asked again."),
    }


def _for_trial() -> dict[str, str]:
    return {
        "try_help": _("A sample record goes through this draft. Nothing is stored and nobody is told."),
        "sample": _("Sample"),
        "empty_sample": _("An empty record"),
        "as_role": _("As"),
        "anybody": _("anybody"),
        "back_one": _("One step back"),
        "start_again": _("Start again"),
        "sample_values": _("Values of the sample"),
        "created": _("The record is created"),
        "try_problems": _("The draft can be tried when these are corrected:"),
        "clock_starts": _("Clock “%(clock)s” starts, due %(at)s"),
        "owed_by": _("To be done by %(people)s"),
        "not_by_person": _("No button: taken by %(by)s."),
        "only_people": _("Only: %(people)s"),
        "may_take": _("May be taken by %(people)s"),
        "what_now": _("What can be done now"),
        "no_offers": _("Nothing leads on from here."),
        "values_now": _("Values now"),
    }
