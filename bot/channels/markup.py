"""Marked text, as `handlers.texts` writes it: taking the tags out, and cutting it where a channel's messages end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from handlers.texts import TAGS

_TAG = re.compile(rf"<(/?)({'|'.join((*TAGS, 'a'))})(?: href=\"[^\"<>]*\")?>")
_LINK = re.compile(r'<a href="([^"<>]*)">.*?</a>', re.DOTALL)
# A tag, an escaped character, or a character.
_TOKEN = re.compile(rf"{_TAG.pattern}|&(?:\w+|#\d+);|.", re.DOTALL)
_BREAKS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?…;])\s"), re.compile(r"\s"))


def plain(marked: str) -> str:
    """Return marked text as it reads without its tags; in the place of a link stands where it leads."""
    return seen(spelled_out(marked))


def seen(marked: str) -> str:
    """Return marked text as it is seen where tags are understood: of a link only its name."""
    return unescape(_TAG.sub("", marked))


def spelled_out(marked: str) -> str:
    """Return marked text with addresses in the place of links, for channels that have none."""
    # As a mere str: Markup would escape once more what is put in.
    return _LINK.sub(r"\1", str(marked)) if "<a " in marked else marked


def runs(marked: str) -> tuple[str, list[tuple[int, int, frozenset[str]]]]:
    """Return marked text without its tags, and the stretches that have any: start and length in UTF-16 units, names."""
    pieces: list[str] = []
    found: list[tuple[int, int, frozenset[str]]] = []
    opened: list[str] = []
    place = 0
    for match in _TOKEN.finditer(marked):
        closing, name = match.groups()
        if name and closing:
            opened.pop()
        elif name:
            opened.append(name)
        else:
            piece = unescape(match.group())
            pieces.append(piece)
            if tags := frozenset(opened):
                start, so_far, before = found[-1] if found else (0, 0, frozenset())
                if before == tags and start + so_far == place:
                    found[-1] = start, so_far + length(piece), tags
                else:
                    found.append((place, length(piece), tags))
            place += length(piece)
    return "".join(pieces), found


def length(text: str) -> int:
    """Return how long messengers count a text: in UTF-16 units, so that an emoji is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_text(marked: str, limit: int) -> list[str]:
    """Return marked text in parts of at most `limit` UTF-16 units without tags, each marked as it was.

    It is cut between paragraphs, lines, sentences or words. Nothing but the white space at a cut is lost, and no part
    is blank unless the whole text is. A word longer than the limit is cut inside.
    """
    said = marked.strip()
    # Nearly every text: it begins or ends with what is seen, and without its tags it is shorter still.
    if length(said) <= limit and not (said[:1] in ("", "<", "&") and said[-1:] in ("", ">", ";")):
        return [said]
    words = seen(marked)
    if not words.strip():
        return [""]
    if length(words) <= limit:
        return [marked.strip()]
    return _cut(marked, list(_ranges(words, limit)))


def _ranges(text: str, limit: int) -> Iterator[tuple[int, int]]:
    """The parts of a plain text as (start, end), without the white space around them."""
    start = len(text) - len(text.lstrip())
    while start < len(text.rstrip()):
        furthest = _furthest(text, start, limit)
        end = len(text) if furthest >= len(text.rstrip()) else _last_break(text, start, furthest)
        yield start, start + len(text[start:end].rstrip())
        start = end + len(text[end:]) - len(text[end:].lstrip())


def _furthest(text: str, start: int, limit: int) -> int:
    """The end of the longest part from a start within a limit; at least one character."""
    end = min(start + limit, len(text))
    while end > start + 1 and length(text[start:end]) > limit:
        end -= max((length(text[start:end]) - limit) // 2, 1)
    return end


def _last_break(text: str, start: int, furthest: int) -> int:
    """The last place of a part where it is best cut."""
    for pattern in _BREAKS:
        # Between words any cut is better than inside one; the others must not make the parts many.
        earliest = start + 1 if pattern is _BREAKS[-1] else start + (furthest - start) // 3 + 1
        found = [match.start() for match in pattern.finditer(text, earliest, furthest + 1)]
        if found:
            return found[-1]
    return furthest


def _cut(marked: str, ranges: list[tuple[int, int]]) -> list[str]:
    """The parts of marked text that stand for ranges of its plain text; tags are closed at an end and opened again."""
    parts: list[str] = []
    # Each as it was opened, with where it leads.
    opened: list[re.Match[str]] = []
    pieces: list[str] = []
    place = 0
    turn = iter(ranges)
    start, end = next(turn)
    for match in _TOKEN.finditer(marked):
        closing, name = match.groups()
        if name:
            if closing:
                opened.pop()
            else:
                opened.append(match)
            if start < place < end:
                pieces.append(match.group())
            continue
        if place == start:
            pieces = [tag.group() for tag in opened]
        if start <= place < end:
            pieces.append(match.group())
        place += 1
        if place == end:
            pieces += [f"</{tag.group(2)}>" for tag in reversed(opened)]
            parts.append("".join(pieces))
            start, end = next(turn, (len(marked) + 1, len(marked) + 1))
    return parts
