"""What a question of a quiz is, whichever file it came from, and what can be wrong with one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from handlers.texts import load_texts
from knowledge.text import fold, normalize

FULL = 100.0
"""What a right answer is worth, in percent."""

_WORDS = load_texts()

TRUE, FALSE = _WORDS("quiz.statement_true"), _WORDS("quiz.statement_false")
"""The options of a statement that is true or false, in the order in which they are shown, as banks keep them.

An office may show them in other words; what is kept is what the program calls them.
"""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LEAST_OPTIONS, MOST_OPTIONS = 2, len(LETTERS)

# Longer ones do not fit a phone with their options.
LONGEST_TEXT, LONGEST_OPTION, LONGEST_NAME = 1_500, 500, 200

# A third is 33.33333 in Moodle's files: three of them are the whole.
ROUNDING = 0.01

PROVISION_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:/[a-z0-9]+(?:-[a-z0-9]+)*)+")

# "Tất cả các đáp án trên", "cả A và C", "không có phương án nào", "A và B đều sai".
_ANSWER = r"(?:dap an|phuong an|lua chon|y kien|y|cau|muc)"
_OF_OTHERS = re.compile(
    rf"\b(?:(?:tat )?ca (?:\w+ )?(?:cac )?{_ANSWER}\b|{_ANSWER} (?:o )?(?:tren|con lai|khac)\b"
    rf"|(?:tat )?ca (?:\w+ )?(?:deu|tren)\b|khong (?:co )?{_ANSWER} nao\b"
    rf"|(?:ca|chi|tru|ngoai|{_ANSWER}) [a-h]\b|[a-h](?:, [a-h])* (?:va|hoac|hay) [a-h]\b|[a-h], [a-h]\b)"
)

_BLANK_LINES = re.compile(r"\n{3,}")


class Difficulty(StrEnum):
    """How hard a question is meant to be."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a question.

    Attributes:
        credit: what choosing it is worth in percent: 100 for the right one, less for a part, below 0 for a penalty.
        feedback: what is said to whoever chose it; "" for nothing of its own.
    """

    text: str
    credit: float = 0.0
    feedback: str = ""

    @property
    def right(self) -> bool:
        """Whether it is an answer, or a part of it."""
        return self.credit > 0


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its options; every text is in the form that `clean` gives it.

    Attributes:
        several: whether more than one option may be chosen; their credits are added then.
        explanation: what is said to everybody afterwards.
        provisions: ids of the provisions that it tests.
        topic: what it is about, "" for nothing in particular.
        name: what its bank calls it, so that it is known again when the bank is read again; "" where it has no name.
        line: where it begins in its file, from 1; 0 for one that comes from none.
    """

    text: str
    options: tuple[Option, ...]
    several: bool = False
    explanation: str = ""
    provisions: tuple[str, ...] = ()
    topic: str = ""
    difficulty: Difficulty | None = None
    name: str = ""
    line: int = field(default=0, compare=False)

    @property
    def is_statement(self) -> bool:
        """Whether it is a statement that is true or false, so that its options keep their order."""
        return (
            not self.several
            and [option.text for option in self.options] == [TRUE, FALSE]
            and sorted(option.credit for option in self.options) == [0.0, FULL]
        )

    @property
    def keeps_order(self) -> bool:
        """Whether its options stay where they are: true and false, or one that speaks of the others."""
        return self.is_statement or any(_OF_OTHERS.search(fold(option.text)) for option in self.options)

    @property
    def right(self) -> tuple[int, ...]:
        """The places of the options that make the best answer: any one of them, or all where several are chosen."""
        if self.several:
            return tuple(place for place, option in enumerate(self.options) if option.right)
        return tuple(place for place, option in enumerate(self.options) if option.credit >= FULL)

    def score(self, chosen: Collection[int]) -> float:
        """Return what an answer is worth, from 0 to 1; options are named by their places, from 0."""
        if not self.several and len(chosen) > 1:
            return 0.0
        credit = sum(self.options[place].credit for place in chosen)
        return 1.0 if credit >= FULL - ROUNDING else max(credit, 0.0) / FULL


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file or a question: a code for the catalogue, "quiz.fault_<code>", with its values.

    `line` is the line or row of the file, from 1; 0 where the file as a whole is meant.
    """

    line: int
    code: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a file: its questions, and everything that is wrong with it. With one fault it is not taken."""

    questions: Sequence[Question]
    faults: Sequence[Fault] = ()


def clean(text: str) -> str:
    """Return a text in the form in which questions are kept and compared.

    NFC without invisible characters, single blanks, no blanks around lines, at most one empty line between them.
    """
    # What stood between a letter and its mark is gone after the first time.
    visible = normalize(normalize(text))
    lines = "\n".join(" ".join(line.split()) for line in visible.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip("\n")


def statement(text: str, *, is_true: bool, **others: object) -> Question:
    """Return a statement that is true or false as a question."""
    options = Option(TRUE, FULL if is_true else 0.0), Option(FALSE, 0.0 if is_true else FULL)
    return Question(text, options, **others)  # type: ignore[arg-type]


def usual_credits(right: Collection[int], count: int, *, several: bool) -> tuple[float, ...]:
    """Return what options are worth where nothing else is said.

    Of several right ones each is an equal part, and one wrong choice takes everything away.
    """
    if not several:
        return tuple(FULL if place in right else 0.0 for place in range(count))
    part = round(FULL / max(len(right), 1), 5)
    return tuple(part if place in right else -FULL for place in range(count))


def faults(question: Question) -> Iterator[Fault]:
    """Yield what is wrong with a question by itself."""
    for code, values in _wrong(question):
        yield Fault(question.line, code, values)


def _wrong(question: Question) -> Iterator[tuple[str, dict[str, object]]]:
    texts = [option.text for option in question.options]
    if not question.text:
        yield "no_text", {}
    if len(question.text) > LONGEST_TEXT:
        yield "long_text", {"most": LONGEST_TEXT}
    if len(question.explanation) > LONGEST_TEXT:
        yield "long_explanation", {"most": LONGEST_TEXT}
    for field_name in (question.name, question.topic):
        if len(field_name) > LONGEST_NAME or "\n" in field_name:
            yield "long_name", {"name": field_name[:40], "most": LONGEST_NAME}
    if not LEAST_OPTIONS <= len(texts) <= MOST_OPTIONS:
        yield "option_count", {"count": len(texts), "least": LEAST_OPTIONS, "most": MOST_OPTIONS}
        return
    for place, option in enumerate(question.options):
        if not option.text:
            yield "empty_option", {"option": LETTERS[place]}
        elif option.text in texts[:place]:
            yield "same_options", {"option": LETTERS[place], "other": LETTERS[texts.index(option.text)]}
        if max(len(option.text), len(option.feedback)) > LONGEST_OPTION:
            yield "long_option", {"option": LETTERS[place], "most": LONGEST_OPTION}
        if not -FULL <= option.credit <= FULL:
            yield "bad_credit", {"option": LETTERS[place], "credit": option.credit}
    if not any(option.right for option in question.options):
        yield "no_right", {}
    elif abs(_best(question) - FULL) > ROUNDING:
        yield "bad_credits", {"sum": _best(question)}
    for provision in question.provisions:
        if not PROVISION_ID.fullmatch(provision):
            yield "bad_provision", {"provision": provision[:80]}


def _best(question: Question) -> float:
    """The most that an answer can be worth, in percent."""
    credits_ = [option.credit for option in question.options]
    return sum(credit for credit in credits_ if credit > 0) if question.several else max(credits_)
