"""What the screens of rights share: the rows with their words, and what the rule builder needs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2.utils import htmlsafe_json_dumps

from models import rights_words
from models.definition import Definition
from views.configure import editor
from views.configure.rights_rows import FieldRow, GrantRow, Titles


def rights_values(
    grants: Sequence[GrantRow],
    fields: Sequence[FieldRow],
    titles: Titles,
    definitions: Mapping[str, Definition],
) -> dict[str, Any]:
    """Return what `_rights.html` shows.

    Args:
        grants: the rows of grants.
        fields: the rows of field rules.
        titles: what rows can be added for, by the key in `of`.
        definitions: of the forms that rows name.
    """
    rows: list[GrantRow | FieldRow] = [*grants, *fields]
    for row in rows:
        row.form = row.form or row.of
    return {
        "grant_rows": grants,
        "field_rows": fields,
        "titles": titles,
        "definitions": definitions,
        "actions": rights_words.ACTIONS,
        "scopes": rights_words.SCOPES,
        "limits": rights_words.LIMITS,
        "narrowless": rights_words.NARROWLESS,
        "rule_data": htmlsafe_json_dumps(editor.rule_parts(definitions.values()), dumps=json.dumps),
    }
