"""The words of a text that may be marked up as a web page, as people see them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);")
_BREAKS = frozenset({"br", "p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"})
# What would be lost with the marks alone.
_MEDIA = frozenset({"img", "audio", "video", "iframe", "object", "embed", "table", "svg", "math", "script", "style"})


class Unreadable(Exception):
    """A text with more than words, such as a picture; `values` names what."""

    code = "media"

    def __init__(self, tag: str) -> None:
        self.values = {"tag": tag}
        super().__init__(tag)


def plain_text(text: str, *, is_page: bool) -> str:
    """Return the words of a text; raise Unreadable where it holds pictures, tables and the like.

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
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _MEDIA:
            raise Unreadable(tag)
        if tag in _BREAKS:
            self.words.append("\n")
        if tag == "li":
            self.words.append("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
