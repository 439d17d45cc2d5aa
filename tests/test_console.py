"""The commands for whoever works on the machine: units, members, roles, invitations, what was done, and rights."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bot.console
from bot.explaining import TEXTS
from bot.rights import table
from handlers.authorization import ACTS, Actor, Scene
from handlers.people import joining, service
from storage import audit, members, people, roles, units
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from storage.people import Address, person_at
from tests.botapi.client import BotApi
from tests.conftest import NOW, TODAY
from tests.helpers import Command, Ended, locked, one_clear_line, run_main
from tests.telegram_bot import BOT_NAME
from tests.test_invitation import codes
from tests.test_rights import EXPECTED
from tests.zaloapi.client import ZaloApi

DAY = TODAY.isoformat()
ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and the clock of the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bot.console, "utc_now", lambda: NOW)
    return tmp_path


@pytest.fixture
def ungxu(monkeypatch: pytest.MonkeyPatch) -> Command:
    return lambda *arguments: run_main(monkeypatch, *arguments)


@pytest.fixture
def did(ungxu: Command) -> Callable[..., str]:
    """Run a command that goes well and return what it said."""

    def run(*arguments: str) -> str:
        ended: Ended = ungxu(*arguments)
        assert (ended.code, ended.err) == (0, "")
        return ended.out

    return run


@pytest.fixture
def stored(here: Path) -> Iterator[Database]:
    """The database that the commands use, with an office in it."""
    opened = Database(here / "data" / FILE_NAME)
    with opened.transaction():
        scene = Scene(opened, Actor(CONSOLE), NOW, TODAY)
        top = service.create_unit(scene, "Sở Ví Dụ")
        for name in ("Phòng Một", "Phòng Hai"):
            service.create_under(scene, top, name)
        opened.run("DELETE FROM audit")
    yield opened
    opened.close()


def unit(database: Database, name: str) -> int:
    (found,) = units.called(database, name)
    return found.id


def joined(database: Database, name: str, place: str = "phong mot") -> int:
    """Somebody who has joined a unit from an account of his own."""
    account = Address("vidu", "bot-1", name, name)
    with database.transaction():
        person = person_at(database, account, NOW.isoformat())
        console = Scene(database, Actor(CONSOLE), NOW, TODAY)
        code = joining.invite(console, unit(database, place))
        joining.join_by_invitation(Scene(database, Actor(person), NOW, TODAY), code, name, "chuyên viên")
    return person


# Units


def test_a_tree_is_built_and_shown(did: Callable[..., str], here: Path) -> None:
    assert did("unit", "add", "Sở Ví Dụ") == "Đã thêm: Sở Ví Dụ\n"
    assert did("unit", "add", "Phòng Một", "--under", "so vi du") == "Đã thêm: Sở Ví Dụ / Phòng Một\n"
    did("unit", "add", "Tổ Một", "--under", "Sở Ví Dụ / Phòng Một")
    did("member", "add", "Trần Ví Dụ", "--unit", "tổ một", "--position", "kế toán", "--code", "cb-01")
    assert did("unit", "list").splitlines() == [
        "Sở Ví Dụ: chưa có người",
        "  Phòng Một: chưa có người",
        "    Tổ Một: 1 chưa tham gia",
    ]
    assert [json.loads(line) for line in did("unit", "list", "--json").splitlines()][-1] == {
        "unit": "Tổ Một",
        "path": "Sở Ví Dụ / Phòng Một / Tổ Một",
        "members": {"listed": 1},
        "contacts": [],
    }


def test_a_unit_is_renamed_moved_merged_and_closed(did: Callable[..., str], stored: Database) -> None:
    one = unit(stored, "phong mot")
    assert did("unit", "rename", "phong mot", "Phòng Mới") == "“Phòng Một” nay là: Sở Ví Dụ / Phòng Mới\n"
    assert did("unit", "move", "phòng mới", "--under", "Phòng Hai") == "Nay là: Sở Ví Dụ / Phòng Hai / Phòng Mới\n"
    assert did("unit", "move", "phòng mới", "--top") == "Nay là: Phòng Mới\n"
    assert did("unit", "merge", "Phòng Mới", "phong hai") == (
        "Phòng Mới đã sáp nhập vào Sở Ví Dụ / Phòng Hai; 0 người chuyển theo.\n"
    )
    assert did("unit", "close", "phòng mới") == "Đã đóng: Sở Ví Dụ / Phòng Hai\n"
    found = units.get(stored, one)
    assert found is not None
    assert found.successor == 3


def test_an_old_name_is_understood(did: Callable[..., str], stored: Database) -> None:
    # A name has to have held for a day to be an old one.
    with stored.transaction():
        units.rename(stored, unit(stored, "phong mot"), "Phòng Mới", "phong moi", "2026-11-22")
    assert did("member", "add", "Trần Ví Dụ", "--unit", "phòng một").startswith("Đã thêm: Trần Ví Dụ")
    assert did("member", "list").splitlines()[0] == "Sở Ví Dụ / Phòng Mới"


def test_a_name_with_a_stroke_is_a_name(did: Callable[..., str], stored: Database) -> None:
    did("unit", "add", "Tổ 1/2", "--under", "phong mot")
    assert did("unit", "rename", "tổ 1/2", "Tổ 3") == "“Tổ 1/2” nay là: Sở Ví Dụ / Phòng Một / Tổ 3\n"


def test_several_units_of_a_name_are_listed(ungxu: Command, did: Callable[..., str], stored: Database) -> None:
    did("unit", "add", "Phòng Một", "--under", "phòng hai")
    said = one_clear_line(ungxu("unit", "close", "phong mot"))
    assert "Sở Ví Dụ / Phòng Một; Sở Ví Dụ / Phòng Hai / Phòng Một" in said
    assert did("unit", "close", "Phòng Hai / Phòng Một") == "Đã đóng: Sở Ví Dụ / Phòng Hai / Phòng Một\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("unit", "rename", "phong ba", "x"), TEXTS("refused.no_such_unit")),
        (("unit", "rename", "phong mot", "phòng hai"), TEXTS("refused.unit_exists", unit="Phòng Hai")),
        (("unit", "close", "so vi du"), TEXTS("refused.unit_not_empty", unit="Sở Ví Dụ")),
        (("unit", "merge", "so vi du", "phong mot"), TEXTS("refused.unit_under_itself", unit="Sở Ví Dụ")),
        (("member", "show", "Không Ai"), TEXTS("refused.no_such_member")),
        (("invite", "phong ba"), TEXTS("refused.no_such_unit")),
    ],
)
def test_a_refusal_is_told_as_in_a_chat(
    ungxu: Command, stored: Database, arguments: tuple[str, ...], told: str
) -> None:
    assert one_clear_line(ungxu(*arguments)) == told
    assert audit.entries(stored, "", 10) == []


@pytest.mark.parametrize("command", [("unit", "list"), ("member", "list"), ("audit",), ("unit", "close", "x")])
def test_a_wrong_folder_is_told_and_stays_empty(ungxu: Command, here: Path, command: tuple[str, ...]) -> None:
    assert str(here / "data" / FILE_NAME) in one_clear_line(ungxu(*command))
    assert list(here.iterdir()) == []


def test_a_folder_that_cannot_be_read_is_named(ungxu: Command, here: Path) -> None:
    (here / "data").write_text("")
    assert "UNGXU_DATA" in one_clear_line(ungxu("unit", "list"))


def test_a_busy_storage_is_told(ungxu: Command, stored: Database, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 50)
    with locked(here / "data" / FILE_NAME):
        assert "đang bận" in one_clear_line(ungxu("unit", "add", "Phòng Ba"))


def test_nothing_is_there_yet(did: Callable[..., str], here: Path) -> None:
    Database(here / "data" / FILE_NAME).close()
    assert did("unit", "list") == TEXTS("console.no_units") + "\n"
    assert did("member", "list") == TEXTS("console.nobody") + "\n"
    assert did("role", "list") == TEXTS("console.no_roles") + "\n"
    assert did("audit") == TEXTS("console.no_acts") + "\n"
    for command in (("unit", "list"), ("member", "list"), ("role", "list"), ("audit",)):
        assert did(*command, "--json") == ""


# Members


def test_a_member_is_found_by_code_and_by_name(did: Callable[..., str], stored: Database) -> None:
    did("member", "add", "Trần Ví Dụ", "--unit", "phong mot", "--position", "kế toán", "--code", "CB-01")
    shown = did("member", "show", "cb 01")
    assert shown == did("member", "show", "tran vi du")
    assert shown.splitlines() == [
        "Trần Ví Dụ, kế toán, mã CB01, chưa tham gia",
        "  Sở Ví Dụ / Phòng Một: từ 21/11/2026",
        "  Tài khoản nhắn tin: 0",
    ]


def test_several_of_a_name_are_listed_and_told_apart_by_their_unit(
    ungxu: Command, did: Callable[..., str], stored: Database
) -> None:
    did("member", "add", "Trần Ví Dụ", "--unit", "phong mot", "--code", "CB-01")
    did("member", "add", "Trần Ví Dụ", "--unit", "phong hai")
    said = one_clear_line(ungxu("member", "leave", "tran vi du"))
    assert "Trần Ví Dụ, Phòng Một, CB01; Trần Ví Dụ, Phòng Hai" in said
    assert did("member", "leave", "Trần Ví Dụ / Phòng Hai") == "Trần Ví Dụ đã thôi tham gia.\n"
    assert did("member", "show", "tran vi du").startswith("Trần Ví Dụ, mã CB01")


@pytest.mark.parametrize("day", ["05/12/2026", "2026-12-05", "5/12/2026"])
def test_a_transfer_holds_from_its_day(did: Callable[..., str], stored: Database, day: str) -> None:
    person = joined(stored, "Trần Ví Dụ")
    said = did("member", "transfer", "tran vi du", "phong hai", "--from", day)
    assert said == "Trần Ví Dụ thuộc Sở Ví Dụ / Phòng Hai từ ngày 05/12/2026.\n"
    assert [place for place, _, _ in members.history(stored, person)] == [3, 2]
    assert "  Sở Ví Dụ / Phòng Một: từ 21/11/2026 đến trước 05/12/2026" in did("member", "show", "tran vi du")


@pytest.mark.parametrize("day", ["31/02/2026", "hôm nay", "05-12-2026", ""])
def test_what_is_no_day_is_told(ungxu: Command, stored: Database, day: str) -> None:
    for command in (("member", "transfer", "x", "phong hai", "--from", day), ("audit", "--since", day)):
        ended = ungxu(*command)
        assert ended.code == 2
        assert "không phải ngày: ghi 05/12/2026 hoặc 2026-12-05" in ended.err


def test_everybody_is_listed_under_his_unit(did: Callable[..., str], stored: Database) -> None:
    joined(stored, "Trần Ví Dụ")
    joined(stored, "Lê Ví Dụ", "phong hai")
    with stored.transaction():
        claimant = person_at(stored, Address("vidu", "bot-1", "quan-tri", "quan-tri"), NOW.isoformat())
        joining.claim(Scene(stored, Actor(claimant), NOW, TODAY), joining.make_claim(stored, NOW), "Phạm Ví Dụ")
        members.transfer(stored, claimant, None, DAY)
    assert did("member", "list").splitlines() == [
        "Sở Ví Dụ / Phòng Hai",
        "  Lê Ví Dụ, chuyên viên, đã tham gia",
        "Sở Ví Dụ / Phòng Một",
        "  Trần Ví Dụ, chuyên viên, đã tham gia",
        "(chưa thuộc đơn vị nào)",
        "  Phạm Ví Dụ, đã tham gia, quản trị",
    ]
    assert len(did("member", "list", "so vi du", "--json").splitlines()) == 2
    (only,) = did("member", "list", "phong hai", "--json").splitlines()
    assert json.loads(only) == json.loads(did("member", "show", "le vi du", "--json"))
    assert json.loads(only)["unit"] == "Sở Ví Dụ / Phòng Hai"


def test_an_account_is_held_and_restored(did: Callable[..., str], stored: Database) -> None:
    person = joined(stored, "Trần Ví Dụ")
    assert "Đã tạm khóa tài khoản của Trần Ví Dụ (1)" in did("member", "hold", "tran vi du")
    assert people.has_held(stored, person)
    assert "đang tạm khóa" in did("member", "show", "tran vi du")
    assert did("member", "restore", "tran vi du") == "Đã mở lại tài khoản của Trần Ví Dụ (1).\n"
    assert not people.has_held(stored, person)


# Roles


def test_a_role_is_given_for_ones_own_unit_and_taken(did: Callable[..., str], stored: Database) -> None:
    person = joined(stored, "Trần Ví Dụ")
    assert did("role", "give", "tran vi du", "dau-moi") == "Trần Ví Dụ nay là đầu mối (Sở Ví Dụ / Phòng Một).\n"
    assert did("unit", "list").splitlines()[2] == "  Phòng Một: 1 đã tham gia; đầu mối: Trần Ví Dụ"
    assert did("role", "take", "tran vi du", "dau-moi") == "Trần Ví Dụ thôi là đầu mối (Sở Ví Dụ / Phòng Một).\n"
    assert roles.of(stored, person, DAY) == []


def test_who_has_a_role_for_several_units_is_asked_which(
    ungxu: Command, did: Callable[..., str], stored: Database
) -> None:
    joined(stored, "Trần Ví Dụ")
    did("role", "give", "tran vi du", "lanh-dao")
    did("role", "give", "tran vi du", "lanh-dao", "--unit", "so vi du")
    said = one_clear_line(ungxu("role", "take", "tran vi du", "lanh-dao"))
    assert "Sở Ví Dụ / Phòng Một; Sở Ví Dụ." in said
    assert "(Sở Ví Dụ)" in did("role", "take", "tran vi du", "lanh-dao", "--unit", "so vi du")


def test_the_roles_are_listed_with_absences(did: Callable[..., str], stored: Database) -> None:
    an, binh = joined(stored, "Trần Ví Dụ"), joined(stored, "Lê Ví Dụ")
    did("role", "give", "tran vi du", "dau-moi")
    did("role", "give", "le vi du", "quan-tri")
    with stored.transaction():
        roles.be_absent(stored, an, "2026-12-05", binh)
    assert did("role", "list").splitlines() == [
        "quản trị: Lê Ví Dụ",
        "đầu mối (Sở Ví Dụ / Phòng Một): Trần Ví Dụ; vắng đến hết ngày 05/12/2026, Lê Ví Dụ thay",
    ]
    assert json.loads(did("role", "list", "--json").splitlines()[1]) == {
        "name": "Trần Ví Dụ",
        "role": "contact",
        "unit": "Sở Ví Dụ / Phòng Một",
        "absent_until": "2026-12-05",
        "substitute": "Lê Ví Dụ",
    }
    assert "  Vắng đến hết ngày 05/12/2026, Lê Ví Dụ thay" in did("member", "show", "tran vi du")


def test_the_last_administrator_stays(ungxu: Command, did: Callable[..., str], stored: Database) -> None:
    joined(stored, "Trần Ví Dụ")
    did("role", "give", "tran vi du", "quan-tri")
    assert one_clear_line(ungxu("role", "take", "tran vi du", "quan-tri")) == TEXTS("refused.last_administrator")
    assert one_clear_line(ungxu("member", "leave", "tran vi du")) == TEXTS("refused.last_administrator")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("role", "give", "x", "truong-phong"), "ghi dau-moi, lanh-dao, quan-tri."),
        (("unit", "move", "x"), TEXTS("cli.unit_move_where")),
        (("unit", "move", "x", "--top", "--under", "y"), TEXTS("cli.unit_move_where")),
        (("invite", "x", "--revoke", "--sheet", "a.png"), TEXTS("cli.invite_only_revoke")),
    ],
)
def test_a_wrong_call_is_told(ungxu: Command, arguments: tuple[str, ...], fault: str) -> None:
    ended = ungxu(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert fault in ended.err


# Invitations


def test_an_invitation_without_a_messenger_has_its_code_alone(
    did: Callable[..., str], stored: Database, here: Path
) -> None:
    first, until, written = did("invite", "phong mot", "--sheet", "moi.png").splitlines()
    assert first.startswith("Mã mời vào Sở Ví Dụ / Phòng Một: ")
    assert (until, written) == ("Dùng được đến 10:00 ngày 21/12/2026", "Đã ghi moi.png")
    assert codes((here / "moi.png").read_bytes()) == []
    assert did("invite", "phong mot").splitlines()[0] == first
    assert did("invite", "phong mot", "--revoke") == "Đã hủy 1 mã mời vào Phòng Một.\n"
    assert did("invite", "phong mot").splitlines()[0] != first


@pytest.mark.parametrize("name", ["vidu_bot", "@vidu_bot"])
def test_the_name_of_the_bot_may_be_given(did: Callable[..., str], stored: Database, here: Path, name: str) -> None:
    said = json.loads(did("invite", "phong mot", "--bot", name, "--sheet", "moi.PNG", "--json"))
    link = f"https://t.me/vidu_bot?start={said['code'].replace('-', '')}"
    assert said["links"] == [{"name": "Telegram @vidu_bot", "link": link}]
    assert codes((here / "moi.PNG").read_bytes()) == [link]


def test_the_name_of_the_bot_is_asked_of_telegram(
    did: Callable[..., str], stored: Database, here: Path, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNGXU_TELEGRAM_TOKEN", api.token)
    monkeypatch.setenv("UNGXU_TELEGRAM_API_URL", api.url)
    said = did("invite", "phong mot", "--sheet", "moi.png")
    (link,) = codes((here / "moi.png").read_bytes())
    assert link.startswith(f"https://t.me/{BOT_NAME}?start=")
    assert f"Telegram @{BOT_NAME}: {link}" in said.splitlines()


def test_of_several_bots_on_zalo_that_with_room_is_shown(
    did: Callable[..., str], stored: Database, here: Path, zalo: ZaloApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TOKENS": ",".join(zalo.tokens), "NAMES": "Bot Một,Bot Hai", "API_URL": zalo.url}.items():
        monkeypatch.setenv(f"UNGXU_ZALO_{name}", value)
    links = [f"https://bot.zaloplatforms.com/bots/145900000000000000{number}" for number in (0, 1)]
    for number, (name, link) in enumerate(zip(("Bot Một", "Bot Hai"), links, strict=True)):
        said = did("invite", "phong mot", "--sheet", "moi.png")
        assert f"Zalo {name}: {link}" in said.splitlines()
        assert codes((here / "moi.png").read_bytes()) == [link]
        with stored.transaction():
            person_at(stored, Address("zalo", f"1000{number + 1}", "x", "x"), NOW.isoformat())
    # The office's own links, without asking anybody.
    monkeypatch.setenv("UNGXU_ZALO_LINKS", "https://zalo.vidu.example/1, https://zalo.vidu.example/2")
    monkeypatch.setenv("UNGXU_ZALO_API_URL", "http://127.0.0.1:9")
    assert "Zalo Bot Một: https://zalo.vidu.example/1" in did("invite", "phong mot", "--sheet", "moi.png")


def test_without_a_network_there_is_a_code_but_no_sheet(
    ungxu: Command, did: Callable[..., str], stored: Database, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNGXU_TELEGRAM_TOKEN", "123456789:" + "A" * 35)
    monkeypatch.setenv("UNGXU_TELEGRAM_API_URL", "http://127.0.0.1:9")
    assert "--bot" in one_clear_line(ungxu("invite", "phong mot", "--sheet", "moi.png"))
    assert not (here / "moi.png").exists()
    assert stored.rows("SELECT id FROM invitations") == []
    assert "--bot" in did("invite", "phong mot").splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--sheet", "moi.doc"), TEXTS("console.sheet_form", file="moi.doc")),
        (("--sheet", "khong-co/moi.pdf"), "khong-co/moi.pdf: không ghi được"),
        (("--bot", "Trợ lý"), TEXTS("console.bad_bot", name="Trợ lý")),
        (("--bot", "https://t.me/vidu_bot"), TEXTS("console.bad_bot", name="https://t.me/vidu_bot")),
    ],
)
def test_what_cannot_be_used_for_a_sheet_is_told(
    ungxu: Command, stored: Database, options: tuple[str, ...], told: str
) -> None:
    assert told in one_clear_line(ungxu("invite", "phong mot", *options))


# What was done


def test_what_was_done_is_told_in_words(did: Callable[..., str], stored: Database) -> None:
    person = joined(stored, "Trần Ví Dụ")
    did("role", "give", "tran vi du", "quan-tri")
    with stored.transaction():
        audit.record(stored, (NOW + dt.timedelta(days=1)).isoformat(), person, "unit.rename", "unit 2", 2)
        audit.record(stored, (NOW + dt.timedelta(days=2)).isoformat(), 99, "viec.cu", "person 98")
    lines = did("audit").splitlines()
    assert lines[:3] == [
        "23/11/2026 10:00  người số 99: viec.cu (người số 98)",
        "22/11/2026 10:00  Trần Ví Dụ: Đổi tên đơn vị (Sở Ví Dụ / Phòng Một)",
        "21/11/2026 10:00  tại máy chủ: Giao vai trò (Trần Ví Dụ, Sở Ví Dụ / Phòng Một)",
    ]
    assert did("audit", "--limit", "1").splitlines() == lines[:1]
    assert did("audit", "--since", "22/11/2026").splitlines() == lines[:2]
    assert json.loads(did("audit", "--since", "2026-11-22", "--json").splitlines()[1]) == {
        "at": "2026-11-22T10:00:00+07:00",
        "actor": "Trần Ví Dụ",
        "actor_id": person,
        "act": "unit.rename",
        "subject": "Sở Ví Dụ / Phòng Một",
    }


def test_a_day_begins_at_midnight_of_the_office(did: Callable[..., str], stored: Database) -> None:
    with stored.transaction():
        for hour in (16, 17):
            audit.record(stored, f"2026-11-22T{hour}:30:00+00:00", CONSOLE, "unit.close", "unit 2", 2)
    assert len(did("audit", "--since", "23/11/2026").splitlines()) == 1


# Rights


def test_the_page_of_rights_is_that_of_today(did: Callable[..., str]) -> None:
    page = (ROOT / "docs" / "quyen-han.md").read_text(encoding="utf-8")
    assert page == did("rights"), "make rights"


def test_the_table_says_what_the_services_do() -> None:
    words = {"-": "–", "self": "của mình", "unit": "đơn vị mình", "all": "tất cả"}
    rows = [line.strip("| ").split(" | ") for line in table(TEXTS).splitlines() if line.startswith("|")][2:]
    assert sorted(row[-1].strip("`") for row in rows) == sorted(ACTS)
    for row in rows:
        expected = EXPECTED[row[-1].strip("`")].values()
        without_target = ACTS[row[-1].strip("`")].target is None
        assert row[1:-1] == ["được" if without_target and reach == "all" else words[reach] for reach in expected], row
