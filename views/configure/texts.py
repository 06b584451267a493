"""The texts that the form editor's scripts show."""

from flask_babel import gettext as _

from views.configure.letters import PROPERTIES


def editor_texts() -> dict[str, str]:
    """Return every text by the name under which the scripts know it."""
    return {
        **_for_fields(),
        **_for_values(),
        **_for_rules(),
        **_for_saving(),
        **_for_ledgers(),
        **_for_letters(),
    }


def _for_fields() -> dict[str, str]:
    return {
        "add_field": _("Add field"),
        "add_column": _("Add column"),
        "no_fields": _("This form has no fields yet"),
        "no_fields_text": _("Add the first one: a text, a date, a choice, a table…"),
        "no_columns": _("No columns yet"),
        "move_up": _("Move up"),
        "move_down": _("Move down"),
        "drag": _("Drag to move"),
        "duplicate": _("Duplicate"),
        "key_taken": _("“%(wanted)s” is taken; the key is “%(key)s” now."),
        "delete": _("Delete"),
        "unnamed": _("Without a name"),
        "published": _("Published"),
        "delete_title": _("Delete this field?"),
        "delete_published": _(
            "Records keep its values, but nobody sees them. They come back when the version is rolled back."
        ),
        "delete_blocked": _("This field is still used by: %(places)s"),
        "moved": _("%(name)s is now number %(place)s of %(count)s"),
        "deleted": _("%(name)s is deleted"),
        "too_many": _("A form has at most %(max)s fields."),
        "copy": _("copy"),
        "in_rule": _("a rule of %(name)s"),
        "in_formula": _("the formula of %(name)s"),
        "in_title": _("the title"),
        "in_columns": _("the list columns"),
        "in_sort": _("the order of the list"),
        "in_business_key": _("the business key"),
        "in_workflow": _("the workflow or a clock"),
        "in_ledger": _("the settings of the ledger or slip: %(name)s"),
        "in_letter": _("the letter “%(name)s”"),
        "in_view": _("the saved view “%(name)s”"),
        "flag_required": _("Required"),
        "flag_unique": _("Unique"),
        "flag_readonly": _("Read only"),
        "flag_rules": _("With rules"),
        "type_fixed": _("The type never changes."),
    }


def _for_values() -> dict[str, str]:
    return {
        "chinese": _("Chinese"),
        "english": _("English"),
        "none": _("None"),
        "yes": _("Yes"),
        "no": _("No"),
        "today": _("Today"),
        "now": _("Now"),
        "me": _("Me"),
        "my_department": _("My department"),
        "fixed_value": _("A fixed value"),
        "choose": _("Choose…"),
        "option_key": _("Key"),
        "option_color": _("Colour"),
        "option_retired": _("Retired"),
        "add_option": _("Add option"),
        "add_options": _("Add many"),
        "add_options_help": _(
            "One option per line: Chinese | English | key. English and key may be left out."
        ),
        "insert": _("Insert"),
        "width_3": _("A quarter"),
        "width_4": _("A third"),
        "width_6": _("Half"),
        "width_8": _("Two thirds"),
        "width_9": _("Three quarters"),
        "width_12": _("Full"),
        "result_decimal": _("Decimal number"),
        "result_integer": _("Whole number"),
        "result_text": _("Text"),
        "result_boolean": _("Yes or no"),
        "result_date": _("Date"),
        "formula_fields": _("Fields"),
        "formula_functions": _("Functions"),
        "formula_fine": _("This formula works."),
        "example": _("Example: %(text)s"),
        "group": _("Group"),
        "icon": _("Icon"),
        "form_number": _("Form number"),
        "form_number_help": _("Printed on the paper form, such as QR-8.2-01."),
        "form_revision": _("Form revision"),
        "numbering": _("Numbering"),
        "numbering_help": _(
            "Such as QF-{yyyy}{mm}-{seq:4}. Parts: {yyyy} {yy} {mm} {dd} {dept} {seq:4}. Empty: no numbers."
        ),
        "title_fields": _("Title fields"),
        "title_help": _("Together they name a record in lists, links and searches."),
        "list_columns": _("List columns"),
        "list_help": _(
            "What the list shows at first, from left to right. Without any: the fields marked “In lists”."
        ),
        "inline_columns": _("Editable in the list"),
        "inline_help": _("Cells that can be changed without opening the record."),
        "sort": _("Order of the list"),
        "sort_newest": _("Newest first"),
        "descending": _("Descending"),
        "business_key": _("Business key"),
        "business_help": _("The field by which imports recognise a record."),
        "add": _("Add"),
        "remove": _("Remove"),
        "form_names": _("Names"),
        "form_identity": _("Identity"),
    }


