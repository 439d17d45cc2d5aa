"""The catalogue of everything a person reads, with what an office says differently.

Texts stand in `texts.vi.toml` as `[section] name = "…{placeholder}…"`. An office's `texts.toml` may replace any
of them; it can neither add a text nor use a placeholder that the original does not have.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Formatter

from handlers.errors import TextError

CATALOGUE = Path(__file__).parent / "texts.vi.toml"


class Texts:
    """Texts by "section.name"."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a text with its placeholders filled in; an unknown name or placeholder raises TextError."""
        try:
            return self._texts[name].format(**values)
        except KeyError as missing:
            raise TextError(CATALOGUE.name, name, "unknown_text", str(missing)) from None

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
            texts[f"{section}.{name}"] = text.strip("\n")
    return texts


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
