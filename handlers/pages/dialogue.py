"""The register of official pages in chat: a unit's pages, changing them, and comparing one that somebody has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from handlers import form, workbook
from handlers.authorization import may
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Button, Drawing, Manner, Reply
from handlers.errors import NotAllowed, NotFound
from handlers.form import Data, Done, Form, Step
from handlers.pages import register, service
from handlers.pages.likeness import PLATFORMS, addresses_in, locate
from handlers.people.changing import own_units
from handlers.people.finding import find_unit, full_name
from handlers.people.screens import paged
from storage import units
from storage.pages import Page

FILE_NAME = "trang-chinh-thuc.xlsx"

# So many pages that are like a reported one are named.
MOST_LIKE = 3

_LINES = Markup("\n")
_CHANGEABLE = ("name", "address", "manager", "contact")


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button about pages says."""
    if name in _FORMS_BY_ACT:
        return form.begin(_FORMS_BY_ACT[name], FORMS[_FORMS_BY_ACT[name]], data, context)
    if name in _SCREENS:
        return [_SCREENS[name](data, context)]
    return [Reply(context.texts.rich("menu.stale"))]


def warnings(reported: str, context: Context) -> list[Markup]:
    """Return a line for each official page that what somebody reports is like, the likest first."""
    found = service.like(context.database, reported)[:MOST_LIKE]
    return [
        context.texts.rich(
            f"page.like_{match.likeness.name.lower()}",
            name=match.page.name,
            address=match.page.address or context.texts(f"platform.{match.page.platform}"),
            unit=_unit_name(match.page, context),
            state=context.texts(f"page.state_{match.page.state}"),
        )
        for match in found
    ]


def _home(_: str, context: Context) -> list[Reply]:
    living = own_units(context)
    if not living:
        raise NotAllowed("page.list")
    if len(living) == 1:
        return [_list({"unit": living[0].id}, context)]
    buttons = tuple(Button(unit.name, "pages.list", {"unit": unit.id}) for unit in living)
    return [Reply(context.texts.rich("page.units"), buttons)]


def _list(data: Data, context: Context) -> Reply:
    """The pages of a unit and of those below it."""
    unit = units.living(context.database, data["unit"])
    if unit is None:
        raise NotFound("no_such_unit")
    found = service.list_pages(context.scene, unit.id)
    texts = context.texts
    buttons = paged(
        [Button(_label(page, context), "pages.page", _of(page, context)) for page in found],
        data.get("page", 0),
        "pages.list",
        {"unit": unit.id},
        context,
    )
    if may(context.scene, "page.add", unit.id):
        buttons.append(Button(texts("page.add"), "pages.add", {"unit": unit.id}))
    if found:
        buttons.append(Button(texts("page.export"), "pages.export", {"unit": unit.id}))
    verified, stopped = sum(page.verified for page in found), sum(page.state == "stopped" for page in found)
    values = {"unit": full_name(context.database, unit), "count": len(found)}
    text = texts.rich("page.list" if found else "page.none", **values, verified=verified, stopped=stopped)
    return Reply(text, tuple(buttons), manner=Manner.INSTEAD)


def _show(data: Data, context: Context) -> Reply:
    """A page: what is written down of it, and what can be changed."""
    page = service.page_of(context.scene, data["unit"], data["number"])
    if not may(context.scene, "page.list", data["unit"]):
        raise NotFound("no_such_page")
    texts = context.texts
    lines = [
        texts.rich("page.page", name=page.name, platform=texts(f"platform.{page.platform}")),
        texts.rich(
            "page.stands",
            unit=_unit_name(page, context),
            verified=texts("page.verified" if page.verified else "page.not_verified"),
            state=texts(f"page.state_{page.state}"),
        ),
        *(
            texts.rich(
                "page.line", field=texts(f"page.field_{field}"), value=getattr(page, field) or texts("page.empty")
            )
            for field in ("address", "manager", "contact")
        ),
    ]
    buttons = []
    if may(context.scene, "page.change", data["unit"]):
        for field in _CHANGEABLE:
            label = texts("page.change", field=texts(f"page.field_{field}").lower())
            buttons.append(Button(label, "pages.change", {**data, "field": field}))
        switch = {
            "unverify" if page.verified else "verify": ("verified", "no" if page.verified else "yes"),
            "stop" if page.state == "used" else "use": ("state", "stopped" if page.state == "used" else "used"),
        }
        for label, (field, value) in switch.items():
            buttons.append(Button(texts(f"page.{label}"), "pages.set", {**data, "field": field, "value": value}))
        buttons.append(Button(texts("page.remove"), "pages.remove", data))
    if may(context.scene, "page.move", data["unit"]):
        buttons.append(Button(texts("page.move"), "pages.move", data))
    buttons.append(Button(texts("page.back"), "pages.list", {"unit": data["unit"]}))
    return Reply(_LINES.join(lines), tuple(buttons), manner=Manner.INSTEAD)


def _set(data: Data, context: Context) -> Reply:
    service.change_page(context.scene, data["unit"], data["number"], data["field"], data["value"])
    return _show({"unit": data["unit"], "number": data["number"]}, context)


def _export(data: Data, context: Context) -> Reply:
    found = service.list_pages(context.scene, data["unit"])
    table = register.rows(context.database, found, context.texts)
    drawn = workbook.as_data(register.as_pages(context.texts("page.sheet"), table))
    return Reply(
        context.texts.rich("page.exported", count=len(found)),
        files=(Drawing(workbook.DRAWING, drawn, "document", FILE_NAME),),
    )


