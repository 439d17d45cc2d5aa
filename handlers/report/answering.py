"""An answer that the reporter types without choosing anything first: the report that waits for it gets it.

Whoever was asked something answers in the chat, whatever was on the screen since. What is plainly an answer goes to
whoever takes care of the report; what may be a question about the rules, or something else that happened, is asked
about in one tap, so that neither is lost.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, Literal

from handlers import form
from handlers.ask.dialogue import answer as answer_question
from handlers.context import Context
from handlers.conversation import Attachment, Button, Reply
from handlers.errors import Refusal
from handlers.people.reading import possible_codes
from handlers.report import evidence, following, service, wording
from handlers.report.dialogue import is_told
from handlers.report.pictures import PLACES, Place
from handlers.report.reading import read
from handlers.report.receipts import looks_like_receipt
from knowledge.finding import Outcome
from knowledge.scope import DISTRESS
from knowledge.text import fold, folded_syllables
from storage import people, reports
from storage.reports import INFORMED, Event, Report

Meant = Literal["answer", "rule", "new"]
"""What a text is beside a question that waits: its answer, perhaps a question about the rules, or something new."""

FRESH = dt.timedelta(hours=24)
"""A question that was asked longer ago is not taken to be meant without a tap."""

MOST_OFFERED = 4

_RULES = re.compile(
    r"\?\s*$"
    r"|\b(?:co sao (?:khong|ko|k)|(?:phai|can|nen) (?:lam|bao)|lam (?:gi|sao|the nao)|the nao|ntn|tai sao|vi sao|la gi|"
    r"quy dinh|quy tac|noi quy|van ban|nghi dinh|thong tu|quyet dinh|ky luat|(?:xu|bi|muc) phat|duoc phep|"
    r"co duoc|duoc (?:khong|ko|k)|bao nhieu|bao gio)\b"
)
_PROVISION = re.compile(r"\b(?:dieu|khoan|muc|chuong|qd|nd|tt) ?\d")
# What is said beside everything, and answers nothing; in more words it may be more.
_COURTESIES = ("greeting", "thanks", "goodbye", "praise", "who-are-you", "what-can-you-do")
_LONGEST_COURTESY = 4


def answered(text: str, context: Context, files: Sequence[Attachment] = ()) -> list[Reply] | None:
    """Take a text for the answer to what a report asks its reporter; None where none waits or it is none.

    Files that came with the words go the same way.
    """
    waiting = asked_of(context)
    if not waiting:
        return None
    meant = _meant(text, context)
    if meant is None:
        return None
    report, question = waiting[0]
    fresh = context.now - dt.datetime.fromisoformat(question.at) < FRESH
    if meant == "answer" and fresh and len(waiting) == 1:
        return _answer(report.id, text, files, context)
    return [_ask_sure(waiting, text, files, meant, context)]


def asked_of(context: Context) -> Sequence[tuple[Report, Event]]:
    """Return the reports that wait for whoever writes, with what he was asked and has been told, the newest first."""
    found = []
    for report in reports.waiting_for(context.database, context.person):
        events = reports.events(context.database, report.id)
        told = max(
            (one.data["upto"] for one in events if one.what == INFORMED and one.data["whom"] == "reporter"), default=0
        )
        asked = next((one for one in reversed(events) if one.what == "asked"), None)
        if asked is not None and asked.id <= told:
            found.append((report, asked))
    if found and (context.address is None or people.is_held(context.database, context.address)):
        # Whose the account is nobody knows.
        return []
    return sorted(found, key=lambda pair: -pair[1].id)


def take(data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what was tapped: give the typed words to a report, or take them as if none had waited."""
    said = context.seal.open(data["sealed"])
    if said is None:
        # Sealed before the last start.
        if "report" in data:
            return following.add_to({"report": data["report"]}, context)
        return [Reply(context.texts.rich("empty.body"))]
    if "report" not in data:
        return answer_question(said["text"], context)
    return _answer(data["report"], said["text"], [Attachment(**stored) for stored in said["files"]], context)


def _meant(text: str, context: Context) -> Meant | None:
    """What a text is; None for what is plainly no answer."""
    folded = fold(text)
    codes = any(looks_like_receipt(code) for code in possible_codes(text))
    if codes or following.numbered(text, context) is not None or _PROVISION.search(folded):
        return None
    if form.yes_or_no(text) is not None:
        return "answer"
    finding = context.search.answer(text, today=context.today)
    if finding.intent == DISTRESS:
        return None
    if finding.outcome is Outcome.SMALL_TALK and finding.intent in _COURTESIES:
        return None if len(folded_syllables(text)) <= _LONGEST_COURTESY else "rule"
    if is_told(text, context):
        return "new"
    if _RULES.search(folded):
        return None if finding.outcome is Outcome.ANSWERED else "rule"
    reading = read(text, context.today)
    if reading.amount or reading.account or reading.contact or reading.since_said:
        return "answer"
    return "answer" if finding.outcome is Outcome.NOT_FOUND else "rule"


def _ask_sure(
    waiting: Sequence[tuple[Report, Event]], text: str, files: Sequence[Attachment], meant: Meant, context: Context
) -> Reply:
    """Ask what was meant; a menu belongs to a person, and what he typed stands beside nobody."""
    texts = context.texts
    sealed = context.seal.close({"text": text, "question": text, "files": [one.as_json() for one in files]})
    numbers = [(wording.number(report.id, context), report, asked) for report, asked in waiting[:MOST_OFFERED]]
    buttons = [
        Button(
            texts("report.is_answer", number=number),
            "report.answered",
            {"report": report.id, "sealed": sealed},
            once="answered",
        )
        for number, report, _ in numbers
    ]
    if meant == "new":
        buttons.append(Button(texts("report.is_new"), "report.start", {"sealed": sealed}, once="answered"))
    else:
        buttons.append(Button(texts("report.is_rule"), "report.answered", {"sealed": sealed}, once="answered"))
    asked_for = [texts.rich("report.is_asked", number=number, question=asked.note) for number, _, asked in numbers]
    return Reply(wording.LINES.join([*asked_for, texts.rich("report.ask_meant")]), tuple(buttons))


def _answer(report: int, text: str, files: Sequence[Attachment], context: Context) -> list[Reply]:
    """Give the words to a report, also where somebody has answered meanwhile; more may be said."""
    found = service.add(context.scene, report, text)
    if files:
        try:
            evidence.bring(files, [service.attach(context.scene, found.id) for _ in files], context)
        except Refusal as refusal:
            return [Reply(context.refused(refusal))]
    more = Button(context.texts("button.report_add"), "report.add", {"report": report})
    return [Reply(context.texts.rich("casework.replied", number=wording.number(found.id, context)), (more,))]


def _offered(context: Context) -> Sequence[tuple[str, str]]:
    return [
        (str(report.id), context.texts("report.is_answer", number=wording.number(report.id, context)))
        for report, _ in asked_of(context)[:MOST_OFFERED]
    ]


PLACES["answer"] = Place(_offered, lambda which, files, context: following.attach_to(int(which), files, context))
