"""Several who decide at the same moment: all of them count, nobody twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from pymongo.database import Database

from models.approvals import queries
from models.database import Document
from models.errors import ConflictError, DomainError
from tests import factories
from tests.models.approvals import cases
from tests.models.approvals.cases import ask, form, person, record_of, say, step

Store = Database[Document]
FIVE = tuple(f"signer{number}" for number in range(5))


@pytest.fixture(autouse=True)
def people(db: Store) -> None:
    factories.administrator()
    for username in FIVE:
        person(username)


def together(*works: Callable[[], object]) -> list[object]:
    """Do things at the same moment; return what each gave or raised."""
    barrier = Barrier(len(works))

    def one(work: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return work()
        except DomainError as refused:
            return refused

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def test_all_who_approve_at_the_same_moment_count() -> None:
    approval = ask(form(step("check", FIVE, mode="all")))
    signers = [person(username) for username in FIVE]
    results = together(*(lambda who=one: say(approval, who) for one in signers))  # type: ignore[misc]
    assert not [one for one in results if isinstance(one, Exception)]
    stored = queries.get(approval)
    assert stored["status"] == "approved"
    assert {one["status"] for one in stored["steps"][0]["signers"]} == {"approved"}
    assert [one["action"] for one in cases.entries(approval)].count("approved") == 5


def test_one_decision_sent_five_times_at_once_counts_once() -> None:
    approval = ask(form(step("check", FIVE[:2], mode="all")))
    amy = person(FIVE[0])
    results = together(*[lambda: say(approval, amy)] * 5)
    assert sum(isinstance(one, ConflictError) for one in results) == 4
    assert [one["action"] for one in cases.entries(approval)].count("approved") == 1
    assert record_of(approval)["state"] == "asked"


def test_of_approval_and_rejection_at_once_one_wins_and_the_record_agrees_with_it() -> None:
    live = form(step("check", FIVE[:2]))
    for _turn in range(3):
        approval = ask(live)
        one, two = person(FIVE[0]), person(FIVE[1])
        results = together(lambda: say(approval, one), lambda: say(approval, two, "reject"))  # noqa: B023
        assert sum(isinstance(result, DomainError) for result in results) == 1
        stored = queries.get(approval)
        expected = {"approved": "agreed", "rejected": "refused"}[stored["status"]]
        assert record_of(approval)["state"] == expected
