r"""Moodle's GIFT format: "::name::text {=right ~wrong #feedback ####general feedback}".

What it is: https://docs.moodle.org/en/GIFT_format. Questions are parted by empty lines; "//" begins a comment,
"$CATEGORY:" names what the questions after it are about; `\~ \= \# \{ \} \: \\` are the signs themselves and `\n` is a
line feed. Provisions and difficulty stand as tags in a comment, as Moodle writes its own.

Choices with one or several answers and statements that are true or false are questions of a quiz here; the other types
are refused, each by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from handlers.quiz.formats.html_text import Unreadable, plain_text
from handlers.quiz.question import (
    FALSE,
    FULL,
    PROVISION_ID,
    TRUE,
    Difficulty,
    Fault,
    Option,
    Question,
    Reading,
    clean,
    faults,
)

OTHER_TYPES = frozenset({"gift_essay", "gift_description", "gift_numeric", "gift_matching", "gift_short"})
"""The faults of questions that are right in Moodle but no choices."""

GAP = "_____"
"""What stands where a word is missing that is to be chosen, as Moodle writes it."""

TAGS: Mapping[str, Difficulty] = {
    "dễ": Difficulty.EASY,
    "trung bình": Difficulty.MEDIUM,
    "khó": Difficulty.HARD,
}
_TAG_OF = {difficulty: tag for tag, difficulty in TAGS.items()}

_SPECIAL = "\\~=#{}:"
_TAG = re.compile(r"\[tag:([^\]]+)\]")
_CATEGORY = re.compile(r"\$CATEGORY:(.*)")
_FORMAT = re.compile(r"\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_WEIGHT = re.compile(r"%(-?\d{1,3}(?:\.\d*)?)%")
_LIKE_WEIGHT = re.compile(r"%[-+\d.,\s]+%")
_TRUTH = {"T": True, "TRUE": True, "F": False, "FALSE": False}
# Moodle's categories begin with where they hang, which means nothing here.
_ROOTS = ("$course$", "$system$", "$module$", "top")

# While a text is taken apart, signs that were escaped stand as characters that no text has (U+E000 to U+E007).
_HIDDEN = {sign: chr(0xE000 + number) for number, sign in enumerate(_SPECIAL)} | {"n": chr(0xE007)}
_SHOWN = str.maketrans({hidden: "\n" if sign == "n" else sign for sign, hidden in _HIDDEN.items()})


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines without an empty one between them: where they begin, what they say, and what their comments say."""

    line: int
    text: str
    comments: str


