"""What the company's old ledger knows of a sheet or a claim that was closed before the procedures ran here.

Such a record is taken over as it ended: in one save, with what its steps would have written.
"""

from datetime import datetime
from typing import Any

from seed.company.followup import Act
from seed.company.incident import Raw, Step, day
from seed.company.partners import To

ENDS = {"close": "closed", "start_action": "closed", "answer": "closed", "refuse": "rejected"}
CLAIM_ENDS = {"close": "closed", "accept_refusal": "cancelled"}
_PROPOSED = {"propose_remedy", "propose_quality_remedy", "meeting_held"}
_SATISFIED = {"satisfied", "satisfied_by_quality", "answer"}


def sheet(steps: list[Step]) -> Raw:
    """Return everything that a sheet held at its end, as raw values."""
    values: Raw = {}
    for step in steps:
        written = _written(step)
        kept = {"remedy_at", "replied_at", "replied_by"} & values.keys()  # the first time counts
        values |= {key: value for key, value in {**step.values, **written}.items() if key not in kept}
    return values


def _written(step: Step) -> Raw:
    """Return what the procedure itself writes at a step."""
    at, today, by = step.at.isoformat(), day(step.at), To("person", step.by)
    if step.take in _PROPOSED:
        return {"remedy_at": at, "handler": by}
    if step.take in _SATISFIED:
        ended = {"closed_on": today} if step.take == "answer" else {}
        return {"customer_satisfied": True, "replied_at": at, "replied_by": by, **ended}
    written: dict[str, Raw] = {
        "keep": {"pass_on": False},
        "pass_on": {"pass_on": True, "passed_at": at, "passed_to": To("department", "QUALITY")},
        "record_result": {"archived_at": at},
        "close": {"capa_needed": False, "closed_on": today},
        "start_action": {"capa_needed": True, "closed_on": today, "capa_number": f"CAPA-{step.at:%y%m%d}"},
        "refuse": {"valid": False, "closed_on": today},
    }
    return written.get(step.take, {})


def claim(first: Step, acts: list[Act]) -> Raw:
    """Return everything that a claim held at its end, as raw values."""
    values: Raw = dict(first.values)
    for act in acts:
        if isinstance(act, Step):
            values |= {**act.values, **_written_to_claim(act.take, act.at)}
    return values


def _written_to_claim(take: str, at: datetime) -> dict[str, Any]:
    accepted = {"customer_accepted": True, "agreed_on": day(at)}
    summary = {"in_month_summary": True, "disposed_at": at.isoformat()}
    written: dict[str, Raw] = {
        "accept_compensation": accepted,
        "accept_refusal": {**accepted, **summary, "closed_on": day(at)},
        "propose_responsibility": {"determined_on": day(at)},
        "settle": {"formalities_on": day(at)},
        "record_disposal": summary,
        "close": {"capa_needed": False, "closed_on": day(at)},
    }
    return written.get(take, {})
