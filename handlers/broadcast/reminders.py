"""Reminders that are ready to be sent, from data: those that come with the bot, and the office's own."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from handlers.broadcast.content import PROVISION, Choice, Content, confirming
from handlers.context import Context
from handlers.office import Reminder

FILE = Path(__file__).parent / "reminders.toml"

OF_THE_MONTH = "month"
"""In the place of a provision: each month another one."""

# What staff must and must not do stands in this article.
_DOCUMENT, _ARTICLE = "qd-874-2021", "qd-874-2021/dieu-4"


@cache
def built_in() -> Sequence[Reminder]:
    """Return the reminders that come with the bot."""
    return [Reminder.model_validate(one) for one in tomllib.loads(FILE.read_text(encoding="utf-8"))["reminders"]]


def ready(context: Context) -> Sequence[Reminder]:
    """Return the reminders to choose from: the office's own, which replace those of the same id, and the others."""
    own = {reminder.id: reminder for reminder in context.office.reminders}
    known = {reminder.id for reminder in built_in()}
    added = [reminder for reminder in own.values() if reminder.id not in known]
    return [*(own.get(reminder.id, reminder) for reminder in built_in()), *added]


def content(reminder: Reminder, context: Context) -> Content:
    """Return what a reminder says, with its buttons."""
    buttons = []
    provision = _of_month(context) if reminder.provision == OF_THE_MONTH else reminder.provision
    if provision and provision in context.search.library:
        buttons.append(Choice(context.texts("broadcast.open_button"), PROVISION, provision))
    if reminder.confirm:
        buttons.append(confirming(context))
    return Content(reminder.text, reminder.basis, tuple(buttons))


def _of_month(context: Context) -> str:
    """The provision of this month: those of an article of the Code that may be shown, in turn."""
    document = context.search.library.documents.get(_DOCUMENT)
    article = document.by_id.get(_ARTICLE) if document else None
    shown = [part.id for part in context.search.article_parts(article, context.today)] if article else []
    return shown[(context.today.year * 12 + context.today.month) % len(shown)] if shown else ""
