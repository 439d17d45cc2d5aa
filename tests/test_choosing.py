"""Choosing, on every channel: what is shown, in how many ways a choice is said, and which menu is meant."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.channels.abilities import LEAST
from bot.channels.configured import abilities_of
from bot.channels.markup import length, seen
from handlers.context import Context
from handlers.conversation import Button, Reply
from knowledge.text import fold
from storage import questions
from storage.people import Address
from tests.conversations import CHANNELS, Conversation, carried, hold, read, whole
from tests.run_process import ROOT

pytestmark = pytest.mark.every_channel

RULE = "đặt biệt danh trên facebook được không"
THANKS = "Cảm ơn anh/chị đã cho biết."


@pytest.fixture
def an(context: Context) -> Conversation:
    return Conversation(context, Address("vidu", "bot-1", "chat-an", "an"))


def asked(conversation: Conversation, question: str = RULE) -> list[Button]:
    (reply,) = conversation.say(question)
    return list(reply.buttons)


def number_of(buttons: list[Button], label: str) -> int:
    return [button.label for button in buttons].index(label) + 1


# In how many ways


@pytest.mark.parametrize(
    "typed", ["{n}", "{n}.", " {n} ", "{n})", "số {n}", "so {n}", "Số {n}.", "chọn {n}", "chọn số {n}", "SỐ {n}"]
)
def test_a_choice_by_its_number(an: Conversation, typed: str) -> None:
    number = number_of(asked(an), "Đúng ý tôi")
    (reply,) = an.write(typed.format(n=number))
    if an.abilities.numbers:
        assert read(reply) == THANKS
    else:
        # No number is to be seen there.
        assert "cần hỏi gì" in read(reply)


@pytest.mark.parametrize(
    "typed",
    ["Đúng ý tôi", "đúng ý tôi", "dung y toi", "DUNG Y TOI!", " Đúng  ý tôi. ", "dyt", "DYT", "đyt", "đúng y toi"],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_choice_by_its_words_or_their_first_letters(an: Conversation, typed: str, form: str) -> None:
    asked(an)
    (reply,) = an.write(unicodedata.normalize(form, typed))
    assert read(reply) == THANKS


@pytest.mark.parametrize("typed", ["đúng", "y toi", "d", "đúng ý tôi lắm", "không đúng ý tôi"])
def test_words_that_are_no_choice_are_a_question(an: Conversation, typed: str) -> None:
    asked(an)
    an.write(typed)
    assert [one.helpful for one in questions.counted(an.context.database, 10) if one.helpful] == []


def test_every_choice_of_a_long_list_can_be_taken(an: Conversation) -> None:
    """Also by two figures, and where a list is too long for buttons."""
    buttons = asked(an, "chương 3")
    assert asked(an, "qđ 874") and buttons
    for question in ("chương 3", "qđ 874"):
        for place in range(len(asked(an, question))):
            button = asked(an, question)[place]
            (reply,) = an.press(an.menus[-1], place)
            assert fold(button.label.split(".")[0]) in fold(whole(reply)) or "chưa có" in whole(reply), button.label


@pytest.mark.parametrize("typed", ["0", "99", "số 42"])
def test_a_number_beyond_the_list(an: Conversation, typed: str) -> None:
    buttons = asked(an)
    (reply,) = an.write(typed)
    shown = "Anh/chị làm được" if typed == "0" else f"số từ 1 đến {len(buttons)}"
    assert (shown if an.abilities.numbers or typed == "0" else "cần hỏi gì") in read(reply)


# What is shown


def test_few_choices_are_buttons_where_there_are_any(an: Conversation) -> None:
    buttons = asked(an)
    (message,) = an.messages
    if an.abilities.buttons:
        assert [label for _, label in message["buttons"]] == [an.abilities.label(button.label) for button in buttons]
        assert "Gõ số" not in message["text"]
    else:
        assert "buttons" not in message
        assert f"1. {buttons[0].label}" in seen(message["text"])


@pytest.mark.parametrize("count", [1, 5, 6, 24])
def test_many_choices_are_numbers_where_only_few_can_be_buttons(an: Conversation, count: int) -> None:
    choices = tuple(Button(f"Đơn vị {number}", "people.unit", {"id": number}) for number in range(count))
    messages = carried(Reply(an.context.texts.rich("menu.title"), choices), an.abilities, an.context)
    most = an.abilities.most_buttons
    has_buttons = an.abilities.buttons and (not most or count <= most)
    assert ("buttons" in messages[-1]) == has_buttons
    assert ("Gõ số" in messages[-1]["text"]) != has_buttons


def test_a_list_of_any_length_fits_its_messages(an: Conversation) -> None:
    """Names as long as units have them, cut between lines; each number stands with its name."""
    name = "Trung tâm Công nghệ thông tin và Truyền thông Ví Dụ số {} (trước là Phòng Ví Dụ)"
    choices = tuple(Button(f"Ví Dụ {number}", "people.unit", full=name.format(number)) for number in range(60))
    messages = carried(Reply(an.context.texts.rich("menu.title"), choices), an.abilities, an.context)
    texts = [seen(message["text"]) for message in messages]
    assert max(map(length, texts)) <= an.abilities.text_length
    assert sum(name.format(number) in text for number in range(60) for text in texts) == 60


# Which menu is meant


def test_a_number_means_the_newest_and_words_an_earlier_one_too(an: Conversation) -> None:
    asked(an)
    newest = asked(an, "chương 3")
    hold(an, [("1", newest[0].label.split(".")[0])])
    asked(an, "chương 3")
    hold(an, [("dung y toi", THANKS)])
    (counted,) = questions.counted(an.context.database, 10)
    assert counted.text == RULE


def test_a_menu_is_remembered_for_each_chat(an: Conversation) -> None:
    number = number_of(asked(an), "Đúng ý tôi")
    elsewhere = Conversation(an.context, replace(an.address, chat="chat-khac"))
    assert "cần hỏi gì" in read(elsewhere.write(str(number))[0])
    (refused,) = elsewhere.tap(an.menus[-1], number - 1)
    assert "đã cũ" in read(refused)
    assert read(an.say(str(number))[0]) == THANKS


def test_a_menu_is_remembered_for_each_person(an: Conversation) -> None:
    an.address = replace(an.address, chat="nhom")
    number = number_of(asked(an), "Đúng ý tôi")
    binh = Conversation(an.context, replace(an.address, sender="binh"))
    assert read(binh.write(str(number))[0]) != THANKS
    assert "của mình" in read(binh.tap(an.menus[-1], number - 1)[0])
    theirs = number_of(asked(binh, "chương 3"), "Điều 9")
    assert read(an.say(str(number))[0]) == THANKS
    assert "Điều 9" in read(binh.say(str(theirs))[0])


def test_a_number_typed_a_day_later_is_told_to_be_old(an: Conversation) -> None:
    number = number_of(asked(an), "Đúng ý tôi")
    an.wait(dt.timedelta(hours=23, minutes=59))
    if an.abilities.numbers:
        an.wait(dt.timedelta(minutes=2))
        assert "đã cũ" in read(an.write(str(number))[0])
    (reply,) = an.write("đúng ý tôi")
    assert (read(reply) == THANKS) != an.abilities.numbers


def test_the_same_choice_twice(an: Conversation) -> None:
    number = str(number_of(asked(an), "Đúng ý tôi"))
    hold(an, [(number, THANKS), (number, "Anh/chị đã chọn rồi.")])


# The table


def test_each_turn_is_another_channel_s(an: Conversation, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["channel_of_turn"]
    assert an.abilities is CHANNELS[name]
    an.say(RULE)
    assert (an.context.buttons, an.context.numbered) == (name in ("telegram", "zalo_oa"), name != "telegram")


def test_the_table_holds_every_way_of_choosing() -> None:
    ways = {(one.buttons, one.numbers) for one in CHANNELS.values()}
    assert ways == {(False, True), (True, False), (True, True)}
    assert {name: abilities_of(name) for name in CHANNELS} == dict(CHANNELS)
    assert abilities_of("khong-co") == LEAST
    assert (CHANNELS["zalo"].text_length, CHANNELS["zalo"].counted) == (1900, True)
    assert CHANNELS["zalo_oa"].most_buttons == 5


def modules() -> Iterator[str]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if "Conversation(" in source and "from tests.conversations import" in source:
            yield path.name
            assert "pytestmark = pytest.mark.every_channel" in source, f"{path.name} says no every_channel"


def test_every_dialogue_is_held_on_every_channel() -> None:
    assert {"test_conversations.py", "test_joining.py", "test_managing.py", "test_privacy.py"} <= set(modules())
