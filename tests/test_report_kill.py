"""Killed at random moments while many people tell reports: each report is written down once, with its own account."""

from __future__ import annotations

import random
import re
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from handlers.report.service import MOST_REPORTS
from storage.database import FILE_NAME
from tests.botapi.client import BotApi
from tests.test_kill import live_through_kills

pytestmark = pytest.mark.flaky(reruns=0)  # what is lost once is lost

FIRST_PERSON = 300_000
A_SECOND = 60
"""Messages a second, in all."""

# What the messages begin with that somebody gets for the three of a report; the last brings two.
ANSWERS = (("Làm ngay:",), ("Đã ghi: Mất quyền",), ("Đã ghi báo cáo số BC-", "Làm tiếp:"))
_NUMBER = re.compile(r"BC-(\d+)")


@dataclass
class Load:
    """People who tell one report after another, a message at a time; `told` is what each wrote."""

    api: BotApi
    people: int
    told: dict[int, list[str]] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        people = list(self.api.crowd(FIRST_PERSON, self.people))
        turn = 0
        # However long all of it takes, nobody makes more reports than one person may in an hour.
        while not self.stopped.is_set() and turn < self.people * MOST_REPORTS * len(ANSWERS):
            group = [people[(turn + n) % self.people] for n in range(A_SECOND // 4)]
            turn += len(group)
            self.api.load([(person, self._next(person)) for person in group])
            self.stopped.wait(0.25)

    def _next(self, person: int) -> str:
        texts = self.told.setdefault(person, [])
        step = len(texts) % len(ANSWERS)
        account = f"09{person % 10_000:04}{len(texts):04}"
        texts.append(("zalo ke toan bi hack", account, "0987654321")[step])
        return texts[-1]

    @property
    def total(self) -> int:
        return sum(map(len, self.told.values()))

    def accounts(self, person: int) -> list[str]:
        """The accounts of the reports that somebody told to the end."""
        texts = self.told[person]
        return [texts[start + 1] for start in range(0, len(texts) - 2, 3)]


def test_no_report_is_lost_or_written_twice(api: BotApi, tmp_path: Path, full_size: bool) -> None:
    kills = 200 if full_size else 5
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    # So many that they have enough to tell until the end.
    load = Load(api, people=4_000 if full_size else 200)
    data = tmp_path / "data"
    live_through_kills(api, data, load, kills, chance)
    again, reports = _check(api, data, load)
    print(  # noqa: T201 - the figures of the proof
        f"\n{kills} kills (seed {seed}), {load.total} messages of {len(load.told)} people, {reports} reports: "
        f"each written down once with its own account; {again} answers were seen twice"
    )


def _check(api: BotApi, data: Path, load: Load) -> tuple[int, int]:
    """Compare what was told with what was written down and seen; return (answers seen twice, reports)."""
    with closing(sqlite3.connect(data / FILE_NAME)) as database:
        assert database.execute("SELECT DISTINCT outcome FROM inbox").fetchall() == [("handled",)]
        rows = database.execute(
            "SELECT r.id, r.account, a.chat FROM reports r JOIN addresses a ON a.person_id = r.reporter_id"
            " ORDER BY r.id"
        ).fetchall()
        trail = database.execute("SELECT report_id FROM report_events WHERE what = 'opened'").fetchall()
        counted = dict(database.execute("SELECT chat, sum(repeats) FROM outbox GROUP BY chat"))
    assert sorted(number for (number,) in trail) == [number for number, _, _ in rows]
    written: dict[int, list[tuple[int, str]]] = {}
    for number, account, chat in rows:
        written.setdefault(int(chat), []).append((number, account))
    seen: dict[int, list[str]] = {}
    for record in api.transcript(kind="message"):
        seen.setdefault(record.chat, []).append(record.text)
    again = 0
    for person, texts in load.told.items():
        assert [account for _, account in written.get(person, [])] == load.accounts(person)
        wanted = [begin for place in range(len(texts)) for begin in ANSWERS[place % len(ANSWERS)]]
        extra = _beyond(wanted, seen[person])
        assert extra <= counted[str(person)], (person, extra)
        again += extra
        shown = [int(number) for text in seen[person] for number in _NUMBER.findall(text.split("\n")[0])]
        assert sorted(set(shown)) == [number for number, _ in written.get(person, [])]
    return again, len(rows)


def _beyond(wanted: list[str], seen: list[str]) -> int:
    """Return how many messages were seen beyond those wanted, in their order; each wanted one must be there."""
    answers = iter(seen)
    extra = 0
    for begin in wanted:
        for answer in answers:
            if answer.startswith(begin):
                break
            extra += 1
        else:
            raise AssertionError((begin, seen))
    return extra + sum(1 for _ in answers)
