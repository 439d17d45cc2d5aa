"""`ungxu quiz`: banks of questions, from a file to the database and back, and whether they can be asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from bot.broadcasting import context_of
from bot.channels.markup import plain
from bot.console import Write, acting, beginning, content_of, looking, write_anew
from bot.errors import InputError
from bot.explaining import TEXTS
from bot.knowledge_base import load_documents
from bot.settings import Settings
from handlers import form as form_of
from handlers.broadcast import audience
from handlers.errors import NotFound
from handlers.office import load_office
from handlers.people.reading import folded
from handlers.quiz import bank, formats, planning, rounds
from handlers.quiz.checking import ALIKE, Check, check, without_repeats
from handlers.quiz.formats import Format, aiken, gift, table
from handlers.quiz.question import Fault, Question
from handlers.quiz.rounds import Rules
from handlers.quiz.wording import shown_time
from storage.quizzes import Bank

# So many lines are printed of each kind of note; who wants them all looks into the file.
MOST_NOTES = 10

Ask = Callable[[str], str]


def template(file: Path, write: Write) -> None:
    """Write a form to fill in, as XLSX or CSV by the ending of the name; nothing is overwritten."""
    match file.suffix.lower():
        case ".csv":
            content = table.csv_template(TEXTS)
        case ".xlsx":
            content = table.xlsx_template(TEXTS)
        case _:
            raise InputError(TEXTS("roster.ending", file=file))
    write_anew(file, content)
    write(TEXTS("quiz.template_written", file=file))


def check_file(settings: Settings, file: Path | None, form: Format | None, skip: bool, write: Write) -> bool:
    """Say what a file of questions holds and what is wrong with it; without one, the questions of the program.

    Returns False where there are faults.
    """
    questions = _questions(file or bank.BUILT_IN, form, skip, write)
    return questions is not None and _is_fit(settings, questions, write, whole=True)


def take_over(settings: Settings, file: Path | None, name: str, form: Format | None, skip: bool, write: Write) -> bool:
    """Let a bank hold the questions of a file, or of the program; False, with nothing changed, where it cannot."""
    questions = _questions(file or bank.BUILT_IN, form, skip, write)
    if questions is None or not _is_fit(settings, questions, write):
        return False
    with beginning(settings) as scene:
        done = bank.replace_bank(scene, name or (file.stem if file else TEXTS("quiz.built_in")), questions)
        kept, _ = bank.read_bank(scene, name or (file.stem if file else TEXTS("quiz.built_in")))
    figures = {"added": done.added, "changed": done.changed, "removed": done.removed, "same": done.same}
    write(TEXTS("quiz.imported", bank=kept.name, **figures))
    return True


def export(settings: Settings, name: str, file: Path, form: Format | None, write: Write) -> None:
    """Write a bank to a file, in the format that its name asks for; nothing is overwritten."""
    form = form or formats.by_ending(str(file))
    if form is None:
        raise InputError(TEXTS("quiz.ending", file=file))
    with looking(settings) as scene:
        found, questions = bank.read_bank(scene, name)
    content, unwritten = formats.write(questions, form, TEXTS)
    if unwritten:
        lines = [TEXTS("quiz.question_line", number=one.line, reason=_reason(one)) for one in unwritten]
        raise InputError("\n".join([*lines, TEXTS("quiz.not_exported", form=form)]))
    write_anew(file, content)
    write(TEXTS("quiz.exported", bank=found.name, count=len(questions), file=file))
    lossy = sum(map(aiken.loses, questions)) if form is Format.AIKEN else 0
    if lossy:
        write(TEXTS("quiz.aiken_loses", count=lossy))


def plan(
    settings: Settings,
    title: str,
    name: str,
    rules: Rules,
    days: tuple[str, str],
    whom: str,
    ask: Ask | None,
    write: Write,
) -> None:
    """Plan a round that the running bot opens, after asking where `ask` is given.

    `days` are when it opens, "" for now, and when it closes, as they are typed; so is whom it is for, "" for everybody.
    Nothing is changed where an act is refused.
    """
    with looking(settings) as scene:
        context = context_of(settings, scene)
        found, questions = bank.read_bank(scene, name)
        known = {folded(question.topic): question.topic for question in questions if question.topic}
        if not all(folded(topic) in known for topic in rules.topics):
            raise NotFound("no_such_topic")
        topics = tuple(known[folded(topic)] for topic in rules.topics)
        count = sum(not topics or question.topic in topics for question in questions)
        meant = audience.read(whom, context) if whom else audience.EVERYBODY
        rules = replace(rules, topics=topics, draw=rules.draw or count, audience=meant)
        opens, closes = planning.opening(days[0], context), planning.closing(days[1], context)
        shown = (opens.isoformat(), closes.isoformat())
        write(plain(planning.told_plan(title, found.name, rules, *shown, context)))
    if ask and form_of.yes_or_no(ask(TEXTS("quiz.plan_sure"))) is not True:
        write(TEXTS("quiz.not_planned"))
        return
    with acting(settings) as scene:
        rounds.plan_round(scene, title, found.name, rules, opens, closes)
    write(TEXTS("quiz.planned", title=title, opens=shown_time(shown[0], context)))
    for line in planning.patience(*shown, rules, context):
        write(plain(line))


def list_banks(settings: Settings, as_json: bool, write: Write) -> None:
    """Print the banks, each with the number of its questions."""
    with looking(settings) as scene:
        found = bank.list_banks(scene)
    for one in found:
        write(_as_json(one) if as_json else TEXTS("quiz.bank", name=one.name, count=one.questions))
    if not found and not as_json:
        write(TEXTS("quiz.no_banks"))


def _as_json(one: Bank) -> str:
    return json.dumps({"name": one.name, "questions": one.questions, "updated": one.updated_at}, ensure_ascii=False)


def _questions(file: Path, form: Format | None, skip: bool, write: Write) -> Sequence[Question] | None:
    """The questions of a file; None, after everything that is wrong was told, where it cannot be taken."""
    reading = formats.read(content_of(file, "too_large"), str(file), form)
    left_out = [fault for fault in reading.faults if skip and fault.code in gift.OTHER_TYPES]
    faults = [fault for fault in reading.faults if fault not in left_out]
    _tell(file, faults, write)
    if faults:
        kinds = {fault.code for fault in faults}
        write(TEXTS("quiz.faulty", count=len(faults)))
        if kinds & gift.OTHER_TYPES:
            write(TEXTS("quiz.may_skip"))
        return None
    questions, repeats = without_repeats(reading.questions, also_alike=skip)
    for fault in sorted([*left_out, *repeats], key=lambda one: one.line):
        write(TEXTS("quiz.left_out", line=fault.line, reason=_reason(fault)))
    write(TEXTS("quiz.found", file=file, count=len(questions)))
    return questions


def _is_fit(settings: Settings, questions: Sequence[Question], write: Write, *, whole: bool = False) -> bool:
    library = load_documents(settings.office, load_office(settings.office))
    checked = check(questions, library)
    for fault in checked.faults:
        write(TEXTS("quiz.line", line=fault.line, reason=_reason(fault)))
    if checked.faults:
        write(TEXTS("quiz.faulty", count=len(checked.faults)))
        if {fault.code for fault in checked.faults} & ALIKE:
            write(TEXTS("quiz.may_skip"))
        return False
    _tell_notes(checked, write)
    if whole:
        _tell_uncovered(checked, write)
    return True


def _tell(file: Path, faults: Iterable[Fault], write: Write) -> None:
    for fault in faults:
        line = TEXTS("quiz.line", line=fault.line, reason=_reason(fault))
        write(line if fault.line else TEXTS("quiz.line_whole", file=file, reason=_reason(fault)))


def _tell_notes(checked: Check, write: Write) -> None:
    kinds: dict[tuple[str, str], list[int]] = {}
    for note in checked.notes:
        kinds.setdefault((note.code, _reason(note)), []).append(note.line)
    for (_, reason), lines in kinds.items():
        shown = ", ".join(map(str, lines[:MOST_NOTES])) + (" …" if len(lines) > MOST_NOTES else "")
        write(TEXTS("quiz.note", count=len(lines), reason=reason, lines=shown))


def _tell_uncovered(checked: Check, write: Write) -> None:
    if checked.uncovered:
        write(TEXTS("quiz.uncovered", count=len(checked.uncovered), provisions=", ".join(checked.uncovered)))
    else:
        write(TEXTS("quiz.covered"))


def _reason(fault: Fault) -> str:
    return TEXTS(f"quiz.fault_{fault.code}", **fault.values)
