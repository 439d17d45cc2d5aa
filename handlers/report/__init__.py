"""Reports: an account that was lost, imitated or misused reaches the responsible unit, and somebody answers."""

from __future__ import annotations

from typing import Any

from handlers.authorization import may
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.report import answering, following, service
from handlers.report.answering import answered
from handlers.report.dialogue import REPORT, begin, is_told
from handlers.report.evidence import tell
from handlers.report.midway import helped
from handlers.report.offering import offer
from handlers.report.picture_dialogue import PICTURE, picture
from handlers.report.ready import warning
from handlers.report.receipts import looks_like_receipt
from handlers.report.telling import asks
from handlers.report.trouble import aid, help_at_once
from handlers.report.trouble import trouble as tells_trouble
from storage import people

__all__ = [
    "COMMANDS",
    "FORMS",
    "act",
    "aid",
    "answered",
    "begin",
    "by_number",
    "help_at_once",
    "helped",
    "is_told",
    "looks_like_receipt",
    "numbered",
    "offer",
    "picture",
    "receipt",
    "service",
    "tell",
    "tells_trouble",
    "warning",
]

receipt = following.receipt
numbered, by_number = following.numbered, following.by_number


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button about reports says."""
    if name == "start":
        said = context.seal.open(data["sealed"]) if "sealed" in data else None
        return begin(str(said["question"]) if said else "", context, helped=data.get("helped", False))
    if name == "show":
        return following.show(data["report"], context)
    if name == "add":
        return following.add_to(data, context)
    if name == "answered":
        return answering.take(data, context)
    if name == "take":
        return following.take(data["report"], context)
    return [Reply(context.texts.rich("menu.stale"))]


def _is_told_more(text: str) -> bool:
    """Whether words behind "bổ sung" are what is to be added; else they belong to a question that begins so."""
    return not asks(text)


def _which(_: str, context: Context) -> list[Reply]:
    """Begin; who takes care of reports of others is asked first which of them he means."""
    alone = context.address is not None and not people.is_shared(context.database, context.address)
    if not (alone and context.actor.roles):
        return begin("", context)
    names = ["baocao", "xulybaocao", "baocaocuatoi"]
    names[2:2] = ["tonghop"] if may(context.scene, "report.summarize") else []
    buttons = [Button(context.texts(f"command.{name}"), "command.run", {"name": name}) for name in names]
    return [Reply(context.texts.rich("report.which"), tuple(buttons))]


FORMS = {"report": REPORT, "report_picture": PICTURE, "report_add": following.ADD, "report_receipt": following.RECEIPT}

_STATE = ("bao cao cua toi", "xem bao cao", "tinh trang bao cao", "trang thai bao cao", "ket qua bao cao",
          "bao cao toi dau roi", "bao cao den dau roi", "bao cao xu ly toi dau roi")  # fmt: skip

COMMANDS = (
    Command("baocao", begin, ("bao mat nick", "bao mat tai khoan"), private=False),
    Command("loaibaocao", _which, ("bao cao",), listed=False, private=False),
    Command("baocaocuatoi", following.own, _STATE, offered=lambda context: True),
    Command("bosung", following.add, ("bo sung", "ke them", "gui them anh"), argument=_is_told_more, listed=False),
    Command("biennhan", following.receipt, ("bien nhan", "ma bien nhan"), argument=looks_like_receipt, listed=False),
)