def _for_rules() -> dict[str, str]:
    return {
        "rule_all": _("All of these"),
        "rule_any": _("Any of these"),
        "rule_not": _("Not"),
        "add_rule": _("Add a rule"),
        "add_condition": _("Add condition"),
        "add_group": _("Add group"),
        "remove_rule": _("Remove the rule"),
        "remove_condition": _("Remove the condition"),
        "remove_group": _("Remove the group"),
        "edit_json": _("Edit as JSON"),
        "edit_builder": _("Edit step by step"),
        "bad_json": _("This is not valid JSON."),
        "field": _("Field"),
        "operator": _("Operator"),
        "value": _("Value"),
        "from": _("From"),
        "to": _("To"),
        "fixed_date": _("A date"),
        "period": _("A period"),
        "days_ago": _("days ago"),
        "days_ahead": _("days ahead"),
        "record_id": _("Id of the record"),
        "one_per_line": _("One per line"),
    }


def _for_saving() -> dict[str, str]:
    return {
        "saved": _("Draft saved"),
        "unsaved": _("Unsaved changes"),
        "saving": _("Saving…"),
        "up_to_date": _("Nothing to save"),
        "problems": _("%(count)s to correct before publishing"),
        "no_problems": _("Ready to publish"),
        "save_failed": _("This could not be saved. Please check your connection and try again."),
        "save_refused": _("The draft was not saved. Please correct the marked properties."),
        "conflict_title": _("Someone else saved this draft"),
        "conflict_text": _("%(by)s saved it at %(at)s. Your changes are still here."),
        "conflict_overwrite": _("Save mine instead"),
        "form": _("Form"),
        "workflow": _("Workflow"),
    }


def _for_ledgers() -> dict[str, str]:
    return {
        "ledger_and_lending": _("Ledger and lending"),
        "ledger_offer": _("What belongs to others, who holds it, and the slips that lend it."),
        "ledger_entered": _("Which field is what"),
        "ledger_written": _("Written by the program alone"),
        "ledger_form": _("Ledger"),
        "no_ledgers": _("Publish a ledger first."),
        "workflow_first": _("Give the form a workflow first."),
        "make_field": _("Make the field"),
        "make_missing": _("Make the missing fields (%(count)s)"),
        "make_returns": _("Add a table of returns"),
        "no_returns": _("Without a table of returns"),
        "fields_made": _("%(count)s fields were added."),
        "field_of_ledger": _("Field of the ledger"),
        "part_end": _("No longer: %(name)s"),
        "part_end_title": _("No longer: %(name)s?"),
        "part_end_text": _(
            "The fields stay as they are; what is in force does not change until you publish."
        ),
    }


def _for_letters() -> dict[str, str]:
    return {
        "add_letter": _("Add letter"),
        "no_letters": _("This form writes no letters yet"),
        "no_letters_text": _("A letter is filled in from the record, fixed, printed and kept with it."),
        **{f"letter_{name}": str(label) for name, label in PROPERTIES.items()},
        "letter_written_on_help": _("The program writes it here, so that rules and clocks know of it."),
        "letter_numbering_help": _("Such as L-{yyyy}-{seq:4}. Empty: no number of its own."),
        "letter_states_help": _("Without any: in all."),
        "letter_delete": _("Letters that were written stay with their records."),
        "letter_help": _(
            "A field in {{ }} is filled in, a table becomes a table. An empty line begins a new paragraph."
        ),
        "insert_name": _("Insert"),
        "fields": _("Fields"),
        "referred": _("Of what a field refers to"),
        "tables": _("Tables"),
        "each_row": _("%(name)s, each row in your words"),
        "other_names": _("Others"),
        "conditions": _("Conditions"),
        "if_filled": _("Only where a field is filled in"),
        "sample": _("Sample"),
        "empty_sample": _("An empty record"),
        "language": _("Language"),
        "preview": _("Preview"),
        "delete_part_title": _("Delete “%(name)s”?"),
    }
