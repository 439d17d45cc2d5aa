"""The documents an office applies and everything around them, made ready for questions."""

from __future__ import annotations

from pathlib import Path

from handlers.errors import OfficeError
from handlers.office import FILE_NAME, Office
from knowledge.background import load_background
from knowledge.documents import Library
from knowledge.loading import BUILT_IN, load_library
from knowledge.search import Search


def load_documents(office_folder: Path | None, office: Office) -> Library:
    """Return the built-in documents and the office's own, only those that apply where it chose some.

    Raises DocumentError for a document that cannot be taken and OfficeError for a choice that does not exist.
    """
    own = [office_folder / "documents"] if office_folder else []
    library = load_library(BUILT_IN, *own)
    unknown = [name for name in office.documents if name not in library.documents]
    if unknown:
        raise OfficeError(FILE_NAME, "documents", "unknown_document", unknown[0])
    return library.only(office.documents) if office.documents else library


def load_search(office_folder: Path | None, office: Office) -> Search:
    """Return a search over the documents an office applies; errors as `load_documents`, and DataError."""
    return Search(load_documents(office_folder, office), load_background())
