"""Borrowers as the people they are: a process asks the real pages for some of them, all at the same time.

It reads its errand from its input and writes what the borrowers were told, a line for each answer. Little is
imported: many of these processes are started.
"""

import json
import os
import random
import sys
import uuid
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, Self
from urllib.parse import urlencode

TURNS = 2
PATIENCE = 20
"""How often somebody in line looks whether it is their turn."""
LONGEST_LINE = 4096
"""Bytes that a pipe takes at once, whoever else writes into it."""

OK, REFUSED = {HTTPStatus.OK}, {HTTPStatus.UNPROCESSABLE_ENTITY}
NOT_YET = {HTTPStatus.BAD_REQUEST}
MOVED, MOVED_BEFORE = {HTTPStatus.FOUND}, {HTTPStatus.CONFLICT}


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in: the cookie of their session and its token."""

    id: str
    cookie: str
    token: str


@dataclass(frozen=True)
class Errand:
    """Who asks where for what, until which day (ISO date)."""

    port: int
    seed: int
    people: list[Person]
    items: list[str]
    ends: str

    def dump(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, line: str) -> Self:
        """Read what `dump` gave."""
        said = json.loads(line)
        return cls(**said | {"people": [Person(**one) for one in said["people"]]})


class Borrower:
    """One of them."""

    def __init__(self, errand: Errand, person: Person) -> None:
        self.errand, self.person = errand, person
        self.chance = random.Random(f"{errand.seed}:{person.id}")  # noqa: S311  (who wants what)

    def go(self) -> None:
        """Borrow something and bring it back; who is refused tries another time, or waits in line."""
        for _turn in range(TURNS):
            item = self.chance.choice(self.errand.items)
            if slip := self.borrow(item):
                if self.happens(0.3):
                    self.pass_on(slip)
                if self.happens(0.95):
                    self.bring_back(slip, item)
            elif self.happens(0.2):
                self.wait_in_line(item)
            if self.happens(0.1):
                self.put_elsewhere(item)

    def happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    def borrow(self, item: str, **more: str) -> str | None:
        """Return the slip by which they have an item, None where they were refused."""
        said = {"slip": "slip", "item": item, f"quantity-{item}": "1", "ends": self.errand.ends, **more}
        status, answer = self.ask("/property/thing/borrow", said, OK | REFUSED)
        if status in REFUSED:
            self.tell("refused", item=item, errors=answer["error"]["errors"])
            return None
        slip = str(answer["url"]).rpartition("/")[2]
        self.tell("waits" if more else "borrowed", item=item, slip=slip)
        return slip

    def wait_in_line(self, item: str) -> None:
        """Wait until it is their turn, and bring it back then; whoever loses patience still waits."""
        slip = self.borrow(item, waiting="1")
        for _look in range(PATIENCE):
            if slip is None or self.bring_back(slip, item):
                return

    def bring_back(self, slip: str, item: str) -> bool:
        """Bring the piece back that they have by a slip; tell whether they had it yet."""
        said = {"slip": "slip", "slip_id": slip, "quantity": "1", "outcome": "return"}
        status, _answer = self.ask(f"/property/thing/{item}/return", said, OK | NOT_YET)
        if status in OK:
            self.tell("returned", item=item, slip=slip)
        return status in OK

    def pass_on(self, slip: str) -> None:
        """Hand what they have just borrowed on to somebody else, by the page of their slip.

        The page knows no keys, but what the slip was: nobody else changes it, so who learns when asking again
        that it has changed, has changed it.
        """
        other = self.chance.choice([one for one in self.errand.people if one != self.person])
        said = {"receiver": other.id, "_revision": "1"}
        self.ask(f"/records/slip/{slip}/move/pass_on", said, MOVED | MOVED_BEFORE)
        self.tell("passed on", slip=slip)

    def put_elsewhere(self, item: str) -> None:
        """Put a piece that is not lent where none has been before."""
        said = {"kind": "relocate", "quantity": "1", "place": f"shelf {self.chance.random()}"}
        status, _answer = self.ask(f"/property/thing/{item}/put", said, OK | REFUSED)
        self.tell("put" if status in OK else "nothing to put", item=item)

    def ask(self, path: str, said: Mapping[str, str], known: Collection[int]) -> tuple[int, Any]:
        """Ask until there is an answer, under the same key as a telephone does; it must be a known one."""
        key = uuid.uuid4().hex
        while True:
            with suppress(OSError, HTTPException):  # the one who was asked is dead
                status, body = self.send(path, said, key)
                if status != HTTPStatus.SERVICE_UNAVAILABLE:
                    break
            self.tell("asks again")
        if status not in known:
            message = f"{path} was answered {status}: {body!r}"
            raise AssertionError(message)
        return status, json.loads(body) if body.startswith(b"{") else None

    def send(self, path: str, said: Mapping[str, str], key: str) -> tuple[int, bytes]:
        """Send something once."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": self.person.cookie,
            "Idempotency-Key": key,
            "X-CSRFToken": self.person.token,
            "X-Requested-With": "XMLHttpRequest",
        }
        with closing(HTTPConnection("127.0.0.1", self.errand.port)) as connection:
            connection.request("POST", path, urlencode(said), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def tell(self, what: str, **more: Any) -> None:
        """Write down what they were told."""
        line = json.dumps({"what": what, **more}).encode() + b"\n"
        assert len(line) <= LONGEST_LINE
        os.write(sys.stdout.fileno(), line)


def main() -> None:
    """Let all borrowers of an errand go at once."""
    errand = Errand.load(sys.stdin.readline())
    with ThreadPoolExecutor(len(errand.people)) as pool:
        ends = [pool.submit(Borrower(errand, one).go) for one in errand.people]
    for end in ends:
        end.result()


if __name__ == "__main__":
    main()
