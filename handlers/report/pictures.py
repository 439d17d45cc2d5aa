"""Where else a picture may belong that comes without a word: what waits for one just now, by whose it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from handlers.context import Context
from handlers.conversation import Attachment, Reply


@dataclass(frozen=True, slots=True)
class Place:
    """Something that pictures and files are put to.

    Attributes:
        offered: returns (which, label) of each that is open for whoever sends, the likeliest first.
        put: puts files to one of those.
    """

    offered: Callable[[Context], Sequence[tuple[str, str]]]
    put: Callable[[str, Sequence[Attachment], Context], list[Reply]]


PLACES: dict[str, Place] = {}
"""The places by name; a job that takes pictures puts its own here."""


def offered(context: Context) -> Mapping[str, str]:
    """Return the labels of all places that are open for whoever sends, by a key for `put`."""
    return {f"{name}:{which}": label for name, place in PLACES.items() for which, label in place.offered(context)}


def put(key: str, files: Sequence[Attachment], context: Context) -> list[Reply]:
    """Put files to a place that was offered."""
    name, _, which = key.partition(":")
    return PLACES[name].put(which, files, context)
