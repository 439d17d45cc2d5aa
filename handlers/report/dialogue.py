"""Telling of an account that was lost or imitated: help first, then as few questions as can be, then a number.

What the first sentence says already is taken over. Asked are the kind, the account and how to be reached; everything
else may be added at any time (`handlers.report.following`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from handlers import form
from handlers.ask.dialogue import answer
from handlers.context import Context
from handlers.conversation import Attachment, Button, Reply
from handlers.errors import NotFound, Refusal
from handlers.first_aid import Trouble
from handlers.form import Data, Done, Form, Stay, Step
from handlers.report import evidence, forwarding, service, wording
from handlers.report.contacts import link, telephone
from handlers.report.holding import CHANNELS_OF
from handlers.report.owner import find_owner, has_title, whose
from handlers.report.reading import Reading, may_tell, read
from handlers.report.receipts import shown_receipt
from handlers.report.service import Opened
from handlers.report.telling import asks, tells_of_others
from handlers.report.telling import is_told as says_so
from handlers.report.trail import LONGEST_LINE, LONGEST_NOTE, checked
from handlers.report.trouble import first_aid, is_fraud, is_fraud_told, trouble
from knowledge.finding import Outcome
from knowledge.text import fold, folded_syllables
from storage import people, report_files
from storage.reports import KINDS, Draft, Harm, Kind

HERE, UNNAMED, UNKNOWN, WRONG, SEND = "here", "unnamed", "unknown", "wrong", "send"

HELPED = "helped"
"""In the answers kept: with which troubles help was given already."""

_HARM_OF: Mapping[Trouble, Harm] = {"money": "money_lost", "threat": "threatened", "blackmail": "threatened"}

_USED_FOR_FRAUD: tuple[Kind, ...] = ("lost", "impersonated", "unit_impersonated", "abused")

RULE = "qd-874-2021/dieu-4/khoan-3"
"""The rule that asks for the report: manage the account, and tell the competent body and the provider."""

# Nobody gives a number in more words; what is longer tells more of what happened.
_LONGEST_CONTACT = 6
_SHORTEST_ACCOUNT = 3
_HERE = re.compile(r"\b(?:o|tai|vao|qua|trong) (?:day|chat|tin nhan)\b")
_NOT_KNOWN = {"khong ro", "khong biet", "ko ro", "ko biet", "k ro", "k biet", "chua ro", "chua biet", "khong nho"}
_FIRST_WORDS = (["toi"], ["em"], ["minh"], ["cung"])


def is_told(text: str, context: Context) -> bool:
    """Whether a message tells what happened to an account, rather than asking for a rule or for a misdeed."""
    if is_fraud_told(text):
        return True
    if not may_tell(text) or not says_so(text, read(text, context.today)):
        return False
    # A report shares its words with what is refused: "có người lập nick giả để xin tiền".
    return tells_of_others(text) or context.search.answer(text, today=context.today).outcome is not Outcome.REFUSED


def begin(text: str, context: Context, files: Sequence[Attachment] = (), *, helped: bool = False) -> list[Reply]:
    """Begin with what was said first, "" for nothing: first aid, and the first question.

    Raises Refusal for what does not belong here. Where others read along there is only first aid. `helped` says that
    first aid for the case has been shown.
    """
    said = checked(text, empty=True)
    data = _data(said, read(said, context.today), context)
    if context.address and people.is_shared(context.database, context.address):
        shown = wording.help_first(data, context)
        return [Reply(wording.PARAGRAPHS.join([shown, context.texts.rich("report.in_private")]))]
    report_files.drop_files(context.database, context.person)
    evidence.bring_early(files, context)
    step, aid = _next(data), Markup()
    if helped:
        data["again"] = True
        if found := trouble(said):
            data[HELPED] = [found]
        # Who is in trouble is known, and nothing of an account.
        data["whose"] = data["whose"] if data["kind"] else None
    elif data.get("fraud"):
        # Nothing of an account helps whoever was tricked.
        found = trouble(said) or "demand"
        data["again"], data[HELPED] = True, [found]
        aid = first_aid(found, context).text
    replies = form.begin("report", REPORT, data, context, step)
    if aid:
        replies[0] = replace(replies[0], text=wording.PARAGRAPHS.join([aid, replies[0].text]))
    # Asked again, the question comes without first aid.
    form.keep("report", step, {**data, "trail": [], "again": True}, context)
    return replies


def first_answers(said: str, context: Context) -> Data:
    """Return the answers that a sentence gives by itself, before anything is asked."""
    return _data(said, read(said, context.today), context)


def _data(said: str, reading: Reading, context: Context) -> Data:
    """The answers that a first sentence gives."""
    data: Data = {
        "said": said,
        "kind": reading.kind,
        "platform": reading.platform,
        "whose": reading.whose,
        "owner_name": reading.owner_name,
        "owner_id": None,
        "account": reading.account,
        "harm": reading.harm or "unknown",
        "amount": reading.amount,
        "since_day": reading.since_day.isoformat() if reading.since_day else None,
        "since_said": reading.since_said,
        "contact": reading.contact,
    }
    _note_fraud(said, data)
    find_owner(data, context)
    return data


def _note_fraud(said: str, data: Data) -> None:
    """Note that somebody was tricked: of which kind the account is that was used for it is asked in other words."""
    if not data["kind"] and is_fraud(said):
        data["fraud"], data["whose"] = True, None


def _is_question(said: str, context: Context) -> bool:
    """Whether what is said in the middle is a question about the rules: it is answered, and the report goes on."""
    return asks(said) and context.search.answer(said, today=context.today).outcome is Outcome.ANSWERED


def _next(data: Data) -> str:
    """The first thing that is still to be asked."""
    if not data["kind"]:
        return "kind"
    if not data["account"]:
        return "account"
    return "sure" if data["contact"] else "contact"


def _asked(question: Markup, data: Data, context: Context, *buttons: Button) -> Reply:
    """A question: with first aid where it is the first, else with what was understood."""
    first = "again" not in data
    before = wording.help_first(data, context) if first else wording.understood(data, context)
    parts = [part for part in (before, question) if part]
    return Reply((wording.PARAGRAPHS if first else wording.LINES).join(parts), buttons)


# What happened


def _ask_kind(data: Data, context: Context) -> Reply:
    texts = context.texts
    if data.get("fraud"):
        means = [form.choice(texts(f"report.fraud_{kind}"), kind, "report", "kind") for kind in _USED_FOR_FRAUD]
        return _asked(texts.rich("report.ask_fraud"), data, context, *means)
    buttons = [form.choice(texts(f"kind.{kind}"), kind, "report", "kind") for kind in KINDS]
    return _asked(texts.rich("report.ask_kind"), data, context, *buttons)


def _take_kind(typed: str, data: Data, context: Context) -> str | Stay | Done:
    said = checked(typed)
    if said in KINDS:
        data["kind"] = said
        if said in ("unit_impersonated", "content"):
            data["whose"] = "unit"
        if _is_a_trick(data):
            data["whose"] = "other"
        return _next(data)
    reading = read(said, context.today)
    if reading.kind is None:
        if _is_question(said, context):
            return Stay([*answer(said, context), _ask_kind(data, context)])
        _add_to_story(said, data)
        if data.get("fraud"):
            # How it was done is told in any words.
            data["kind"], data["whose"] = "abused", "other"
            return _next(data)
        _note_fraud(said, data)
        return "kind"
    before = dict(data)
    data.update(_data("", reading, context))
    data["said"] = before["said"]
    for name in ("platform", "whose", "owner_name", "owner_id", "account", "amount", "since_day", "since_said"):
        data[name] = data[name] or before[name]
    data["contact"] = data["contact"] or before["contact"]
    data["harm"] = before["harm"] if data["harm"] == "unknown" else data["harm"]
    _add_to_story(said, data)
    return _next(data)


def _is_a_trick(data: Data) -> bool:
    """Whether the account is that of whoever tricked somebody, and nobody's that the office knows."""
    return bool(data.get("fraud")) and data["kind"] == "abused"


