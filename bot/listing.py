"""What the administrator reads on the command line: documents and the questions people asked."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

from bot.errors import InputError, SettingsError
from bot.knowledge_base import load_documents
from bot.settings import Settings, database_path
from handlers.ask import service
from handlers.office import load_office
from handlers.texts import Texts, load_texts
from knowledge.documents import Document, Library, Provision
from storage.database import Database
from storage.questions import QuestionCount

Write = Callable[[str], None]


def list_questions(settings: Settings, limit: int, as_json: bool, write: Write) -> None:
    """Print the unanswered questions and the votes, those that need attention most first.

    Raises StorageError or SettingsError where what is stored cannot be read; nothing stored yet is no fault.
    """
    texts = load_texts(settings.office)
    counted = _counted(database_path(settings), limit)
    if as_json:
        for question in counted:
            write(json.dumps(dataclasses.asdict(question), ensure_ascii=False))
        return
    if not counted:
        write(texts("cli.no_questions", path=database_path(settings).absolute()))
        return
    library = load_documents(settings.office, load_office(settings.office))
    for question in counted:
        write("\n".join(_question_lines(question, library, texts)))


def _counted(path: Path, limit: int) -> list[QuestionCount]:
    try:
        path.stat()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError("UNGXU_DATA", f"{path.parent}: {error.strerror}") from None
    database = Database(path)
    try:
        return service.counted(database, limit)
    finally:
        database.close()


def list_documents(settings: Settings, write: Write) -> None:
    """Print the documents in use, with their validity."""
    texts = load_texts(settings.office)
    for document in load_documents(settings.office, load_office(settings.office)).documents.values():
        by = document.entry.validity.by
        write(
            texts(
                "cli.document_line",
                id=document.id,
                short=document.short,
                title=document.entry.title,
                count=len(list(document.passages())),
                status=texts("cli.status_replaced", by=by.short) if by else texts("cli.status_in_force"),
            )
        )


def show_document(settings: Settings, name: str, write: Write) -> None:
    """Print a document, or one provision with all under it, as it is stored; raise InputError for neither."""
    texts = load_texts(settings.office)
    library = load_documents(settings.office, load_office(settings.office))
    document = library.documents.get(name)
    if document:
        write("\n".join(_document_lines(document)))
        return
    provision = library.get(name)
    if provision is None:
        raise InputError(texts("cli.no_such_id", id=name))
    write("\n".join(_provision_lines(provision)))


def _question_lines(question: QuestionCount, library: Library, texts: Texts) -> list[str]:
    lines = [question.text]
    if question.asked:
        outcome = texts(f"cli.outcome_{question.outcome.replace(' ', '_')}")
        lines.append("  " + texts("cli.question_asked", asked=question.asked, outcome=outcome))
    votes = [texts(f"cli.vote_{name}", count=count) for name in service.VOTES if (count := getattr(question, name))]
    if votes:
        lines.append("  " + ", ".join(votes))
    if question.shown:
        names = [_name(library.get(one), one) for one in question.shown]
        lines.append("  " + texts("cli.question_shown", shown="; ".join(names)))
    first, last = _day(question.first_day), _day(question.last_day)
    if first == last:
        lines.append("  " + texts("cli.question_day", day=first))
    else:
        lines.append("  " + texts("cli.question_days", first=first, last=last))
    return lines


def _day(day: str) -> str:
    return dt.date.fromisoformat(day).strftime("%d/%m/%Y")


def _name(provision: Provision | None, fallback: str) -> str:
    return f"{provision.label}, {provision.document.short}" if provision else fallback


def _document_lines(document: Document) -> list[str]:
    entry = document.entry
    lines = [f"{entry.short}: {entry.title}", f"{entry.issuer}, {entry.date}", "", *entry.preamble, ""]
    for provision in document.provisions:
        lines += [*_provision_lines(provision), ""]
    return lines + list(entry.closing)


def _provision_lines(provision: Provision, depth: int = 0) -> list[str]:
    indent = "  " * depth
    edition = provision.edition()
    head = f"{provision.id}  {provision.label}"
    if provision.entry.title:
        head += f". {provision.entry.title}"
    lines = [indent + head]
    for older in provision.editions:
        # Words that may not be quoted are not printed either: somebody would copy them.
        text = older.text if older.wording.quotable else older.summary
        if text:
            mark = "" if older is edition else f" → {older.to}"
            lines.append(f"{indent}  [{older.wording.value}, {older.from_}{mark}] {text}")
    for child in provision.children:
        lines += _provision_lines(child, depth + 1)
    return lines
