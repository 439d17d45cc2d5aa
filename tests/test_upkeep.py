"""What administrators are told of the bot: the weekly line, that it was off, that data was put back."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import heartbeat
from bot import upkeep as bot_upkeep
from bot.files import FileStore, make_box, new_key
from bot.heartbeat import beat, keep_beating
from bot.scheduler import Errand
from bot.settings import Settings
from bot.worker import Worker
from handlers import upkeep
from handlers.context import Context
from handlers.conversation import Reply
from handlers.recurrence import Recurrence
from handlers.schedule import Due, Kind
from handlers.upkeep import Machine, matters
from storage import blobs, heartbeats, inbox, jobs, members, outbox, people, roles, tallies
from storage.audit import CONSOLE
from storage.database import Database
from storage.outbox import ANSWER, REPORT
from storage.people import person_at
from tests.conversations import read
from tests.helpers import NOW, STAMP, Clock, later, locked, place
from tests.telegram_bot import eventually, rows, running
from tests.waiting import PATIENCE, wait_until

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
MACHINE = Machine(NOW - dt.timedelta(hours=22), 41.26, low=False)


def administrator(database: Database, name: str) -> int:
    person = person_at(database, place(f"chat-{name}", name), STAMP)
    members.put(database, person, name=name, folded=name, position="", code=None, state="joined", now=STAMP)
    roles.give(database, person, "administrator", None, CONSOLE, STAMP)
    return person


@pytest.fixture
def told(context: Context) -> Context:
    """A context in an office with an administrator."""
    administrator(context.database, "a")
    return context


def said(replies: list[Reply]) -> str:
    (reply,) = replies
    assert (reply.urgency, reply.to) == (REPORT, place("chat-a", "a"))
    return read(reply)


# Whom


def test_each_administrator_who_can_be_reached_is_told(context: Context) -> None:
    database = context.database
    known = {name: administrator(database, name) for name in ("a", "b", "vang", "khoa")}
    substitute = person_at(database, place("chat-thay", "thay"), STAMP)
    roles.be_absent(database, known["vang"], later(days=9), substitute)
    people.hold(database, known["khoa"], CONSOLE, STAMP)
    replies = upkeep.health(context, MACHINE)
    assert [reply.to.sender for reply in replies if reply.to] == ["a", "b", "thay"]


def test_without_an_administrator_nobody_is_told(context: Context) -> None:
    assert upkeep.health(context, MACHINE) == []


# The weekly line


def test_the_weekly_line_tells_how_the_last_seven_days_went(told: Context) -> None:
    database = told.database
    tallies.count(database, "2026-11-13", "answered")
    for name in ("answered", "not found", "no wording", "small talk", "empty", "refused"):
        tallies.count(database, "2026-11-14", name)
    for days, state in ((-8, "failed"), (-1, "failed"), (-1, "unknown"), (-2, "sent")):
        number = outbox.put(database, "vidu", "bot-1", f"chat{days}{state}", ANSWER, {"text": "x"}, STAMP)
        (row,) = outbox.claim(database, [number], "a", later(hours=1))
        outbox.end(database, row, state, later(days=days))
    for state in ("listed", "pending", "left"):
        person = person_at(database, place(state, state), STAMP)
        members.put(database, person, name=state, folded=state, position="", code=state, state=state, now=STAMP)
    assert said(upkeep.health(told, MACHINE)) == "\n".join(
        [
            "Trợ lý trong tuần 14/11 đến 21/11",
            "• Câu hỏi: 4, chưa có câu trả lời: 2",
            "• Tin đã gửi: 1, không tới nơi hoặc không rõ: 2",
            "• Đã tham gia: 1 người, trong danh sách 3",
            "• Bản sao lưu mới nhất: 12:00 20/11/2026",
            "• Ổ đĩa còn 41.3 GB",
        ]
    )


def test_what_needs_a_hand_is_said(told: Context) -> None:
    database = told.database
    for number in range(2):
        inbox.record(database, "vidu", "bot-1", str(number), STAMP, "text")
        inbox.amend(database, "vidu", "bot-1", str(number), error="ValueError")
    jobs.plan(database, "vidu", "x", STAMP, STAMP)
    job = jobs.claim(database, ["vidu"], "a", STAMP, STAMP)
    assert job
    jobs.retry(database, job, later(hours=1), "ValueError")
    line = said(upkeep.health(told, Machine(NOW - dt.timedelta(days=3), 0.4, low=True)))
    assert "Bản sao lưu mới nhất đã cũ: 10:00 18/11/2026" in line
    assert "Ổ đĩa chỉ còn 0.4 GB" in line
    assert "Việc bị lỗi: 3" in line
    assert "Chưa có bản sao lưu" in said(upkeep.health(told, replace(MACHINE, backup=None)))


def test_it_fits_on_one_screen(told: Context) -> None:
    line = said(upkeep.health(told, Machine(None, 0.4, low=True)))
    assert len(line) < 500
    assert line.count("\n") < 8


def test_the_machine_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(_env_file=None, data=tmp_path)
    found = bot_upkeep.machine(settings)
    assert (found.backup, found.low) == (None, False)
    assert found.free > 0
    monkeypatch.setattr(bot_upkeep, "LOW_DISK_GB", 1e9)
    assert bot_upkeep.machine(settings).low


# That the bot was off


def outage(context: Context, since: str, until: str) -> list[Reply]:
    times = {
        name: dt.datetime.fromisoformat(time).replace(tzinfo=VIETNAM).astimezone(dt.UTC).isoformat()
        for name, time in (("since", since), ("until", until))
    }
    return upkeep.outage(context, times)


def test_a_pause_in_the_day_is_told_and_nothing_was_lost(told: Context) -> None:
    assert said(outage(told, "2026-11-20 09:00", "2026-11-20 11:30")) == (
        "Trợ lý tắt từ 09:00 20/11/2026 đến 11:30 20/11/2026. Tin gửi trong lúc đó vẫn còn và được trả lời ngay."
        " Việc hẹn giờ trong lúc đó được làm bây giờ hoặc báo riêng."
    )


def test_after_more_than_a_day_it_is_said_what_may_have_been_lost(told: Context) -> None:
    line = said(outage(told, "2026-11-20 17:00", "2026-11-23 07:30"))
    assert "từ 17:00 20/11/2026 đến 07:30 23/11/2026" in line
    assert "tin gửi trước 07:30 22/11/2026 có thể đã mất" in line


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        # Friday is the 20th. A night:
        ("2026-11-19 17:30", "2026-11-20 07:30", False),
        ("2026-11-19 16:45", "2026-11-20 08:10", False),
        ("2026-11-19 16:45", "2026-11-20 08:15", True),
        # In the day:
        ("2026-11-20 10:00", "2026-11-20 10:29", False),
        ("2026-11-20 10:00", "2026-11-20 10:30", True),
        ("2026-11-20 19:00", "2026-11-20 22:00", False),
        # At the weekend, of a day or less:
        ("2026-11-21 08:00", "2026-11-21 17:00", False),
        ("2026-11-20 17:30", "2026-11-21 17:30", False),
        ("2026-11-20 17:30", "2026-11-21 17:31", True),
        ("2026-11-20 17:00", "2026-11-23 07:30", True),
    ],
)
def test_a_night_is_nothing_to_tell(told: Context, since: str, until: str, expected: bool) -> None:
    times = [dt.datetime.fromisoformat(time).replace(tzinfo=VIETNAM) for time in (since, until)]
    assert matters(times[0], times[1]) is expected
    assert bool(outage(told, since, until)) is expected


def planned(database: Database) -> list[str]:
    return [row["data"] for row in database.rows("SELECT data FROM jobs WHERE kind = 'upkeep.outage' ORDER BY id")]


def test_a_pause_is_told_once_however_often_the_bot_is_started_then(database: Database) -> None:
    beat(database, NOW)
    assert planned(database) == []
    for minutes in (0, 9, 18, 28, 29, 30):
        beat(database, NOW + dt.timedelta(minutes=minutes))
    assert planned(database) == [f'{{"since":"{later(minutes=18)}","until":"{later(minutes=28)}"}}']
    assert heartbeats.last(database, heartbeats.RUNNING) == later(minutes=30)


def test_a_clock_that_cannot_be_right_makes_no_pause(database: Database) -> None:
    beat(database, NOW)
    beat(database, NOW.replace(year=2000))
    assert heartbeats.last(database, heartbeats.RUNNING) == STAMP
    beat(database, NOW + dt.timedelta(minutes=1))
    beat(database, NOW - dt.timedelta(hours=1))
    beat(database, NOW - dt.timedelta(minutes=59))
    assert planned(database) == []


def test_it_beats_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL", 0.01)
    caplog.set_level(logging.WARNING)
    worker, clock = Worker(tmp_path / "ungxu.db"), Clock()

    async def run() -> None:
        await worker.run(Database.run, "PRAGMA busy_timeout=0")
        with locked(tmp_path / "ungxu.db"):
            task = asyncio.create_task(keep_beating(worker, clock))
            while "storage busy" not in caplog.text:
                await asyncio.sleep(0.01)
        while await worker.run(heartbeats.last, heartbeats.RUNNING) != later(minutes=1):
            clock.now = NOW + dt.timedelta(minutes=1)
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    worker.close()
    assert "storage busy, no heartbeat" in caplog.text


# That data was put back


def test_it_is_told_from_when_the_data_is(told: Context) -> None:
    line = said(upkeep.restored(told, {"from": later(hours=-3), "at": STAMP}))
    assert line.startswith("Lúc 10:00 21/11/2026 dữ liệu được khôi phục từ bản sao lưu 07:00 21/11/2026.")
    assert "không rõ lúc nào" in said(upkeep.restored(told, {"from": "", "at": STAMP}))


# Keys


def test_it_is_told_when_the_old_keys_are_needed_no_more(told: Context) -> None:
    assert "Có thể bỏ các khóa cũ" in said(upkeep.resealed(told, {"closed": 0, "days": 30}))
    assert "2 phần tệp không khóa nào mở được" in said(upkeep.resealed(told, {"closed": 2, "days": 30}))


# Together


def kinds(worker: Worker, tmp_path: Path, *keys: str, **settings: str) -> dict[str, Kind | Errand]:
    given = Settings(_env_file=None, data=tmp_path, **settings)
    return dict(bot_upkeep.kinds(given, worker, make_box(keys), Clock()))


def test_everything_has_its_time_and_can_be_turned_off(tmp_path: Path) -> None:
    worker = Worker(tmp_path / "ungxu.db")
    found = kinds(worker, tmp_path)
    assert {name: kind.recurs for name, kind in found.items() if kind.recurs} == {
        "upkeep.backup": Recurrence(dt.time(12)),
        "upkeep.health": Recurrence(dt.time(8), weekday=0),
    }
    found = kinds(worker, tmp_path, backup_time="off", health_time="off")
    assert not any(kind.recurs for kind in found.values())
    worker.close()


def test_every_kind_finds_its_words(tmp_path: Path, told: Context) -> None:
    worker = Worker(tmp_path / "khac.db")
    data = {"since": later(days=-9), "until": STAMP, "from": STAMP, "at": STAMP, "closed": 0, "days": 30}
    data |= {"account": "10001", "used": 2400, "monthly": 3000}
    for kind in kinds(worker, tmp_path).values():
        if isinstance(kind, Kind):
            assert said(kind.run(Due("x", NOW, data), told))
    worker.close()


def test_files_are_encrypted_anew_when_a_key_is_put_in_front(tmp_path: Path) -> None:
    worker = Worker(tmp_path / "ungxu.db")
    old, new = new_key(), new_key()

    async def run() -> None:
        before, after = make_box([old]), make_box([new, old])
        assert before
        assert after
        blob = await FileStore(worker, before, lambda: STAMP).write(b"anh vi du", "image/png")
        await worker.write(blobs.complete, blob)
        for box, wanted in ((None, 0), (before, 0), (after, 1)):
            await worker.write(bot_upkeep.plan_reseal, box, STAMP)
            assert len(await worker.run(Database.rows, "SELECT 1 FROM jobs")) == wanted
        errand = kinds(worker, tmp_path, new, old)["upkeep.reseal"]
        assert isinstance(errand, Errand)
        await errand.run()
        only = make_box([new])
        assert only
        assert await FileStore(worker, only, lambda: STAMP).read(blob) == b"anh vi du"
        await worker.write(jobs.drop, "upkeep.reseal", "files")
        await worker.write(bot_upkeep.plan_reseal, after, STAMP)
        (job,) = await worker.run(Database.rows, "SELECT kind, data FROM jobs")
        assert job == {"kind": "upkeep.resealed", "data": '{"closed":0,"days":30}'}
        without = kinds(worker, tmp_path)["upkeep.reseal"]
        assert isinstance(without, Errand)
        await without.run()

    asyncio.run(run())
    worker.close()


def test_a_running_bot_beats_and_makes_the_backup_that_was_missed(
    telegram_settings: Settings, documents_loaded_once: None
) -> None:
    with running(telegram_settings):
        eventually(telegram_settings, "SELECT name FROM heartbeats", [{"name": "running"}])
        eventually(
            telegram_settings,
            "SELECT kind FROM jobs WHERE kind LIKE 'upkeep.%' ORDER BY kind",
            [{"kind": "upkeep.backup"}, {"kind": "upkeep.health"}],
        )
    database = Database(telegram_settings.data / "ungxu.db")
    database.run("UPDATE jobs SET planned_at = :then, due_at = :then WHERE kind = 'upkeep.backup'", {"then": STAMP})
    database.run("UPDATE heartbeats SET at = :then", {"then": (NOW - dt.timedelta(days=3)).isoformat()})
    person = administrator(database, "a")
    assert people.reached_at(database, person)
    database.close()
    with running(telegram_settings):
        eventually(telegram_settings, "SELECT channel, class FROM outbox", [{"channel": "vidu", "class": REPORT}])
        wait_until(lambda: list((telegram_settings.data / "backups").glob("ungxu-*.db")))
        eventually(telegram_settings, "SELECT error FROM jobs WHERE attempts > 0", [])
    assert len(list((telegram_settings.data / "backups").glob("ungxu-*.db"))) == 1
    assert rows(telegram_settings, "SELECT count(*) AS n FROM jobs WHERE kind = 'upkeep.outage'") == [{"n": 0}]
