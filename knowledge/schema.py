"""What a document file may contain: the format of `knowledge/documents/*.yaml` and of an office's own.

The fields are described for administrators in docs/van-ban.md. Dates are text of year, month or
day precision ("2024", "2021-06", "2021-06-17"), because some documents carry no more.
"""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from knowledge.text import normalize


class Wording(StrEnum):
    """How certain the words of a provision are, which decides how they may be shown."""

    VERBATIM = "verbatim"
    """Two sources copy the same words: quoted."""
    NEAR_VERBATIM = "near-verbatim"
    """One source copies the words: quoted, with a note that the original was not compared."""
    RECONSTRUCTED = "reconstructed"
    """The point is certain, the words are not: only a summary with its source is shown."""
    MEMORY = "memory"
    """Recalled only: a summary is shown where a source confirms the point, otherwise nothing."""

    @property
    def quotable(self) -> bool:
        """Whether the text may stand in quotation marks."""
        return self in (Wording.VERBATIM, Wording.NEAR_VERBATIM)


class Status(StrEnum):
    """Whether a document holds today."""

    IN_FORCE = "in force"
    REPLACED = "replaced"


class Level(StrEnum):
    """Whom the issuer speaks for."""

    NATIONAL = "national"
    PROVINCE = "province"
    OFFICE = "office"


class Certainty(StrEnum):
    """How well a statement from outside the documents is sourced."""

    HIGH = "high"
    MEDIUM = "medium"


_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
EARLIEST_YEAR = 1945


def _partial_date(value: str) -> str:
    match = _DATE.fullmatch(value)
    if match is None:
        raise PydanticCustomError("bad_date", "not a date")
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        dt.date(year, month, day)
    except ValueError:
        raise PydanticCustomError("impossible_date", "impossible date") from None
    if not EARLIEST_YEAR <= year <= EARLIEST_YEAR + 155:
        raise PydanticCustomError("impossible_date", "impossible year")
    return value


def _as_date_text(value: object) -> object:
    # YAML reads an unquoted 2021-06-17 as a date and 2024 as a number; both are meant as text.
    if isinstance(value, dt.date) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    return value


def _clean(value: str) -> str:
    cleaned = normalize(value)
    if not cleaned:
        raise PydanticCustomError("empty_text", "empty text")
    return cleaned


def _part(value: str) -> str:
    if not _ID.fullmatch(value):
        raise PydanticCustomError("bad_id", "not an id")
    return value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


PartialDate = Annotated[str, BeforeValidator(_as_date_text), AfterValidator(_partial_date)]
Text = Annotated[str, AfterValidator(_clean)]
Part = Annotated[str, BeforeValidator(_as_text), AfterValidator(_part)]