# Whose account


def _ask_account(data: Data, context: Context) -> Reply:
    texts = context.texts
    account = wording.account_word(data["platform"], context)
    if data["kind"] == "content":
        question = texts.rich("report.ask_content")
    elif _is_a_trick(data):
        question = texts.rich("report.ask_trick")
    elif data["whose"] == "unit":
        question = texts.rich("report.ask_page", account=account)
    elif data["whose"] == "own":
        question = texts.rich("report.ask_own", account=account)
    elif data["owner_name"]:
        question = texts.rich("report.ask_of", account=account, owner=data["owner_name"])
    else:
        question = texts.rich("report.ask_whose", account=account)
    known = data["whose"] is not None
    buttons = (form.choice(texts("report.not_known"), UNKNOWN, "report", "account"),) if known else ()
    return _asked(question, data, context, *buttons)


def _take_account(typed: str, data: Data, context: Context) -> str | Done:
    words = folded_syllables(typed)
    if typed == UNKNOWN or " ".join(words[words[:1] in _FIRST_WORDS :]) in _NOT_KNOWN:
        data["account"] = context.texts("report.account_unknown")
        return "sure" if data["contact"] else "contact"
    said = checked(typed, LONGEST_LINE)
    if sum(char.isalnum() for char in said) < _SHORTEST_ACCOUNT:
        # A number of some menu, more likely.
        if data["whose"] is None:
            # No button says that it is not known.
            raise NotFound("no_account_of")
        raise NotFound("no_account")
    reading = read(said, context.today)
    data["platform"] = reading.platform or data["platform"]
    if _is_a_trick(data):
        data["account"] = reading.account or said
        return "sure" if data["contact"] else "contact"
    said_whose, name = whose(said, reading)
    if data["whose"] is None:
        data["whose"] = said_whose
    if data["whose"] == "other" and (reading.account or has_title(name) or not data["owner_name"]):
        data["owner_name"] = name or data["owner_name"]
    # What only says whose it is names no account.
    data["account"] = reading.account or (said if name else context.texts("report.account_unknown"))
    find_owner(data, context, said)
    return "sure" if data["contact"] else "contact"


