"""What it costs to be the first to open a screen after the definition of its form changed."""

import statistics
from collections.abc import Iterator
from functools import partial
from typing import Final

from backoffice.bench.ground import Ground, got
from backoffice.bench.measuring import Against, Result, seconds
from models import forms
from models.forms import LiveForm
from models.people import Actor

MILLISECONDS_MORE: Final = 20
ROUNDS: Final = 9


def changed(ground: Ground) -> Iterator[Result]:
    """Measure each screen right after a publication, and once more."""
    newest = ground.form.records().find_one({"deleted_at": None}, {"_id": 1}, sort=[("_id", -1)])
    if newest is None:
        message = "There are no records."
        raise RuntimeError(message)
    screens = {"list": "", "new": "new", "detail": str(newest["_id"])}
    for name, path in screens.items():
        changed, unchanged = _opened(ground, ground.address + path)
        yield Result(
            "changed",
            f"{name} after a change of the form",
            changed * 1e3,
            unchanged * 1e3,
            MILLISECONDS_MORE,
            Against.DIFFERENCE,
        )


def _opened(ground: Ground, address: str) -> tuple[float, float]:
    """Return the median seconds of the first and the second request after a publication."""
    opened = partial(got, ground.ours, address)
    opened()
    first, second = [], []
    for number in range(ROUNDS):
        publish_change(ground.form.key, f"{number}")
        first.append(seconds(opened))
        second.append(seconds(opened))
    return statistics.median(first), statistics.median(second)


def publish_change(key: str, word: str) -> LiveForm:
    """Change a help text of a form and put it in force, as an administrator would."""
    actor, form = Actor.system(), forms.get(key)
    document = forms.draft_of(form).dump()
    document["fields"][0]["help"] = {"zh": word, "en": word}
    saved = forms.save_draft(actor, key, document, draft_revision=form.draft_revision)
    return forms.publish(actor, key, draft_revision=saved.draft_revision)
