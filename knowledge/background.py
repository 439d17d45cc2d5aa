"""The data around the documents: how people write, facts, intents, and units that were merged into others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from knowledge.lexicon import BUILT_IN as LEXICON
from knowledge.loading import load_entries, load_lexicon
from knowledge.schema import FactEntry, IntentEntry, LexiconEntry, SuccessorEntry

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Background:
    """All of it, as it was loaded. Of the merged units the longest names stand first."""

    lexicon: LexiconEntry
    facts: tuple[FactEntry, ...]
    intents: tuple[IntentEntry, ...]
    successors: tuple[SuccessorEntry, ...]

    def successors_in(self, texts: Iterable[str]) -> list[SuccessorEntry]:
        """Return the merged units that the texts name, the longest names first.

        Whoever only issued a document that is cited ("ngày 17/6/2021 của Bộ …") is nobody to turn to.
        """
        joined = "\n".join(texts)
        found = []
        for entry in self.successors:
            joined = re.sub(rf"(?<=\d của ){re.escape(entry.name)}", "", joined)
            if entry.name in joined:
                found.append(entry)
                joined = joined.replace(entry.name, "")
        return found


def load_background() -> Background:
    """Read the data files of this room; raise DataError."""
    return Background(
        lexicon=load_lexicon(LEXICON),
        facts=tuple(load_entries(_HERE / "facts.yaml", FactEntry)),
        intents=tuple(load_entries(_HERE / "intents.yaml", IntentEntry)),
        # The longest names first, since one may be part of another.
        successors=tuple(sorted(load_entries(_HERE / "successors.yaml", SuccessorEntry), key=lambda e: -len(e.name))),
    )
