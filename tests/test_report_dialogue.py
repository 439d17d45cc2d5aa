"""Telling of an account that was lost or imitated, message by message, as people type it."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import textwrap
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers import router
from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.conversation import Attachment, Incoming, Outcome, Reply
from handlers.office import Office
from handlers.people import joining
from handlers.people import service as people_service
from handlers.report import evidence
from handlers.sealing import Seal
from storage import blobs, dialogues, fetches, people, report_files, reports
from storage.people import Address, person_at
from storage.reports import Report
from tests.conftest import NOW
from tests.conversations import Conversation, hold, read, whole
from tests.helpers import later

pytestmark = pytest.mark.every_channel

# What a phone shows of a message at once, and how long a line is there.
ROWS, LETTERS = 20, 44

PHOTO = Attachment("photo", "anh-1")
RECEIPT = re.compile(r"(?:[A-Z0-9]{4}-){3}[A-Z0-9]{4}")


@pytest.fixture
def unit(console: Scene) -> int:
    """Phòng Một of Sở Ví Dụ."""
    return people_service.create_under(console, people_service.create_unit(console, "Sở Ví Dụ"), "Phòng Một")


def at(name: str, channel: str = "vidu") -> Address:
    return Address(channel, "bot-1", f"chat-{name}", name)


@pytest.fixture
def an(context: Context) -> Conversation:
    return Conversation(context, at("an"))


def member(console: Scene, unit: int, name: str, address: Address) -> int:
    """Somebody who has joined a unit and writes from an address."""
    person = person_at(console.database, address, NOW.isoformat())
    scene = replace(console, actor=Actor(person))
    joining.join_by_invitation(scene, joining.invite(console, unit), name, "chuyên viên")
    return person


@pytest.fixture
def contact(console: Scene, unit: int, context: Context) -> Conversation:
    """The contact of Phòng Một."""
    person = member(console, unit, "Lê Ví Dụ", at("contact"))
    people_service.give_role(console, person, "contact", unit)
    return Conversation(context, at("contact"))


def rows(reply: Reply) -> list[str]:
    """The lines as a phone breaks them, with the choices as they are numbered."""
    numbered = [f"{number}. {button.label}" for number, button in enumerate(reply.buttons, 1)]
    lines = [*read(reply).split("\n"), *numbered]
    return [row for line in lines for row in textwrap.wrap(line, LETTERS) or [""]]


def only(conversation: Conversation) -> Report:
    (row,) = conversation.context.database.rows("SELECT id FROM reports")
    report = reports.get(conversation.context.database, row["id"])
    assert report is not None
    return report


def tell(conversation: Conversation, *said: str) -> str:
    """Say a whole report; return the receipt. Each message gets an answer of one screen."""
    receipt = ""
    for text in said:
        for reply in conversation.say(text):
            assert len(rows(reply)) <= ROWS, rows(reply)
            found = RECEIPT.search(read(reply))
            receipt = found.group() if found else receipt
    assert receipt, said
    return receipt


# From the first sentence to the number

OPENINGS = [
    (
        ["zalo ke toan bi hack dang nhan muon tien", "chi Vi Du 0912.345.678", "0987654321"],
        {"kind": "lost", "platform": "zalo", "whose": "other", "harm": "money_asked", "account": "0912.345.678"},
    ),
    (
        ["Zalo của chị Trần Ví Dụ bị hack, đang mượn tiền mọi người", "0912 345 678", "nhắn tôi ở đây"],
        {"kind": "lost", "platform": "zalo", "whose": "other", "owner_name": "chị Trần Ví Dụ", "contact": ""},
    ),
    (
        ["toi bi mat nick facebook hom qua, mat 3tr", "facebook.com/vi.du.88", "0987 654 321"],
        {"kind": "lost", "whose": "own", "harm": "money_lost", "amount": 3_000_000, "since_day": "2026-11-20"},
    ),
    (
        ["co trang gia mao phuong minh tren facebook", "Phuong Vi Du - Tin nong", "1"],
        {"kind": "unit_impersonated", "platform": "facebook", "whose": "unit", "account": "Phuong Vi Du - Tin nong"},
    ),
    (
        ["có người giả mạo giám đốc Sở nhắn tin trên zalo đòi chuyển tiền", "0912345678", "0987654321"],
        {"kind": "impersonated", "whose": "other", "owner_name": "giám đốc Sở", "account": "0912345678"},
    ),
    (
        ["nick tiktok cua em ko vao dc nua", "@vidu88", "gọi 0987654321"],
        {"kind": "lost", "platform": "tiktok", "whose": "own", "account": "@vidu88", "contact": "0987654321"},
    ),
    (
        ["bao cao", "2", "zalo, chị Ví Dụ phòng Một", "2"],
        {"kind": "impersonated", "platform": "zalo", "whose": "other", "owner_name": "chị Ví Dụ phòng Một"},
    ),
    (
        ["/baocao", "mất quyền, bị hack", "facebook của tôi, Ví Dụ 88", "0987654321"],
        {"kind": "lost", "platform": "facebook", "whose": "own"},
    ),
    (
        ["facebok cơ quan bị mất quyền quản trị từ 15/11", "không rõ", "0987654321"],
        {"kind": "lost", "platform": "facebook", "whose": "unit", "since_day": "2026-11-15", "since_said": "15/11"},
    ),
    (
        ["TELEGRAM ANH HAI BỊ HACK, NÓ MƯỢN 500K. GỌI TÔI 0987.654.321", "@vidu_hai", "gửi"],
        {"kind": "lost", "platform": "telegram", "harm": "money_asked", "amount": 500_000, "contact": "0987.654.321"},
    ),
    (
        ["ai do lay anh chi Vi Du lap nick zalo vay tien", "0912345678", "2"],
        {"kind": "impersonated", "whose": "other", "owner_name": "chi Vi Du", "harm": "money_asked"},
    ),
    (
        ["có bài đăng tin sai về sở mình trên facebook", "facebook.com/groups/vidu/1", "0987654321"],
        {"kind": "content", "whose": "unit", "account": "facebook.com/groups/vidu/1"},
    ),
]


@pytest.mark.parametrize(("said", "expected"), OPENINGS, ids=[said[0] for said, _ in OPENINGS])
def test_five_messages_at_most_lead_to_the_number(
    an: Conversation, unit: int, said: list[str], expected: dict[str, object]
) -> None:
    assert len(said) <= 5
    tell(an, *said)
    report = only(an)
    assert {name: getattr(report, name) for name in expected} == expected
    assert dialogues.of(an.context.database, an.context.person) == []


def test_help_comes_before_the_greeting(an: Conversation) -> None:
    """Where nobody presses a button to begin, the first message may be the report."""
    an.context = replace(an.context, starts=False)
    assert read(an.say("zalo kế toán bị hack")[0]).startswith("Làm ngay:")


def test_help_is_said_once(an: Conversation) -> None:
    """What is asked again, because it was refused or on the way back, is asked shortly."""
    an.say("zalo kế toán bị hack")
    for said in ("x", "tố cáo anh A nhận hối lộ", "quay lại"):
        (reply,) = an.say(said)
        assert "Làm ngay:" not in read(reply)
        assert "tài khoản Zalo của kế toán" in read(reply)


@pytest.mark.parametrize("said", [opening[0] for opening, _ in OPENINGS[:6]])
def test_help_comes_first(an: Conversation, said: str) -> None:
    """Three lines of first aid and a warning to pass on, in the same message as the first question."""
    (reply,) = an.say(said)
    first, warned, question = re.split(r"\nTin gửi ngay cho người quen:\n|\n\n", read(reply))
    assert first.startswith("Làm ngay:\n• ")
    assert first.count("• ") == 3
    assert warned.startswith("CẢNH BÁO: ")
    assert f"<code>{warned}</code>" in reply.text
    assert question.startswith("Để báo đầu mối: ")


def test_the_number_brings_everything_that_follows(
    an: Conversation, console: Scene, unit: int, contact: Conversation
) -> None:
    member(console, unit, "Trần Ví Dụ", at("an"))
    an.say("facebook chị kế toán bị hack, đang mượn tiền")
    an.say("Ví Dụ 88")
    numbered, then, card = an.say("0987654321")
    for said in (
        "số BC-1",
        "Đã chuyển cho đầu mối: Phòng Một",
        "“bổ sung”",
        "“báo cáo của tôi”",
        "không thay cho việc trình báo công an",
    ):
        assert said in read(numbered), said
    assert RECEIPT.search(read(numbered))
    assert "facebook.com/hacked" in read(then)
    assert [button.label for button in then.buttons] == ["Bổ sung", "Xem quy định"]
    assert card.to == at("contact")
    hold(an, [("2", "Khoản 3 Điều 4, QĐ 874/QĐ-BTTTT")])


def test_a_question_in_the_middle_is_answered_and_the_report_goes_on(an: Conversation, unit: int) -> None:
    an.say("zalo ke toan bi hack")
    quoted, again = an.say("dieu 4 khoan 3 noi gi")
    assert "Khoản 3 Điều 4" in read(quoted) and "Để báo đầu mối" in read(again)
    an.say("0912345678")
    quoted, again = an.say("share bai chua kiem chung co sao khong")
    assert "Khoản 4 Điều 4" in read(quoted) and "Gọi lại" in read(again)
    an.say("0987654321")
    assert (only(an).account, only(an).contact) == ("0912345678", "0987654321")


@pytest.mark.parametrize("said", ["nhan o day", "de tai day", "nhắn qua chat này nhé", "ok", "khong"])
def test_whoever_is_to_be_told_in_the_chat_says_so_in_his_own_words(an: Conversation, unit: int, said: str) -> None:
    tell(an, "zalo ke toan bi hack", "0912345678", said)
    assert (only(an).contact, only(an).reporter_id) == ("", an.context.person)


def test_what_is_no_telephone_number_sends_nothing_at_once(an: Conversation, unit: int) -> None:
    """Words beside the question belong to the story; a place that is said to the question again is taken."""
    tell_beside = [("zalo ke toan bi hack", "của ke toan"), ("0912345678", "Gọi lại"), ("thoi de em hoi", "Gọi lại")]
    hold(an, tell_beside)
    tell(an, "phòng kế toán")
    assert (only(an).contact, only(an).said) == ("phòng kế toán", "zalo ke toan bi hack\nthoi de em hoi")


def test_one_s_own_in_a_letter(an: Conversation, unit: int) -> None:
    tell(an, "bao cao", "2", "cua e, zalo", "0987654321")
    assert (only(an).whose, only(an).account) == ("own", "chưa rõ")


@pytest.mark.parametrize("said", ["trạng thái báo cáo", "bao cao xu ly toi dau roi", "kết quả báo cáo"])
def test_the_state_is_asked_for_in_many_words(an: Conversation, unit: int, said: str) -> None:
    tell(an, "zalo ke toan bi hack", "0912345678", "0987654321")
    hold(an, [(said, "Anh/chị có 1 báo cáo"), ("gui them anh", "Bổ sung BC-1")])


def test_a_card_tells_others_no_more_than_they_need(
    an: Conversation, console: Scene, unit: int, contact: Conversation
) -> None:
    member(console, unit, "Trần Ví Dụ", at("an"))
    an.say("zalo chị Ngô Ví Dụ bị hack, đang mượn tiền")
    an.say("0912345678")
    *_, card = an.say("0987654321")
    assert read(card).splitlines() == [
        "KHẨN. Báo cáo mới BC-1",
        "Mất quyền, bị hack",
        "Đơn vị: Phòng Một",
        "Thiệt hại: đang hỏi tiền",
        "Liên hệ người báo: 0987654321. Gọi ngay cho chủ tài khoản, cảnh báo đơn vị đừng chuyển tiền.",
    ]


def test_who_cannot_be_told_is_not_said_to_be(an: Conversation) -> None:
    tell(an, "zalo em bị hack", "0912345678", "0987654321")
    conversation = Conversation(an.context, at("binh"))
    conversation.say("zalo em bị hack")
    conversation.say("0912345678")
    numbered, _ = conversation.say("0987654321")
    assert "Chưa nhắn được đầu mối, anh/chị gọi ngay Văn phòng Sở Ví Dụ, điện thoại 0000 000 000." in read(numbered)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("nick gia mao chu tich xa xin tien ung ho", "có kẻ lập tài khoản giả của chu tich xa. Đừng"),
        ("có nick zalo giả mạo đồng chí bí thư", "có kẻ lập tài khoản Zalo giả của đồng chí bí thư. Đừng"),
        ("chuyen tien cho nick gia roi", "có kẻ lập tài khoản giả. Đừng"),
        ("fb mất r hu hu", "có tài khoản Facebook đang bị kẻ khác dùng. Đừng"),
        ("zalo em bị hack", "tài khoản Zalo của tôi đang bị kẻ khác dùng. Đừng"),
    ],
)
def test_a_warning_names_whom_somebody_named_and_nobody_else(an: Conversation, said: str, expected: str) -> None:
    (reply,) = an.say(said)
    assert f"CẢNH BÁO: {expected}" in read(reply)


def test_nobody_is_warned_before_anything_is_known(an: Conversation) -> None:
    (reply,) = an.say("báo cáo")
    assert read(reply).startswith("Làm ngay:")
    assert "CẢNH BÁO" not in read(reply)


def test_a_link_is_no_telephone_number(an: Conversation, unit: int) -> None:
    """Where the number is asked for, a link is the account; of one that is known already it is a part of the story."""
    hold(an, [("fanpage cơ quan bị mất quyền quản trị", "trang nào?"), ("không rõ", "Gọi lại")])
    hold(an, [("facebook.com/ubnd.xavidu.gov", "facebook.com/ubnd.xavidu.gov.\nGọi lại anh/chị theo số")])
    hold(an, [("https://facebook.com/vidu.88 nữa", "Gọi lại")])
    tell(an, "0987654321")
    assert (only(an).account, only(an).contact) == ("facebook.com/ubnd.xavidu.gov", "0987654321")
    assert "facebook.com/vidu.88" in only(an).said


def test_a_link_beside_the_telephone_number_is_the_account(an: Conversation, unit: int) -> None:
    hold(an, [("zalo ke toan bi hack", "của ke toan"), ("không rõ", "Gọi lại")])
    tell(an, "0987654321, facebook.com/vi.du.88")
    assert (only(an).account, only(an).contact) == ("facebook.com/vi.du.88", "0987654321")


def test_a_link_that_holds_a_telephone_number_is_one(an: Conversation, unit: int) -> None:
    hold(an, [("fanpage cơ quan bị mất quyền quản trị", "trang nào?"), ("không rõ", "Gọi lại")])
    tell(an, "zalo.me/0987654321")
    assert (only(an).account, only(an).contact) == ("chưa rõ", "0987654321")


def test_no_button_is_named_that_is_not_there(an: Conversation) -> None:
    hold(an, [("fb mất r hu hu", "nào, của ai?"), ("x", "đường dẫn của tài khoản.")])
    assert "Không rõ" not in whole(an.say("x")[0])
    other = Conversation(an.context, at("binh"))
    hold(other, [("zalo em bị hack", "tên gì, số nào?"), ("x", "không biết thì chọn “Không rõ”")])


# A question stays a question


@pytest.mark.parametrize(
    "said",
    [
        "mất nick zalo phải báo ai",
        "nếu bị hack zalo thì phải làm gì",
        "zalo bị hack có bị kỷ luật không",
        "đăng ảnh đồng nghiệp có sao không",
        "giả mạo người khác trên facebook phạt bao nhiêu",
        "hack giùm em cái nick zalo của nó",
        "làm sao để khỏi bị hack facebook",
    ],
)
def test_a_question_is_answered(an: Conversation, said: str) -> None:
    (reply,) = an.say(said)
    assert "Làm ngay:" not in read(reply)
    assert dialogues.of(an.context.database, an.context.person) == []


def test_a_button_under_an_answer_takes_over_what_was_asked(an: Conversation) -> None:
    (answer,) = an.say("mất nick zalo phải báo ai")
    assert answer.buttons[0].label == "Báo ngay, xem việc cần làm"
    assert "zalo" not in str(an.context.database.rows("SELECT buttons FROM menus"))
    (question,) = an.say("1")
    assert "tài khoản Zalo nào, của ai?" in read(question)
    tell(an, "zalo em, số 0912345678", "0987654321")
    report = only(an)
    assert (report.kind, report.whose, report.account) == ("lost", "own", "0912345678")


# Corrected, cancelled, resumed


def test_it_is_corrected(an: Conversation, unit: int) -> None:
    hold(
        an,
        [
            ("zalo ke toan bi hack", "tài khoản Zalo của ke toan"),
            ("0912345678", "Đã ghi: Mất quyền, bị hack, Zalo, ke toan, 0912345678."),
            ("sửa lại", "chuyện gì đã xảy ra?"),
            ("2", "nào, của ai?"),
            ("facebook chị Ví Dụ", "Đã ghi: Bị giả mạo, Facebook, chị Ví Dụ"),
            ("quay lại", "tài khoản Facebook của chị Ví Dụ"),
            ("facebook anh Ví Dụ", "Đã ghi: Bị giả mạo, Facebook, anh Ví Dụ"),
        ],
    )
    tell(an, "0987654321")
    report = only(an)
    assert (report.kind, report.owner_name, report.said) == ("impersonated", "anh Ví Dụ", "zalo ke toan bi hack")


def test_what_is_all_known_is_only_confirmed(an: Conversation, unit: int) -> None:
    """Corrected, or told further, before it is sent."""
    hold(
        an,
        [
            ("zalo chị kế toán 0912345678 bị hack, gọi tôi 0987654321", "Gọi lại theo: 0987654321."),
            ("không phải", "Gọi lại theo"),
            ("nó đang nhắn cả phòng", "Gọi lại theo"),
            ("không", "chuyện gì đã xảy ra?"),
            ("Tin sai, bôi nhọ cơ quan", "bài, tin nào?"),
            ("facebook.com/vidu/1", "Gọi lại anh/chị"),
        ],
    )
    tell(an, "0987654321")
    report = only(an)
    assert (report.kind, report.whose, report.account) == ("content", "unit", "facebook.com/vidu/1")
    assert "nó đang nhắn cả phòng" in report.said


def test_an_account_of_mail(an: Conversation, unit: int) -> None:
    tell(an, "thư điện tử của tôi bị hack", "không rõ", "0987654321")
    assert (only(an).platform, only(an).account) == ("email", "chưa rõ")


def test_it_is_cancelled_and_nothing_stays(an: Conversation) -> None:
    hold(an, [("zalo em bị hack", "Để báo đầu mối"), ("hủy", "Đã dừng"), ("1", "đã cũ")])
    assert an.context.database.rows("SELECT 1 FROM reports") == []


def test_it_is_resumed_tomorrow(an: Conversation, unit: int) -> None:
    """After a restart too: where somebody stands is a row."""
    an.say("zalo em bị hack")
    an.wait(dt.timedelta(hours=20))
    again = Conversation(replace(an.context), an.address)
    tell(again, "0912345678", "0987654321")
    assert only(an).account == "0912345678"


def test_what_is_told_instead_of_an_answer_is_kept(an: Conversation, unit: int) -> None:
    hold(
        an,
        [
            ("bao cao", "chuyện gì đã xảy ra?"),
            ("cả phòng đang nháo nhào lên", "chuyện gì đã xảy ra?"),
            ("zalo chị Ví Dụ bị hack", "tài khoản Zalo của chị Ví Dụ"),
            ("1", "Gọi lại anh/chị"),
            ("nó vừa nhắn thêm cho năm người nữa xin chuyển khoản", "Gọi lại anh/chị"),
            ("mất luôn facebook rồi", "Gọi lại anh/chị"),
        ],
    )
    tell(an, "0987654321")
    assert only(an).said.split("\n") == [
        "cả phòng đang nháo nhào lên",
        "zalo chị Ví Dụ bị hack",
        "nó vừa nhắn thêm cho năm người nữa xin chuyển khoản",
        "mất luôn facebook rồi",
    ]


def test_a_number_of_an_old_menu_is_no_account(an: Conversation) -> None:
    hold(an, [("nick bị hack", "của ai?"), ("7", "gõ tên, số điện thoại"), ("nick của tôi, Ví Dụ 88", "Gọi lại")])


# What does not belong here


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("gửi công văn mật qua zalo bị hack", "bí mật nhà nước"),
        ("tôi tố cáo trưởng phòng nhận hối lộ", "Luật Tố cáo"),
    ],
)
def test_what_does_not_belong_here_is_written_nowhere(an: Conversation, said: str, refused: str) -> None:
    hold(an, [("zalo em bị hack", "Để báo đầu mối"), (said, refused), ("0912345678", "Gọi lại"), (said, refused)])
    stored = str([an.context.database.rows(f"SELECT * FROM {table}") for table in ("dialogues", "reports", "menus")])
    assert "hối lộ" not in stored
    assert "công văn" not in stored


def test_secrets_are_masked_before_anything_is_written(an: Conversation, unit: int) -> None:
    an.say("zalo em bị hack, em lỡ đưa mã otp 482913")
    an.say("0912345678, mật khẩu là Abc123")
    assert "482913" not in str(an.context.database.rows("SELECT * FROM dialogues"))
    tell(an, "0987654321, cccd 079090012345")
    an.say("bổ sung mật khẩu thư là xyz789")
    stored = str([an.context.database.rows(f"SELECT * FROM {table}") for table in ("reports", "report_events")])
    for secret in ("482913", "Abc123", "079090012345", "xyz789"):
        assert secret not in stored
    assert only(an).contact == "0987654321"


def test_in_a_group_there_is_first_aid_and_nothing_is_asked(context: Context) -> None:
    group = Address("vidu", "bot-1", "nhom", "an")
    person_at(context.database, group, NOW.isoformat(), in_group=True)
    conversation = Conversation(context, group)
    for said in ("zalo kế toán bị hack", "/baocao"):
        (reply,) = conversation.say(said)
        assert "nhắn riêng cho tôi" in read(reply)
        assert reply.buttons == ()
    assert context.database.rows("SELECT 1 FROM dialogues") == []


# Without a name, and by receipt


def test_without_a_name_nothing_leads_to_who_said_it(an: Conversation, unit: int) -> None:
    receipt = tell(an, "zalo kế toán bị hack", "0912345678", "không ghi tên tôi")
    report = only(an)
    assert (report.reporter_id, report.contact) == (None, "")
    database = an.context.database
    kept = [database.rows(f"SELECT * FROM {table}") for table in ("menus", "dialogues", "report_events", "audit")]
    assert receipt.replace("-", "") not in str(kept)
    assert '"report": 1' not in str(database.rows("SELECT buttons FROM menus"))
    assert "không ghi tên" in read(an.say("báo cáo của tôi")[0])
    # The button under the number still leads to it, for as long as the bot runs.
    hold(an, [(receipt, "BC-1"), ("1", "Bổ sung BC-1"), ("nó mượn 5tr", "Đã thêm vào BC-1"), ("xong", "BC-1")])
    assert [event.actor for event in reports.events(database, 1)] == [None, None]
    assert only(an).amount == 5_000_000


def test_after_a_restart_the_receipt_is_asked_for_again(an: Conversation, unit: int) -> None:
    """What was sealed is not to be read any more."""
    receipt = tell(an, "zalo kế toán bị hack", "0912345678", "không ghi tên tôi")
    hold(an, [("1", "Bổ sung BC-1")])
    an.context = replace(an.context, seal=Seal())
    hold(an, [("mất 3tr", "gõ lại mã biên nhận")])
    assert "gõ lại mã biên nhận" in read(an.send(attachments=(PHOTO,))[0])
    hold(an, [("hủy", "Đã dừng"), (receipt, "Tình trạng: mới")])


def test_who_left_no_name_is_sent_nothing(an: Conversation, console: Scene, unit: int, contact: Conversation) -> None:
    tell(an, "zalo kế toán bị hack", "0912345678", "không ghi tên tôi")
    reports.change(console.database, 1, unit_id=unit)
    hold(contact, [("BC-1", "Chưa ai nhận xử lý."), ("nhận xử lý", "Anh/chị đã nhận xử lý BC-1")])


def test_of_a_merged_report_its_reporter_sees_his_own(
    an: Conversation, console: Scene, unit: int, context: Context
) -> None:
    binh = Conversation(context, at("binh"))
    tell(an, "zalo kế toán bị hack", "0912345678", "0987654321")
    tell(binh, "zalo chị Ngô Ví Dụ bị hack", "0911222333", "0987654321")
    now = NOW.isoformat()
    reports.change(console.database, 1, state="resolved", closed_at=now, kept_from=now)
    reports.change(console.database, 2, state="merged", merged_into=1, closed_at=now, kept_from=now)
    (shown,) = binh.say("BC-2")
    assert "BC-2: Mất quyền, bị hack\nTình trạng: đã xử lý" in read(shown)
    assert "0911222333" in read(shown)
    assert "0912345678" not in read(shown)


def test_an_office_that_wants_names_does_not_offer_to_leave_them_out(an: Conversation) -> None:
    an.context = replace(an.context, office=Office(anonymous_reports=False))
    an.say("zalo kế toán bị hack")
    (question,) = an.say("0912345678")
    assert [button.label for button in question.buttons] == ["Nhắn tôi ở đây", "Sửa lại"]


def test_a_receipt_tells_the_state_in_any_chat(an: Conversation, contact: Conversation, context: Context) -> None:
    receipt = tell(an, "zalo kế toán bị hack", "0912345678", "0987654321")
    stranger = Conversation(context, at("binh"))
    for said in (receipt, receipt.lower(), f"biên nhận {receipt}", f"xem giúp {receipt}."):
        (reply,) = stranger.say(said)
        assert read(reply).startswith("BC-1: Mất quyền, bị hack\nTình trạng: mới"), said
    hold(stranger, [("mã biên nhận", "bốn nhóm"), (receipt, "Tình trạng: mới")])
    hold(
        stranger,
        [("báo cáo của tôi", "chưa có báo cáo nào"), ("AAAA-BBBB-CCCC-DDD3", "Không có báo cáo nào theo mã này")],
    )


@pytest.mark.parametrize("said", ["chân dung công khai", "nhân danh công dân", "than phien chua chac"])
def test_four_words_are_no_receipt(an: Conversation, said: str) -> None:
    assert "Không có báo cáo nào theo mã này" not in read(an.say(said)[0])


def test_a_receipt_in_a_group_is_kept_nowhere(an: Conversation, unit: int, context: Context) -> None:
    receipt = tell(an, "zalo kế toán bị hack", "0912345678", "0987654321")
    event = Incoming("k", Address("vidu", "bot-1", "nhom", "binh"), receipt, context.now, group=True)
    with context.database.transaction():
        person = person_at(context.database, event.address, NOW.isoformat(), in_group=True)
        (reply,) = router.handle(event, replace(context, person=person, address=event.address))
    assert "nhắn riêng" in read(reply)
    assert context.database.rows("SELECT 1 FROM questions") == []


def test_a_guesser_is_stopped(an: Conversation, unit: int, context: Context) -> None:
    receipt = tell(an, "zalo kế toán bị hack", "0912345678", "0987654321")
    guesser = Conversation(context, at("binh"))
    for _ in range(5):
        assert "gọi đầu mối của đơn vị" in read(guesser.say("AAAA-AAAA-AAAA-AAA3")[0])
    assert "nhiều lần" in read(guesser.say(receipt)[0])


def test_however_much_is_typed_a_screen_stays_one(an: Conversation, unit: int) -> None:
    long = "câu dài ví dụ " * 40
    tell(an, "zalo chị kế toán bị hack hôm qua, mất 3tr", f"tài khoản {long}", f"0987654321 {long}")
    an.say("bổ sung")
    for _ in range(6):
        an.say(long)
    an.say("xong")
    (shown,) = an.say("BC-1")
    assert len(rows(shown)) <= ROWS, rows(shown)
    (more,) = an.say("bổ sung")
    assert len(rows(more)) <= ROWS


def test_who_asks_what_is_kept_sees_his_reports_and_may_take_his_name_from_them(an: Conversation, unit: int) -> None:
    tell(an, "facebook em bị hack", "Ví Dụ 88", "0987654321")
    (kept,) = an.say("dữ liệu của tôi")
    assert "Báo cáo đã gửi có ghi tên: 1; giữ 1 năm sau khi đóng" in read(kept)
    hold(an, [("xóa tất cả", "báo cáo đã gửi, để xử lý xong vụ việc"), ("xóa hết", "lần cuối"), ("xóa", "Đã xóa")])
    report = only(an)
    assert (report.reporter_id, report.contact, report.account) == (None, "", "Ví Dụ 88")


# Adding


def test_everything_else_is_added_at_any_time(
    an: Conversation, contact: Conversation, console: Scene, unit: int
) -> None:
    member(console, unit, "Trần Ví Dụ", at("an"))
    tell(an, "zalo kế toán bị hack", "0912345678", "0987654321")
    hold(an, [("báo cáo của tôi", "BC-1"), ("1", "Tình trạng: mới"), ("1", "Bổ sung BC-1")])
    added, told = an.say("mất 3tr5 từ hôm kia")
    assert "Đã thêm vào BC-1" in read(added)
    assert (told.to, read(told).split("\n")[0]) == (at("contact"), "BC-1: người báo bổ sung")
    hold(an, [("nó dùng số 0911222333", "Đã thêm"), ("xong", "Đã chuyển đầu mối xử lý BC-1")])
    report = only(an)
    assert (report.harm, report.amount, report.since_day) == ("money_lost", 3_500_000, "2026-11-19")
    assert [event.note for event in reports.events(an.context.database, 1) if event.what == "added"] == [
        "mất 3tr5 từ hôm kia",
        "nó dùng số 0911222333",
    ]
    added, _ = an.say("bổ sung đã báo công an xã")
    assert "Đã thêm" in read(added)


def test_of_several_reports_it_is_asked_which(an: Conversation, unit: int) -> None:
    tell(an, "zalo kế toán bị hack", "0912345678", "0987654321")
    tell(an, "facebook em bị hack", "Ví Dụ 88", "0987654321")
    hold(an, [("bổ sung", "Bổ sung cho báo cáo nào?"), ("BC-1: Mất quyền, bị hack (mới)", "Bổ sung BC-1")])
    hold(an, [("quay lại", "báo cáo nào?"), ("bc 99", "Không có báo cáo đó")])


def test_the_reporter_is_told_and_answers(an: Conversation, contact: Conversation, console: Scene, unit: int) -> None:
    person = member(console, unit, "Trần Ví Dụ", at("an"))
    tell(an, "zalo kế toán bị hack", "0912345678", "0987654321")
    taken, told = contact.say("nhận xử lý")
    assert "Anh/chị đã nhận xử lý BC-1" in read(taken)
    assert (told.to, read(told)) == (at("an"), "Báo cáo BC-1: đầu mối nhận xử lý")
    hold(an, [("xem báo cáo", "Tình trạng: đang xử lý, Lê Ví Dụ nhận lúc 10:00 21/11")])
    reports.change(console.database, 1, state="waiting")
    reports.record(console.database, 1, NOW.isoformat(), person, "asked", "Chị ấy còn vào được không?", "reporter")
    hold(an, [("bổ sung", "đầu mối hỏi: “Chị ấy còn vào được không?”")])
    said, told = an.say("không vào được")
    assert "Đã thêm vào BC-1" in read(said)
    assert told.to == at("contact")
    assert only(an).state == "taken"


def test_a_question_that_begins_so_is_a_question(an: Conversation) -> None:
    (reply,) = an.say("bổ sung thông tin cá nhân lên facebook có sao không")
    assert "mã biên nhận" not in read(reply)


def test_a_number_is_typed_as_it_is_said(an: Conversation, unit: int) -> None:
    tell(an, "zalo kế toán bị hack", "không biết", "không")
    report = only(an)
    assert (report.account, report.contact, report.reporter_id) == ("chưa rõ", "", an.context.person)
    for said in ("BC-1", "bc 1", "BC1"):
        hold(an, [(said, "BC-1: Mất quyền, bị hack")])


def test_a_stranger_learns_nothing_from_a_number(an: Conversation, unit: int, context: Context) -> None:
    tell(an, "zalo kế toán bị hack", "0912345678", "0987654321")
    stranger = Conversation(context, at("binh"))
    refused = "Không có báo cáo đó, hoặc anh/chị không được giao xem."
    hold(stranger, [("BC-1", refused), ("bc 99", refused)])
    for said in ("bổ sung BC-1", "báo cáo BC-1"):
        for reply in stranger.say(said):
            assert "hack" not in whole(reply).replace("Mất quyền, bị hack", "")
            assert "0912345678" not in whole(reply)
        stranger.say("hủy")


_people = itertools.count()

SAID = [
    "zalo ke toan bi hack dang nhan muon tien",
    "facebook em bị hack, mật khẩu là Abc123",
    "bao cao",
    "0912345678",
    "mã otp 482913",
    "1",
    "2",
    "3",
    "sửa lại",
    "quay lại",
    "hủy",
    "xong",
    "bổ sung",
    "bổ sung mất 3tr hôm qua",
    "báo cáo của tôi",
    "biên nhận",
    "AAAA-AAAA-AAAA-AAA3",
    "BC-1",
    "không ghi tên tôi",
    "tố cáo anh A nhận hối lộ",
    "công văn mật",
    "mất nick zalo phải báo ai",
    "x",
    "🙂",
]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(said=st.lists(st.one_of(st.sampled_from(SAID), st.just(None)), max_size=14))
def test_whatever_is_said_in_whatever_order(context: Context, unit: int, said: list[str | None]) -> None:
    """Each message gets an answer that fits a phone, and no secret is written; None stands for a picture."""
    conversation = Conversation(context, at(f"somebody-{next(_people)}"))
    for text in said:
        replies = conversation.send(attachments=(PHOTO,)) if text is None else conversation.say(text)
        assert replies or text is None, said
        for reply in replies:
            assert reply.text.strip()
            # Quoted rules are as long as they are.
            assert len(rows(reply)) <= ROWS or "QĐ 874" in read(reply), rows(reply)
    tables = ("reports", "report_events", "dialogues", "menus")
    stored = str([context.database.rows(f"SELECT * FROM {table}") for table in tables])
    for secret in ("Abc123", "482913", "hối lộ", "công văn mật"):
        assert secret not in stored


# The account that writes here


@pytest.fixture
def joined(console: Scene, unit: int) -> dict[str, int]:
    return {name: member(console, unit, f"Trần {name}", at(name, "telegram")) for name in ("An", "Bình")}


def test_the_account_of_a_colleague_is_held_at_once(
    joined: dict[str, int], context: Context, contact: Conversation
) -> None:
    an, binh = (Conversation(context, at(name, "telegram")) for name in joined)
    an.say("telegram của chị Trần Bình bị hack, đang mượn tiền")
    an.say("@tran_binh")
    numbered, *_ = an.say("0987654321")
    assert "Tài khoản đó ở đây đã tạm khóa" in read(numbered)
    assert people.is_held(context.database, binh.address)
    # Whoever sits at the lost account learns nothing, and is told nothing.
    assert people.reached_at(context.database, joined["Bình"]) is None
    assert "tạm khóa" in read(binh.say("báo cáo của tôi")[0])
    assert not people.is_held(context.database, an.address)


def test_ones_own_account_is_held_and_told_nothing_more(joined: dict[str, int], context: Context) -> None:
    """Updates go to the contact that was named, and the receipt works from elsewhere."""
    an = Conversation(context, at("An", "telegram"))
    an.say("telegram của tôi bị chiếm rồi")
    (question,) = an.say("@tran_an")
    assert "Nhắn tôi ở đây" not in whole(question)
    numbered, *_ = an.say("0987654321")
    found = RECEIPT.search(read(numbered))
    assert found
    assert "dùng mã biên nhận từ tài khoản khác" in read(numbered)
    assert "tạm khóa" in read(an.say("báo cáo của tôi")[0])
    assert "tạm khóa" in read(an.say("bổ sung")[0])
    assert only(an).contact == "0987654321"
    assert "Tình trạng: mới" in read(Conversation(context, at("khac")).say(found.group())[0])


def test_who_lost_one_of_her_accounts_leaves_a_number_and_goes_on_from_the_other(
    joined: dict[str, int], context: Context
) -> None:
    """No chat of hers is told until somebody has spoken to her, so that none is offered."""
    an, zalo = Conversation(context, at("An", "telegram")), at("An-zalo", "zalo")
    person_at(context.database, zalo, NOW.isoformat())
    context.database.run("UPDATE addresses SET person_id = :an WHERE channel = 'zalo'", {"an": joined["An"]})
    an.say("zalo của tôi bị chiếm rồi")
    (question,) = an.say("0987654321")
    assert "Nhắn tôi ở đây" not in whole(question)
    (again,) = an.say("nhắn tôi ở đây")
    assert "số điện thoại nào" in read(again)
    numbered, then, *_ = an.say("0912345678")
    assert people.is_held(context.database, zalo)
    assert only(an).contact == "0912345678"
    # Here she is still believed.
    assert "gõ “bổ sung”" in read(numbered)
    assert "Bổ sung" in whole(then)
    assert "Bổ sung BC-1" in read(an.say("bổ sung")[0])


def test_nothing_is_offered_to_an_account_that_is_held(joined: dict[str, int], context: Context) -> None:
    an = Conversation(context, at("An", "telegram"))
    an.say("telegram của tôi bị chiếm rồi")
    an.say("@tran_an")
    _, then, *_ = an.say("0987654321")
    assert "Bổ sung" not in whole(then)


def test_a_stranger_s_word_holds_nobody(joined: dict[str, int], context: Context) -> None:
    tell(Conversation(context, at("la")), "telegram của Trần Bình bị hack", "@tran_binh", "0987654321")
    assert not people.is_held(context.database, at("Bình", "telegram"))


# Pictures


def brought(conversation: Conversation) -> Iterator[fetches.Fetch]:
    """The files that the fetcher would bring, one after another."""
    database = conversation.context.database
    while fetch := fetches.claim(database, "vidu", "bot-1", "a", later(days=1), later(days=2)):
        yield fetch


def bring(conversation: Conversation, state: str = "stored", reason: str = "") -> list[Reply]:
    """Let every file that was asked for come to its end; return what is said then."""
    database, replies = conversation.context.database, []
    for fetch in list(brought(conversation)):
        blob = None
        if state == "stored":
            blob = blobs.begin(database, "image/png", 1, 1, NOW.isoformat())
            blobs.complete(database, blob)
        fetches.end(database, fetch, state, NOW.isoformat(), reason, blob)
        outcome = Outcome(fetch.concern, state, reason, blob, fetch.person)
        replies += evidence.tell(outcome, conversation.context)
    return replies


def test_pictures_belong_to_the_report_they_are_sent_with(an: Conversation, unit: int) -> None:
    """While it is being told, afterwards, and as an album; whoever sent them, they go with the report."""
    an.say("zalo kế toán bị hack")
    (reply,) = an.send(attachments=(PHOTO,))
    assert "Đã nhận ảnh, tệp" in read(reply)
    assert an.send(attachments=(PHOTO,), follows=True) == []
    tell(an, "0912345678", "0987654321")
    an.say("bổ sung")
    assert "Đã nhận ảnh, tệp" in read(an.send(attachments=(Attachment("document", "tep-1", "a.pdf", 9), PHOTO))[0])
    assert bring(an) == []
    files = report_files.files(an.context.database, 1)
    assert [one.state for one in files] == ["stored"] * 4
    assert an.context.database.rows("SELECT 1 FROM fetches WHERE blob_id IS NOT NULL") == []
    hold(an, [("xong", "BC-1"), ("xem báo cáo", "BC-1"), ("1", "Ảnh, tệp: 4, đã lưu 4")])


def test_a_picture_out_of_the_blue_is_asked_about(an: Conversation, unit: int) -> None:
    (question,) = an.send(attachments=(PHOTO,))
    assert [button.label for button in question.buttons] == ["Báo ngay, xem việc cần làm", "Hỏi quy định"]
    assert an.send(attachments=(PHOTO,), follows=True) == []
    assert an.context.database.rows("SELECT 1 FROM fetches") == []
    an.say("1")
    tell(an, "1", "zalo kế toán 0912345678", "0987654321")
    bring(an)
    assert len(report_files.files(an.context.database, 1)) == 2


def test_a_picture_may_belong_to_a_question_or_to_nothing(an: Conversation) -> None:
    an.send(attachments=(PHOTO,))
    hold(an, [("2", "Anh/chị cần hỏi gì"), ("điều 4 khoản 3", "Khoản 3 Điều 4")])
    an.send(attachments=(PHOTO,))
    hold(an, [("điều 4 khoản 3", "Khoản 3 Điều 4")])
    an.send(attachments=(PHOTO,))
    hold(an, [("zalo kế toán bị hack", "Để báo đầu mối")])
    assert report_files.waiting_files(an.context.database, an.context.person) == 1


def test_a_picture_with_words_is_read_by_its_words(an: Conversation) -> None:
    database, now = an.context.database, an.context.now
    an.say("xin chào")
    event = Incoming("k1", an.address, "zalo kế toán bị hack, xem ảnh", now, attachments=(PHOTO,))
    with database.transaction():
        (reply,) = router.handle(event, an.context)
    assert "Để báo đầu mối" in read(reply)
    assert report_files.waiting_files(database, an.context.person) == 1


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        ("refused", "too large", "20 MB"),
        ("refused", "not allowed", "ảnh, PDF, Word, Excel"),
        ("refused", "no key", "chưa cài nơi giữ"),
        ("lost", "too many attempts", "không tải được"),
    ],
)
def test_who_sent_a_file_that_is_not_kept_is_told_why(an: Conversation, state: str, reason: str, said: str) -> None:
    an.say("zalo kế toán bị hack")
    an.send(attachments=(PHOTO,))
    (reply,) = bring(an, state, reason)
    assert (reply.to, said in read(reply)) == (an.address, True)
    assert report_files.waiting_files(an.context.database, an.context.person) == 1


def test_a_file_whose_report_is_gone_is_not_kept(an: Conversation) -> None:
    an.say("zalo kế toán bị hack")
    an.send(attachments=(PHOTO,))
    report_files.drop_files(an.context.database, an.context.person)
    assert bring(an) == []
    assert an.context.database.rows("SELECT 1 FROM blobs WHERE complete = 1") == []


def test_so_many_pictures_and_no_more(an: Conversation) -> None:
    an.say("zalo kế toán bị hack")
    assert [len(an.send(attachments=(PHOTO,) * 5)) for _ in range(4)] == [1, 0, 0, 0]
    assert "tối đa 20" in read(an.send(attachments=(PHOTO,))[0])
