"""The frozen list at the size of a province: complete, counted as it is, in small transactions, in flat memory."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks import broadcasts

PEOPLE = 20_000
MOST_MEMORY = 30.0
"""MB."""


def test_a_large_list_is_frozen_in_small_parts(tmp_path: Path, full_size: bool) -> None:
    people = broadcasts.PEOPLE if full_size else PEOPLE
    done = broadcasts.measure(tmp_path, people)
    assert done.frozen == people
    assert done.sums
    assert done.memory <= MOST_MEMORY
    if full_size:
        # How fast a machine is shows only here: this is the size that the limits are for.
        assert statistics.median(done.transactions) <= broadcasts.TRANSACTION_LIMIT
        assert done.busy <= broadcasts.FREEZE_LIMIT
        assert done.resume <= broadcasts.RESUME_LIMIT
    print(  # noqa: T201 - the figures of the proof
        f"\n{people} people: {done.freeze:.1f} s ({done.busy:.1f} s of a core), longest transaction"
        f" {max(done.transactions) * 1000:.0f} ms ({max(done.parts) * 1000:.0f} ms of a core),"
        f" memory +{done.memory:.0f} MB"
    )
