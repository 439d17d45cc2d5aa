"""What is counted of the reports of a period."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from storage.report_facts import Facts


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of some reports; those that were joined to another are counted with it.

    Attributes:
        received: how many there are.
        kinds, platforms, units: how many of each; a unit by its number as text, "" where none is named.
        resolved, elsewhere, open: how many stand where, now.
        money: how much went, in đồng, where it was said.
        first_answer, resolution: the median time until the first answer, and until those were closed that were
            resolved, as `handlers.deadlines` counts it: in working time, urgent ones in all time. None for none.
    """

    received: int
    kinds: Counter[str]
    platforms: Counter[str]
    units: Counter[str]
    resolved: int
    elsewhere: int
    open: int
    money: int
    first_answer: dt.timedelta | None
    resolution: dt.timedelta | None


def count(facts: Iterable[Facts], units: Collection[int] | None = None) -> Figures:
    """Count reports; only those about some units where these are given, and about none where all are wanted."""
    counted = [
        fact
        for fact in facts
        if fact.state != "merged" and (units is None or (fact.unit_id is not None and fact.unit_id in units))
    ]
    resolved = [fact for fact in counted if fact.state == "resolved"]
    elsewhere = sum(fact.state == "elsewhere" for fact in counted)
    return Figures(
        received=len(counted),
        kinds=Counter(fact.kind for fact in counted),
        platforms=Counter(fact.platform for fact in counted),
        units=Counter(str(fact.unit_id or "") for fact in counted),
        resolved=len(resolved),
        elsewhere=elsewhere,
        open=len(counted) - len(resolved) - elsewhere,
        money=sum(fact.amount or 0 for fact in counted if fact.harm == "money_lost"),
        first_answer=_median([fact.answered_after for fact in counted if fact.answered_after is not None]),
        resolution=_median([fact.resolved_after for fact in resolved if fact.resolved_after is not None]),
    )


def _median(seconds: Sequence[int]) -> dt.timedelta | None:
    return dt.timedelta(seconds=statistics.median(seconds)) if seconds else None
