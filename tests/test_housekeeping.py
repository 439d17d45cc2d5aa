from __future__ import annotations

import asyncio
import datetime as dt
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot import housekeeping
from bot.housekeeping import keep_tidy, rules, tidy
from bot.worker import Worker
from handlers.conversation import Outcome
from handlers.plan import month
from handlers.retention import Retention, bounds
from storage import (
    approvals,
    audit,
    blobs,
    boards,
    bots,
    broadcasts,
    chats,
    consents,
    destinations,
    dialogues,
    fetches,
    forwards,
    freezing,
    imports,
    inbox,
    informing,
    invitations,
    links,
    members,
    oa_tokens,
    outbox,
    people,
    personal,
    polls,
    questions,
    quiz_attempts,
    quiz_counts,
    quiz_people,
    quiz_practice,
    quiz_rounds,
    quizzes,
    report_attempts,
    report_facts,
    report_files,
    reports,
    roles,
    selections,
    tallies,
    units,
    uploads,
    usage,
    windows,
)
from storage.audit import CONSOLE
from storage.database import Database
from storage.dialogues import Dialogue
from storage.errors import StorageBusy
from storage.imports import StagedRow, StagedUnit
from storage.outbox import ANSWER
from storage.people import person_at
from storage.polls import SentPoll
from storage.quiz_counts import Count
from storage.reports import Draft
from tests.helpers import NOW, STAMP, Clock, later, place, shown_menu
from tests.waiting import PATIENCE

KEEP = Retention()

# What names a person, in whichever table, or the chat he writes in.
PERSONAL = re.compile(r"(person|actor|listed|substitute)_id|\w+_by|chat|sender|position")

# How long each table keeps a row that nothing else needs.
TABLES = {
    "inbox": dt.timedelta(days=30),
    "menus": dt.timedelta(hours=24),
    "outbox": dt.timedelta(days=30),
    "fetches": dt.timedelta(days=30),
    "blobs": dt.timedelta(days=1),
    "blob_parts": dt.timedelta(days=730),
    "uploads": dt.timedelta(days=730),
    "reports": dt.timedelta(days=365),
    "report_events": dt.timedelta(days=365),
    "forwards": dt.timedelta(days=365),
    "report_facts": dt.timedelta(days=1825),
    "report_files": dt.timedelta(days=7),
    "report_attempts": dt.timedelta(hours=2),
    "questions": dt.timedelta(days=365),
    "tallies": dt.timedelta(days=365),
    # Kept by month, of which this one began on the first.
    "usage": dt.timedelta(days=365 - 20),
    "dialogues": dt.timedelta(days=7),
    "join_requests": dt.timedelta(days=90),
    "invitations": dt.timedelta(days=730),
    "claims": dt.timedelta(days=730),
    "absences": dt.timedelta(days=0),
    "roles": dt.timedelta(days=730),
    "approvals": dt.timedelta(days=730),
    "audit": dt.timedelta(days=730),
    "consents": dt.timedelta(days=730),
    "imports": dt.timedelta(days=730),
    "import_rows": dt.timedelta(days=7),
    "import_units": dt.timedelta(days=7),
    "import_leavers": dt.timedelta(days=7),
    "quiz_answers": dt.timedelta(days=1095),
    "quiz_attempts": dt.timedelta(days=1095),
    "quiz_people": dt.timedelta(days=1095),
    "quiz_counts": dt.timedelta(days=1095),
    "quiz_practice": dt.timedelta(days=1095),
    "quiz_round_questions": dt.timedelta(days=1095),
    "quiz_rounds": dt.timedelta(days=1095),
    "quiz_questions": dt.timedelta(days=1095),
    "memberships": dt.timedelta(days=1825),
    "members": dt.timedelta(days=30),
    "closed_chats": dt.timedelta(days=180),
    "destinations": dt.timedelta(days=180),
    "addresses": dt.timedelta(days=365),
    "people": dt.timedelta(days=1),
    "windows": dt.timedelta(days=8),
    "link_codes": dt.timedelta(days=1),
    "link_tries": dt.timedelta(days=1),
    "homes": dt.timedelta(days=365),
    "led_away": dt.timedelta(days=365),
    "oa_tokens": dt.timedelta(days=7),
    "boards": dt.timedelta(days=30),
    "polls": dt.timedelta(days=30),
    "broadcasts": dt.timedelta(days=1825),
    "recipients": dt.timedelta(days=1825),
    "broadcast_sums": dt.timedelta(days=1825),
    "broadcast_units": dt.timedelta(days=1825),
    "opt_outs": dt.timedelta(days=30),
}
BY_DAY = ("questions", "tallies", "usage", "absences", "memberships")


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    opened = Worker(tmp_path / "ungxu.db")
    yield opened
    opened.close()


