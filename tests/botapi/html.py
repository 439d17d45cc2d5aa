"""Reads `parse_mode` HTML as Telegram does: a text and its entities, or a refusal in Telegram's words.

Stricter than Telegram in one thing: it passes over attributes that it does not know, here they are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.botapi.entities import Entity, utf16_length

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([A-Za-z]+));?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE = re.compile(r"\s*([^\s=>/\"']*)")
_VALUE = re.compile(r"\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9.-]+))")
_SPACES = re.compile(r"\s*")


class HtmlError(ValueError):
    """The HTML is not what Telegram takes; the message says why as Telegram says it."""


@dataclass(slots=True)
class _Open:
    """A tag that is not closed yet."""

    name: str
    argument: str
    offset: int
    part: int


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Return the text and the entities of HTML; raise HtmlError when Telegram would refuse it."""
    if "<" not in source:
        return _checked(_decoded(source)), []
    parts: list[str] = []
    entities: list[Entity] = []
    opened: list[_Open] = []
    offset = 0
    position = 0
    while True:
        begin = source.find("<", position)
        chunk = _decoded(source[position:] if begin < 0 else source[position:begin])
        parts.append(chunk)
        offset += utf16_length(chunk)
        if begin < 0:
            break
        if source.startswith("/", begin + 1):
            position = _end_tag(source, begin, opened)
            closed = opened.pop()
            if offset > closed.offset:
                _close(closed, offset - closed.offset, "".join(parts[closed.part :]), entities)
        else:
            name, argument, position = _start_tag(source, begin)
            opened.append(_Open(name, argument, offset, len(parts)))
    if opened:
        raise HtmlError(f'Can\'t find end tag corresponding to start tag "{opened[-1].name}"')
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return _checked("".join(parts)), entities


def _decoded(chunk: str) -> str:
    """A piece of text with its character references replaced; those that Telegram does not know stay as they are."""
    return _REFERENCE.sub(_character, chunk) if "&" in chunk else chunk


def _character(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED.get(name, match.group())
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return chr(code) if 0 < code <= 0x10FFFF else match.group()


def _checked(text: str) -> str:
    if _SURROGATE.search(text):
        raise HtmlError(
            "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate "
            "code units"
        )
    return text


def _at(source: str, begin: int) -> str:
    return f"at byte offset {len(source[:begin].encode('utf-8', 'surrogatepass'))}"


def _start_tag(source: str, begin: int) -> tuple[str, str, int]:
    """The name and the argument of a start tag, and the place after it."""
    match = _NAME.match(source, begin + 1)
    assert match is not None
    position = match.end()
    if position == len(source):
        raise HtmlError(f"Unclosed start tag {_at(source, begin)}")
    name = match.group().lower()
    if name not in _TYPES:
        raise HtmlError(f'Unsupported start tag "{name}" {_at(source, begin)}')
    argument = ""
    while True:
        position = _after_spaces(source, position)
        if source.startswith(">", position):
            break
        attribute, value, position = _attribute(source, begin, position, name)
        argument = _argument(source, begin, name, attribute, value) or argument
    if name == "span" and argument != "spoiler":
        raise HtmlError(f'Tag "span" must have class "tg-spoiler" {_at(source, begin)}')
    return name, argument, position + 1


def _attribute(source: str, begin: int, position: int, tag: str) -> tuple[str, str | None, int]:
    """The name and the value of an attribute, and the place after it."""
    match = _ATTRIBUTE.match(source, position)
    assert match is not None
    position = match.end()
    if position == len(source):
        raise HtmlError(f"Unclosed start tag {_at(source, begin)}")
    if not match.group(1):
        raise HtmlError(f'Empty attribute name in the tag "{tag}" {_at(source, begin)}')
    valued = _VALUE.match(source, position)
    if valued is not None:
        return match.group(1).lower(), _decoded(next(v for v in valued.groups() if v is not None)), valued.end()
    if source.startswith("=", _after_spaces(source, position)):
        raise HtmlError(f"Unclosed start tag {_at(source, begin)}")
    return match.group(1).lower(), None, position


def _after_spaces(source: str, position: int) -> int:
    match = _SPACES.match(source, position)
    assert match is not None
    return match.end()


def _argument(source: str, begin: int, tag: str, attribute: str, value: str | None) -> str:
    """What an attribute means for its tag."""
    match tag, attribute, value:
        case "a", "href", str():
            return value
        case "code", "class", str() if value.startswith("language-"):
            return value.removeprefix("language-")
        case "span", "class", str() if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case "span", "class", str():
            return ""
        case "blockquote", "expandable", None | "":
            return "expandable"
    raise HtmlError(f'Unsupported attribute "{attribute}" in the tag "{tag}" {_at(source, begin)}')


def _end_tag(source: str, begin: int, opened: list[_Open]) -> int:
    """The place after an end tag, which must close what was opened last."""
    if not opened:
        raise HtmlError(f"Unexpected end tag {_at(source, begin)}")
    match = _NAME.match(source, begin + 2)
    assert match is not None
    position = _after_spaces(source, match.end())
    if not source.startswith(">", position):
        raise HtmlError(f"Unclosed end tag {_at(source, begin)}")
    name = match.group().lower()
    expected = opened[-1].name
    if name and name != expected:
        raise HtmlError(f'Unmatched end tag {_at(source, begin)}, expected "</{expected}>", found "</{name}>"')
    return position + 1


def _close(tag: _Open, length: int, inside: str, entities: list[Entity]) -> None:
    """Add the entity of a tag that was closed."""
    entity: dict[str, Any] = {"offset": tag.offset, "length": length, "type": _TYPES[tag.name]}
    if tag.name == "a":
        url = tag.argument or inside
        if not re.match(r"(?:https?|tg|mailto|tel|ton)[:]", url, re.IGNORECASE):
            if not re.fullmatch(r"[^\s/]+\.[^\s]+", url):
                # Telegram drops a link that leads nowhere and keeps its text.
                return
            url = f"http://{url}"
        entity["url"] = url
    elif tag.name == "blockquote" and tag.argument:
        entity["type"] = "expandable_blockquote"
    elif tag.name == "pre" and entities and _same(entities[-1], entity) and entities[-1]["type"] == "code":
        if entities[-1].get("language"):
            entities[-1]["type"] = "pre"
            return
    elif tag.name == "code" and tag.argument:
        entity["language"] = tag.argument
    entities.append(entity)


def _same(one: Entity, other: Entity) -> bool:
    return bool(one["offset"] == other["offset"] and one["length"] == other["length"])
