"""Whether what a form says of its letters makes sense; nothing here needs a record."""

from collections import Counter
from collections.abc import Iterator

from models import numbering_patterns
from models.definition import Definition
from models.letter_parts import MAX_BODY, Letter
from models.letters.names import MAX_SUBJECT, SANDBOX, is_thing, names_of
from models.messages import LANGUAGES, _
from models.problems import Problem
from models.templating import Names


def problems(definition: Definition) -> Iterator[Problem]:
    """Yield what is wrong with a form's letters; paths read `letters.<key>.<property>`."""
    for key, count in Counter(letter.key for letter in definition.letters).items():
        if count > 1:
            yield Problem(f"letters.{key}.key", _("Two letters have this key."))
    names = names_of(definition) if definition.letters else Names(())
    for letter in definition.letters:
        yield from _letter(letter, definition, names, f"letters.{letter.key}")


def _letter(letter: Letter, definition: Definition, names: Names, path: str) -> Iterator[Problem]:
    if not letter.label:
        yield Problem(f"{path}.label", _("Give the letter a name."))
    yield from _templates(letter, names, path)
    for name in ("recipient", "address"):
        yield from _source(getattr(letter, name), definition, f"{path}.{name}")
    if letter.numbering:
        for message in numbering_patterns.check(letter.numbering):
            yield Problem(f"{path}.numbering", message)
    if letter.written_on:
        yield from _written_on(letter.written_on, definition, f"{path}.written_on")
    known = definition.workflow.by_state if definition.workflow else {}
    for state in letter.states:
        if state not in known:
            yield Problem(f"{path}.states", _("There is no state “%(key)s”.", key=state))


def _templates(letter: Letter, names: Names, path: str) -> Iterator[Problem]:
    for name, texts, longest in (("subject", letter.subject, MAX_SUBJECT), ("body", letter.body, MAX_BODY)):
        if not texts:
            yield Problem(f"{path}.{name}", _("This is needed."))
        for language in LANGUAGES:
            problem = SANDBOX.problem(getattr(texts, language), names, longest)
            if problem:
                yield Problem(f"{path}.{name}.{language}", problem)


def _source(source: str, definition: Definition, path: str) -> Iterator[Problem]:
    """Yield what is wrong with where a recipient comes from; what the other form has, only it knows."""
    key, dot, _part = source.partition(".")
    field = definition.by_key.get(key)
    if source and (field is None or not field.holds_value):
        yield Problem(path, _("There is no field “%(key)s”.", key=key))
    elif field and dot and not is_thing(field):
        yield Problem(path, _("“%(field)s” does not point to one record.", field=field.label))


def _written_on(key: str, definition: Definition, path: str) -> Iterator[Problem]:
    field = definition.by_key.get(key)
    if field is None:
        yield Problem(path, _("There is no field “%(key)s”.", key=key))
    elif field.type != "date":
        yield Problem(path, _("“%(field)s” is not of the kind that is needed here.", field=field.label))
