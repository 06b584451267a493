"""What the form editor calls things: properties, groups of properties, icons, colours."""

from flask_babel import lazy_gettext as _

Text = str  # translated when it is shown

GROUP_LABELS = {
    "quality": _("Quality"),
    "sales": _("Sales"),
    "service": _("Service"),
    "master": _("Master data"),
    "internal": _("Internal"),
}

ICONS = (
    "file-text", "clipboard-check", "clipboard-data", "exclamation-triangle", "chat-left-text", "telephone",
    "people", "person-vcard", "building", "buildings", "box-seam", "boxes", "truck", "cart", "tag", "receipt",
    "cash-coin", "shield-check", "award", "tools", "wrench", "gear", "bug", "recycle", "calendar-check",
    "clock-history", "journal-text", "folder", "globe", "star",
)  # fmt: skip

COLORS = {
    "": _("No colour"),
    "gray": _("Grey"),
    "blue": _("Blue"),
    "green": _("Green"),
    "yellow": _("Yellow"),
    "orange": _("Orange"),
    "red": _("Red"),
    "purple": _("Purple"),
    "teal": _("Teal"),
}

# name → (label, help, how it is entered, group)
PROPERTIES = {
    "key": (_("Key"), _("Used in files, formulas and addresses. Fixed once published."), "key", "names"),
    "label": (_("Label"), "", "label", "names"),
    "help": (_("Help"), _("Shown below the field."), "long_label", "names"),
    "placeholder": (_("Placeholder"), _("Shown while the field is empty."), "label", "names"),
    "options": (_("Options"), _("A published option can be retired, not deleted."), "options", "value"),
    "form": (_("Refers to"), _("The form whose records can be chosen."), "form", "value"),
    "many": (_("Several at once"), "", "switch", "value"),
    "fields": (_("Columns"), "", "columns", "value"),
    "formula": (_("Formula"), _('For example: qty * price, or sum(items, "amount")'), "formula", "value"),
    "result": (_("Kind of result"), "", "result", "value"),
    "serial_pattern": (
        _("Number pattern"),
        _("For example SN-{yyyy}-{seq:5}: year, month, day, dept and a running number."),
        "pattern",
        "value",
    ),
    "required": (_("Required"), "", "switch", "value"),
    "readonly": (_("Read only"), _("Keeps its default; nobody can change it."), "switch", "value"),
    "unique": (_("Unique"), _("No two records may have the same value."), "switch", "value"),
    "default": (_("Default"), _("What a new record starts with."), "default", "value"),
    "default_from": (_("Default from"), "", "default_from", "value"),
    "min": (_("At least"), "", "bound", "limits"),
    "max": (_("At most"), "", "bound", "limits"),
    "min_length": (_("At least, characters"), "", "number", "limits"),
    "max_length": (_("At most, characters"), "", "number", "limits"),
    "pattern": (_("Pattern"), _("A regular expression that the whole text must match."), "text", "limits"),
    "pattern_message": (_("When it does not match"), _("What people read then."), "label", "limits"),
    "decimals": (_("Decimals"), "", "number", "limits"),
    "unit": (_("Unit"), "", "label", "limits"),
    "currency": (_("Currency"), _("Three letters, such as CNY."), "currency", "limits"),
    "currencies": (_("Other currencies"), _("Separated by commas."), "list", "limits"),
    "max_rating": (_("Number of stars"), "", "number", "limits"),
    "accept": (
        _("Kinds of files"),
        _("Without a choice everything but programs and scripts is taken."),
        "kinds",
        "limits",
    ),
    "max_files": (_("At most, files"), "", "number", "limits"),
    "max_megabytes": (_("At most, MB for each file"), "", "number", "limits"),
    "sum": (_("Show the sum"), _("Below the column."), "switch", "limits"),
    "in_list": (_("In lists"), _("Shown as a column unless columns are chosen."), "switch", "lists"),
    "searchable": (_("Searchable"), _("Found by the search box."), "switch", "lists"),
    "filterable": (_("Filterable"), _("Offered as a filter."), "switch", "lists"),
    "indexed": (_("Indexed"), _("Keeps filters and sorting fast in long lists."), "switch", "lists"),
    "width": (_("Width"), "", "width", "lists"),
    "visible_if": (_("Visible if"), _("Otherwise hidden, and holds no value."), "rule", "rules"),
    "required_if": (_("Required if"), "", "rule", "rules"),
    "readonly_if": (_("Read only if"), "", "rule", "rules"),
}

PROPERTY_GROUPS = {
    "names": _("Names"),
    "value": _("Value"),
    "limits": _("Limits"),
    "lists": _("Lists and layout"),
    "rules": _("Rules"),
}

# Nothing reads these on a column of a table.
NOT_FOR_COLUMNS = frozenset(
    {
        "visible_if", "required_if", "readonly_if", "in_list", "filterable", "indexed", "searchable",
        "unique", "width", "default_from", "readonly",
    }
)  # fmt: skip
ONLY_FOR_COLUMNS = frozenset({"sum"})

FORM_PROPERTIES = {
    "label": _("Form name"),
    "description": _("Description"),
    "group": _("Group"),
    "icon": _("Icon"),
    "form_number": _("Form number"),
    "form_revision": _("Form revision"),
    "numbering": _("Numbering"),
    "title_fields": _("Title fields"),
    "list_columns": _("List columns"),
    "inline_columns": _("Editable in the list"),
    "sort": _("Order of the list"),
    "business_key": _("Business key"),
    "ledger": _("Ledger"),
    "slip": _("Slip"),
    "stock_check": _("Stock check"),
    "letters": _("Letters"),
}

SYSTEM_COLUMN_LABELS = {
    "number": _("Number"),
    "state": _("State"),
    "created_at": _("Created at"),
    "created_by": _("Created by"),
    "updated_at": _("Updated at"),
    "updated_by": _("Updated by"),
    "owner": _("Owner"),
    "department": _("Department"),
}


def group_labels() -> dict[str, str]:
    """Return what the groups of forms are called."""
    return {key: str(label) for key, label in GROUP_LABELS.items()}


def property_label(name: str) -> str:
    """Return what a property of a field is called."""
    known = PROPERTIES.get(name)
    return str(known[0]) if known else {"type": str(_("Type"))}.get(name, name)
