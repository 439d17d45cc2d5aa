"""Deletes what was kept as long as the office keeps it, in small parts so that nobody waits for it.

Messages that nobody sends any more are given up first, and the jobs that wrote them are told.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot import metrics
from bot.clock import Clock
from bot.dispatch import Happened
from bot.worker import Worker
from handlers.conversation import Outcome
from handlers.retention import Retention
from handlers.router import MENU_LIFE
from storage import (
    approvals,
    audit,
    blobs,
    boards,
    bots,
    broadcasts,
    consents,
    destinations,
    dialogues,
    fetches,
    imports,
    inbox,
    invitations,
    links,
    members,
    menus,
    oa_tokens,
    outbox,
    personal,
    polls,
    questions,
    quiz_practice,
    quiz_rounds,
    quizzes,
    report_attempts,
    report_facts,
    report_files,
    roles,
    tallies,
    usage,
    windows,
)
from storage.database import Database
from storage.errors import StorageBusy

log = logging.getLogger(__name__)

# Longer than any message is tried.
KEEP_UNSENT = dt.timedelta(days=10)
# Nobody may be written to any more whose window is that old.
KEEP_WINDOWS = dt.timedelta(days=8)
# Tokens are erased when they are spent; that there were some may help whoever looks for a fault.
KEEP_SPENT = dt.timedelta(days=7)
# A code that links two messengers is good for minutes.
KEEP_CODES = dt.timedelta(days=1)
# A file that is not complete by then never will be.
KEEP_INCOMPLETE = dt.timedelta(days=1)
# The rows of a roster that was not let go are of no use; those of one that was are taken off as they are done.
KEEP_ROSTER = dt.timedelta(days=7)
# Nobody is needed any more of whom nothing was kept since.
KEEP_NOBODY = dt.timedelta(days=1)

# Longer ago than the hour in which they are counted.
KEEP_ATTEMPTS = dt.timedelta(hours=2)

INTERVAL = 3600.0
# Rows deleted in one transaction, and the pause until the next.
CHUNK = 500
PAUSE = 0.05
# Jobs told of an end in one transaction: what each does takes longer than deleting a row.
MOST_TOLD = 50

Purge = Callable[[Database, str, int], int]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is deleted of some tables: all from before a time."""

    purge: Purge
    before: str
    tables: tuple[str, ...]


