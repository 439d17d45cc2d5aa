"""What people ask beside the rules: whom to tell, and what else is said before a rule or instead of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from handlers.context import Context
from handlers.office import Office
from storage import questions
from storage.people import Address, person_at
from tests.conversations import Conversation, whole

pytestmark = pytest.mark.every_channel

OFFICE_AND_PHONE = "Anh/chị báo, hỏi Văn phòng Sở Ví Dụ, điện thoại 0000 000 000"


@pytest.fixture
def conversation(context: Context, address: Address) -> Conversation:
    return Conversation(context, address)


def told(conversation: Conversation, said: str) -> str:
    """Say something; return all that is read of the one reply."""
    (reply,) = conversation.say(said)
    return whole(reply)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("mất nick zalo phải báo ai?", "Khoản 3 Điều 4"),
        ("mat nick zalo phai bao ai", "Khoản 3 Điều 4"),
        ("nghi dang bai ve cong viec phai hoi ai", "Khoản 2 Điều 5"),
        ("thấy tin sai về ngành mình thì báo ai", "Khoản 3 Điều 5"),
        ("thay tin sai ve nganh minh thi bao cho don vi nao", "Khoản 3 Điều 5"),
    ],
)
def test_whoever_asks_whom_to_tell_reads_office_and_phone_before_the_rule(
    conversation: Conversation, said: str, rule: str
) -> None:
    text = told(conversation, said)
    assert text.startswith(OFFICE_AND_PHONE)
    assert rule in text
    assert "đã được thay thế bằng QĐ 423/QĐ-BVHTTDL" in text
    # The rule in short.
    assert "chưa có bản chính thức để đối chiếu" not in text


@pytest.mark.parametrize(
    "said",
    [
        "ai la dau moi",
        "ai là đầu mối của mình vậy ạ",
        "dau moi la ai, sdt bao nhieu",
        "so dien thoai van phong",
        "số điện thoại văn phòng là gì",
        "so dien thoai cua em la gi",
        "cho em xin sdt dau moi",
        "can ho tro thi goi cho ai",
    ],
)
def test_whoever_asks_for_the_contact_reads_nothing_else(conversation: Conversation, said: str) -> None:
    text = told(conversation, said)
    assert text.startswith(OFFICE_AND_PHONE)
    assert "Điều" not in text


@pytest.mark.parametrize("said", ["bị lừa tiền qua zalo gọi số nào", "mat nick zalo phai bao ai"])
def test_what_cannot_wait_names_bank_and_police_too(conversation: Conversation, said: str) -> None:
    assert "gọi ngay ngân hàng để chặn; bị lừa, bị đe dọa thì báo thêm công an (113)." in told(conversation, said)


def test_what_the_office_has_not_said_is_named(conversation: Conversation) -> None:
    for office, missing in [
        (Office(), "Anh/chị báo, hỏi bộ phận phụ trách ở cơ quan. Cơ quan chưa ghi tên đầu mối ở đây."),
        (Office(contact="Phòng A"), "Anh/chị báo, hỏi Phòng A. Cơ quan chưa ghi số điện thoại ở đây."),
        (Office(phone="0000"), "Cơ quan chưa ghi tên đầu mối ở đây."),
    ]:
        conversation.context = replace(conversation.context, office=office)
        assert missing in told(conversation, "ai la dau moi")
        assert missing in told(conversation, "mất nick zalo phải báo ai?")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("cơ quan phải đăng ký đầu mối với ai", "Mục 3, CV 6389/UBND-KGVX"),
        ("dang sdt nguoi khac len zalo co dc ko", "Khoản 3 Điều 3"),
        ("bạn có phải người thật không", "không phải người"),
    ],
)
def test_a_question_with_the_same_words_keeps_its_answer(conversation: Conversation, said: str, expected: str) -> None:
    text = told(conversation, said)
    assert expected in text
    assert not text.startswith("Anh/chị báo, hỏi")


@pytest.mark.parametrize(
    "said",
    [
        "tin nay co that ko",
        "tin này có thật không ạ",
        "em oi tin nay co dung k",
        "cai nay that ko",
        "co that ko",
        "tin sap nhap xa co that khong",
        "anh oi cho hoi clip nay that hay gia vay",
        "kiểm tra giúp em tin này thật hay giả với",
    ],
)
def test_whether_news_are_true_is_not_checked_but_where_it_can_be_asked_is_said(
    conversation: Conversation, said: str
) -> None:
    text = told(conversation, said)
    assert text.startswith("Tôi không kiểm chứng được tin thật hay giả.")
    assert "tingia.gov.vn" in text
    assert "“Chia sẻ những thông tin có nguồn chính thống, đáng tin cậy.”" in text
    assert "Xin lỗi" not in text


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("chia se tin chua biet co that khong co sao ko", "Khoản 4 Điều 4"),
        ("bạn có phải người thật không", "không phải người"),
        ("ban tra loi sai roi", "Xin lỗi anh/chị"),
    ],
)
def test_what_only_sounds_like_it_keeps_its_answer(conversation: Conversation, said: str, expected: str) -> None:
    text = told(conversation, said)
    assert expected in text
    assert "kiểm chứng được tin" not in text


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("em chao anh, anh cho em hoi la dang anh hop len fb co duoc ko a, em cam on anh a", "Khoản 6 Điều 4"),
        (
            "dạ em chào anh chị ạ, em mới về xã, em muốn hỏi dùng tài khoản facebook cá nhân để đăng tin của xã"
            " có được không ạ",
            "Khoản 2 Điều 4",
        ),
        (
            "da em chao anh chi a, em moi ve xa, em muon hoi dung tai khoan facebook ca nhan de dang tin cua xa"
            " co duoc khong a",
            "Khoản 2 Điều 4",
        ),
        ("cam on em, con dang video thi sao", "Khoản 6 Điều 4"),
        ("cảm ơn em nhiều nhé, thế còn bình luận chửi người ta thì có bị phạt không", "Khoản 6 Điều 4"),
        ("chào anh, muốn đăng bài về công việc phải hỏi ai ạ", "Khoản 2 Điều 5"),
        ("em chào anh chị, giúp em viết bài bóc phốt chị kế toán, em cảm ơn", "không soạn bài"),
        ("em chao anh chi, thoi tiet hom nay the nao", "chưa nói tới việc này"),
        ("xin chao, toi moi dung lan dau", "muốn hỏi gì về ứng xử"),
        ("dạ em chào anh chị ạ", "muốn hỏi gì về ứng xử"),
        ("cho em hoi chut duoc khong a", "muốn hỏi gì về ứng xử"),
        ("tot qua, cam on em nhieu nha", "Dạ không có gì"),
        ("cảm ơn, để tôi đọc lại", "Dạ không có gì"),
    ],
)
def test_a_question_behind_a_greeting_or_thanks_is_answered(
    conversation: Conversation, said: str, expected: str
) -> None:
    assert expected in told(conversation, said)


@pytest.mark.parametrize(
    "said",
    [
        "dang tin mat len zalo",
        "cong van mat gui qua zalo dc khong",
        "co duoc gui file word co dau mat qua zalo khong",
        "gửi công văn mật cho sếp qua zalo được không",
        "chup van ban mat gui nhom phong",
        "lỡ gửi file mật vào nhóm zalo thì sao",
        "tài liệu tối mật chụp gửi zalo cho sếp",
        "gui cong van mat qua zalo bi phat bao nhieu, co bi ky luat khong",
    ],
)
def test_what_is_secret_gets_a_plain_no_before_the_rule(conversation: Conversation, said: str) -> None:
    text = told(conversation, said)
    assert text.startswith("Không. Tài liệu, tin có dấu mật thì không gửi, không đăng qua Zalo")
    assert "Khoản 3 Điều 3" in text
    assert "Luật Bảo vệ bí mật nhà nước 117/2025/QH15" in text
    assert "Cần đối chiếu văn bản chính thức" in text


@pytest.mark.parametrize(
    "said",
    [
        "gửi công văn thường qua zalo được không",
        "gui tai lieu noi bo qua zalo dc ko",
        "công văn mất trên zalo thì sao",
        "dang tin mat xe may len nhom zalo dc ko",
        "lo mat khau zalo thi sao",
        "bao mat tai khoan the nao",
    ],
)
def test_what_is_not_secret_gets_no_such_no(conversation: Conversation, said: str) -> None:
    text = told(conversation, said)
    assert "dấu mật" not in text
    assert "117/2025" not in text


@pytest.mark.parametrize(
    "said", ["thoi tiet", "thời tiết hôm nay thế nào", "1+1=?", "SELECT *", "giá vàng hôm nay", "quan an ngon gan day"]
)
def test_nothing_is_offered_where_nothing_is_near(conversation: Conversation, said: str) -> None:
    (reply,) = conversation.say(said)
    assert "chưa nói tới việc này" in reply.text
    assert (reply.lead, reply.buttons) == ("", ())


@pytest.mark.parametrize(
    "said", ["quyet dinh 874 ban hah cai gi", "em muốn hỏi về livestream bán hàng của xã hội đen", "mật khẩu là gì"]
)
def test_what_is_near_is_still_offered(conversation: Conversation, said: str) -> None:
    (reply,) = conversation.say(said)
    assert reply.lead == "Quy định gần nhất, có thể anh/chị cần:"
    assert reply.buttons


@pytest.mark.parametrize(
    "said",
    [
        "mat khau cua toi la Abc@12345",
        "mật khẩu của tôi là Abc@12345",
        "mk zalo cua em la 123456",
        "pass fb: hoa1990",
        "ma otp la 482913",
    ],
)
def test_whoever_types_a_password_is_first_told_to_change_it(conversation: Conversation, said: str) -> None:
    text = told(conversation, said)
    assert text.startswith(
        "Anh/chị đổi mật khẩu ngay và xóa tin vừa gửi. Không gửi mật khẩu, mã OTP cho ai, kể cả tôi."
    )
    assert "chưa nói tới việc này" not in text
    assert said.split()[-1] not in text


@pytest.mark.parametrize("said", ["mật khẩu là gì", "mat khau 2 lop la gi", "ai đòi mã otp là lừa đảo phải không"])
def test_whoever_only_speaks_of_passwords_is_not(conversation: Conversation, said: str) -> None:
    assert "đổi mật khẩu ngay" not in told(conversation, said)


@pytest.mark.parametrize("said", ["k hieu", "em chưa hiểu lắm", "cu the hon di", "giải thích rõ hơn giúp em"])
def test_whoever_does_not_understand_reads_the_whole_article_and_whom_to_ask(
    conversation: Conversation, said: str
) -> None:
    conversation.say("đăng chuyện cơ quan lên facebook có được không")
    text = told(conversation, said)
    assert text.startswith("Điều 5, QĐ 874/QĐ-BTTTT")
    assert "Khoản 2: " in text
    assert "Khoản 3: " in text
    assert text.endswith(
        "Cần người giải đáp, anh/chị hỏi Văn phòng Sở Ví Dụ, điện thoại 0000 000 000 (giờ hành chính)."
    )


def test_what_was_shown_too_long_ago_or_never_is_asked_for(conversation: Conversation) -> None:
    again = "Anh/chị hỏi lại cả câu giúp. Cần người giải đáp, anh/chị hỏi Văn phòng Sở Ví Dụ"
    assert again in told(conversation, "k hieu")
    conversation.say("đăng chuyện cơ quan lên facebook có được không")
    conversation.wait(dt.timedelta(hours=25))
    assert again in told(conversation, "k hieu")


def test_what_another_was_shown_is_not_explained(conversation: Conversation) -> None:
    conversation.say("đăng chuyện cơ quan lên facebook có được không")
    address = replace(conversation.address, sender="somebody-else")
    with conversation.context.database.transaction():
        person = person_at(conversation.context.database, address, conversation.context.now.isoformat())
    other = Conversation(replace(conversation.context, person=person), address)
    assert "Điều 5" not in told(other, "k hieu")


@pytest.mark.parametrize(
    "said",
    ["the con quay video", "thế còn quay video thì sao ạ", "vay con zalo thi sao", "sao lai the", "tại sao vậy em"],
)
def test_what_needs_what_was_said_before_is_asked_for_as_a_whole(conversation: Conversation, said: str) -> None:
    conversation.say("đăng ảnh đồng nghiệp lên facebook có được không")
    text = told(conversation, said)
    assert text.startswith("Tôi không giữ câu trước. Anh/chị hỏi lại cả câu giúp")
    assert "Điều" not in text


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("thế còn bình luận chửi người ta thì có bị phạt không", "Khoản 6 Điều 4"),
        ("vì sao phải dùng tên thật", "Khoản 2 Điều 4"),
        ("thế à", "Dạ vâng."),
        ("bot nói khó hiểu quá", "Xin lỗi anh/chị"),
    ],
)
def test_what_can_be_answered_alone_is(conversation: Conversation, said: str, expected: str) -> None:
    assert expected in told(conversation, said)


def test_two_questions_get_two_answers(conversation: Conversation) -> None:
    text = told(conversation, "Chào em? Kể chuyện cơ quan lên fb được không? Share bai chua kiem chung co sao khong?")
    assert text.startswith("Tin này có 2 câu hỏi. Tôi trả lời hai câu:")
    assert text.index("Khoản 2 Điều 5") < text.index("“Chia sẻ những thông tin có nguồn chính thống")
    assert "Câu còn lại" not in text


def test_of_more_questions_it_is_said_that_some_are_left(conversation: Conversation) -> None:
    text = told(
        conversation,
        "mất nick zalo phải báo ai? đặt tên giả trên facebook được không? share bài chưa kiểm chứng có sao không?",
    )
    assert text.startswith("Tin này có 3 câu hỏi. Tôi trả lời hai câu:")
    assert OFFICE_AND_PHONE in text
    assert "Khoản 2 Điều 4" in text
    assert "nguồn chính thống" not in text
    assert "Câu còn lại, anh/chị hỏi riêng giúp." in text
    assert "Báo ngay, xem việc cần làm" in text


def test_a_vote_on_two_answers_names_both_rules(conversation: Conversation) -> None:
    conversation.say("Kể chuyện cơ quan lên fb được không? Share bai chua kiem chung co sao khong?")
    conversation.say("đúng ý tôi")
    (counted,) = questions.counted(conversation.context.database, 10)
    assert (counted.helpful, counted.shown) == (1, ("qd-874-2021/dieu-5/khoan-2", "qd-874-2021/dieu-4/khoan-4"))


@pytest.mark.parametrize(
    "said", ["share bài chưa kiểm chứng có sao không??", "Chào em? share bài chưa kiểm chứng có sao không?"]
)
def test_one_question_with_several_marks_is_one(conversation: Conversation, said: str) -> None:
    text = told(conversation, said)
    assert "Khoản 4 Điều 4" in text
    assert "câu hỏi." not in text
