"""Entering a report for somebody who phoned or wrote, or that the unit found itself: one question after the other."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

from handlers import form
from handlers.casework import screens, service
from handlers.casework.wording import name_of_number
from handlers.context import Context
from handlers.conversation import Reply
from handlers.errors import NotFound, NotPossible, Refusal
from handlers.form import Data, Done, Form, Step
from handlers.pages.likeness import PLATFORMS, Likeness
from handlers.pages.register import platform_of
from handlers.pages.service import like
from handlers.people.finding import find_member
from handlers.people.reading import folded
from handlers.report.trail import checked
from knowledge.text import fold
from storage.reports import HARMS, KINDS, Draft, Whose

_NOW = {"bay gio", "vua xong", "moi day", "ngay bay gio", "luc nay"}
_DAYS_BACK = {"hom nay": 0, "sang nay": 0, "chieu nay": 0, "trua nay": 0, "toi nay": 0, "hom qua": 1, "hom kia": 2}
_TIME = re.compile(r"(\d{1,2})(?:[:hg](\d{2})?|\s*gio(?:\s*(\d{1,2}))?)")
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?")
# "3 giờ chiều" is fifteen.
_AFTERNOON = ("chieu", "toi")
_NOON = 12


MISTYPED = dt.timedelta(days=31)
"""A day without a year that lies less far ahead is a mistake, and not one of last year."""


def read_moment(typed: str, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the moment that was typed, UTC: "9h20", "hôm qua 15h", "21/11 8:30", "bây giờ".

    A time without a day is the last such one. Raises NotPossible for none, and for one that lies ahead.
    """
    words = folded(typed)
    if words in _NOW:
        return now
    local = now.astimezone(zone)
    day_said = _DAY.search(words)
    rest = _DAY.sub(" ", words)
    time_said = _TIME.search(rest)
    back = next((days for said, days in _DAYS_BACK.items() if said in rest), None)
    if time_said is None and day_said is None and back is None:
        raise NotPossible("no_moment")
    try:
        time = _time(time_said, rest) if time_said else dt.time()
        if day_said:
            day, month, year = day_said.groups()
            date = dt.date(int(year or local.year), int(month), int(day))
            if not year and date > local.date() + MISTYPED:
                date = date.replace(year=date.year - 1)
        else:
            date = local.date() - dt.timedelta(days=back or 0)
        if date.year < local.year - 1:
            # Nobody writes down today what came so long ago.
            raise ValueError
        moment = dt.datetime.combine(date, time, zone)
    except ValueError:
        raise NotPossible("no_moment") from None
    if back is None and day_said is None and moment > now:
        moment -= dt.timedelta(days=1)
    if moment > now:
        raise NotPossible("time_ahead")
    return moment.astimezone(dt.UTC)


def _time(said: re.Match[str], words: str) -> dt.time:
    hour, minute = int(said.group(1)), int(said.group(2) or said.group(3) or 0)
    if hour < _NOON and any(part in words for part in _AFTERNOON):
        hour += _NOON
    return dt.time(hour, minute)


def _ask_choice(step: str, names: tuple[str, ...], prefix: str) -> Callable[[Data, Context], Reply]:
    def ask(_: Data, context: Context) -> Reply:
        choices = tuple(form.choice(context.texts(f"{prefix}{name}"), name, "case_enter", step) for name in names)
        return Reply(context.texts.rich(f"casework.enter_{step}"), choices)

    return ask


def _ask_words(step: str) -> Callable[[Data, Context], Reply]:
    return lambda _, context: Reply(context.texts.rich(f"casework.enter_{step}"))


def _take_choice(field: str, names: tuple[str, ...], following: str) -> Callable[[str, Data, Context], str | Done]:
    def take(typed: str, data: Data, _: Context) -> str | Done:
        said = _source(typed, names) if field == "source" else typed
        if said not in names:
            raise NotPossible("choose_one")
        data[field] = said
        return following

    return take


