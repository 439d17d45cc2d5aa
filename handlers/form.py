"""A conversation of several steps that survives a restart: one step asks, the next message answers it.

Where somebody stands is a row (`storage.dialogues`). At any step "hủy" ends it and "quay lại" goes one step back;
both are understood here, so that no form can forget them. A step's choices are buttons like any other: their action is
`ANSWER`, and a press of one that belongs to an earlier step is recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from markupsafe import Markup

from handlers.context import Context
from handlers.conversation import Attachment, Button, Reply
from handlers.errors import NeedsApproval, Refusal
from knowledge.text import fold
from storage import dialogues
from storage.dialogues import Dialogue

ANSWER = "form.answer"

_TRAIL = "trail"
"""The steps that were answered, in the answers kept: the way back."""

_YES = {"yes", "co", "dong y", "ok", "oke", "duoc", "u", "vang", "da", "dung", "chac chan"}
_NO = {"no", "khong", "ko", "k", "thoi", "khong dong y", "chua"}

Data = dict[str, Any]

Digression = Callable[[str, Context, bool], list[Reply]]
"""Answers what was typed as a question about the rules, told whether the step has refused it; [] where it is none."""


@dataclass(frozen=True, slots=True)
class Done:
    """The last step was answered: what is said at the end."""

    replies: Sequence[Reply]


@dataclass(frozen=True, slots=True)
class Stay:
    """The step goes on after this answer: what is said to it, in place of the question."""

    replies: Sequence[Reply]


ELSEWHERE = Done(())
"""What a step returns for a message that is none of its answers: the form ends, and the message is taken like any."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a form.

    Attributes:
        ask: returns the question, from the answers so far.
        take: reads an answer into the answers and returns the name of the next step, Stay or Done. It raises Refusal
            for an answer that cannot be taken: the reason is told and the question asked again.
        files: reads files that came into the answers and returns what is said to them; None where they are no answer.
        digressions: when a question about the rules is answered and the step asked again: "refused", where it cannot be
            taken as an answer; "first", before that, where any line could be one, such as a name; "never", where
            whatever is typed is what somebody wants to say.
    """

    ask: Callable[[Data, Context], Reply]
    take: Callable[[str, Data, Context], str | Stay | Done]
    files: Callable[[Sequence[Attachment], Data, Context], list[Reply]] | None = None
    digressions: Literal["refused", "first", "never"] = "refused"


Form = Mapping[str, Step]
"""Steps by name; the first is where it begins."""


def begin(name: str, form: Form, data: Data, context: Context, step: str = "") -> list[Reply]:
    """Begin a form under its name in `FORMS` of the router, at its first step or another; return the question."""
    first = step or next(iter(form))
    return _go(name, form, first, {**data, _TRAIL: []}, context)


def current(context: Context) -> Dialogue | None:
    """Return the form that whoever wrote is filling in."""
    if context.address is None:
        return None
    since = context.office.retention.since("dialogues", context.now).isoformat()
    return dialogues.current(context.database, context.address, context.person, since)


def answer(
    typed: str, dialogue: Dialogue, form: Form, context: Context, digression: Digression | None = None
) -> list[Reply] | None:
    """Take an answer to the step that is asked now; return what is said next, None where it was no answer at all.

    `digression` is given for what was typed, not for a choice.
    """
    data = dict(dialogue.data)
    step = form[dialogue.step]
    if step.digressions == "first" and digression and (answered := digression(typed, context, False)):
        return [*answered, step.ask(data, context)]
    try:
        following = step.take(typed, data, context)
    except NeedsApproval:
        # Nothing was refused: the answers were all there.
        raise
    except Refusal as refusal:
        question = step.ask(dict(dialogue.data), context)
        if step.digressions != "never" and digression and (answered := digression(typed, context, True)):
            return [*answered, question]
        return [replace(question, text=Markup("\n").join([context.refused(refusal), question.text]))]
    if isinstance(following, Done):
        # The last step may have begun another form.
        if current(context) == dialogue:
            end(context)
        return None if following is ELSEWHERE else list(following.replies)
    if isinstance(following, Stay):
        keep(dialogue.form, dialogue.step, data, context)
        return list(following.replies)
    data[_TRAIL] = [*data[_TRAIL], dialogue.step]
    return _go(dialogue.form, form, following, data, context)


def take_files(
    attachments: Sequence[Attachment], dialogue: Dialogue, form: Form, context: Context
) -> list[Reply] | None:
    """Take files at the step that is asked now; return what is said to them, None where they are no answer."""
    files = form[dialogue.step].files
    if files is None:
        return None
    data = dict(dialogue.data)
    replies = files(attachments, data, context)
    if current(context) == dialogue and data != dialogue.data:
        keep(dialogue.form, dialogue.step, data, context)
    return replies


def back(dialogue: Dialogue, form: Form, context: Context) -> list[Reply]:
    """Ask the step before again; at the first one, that one."""
    data = dict(dialogue.data)
    trail = list(data[_TRAIL])
    step = trail.pop() if trail else dialogue.step
    return _go(dialogue.form, form, step, {**data, _TRAIL: trail}, context)


def end(context: Context) -> bool:
    """Forget the form that is being filled in; return whether there was one."""
    assert context.address is not None
    return dialogues.end(context.database, context.address, context.person)


def choice(label: str, value: str, form: str, step: str) -> Button:
    """Return a button that answers a step."""
    return Button(label, ANSWER, {"value": value, "form": form, "step": step}, once=step)


def yes_or_no(typed: str) -> bool | None:
    """Return what a typed answer to a plain question means; None for anything else."""
    words = fold(typed).strip(" .!")
    return True if words in _YES else False if words in _NO else None


def _go(name: str, form: Form, step: str, data: Data, context: Context) -> list[Reply]:
    keep(name, step, data, context)
    return [form[step].ask(data, context)]


def keep(name: str, step: str, data: Data, context: Context) -> None:
    """Write down where whoever writes stands in a form, without asking anything."""
    assert context.address is not None
    dialogues.keep(
        context.database, context.address, context.person, Dialogue(name, step, data), context.now.isoformat()
    )
