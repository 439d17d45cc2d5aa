"""First aid as data: what to do at once and then, with source, day and certainty, in the office's hands to change."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from knowledge.loading import load_entries
from knowledge.schema import Certainty, Part, PartialDate, Strict, Text
from storage.reports import Harm, Kind, Whose

FILE_NAME = "first_aid.yaml"
BUILT_IN = Path(__file__).parent / FILE_NAME

MOST_FIRST, MOST_THEN, MOST_IN_TROUBLE = 3, 7, 4
"""Steps that are shown at once: a phone shows no more beside a question."""

Stage = Literal["first", "then", "trouble"]
Trouble = Literal["money", "code", "demand", "threat", "blackmail", "child"]
"""What somebody is in, beside an account: money gone, a code given away, money or a code wanted by whoever may be
false, a threat, blackmail, a child that is hurt."""


class StepEntry(Strict):
    """A step of first aid; what is empty holds for everything."""

    id: Part
    stage: Stage = "then"
    text: str = ""
    kinds: tuple[Kind, ...] = ()
    platforms: tuple[Text, ...] = ()
    harms: tuple[Harm, ...] = ()
    whose: tuple[Whose, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    sources: tuple[Text, ...] = ()
    checked: PartialDate | None = None
    certainty: Certainty | None = None
    left_out: bool = False

    @model_validator(mode="after")
    def _is_checked(self) -> StepEntry:
        if self.left_out:
            return self
        if not self.text.strip():
            raise PydanticCustomError("empty_text", "no text")
        if not self.sources:
            raise PydanticCustomError("empty_source", "no source")
        if self.checked is None or self.certainty is None:
            raise PydanticCustomError("unchecked", "when it was checked and how certain it is")
        return self

    def suits(self, kind: Kind | None, platform: str, harm: Harm, whose: Whose) -> bool:
        """Whether it helps in a case; a kind that is not known yet is helped as a lost account is."""
        return (
            (not self.kinds or (kind or "lost") in self.kinds)
            and (not self.platforms or platform in self.platforms)
            and (not self.harms or harm in self.harms)
            and (not self.whose or whose in self.whose)
        )


Steps = Sequence[StepEntry]


def load_first_aid(office: Path | None = None) -> Steps:
    """Read the steps and, over them, an office's own file where there is one; raise DataError."""
    own = office / FILE_NAME if office else None
    theirs = {step.id: step for step in load_entries(own, StepEntry)} if own and own.exists() else {}
    known = {step.id for step in _built_in()}
    # What the office adds comes first: among so few steps there is no room behind.
    added = [step for step in theirs.values() if step.id not in known]
    return tuple(step for step in (*added, *(theirs.get(one.id, one) for one in _built_in())) if not step.left_out)


def choose(
    steps: Steps, stage: Stage, kind: Kind | None, platform: str, harm: Harm, whose: Whose
) -> Sequence[StepEntry]:
    """Return the steps of a stage for a case, in the order of the file, no more than are read at once."""
    most = MOST_FIRST if stage == "first" else MOST_THEN
    return [step for step in steps if step.stage == stage and step.suits(kind, platform, harm, whose)][:most]


def in_trouble(steps: Steps, trouble: Trouble) -> Sequence[StepEntry]:
    """Return the steps for a trouble, in the order of the file, no more than are read at once."""
    suits = [step for step in steps if step.stage == "trouble" and (not step.troubles or trouble in step.troubles)]
    return suits[:MOST_IN_TROUBLE]


@lru_cache(maxsize=1)
def _built_in() -> Steps:
    return tuple(load_entries(BUILT_IN, StepEntry))
