"""`ungxu backup` and `ungxu restore`, as an administrator uses them."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot import backup
from bot.delivery import Delivery
from bot.explaining import TEXTS
from bot.files import FileStore, make_box, new_key
from bot.presence import Presence
from bot.settings import Settings
from bot.worker import Worker
from storage import blobs, broadcasts, heartbeats, menus, outbox, reports, snapshot
from storage.database import BACKUPS, FILE_NAME, Database
from storage.migrations import known_migrations
from storage.outbox import ANSWER, BROADCAST, REPORT
from storage.people import person_at
from tests.botapi.client import BotApi
from tests.helpers import NOW, STAMP, Clock, Ended, Messenger, later, one_clear_line, place, run_main, run_process
from tests.run_process import ROOT, process
from tests.test_kill import Load, expected
from tests.waiting import PATIENCE, wait_until

Run = Callable[..., Ended]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data of an office in which somebody has written."""
    folder = tmp_path / "data"
    database = Database(folder / FILE_NAME)
    person_at(database, place(), STAMP)
    database.close()
    return folder


@pytest.fixture
def run(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNGXU_DATA", str(data))
    return lambda *arguments: run_main(monkeypatch, *map(str, arguments))


def copies(folder: Path) -> list[Path]:
    return sorted(folder.glob("ungxu-*.db"))


def people(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM people").fetchone()
    return int(count)


# Backup


def test_a_backup_is_one_file_for_its_owner_alone_beside_the_database(run: Run, data: Path) -> None:
    ended = run("backup")
    (made,) = copies(data / BACKUPS)
    assert ended.code == 0
    assert str(made) in ended.out
    assert "UNGXU_SECRET_KEYS" in ended.out
    assert [path.name for path in (data / BACKUPS).iterdir()] == [made.name]
    assert snapshot.examine(made).people == 1
    if os.name == "posix":
        assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_its_name_is_the_time_of_the_office(data: Path) -> None:
    made = backup.make(Settings(_env_file=None, data=data), data / "khac", NOW)
    assert made == data / "khac" / "ungxu-20261121-100000.db"


def test_no_key_is_in_a_backup(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = new_key()
    monkeypatch.setenv("UNGXU_SECRET_KEYS", key)
    worker = Worker(data / FILE_NAME)
    box = make_box([key])
    assert box
    asyncio.run(FileStore(worker, box, lambda: STAMP).write(b"anh vi du", "image/png"))
    worker.close()
    assert run("backup").code == 0
    written = copies(data / BACKUPS)[0].read_bytes()
    assert key.encode() not in written
    assert b"anh vi du" not in written


def test_a_folder_may_be_given(run: Run, data: Path, tmp_path: Path) -> None:
    assert run("backup", tmp_path / "the nho").code == 0
    assert len(copies(tmp_path / "the nho")) == 1
    assert not (data / BACKUPS).exists()


def test_what_cannot_be_done_is_one_clear_line(run: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "tep").touch()
    assert "không ghi được" in one_clear_line(run("backup", tmp_path / "tep"))
    (data / FILE_NAME).write_bytes(b"hong" * 5000)
    assert "không dùng được" in one_clear_line(run("backup"))
    (data / FILE_NAME).unlink()
    assert one_clear_line(run("backup")) == TEXTS("cli.error", message=TEXTS("cli.no_database", path=data / FILE_NAME))
    assert not (data / FILE_NAME).exists(), "nor is one made"
    assert copies(data / BACKUPS) == []


def aged(folder: Path, days: float, what: str = "") -> Path:
    """A file of a copy that was made some days before NOW."""
    folder.mkdir(exist_ok=True)
    at = NOW - dt.timedelta(days=days)
    file = folder / snapshot.file_name(at, what)
    file.touch()
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file


def test_the_newest_few_are_kept_and_none_for_too_long(tmp_path: Path) -> None:
    files = [aged(tmp_path, days) for days in (1, 2, 3, 31)]
    before, replaced, old_replaced = (
        aged(tmp_path, 2.5, "before-m0003"),
        aged(tmp_path, 0.5, backup.REPLACED),
        aged(tmp_path, 31, backup.REPLACED),
    )
    other = tmp_path / "khac.db"
    other.touch()
    backup.tidy(tmp_path, 3, NOW)
    assert set(tmp_path.iterdir()) == {*files[:2], before, replaced, other}
    assert not old_replaced.exists()


def test_the_only_backup_is_never_too_old(tmp_path: Path) -> None:
    only = aged(tmp_path, 400)
    backup.tidy(tmp_path, 7, NOW)
    assert only.exists()


def test_what_a_cut_off_backup_left_goes_after_a_day(tmp_path: Path) -> None:
    parts = [path.rename(path.with_name(path.name + ".part")) for path in (aged(tmp_path, 0.5), aged(tmp_path, 2))]
    backup.tidy(tmp_path, 7, NOW)
    assert list(tmp_path.iterdir()) == parts[:1]


def test_the_age_of_the_newest_is_known(tmp_path: Path) -> None:
    assert backup.newest(tmp_path / "khong co") is None
    for days, what in ((3, ""), (2, "before-m0003"), (1, backup.REPLACED)):
        aged(tmp_path, days, what)
    assert backup.newest(tmp_path) == NOW - dt.timedelta(days=2)


def test_the_daily_one_leaves_nothing_where_the_bot_is_stopped(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    taken = snapshot.take

    def take(source: Path, target: Path, now: str, stop: threading.Event) -> None:
        begun.set()
        assert stop.wait(PATIENCE)
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("CREATE TABLE much AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                               " WHERE i < 100000) SELECT i FROM n")  # fmt: skip
            connection.commit()
        taken(source, target, now, stop)

    monkeypatch.setattr(snapshot, "take", take)

    async def stopped() -> None:
        task = asyncio.create_task(backup.make_daily(Settings(_env_file=None, data=data)))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopped())
    assert list((data / BACKUPS).iterdir()) == []


# Restore


@pytest.fixture
def made(run: Run, data: Path) -> Path:
    """A backup, after which another person has written."""
    assert run("backup").code == 0
    (file,) = copies(data / BACKUPS)
    database = Database(data / FILE_NAME)
    person_at(database, place("chat-2", "nguoi-khac"), STAMP)
    database.close()
    return file


def test_a_backup_takes_the_place_of_the_database_and_the_other_is_kept(run: Run, data: Path, made: Path) -> None:
    ended = run("restore", made, "--yes")
    assert ended.code == 0, ended.err
    assert people(data / FILE_NAME) == 1
    assert sorted(path.name for path in data.iterdir()) == [BACKUPS, FILE_NAME]
    (kept,) = [file for file in copies(data / BACKUPS) if file.stem.endswith(backup.REPLACED)]
    assert people(kept) == 2
    assert str(kept) in ended.out
    assert TEXTS("cli.restore_lost") in ended.out
    if os.name == "posix":
        assert stat.S_IMODE((data / FILE_NAME).stat().st_mode) == 0o600
    assert snapshot.examine(made).people == 1
    assert run("doctor").code == 0


def test_no_number_that_people_know_is_given_again(run: Run, data: Path) -> None:
    def report() -> int:
        database = Database(data / FILE_NAME)
        try:
            return reports.add(database, reports.Draft("lost"), None, STAMP)
        finally:
            database.close()

    first = report()
    assert run("backup").code == 0
    (made,) = copies(data / BACKUPS)
    # Its number was told, and the button under the broadcast was shown.
    lost = report()
    database = Database(data / FILE_NAME)
    sent = broadcasts.create(database, None, {"text": "x"}, {"kind": "everybody"}, 1, STAMP)
    database.close()
    assert run("restore", made, "--yes").code == 0
    assert report() > lost == first + 1
    database = Database(data / FILE_NAME)
    assert broadcasts.create(database, None, {"text": "x"}, {"kind": "everybody"}, 1, STAMP) > sent
    database.close()


def test_on_another_machine_it_is_there_whole(
    run: Run, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder, other paths, nothing there before; and files are opened once the key is."""
    key = new_key()
    monkeypatch.setenv("UNGXU_SECRET_KEYS", key)
    worker = Worker(tmp_path / "data" / FILE_NAME)
    box = make_box([key])
    assert box
    blob = asyncio.run(FileStore(worker, box, lambda: STAMP).write(b"anh vi du", "image/png"))
    asyncio.run(worker.write(blobs.complete, blob))
    worker.close()
    assert run("backup", tmp_path / "the nho").code == 0
    (carried,) = copies(tmp_path / "the nho")
    there = tmp_path / "may khac" / "dữ liệu"
    monkeypatch.setenv("UNGXU_DATA", str(there))
    for given, missing in ((new_key(), True), ("", True), (key, False)):
        monkeypatch.setenv("UNGXU_SECRET_KEYS", given)
        ended = run("restore", carried, "--yes")
        assert ended.code == 0, ended.err
        assert (TEXTS("cli.restore_keys", count=1) in ended.out) is missing
    worker = Worker(there / FILE_NAME)
    assert asyncio.run(FileStore(worker, box, lambda: STAMP).read(blob)) == b"anh vi du"
    worker.close()
    assert people(there / FILE_NAME) == 2


def test_without_a_yes_nothing_is_done(run: Run, data: Path, made: Path) -> None:
    before = (data / FILE_NAME).read_bytes()
    ended = run("restore", made)
    assert ended.code == 1
    assert TEXTS("cli.restore_ask_yes") in ended.err
    assert str(data / FILE_NAME) in ended.out
    assert (data / FILE_NAME).read_bytes() == before
    assert len(copies(data / BACKUPS)) == 1


def test_while_a_bot_lives_on_the_data_nothing_is_done(run: Run, data: Path, made: Path) -> None:
    presence = Presence(data)
    try:
        assert one_clear_line(run("restore", made, "--yes")) == TEXTS(
            "cli.error", message=TEXTS("cli.restore_running", data=data)
        )
    finally:
        presence.close()
    assert people(data / FILE_NAME) == 2


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda file: file.write_bytes(b"hong" * 5000), "không dùng được"),
        (lambda file: file.write_bytes(file.read_bytes()[:-8192]), "không dùng được"),
        (lambda file: file.unlink(), "Không có tệp"),
    ],
    ids=["other", "cut", "gone"],
)
def test_a_backup_that_is_no_good_replaces_nothing(
    run: Run, data: Path, made: Path, harm: Callable[[Path], object], said: str
) -> None:
    harm(made)
    assert said in one_clear_line(run("restore", made, "--yes"))
    assert people(data / FILE_NAME) == 2
    assert sorted(path.name for path in data.iterdir()) == [BACKUPS, FILE_NAME]


def test_the_database_itself_is_no_backup_of_it(run: Run, data: Path, made: Path) -> None:
    assert TEXTS("cli.restore_itself") in one_clear_line(run("restore", data / FILE_NAME, "--yes"))


def test_a_full_disk_leaves_everything_as_it_was(
    run: Run, data: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, to: Path) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(snapshot, "rename", full)
    ended = run("restore", made, "--yes")
    assert (ended.code, "No space left" in ended.err) == (1, True)
    assert people(data / FILE_NAME) == 2
    assert not (data / "ungxu.db.new").exists()


def test_a_damaged_database_is_replaced_too(run: Run, data: Path, made: Path) -> None:
    """It is what backups are for."""
    (data / FILE_NAME).write_bytes(b"hong" * 5000)
    assert run("restore", made, "--yes").code == 0
    assert people(data / FILE_NAME) == 1
    (kept,) = [file for file in copies(data / BACKUPS) if file.stem.endswith(backup.REPLACED)]
    assert kept.read_bytes() == b"hong" * 5000


def test_an_older_backup_is_migrated_and_left_as_it_is(
    run: Run, data: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(made)) as connection:
        connection.execute("DROP TABLE tallies")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name >= 'm0003'")
        connection.commit()
    created: list[str] = []

    def create(database: object, statements: str) -> None:
        created.append(statements)

    monkeypatch.setattr("storage.migrations.steps.create", create)
    assert run("restore", made, "--yes").code == 0
    assert any("CREATE TABLE tallies" in statements for statements in created)
    assert len(snapshot.examine(made).migrations) == 2
    assert snapshot.examine(data / FILE_NAME).migrations == known_migrations()
    assert not [file for file in copies(data / BACKUPS) if "before" in file.name]


def test_what_had_waited_is_sent_as_its_class_may_be(run: Run, data: Path) -> None:
    """It may have been sent after the backup: an answer comes again and is counted so, a broadcast does not."""
    database = Database(data / FILE_NAME)
    for urgency in (ANSWER, REPORT, BROADCAST, BROADCAST):
        outbox.put(database, "vidu", "bot-1", f"chat-{urgency}", urgency, {"text": str(urgency)}, later(minutes=1))
    database.close()
    assert run("backup").code == 0
    assert run("restore", copies(data / BACKUPS)[0], "--yes").code == 0
    worker, messenger, clock = Worker(data / FILE_NAME), Messenger(), Clock()
    clock.advance(minutes=1)
    delivery = Delivery(worker, [messenger], clock=clock, monotonic=clock.monotonic)
    asyncio.run(delivery.drain())
    rows = asyncio.run(worker.run(Database.rows, "SELECT class, state, repeats FROM outbox ORDER BY id"))
    worker.close()
    assert [tuple(row.values()) for row in rows] == [
        (ANSWER, "sent", 1),
        (REPORT, "sent", 1),
        (BROADCAST, "unknown", 0),
        (BROADCAST, "unknown", 0),
    ]
    assert sorted(messenger.arrived) == [("chat-1", "1"), ("chat-2", "2")]


def test_buttons_from_after_the_backup_mean_nothing_else_now(run: Run, data: Path, made: Path) -> None:
    database = Database(data / FILE_NAME)
    shown = outbox.put(database, "vidu", "bot-1", "chat-1", ANSWER, {"text": "x"}, STAMP)
    database.close()
    assert run("restore", made, "--yes").code == 0
    database = Database(data / FILE_NAME)
    assert outbox.put(database, "vidu", "bot-1", "chat-1", ANSWER, {"text": "x"}, STAMP) > shown
    assert menus.get(database, shown, place(), 1) is None
    database.close()


def test_administrators_will_be_told_and_not_that_the_bot_was_off(run: Run, data: Path, made: Path) -> None:
    assert run("restore", made, "--yes").code == 0
    database = Database(data / FILE_NAME)
    (job,) = database.rows("SELECT kind, data FROM jobs")
    last = heartbeats.last(database, heartbeats.RUNNING)
    database.close()
    assert job["kind"] == "upkeep.restored"
    assert last
    assert last in job["data"]
    assert snapshot.examine(made).taken_at in job["data"]


# Under load


def test_nothing_confirmed_before_a_backup_under_load_is_missing(api: BotApi, tmp_path: Path, full_size: bool) -> None:
    """Each backup is put back elsewhere and laid beside what people had seen when it was begun."""
    backups = 40 if full_size else 3
    load = Load(api, random.randrange(1 << 30))
    writing = threading.Thread(target=load.run)
    taken: list[tuple[Path, dict[int, int]]] = []
    with process(api, tmp_path, backup_time="off") as bot:
        writing.start()
        try:
            wait_until(lambda: sum(api.tally().values()) > 20)
            for number in range(backups):
                seen = api.tally()
                _ungxu(tmp_path, "data", "backup", str(tmp_path / f"sao-{number}"))
                (file,) = copies(tmp_path / f"sao-{number}")
                taken.append((file, seen))
                time.sleep(0.3)
        finally:
            load.stopped.set()
            writing.join()
        bot.kill()
    for file, seen in taken:
        there = file.parent / "may khac"
        _ungxu(tmp_path, str(there), "restore", str(file), "--yes")
        _compare(there / FILE_NAME, load, seen)


def _ungxu(folder: Path, data: str, *arguments: str) -> None:
    ended = run_process(*arguments, cwd=folder, env={"UNGXU_DATA": data, "PYTHONPATH": str(ROOT)})
    assert ended.code == 0, ended.err


def _compare(file: Path, load: Load, seen: dict[int, int]) -> None:
    """Every answer that somebody had seen is the answer to an event that is known, with all that it changed."""
    with closing(sqlite3.connect(file)) as database:
        ends = dict(database.execute("SELECT chat, count(*) FROM outbox GROUP BY chat"))
        asked = dict(database.execute("SELECT text, asked FROM questions"))
        (events,) = database.execute("SELECT count(*) FROM inbox WHERE outcome = 'handled'").fetchone()
        (checked,) = database.execute("PRAGMA integrity_check").fetchone()
    assert checked == "ok"
    assert events == sum(ends.values())
    for chat, count in seen.items():
        assert ends.get(str(chat), 0) >= count, chat
        answered = load.asked[chat][: ends[str(chat)]]
        for text in answered:
            if not expected(text).startswith("Khoản"):
                assert asked.get(text) == 1, text
