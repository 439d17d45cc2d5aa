"""An office with a bank and a round, and people who take it, for the tests of quizzes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from handlers import router
from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.conversation import Reply
from handlers.people import reading, service
from handlers.people.appointing import TOLD
from handlers.quiz import bank, rounds
from handlers.quiz.question import Option, Question, statement
from handlers.quiz.rounds import Rules
from handlers.schedule import Due
from storage import jobs, members, units
from storage.audit import CONSOLE
from storage.people import Address, person_at
from tests.conftest import NOW, TODAY
from tests.conversations import Conversation

BANK = "Ngân hàng ví dụ"

QUESTIONS = [
    Question(
        "Thấy tin chưa rõ nguồn thì làm gì?",
        (
            Option("Chia sẻ ngay"),
            Option("Xem lại nguồn", 100.0),
            Option("Gửi bạn bè"),
            Option("Bình luận", 0.0, "Chưa nên."),
        ),
        explanation="Nguồn phải đáng tin cậy.",
        provisions=("qd-874-2021/dieu-4/khoan-4",),
        topic="Chia sẻ",
        name="c1",
    ),
    Question(
        "Mất tài khoản thì báo ai? (chọn hai)",
        (Option("Cơ quan chức năng", 50.0), Option("Nhà cung cấp", 50.0), Option("Người bán máy", -100.0)),
        several=True,
        explanation="Báo nhanh.",
        provisions=("qd-874-2021/dieu-4/khoan-3",),
        topic="Tài khoản",
        name="c2",
    ),
    statement(
        "Trang của cơ quan phải có bộ phận quản lý.",
        is_true=True,
        explanation="Mục 3 nói rõ.",
        provisions=("cv-6389-2021/muc-3",),
        topic="Trang",
        name="c3",
    ),
]


def console_of(context: Context) -> Scene:
    return Scene(context.database, Actor(CONSOLE), context.now, context.today)


def place(name: str, channel: str = "vidu") -> Address:
    return Address(channel, "bot-1", f"chat-{name}", name)


def joined(context: Context, name: str, unit: int) -> Conversation:
    """Somebody who has joined a unit, and his conversation."""
    person = person_at(context.database, place(name), NOW.isoformat())
    called = f"Người {name}"
    members.put(
        context.database, person, name=called, folded=reading.folded(called), position="chuyên viên", code=None,
        state="joined", now=NOW.isoformat(),
    )  # fmt: skip
    members.transfer(context.database, person, unit, TODAY.isoformat())
    return Conversation(replace(context, person=person, address=place(name)), place(name))


def office(context: Context) -> int:
    """The unit of an office with a bank."""
    console = console_of(context)
    top = service.create_unit(console, "Sở Ví Dụ")
    bank.replace_bank(console, BANK, QUESTIONS)
    return service.create_under(console, top, "Phòng Ví Dụ")


def planned(context: Context, rules: Rules, *, opens: float = 0, closes: float = 48, title: str = "Đợt một") -> int:
    """A round that opens and closes so many hours from now."""
    opening, closing = (context.now + dt.timedelta(hours=hours) for hours in (opens, closes))
    return rounds.plan_round(console_of(context), title, BANK, rules, opening, closing)


def run_due(context: Context) -> list[Reply]:
    """Do everything that is due, as the scheduler does, but tell nobody of his role; return what is sent."""
    sent: list[Reply] = []
    kinds = [kind for kind in router.KINDS if kind != TOLD]
    now = context.now.isoformat()
    while job := jobs.claim(context.database, kinds, "thử", now, "9999"):
        due = Due(job.name, dt.datetime.fromisoformat(job.planned_at), job.data)
        sent += router.KINDS[job.kind].run(due, context)
        jobs.finish(context.database, job)
    return sent


def on_monday(context: Context) -> Context:
    """The same two days later, when the office works: today is a Saturday."""
    return replace(context, now=context.now + dt.timedelta(days=2))


def unit_named(context: Context, folded: str) -> int:
    return units.called(context.database, folded)[0].id
