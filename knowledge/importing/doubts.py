"""What somebody should look at in a document that was made from a file, because a machine cannot be sure of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from knowledge.errors import Problem
from knowledge.importing.markers import LETTER_ORDERS, LETTERS, LONG_TEXT, is_titlelike, read_marker, roman_value
from knowledge.importing.splitting import ISSUER_MISSING
from knowledge.schema import DocumentEntry, ProvisionEntry

_DAY = len("2024-03-05")
_COUNTED_PART = re.compile(
    r"(?:(?P<name>dieu|khoan|muc)-(?:(?P<number>[0-9]+)(?P<inserted>[a-z]?)|(?P<roman>[ivx]+))|(?P<letter>[a-z]|dd))"
    r"(?P<repeated>-[0-9]+)?"
)


def doubts(document: Mapping[str, object]) -> list[Problem]:
    """Return what is doubtful in a document that `split` made, each with its place.

    The codes, with their value: `number_missing`; `date_incomplete` (the date); `title_missing` or `check_title`
    (the title), `issuer_missing` or `check_issuer` (the issuer), whose capitals were guessed; `number_gap` (the
    number that is missing first), `number_repeated` and `number_order` (the part), `heading_only`,
    `long_provision` (its number of characters).
    """
    entry = DocumentEntry.model_validate(document)
    found = [
        Problem("title", "title_missing" if entry.title == entry.id else "check_title", entry.title),
        Problem("issuer", "issuer_missing" if entry.issuer == ISSUER_MISSING else "check_issuer", entry.issuer),
    ]
    if entry.number is None:
        found.append(Problem("number", "number_missing"))
    if len(entry.date) < _DAY:
        found.append(Problem("date", "date_incomplete", entry.date))
    return [*found, *_provision_doubts(entry.provisions, "provisions")]


def _provision_doubts(provisions: Sequence[ProvisionEntry], place: str) -> Iterator[Problem]:
    last: dict[str, int] = {}
    # "i, ii, iii" are no letters of the alphabet.
    has_small_roman = any(provision.part == "ii" for provision in provisions)
    for provision in provisions:
        here = f"{place}.{provision.part}"
        text = provision.text or ""
        match = _COUNTED_PART.fullmatch(provision.part)
        if match and match["repeated"]:
            yield Problem(here, "number_repeated", provision.part)
        elif match and not (match["letter"] and has_small_roman):
            series, value = _place_in_series(match)
            following = _following(series, last.get(series, 0))
            if value > max(following):
                missing = min(following)
                yield Problem(here, "number_gap", LETTERS[missing - 1] if match["letter"] else str(missing))
            elif value not in following and not match["inserted"]:
                yield Problem(here, "number_order", provision.part)
            last[series] = value
        if _is_heading_only(provision):
            yield Problem(here, "heading_only")
        if len(text) > LONG_TEXT:
            yield Problem(here, "long_provision", str(len(text)))
        yield from _provision_doubts(provision.provisions, here)


def _place_in_series(match: re.Match[str]) -> tuple[str, int]:
    if match["letter"]:
        return "letter", LETTERS.index(match["letter"].replace("dd", "đ")) + 1
    if match["roman"]:
        return "roman", roman_value(match["roman"])
    return match["name"], int(match["number"])


def _following(series: str, value: int) -> set[int]:
    """The places that may come next: after "d" both "đ" and "e", as offices and Word count."""
    if series != "letter":
        return {value + 1}
    following = set()
    for order in LETTER_ORDERS:
        at = order.find(LETTERS[value - 1]) + 1 if value else 0
        if value == 0 or 0 < at < len(order):
            following.add(LETTERS.index(order[at]) + 1)
    return following or {value + 1}


def _is_heading_only(provision: ProvisionEntry) -> bool:
    """Whether a provision is only a number, or an article only a heading."""
    if provision.provisions or provision.text is None:
        return False
    marker = read_marker(provision.text)
    is_heading = provision.part.startswith("dieu-") and is_titlelike(provision.text)
    return is_heading or (marker is not None and not marker.rest)