def fill(database: Database, table: str, at: dt.datetime) -> None:
    """Put one row of a kind that is deleted one day, as it was written at a time."""
    now, day = at.isoformat(), at.date().isoformat()
    if table in ("people", "memberships", "members", "roles", "absences", "consents", "join_requests", "opt_outs"):
        # Somebody without an address; but for his own table, he was met just now.
        person = people.create(database, now if table == "people" else "9999")
    else:
        person = person_at(database, place(), now)
    unit = units.create(database, "Phòng Ví Dụ", "phong vi du", None, day)
    match table:
        case "inbox":
            inbox.record(database, "vidu", "bot-1", now, now, "text")
        case "menus":
            shown_menu(database, place(), [], now)
        case "outbox":
            (row,) = outbox.claim(database, [shown_menu(database, place(), [], now)], "a", now)
            outbox.end(database, row, "sent", now)
        case "fetches":
            fetches.put(database, place(), person, {}, {}, now)
            fetch = fetches.claim(database, "vidu", "bot-1", "a", now, now)
            assert fetch is not None
            fetches.end(database, fetch, "lost", now)
        case "blobs":
            blobs.begin(database, "image/png", 1, 1, now)
        case "blob_parts":
            number = blobs.begin(database, "image/png", 1, 1, now)
            blobs.put_part(database, number, 0, b"x")
            blobs.complete(database, number)
        case "uploads":
            number = blobs.begin(database, "image/png", 1, 1, now)
            blobs.complete(database, number)
            uploads.keep(database, number, "vidu", "bot-1", "photo", "x")
        case "boards":
            (row,) = outbox.claim(database, [shown_menu(database, place(), [], now)], "a", now)
            outbox.end(database, row, "sent", now)
            boards.remember(database, "x", place(), row.id)
        case "polls":
            polls.remember(database, SentPoll("vidu", "bot-1", place().chat, now, 1, "quiz.vote", {}), "quiz.1.0", now)
        case "broadcasts":
            broadcasts.create(database, None, {}, {}, 1, now)
        case "recipients" | "broadcast_sums" | "broadcast_units":
            member(database, person, "joined", now)
            number = broadcasts.create(database, None, {}, {}, 1, now)
            broadcasts.begin(database, number, 1, now)
            freezing.freeze(database, number, selections.EVERYBODY, day, 0, 10)
            informing.count(database, number, 0, 10)
            broadcasts.move(database, number, "done", now)
        case "opt_outs":
            member(database, person, "left", now)
            broadcasts.opt_out(database, person, now)
        case "questions":
            questions.count(database, "asked", folded=now, text="x", outcome="not found", shown=[], day=day)
        case "usage":
            usage.count(database, "zalo", "10001", month(at), sent=1)
        case "tallies":
            tallies.count(database, day, "answered")
        case "dialogues":
            dialogues.keep(database, place(), person, Dialogue("join", "name", {}), now)
        case "join_requests":
            invitations.ask(database, person, None, unit, now)
        case "invitations":
            invitations.invite(database, "ABC", unit, person, now, now)
        case "claims":
            invitations.add_claim(database, "x", now, now)
        case "absences":
            roles.be_absent(database, person, day, None)
        case "roles":
            roles.give(database, person, "contact", unit, CONSOLE, now)
            roles.take_all(database, person, CONSOLE, now)
        case "approvals":
            approvals.ask(database, "unit.close", {"unit": unit}, unit, person, now)
        case "audit":
            audit.record(database, now, person, "unit.close")
        case "consents":
            consents.give(database, person, "membership", now)
            consents.withdraw(database, person, None, now)
        case "imports":
            imports.refuse(database, imports.begin(database, CONSOLE, now), now)
        case "import_rows":
            row = StagedRow(1, None, "CB01", "Trần Ví Dụ", "x", "", unit)
            imports.stage(database, imports.begin(database, CONSOLE, now), [row])
        case "import_units":
            imports.stage(database, imports.begin(database, CONSOLE, now), [StagedUnit(1, "Phòng Ví Dụ", "x")])
        case "import_leavers":
            imports.stage(database, imports.begin(database, CONSOLE, now), [person])
        case "memberships":
            members.transfer(database, person, unit, "2000-01-01")
            members.transfer(database, person, None, day)
        case "members":
            member(database, person, "left", now)
        case "closed_chats":
            chats.close(database, "vidu", "bot-1", "chat-2", "left", now)
        case "destinations":
            destinations.name(database, "nhom-vi-du", place("nhom-2"), now)
            chats.close(database, "vidu", "bot-1", "nhom-2", "left", now)
        case "windows":
            windows.opened(database, "vidu", "bot-1", "chat-2", now)
        case "reports" | "report_events" | "report_facts" | "forwards":
            # Not in the way of what is counted, which stays longer.
            report = reports.add(database, Draft("lost", reporter_id=person), None, now)
            reports.change(database, report, state="resolved", closed_at=now, kept_from=now)
            reports.record(database, report, now, person, "resolved")
            forwards.add(database, report, "contact", "vidu", now)
            if table == "report_facts":
                report_facts.delete(database, report)
        case "report_files":
            report_files.expect_file(database, None, person, now)
        case "report_attempts":
            report_attempts.attempt(database, person, "report", now)
        case "oa_tokens":
            oa_tokens.start_over(database, "vidu", b"a", b"r", now, now)
            oa_tokens.succeed(database, oa_tokens.pairs(database, "vidu")[0].number, "vidu", b"b", b"s", now, now)
            # The pair that it became is used on and on.
            database.run("DELETE FROM oa_tokens WHERE spent_at IS NULL")
        case "link_codes":
            links.make(database, "x", person, place(), now, now)
        case "link_tries":
            links.tried(database, person, now, now)
        case "homes":
            bots.settle(database, person, "vidu", "bot-1", now)
        case "led_away":
            bots.lead_away(database, "vidu", "bot-1", "chat-2", now)
        case "quiz_questions":
            bank = quizzes.create_bank(database, now, now, now)
            quizzes.retire_question(database, quizzes.add_question(database, bank, 0, "x", {}, ""), now)
        case "quiz_practice":
            bank = quizzes.create_bank(database, now, now, now)
            question = quizzes.add_question(database, bank, 0, "x", {}, "")
            quiz_practice.ask(database, person, question, now[:10], now)
        case "quiz_rounds" | "quiz_round_questions" | "quiz_people" | "quiz_counts" | "quiz_attempts" | "quiz_answers":
            bank = quizzes.create_bank(database, now, now, now)
            question = quizzes.add_question(database, bank, 0, "x", {}, "")
            quiz = quiz_rounds.create(database, bank, "Đợt", {}, [question], now, now, CONSOLE, now)
            quiz_rounds.set_state(database, quiz, "closed")
            quiz_people.add(database, quiz, person, unit)
            attempt = quiz_attempts.begin(database, quiz, person, unit, 1, [(question, (0, 1))], now)
            quiz_attempts.show(database, attempt, 0, question, now)
            quiz_counts.add(database, quiz, [Count(unit, 0, "begun", 0.0, 0.0)])
        case "people" | "addresses":
            pass
        case _:
            raise AssertionError(table)


