"""People who take a round on a Bot API server: they read what they were shown, press what they see, and remember it."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from tests.botapi.client import BotApi
from tests.botapi.records import Record

INVITED, BEGIN, DONE, MARK = "Mời anh/chị làm", "Làm bài", "Xong", "✓ "

_QUESTION = re.compile(r"(?:^|\n)Câu (\d+)/(\d+)\n(.*?)\n\n(?:Chọn mọi [^\n]*\n\n)?Anh/chị chọn:\n(.*)\Z", re.DOTALL)
_OPTION = re.compile(r"• (?:✓ )?([A-Z])\. (.*)")
_RESULT = re.compile(r"Xong\. Anh/chị (đạt|chưa đạt)\.\n.*?: ([\d,]+)/(\d+) câu \((\d+)%\)", re.DOTALL)

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """A question as it stands on somebody's screen.

    Attributes:
        options: what stands behind each letter.
        data: what each button sends, by its label.
    """

    message: int
    question: str
    options: dict[str, str]
    data: dict[str, str]


@dataclass(slots=True)
class Taker:
    """Somebody who takes a round.

    Attributes:
        invitation: the message that invites him, and what its button sends.
        shown: the question that is on his screen and that he has not answered; None while he waits, and at the end.
        marked: the letter that he has marked of it, where several may be chosen; one is what everybody marks.
        answers: the questions with what he answered, in his order.
        since: when he pressed what he still waits for.
        told: at the end: whether he passed, his points, the number of questions, and per cent.
        last: the message and the data of what he pressed last.
    """

    chat: int
    invitation: tuple[int, str] | None = None
    shown: Shown | None = None
    marked: str = ""
    answers: list[tuple[str, str]] = field(default_factory=list)
    since: float | None = None
    told: tuple[bool, float, int, int] | None = None
    last: tuple[int, str] | None = None


class Takers:
    """Many people at a round. Some press twice, and some press once more what they answered before; some type letters.

    `seen` is how much of the server's transcript they have read, `presses` how often they pressed.
    """

    def __init__(
        self,
        api: BotApi,
        people: Iterable[int],
        chance: random.Random,
        *,
        careless: float = 0.02,
        typing: Container[int] = (),
    ) -> None:
        """`careless` is the share of presses that are done twice, and of those done once more later."""
        self._api, self._chance, self._careless, self._typing = api, chance, careless, typing
        self.seen = 0
        self.all = {chat: Taker(chat) for chat in people}
        self.presses = 0

    @property
    def invited(self) -> int:
        """How many were invited."""
        return sum(taker.invitation is not None for taker in self.all.values())

    @property
    def ready(self) -> list[Taker]:
        """Those who have a question before them."""
        return [taker for taker in self.all.values() if taker.shown and taker.since is None]

    @property
    def waiting(self) -> int:
        """How many wait for what they pressed."""
        return sum(taker.since is not None for taker in self.all.values())

    @property
    def finished(self) -> int:
        """How many were told how it went."""
        return sum(taker.told is not None for taker in self.all.values())

    def look(self) -> list[float]:
        """Read what the bot has sent since; return for how many seconds each reply was waited for."""
        records = self._api.transcript(since=self.seen)
        waits = []
        for record in records:
            # Of all chats: the next look begins behind the last of them.
            self.seen = record.number + 1
            taker = self.all.get(record.chat)
            if taker and record.kind in ("message", "edit") and self._read(taker, record) and taker.since is not None:
                waits.append(record.monotonic - taker.since)
                taker.since = None
        return waits

    def begin(self, takers: Iterable[Taker]) -> None:
        """Let people press the button of their invitation."""
        pressed = []
        for taker in takers:
            assert taker.invitation
            pressed += self._by_chance(taker, *taker.invitation)
        self._press(pressed)

    def answer(self, takers: Iterable[Taker]) -> None:
        """Let people answer the question before them by chance; where several may be chosen they mark one first."""
        pressed = []
        typed = []
        for taker in takers:
            shown = taker.shown
            assert shown
            if taker.chat in self._typing:
                typed.append((taker.chat, self._type(taker, shown)))
                continue
            if DONE in shown.data and not taker.marked:
                label = self._chance.choice([name for name in shown.data if name != DONE])
                taker.marked = label
                # Marked twice it would not be marked.
                pressed.append((taker.chat, shown.message, shown.data[label]))
                continue
            label = taker.marked or self._chance.choice(list(shown.data))
            pressed += self._by_chance(taker, shown.message, shown.data[DONE if taker.marked else label])
            taker.answers.append((shown.question, shown.options[label]))
            taker.shown, taker.marked = None, ""
        self._press(pressed)
        now = time.monotonic()
        for chat, _ in typed:
            self.all[chat].since = now
        self._api.load(typed)

    def _type(self, taker: Taker, shown: Shown) -> str:
        """What somebody types who does not press: a letter, or after one where several may be chosen the last word."""
        several = DONE in shown.data
        label = taker.marked or self._chance.choice([name for name in shown.data if name != DONE])
        if several and not taker.marked:
            taker.marked = label
            return label
        taker.answers.append((shown.question, shown.options[label]))
        taker.shown, taker.marked = None, ""
        return DONE if several else label

    def _by_chance(self, taker: Taker, message: int, data: str) -> list[tuple[int, int, str]]:
        """A press, which some do twice; and now and then once more what was pressed before."""
        pressed = [(taker.chat, message, data)]
        if self._chance.random() < self._careless:
            pressed *= 2
        if taker.last and self._chance.random() < self._careless:
            pressed.append((taker.chat, *taker.last))
        taker.last = message, data
        return pressed

    def _press(self, pressed: Sequence[tuple[int, int, str]]) -> None:
        self.presses += len(pressed)
        for first in range(0, len(pressed), _AT_ONCE):
            part = pressed[first : first + _AT_ONCE]
            now = time.monotonic()
            for chat, _, _ in part:
                self.all[chat].since = now
            self._api.presses(part)

    def _read(self, taker: Taker, record: Record) -> bool:
        """Understand a message; tell whether it is what somebody who pressed waits for."""
        data = {button.label: button.callback_data or "" for button in record.buttons}
        if INVITED in record.text and BEGIN in data:
            taker.invitation = record.message_id, data[BEGIN]
            return False
        if (end := _RESULT.search(record.text)) and data:
            score = float(end.group(2).replace(",", "."))
            told = end.group(1) == "đạt", score, int(end.group(3)), int(end.group(4))
            is_new, taker.told = taker.told is None, told
            return is_new
        found = _QUESTION.search(record.text)
        if found is None or not data:
            # Only the buttons of what was answered were taken away.
            return False
        place = int(found.group(1))
        several = any(label.startswith(MARK) for label in data)
        if place != len(taker.answers) + 1 or several != bool(taker.marked):
            # Sent again, after it was not known whether it arrived.
            return False
        found_options = (_OPTION.fullmatch(line) for line in found.group(4).split("\n"))
        options = {match.group(1): match.group(2) for match in found_options if match}
        by_letter = {label.removeprefix(MARK): sent for label, sent in data.items()}
        taker.shown = Shown(record.message_id, found.group(3), options, by_letter)
        return True
