"""Whether the records of a report can be parted by its groupings."""

from collections.abc import Callable, Iterable, Iterator

from models import rules
from models.definition import Definition, Field
from models.messages import _
from models.problems import Problem
from models.reports.parts import Grouping
from models.reports.trees import names_parent


def problems(
    grouping: Grouping,
    definitions: Iterable[Definition],
    form_of: Callable[[str], Definition | None],
) -> Iterator[Problem]:
    """Yield what is wrong with a grouping of records of some forms."""
    path = f"groupings.{grouping.key}"
    fields = [found for one in definitions if (found := one.by_key.get(grouping.field))]
    if not fields and grouping.field not in rules.SYSTEM:
        yield Problem(f"{path}.field", _("No source has the field “%(key)s”.", key=grouping.field))
        return
    for field in fields:
        if not field.holds_value or rules.kind_of(field) == rules.Kind.OPAQUE:
            yield Problem(
                f"{path}.field", _("The values of “%(field)s” cannot be told apart.", field=field.label)
            )
            return
    if grouping.tree:
        yield from _tree(grouping, grouping.tree, fields, form_of)


def _tree(
    grouping: Grouping, parent: str, fields: Iterable[Field], form_of: Callable[[str], Definition | None]
) -> Iterator[Problem]:
    """Yield what is wrong with the field that says what stands above a group."""
    path = f"groupings.{grouping.key}.tree"
    forms = {field.form if field.type == "reference" else "" for field in fields} or {""}
    if "" in forms:
        yield Problem(
            path, _("“%(key)s” does not refer to records: nothing stands above them.", key=grouping.field)
        )
    elif len(forms) > 1:
        yield Problem(
            path, _("“%(key)s” refers to other records in each source: they are no tree.", key=grouping.field)
        )
    else:
        definition = form_of(forms.pop())
        if definition is not None and not names_parent(definition, parent):
            yield Problem(
                path,
                _(
                    "“%(key)s” of “%(form)s” is no reference to the one record above.",
                    key=parent,
                    form=definition.label,
                ),
            )