class _Wrong(Exception):
    """A question that cannot be taken, by the code of its fault."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.values = values
        super().__init__(code)


def looks_like(text: str) -> bool:
    """Tell whether a text has what no other format has: a category, a name, or answers in braces."""
    visible = _hidden("\n".join(line for line in text.split("\n") if not line.lstrip().startswith("//")))
    return bool(re.search(r"^\s*(\$CATEGORY:|::.+?::)", visible, re.MULTILINE) or re.search(r"\{[^{}]*\}", visible))


def read(text: str) -> Reading:
    """Read questions; the faults are those of `OTHER_TYPES`, others that begin with "gift_", or of a question."""
    questions: list[Question] = []
    found: list[Fault] = []
    topic = ""
    for block in _blocks(text):
        line, body = block.line, block.text
        if category := _CATEGORY.match(body):
            topic = _topic(category.group(1))
            line, body = line + 1, body[category.end() :].strip("\n")
            if not body.strip():
                continue
        try:
            question = _question(body, topic, block.comments, line)
        except (_Wrong, Unreadable) as wrong:
            found.append(Fault(line, wrong.code, wrong.values))
            continue
        found.extend(faults(question))
        questions.append(question)
    return Reading(questions, found)


def write(questions: Sequence[Question]) -> str:
    """Return questions in this format."""
    parts: list[str] = []
    topic = ""
    for question in questions:
        if question.topic != topic:
            topic = question.topic
            parts.append(f"$CATEGORY: {_escaped_category(topic)}".rstrip())
        parts.append(_written(question))
    return "\n\n".join(parts) + "\n"


# Reading


def _blocks(text: str) -> Iterator[_Block]:
    begun, lines, comments = 0, list[str](), list[str]()
    for number, line in enumerate([*text.split("\n"), ""], 1):
        stripped = line.strip()
        if stripped.startswith("//"):
            comments.append(stripped)
        elif stripped:
            begun = begun or number
            # A comment in the midst takes no line away, so that faults are told where they are.
            lines.append(stripped)
        else:
            if lines:
                yield _Block(begun, "\n".join(lines), " ".join(comments))
            begun, lines, comments = 0, [], []


def _question(body: str, topic: str, comments: str, line: int) -> Question:
    if re.search("[\ue000-\ue007]", body):
        raise _Wrong("gift_private")
    text = _hidden(body)
    name = ""
    if text.startswith("::"):
        name, closed, text = text[2:].partition("::")
        if not closed:
            raise _Wrong("gift_name")
    asked, answers, behind = _parts(text.strip())
    form, asked = _format(asked)
    if behind.strip():
        asked = f"{asked}{GAP}{behind}"
    options, several, general = _answers(answers, form)
    provisions, difficulty = _tags(comments)
    return Question(
        _plain(asked, form),
        options,
        several=several,
        explanation=_read(general, form),
        provisions=provisions,
        topic=topic,
        difficulty=difficulty,
        name=clean(name.translate(_SHOWN)),
        line=line,
    )


def _parts(text: str) -> tuple[str, str, str]:
    """What is asked, what stands in the braces, and what comes behind them."""
    before, opened, rest = text.partition("{")
    if not opened:
        raise _Wrong("gift_unopened" if "}" in before else "gift_description")
    inside, closed, behind = rest.partition("}")
    if not closed:
        raise _Wrong("gift_unclosed")
    if "{" in inside or "{" in behind or "}" in behind or "}" in before:
        raise _Wrong("gift_braces")
    return before, inside.strip(), behind


def _answers(answers: str, form: str) -> tuple[tuple[Option, ...], bool, str]:
    """The options, whether several are chosen, and the general feedback; `form` is the format of the question."""
    before, marked, general = answers.rpartition("####")
    answers, general = (before.strip(), general) if marked else (answers.strip(), "")
    if not answers:
        raise _Wrong("gift_essay")
    if answers.startswith("#"):
        raise _Wrong("gift_numeric")
    word, *feedback = (part.strip() for part in answers.split("#", 2))
    if word.upper() in _TRUTH:
        return _truth(_TRUTH[word.upper()], [_read(one, form) for one in feedback]), False, general
    if "~" not in answers:
        if "->" in answers:
            raise _Wrong("gift_matching")
        if answers.startswith("="):
            raise _Wrong("gift_short")
        raise _Wrong("gift_answers", answers=answers.translate(_SHOWN)[:60])
    first, *parts = re.split(r"(?=[~=])", answers)
    if first.strip():
        raise _Wrong("gift_answers", answers=first.translate(_SHOWN).strip()[:60])
    # As Moodle decides: several may be chosen where no one answer is right by itself.
    return tuple(_option(part, form) for part in parts), "=" not in answers, general


def _truth(is_true: bool, feedback: list[str]) -> tuple[Option, ...]:
    # The first feedback is for whoever is wrong, the second for whoever is right.
    wrong, right, *_ = (*feedback, "", "")
    told = (right, wrong) if is_true else (wrong, right)
    return Option(TRUE, FULL if is_true else 0.0, told[0]), Option(FALSE, 0.0 if is_true else FULL, told[1])


def _option(part: str, form: str) -> Option:
    sign, rest = part[0], part[1:].strip()
    credit = FULL if sign == "=" else 0.0
    if said := _LIKE_WEIGHT.match(rest):
        weight = _WEIGHT.fullmatch(said.group())
        # What is right is so altogether: Moodle knows no weight behind "=".
        if weight is None or (sign == "=" and float(weight.group(1)) != FULL):
            raise _Wrong("gift_weight", weight=said.group())
        credit, rest = float(weight.group(1)), rest[said.end() :]
    text, _, feedback = rest.partition("#")
    return Option(_read(text, form), credit, _read(feedback, form))


def _read(text: str, form: str) -> str:
    """The words of a text, in the format of the question unless it says its own."""
    own, text = _format(text)
    return _plain(text, own or form)


def _format(text: str) -> tuple[str, str]:
    """The format that a text says it has, "" for none, and the text."""
    said = _FORMAT.match(text.lstrip())
    return (said.group(1).lower(), text.lstrip()[said.end() :]) if said else ("", text)


def _plain(text: str, form: str) -> str:
    shown = text.translate(_SHOWN)
    return clean(shown if form in ("plain", "markdown") else plain_text(shown, is_page=form == "html"))


def _topic(category: str) -> str:
    parts = [part.strip() for part in re.split(r"(?<!/)/(?!/)", category.strip())]
    while parts and parts[0].lower() in _ROOTS:
        parts.pop(0)
    return clean("/".join(parts).replace("//", "/"))


def _tags(comments: str) -> tuple[tuple[str, ...], Difficulty | None]:
    tags = [clean(tag) for tag in _TAG.findall(comments)]
    levels = [TAGS[tag.lower()] for tag in tags if tag.lower() in TAGS]
    return tuple(tag for tag in tags if PROVISION_ID.fullmatch(tag)), levels[0] if levels else None


def _hidden(text: str) -> str:
    return re.sub(r"\\([\\~=#{}:n])", lambda match: _HIDDEN[match.group(1)], text)


# Writing


def _written(question: Question) -> str:
    lines = []
    tags = [*question.provisions, *([_TAG_OF[question.difficulty]] if question.difficulty else [])]
    if tags:
        lines.append("// " + " ".join(f"[tag:{tag}]" for tag in tags))
    name = f"::{_escaped(question.name)}::" if question.name else ""
    general = f"####{_marked(question.explanation)}" if question.explanation else ""
    if question.is_statement:
        is_true = question.options[0].right
        right, wrong = question.options if is_true else reversed(question.options)
        told = f"#{_marked(wrong.feedback)}#{_marked(right.feedback)}" if right.feedback or wrong.feedback else ""
        answers = f"{'TRUE' if is_true else 'FALSE'}{told}{general}"
        lines.append(f"{name}{_marked(question.text)}{{{answers}}}")
    else:
        lines.append(f"{name}{_marked(question.text)}{{")
        # Where every option is right Moodle would take them for words to be typed.
        all_right = all(option.credit == FULL for option in question.options)
        for place, option in enumerate(question.options):
            sign = "~%100%" if all_right and place else _sign(option, question)
            feedback = f"#{_marked(option.feedback)}" if option.feedback else ""
            lines.append(f"\t{sign}{_marked(option.text)}{feedback}")
        lines.append(f"\t{general}" if general else "")
        lines = [*filter(None, lines), "}"]
    return "\n".join(lines)


def _sign(option: Option, question: Question) -> str:
    if not question.several and option.credit == FULL:
        return "="
    return f"~%{_number(option.credit)}%" if option.credit or question.several else "~"


def _number(credit: float) -> str:
    return f"{credit:.5f}".rstrip("0").rstrip(".")


def _marked(text: str) -> str:
    """A text with its format where Moodle would see more in it than letters."""
    needs = re.search(r"[<&]", text) or text.startswith(("[", "%"))
    return ("[plain]" if needs else "") + _escaped(text)


def _escaped(text: str) -> str:
    escaped = "".join(f"\\{char}" if char in _SPECIAL else char for char in text).replace("\n", "\\n")
    # At the beginning of a line these are a comment and a category, also in the midst of a question.
    return f"\\n{escaped}" if escaped.startswith("//") else escaped


def _escaped_category(topic: str) -> str:
    return topic.replace("/", "//")
