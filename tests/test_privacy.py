"""Everybody sees, corrects, withdraws and deletes what is kept about him, and nobody anything of another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.settings import Settings
from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.conversation import Incoming, Reply
from handlers.errors import NotAllowed, NotFound, NotPossible
from handlers.people import joining, reading
from handlers.people import service as office
from handlers.privacy import service
from handlers.retention import in_words
from handlers.router import handle
from handlers.texts import Texts
from storage import approvals, audit, blobs, chats, consents, dialogues, fetches, members, outbox, people, roles
from storage.audit import CONSOLE
from storage.database import Database
from storage.dialogues import Dialogue
from storage.people import Address, person_at
from tests.botapi.client import BotApi
from tests.conftest import NOW, TODAY
from tests.conversations import Conversation, hold, read, whole
from tests.telegram_bot import PERSON, RunningBot, eventually, rows, said
from tests.test_first_contact import ROWS
from tests.test_first_contact import rows as shown_rows

pytestmark = pytest.mark.every_channel

DAY = TODAY.isoformat()
STAMP = NOW.isoformat()

# Tables in which the number of somebody who is gone may stand: what he did, and what he agreed to.
BY_NUMBER = {"roles", "audit", "consents", "approvals", "people", "invitations", "join_requests", "claims"}


def place(name: str) -> Address:
    return Address("telegram", "bot-1", f"chat-{name}-xyz", f"{name}-xyz")


@pytest.fixture
def unit(console: Scene) -> int:
    return office.create_under(console, office.create_unit(console, "Sở Ví Dụ"), "Phòng Ví Dụ")


def joined(context: Context, console: Scene, unit: int, name: str, called: str) -> Conversation:
    conversation = Conversation(context, place(name))
    code = reading.shown_code(joining.invite(console, unit))
    hold(conversation, [(code, "đồng ý không"), ("có", "họ và tên"), (called, "Chức vụ"), ("kế toán", "đã tham gia")])
    return conversation


@pytest.fixture
def an(context: Context, console: Scene, unit: int) -> Conversation:
    return joined(context, console, unit, "an", "Trần Văn Mẫu")


@pytest.fixture
def stranger(context: Context) -> Conversation:
    return Conversation(context, place("la"))


def buttons(reply: Reply) -> list[str]:
    return [button.label for button in reply.buttons]


def stored(database: Database) -> Mapping[str, str]:
    """Everything in every table, as text."""
    tables = [row["name"] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: str([dict(row) for row in database.rows(f"SELECT * FROM {table}")]) for table in tables}


def holding(database: Database, *words: str) -> set[str]:
    return {table for table, text in stored(database).items() if any(word in text for word in words)}


def naming(database: Database, person: int) -> set[str]:
    """The tables in which the number of a person stands, in whichever column that names people."""
    found = set()
    for table in stored(database):
        for column in [row["name"] for row in database.rows(f"PRAGMA table_info({table})")]:
            is_person = column.endswith(("person_id", "_by", "actor_id", "substitute_id", "listed_id"))
            if (is_person or (table, column) == ("people", "id")) and database.row(
                f"SELECT 1 AS one FROM {table} WHERE {column} = :person", {"person": person}
            ):
                found.add(table)
    return found


# Seeing


@pytest.mark.parametrize("asked", ["/dulieu", "du lieu cua toi", "xem dữ liệu", "quyền riêng tư", "rút đồng ý"])
def test_a_member_sees_everything_on_one_screen(an: Conversation, console: Scene, unit: int, asked: str) -> None:
    office.give_role(console, an.context.person, "contact", unit)
    (reply,) = an.say(asked)
    assert read(reply).split("\n") == [
        "Đang lưu về anh/chị",
        "• Trần Văn Mẫu, kế toán",
        "• Tham gia: đã tham gia, từ 21/11/2026",
        "• Đơn vị: Phòng Ví Dụ, từ 21/11/2026",
        "• Vai trò: đầu mối Phòng Ví Dụ, từ 21/11/2026",
        "  (Giữ đến khi thôi tham gia, thêm 30 ngày.)",
        "• Tài khoản: Telegram, dùng gần nhất 21/11/2026",
        "• Đồng ý tham gia cơ quan: 21/11/2026, đến khi rút",
        "• Giờ nhận, gửi tin, không nội dung: 30 ngày; lựa chọn đã đưa ra: 24 giờ",
        "Câu hỏi giữ riêng 1 năm, không kèm tên: không biết câu nào của anh/chị, nên không hiện ở đây.",
    ]
    assert buttons(reply) == ["Sửa tên, chức vụ", "Rút lời đồng ý", "Xóa tất cả", "Thôi tham gia"]
    assert len(shown_rows(reply)) <= ROWS


def test_everything_that_can_be_kept_is_shown(an: Conversation, console: Scene, unit: int) -> None:
    """Each thing that only some have."""
    database, person = an.context.database, an.context.person
    second = office.create_unit(console, "Phòng Hai")
    office.give_role(console, person, "head", unit)
    office.take_role(console, person, "head", unit)
    office.transfer_member(console, person, second, (TODAY + dt.timedelta(days=1)).isoformat())
    office.give_role(console, person, "contact", second)
    an.wait(dt.timedelta(days=2))
    roles.be_absent(database, person, "2026-12-05", None)
    members.put(database, person, name="Trần Văn Mẫu", folded="x", position="", code="CB017", state="joined", now=STAMP)
    audit.record(database, STAMP, person, "member.add", "unit 1")
    fetches.put(database, an.address, person, {}, {}, STAMP)
    consents.give(database, person, "reports", STAMP)
    consents.withdraw(database, person, "reports", STAMP)
    dialogues.keep(database, place("khac"), person, Dialogue("leave", "sure", {}), an.context.now.isoformat())
    text = read(an.say("/dulieu")[0])
    for line in (
        "• Trần Văn Mẫu\n",
        "• Mã cá nhân: CB017",
        "• Đơn vị: Phòng Hai, từ 22/11/2026",
        "• Đơn vị trước: Phòng Ví Dụ, 21/11/2026 đến 22/11/2026",
        "• Vai trò đã hết: lãnh đạo Phòng Ví Dụ; giữ đến 20/11/2028",
        "• Ghi vắng đến hết 05/12/2026",
        "• Đồng ý reports: 21/11/2026, rút 21/11/2026; giữ đến 20/11/2028",
        "• Việc đang làm dở: 1; giữ 7 ngày",
        "• Ảnh, tệp đã gửi: 1; giữ 2 năm",
        "• Việc đã làm theo vai trò: không ghi tên; giữ đến 20/11/2028",
    ):
        assert line in text, line


def test_no_number_of_an_account_is_shown(an: Conversation) -> None:
    assert "xyz" not in whole(an.say("/dulieu")[0])


def test_a_stranger_sees_that_little_is_kept(stranger: Conversation) -> None:
    (reply,) = stranger.say("dữ liệu của tôi")
    assert read(reply).split("\n")[1:3] == [
        "• Tài khoản: Telegram, dùng gần nhất 21/11/2026",
        "  (Giữ 1 năm sau lần nhắn cuối.)",
    ]
    assert buttons(reply) == ["Xóa tất cả"]


def test_who_waits_to_be_confirmed_sees_his_request(stranger: Conversation, console: Scene, unit: int) -> None:
    office.add_member(console, unit, "Trần Văn Mẫu")
    code = joining.invite(console, unit)
    hold(stranger, [(code, "đồng ý không"), ("có", "họ và tên"), ("Trần Văn Mẫu", "Chức vụ")])
    stranger.say("bỏ qua")
    (reply,) = stranger.say("/dulieu")
    assert "• Xin vào Phòng Ví Dụ 21/11/2026: chờ xác nhận; giữ đến 19/02/2027" in read(reply)
    assert buttons(reply) == ["Rút lời đồng ý", "Xóa tất cả"]
    hold(stranger, [("rút lời đồng ý", "thôi tham gia"), ("có", "Đã rút đồng ý")])
    assert members.get(stranger.context.database, stranger.context.person, DAY) is None
    assert joining.join_requests(console, unit) == []


def test_the_periods_are_those_of_the_office(an: Conversation) -> None:
    keep = an.context.office.retention.model_copy(update={"left_members": 5, "questions": 90})
    an.context = replace(an.context, office=an.context.office.model_copy(update={"retention": keep}))
    text = read(an.say("/dulieu")[0])
    assert "thêm 5 ngày" in text
    assert "riêng 3 tháng" in text


def test_of_others_nothing_is_shown(an: Conversation, context: Context, console: Scene, unit: int) -> None:
    binh = joined(context, console, unit, "binh", "Lê Thị Khác")
    office.give_role(console, an.context.person, "contact", unit)
    office.begin_absence(console, an.context.person, "2026-12-05", binh.context.person)
    assert "Khác" not in whole(an.say("/dulieu")[0])
    assert "Mẫu" not in whole(binh.say("/dulieu")[0])
    scene = an.context.scene
    for act in (service.show, service.erase):
        with pytest.raises(NotAllowed):
            act(scene, binh.context.person)


def test_a_held_account_sees_nothing(an: Conversation) -> None:
    an.say("/dulieu")
    menu = an.menus[-1]
    people.hold(an.context.database, an.context.person, CONSOLE, STAMP)
    hold(an, [("/dulieu", "đang tạm khóa")])
    for button in range(3):
        (reply,) = an.press(menu, button)
        assert "đang tạm khóa" in read(reply)
    assert members.get(an.context.database, an.context.person, DAY) is not None


def test_in_a_group_nothing_is_shown(an: Conversation) -> None:
    event = Incoming("1", replace(an.address, chat="nhom"), "/dulieu", NOW, group=True)
    (reply,) = handle(event, an.context)
    assert "nhắn riêng" in read(reply)


# Correcting


def test_a_name_is_corrected(an: Conversation) -> None:
    hold(
        an,
        [
            ("/dulieu", "Trần Văn Mẫu"),
            ("sửa tên, chức vụ", "Đang ghi: Trần Văn Mẫu"),
            ("Trần Vân Mẫu", "Đang ghi: kế toán"),
            ("giữ nguyên", "• Trần Vân Mẫu, kế toán"),
            ("1", "Đang ghi: Trần Vân Mẫu"),
            ("1", "Đang ghi: kế toán"),
            ("văn thư", "• Trần Vân Mẫu, văn thư"),
        ],
    )


# Withdrawing


def test_withdrawing_is_leaving(an: Conversation, console: Scene, unit: int) -> None:
    office.give_role(console, an.context.person, "contact", unit)
    hold(an, [("/dulieu", "Rút lời đồng ý"), ("2", "là thôi tham gia"), ("không", "giữ như cũ")])
    hold(an, [("/dulieu", "Rút lời đồng ý"), ("2", "là thôi tham gia"), ("2", "giữ như cũ")])
    hold(
        an,
        [("/dulieu", "Rút lời đồng ý"), ("2", "là thôi tham gia"), ("ờ", "trả lời “đồng ý”"), ("1", "Đã rút đồng ý")],
    )
    assert not an.context.actor.joined
    assert roles.of(an.context.database, an.context.person, DAY) == []
    text = read(an.say("/dulieu")[0])
    assert "• Tham gia: đã thôi, từ 21/11/2026" in text
    assert "  (Giữ đến 21/12/2026.)" in text
    assert "• Đồng ý tham gia cơ quan: 21/11/2026, rút 21/11/2026; giữ đến 20/11/2028" in text


def test_leaving_is_withdrawing(an: Conversation) -> None:
    hold(an, [("rời khỏi", "thôi tham gia?"), ("có", "đã thôi tham gia")])
    assert consents.of(an.context.database, an.context.person) == [("membership", STAMP, STAMP)]
    with pytest.raises(NotPossible, match="no_consent"):
        service.withdraw(an.context.scene, an.context.person, "membership")


# Deleting


def erased(conversation: Conversation) -> list[str]:
    """Delete with both steps; return what is said at the end."""
    hold(conversation, [("/dulieu", "Đang lưu"), ("xóa tất cả", "Xóa ngay"), ("có", "Hỏi lại lần cuối")])
    (reply,) = conversation.say("xóa")
    return read(reply).split("\n")


@pytest.mark.parametrize("asked", ["xóa dữ liệu", "xoa du lieu cua toi", "/xoadulieu", "Xóa hết dữ liệu"])
def test_who_asks_to_delete_is_asked_at_once_whether_to(an: Conversation, asked: str) -> None:
    hold(an, [(asked, "Xóa ngay: họ tên"), ("2", "giữ như cũ"), (asked, "Anh/chị xóa không?"), ("có", "lần cuối")])
    hold(an, [("xóa", "Đã xóa")])
    assert members.get(an.context.database, an.context.person, TODAY.isoformat()) is None


def test_two_steps_delete_everything(an: Conversation, context: Context, console: Scene, unit: int) -> None:
    database, person = an.context.database, an.context.person
    code = an.context.database.row("SELECT code FROM invitations")
    assert code
    group = replace(an.address, chat="nhom")
    person_at(database, group, STAMP, in_group=True)
    blob = blobs.begin(database, "image/png", 1, 1, STAMP)
    blobs.complete(database, blob)
    fetches.put(database, an.address, person, {}, {}, STAMP)
    fetch = fetches.claim(database, "telegram", "bot-1", "a", STAMP, STAMP)
    assert fetch
    fetches.end(database, fetch, "stored", STAMP, blob=blob)
    dialogues.keep(database, group, person, Dialogue("leave", "sure", {"name": "Trần Văn Mẫu"}), STAMP)
    chats.close(database, "telegram", "bot-1", an.address.chat, "blocked", STAMP)
    an.say("điều 4")

    assert erased(an) == [
        "Đã xóa. Anh/chị nhắn lại thì tôi bắt đầu như với người mới.",
        "",
        "Cơ quan còn phải giữ:",
        "• ngày đồng ý, ngày rút, để chứng minh đã hỏi ý kiến, chỉ còn con số thay tên: đến 20/11/2028",
        "• giờ gửi tin kể từ câu này và số cuộc trò chuyện, để không gửi lặp: đến 21/12/2026",
    ]

    assert holding(database, "Mẫu", "kế toán", "xyz", "tran van mau") == set()
    assert naming(database, person) == {"consents", "people"}
    assert blobs.get(database, blob) is None
    assert consents.of(database, person) == [("membership", STAMP, STAMP)]


def test_what_was_done_by_a_role_keeps_the_number_alone(an: Conversation, console: Scene, unit: int) -> None:
    database, person = an.context.database, an.context.person
    for role in ("contact", "head"):
        office.give_role(console, person, role, unit)
    office.rename_unit(replace(console, actor=Actor(CONSOLE)), unit, "Phòng Mới")
    office.add_member(an.context.scene, unit, "Lê Thị Khác")
    approvals.ask(database, "member.add", {"unit": unit, "name": "Lê Thị Khác"}, unit, person, STAMP)
    approvals.ask(database, "role.take", {"person": person, "role": "head", "unit": unit}, unit, 99, STAMP)
    done = approvals.ask(database, "member.add", {"unit": unit, "name": "Trần Văn Mẫu"}, unit, 99, STAMP)
    approvals.decide(database, done, "approved", 98, STAMP, "đồng ý nhận Trần Văn Mẫu")
    last = erased(an)
    assert "• việc đã làm theo vai trò, để kiểm tra trách nhiệm, chỉ còn con số thay tên: đến 20/11/2028" in last
    assert holding(database, "Mẫu", "xyz") == set()
    assert naming(database, person) <= BY_NUMBER
    assert [entry.actor for entry in audit.entries(database, "", 1)] == [person]
    # Of what waited nothing is left that is about him; what he wanted is still there, and of others too.
    assert [one.data for one in approvals.waiting(database)] == [{"unit": unit, "name": "Lê Thị Khác"}]
    assert (found := approvals.get(database, done)) is not None
    assert (found.state, found.data, found.note) == ("approved", {}, None)


def test_after_that_the_next_message_starts_from_zero(an: Conversation) -> None:
    before = an.context.person
    erased(an)
    text = read(an.say("/dulieu")[0])
    assert an.context.person > before
    assert "Mẫu" not in text
    assert "Đồng ý" not in text
    hold(an, [("điều 4 khoản 3", "Khoản 3 Điều 4"), ("menu", "Tham gia cơ quan")])


def test_a_stranger_leaves_nothing(stranger: Conversation) -> None:
    stranger.say("điều 4")
    person = stranger.context.person
    assert "• giờ gửi tin" in erased(stranger)[-1]
    assert naming(stranger.context.database, person) == set()
    assert holding(stranger.context.database, "xyz") == set()


@pytest.mark.parametrize(
    "said", [["không"], ["thôi"], ["2"], ["hủy"], ["có", "không"], ["có", "có"], ["1", "2"], ["xóa", "quay lại", "hủy"]]
)
def test_anything_else_deletes_nothing(an: Conversation, said: list[str]) -> None:
    hold(an, [("/dulieu", "Đang lưu"), ("3", "Xóa ngay")])
    for word in said:
        an.say(word)
    assert members.get(an.context.database, an.context.person, DAY) is not None
    assert dialogues.of(an.context.database, an.context.person) == []


@pytest.mark.parametrize("place", [1, 2])
def test_the_last_administrator_hands_over_first(an: Conversation, console: Scene, place: int) -> None:
    office.give_role(console, an.context.person, "administrator", None)
    an.say("/dulieu")
    (reply,) = an.press(an.menus[-1], place)
    assert "Giao quyền cho người khác trước" in read(reply)
    with pytest.raises(NotPossible, match="last_administrator"):
        service.erase(an.context.scene, an.context.person)
    assert members.get(an.context.database, an.context.person, DAY) is not None


def test_the_head_has_no_say_in_it(an: Conversation) -> None:
    """An office that wants everything approved cannot have that approved."""
    acts = ("privacy.show", "privacy.withdraw", "privacy.erase", "member.leave", "member.correct")
    an.context = replace(an.context, office=an.context.office.model_copy(update={"approvals": acts}))
    hold(an, [("/dulieu", "Mẫu"), ("1", "Đang ghi"), ("Trần Vân Mẫu", "Đang ghi"), ("giữ nguyên", "Trần Vân Mẫu")])
    erased(an)
    assert approvals.waiting(an.context.database) == []


def test_what_names_him_with_others_names_nobody(an: Conversation, context: Context, console: Scene, unit: int) -> None:
    binh = joined(context, console, unit, "binh", "Lê Thị Khác")
    office.give_role(console, binh.context.person, "contact", unit)
    office.begin_absence(console, binh.context.person, "2026-12-05", an.context.person)
    erased(an)
    assert roles.absence(context.database, binh.context.person, DAY) == ("2026-12-05", None)
    assert "Lê Thị Khác" in read(binh.say("/dulieu")[0])


def test_only_what_waits_without_a_job_is_dropped(database: Database) -> None:
    to = ("telegram", "bot-1", "c")
    for concern in (None, {"job": "vidu"}, None):
        outbox.put(database, *to, outbox.REPORT, {"text": "x"}, STAMP, concern=concern)
    outbox.put(database, "telegram", "bot-1", "other", outbox.REPORT, {"text": "x"}, STAMP)
    outbox.forget_chat(database, *to)
    assert [(row["chat"], row["state"]) for row in database.rows("SELECT chat, state FROM outbox")] == [
        ("c", "waiting"),
        ("other", "waiting"),
    ]


# On somebody's behalf


def test_the_machine_does_it_for_who_asks_on_paper(an: Conversation, console: Scene) -> None:
    person = an.context.person
    kept = service.show(console, person).as_json()
    assert (kept["member"]["name"], kept["units"][0]["unit"]) == ("Trần Văn Mẫu", "Phòng Ví Dụ")
    service.erase(console, person)
    assert holding(console.database, "Mẫu", "xyz") == set()
    acts = [(entry.act, entry.subject) for entry in audit.entries(console.database, "", 2)]
    assert acts == [("privacy.erase", f"person {person}"), ("privacy.show", f"person {person}")]
    for act in (service.show, service.erase):
        with pytest.raises(NotFound):
            act(console, 12345)


# The whole way


def test_it_is_seen_and_deleted_in_telegram(api: BotApi, bot: RunningBot, telegram_settings: Settings) -> None:
    api.say(PERSON, "/dulieu")
    (kept,) = said(api)
    assert kept.text.startswith("Đang lưu về anh/chị\n• Tài khoản: Telegram")
    api.press(PERSON, kept, "Xóa tất cả")
    sure = said(api, count=2)[-1]
    assert "Xóa ngay" in sure.text
    api.press(PERSON, sure, "Xóa tất cả")
    again = api.wait_for(lambda seen: any("lần cuối" in r.text for r in seen), PERSON)
    api.press(PERSON, next(record for record in again if "lần cuối" in record.text), "Xóa hết")
    api.wait_for(lambda seen: any(r.text.startswith("Đã xóa.") for r in seen), PERSON)
    eventually(telegram_settings, "SELECT count(*) AS n FROM outbox WHERE ended_at IS NULL", [{"n": 0}])
    for table in ("people", "addresses", "menus", "dialogues"):
        assert rows(telegram_settings, f"SELECT * FROM {table}") == [], table
    api.say(PERSON, "/start")
    api.wait_for(lambda seen: any("tự động" in r.text for r in seen), PERSON)
    assert [row["id"] for row in rows(telegram_settings, "SELECT id FROM people")] == [2]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "0 ngày"), (7, "7 ngày"), (30, "30 ngày"), (45, "45 ngày"), (60, "2 tháng"), (90, "3 tháng"),
        (180, "6 tháng"), (365, "1 năm"), (366, "366 ngày"), (1095, "3 năm"), (1100, "1100 ngày"), (3650, "10 năm"),
    ],
)  # fmt: skip
def test_a_round_number_of_days_is_said_in_months_or_years(texts: Texts, days: int, said: str) -> None:
    assert in_words(days, texts) == said
