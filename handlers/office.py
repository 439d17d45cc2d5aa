"""What an office says of itself: the file `office.toml` in its folder (`UNGXU_OFFICE`)."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from handlers.errors import OfficeError
from handlers.retention import Retention, bounds

FILE_NAME = "office.toml"

# What may be written for each of these.
_DAYS = {f"retention.{name}": "-".join(map(str, bounds(name))) for name in Retention.model_fields}


class Office(BaseModel):
    """The office whose bot this is. Every field may be left out; answers then leave the line out.

    Attributes:
        name: the office.
        introduced_by: the document that introduces the bot.
        contact: whom to ask, a post or a unit rather than a person.
        phone, hours: how and when to reach the contact.
        province: the province it belongs to; letters of others are shown as reference.
        documents: ids of the documents that apply, all of them where empty.
        report_prefix: what the numbers of reports begin with.
        approvals: names of the acts that the head approves before they are done ("unit.merge").
        members_only: whether only who has joined is answered.
        anonymous_reports: whether an account can be reported without a name.
        retention: how long what is kept is kept.
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
    report_prefix: str = Field(default="BC", pattern=r"^[A-ZĐ]{1,6}$")
    members_only: bool = False
    anonymous_reports: bool = True
    retention: Retention = Retention()


def load_office(folder: Path | None) -> Office:
    """Read an office's file; no folder, or a folder without the file, is an office that said nothing.

    Raises OfficeError for a folder that does not exist and for anything wrong in the file.
    """
    if folder is None:
        return Office()
    if not folder.is_dir():
        raise OfficeError(str(folder), "", "no_such_folder")
    path = folder / FILE_NAME
    if not path.exists():
        return Office()
    try:
        return Office.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OfficeError(str(path), "", "bad_toml", str(error)) from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        if place in _DAYS:
            raise OfficeError(str(path), place, "days", _DAYS[place]) from None
        value = place if fault["type"] == "extra_forbidden" else str(fault["input"])
        raise OfficeError(str(path), place, fault["type"], value) from None
