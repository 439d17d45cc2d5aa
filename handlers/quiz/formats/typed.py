r"""Questions as people type them in Word or a text file: "Câu 1: …", "A. …" to "D. …", "Đáp án: B", "Giải thích: …".

Signs, capitals and accents may differ ("Câu 1.", "a)", "*B.", "Đáp án đúng là B"), options may stand beside each
other, the right one may be marked with a star, or in Word by bold, underlined, highlighted or coloured letters, and the
answers may stand together at the end ("ĐÁP ÁN", "1B 2A 3C"). Where a line that goes on would be read as something else
it begins with a backslash.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from handlers.quiz.formats import signs
from handlers.quiz.question import (
    FALSE,
    LETTERS,
    TRUE,
    Difficulty,
    Fault,
    Option,
    Question,
    Reading,
    clean,
    faults,
    usual_credits,
)
from knowledge.importing.line import Line
from knowledge.text import fold

ESCAPE = "\\"

# How right options are marked in Word, the surest way first: bold letters stand for other things, too.
_MARKS = ("highlight", "color", "underline", "bold", "italic")


@dataclass(slots=True)
class _Choice:
    """An option as it was read so far: its lines, and which marks its letter or all its words have."""

    line: int
    starred: bool
    lines: list[str]
    marks: frozenset[str]
    marks_of_words: frozenset[str] | None = None
    feedback: list[str] = field(default_factory=list)
    credit: float | None = None

    @property
    def is_marked_by(self) -> frozenset[str]:
        return self.marks | (self.marks_of_words or frozenset())


@dataclass(slots=True)
class _Draft:
    """A question as it was read so far; each field holds the lines of a text."""

    line: int
    number: int
    topic: str
    text: list[str]
    choices: list[_Choice] = field(default_factory=list)
    answer: str | None = None
    answer_line: int = 0
    behind: str = ""
    explanation: list[str] = field(default_factory=list)
    provisions: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    difficulty: list[str] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    choosing: list[str] = field(default_factory=list)


def plain_lines(text: str) -> list[Line]:
    """Return the lines of a text without any marks."""
    return [Line(unicodedata.normalize("NFC", line)) for line in text.split("\n")]


def read(lines: Sequence[Line]) -> Reading:
    """Read questions; what stands before the first one is a title.

    The faults are those of a question, and `no_questions`, `option_order`, `several_answers`, `no_answer`,
    `bad_answer`, `bad_difficulty`, `bad_choosing`, `bad_percent`, `no_such_option`, `no_such_number`.
    """
    return _Reader(lines).read()


def write(questions: Sequence[Question]) -> str:
    """Return questions in this format, numbered from 1."""
    return "\n\n".join(_written(number, question) for number, question in enumerate(questions, 1)) + "\n"


class _Reader:
    """Reads line by line; what goes on belongs to the field that was named last."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        keys = [signs.key(line.text) for line in lines]
        # Bare numbers begin questions only where no line says "Câu".
        self._begins = signs.QUESTION if any(map(signs.QUESTION.match, keys)) else signs.NUMBER
        self._drafts: list[_Draft] = []
        self._faults: list[Fault] = []
        self._topic = ""
        self._goes_on: list[str] | None = None
        self._choice: _Choice | None = None
        self._in_key = False
        self._key_numbers: list[int] = []

    def read(self) -> Reading:
        for number, line in enumerate(self._lines, 1):
            for part in _beside(line) if self._drafts else [line]:
                self._take(number, part)
        if not self._drafts:
            return Reading([], [Fault(0, "no_questions")])
        questions = [question for draft in self._drafts if (question := self._finished(draft))]
        return Reading(questions, sorted(self._faults, key=lambda fault: fault.line))

    def _take(self, number: int, line: Line) -> None:
        key = signs.key(line.text)
        if not key.strip():
            return
        draft = self._drafts[-1] if self._drafts else None
        if line.text.lstrip().startswith(ESCAPE):
            self._go_on(line.text.lstrip().removeprefix(ESCAPE), line)
        elif self._in_key and self._take_key(number, key):
            return
        elif begun := self._question(key):
            self._begin(number, int(begun.group(1)), line.text[begun.end() :])
        elif section := signs.SECTION.match(key):
            self._topic = clean(line.text[section.end() :])
            self._goes_on = self._choice = None
        elif draft is None:
            if topic := signs.LABELS["topic"].match(key):
                self._topic = clean(line.text[topic.end() :])
        elif signs.KEY_HEADING.match(key) and draft.answer is None:
            self._in_key = True
        elif not self._labelled(number, key, line, draft):
            self._go_on(line.text, line)

    def _question(self, key: str) -> re.Match[str] | None:
        begun = self._begins.match(key)
        if begun is None or self._begins is signs.QUESTION:
            return begun
        last = self._drafts[-1].number if self._drafts else 0
        return begun if int(begun.group(1)) == last + 1 else None

    def _begin(self, number: int, said: int, text: str) -> None:
        self._drafts.append(_Draft(number, said, self._topic, [text]))
        self._goes_on, self._choice, self._in_key = self._drafts[-1].text, None, False

    def _go_on(self, text: str, line: Line) -> None:
        if self._goes_on is None:
            return
        self._goes_on.append(text)
        if self._choice is not None and line.marks:
            self._choice.marks_of_words = _common(self._choice.marks_of_words, _marks(line, 0))

    def _labelled(self, number: int, key: str, line: Line, draft: _Draft) -> bool:
        """Take an option, an answer or a line that says what it is; False for any other line."""
        if (option := signs.OPTION.match(key)) and self._option(number, option, line, draft):
            return True
        if self._answer(number, key, line, draft):
            return True
        for name, label in signs.LABELS.items():
            if found := label.match(key):
                target: list[str] = getattr(draft, "topics" if name == "topic" else name)
                target.append(line.text[found.end() :])
                self._goes_on, self._choice = target, None
                return True
        for label in (signs.FEEDBACK, signs.CREDIT):
            if found := label.match(key):
                self._of_option(number, label, found, line, draft)
                return True
        return False

    def _option(self, number: int, found: re.Match[str], line: Line, draft: _Draft) -> bool:
        letter = found.group(2).upper()
        expected = LETTERS[len(draft.choices)] if len(draft.choices) < len(LETTERS) else ""
        if letter != expected:
            # A line of text may well begin with a letter and a sign; among options it is a slip.
            if not draft.choices or draft.answer is not None:
                return False
            self._faults.append(Fault(number, "option_order", {"letter": letter, "expected": expected}))
        if draft.answer is not None:
            return False
        marks = _marks(line, found.start(2), found.start(2) + 1)
        words = _marks(line, found.end()) if clean(line.text[found.end() :]) else None
        choice = _Choice(number, bool(found.group(1)), [line.text[found.end() :]], marks or frozenset(), words)
        draft.choices.append(choice)
        self._goes_on, self._choice = choice.lines, choice
        return True

    def _answer(self, number: int, key: str, line: Line, draft: _Draft) -> bool:
        found = signs.CHOOSE.match(key) or signs.ANSWER.match(key)
        if found is None:
            return False
        rest = key[found.end() :]
        if found.re is signs.ANSWER:
            has_la, sign = found.groups()
            if not sign and (_is_abbreviation(line.text[: found.end()]) or not signs.NAMED.match(rest)):
                return False
            # "Chọn phương án đúng:" before the options is part of what is asked.
            if not (draft.choices or rest.strip() or has_la):
                return False
        if draft.answer is not None:
            self._faults.append(Fault(number, "several_answers", {"number": draft.number}))
        draft.answer, draft.answer_line = line.text[found.end() :], number
        if named := signs.NAMED.match(rest):
            draft.answer = line.text[found.end() : found.end() + named.end()]
            draft.behind = line.text[found.end() + named.end() :]
        # What follows the answer without a name of its own says why.
        self._goes_on, self._choice = draft.explanation, None
        return True

    def _of_option(self, number: int, label: re.Pattern[str], found: re.Match[str], line: Line, draft: _Draft) -> None:
        place = LETTERS.index(found.group(1).upper())
        if place >= len(draft.choices):
            self._faults.append(Fault(number, "no_such_option", {"letter": LETTERS[place]}))
            return
        rest, choice = line.text[found.end() :], draft.choices[place]
        if label is signs.FEEDBACK:
            choice.feedback.append(rest)
            self._goes_on, self._choice = choice.feedback, None
        elif percent := signs.PERCENT.fullmatch(rest.strip()):
            choice.credit = float(percent.group(1).replace(",", "."))
        else:
            self._faults.append(Fault(number, "bad_percent", {"value": clean(rest)[:40]}))

    def _take_key(self, number: int, key: str) -> bool:
        """Take a line of the answers that stand together at the end; False for any other line.

        They are pairs, "1B 2A 3C", or a table of numbers and letters.
        """
        if signs.KEY_WORDS.match(key):
            return True
        if numbers := signs.KEY_NUMBERS.match(key):
            self._key_numbers += map(int, re.findall(r"\d+", numbers.group(1)))
            return True
        pairs, at = [], 0
        text = key.strip()
        if letters := signs.KEY_LETTERS.match(key):
            named = re.findall("[a-z]", letters.group(1))
            if not self._key_numbers:
                # The answer to the last question stands on a line of its own.
                named, self._key_numbers, self._in_key = [letters.group(1)], [self._drafts[-1].number], False
            pairs = list(zip(self._key_numbers, named, strict=False))
            del self._key_numbers[: len(named)]
        while not letters and at < len(text) and (pair := signs.KEY_PAIR.match(text, at)):
            pairs.append((int(pair.group(1)), pair.group(2)))
            at = pair.end()
        if not pairs or (at < len(text) and not letters):
            return False
        for said, letters_ in pairs:
            meant = [draft for draft in self._drafts if draft.number == said]
            if len(meant) != 1:
                self._faults.append(Fault(number, "no_such_number", {"number": said}))
            for draft in meant:
                draft.answer, draft.answer_line = letters_.upper(), number
        return True

    def _finished(self, draft: _Draft) -> Question | None:
        before = len(self._faults)
        texts = [clean("\n".join(choice.lines)) for choice in draft.choices]
        several: bool | None = None
        right: list[int] | None
        if draft.answer is None:
            right = self._marked(draft)
            if not texts or right is None:
                self._faults.append(Fault(draft.line, "no_answer", {"number": draft.number}))
        else:
            if not texts and fold(draft.answer).strip(" .") in ("dung", "sai"):
                texts = [TRUE, FALSE]
            right, several = _meant(draft.answer, texts)
            starred = _starred(draft)
            if right is not None and starred and starred != sorted(right):
                values = {"number": draft.number, "value": clean(draft.answer)[:60], "marked": _letters(starred)}
                self._faults.append(Fault(draft.answer_line, "two_answers", values))
            elif right is None:
                value = clean(draft.answer)[:60]
                self._faults.append(Fault(draft.answer_line, "bad_answer", {"value": value, "number": draft.number}))
        several = self._choosing(draft, len(right or ()) > 1 if several is None else several)
        difficulty = self._difficulty(draft)
        if len(self._faults) > before or right is None:
            return None
        own = [choice.credit for choice in draft.choices]
        credits_ = usual_credits(right, len(texts), several=several)
        feedback = [clean("\n".join(choice.feedback)) for choice in draft.choices] or [""] * len(texts)
        options = tuple(
            Option(text, credit if place >= len(own) or (said := own[place]) is None else said, told)
            for place, (text, credit, told) in enumerate(zip(texts, credits_, feedback, strict=True))
        )
        question = Question(
            clean("\n".join(draft.text)),
            options,
            several=several,
            explanation=clean("\n".join([*self._reason(draft, texts), *draft.explanation])),
            provisions=tuple(filter(None, re.split(r"[\s,;]+", clean(" ".join(draft.provisions))))),
            topic=clean(" ".join(draft.topics)) if draft.topics else draft.topic,
            difficulty=difficulty,
            name=clean(" ".join(draft.name)),
            line=draft.line,
        )
        self._faults.extend(faults(question))
        return question

    def _marked(self, draft: _Draft) -> list[int] | None:
        """The options that are marked as right where no answer is written; None where none is, or all are."""
        starred = _starred(draft)
        if starred:
            return starred
        for mark in _MARKS:
            marked = [place for place, choice in enumerate(draft.choices) if mark in choice.is_marked_by]
            if 0 < len(marked) < len(draft.choices):
                return marked
        return None

    def _reason(self, draft: _Draft, texts: Sequence[str]) -> list[str]:
        """What is written behind the letter of the answer, unless it is the option again."""
        behind = clean(draft.behind)
        return [behind] if behind and fold(behind).strip(" .") not in {fold(text).strip(" .") for text in texts} else []

    def _choosing(self, draft: _Draft, several: bool) -> bool:
        said = fold(" ".join(draft.choosing)).strip(" .")
        if not said:
            return several
        if said not in ("mot", "nhieu"):
            self._faults.append(Fault(draft.line, "bad_choosing", {"value": said, "number": draft.number}))
        return said == "nhieu"

    def _difficulty(self, draft: _Draft) -> Difficulty | None:
        said = clean(" ".join(draft.difficulty))
        if not said:
            return None
        difficulty = signs.DIFFICULTIES.get(fold(said).strip(" .;"))
        if difficulty is None:
            self._faults.append(Fault(draft.line, "bad_difficulty", {"value": said[:40], "number": draft.number}))
        return difficulty


