"""Which handler takes an event: a press, a typed choice, a command, or else a question."""

from __future__ import annotations

import datetime as dt

from handlers import ask
from handlers.context import Context
from handlers.conversation import Button, Incoming, Reply
from handlers.menu import choose, numbered
from knowledge.text import fold, normalize
from storage import mailbox

# A menu that was shown longer ago is no longer meant by "1".
MENU_LIFE = dt.timedelta(hours=24)

# Nobody types more, and what is pasted is not read further: a long text would hold up everybody else.
LONGEST_TEXT = 4_000

_START = {"start", "bat dau", "menu", "0"}
_HELP = {"help", "tro giup", "trogiup", "huong dan"}


def handle(event: Incoming, context: Context) -> list[Reply]:
    """Return the replies to an event; changes belong to the event's transaction."""
    if event.press is not None:
        buttons = mailbox.menu(context.database, event.press.menu, event.address, context.person)
        if buttons is None or not 0 <= event.press.place < len(buttons):
            return [Reply(context.texts("menu.stale"))]
        return _act(Button.from_json(buttons[event.press.place]), event.press.menu, context)
    text = normalize(event.text[:LONGEST_TEXT])
    command = fold(text.removeprefix("/")).strip()
    if text.startswith("/"):
        # Telegram appends the bot's name in groups: /start@ungxu_bot.
        command = command.split("@")[0].split(" ")[0]
    if command in _START:
        return [ask.welcome(context)]
    if command in _HELP:
        return [ask.help_text(context)]
    since = (context.now - MENU_LIFE).isoformat()
    latest = mailbox.latest_menu(context.database, event.address, context.person, since)
    if latest:
        button = choose(text, [Button.from_json(stored) for stored in latest[1]])
        if button:
            return _act(button, latest[0], context)
        if numbered(text) is not None:
            return [Reply(context.texts("menu.no_such_number", count=len(latest[1])))]
    elif numbered(text) is not None:
        return [Reply(context.texts("menu.stale"))]
    if text.startswith("/"):
        return [Reply(context.texts("menu.unknown_command"))]
    return ask.answer(text, context)


def _act(button: Button, menu: int, context: Context) -> list[Reply]:
    job, _, act = button.action.partition(".")
    if act in ask.ONCE:
        mailbox.forget_menu(context.database, menu)
    if job == "ask":
        return ask.act(act, button.data, context)
    return [Reply(context.texts("menu.stale"))]
