"""How a broadcast went: by unit as a message, a chart, a list to hand in; and marking who was informed otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from handlers import form
from handlers.broadcast import service, sheet, wording
from handlers.broadcast.content import Content, marked
from handlers.context import Context
from handlers.conversation import Button, Drawing, Manner, Reply
from handlers.errors import NeedsApproval, NotFound, NotPossible, Refusal
from handlers.form import Data, Done, Form, Stay, Step
from handlers.people.finding import find_member
from handlers.people.reading import folded
from handlers.people.screens import name_of
from storage import units
from storage.informing import UnitSum
from storage.members import Member
from storage.recipients import Recipient

_LINES = Markup("\n")

UNITS_SHOWN = 12
UNITS_DRAWN = 40
MOST_LISTED = 2_000
"""People of one list in chat: more are read unit by unit, or written by the command on the machine."""
NAMES_SHOWN = 6

_HOW = {"hop": "meeting", "tai hop": "meeting", "cuoc hop": "meeting", "dien thoai": "phone", "goi dien": "phone"}
_EVERYBODY = {"ca don vi", "tat ca", "moi nguoi", "toan don vi"}
_DONE = {"xong", "het", "thoi", "khong"}
_TAKEN_BACK = ("bo ", "bo ghi ", "xoa ")


def screen(data: Data, context: Context) -> list[Reply]:
    """Show how a broadcast went in a unit, or in the whole office."""
    texts, unit = context.texts, data["unit"]
    found = service.results(context.scene, unit, data["broadcast"])
    people, sent, informed = _totals(found.units)
    lines = [
        texts.rich(
            "broadcast.result",
            title=wording.title(found.broadcast, context),
            state=wording.state(found.broadcast, context),
        ),
        texts.rich(
            "broadcast.result_sums", people=people, sent=sent, informed=informed, share=_share(informed, people)
        ),
    ]
    if found.sums:
        # Whoever sent it sees how each ended and why.
        lines += wording.progress(found.broadcast, found.sums, context).text.split("\n")[2:]
    worst = sorted(found.units, key=lambda part: (_share(part.informed, part.people), -part.people))
    for part in worst[:UNITS_SHOWN] if len(found.units) > 1 else ():
        lines.append(
            texts.rich("broadcast.unit", unit=_name(part.unit, context), informed=part.informed, people=part.people)
        )
    if len(found.units) > UNITS_SHOWN:
        lines.append(texts.rich("broadcast.more_units", count=len(found.units) - UNITS_SHOWN))
    names = ["chart", "docx", "xlsx"]
    if informed < people:
        names.append("mark")
        names.append("remind")
    buttons = tuple(Button(texts(f"sending.do_{name}"), f"broadcast.{name}", data) for name in names)
    return [Reply(_LINES.join(lines), buttons, manner=Manner.INSTEAD)]


def _chart(data: Data, context: Context) -> list[Reply]:
    found = service.results(context.scene, data["unit"], data["broadcast"])
    largest = sorted(found.units, key=lambda part: -part.people)[:UNITS_DRAWN]
    drawn = {
        "title": context.texts("broadcast.chart_title", number=found.broadcast.id),
        "informed": context.texts("broadcast.chart_informed"),
        "missing": context.texts("broadcast.chart_missing"),
        "units": [[_name(part.unit, context), part.informed, part.people] for part in largest],
    }
    file = Drawing(sheet.CHART, drawn, "photo", f"thong-bao-{found.broadcast.id}.png")
    return [Reply(context.texts.rich("broadcast.chart", title=wording.title(found.broadcast, context)), files=(file,))]


def _list(kind: str) -> Callable[[Data, Context], list[Reply]]:
    def send(data: Data, context: Context) -> list[Reply]:
        found = service.results(context.scene, data["unit"], data["broadcast"])
        named = service.names(context.scene, data["unit"], found.broadcast.id, MOST_LISTED)
        name = f"da-pho-bien-{found.broadcast.id}.{kind}"
        file = Drawing(f"broadcast.{kind}", listed(found, named, data["unit"], context), "document", name)
        return [
            Reply(context.texts.rich("broadcast.listed", title=wording.title(found.broadcast, context)), files=(file,))
        ]

    return send


def listed(found: service.Results, named: Sequence[Recipient], unit: int | None, context: Context) -> dict[str, Any]:
    """Return the list of who has been informed, as it is drawn: columns and rows of words."""
    texts = context.texts
    names = {number: _name(number, context) for number in {one.unit for one in named}}
    # A name typed without capitals stands among the others.
    ordered = sorted(named, key=lambda one: (folded(names[one.unit]), folded(one.name)))
    place = _name(unit, context) if unit is not None else ""
    content = Content.from_json(found.broadcast.content)
    people, _, informed = _totals(found.units)
    by = {one.informed_by for one in named if one.informed_by is not None and one.informed_how != "press"}
    noted = {person: name_of(person, context) for person in by}
    words = " ".join(marked(content.text).striptags().split())
    sent = found.broadcast.started_at
    return {
        "office": context.office.name,
        "unit": place,
        "title": texts("broadcast.list_title"),
        "about": texts("broadcast.list_about", number=found.broadcast.id, words=words),
        "sent": texts("broadcast.list_sent", time=wording.time(sent, context)) if sent else "",
        "basis": texts("broadcast.list_basis", basis=content.basis) if content.basis else "",
        "totals": texts("broadcast.list_totals", informed=informed, people=people),
        "at": texts("broadcast.list_at", time=wording.time(context.now.isoformat(), context)),
        "signers": [texts("broadcast.list_made_by"), texts("broadcast.list_head")],
        "columns": [texts(f"sending.column_{name}") for name in ("number", "name", "position", "unit", "time", "how")],
        "parts": [
            {
                "title": texts(f"broadcast.list_{name}", count=len(part)),
                "rows": [
                    [
                        number,
                        one.name,
                        one.position,
                        names[one.unit],
                        wording.time(one.informed_at, context) if one.informed_at else "",
                        _how(one, noted, context),
                    ]
                    for number, one in enumerate(part, 1)
                ],
            }
            for name, part in (
                ("informed", [one for one in ordered if one.informed_at]),
                ("missing", [one for one in ordered if not one.informed_at]),
            )
        ],
    }


def _how(one: Recipient, noted: Mapping[int, str], context: Context) -> str:
    """How somebody was informed, and who noted it where that was another; or why he was not."""
    texts = context.texts
    if one.informed_at:
        how = texts(f"sending.how_{one.informed_how}")
        by = noted.get(one.informed_by or 0, "") if one.informed_how != "press" else ""
        return texts("broadcast.noted_by", how=how, by=by) if by else how
    if one.state in ("sent", "unknown", "waiting", "queued"):
        return texts(f"sending.how_{one.state}")
    return texts("broadcast.not_reached", why=wording.reason(one.reason, context))


# Marking


def _ask_how(data: Data, context: Context) -> Reply:
    return Reply(
        context.texts.rich("broadcast.ask_how"),
        (
            form.choice(context.texts("sending.how_meeting"), "họp", "broadcast_mark", "how"),
            form.choice(context.texts("sending.how_phone"), "điện thoại", "broadcast_mark", "how"),
        ),
    )


def _take_how(typed: str, data: Data, _: Context) -> str | Done:
    how = _HOW.get(folded(typed))
    if how is None:
        raise NotFound("no_such_how")
    data["how"] = how
    return "who"


def _ask_who(data: Data, context: Context) -> Reply:
    some = service.uninformed(context.scene, data["unit"], data["broadcast"], NAMES_SHOWN)
    buttons = [form.choice(one.name, f"{one.person}", "broadcast_mark", "who") for one in some if one.name]
    if data["unit"] is not None:
        buttons.append(form.choice(context.texts("broadcast.whole_unit"), "cả đơn vị", "broadcast_mark", "who"))
    buttons.append(form.choice(context.texts("broadcast.done"), "xong", "broadcast_mark", "who"))
    return Reply(context.texts.rich("broadcast.ask_who", count=data.get("marked", 0)), tuple(buttons))


def _take_who(typed: str, data: Data, context: Context) -> str | Stay | Done:
    words = folded(typed)
    if words in _DONE:
        return Done(screen({"broadcast": data["broadcast"], "unit": data["unit"]}, context))
    if words in _EVERYBODY and data["unit"] is not None:
        count = service.mark_unit(context.scene, data["unit"], data["broadcast"], data["how"])
        data["marked"] = data.get("marked", 0) + count
        return Done(screen({"broadcast": data["broadcast"], "unit": data["unit"]}, context))
    if words.startswith(_TAKEN_BACK) and (name := _taken_back(typed, data, context)):
        return Stay([_unmarked(name, data, context)])
    names = _names(typed, data, context)
    if len(names) == 1:
        _mark_one(names[0], data, context)
        return "who"
    return Stay([_marked(names, data, context)])


def _names(typed: str, data: Data, context: Context) -> Sequence[str]:
    """The people that a text names: one a line, or with ";" between; with "," where they are nobody's name together."""
    names = [name.strip() for name in typed.replace("\n", ";").split(";") if name.strip()]
    parted = []
    for name in names:
        try:
            _found(name, data, context)
        except NotFound:
            parted += [part.strip() for part in name.split(",") if part.strip()]
        except NotPossible:
            parted.append(name)
        else:
            parted.append(name)
    return parted or [typed]