class Strict(BaseModel):
    """A mapping without unknown fields, unchangeable once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SourceEntry(Strict):
    """Where words or a fact were read: an address, a description, or both.

    `name` is what it is called in an answer, where its address does not tell whose words they are.
    """

    name: Text | None = None
    url: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _something(self) -> SourceEntry:
        if not (self.url or self.note):
            raise PydanticCustomError("empty_source", "a source needs url or note")
        return self

    @property
    def host(self) -> str:
        """Whose page its address is, as in "plo.vn"; "" where it has none."""
        return (self.url or "").partition("://")[2].partition("/")[0].removeprefix("www.")


class EditionEntry(Strict):
    """The words of a provision for a time."""

    text: Text | None = None
    wording: Wording
    from_: PartialDate = Field(alias="from")
    to: PartialDate | None = None
    sources: tuple[str, ...] = ()
    summary: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _consistent(self) -> EditionEntry:
        if self.text is None and (self.wording is not Wording.MEMORY or not self.note):
            raise PydanticCustomError("missing_text", "no text and no reason")
        if self.text is not None and not self.wording.quotable and not self.summary:
            raise PydanticCustomError("missing_summary", "words that may not be quoted need a summary")
        if self.to is not None and not precedes(self.from_, self.to):
            raise PydanticCustomError("edition_order", "ends before it begins")
        return self


class NowEntry(Strict):
    """What the replacing document says today on the same matter, as a sourced summary."""

    summary: Text
    certainty: Certainty
    sources: tuple[str, ...] = Field(min_length=1)


class ProvisionEntry(Strict):
    """A provision: an article, clause, point, item or dash, with those under it."""

    part: Part
    title: Text | None = None
    topic: Text | None = None
    chapter: Text | None = None
    number_certain: bool = True
    aliases: tuple[Part, ...] = ()
    applies: tuple[str, ...] = ()
    text: Text | None = None
    wording: Wording | None = None
    editions: tuple[EditionEntry, ...] = ()
    now: NowEntry | None = None
    provisions: tuple[ProvisionEntry, ...] = ()
    phrasings: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> ProvisionEntry:
        if self.text is not None and self.editions:
            raise PydanticCustomError("two_texts", "text and editions")
        if self.wording is not None and self.text is None:
            raise PydanticCustomError("wording_without_text", "wording without text")
        if self.text is not None and self.wording is not None and not self.wording.quotable:
            raise PydanticCustomError("needs_edition", "such wording needs an edition with a summary")
        if self.text is None and not self.editions and not self.provisions:
            raise PydanticCustomError("empty_provision", "neither text nor provisions")
        for earlier, later in zip(self.editions, self.editions[1:], strict=False):
            if earlier.to is None or not precedes(earlier.to, later.from_):
                raise PydanticCustomError("edition_order", "editions overlap")
        return self


class ReplacementEntry(Strict):
    """The document that took the place of another."""

    short: Text
    title: Text
    date: PartialDate


class ValidityEntry(Strict):
    """Whether the document holds, and when and where that was checked."""

    status: Status
    by: ReplacementEntry | None = None
    checked: PartialDate
    sources: tuple[str, ...] = ()
    note: Text | None = None

    @model_validator(mode="after")
    def _consistent(self) -> ValidityEntry:
        if (self.status is Status.REPLACED) != (self.by is not None):
            raise PydanticCustomError("replacement", "a replaced document names its replacement, no other does")
        return self


class DocumentEntry(Strict):
    """A whole document file."""

    id: Part
    title: Text
    short: Text
    number: Text | None = None
    number_missing: Text | None = None
    date: PartialDate
    issuer: Text
    level: Level
    province: Text | None = None
    names: tuple[Text, ...] = ()
    general_names: tuple[Text, ...] = ()
    validity: ValidityEntry
    audience: tuple[Text, ...] = ()
    addressees: tuple[Text, ...] = ()
    preamble: tuple[Text, ...] = ()
    closing: tuple[Text, ...] = ()
    sources: dict[str, SourceEntry] = {}
    provisions: tuple[ProvisionEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> DocumentEntry:
        if (self.number is None) == (self.number_missing is None):
            raise PydanticCustomError("number", "either a number or the reason why there is none")
        if (self.level is Level.PROVINCE) != (self.province is not None):
            raise PydanticCustomError("province", "a provincial document names its province, no other does")
        return self


class FactEntry(Strict):
    """A sourced statement about the law around the documents.

    `plain` is the answer in a word, where the provisions quoted with it do not say so plainly: it is given to whoever
    speaks of a trigger and has typed the syllable `said`, with its accents or with none at all.
    """

    id: Part
    plain: Text | None = None
    said: Text | None = None
    text: Text
    certainty: Certainty
    checked: PartialDate
    sources: tuple[Text, ...] = Field(min_length=1)
    basis: tuple[str, ...] = Field(min_length=1)
    phrasings: tuple[Text, ...] = ()
    triggers: tuple[Text, ...] = ()


class SuccessorEntry(Strict):
    """A unit that was merged or renamed, and who stands in its place."""

    name: Text
    now: Text
    since: PartialDate | None = None
    certainty: Certainty
    sources: tuple[Text, ...] = Field(min_length=1)


class LexiconEntry(Strict):
    """The lexicon file: words without a topic, abbreviations, and concepts with the ways to say them."""

    stop: tuple[Text, ...]
    showing: tuple[Text, ...]
    attitudes: dict[str, tuple[Text, ...]]
    abbreviations: dict[str, Text]
    concepts: dict[str, tuple[Annotated[Text, BeforeValidator(_as_text)], ...]]


class IntentEntry(Strict):
    """A kind of message that no provision answers, with ways in which people say it.

    `attitude` names how a message must be meant to be of the kind at all, where its words are everybody's.
    """

    id: Part
    kind: Literal["small-talk", "refusal", "outside"]
    attitude: Text | None = None
    basis: tuple[str, ...] = ()
    phrasings: tuple[Text, ...] = Field(min_length=1)


def precedes(earlier: str, later: str) -> bool:
    """Tell whether a partial date lies before another or in the same period: "2021-06" before "2021"."""
    length = min(len(earlier), len(later))
    return earlier[:length] <= later[:length]