# How it came, in the words that somebody types instead of a choice.
_SOURCE_WORDS = {
    "phone": re.compile(r"\b(?:dien thoai|dt|sdt|goi|hotline)\b"),
    "letter": re.compile(r"\b(?:cong van|thu|van ban|giay|email|mail)\b"),
    "own_check": re.compile(r"\b(?:ra soat|tu thay|phat hien|kiem tra)\b"),
    "bot": re.compile(r"\b(?:nhan|tro ly|bot)\b"),
}


def _source(typed: str, names: tuple[str, ...]) -> str:
    """The way of coming that typed words mean, of those that may be chosen; the words themselves where none is."""
    meant = [name for name, words in _SOURCE_WORDS.items() if name in names and words.search(fold(typed))]
    return meant[0] if len(meant) == 1 else typed


def _take_words(field: str, following: str) -> Callable[[str, Data, Context], str | Done]:
    def take(typed: str, data: Data, _: Context) -> str | Done:
        data[field] = "" if form.yes_or_no(typed) is False else checked(typed)
        return following

    return take


def _take_moment(typed: str, data: Data, context: Context) -> str | Done:
    data["received_at"] = read_moment(typed, context.now, context.zone).isoformat()
    return "reporter_name" if data["source"] != "own_check" else "kind"


def _take_platform(typed: str, data: Data, _: Context) -> str | Done:
    try:
        data["platform"] = typed if typed in PLATFORMS else platform_of(typed)
    except NotFound:
        # Kept as it was said.
        data["platform"] = checked(typed)[:40]
    return "owner"


def _take_owner(typed: str, data: Data, context: Context) -> str | Done:
    """Whose account it is: a member where the name is one's, else the name as it was typed."""
    data["owner_name"] = "" if form.yes_or_no(typed) is False else checked(typed)
    try:
        member = find_member(context.database, typed, context.today)
        data["owner_id"], data["owner_name"] = member.person, member.name
    except Refusal:
        data["owner_id"] = None
    return "account"


def _take_said(typed: str, data: Data, context: Context) -> str | Done:
    said = "" if form.yes_or_no(typed) is False else checked(typed)
    fields = ("source", "received_at", "kind", "platform", "owner_name", "owner_id", "account", "harm")
    known = {name: data[name] for name in fields} | {name: data.get(name, "") for name in ("reporter_name", "contact")}
    # A unit's own page is told by the register.
    is_own_page = any(match.likeness is Likeness.SAME for match in like(context.database, data["account"]))
    whose: Whose = "unit" if is_own_page or data["kind"] == "unit_impersonated" else "other"
    report = service.enter(context.scene, data["unit"], Draft(**known, whose=whose, said=said))
    shown = screens.card(report.id, context)
    text = context.texts.rich("casework.entered", number=name_of_number(report, context))
    return Done([Reply(text + "\n" + shown.text, shown.buttons)])


_PLATFORM_NAMES = tuple(PLATFORMS)

ENTER: Form = {
    "source": Step(
        _ask_choice("source", service.SOURCES, "casework.source_"),
        _take_choice("source", service.SOURCES, "received_at"),
    ),
    "received_at": Step(_ask_words("received_at"), _take_moment),
    "reporter_name": Step(_ask_words("reporter_name"), _take_words("reporter_name", "contact"), digressions="first"),
    "contact": Step(_ask_words("contact"), _take_words("contact", "kind"), digressions="first"),
    "kind": Step(_ask_choice("kind", KINDS, "kind."), _take_choice("kind", KINDS, "platform")),
    "platform": Step(_ask_choice("platform", _PLATFORM_NAMES, "platform."), _take_platform, digressions="first"),
    "owner": Step(_ask_words("owner"), _take_owner, digressions="first"),
    "account": Step(_ask_words("account"), _take_words("account", "harm"), digressions="first"),
    "harm": Step(_ask_choice("harm", HARMS, "harm."), _take_choice("harm", HARMS, "said")),
    "said": Step(_ask_words("said"), _take_said, digressions="never"),
}
