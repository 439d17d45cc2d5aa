"""Conversations with the handlers, line by line."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.context import Context
from handlers.conversation import Attachment, Button, Change, Incoming, Manner, Reply
from handlers.office import Office
from storage import menus, questions
from storage.people import Address, person_at
from tests.conversations import Conversation, hold, read, whole
from tests.helpers import shown_menu

pytestmark = pytest.mark.every_channel


@pytest.fixture
def conversation(context: Context, address: Address) -> Conversation:
    return Conversation(context, address)


def test_a_question_its_article_and_a_vote(conversation: Conversation) -> None:
    hold(
        conversation,
        [
            ("/start", "Sở Ví Dụ (Công văn 1/SVD ngày 02/01/2026)"),
            ("share bai chua kiem chung co sao k", "“Chia sẻ những thông tin có nguồn chính thống, đáng tin cậy.”"),
            ("1", "Khoản 2: “Nên sử dụng"),
            ("1", "Khoản 3: “Thực hiện"),
            ("đúng ý tôi", "Cảm ơn anh/chị"),
        ],
    )
    counted = questions.counted(conversation.context.database, 10)
    assert [(one.text, one.helpful, one.shown) for one in counted] == [
        ("share bai chua kiem chung co sao k", 1, ("qd-874-2021/dieu-4/khoan-4",))
    ]


def answered(conversation: Conversation, question: str = "đặt biệt danh trên facebook được không") -> dict[str, int]:
    """Ask and return the places of the buttons by their labels."""
    (reply,) = conversation.say(question)
    return {button.label: place for place, button in enumerate(reply.buttons)}


def stranger(conversation: Conversation) -> Conversation:
    """Somebody else in the same chat."""
    address = replace(conversation.address, sender="somebody-else")
    person = person_at(conversation.context.database, address, conversation.context.now.isoformat())
    return Conversation(replace(conversation.context, person=person), address)


def test_a_vote_counts_once(conversation: Conversation) -> None:
    place = answered(conversation)["Đúng ý tôi"]
    menu = conversation.menus[-1]
    hold(conversation, [(str(place + 1), "Cảm ơn"), (str(place + 1), "Anh/chị đã chọn rồi.")])
    (again,) = conversation.press(menu, place)
    assert (read(again), again.manner) == ("Anh/chị đã chọn rồi.", Manner.PASSING)
    (counted,) = questions.counted(conversation.context.database, 10)
    assert counted.helpful == 1


@pytest.mark.parametrize(
    ("first", "second"), [("Đúng ý tôi", "Chưa đúng"), ("Chưa đúng", "Đúng ý tôi"), ("Chưa đúng", "Chưa đúng")]
)
def test_of_the_votes_only_one_can_be_taken_and_the_other_buttons_still_work(
    conversation: Conversation, first: str, second: str
) -> None:
    places = answered(conversation)
    menu = conversation.menus[-1]
    assert read(conversation.press(menu, places[first])[0]) != "Anh/chị đã chọn rồi."
    assert read(conversation.press(menu, places[second])[0]) == "Anh/chị đã chọn rồi."
    for _ in range(2):
        assert read(conversation.press(menu, places["Xem cả Điều 4"])[0]).startswith("Điều 4, QĐ 874/QĐ-BTTTT")


def test_why_an_answer_is_wrong_is_said_once(conversation: Conversation) -> None:
    place = answered(conversation)["Chưa đúng"]
    conversation.press(conversation.menus[-1], place)
    why = conversation.menus[-1]
    (thanks,) = conversation.press(why, 0)
    assert thanks.manner is Manner.INSTEAD
    assert [read(conversation.press(why, place)[0]) for place in range(3)] == ["Anh/chị đã chọn rồi."] * 3
    (counted,) = questions.counted(conversation.context.database, 10)
    assert counted.wrong + counted.off_topic + counted.unclear == 1


def test_each_answer_has_votes_of_its_own(conversation: Conversation) -> None:
    for _ in range(2):
        places = answered(conversation)
        assert "Cảm ơn" in read(conversation.press(conversation.menus[-1], places["Đúng ý tôi"])[0])
    (counted,) = questions.counted(conversation.context.database, 10)
    assert counted.helpful == 2


def test_a_vote_passes_and_leaves_no_message(conversation: Conversation) -> None:
    place = answered(conversation)["Đúng ý tôi"]
    assert conversation.press(conversation.menus[-1], place)[0].manner is Manner.PASSING


def test_a_press_by_somebody_else_is_not_taken(conversation: Conversation) -> None:
    """In a group anybody can press; what the other was shown stays as it was."""
    conversation.address = replace(conversation.address, chat="nhom")
    place = answered(conversation)["Đúng ý tôi"]
    menu = conversation.menus[-1]
    (refused,) = stranger(conversation).press(menu, place)
    assert (read(refused), refused.manner) == (conversation.context.texts("menu.not_yours"), Manner.PASSING)
    assert questions.counted(conversation.context.database, 10) == []
    assert "Cảm ơn" in read(conversation.press(menu, place)[0])


def test_a_menu_of_another_chat_is_nobody_s(conversation: Conversation) -> None:
    place = answered(conversation)["Đúng ý tôi"]
    elsewhere = replace(conversation.address, chat="another")
    (refused,) = Conversation(conversation.context, elsewhere).press(conversation.menus[-1], place)
    assert "đã cũ" in read(refused)


# Neither words nor a press


PHOTO = Attachment("photo", "AgAD-vi-du")


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"attachments": (Attachment("voice", "x"),)}, "media.file"),
        ({"attachments": (Attachment("voice", "x"), PHOTO)}, "media.file"),
        ({"other": "sticker"}, "media.other"),
        ({"other": "location"}, "media.other"),
    ],
)
def test_what_cannot_be_read_is_told_so(conversation: Conversation, event: dict[str, object], text: str) -> None:
    assert conversation.send(**event) == [Reply(conversation.context.texts.rich(text))]
    assert questions.counted(conversation.context.database, 10) == []


def test_of_an_album_only_the_first_picture_is_answered(conversation: Conversation) -> None:
    assert len(conversation.send(attachments=(PHOTO,))) == 1
    for _ in range(3):
        assert conversation.send(attachments=(PHOTO,), follows=True) == []


def test_words_with_a_picture_are_a_question(conversation: Conversation) -> None:
    event = Incoming("anh", conversation.address, "khoản 4 điều 4", conversation.context.now, attachments=(PHOTO,))
    (reply,) = conversation._handle(event)
    assert "Khoản 4 Điều 4" in reply.text


def test_a_group_is_greeted_when_the_bot_joins_it(conversation: Conversation) -> None:
    (reply,) = conversation.send(change=Change.JOINED, group=True)
    assert read(reply).startswith("Chào anh/chị. Đây là trợ lý tự động")
    assert conversation.context.texts("welcome.group") in read(reply)


@pytest.mark.parametrize("change", [change for change in Change if change is not Change.JOINED])
def test_other_changes_of_a_chat_get_no_words(conversation: Conversation, change: Change) -> None:
    assert conversation.send(change=change, moved_to="moi" if change is Change.MOVED else "") == []


# Answers


def test_whether_the_code_holds_is_answered_first(conversation: Conversation) -> None:
    (reply,) = conversation.say("quyết định 874 còn hiệu lực không")
    assert read(reply).startswith("Lưu ý: QĐ 874/QĐ-BTTTT đã được thay thế")


def test_a_wrong_answer_is_asked_why(conversation: Conversation) -> None:
    hold(
        conversation,
        [
            ("đặt biệt danh trên facebook được không", "Khoản 2 Điều 4"),
            ("chua dung", "Sai quy định"),
            ("2", "Văn phòng Sở Ví Dụ, điện thoại 0000 000 000 (giờ hành chính)"),
        ],
    )
    (counted,) = questions.counted(conversation.context.database, 10)
    assert (counted.off_topic, counted.wrong, counted.helpful, counted.asked) == (1, 0, 0, 0)


def test_a_lost_account_gets_the_rule_and_what_to_do(conversation: Conversation) -> None:
    hold(
        conversation,
        [
            ("mat nick zalo phai bao ai", "Báo ngay, xem việc cần làm"),
            ("1", "gọi ngay ngân hàng"),
        ],
    )


def test_what_is_not_in_the_documents_is_declined_once_and_noted(conversation: Conversation) -> None:
    (reply,) = conversation.say("cuối tuần này trời có mưa không")
    read = whole(reply)
    assert "chưa nói tới việc này" in read
    assert "Quy định gần nhất" not in read
    assert reply.buttons == ()
    assert "đã được ghi lại (không kèm tên)" in read
    assert read.endswith("Văn phòng Sở Ví Dụ, điện thoại 0000 000 000 (giờ hành chính).")
    (counted,) = questions.counted(conversation.context.database, 10)
    assert (counted.text, counted.asked, counted.outcome) == ("cuối tuần này trời có mưa không", 1, "not found")


def test_the_same_unanswered_question_is_counted_however_it_is_typed(conversation: Conversation) -> None:
    for text in ("Giá vàng hôm nay?", "gia vang hom nay", "GIÁ VÀNG  HÔM NAY!"):
        conversation.say(text)
    (counted,) = questions.counted(conversation.context.database, 10)
    assert counted.asked == 3


@pytest.mark.parametrize(
    "said",
    [
        "a",
        "x",
        "7",
        "viết giúp tôi bài bóc phốt ông trưởng phòng",
        "chào bạn",
        "cảm ơn nhé",
        "khoản 3 điều 4",
        "",
        "trợ giúp",
    ],
)
def test_what_was_no_open_question_is_not_noted(conversation: Conversation, said: str) -> None:
    conversation.say(said)
    assert questions.counted(conversation.context.database, 10) == []


def test_secrets_are_masked_before_anything_is_kept(conversation: Conversation) -> None:
    conversation.say("mật khẩu của tôi là Abc@12345 số 0912 345 678 thời tiết mai sao")
    (counted,) = questions.counted(conversation.context.database, 10)
    assert "Abc@12345" not in counted.text
    assert "0912" not in counted.text


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("điều 12", "QĐ 874/QĐ-BTTTT không có Điều 12. Văn bản có 9 điều (từ Điều 1 đến Điều 9)."),
        ("khoản 9 điều 4", "Điều 4 có 8 khoản."),
        ("mục 7 công văn 6389", "Văn bản có 5 mục (từ mục 1 đến mục 5)."),
        ("chương VI", "Văn bản có 3 chương."),
        ("khoản 3", "của điều nào"),
        ("qd 423 noi gi", "ban hành ngày 05/3/2026, thay thế QĐ 874/QĐ-BTTTT."),
        ("423", "Tôi chưa có toàn văn QĐ 423/QĐ-BVHTTDL"),
        ("quyết định 423 có cấm nói xấu không", "Tôi không có toàn văn quyết định 423."),
        ("điểm a khoản 1 điều 4", "không có điểm a khoản 1 Điều 4"),
        ("chương 2 gồm những gì", "Điều 3. Quy tắc ứng xử chung"),
        ("công văn 6389", "Mục 2. Xem xét xây dựng nội quy"),
        ("điều 4 bộ luật lao động", "Tôi không có văn bản luật đó."),
        ("điều 9", "chưa có câu chữ được kiểm chứng"),
        ("công văn 1234 nói gì", "Tôi không có công văn 1234."),
        ("hack giùm em cái nick zalo của nó", "không giúp vào tài khoản của người khác"),
        ("tìm giúp xem ai đứng sau nick này", "không giúp tìm người đứng sau"),
        ("xin chào", "Chào anh/chị"),
        ("bot làm được gì", "trích đúng quy định"),
        ("mày là người hay máy", "không phải người"),
        ("", "Gõ câu hỏi bằng chữ"),
        ("/baocaoabc", "không có lệnh này"),
        ("/help", "QĐ 874/QĐ-BTTTT: Bộ Quy tắc ứng xử trên mạng xã hội"),
        ("tro giup", "Văn bản đang dùng"),
        ("bao cao", "gọi ngay ngân hàng"),
        ("menu", "Anh/chị làm được những việc sau"),
        ("7", "Gõ câu hỏi bằng chữ"),
        ("k", "Gõ câu hỏi bằng chữ"),
        ("b", "Gõ câu hỏi bằng chữ"),
        ("ư?", "Dạ vâng."),
        ("ừ", "Dạ vâng."),
    ],
)
def test_one_line_gets_one_reply(conversation: Conversation, said: str, expected: str) -> None:
    hold(conversation, [(said, expected)])


def test_every_answer_from_the_code_says_that_it_was_replaced(conversation: Conversation) -> None:
    for question in ("điều 3", "khoản 2 điều 5", "bán hàng online được không", "đăng tin giả phạt bao nhiêu"):
        (reply,) = conversation.say(question)
        assert "đã được thay thế bằng QĐ 423/QĐ-BVHTTDL ngày 05/3/2026" in reply.text, question


def test_the_old_decree_is_never_the_law_of_today(conversation: Conversation) -> None:
    (reply,) = conversation.say("đăng tin giả phạt theo nghị định 15/2020 đúng không")
    assert "NĐ 174/2026/NĐ-CP" in reply.text
    assert "thay NĐ 15/2020/NĐ-CP" in reply.text
    assert reply.text.startswith("Tôi không có toàn văn nghị định 15/2020.")
    assert reply.text.count("15/2020") == 2


def test_an_amount_comes_with_its_doubt(conversation: Conversation) -> None:
    (reply,) = conversation.say("chia sẻ tin sai sự thật bị phạt mấy triệu")
    assert "10-15 triệu" in reply.text
    assert "Cần đối chiếu văn bản chính thức" in reply.text


def test_a_letter_of_another_province_is_reference(context: Context, address: Address) -> None:
    question = "mục 5 công văn 6389"
    foreign = Conversation(context, address).say(question)[0].text
    assert "Đây là văn bản của tỉnh khác, tham khảo." in foreign
    assert "Sở Thông tin và Truyền thông: nay là Sở Văn hóa, Thể thao và Du lịch" in foreign
    own = replace(context, office=Office(province="Đắk Nông"))
    assert "tỉnh khác" not in Conversation(own, address).say(question)[0].text


def test_a_number_belongs_to_the_newest_menu_of_the_same_person(conversation: Conversation) -> None:
    conversation.say("mất nick phải báo ai")
    first = len(conversation.say("chửi nhau trên mạng có sao không")[0].buttons)
    none = f"số từ 1 đến {first}" if conversation.abilities.numbers else "Gõ câu hỏi bằng chữ"
    hold(conversation, [(str(first + 1), none)])
    hold(stranger(conversation), [("1", "Gõ câu hỏi bằng chữ")])


def test_an_article_is_chosen_from_the_contents(conversation: Conversation) -> None:
    hold(
        conversation,
        [("chương 3", "Điều 9"), ("1", "Khuyến nghị các cơ quan"), ("2", "chưa có câu chữ được kiểm chứng")],
    )


def test_a_menu_is_forgotten_after_a_day(conversation: Conversation) -> None:
    conversation.say("mất nick phải báo ai")
    menu = conversation.menus[-1]
    conversation.wait(dt.timedelta(hours=25))
    if conversation.abilities.buttons:
        # A button stays under its message for ever; what it meant is deleted.
        menus.purge(conversation.context.database, conversation.context.now.isoformat(), 10)
        (reply,) = conversation.tap(menu, 0)
    else:
        (reply,) = conversation.write("1")
    assert "đã cũ" in read(reply)


def test_a_press_is_looked_up_and_checked(conversation: Conversation) -> None:
    conversation.say("share bài chưa kiểm chứng")
    menu = conversation.menus[-1]
    assert "Khoản 1: “Tìm hiểu" in conversation.press(menu, 0)[0].text
    assert "đã cũ" in conversation.press(menu, 99)[0].text
    assert "đã cũ" in conversation.press(menu + 1000, 0)[0].text


def test_a_choice_is_understood_by_its_label_and_by_all_that_it_stands_for(conversation: Conversation) -> None:
    for typed in ("label", "full"):
        (reply,) = conversation.say("trang cơ quan có phải có người phụ trách không")
        button = next(button for button in reply.buttons if button.action == "ask.provision")
        assert button.full.startswith(button.label + " (")
        (chosen,) = conversation.say(getattr(button, typed))
        assert read(chosen).startswith(button.full.rsplit("(", 1)[1].split(",")[0])


def test_of_a_long_article_the_first_clauses_are_shown_and_the_rest_on_request(conversation: Conversation) -> None:
    for question in ("điều 4", "mục 1 công văn thanh hóa"):
        (reply,) = conversation.say(question)
        pages = [reply]
        while (place := next((n for n, b in enumerate(reply.buttons) if b.action == "ask.rest"), None)) is not None:
            (reply,) = conversation.press(conversation.menus[-1], place)
            pages.append(reply)
        assert len(pages) > 1
        assert max(len(read(page)) for page in pages) < 1_200
        whole_article = conversation.context.search.answer(question)
        text = "".join(read(page) for page in pages)
        assert [text.count(citation.quote) for citation in whole_article.citations] == [1] * len(
            whole_article.citations
        )


def test_of_the_law_around_the_documents_the_rest_is_told_on_request(conversation: Conversation) -> None:
    (reply,) = conversation.say("vi phạm bộ quy tắc có bị phạt tiền không")
    facts = conversation.context.search.background.facts
    hidden = next(fact.text for fact in facts if fact.id == "fines-amount")
    assert reply.text.count("• ") == 2 and hidden not in read(reply)
    place = next(n for n, button in enumerate(reply.buttons) if button.action == "ask.facts")
    (further,) = conversation.press(conversation.menus[-1], place)
    assert hidden in read(further) and read(further).count("• ") == 1


def test_a_short_article_is_shown_as_a_whole(conversation: Conversation) -> None:
    for question in ("điều 3", "điều 5", "điều 6"):
        assert "ask.rest" not in [button.action for button in conversation.say(question)[0].buttons], question


def test_a_vote_on_an_earlier_answer_is_understood_by_its_words(conversation: Conversation) -> None:
    """A number or a few letters mean the newest menu only."""
    conversation.say("đặt biệt danh trên facebook được không")
    conversation.say("chương 3")
    hold(conversation, [("dyt", "chưa nói tới"), ("dung y toi", "Cảm ơn")])
    (counted,) = [one for one in questions.counted(conversation.context.database, 10) if one.helpful]
    assert counted.text == "đặt biệt danh trên facebook được không"


def test_every_article_of_the_contents_has_words_on_its_button(conversation: Conversation) -> None:
    (reply,) = conversation.say("qđ 874")
    assert [button.label for button in reply.buttons][-2:] == [
        "Điều 8. Khuyến nghị các cơ quan triển khai, phổ biến",
        "Điều 9",
    ]


def test_another_provision_can_be_chosen(conversation: Conversation) -> None:
    (reply,) = conversation.say("trang cơ quan có phải có người phụ trách không")
    place = next(n for n, button in enumerate(reply.buttons) if button.action == "ask.provision")
    chosen = conversation.press(conversation.menus[-1], place)[0]
    assert read(chosen).startswith(reply.buttons[place].full.rsplit("(", 1)[1].split(",")[0])


@pytest.mark.parametrize(
    "button",
    [
        Button("x", "ask.provision", {"id": "qd-874-2021/dieu-99"}),
        Button("x", "ask.article", {"id": "qd-874-2021/dieu-99"}),
        Button("x", "ask.rest", {"ids": ["qd-874-2021/dieu-99"]}),
        Button("x", "ask.rest", {"ids": ["qd-874-2021/dieu-4"]}),
        Button("x", "ask.facts", {"ids": ["gone"]}),
        Button("x", "ask.nothing"),
        Button("x", "survey.start"),
    ],
)
def test_a_button_whose_aim_is_gone_says_so(conversation: Conversation, button: Button) -> None:
    context = conversation.context
    with context.database.transaction():
        menu = shown_menu(context.database, conversation.address, [button.as_json()], context.now.isoformat())
    assert "đã cũ" in conversation.press(menu, 0)[0].text


def test_without_an_office_nobody_is_left_without_advice(context: Context, address: Address) -> None:
    nobody = Conversation(replace(context, office=Office()), address)
    assert "bộ phận phụ trách ở cơ quan" in whole(nobody.say("thời tiết hôm nay")[0])
    assert nobody.say("/start")[0].text.startswith("Chào anh/chị. Đây là trợ lý tự động")


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.one_of(st.text(max_size=80), st.from_regex(r"/?[a-z0-9 .@]{0,12}", fullmatch=True)))
def test_whatever_is_said_gets_one_reply_that_is_not_blank(conversation: Conversation, said: str) -> None:
    # A report whose last answer this would happen to be brings more than one.
    conversation.say("/huy")
    (reply,) = conversation.say(said)
    assert reply.text.strip()


def test_a_typed_number_chooses_only_where_numbers_may_be_seen(conversation: Conversation) -> None:
    """Under buttons none is: whoever types one answers something else."""
    labels = list(answered(conversation, "share bai chua kiem chung co sao k"))
    (reply,) = conversation.write(str(labels.index("Đúng ý tôi") + 1))
    if conversation.abilities.numbers:
        assert "Cảm ơn" in read(reply)
        return
    assert "cần hỏi gì" in read(reply)
    assert conversation.context.database.rows("SELECT * FROM questions") == []
    assert "bấm nút" in read(conversation.say("trợ giúp")[0])
    assert "Cảm ơn" in read(conversation.say("đúng ý tôi")[0])


def test_among_others_only_commands_of_the_bot_are_taken(conversation: Conversation) -> None:
    for text, replies in (("/thoitiet", 0), ("/thoitiet@vidu_bot", 1), ("/trogiup", 1)):
        event = Incoming(text, conversation.address, text, conversation.context.now, group=True)
        assert len(conversation._handle(event)) == replies, text


@pytest.mark.parametrize(
    "said",
    [
        "tôi muốn gửi",
        "toi muon tim hieu",
        "tôi muốn thoát",
        "em nghỉ việc rồi",
        "em nghi viec roi",
        "tất cả",
        "hết ý nghĩa",
        "chuyện này kết thúc chưa",
        "từ từ em hỏi",
        "tu tu em hoi",
        "biến mất tin nhắn",
        "em muon tu van",
        "chết rồi em lỡ share tin giả",
        "đăng status chán đời lên fb có sao không",
        "chia sẻ tin vụ nữ sinh tự tử có được không",
    ],
)
def test_nobody_is_in_distress_who_says_what_everybody_says(conversation: Conversation, said: str) -> None:
    assert all("115" not in whole(reply) for reply in conversation.say(said))


@pytest.mark.parametrize(
    "said",
    [
        "toi muon chet",
        "tôi muốn tự tử",
        "em không muốn sống nữa",
        "chán đời quá",
        "em nghĩ quẩn quá",
        "em nghi den chuyen tu tu",
        "minh muon nhay cau",
        "em hay rạch tay",
        "bị chửi trên fb quá em chán sống",
        "cả cơ quan nói xấu em, em chỉ muốn biến mất khỏi đời này",
    ],
)
def test_somebody_in_distress_gets_help_and_no_rule(conversation: Conversation, said: str) -> None:
    (reply,) = conversation.say(said)
    assert "115" in read(reply)
    assert reply.buttons == ()
    assert conversation.context.database.rows("SELECT * FROM questions") == []


def test_what_has_no_word_is_no_question_for_the_office(conversation: Conversation) -> None:
    (reply,) = conversation.say("1+1=?")
    assert "đã được ghi lại" not in whole(reply)
    assert questions.counted(conversation.context.database, 10) == []


@pytest.mark.parametrize("said", ["vâng", "vang", "dạ", "Vâng ạ.", "da vang a"])
def test_a_yes_to_nothing_is_no_question(conversation: Conversation, said: str) -> None:
    hold(conversation, [(said, "Dạ vâng.")])
    assert questions.counted(conversation.context.database, 10) == []
