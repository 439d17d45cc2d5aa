"""Killed at random moments while people report, with the mail server, another program and Telegram failing in turn.

Everybody tells of one account, in three messages. Every report must be there once, and reach each of its four
destinations: the contact and a group on Telegram, a mailbox, and another program. What arrives twice says so.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from handlers.destinations import FILE_NAME as ROUTING
from storage import destinations, members, people, roles, units
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from storage.people import Address
from tests.botapi.client import BotApi
from tests.mail_server import MailServer
from tests.run_process import STARTED, BotProcess
from tests.waiting import PATIENCE
from tests.web_receiver import Receiver

pytestmark = pytest.mark.flaky(reruns=0)  # what is lost once is lost

SAYS = ("facebook chị kế toán bị hack, đang mượn tiền", "Ví Dụ {}", "0987654321")
FIRST_PERSON = 500_000
CONTACT, ADMINISTRATOR, GROUP = 1001, 1002, -2001
TO = "truc-ban@sovidu.example"
SECRET = "khoa-vi-du-dai-hon-muoi-sau-ky-tu"

# Seconds between two messages; a report is three of them, and a group gets no more than twenty cards a minute.
PAUSE, LONG_PAUSE = 0.25, 1.1
# How long each trouble of a server lasts.
TROUBLE = (0.3, 0.9)

CARD = re.compile(r"Báo cáo mới BC-(\d+)")
AGAIN = "(Gửi lại"

Trouble = AbstractContextManager[None]


@dataclass
class Load:
    """People who each tell of an account, begun one after the other until told to stop; `told` is who has."""

    api: BotApi
    pause: float
    told: list[int] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        for number in itertools.count(FIRST_PERSON):
            if self.stopped.is_set():
                return
            self.api.user(number)
            for text in SAYS:
                self.api.load([(number, text.format(number))])
                time.sleep(self.pause)
            self.told.append(number)


@dataclass
class Troubles:
    """The servers fail one after the other, each in each of its ways, until told to stop; `met` counts the ways."""

    api: BotApi
    mail: MailServer
    receiver: Receiver
    chance: random.Random
    met: Counter[str] = field(default_factory=Counter)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        ways = list(self._ways().items())
        for name, way in itertools.cycle(self.chance.sample(ways, len(ways))):
            with way():
                self.met[name] += 1
                self.stopped.wait(self.chance.uniform(*TROUBLE))
            if self.stopped.is_set():
                return

    def _ways(self) -> dict[str, Callable[[], Trouble]]:
        mail, receiver = self._mail, self._receiver
        return {
            "mail refused": lambda: _closed(self.mail),
            "mail slow": mail(stage="content", seconds=1.0),
            "mail 4xx": mail(stage="rcpt", code=451),
            "mail 4xx after the content": mail(stage="content", code=451),
            "mail 5xx for the sender": mail(stage="mail", code=550),
            "mail cut before the content": mail(stage="data", cuts=True),
            "mail cut in the content": mail(stage="content", cuts=True, part=True),
            "mail cut after the content": mail(stage="content", cuts=True),
            "program refused": lambda: _closed(self.receiver),
            "program slow": receiver(seconds=1.0),
            "program 429": receiver(status=429, keeps=False),
            "program 5xx": receiver(status=503),
            "program cut before": receiver(cut="before"),
            "program cut after": receiver(cut="after"),
            "telegram reset": self._telegram("reset"),
            "telegram slow": self._telegram("slow", seconds=1.0),
            "telegram refuses for a while": self._telegram("retry_after", seconds=1),
            "telegram 5xx": self._telegram("bad_gateway"),
            "telegram cut after": self._telegram("accepted_cut"),
        }

    def _mail(self, **fault: object) -> Callable[[], Trouble]:
        return lambda: _during(
            lambda: self.mail.fault(times=None, **fault),  # type: ignore[arg-type]
            self.mail.faults.clear,
        )

    def _receiver(self, **fault: object) -> Callable[[], Trouble]:
        return lambda: _during(lambda: self.receiver.fault(times=None, **fault), self.receiver.faults.clear)

    def _telegram(self, kind: str, **more: float) -> Callable[[], Trouble]:
        # Half of them get through, so that conversations go on.
        return lambda: _during(
            lambda: self.api.fault(kind, method="sendMessage", times=None, probability=0.5, **more),
            self.api.unfault,
        )


@contextmanager
def _during(begin: Callable[[], object], end: Callable[[], object]) -> Iterator[None]:
    begin()
    try:
        yield
    finally:
        end()


@contextmanager
def _closed(server: MailServer | Receiver) -> Iterator[None]:
    server.close()
    try:
        yield
    finally:
        server.open()


def prepare(folder: Path, account: str, receiver: Receiver) -> Path:
    """Write the office's rules, and who there is: a unit with its contact, an administrator, a group that is named."""
    office, data = folder / "co-quan", folder / "data"
    office.mkdir()
    data.mkdir()
    (office / ROUTING).write_text(
        f'[destination.to]\nchat = true\n[destination.thu]\nemail = "{TO}"\n'
        f'[destination.may]\nwebhook = "{receiver.url}"\nprivate = true\n'
        '[[rule]]\nto = ["contact", "to"]\n[[rule]]\nharm = ["money_asked"]\nto = ["thu", "may", "contact"]\n',
        encoding="utf-8",
    )
    now = dt.datetime.now(dt.UTC).isoformat()
    database = Database(data / FILE_NAME)
    with database.transaction():
        unit = units.create(database, "Phòng Một", "phong mot", None, now[:10])
        for number, role in ((CONTACT, "contact"), (ADMINISTRATOR, "administrator")):
            place = Address("telegram", account, str(number), str(number))
            person = people.person_at(database, place, now)
            name = f"Người Ví Dụ {number}"
            members.put(
                database, person, name=name, folded=name.lower(), position="", code=None, state="joined", now=now
            )
            members.transfer(database, person, unit, now[:10])
            roles.give(database, person, role, unit if role == "contact" else None, CONSOLE, now)  # type: ignore[arg-type]
        group = Address("telegram", account, str(GROUP), str(GROUP))
        people.person_at(database, group, now, in_group=True)
        destinations.name(database, "to", group, now)
    database.close()
    return office


