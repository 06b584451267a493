"""Addresses, forms and JSON filled with whatever hypothesis thinks of: never a 500, and sound data after it.

`FUZZ_SECONDS` says how long (20 by default, 120 in CI), `FUZZ_SEED` repeats a run.
"""

import logging
import os
import random
import time
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from models import checks
from models.access import Action
from models.audit import chain as audit
from models.ledger.checking import check_ledgers
from models.ledger.stock_check.checking import check_stock_checks
from models.letters import keeping as letters
from models.people import Grant, User
from models.retention import checks as disposals
from tests import factories
from tests.hostile import stage, surface
from tests.hostile.cast import fresh_key
from tests.hostile.stage import Stage, routes
from tests.hostile.surface import Posted
from tests.hostile.test_operators import TEXTS, VALUES, WIPED_OUT, operators_stored
from tests.views.test_api import Program
from tests.web import csrf_token, sign_in

SECONDS = float(os.environ.get("FUZZ_SECONDS", "20"))
SEED = int(os.environ.get("FUZZ_SEED", random.SystemRandom().randrange(2**32)))

# what a form may ask for: near enough to get past the first refusal
LIKELY = (
    "", " ", "0", "1", "-1", "2", "3.5", "1e5", "2026-11-21", "2026-11-21T10:00", "10:00", "24:00",
    "08:00-12:00",
    "a", "b", "me", "admin", "sheet", "name", "qty", "on", "true", "false", "all", "own", "department",
    "rule",
    "CNY", "+8613800138000", "a@example.com", "https://example.com/", "zh", "en", "Asia/Shanghai",
    "Mars/Base",
    "air|brakes", "2026-01-01|2026-12-31", "approve", "reject", "hand_over", "return", "withdraw", "delete",
    "set", "move", "export", "2026", "9999-12-31", "0001-01-01", "2026-02-30", '{"all": []}', "[]", "{}",
    "null",
    '{"field": "name", "op": "eq", "value": "x"}', '[{"date": "2026-01-01", "kind": "holiday"}]', "🙂" * 50,
    "x" * 3000, "\r\n", "\t", "ﷺ" * 30, "é", "Ｅ", "０", "½", "②",
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(LIKELY),
    st.sampled_from([one for one in TEXTS if one != "\ud800"]),
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.integers(-(10**20), 10**20).map(str),
    st.dates().map(str),
    st.datetimes().map(str),
)
values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), texts, st.sampled_from(VALUES)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(LIKELY[:30]) | texts, inner, max_size=4)
    ),
    max_leaves=12,
)
quiet = settings(
    deadline=None,
    max_examples=20,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


class Fuzzer:
    """Sends requests as somebody, and remembers what the product could not answer."""

    def __init__(self, app: Flask, company: Stage, person: User) -> None:
        self.app = app
        self.until, self.count = 0.0, 0
        self.company = company
        self.client: FlaskClient = app.test_client()
        self.person = person
        sign_in(self.client, person)
        self.program = Program(app, person)
        self.forms = [
            one for one in surface.forms_of(app, self.client, company) if not _wipes_out(one.action)
        ]
        self.asked = [(rule, method) for rule, method in routes(app) if not _wipes_out(rule.rule)]
        self.ids = [str(one) for one in company.values.values()]

    def rounds(self) -> list[Callable[[st.DataObject], None]]:
        return [self.a_form, self.an_address, self.a_record, self.a_change, self.a_definition]

    def a_form(self, data: st.DataObject) -> None:
        """Send a form of a page with some of its inputs changed, left out or doubled."""
        form: Posted = data.draw(st.sampled_from(self.forms))
        sent: MultiDict[str, str] = MultiDict(form.sent)
        for name in data.draw(st.sets(st.sampled_from(form.names), max_size=6)) if form.names else ():
            chosen = data.draw(st.lists(texts | st.sampled_from(self.ids), max_size=2))
            sent.setlist(name, chosen)
        if data.draw(st.booleans()):
            sent.add(data.draw(st.sampled_from(form.names or ["x"])) + data.draw(texts), data.draw(texts))
        sent["csrf_token"] = csrf_token(self.client)
        if form.method == "GET":
            self.send("GET", form.action, query_string=sent)
        else:
            self.send("POST", form.action, data=sent)

    def an_address(self, data: st.DataObject) -> None:
        """Ask any address, also with what it does not expect in its parts and its question."""
        rule, method = data.draw(st.sampled_from(self.asked))
        instead = {}
        for part in sorted(rule.arguments - {"number"}) if data.draw(st.integers(0, 3)) == 0 else ():
            instead[part] = data.draw(texts.filter(bool) | st.sampled_from(self.ids))
        path = self.company.path(self.app, rule, **instead)
        names = [*surface.names_of(self.app, rule), "field", "id", "q", "a"]
        query = data.draw(
            st.dictionaries(st.sampled_from(names), texts | st.sampled_from(self.ids), max_size=5)
        )
        headers = {"X-CSRFToken": csrf_token(self.client)}
        if method == "GET":
            self.send(method, path, query_string=query)
        elif data.draw(st.booleans()):
            self.send(method, path, json=data.draw(values), headers=headers)
        else:
            self.send(method, path, data=query, headers=headers)

    def a_record(self, data: st.DataObject) -> None:
        """Make or change a record through the API with values for some of its fields."""
        keys = [one.key for one in self.company.live.definition.value_fields]
        drawn = data.draw(st.dictionaries(st.sampled_from(keys), values | texts, min_size=1, max_size=6))
        body = {"data": {"name": data.draw(texts), **drawn}, "revision": data.draw(st.integers(0, 5))}
        method, path = data.draw(st.sampled_from(["POST", "PATCH", "GET"])), "/api/v1/records/sheet"
        if method == "PATCH":
            path += f"/{self.company.record['_id']}"
        query = {"where": _text(data.draw(values)), "sort": data.draw(texts), "cursor": data.draw(texts)}
        self.api(method, path, body if method != "GET" else None, query if method == "GET" else None)

    def a_change(self, data: st.DataObject) -> None:
        """Edit one cell as the list does, at the right revision."""
        record = self.company.live.records().find_one({"_id": self.company.record["_id"]}) or {"revision": 0}
        field = data.draw(st.sampled_from([one.key for one in self.company.live.definition.value_fields]))
        body = {"field": field, "value": data.draw(values | texts), "revision": record["revision"]}
        headers = {"X-CSRFToken": csrf_token(self.client)}
        path = f"/records/sheet/{self.company.record['_id']}/cell"
        self.send("POST", path, json=body, headers=headers)

    def a_definition(self, data: st.DataObject) -> None:
        """Let the designer judge a form with a few parts replaced."""
        document = self.company.live.definition.dump()
        for _time in range(data.draw(st.integers(1, 3))):
            place: Any = document
            for _level in range(data.draw(st.integers(0, 5))):
                keys = list(place) if isinstance(place, dict) else range(len(place))
                key = data.draw(st.sampled_from(list(keys) or [None]))
                if key is None or not isinstance(place[key], dict | list) or not place[key]:
                    break
                place = place[key]
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if keys:
                place[data.draw(st.sampled_from(keys))] = data.draw(values | texts)
        headers = {"X-CSRFToken": csrf_token(self.client)}
        what = data.draw(st.sampled_from(["check", "workflow/check", "workflow/try"]))
        body = {"definition": document, "values": data.draw(values), "state": data.draw(texts)}
        self.send("POST", f"/configure/forms/sheet/{what}", json=body, headers=headers)

    def send(self, method: str, path: str, **more: Any) -> None:
        if time.monotonic() > self.until:
            return  # what is drawn must not depend on the time
        self.count += 1
        more["headers"] = {**more.get("headers", {}), **fresh_key()}
        answer = self.client.open(path, method=method, **more)
        answer.close()
        if answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login"):
            sign_in(self.client, self.person)  # something signed us out
        assert answer.status_code < 500 or path == "/readyz", (self.person.username, method, path, more)

    def api(self, method: str, path: str, body: Any, query: Any) -> None:
        if time.monotonic() > self.until:
            return
        self.count += 1
        answer = self.program.ask(method, path, body, query)
        assert answer.status_code < 500, (self.person.username, method, path, body, query)


def _wipes_out(path: str) -> bool:
    return path.partition("?")[0].endswith((*WIPED_OUT, "/sign-out", "/view-as", "/access", "/session"))


def _text(value: object) -> str:
    return str(value).replace("'", '"').encode("utf-8", "replace").decode()  # as an address can carry it


def fuzz(fuzzer: Fuzzer, seconds: float) -> int:
    """Go on until the time is over; return how many requests were sent."""
    fuzzer.until = time.monotonic() + seconds
    generation = 0
    while time.monotonic() < fuzzer.until:
        for one in fuzzer.rounds():

            @seed(SEED + generation)
            @quiet
            @given(st.data(), st.just(one))
            def attack(data: st.DataObject, send: Callable[[st.DataObject], None]) -> None:
                send(data)

            attack()
            generation += 1
    return fuzzer.count


@pytest.mark.timeout(SECONDS + 300)
@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_nothing_that_is_sent_breaks_the_program(app: Flask, db: object) -> None:
    logging.disable(logging.INFO)
    company = stage.build()
    editor = factories.role("editor", actions=[one for one in Action if one is not Action.CONFIGURE])
    editor.update(grants=[Grant(form="*", actions=[*factories.EDITOR_ACTIONS])])
    people = [company.admin, factories.editor()]
    try:
        for person in people:
            assert fuzz(Fuzzer(app, company, person), SECONDS / len(people)) > 5, SEED
    except BaseException:
        print(f"repeat it with FUZZ_SEED={SEED}")  # noqa: T201  (shown with the failure)
        raise
    finally:
        logging.disable(logging.NOTSET)
    assert operators_stored() == []
    # as `db check` looks; deadlines of other lengths may well be asked for here
    found = chain(
        checks.check_histories(),
        audit.problems(None),
        disposals.problems(),
        check_ledgers(),
        check_stock_checks(),
        letters.broken(),
    )
    assert [str(one) for one in found] == []
