"""A round through Telegram, with a whole bot: on buttons, cut off and started again, and as somebody who only types."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from bot.settings import Settings
from handlers.people import service
from handlers.quiz import bank, rounds
from handlers.quiz.rounds import Rules
from storage import quiz_attempts
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi
from tests.botapi.records import Record
from tests.quizzes import BANK, QUESTIONS
from tests.telegram_bot import OTHER, PERSON, RunningBot, eventually, running, settings_for
from tests.test_telegram_people import console, reads

PLAIN = Rules(draw=0, shuffle=False, pass_mark=60, any_hour=True)
SHOWN = "Câu {number}/3"
FOLLOWING = {
    "Mời anh/chị làm": "Câu 1/3",
    "Câu 1/3": "Câu 2/3",
    "Câu 2/3": "✓ A. Cơ quan",
    "✓ A. Cơ quan": "✓ B. Nhà cung cấp",
    "✓ B. Nhà cung cấp": "Câu 3/3",
}


def join(api: BotApi, bot: RunningBot, *people: int) -> None:
    with console(bot) as scene:
        unit = service.create_unit(scene, "Sở Ví Dụ")
        codes = [f"VIDU-{number:03d}" for number in range(len(people))]
        for number, code in enumerate(codes):
            service.add_member(scene, unit, f"Người Thứ {number}", "", code)
        bank.replace_bank(scene, BANK, QUESTIONS)
    for person, code in zip(people, codes, strict=True):
        api.say(person, code)
        api.press(person, reads(api, person, "đồng ý không"), "Đồng ý")
        reads(api, person, "Anh/chị đã tham gia")


def plan(bot: RunningBot, rules: Rules = PLAIN) -> int:
    with console(bot) as scene:
        return rounds.plan_round(scene, "Đợt một", BANK, rules, scene.now, scene.now + dt.timedelta(hours=5))


def invited(api: BotApi, person: int) -> Record:
    """The invitation to a round, which the scheduler sends when it looks next."""
    text = "Mời anh/chị làm 3 câu"
    seen = api.wait_for(lambda seen: any(text in record.text for record in seen), person)
    return next(record for record in seen if text in record.text)


def taken(settings: Settings, number: int) -> list[tuple[Any, ...]]:
    """What each person of a round answered, in the order in which they began."""
    database = Database(settings.data / FILE_NAME)
    try:
        answers = quiz_attempts.answers(database, number)
        return [
            (one.score, one.passed, *(each.chosen for each in answers if each.attempt == one.id))
            for one in quiz_attempts.of_round(database, number)
        ]
    finally:
        database.close()


def finished(settings: Settings, count: int) -> None:
    eventually(settings, "SELECT count(*) AS n FROM quiz_attempts WHERE finished_at IS NOT NULL", [{"n": count}])


def test_a_round_on_buttons_and_the_paper(api: BotApi, bot: RunningBot) -> None:
    join(api, bot, PERSON)
    number = plan(bot)
    api.press(PERSON, invited(api, PERSON), "Làm bài")
    first = reads(api, PERSON, "Câu 1/3")
    assert "A. Chia sẻ ngay" in first.text
    api.press(PERSON, first, "B")
    second = reads(api, PERSON, "Câu 2/3")
    assert second.text.index("Đúng.") < second.text.index("Câu 2/3")
    api.press(PERSON, second, "A")
    marked = reads(api, PERSON, "✓ A. Cơ quan chức năng")
    assert (marked.kind, marked.message_id) == ("edit", second.message_id)
    api.press(PERSON, marked, "B")
    api.press(PERSON, reads(api, PERSON, "✓ B. Nhà cung cấp"), "Xong")
    api.press(PERSON, reads(api, PERSON, "Câu 3/3"), "A")
    end = reads(api, PERSON, "Xong. Anh/chị đạt.")
    assert "3/3 câu (100%)" in end.text
    assert taken(bot.settings, number) == [(1.0, True, (1,), (0, 1), (0,))]
    api.press(PERSON, end, "Giấy xác nhận kết quả")
    api.wait_for(lambda seen: any(record.kind == "photo" for record in seen), PERSON)


def test_typed_and_pressed_it_is_the_same(api: BotApi, bot: RunningBot) -> None:
    join(api, bot, PERSON, OTHER)
    number = plan(bot)
    api.press(PERSON, invited(api, PERSON), "Làm bài")
    invited(api, OTHER)
    api.say(OTHER, "lam bai")
    for place, label in enumerate(("B", "A", "Xong", "B")):
        shown = SHOWN.format(number=min(place + 1, 3) if place < 2 else place)
        api.press(PERSON, reads(api, PERSON, "✓ A." if label == "Xong" else shown), label)
        reads(api, OTHER, "✓ A." if label == "Xong" else shown)
        api.say(OTHER, label.lower())
    finished(bot.settings, 2)
    first, second = taken(bot.settings, number)
    assert first == second == (0.5, False, (1,), (0,), (1,))


def test_stopped_between_all_presses_nothing_is_lost_or_counted_twice(
    api: BotApi, tmp_path: Path, documents_loaded_once: None
) -> None:
    settings = settings_for(api, tmp_path)
    with running(settings) as bot:
        join(api, bot, PERSON)
        number = plan(bot)
        invited(api, PERSON)
    for shown, label in (
        ("Mời anh/chị làm", "Làm bài"),
        ("Câu 1/3", "B"),
        ("Câu 2/3", "A"),
        ("✓ A. Cơ quan", "B"),
        ("✓ B. Nhà cung cấp", "Xong"),
        ("Câu 3/3", "A"),
    ):
        api.press(PERSON, reads(api, PERSON, shown), label)
        with running(settings):
            reads(api, PERSON, "Xong. Anh/chị đạt." if shown == "Câu 3/3" else FOLLOWING[shown])
    assert taken(settings, number) == [(1.0, True, (1,), (0, 1), (0,))]
