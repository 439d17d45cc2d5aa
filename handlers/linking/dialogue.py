"""The conversation: a code asked for in one messenger, typed and confirmed in the other; taking an account off."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from markupsafe import Markup

from handlers import form
from handlers.authorization import Scene
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Reply
from handlers.errors import NotFound, NotPossible, Refusal
from handlers.form import Data, Done, Form, Step
from handlers.leading import roomiest
from handlers.linking import service
from handlers.linking.service import Account
from handlers.people.reading import shown_code
from knowledge.text import fold
from storage import links, members, people
from storage.outbox import REPORT

YES, NO = "yes", "no"

_LINK, _UNLINK = "link", "unlink"


def is_code(text: str, context: Context) -> bool:
    """Whether a message is a code that links two messengers."""
    return len(text.split()) <= 3 and service.is_code(context.database, text, context.now)


def by_code(typed: str, context: Context) -> list[Reply]:
    """Ask whether a typed code is to be used; raise Refusal for one that cannot be."""
    assert context.address is not None
    kept, _ = service.find(_scene(context), typed, context.address)
    return form.begin(_LINK, LINK, {"kept": kept}, context)


def _link(argument: str, context: Context) -> list[Reply]:
    if argument:
        return by_code(argument, context)
    assert context.address is not None
    code = service.make(_scene(context), context.person, context.address)
    minutes = service.CODE_LIFE // dt.timedelta(minutes=1)
    others = [door for door in context.doors(code) if door.link and door.channel != context.address.channel]
    lines = [
        context.texts.rich("linking.code", code=shown_code(code), minutes=minutes),
        *(
            context.texts.rich("invitation.link", name=door.name, link=door.link)
            for door in roomiest(others, context.database)
        ),
    ]
    return [Reply(Markup("\n").join(lines))]


def _ask_sure(data: Data, context: Context) -> Reply:
    found = links.find(context.database, data["kept"], context.now.isoformat())
    if found is None:
        return Reply(context.texts.rich("refused.no_such_link"))
    member = members.get(context.database, found.person, context.today.isoformat())
    return Reply(
        context.texts.rich(
            "linking.sure",
            channel=_channel(found.address.channel, context),
            who=context.texts.rich("linking.of", name=member.name) if member else "",
            time=f"{dt.datetime.fromisoformat(found.made_at).astimezone(context.zone):%H:%M}",
        ),
        (
            form.choice(context.texts("linking.yes"), YES, _LINK, "sure"),
            form.choice(context.texts("linking.no"), NO, _LINK, "sure"),
        ),
    )


def _take_sure(typed: str, data: Data, context: Context) -> str | Done:
    answer = form.yes_or_no(typed)
    if answer is None:
        raise NotFound("yes_or_no")
    # The form is that of who goes.
    form.end(context)
    if not answer:
        return Done([Reply(context.texts.rich("linking.not_linked"))])
    assert context.address is not None
    try:
        linked = service.use(_scene(context), context.person, data["kept"], context.address)
    except Refusal as refusal:
        # There is nothing to ask again.
        return Done([Reply(context.refused(refusal))])
    member = members.get(context.database, linked.person, context.today.isoformat())
    here, there = (_channel(address.channel, context) for address in (context.address, linked.made_at))
    told = context.texts.rich("linking.told", channel=here)
    return Done(
        [
            Reply(
                context.texts.rich(
                    "linking.done",
                    channel=there,
                    who=context.texts.rich("linking.of", name=member.name) if member else "",
                )
            ),
            Reply(told, to=linked.made_at, urgency=REPORT),
        ]
    )


def _unlink(_: str, context: Context) -> list[Reply]:
    if not _others(context):
        raise NotPossible("not_linked")
    return form.begin(_UNLINK, UNLINK, {}, context)


def _ask_which(_: Data, context: Context) -> Reply:
    choices = [
        form.choice(
            context.texts(
                "linking.account",
                channel=_channel(account.channel, context),
                day=_day(account, context),
            ),
            account.key,
            _UNLINK,
            "which",
        )
        for account in _others(context)
    ]
    return Reply(
        context.texts.rich("linking.ask_which"),
        (*choices, form.choice(context.texts("linking.no"), NO, _UNLINK, "which")),
    )


def _take_which(typed: str, _: Data, context: Context) -> str | Done:
    if form.yes_or_no(typed) is False:
        return Done([Reply(context.texts.rich("linking.stays"))])
    others = {account.key: account for account in _others(context)}
    meant = [key for key, other in others.items() if fold(typed).strip() == fold(_channel(other.channel, context))]
    key = typed if typed in others else meant[0] if len(meant) == 1 else ""
    if not key:
        raise NotFound("which_account")
    assert context.address is not None
    chats = service.undo(_scene(context), context.person, key, context.address)
    channel = _channel(others[key].channel, context)
    text = context.texts.rich("linking.taken_off", channel=_channel(context.address.channel, context))
    return Done(
        [
            Reply(context.texts.rich("linking.undone", channel=channel)),
            *(Reply(text, to=chat, urgency=REPORT) for chat in chats),
        ]
    )


def _others(context: Context) -> list[Account]:
    """The accounts of whoever writes but the one that he writes from."""
    at = context.address
    assert at is not None
    here = (at.channel, at.account, at.sender)
    found = service.accounts(context.database, context.person)
    return [account for account in found if (account.channel, account.account, account.sender) != here]


def _day(account: Account, context: Context) -> str:
    if account.used_at is None:
        return "—"
    return f"{dt.datetime.fromisoformat(account.used_at).astimezone(context.zone):%d/%m/%Y}"


def _channel(name: str, context: Context) -> str:
    text = f"channel.{name}"
    return context.texts(text) if text in context.texts else name


def _scene(context: Context) -> Scene:
    # What is one's own account nobody else decides.
    return replace(context.scene, needing_approval=frozenset())


def _has_several(context: Context) -> bool:
    return len(people.linked(context.database, context.person)) > 1


LINK: Form = {"sure": Step(_ask_sure, _take_sure)}
UNLINK: Form = {"which": Step(_ask_which, _take_which)}

FORMS = {_LINK: LINK, _UNLINK: UNLINK}

COMMANDS = (
    Command(
        "lienket",
        _link,
        (
            "lien ket",
            "lien ket tai khoan",
            "ma lien ket",
            "noi tai khoan",
            "ket noi tai khoan",
            "lien ket zalo",
            "lien ket telegram",
        ),
        argument=service.looks_like_code,
        offered=lambda context: context.actor.joined and len(context.channels) > 1,
    ),
    Command(
        "golienket",
        _unlink,
        ("go lien ket", "huy lien ket", "bo lien ket", "ngat lien ket", "go tai khoan"),
        offered=_has_several,
    ),
)
