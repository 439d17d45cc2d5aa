"""The catalogue of everything a person reads, with what an office says differently.

Texts stand in `texts.vi.toml` as `[section] name = "…{placeholder}…"`. An office's `texts.toml` may replace any
of them; it can neither add a text nor use a placeholder that the original does not have.

What people read in a conversation may carry <b>, <i>, <code> (to copy with a tap) and <blockquote>. Every value that is
filled in is escaped, so that only the catalogue can set a tag.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Formatter

from markupsafe import Markup, escape

from handlers.errors import TextError

CATALOGUE = Path(__file__).parent / "texts.vi.toml"

TAGS = ("b", "i", "code", "blockquote")
"""The tags that a text may carry."""

_TAG = re.compile(rf"<(/?)({'|'.join(TAGS)})>")
_LONE_AMPERSAND = re.compile(r"&(?!(?:lt|gt|amp|quot|#\d+);)")


class _Template:
    """A text taken apart once, since one of a conversation is filled in several times for each answer."""

    def __init__(self, text: str) -> None:
        # The catalogue may set tags, but an ampersand in it is only a letter.
        self._whole = Markup(_LONE_AMPERSAND.sub("&amp;", text))  # noqa: S704
        self._parts = list(Formatter().parse(self._whole))
        # What has a format of its own ("{count:9}") is left to Markup.
        self._is_plain = not any(form or conversion for _, _, form, conversion in self._parts)

    def fill(self, values: Mapping[str, object]) -> Markup:
        """Return the text with values, escaped unless they are marked; raise KeyError for one that is missing."""
        if not self._is_plain:
            return self._whole.format(**values)
        filled: list[str] = []
        for literal, name, _, _ in self._parts:
            filled.append(literal)
            if name is not None:
                value = values[name]
                filled.append(value if isinstance(value, Markup) else escape(value))
        return Markup("".join(filled))  # noqa: S704


def link(address: str, name: str) -> Markup:
    """Return a name that leads to an address of the web, for a conversation; any other address as it reads.

    The catalogue cannot set one: only what stands in the documents is linked to.
    """
    if not address.startswith(("https://", "http://")):
        return escape(address)
    return Markup('<a href="{}">{}</a>').format(address, name or address)


class Texts:
    """Texts by "section.name"."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts
        self._rich: dict[str, _Template] = {}

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a text with its placeholders filled in; an unknown name or placeholder raises TextError."""
        try:
            return self._texts[name].format(**values)
        except KeyError as missing:
            raise _unknown(name, missing) from None

    def rich(self, name: str, /, **values: object) -> Markup:
        """Return a text for a conversation: values are escaped unless they are such texts themselves."""
        try:
            template = self._rich.get(name)
            if template is None:
                template = self._rich[name] = _Template(self._texts[name])
            return template.fill(values)
        except KeyError as missing:
            raise _unknown(name, missing) from None

    def __contains__(self, name: str) -> bool:
        return name in self._texts

    @property
    def names(self) -> list[str]:
        """The names of all texts."""
        return list(self._texts)


def load_texts(office: Path | None = None) -> Texts:
    """Read the catalogue and, over it, an office's `texts.toml` where there is one; raise TextError."""
    texts = _read(CATALOGUE)
    own = office / "texts.toml" if office else None
    if own and own.exists():
        for name, text in _read(own).items():
            if name not in texts:
                raise TextError(str(own), name, "unknown_text")
            extra = _placeholders(own, name, text) - _placeholders(CATALOGUE, name, texts[name])
            if extra:
                raise TextError(str(own), name, "unknown_placeholder", min(extra))
            texts[name] = text
    return Texts(texts)


def _read(path: Path) -> dict[str, str]:
    try:
        sections = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TextError(str(path), "", "bad_toml", str(error)) from None
    texts: dict[str, str] = {}
    for section, entries in sections.items():
        if not isinstance(entries, dict):
            raise TextError(str(path), section, "not_section")
        for name, text in entries.items():
            if not isinstance(text, str):
                raise TextError(str(path), f"{section}.{name}", "string_type")
            if not text.strip():
                raise TextError(str(path), f"{section}.{name}", "empty_text")
            _check_tags(path, f"{section}.{name}", text)
            # The break before the closing quotes is none; one at the beginning is meant.
            texts[f"{section}.{name}"] = text.rstrip("\n")
    return texts


def _check_tags(path: Path, name: str, text: str) -> None:
    """Raise TextError for a tag that is not known, not closed, or closed in the wrong order."""
    rest = _TAG.sub("", text)
    if "<" in rest:
        raise TextError(str(path), name, "bad_tag", rest[rest.index("<") :][:20])
    opened: list[str] = []
    for closing, tag in _TAG.findall(text):
        if not closing:
            opened.append(tag)
        elif not opened or opened.pop() != tag:
            raise TextError(str(path), name, "bad_tag", f"</{tag}>")
    if opened:
        raise TextError(str(path), name, "bad_tag", f"<{opened[-1]}>")


def _unknown(name: str, missing: KeyError) -> TextError:
    return TextError(CATALOGUE.name, name, "unknown_text", str(missing))


def _placeholders(path: Path, name: str, text: str) -> set[str]:
    """The placeholders as they are written, with any format: "{count:9}" is another than "{count}"."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise TextError(str(path), name, "bad_braces", str(error)) from None
    return {
        field + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        for _, field, form, conversion in parsed
        if field is not None
    }