def member(database: Database, person: int, state: members.State, now: str) -> None:
    members.put(database, person, name="Trần Ví Dụ", folded="x", position="", code=None, state=state, now=now)


def ignored(database: Database, outcome: Outcome, at: dt.datetime) -> None:
    """What is told to nobody."""


def write(worker: Worker, act: Any, *args: Any) -> Any:
    return asyncio.run(worker.write(act, *args))


def clean(worker: Worker, now: dt.datetime, told: list[Outcome] | None = None, keep: Retention = KEEP) -> int:
    """Tidy once; return how many rows."""

    def happened(database: Database, outcomes: Sequence[Outcome], at: dt.datetime) -> None:
        assert at == now
        assert told is not None
        told.extend(outcomes)

    return asyncio.run(tidy(worker, now, happened, keep))


def left(worker: Worker, table: str) -> int:
    return len(write(worker, Database.rows, f"SELECT 1 FROM {table}"))


@pytest.mark.parametrize(("table", "keeps"), TABLES.items())
def test_everything_is_kept_as_long_as_it_may_be(worker: Worker, table: str, keeps: dt.timedelta) -> None:
    write(worker, fill, table, NOW)
    clean(worker, NOW + keeps)
    assert left(worker, table) == 1
    late = dt.timedelta(days=1) if table in BY_DAY else dt.timedelta(seconds=1)
    clean(worker, NOW + keeps + late)
    assert left(worker, table) == 0


