"""The table of rights: every act of every service, tried by every role on what is its own, its unit's and another's.

The acts come from the services themselves: a new one without a row here fails.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import pytest

from handlers import router
from handlers.authorization import ACTS, Act, Actor, Role, Scene, actor_at, may
from handlers.errors import NotAllowed, Refusal
from handlers.people import service
from storage import members, people, reports, roles
from storage.audit import CONSOLE
from storage.database import Database
from storage.reports import Draft
from tests.conftest import NOW, TODAY
from tests.test_people_service import address, writer

# How far each role reaches: no further than itself, than its unit with all below it, or everywhere. A role for a unit
# is held by a member, who may also do what all staff may. The router is what imports every service.
RIGHTS = """
act                 anybody  staff  contact  head  administrator
unit.create         -        -      -        -     all
unit.create_top     -        -      -        -     all
unit.rename         -        -      -        -     all
unit.move           -        -      -        -     all
unit.merge          -        -      -        -     all
unit.close          -        -      -        -     all
unit.members        -        -      unit     unit  all
member.add          -        -      unit     -     all
member.correct      -        self   unit     self  all
member.transfer     -        -      -        -     all
member.leave        -        self   unit     self  all
invitation.make     -        -      unit     -     all
invitation.revoke   -        -      unit     -     all
join.by_code        all      all    all      all   all
join.by_invitation  all      all    all      all   all
join.requests       -        -      unit     -     all
join.accept         -        -      unit     -     all
join.refuse         -        -      unit     -     all
role.give           -        -      -        -     all
role.take           -        -      -        -     all
absence.begin       -        -      self     unit  all
absence.end         -        -      self     unit  all
claim.use           all      all    all      all   all
address.hold        -        self   unit     unit  all
address.restore     -        -      unit     -     all
approval.decide     -        -      -        unit  all
link.make           self     self   self     self  self
link.use            self     self   self     self  self
link.undo           self     self   self     self  self
report.open         all      all    all      all   all
report.add          self     self   unit     unit  all
report.attach       self     self   unit     unit  all
report.answer       self     self   unit     unit  all
report.own          self     self   self     self  self
report.by_receipt   all      all    all      all   all
report.add_by_receipt     all  all  all      all   all
report.attach_by_receipt  all  all  all      all   all
report.read         self     self   unit     unit  all
report.list         -        -      unit     unit  all
report.take         -        -      unit     unit  all
report.ask          -        -      unit     unit  all
report.note         -        -      unit     unit  all
report.identify     -        -      unit     unit  all
report.resolve      -        -      unit     unit  all
report.elsewhere    -        -      unit     unit  all
report.reopen       -        -      unit     unit  all
destination.name    -        -      -        -     all
destination.forget  -        -      -        -     all
report.enter        -        -      unit     unit  all
report.verify       -        -      unit     unit  all
report.describe     -        -      unit     unit  all
report.correct      -        -      unit     unit  all
report.hand_over    -        -      unit     unit  all
report.assign       -        -      unit     unit  all
report.merge        -        -      unit     unit  all
report.unmerge      -        -      unit     unit  all
report.submit       -        -      unit     unit  all
report.direct       -        -      -        unit  all
report.extend       -        -      unit     unit  all
report.hold         -        -      unit     unit  all
report.release      -        -      unit     unit  all
report.export       -        -      unit     unit  all
page.list           -        -      unit     unit  all
page.add            -        -      unit     -     all
page.change         -        -      unit     -     all
page.move           -        -      -        -     all
page.remove         -        -      unit     -     all
page.compare        -        all    all      all   all
page.check          -        -      -        -     all
page.import         -        -      -        -     all
report.summarize    -        -      unit     unit  all
report.register     -        -      unit     unit  all
report.brief        -        -      unit     unit  all
report.refer        -        -      unit     unit  all
privacy.show        self     self   self     self  self
privacy.withdraw    self     self   self     self  self
privacy.erase       self     self   self     self  self
roster.check        -        -      -        -     all
roster.import       -        -      -        -     all
quiz.plan_round     -        -      -        -     all
quiz.close_round    -        -      -        -     all
quiz.see_unit_rounds -       -      unit     unit  all
quiz.see_results    -        -      unit     unit  all
quiz.see_units      -        -      unit     unit  all
quiz.see_people     -        -      unit     unit  all
quiz.compare_rounds -        -      -        -     all
quiz.take           -        all    all      all   all
quiz.answer         -        all    all      all   all
quiz.mark           -        all    all      all   all
quiz.practise       -        all    all      all   all
quiz.mark_practice  -        all    all      all   all
quiz.answer_practice -       all    all      all   all
quiz.own_result     -        all    all      all   all
quiz.replace_bank   -        -      -        -     all
quiz.read_bank      -        -      -        -     all
quiz.list_banks     -        -      -        -     all
broadcast.write     -        -      unit     unit  all
broadcast.change    -        -      unit     unit  all
broadcast.urgent    -        -      -        unit  all
broadcast.copy      -        -      unit     unit  all
broadcast.delete    -        -      unit     unit  all
broadcast.remind    -        -      unit     unit  all
broadcast.count     -        -      unit     unit  all
broadcast.send      -        -      unit     unit  all
broadcast.pause     -        -      unit     unit  all
broadcast.resume    -        -      unit     unit  all
broadcast.cancel    -        -      unit     unit  all
broadcast.retry     -        -      unit     unit  all
broadcast.list      -        -      unit     unit  all
broadcast.from_above -       -      unit     unit  all
broadcast.show      -        -      unit     unit  all
broadcast.results   -        -      unit     unit  all
broadcast.names     -        -      unit     unit  all
broadcast.uninformed  -      -      unit     unit  all
broadcast.confirm   self     self   self     self  self
broadcast.mark      -        -      unit     unit  all
broadcast.unmark    -        -      unit     unit  all
broadcast.mark_unit -        -      unit     unit  all
broadcast.stop      self     self   self     self  self
broadcast.start     self     self   self     self  self
"""

assert router

_HEADER, *_ROWS = (line.split() for line in RIGHTS.strip().splitlines())
EXPECTED = {row[0]: dict(zip(_HEADER[1:], row[1:], strict=True)) for row in _ROWS}


@pytest.fixture
def scene(database: Database) -> Scene:
    """An office with somebody of each role in Phòng Một, a team below it, and a department beside it."""
    console = Scene(database, Actor(CONSOLE), NOW, TODAY)
    top = service.create_unit(console, "Sở Ví Dụ")
    for name in ("one", "other"):
        unit = service.create_under(console, top, name)
        service.create_under(console, unit, f"{name} team")
    for name, unit in [("staff", 2), ("contact", 2), ("head", 2), ("administrator", 2), ("near", 3), ("far", 5)]:
        person = writer(database, name)
        members.put(
            database, person, name=name, folded=name, position="", code=None, state="joined", now=NOW.isoformat()
        )
        members.transfer(database, person, unit, TODAY.isoformat())
        if name in ("contact", "head"):
            roles.give(database, person, name, unit, CONSOLE, NOW.isoformat())
    roles.give(database, writer(database, "administrator"), "administrator", None, CONSOLE, NOW.isoformat())
    return console


def acting(scene: Scene, role: Role) -> Scene:
    person = writer(scene.database, role.value)
    return replace(scene, actor=actor_at(scene.database, address(role.value), person, TODAY))


def targets(scene: Scene, act: Act) -> dict[str, int | None]:
    """What is one's own, one's unit's (below it), and another unit's."""
    if act.target == "unit":
        return {"unit": 3, "all": 5}
    if act.target == "report":
        return {
            "self": report_of(scene, scene.actor.person, 5),
            "unit": report_of(scene, writer(scene.database, "near"), 3),
            "all": report_of(scene, writer(scene.database, "far"), 5),
        }
    if act.target == "person":
        return {
            "self": scene.actor.person,
            "unit": writer(scene.database, "near"),
            "all": writer(scene.database, "far"),
        }
    return {"all": None}


def report_of(scene: Scene, reporter: int, unit: int) -> int:
    draft = Draft("lost", unit_id=unit, reporter_id=reporter or None)
    return reports.add(scene.database, draft, None, scene.stamp)


def is_allowed(scene: Scene, act: Act, number: int | None) -> bool:
    """Do an act with values that mean nothing: it is allowed where it is refused for anything but the rights."""
    values: dict[str, Any] = dict.fromkeys(list(inspect.signature(act.run).parameters)[1:], None)
    if act.target:
        values[act.target] = number
    scene.database.run("SAVEPOINT tried")
    try:
        act.run(scene, **values)
    except NotAllowed:
        return False
    except (Refusal, Exception):
        return True
    else:
        return True
    finally:
        scene.database.run("ROLLBACK TO tried")
        scene.database.run("RELEASE tried")


def test_every_act_has_its_row() -> None:
    assert EXPECTED.keys() == ACTS.keys()


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("role", list(Role))
def test_a_role_reaches_so_far(scene: Scene, role: Role, name: str) -> None:
    who = acting(scene, role)
    assert who.actor.has(role)
    act = ACTS[name]
    allowed = [reach for reach, number in targets(who, act).items() if is_allowed(who, act, number)]
    expected = EXPECTED[name][role.value]
    assert (allowed[-1] if allowed else "-") == expected
    for reach, number in targets(who, act).items():
        if number is not None:
            assert may(who, name, number) is (reach in allowed)
    assert may(who, name) is bool(allowed)


@pytest.mark.parametrize("role", [Role.CONTACT, Role.HEAD, Role.ADMINISTRATOR])
def test_a_held_address_may_only_what_anybody_may(scene: Scene, role: Role) -> None:
    people.hold(scene.database, writer(scene.database, role.value), CONSOLE, NOW.isoformat())
    who = acting(scene, role)
    for name, act in ACTS.items():
        allowed = [reach for reach, number in targets(who, act).items() if is_allowed(who, act, number)]
        assert (allowed[-1] if allowed else "-") == EXPECTED[name]["anybody"], name


def test_the_machine_may_everything(scene: Scene) -> None:
    assert all(is_allowed(scene, act, number) for act in ACTS.values() for number in targets(scene, act).values())
