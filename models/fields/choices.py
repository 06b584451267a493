"""Choosing one or several of some options."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from dataclasses import field as attribute

from typing_extensions import override

from models.definition import Field, Option
from models.errors import ValueProblem
from models.fields.base import HELD, Cell, FieldType, Json, ParseContext
from models.fields.needs import FormData, Lookup
from models.fields.reading import clean_text, is_blank, scalar_text
from models.messages import LANGUAGES, Message, _
from models.spreadsheets.columns import Column

_SEPARATOR = re.compile(r"\s*[,;|、]\s*")
_MARKS = (", ", "; ", " | ")
_MAX_TEXT = 50_000
_MAX_REMEMBERED = 1_000
_MAX_CELLS = 5_000


@dataclass(frozen=True, slots=True)
class _Known:
    """What was worked out for some options, because imports and exports ask for every cell."""

    options: tuple[Option, ...]
    names: dict[str, str]
    cells: dict[tuple[str, ...], str] = attribute(default_factory=dict)


_remembered: dict[int, _Known] = {}


def fold(text: str) -> str:
    """Return text as it is compared when a person names an option: width, case and blanks do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _known_of(field: Field) -> _Known:
    known = _remembered.get(id(field.options))
    if known and known.options is field.options:
        return known
    if len(_remembered) >= _MAX_REMEMBERED:
        _remembered.clear()
    known = _remembered[id(field.options)] = _Known(field.options, _names(field.options))
    return known


def names_of(field: Field) -> dict[str, str]:
    """Return what people may write for each option, longest first: folded label or key → key.

    Keys win over labels, options in use over retired ones, earlier over later.
    """
    return _known_of(field).names


def _names(options: tuple[Option, ...]) -> dict[str, str]:
    strongest_first = sorted(options, key=lambda option: option.retired)
    names = {
        fold(option.label.text(language)): option.key
        for option in reversed(strongest_first)
        for language in LANGUAGES
    }
    names |= {fold(option.key): option.key for option in reversed(options)}
    names.pop("", None)
    return dict(sorted(names.items(), key=lambda pair: -len(pair[0])))


def label_of(field: Field, key: str, language: str) -> str:
    """Return how an option is shown; one that no longer exists shows its key."""
    option = field.options_by_key.get(key)
    return (option.label.text(language) if option else "") or key


def find_option(field: Field, raw: object) -> str:
    """Return the key of the option that a key or a label in either language names. Raises ValueProblem."""
    if isinstance(raw, str) and raw in field.options_by_key:
        return raw
    text = scalar_text(raw)
    found = names_of(field).get(fold(text))
    if found is None:
        raise ValueProblem(_("“%(text)s” is not one of the options.", text=text[:60]))
    return found


def _refuse_retired(field: Field, key: str, before: Collection[str], language: str) -> None:
    if field.options_by_key[key].retired and key not in before:
        label = label_of(field, key, language)
        raise ValueProblem(_("The option “%(label)s” is no longer in use.", label=label))


def _check_options(field: Field) -> Iterator[tuple[str, Message]]:
    if not field.options:
        yield "options", _("Give at least one option.")
    elif all(option.retired for option in field.options):
        yield "options", _("At least one option must be in use.")
    for key, count in Counter(fold(option.key) for option in field.options).items():
        if count > 1:
            yield "options", _("Two options have the key “%(key)s”.", key=key)
    in_use = [option for option in field.options if not option.retired]
    for language in LANGUAGES:
        for label, count in Counter(fold(option.label.text(language)) for option in in_use).items():
            if count > 1 and label:
                yield "options", _("Two options are called “%(label)s”.", label=label)


def _choice_column(field: Field, language: str, *, several: bool) -> Column:
    label = field.label.text(language) or field.key
    labels = (
        ()
        if several
        else tuple(dict.fromkeys(label_of(field, key, language) for key in field.options_by_key))
    )
    return Column(key=field.key, label=label, kind="text" if several else "choice", choices=labels)


