"""Security keys: a right answer counts once, and every wrong one is refused without a fault of ours."""

import json
from datetime import timedelta
from hashlib import sha256

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from models import factors, times
from models.database import Document
from models.errors import InvalidError
from models.factors import keys
from models.people import User
from tests import factories
from tests.authenticators import SoftKey, text

SITE = keys.Site("https://office.example.com", "Office")


@pytest.fixture
def person(db: Database[Document]) -> User:
    return factories.reader()


@pytest.fixture
def key(person: User) -> SoftKey:
    return enrol(person)


def enrol(person: User, key: SoftKey | None = None) -> SoftKey:
    made = key or SoftKey()
    asked = keys.ask_for_new(person, SITE)
    keys.enrol(person, SITE, str(asked.id), made.make(asked.options, SITE.origin), "ring")
    return made


def refusal(person: User, key: SoftKey, **wrong: str) -> str:
    asked = keys.ask(person, SITE)
    answer = key.prove(asked.options, wrong.pop("origin", SITE.origin), **wrong)  # type: ignore[arg-type]
    return keys.accept(person, SITE, str(asked.id), answer)


def test_a_key_proves_that_it_is_there(person: User, key: SoftKey, db: Database[Document]) -> None:
    assert factors.has_key(person)
    assert refusal(person, key) == ""
    assert refusal(person, key) == ""
    [stored] = db.factors.find()
    assert stored["sign_count"] == 2
    assert stored["last_used_at"] is not None


def test_an_answer_counts_once(person: User, key: SoftKey) -> None:
    asked = keys.ask(person, SITE)
    answer = key.prove(asked.options, SITE.origin)
    assert keys.accept(person, SITE, str(asked.id), answer) == ""
    assert keys.accept(person, SITE, str(asked.id), answer) == "no such question"


def test_an_answer_to_an_earlier_question_is_refused(person: User, key: SoftKey) -> None:
    earlier, asked = keys.ask(person, SITE), keys.ask(person, SITE)
    answer = key.prove(earlier.options, SITE.origin)
    assert keys.accept(person, SITE, str(asked.id), answer) == "wrong answer"


def test_a_question_is_forgotten_after_five_minutes(person: User, key: SoftKey) -> None:
    asked = keys.ask(person, SITE)
    answer = key.prove(asked.options, SITE.origin)
    with times.set_clock(times.now() + timedelta(minutes=5, seconds=1)):
        assert keys.accept(person, SITE, str(asked.id), answer) == "no such question"


@pytest.mark.parametrize(
    "origin",
    [
        "http://office.example.com",
        "https://office.example.com:8443",
        "https://evil.example",
        "https://office.example.com.evil.example",
        "null",
    ],
)
def test_an_answer_from_another_site_is_refused(person: User, key: SoftKey, origin: str) -> None:
    assert refusal(person, key, origin=origin) == "wrong answer"


def test_an_answer_for_another_host_is_refused(person: User, key: SoftKey) -> None:
    assert refusal(person, key, host="evil.example") == "wrong answer"


def test_without_a_touch_the_answer_is_refused(person: User, key: SoftKey) -> None:
    asked = keys.ask(person, SITE)
    answer = key.prove(asked.options, SITE.origin, flags=0)
    assert keys.accept(person, SITE, str(asked.id), answer) == "wrong answer"


def test_another_persons_key_is_refused(person: User, key: SoftKey) -> None:
    other = factories.editor()
    others = enrol(other)
    assert refusal(person, others) == "unknown key"
    assert refusal(other, key) == "unknown key"


def test_another_persons_question_is_not_answered(person: User, key: SoftKey) -> None:
    asked = keys.ask(factories.editor(), SITE)
    assert (
        keys.accept(person, SITE, str(asked.id), key.prove(asked.options, SITE.origin)) == "no such question"
    )


