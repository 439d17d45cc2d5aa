"""Questions about the bot itself get who may do it and how, and no rule; questions about rules get no command."""

from __future__ import annotations

import re
import tomllib

import pytest

from benchmarks.questions import QUESTIONS, load_lines
from handlers import howto
from handlers.context import Context
from handlers.people import service
from handlers.router import COMMANDS
from handlers.texts import CATALOGUE
from knowledge.background import Background
from knowledge.documents import Library
from knowledge.text import fold
from tests.conversations import Conversation, hold, read, whole
from tests.helpers import place
from tests.quizzes import console_of, joined, office

pytestmark = pytest.mark.every_channel

ASKED = {
    "mã mời": "invitation",
    "lấy mã mời ở đâu": "invitation",
    "ai cấp mã mời cho đơn vị": "invitation",
    "mã cá nhân là gì": "personal_code",
    "quên mã biên nhận thì làm sao": "receipt",
    "làm sao biết ai chưa đọc thông báo": "who_read",
    "tôi không muốn nhận thông báo nữa thì làm sao": "stop",
    "làm thế nào để gửi thông báo": "broadcast",
    "muốn gửi nhắc nhở cho cả đơn vị thì làm thế nào": "broadcast",
    "ai được gửi thông báo?": "broadcast",
    "hướng dẫn soạn thông báo": "broadcast",
    "nhập câu hỏi trắc nghiệm từ word thế nào": "bank",
    "xem kết quả trắc nghiệm ở đâu": "results",
    "cách tạo trắc nghiệm": "round",
    "ai mở được đợt trắc nghiệm": "round",
    "làm trắc nghiệm ở đâu vậy ad": "take",
    "cách luyện tập": "practice",
    "làm sao để thành quản trị": "roles",
    "đổi đầu mối của": "",
    "đổi đầu mối thế nào": "roles",
    "làm sao thêm người mới vào đơn vị": "members",
    "nhập danh sách cán bộ từ excel": "members",
    "sáp nhập đơn vị thế nào": "units",
    "em muốn tham gia thì làm sao ạ": "join",
    "cách rời khỏi cơ quan": "leave",
    "bot lưu dữ liệu của tôi ở đâu": "data",
    "dùng chung zalo và telegram thế nào": "link",
    "theo dõi báo cáo của tôi ở đâu": "own_report",
    "xuất báo cáo tháng ra word thế nào": "upward",
    "thêm trang chính thức ở đâu": "pages",
    "cách báo vắng mặt": "absence",
    "ai duyệt thông báo": "approve",
    "thêm nội quy của cơ quan vào bot thế nào": "documents",
}


@pytest.fixture
def unit(context: Context) -> int:
    return office(context)


def test_each_topic_is_known_by_its_words_with_and_without_accents() -> None:
    for said, name in ASKED.items():
        for typed in (said, fold(said), said.upper()):
            found = howto.find(typed)
            assert (found.name if found else "") == name, typed
    names = {topic.name for topic in howto.TOPICS}
    assert names == set(ASKED.values()) - {""}
    assert names == tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["howto"].keys()


@pytest.mark.parametrize(
    "said",
    [
        "trắc nghiệm là gì",
        "thông báo của cơ quan đăng facebook được không",
        "có được gửi thông báo cho đồng nghiệp không",
        "mất nick thì gửi thông báo cho cơ quan nào",
        "lãnh đạo cơ quan phải làm gì",
        "đầu mối phải làm gì",
        "có được chuyển danh sách cán bộ cho người khác không",
        "tìm người này ở đâu",
        "nói gì trên zalo",
        "đăng ký với cơ quan nào",
        "cơ quan có phải lập đơn vị quản lý trang không",
        "quy định gửi thông báo cho cán bộ",
        "thêm người vào nhóm zalo được không",
        "chia sẻ " * 30 + "mã mời",
        "",
    ],
)
def test_questions_about_rules_are_none_about_the_bot(said: str) -> None:
    assert howto.find(said) is None


def test_no_question_that_the_documents_answer_or_decline_is_taken(library: Library, background: Background) -> None:
    asked = [line.text for line in load_lines(QUESTIONS)]
    asked += [phrasing for passage in library.passages() for phrasing in passage.entry.phrasings]
    asked += [phrasing for intent in background.intents for phrasing in intent.phrasings]
    asked += [phrasing for fact in background.facts for phrasing in fact.phrasings]
    assert len(asked) > 2_000
    assert [said for said in asked if howto.find(said)] == []


def test_what_is_said_fits_and_names_commands_that_there_are(context: Context) -> None:
    """Words in quotation marks are what somebody types, what stands on a button, or a command of the server."""
    buttons = {
        context.texts(name) for name in ("manage.invite", "manage.edit", "broadcast.new", "quiz.plan", "page.add")
    }
    for topic in howto.TOPICS:
        text = read(howto.explain(topic, context))
        assert len(text) < 300, text
        for quoted in re.findall("“([^”]+)”", text):
            assert quoted in buttons or quoted.startswith("ungxu ") or COMMANDS.find(quoted), quoted
        assert not topic.command or topic.command in {command.name for command in COMMANDS.all}


def test_who_may_do_it_does_it_at_once_and_others_read_who_may(context: Context, unit: int) -> None:
    chief, staff = joined(context, "quan-tri", unit), joined(context, "can-bo", unit)
    service.give_role(console_of(context), chief.context.person, "administrator", None)
    hold(chief, [("cách tạo trắc nghiệm", "do người quản trị mở"), ("1", "Lập đợt mới")])
    hold(chief, [("lam the nao de gui thong bao", "đầu mối, lãnh đạo gửi trong đơn vị mình"), ("1", "Thông báo")])
    (reply,) = staff.say("cach tao trac nghiem")
    assert "do người quản trị mở" in read(reply) and reply.buttons == ()
    stranger = Conversation(context, place("nguoi-la"))
    stranger.say("chào")
    hold(stranger, [("ma moi", "Chưa có mã thì hỏi đầu mối")])


def test_in_a_group_nothing_is_offered_that_is_done_alone(context: Context, unit: int) -> None:
    chief = joined(context, "quan-tri", unit)
    service.give_role(console_of(context), chief.context.person, "administrator", None)
    (reply,) = chief.send(text="cách tạo trắc nghiệm", group=True)
    assert "do người quản trị mở" in read(reply) and reply.buttons == ()


def test_it_is_answered_in_the_middle_of_a_form(context: Context, unit: int) -> None:
    chief = joined(context, "quan-tri", unit)
    service.give_role(console_of(context), chief.context.person, "administrator", None)
    chief.say("đơn vị")
    chief.write("Sửa đơn vị")
    hold(chief, [("Thêm đơn vị trực thuộc", "Tên đơn vị mới")])
    explained, again = chief.write("mã mời")
    assert "do đầu mối lấy" in whole(explained) and "Tên đơn vị mới" in whole(again)
