"""Packs that share one database."""

import pytest

from models.people import Actor, Department, Role
from seed import packs
from tests.scenarios.play import Play

NAMES = [info.name for info in packs.list_packs()]
ACTOR = Actor.system()


@pytest.mark.usefixtures("play")
@pytest.mark.parametrize("name", NAMES)
def test_a_pack_checks_clean_and_installs_alone(name: str) -> None:
    assert [(one.path, str(one.message)) for one in packs.check(name)] == []
    report = packs.install(name, ACTOR)
    assert {one.result for one in report.outcomes} == {"created"}
    assert packs.check(name) == []


@pytest.mark.parametrize("names", [NAMES, NAMES[::-1]], ids=["in order", "in reverse order"])
def test_all_packs_live_side_by_side(play: Play, names: list[str]) -> None:
    """Equal departments are shared; nothing of one pack is in the way of another."""
    for name in names:
        play.install(name)
    assert packs.installed().keys() == set(NAMES)
    for name in names:
        assert packs.check(name) == []
        assert {one.result for one in packs.install(name, ACTOR).outcomes} == {"unchanged"}
    assert Department.objects(code="TECH").count() == 1
    assert Role.objects(administrator=True).count() == 0
