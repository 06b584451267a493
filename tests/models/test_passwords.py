"""Which passwords are accepted: long ones of any characters, none that everybody tries."""

import time

import pytest

from models import passwords
from models.channels.surroundings import Surroundings, set_surroundings, surroundings
from models.people import User

PERSON = User(username="wang.fang", name="王芳芳", email="fang.wang@lianhua-motor.com")


def refused(password: str) -> bool:
    return bool(passwords.problems(password, PERSON))


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "公司门口那棵老银杏树",
        "🐎🔋📎✅ staple",
        "ten chars!",
        "x7 quick brown " * 13,
        "7302958146",
        "all small letters without digits",
        " leading and trailing blanks ",
        "wang.fang likes her bicycle",
        "'; DROP TABLE users; --",
        "\u202eright to left\u202c",
    ],
)
def test_any_long_password_is_fine(password: str) -> None:
    assert not refused(password)
    assert passwords.verify_password(password, passwords.hash_password(password))


@pytest.mark.parametrize(
    "password",
    [
        "123456789",
        "x" * 201,
        "1234567890",
        "0987654321",
        "password12",
        "PassWord2026!",
        "passwordpassword",
        "Qwertyuiop",
        "qwertyuiopasdf",
        "abcdefghijkl",
        "iloveyou1314",
        "administrator",
        "ababababab",
        "wang.fang2026",
        "2026@wang.fang",
        "王芳芳1234567",
        "fang.wang-2026",
        "lianhua-motor88",
        "backoffice2026",
        "Backoffice!Backoffice",
        "ｐａｓｓｗｏｒｄ１２",
    ],
)
def test_what_everybody_tries_is_refused(password: str) -> None:
    assert refused(password)


def test_the_name_of_the_company_is_no_password() -> None:
    before = surroundings()
    set_surroundings(Surroundings(company="Lianhua Motor"))
    try:
        assert refused("LianhuaMotor1".replace("Motor", " Motor "))
        assert refused("lianhua@2026")
    finally:
        set_surroundings(before)


def test_one_password_typed_on_two_keyboards_is_one() -> None:
    stored = passwords.hash_password("Ｃａｆｅ\u0301 horse ½")
    assert passwords.verify_password("Café horse ½", stored)


def test_a_generated_password_is_accepted() -> None:
    assert not any(refused(passwords.generate()) for _turn in range(200))


def test_the_longest_nonsense_is_judged_quickly() -> None:
    begun = time.perf_counter()
    refused("4@8({[</369&#!1|0$5+7%2" * 10)
    refused("a" * 1_000_000)
    assert not passwords.verify_password("\ud800" * 1_000_000, None)
    assert time.perf_counter() - begun < 5


def test_there_are_thousands_of_known_passwords() -> None:
    """The list is that of a library, so an upgrade must not empty it."""
    known = ["qwerty1234", "letmein123", "football11", "sunshine99", "welcome2026", "dragon1234"]
    assert all(refused(one) for one in known)
