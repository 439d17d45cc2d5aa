"""Changing units and members in chat: what is asked before something is done, and the commands that lead there."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

from handlers import form
from handlers.authorization import may
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Reply
from handlers.errors import NotAllowed, NotFound, NotPossible
from handlers.form import Data, Done, Form, Step
from handlers.people import reading, service, standing_in
from handlers.people.finding import find_member, find_unit
from handlers.people.screens import SCREENS, member_screen, name_of, screen_of, to_unit, unit_screen
from storage import roles, units
from storage.units import Unit


def home(_: str, context: Context) -> list[Reply]:
    """Show the units that whoever asks looks after."""
    places = own_units(context)
    if len(places) == 1:
        return [unit_screen(places[0], context)]
    if places:
        return [Reply(context.texts.rich("manage.units"), tuple(to_unit(unit) for unit in places))]
    if may(context.scene, "unit.create_top"):
        return form.begin("unit_add", UNIT_ADD, {"unit": None}, context)
    raise NotAllowed("unit.members")


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply] | None:
    """Do what a button about units and members says; None for a button of somebody else's."""
    if name in _FORMS_BY_ACT:
        form_name = _FORMS_BY_ACT[name]
        return form.begin(form_name, FORMS[form_name], data, context)
    screen = SCREENS.get(name)
    return None if screen is None else [screen(data, context)]


_FORMS_BY_ACT = {
    "add": "unit_add",
    "rename": "unit_rename",
    "move": "unit_move",
    "merge": "unit_merge",
    "close": "unit_close",
    "add_member": "member_add",
    "find": "member_find",
    "correct": "member_correct",
    "transfer": "member_transfer",
    "remove": "member_remove",
}


def own_units(context: Context) -> Sequence[Unit]:
    """Return the units that whoever asks has a role for; for an administrator those at the top."""
    held = context.actor.roles
    if any(role.unit is None for role in held):
        return units.children(context.database, None)
    places = dict.fromkeys(role.unit for role in held if role.unit is not None)
    return [unit for place in places if (unit := units.living(context.database, place)) and unit.closed_on is None]


# Forms


def _asks(text: str) -> Callable[[Data, Context], Reply]:
    """A step that asks with a text, in which the unit or the person it is about is named."""

    def ask(data: Data, context: Context) -> Reply:
        unit = units.get(context.database, data["unit"]) if data.get("unit") else None
        into = units.get(context.database, data["into"]) if data.get("into") else None
        return Reply(
            context.texts.rich(
                text,
                unit=unit.name if unit else context.office.name or context.texts("people.office"),
                into=into.name if into else "",
                name=name_of(data["person"], context) if data.get("person") else "",
            )
        )

    return ask


def _asks_whether(text: str, name: str) -> Callable[[Data, Context], Reply]:
    """A step that asks for a yes or a no."""

    def ask(data: Data, context: Context) -> Reply:
        question = _asks(text)(data, context)
        return Reply(
            question.text,
            (
                form.choice(context.texts("manage.yes"), "yes", name, "sure"),
                form.choice(context.texts("manage.no"), "no", name, "sure"),
            ),
        )

    return ask


def _if_sure(do: Callable[[Data, Context], Reply]) -> Callable[[str, Data, Context], str | Done]:
    def take(typed: str, data: Data, context: Context) -> str | Done:
        answer = form.yes_or_no(typed)
        if answer is None:
            raise NotFound("yes_or_no")
        return Done([do(data, context) if answer else Reply(context.texts.rich("manage.nothing_done"))])

    return take


def _take_unit_name(typed: str, data: Data, context: Context) -> str | Done:
    scene = context.scene
    number = (
        service.create_unit(scene, typed) if data["unit"] is None else service.create_under(scene, data["unit"], typed)
    )
    return Done([screen_of(number, context)])


def _take_new_name(typed: str, data: Data, context: Context) -> str | Done:
    service.rename_unit(context.scene, data["unit"], typed)
    return Done([screen_of(data["unit"], context)])


def _take_parent(typed: str, data: Data, context: Context) -> str | Done:
    service.move_unit(context.scene, data["unit"], find_unit(context.database, typed).id)
    return Done([screen_of(data["unit"], context)])


def _take_successor(typed: str, data: Data, context: Context) -> str | Done:
    data["into"] = find_unit(context.database, typed).id
    return "sure"


