"""Who was tricked reports it in his own words: by which account, and it stands under one of the four kinds."""

from __future__ import annotations

import json

import pytest

from handlers.context import Context
from handlers.report.trouble import is_fraud_told
from knowledge.text import fold
from storage import reports
from storage.people import Address
from storage.reports import Report
from tests.conversations import Conversation, hold, read, whole
from tests.test_report_dialogue import ROWS, rows
from tests.test_report_reading import QUESTIONS

pytestmark = pytest.mark.every_channel

TOLD = """
báo cáo lừa đảo
tôi muốn báo lừa đảo
em muốn tố cáo lừa đảo
dạ em xin phản ánh một vụ lừa đảo
có trang tuyển dụng giả lừa tiền
có người lừa đảo bán hàng qua mạng
thấy một trang facebook lừa đảo đầu tư
phát hiện fanpage tuyển dụng giả
""".strip().splitlines()

ASKED = """
lừa đảo trên mạng có những hình thức nào
bị lừa đảo trên mạng thì báo ai
báo cáo lừa đảo ở đâu
chia sẻ cảnh báo lừa đảo được không
có trang nào cảnh báo lừa đảo không
cán bộ lừa đảo bị xử lý thế nào
viết bài lừa đảo giúp tôi
""".strip().splitlines()


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", TOLD)
def test_a_fraud_is_told(said: str, plain: bool) -> None:
    assert is_fraud_told(fold(said) if plain else said)


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", ASKED)
def test_a_question_about_frauds_tells_of_none(said: str, plain: bool) -> None:
    assert not is_fraud_told(fold(said) if plain else said)


def test_questions_that_staff_ask_tell_of_no_fraud() -> None:
    asked = [json.loads(line)["text"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    assert [text for text in asked if is_fraud_told(text) or is_fraud_told(fold(text))] == []


@pytest.fixture
def an(context: Context) -> Conversation:
    return Conversation(context, Address("vidu", "bot-1", "chat-an", "an"))


def reported(an: Conversation) -> Report:
    (report,) = reports.of_reporter(an.context.database, an.context.person)
    return report


MEANS = "kẻ lừa dùng cách nào?"
ACCOUNT = "kẻ lừa dùng tài khoản, trang, số điện thoại nào?"


def test_who_was_tricked_by_a_false_offer(an: Conversation) -> None:
    an.say("em bị lừa đảo tuyển dụng mất 5tr")
    hold(an, [("1", MEANS), ("4", ACCOUNT), ("fb Việc Nhẹ Ví Dụ", "Gọi lại anh/chị")])
    an.write("0911222333")
    report = reported(an)
    assert (report.kind, report.harm, report.amount, report.platform) == ("abused", "money_lost", 5_000_000, "facebook")
    # The account is that of whoever tricked him: nobody is called its owner.
    assert (report.whose, report.owner_name, report.owner_id) == ("other", "", None)
    assert report.account == "fb Việc Nhẹ Ví Dụ"
    assert report.said == "em bị lừa đảo tuyển dụng mất 5tr"


@pytest.mark.parametrize("place", [1, 2, 3])
def test_the_account_that_was_used_decides_the_kind(an: Conversation, place: int) -> None:
    an.say("mẹ tôi bị lừa 20tr rồi")
    hold(an, [("1", MEANS), (str(place), "Để báo đầu mối"), ("0900 000 001", "Gọi lại anh/chị")])
    an.write("0911222333")
    assert (reported(an).kind, reported(an).harm) == (
        ["lost", "impersonated", "unit_impersonated"][place - 1],
        "money_lost",
    )


@pytest.mark.parametrize(
    ("said", "kind"),
    [("nó giả danh ngân hàng", "impersonated"), ("nó bán hàng online", "abused"), ("tuyen dung gia", "abused")],
)
def test_how_it_was_done_is_told_in_any_words(an: Conversation, said: str, kind: str) -> None:
    an.say("báo cáo")
    an.write("mẹ tôi bị lừa 20tr rồi")
    (account,) = an.write(said)
    assert "đã mất tiền, 20.000.000 đồng" in read(account)
    an.write("0900 000 001")
    an.write("0911222333")
    report = reported(an)
    assert (report.kind, report.harm, report.said) == (kind, "money_lost", f"mẹ tôi bị lừa 20tr rồi\n{said}")


@pytest.mark.parametrize("said", ["báo cáo lừa đảo", "có trang tuyển dụng giả lừa tiền"])
def test_a_fraud_that_goes_about_is_reported_at_once(an: Conversation, said: str) -> None:
    (reply,) = an.say(said)
    assert "Đừng chuyển tiền" in read(reply)
    assert MEANS in read(reply)
    assert len(rows(reply)) <= ROWS


def test_behind_the_command_it_gets_the_help_for_its_trouble(an: Conversation) -> None:
    (reply,) = an.say("/baocao bị lừa 20tr")
    assert "ngân hàng" in read(reply).split("\n")[1]
    assert "sim" not in read(reply)
    assert MEANS in whole(reply)


def test_a_lost_account_is_one_whatever_else_happened(an: Conversation) -> None:
    hold(an, [("zalo mẹ em bị hack, em bị lừa chuyển 20tr rồi", "tài khoản Zalo của mẹ em tên gì")])
