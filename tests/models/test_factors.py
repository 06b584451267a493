"""Apps and recovery codes: proved once, kept sealed, added and taken away by the right people."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Barrier

import pytest
from pymongo.database import Database

from models import factors, sealing, times
from models.database import Document
from models.errors import ForbiddenError, InUseError, InvalidError, LockedError, NotFoundError
from models.factors import Wanted, apps, keeping, recovery
from models.people import Permission, User
from tests import factories
from tests.authenticators import START, add_app, code_of, still_clock
from tests.web import SECRET_KEY

__all__ = ["still_clock"]

pytestmark = pytest.mark.usefixtures("still_clock")

HERE = "192.0.2.7"


@pytest.fixture
def person(db: Database[Document]) -> User:
    return factories.user("wang.fang", factories.role("reader", actions=factories.READER_ACTIONS))


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_telephone_may_be_one_step_behind_or_ahead(person: User, seconds: int, accepted: bool) -> None:  # noqa: FBT001
    secret = add_app(person)
    assert apps.accept(person, code_of(secret, seconds)) is accepted


def test_a_code_and_every_earlier_one_is_used_up(person: User) -> None:
    secret = add_app(person)
    assert apps.accept(person, code_of(secret))
    assert not apps.accept(person, code_of(secret))
    assert not apps.accept(person, code_of(secret, -30))
    assert apps.accept(person, code_of(secret, 30))


def test_the_code_that_added_the_app_opens_nothing(person: User) -> None:
    secret = apps.new_secret()
    apps.enrol(person, secret, code_of(secret), "")
    assert not apps.accept(person, code_of(secret))


def test_of_two_who_send_one_code_at_once_one_gets_in(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    code = code_of(add_app(person))
    ticks = count()  # each asks at another moment of the same step
    monkeypatch.setattr(times, "_clock", lambda: START + timedelta(milliseconds=next(ticks)))
    together = Barrier(8)

    def send(_each: int) -> bool:
        together.wait()
        return apps.accept(person, code)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(8))) == 1


def test_whoever_looked_before_the_other_wrote_comes_too_late(person: User, db: Database[Document]) -> None:
    code = code_of(add_app(person))
    [seen] = db.factors.find()
    look = (seen["_id"], seen["secret"], seen["last_step"], person, code)
    assert apps._accept_from(*look)
    with times.set_clock(START + timedelta(seconds=1)):
        assert not apps._accept_from(*look)


def test_wide_digits_and_blanks_are_the_same_code(person: User) -> None:
    code = code_of(add_app(person))
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert apps.accept(person, f" {wide[:3]} {wide[3:]} ")


def test_an_app_is_not_added_by_a_wrong_code(person: User, db: Database[Document]) -> None:
    secret = apps.new_secret()
    with pytest.raises(InvalidError) as refused:
        apps.enrol(person, secret, code_of(secret, 600), "")
    assert "code" in refused.value.errors
    assert db.factors.count_documents({}) == 0


@pytest.mark.parametrize("name", ["x" * 61, "two\nlines", "nul\0"])
def test_a_name_that_does_not_fit_is_refused(person: User, name: str) -> None:
    with pytest.raises(InvalidError) as refused:
        add_app(person, name)
    assert "name" in refused.value.errors


def test_nobody_has_more_than_ten(person: User) -> None:
    for _each in range(keeping.MAX_FACTORS):
        add_app(person)
    with pytest.raises(InvalidError):
        add_app(person)


def test_the_database_does_not_tell_the_secret(person: User, db: Database[Document]) -> None:
    secret = add_app(person)
    [stored] = db.factors.find()
    assert secret not in str(stored)
    assert apps.open_sealed(stored["secret"], person) == secret


def test_what_is_sealed_for_one_opens_for_nobody_else(person: User, db: Database[Document]) -> None:
    secret = add_app(person)
    other = factories.editor()
    db.factors.update_one({"person": person.id}, {"$set": {"person": other.id}})
    assert not apps.accept(other, code_of(secret))


def test_another_secret_of_the_program_lets_nobody_in_and_breaks_nothing(person: User) -> None:
    secret = add_app(person)
    [code, *_rest] = recovery.renew(person)
    sealing.set_secret("another secret of the program")
    try:
        assert not apps.accept(person, code_of(secret))
        assert recovery.accept(person, code)
    finally:
        sealing.set_secret(SECRET_KEY)


def test_guesses_are_locked_and_told(person: User, db: Database[Document]) -> None:
    secret = add_app(person)
    outcomes: list[type] = []
    for guess in range(100):
        try:
            factors.prove_code(person, f"{guess:06}", HERE)
        except (InvalidError, LockedError) as error:
            outcomes.append(type(error))
    assert outcomes.count(InvalidError) <= 10
    assert outcomes[-1] is LockedError
    with pytest.raises(LockedError):
        factors.prove_code(person, code_of(secret), HERE)
    assert db.audit.count_documents({"event": "factor.refused"}) == outcomes.count(InvalidError)


def test_guesses_at_once_are_counted_one_by_one(person: User) -> None:
    add_app(person)

    def guess(number: int) -> bool:
        with times.set_clock(START):
            try:
                factors.prove_code(person, f"{number:06}", HERE)
            except InvalidError:
                return True
            except LockedError:
                return False
        return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(60))) <= 10


def test_recovery_codes_are_guessed_against_the_same_count(person: User) -> None:
    add_app(person)
    recovery.renew(person)
    for guess in range(10):
        with pytest.raises(InvalidError):
            factors.prove_recovery(person, f"{guess:010}", HERE)
    with pytest.raises(LockedError):
        factors.prove_code(person, "000000", HERE)


def test_the_right_code_forgives_the_wrong_ones_before(person: User) -> None:
    secret = add_app(person)
    for step in range(4):
        for guess in range(5):
            with pytest.raises(InvalidError):
                factors.prove_code(person, f"{guess:06}", HERE)
        with times.set_clock(START + timedelta(minutes=step)):
            factors.prove_code(person, code_of(secret), HERE)


def test_ten_recovery_codes_work_once_each(person: User) -> None:
    codes = recovery.renew(person)
    assert len(set(codes)) == 10
    assert recovery.accept(person, codes[3])
    assert not recovery.accept(person, codes[3])
    assert factors.codes_left(person) == 9


def test_of_two_who_use_one_recovery_code_at_once_one_gets_in(person: User) -> None:
    [code, *_rest] = recovery.renew(person)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _each: recovery.accept(person, code), range(4))) == 1


def test_new_recovery_codes_end_the_old_ones(person: User, db: Database[Document]) -> None:
    [old, *_rest] = recovery.renew(person)
    [new, *_others] = recovery.renew(person)
    assert not recovery.accept(person, old)
    assert recovery.accept(person, new)
    assert db.factors.count_documents({"kind": "recovery"}) == 1


def test_the_database_does_not_tell_recovery_codes(person: User, db: Database[Document]) -> None:
    codes = recovery.renew(person)
    [stored] = db.factors.find()
    assert not [code for code in codes if code.replace("-", "") in str(stored)]


def test_another_persons_recovery_code_is_nothing(person: User) -> None:
    [code, *_rest] = recovery.renew(factories.editor())
    recovery.renew(person)
    assert not recovery.accept(person, code)


def test_recovery_codes_alone_are_no_second_factor(person: User) -> None:
    recovery.renew(person)
    assert factors.wanted(person) is Wanted.NOTHING


def test_a_role_demands_a_factor_until_there_is_one(person: User) -> None:
    assert factors.wanted(person) is Wanted.NOTHING
    person.roles[0].demands_factor = True
    assert factors.wanted(person) is Wanted.ENROLMENT
    add_app(person)
    assert factors.wanted(person) is Wanted.PROOF


def test_the_last_factor_stays_while_a_role_demands_one(person: User) -> None:
    person.roles[0].demands_factor = True
    add_app(person, "old")
    add_app(person, "new")
    first, second = factors.of_person(person)
    factors.remove(person, first.id)
    with pytest.raises(InUseError):
        factors.remove(person, second.id)
    assert [one.name for one in factors.of_person(person)] == ["new"]


def test_of_the_last_two_removed_at_once_one_stays(person: User) -> None:
    person.roles[0].demands_factor = True
    add_app(person)
    add_app(person)

    def remove(one: factors.Factor) -> bool:
        try:
            factors.remove(person, one.id)
        except InUseError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(remove, factors.of_person(person))) == 1
    assert len(factors.of_person(person)) == 1


def test_with_the_last_factor_go_the_recovery_codes(person: User, db: Database[Document]) -> None:
    add_app(person)
    recovery.renew(person)
    [one] = factors.of_person(person)
    factors.remove(person, one.id)
    assert db.factors.count_documents({}) == 0


def test_nobody_removes_anothers_factor(person: User) -> None:
    add_app(person)
    [one] = factors.of_person(person)
    with pytest.raises(NotFoundError):
        factors.remove(factories.administrator(), one.id)


def test_an_administrator_takes_lost_factors_away(person: User, db: Database[Document]) -> None:
    add_app(person)
    recovery.renew(person)
    before = person.fs_uniquifier
    assert factors.reset(factories.administrator(), person) == 2
    assert db.factors.count_documents({}) == 0
    assert person.reload().fs_uniquifier != before
    assert db.audit.find_one({"event": "factor.reset"})["details"]["user"] == person.id  # type: ignore[index]


def test_factors_are_taken_away_by_whoever_may(person: User, db: Database[Document]) -> None:
    keeper = factories.user(
        "keeper", factories.role("keeper", permissions=[Permission.CONFIGURE_PEOPLE.value]), name="Keeper"
    )
    boss = factories.administrator()
    add_app(boss)
    add_app(person)
    for asking, user in ((person, boss), (factories.editor(), person), (keeper, boss)):
        with pytest.raises(ForbiddenError):
            factors.reset(asking, user)
    assert db.factors.count_documents({}) == 2
    assert factors.reset(keeper, person) == 1


def test_the_owner_is_told_and_the_log_knows(person: User, db: Database[Document]) -> None:
    add_app(person, "telephone")
    [one] = factors.of_person(person)
    factors.remove(person, one.id)
    events = [entry["event"] for entry in db.audit.find().sort("_id", 1)]
    assert events == ["factor.added", "factor.removed"]
    told = [effect["payload"]["title"]["en"] for effect in db.outbox.find().sort("_id", 1)]
    assert told == [
        "A second factor was added to your account: telephone",
        "A second factor was removed from your account: telephone",
    ]
