"""Rounds as an administrator plans and sees them in chat."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from handlers import router
from handlers.context import Context
from handlers.conversation import Door, Drawing, Line
from handlers.errors import NotFound
from handlers.people import service
from handlers.quiz import export, results, rounds
from handlers.quiz.results import FEWEST_TOLD
from handlers.quiz.rounds import Rules
from storage import quiz_people, quiz_rounds, quizzes, usage
from tests.conversations import Conversation, hold, read, whole
from tests.quizzes import console_of, joined, office, on_monday, planned, run_due

pytestmark = pytest.mark.every_channel

PLAIN = Rules(draw=0, shuffle=False, pass_mark=60, any_hour=True)


@pytest.fixture
def unit(context: Context) -> int:
    return office(context)


@pytest.fixture
def chief(context: Context, unit: int) -> Conversation:
    conversation = joined(context, "quan-tri", unit)
    service.give_role(console_of(context), conversation.context.person, "administrator", None)
    return conversation


def take(conversation: Conversation, *said: str) -> None:
    for one in ("trắc nghiệm", "1", *said):
        conversation.say(one)


RIGHT = ("B", "1", "2", "xong", "A")
WRONG = ("A", "3", "xong", "B")


def test_a_round_is_planned_step_by_step(context: Context, unit: int, chief: Conversation) -> None:
    an = joined(context, "an", unit)
    hold(
        chief,
        [
            ("đợt trắc nghiệm", "Chưa có đợt trắc nghiệm nào."),
            ("1", "Đợt trắc nghiệm tên gì?"),
            ("Sau tập huấn", "Ngân hàng ví dụ"),
            ("1", "Tất cả chủ đề"),
            ("chuyện khác", "Không có chủ đề ấy"),
            ("Chia sẻ; Trang", "Tất cả 2 câu"),
            ("quay lại", "Tất cả chủ đề"),
            ("1", "Tất cả 3 câu"),
            ("4", "Chỉ có 3 câu hỏi phù hợp"),
            ("2", "Mở lúc nào?"),
            ("hôm qua", "gõ ngày như"),
            ("ngay", "Đóng vào ngày nào"),
            ("20/11/2026", "24/11"),
            ("3/12", "Dành cho ai?"),
            ("Phòng Lạ", "Không có đơn vị đó"),
            ("phong vi du", "mỗi người 2 câu, đạt từ 80%"),
            ("ừm", "trả lời “đồng ý” hoặc “không”"),
            ("mở", "Đã lập “Sau tập huấn”, mở 10:00 ngày 21/11/2026"),
        ],
    )
    assert run_due(context) == []
    assert {reply.to for reply in run_due(on_monday(context))} == {chief.address, an.address}
    hold(chief, [("đợt trắc nghiệm", "Sau tập huấn: đang mở, đến 17:00 ngày 03/12/2026")])


@pytest.mark.parametrize(("rate", "told"), [(0.0, ""), (30.0, ""), (0.01, "khoảng 2 phút")])
def test_how_long_everybody_waits_when_all_are_at_it_is_told_before(
    context: Context, unit: int, chief: Conversation, rate: float, told: str
) -> None:
    for name in ("an", "binh"):
        joined(context, name, unit)
    here = Line("vidu", "bot-1", 2 * rate, answers=rate)
    chief.context = replace(chief.context, lines=(here, Line("khác", "bot-1", 0.001, answers=0.001)))
    for said in ("đợt trắc nghiệm", "1", "Một", "1", "1", "tất cả", "ngay", "25/11"):
        chief.say(said)
    (shown,) = chief.say("cả cơ quan")
    assert (f"Lời mời tới người cuối sau {told}. Nếu" in read(shown)) == bool(told)
    assert ("mỗi câu chờ khoảng 5 phút, không mất" in read(shown)) == bool(told)


def test_it_may_open_later(context: Context, unit: int, chief: Conversation) -> None:
    for said in ("đợt trắc nghiệm", "1", "Một", "1", "1", "tất cả", "23/11", "25/11", "cả cơ quan"):
        chief.say(said)
    hold(chief, [("có", "mở 08:00 ngày 23/11/2026"), ("đợt trắc nghiệm", "chưa mở, từ 08:00 ngày 23/11/2026")])
    assert run_due(context) == []
    assert len(run_due(replace(context, now=dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)))) == 1


@pytest.mark.parametrize(
    ("opens", "closes", "said"),
    [
        ("14h thứ hai", "11h30 ngày 25/11", "Mở 14:00 ngày 23/11/2026, đóng 11:30 ngày 25/11/2026"),
        ("thứ hai", "thứ sáu", "Mở 08:00 ngày 23/11/2026, đóng 17:00 ngày 27/11/2026"),
        ("hôm nay", "3 giờ chiều nay", "Mở 10:00 ngày 21/11/2026, đóng 15:00 ngày 21/11/2026"),
        ("30 phút nữa", "hôm nay", "Mở 10:30 ngày 21/11/2026, đóng 17:00 ngày 21/11/2026"),
    ],
)
def test_it_opens_and_closes_at_a_time_of_the_day(chief: Conversation, opens: str, closes: str, said: str) -> None:
    for one in ("đợt trắc nghiệm", "1", "Một", "1", "1", "tất cả", opens, closes):
        chief.say(one)
    hold(chief, [("cả cơ quan", said)])


@pytest.mark.parametrize("typed", ["9h hôm nay", "14h và 16h mai", "hằng tuần thứ hai", "ngay", "lúc nào rảnh"])
def test_a_time_at_which_no_round_can_close_is_asked_again(chief: Conversation, typed: str) -> None:
    for one in ("đợt trắc nghiệm", "1", "Một", "1", "1", "tất cả", "ngay"):
        chief.say(one)
    hold(chief, [(typed, "Đóng vào ngày nào"), ("25/11", "Dành cho ai?")])


def test_rounds_of_before_are_found(context: Context, unit: int, chief: Conversation) -> None:
    contact = joined(context, "dau-moi", unit)
    service.give_role(console_of(context), contact.context.person, "contact", unit)
    for number in range(1, 12):
        planned(context, PLAIN, title=f"Đợt thứ {number}")
    run_due(context)
    for one, of_unit in ((chief, ""), (contact, " (Phòng Ví Dụ)")):
        (shown,) = one.say("đợt trắc nghiệm")
        assert [button.label for button in shown.buttons][:5] == [f"Đợt thứ {number}" for number in range(11, 6, -1)]
        assert shown.buttons[5].full == f"Các đợt cũ hơn{of_unit}"
        (shown,) = one.say("6")
        assert [button.label for button in shown.buttons] == [
            *(f"Đợt thứ {number}" for number in range(6, 1, -1)), "Các đợt cũ hơn",
        ]  # fmt: skip
        (shown,) = one.say("6")
        assert [button.label for button in shown.buttons] == ["Đợt thứ 1"]
        hold(one, [("1", "Kết quả: Đợt thứ 1")])
    for said in ("đợt trắc nghiệm", "6"):
        chief.say(said)
    (shown,) = chief.say("5")
    assert "So với đợt trước: Đợt thứ 1" in [button.full for button in shown.buttons]


def test_a_round_for_nobody_is_not_opened(context: Context, unit: int, chief: Conversation) -> None:
    told = "Hiện không có ai thuộc nhóm này"
    for one in ("đợt trắc nghiệm", "1", "Một", "1", "1", "tất cả", "ngay", "25/11"):
        chief.say(one)
    hold(chief, [("đầu mối", told), ("cả cơ quan", "cả cơ quan: 1 người")])
    chief.say("không")
    for one in ("đợt trắc nghiệm", "1", "Một", "1", "1", "tất cả", "23/11", "25/11"):
        chief.say(one)
    hold(chief, [("đầu mối", "người là đầu mối: 0 người")])


@pytest.mark.parametrize("finished", [FEWEST_TOLD - 1, FEWEST_TOLD])
def test_of_a_few_who_finished_nothing_is_told_by_which_one_could_be_known(
    context: Context, unit: int, chief: Conversation, finished: int
) -> None:
    staff = [joined(context, f"nguoi-{number}", unit) for number in range(finished)]
    planned(context, PLAIN)
    run_due(context)
    for conversation in staff:
        take(conversation, *WRONG)
    chief.say("đợt trắc nghiệm")
    (shown,) = chief.say("1")
    assert f"{finished} người làm xong" in read(shown)
    assert ("Câu sai hay bị chọn" in read(shown)) == (finished >= FEWEST_TOLD)


def test_a_round_that_is_not_open_yet_says_when(context: Context, unit: int, chief: Conversation) -> None:
    planned(context, PLAIN, opens=2)
    hold(
        chief,
        [
            ("đợt trắc nghiệm", "Đợt 1. Đợt một: chưa mở"),
            ("1", "Chưa mở: mở lúc 12:00 ngày 21/11/2026, đóng lúc 10:00 ngày 23/11/2026."),
            ("đóng ngay", "Bỏ “Đợt một”? Đợt này chưa mở, chưa gửi gì."),
            ("2", "Đã đóng “Đợt một”."),
        ],
    )
    assert run_due(replace(context, now=context.now + dt.timedelta(hours=3))) == []


def test_no_is_no(context: Context, chief: Conversation) -> None:
    for said in ("đợt trắc nghiệm", "1", "Một", "1", "1", "tất cả", "ngay", "25/11", "cả cơ quan"):
        chief.say(said)
    hold(chief, [("thôi", "Đã bỏ, chưa gửi gì.")])
    assert quiz_rounds.newest(context.database, 9) == []


def test_an_office_without_questions_begins_with_those_of_the_program(context: Context) -> None:
    console = console_of(context)
    chief = joined(context, "quan-tri", service.create_unit(console, "Sở Ví Dụ"))
    service.give_role(console, chief.context.person, "administrator", None)
    hold(chief, [("đợt trắc nghiệm", "Lập đợt mới"), ("1", "tên gì?"), ("Một", "Bộ câu hỏi có sẵn")])
    (bank,) = quizzes.banks(context.database)
    assert bank.questions == 90


def test_what_zalo_will_carry_is_told_before(context: Context, unit: int, chief: Conversation) -> None:
    door = Door("Zalo Bot Ví Dụ", "", channel="vidu", account="bot-1", monthly=100)
    usage.count(context.database, "vidu", "bot-1", "2026-11-01", sent=70)
    joined(context, "an", unit)
    chief.context = replace(chief.context, doors=lambda _: (door,))
    for said in ("đợt trắc nghiệm", "1", "Một", "1", "1", "tất cả", "ngay", "25/11"):
        chief.say(said)
    (reply,) = chief.say("cả cơ quan")
    assert "2 người; 0 người chưa nhắn tới được." in read(reply)
    assert "Zalo Bot Ví Dụ: dùng 2 tin. Tháng này thông báo còn dùng được 10 tin" in read(reply)
    assert "Cả đợt, kể cả nhắc và trả lời từng câu: nhiều nhất khoảng 20 tin." in read(reply)


def test_staff_plan_nothing(context: Context, unit: int) -> None:
    an = joined(context, "an", unit)
    hold(an, [("đợt trắc nghiệm", "chưa được giao quyền"), ("menu", "làm được những việc sau")])
    assert "Đợt trắc nghiệm" not in whole(an.say("menu")[0])


def test_results_in_words(context: Context, unit: int, chief: Conversation) -> None:
    number = planned(context, PLAIN)
    people = [joined(context, f"nguoi{place}", unit) for place in range(6)]
    run_due(context)
    for one in people[:2]:
        take(one, *RIGHT)
    for one in people[2:5]:
        take(one, *WRONG)
    take(people[5], "B")
    hold(chief, [("đợt trắc nghiệm", "Đợt một: đang mở")])
    (reply,) = chief.say("1")
    said = read(reply)
    assert "Dành cho 7 người; 6 người đã làm, 5 người làm xong." in said
    assert "Đạt: 2 người (40% số người làm xong)." in said
    assert "Điểm trung bình: 40%" in said
    assert "Mới 5 người làm xong: quá ít, chưa kết luận được gì về câu hỏi." in said
    assert "Khoảng một nửa trả lời đúng (40% của 5 người): nên nhắc lại." in said
    assert "Câu sai hay bị chọn: A. Chia sẻ ngay (3 lần)." in said
    hold(chief, [("đóng ngay", "2 người chưa làm xong sẽ không làm được nữa"), ("để nguyên", "Kết quả: Đợt một")])
    hold(chief, [("đóng ngay", "không mở lại được"), ("đồng ý đóng", "Đã đóng “Đợt một”.")])
    hold(chief, [("đợt trắc nghiệm", "Đợt một: đã đóng")])
    assert results.see_results(console_of(context), None, number).whole.begun == 6


def test_nobody_has_finished_yet(context: Context, unit: int, chief: Conversation) -> None:
    planned(context, PLAIN)
    run_due(context)
    hold(chief, [("đợt trắc nghiệm", "Đợt một"), ("1", "Chưa có ai làm xong nên chưa có kết quả.")])


def test_only_the_first_attempt_counts(context: Context, unit: int, chief: Conversation) -> None:
    number = planned(context, replace(PLAIN, attempts=2))
    run_due(context)
    an = joined(context, "an", unit)
    quiz_people.add(context.database, number, an.context.person, unit)
    take(an, *WRONG)
    for said in ("làm lại", *RIGHT):
        an.say(said)
    found = results.see_results(console_of(context), None, number)
    assert (found.whole.finished, found.whole.passed, found.whole.mean) == (1, 0, 0.0)


def test_two_rounds_are_compared(context: Context, unit: int, chief: Conversation) -> None:
    people = [joined(context, f"nguoi{place}", unit) for place in range(12)]
    planned(context, PLAIN, closes=1)
    run_due(context)
    for one in people:
        take(one, *WRONG)
    later = replace(context, now=context.now + dt.timedelta(hours=2))
    run_due(later)
    planned(later, PLAIN, title="Đợt hai")
    run_due(later)
    for one in people[:10]:
        one.wait(dt.timedelta(hours=2))
        take(one, *RIGHT)
    chief.wait(dt.timedelta(hours=2))
    hold(chief, [("đợt trắc nghiệm", "Đợt hai"), ("1", "So với đợt trước: Đợt một")])
    (reply,) = chief.say("so với đợt trước")
    assert "10 người làm xong cả hai: điểm trung bình từ 0% thành 100%." in read(reply)
    assert "Tốt lên 10 người, như cũ 0, kém đi 0." in read(reply)
    assert "Thay đổi rõ" in read(reply)
    assert "Mới 10 người làm xong: chỉ nên xem là tham khảo." in read(reply)
    (picture,) = chief.say("1")
    assert read(picture) == "Đợt một và Đợt hai: 10 người làm cả hai"
    (file,) = picture.files
    assert isinstance(file, Drawing)
    assert file.data["names"] == ["Đợt một: trung bình 0%", "Đợt hai: trung bình 100%"]
    assert file.data["bands"][0] == ["0–19%", 10, 0]
    assert file.data["bands"][4] == ["80–100%", 0, 10]
    assert router.draw(file.drawing, file.data).startswith(b"\x89PNG")


def test_two_people_are_too_few_for_a_picture(context: Context, unit: int, chief: Conversation) -> None:
    people = [joined(context, f"nguoi{place}", unit) for place in range(FEWEST_TOLD - 1)]
    for title in ("Đợt một", "Đợt hai"):
        number = planned(context, PLAIN, title=title)
        run_due(context)
        for one in people:
            one.say("trắc nghiệm")
            one.say("làm bài")
            for said in RIGHT:
                one.say(said)
        rounds.close_round(console_of(context), number)
    chief.say("đợt trắc nghiệm")
    chief.say("1")
    (reply,) = chief.say("so với đợt trước")
    assert f"{FEWEST_TOLD - 1} người làm xong cả hai" in read(reply)
    assert reply.buttons == ()
    with pytest.raises(NotFound):
        export.compared_chart(1, 2, chief.context)