class Choice(FieldType[str]):
    """One of some options."""

    key = "choice"
    name = _("Single choice")
    description = _("One of several options, each with a colour.")
    icon = "ui-radios"
    widget = "select"
    kind = "choice"
    sortable = True
    groupable = True
    properties = (*HELD, "searchable", "unique", "options")

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: str | None = None) -> str | None:
        key = find_option(field, raw)
        _refuse_retired(field, key, {before} if before else (), context.language)
        return key

    @override
    def display(self, field: Field, value: str, lookup: Lookup, language: str) -> str:
        return label_of(field, value, language)

    @override
    def search_text(self, field: Field, value: str, lookup: Lookup) -> str:
        return " ".join(dict.fromkeys(label_of(field, value, language) for language in LANGUAGES))

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        return None if is_blank(raw) else find_option(field, raw)

    @override
    def column(self, field: Field, language: str) -> Column:
        return _choice_column(field, language, several=False)

    @override
    def cell(self, field: Field, value: str, lookup: Lookup, language: str) -> Cell:
        """Return the label, or the key where the label would name another option when imported."""
        label = label_of(field, value, language)
        return label if names_of(field).get(fold(label)) == value else value

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        problems = list(_check_options(field))
        yield from problems or super().check(field)


class MultiChoice(FieldType[list[str]]):
    """Any number of some options, kept in their order."""

    key = "multi_choice"
    name = _("Multiple choice")
    description = _("Any number of several options.")
    icon = "ui-checks"
    widget = "multiselect"
    properties = (*HELD, "searchable", "options")

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: list[str] | None = None
    ) -> list[str] | None:
        if isinstance(raw, list | tuple):
            if len(raw) > len(field.options):
                raise ValueProblem(_("There are more choices than options."))
            chosen = {find_option(field, one) for one in raw if not is_blank(one)}
        else:
            chosen = set(_split(field, raw))
        for key in chosen:
            _refuse_retired(field, key, before or (), context.language)
        return [key for key in field.options_by_key if key in chosen] or None

    @override
    def from_form(self, field: Field, form: FormData, name: str) -> object:
        return form.getlist(name)

    @override
    def to_json(self, field: Field, value: list[str]) -> Json:
        return list(value)

    @override
    def display(self, field: Field, value: list[str], lookup: Lookup, language: str) -> str:
        return self.label_texts(field, value, language)

    def label_texts(self, field: Field, value: list[str], language: str) -> str:
        """Return the labels one after another."""
        return (", " if language == "en" else "、").join(label_of(field, key, language) for key in value)

    @override
    def search_text(self, field: Field, value: list[str], lookup: Lookup) -> str:
        return " ".join(dict.fromkeys(label_of(field, key, one) for key in value for one in LANGUAGES))

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        return None if is_blank(raw) else find_option(field, raw)

    @override
    def column(self, field: Field, language: str) -> Column:
        return _choice_column(field, language, several=True)

    @override
    def cell(self, field: Field, value: list[str], lookup: Lookup, language: str) -> Cell:
        cells = _known_of(field).cells
        mark = (language, *value)
        text = cells.get(mark)
        if text is None:
            if len(cells) >= _MAX_CELLS:
                cells.clear()
            text = cells[mark] = self._cell_text(field, value, language)
        return text

    def _cell_text(self, field: Field, value: list[str], language: str) -> str:
        """Return the labels, or the keys where labels would be read differently when imported.

        An option may even be called like two keys with a comma between: no name has that many commas.
        """
        for text in (self.label_texts(field, value, language), *(mark.join(value) for mark in _MARKS)):
            if _reads_as(field, text, value):
                return text
        longest = max(map(len, names_of(field)), default=0)
        return ("," * (longest + 1)).join(value)

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        problems = list(_check_options(field))
        yield from problems or super().check(field)


def _reads_as(field: Field, text: str, value: list[str]) -> bool:
    """Tell whether a text lists just some options when it is imported."""
    try:
        return set(_split(field, text)) == set(value)
    except ValueProblem:
        return False


def _split(field: Field, raw: object) -> Iterator[str]:
    """Yield the options that a text lists; the longest name wins, so labels may contain commas."""
    text = fold(clean_text(raw, longest=_MAX_TEXT).replace("\n", ";"))
    names, at = names_of(field), 0
    while at < len(text):
        end, key = _name_at(names, text, at)
        if key is None:
            piece = _SEPARATOR.split(text[at:], maxsplit=1)[0]
            if piece:
                raise ValueProblem(_("“%(text)s” is not one of the options.", text=piece[:60]))
        else:
            yield key
        gap = _SEPARATOR.match(text, end)
        at = gap.end() if gap else len(text)


def _name_at(names: dict[str, str], text: str, at: int) -> tuple[int, str | None]:
    for name, key in names.items():
        end = at + len(name)
        if text.startswith(name, at) and (end == len(text) or _SEPARATOR.match(text, end)):
            return end, key
    return at, None
