"""The words of a text that may be marked up as a web page, as people see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);")
_BREAKS = frozenset({"br", "p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr"})
# What would be lost with the marks alone: what is no words, and words that do not hold.
_LOST = frozenset(
    [
        *("img", "audio", "video", "iframe", "object", "embed", "table", "svg", "math", "script", "style"),
        *("input", "select", "textarea", "s", "strike", "del"),
    ]
)
_ADDRESSES = ("http://", "https://", "mailto:", "tel:")
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


class Unreadable(Exception):
    """A text with more than words, such as a picture; `values` names what."""

    code = "media"

    def __init__(self, tag: str) -> None:
        self.values = {"tag": tag}
        super().__init__(tag)


def plain_text(text: str, *, is_page: bool) -> str:
    """Return the words of a text; raise Unreadable where it holds pictures, tables and the like.

    A link keeps its address, a numbered list its numbers, and what stands above or below the line stays there.

    `is_page` says that line feeds of the text mean nothing, as in a web page. Without any markup a text is left as it
    is.
    """
    if is_page:
        text = " ".join(text.split())
    elif not _MARKUP.search(text):
        return text
    parser = _Words()
    parser.feed(text)
    parser.close()
    return "".join(parser.words)


class _Words(HTMLParser):
    """Collects words; what stands in a link, above or below the line is collected apart until it ends."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[_Part] = [_Part("", [])]
        self._lists: list[int | None] = []

    @property
    def words(self) -> list[str]:
        """Everything that was collected; what did not end ends here."""
        while len(self._parts) > 1:
            self._end_part()
        return self._parts[0].words

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LOST:
            raise Unreadable(tag)
        if tag in _BREAKS:
            self._say("\n")
        if tag == "li":
            self._say(self._item())
        elif tag in ("ol", "ul"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag in ("a", "sup", "sub"):
            address = next((value or "" for name, value in attrs if name == "href"), "")
            if address.startswith("@@PLUGINFILE@@"):
                # A file that Moodle keeps beside its questions.
                raise Unreadable(tag)
            self._parts.append(_Part(tag, [], address.strip()))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self._say("\n")
        if tag in ("ol", "ul") and self._lists:
            self._lists.pop()
        if any(part.tag == tag for part in self._parts[1:]):
            while self._end_part() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._say(data)

    def _say(self, words: str) -> None:
        self._parts[-1].words.append(words)

    def _item(self) -> str:
        """What an item of the innermost list begins with: its number where the list has numbers."""
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _end_part(self) -> str:
        """Say what the innermost part holds as plain words can; return its tag."""
        part = self._parts.pop()
        words = "".join(part.words)
        if part.tag == "a":
            is_address = part.address.startswith(_ADDRESSES) and part.address != words.strip()
            words += f" ({part.address})" if is_address and words.strip() else part.address if is_address else ""
        elif words.strip():
            known, sign = (_RAISED, "^") if part.tag == "sup" else (_LOWERED, "_")
            short = words.strip().translate(known)
            is_known = all(ord(char) in known for char in words.strip())
            words = short if is_known else f"{sign}({words.strip()})"
        self._say(words)
        return part.tag


@dataclass(slots=True)
class _Part:
    """A part of a page that is said in its own way: its tag, its words, and where it leads."""

    tag: str
    words: list[str]
    address: str = ""