# How to be reached


def _ask_contact(data: Data, context: Context) -> Reply:
    texts = context.texts
    buttons = []
    if not _is_read_along(data, context):
        buttons.append(form.choice(texts("report.reach_here"), HERE, "report", "contact"))
    if context.office.anonymous_reports:
        buttons.append(form.choice(texts("report.leave_out_name"), UNNAMED, "report", "contact"))
    buttons.append(form.choice(texts("report.put_right"), WRONG, "report", "contact"))
    return _asked(texts.rich("report.ask_contact"), data, context, *buttons)


def _is_read_along(data: Data, context: Context) -> bool:
    """Whether the account that was lost may be the one that writes, or one of his: no chat is told anything then.

    A member's is held with his report, and until somebody has spoken to him he is told at a number, in no chat
    (`notices.reporter_at`).
    """
    if data["kind"] != "lost" or data["whose"] != "own" or context.address is None:
        return False
    lost = CHANNELS_OF.get(data["platform"], ())
    own = people.addresses_of(context.database, context.person) if data["owner_id"] == context.person else ()
    return any(address.channel in lost for address in (context.address, *own))


def _take_contact(typed: str, data: Data, context: Context) -> str | Stay | Done:
    if typed == WRONG:
        return _again(data)
    if typed in (HERE, UNNAMED):
        return _done(data, context, anonymous=typed == UNNAMED)
    here = form.yes_or_no(typed) is not None or _HERE.search(fold(typed)) is not None
    if here and not _is_read_along(data, context):
        # No number: there is still the chat.
        return _done(data, context)
    said = checked(typed, LONGEST_LINE)
    # "zalo.me/0912…" is a number.
    if link(said) and not telephone(link(said)):
        _take_link(said, data, context)
        if not telephone(said):
            return "contact"
        said = telephone(said)
    if not any(char.isdigit() or char == "@" for char in said):
        if _is_question(said, context):
            return Stay([*answer(said, context), _ask_contact(data, context)])
        is_more = len(said.split()) > _LONGEST_CONTACT or read(said, context.today).kind is not None
        if here or is_more or "odd" not in data:
            # More of the story, or of the talk beside it; what is said twice is a place or a name after all.
            data["odd"] = True
            _add_to_story(said, data)
            return "contact"
    data["contact"] = telephone(said) if telephone(said) and len(said.split()) <= _LONGEST_CONTACT else said
    return _done(data, context)


def _take_link(said: str, data: Data, context: Context) -> None:
    """A link is no way to be called back: it is the account, or belongs to the story where that is known."""
    data["platform"] = data["platform"] or read(said, context.today).platform
    if data["account"] in ("", context.texts("report.account_unknown")):
        data["account"] = link(said)
    else:
        _add_to_story(said, data)


def _ask_sure(data: Data, context: Context) -> Reply:
    texts = context.texts
    buttons = [form.choice(texts("report.send"), SEND, "report", "sure")]
    if context.office.anonymous_reports:
        buttons.append(form.choice(texts("report.leave_out_name"), UNNAMED, "report", "sure"))
    buttons.append(form.choice(texts("report.put_right"), WRONG, "report", "sure"))
    return _asked(texts.rich("report.ask_sure", contact=data["contact"]), data, context, *buttons)


def _take_sure(typed: str, data: Data, context: Context) -> str | Stay | Done:
    sure = form.yes_or_no(typed)
    if typed == WRONG or sure is False:
        return _again(data)
    if typed in (SEND, UNNAMED) or sure:
        return _done(data, context, anonymous=typed == UNNAMED)
    said = checked(typed)
    if link(said):
        _take_link(said, data, context)
        return "sure"
    if _is_question(said, context):
        return Stay([*answer(said, context), _ask_sure(data, context)])
    _add_to_story(said, data)
    return "sure"


