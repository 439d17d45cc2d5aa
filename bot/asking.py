"""`ungxu ask`: one question or a batch, answered without a database and without being noted."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from bot.channels.markup import plain
from bot.errors import InputError
from bot.knowledge_base import load_search
from bot.settings import Settings
from handlers.ask import service
from handlers.ask.wording import Writer
from handlers.office import load_office
from handlers.texts import Texts, load_texts
from knowledge.documents import Provision
from knowledge.finding import Citation, Finding, Outcome
from knowledge.schema import Status


class Asker:
    """Answers questions as JSON objects."""

    def __init__(self, settings: Settings) -> None:
        """Load the documents; raise the named errors of the rooms."""
        office = load_office(settings.office)
        self.texts = load_texts(settings.office)
        self._search = load_search(settings.office, office)
        self._writer = Writer(self.texts, office, self._search)
        self._zone = settings.zone

    def answer(self, question: str) -> dict[str, Any]:
        """Return the answer to a question under the names of the command's JSON; times in ms."""
        begun = time.perf_counter()
        today = dt.datetime.now(self._zone).date()
        finding = service.answer(self._search, question, today)
        text = plain(self._writer.reply(finding))
        elapsed = 1000 * (time.perf_counter() - begun)
        return {**_as_json(finding, question), "text": text, "elapsed_ms": round(elapsed, 3)}


def ask_batch(
    asker: Asker, source: str, stdin: TextIO | None, write: Callable[[str], None], *, progress: bool = False
) -> int:
    """Answer each line of a JSON Lines file ("-" for standard input), one JSON line each, in order.

    A line that is no object with a text gets {"line", "error"} in its place; return how many did. With `progress` a
    bar on standard error counts the lines. Raises InputError where the file cannot be read.
    """
    faults = 0
    lines = _lines(source, stdin, asker.texts)
    for number, line in enumerate(_with_bar(lines, asker.texts) if progress else lines, 1):
        # PowerShell writes a byte order mark into its pipes.
        line = line.lstrip("\ufeff")
        if not line.strip():
            continue
        try:
            text = json.loads(line)["text"]
            if not isinstance(text, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            faults += 1
            problem = asker.texts("cli.batch_bad_line", line=number)
            write(json.dumps({"line": number, "error": problem}, ensure_ascii=False))
            continue
        write(json.dumps(asker.answer(text), ensure_ascii=False))
    return faults


def _lines(source: str, stdin: TextIO | None, texts: Texts) -> Iterator[str]:
    if source == "-":
        yield from stdin or ()
        return
    try:
        with Path(source).open(encoding="utf-8-sig") as file:
            yield from file
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(texts("cli.unreadable", file=source, reason=error)) from None


def _with_bar(lines: Iterator[str], texts: Texts) -> Iterator[str]:
    # Loaded here, because a single question must not wait for it.
    from rich.console import Console
    from rich.progress import track

    yield from track(lines, texts("cli.answering"), console=Console(stderr=True), transient=True)


def _as_json(finding: Finding, question: str) -> dict[str, Any]:
    return {
        "question": question,
        "answered": finding.outcome in (Outcome.ANSWERED, Outcome.CONTENTS, Outcome.SMALL_TALK),
        "text": "",
        "citations": [_citation(citation) for citation in finding.citations],
        "alternatives": [provision.id for provision in (finding.alternatives or _contents(finding))],
        "suggest": list(finding.suggestions),
    }


def _contents(finding: Finding) -> tuple[Provision, ...]:
    return finding.nearest if finding.outcome is Outcome.CONTENTS else ()


def _citation(citation: Citation) -> dict[str, str]:
    validity = citation.document.entry.validity
    state = validity.status.value
    if validity.status is Status.REPLACED and validity.by:
        state = f"{state} {validity.by.date} by {validity.by.short}"
    return {
        "id": citation.provision.id,
        "document": citation.document.short,
        "label": citation.provision.label,
        "quote": citation.quote,
        "wording": citation.wording.value,
        "validity": state,
    }
