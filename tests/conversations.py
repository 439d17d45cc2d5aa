"""Conversations as tables of (said, expected) lines, held with the handlers alone."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.channels.markup import plain
from handlers import router
from handlers.context import Context
from handlers.conversation import Incoming, Press, Reply
from storage.people import Address, person_at
from tests.helpers import shown_menu

_keys = itertools.count()


class Conversation:
    """One person talking to the bot on a channel without buttons, as the receiver would carry it."""

    def __init__(self, context: Context, address: Address) -> None:
        self.context = context
        self.address = address
        self.menus: list[int] = []

    def say(self, text: str) -> list[Reply]:
        """Say something and return the replies; menus are remembered as the receiver does."""
        return self._handle(Incoming(str(next(_keys)), self.address, text, self.context.now))

    def press(self, menu: int, place: int) -> list[Reply]:
        """Press a button of a menu that was shown."""
        return self._handle(Incoming(str(next(_keys)), self.address, "", self.context.now, Press(menu, place)))

    def send(self, **event: Any) -> list[Reply]:
        """Bring in an event that is neither words nor a press."""
        return self._handle(Incoming(str(next(_keys)), self.address, "", self.context.now, **event))

    def wait(self, time: dt.timedelta) -> None:
        """Let time pass."""
        self.context = replace(self.context, now=self.context.now + time)

    def _handle(self, event: Incoming) -> list[Reply]:
        database, now = self.context.database, self.context.now.isoformat()
        with database.transaction():
            person = person_at(database, self.address, now, in_group=event.group)
            self.context = replace(self.context, person=person, address=self.address)
            replies = router.handle(event, self.context)
            for reply in replies:
                if reply.buttons:
                    buttons = [button.as_json() for button in reply.buttons]
                    to = reply.to or self.address
                    menu = shown_menu(database, to, buttons, now)
                    self.menus += [menu] if to == self.address else []
        return replies


def read(reply: Reply) -> str:
    """The text of a reply as a person reads it."""
    return plain(reply.text)


def whole(reply: Reply) -> str:
    """Everything a person reads of a reply."""
    labels = [button.full or button.label for button in reply.buttons]
    return "\n".join([read(reply), plain(reply.lead), *labels, plain(reply.closing)])


def hold(conversation: Conversation, lines: Sequence[tuple[str, str]]) -> None:
    """Say each line and check that exactly one reply comes, and that it holds what is expected."""
    for said, expected in lines:
        replies = conversation.say(said)
        assert len(replies) == 1, f"{said!r} got {len(replies)} replies"
        assert replies[0].text.strip(), f"{said!r} got a blank reply"
        assert expected in whole(replies[0]), f"{said!r} got\n{whole(replies[0])}"