def test_no_report_is_lost_and_each_destination_is_reached(
    api: BotApi, mail: MailServer, receiver: Receiver, tmp_path: Path, full_size: bool
) -> None:
    kills = 200 if full_size else 6
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    for number in (CONTACT, ADMINISTRATOR):
        api.user(number, started=True)
    api.group(GROUP, "Tổ An Ninh Ví Dụ", CONTACT)
    office = prepare(tmp_path, api.token.partition(":")[0], receiver)
    data = tmp_path / "data"
    more = {"office": str(office), "smtp_url": mail.url, "webhook_secrets": f"may={SECRET}"}
    load, troubles = Load(api, LONG_PAUSE if full_size else PAUSE), Troubles(api, mail, receiver, chance)
    threads = [threading.Thread(target=part.run) for part in (load, troubles)]
    for thread in threads:
        thread.start()
    try:
        for number in range(kills):
            bot = BotProcess(api, data, tmp_path / f"log-{number}.txt", **more)
            bot.live(chance)
            bot.kill()
    finally:
        load.stopped.set()
        troubles.stopped.set()
        for thread in threads:
            thread.join()
    bot = BotProcess(api, data, tmp_path / "last.txt", **more)
    try:
        bot.wait_for(STARTED)
        _wait_until_done(api, data, 3 * len(load.told))
        assert bot.stop() == 0
    finally:
        bot.kill()
    assert all(SECRET not in log.read_text(encoding="utf-8") for log in tmp_path.glob("log-*.txt"))
    arrived, again, counted = _check(api, mail, receiver, data, load)
    print(  # noqa: T201 - the figures of the proof
        f"\n{kills} kills (seed {seed}), {sum(troubles.met.values())} troubles of {len(troubles.met)} kinds, "
        f"{len(load.told)} reports: all there once, all at their four destinations, none elsewhere; "
        f"{arrived} messages arrived, {again} of them again and marked, {counted} repeats were counted"
    )


