"""`ungxu documents check` and `new`: an office's own documents, from a Word file to checked data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bot.errors import InputError
from bot.explaining import TEXTS, explain, problem_line, reason
from bot.knowledge_base import load_documents
from bot.settings import Settings
from handlers.errors import HandlerError
from handlers.office import load_office
from handlers.texts import load_texts
from knowledge.documents import Document, Library
from knowledge.errors import DocumentError, NothingToSplit, Problem
from knowledge.importing.doubts import doubts
from knowledge.importing.splitting import split, to_yaml
from knowledge.importing.word_file import read_lines
from knowledge.loading import BUILT_IN, load_document, load_library
from knowledge.schema import Part

Write = Callable[[str], None]


def check(settings: Settings, path: Path | None, write: Write) -> int:
    """Check a file, a folder of documents, or a whole office folder; return how many faults were printed.

    What is no fault but will surprise (a file that nobody reads, a document that is not in use) is printed too.
    Raises InputError where there is nothing to check.
    """
    place = path or settings.office
    if place is None:
        raise InputError(TEXTS("cli.no_office"))
    folder = _documents_folder(place)
    if folder:
        for file in sorted(folder.glob("*.yml")):
            write(_doubt(file, Problem("", "wrong_ending")))
    files = sorted(folder.glob("*.yaml")) if folder else [place]
    if not files:
        raise InputError(TEXTS("cli.nothing_to_check", folder=folder))
    documents: dict[Path, Document] = {}
    faults = 0
    for file in files:
        try:
            documents[file] = load_document(file)
        except DocumentError as error:
            write(explain(error))
            faults += len(error.problems)
        else:
            write(TEXTS("cli.checked", file=file, count=len(list(documents[file].passages()))))
    if faults:
        return faults
    try:
        library = _in_use(place, documents)
    except (HandlerError, DocumentError) as error:
        write(explain(error))
        return 1
    for file, document in documents.items():
        for problem in _surprises(document, library):
            write(_doubt(file, problem))
    return 0


def new(settings: Settings, file: Path, document_id: str, title: str | None, output: Path | None, write: Write) -> None:
    """Split a text or Word file into a document file to be read over, and name what looks doubtful.

    The file goes to `output`, to the office's documents, or to the screen. Nothing is overwritten. Raises
    InputError, UnreadableFile or NothingToSplit.
    """
    _check_id(document_id)
    today = dt.datetime.now(settings.zone).date()
    try:
        document = split(read_lines(file), document_id=document_id, title=title, today=today)
    except NothingToSplit:
        raise NothingToSplit(str(file)) from None
    data = to_yaml(document)
    if output is None and settings.office:
        output = settings.office / "documents" / f"{document_id}.yaml"
    if output:
        _write_anew(output, data)
        write(TEXTS("cli.written", file=output))
    else:
        write(data.rstrip())
    for problem in doubts(document):
        # On the screen the lines follow the data, which may go on into a file.
        write(_doubt(output, problem) if output else f"# {_doubt(file, problem)}")


def _documents_folder(place: Path) -> Path | None:
    """The folder with the documents of an office folder, a folder of documents itself, None for a file."""
    if not place.is_dir():
        return None
    return place / "documents" if (place / "documents").is_dir() else place


def _in_use(place: Path, documents: dict[Path, Document]) -> Library:
    """The documents together with those that they will stand beside, and the rest of an office's folder checked."""
    folder = _documents_folder(place)
    if folder is None:
        return load_library(BUILT_IN).with_document(documents[place])
    if folder == place:
        return load_library(BUILT_IN, folder)
    load_texts(place)
    return load_documents(place, load_office(place))


def _surprises(document: Document, library: Library) -> Iterator[Problem]:
    if document.id not in library.documents:
        yield Problem("", "not_applied", document.id)
    for top in document.provisions:
        for provision in top.walk():
            for target in provision.entry.applies:
                if target not in library:
                    place = provision.id.partition("/")[2].replace("/", ".")
                    yield Problem(f"provisions.{place}", "unknown_target", target)


def _check_id(document_id: str) -> None:
    """Refuse an id that the format does not take, before it becomes part of a path."""
    try:
        TypeAdapter(Part).validate_python(document_id)
    except ValidationError as error:
        raise InputError(reason(error.errors()[0]["type"], document_id)) from None


def _write_anew(path: Path, data: str) -> None:
    try:
        # One folder may be missing, the documents of a new office; where more are, the path is mistyped.
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as target:
            target.write(data)
    except FileExistsError:
        raise InputError(TEXTS("cli.file_exists", file=path)) from None
    except OSError as error:
        raise InputError(problem_line(str(path), "", "unwritable", error.strerror or "")) from None


def _doubt(file: Path, problem: Problem) -> str:
    return TEXTS("cli.doubt", problem=problem_line(str(file), problem.place, problem.code, problem.value))
