"""The pictures and files of a report: asked for when a message brings them, kept or not when they have come.

How large they may be, what they may be, and how they are encrypted is the fetcher's business (`bot.fetcher`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from handlers.context import Context
from handlers.conversation import Attachment, Outcome, Refusal, Reply
from handlers.errors import NotPossible
from handlers.report.service import MOST_FILES
from storage import blobs, fetches, people, report_files
from storage.outbox import REPORT
from storage.people import Address

JOB = "report"

TOGETHER = dt.timedelta(minutes=1)
"""Files that come so soon after one another are one sending: some messengers bring an album as single messages."""

_WHY = {Refusal.TOO_LARGE: "too_large", Refusal.NOT_ALLOWED: "not_allowed", Refusal.NO_KEY: "no_key"}


def bring_early(attachments: Sequence[Attachment], context: Context) -> None:
    """Ask for files of a report that has no number yet; raise NotPossible for too many."""
    database, person = context.database, context.person
    if report_files.waiting_files(database, person) + len(attachments) > MOST_FILES:
        raise NotPossible("too_many_files", count=MOST_FILES)
    now = context.now.isoformat()
    bring(attachments, [report_files.expect_file(database, None, person, now) for _ in attachments], context)


def bring(attachments: Sequence[Attachment], numbers: Sequence[int], context: Context) -> None:
    """Ask for the files of a message, each under the number it is expected with."""
    assert context.address is not None
    now = context.now.isoformat()
    for attachment, number in zip(attachments, numbers, strict=True):
        concern = {"job": JOB, "file": number, "to": context.address.values()}
        fetches.put(context.database, context.address, context.person, attachment.as_json(), concern, now)


def received(data: dict[str, Any], context: Context) -> bool:
    """Note in the answers of a form that files came; return whether that is said, once for all that come together."""
    before = data.get("files_at")
    data["files_at"] = context.now.isoformat()
    return before is None or context.now - dt.datetime.fromisoformat(before) > TOGETHER


def tell(outcome: Outcome, context: Context) -> list[Reply]:
    """Note how a file came; whoever sent one that is not kept is told why."""
    number = outcome.concern["file"]
    state: report_files.FileState = "stored" if outcome.blob is not None else "refused"
    if outcome.state == "lost":
        state = "lost"
    kept = report_files.end_file(context.database, number, state, outcome.reason, outcome.blob)
    if outcome.blob is not None:
        # It lives and goes with the report, whoever sent it.
        fetches.let_go(context.database, outcome.blob)
        if not kept:
            blobs.expire(context.database, outcome.blob)
        return []
    to = Address(**outcome.concern["to"])
    if not kept or people.is_held(context.database, to):
        return []
    why = _WHY.get(Refusal(outcome.reason), "lost") if outcome.reason in set(Refusal) else "lost"
    return [Reply(context.texts.rich(f"report.unkept_{why}"), to=to, urgency=REPORT)]
