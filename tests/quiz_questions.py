"""Questions for tests: made by hypothesis, with characters that formats use themselves."""

from __future__ import annotations

from hypothesis import strategies as st

from handlers.quiz.question import FULL, Difficulty, Option, Question, clean, faults, statement, usual_credits

NASTY = (
    "\\", "~", "=", "#", "{", "}", ":", "::", "####", "//", "->", "%50%", "\n", "\n\n", "[html]", "[plain]",
    "<b>", "<br>", "&lt;", "A. ", "b) ", "*B. ", "Câu 2: ", "1. ", "Đáp án: C", "ĐÁP ÁN", "Giải thích: ",
    "Chủ đề: ", "Mức độ: khó", "Điểm A: 5%", "Nhận xét A: ", "Phần I. ", "Cách chọn: một", "Mã: ",
    "ANSWER: A", "$CATEGORY: x", "[tag:khó]", "=1+1", "+", "-", "@x", "'", "''", '"', ";", ",", "\t", "  ",
    "#N/A", "TRUE", "F", "(ví dụ", "/", "ộ", "o\u0323\u0302", "\u200b", "\u00a0", "\ufeff", "😀", "١", "ß",
    "İ",
)  # fmt: skip

texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=6)), min_size=1, max_size=6).map("".join).map(clean)
filled = texts.filter(bool)
lines = filled.filter(lambda text: "\n" not in text)

_parts = st.from_regex(r"[a-z]{1,3}(-[0-9]{1,3})?", fullmatch=True)
provisions = st.lists(_parts, min_size=2, max_size=4).map("/".join)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A question without faults."""
    common = {
        "explanation": draw(texts),
        "provisions": tuple(draw(st.lists(provisions, max_size=2))),
        "topic": draw(st.just("") | lines),
        "difficulty": draw(st.sampled_from([None, *Difficulty])),
        "name": draw(st.just("") | lines),
    }
    text = draw(filled.filter(lambda text: not text.lower().startswith("(ví dụ)")))
    if draw(st.booleans()) and draw(st.booleans()):
        question = statement(text, is_true=draw(st.booleans()), **common)
    else:
        options = draw(st.lists(filled, min_size=2, max_size=6, unique=True))
        several = draw(st.booleans())
        right = draw(st.sets(st.integers(0, len(options) - 1), min_size=1))
        credits_ = list(usual_credits(right, len(options), several=several))
        for place in range(len(options)):
            if draw(st.booleans()) and place not in right:
                # What no option gets more of than the right one.
                credits_[place] = draw(st.sampled_from([0.0, -50.0, -33.33333] + ([] if several else [50.0, 16.66667])))
        told = draw(st.lists(texts, min_size=len(options), max_size=len(options)))
        made = zip(options, credits_, told, strict=True)
        question = Question(text, tuple(Option(*one) for one in made), several=several, **common)
    assert not list(faults(question)), (question, list(faults(question)), FULL)
    return question