def _meant(answer: str, texts: Sequence[str]) -> tuple[list[int] | None, bool | None]:
    """The options that an answer names, and whether one or several of them are to be chosen; None for the usual."""
    key = signs.key(answer)
    if letters := signs.NAMED.match(key):
        named = letters.group()
        found = dict.fromkeys(LETTERS.index(letter.upper()) for letter in re.findall(r"\b[a-z]\b", named))
        if found and all(place < len(texts) for place in found):
            return list(found), False if re.search(r"\bhoac\b", named) else None
    same = [place for place, text in enumerate(texts) if fold(text).strip(" .") == fold(clean(answer)).strip(" .")]
    return (same or None), None


def _starred(draft: _Draft) -> list[int]:
    return [place for place, choice in enumerate(draft.choices) if choice.starred]


def _letters(places: Iterable[int]) -> str:
    return ", ".join(LETTERS[place] for place in places)


def _is_abbreviation(begin: str) -> bool:
    """Whether a line begins with "ĐA", which is a word of its own without a colon behind it."""
    return re.sub(r"\W", "", begin).lower() in ("đa", "da")


def _beside(line: Line) -> Iterator[Line]:
    """A line, or the options that stand beside each other in it, parted by tabs or several blanks."""
    key = signs.key(line.text)
    if signs.OPTION.match(key) is None:
        yield line
        return
    start = 0
    for gap in signs.BESIDE.finditer(key):
        before, after = signs.OPTION.match(key, start), signs.OPTION.match(key, gap.end())
        if before and after and ord(after.group(2)) == ord(before.group(2)) + 1:
            yield line.part(start, gap.start())
            start = gap.end()
    yield line.part(start, len(line.text))


