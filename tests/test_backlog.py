"""Where very many write at once, whoever pressed is told for how long the answer waits, and that costs no message."""

from __future__ import annotations

import datetime as dt
import random
import time
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from benchmarks import quiz
from bot.backlog import BUSY, LONG
from bot.channels.abilities import Abilities
from bot.receiver import Receiver
from handlers.context import Context
from handlers.conversation import Button, Incoming, Line, Manner, Press, Reply
from handlers.office import Office
from handlers.texts import Texts
from knowledge.search import Search
from storage import menus, outbox
from storage.database import FILE_NAME, Database
from storage.outbox import ANSWER, BROADCAST
from storage.people import Address, person_at
from tests.botapi.client import BotApi
from tests.helpers import NOW, STAMP, place
from tests.quiz_takers import Takers
from tests.telegram_bot import running, settings_for

RATE = 30.0
BUTTONS = Abilities(buttons=True, text_length=4000, edits=True, notices=True)
SAID = "Đã nhận. Đang có rất nhiều người"


class Pressing:
    """A bot that answers each press of a button that can be pressed once, and those who press."""

    def __init__(self, database: Database, search: Search, texts: Texts, abilities: Abilities = BUTTONS) -> None:
        self.database = database
        self.replies = [Reply(Markup("Câu 2"))]
        zone, lines = ZoneInfo("Asia/Ho_Chi_Minh"), (Line("vidu", "bot-1", RATE, 0, RATE),)
        self.receiver = Receiver(
            search, texts, Office(), zone, {"vidu": abilities}, self._handle, lines=lines
        )  # fmt: skip
        self.presses = 0

    def _handle(self, event: Incoming, context: Context) -> list[Reply]:
        assert event.press
        menu = menus.get(context.database, event.press.menu, event.address, context.person)
        assert menu
        menus.spend(context.database, menu, {0})
        return self.replies

    def wait(self, count: int, urgency: int = ANSWER) -> None:
        """Let so many chats wait for a message."""
        for number in range(count):
            chat = f"{urgency}-{number}"
            outbox.put(self.database, "vidu", "bot-1", chat, urgency, {"text": "Câu 1"}, STAMP)

    def press(self, after: float = 0.0) -> tuple[str, int]:
        """Press a button so many seconds later; return what is said in passing, and how many messages go out."""
        self.presses += 1
        at = place(f"chat-{self.presses}")
        person_at(self.database, at, STAMP)
        shown = outbox.put(self.database, *_keys(at), ANSWER, {"text": "Câu 1"}, STAMP)
        self.database.run(
            "UPDATE outbox SET state = 'sent', ended_at = :now WHERE id = :id", {"id": shown, "now": STAMP}
        )
        assert menus.remember(self.database, shown, at, [Button("A", "quiz.answer", once="1").as_json()], STAMP)
        event = Incoming(str(self.presses), at, "", NOW + dt.timedelta(seconds=after), Press(shown, 0))
        taken = self.receiver.take(self.database, event)
        sent = self.database.rows(
            "SELECT id FROM outbox WHERE chat = :chat AND id > :id", {"chat": at.chat, "id": shown}
        )
        return taken.notice, len(sent)


def _keys(at: Address) -> tuple[str, str, str]:
    return at.channel, at.account, at.chat


@pytest.fixture
def bot(database: Database, search: Search, texts: Texts) -> Pressing:
    return Pressing(database, search, texts)


def test_who_waits_for_long_is_told_and_no_message_is_used_for_tidying_up(bot: Pressing) -> None:
    bot.wait(int(60 * RATE))
    assert bot.press() == (f"{SAID} cùng chọn: trả lời tới anh/chị sau khoảng 60 giây.", 1)
    bot.wait(int(240 * RATE))
    assert bot.press(after=1.0)[0].endswith("sau khoảng 4 phút.")


def test_a_short_wait_is_not_told_but_nothing_is_tidied_up(bot: Pressing) -> None:
    bot.wait(int((BUSY + LONG) / 2 * RATE))
    assert bot.press() == ("", 1)


def test_who_does_not_wait_is_told_nothing_and_the_button_is_taken_away(bot: Pressing) -> None:
    assert bot.press() == ("", 2)
    # Others wait for what is less urgent.
    bot.wait(int(60 * RATE), BROADCAST)
    assert bot.press(after=2.0) == ("", 2)


def test_what_comes_between_two_counts_is_added(bot: Pressing) -> None:
    bot.wait(int(LONG * RATE) - 2)
    assert [bool(bot.press()[0]) for _ in range(4)] == [False, False, True, True]


def test_a_clock_that_is_set_back_is_no_reason_not_to_count(bot: Pressing) -> None:
    assert bot.press(after=3600.0)[0] == ""
    bot.wait(int(60 * RATE))
    assert bot.press()[0].startswith(SAID)


def test_what_is_said_in_passing_anyway_is_enough(bot: Pressing) -> None:
    bot.wait(int(60 * RATE))
    bot.replies = [Reply(Markup("Câu này đã trả lời."), manner=Manner.PASSING)]
    assert bot.press() == ("Câu này đã trả lời.", 0)


def test_where_nothing_passes_nothing_more_is_sent(database: Database, search: Search, texts: Texts) -> None:
    bot = Pressing(database, search, texts, replace(BUTTONS, notices=False))
    bot.wait(int(60 * RATE))
    assert bot.press() == ("", 1)


def test_all_at_once_nothing_is_lost_and_the_wait_is_told(
    server: BotApi, tmp_path: Path, documents_loaded_once: None
) -> None:
    server.reset()
    people = 24
    takers = Takers(server, server.crowd(quiz.FIRST_PERSON, people), random.Random(1))
    everybody = list(takers.all.values())
    quiz.prepare(tmp_path, list(takers.all), 2, server.token.partition(":")[0])
    with running(settings_for(server, tmp_path)):
        quiz.until(takers, lambda: takers.invited, people, "are invited")
    takers.begin(everybody)
    # So slow that the last question would come after minutes.
    with running(settings_for(server, tmp_path, telegram_rate=0.2)):
        told = server.wait_for(lambda seen: sum(SAID in record.text for record in seen) >= people // 2)
        assert all(record.kind == "answer" for record in told if SAID in record.text)
    takers.look()
    assert takers.waiting > people // 2
    with running(settings_for(server, tmp_path)):
        quiz.until(takers, lambda: people - takers.waiting, people, "have a question")
        for _ in range(2):
            # As long as a chat may not get more.
            time.sleep(1)
            while takers.ready:
                takers.answer(takers.ready)
                quiz.until(takers, lambda: people - takers.waiting, people, "have a reply")
    database = Database(tmp_path / FILE_NAME)
    try:
        assert list(quiz.faults(database, takers)) == []
    finally:
        database.close()
