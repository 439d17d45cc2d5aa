"""How replies become the messages that a channel can carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from bot.channels.abilities import Abilities, PollLimits
from bot.channels.markup import length, plain, seen, spelled_out, split_text
from handlers.conversation import NOTHING, Poll, Reply
from handlers.texts import Texts

GAP = "\n\n"
"""What stands between the paragraphs of a message."""

ROOM_FOR_WORDS = 500
"""UTF-16 units that a message with a file leaves for the words that say where the file is, should it not be carried."""


def joined(replies: Sequence[Reply]) -> list[Reply]:
    """Return replies with as few messages as they can be said in: mere words join what follows for the same reader."""
    found: list[Reply] = []
    for reply in replies:
        before = found[-1] if found else None
        if (
            before is None
            or before.buttons
            or before.files
            or before.concern
            or (before.to, before.urgency) != (reply.to, reply.urgency)
        ):
            found.append(reply)
            continue
        parts = [before.opening, before.text, before.closing, reply.opening, reply.text]
        found[-1] = replace(reply, opening=NOTHING, text=Markup("\n\n").join(filter(None, parts)))
    return found


def fit(reply: Reply, abilities: Abilities, texts: Texts, answers: str = "") -> list[dict[str, Any]]:
    """Return a reply as the messages that a channel can carry, as plain JSON for the outbox.

    Each file has a message of its own, so that none is sent twice for the sake of another; a single one carries a text
    that is short enough. Choices go under the last one as buttons, and what their labels do not say into its text; or
    they stand in its text with their numbers. A poll is a message of its own; it keeps its words and choices for where
    the messenger refuses it.
    """
    if reply.poll and abilities.polls and abilities.polls.admit(reply.poll):
        opening = fit(Reply(reply.opening, again=reply.again), abilities, texts, answers) if reply.opening else []
        bare = fit(replace(reply, opening=NOTHING, poll=None), abilities, texts, "" if opening else answers)
        bare[-1]["poll"] = _poll(reply.poll, abilities.polls)
        return [*opening, *bare]
    paragraphs = [reply.opening, reply.text]
    buttons = abilities.shows_buttons(len(reply.buttons))
    if reply.buttons and not buttons and abilities.hears:
        lines = [
            texts.rich("menu.line", number=number, label=button.full or button.label)
            for number, button in enumerate(reply.buttons, 1)
        ]
        paragraphs += [reply.lead, Markup("\n").join([*lines, texts.rich("menu.hint")])]
    beside = _said_beside(reply, abilities, texts) if buttons else []
    if beside:
        paragraphs.append(Markup("\n").join([reply.lead or texts.rich("menu.more"), *beside]))
    if reply.files and not abilities.files:
        paragraphs.append(texts.rich("media.not_here"))
    # Buttons stand under the message, numbers inside it.
    last = [reply.lead] if reply.buttons and buttons and not beside else []
    if reply.buttons and reply.files and abilities.lone_files and not any([*paragraphs, reply.closing, *last]):
        # A message of their own for the buttons, and it must say something.
        last = [texts.rich("menu.more")]
    closing = (reply.letter or reply.closing) if abilities.letters else reply.closing
    whole = Markup("\n\n").join(filter(None, [*paragraphs, closing, *last]))
    text = whole if abilities.links else spelled_out(whole)
    # What a repeat begins with must find room.
    room = abilities.text_length - (length(plain(reply.again)) + len(GAP) if reply.again else 0)
    messages: list[dict[str, Any]] = [{"text": part} for part in split_text(text, room)]
    if abilities.letters:
        messages[0] |= {"subject": reply.subject, "files": [file.as_json() for file in reply.files]}
    elif reply.files and abilities.files:
        files = [file.as_json() for file in reply.files]
        if len(files) == 1 and length(seen(text)) <= abilities.caption_length and not abilities.lone_files:
            messages[0]["file"] = files[0]
        else:
            messages = [*({"text": "", "file": file} for file in files), *(m for m in messages if m["text"])]
    if abilities.facts:
        messages[0]["facts"] = {"subject": reply.subject, **(reply.facts or {})}
    if reply.again:
        for message in messages:
            message["again"] = str(reply.again if abilities.links else spelled_out(reply.again))
    if answers:
        messages[0]["answers"] = answers
    if reply.buttons and buttons:
        messages[-1]["buttons"] = [(place, abilities.label(button.label)) for place, button in enumerate(reply.buttons)]
    return messages


def _poll(poll: Poll, limits: PollLimits) -> dict[str, Any]:
    return {
        "question": poll.question,
        "options": list(poll.options),
        "right": list(poll.right),
        "several": poll.several,
        "explanation": limits.explanation_of(poll),
        "settles": poll.settles,
        "action": poll.action,
        "data": poll.data,
    }


def _said_beside(reply: Reply, abilities: Abilities, texts: Texts) -> list[Markup]:
    """The lines for the buttons whose labels do not say everything."""
    return [
        texts.rich("menu.item", label=button.full or button.label)
        for button in reply.buttons
        if button.full or abilities.label(button.label) != button.label
    ]
