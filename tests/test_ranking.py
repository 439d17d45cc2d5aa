"""What the signals of ranking are for, each on passages made for it."""

from __future__ import annotations

import pytest

from knowledge import ranking
from knowledge.index import best
from knowledge.lexicon import Lexicon
from knowledge.ranking import Passage, Ranker
from knowledge.schema import IntentEntry, LexiconEntry
from knowledge.scope import Scope

EMPTY = LexiconEntry(
    stop=("có không", "là gì"),
    showing=(),
    attitudes={"permission": ("vi phạm",), "favour": ("giúp",), "request": ("viết giúp",)},
    abbreviations={},
    concepts={},
)


def ranker_of(passages: list[Passage]) -> Ranker:
    lexicon = Lexicon(EMPTY)
    for passage in passages:
        lexicon.learn((passage.heading, passage.text, *passage.phrasings))
    return Ranker(passages, lexicon)


def first(ranker: Ranker, question: str) -> str:
    ranked = best(ranker.scores(ranker.query(question)), 1)
    return ranker.passages[ranked[0][0]].id if ranked else ""


def test_a_question_for_a_definition_finds_the_text_that_gives_it() -> None:
    ranker = ranker_of(
        [
            Passage("use", "Người lao động", "Người lao động có quyền. Người lao động có nghĩa vụ. Người lao động."),
            Passage("define", "Giải thích từ ngữ", "1. Người lao động là người làm việc.\n2. Việc làm là công việc."),
        ]
    )
    assert first(ranker, "Người lao động là gì?") == "define"
    assert first(ranker, "định nghĩa người lao động") == "define"
    assert first(ranker, "nguoi lao dong duoc hieu the nao") == "define"


def test_the_name_of_a_law_says_where_to_look_not_what_for() -> None:
    ranker = ranker_of(
        [
            Passage("law", "Hiệu lực", "Bộ luật Dân sự 2015 thay thế Bộ luật Dân sự 2005. Bộ luật Dân sự 2015."),
            Passage("gift", "Tặng cho", "Hợp đồng tặng cho tài sản là sự thỏa thuận giữa các bên."),
        ]
    )
    assert first(ranker, "Theo Bộ luật Dân sự 2015, tặng cho tài sản thế nào?") == "gift"


def test_an_article_is_found_by_its_number() -> None:
    texts = "quyền và nghĩa vụ của các bên"
    ranker = ranker_of([Passage(f"d@{n}", texts, texts, number=str(n)) for n in range(1, 30)])
    assert first(ranker, "điều 17 quyền và nghĩa vụ của các bên") == "d@17"


def test_phrasings_find_what_the_text_does_not_say() -> None:
    ranker = ranker_of(
        [
            Passage("a", "", "Tài khoản bị mất quyền kiểm soát phải được thông báo.", ("nick bị hack thì sao",)),
            Passage("b", "", "Không xúc phạm danh dự, nhân phẩm.", ("chửi nhau trên mạng",)),
        ]
    )
    assert first(ranker, "bi hack nick") == "a"
    assert first(ranker, "chui nhau") == "b"


def test_the_mean_of_the_best_phrasings_counts_however_many_there_are() -> None:
    def phrasings(count: int) -> tuple[str, ...]:
        return tuple("hỏi" + " về" * n for n in range(count))

    counts = (0, 1, ranking.BEST_PHRASINGS, 0, ranking.BEST_PHRASINGS + 3)
    ranker = ranker_of([Passage(str(count), "", "chữ", phrasings(count)) for count in counts])
    query = ranker.query("hỏi")
    each = iter(ranker._views.scores(query.terms).tolist())
    views = [sorted(next(each) for _ in range(count)) for count in counts]
    expected = [sum(own[-ranking.BEST_PHRASINGS :]) / ranking.BEST_PHRASINGS for own in views]
    assert ranker._best_phrasings(query.scores[1]).tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("question", "asked"), [("mạng xã hội", True), ("mang xa hoi", False), ("mạng xã hội " + "." * 400, False)]
)
def test_words_are_asked_for_a_near_tie_with_accents_and_few_signs_only(
    monkeypatch: pytest.MonkeyPatch, question: str, asked: bool
) -> None:
    calls: list[str] = []

    def words(text: str) -> list[str]:
        calls.append(text)
        return text.split()

    monkeypatch.setattr(ranking, "words", words)
    ranker = ranker_of([Passage("a", "", "mạng xã hội"), Passage("b", "", "mạng xã hội"), Passage("c", "", "khác")])
    assert calls == []
    ranker.scores(ranker.query(question))
    assert bool(calls) is asked


def test_only_the_beginning_of_a_question_is_read() -> None:
    ranker = ranker_of([Passage("a", "", "một"), Passage("b", "", "hai")])
    question = "hai " + "x " * ranking.QUESTION_LENGTH + "một một một"
    assert first(ranker, question) == "b"


def scope_of(ranker: Ranker, *intents: IntentEntry) -> Scope:
    for intent in intents:
        ranker.lexicon.learn(intent.phrasings)
    return Scope(ranker, intents)


def test_coverage_is_the_share_of_what_was_asked() -> None:
    ranker = ranker_of([Passage("a", "", "đăng ảnh", ("đăng ảnh",)), Passage("b", "", "bán hàng", ("bán hàng",))])
    scope = scope_of(ranker)
    assert scope.coverage(ranker.query("đăng ảnh"), 0) == pytest.approx(1.0)
    assert scope.coverage(ranker.query("đăng xyz"), 0) == pytest.approx(0.5)
    assert scope.coverage(ranker.query("có không"), 0) == 0.0
    assert not scope.covers(ranker.query("xyz tuv đăng nml qrs"), 0)


def test_an_intent_that_comes_near_is_the_rival() -> None:
    ranker = ranker_of([Passage("a", "", "đăng ảnh lên mạng", ("đăng ảnh đồng nghiệp lên mạng",))])
    scope = scope_of(
        ranker,
        IntentEntry(id="weather", kind="outside", phrasings=("trời mưa không",)),
        IntentEntry(id="shame", kind="refusal", phrasings=("đăng ảnh đồng nghiệp cho bõ ghét",)),
    )

    def rival(question: str, *, named: bool = False) -> str | None:
        intent = scope.rival(ranker.query(question), 0, named=named)
        return intent.id if intent else None

    assert rival("trời mưa không") == "weather"
    assert rival("đăng ảnh lên mạng") is None
    assert rival("viết giúp đăng ảnh đồng nghiệp cho bõ ghét") == "shame"
    assert rival("đăng ảnh đồng nghiệp cho bõ ghét") is None, "who does not ask for it is not refused"
    assert rival("zzz") is None


def test_without_intents_or_passages_there_is_no_rival() -> None:
    ranker = ranker_of([Passage("a", "", "x", ("x",))])
    assert scope_of(ranker).rival(ranker.query("x"), 0, named=False) is None
    intent = IntentEntry(id="weather", kind="outside", phrasings=("trời mưa",))
    found = scope_of(ranker, intent).rival(ranker.query("trời mưa"), None, named=False)
    assert found is intent


def test_nothing_is_found_in_nothing() -> None:
    assert first(ranker_of([]), "đăng ảnh") == ""
