"""Taking care of reports in chat: the commands, what each button does, and what is asked before something is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from markupsafe import Markup

from handlers import form
from handlers.authorization import Scene, may
from handlers.broadcast.screens import screen as broadcast_screen
from handlers.casework import dossier, screens, service, warning
from handlers.casework.entering import ENTER
from handlers.casework.telling import reaches_reporter
from handlers.casework.wording import name_of_number
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Button, Drawing, File, Reply
from handlers.errors import NotAllowed, NotFound, NotPossible, Refusal
from handlers.form import Data, Done, Form, Step
from handlers.people.changing import own_units
from handlers.people.finding import find_member, find_unit
from handlers.report import following as report_following
from handlers.report import service as report_service
from handlers.report.service import going
from handlers.retention import in_words
from storage import reports, units
from storage.reports import HARMS, KINDS

EXTENSION = 90
"""Days that are offered where a report is to be kept longer."""


MOST_OFFERED = 8
"""Reports that are offered to join one to; any other is named by its number."""


def act(name: str, data: Data, context: Context) -> list[Reply]:
    """Do what a button about a report says."""
    if name in _FORMS_BY_ACT:
        if name not in ("enter", "reply"):
            screens.reached(data["report"], context)
        form_name = _FORMS_BY_ACT[name]
        return form.begin(form_name, FORMS[form_name], data, context)
    if name in _SCREENS:
        return [_SCREENS[name](data, context)]
    return [Reply(context.texts.rich("menu.stale"))]


# Commands


def _home(argument: str, context: Context) -> list[Reply]:
    if argument:
        return by_number(read_number(argument, context), context)
    places = own_units(context)
    if not places:
        raise NotAllowed("report.list")
    if len(places) == 1:
        return [screens.list_screen({"unit": places[0].id}, context)]
    buttons = tuple(Button(unit.name, "casework.list", {"unit": unit.id}) for unit in places)
    return [Reply(context.texts.rich("casework.units"), buttons)]


def by_number(number: int, context: Context) -> list[Reply]:
    """Show a report whose number was typed: its card to whoever may take it, to its reporter what is for him."""
    if may(context.scene, "report.take", number) and reports.get(context.database, number):
        return [screens.card_screen({"report": number}, context)]
    return report_following.by_number(number, context)


def read_number(typed: str, context: Context) -> int:
    """Return the number of a report as it was typed: "12", "BC-12", "số 12"; raise NotFound."""
    digits = typed.strip().lower().removeprefix("số").removeprefix("so").strip()
    digits = digits.removeprefix(context.office.report_prefix.lower()).strip(" -#.")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise NotFound("no_such_report")
    return int(digits)


def _is_number(behind: str) -> bool:
    return len(behind.split()) <= 2 and any(char.isdigit() for char in behind)


# What is done at once


def _take(data: Data, context: Context) -> Reply:
    report_service.take(context.scene, data["report"])
    return _after("done_take", data, context)


def _verify(data: Data, context: Context) -> Reply:
    service.verify(context.scene, data["report"])
    return _after("done_verify", data, context)


def _restore(data: Data, context: Context) -> Reply:
    screens.reached(data["report"], context)
    service.restore_account(context.scene, data["report"])
    return _after("done_restore", data, context)


def _unmerge(data: Data, context: Context) -> Reply:
    service.unmerge(context.scene, data["report"])
    return _after("done_unmerge", data, context)


def _release(data: Data, context: Context) -> Reply:
    service.release(context.scene, data["report"])
    return _after("done_release", data, context)


def _warn_unit(data: Data, context: Context) -> Reply:
    report = screens.reached(data["report"], context)
    return broadcast_screen(warning.opened(report, context), context)


def _export(data: Data, context: Context) -> Reply:
    seen = service.export(context.scene, data["report"])
    files: tuple[File | Drawing, ...] = (dossier.dossier(seen, context), *dossier.evidence(seen, context))
    text = context.texts.rich("casework.exported", number=name_of_number(seen.report, context), count=len(files) - 1)
    return Reply(text, files=files)


_SCREENS: Mapping[str, Callable[[Data, Context], Reply]] = {
    "list": screens.list_screen,
    "card": screens.card_screen,
    "more": screens.more_screen,
    "history": screens.history_screen,
    "warn": screens.warning_screen,
    "warn_unit": _warn_unit,
    "take": _take,
    "verify": _verify,
    "restore": _restore,
    "unmerge": _unmerge,
    "release": _release,
    "export": _export,
    "files_out": _export,
}
"""What a button of this name does, shown in the place of what it stood under."""


# What is asked before


def _ask(text: str) -> Callable[[Data, Context], Reply]:
    def ask(data: Data, context: Context) -> Reply:
        report = reports.get(context.database, data["report"])
        return Reply(
            context.texts.rich(
                f"casework.ask_{text}",
                number=name_of_number(report, context) if report else "",
                word=context.texts(f"casework.word_{data['word']}") if "word" in data else "",
                time=in_words(EXTENSION, context.texts),
            )
        )

    return ask


def _says(text: str, do: Callable[[Scene, int, str], object]) -> Form:
    """A form that asks for some words and does an act with them."""

    def take(typed: str, data: Data, context: Context) -> str | Done:
        do(context.scene, data["report"], typed)
        return Done([_after(f"done_{text}", data, context)])

    return {"text": Step(_ask(text), take, digressions="never")}


def _choose(step: str, names: tuple[str, ...], prefix: str) -> Callable[[Data, Context], Reply]:
    def ask(data: Data, context: Context) -> Reply:
        choices = tuple(
            form.choice(context.texts(f"{prefix}{name}"), name, _FORM_OF_STEP[step], step) for name in names
        )
        return Reply(context.texts.rich(f"casework.ask_{step}"), choices)

    return ask


_FORM_OF_STEP = {"word": "case_describe", "kind": "case_correct", "harm": "case_correct"}


def _chosen(typed: str, names: tuple[str, ...]) -> str:
    if typed not in names:
        raise NotPossible("choose_one")
    return typed


def _take_word(typed: str, data: Data, _: Context) -> str | Done:
    data["word"] = _chosen(typed, service.FOUR_WORDS)
    return "text"


def _take_described(typed: str, data: Data, context: Context) -> str | Done:
    service.describe(context.scene, data["report"], data["word"], typed)
    return Done([_after("done_describe", data, context)])


def _take_kind(typed: str, data: Data, _: Context) -> str | Done:
    data["kind"] = _chosen(typed, KINDS)
    return "harm"


def _take_harm(typed: str, data: Data, context: Context) -> str | Done:
    service.correct(context.scene, data["report"], data["kind"], _chosen(typed, HARMS))  # type: ignore[arg-type]
    return Done([_after("done_correct", data, context)])


def _take_unit(typed: str, data: Data, context: Context) -> str | Done:
    data["unit"] = find_unit(context.database, typed).id
    return "text"


def _take_word_to_unit(typed: str, data: Data, context: Context) -> str | Done:
    said = "" if form.yes_or_no(typed) is False else typed
    report = service.hand_over(context.scene, data["report"], data["unit"], said)
    text = context.texts.rich("casework.done_hand_over", number=name_of_number(report, context))
    return Done([Reply(text)])


def _take_colleague(typed: str, data: Data, context: Context) -> str | Done:
    service.assign(context.scene, data["report"], find_member(context.database, typed, context.today).person)
    return Done([_after("done_assign", data, context)])


def _ask_other(data: Data, context: Context) -> Reply:
    """Which report it is to be joined to; the open ones of its unit are offered."""
    report = screens.reached(data["report"], context)
    unit = units.living(context.database, report.unit_id) if report.unit_id is not None else None
    others = report_service.list_open(context.scene, unit.id) if unit else reports.without_unit(context.database)
    choices = tuple(
        form.choice(screens.line(other, context), name_of_number(other, context), "case_merge", "other")
        for other in others
        if other.id != report.id
    )[:MOST_OFFERED]
    return Reply(screens.texts_of(report, "casework.ask_merge", context), choices)


def _take_other(typed: str, data: Data, context: Context) -> str | Done:
    into = read_number(typed, context)
    other = service.merge(context.scene, data["report"], into)
    undo = Button(context.texts("casework.unmerge"), "casework.unmerge", data)
    shown = screens.card(other.id, context)
    text = context.texts.rich(
        "casework.done_merge", number=_number(data["report"], context), into=name_of_number(other, context)
    )
    return Done([Reply(Markup("\n").join([text, shown.text]), (undo, *shown.buttons))])


def _take_extension(typed: str, data: Data, context: Context) -> str | Done:
    report = service.extend(context.scene, data["report"], EXTENSION, typed)
    days = going(context.scene, report)
    last = f"{days[1]:%d/%m/%Y}" if days else ""
    text = context.texts.rich("casework.done_extend", number=name_of_number(report, context), day=last)
    return Done([Reply(text)])


def _take_reply(typed: str, data: Data, context: Context) -> str | Done:
    try:
        report = report_service.answer(context.scene, data["report"], typed)
    except NotPossible as refusal:
        if refusal.code != "nothing_asked":
            raise
        # Somebody answered meanwhile; what is said now belongs to the report all the same.
        report = report_service.add(context.scene, data["report"], typed)
    return Done([Reply(context.texts.rich("casework.replied", number=name_of_number(report, context)))])


FORMS: dict[str, Form] = {
    "case_ask": _says("ask", report_service.ask),
    "case_answer": _says("answer_for", report_service.answer),
    "case_note": _says("note", report_service.note),
    "case_tell": _says("tell", lambda scene, report, text: report_service.note(scene, report, text, for_reporter=True)),
    "case_resolve": _says("resolve", report_service.resolve),
    "case_elsewhere": _says("elsewhere", report_service.close_as_elsewhere),
    "case_reopen": _says("reopen", report_service.reopen),
    "case_submit": _says("submit", service.submit),
    "case_direct": _says("direct", service.direct),
    "case_hold": _says("hold", service.hold),
    "case_describe": {
        "word": Step(_choose("word", service.FOUR_WORDS, "casework.word_"), _take_word),
        "text": Step(_ask("described"), _take_described, digressions="never"),
    },
    "case_correct": {
        "kind": Step(_choose("kind", KINDS, "kind."), _take_kind),
        "harm": Step(_choose("harm", HARMS, "harm."), _take_harm),
    },
    "case_hand_over": {
        "unit": Step(_ask("hand_over"), _take_unit),
        "text": Step(_ask("hand_over_word"), _take_word_to_unit, digressions="never"),
    },
    "case_assign": {"person": Step(_ask("assign"), _take_colleague)},
    "case_merge": {"other": Step(_ask_other, _take_other)},
    "case_extend": {"text": Step(_ask("extend"), _take_extension, digressions="never")},
    "case_reply": {"text": Step(_ask("reply"), _take_reply, digressions="never")},
    "case_enter": ENTER,
}

_FORMS_BY_ACT = {
    "ask": "case_ask",
    "answer_for": "case_answer",
    "note": "case_note",
    "tell": "case_tell",
    "resolve": "case_resolve",
    "elsewhere": "case_elsewhere",
    "reopen": "case_reopen",
    "submit": "case_submit",
    "direct": "case_direct",
    "hold": "case_hold",
    "describe": "case_describe",
    "correct": "case_correct",
    "hand_over": "case_hand_over",
    "assign": "case_assign",
    "merge": "case_merge",
    "extend": "case_extend",
    "reply": "case_reply",
    "enter": "case_enter",
}

COMMANDS = (
    Command(
        "xulybaocao",
        _home,
        ("xu ly bao cao", "bao cao cua don vi", "bao cao don vi", "bao cao so", "so bao cao"),
        argument=_is_number,
        offered=lambda context: bool(context.actor.roles),
    ),
)


_TOLD_TO_REPORTER = ("done_take", "done_tell", "done_resolve", "done_elsewhere", "done_reopen")


def _after(text: str, data: Data, context: Context) -> Reply:
    """What was done, with the card as it is now where the actor still reaches it."""
    said = context.texts.rich(f"casework.{text}", number=_number(data["report"], context))
    report = reports.get(context.database, data["report"])
    if text in _TOLD_TO_REPORTER and report and not reaches_reporter(report, context):
        contact = report.contact or context.texts("casework.no_contact")
        said += Markup(" ") + context.texts.rich("casework.call_him", contact=contact)
    try:
        shown = screens.card(screens.reached(data["report"], context).id, context)
    except Refusal:
        return Reply(said)
    return Reply(Markup("\n").join([said, shown.text]), shown.buttons, manner=shown.manner)


def _number(report: int, context: Context) -> str:
    found = reports.get(context.database, report)
    return name_of_number(found, context) if found else ""
