"""The whole way through Telegram: a real server on loopback, a whole bot, and what people see."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.channels.telegram.sending import A_ROW
from bot.settings import Settings
from storage.database import FILE_NAME
from tests.botapi.client import BotApi
from tests.helpers import locked
from tests.telegram_bot import BOT_NAME, GROUP, OTHER, PERSON, RunningBot, eventually, rows, running, said, settings_for
from tests.waiting import wait_until

# Private chats


def test_a_question_is_answered_with_the_rule(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "share bai chua kiem chung co sao k")
    (answer,) = said(api)
    assert answer.text.startswith("Khoản 4 Điều 4, QĐ 874/QĐ-BTTTT\n“Chia sẻ những thông tin")
    assert answer.html.startswith("<b>Khoản 4 Điều 4, QĐ 874/QĐ-BTTTT</b>")
    assert "Đúng ý tôi" in [button.label for button in answer.buttons]


def test_a_source_is_a_link_with_a_short_name(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "khoản 1 điều 5")
    (answer,) = said(api)
    (found,) = [entity for entity in answer.entities if entity["type"] == "text_link"]
    assert found["url"].startswith("https://cpdanluat.thuvienphapluat.vn/can-bo")
    assert "Nguồn: cpdanluat.thuvienphapluat.vn\n" in answer.text


def test_two_short_buttons_share_a_row(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "mất nick zalo phải báo ai?")
    (answer,) = said(api)
    rows = {button.label: button.row for button in answer.buttons}
    assert rows["Đúng ý tôi"] == rows["Chưa đúng"]
    assert len(set(rows.values())) == len(rows) - 1
    assert max(map(len, rows)) <= A_ROW
    assert "Có thể xem thêm:\n• " in answer.text


def test_the_command_menu_is_set(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "/trogiup")
    said(api)
    # It is set beside receiving.
    wait_until(lambda: [name for name, _ in api.commands()] == ["start", "menu", "thamgia", "dulieu", "trogiup"])


def test_a_vote_is_thanked_for_in_passing_and_its_buttons_go(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "share bai chua kiem chung co sao k")
    (answer,) = said(api)
    api.press(PERSON, answer, "Đúng ý tôi")
    records = api.wait_for(lambda seen: {r.kind for r in seen} >= {"message", "edit", "answer"}, PERSON)
    edit = next(record for record in records if record.kind == "edit")
    assert next(record for record in records if record.kind == "answer").text == "Cảm ơn anh/chị đã cho biết."
    assert edit.message_id == answer.message_id
    left = [button.label for button in edit.buttons]
    assert left == [button.label for button in answer.buttons if button.label not in ("Đúng ý tôi", "Chưa đúng")]


def test_the_reason_takes_the_place_of_the_question_for_it(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "share bai chua kiem chung co sao k")
    (answer,) = said(api)
    api.press(PERSON, answer, "Chưa đúng")
    why = next(record for record in said(api, count=3) if record.text.startswith("Chưa đúng ở đâu"))
    api.press(PERSON, why, "Khó hiểu")
    seen = api.wait_for(lambda seen: any("để sửa" in r.text for r in seen), PERSON)
    thanks = next(record for record in seen if "để sửa" in record.text)
    assert (thanks.message_id, thanks.buttons) == (why.message_id, [])


def test_a_button_that_opens_something_sends_it_as_a_new_message(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "mất nick zalo phải báo ai?")
    (answer,) = said(api)
    api.press(PERSON, answer, "Xem cả Điều 4")
    article = said(api, count=2)[-1]
    assert article.text.startswith("Điều 4, QĐ 874/QĐ-BTTTT")
    assert article.message_id != answer.message_id


def test_what_an_office_is_called_is_shown_as_it_is_written(
    api: BotApi, tmp_path: Path, documents_loaded_once: None
) -> None:
    (tmp_path / "office.toml").write_text(
        'name = "Sở <b>Ví Dụ</b> & Mẫu"\nphone = "<a href=x>0000</a>"', encoding="utf-8"
    )
    with running(settings_for(api, tmp_path / "data", office=tmp_path)):
        api.say(PERSON, "/start")
        (hello,) = said(api)
    assert "của Sở <b>Ví Dụ</b> & Mẫu." in hello.text
    assert "<a href=x>0000</a>" in hello.text
    assert hello.entities == []


def test_a_long_article_comes_in_parts_with_the_buttons_under_the_last(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "điều 4")
    parts = said(api)
    assert parts[0].text.startswith("Điều 4, QĐ 874")
    assert all(len(part.text.encode("utf-16-le")) // 2 <= 4096 for part in parts)
    assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [bool(parts[-1].buttons)]


@pytest.mark.parametrize("send", ["photo", "document", "voice", "sticker", "location", "contact"])
def test_what_cannot_be_read_gets_a_friendly_word(api: BotApi, bot: RunningBot, send: str) -> None:
    match send:
        case "photo":
            api.photo(PERSON, b"\xff\xd8\xff\xe0")
        case "document":
            api.document(PERSON, "vi-du.pdf", b"%PDF-1.7")
        case "location":
            api.location(PERSON, 11.9, 108.4)
        case "contact":
            api.contact(PERSON, "0000000000", "Người Ví Dụ")
        case _:
            getattr(api, send)(PERSON)
    (answer,) = said(api)
    assert any(word in answer.text for word in ("bằng chữ", "đọc được chữ", "để làm gì"))


def test_a_picture_with_a_question_under_it_gets_the_answer_to_the_question(api: BotApi, bot: RunningBot) -> None:
    api.photo(PERSON, b"\xff\xd8\xff\xe0", "share bai chua kiem chung co sao k")
    (answer,) = said(api)
    assert answer.text.startswith("Khoản 4 Điều 4")


def test_a_question_that_is_mended_is_answered_again(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "điều 4 khoản 9")
    said(api)
    message = next(message for message in api.messages(PERSON) if message.sender == PERSON)
    api.edit(PERSON, message, "điều 4 khoản 3")
    assert said(api, count=2)[-1].text.startswith("Khoản 3 Điều 4")


def test_somebody_who_writes_too_much_is_asked_once_to_wait_and_others_are_answered(
    api: BotApi, bot: RunningBot, telegram_settings: Settings
) -> None:
    api.load([(PERSON, f"điều 4 khoản {n % 8 + 1}") for n in range(60)] + [(OTHER, "điều 4 khoản 3")])
    assert said(api, OTHER)[0].text.startswith("Khoản 3 Điều 4")
    eventually(telegram_settings, "SELECT count(*) AS n FROM inbox", [{"n": 61}])
    (flood,) = rows(telegram_settings, "SELECT count(*) AS n FROM inbox WHERE kind = 'flood'")
    assert flood["n"] >= 35
    # What is on its way stands in both: nothing is any more.
    bot.stop()
    warnings = rows(telegram_settings, "SELECT count(*) AS n FROM outbox WHERE message LIKE '%gửi hơi nhanh%'")
    seen = [record for record in api.transcript(PERSON) if "gửi hơi nhanh" in record.text]
    assert warnings[0]["n"] + len(seen) == 1


def test_somebody_who_has_to_wait_sees_that_the_bot_is_typing(
    api: BotApi, bot: RunningBot, telegram_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.channel.TYPING_AGAIN", 0.2)
    api.say(PERSON, "điều 4 khoản 2")
    said(api)
    assert api.transcript(PERSON, "action") == []
    with locked(telegram_settings.data / FILE_NAME), monkeypatch.context() as quick:
        quick.setattr("bot.channels.telegram.channel.TYPING_AFTER", 0.1)
        api.say(PERSON, "điều 4 khoản 3")
        api.wait_for(lambda seen: any(r.kind == "action" and r.text == "typing" for r in seen), PERSON)
    assert "Khoản 3 Điều 4" in said(api, count=2)[-1].text
    api.say(PERSON, "điều 4 khoản 2")
    said(api, count=3)
    quiet = len(api.transcript(PERSON, "action"))
    # Long enough for a few signs more.
    time.sleep(1)
    assert len(api.transcript(PERSON, "action")) == quiet


# Buttons are looked up, never believed


@pytest.mark.parametrize("data", ["0:0", "1:99", "999999:0", "x", "", "1:0:0", "-1:0", "1" * 60, "drop table"])
def test_a_forged_press_does_nothing(api: BotApi, bot: RunningBot, telegram_settings: Settings, data: str) -> None:
    api.say(PERSON, "share bai chua kiem chung co sao k")
    (answer,) = said(api)
    api.press_raw(PERSON, answer.message_id, data)
    seen = api.wait_for(lambda seen: any(r.kind == "answer" for r in seen), PERSON)
    notice = next(record for record in seen if record.kind == "answer")
    assert notice.text == "Lựa chọn này đã cũ. Anh/chị gõ lại câu hỏi giúp."
    assert rows(telegram_settings, "SELECT * FROM questions") == []


def test_a_press_on_the_menu_of_another_does_nothing(api: BotApi, bot: RunningBot, telegram_settings: Settings) -> None:
    api.say(PERSON, "share bai chua kiem chung co sao k")
    (answer,) = said(api)
    api.say(OTHER, "xin chào")
    (hello,) = said(api, OTHER)
    vote = next(button for button in answer.buttons if button.label == "Đúng ý tôi")
    assert vote.callback_data and len(vote.callback_data.encode()) <= 64
    api.press_raw(OTHER, hello.message_id, vote.callback_data)
    api.wait_for(lambda seen: any(r.kind == "answer" and "đã cũ" in r.text for r in seen), OTHER)
    assert rows(telegram_settings, "SELECT * FROM questions") == []


def test_a_second_vote_says_so_and_counts_nothing(api: BotApi, bot: RunningBot, telegram_settings: Settings) -> None:
    api.say(PERSON, "share bai chua kiem chung co sao k")
    (answer,) = said(api)
    vote = next(button for button in answer.buttons if button.label == "Đúng ý tôi")
    for _ in range(2):
        api.press_raw(PERSON, answer.message_id, vote.callback_data or "")
    api.wait_for(lambda seen: any(r.text == "Anh/chị đã chọn rồi." for r in seen), PERSON)
    assert rows(telegram_settings, "SELECT helpful FROM questions") == [{"helpful": 1}]


# Groups


@pytest.fixture
def group(api: BotApi) -> int:
    api.group(GROUP, "Nhóm Ví Dụ", PERSON, OTHER)
    return GROUP


def test_in_a_group_only_what_is_meant_for_the_bot_is_answered(
    api: BotApi, group: int, bot: RunningBot, telegram_settings: Settings
) -> None:
    me = "@" + BOT_NAME
    api.say(PERSON, "điều 4 khoản 1", group)
    api.say(PERSON, "/trogiup@bot_khac_bot", group)
    api.say(PERSON, f"{me}khac điều 4 khoản 1", group)
    api.say(PERSON, f"{me} điều 4 khoản 2", group)
    api.say(PERSON, f"/trogiup{me}", group)
    mentioned, commanded = said(api, group, 2)
    assert mentioned.text.startswith("Khoản 2 Điều 4")
    assert commanded.text.startswith("Anh/chị có thể:")
    api.say(OTHER, "điều 4 khoản 3", group, reply_to=mentioned.message_id)
    assert said(api, group, 3)[-1].text.startswith("Khoản 3 Điều 4")
    assert len(rows(telegram_settings, "SELECT * FROM inbox")) == 3


ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
SERVICE = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
AS_CHANNEL = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}


def spoken(group: int, number: int, text: str, sender: dict[str, object], chat: int) -> dict[str, object]:
    """An update with a message that somebody wrote in the name of a chat."""
    here = {"id": group, "type": "supergroup", "title": "Nhóm Ví Dụ"}
    named = {"id": chat, "type": "supergroup" if chat == group else "channel", "title": "Ví Dụ"}
    message = {"message_id": number, "date": 1_790_000_000, "chat": here, "from": sender, "text": text}
    return {"message": {**message, "sender_chat": named}}


def test_an_unnamed_administrator_is_answered_and_is_nobody(
    api: BotApi, group: int, bot: RunningBot, telegram_settings: Settings
) -> None:
    api.raw(spoken(group, 901, "điều 4 khoản 1", ANONYMOUS, group))
    api.raw(spoken(group, 902, f"@{BOT_NAME} share bai chua kiem chung co sao k", ANONYMOUS, group))
    (answer,) = said(api, group)
    assert answer.text.startswith("Khoản 4 Điều 4")
    # Flood control goes by the sender, so all of them are one to it.
    assert rows(telegram_settings, "SELECT chat, sender FROM addresses") == [{"chat": str(group), "sender": str(group)}]
    # A press tells who somebody is, so the menu cannot be one person's.
    api.press(OTHER, answer, "Đúng ý tôi")
    api.wait_for(lambda seen: any(r.text == "Cảm ơn anh/chị đã cho biết." for r in seen), group)
    api.raw(spoken(group, 903, "/trogiup", ANONYMOUS, group))
    assert said(api, group, 3)[-1].text.startswith("Anh/chị có thể:")


@pytest.mark.parametrize("sender", [SERVICE, AS_CHANNEL], ids=["linked channel", "in a channel's name"])
def test_what_a_channel_says_in_a_group_is_not_for_the_bot(
    api: BotApi, group: int, bot: RunningBot, telegram_settings: Settings, sender: dict[str, object]
) -> None:
    api.raw(spoken(group, 901, f"@{BOT_NAME} điều 4 khoản 1", sender, -1009999999999))
    api.say(PERSON, f"@{BOT_NAME} điều 4 khoản 2", group)
    assert said(api, group)[0].text.startswith("Khoản 2 Điều 4")
    assert len(rows(telegram_settings, "SELECT * FROM inbox")) == 1


def test_in_a_group_an_answer_points_at_its_question(api: BotApi, group: int, bot: RunningBot) -> None:
    api.say(PERSON, f"@{BOT_NAME} điều 4 khoản 2", group)
    (answer,) = said(api, group)
    question = next(message for message in api.messages(group) if message.sender == PERSON)
    assert answer.reply_to == question.id


def test_in_a_group_anybody_else_is_told_whose_menu_it_is(
    api: BotApi, group: int, bot: RunningBot, telegram_settings: Settings
) -> None:
    api.say(PERSON, f"@{BOT_NAME} share bai chua kiem chung co sao k", group)
    (answer,) = said(api, group)
    api.press(OTHER, answer, "Đúng ý tôi")
    seen = api.wait_for(lambda seen: any(r.kind == "answer" for r in seen), group)
    notice = next(record for record in seen if record.kind == "answer")
    assert notice.text.startswith("Lựa chọn này dành cho người đã hỏi.")
    assert rows(telegram_settings, "SELECT * FROM questions") == []


def test_a_group_is_greeted_and_left_in_peace(api: BotApi, bot: RunningBot, telegram_settings: Settings) -> None:
    api.group(GROUP, "Nhóm Ví Dụ", PERSON, bot="left")
    api.add_bot(GROUP)
    assert said(api, GROUP)[0].text.startswith("Chào anh/chị. Đây là trợ lý tự động")
    api.remove_bot(GROUP)
    eventually(telegram_settings, "SELECT chat, reason FROM closed_chats", [{"chat": str(GROUP), "reason": "left"}])


def test_a_group_that_became_a_supergroup_keeps_its_people_and_menus(
    api: BotApi, group: int, bot: RunningBot, telegram_settings: Settings
) -> None:
    api.say(PERSON, f"@{BOT_NAME} share bai chua kiem chung co sao k", group)
    said(api, group)
    people = rows(telegram_settings, "SELECT person_id FROM addresses")
    new = api.upgrade(group)
    eventually(telegram_settings, "SELECT chat, person_id FROM addresses", [{"chat": str(new), **people[0]}])
    assert rows(telegram_settings, "SELECT chat FROM menus") == [{"chat": str(new)}]
    api.say(PERSON, f"@{BOT_NAME} điều 4 khoản 2", new)
    assert said(api, new)[-1].text.startswith("Khoản 2 Điều 4")


# People who leave


def test_who_blocked_the_bot_is_noted_and_who_comes_back_is_answered(
    api: BotApi, bot: RunningBot, telegram_settings: Settings
) -> None:
    api.say(PERSON, "xin chào")
    said(api)
    api.block(PERSON)
    closed = "SELECT chat, reason FROM closed_chats"
    eventually(telegram_settings, closed, [{"chat": str(PERSON), "reason": "blocked"}])
    api.unblock(PERSON)
    eventually(telegram_settings, closed, [])
    api.say(PERSON, "điều 4 khoản 2")
    assert said(api, count=2)[-1].text.startswith("Khoản 2 Điều 4")


def test_nothing_is_sent_again_to_a_person_who_is_gone(
    api: BotApi, bot: RunningBot, telegram_settings: Settings
) -> None:
    api.fault("deactivated", method="sendMessage", chat=PERSON, times=None)
    api.say(PERSON, "điều 4 khoản 2")
    eventually(telegram_settings, "SELECT state, error FROM outbox", [{"state": "failed", "error": "deactivated"}])
    assert len(api.calls("sendMessage")) == 1
    assert rows(telegram_settings, "SELECT reason FROM closed_chats") == [{"reason": "deactivated"}]
