"""Those who may everything: removed by each other, locked out by strangers or by what nobody can meet."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from pymongo.database import Database

from models import accounts, edits, factors, passwords, throttle
from models.database import Document
from models.errors import DomainError
from models.factors import Wanted
from models.people import Role, User
from tests import factories
from tests.hostile.cast import attempt, browser, is_in, post, send
from tests.hostile.unchanged import unchanged


@pytest.fixture
def both(db: Database[Document]) -> tuple[User, User]:
    """Return the company's two administrators."""
    first = factories.administrator()
    second = factories.user("second", *first.roles, department=factories.department())
    return first, second


def administrators() -> int:
    roles = Role.objects(administrator=True)
    return int(User.objects(roles__in=list(roles), active=True).count())


def page_of(person: User, *roles: Role) -> dict[str, str | list[str]]:
    """Return what the page of somebody sends, with other roles."""
    return {
        "stamp": edits.stamp(person, accounts.USER_ATTRIBUTES),
        "username": str(person.username),
        "name": str(person.name),
        "timezone": str(person.timezone),
        "language": "en",
        "roles": [str(role.id) for role in roles],
    }


def test_two_who_demote_each_other_at_once_leave_one(app: Flask, both: tuple[User, User]) -> None:
    for _turn in range(3):
        first, second = both
        clients = [(browser(app, first), second), (browser(app, second), first)]
        sent = [(client, other, page_of(other)) for client, other in clients]
        with ThreadPoolExecutor(2) as pool:
            answers = list(
                pool.map(lambda one: send(one[0], "POST", f"/configure/users/{one[1].id}", **one[2]), sent)
            )
        assert all(answer.status_code in {200, 302, 401, 403, 409} for answer in answers)
        assert administrators() == 1
        role = Role.objects.get(name="administrator")
        User.objects(username__in=["admin", "second"]).update(roles=[role])
        [one.reload() for one in both]


def test_two_who_end_each_others_work_at_once_leave_one(app: Flask, both: tuple[User, User]) -> None:
    def leave(pair: tuple[User, User]) -> bool:
        actor, person = pair
        seen = edits.stamp(person, accounts.USER_ATTRIBUTES)
        person.active = False
        try:
            accounts.save_user(actor, person, seen=seen)
        except DomainError:
            return False
        return True

    first, second = both
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(
                leave, [(first, User.objects.get(id=second.id)), (second, User.objects.get(id=first.id))]
            )
        )
    assert sorted(done) == [False, True]
    assert administrators() == 1


def test_the_last_administrator_stays(app: Flask, both: tuple[User, User]) -> None:
    first, second = both
    second.update(active=False)
    client = browser(app, first)
    role = Role.objects.get(name="administrator")
    without = {"name": "administrator", "label_zh": "管理员", "label_en": "Administrator"}
    with unchanged():
        send(client, "POST", f"/configure/users/{first.id}", **page_of(first))
        send(client, "POST", f"/configure/users/{first.id}/leaving", confirm="1", password=factories.PASSWORD)
        stamp = edits.stamp(role, accounts.ROLE_ATTRIBUTES)
        answer = send(client, "POST", f"/configure/roles/{role.id}", stamp=stamp, **without)
        assert answer.status_code == 200
        send(client, "POST", f"/configure/roles/{role.id}/delete")
    assert administrators() == 1


def test_a_demand_that_nobody_meets_yet_leads_to_the_factor_not_out(
    app: Flask, both: tuple[User, User]
) -> None:
    first, _second = both
    passwords.set_password(first, factories.PASSWORD)
    first.save()
    client = browser(app, first)
    role = Role.objects.get(name="administrator")
    stamp = edits.stamp(role, accounts.ROLE_ATTRIBUTES)
    sent = {"name": "administrator", "label_zh": "管理员", "administrator": "on", "demands_factor": "on"}
    assert send(client, "POST", f"/configure/roles/{role.id}", stamp=stamp, **sent).status_code == 302
    fresh = app.test_client()
    assert attempt(fresh, "admin").location == "/login/factor"
    assert fresh.get("/login/factor").status_code == 200
    assert fresh.get("/account/factors/app").status_code == 200  # the way in is open
    assert not is_in(fresh)
    assert factors.wanted(User.objects.get(id=first.id)) is Wanted.ENROLMENT


def test_a_strangers_guesses_lock_no_administrator_out_at_their_desk(
    app: Flask, both: tuple[User, User]
) -> None:
    first, second = both
    for person in both:
        passwords.set_password(person, factories.PASSWORD)
        person.save()
    desk = app.test_client()
    assert attempt(desk, "admin").status_code == 302
    with unchanged():
        stranger = app.test_client()
        for turn in range(70):  # from ever new places; what is counted is the same as on the page
            throttle.attempt(throttle.SIGN_IN, "admin", f"198.51.100.{turn}")
        assert (
            post(
                stranger, "/login", from_address="192.0.2.1", identity="admin", password=factories.PASSWORD
            ).status_code
            == 429
        )
        assert is_in(desk)  # an open session goes on
    again = app.test_client()
    assert attempt(again, "admin").status_code == 302  # and from there, so does a new one
    client = browser(app, second)
    assert send(client, "POST", f"/configure/users/{first.id}/unlock").status_code == 302
    elsewhere = app.test_client()
    answer = post(
        elsewhere, "/login", from_address="192.0.2.1", identity="admin", password=factories.PASSWORD
    )
    assert answer.status_code == 302


def test_nobody_but_administrators_unlocks_an_administrator(app: Flask, both: tuple[User, User]) -> None:
    first, _second = both
    reader = browser(app, factories.reader())
    with unchanged():
        for what in ("unlock", "sign-out", "password", "leaving", "let-return", "factors"):
            assert send(reader, "POST", f"/configure/users/{first.id}/{what}").status_code in {403, 404}