def _wait_until_done(api: BotApi, data: Path, total: int) -> None:
    end = time.monotonic() + 5 * PATIENCE
    while True:
        with closing(sqlite3.connect(data / FILE_NAME, timeout=PATIENCE)) as database:
            (taken,) = database.execute("SELECT count(*) FROM inbox").fetchone()
            (left,) = database.execute("SELECT count(*) FROM outbox WHERE ended_at IS NULL").fetchone()
            # What failed often waits for minutes; there is no trouble any more.
            database.execute("UPDATE outbox SET due_at = '2000' WHERE state = 'waiting'")
            database.commit()
        if taken == total and not left and not api.queue():
            return
        assert time.monotonic() < end, (taken, total, left)
        time.sleep(0.3)


def _check(api: BotApi, mail: MailServer, receiver: Receiver, data: Path, load: Load) -> tuple[int, int, int]:
    """Compare what was told with what is kept and what arrived.

    Returns how many messages arrived at destinations, how many of them again, and how many repeats were counted.
    """
    with closing(sqlite3.connect(data / FILE_NAME)) as database:
        assert database.execute("SELECT DISTINCT outcome FROM inbox").fetchall() == [("handled",)]
        assert database.execute("SELECT DISTINCT state FROM outbox").fetchall() == [("sent",)]
        kept = database.execute(
            "SELECT r.id, r.account, a.sender, r.kind, r.harm FROM reports r"
            " JOIN addresses a ON a.person_id = r.reporter_id"
        ).fetchall()
        noted = database.execute("SELECT report_id, destination, channel, state FROM forwards").fetchall()
        repeats = dict(
            database.execute("SELECT channel || chat, sum(repeats) FROM outbox WHERE class = 2 GROUP BY 1").fetchall()
        )
    # Each report is there once, with what was said of it.
    assert sorted(int(sender) for _, _, sender, _, _ in kept) == load.told
    assert all(account == f"Ví Dụ {sender}" for _, account, sender, _, _ in kept)
    assert {(kind, harm) for *_, kind, harm in kept} == {("lost", "money_asked")}
    numbers = {number for number, *_ in kept}
    places = [("contact", "telegram"), ("to", "telegram"), ("thu", "email"), ("may", "webhook")]
    assert sorted(noted) == sorted((number, *place, "sent") for number in numbers for place in places)
    # What arrived where: (number, marked as a repeat), in its order.
    cards: dict[str, list[tuple[int, bool]]] = {}
    for record in api.transcript(kind="message"):
        if found := CARD.search(record.text):
            cards.setdefault(f"telegram{record.chat}", []).append((int(found[1]), record.text.startswith(AGAIN)))
            # Only the contact learns who lost it, and whom to call.
            assert ("0987654321" in record.text) == (record.chat == CONTACT)
            assert record.chat == CONTACT or "Ví Dụ " not in record.text
    keys: dict[int, set[str]] = {}
    for letter in mail.letters:
        assert (letter.sender, letter.to) == ("bot@sovidu.example", [TO])
        found = re.search(r"BC-(\d+):", letter.message["Subject"])
        assert found
        cards.setdefault(f"email{TO}", []).append((int(found[1]), letter.message["X-Ungxu-Repeat"] == "yes"))
        keys.setdefault(int(found[1]), set()).add(letter.message["Message-ID"])
    for call in receiver.calls:
        number = int(call.json["report"]["number"].removeprefix("BC-"))
        cards.setdefault("webhookmay", []).append((number, call.json["repeat"]))
        keys.setdefault(-number, set()).add(call.headers["Idempotency-Key"])
    assert cards.keys() == {f"telegram{CONTACT}", f"telegram{GROUP}", f"email{TO}", "webhookmay"}
    # A letter and a call keep their names, and no two share one.
    assert all(len(found) == 1 for found in keys.values())
    assert len(set.union(*keys.values())) == len(numbers) * 2
    again = 0
    for place, seen in cards.items():
        assert {number for number, _ in seen} == numbers, place
        # Whatever comes a second time says so.
        assert all(count == 1 for count in Counter(number for number, marked in seen if not marked).values()), place
        assert len(seen) - len(numbers) <= repeats[place], place
        again += len(seen) - len(numbers)
    return sum(map(len, cards.values())), again, sum(repeats.values())
