"""A group in Zalo as a destination of reports: named in it by an administrator, and told without numbers to type."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from handlers.destinations import FILE_NAME as ROUTING
from storage import members, people, roles, units
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from storage.people import Address
from tests.telegram_bot import running
from tests.zalo_bot import BOT_NAME, said_in, zalo_settings_for
from tests.zaloapi.client import ZaloApi


def test_a_group_gets_each_report_and_who_may_not_cannot_name_it(
    zalo: ZaloApi, person: str, other: str, tmp_path: Path, documents_loaded_once: None
) -> None:
    group = zalo.group(1, person, other)
    office = tmp_path / "co-quan"
    office.mkdir()
    (office / ROUTING).write_text('[destination.to]\nchat = true\n[[rule]]\nto = ["to", "contact"]\n')
    with running(zalo_settings_for(zalo, tmp_path, office=office)):
        zalo.say(person, "xin chào")
        said_in(zalo, person)
        _appoint(tmp_path, person)
        zalo.say(other, f"@{BOT_NAME} /noinhan to", group)
        assert "chưa được giao quyền" in said_in(zalo, group, 1)[-1].text
        zalo.say(person, f"@{BOT_NAME} /noinhan to", group)
        assert "báo cáo gửi tới “to” sẽ vào đây" in said_in(zalo, group, 2)[-1].text
        for text in ("facebook chị kế toán bị hack, đang mượn tiền", "Ví Dụ 88", "0987654321"):
            zalo.say(other, text)
        card = said_in(zalo, group, 3)[-1].text
        assert card.splitlines() == [
            "Báo cáo mới BC-1",
            "Mất quyền, bị hack",
            "Đơn vị: Phòng Một",
            "Thiệt hại: đang hỏi tiền",
        ]
        # To whom it is sent alone, it is with what can be done by typing a number.
        seen = zalo.wait_for(lambda records: any("Báo cáo mới BC-1" in one.text for one in records), person)
        assert any("Báo cáo mới BC-1" in one.text and "Nhận xử lý" in one.text for one in seen)


def _appoint(folder: Path, person: str) -> None:
    """Make somebody who has written the administrator and the only member."""
    now = dt.datetime.now(dt.UTC).isoformat()
    database = Database(folder / FILE_NAME)
    with database.transaction():
        unit = units.create(database, "Phòng Một", "phong mot", None, now[:10])
        row = database.row("SELECT * FROM addresses WHERE sender = :sender", {"sender": person})
        assert row is not None
        place = Address(row["channel"], row["account"], row["chat"], row["sender"])
        number = people.person_at(database, place, now)
        members.put(database, number, name="Người Ví Dụ", folded="x", position="", code=None, state="joined", now=now)
        members.transfer(database, number, unit, now[:10])
        roles.give(database, number, "administrator", None, CONSOLE, now)
    database.close()
