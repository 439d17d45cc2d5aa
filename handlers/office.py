"""What an office says of itself: the file `office.toml` in its folder (`UNGXU_OFFICE`)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from handlers import calendar
from handlers.calendar import Calendar
from handlers.deadlines import Deadlines
from handlers.errors import OfficeError
from handlers.retention import Retention, bounds

FILE_NAME = "office.toml"

# What may be written for each of these.
_DAYS = {f"retention.{name}": "-".join(map(str, bounds(name))) for name in Retention.model_fields}


Part = TypeVar("Part", bound=BaseModel)


class Reminder(BaseModel):
    """A broadcast that is ready to be sent.

    Attributes:
        id: its name; one of the office takes the place of a built-in one of the same id.
        title: what it is chosen by.
        text: the words, with simple marks.
        basis: the document it is based on.
        provision: the id of a provision that a button opens, "" for none, "month" for another one each month.
        confirm: whether people are asked to confirm that they have read and understood it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: str = Field(pattern=r"^[a-z0-9-]{1,60}$")
    title: str
    text: str
    basis: str = ""
    provision: str = ""
    confirm: bool = True


class Office(BaseModel):
    """The office whose bot this is. Every field may be left out; answers then leave the line out.

    Attributes:
        name: the office.
        introduced_by: the document that introduces the bot.
        contact: whom to ask, a post or a unit rather than a person.
        phone, hours: how and when to reach the contact.
        province: the province it belongs to; letters of others are shown as reference.
        documents: ids of the documents that apply, all of them where empty.
        parent: the body above it, as it stands at the head of official documents.
        symbol: its letters in the numbers of documents, "SVD" in "12/BC-SVD".
        place: where it is, as it stands before the date of documents.
        signer: who signs what is handed upward, a post.
        period_begins: the day of the month on which the periods begin that are reported on.
        report_prefix: what the numbers of reports begin with.
        approvals: names of the acts that the head approves before they are done ("unit.merge").
        members_only: whether only who has joined is answered.
        anonymous_reports: whether an account can be reported without a name.
        retention: how long what is kept is kept.
        deadlines: how long a report may take.
        calendar: when the office works; it stands in a file of its own.
        confirm_above: whoever sends a broadcast to more people than this types their number.
        reminders: broadcasts that are ready to be sent, beside the built-in ones.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str = ""
    introduced_by: str = ""
    contact: str = ""
    phone: str = ""
    hours: str = ""
    province: str | None = None
    documents: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    parent: str = ""
    symbol: str = Field(default="", pattern=r"^[A-ZĐ0-9.&-]{0,20}$")
    place: str = ""
    signer: str = ""
    period_begins: int = Field(default=15, ge=1, le=28)
    report_prefix: str = Field(default="BC", pattern=r"^[A-ZĐ]{1,6}$")
    members_only: bool = False
    anonymous_reports: bool = True
    retention: Retention = Retention()
    deadlines: Deadlines = Deadlines()
    calendar: Calendar = Calendar()
    confirm_above: int = Field(default=100, ge=0)
    reminders: tuple[Reminder, ...] = ()


def load_office(folder: Path | None) -> Office:
    """Read an office's file; no folder, or a folder without the file, is an office that said nothing.

    Raises OfficeError for a folder that does not exist and for anything wrong in the file.
    """
    if folder is None:
        return Office()
    if not folder.is_dir():
        raise OfficeError(str(folder), "", "no_such_folder")
    said = _read(folder / FILE_NAME)
    if "calendar" in said:
        raise OfficeError(str(folder / FILE_NAME), "calendar", "extra_forbidden", "calendar")
    days = _validated(folder / calendar.FILE_NAME, Calendar)
    return _validated(folder / FILE_NAME, Office).model_copy(update={"calendar": days})


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OfficeError(str(path), "", "bad_toml", str(error)) from None


def _validated(path: Path, model: type[Part]) -> Part:
    """What a file says; a file that does not exist says nothing."""
    try:
        return model.model_validate(_read(path))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        if place in _DAYS:
            raise OfficeError(str(path), place, "days", _DAYS[place]) from None
        value = place if fault["type"] == "extra_forbidden" else str(fault["input"])
        raise OfficeError(str(path), place, fault["type"], fault.get("ctx", {}).get("value", value)) from None