def _merge(data: Data, context: Context) -> Reply:
    service.merge_unit(context.scene, data["unit"], data["into"])
    return screen_of(data["into"], context)


def _close(data: Data, context: Context) -> Reply:
    service.close_unit(context.scene, data["unit"])
    return Reply(context.texts.rich("manage.closed"))


def _take_member_name(typed: str, data: Data, _: Context) -> str | Done:
    data["name"] = reading.read_name(typed)
    return "position"


def _take_member_position(typed: str, data: Data, context: Context) -> str | Done:
    if data.get("person"):
        service.correct_member(context.scene, data["person"], data["name"], _unless_skipped(typed))
        return Done([member_screen({"person": data["person"]}, context)])
    person = service.add_member(context.scene, data["unit"], data["name"], _unless_skipped(typed))
    return Done([member_screen({"person": person}, context)])


def _take_found(typed: str, data: Data, context: Context) -> str | Done:
    member = find_member(context.database, typed, context.today)
    return Done([member_screen({"person": member.person}, context)])


def _take_new_unit(typed: str, data: Data, context: Context) -> str | Done:
    data["unit"] = find_unit(context.database, typed).id
    return "day"


def _take_day(typed: str, data: Data, context: Context) -> str | Done:
    day = read_day(typed, context.today)
    service.transfer_member(context.scene, data["person"], data["unit"], day.isoformat())
    unit = units.get(context.database, data["unit"])
    assert unit is not None
    return Done(
        [
            Reply(
                context.texts.rich(
                    "manage.transferred", name=name_of(data["person"], context), unit=unit.name, day=f"{day:%d/%m/%Y}"
                )
            )
        ]
    )


def _remove(data: Data, context: Context) -> Reply:
    name = name_of(data["person"], context)
    service.leave(context.scene, data["person"])
    return Reply(context.texts.rich("manage.removed", name=name))


def _absent(_: str, context: Context) -> list[Reply]:
    away = roles.absence(context.database, context.person, context.today.isoformat())
    if away:
        service.end_absence(context.scene, context.person)
        return [Reply(context.texts.rich("manage.back")), *standing_in.ended(context.person, away[1], context)]
    return form.begin("absence", ABSENCE, {}, context)


def _take_until(typed: str, data: Data, context: Context) -> str | Done:
    data["until"] = read_day(typed, context.today).isoformat()
    return "substitute"


def _take_substitute(typed: str, data: Data, context: Context) -> str | Done:
    nobody = form.yes_or_no(typed) is False or not _unless_skipped(typed)
    substitute = None if nobody else find_member(context.database, typed, context.today).person
    service.begin_absence(context.scene, context.person, data["until"], substitute)
    until = dt.date.fromisoformat(data["until"])
    text = "manage.absent_alone" if substitute is None else "manage.absent"
    name = name_of(substitute, context) if substitute is not None else ""
    replies = [Reply(context.texts.rich(text, day=f"{until:%d/%m/%Y}", name=name))]
    if substitute is not None:
        replies += standing_in.begun(context.person, substitute, data["until"], context)
    return Done(replies)


def _held_by_himself(_: str, context: Context) -> list[Reply]:
    """Somebody whose other account is lost, or who has just got rid of an intruder, has all his accounts held."""
    return form.begin("hold_own", HOLD_OWN, {"person": context.person}, context)


def _hold_own(data: Data, context: Context) -> Reply:
    service.hold(context.scene, context.person)
    return Reply(context.texts.rich("manage.own_held"))


UNIT_ADD: Form = {"name": Step(_asks("manage.ask_unit_name"), _take_unit_name, digressions="first")}
ABSENCE: Form = {
    "until": Step(_asks("manage.ask_until"), _take_until),
    "substitute": Step(_asks("manage.ask_substitute"), _take_substitute),
}
HOLD_OWN: Form = {"sure": Step(_asks_whether("manage.ask_hold_own", "hold_own"), _if_sure(_hold_own))}

