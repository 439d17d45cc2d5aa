"""A round that many take at once: every answer is counted once, as they pressed it, and the comparison would tell."""

from __future__ import annotations

import random
from pathlib import Path

from benchmarks import quiz
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi
from tests.quiz_takers import Takers


def test_what_people_pressed_is_what_is_counted() -> None:
    done = quiz.measure(quiz.QUICK, quiz.QUICK_QUESTIONS)
    assert done.faults == []
    assert done.pressed == quiz.QUICK * quiz.QUICK_QUESTIONS
    assert len(done.waits) >= quiz.QUICK * (quiz.QUICK_QUESTIONS - 1)
    assert len(done.pieces) >= 8
    assert min(done.pieces.values()) > 0
    assert min(done.capacity, done.rate, min(done.waits), min(done.plain)) > 0


def test_an_answer_that_was_lost_would_be_told(server: BotApi, tmp_path: Path) -> None:
    server.reset()
    takers = Takers(server, server.crowd(quiz.FIRST_PERSON, 3), random.Random(1), careless=0.0)
    quiz.prepare(tmp_path, list(takers.all), 2, server.token.partition(":")[0])
    with quiz.running_bot(server, tmp_path, ""):
        quiz.until(takers, lambda: takers.invited, 3, "are invited")
        for act in (takers.begin, takers.answer, takers.answer):
            act(list(takers.all.values()))
            quiz.until(takers, lambda: 3 - takers.waiting, 3, "have a reply")
    database = Database(tmp_path / FILE_NAME)
    try:
        assert list(quiz.faults(database, takers)) == []
        with database.transaction():
            database.run("UPDATE quiz_answers SET chosen = '[]', score = 0 WHERE attempt_id = 2 AND place = 1")
        (lost,) = quiz.faults(database, takers)
        assert lost.startswith(f"{quiz.FIRST_PERSON + 1}: pressed")
        with database.transaction():
            database.run("UPDATE quiz_counts SET people = people + 1 WHERE measure = 'option' AND unit_id = 0")
        assert any("the figures of the questions differ" in fault for fault in quiz.faults(database, takers))
    finally:
        database.close()
