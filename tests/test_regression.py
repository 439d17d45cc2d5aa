"""The regression set: what was reached is not lost again. `make eval` prints the figures."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.questions import QUESTIONS, Kind, load_lines, measure
from knowledge.documents import Library
from knowledge.evaluate import is_hit
from knowledge.search import Search

LINES = load_lines(QUESTIONS)


def test_the_set_is_as_large_as_promised_and_covers_every_provision(library: Library) -> None:
    kinds = Counter(line.kind for line in LINES)
    assert kinds[Kind.RULE] >= 150
    assert kinds[Kind.OUT_OF_SCOPE] >= 60
    assert {line.register for line in LINES} == {"formal", "chatty", "no_accents", "abbreviations", "typos"}
    relevant = {one for line in LINES for one in line.relevant}
    for passage in library.passages():
        assert any(is_hit(passage.id, [one]) or is_hit(one, [passage.id]) for one in relevant), passage.id


def test_every_relevant_id_exists(library: Library) -> None:
    for line in LINES:
        for one in line.relevant:
            assert one in library or one in library.documents, (line.text, one)


def test_no_line_of_the_set_is_a_phrasing(search: Search) -> None:
    asked = {line.text.casefold().strip(" ?.!") for line in LINES}
    for passage in search.ranker.passages:
        for phrasing in passage.phrasings:
            assert phrasing.casefold().strip(" ?.!") not in asked


@pytest.mark.parametrize(("strip_accents", "most_declined"), [(False, 6), (True, 6)])
def test_what_was_reached_is_kept(search: Search, strip_accents: bool, most_declined: int) -> None:
    total = measure(search, LINES, strip_accents).total
    assert total.hit_at_1 >= 0.955
    assert total.hit_at_3 >= 0.975
    assert total.declined <= most_declined
    assert total.outside_answered <= 9
    assert total.recognised >= total.small_talk - 3


def test_the_file_is_one_object_a_line() -> None:
    for line in Path(QUESTIONS).read_text(encoding="utf-8").splitlines():
        assert set(json.loads(line)) == {"text", "kind", "register", "relevant"}
