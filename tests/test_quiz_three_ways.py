"""One table of answers, given on buttons, by numbers and in polls: whatever comes of it is the same."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bot.channels.abilities import Abilities
from bot.channels.telegram import Telegram
from bot.channels.terminal import Terminal
from bot.channels.zalo_oa import ZaloOa
from handlers.context import Context
from handlers.conversation import Button, Drawing, Reply, Vote
from handlers.quiz import bank, export, gathering, results, rounds
from handlers.quiz.confirmation import PICTURE, confirmation_for
from handlers.quiz.question import Option, Question
from handlers.quiz.rounds import Rules
from storage import menus, polls, quiz_attempts, quiz_counts, quiz_rounds
from storage.database import Database
from storage.polls import SentPoll
from storage.quiz_counts import WHOLE
from tests.conversations import Conversation, read
from tests.quizzes import BANK, QUESTIONS, console_of, joined, office, planned, run_due

PEOPLE, SEED = 14, 7
PAUSE = dt.timedelta(seconds=20)

# Of one of which any is right, and of a long one, no poll can be made.
MORE = [
    *QUESTIONS,
    Question("Báo cho ai?", (Option("Đầu mối", 100.0), Option("Lãnh đạo", 100.0), Option("Bạn bè")), name="c4"),
    Question("Câu hỏi dài " * 30, (Option("Có", 100.0), Option("Không")), name="c5"),
    Question("Hỏi gì?", (Option("Một", 100.0), Option("Hai", 50.0), Option("Ba")), name="c6"),
    Question("Một phần ba?", tuple(Option(f"Số {n}", 33.33333) for n in range(3)), several=True, name="c7"),
]

Answers = dict[int, list[int]]
"""What somebody answers, by the place of the question in the bank: options by their places there."""


class Way(Conversation):
    """Somebody who answers in one way; `polls` is whether the round asks in polls."""

    abilities: ClassVar[Abilities] = Telegram.abilities
    polls: ClassVar[bool] = False

    def answer(self, chosen: list[int]) -> list[Reply]:
        """Answer the question that was shown last with these options, by their places in the question."""
        menu = self._newest_menu()
        assert menu is not None
        buttons = [Button.from_json(stored) for stored in menu.buttons]
        places = [next(at for at, one in enumerate(buttons) if one.data.get("option") == option) for option in chosen]
        several = len(buttons) > 1 and buttons[-1].action == "quiz.done"
        if not several:
            return self.choose(menu.id, places[0])
        for place in places:
            newest = self._newest_menu()
            assert newest is not None
            self.choose(newest.id, place)
        newest = self._newest_menu()
        assert newest is not None
        return self.choose(newest.id, len(buttons) - 1)

    def choose(self, menu: int, place: int) -> list[Reply]:
        """Take one choice."""
        return self.tap(menu, place)


class Pressing(Way):
    """On buttons, as in Telegram."""


class Typing(Way):
    """By the numbers of a menu in the text, as in the terminal."""

    abilities = Terminal.abilities

    def choose(self, menu: int, place: int) -> list[Reply]:
        return self.write(str(place + 1))


class Lettering(Way):
    """By the letters, where there are few buttons and else numbers."""

    abilities = ZaloOa.abilities

    def choose(self, menu: int, place: int) -> list[Reply]:
        found = menus.get(self.context.database, menu, self.address, self._person())
        assert found is not None
        return self.write(Button.from_json(found.buttons[place]).label.removeprefix("✓ ").lower())


class Voting(Way):
    """In polls, where the question fits one."""

    polls = True
    asked: int = 0

    def answer(self, chosen: list[int]) -> list[Reply]:
        asked = self.messages[-1].get("poll")
        if asked is None:
            return super().answer(chosen)
        database, name = self.context.database, f"{self.address.sender}.{self.context.now.isoformat()}"
        with database.transaction():
            sent = SentPoll("vidu", "bot-1", self.address.chat, name, 1, asked["action"], asked["data"])
            polls.remember(database, sent, asked["settles"], self.context.now.isoformat())
        type(self).asked += 1
        order = asked["data"]["order"]
        return self.send(vote=Vote(name, tuple(sorted(order.index(option) for option in chosen))))


def table(seed: int) -> list[Answers]:
    """What each of many people answers: some everything right, some the first questions only, some at random."""
    seeded = random.Random(seed)
    found = []
    for person in range(PEOPLE):
        answers: Answers = {}
        for place, question in enumerate(MORE):
            if person % 5 == 4 and place >= 3:
                continue
            right = list(question.right) if question.several else [question.right[0]]
            options = range(len(question.options))
            some = sorted(seeded.sample(options, seeded.randint(1, len(options)) if question.several else 1))
            answers[place] = right if person % 5 == 0 or seeded.random() < 0.5 else some
        found.append(answers)
    return found


@pytest.fixture
def databases() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def taken(way: type[Way], context: Context, folder: Path, opened: ExitStack, explain: Any) -> dict[str, Any]:
    """Everything that comes of two rounds that people took in one way."""
    database = Database(folder / f"{way.__name__}.db")
    opened.callback(database.close)
    context = replace(context, database=database, person=0)
    unit = office(context)
    bank.replace_bank(console_of(context), BANK, MORE)
    people = [joined(context, f"nguoi-{number:02d}", unit) for number in range(PEOPLE)]
    rules = Rules(draw=0, shuffle=True, pass_mark=60, explain=explain, by_name=True, polls=way.polls, any_hour=True)
    numbers, now, said = [], context.now, []
    for title, seed in (("Trước", SEED), ("Sau", SEED + 1)):
        here = replace(context, now=now)
        numbers.append(planned(here, rules, title=title, closes=40))
        run_due(here)
        for who, answers in zip(people, table(seed), strict=True):
            one = way(replace(who.context, now=now), who.address)
            replies = one.say("trắc nghiệm")
            place = next(at for at, button in enumerate(replies[0].buttons) if button.label == "Làm bài")
            menu = one._newest_menu()
            assert menu is not None
            one.press(menu.id, place)
            number = quiz_attempts.of_person(database, numbers[-1], one.context.person)[-1].id
            while (chosen := _chosen(database, number, answers)) is not None:
                one.wait(PAUSE)
                replies = one.answer(chosen)
            said.append([read(reply) for reply in replies if "Xong." in read(reply)])
        rounds.close_round(console_of(here), numbers[-1])
        now += dt.timedelta(days=2)
    return _everything(replace(context, now=now), numbers) | {"said": said}


def _chosen(database: Database, number: int, answers: Answers) -> list[int] | None:
    """What is answered next in an attempt; None where it is over, or broken off."""
    attempt = quiz_attempts.get(database, number)
    assert attempt is not None
    following = rounds.next_question(database, attempt)
    place = next((at for at, one in enumerate(MORE) if following and one.name == following.question.name), -1)
    return answers.get(place)


def _everything(context: Context, numbers: list[int]) -> dict[str, Any]:
    """All that is stored and shown of two rounds, in plain data."""
    database, console = context.database, console_of(context)
    found: dict[str, Any] = {}
    for number in numbers:
        attempts = quiz_attempts.of_round(database, number)
        shown = results.see_results(console, None, number)
        units = results.see_units(console, None, number)
        quiz = quiz_rounds.get(database, number)
        assert quiz is not None
        papers = [
            asdict(confirmation_for(quiz, one, len(one.questions), PICTURE, context))
            for one in attempts
            if one.finished_at
        ]
        # The numbered marks of one way are none of another.
        answers = [replace(one, marked=()) for one in quiz_attempts.answers(database, number)]
        drawn = [file.data for reply in export.charts(None, number, context) for file in reply.files if _is_drawn(file)]
        found[f"round {number}"] = {
            "attempts": attempts,
            "answers": answers,
            "counts": sorted(quiz_counts.of_units(database, number, [WHOLE]), key=repr),
            "by unit": quiz_counts.sums_by_unit(database, number),
            "figures": shown.whole,
            "questions": dict(shown.questions),
            "words": str(results.told(shown, context)),
            "units": str(results.told_units(units, "Đợt", context)),
            "tables": gathering.tables("xlsx", None, number, context),
            "people": results.see_people(console, None, number),
            "charts": drawn,
            "papers": papers,
        }
    first, second, compared = results.compare_rounds(console, *numbers)
    found["compared"] = compared, str(results.told_comparison(first, second, compared, context))
    found["picture"] = [file.data for file in export.compared_chart(*numbers, context)[0].files if _is_drawn(file)]
    return found


def _is_drawn(file: object) -> bool:
    return isinstance(file, Drawing)


@pytest.mark.parametrize("explain", ["each", "end"])
def test_the_same_answers_give_the_same_results(
    context: Context, tmp_path: Path, databases: ExitStack, explain: str
) -> None:
    Voting.asked = 0
    pressed, *others = (
        taken(way, context, tmp_path, databases, explain) for way in (Pressing, Typing, Lettering, Voting)
    )
    for other in others:
        assert list(other) == list(pressed)
        for name, value in pressed.items():
            assert other[name] == value, name
    # It was no empty comparison: polls were voted in, and people passed, failed, and did not finish.
    assert Voting.asked > 4 * PEOPLE
    attempts = pressed["round 1"]["attempts"]
    assert {one.passed for one in attempts} == {True, False, None}
    assert 0 < len(pressed["round 1"]["papers"]) < len(attempts)
    assert len({one.score for one in attempts}) > 4
