"""Polls as Telegram keeps them: what a bot may send, who may vote, and what the bot is told of it.

What is checked: https://core.telegram.org/bots/api#sendpoll, since April 2026 with several right answers in a quiz. A
server of before that knows one right answer by another name, and two options fewer; a switch makes this one like it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.botapi.entities import utf16_length
from tests.botapi.errors import bad_request
from tests.botapi.keyboards import markup_of
from tests.botapi.methods import replied
from tests.botapi.params import Params, boolean, integer, nested, text_of
from tests.botapi.world import Message, User, World

Json = dict[str, Any]

FIRST_POLL = 5_000_000_000_000_000_000
LONGEST_QUESTION, LONGEST_OPTION, LONGEST_EXPLANATION = 300, 100, 200
MOST_LINE_FEEDS = 2
MOST_OPTIONS, MOST_OPTIONS_BEFORE = 12, 10


@dataclass(slots=True)
class Poll:
    """A poll; `votes` holds the options of everybody who voted, by their places."""

    id: str
    message: Message
    question: str
    options: list[str]
    quiz: bool
    anonymous: bool
    right: list[int]
    several: bool
    revoting: bool
    explanation: str
    closed: bool = False
    votes: dict[int, list[int]] = field(default_factory=dict)

    def json(self) -> Json:
        """Return the poll as the Bot API does."""
        counts = [sum(place in chosen for chosen in self.votes.values()) for place in range(len(self.options))]
        options = [
            {"persistent_id": f"{place}", "text": text, "voter_count": count}
            for place, (text, count) in enumerate(zip(self.options, counts, strict=True))
        ]
        told: Json = {
            "id": self.id,
            "question": self.question,
            "options": options,
            "total_voter_count": len(self.votes),
            "is_closed": self.closed,
            "is_anonymous": self.anonymous,
            "type": "quiz" if self.quiz else "regular",
            "allows_multiple_answers": self.several,
            "allows_revoting": self.revoting,
        }
        if self.quiz:
            told["correct_option_ids"] = self.right
            if self.explanation:
                told["explanation"] = self.explanation
        return told


def send_poll(world: World, params: Params) -> Any:
    """Ask something in a poll."""
    question = text_of(params, "question").strip()
    if not question:
        raise bad_request("poll question must be non-empty")
    if utf16_length(question) > LONGEST_QUESTION:
        raise bad_request(f"poll question length must not exceed {LONGEST_QUESTION}")
    options = _options(world, params)
    kind = text_of(params, "type") or "regular"
    if kind not in ("quiz", "regular"):
        raise bad_request("unsupported poll type specified")
    several = boolean(params, "allows_multiple_answers") and (kind == "regular" or world.several_right)
    right = _right(world, params, len(options), several) if kind == "quiz" else []
    explanation = text_of(params, "explanation").strip() if kind == "quiz" else ""
    if utf16_length(explanation) > LONGEST_EXPLANATION or explanation.count("\n") > MOST_LINE_FEEDS:
        raise bad_request("message is too long")
    chat = world.writable(params.get("chat_id"))
    markup = markup_of(params)
    answered = replied(params, chat)
    message = world.add_message(chat, world.bot, "", [], {}, markup, answered)
    poll = Poll(
        str(FIRST_POLL + len(world.polls)),
        message,
        question,
        options,
        kind == "quiz",
        boolean(params, "is_anonymous") if "is_anonymous" in params else True,
        right,
        several,
        # Before it could be chosen a vote in a quiz stood, and any other could be taken back.
        (boolean(params, "allows_revoting") if world.several_right else kind == "regular"),
        explanation,
    )
    world.polls[poll.id] = poll
    message.content = {"poll": poll.json()}
    world.record(
        chat.id,
        message.id,
        "poll",
        text="\n".join([question, *options]),
        markup=markup,
        reply_to=None if answered is None else answered.id,
        paid=boolean(params, "allow_paid_broadcast"),
        silent=boolean(params, "disable_notification"),
        poll=poll.json(),
    )
    return message.json()


def _options(world: World, params: Params) -> list[str]:
    given = nested(params, "options")
    if not isinstance(given, list):
        raise bad_request("can't parse options: expected an Array")
    if len(given) < 2:
        raise bad_request("poll must have at least 2 option")
    most = MOST_OPTIONS if world.several_right else MOST_OPTIONS_BEFORE
    if len(given) > most:
        raise bad_request(f"poll can't have more than {most} options")
    options = []
    for one in given:
        text = one.get("text") if isinstance(one, dict) else one
        if not isinstance(text, str) or not text.strip():
            raise bad_request("poll options must be non-empty")
        if utf16_length(text.strip()) > LONGEST_OPTION:
            raise bad_request(f"poll options length must not exceed {LONGEST_OPTION}")
        options.append(text.strip())
    return options


def _right(world: World, params: Params, count: int, several: bool) -> list[int]:
    if not world.several_right:
        place = integer(params, "correct_option_id", -1)
        if not 0 <= place < count:
            raise bad_request("wrong correct option ID specified")
        return [place]
    given = nested(params, "correct_option_ids")
    is_list = isinstance(given, list) and all(isinstance(place, int) and 0 <= place < count for place in given)
    if not is_list or not given or given != sorted(set(given)) or (len(given) > 1 and not several):
        raise bad_request("wrong correct option ID specified")
    return list(given)


def stop_poll(world: World, params: Params) -> Any:
    """Let nobody vote any more in a poll of the bot."""
    chat = world.writable(params.get("chat_id"))
    message = chat.messages.get(integer(params, "message_id"))
    if message is None or message.deleted:
        raise bad_request("message with poll to stop not found")
    if message.kind != "poll":
        raise bad_request("message is not a poll")
    if message.sender is not world.bot:
        raise bad_request("poll can't be stopped")
    poll = of_message(world, message)
    if poll.closed:
        raise bad_request("poll has already been closed")
    poll.closed = True
    message.content = {"poll": poll.json()}
    message.markup = markup_of(params, inline_only=True)
    world.record(chat.id, message.id, "poll closed", text=poll.question)
    return poll.json()


def of_message(world: World, message: Message) -> Poll:
    """Return the poll of a message."""
    assert message.content is not None
    found: Poll = world.polls[message.content["poll"]["id"]]
    return found


def vote(world: World, user: User, poll: Poll, chosen: list[int]) -> int:
    """Let a person vote, or take a vote back; return the id of the update. Raises ValueError where no app lets him."""
    if poll.closed:
        raise ValueError("the poll is closed")
    if user.id in poll.votes and not poll.revoting:
        raise ValueError("the vote stands")
    if user.id not in poll.votes and not chosen:
        raise ValueError("there is no vote to take back")
    if (len(chosen) > 1 and not poll.several) or not set(chosen) <= set(range(len(poll.options))):
        raise ValueError("these cannot be chosen")
    if chosen:
        poll.votes[user.id] = sorted(chosen)
    else:
        del poll.votes[user.id]
    poll.message.content = {"poll": poll.json()}
    world.queue.add("poll", poll.json())
    if poll.anonymous:
        return 0
    places = sorted(chosen)
    told = {"poll_id": poll.id, "user": user.json, "option_ids": places}
    return world.queue.add("poll_answer", {**told, "option_persistent_ids": [str(place) for place in places]})


METHODS = {"sendPoll": send_poll, "stopPoll": stop_poll}
SENDING = {"sendPoll"}
