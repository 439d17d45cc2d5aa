"""What is kept about somebody in words, each thing with how long: the same in chat and on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup

from handlers.privacy.service import Kept, Remaining
from handlers.retention import Retention, in_words
from handlers.texts import Texts

_LINES = Markup("\n")


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes in an office's words, with its periods and its days."""

    texts: Texts
    keep: Retention
    zone: ZoneInfo

    def kept(self, kept: Kept, *, named: bool = False) -> Markup:
        """Return everything that is kept; `named` says whose it is, for whoever reads it on another's behalf."""
        if named and kept.member:
            title = self.texts.rich("privacy.title_of", name=kept.member.name)
        else:
            title = self.texts.rich("privacy.title")
        return _LINES.join([title, *self._member(kept), *self._accounts(kept), *self._rest(kept)])

    def remaining(self, remaining: Sequence[Remaining]) -> Markup:
        """Return what the office has to keep when the rest is deleted, with reason and day; empty for nothing."""
        if not remaining:
            return Markup()
        lines = [self.texts.rich(f"remaining.{one.kind}", until=_shown(one.until)) for one in remaining]
        return _LINES.join([self.texts.rich("privacy.remaining"), *lines])

    def purpose(self, purpose: str) -> str:
        """Return what a consent is for."""
        name = f"purpose.{purpose}"
        return self.texts(name) if name in self.texts else purpose

    def _member(self, kept: Kept) -> Iterator[Markup]:
        member, texts = kept.member, self.texts
        if member is not None:
            position = texts("privacy.position", position=member.position) if member.position else ""
            yield texts.rich("privacy.name", name=member.name, position=position)
            if member.code:
                yield texts.rich("privacy.code", code=member.code)
            yield texts.rich("privacy.state", state=texts(f"state.{member.state}"), day=self._day(member.since))
        for one in kept.units:
            if one.last is None:
                yield texts.rich("privacy.unit", unit=one.unit, first=_iso(one.first))
            else:
                yield texts.rich("privacy.unit_before", unit=one.unit, first=_iso(one.first), last=_iso(one.last))
        for role in kept.roles:
            named = texts(f"role.{role.role}")
            unit = texts("privacy.of_unit", unit=role.unit) if role.unit else ""
            if role.taken is None:
                yield texts.rich("privacy.role", role=named, unit=unit, day=self._day(role.given))
            else:
                yield texts.rich("privacy.role_before", role=named, unit=unit, until=self._until(role.taken, "audit"))
        if kept.absent_until:
            yield texts.rich("privacy.absent", day=_iso(kept.absent_until))
        if member is not None:
            if member.state == "left":
                yield texts.rich("privacy.left_period", until=self._until(member.since, "left_members"))
            else:
                yield texts.rich("privacy.member_period", time=in_words(self.keep.left_members, self.texts))

    def _accounts(self, kept: Kept) -> Iterator[Markup]:
        for account in kept.accounts:
            name = f"channel.{account.channel}"
            channel = self.texts(name) if name in self.texts else account.channel
            yield self.texts.rich("privacy.account", channel=channel, day=self._day(account.used or kept.since))
        if kept.accounts and kept.member is None:
            yield self.texts.rich("privacy.stranger_period", time=in_words(self.keep.strangers, self.texts))

    def _rest(self, kept: Kept) -> Iterator[Markup]:
        texts, keep = self.texts, self.keep
        for consent in kept.consents:
            given = self._day(consent.given)
            if consent.withdrawn is None:
                yield texts.rich("privacy.consent", purpose=self.purpose(consent.purpose), day=given)
            else:
                until = self._until(consent.withdrawn, "audit")
                withdrawn = self._day(consent.withdrawn)
                yield texts.rich(
                    "privacy.consent_withdrawn",
                    purpose=self.purpose(consent.purpose),
                    day=given,
                    withdrawn=withdrawn,
                    until=until,
                )
        for request in kept.requests:
            outcome = "waiting" if request.decided is None else "accepted" if request.accepted else "refused"
            yield texts.rich(
                "privacy.request",
                unit=request.unit,
                day=self._day(request.asked),
                outcome=texts(f"outcome.{outcome}"),
                until=self._until(request.asked, "join_requests"),
            )
        if kept.unfinished:
            yield texts.rich("privacy.unfinished", count=len(kept.unfinished), time=in_words(keep.dialogues, texts))
        if kept.files:
            yield texts.rich("privacy.files", count=kept.files, time=in_words(keep.files, texts))
        if kept.reports:
            yield texts.rich("privacy.reports", count=kept.reports, time=in_words(keep.reports, texts))
        if kept.quizzes:
            yield texts.rich("privacy.quizzes", count=kept.quizzes, time=in_words(keep.quizzes, texts))
        if kept.broadcasts:
            yield texts.rich("privacy.broadcasts", count=kept.broadcasts, time=in_words(keep.broadcasts, texts))
        if kept.opted_out:
            yield texts.rich("privacy.opted_out", day=self._day(kept.opted_out))
        if kept.acted:
            yield texts.rich("privacy.acted", until=self._until(kept.acted, "audit"))
        if kept.accounts:
            yield texts.rich("privacy.traffic", time=in_words(keep.messages, texts))
        yield texts.rich("privacy.questions", time=in_words(keep.questions, texts))

    def _day(self, stamp: str) -> str:
        """The day at the office of a time as it is stored."""
        return _shown(dt.datetime.fromisoformat(stamp).astimezone(self.zone).date())

    def _until(self, stamp: str, name: str) -> str:
        """The day until which something of that time is kept."""
        days: int = getattr(self.keep, name)
        return _shown(dt.datetime.fromisoformat(stamp).astimezone(self.zone).date() + dt.timedelta(days=days))


def _iso(day: str) -> str:
    return _shown(dt.date.fromisoformat(day))


def _shown(day: dt.date) -> str:
    return day.strftime("%d/%m/%Y")
