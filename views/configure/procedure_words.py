"""Procedures in a person's words: clocks in a sentence, and the parts of a workflow for differences."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from pydantic import TypeAdapter, ValidationError

from models.clocks import example, wording
from models.definition import Definition
from models.forms import LiveForm
from models.ledger.kinds import KINDS
from models.ledger_parts import CheckStock, MovePieces
from models.lookups import Lookup
from models.messages import Named, translate
from models.procedure import (
    Assign,
    ClockAction,
    ClockRule,
    Effect,
    Length,
    Move,
    MoveLinked,
    Notify,
    Recurrence,
    Rung,
    SetField,
    When,
    Who,
)
from models.rules import describe
from models.times import now
from models.workflow.words import People
from views.configure import ledger_catalog
from views.configure import procedure_catalog as catalog
from views.context import current_person, current_timezone

_EFFECT: TypeAdapter[Any] = TypeAdapter(Effect)
_TYPES: dict[str, type[Who | When | Length | Recurrence]] = {
    **dict.fromkeys(("who", "exempt", "copy_to"), Who),
    **dict.fromkeys(("start", "pause", "stop"), When),
    **dict.fromkeys(("length", "offset", "repeat"), Length),
    "recurrence": Recurrence,
}
_RULES = frozenset({"condition", "when", "rule"})
_STATES = frozenset({"sources", "to", "initial", "back_to"})
_STEPS = frozenset({"approved", "rejected", "withdrawn"})

MAX_NAMED = 4


class ProcedureWords:
    """Says the procedure of one form in one language."""

    def __init__(self, definition: Definition, language: str) -> None:
        """Take the form, and the reader's language."""
        self.definition = definition
        self.language = language
        self._form = LiveForm(definition, 0)
        self._lookup = Lookup(language, current_timezone())

    # -- clocks -------------------------------------------------------------------------------------------

    def clock(self, rule: ClockRule) -> str:
        """Return a clock in a sentence, such as “48 h from state “Received”, until …; 4 h before: …”."""
        said = [self._how_long(rule), self._course(rule)]
        said += [self._rung(rung) for rung in rule.ladder]
        return _("; ").join(filter(None, said))

    def example(self, rule: ClockRule) -> str:
        """Return when the clock would be due if it started now; empty where only a record can tell."""
        person = current_person()
        department = person.department.id if person and person.department else None
        due = example.due_at(self._form, rule, department, now().replace(second=0, microsecond=0))
        return _("Started now, it is due %(at)s.", at=self.moment(due)) if due else ""

    @staticmethod
    def moment(moment: datetime | None) -> str:
        """Return a moment in the reader's zone, or a dash."""
        return wording.at(moment, current_timezone())

    def _say(self, text: object) -> str:
        return translate(text, self.language) if not isinstance(text, Named) else text.text(self.language)  # type: ignore[arg-type]

    def _how_long(self, rule: ClockRule) -> str:
        if rule.recurrence is not None:
            return self._say(wording.recurrence(rule.recurrence, self.definition))
        length = wording.length(rule.length, self.definition)
        return self._say(length) if length else ""

    def _course(self, rule: ClockRule) -> str:
        if rule.scope == "form":
            return _("as long as the form is in use")
        names = (("start", _("from %(when)s")), ("pause", _("stands still while %(when)s")))
        parts = [
            text % {"when": self.when(getattr(rule, name))} for name, text in names if getattr(rule, name)
        ]
        if rule.stop:
            parts.append(_("until %(when)s", when=self.when(rule.stop)))
        return _("; ").join(parts)

    def _rung(self, rung: Rung) -> str:
        length = wording.length(rung.offset, self.definition)
        distance = self._say(length) if length else ""
        who = self.who(rung.who)
        texts = {
            "before": _("%(length)s before: %(people)s", length=distance, people=who),
            "at": _("when due: %(people)s", people=who),
            "after": _("%(length)s after: %(people)s", length=distance, people=who),
        }
        return texts[rung.side]

    def when(self, when: When) -> str:
        """Return a condition of a clock in words."""
        parts = [_("state %(states)s", states=self._states(when.states))] if when.states else []
        if when.rule is not None:
            parts.append(self.rule(when.rule))
        steps = [_("step “%(step)s”", step=self.step(key)) for key in when.transitions]
        return _(" or ").join(filter(None, (_(" and ").join(parts), *steps)))

    def _states(self, keys: tuple[str, ...]) -> str:
        names = [_("“%(name)s”", name=self.state(key)) for key in keys[:MAX_NAMED]]
        more = len(keys) - MAX_NAMED
        return _(", ").join(names) + (_(" and %(count)s more", count=more) if more > 0 else "")

    # -- what definitions hold ----------------------------------------------------------------------------

    def who(self, who: Who) -> str:
        """Return who is described."""
        return People(who, self._form).text(self.language) or _("nobody")

    def rule(self, tree: Any) -> str:  # noqa: ANN401  (JSON)
        """Return a rule in words."""
        return describe(tree, self.definition, self.language, names=self._lookup, timezone=current_timezone())

    def state(self, key: str) -> str:
        """Return what a state is called."""
        if key == "*":
            return _("every open state")
        workflow = self.definition.workflow
        state = workflow.by_state.get(key) if workflow else None
        return state.label.text(self.language) or key if state else key

    def step(self, key: str) -> str:
        """Return what a step is called."""
        workflow = self.definition.workflow
        step = workflow.by_transition.get(key) if workflow else None
        return step.label.text(self.language) or key if step else key

    def field(self, key: str) -> str:
        """Return what a field is called."""
        field = self.definition.by_key.get(key)
        return field.label.text(self.language) or key if field else key

    def place(self, path: str) -> str:
        """Return what a path such as `workflow.states.new.who` leads to."""
        first, *rest = path.split(".")
        kind, *keys = rest if first == "workflow" else ("clocks", *rest)
        key = keys[0] if keys else ""
        part = self._part_name(kind, key) or catalog.label(kind)
        known = [catalog.label(name) for name in keys[1:] if name in catalog.PROPERTIES]
        return " › ".join([str(catalog.PARTS["workflow"]), part, *known[-1:]])

    def _part_name(self, kind: str, key: str) -> str:
        clock = self.definition.by_clock.get(key)
        if kind == "clocks" and clock:
            return clock.label.text(self.language) or key
        return {"states": self.state, "transitions": self.step}.get(kind, str)(key)

    def effect(self, raw: Any) -> str:  # noqa: ANN401  (JSON)
        """Return an effect in words."""
        try:
            effect = _EFFECT.validate_python(raw)
        except ValidationError:
            return str(raw)
        kind = str(catalog.EFFECTS[effect.do])
        target = self._target(effect)
        return f"{kind}: {target}"

    def _target(self, effect: Any) -> str:  # noqa: ANN401  (any effect)
        match effect:
            case SetField():
                return self.field(effect.field)
            case Notify() | Assign():
                return self.who(effect.who)
            case ClockAction():
                return f"{effect.clock}, {catalog.CLOCK_ACTIONS[effect.action]}"
            case Move() | MoveLinked():
                return self._moved(effect)
            case MovePieces() | CheckStock():
                return self._booking(effect)
        names = ("form", "department", "table")
        return next((getattr(effect, name) for name in names if hasattr(effect, name)), "")

    def _moved(self, effect: Move | MoveLinked) -> str:
        """Return which step is taken, such as “Close” or “claim: cancel”."""
        return (
            self.step(effect.transition)
            if isinstance(effect, Move)
            else f"{effect.form}: {effect.transition}"
        )

    def _booking(self, effect: MovePieces | CheckStock) -> str:
        """Return what is booked, and which fields say more, such as “Lost (Item: part, How many: pieces)”."""
        if isinstance(effect, CheckStock):
            return str(ledger_catalog.CHECK_ACTIONS[effect.action])
        action = ledger_catalog.SLIP_ACTIONS.get(effect.action)
        said = str(action) if action else self._say(KINDS[effect.action].label)
        named = [
            f"{label}: {self.field(key)}"
            for name, label in ledger_catalog.EFFECT.items()
            if name != "action" and (key := getattr(effect, name))
        ]
        return f"{said} ({_(', ').join(named)})" if named else said

    def value(self, name: str, value: Any) -> str:  # noqa: ANN401  (JSON)
        """Return a property of a state, step, table or clock in words; a part without value is a dash."""
        if value is None or value in ("", [], {}):
            return "—"
        if name in _RULES:
            return self.rule(value)
        if name in _TYPES:
            return self._part(_TYPES[name].model_validate(value))
        if isinstance(value, dict):
            return self._mapping(value)
        if isinstance(value, list):
            return _(", ").join(self._entry(name, one) for one in value)
        return self._plain(name, value)

    def _part(self, part: Who | When | Length | Recurrence) -> str:
        if not part and isinstance(part, Who | When):
            return "—"
        if isinstance(part, Who):
            return self.who(part)
        if isinstance(part, When):
            return self.when(part)
        if isinstance(part, Recurrence):
            return self._say(wording.recurrence(part, self.definition))
        length = wording.length(part, self.definition)
        return self._say(length) if length else "—"

    def _mapping(self, value: dict[str, Any]) -> str:
        if set(value) <= {"zh", "en"}:
            return " / ".join(filter(None, (value.get("zh"), value.get("en")))) or "—"
        shown = {
            name: self.value(name, inner) for name, inner in value.items() if inner not in (None, "", False)
        }
        return _("; ").join(f"{catalog.label(name)}: {text}" for name, text in shown.items() if text != "—")

    def _entry(self, name: str, value: Any) -> str:  # noqa: ANN401  (JSON)
        if isinstance(value, dict):
            if "do" in value:
                return self.effect(value)
            label = self._mapping(value["label"]) if value.get("label") else ""
            rest = self._mapping({key: one for key, one in value.items() if key not in {"key", "label"}})
            return f"{label} ({rest})" if label and label != "—" and rest else label or rest
        return self._plain(name, value)

    def _plain(self, name: str, value: Any) -> str:  # noqa: ANN401  (a text, number or yes/no)
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if name in _STATES or name == "states":
            return self.state(str(value))
        if name in _STEPS or name == "transitions":
            return self.step(str(value))
        worded = catalog.VALUES.get(name, {}).get(str(value))
        return str(worded) if worded else self.field(str(value))
