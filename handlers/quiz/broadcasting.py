"""What quizzes bring to broadcasts: those who have not passed as people to write to, and a button that starts a round.

Who failed is told apart from who has not taken a round only where the round names persons: the list of a broadcast
would show it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from handlers.broadcast import audience, content
from handlers.broadcast.audience import Audience
from handlers.broadcast.content import Choice
from handlers.context import Context
from handlers.errors import NotFound, NotPossible
from handlers.quiz.rounds import Rules
from storage import quiz_people, quiz_rounds
from storage.database import Database
from storage.quiz_rounds import Round
from storage.selections import Selection

KIND = "quiz"
"""The kind of an audience that a round makes, and of a button that starts one."""

MISSING, FAILED, NOT_PASSED = "missing", "failed", "not_passed"

_TYPED = re.compile(r"chua (lam|dat|lam hoac chua dat)(?: bai)?(?: dot)? trac nghiem(?: dot)?(?: so)? (\d{1,9})")
_WHO = {"lam": MISSING, "dat": FAILED, "lam hoac chua dat": NOT_PASSED}
_BUTTON = re.compile(r"(?:lam bai |dot )?trac nghiem(?: dot)?(?: so)? (\d{1,9})")


def register() -> None:
    """Make both known to broadcasts."""
    audience.SELECTIONS[KIND] = _selection
    audience.WORDS[KIND] = _said
    audience.READERS.append(_read)
    content.ACTIONS[KIND] = "quiz.begin"
    content.CHOICES.append(_read_button)


def _selection(_: Database, meant: Mapping[str, Any]) -> Selection:
    if meant["who"] == MISSING:
        return quiz_people.not_finished(meant["round"])
    if meant["who"] == FAILED:
        return quiz_people.failed(meant["round"])
    return quiz_people.not_passed(meant["round"])


def _said(meant: Audience, context: Context) -> str:
    found = quiz_rounds.get(context.database, meant["round"])
    title = found.title if found else str(meant["round"])
    return context.texts(f"quiz.audience_{meant['who']}", title=title)


def _read(typed: str, context: Context) -> Audience | None:
    """Read "chưa làm trắc nghiệm 3", "chưa đạt trắc nghiệm 3" or "chưa làm hoặc chưa đạt trắc nghiệm 3", folded."""
    match = _TYPED.fullmatch(typed)
    if match is None:
        return None
    found, who = _round(int(match.group(2)), context), _WHO[match.group(1)]
    if who == FAILED and not Rules.of(found).by_name:
        raise NotPossible("failed_not_by_name", title=found.title, number=found.id)
    return {"kind": KIND, "round": found.id, "who": who}


def _read_button(typed: str, context: Context) -> Choice | None:
    """Read "trắc nghiệm 3", folded."""
    match = _BUTTON.fullmatch(typed)
    if match is None:
        return None
    found = _round(int(match.group(1)), context)
    if found.state == "closed":
        raise NotPossible("round_closed", title=found.title)
    return Choice(context.texts("quiz.start"), KIND, str(found.id))


def _round(number: int, context: Context) -> Round:
    found = quiz_rounds.get(context.database, number)
    if found is None:
        raise NotFound("no_such_round")
    return found
