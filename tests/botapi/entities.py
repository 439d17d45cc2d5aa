"""Lengths as Telegram counts them, and the entities that it finds by itself."""

from __future__ import annotations

import re
from typing import Any

Entity = dict[str, Any]

# One look at a text for everything that Telegram marks by itself, the commoner kinds only.
_FOUND = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?)\]])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<mention>(?<![\w@/])@[A-Za-z]\w{2,31}\b)"
    r"|(?P<bot_command>(?<![\w/<>@])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?\b(?!/))"
    r"|(?P<hashtag>(?<![\w#&])#\w*[^\W\d]\w*)"
)
_CLOSED = {"code", "pre", "text_link", "url", "text_mention"}


def utf16_length(text: str) -> int:
    """Return the length of a text in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def found_in(text: str, given: list[Entity]) -> list[Entity]:
    """Return the given entities and those that Telegram finds itself: commands, mentions, links, hashtags."""
    if "/" not in text and "@" not in text and "#" not in text:
        return given
    entities = list(given)
    closed = [(entity["offset"], entity["offset"] + entity["length"]) for entity in given if entity["type"] in _CLOSED]
    for match in _FOUND.finditer(text):
        offset = utf16_length(text[: match.start()])
        length = utf16_length(match.group())
        if not any(start < offset + length and offset < end for start, end in closed):
            entities.append({"offset": offset, "length": length, "type": match.lastgroup})
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return entities


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Return a text without white space at its ends, as Telegram keeps it, and the entities moved along."""
    kept = text.strip()
    if len(kept) == len(text) or not entities:
        return kept, entities
    lead = utf16_length(text[: len(text) - len(text.lstrip())])
    whole = utf16_length(kept)
    moved = []
    for entity in entities:
        start = max(0, entity["offset"] - lead)
        end = min(whole, entity["offset"] + entity["length"] - lead)
        if end > start:
            moved.append({**entity, "offset": start, "length": end - start})
    return kept, moved
