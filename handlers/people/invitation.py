"""An invitation into a unit in words: what is written in a chat, and what stands on the sheet to be pinned up."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from handlers.authorization import Scene
from handlers.context import Context
from handlers.conversation import Door, Drawing, Reply
from handlers.leading import is_full, roomiest
from handlers.office import Office
from handlers.people import joining, reading
from handlers.people.sheet import Sheet, draw
from handlers.texts import Texts
from storage import invitations, members, roles, units
from storage.database import Database
from storage.invitations import Invitation

DRAWING = "invitation"
"""The name of the sheet among the drawings."""

FILE_NAME = "moi-tham-gia.png"


def invite(unit: int, context: Context) -> Reply:
    """Return the invitation into a unit, with its sheet as a picture; raise Refusal."""
    scene = context.scene
    invitation = make(scene, unit)
    code = reading.shown_code(invitation.code)
    doors = roomiest(context.doors(invitation.code), scene.database)
    sheet = sheet_for(scene, invitation, doors, context.texts, context.office, context.zone)
    links = [where(door, scene.database, context.texts) for door in doors]
    until = shown_until(invitation, context.texts, context.zone)
    return Reply(
        Markup("\n").join(
            [
                context.texts.rich("invitation.code", unit=sheet.unit, code=code, until=until),
                *links,
                context.texts.rich("invitation.pass_on"),
            ]
        ),
        files=(Drawing(DRAWING, dataclasses.asdict(sheet), "photo", FILE_NAME),),
    )


def where(door: Door, database: Database, texts: Texts) -> Markup:
    """Return a bot in words: its link or name, and a warning where it has no room for anybody who follows it."""
    shown = texts.rich("invitation.link" if door.link else "invitation.found", name=door.name, link=door.link)
    full = [texts.rich("invitation.full", name=door.name)] if is_full(door, database) else []
    return Markup("\n").join([shown, *full])


def make(scene: Scene, unit: int) -> Invitation:
    """Return the invitation into a unit that is valid; a new one where there is none, or none for long. Refusal."""
    found = invitations.find(scene.database, joining.invite(scene, unit), scene.stamp)
    assert found is not None
    return found


def sheet_for(
    scene: Scene, invitation: Invitation, doors: Sequence[Door], texts: Texts, office: Office, zone: ZoneInfo
) -> Sheet:
    """Return what stands on the sheet of an invitation."""
    unit = units.get(scene.database, invitation.unit)
    assert unit is not None
    contacts = [
        member.name
        for person in roles.holders(scene.database, "contact", unit.id, scene.today)
        if (member := members.get(scene.database, person, scene.today))
    ]
    doors = [door for door in doors if door.link]
    if all(door.brings for door in doors):
        steps = ("sheet.scan", "sheet.follow", "sheet.type_instead") if doors else ("sheet.type", "sheet.follow")
    else:
        steps = ("sheet.scan_and_type", "sheet.follow", "sheet.type_instead")
    who = texts(
        "contact.who",
        contact=office.contact or texts("contact.nobody"),
        phone=texts("contact.phone", phone=office.phone) if office.phone else "",
        hours=texts("contact.hours", hours=office.hours) if office.hours else "",
    )
    return Sheet(
        office=office.name,
        introduced=texts("sheet.introduced", document=office.introduced_by) if office.introduced_by else "",
        unit=unit.name,
        title=texts("sheet.title"),
        doors=tuple(doors),
        steps=tuple(texts(step) for step in steps),
        code_label=texts("sheet.code"),
        code=reading.shown_code(invitation.code),
        valid=texts("sheet.valid", until=shown_until(invitation, texts, zone)),
        contact=(
            *([texts("sheet.contact", names=", ".join(contacts))] if contacts else []),
            texts("sheet.office_contact", who=who),
        ),
        warning=texts("sheet.warning"),
    )


def shown_until(invitation: Invitation, texts: Texts, zone: ZoneInfo) -> str:
    """Return until when an invitation is valid, as the office's clock shows it."""
    until = dt.datetime.fromisoformat(invitation.expires_at).astimezone(zone)
    return texts("invitation.until", time=until.strftime("%H:%M"), day=until.strftime("%d/%m/%Y"))


def draw_sheet(data: dict[str, Any]) -> bytes:
    """Draw the sheet that a reply carries."""
    lists = {name: tuple(data[name]) for name in ("steps", "contact")}
    return draw(Sheet(**{**data, **lists, "doors": tuple(Door(**door) for door in data["doors"])}))
