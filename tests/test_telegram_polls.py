"""A round asked in Telegram's own polls, with a whole bot: votes, those of others, late ones, and what fits no poll."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.settings import Settings
from handlers.quiz import bank, rounds
from handlers.quiz.question import Option, Question
from handlers.quiz.rounds import Rules
from handlers.quiz.schedule import meant
from storage import quiz_people, quiz_rounds
from tests.botapi.client import BotApi, Refused
from tests.botapi.records import Record
from tests.quizzes import BANK
from tests.telegram_bot import OTHER, PERSON, RunningBot, eventually, rows, running, settings_for
from tests.test_telegram_people import console, reads
from tests.test_telegram_quiz import PLAIN, finished, join, plan, taken
from tests.waiting import wait_until

POLLS = replace(PLAIN, polls=True)
AT_THE_END = replace(POLLS, explain="end")


def asked(api: BotApi, person: int, number: int) -> Record:
    """The poll that asks a question."""
    found = reads(api, person, f"Câu {number}/")
    assert found.kind == "poll"
    return found


def open_round(bot: RunningBot, rules: Rules) -> int:
    """A round that is open at once, without waiting for the scheduler."""
    number = plan(bot, rules)
    with console(bot) as scene:
        quiz_people.add_selected(scene.database, number, meant(scene.database, rules), scene.today, 0, 10)
        quiz_rounds.set_state(scene.database, number, "open")
    return number


def begin(api: BotApi, person: int) -> None:
    api.say(person, "trắc nghiệm")
    api.press(person, reads(api, person, "Bài trắc nghiệm của anh/chị"), "Làm bài")


def start(api: BotApi, person: int) -> Record:
    begin(api, person)
    return asked(api, person, 1)


def test_a_round_in_polls(api: BotApi, bot: RunningBot) -> None:
    join(api, bot, PERSON)
    number = open_round(bot, POLLS)
    first = start(api, PERSON)
    assert first.text.split("\n")[:2] == ["Câu 1/3. Thấy tin chưa rõ nguồn thì làm gì?", "A. Chia sẻ ngay"]
    assert first.poll is not None
    assert (first.poll["type"], first.poll["is_anonymous"], first.poll["correct_option_ids"]) == ("quiz", False, [1])
    assert first.poll["explanation"] == "Nguồn phải đáng tin cậy."
    api.vote(PERSON, first, "B.")
    second = asked(api, PERSON, 2)
    # What the answer says comes before the next question, in words: a poll has no room for the rule.
    said = api.transcript(PERSON, "message")
    words = [record.text for record in said if first.number < record.number < second.number]
    assert len(words) == 1
    assert words[0].startswith("Đúng.")
    assert "Khoản 4 Điều 4" in words[0]
    assert second.poll is not None
    assert (second.poll["allows_multiple_answers"], second.poll["correct_option_ids"]) == (True, [0, 1])
    api.vote(PERSON, second, "A.", "B.")
    api.vote(PERSON, asked(api, PERSON, 3), "A.")
    assert "3/3 câu (100%)" in reads(api, PERSON, "Xong. Anh/chị đạt.").text
    assert taken(bot.settings, number) == [(1.0, True, (1,), (0, 1), (0,))]
    # Nobody could vote twice in any of them, so none is closed.
    assert api.calls("stopPoll") == []


def test_what_is_right_is_not_shown_before_the_end(api: BotApi, bot: RunningBot) -> None:
    join(api, bot, PERSON)
    number = open_round(bot, AT_THE_END)
    first = start(api, PERSON)
    assert first.poll is not None
    assert first.poll["type"] == "regular"
    assert "correct_option_ids" not in first.poll
    assert "explanation" not in first.poll
    api.vote(PERSON, first, "A.")
    api.vote(PERSON, asked(api, PERSON, 2), "A.", "B.")
    api.vote(PERSON, asked(api, PERSON, 3), "A.")
    end = reads(api, PERSON, "Xong. Anh/chị đạt.")
    assert "Chưa đúng. Đáp án: B. Xem lại nguồn" in end.text
    assert taken(bot.settings, number)[0][2:] == ((0,), (0, 1), (0,))


def test_a_vote_that_comes_again_counts_once(api: BotApi, bot: RunningBot) -> None:
    join(api, bot, PERSON)
    number = open_round(bot, POLLS)
    first = start(api, PERSON)
    update = api.vote(PERSON, first, "C.")
    asked(api, PERSON, 2)
    api.again(update)
    # An app of one's own making says what it likes.
    assert first.poll is not None
    api.raw({"poll_answer": {"poll_id": first.poll["id"], "user": _user(PERSON), "option_ids": [1]}})
    assert "đã trả lời" in reads(api, PERSON, "đã trả lời").text
    api.raw({"poll_answer": {"poll_id": first.poll["id"], "user": _user(PERSON), "option_ids": [7, -1]}})
    api.vote(PERSON, asked(api, PERSON, 2), "A.", "B.")
    api.vote(PERSON, asked(api, PERSON, 3), "A.")
    finished(bot.settings, 1)
    assert taken(bot.settings, number)[0][2:] == ((2,), (0, 1), (0,))


def test_a_vote_that_is_taken_back_stands(api: BotApi, bot: RunningBot) -> None:
    # Servers of before April 2026 let every vote be taken back that is not of a quiz.
    api.settings(several_right=False)
    join(api, bot, PERSON)
    number = open_round(bot, AT_THE_END)
    first = start(api, PERSON)
    api.vote(PERSON, first, "A.")
    asked(api, PERSON, 2)
    api.vote(PERSON, first)
    reads(api, PERSON, "đã trả lời")
    api.vote(PERSON, first, "B.")
    api.vote(PERSON, asked(api, PERSON, 2), "A.", "B.")
    api.vote(PERSON, asked(api, PERSON, 3), "A.")
    finished(bot.settings, 1)
    assert taken(bot.settings, number)[0][2:] == ((0,), (0, 1), (0,))


def test_votes_of_others_are_nobodys(api: BotApi, bot: RunningBot) -> None:
    stranger = api.user(1003, started=True)
    join(api, bot, PERSON, OTHER)
    number = open_round(bot, POLLS)
    first = start(api, PERSON)
    people, others = rows(bot.settings, "SELECT count(*) AS n FROM people"), api.transcript(OTHER)
    # It was forwarded: to a colleague, and to somebody who never wrote to the bot.
    for voter in (OTHER, stranger):
        api.vote(voter, first, "A.")
    # Polls of others, of chats, and of a bot that this one has forgotten.
    for answer in (
        {"poll_id": "1", "user": _user(stranger), "option_ids": [0]},
        {"poll_id": "1", "voter_chat": {"id": -1001, "type": "channel", "title": "Kênh"}, "option_ids": [0]},
        {"poll_id": "1", "user": {**_user(stranger), "is_bot": True}, "option_ids": [0]},
    ):
        api.raw({"poll_answer": answer})
    api.vote(PERSON, first, "B.")
    asked(api, PERSON, 2)
    assert taken(bot.settings, number) == [(None, None, (1,), None)]
    assert rows(bot.settings, "SELECT count(*) AS n FROM people") == people
    assert api.transcript(stranger) == []
    assert api.transcript(OTHER) == others


def test_a_poll_that_is_not_known_any_more_says_so(api: BotApi, bot: RunningBot) -> None:
    join(api, bot, PERSON)
    api.raw({"poll_answer": {"poll_id": "1", "user": _user(PERSON), "option_ids": [0]}})
    reads(api, PERSON, "không còn nhận câu trả lời")


def test_typed_instead_the_poll_is_closed(api: BotApi, bot: RunningBot) -> None:
    join(api, bot, PERSON)
    number = open_round(bot, POLLS)
    first = start(api, PERSON)
    eventually(bot.settings, "SELECT count(*) AS n FROM polls", [{"n": 1}])
    api.say(PERSON, "b")
    second = asked(api, PERSON, 2)
    api.wait_for(lambda seen: any(one.kind == "poll closed" and one.id == first.id for one in seen), PERSON)
    with pytest.raises(Refused, match="closed"):
        api.vote(PERSON, first, "A.")
    # Marked one by one it goes on with buttons, in a message of their own.
    eventually(bot.settings, "SELECT count(*) AS n FROM polls", [{"n": 2}])
    api.say(PERSON, "a")
    marked = reads(api, PERSON, "✓ A. Cơ quan")
    assert marked.kind == "message"
    api.press(PERSON, marked, "B")
    api.press(PERSON, reads(api, PERSON, "✓ B. Nhà cung cấp"), "Xong")
    api.wait_for(lambda seen: any(one.kind == "poll closed" and one.id == second.id for one in seen), PERSON)
    api.vote(PERSON, asked(api, PERSON, 3), "A.")
    finished(bot.settings, 1)
    assert taken(bot.settings, number) == [(1.0, True, (1,), (0, 1), (0,))]


def test_after_the_round_is_closed_a_vote_is_harmless(api: BotApi, bot: RunningBot) -> None:
    join(api, bot, PERSON)
    number = open_round(bot, POLLS)
    first = start(api, PERSON)
    with console(bot) as scene:
        rounds.close_round(scene, number)
    api.vote(PERSON, first, "B.")
    reads(api, PERSON, "đã đóng")
    assert taken(bot.settings, number) == [(None, None, None)]


def test_what_fits_no_poll_has_buttons(api: BotApi, bot: RunningBot) -> None:
    join(api, bot, PERSON)
    options = (Option("Có", 100.0), Option("Không"))
    long_option = (Option("rất dài " * 15, 100.0), Option("Không"))
    questions = [
        Question("Câu hỏi dài " * 27, options, name="1"),
        Question("Phương án dài?", long_option, name="2"),
        Question("Hai dòng:\ndòng sau?", options, name="3"),
        Question("Đúng một phần?", (*options, Option("Gần đúng", 50.0)), name="4"),
        Question("Một trong hai?", (*options, Option("Cũng được", 100.0)), name="5"),
        Question("Mười ba?", (*options, *(Option(f"Số {number}") for number in range(11))), name="6"),
        Question("Vừa đủ?", options, explanation="Dài quá " * 26, name="7"),
    ]
    with console(bot) as scene:
        bank.replace_bank(scene, BANK, questions)
    open_round(bot, POLLS)
    begin(api, PERSON)
    for number in range(1, 7):
        shown = reads(api, PERSON, f"Câu {number}/7")
        assert shown.kind == "message", number
        api.press(PERSON, shown, "A")
    last = asked(api, PERSON, 7)
    assert last.poll is not None
    assert "explanation" not in last.poll
    assert api.calls("sendPoll")[0].outcome == "ok"
    assert len(api.calls("sendPoll")) == 1


def test_an_older_server_that_refuses_a_poll_gets_buttons(api: BotApi, bot: RunningBot) -> None:
    api.settings(several_right=False)
    join(api, bot, PERSON)
    number = open_round(bot, POLLS)
    api.vote(PERSON, start(api, PERSON), "B.")
    second = reads(api, PERSON, "Câu 2/3")
    assert second.kind == "message"
    refused = [call for call in api.calls("sendPoll") if call.outcome == "refused"]
    assert [call.description for call in refused] == ["Bad Request: wrong correct option ID specified"]
    api.press(PERSON, second, "A")
    api.press(PERSON, reads(api, PERSON, "✓ A. Cơ quan"), "B")
    api.press(PERSON, reads(api, PERSON, "✓ B. Nhà cung cấp"), "Xong")
    api.vote(PERSON, asked(api, PERSON, 3), "A.")
    finished(bot.settings, 1)
    assert taken(bot.settings, number) == [(1.0, True, (1,), (0, 1), (0,))]


@pytest.mark.parametrize("fault", ["accepted_cut", "cut", "server_error"])
def test_a_poll_whose_sending_was_cut_goes_out_again(api: BotApi, bot: RunningBot, fault: str) -> None:
    join(api, bot, PERSON)
    number = open_round(bot, POLLS)
    api.fault(fault, method="sendPoll", times=1)
    begin(api, PERSON)
    eventually(bot.settings, "SELECT count(*) AS n FROM polls", [{"n": 1}])
    polls = [record for record in api.transcript(PERSON) if record.kind == "poll"]
    assert len(polls) == (2 if fault == "accepted_cut" else 1)
    # Where there are two, of the first nothing was heard; it can be no other all the same, and the second is closed.
    api.vote(PERSON, polls[0], "B.")
    asked(api, PERSON, 2)
    assert taken(bot.settings, number) == [(None, None, (1,), None)]
    if fault == "accepted_cut":
        api.wait_for(lambda seen: any(one.kind == "poll closed" and one.id == polls[1].id for one in seen), PERSON)


def test_a_vote_that_is_faster_than_the_answer_of_telegram(api: BotApi, bot: RunningBot) -> None:
    join(api, bot, PERSON)
    number = open_round(bot, POLLS)
    api.fault("accepted_late", method="sendPoll", times=1, seconds=3.0)
    api.vote(PERSON, start(api, PERSON), "C.")
    asked(api, PERSON, 2)
    assert taken(bot.settings, number) == [(None, None, (2,), None)]


def test_stopped_between_all_votes_nothing_is_lost(
    api: BotApi, telegram_settings: Settings, documents_loaded_once: None
) -> None:
    with running(telegram_settings) as bot:
        join(api, bot, PERSON)
        number = open_round(bot, POLLS)
        shown = start(api, PERSON)
        eventually(telegram_settings, "SELECT count(*) AS n FROM polls", [{"n": 1}])
    for place, chosen in enumerate((["B."], ["A.", "B."], ["A."]), 1):
        api.vote(PERSON, shown, *chosen)
        with running(telegram_settings):
            if place < 3:
                shown = asked(api, PERSON, place + 1)
                eventually(telegram_settings, "SELECT count(*) AS n FROM polls", [{"n": place + 1}])
            else:
                reads(api, PERSON, "Xong. Anh/chị đạt.")
    assert taken(telegram_settings, number) == [(1.0, True, (1,), (0, 1), (0,))]


def _user(number: int) -> dict[str, object]:
    return {"id": number, "is_bot": False, "first_name": "Người Ví Dụ"}


def test_votes_come_through_the_webhook(api: BotApi, tmp_path: Path, documents_loaded_once: None, port: int) -> None:
    place = f"127.0.0.1:{port}"
    settings = settings_for(api, tmp_path, telegram_updates="webhook", public_url=f"http://{place}/", listen=place)
    with running(settings) as bot:
        wait_until(lambda: api.webhook()["url"])
        join(api, bot, PERSON)
        number = open_round(bot, POLLS)
        first = start(api, PERSON)
        eventually(settings, "SELECT count(*) AS n FROM polls", [{"n": 1}])
        api.vote(PERSON, first, "B.")
        asked(api, PERSON, 2)
        assert taken(settings, number) == [(None, None, (1,), None)]
