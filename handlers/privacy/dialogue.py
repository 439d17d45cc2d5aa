"""The conversation about what is kept about whoever asks: seeing, correcting, withdrawing, deleting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from markupsafe import Markup

from handlers import form
from handlers.authorization import Scene
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.errors import NotFound
from handlers.form import Data, Done, Form, Step
from handlers.people.service import MEMBERSHIP, correct_member, refuse_last_administrator
from handlers.privacy import service
from handlers.privacy.service import Kept
from handlers.privacy.wording import Writer
from handlers.retention import in_words
from knowledge.text import fold
from storage import members

_PARAGRAPHS = Markup("\n\n")

YES, NO, ERASE = "yes", "no", "xoa"
"""What the buttons answer; to delete for good the word itself is said."""

_CORRECT, _WITHDRAW, _ERASE = "privacy_correct", "privacy_withdraw", "privacy_erase"

_SURE = {"xoa", "xoa het", "xoa di", "xoa du lieu"}


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button under what is kept says."""
    if name not in _BEGUN:
        return [Reply(context.texts.rich("menu.stale"))]
    service.refuse_held(context.scene, context.person)
    if name != "correct":
        # Told at once, not after everything was confirmed.
        refuse_last_administrator(context.scene, context.person)
    return form.begin(_BEGUN[name], FORMS[_BEGUN[name]], {}, context)


def _show(_: str, context: Context) -> list[Reply]:
    kept, texts = _kept(context), context.texts
    agrees = any(consent.purpose == MEMBERSHIP and consent.withdrawn is None for consent in kept.consents)
    buttons = []
    if context.actor.joined:
        buttons.append(Button(texts("privacy.correct"), "privacy.correct"))
    if agrees:
        buttons.append(Button(texts("privacy.withdraw"), "privacy.withdraw"))
    buttons.append(Button(texts("privacy.erase"), "privacy.erase"))
    if context.actor.joined:
        buttons.append(Button(texts("command.roikhoi"), "command.run", {"name": "roikhoi"}))
    return [Reply(_writer(context).kept(kept), tuple(buttons))]


def _kept(context: Context) -> Kept:
    return service.show(_scene(context), context.person)


def _scene(context: Context) -> Scene:
    # What is everybody's right needs nobody's approval.
    return replace(context.scene, needing_approval=frozenset())


def _writer(context: Context) -> Writer:
    return Writer(context.texts, context.office.retention, context.zone)


def _remaining(context: Context) -> Markup:
    kept = _kept(context)
    return _writer(context).remaining(service.remaining(kept, context.office.retention, context.today))


# Correcting


def _ask_name(_: Data, context: Context) -> Reply:
    member = members.get(context.database, context.person, context.today.isoformat())
    return _asks("name", member.name if member else "", context)


def _take_name(typed: str, data: Data, _: Context) -> str | Done:
    data["name"] = typed
    return "position"


def _ask_position(_: Data, context: Context) -> Reply:
    member = members.get(context.database, context.person, context.today.isoformat())
    return _asks("position", member.position if member else "", context)


def _take_position(typed: str, data: Data, context: Context) -> str | Done:
    known = members.get(context.database, context.person, context.today.isoformat())
    if known is None:
        raise NotFound("no_such_member")
    name, position = data["name"] or known.name, typed or known.position
    correct_member(_scene(context), context.person, name, position)
    return Done(_show("", context))


def _asks(field: str, value: str, context: Context) -> Reply:
    question = context.texts.rich(f"correct.{field}", value=value or context.texts("correct.nothing"))
    return Reply(question, (form.choice(context.texts("privacy.as_it_is"), "", _CORRECT, field),))


# Withdrawing


def _ask_withdraw(_: Data, context: Context) -> Reply:
    text = context.texts.rich(
        "privacy.ask_withdraw", time=in_words(context.office.retention.left_members, context.texts)
    )
    return Reply(text, _yes_or_no("privacy.withdraw", "privacy.do_not", _WITHDRAW, "sure", context))


def _take_withdraw(typed: str, _: Data, context: Context) -> str | Done:
    if not _is_sure(typed):
        return Done([Reply(context.texts.rich("privacy.nothing_done"))])
    service.withdraw(_scene(context), context.person, MEMBERSHIP)
    return Done([Reply(context.texts.rich("privacy.withdrawn"))])


# Deleting


def _ask_erase(_: Data, context: Context) -> Reply:
    parts = [context.texts.rich("privacy.goes"), _remaining(context), context.texts.rich("privacy.ask_erase")]
    return Reply(
        _PARAGRAPHS.join(filter(None, parts)),
        _yes_or_no("privacy.erase", "privacy.do_not", _ERASE, "sure", context),
    )


def _take_erase(typed: str, _: Data, context: Context) -> str | Done:
    if fold(typed).strip(" .!") in _SURE or _is_sure(typed):
        return "again"
    return Done([Reply(context.texts.rich("privacy.nothing_done"))])


def _ask_again(_: Data, context: Context) -> Reply:
    buttons = (
        form.choice(context.texts("privacy.erase_all"), ERASE, _ERASE, "again"),
        form.choice(context.texts("privacy.do_not"), NO, _ERASE, "again"),
    )
    return Reply(context.texts.rich("privacy.ask_again"), buttons)


def _take_again(typed: str, _: Data, context: Context) -> str | Done:
    if fold(typed).strip(" .!") not in _SURE:
        return Done([Reply(context.texts.rich("privacy.nothing_done"))])
    remaining = _remaining(context)
    service.erase(_scene(context), context.person)
    return Done([Reply(_PARAGRAPHS.join(filter(None, [context.texts.rich("privacy.erased"), remaining])))])


def _yes_or_no(yes: str, no: str, name: str, step: str, context: Context) -> tuple[Button, ...]:
    return (
        form.choice(context.texts(yes), YES, name, step),
        form.choice(context.texts(no), NO, name, step),
    )


def _is_sure(typed: str) -> bool:
    answer = form.yes_or_no(typed)
    if answer is None:
        raise NotFound("yes_or_no")
    return answer


_BEGUN = {"correct": _CORRECT, "withdraw": _WITHDRAW, "erase": _ERASE}

FORMS: dict[str, Form] = {
    _CORRECT: {
        "name": Step(_ask_name, _take_name, digressions="first"),
        "position": Step(_ask_position, _take_position, digressions="first"),
    },
    _WITHDRAW: {"sure": Step(_ask_withdraw, _take_withdraw)},
    _ERASE: {"sure": Step(_ask_erase, _take_erase), "again": Step(_ask_again, _take_again)},
}

COMMANDS = (
    Command(
        "dulieu",
        _show,
        (
            "du lieu cua toi",
            "xem du lieu",
            "xem du lieu cua toi",
            "quyen rieng tu",
            "rut dong y",
        ),
        last=True,
    ),
    Command(
        "xoadulieu",
        lambda _, context: act("erase", {}, context),
        ("xoa du lieu", "xoa du lieu cua toi", "xoa het du lieu", "xoa het du lieu cua toi"),
        listed=False,
    ),
)
