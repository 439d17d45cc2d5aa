"""Reports: an account that was lost, imitated or misused reaches the responsible unit, and somebody answers."""

from __future__ import annotations

from typing import Any

from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Reply
from handlers.report import following, service
from handlers.report.dialogue import PICTURE, REPORT, begin, is_told, picture
from handlers.report.evidence import tell
from handlers.report.reading import asks
from handlers.report.receipts import looks_like_receipt

__all__ = [
    "COMMANDS",
    "FORMS",
    "act",
    "begin",
    "by_number",
    "is_told",
    "looks_like_receipt",
    "numbered",
    "picture",
    "receipt",
    "service",
    "tell",
]

receipt = following.receipt
numbered, by_number = following.numbered, following.by_number


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button about reports says."""
    if name == "start":
        said = context.seal.open(data["sealed"]) if "sealed" in data else None
        return begin(str(said["question"]) if said else "", context)
    if name == "show":
        return following.show(data["report"], context)
    if name == "add":
        return following.add_to(data, context)
    if name == "take":
        return following.take(data["report"], context)
    return [Reply(context.texts.rich("menu.stale"))]


def _is_told_more(text: str) -> bool:
    """Whether words behind "bổ sung" are what is to be added; else they belong to a question that begins so."""
    return not asks(text)


FORMS = {"report": REPORT, "report_picture": PICTURE, "report_add": following.ADD, "report_receipt": following.RECEIPT}

_STATE = ("bao cao cua toi", "xem bao cao", "tinh trang bao cao", "trang thai bao cao", "ket qua bao cao",
          "bao cao toi dau roi", "bao cao den dau roi", "bao cao xu ly toi dau roi")  # fmt: skip

COMMANDS = (
    Command("baocao", begin, ("bao cao", "bao mat nick", "bao mat tai khoan"), private=False),
    Command("baocaocuatoi", following.own, _STATE, offered=lambda context: True),
    Command("bosung", following.add, ("bo sung", "ke them", "gui them anh"), argument=_is_told_more, listed=False),
    Command("biennhan", following.receipt, ("bien nhan", "ma bien nhan"), argument=looks_like_receipt, listed=False),
)
