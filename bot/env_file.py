"""Changing `.env`: only the lines of some settings; whatever else stands there stays as it is."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

# Read back without quotes as it was written: not in quotes, no comment in it, no blanks around it.
_PLAIN = re.compile(r"(?!['\"\s])(?:(?!\s#)[^\r\n])*(?<!\s)")


def read_env(path: Path) -> str:
    """Return the file with the line ends that it has, "" where there is none."""
    if not path.exists():
        return ""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return file.read()


def with_values(text: str, values: Mapping[str, str]) -> str:
    """Return a file with other values for some variables.

    A variable that stands there keeps its place, its comment, and its line where the value is the same already; another
    comes after the line that shows it in a comment, or at the end. Values have neither line breaks nor "${", which
    would be filled in when they are read.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    missing = dict(values)
    parts: list[str] = []
    for binding in parse_stream(io.StringIO(text, newline="")):
        name = (binding.key or "").upper()
        if name not in values:
            parts.append(binding.original.string)
        elif name in missing:
            parts.append(_changed(binding, missing.pop(name)))
        # A second line for the same variable would be the one that counts.
    for name, value in missing.items():
        line = f"{name}={_written(value)}{end}"
        place = next((n for n, part in enumerate(parts) if re.search(rf"(?m)^\s*#\s*{name}\s*=", part)), len(parts) - 1)
        if parts and not parts[place].endswith("\n"):
            parts[place] += end
        parts.insert(place + 1, line)
    return "".join(parts)


def _changed(binding: Binding, value: str) -> str:
    line = binding.original.string
    if binding.value == value:
        return line
    body = line.strip()
    before, after = line[: line.index(body)], line[line.index(body) + len(body) :]
    export = "export " if re.match(r"export\s", body) else ""
    return f"{before}{export}{binding.key}={_written(value)}{_comment(body, binding.value)}{after}"


def _comment(line: str, value: str | None) -> str:
    """The comment at the end of a line: what may be left out without changing the value."""
    for found in re.finditer(r"[^\S\r\n]+#", line):
        without = next(parse_stream(io.StringIO(line[: found.start()])))
        if not without.error and without.value == value:
            return line[found.start() :]
    return ""


def _written(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return "'{}'".format(value.replace("\\", "\\\\").replace("'", "\\'"))