def _marks(line: Line, start: int, end: int | None = None) -> frozenset[str] | None:
    """The marks that all visible letters of a part of a line have; None where it has none."""
    stop = len(line.text) if end is None else end
    found: frozenset[str] | None = None
    for place in range(start, stop):
        if line.text[place].isalnum():
            own = line.marks[place] if line.marks else frozenset()
            found = own if found is None else found & own
    return found


def _common(before: frozenset[str] | None, more: frozenset[str] | None) -> frozenset[str] | None:
    return more if before is None else before if more is None else before & more


# Writing


def _written(number: int, question: Question) -> str:
    several, credits_ = question.several, [option.credit for option in question.options]
    right = [place for place, option in enumerate(question.options) if option.right]
    letters = ", ".join(LETTERS[place] for place in right)
    lines = [_field(f"Câu {number}: ", question.text)]
    lines += [_field(f"{LETTERS[place]}. ", option.text) for place, option in enumerate(question.options)]
    lines.append(f"Đáp án: {letters}")
    if several != (len(right) > 1):
        lines.append(f"Cách chọn: {'nhiều' if several else 'một'}")
    for place, usual in enumerate(usual_credits(right, len(credits_), several=several)):
        if credits_[place] != usual:
            lines.append(f"Điểm {LETTERS[place]}: {_percent(credits_[place])}%")
    for place, option in enumerate(question.options):
        if option.feedback:
            lines.append(_field(f"Nhận xét {LETTERS[place]}: ", option.feedback))
    if question.explanation:
        lines.append(_field("Giải thích: ", question.explanation))
    if question.provisions:
        lines.append(f"Điều khoản: {', '.join(question.provisions)}")
    for label, value in (("Chủ đề", question.topic), ("Mã", question.name)):
        if value:
            lines.append(_field(f"{label}: ", value))
    if question.difficulty:
        lines.append(f"Mức độ: {signs.WRITTEN_DIFFICULTY[question.difficulty]}")
    return "\n".join(lines)


def _field(label: str, text: str) -> str:
    """A text behind its label, its further lines kept from being read as anything else."""
    first, *others = text.split("\n")
    return "\n".join([label + first, *(_kept(line) for line in others)])


def _kept(line: str) -> str:
    is_plain = line and not line.startswith(ESCAPE) and not signs.may_mean(signs.key(line))
    return line if is_plain else ESCAPE + line


def _percent(credit: float) -> str:
    return f"{credit:.5f}".rstrip("0").rstrip(".")
