"""Moodle's Aiken format: a question, its options "A." or "A)", and "ANSWER: B".

What it is: https://docs.moodle.org/en/Aiken_format. It has one right answer and nothing else; the rest of a question
has no place in it, and no text can hold what the format itself means by a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from handlers.quiz.question import FULL, LETTERS, Fault, Option, Question, Reading, clean, faults

_OPTION = re.compile(r"([A-Za-z])[.)]\s*(.*)")
_ANSWER = re.compile(r"ANSWER\s*:\s*(.*)", re.IGNORECASE)


def looks_like(text: str) -> bool:
    """Tell whether a text has a line with which a question in this format ends."""
    return re.search(r"^\s*ANSWER\s*:\s*[A-Za-z]\s*$", text, re.MULTILINE | re.IGNORECASE) is not None


def read(text: str) -> Reading:
    """Read questions; the faults are those that begin with "aiken_", or of a question."""
    questions: list[Question] = []
    found: list[Fault] = []
    asked: list[str] = []
    options: list[str] = []
    begun = 0

    def end(line: int, right: str) -> None:
        place = LETTERS.find(right.upper()) if len(right) == 1 else -1
        if not 0 <= place < len(options):
            found.append(Fault(line, "aiken_answer", {"answer": right, "count": len(options)}))
            return
        taken = tuple(Option(clean(one), FULL if at == place else 0.0) for at, one in enumerate(options))
        question = Question(clean("\n".join(asked)), taken, line=begun)
        found.extend(faults(question))
        questions.append(question)

    for number, raw in enumerate(text.split("\n"), 1):
        line = clean(raw)
        if not line:
            continue
        begun = begun or number
        if (answer := _ANSWER.fullmatch(line)) and options:
            # The letter may be followed by a full stop, or by the option again.
            end(number, re.split(r"\W", answer.group(1).strip(), maxsplit=1)[0])
            asked, options, begun = [], [], 0
        elif (option := _OPTION.fullmatch(line)) and asked and (options or option.group(1).upper() == "A"):
            letter = option.group(1).upper()
            if len(options) >= len(LETTERS) or letter != LETTERS[len(options)]:
                found.append(Fault(number, "aiken_order", {"letter": letter}))
            options.append(option.group(2) or "")
        elif not asked and (option or answer):
            # An option or an answer without a question, as after one that was not understood.
            found.append(Fault(number, "aiken_no_question"))
            begun = 0
        elif options:
            # A line that is neither option nor answer begins the next question: this one has no answer.
            found.append(Fault(begun, "aiken_no_answer"))
            asked, options, begun = [line], [], number
        else:
            asked.append(line)
    if asked or options:
        found.append(Fault(begun, "aiken_no_answer"))
    return Reading(questions, found)


def write(questions: Sequence[Question]) -> tuple[str, list[Fault]]:
    """Return questions in this format, and of each that has no place in it why, by its number.

    The faults are `aiken_one_answer`, and `aiken_line` for a text that would be read as something else.
    """
    blocks: list[str] = []
    found: list[Fault] = []
    for number, question in enumerate(questions, 1):
        credits_ = sorted(option.credit for option in question.options)
        if question.several or credits_[-1] != FULL or any(credits_[:-1]):
            found.append(Fault(number, "aiken_one_answer"))
            continue
        options = [f"{LETTERS[place]}. {option.text}" for place, option in enumerate(question.options)]
        blocks.append("\n".join([question.text, *options, f"ANSWER: {LETTERS[question.right[0]]}"]))
        again = read(blocks[-1]).questions
        bare = Question(question.text, tuple(Option(option.text, option.credit) for option in question.options))
        if list(again) != [bare]:
            found.append(Fault(number, "aiken_line"))
            blocks.pop()
    return "".join(f"{block}\n\n" for block in blocks).strip("\n") + "\n", found


def loses(question: Question) -> bool:
    """Tell whether a question has more than this format holds."""
    others = question.explanation, question.provisions, question.topic, question.difficulty, question.name
    return any(others) or any(option.feedback for option in question.options)