def _mark_one(name: str, data: Data, context: Context) -> None:
    offered = name.isdigit() and name in _offered(data, context)
    person = int(name) if offered else _found(name, data, context).person
    service.mark(context.scene, person, data["broadcast"], data["how"])
    data["marked"] = data.get("marked", 0) + 1


def _found(name: str, data: Data, context: Context) -> Member:
    """The member of a typed name, of the unit that is marked."""
    within = None if data["unit"] is None else units.covered(context.database, data["unit"])
    return find_member(context.database, name, context.today, within)


def _marked(names: Sequence[str], data: Data, context: Context) -> Reply:
    """Mark several; say of each whether he was, and ask on."""
    texts = context.texts
    done, lines = [], []
    for name in names:
        try:
            _mark_one(name, data, context)
            done.append(name)
        except NeedsApproval:
            raise
        except Refusal as refusal:
            lines.append(texts.rich("broadcast.not_marked", name=name, why=context.refused(refusal)))
    if done:
        lines.insert(0, texts.rich("broadcast.marked", names="; ".join(done)))
    question = _ask_who(data, context)
    return replace(question, text=_LINES.join([*lines, question.text]))


def _taken_back(typed: str, data: Data, context: Context) -> str:
    """The name after "bỏ"; "" where the whole is somebody's name."""
    try:
        _found(typed, data, context)
    except NotFound:
        words = typed.split()
        return " ".join(words[2 if folded(words[1]) == "ghi" else 1 :])
    except NotPossible:
        return ""
    return ""