FORMS: dict[str, Form] = {
    "unit_add": UNIT_ADD,
    "unit_rename": {"name": Step(_asks("manage.ask_new_name"), _take_new_name, digressions="first")},
    "unit_move": {"parent": Step(_asks("manage.ask_parent"), _take_parent)},
    "unit_merge": {
        "into": Step(_asks("manage.ask_successor"), _take_successor),
        "sure": Step(_asks_whether("manage.ask_merge", "unit_merge"), _if_sure(_merge)),
    },
    "unit_close": {"sure": Step(_asks_whether("manage.ask_close", "unit_close"), _if_sure(_close))},
    "member_add": {
        "name": Step(_asks("manage.ask_member_name"), _take_member_name, digressions="first"),
        "position": Step(_asks("manage.ask_member_position"), _take_member_position, digressions="first"),
    },
    "member_correct": {
        "name": Step(_asks("manage.ask_right_name"), _take_member_name, digressions="first"),
        "position": Step(_asks("manage.ask_member_position"), _take_member_position, digressions="first"),
    },
    "member_find": {"name": Step(_asks("manage.ask_whom"), _take_found)},
    "member_transfer": {
        "unit": Step(_asks("manage.ask_new_unit"), _take_new_unit),
        "day": Step(_asks("manage.ask_day"), _take_day),
    },
    "member_remove": {"sure": Step(_asks_whether("manage.ask_remove", "member_remove"), _if_sure(_remove))},
    "absence": ABSENCE,
    "hold_own": HOLD_OWN,
}

COMMANDS = (
    Command(
        "donvi",
        home,
        ("don vi", "don vi cua toi", "quan ly", "quan ly don vi"),
        offered=lambda context: bool(context.actor.roles),
    ),
    Command(
        "vang",
        _absent,
        ("vang mat", "toi vang", "toi nghi phep", "co mat", "toi da ve"),
        offered=lambda context: any(held.role == "contact" for held in context.actor.roles),
        unlike=("vâng",),
    ),
    Command(
        "khoataikhoan",
        _held_by_himself,
        ("khoa tai khoan", "khoa tai khoan cua toi"),
        offered=lambda context: context.actor.joined,
        last=True,
    ),
)

_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?")
_DAYS_ON = {"nay": 0, "hom nay": 0, "mai": 1, "ngay mai": 1, "ngay kia": 2, "ngay mot": 2}
# "Sáng mai", "tối thứ sáu": which part of a day it is says nothing of the day.
_PART_OF_DAY = re.compile(r"^(?:buoi )?(?:sang|trua|chieu|toi) (?=\w)")
_WEEKDAY = re.compile(r"(?:thu (hai|ba|tu|nam|sau|bay|[2-7])|(?:chu nhat|cn))( tuan (?:nay|sau|toi))?")
_WEEKDAYS = {
    "hai": 0, "ba": 1, "tu": 2, "nam": 3, "sau": 4, "bay": 5, "2": 0, "3": 1, "4": 2, "5": 3, "6": 4, "7": 5,
}  # fmt: skip
_SUNDAY, _WEEK = 6, 7


def read_day(typed: str, today: dt.date) -> dt.date:
    """Return the day that was typed: "5/12", "05/12/2026", "sáng mai", "thứ sáu", "thứ sáu tuần sau".

    Without a year, or of a weekday, it is the next such day. Raises NotPossible.
    """
    words = _PART_OF_DAY.sub("", reading.folded(typed).strip(" .!"))
    if words in _DAYS_ON:
        return today + dt.timedelta(days=_DAYS_ON[words])
    if weekday := _WEEKDAY.fullmatch(words):
        return _next_weekday(_WEEKDAYS.get(weekday[1], _SUNDAY), weekday[2] or "", today)
    match = _DAY.fullmatch(words)
    try:
        if match is None:
            raise ValueError
        day, month, year = match.groups()
        found = dt.date(int(year or today.year), int(month), int(day))
        return found if year or found >= today else found.replace(year=today.year + 1)
    except ValueError:
        raise NotPossible("no_day") from None


def _next_weekday(weekday: int, week: str, today: dt.date) -> dt.date:
    """The weekday that comes next, or that of a week; a week begins on Monday."""
    if not week:
        return today + dt.timedelta(days=(weekday - today.weekday()) % _WEEK)
    monday = today - dt.timedelta(days=today.weekday())
    return monday + dt.timedelta(days=weekday + (0 if week.endswith("nay") else _WEEK))


def _unless_skipped(typed: str) -> str:
    return "" if reading.folded(typed) in ("bo qua", "khong", "ko", "khong co", "") else typed
