"""How long what is kept is kept: the part `[retention]` of an office's `office.toml`, in days."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from handlers.texts import Texts

# As retention counts them, and nothing else.
_YEAR, _MONTH = 365, 30


def _days(least: int, most: int) -> object:
    return Field(ge=least, le=most)


class Retention(BaseModel):
    """Days, each within what the law and the work of the bot allow; docs/huong-dan-quan-tri.md says why.

    Attributes:
        events: keys of events that were taken, without content.
        messages: how and when messages ended, with the number of their chat, without content.
        questions: questions that nobody asked again, and what is counted without who did it.
        files: files that people sent.
        dialogues: conversations that were not finished.
        join_requests: requests to join, decided or not.
        left_members: who somebody was, after he has left.
        memberships: units that somebody belonged to before.
        quizzes: rounds of quizzes with what everybody answered, after they closed; questions that no bank has any more.
        strangers: accounts of people who are not members, after they wrote last.
        closed_chats: chats in which nobody can be reached any more.
        reports: reports with their trail and evidence, after they were closed.
        report_facts: what is counted of reports that were deleted, without names and words.
        broadcasts: broadcasts, and who has been informed by them.
        audit: acts, roles that were taken, approvals, consents that were withdrawn; each by the number of the person.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    events: Annotated[int, _days(7, 90)] = 30
    messages: Annotated[int, _days(7, 365)] = 30
    questions: Annotated[int, _days(30, 1825)] = 365
    files: Annotated[int, _days(30, 3650)] = 730
    dialogues: Annotated[int, _days(1, 30)] = 7
    join_requests: Annotated[int, _days(7, 365)] = 90
    left_members: Annotated[int, _days(0, 365)] = 30
    memberships: Annotated[int, _days(0, 3650)] = 1825
    quizzes: Annotated[int, _days(30, 3650)] = 1095
    strangers: Annotated[int, _days(30, 1095)] = 365
    closed_chats: Annotated[int, _days(30, 1095)] = 180
    reports: Annotated[int, _days(30, 3650)] = 365
    report_facts: Annotated[int, _days(365, 3650)] = 1825
    broadcasts: Annotated[int, _days(90, 3650)] = 1825
    audit: Annotated[int, _days(365, 3650)] = 730

    def since(self, name: str, now: dt.datetime) -> dt.datetime:
        """Return the time before which what bears this name is not kept."""
        days: int = getattr(self, name)
        return now - dt.timedelta(days=days)


def in_words(days: int, texts: Texts) -> str:
    """Return a number of days as people say it: in years or months where it is a round number of them."""
    if days and days % _YEAR == 0:
        return texts("span.years", count=days // _YEAR)
    if days > _MONTH and days % _MONTH == 0:
        return texts("span.months", count=days // _MONTH)
    return texts("span.days", count=days)


def bounds(name: str) -> tuple[int, int]:
    """Return the fewest and the most days that a field allows."""
    least, most = Retention.model_fields[name].metadata
    return least.ge, most.le