def _unmarked(name: str, data: Data, context: Context) -> Reply:
    """Take back that somebody was informed; ask on."""
    service.unmark(context.scene, _found(name, data, context).person, data["broadcast"])
    data["marked"] = max(data.get("marked", 0) - 1, 0)
    question = _ask_who(data, context)
    said = context.texts.rich("broadcast.unmarked", name=name)
    return replace(question, text=_LINES.join([said, question.text]))


def _offered(data: Data, context: Context) -> set[str]:
    """The people whose names stood on the buttons."""
    some = service.uninformed(context.scene, data["unit"], data["broadcast"], NAMES_SHOWN)
    return {str(one.person) for one in some}


def _mark(data: Data, context: Context) -> list[Reply]:
    return form.begin("broadcast_mark", FORMS["broadcast_mark"], dict(data), context)


def _totals(parts: Sequence[UnitSum]) -> tuple[int, int, int]:
    return sum(part.people for part in parts), sum(part.sent for part in parts), sum(part.informed for part in parts)


def _share(part: int, whole: int) -> int:
    return part * 100 // whole if whole else 0


def _name(unit: int | None, context: Context) -> str:
    found = units.living(context.database, unit) if unit is not None else None
    return found.name if found else context.texts("broadcast.no_unit")


FORMS: dict[str, Form] = {"broadcast_mark": {"how": Step(_ask_how, _take_how), "who": Step(_ask_who, _take_who)}}

ACTS: Mapping[str, Callable[[Data, Context], list[Reply]]] = {
    "results": screen,
    "chart": _chart,
    "docx": _list("docx"),
    "xlsx": _list("xlsx"),
    "mark": _mark,
}