_SCREENS: Mapping[str, Callable[[Data, Context], Reply]] = {
    "list": _list,
    "page": _show,
    "set": _set,
    "export": _export,
}

_FORMS_BY_ACT = {"add": "page_add", "change": "page_change", "remove": "page_remove", "move": "page_move"}


# Forms


def _ask_platform(_: Data, context: Context) -> Reply:
    labels = {name: context.texts(f"platform.{name}") for name in PLATFORMS}
    choices = tuple(form.choice(label, name, "page_add", "platform") for name, label in labels.items())
    return Reply(context.texts.rich("page.ask_platform"), choices)


def _take_platform(typed: str, data: Data, context: Context) -> str | Done:
    # An address says what platform it is of.
    if addresses_in(typed):
        data["platform"], data["address"] = locate(typed).platform, typed
        return "name"
    data["platform"] = register.platform_of(typed)
    return "name"


def _ask(text: str) -> Callable[[Data, Context], Reply]:
    def ask(data: Data, context: Context) -> Reply:
        return Reply(context.texts.rich(f"page.{text}", field=context.texts(f"page.field_{data.get('field', 'name')}")))

    return ask


def _take_name(typed: str, data: Data, context: Context) -> str | Done:
    data["name"] = typed
    return _add(data, context) if data.get("address") else "address"


def _take_address(typed: str, data: Data, context: Context) -> str | Done:
    data["address"] = "" if form.yes_or_no(typed) is False else typed
    return _add(data, context)


def _add(data: Data, context: Context) -> Done:
    number = service.add_page(context.scene, data["unit"], data["platform"], data["name"], data["address"])
    return Done([_show({"unit": data["unit"], "number": number}, context)])


def _take_value(typed: str, data: Data, context: Context) -> str | Done:
    empties = data["field"] != "name" and form.yes_or_no(typed) is False
    service.change_page(context.scene, data["unit"], data["number"], data["field"], "" if empties else typed)
    return Done([_show({"unit": data["unit"], "number": data["number"]}, context)])


def _ask_remove(data: Data, context: Context) -> Reply:
    page = service.page_of(context.scene, data["unit"], data["number"])
    choices = (
        form.choice(context.texts("manage.yes"), "yes", "page_remove", "sure"),
        form.choice(context.texts("manage.no"), "no", "page_remove", "sure"),
    )
    return Reply(context.texts.rich("page.ask_remove", name=page.name), choices)


def _take_remove(typed: str, data: Data, context: Context) -> str | Done:
    answer = form.yes_or_no(typed)
    if answer is None:
        raise NotFound("yes_or_no")
    if not answer:
        return Done([_show({"unit": data["unit"], "number": data["number"]}, context)])
    service.remove_page(context.scene, data["unit"], data["number"])
    return Done([_list({"unit": data["unit"]}, context)])


def _take_unit(typed: str, data: Data, context: Context) -> str | Done:
    into = find_unit(context.database, typed).id
    service.move_page(context.scene, data["unit"], data["number"], into)
    return Done([_show({"unit": into, "number": data["number"]}, context)])


def _take_seen(typed: str, _: Data, context: Context) -> str | Done:
    return Done(_compare(typed, context))


FORMS: dict[str, Form] = {
    "page_add": {
        "platform": Step(_ask_platform, _take_platform),
        "name": Step(_ask("ask_name"), _take_name, digressions="first"),
        "address": Step(_ask("ask_address"), _take_address, digressions="first"),
    },
    "page_change": {"value": Step(_ask("ask_value"), _take_value, digressions="first")},
    "page_remove": {"sure": Step(_ask_remove, _take_remove)},
    "page_move": {"unit": Step(_ask("ask_unit"), _take_unit)},
    "page_compare": {"seen": Step(_ask("ask_seen"), _take_seen)},
}


def _check(argument: str, context: Context) -> list[Reply]:
    if not argument:
        return form.begin("page_compare", FORMS["page_compare"], {}, context)
    return _compare(argument, context)


def _compare(typed: str, context: Context) -> list[Reply]:
    service.compare(context.scene, typed)
    found = warnings(typed, context)
    texts = context.texts
    return [Reply(_LINES.join([*found, texts.rich("page.like_hint")]) if found else texts.rich("page.like_none"))]


COMMANDS = (
    Command(
        "trang",
        _home,
        ("trang chinh thuc", "cac trang", "danh sach trang", "trang cua don vi", "dang ky trang", "them trang"),
        offered=lambda context: bool(context.actor.roles),
    ),
    Command(
        "kiemtratrang",
        _check,
        ("kiem tra trang", "so sanh trang"),
        argument=lambda behind: bool(addresses_in(behind)),
        offered=lambda context: context.actor.joined,
    ),
)


def _label(page: Page, context: Context) -> str:
    stopped = context.texts("page.stopped_label") if page.state == "stopped" else ""
    return f"{page.name} ({context.texts(f'platform.{page.platform}')}){stopped}"


def _of(page: Page, context: Context) -> Data:
    return {"unit": service.place_of(context.database, page), "number": page.id}


def _unit_name(page: Page, context: Context) -> str:
    unit = units.get(context.database, service.place_of(context.database, page))
    return unit.name if unit else ""
