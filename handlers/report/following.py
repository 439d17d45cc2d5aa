"""Following a report: one's own list, its state by receipt from any chat, and adding what is known later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from handlers import form
from handlers.context import Context
from handlers.conversation import Attachment, Button, Manner, Reply
from handlers.errors import NotAllowed, NotFound, Refusal
from handlers.form import Data, Done, Form, Stay, Step
from handlers.people.reading import read_code
from handlers.report import evidence, notices, service, wording
from knowledge.text import fold
from storage import reports
from storage.reports import Report

MOST_LISTED = 5

DONE = "done"
_ENDS = {"xong", "het", "xong roi", "het roi", "da xong", "ok", "done"}


def own(_: str, context: Context) -> list[Reply]:
    """Show the reports of whoever asks."""
    texts = context.texts
    found = service.own(context.scene, context.person)
    by_receipt = Button(texts("button.report_receipt"), "command.run", {"name": "biennhan"})
    if not found:
        return [Reply(texts.rich("report.none"), (Button(texts("button.report"), "report.start"), by_receipt))]
    buttons = [
        Button(wording.summary(report, context), "report.show", {"report": report.id}) for report in found[:MOST_LISTED]
    ]
    return [Reply(texts.rich("report.own", count=len(found)), (*buttons, by_receipt))]


def show(report: int, context: Context) -> list[Reply]:
    """Show a report as far as whoever asks may see it."""
    seen = service.read(context.scene, report)
    return [Reply(wording.screen(seen, context), _buttons(seen.report, {"report": report}, context))]


def numbered(text: str, context: Context) -> int | None:
    """Return the report whose number a text is: "BC-12", "bc 12"; None for any other text."""
    prefix = re.escape(fold(context.office.report_prefix))
    found = re.fullmatch(rf"{prefix}[ -]?(\d{{1,9}})[.!?]?", fold(text).strip())
    return int(found[1]) if found else None


def by_number(report: int, context: Context) -> list[Reply]:
    """Show a report whose number was typed; one that may not be seen is refused like one that does not exist."""
    try:
        return show(report, context)
    except NotAllowed:
        raise NotFound("no_such_report") from None


def take(report: int, context: Context) -> list[Reply]:
    """Let whoever presses take care of a report; its reporter is told."""
    taken = service.take(context.scene, report)
    said = context.texts.rich("report.you_took", number=wording.number(report, context))
    shown = Button(context.texts("button.report_show"), "casework.card", {"report": report})
    return [Reply(said, (shown,), manner=Manner.INSTEAD), *notices.changed(taken, "taken", context)]


def receipt(typed: str, context: Context) -> list[Reply]:
    """Show the report of a typed receipt, or ask for one."""
    if not typed:
        return form.begin("report_receipt", RECEIPT, {}, context)
    seen = service.by_receipt(context.scene, typed)
    # The receipt stands beside nobody, whom it would lead to the report.
    sealed = {"sealed": context.seal.close({"receipt": read_code(typed)})}
    return [Reply(wording.screen(seen, context), _buttons(seen.report, sealed, context))]


def add(argument: str, context: Context) -> list[Reply]:
    """Add to the newest report of one's own, or ask to which; what is typed behind the word is added at once."""
    found = service.own(context.scene, context.person)
    if not found:
        return form.begin("report_receipt", RECEIPT, {}, context)
    open_ones = [report for report in found if report.is_open]
    if len(open_ones) > 1 and not argument:
        return form.begin("report_add", ADD, {"text": argument}, context)
    return add_to({"report": (open_ones or found)[0].id}, context, argument)


def add_to(reached: dict[str, Any], context: Context, text: str = "") -> list[Reply]:
    """Begin to add to a report that is reached by its number or a sealed receipt."""
    data: Data = {**reached, "told": False}
    _reach(data, context)
    if text:
        replies = _add(text, data, context)
        form.begin("report_add", ADD, data, context, "more")
        return replies
    return form.begin("report_add", ADD, data, context, "more")


def attach_to(report: int, attachments: Sequence[Attachment], context: Context) -> list[Reply]:
    """Add files to a report of one's own; more may be added right after."""
    data: Data = {"report": report, "told": False}
    replies = _files(attachments, data, context)
    form.begin("report_add", ADD, data, context, "more")
    return replies