@pytest.mark.parametrize("name", sorted(Retention.model_fields))
def test_an_office_keeps_it_as_long_as_it_says(name: str) -> None:
    """Each setting moves the time of some rule, and of no rule of another setting."""
    usual = rules(NOW, ignored, KEEP)
    days = bounds(name)[1] - (1 if getattr(KEEP, name) == bounds(name)[1] else 0)
    changed = rules(NOW, ignored, KEEP.model_copy(update={name: days}))
    moved = {
        (before.before, after.before)
        for before, after in zip(usual, changed, strict=True)
        if before.before != after.before
    }
    assert moved
    for before, after in moved:
        assert before[:10] == KEEP.since(name, NOW).date().isoformat()
        assert after[:10] == (NOW - dt.timedelta(days=days)).date().isoformat()


def personal_tables(database: Database) -> set[str]:
    """The tables that have a column which names a person or a chat, and that of people itself."""
    tables = [row["name"] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {"people", "import_rows"} | {
        table
        for table in tables
        if any(PERSONAL.fullmatch(row["name"]) for row in database.rows(f"PRAGMA table_info({table})"))
        or any(row["table"] == "people" for row in database.rows(f"PRAGMA foreign_key_list({table})"))
    }


def test_every_table_that_names_a_person_has_a_rule(worker: Worker) -> None:
    ruled = {table for rule in rules(NOW, ignored, KEEP) for table in rule.tables}
    assert write(worker, personal_tables) <= ruled
    assert ruled == set(TABLES)
    write(worker, Database.run, "CREATE TABLE new (read_by INTEGER)")
    write(worker, Database.run, "CREATE TABLE other (owner INTEGER REFERENCES people(id))")
    assert write(worker, personal_tables) - ruled == {"new", "other"}


# People


def test_who_has_left_is_nobody_after_a_while(worker: Worker) -> None:
    """Whoever goes on writing is a stranger, and nothing leads from him to what he was."""

    def put(database: Database) -> int:
        person = person_at(database, place(), STAMP)
        unit = units.create(database, "Phòng Ví Dụ", "x", None, "2026-01-01")
        member(database, person, "joined", STAMP)
        members.transfer(database, person, unit, "2026-01-01")
        roles.give(database, person, "contact", unit, CONSOLE, STAMP)
        consents.give(database, person, "membership", STAMP)
        roles.take_all(database, person, person, STAMP)
        members.transfer(database, person, None, "2026-11-21")
        members.set_state(database, person, "left", later(seconds=1))
        return person

    person = write(worker, put)
    clean(worker, NOW + dt.timedelta(days=30))
    assert left(worker, "members") == 1
    clean(worker, NOW + dt.timedelta(days=31))
    for table in ("members", "memberships"):
        assert left(worker, table) == 0
    (address,) = write(worker, Database.rows, "SELECT person_id FROM addresses")
    assert address["person_id"] != person
    assert [row["person_id"] for row in write(worker, Database.rows, "SELECT person_id FROM roles")] == [person]
    (consent,) = write(worker, Database.rows, "SELECT withdrawn_at FROM consents")
    assert consent["withdrawn_at"] == later(seconds=1)


def test_many_leave_in_small_parts(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal, "PEOPLE_AT_ONCE", 2)
    monkeypatch.setattr(housekeeping, "PAUSE", 0.0)

    def put(database: Database) -> None:
        for _ in range(5):
            member(database, people.create(database, STAMP), "left", STAMP)

    write(worker, put)
    clean(worker, NOW + dt.timedelta(days=40))
    assert (left(worker, "members"), left(worker, "people")) == (0, 0)


def test_a_member_stays_however_long_he_says_nothing(worker: Worker) -> None:
    def put(database: Database) -> None:
        member(database, person_at(database, place(), STAMP), "joined", STAMP)
        member(database, people.create(database, STAMP), "listed", STAMP)
        chats.close(database, "vidu", "bot-1", "chat-1", "blocked", STAMP)

    write(worker, put)
    clean(worker, NOW + dt.timedelta(days=4000))
    assert (left(worker, "members"), left(worker, "addresses"), left(worker, "closed_chats")) == (2, 1, 1)


def test_an_address_that_is_held_stays_held(worker: Worker) -> None:
    def put(database: Database) -> None:
        person = person_at(database, place(), STAMP)
        people.hold(database, person, CONSOLE, STAMP)
        member(database, person, "left", STAMP)
        chats.close(database, "vidu", "bot-1", "chat-1", "blocked", STAMP)

    write(worker, put)
    clean(worker, NOW + dt.timedelta(days=4000))
    assert left(worker, "members") == 0
    assert write(worker, people.is_held, place())


def test_who_wrote_in_a_group_that_is_gone_goes_with_it(worker: Worker) -> None:
    def put(database: Database) -> None:
        for sender in ("an", "binh"):
            person = person_at(database, place("nhom", sender), STAMP, in_group=True)
            member(database, person, "joined", STAMP)
        person_at(database, place("rieng", "an"), STAMP)
        chats.close(database, "vidu", "bot-1", "nhom", "left", STAMP)

    write(worker, put)
    clean(worker, NOW + dt.timedelta(days=181))
    assert [row["chat"] for row in write(worker, Database.rows, "SELECT chat FROM addresses")] == ["rieng"]
    assert left(worker, "closed_chats") == 0


def test_who_was_never_confirmed_is_not_known_by_name_any_more(worker: Worker) -> None:
    def put(database: Database) -> None:
        unit = units.create(database, "Phòng Ví Dụ", "x", None, "2026-01-01")
        for name in ("an", "binh"):
            person = person_at(database, place(name, name), STAMP)
            member(database, person, "pending", STAMP)
            members.transfer(database, person, unit, "2026-11-21")
            invitations.ask(database, person, None, unit, STAMP)
        members.set_state(database, person, "joined", STAMP)
        invitations.decide(database, 2, CONSOLE, True, STAMP)

    write(worker, put)
    clean(worker, NOW + dt.timedelta(days=91))
    rows = write(worker, Database.rows, "SELECT state FROM members")
    assert [row["state"] for row in rows] == ["joined"]
    assert (left(worker, "memberships"), left(worker, "join_requests")) == (1, 0)


def test_the_number_of_a_person_is_never_given_twice(worker: Worker) -> None:
    """What somebody did keeps his number: nobody may inherit it."""

    def put(database: Database) -> int:
        return people.create(database, STAMP)

    first = write(worker, put)
    clean(worker, NOW + dt.timedelta(days=2))
    assert left(worker, "people") == 0
    assert write(worker, put) > first


def test_what_nobody_sends_any_more_ends_without_its_text(worker: Worker) -> None:
    """Messages of an account or a window that is gone, two to a line."""
    for _ in range(2):
        write(worker, outbox.put, "cu", "bot-cu", "chat-1", ANSWER, {"text": "x"}, STAMP)
    clean(worker, NOW + dt.timedelta(days=9))
    assert [row["state"] for row in write(worker, Database.rows, "SELECT state FROM outbox")] == ["waiting", "queued"]
    late = NOW + dt.timedelta(days=11)
    clean(worker, late)
    rows = write(worker, Database.rows, "SELECT state, error, message, ended_at FROM outbox")
    assert [tuple(row.values()) for row in rows] == [("failed", "overdue", None, late.isoformat())] * 2


def test_the_job_that_asked_is_told_of_what_nobody_sends_any_more(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them once, however many there are."""
    monkeypatch.setattr(housekeeping, "MOST_TOLD", 2)
    monkeypatch.setattr(housekeeping, "PAUSE", 0.0)
    concerns = [{"job": "vidu", "number": number} for number in range(4)]

    def put(database: Database) -> None:
        for concern in [*concerns, None]:
            outbox.put(database, "cu", "bot-cu", "chat-1", ANSWER, {"text": "x"}, STAMP, concern=concern)

    write(worker, put)
    told: list[Outcome] = []
    clean(worker, NOW + dt.timedelta(days=11), told)
    assert told == [Outcome(concern, "failed", "overdue") for concern in concerns]
    clean(worker, NOW + dt.timedelta(days=12), told)
    assert len(told) == 4
    assert {row["concern"] for row in write(worker, Database.rows, "SELECT concern FROM outbox")} == {None}


def test_what_is_not_at_its_end_is_never_deleted(worker: Worker) -> None:
    def put(database: Database) -> None:
        person = person_at(database, place(), STAMP)
        outbox.put(
            database, "vidu", "bot-1", "chat-1", ANSWER, {"text": "x"}, (NOW + dt.timedelta(days=999)).isoformat()
        )
        fetches.put(database, place(), person, {}, {}, STAMP)
        roster = imports.begin(database, CONSOLE, STAMP)
        imports.stage(database, roster, [StagedRow(1, None, "CB01", "Trần Ví Dụ", "x", "", None)])
        imports.start(database, roster)

    write(worker, put)
    clean(worker, NOW + dt.timedelta(days=1000))
    assert [left(worker, table) for table in ("outbox", "fetches", "imports", "import_rows")] == [1, 1, 1, 1]


def test_much_is_deleted_in_small_parts(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "CHUNK", 3)
    monkeypatch.setattr(housekeeping, "PAUSE", 0.0)

    def put(database: Database) -> None:
        for number in range(10):
            inbox.record(database, "vidu", "bot-1", str(number), STAMP, "text")

    parts: list[int] = []
    purge = inbox.purge

    def counted(database: Database, before: str, limit: int) -> int:
        parts.append(purge(database, before, limit))
        return parts[-1]

    monkeypatch.setattr(inbox, "purge", counted)
    write(worker, put)
    assert clean(worker, NOW + dt.timedelta(days=31)) == 10
    assert parts == [3, 3, 3, 1]


def test_deleted_text_does_not_live_on_in_the_log(worker: Worker, tmp_path: Path) -> None:
    def put(database: Database) -> None:
        questions.count(
            database, "asked", folded="x", text="chuyen rieng", outcome="not found", shown=[], day="2026-11-21"
        )

    write(worker, put)
    clean(worker, NOW + dt.timedelta(days=400))
    for path in tmp_path.iterdir():
        assert b"chuyen rieng" not in path.read_bytes(), path.name


def test_it_tidies_again_and_again_until_it_is_cancelled(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A storage that is busy is waited for, and nothing is said where nothing was deleted."""
    monkeypatch.setattr(housekeeping, "INTERVAL", 0.001)
    caplog.set_level(logging.INFO)
    results: list[int | Exception] = [0, StorageBusy("x"), 7]
    times: list[dt.datetime] = []

    async def fake(worker: Worker, now: dt.datetime, happened: object, keep: Retention) -> int:
        assert (happened, keep) == (ignored, KEEP)
        times.append(now)
        result = results.pop(0) if results else 0
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(housekeeping, "tidy", fake)
    clock = Clock()

    async def run() -> None:
        task = asyncio.create_task(keep_tidy(worker, clock, ignored, KEEP))
        while len(times) < 5:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    assert set(times) == {clock.now}
    assert [record.getMessage() for record in caplog.records if record.name == "bot.housekeeping"] == [
        "storage busy, tidying waits",
        "deleted 7 old rows",
    ]