def test_a_key_that_signs_with_another_secret_is_refused(person: User, key: SoftKey) -> None:
    forged = SoftKey()
    forged.id, forged.count = key.id, 100
    assert refusal(person, forged) == "wrong answer"
    assert refusal(person, key) == ""  # and the counter of the true one did not move


def test_a_counter_that_went_back_is_refused_and_told(
    person: User, key: SoftKey, db: Database[Document]
) -> None:
    key.count = 10
    assert refusal(person, key) == ""
    key.count = 5
    asked = keys.ask(person, SITE)
    answer = key.prove(asked.options, SITE.origin)
    with pytest.raises(InvalidError):
        factors.prove_key(person, SITE, str(asked.id), answer, "192.0.2.7")
    [told] = db.audit.find({"event": "factor.refused"})
    assert told["details"]["reason"] == "the key's counter went back"


def test_a_key_without_a_counter_works_again_and_again(person: User) -> None:
    key = enrol(person)
    for _each in range(3):
        key.count = -1
        assert refusal(person, key) == ""


def test_a_key_is_added_once(person: User, key: SoftKey) -> None:
    with pytest.raises(InvalidError):
        enrol(factories.editor(), key)
    assert not factors.has_key(factories.editor())


@pytest.mark.parametrize("origin", ["https://evil.example", "http://office.example.com"])
def test_a_new_key_of_another_site_is_refused(person: User, origin: str) -> None:
    asked = keys.ask_for_new(person, SITE)
    with pytest.raises(InvalidError):
        keys.enrol(person, SITE, str(asked.id), SoftKey().make(asked.options, origin), "")


def test_the_question_for_a_proof_adds_no_key(person: User, key: SoftKey) -> None:
    asked = json.loads(keys.ask(person, SITE).options)
    wanted = {"rp": {"id": SITE.host}, "challenge": asked["challenge"]}
    question = keys.ask(person, SITE)
    with pytest.raises(InvalidError):
        keys.enrol(person, SITE, str(question.id), SoftKey().make(json.dumps(wanted), SITE.origin), "")


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{}",
        "7",
        '"text"',
        "[" * 15_000,
        '{"id": 1}',
        '{"id": "a", "response": {}}',
        "x" * 30_000,
    ],
)
def test_an_answer_that_is_none_is_refused(person: User, key: SoftKey, answer: str) -> None:
    asked, new = keys.ask(person, SITE), keys.ask_for_new(person, SITE)
    assert keys.accept(person, SITE, str(asked.id), answer) == "wrong answer"
    with pytest.raises(InvalidError):
        keys.enrol(person, SITE, str(new.id), answer, "")


@pytest.mark.parametrize("question", ["", "0", "{}", "f" * 24])
def test_a_question_that_was_never_asked_has_no_answer(person: User, key: SoftKey, question: str) -> None:
    answer = key.prove(keys.ask(person, SITE).options, SITE.origin)
    assert keys.accept(person, SITE, question, answer) == "no such question"


PARTS = st.one_of(st.none(), st.integers(), st.text(max_size=40), st.binary(max_size=300).map(text))
ROTTEN = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("authenticatorData", "clientDataJSON", "signature"), PARTS)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rotten=ROTTEN, made=st.binary(max_size=200))
def test_rotten_answers_are_refused_without_a_fault(
    person: User, key: SoftKey, rotten: dict[str, object], made: bytes
) -> None:
    asked, new = keys.ask(person, SITE), keys.ask_for_new(person, SITE)
    proof = json.loads(key.prove(asked.options, SITE.origin))
    proof["response"].update(rotten)
    if rotten:
        assert keys.accept(person, SITE, str(asked.id), json.dumps(proof))
    fresh = json.loads(SoftKey().make(new.options, SITE.origin))
    data = {"fmt": "none", "attStmt": {}, "authData": sha256(SITE.host.encode()).digest() + made}
    fresh["response"]["attestationObject"] = text(cbor2.dumps(data))
    with pytest.raises(InvalidError):
        keys.enrol(person, SITE, str(new.id), json.dumps(fresh), "")
