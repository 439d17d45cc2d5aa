"""Where reports go beside the responsible unit: the file `routing.toml` in the office's folder.

It names destinations (`[destination.<name>]`: an address of e-mail, a webhook, a person, a chat that says itself which
one it is) and rules (`[[rule]]`: which reports go where, and at which hours). Every fault is told with its place.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from handlers.errors import RoutingError
from handlers.outward import Target, is_mail
from handlers.texts import Texts
from knowledge.errors import Problem
from storage.reports import Harm, Kind

FILE_NAME = "routing.toml"

CONTACT, HEAD, ADMINISTRATORS = "contact", "head", "administrators"
ROLES = (CONTACT, HEAD, ADMINISTRATORS)
"""Destinations that every office has: they are looked up for each report."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")
# Neither names nor passwords stand in it: those of a call are its signature.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?(?:[/?][!-~]*)?"
)
_A_DAY = 24 * 60


def in_words(name: str, texts: Texts) -> str:
    """Return what a destination is called where people read of it; those that the file names are called so."""
    return texts(f"destination.is_{name}") if name in ROLES else name


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Destination(_Entry):
    """One place that reports go to; exactly one of the first four is given.

    Attributes:
        email: an address.
        webhook: the address of another program.
        person: a member, by personal code or full name.
        chat: whether it is a chat, which an administrator names in it.
        private: for a webhook: whether it stands inside the office's own network.
    """

    email: str = ""
    webhook: str = ""
    person: str = ""
    chat: bool = False
    private: bool = False


class Rule(_Entry):
    """Which reports go where: those that fit everything that is given.

    Attributes:
        kind, platform, harm: any of these.
        unit: it and all below it, by name or path.
        days, hours: when the report came, at the office; "17:00-07:30" goes beyond midnight, and the hours after it
            belong to the day before.
        to: names of destinations, or "contact", "head", "administrators".
    """

    kind: tuple[Kind, ...] = ()
    platform: tuple[str, ...] = ()
    harm: tuple[Harm, ...] = ()
    unit: str = ""
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    hours: str = ""
    to: Annotated[tuple[str, ...], Field(min_length=1)]

    def is_time(self, local: dt.datetime) -> bool:
        """Tell whether a time at the office is one of the rule's."""
        minute = local.hour * 60 + local.minute
        begin, end = _minutes(self.hours) if self.hours else (0, _A_DAY)
        day = local.weekday()
        if begin < end:
            return begin <= minute < end and self._is_day(day)
        # Beyond midnight: the evening of its day, or the night after it.
        return (minute >= begin and self._is_day(day)) or (minute < end and self._is_day(day - 1))

    def _is_day(self, weekday: int) -> bool:
        return not self.days or DAYS[weekday % 7] in self.days


class Routing(_Entry):
    """Everything that the file says; without it each report goes to the contact of its unit."""

    destination: Mapping[str, Destination] = {}
    rule: tuple[Rule, ...] = (Rule(to=(CONTACT,)),)

    @property
    def targets(self) -> dict[str, Target]:
        """The other programs, by name."""
        return {name: Target(found.webhook, found.private) for name, found in self.destination.items() if found.webhook}

    @property
    def mails(self) -> list[str]:
        """The addresses of e-mail."""
        return [found.email for found in self.destination.values() if found.email]


def load_routing(folder: Path | None) -> Routing:
    """Read the rules of an office; a folder without the file, or none, has the usual one.

    Raises RoutingError with every fault that the file has.
    """
    path = folder / FILE_NAME if folder else None
    if path is None or not path.exists():
        return Routing()
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RoutingError(str(path), [Problem("", "bad_toml", str(error))]) from None
    try:
        routing = Routing.model_validate(written)
    except ValidationError as error:
        raise RoutingError(str(path), [_problem(fault) for fault in error.errors(include_url=False)]) from None
    if problems := list(_faults(routing)):
        raise RoutingError(str(path), problems)
    return routing


def _problem(fault: ErrorDetails) -> Problem:
    # Counted as people count: "rule 2" is the second one.
    parts = [str(part + 1) if isinstance(part, int) else part for part in fault["loc"]]
    named = fault["type"] in ("extra_forbidden", "missing")
    return Problem(".".join(parts), fault["type"], parts[-1] if named else str(fault["input"]))


def _faults(routing: Routing) -> Iterator[Problem]:
    """What the file says that cannot be, beside its form."""
    for name, found in routing.destination.items():
        place = f"destination.{name}"
        if not _NAME.fullmatch(name):
            yield Problem(place, "bad_id", name)
        elif name in ROLES:
            yield Problem(place, "destination_taken", name)
        if [bool(found.email), bool(found.webhook), bool(found.person), found.chat].count(True) != 1:
            yield Problem(place, "destination_one")
        if found.email and not is_mail(found.email):
            yield Problem(f"{place}.email", "bad_mail", found.email)
        if found.webhook:
            yield from _faults_of_url(place, found)
        elif found.private:
            yield Problem(f"{place}.private", "private_alone")
    for number, rule in enumerate(routing.rule, 1):
        if rule.hours and not _are_hours(rule.hours):
            yield Problem(f"rule.{number}.hours", "bad_hours", rule.hours)
        for name in rule.to:
            if name not in ROLES and name not in routing.destination:
                yield Problem(f"rule.{number}.to", "unknown_destination", name)


def _faults_of_url(place: str, found: Destination) -> Iterator[Problem]:
    match = _URL.fullmatch(found.webhook)
    if match is None or int(match["port"] or 0) > 65_535:
        # Not shown: an address may hold a secret.
        yield Problem(f"{place}.webhook", "bad_url")
    elif match["scheme"] == "http" and not _is_this_machine(match["host"].strip("[]")):
        yield Problem(f"{place}.webhook", "open_url", match["host"])


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _are_hours(hours: str) -> bool:
    if not _HOURS.fullmatch(hours):
        return False
    begin, end = _minutes(hours)
    return end <= _A_DAY and begin != end


def _minutes(hours: str) -> tuple[int, int]:
    """The minutes of a day at which "17:00-07:30" begins and ends."""
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in hours.split("-"))
    return begin, end
