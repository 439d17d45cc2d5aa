"""Which handler takes an event: a press, a typed choice, a command, a change of the chat, or else a question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from handlers import ask
from handlers.context import Context
from handlers.conversation import Button, Change, Incoming, Manner, Outcome, Reply
from handlers.menu import choose, labelled, numbered
from knowledge.text import fold, normalize
from storage import menus
from storage.menus import SPENT, Menu

# A menu that was shown longer ago is no longer meant by "1".
MENU_LIFE = dt.timedelta(hours=24)

# So many of the menus before are still understood by the words on their buttons.
MENUS_IN_MIND = 3

# Nobody types more, and what is pasted is not read further: a long text would hold up everybody else.
LONGEST_TEXT = 4_000

_START = {"start", "bat dau", "batdau", "menu", "0"}
_HELP = {"help", "tro giup", "trogiup", "huong dan", "huongdan"}


class Job(Protocol):
    """What the router needs of a job's package."""

    def act(self, name: str, data: dict[str, Any], context: Context) -> list[Reply]:
        """Do what a button says."""
        ...


JOBS: Mapping[str, Job] = {"ask": ask}
"""The jobs by the name that the actions of their buttons begin with."""

LISTENERS: Mapping[str, Callable[[Outcome, Context], list[Reply]]] = {}
"""What the jobs do when something ends that they asked to be told of, by the name in the concern."""


def handle(event: Incoming, context: Context) -> list[Reply]:
    """Return the replies to an event; changes belong to the event's transaction."""
    if event.change is not None:
        return [ask.welcome_group(context)] if event.change is Change.JOINED else []
    if event.press is not None:
        return _press(event, context)
    if not event.text.strip() and (event.attachments or event.other):
        if event.follows:
            return []
        return [Reply(context.texts.rich("media.file" if event.attachments else "media.other"))]
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
    number = numbered(text)
    if not context.numbered and number is not None:
        # Under buttons no number is to be seen; whoever types one means something else.
        return [Reply(context.texts.rich("empty.body"))]
    shown = menus.newest(context.database, event.address, context.person, since, MENUS_IN_MIND)
    for menu in shown:
        place = _place(text, menu, newest=menu is shown[0])
        if place is not None:
            return _choose(menu, place, context)
    if number is not None and shown:
        return [Reply(context.texts.rich("menu.no_such_number", count=len(shown[0].buttons)))]
    if number is not None and menus.latest(context.database, event.address, context.person, ""):
        return [Reply(context.texts.rich("menu.stale"))]
    if text.startswith("/"):
        # Among others it may be for another bot, unless it names this one.
        for_others = event.group and "@" not in text.split()[0]
        return [] if for_others else [Reply(context.texts.rich("menu.unknown_command"))]
    return ask.answer(text, context)


def tell(outcome: Outcome, context: Context) -> list[Reply]:
    """Tell a job how something ended; return what it wants to be sent. Each such reply says where it goes."""
    listener = LISTENERS.get(str(outcome.concern.get("job")))
    return listener(outcome, context) if listener else []


def _press(event: Incoming, context: Context) -> list[Reply]:
    """A button that was pressed: whose it is and what it does is looked up, never believed."""
    assert event.press is not None
    menu = menus.get(context.database, event.press.menu, event.address, context.person)
    if menu is None:
        # In a group anybody can press what was shown to another.
        others = menus.is_in_chat(context.database, event.press.menu, event.address)
        text = context.texts.rich("menu.not_yours" if others else "menu.stale")
        return [Reply(text, manner=Manner.PASSING)]
    if not 0 <= event.press.place < len(menu.buttons):
        return [Reply(context.texts.rich("menu.stale"), manner=Manner.PASSING)]
    return _choose(menu, event.press.place, context)


def _place(text: str, menu: Menu, *, newest: bool) -> int | None:
    """The place of the choice that typed words mean: in the newest menu also by a number, initials, or in full."""
    buttons = [Button.from_json(stored) for stored in menu.buttons]
    labels = [button.label for button in buttons]
    if not newest:
        return labelled(text, labels)
    place = choose(text, labels)
    return labelled(text, [button.full for button in buttons]) if place is None else place


def _choose(menu: Menu, place: int, context: Context) -> list[Reply]:
    button = Button.from_json(menu.buttons[place])
    if menu.buttons[place].get(SPENT):
        return [Reply(context.texts.rich("menu.spent"), manner=Manner.PASSING)]
    if button.once:
        same = {n for n, other in enumerate(menu.buttons) if other.get("once") == button.once}
        menus.spend(context.database, menu, same)
    name, _, act = button.action.partition(".")
    job = JOBS.get(name)
    return job.act(act, button.data, context) if job else [Reply(context.texts.rich("menu.stale"))]
