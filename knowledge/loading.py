"""Reading the data files of this room: documents, and lists of entries. A file is taken whole or not at all.

Every fault is collected and named with its place in the file (`DocumentError`, `DataError`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from knowledge.documents import Document, Library
from knowledge.errors import DataError, DocumentError, Problem
from knowledge.schema import DocumentEntry, Level, LexiconEntry

BUILT_IN = Path(__file__).parent / "documents"

# The C parser does not survive brackets nested without end; no honest file has so many.
MOST_BRACKETS = 5_000

Model = TypeVar("Model", bound=BaseModel)


def load_document(path: Path) -> Document:
    """Read and check one document file (UTF-8 YAML); raise DocumentError with every fault found."""
    entry = _validated(path, _read_yaml(path, DocumentError), DocumentEntry)
    document = Document(entry)
    problems = list(_cross_check(document))
    if problems:
        raise DocumentError(str(path), problems)
    return document


def load_library(*folders: Path) -> Library:
    """Load every `*.yaml` of the folders, national documents first; a later folder replaces equal ids."""
    documents: dict[str, Document] = {}
    for folder in folders:
        seen: dict[str, Path] = {}
        for path in sorted(folder.glob("*.yaml")):
            document = load_document(path)
            if document.id in seen:
                raise DocumentError(str(path), [Problem("id", "duplicate_document", document.id)])
            seen[document.id] = path
            documents[document.id] = document
    # What holds for the country comes first, then what a province or the office says of it.
    return Library(sorted(documents.values(), key=lambda document: list(Level).index(document.entry.level)))


def load_entries(path: Path, model: type[Model]) -> list[Model]:
    """Read a data file that is a list of entries with unique ids or names; raise DataError."""
    raw = _read_yaml(path, DataError)
    if not isinstance(raw, list):
        raise DataError(str(path), [Problem("", "not_a_list")])
    entries: list[Model] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for number, item in enumerate(raw, 1):
        try:
            entry = model.model_validate(item)
        except ValidationError as error:
            problems += _problems(error, item, str(number))
            continue
        key = str(getattr(entry, "id", "") or getattr(entry, "name", ""))
        if key in seen:
            problems.append(Problem(str(number), "duplicate_id", key))
        seen.add(key)
        entries.append(entry)
    if problems:
        raise DataError(str(path), problems)
    return entries


def load_lexicon(path: Path) -> LexiconEntry:
    """Read the lexicon file; raise DataError."""
    raw = _read_yaml(path, DataError)
    try:
        return LexiconEntry.model_validate(raw)
    except ValidationError as error:
        raise DataError(str(path), _problems(error, raw)) from None


def _read_yaml(path: Path, error: type[DocumentError] | type[DataError]) -> object:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise error(str(path), [Problem("", "not_utf8", str(fault.start))]) from None
    except OSError as fault:
        raise error(str(path), [Problem("", "unreadable", fault.strerror or "")]) from None
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        raise error(str(path), [Problem("", "too_large")])
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a safe loader
    except _DuplicateKey as fault:
        raise error(str(path), [Problem(f"line {fault.line}", "duplicate_field", fault.key)]) from None
    except (yaml.YAMLError, ValueError) as fault:
        mark = getattr(fault, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        raise error(str(path), [Problem(place, "bad_yaml", getattr(fault, "problem", "") or "")]) from None


class _DuplicateKey(Exception):
    def __init__(self, key: str, line: int) -> None:
        self.key = key
        self.line = line
        super().__init__(key)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's safe loader without two of its habits.

    A field written twice is refused instead of taking the last, and a date stays text, so that one that does not
    exist is told with its place.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in PyYAML
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.YAMLError("a field must have a name")
            if key.value in keys:
                raise _DuplicateKey(str(key.value), key.start_mark.line + 1)
            keys.add(key.value)
        mapping: dict[object, object] = super().construct_mapping(node, deep)
        return mapping


def _validated(path: Path, raw: object, model: type[Model]) -> Model:
    if not isinstance(raw, Mapping):
        raise DocumentError(str(path), [Problem("", "not_a_mapping")])
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise DocumentError(str(path), _problems(error, raw)) from None


def _problems(error: ValidationError, raw: object, prefix: str = "") -> list[Problem]:
    found = []
    faults = error.errors(include_url=False)
    above = {fault["loc"][:depth] for fault in faults for depth in range(len(fault["loc"]))}
    for fault in faults:
        # A list whose entries failed counts as empty, too; that is no fault of its own.
        if fault["type"] == "too_short" and fault["loc"] in above:
            continue
        value = fault["input"]
        shown = str(value) if isinstance(value, str | int | float | bool) else ""
        if fault["type"] in ("extra_forbidden", "missing"):
            shown = str(fault["loc"][-1])
        place = ".".join(filter(None, (prefix, _readable_place(fault["loc"], raw))))
        found.append(Problem(place, fault["type"], shown[:80]))
    return found


def _readable_place(location: tuple[int | str, ...], raw: object) -> str:
    """Name list items by their `part` or `id` where they have one: provisions.dieu-4.khoan-3."""
    names: list[str] = []
    node = raw
    for step in location:
        try:
            node = node[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            node = None
        name = str(step)
        if isinstance(step, int):
            own = node.get("part") if isinstance(node, Mapping) else None
            name = str(own) if own else str(step + 1)
        elif step == "provisions" and names:
            continue
        names.append(name)
    return ".".join(names)


def _cross_check(document: Document) -> Iterator[Problem]:
    seen: set[str] = set()
    known = document.entry.sources
    for key in document.entry.validity.sources:
        if key not in known:
            yield Problem("validity.sources", "unknown_source", key)
    for top in document.provisions:
        for provision in top.walk():
            place = provision.id.partition("/")[2].replace("/", ".")
            base = provision.id.rsplit("/", 1)[0]
            for part in (provision.entry.part, *provision.entry.aliases):
                if f"{base}/{part}" in seen:
                    yield Problem(place, "duplicate_id", f"{base}/{part}")
                seen.add(f"{base}/{part}")
            named = [key for edition in provision.editions for key in edition.sources]
            if provision.entry.now:
                named += provision.entry.now.sources
            for key in named:
                if key not in known:
                    yield Problem(place, "unknown_source", key)
            for target in provision.entry.applies:
                if target.partition("/")[0] == document.id and target not in document.by_id:
                    yield Problem(place, "unknown_provision", target)
