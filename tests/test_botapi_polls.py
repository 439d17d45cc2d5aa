"""The polls of the Telegram server of the tests must be as strict as Telegram's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.botapi.client import BotApi, Refused
from tests.telegram_bot import PERSON
from tests.test_botapi import ask

CHAT = {"chat_id": PERSON}
GOOD: dict[str, Any] = {
    **CHAT,
    "question": "Câu hỏi?",
    "options": [{"text": "Một"}, {"text": "Hai"}, {"text": "Ba"}],
    "is_anonymous": False,
    "type": "quiz",
    "correct_option_ids": [1],
}


@pytest.fixture(autouse=True)
def started(api: BotApi) -> None:
    api.user(PERSON, started=True)
    ask(api, "getUpdates", {"allowed_updates": ["poll_answer"]})


def send(api: BotApi, **changed: Any) -> tuple[int, Any]:
    return ask(api, "sendPoll", {name: value for name, value in {**GOOD, **changed}.items() if value is not None})


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"question": " "}, "poll question must be non-empty"),
        ({"question": "x" * 301}, "poll question length must not exceed 300"),
        ({"options": [{"text": "Một"}]}, "poll must have at least 2 option"),
        ({"options": [str(n) for n in range(13)]}, "poll can't have more than 12 options"),
        ({"options": ["Một", " "]}, "poll options must be non-empty"),
        ({"options": ["Một", "x" * 101]}, "poll options length must not exceed 100"),
        ({"type": "other"}, "unsupported poll type specified"),
        ({"correct_option_ids": None}, "wrong correct option ID specified"),
        ({"correct_option_ids": []}, "wrong correct option ID specified"),
        ({"correct_option_ids": [3]}, "wrong correct option ID specified"),
        ({"correct_option_ids": [0, 1]}, "wrong correct option ID specified"),
        ({"correct_option_ids": [1, 0], "allows_multiple_answers": True}, "wrong correct option ID specified"),
        ({"explanation": "x" * 201}, "message is too long"),
        ({"explanation": "a\nb\nc\nd"}, "message is too long"),
        ({"chat_id": 999}, "chat not found"),
    ],
)
def test_what_is_no_poll_is_refused(api: BotApi, changed: dict[str, Any], refused: str) -> None:
    assert send(api, **changed)[1] == {"ok": False, "error_code": 400, "description": f"Bad Request: {refused}"}


def test_the_longest_that_is_taken(api: BotApi) -> None:
    options = ["x" * 100, *map(str, range(11))]
    status, told = send(api, question="x" * 300, options=options, explanation="a\nb\n" + "x" * 196)
    assert status == 200
    assert len(told["result"]["poll"]["options"]) == 12


def test_a_server_of_before_knows_one_right_answer(api: BotApi) -> None:
    api.settings(several_right=False)
    assert send(api)[0] == 400
    assert send(api, correct_option_id=1)[0] == 200
    assert send(api, correct_option_id=1, options=[str(n) for n in range(11)])[0] == 400


def test_a_vote_is_told_and_stands_in_a_quiz(api: BotApi) -> None:
    send(api)
    (poll,) = api.transcript(PERSON, "poll")
    api.vote(PERSON, poll, 1)
    (update,) = api.queue()
    assert poll.poll is not None
    assert update["poll_answer"]["poll_id"] == poll.poll["id"]
    assert update["poll_answer"]["option_ids"] == [1]
    for chosen in ([0], []):
        with pytest.raises(Refused, match="the vote stands"):
            api.vote(PERSON, poll, *chosen)


def test_another_vote_may_be_taken_back_where_that_is_allowed(api: BotApi) -> None:
    send(api, type="regular", allows_revoting=True)
    send(api, type="regular", allows_revoting=False)
    free, bound = api.transcript(PERSON, "poll")
    for poll in (free, bound):
        api.vote(PERSON, poll, "Hai")
    api.vote(PERSON, free)
    assert [update["poll_answer"]["option_ids"] for update in api.queue()] == [[1], [1], []]
    with pytest.raises(Refused, match="the vote stands"):
        api.vote(PERSON, bound)
    with pytest.raises(Refused, match="cannot be chosen"):
        api.vote(PERSON, free, 0, 1)


def test_of_a_secret_vote_nothing_is_told(api: BotApi) -> None:
    send(api, is_anonymous=None)
    api.vote(PERSON, api.transcript(PERSON, "poll")[0], 0)
    assert api.queue() == []


def test_a_poll_is_stopped_once(api: BotApi) -> None:
    send(api)
    (poll,) = api.transcript(PERSON, "poll")
    ask(api, "sendMessage", {**CHAT, "text": "Chữ"})
    stop = {**CHAT, "message_id": poll.id}
    assert ask(api, "stopPoll", stop)[1]["result"]["is_closed"] is True
    with pytest.raises(Refused, match="closed"):
        api.vote(PERSON, poll, 0)
    for changed, refused in (
        ({}, "poll has already been closed"),
        ({"message_id": poll.id + 1}, "message is not a poll"),
        ({"message_id": poll.id + 2}, "message with poll to stop not found"),
    ):
        assert ask(api, "stopPoll", {**stop, **changed})[1]["description"] == f"Bad Request: {refused}"