def _buttons(report: Report, reached: dict[str, Any], context: Context) -> tuple[Button, ...]:
    texts = context.texts
    asked = report.state == "waiting"
    buttons = [Button(texts(f"button.report_{'answer' if asked else 'add'}"), "report.add", reached)]
    if report.taken_by is None and report.is_open and "report" in reached and report.reporter_id != context.person:
        buttons.append(Button(texts("button.report_take"), "report.take", reached, once="take"))
    return tuple(buttons)


# Adding


def _ask_which(_: Data, context: Context) -> Reply:
    found = [report for report in service.own(context.scene, context.person) if report.is_open]
    return Reply(
        context.texts.rich("report.ask_which"),
        tuple(
            form.choice(wording.summary(report, context), str(report.id), "report_add", "which")
            for report in found[:MOST_LISTED]
        ),
    )


def _take_which(typed: str, data: Data, context: Context) -> str | Done:
    digits = "".join(char for char in typed if char.isdigit())
    if digits not in {str(report.id) for report in service.own(context.scene, context.person)}:
        raise NotFound("no_such_report")
    data["report"], data["told"] = int(digits), False
    return "more"


def _ask_more(data: Data, context: Context) -> Reply:
    report = _reach(data, context)
    asked = reports.latest(context.database, report.id, "asked") if report.state == "waiting" else None
    name = "report.ask_answer" if asked else "report.ask_more"
    text = context.texts.rich(name, number=wording.number(report.id, context), question=asked.note if asked else "")
    return Reply(text, (form.choice(context.texts("report.finished"), DONE, "report_add", "more"),))


def _take_more(typed: str, data: Data, context: Context) -> Stay | Done:
    if typed == DONE or fold(typed).strip(" .!") in _ENDS:
        number = wording.number(_reach(data, context).id, context)
        return Done([Reply(context.texts.rich("report.finished_adding", number=number))])
    return Stay(_add(typed, data, context))


def _add(text: str, data: Data, context: Context) -> list[Reply]:
    """Add words; whoever takes care of the report is told of the first."""
    if "report" in data:
        report = service.add(context.scene, data["report"], text)
    else:
        report = service.add_by_receipt(context.scene, _receipt(data, context), text)
    said = context.texts.rich("report.added", number=wording.number(report.id, context))
    return [Reply(said, (_finish(context),)), *_tell(report, data, context)]


def _files(attachments: Sequence[Attachment], data: Data, context: Context) -> list[Reply]:
    try:
        report = _reach(data, context)
        numbers = [
            service.attach(context.scene, data["report"])
            if "report" in data
            else service.attach_by_receipt(context.scene, _receipt(data, context))
            for _ in attachments
        ]
    except Refusal as refusal:
        return [Reply(context.refused(refusal))]
    evidence.bring(attachments, numbers, context)
    said = Reply(context.texts.rich("report.files_taken"), (_finish(context),))
    return [*([said] if evidence.received(data, context) else []), *_tell(report, data, context)]


def _finish(context: Context) -> Button:
    return form.choice(context.texts("report.finished"), DONE, "report_add", "more")


def _tell(report: Report, data: Data, context: Context) -> list[Reply]:
    if data["told"]:
        return []
    data["told"] = True
    return notices.added(report, context)


def _reach(data: Data, context: Context) -> Report:
    """The report that is added to, where it may still be reached; raise Refusal."""
    if "report" in data:
        own_ones = service.own(context.scene, context.person)
        report = next((one for one in own_ones if one.id == data["report"]), None)
        return report or service.read(context.scene, data["report"]).report
    return service.by_receipt(context.scene, _receipt(data, context)).report


def _receipt(data: Data, context: Context) -> str:
    opened = context.seal.open(data["sealed"])
    if opened is None:
        # Sealed before the last start.
        raise NotFound("receipt_again")
    return str(opened["receipt"])


def _ask_receipt(_: Data, context: Context) -> Reply:
    return Reply(context.texts.rich("report.ask_receipt"))


def _take_receipt(typed: str, _: Data, context: Context) -> str | Done:
    return Done(receipt(typed, context))


ADD: Form = {"which": Step(_ask_which, _take_which), "more": Step(_ask_more, _take_more, _files, digressions="first")}
RECEIPT: Form = {"receipt": Step(_ask_receipt, _take_receipt)}