def _again(data: Data) -> str:
    """Ask everything again: what was said stays, what was understood does not."""
    data.update(kind=None, whose=None, owner_name="", owner_id=None, account="", contact="")
    data.pop("fraud", None)
    return "kind"


def take_aside(text: str, found: Trouble, step: str, data: Data, context: Context) -> str:
    """Take what was said of trouble, and is no answer to a step, into the answers; return the step to ask now."""
    reading = read(text, context.today)
    _add_to_story(checked(text), data)
    _note_fraud(text, data)
    if data["harm"] != "money_lost":
        told: Harm = reading.harm or "unknown"
        data["harm"] = _HARM_OF.get(found, told if told != "unknown" else data["harm"])
    for name in ("account", "contact", "amount", "since_said"):
        data[name] = data[name] or getattr(reading, name)
    if reading.since_day and not data["since_day"]:
        data["since_day"] = reading.since_day.isoformat()
    return step if step == "kind" else _next(data)


def _add_to_story(said: str, data: Data) -> None:
    data["said"] = "\n".join(filter(None, (data["said"], said)))[:LONGEST_NOTE]


# The number


def _done(data: Data, context: Context, *, anonymous: bool = False) -> Done:
    draft = Draft(
        kind=data["kind"],
        platform=data["platform"],
        whose=data["whose"] or "own",
        owner_name=data["owner_name"],
        owner_id=data["owner_id"],
        account=data["account"],
        harm=data["harm"],
        amount=data["amount"],
        since_day=data["since_day"],
        since_said=data["since_said"],
        said=data["said"],
        contact="" if anonymous else data["contact"],
    )
    opened = service.open_report(context.scene, draft, anonymous=anonymous)
    cards = forwarding.forward(opened.report, context)
    context.tally("report")
    then = Reply(wording.what_then(opened.report, context), _after(opened, anonymous=anonymous, context=context))
    return Done([_numbered(opened, context, told=bool(cards)), then, *cards])


def _numbered(opened: Opened, context: Context, *, told: bool) -> Reply:
    """The number and the receipt, and who has been told."""
    report, texts = opened.report, context.texts
    unit = wording.unit_name(report.unit_id, context)
    office = texts.rich("report.call", who=_who(context))
    parts = [
        texts.rich("report.number", number=wording.number(report.id, context)),
        texts.rich("report.told", unit=unit) if told else office,
        texts.rich("report.receipt", receipt=shown_receipt(opened.receipt)),
    ]
    if opened.held:
        parts.append(texts.rich("report.held"))
    if context.address and people.is_held(context.database, context.address):
        parts.append(texts.rich("report.later_elsewhere"))
    else:
        parts.append(texts.rich("report.later" if report.reporter_id else "report.later_unnamed"))
    parts.append(texts.rich("report.no_police"))
    return Reply(wording.LINES.join(parts))


def _after(opened: Opened, *, anonymous: bool, context: Context) -> tuple[Button, ...]:
    texts = context.texts
    reached: dict[str, Any] = {"report": opened.report.id}
    if anonymous:
        # Nothing that is kept beside a person may lead from him to the report.
        reached = {"sealed": context.seal.close({"receipt": opened.receipt})}
    here = context.address is None or not people.is_held(context.database, context.address)
    buttons = [Button(texts("button.report_add"), "report.add", reached)] if here else []
    if context.search.library.get(RULE):
        buttons.append(Button(texts("button.report_rule"), "ask.provision", {"id": RULE}))
    return tuple(buttons)


def _who(context: Context) -> Markup:
    office = context.office
    phone = context.texts.rich("contact.phone", phone=office.phone) if office.phone else ""
    return Markup("").join([Markup.escape(office.contact or context.texts("contact.nobody")), phone])


# Files


def _files(attachments: Sequence[Attachment], data: Data, context: Context) -> list[Reply]:
    """Files that come while something is asked: they belong to the report that is being told."""
    try:
        evidence.bring_early(attachments, context)
    except Refusal as refusal:
        return [Reply(context.refused(refusal))]
    return [Reply(context.texts.rich("report.files_taken"))] if evidence.received(data, context) else []


REPORT: Form = {
    "kind": Step(_ask_kind, _take_kind, _files, digressions="first"),
    "account": Step(_ask_account, _take_account, _files, digressions="first"),
    "contact": Step(_ask_contact, _take_contact, _files, digressions="first"),
    "sure": Step(_ask_sure, _take_sure, _files, digressions="first"),
}
