"""Banks of questions: the one that comes with the program, and those that the office keeps.

A bank is replaced as a whole: what it had and has no longer goes out of it, a question that was changed is a new one,
and what is the same stays, with everything that was answered to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import knowledge
from handlers.authorization import Scene, act
from handlers.errors import NotFound, NotPossible
from handlers.people.reading import LONGEST_NAME, folded
from handlers.quiz import formats
from handlers.quiz.question import Difficulty, Option, Question, clean
from storage import quizzes
from storage.quizzes import Bank

BUILT_IN = Path(knowledge.__file__).parent / "quiz.txt"
"""The questions on the documents that come with the program, as people type them."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """What became of a bank: how many questions are new, went, were changed, and stayed as they were."""

    bank: int
    added: int
    removed: int
    changed: int
    same: int


@lru_cache(maxsize=1)
def built_in() -> tuple[Question, ...]:
    """Return the questions that come with the program."""
    return tuple(formats.read(BUILT_IN.read_bytes(), str(BUILT_IN)).questions)


@act("quiz.replace_bank")
def replace_bank(scene: Scene, name: str, questions: Sequence[Question]) -> Replaced:
    """Let a bank, a new one where none has this name, hold these questions and no others.

    The questions were read and checked before; raises NotPossible for none, or for a name without a letter.
    """
    if not questions:
        raise NotPossible("no_questions")
    bank = _bank(scene, name)
    left = {stored.key: stored for stored in quizzes.questions_of(scene.database, bank)}
    added = changed = same = 0
    for place, question in enumerate(questions):
        key = _key(question)
        before = left.pop(key, None)
        if before is not None and from_json(before.content) == question:
            quizzes.place_question(scene.database, before.id, place)
            same += 1
            continue
        if before is not None:
            quizzes.retire_question(scene.database, before.id, scene.stamp)
        quizzes.add_question(scene.database, bank, place, key, as_json(question), question.topic)
        added, changed = added + (before is None), changed + (before is not None)
    for gone in left.values():
        quizzes.retire_question(scene.database, gone.id, scene.stamp)
    quizzes.touch_bank(scene.database, bank, scene.stamp)
    return Replaced(bank, added, len(left), changed, same)


@act("quiz.read_bank", recorded=False)
def read_bank(scene: Scene, name: str) -> tuple[Bank, list[Question]]:
    """Return a bank with its questions; raise NotFound."""
    bank = quizzes.find_bank(scene.database, folded(name))
    if bank is None:
        raise NotFound("no_such_bank")
    return bank, [from_json(stored.content) for stored in quizzes.questions_of(scene.database, bank.id)]


@act("quiz.list_banks", recorded=False)
def list_banks(scene: Scene) -> Sequence[Bank]:
    """Return all banks by name."""
    return quizzes.banks(scene.database)


def as_json(question: Question) -> dict[str, Any]:
    """Return a question as it is stored."""
    stored = asdict(question)
    del stored["line"]
    return stored


def from_json(stored: dict[str, Any]) -> Question:
    """Return the question that was stored."""
    return Question(
        stored["text"],
        tuple(Option(**option) for option in stored["options"]),
        several=stored["several"],
        explanation=stored["explanation"],
        provisions=tuple(stored["provisions"]),
        topic=stored["topic"],
        difficulty=Difficulty(stored["difficulty"]) if stored["difficulty"] else None,
        name=stored["name"],
    )


def _bank(scene: Scene, name: str) -> int:
    shown = clean(name).replace("\n", " ")[:LONGEST_NAME]
    if not any(char.isalnum() for char in shown):
        raise NotPossible("no_name")
    found = quizzes.find_bank(scene.database, folded(shown))
    if found:
        return found.id
    return quizzes.create_bank(scene.database, shown, folded(shown), scene.stamp)


def _key(question: Question) -> str:
    """What a question is known by: its name, or else what it asks."""
    if question.name:
        return f"name:{question.name}"
    return f"text:{hashlib.sha256(folded(question.text).encode()).hexdigest()}"
