"""Whoever is given a role is told what he may do with it, however it was given."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from handlers.authorization import Scene
from handlers.context import Context
from handlers.conversation import Reply
from handlers.people import service
from handlers.people.appointing import KINDS, TOLD
from handlers.schedule import Due
from storage import jobs
from tests.conversations import Conversation, carried, hold, read
from tests.helpers import shown_menu
from tests.test_managing import labels, somebody

pytestmark = pytest.mark.every_channel


@pytest.fixture
def unit(console: Scene) -> int:
    return service.create_under(console, service.create_unit(console, "Sở Ví Dụ"), "Phòng Một")


@pytest.fixture
def staff(context: Context, unit: int) -> Conversation:
    return somebody(context, "An", unit)


def what_is_told(context: Context) -> list[Reply]:
    replies: list[Reply] = []
    now = context.now.isoformat()
    while job := jobs.claim(context.database, [TOLD], "thu", now, now):
        due = Due(job.name, dt.datetime.fromisoformat(job.planned_at), job.data)
        replies += KINDS[TOLD].run(due, replace(context, address=None, person=0))
        jobs.finish(context.database, job)
    for reply in replies:
        assert reply.to
        shown_menu(context.database, reply.to, [button.as_json() for button in reply.buttons], now)
    return replies


@pytest.mark.parametrize(
    ("role", "said", "first", "then"),
    [
        ("contact", "đầu mối của Phòng Một", "Báo cáo của đơn vị", "Phòng Một: "),
        ("head", "lãnh đạo của Phòng Một", "Báo cáo của đơn vị", "Phòng Một: "),
        ("administrator", "quản trị của", "Đơn vị, người, mã mời", "Sở Ví Dụ"),
    ],
)
def test_the_message_says_what_may_be_done_and_leads_there(
    role: str, said: str, first: str, then: str, staff: Conversation, console: Scene, context: Context, unit: int
) -> None:
    place = None if role == "administrator" else unit
    service.give_role(console, staff.context.person, role, place)  # type: ignore[arg-type]
    (told,) = what_is_told(context)
    assert told.to == staff.address
    assert said in read(told)
    assert labels(told)[0] == first
    assert len(carried(told, staff.abilities, context)) <= 2
    hold(staff, [("1", then)])
    assert what_is_told(context) == []


@pytest.mark.parametrize(
    ("role", "typed"),
    [
        ("contact", ("báo cáo của đơn vị", "thông báo", "đơn vị", "vắng mặt")),
        ("head", ("báo cáo của đơn vị", "chờ duyệt", "tổng hợp", "thông báo")),
        ("administrator", ("đơn vị", "thông báo", "báo cáo của đơn vị", "chờ duyệt")),
    ],
)
def test_every_word_of_the_message_works(
    role: str, typed: tuple[str, ...], staff: Conversation, console: Scene, context: Context, unit: int
) -> None:
    service.give_role(console, staff.context.person, role, None if role == "administrator" else unit)  # type: ignore[arg-type]
    (told,) = what_is_told(context)
    for words in typed:
        assert f"“{words}”" in read(told)
        (answer,) = staff.say(words)
        assert "chưa được giao quyền" not in read(answer)
        assert "Điều" not in read(answer)
        staff.say("hủy")


def test_a_role_given_in_chat_is_told_too_but_not_to_oneself(
    staff: Conversation, context: Context, console: Scene, unit: int
) -> None:
    administrator = somebody(context, "Quản", unit, administrator=None)
    scene = replace(console, actor=administrator.context.actor)
    service.give_role(scene, staff.context.person, "contact", unit)
    service.give_role(scene, administrator.context.person, "contact", unit)
    assert [reply.to for reply in what_is_told(context)] == [staff.address]


def test_what_was_taken_again_meanwhile_is_not_told(
    staff: Conversation, context: Context, console: Scene, unit: int
) -> None:
    service.give_role(console, staff.context.person, "contact", unit)
    service.take_role(console, staff.context.person, "contact", unit)
    assert what_is_told(context) == []
