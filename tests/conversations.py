"""Conversations as tables of (said, expected) lines, held with the handlers alone, as each channel would carry them.

A module of dialogue tests says `pytestmark = pytest.mark.every_channel`: each of its conversations is then held once
with what each channel can do. A line says what somebody means: "2" is the second choice, which is
pressed where there are buttons and typed where there are numbers. Whatever is answered must fit the channel.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, ClassVar

import pytest

from bot.channels.abilities import Abilities
from bot.channels.fitting import fit, joined
from bot.channels.markup import length, plain, runs, seen
from bot.channels.telegram import Telegram
from bot.channels.terminal import Terminal
from bot.channels.zalo import Zalo
from bot.channels.zalo_oa import ZaloOa, events
from handlers import router
from handlers.context import Context
from handlers.conversation import Button, Incoming, Press, Reply
from handlers.menu import numbered
from storage import menus
from storage.menus import Menu
from storage.people import Address, person_at
from tests.helpers import shown_menu

CHANNELS: Mapping[str, Abilities] = {channel.name: channel.abilities for channel in (Terminal, Telegram, Zalo, ZaloOa)}
"""What each channel can do: plain words, buttons, numbers in short messages, few buttons and else numbers."""

_keys = itertools.count()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat the tests of such a module for each channel, but for those that hold no conversation of their own."""
    if metafunc.definition.get_closest_marker("every_channel") and "context" in metafunc.fixturenames:
        metafunc.parametrize("channel_of_turn", CHANNELS, indirect=True)


@pytest.fixture(autouse=True)
def channel_of_turn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Hold conversations with what a channel can do, where they are repeated for each; return its name.

    Before all other fixtures, since some of them hold conversations already.
    """
    name: str = getattr(request, "param", Terminal.name)
    monkeypatch.setattr(Conversation, "abilities", CHANNELS[name])
    return name


class Conversation:
    """One person talking to the bot, as the receiver would carry it.

    Attributes:
        abilities: what the channel can do.
        menus: the numbers of the menus that were shown here.
        messages: what the last replies are on the channel.
    """

    abilities: ClassVar[Abilities] = Terminal.abilities

    def __init__(self, context: Context, address: Address) -> None:
        self.context = context
        self.address = address
        self.menus: list[int] = []
        self.messages: list[dict[str, Any]] = []

    def say(self, text: str) -> list[Reply]:
        """Say something and return the replies; the number of a choice that has a button presses it."""
        number, newest = numbered(text), self._newest_menu()
        if number is None or newest is None or not 1 <= number <= len(newest.buttons):
            return self.write(text)
        return self.press(newest.id, number - 1)

    def write(self, text: str) -> list[Reply]:
        """Write these very words."""
        return self._handle(Incoming(str(next(_keys)), self.address, text, self.context.now))

    def press(self, menu: int, place: int) -> list[Reply]:
        """Take a choice of a menu that was shown: with its button, its number, or in an older menu its words."""
        shown = menus.get(self.context.database, menu, self.address, self._person())
        if shown is None or place >= len(shown.buttons) or self.abilities.shows_buttons(len(shown.buttons)):
            return self.tap(menu, place)
        button = Button.from_json(shown.buttons[place])
        return self.write(str(place + 1) if shown == self._newest_menu() else button.full or button.label)

    def tap(self, menu: int, place: int) -> list[Reply]:
        """Press a button, whether it is there or somebody only says so."""
        event = Incoming(str(next(_keys)), self.address, "", self.context.now, Press(menu, place))
        if self.abilities == ZaloOa.abilities:
            event = replace(event, press=_on_official_account(menu, place, self.context.now))
        return self._handle(event)

    def send(self, **event: Any) -> list[Reply]:
        """Bring in an event that is neither words nor a press."""
        text = event.pop("text", "")
        return self._handle(Incoming(str(next(_keys)), self.address, text, self.context.now, **event))

    def wait(self, time: dt.timedelta) -> None:
        """Let time pass."""
        self.context = replace(self.context, now=self.context.now + time)

    def _person(self) -> int:
        with self.context.database.transaction():
            return person_at(self.context.database, self.address, self.context.now.isoformat())

    def _newest_menu(self) -> Menu | None:
        """The menu that was shown here last, also by what somebody else did."""
        return menus.latest(self.context.database, self.address, self._person(), "")

    def _handle(self, event: Incoming) -> list[Reply]:
        database, now = self.context.database, self.context.now.isoformat()
        with database.transaction():
            person = person_at(database, self.address, now, in_group=event.group)
            self.context = replace(
                self.context,
                person=person,
                address=self.address,
                numbered=self.abilities.numbers,
                buttons=self.abilities.buttons,
            )
            replies = router.handle(event, self.context)
            for reply in replies:
                if reply.buttons:
                    buttons = [button.as_json() for button in reply.buttons]
                    to = reply.to or self.address
                    menu = shown_menu(database, to, buttons, now)
                    self.menus += [menu] if to == self.address else []
        said = joined(replies) if self.abilities.counted else replies
        self.messages = [message for reply in said for message in carried(reply, self.abilities, self.context)]
        return replies


def carried(reply: Reply, abilities: Abilities, context: Context) -> list[dict[str, Any]]:
    """Return a reply as the messages that a channel carries, after making sure that it can."""
    messages = fit(reply, abilities, context.texts)
    texts = [seen(message["text"]) for message in messages]
    labels = [label for message in messages for _, label in message.get("buttons", ())]
    whole_text = "\n".join(texts)
    for message, text in zip(messages, texts, strict=True):
        assert text.strip() or "file" in message, "a blank message"
        assert length(text) <= (abilities.caption_length if "file" in message else abilities.text_length)
        # Every tag is closed, in the message that it was opened in.
        assert runs(message["text"])[0] == text
        assert abilities.links or "<a " not in message["text"]
    for before, after in pairwise(texts):
        # What goes out in two could not have gone out in one.
        assert not abilities.counted or length(before) + length(after.split("\n", 1)[0]) >= abilities.text_length - 2
    if not reply.buttons:
        assert labels == []
    elif abilities.shows_buttons(len(reply.buttons)):
        assert len(labels) == len(reply.buttons) <= (abilities.most_buttons or len(labels))
        for label, button in zip(labels, reply.buttons, strict=True):
            assert label.strip()
            assert not abilities.label_length or len(label) <= abilities.label_length
            full = _unbroken(button.full or button.label)
            assert (label == button.label and not button.full) or full in _unbroken(whole_text)
    else:
        assert labels == []
        lines = [f"{number}. {button.full or button.label}" for number, button in enumerate(reply.buttons, 1)]
        places = [_unbroken(whole_text).find(_unbroken(line)) for line in lines]
        assert places == sorted(places) and -1 not in places
        assert context.texts("menu.hint") in whole_text
    return messages


def _unbroken(text: str) -> str:
    """A text without its breaks: a long line may go on in the next message."""
    return " ".join(text.split())


def _on_official_account(menu: int, place: int, now: dt.datetime) -> Press:
    """A press as the webhook of an Official Account brings it: words, with what the button carried behind them."""
    sent = {"msg_id": "1", "text": events.payload("Nhãn", menu, place)}
    raw = {"event_name": "user_send_text", "timestamp": "1", "sender": {"id": "1"}, "message": sent}
    event = events.read(raw, "1", now)
    assert isinstance(event, Incoming) and event.press
    return event.press


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