def rules(now: dt.datetime, happened: Happened, keep: Retention) -> list[Rule]:
    """Return what is deleted at a time, in this order; `happened` is told of messages that are given up."""

    def since(name: str) -> str:
        return keep.since(name, now).isoformat()

    def since_day(name: str) -> str:
        return keep.since(name, now).date().isoformat()

    overdue = partial(_give_up_overdue, now, happened)
    return [
        Rule(inbox.purge, since("events"), ("inbox",)),
        Rule(menus.purge, (now - MENU_LIFE).isoformat(), ("menus",)),
        Rule(overdue, (now - KEEP_UNSENT).isoformat(), ("outbox",)),
        Rule(outbox.purge, since("messages"), ("outbox",)),
        Rule(boards.purge, since("messages"), ("boards",)),
        Rule(polls.purge, since("messages"), ("polls",)),
        Rule(broadcasts.purge, since("broadcasts"), ("broadcasts", "recipients", "broadcast_sums", "broadcast_units")),
        Rule(fetches.purge, since("messages"), ("fetches",)),
        # Before the files, which go with their reports.
        Rule(report_facts.purge, since("reports"), ("reports", "report_events", "forwards")),
        Rule(report_facts.purge_facts, since("report_facts"), ("report_facts",)),
        Rule(report_files.purge_files, since("dialogues"), ("report_files",)),
        Rule(report_attempts.purge_attempts, (now - KEEP_ATTEMPTS).isoformat(), ("report_attempts",)),
        Rule(blobs.purge, since("files"), ("blobs", "uploads")),
        Rule(blobs.purge_incomplete, (now - KEEP_INCOMPLETE).isoformat(), ("blobs", "blob_parts")),
        Rule(questions.purge, since_day("questions"), ("questions",)),
        Rule(tallies.purge, since_day("questions"), ("tallies",)),
        Rule(usage.purge, since_day("questions"), ("usage",)),
        Rule(dialogues.purge, since("dialogues"), ("dialogues",)),
        Rule(invitations.purge_requests, since("join_requests"), ("join_requests",)),
        Rule(invitations.purge_codes, since("audit"), ("invitations", "claims")),
        Rule(roles.purge_absences, now.date().isoformat(), ("absences",)),
        Rule(roles.purge, since("audit"), ("roles",)),
        Rule(approvals.purge, since("audit"), ("approvals",)),
        Rule(audit.purge, since("audit"), ("audit",)),
        Rule(consents.purge, since("audit"), ("consents",)),
        Rule(
            quiz_rounds.purge,
            since("quizzes"),
            ("quiz_answers", "quiz_attempts", "quiz_people", "quiz_counts", "quiz_round_questions", "quiz_rounds"),
        ),
        Rule(quiz_practice.purge, since("quizzes"), ("quiz_practice",)),
        Rule(quizzes.purge_questions, since("quizzes"), ("quiz_questions",)),
        Rule(imports.purge_rows, (now - KEEP_ROSTER).isoformat(), ("import_rows", "import_units", "import_leavers")),
        Rule(imports.purge, since("audit"), ("imports",)),
        Rule(members.purge_history, since_day("memberships"), ("memberships",)),
        Rule(personal.purge_left, since("left_members"), ("members", "memberships", "opt_outs")),
        Rule(destinations.purge, since("closed_chats"), ("destinations",)),
        Rule(personal.purge_closed, since("closed_chats"), ("closed_chats", "addresses")),
        Rule(personal.purge_strangers, since("strangers"), ("addresses",)),
        Rule(links.purge, (now - KEEP_CODES).isoformat(), ("link_codes", "link_tries")),
        Rule(bots.purge, since("strangers"), ("homes", "led_away")),
        Rule(windows.purge, (now - KEEP_WINDOWS).isoformat(), ("windows",)),
        Rule(oa_tokens.purge, (now - KEEP_SPENT).isoformat(), ("oa_tokens",)),
        # Last, when nothing names them any more.
        Rule(personal.purge_people, (now - KEEP_NOBODY).isoformat(), ("people",)),
    ]


async def tidy(worker: Worker, now: dt.datetime, happened: Happened, keep: Retention) -> int:
    """Delete everything whose time is over; return how many rows."""
    deleted = 0
    for rule in rules(now, happened, keep):
        while True:
            count = await worker.write(rule.purge, rule.before, CHUNK)
            deleted += count
            if count < CHUNK:
                break
            await asyncio.sleep(PAUSE)
    await worker.run(Database.fold_log)
    return deleted


async def keep_tidy(worker: Worker, clock: Clock, happened: Happened, keep: Retention) -> None:
    """Tidy again and again until cancelled."""
    while True:
        try:
            deleted = await tidy(worker, clock(), happened, keep)
            if deleted:
                log.info("deleted %d old rows", deleted)
        except StorageBusy:
            log.warning("storage busy, tidying waits")
        await asyncio.sleep(INTERVAL)


def _give_up_overdue(now: dt.datetime, happened: Happened, database: Database, before: str, limit: int) -> int:
    """End what nobody sends any more; return `limit` while there may be more."""
    most = min(limit, MOST_TOLD)
    rows = outbox.give_up_overdue(database, before, now.isoformat(), "overdue", most)
    for row in rows:
        metrics.count(metrics.DELIVERIES, row.channel, metrics.CLASS_NAMES[row.urgency], "failed")
        if row.concern:
            happened(database, [Outcome(row.concern, "failed", "overdue")], now)
    return limit if len(rows) == most else len(rows)
