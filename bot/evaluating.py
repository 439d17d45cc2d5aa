"""`ungxu eval`: reads a test set from JSON Lines and measures retrieval on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from bot.errors import InputError
from handlers.texts import Texts, load_texts
from knowledge.evaluate import Figures, evaluate
from knowledge.lexicon import BUILT_IN
from knowledge.loading import load_lexicon
from knowledge.text import fold


def run(documents: Path, questions: Path, *, no_accents: bool, progress: bool) -> Figures:
    """Measure a set, with a progress bar on standard error; raise InputError for a line that is wrong."""
    texts = load_texts()
    texts_by_id = [
        (_text(documents, texts, n, row, "id"), _text(documents, texts, n, row, "text"))
        for n, row in _rows(documents, texts)
    ]
    known: set[str] = set()
    for number, (document_id, _) in enumerate(texts_by_id, 1):
        if document_id in known:
            raise _bad_line(documents, texts, number, texts("problem.duplicate_id", value=document_id))
        known.add(document_id)
    asked = []
    for number, row in _rows(questions, texts):
        text = _text(questions, texts, number, row, "text")
        relevant = row.get("relevant")
        if not isinstance(relevant, list) or not all(isinstance(one, str) for one in relevant):
            raise _bad_line(questions, texts, number, "relevant")
        asked.append((fold(text) if no_accents else text, relevant))
    with Progress(console=Console(stderr=True), transient=True, disable=not progress) as bar:
        task = bar.add_task(texts("cli.evaluating"), total=len(asked))
        return evaluate(texts_by_id, asked, load_lexicon(BUILT_IN), step=lambda: bar.advance(task))


def _rows(path: Path, texts: Texts) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise _bad_line(path, texts, number, str(error)) from None
                if not isinstance(row, dict):
                    raise _bad_line(path, texts, number, "{}")
                yield number, row
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(texts("cli.unreadable", file=path, reason=error)) from None


def _text(path: Path, texts: Texts, number: int, row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise _bad_line(path, texts, number, name)
    return value


def _bad_line(path: Path, texts: Texts, number: int, reason: str) -> InputError:
    return InputError(texts("cli.bad_jsonl", file=path, line=number, reason=reason))
