"""The Telegram server of the tests must itself be as strict as Telegram; python-telegram-bot is what it is shown to."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import email.utils
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import (
    Bot,
    BotCommand,
    ChatMember,
    ChatMemberUpdated,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyParameters,
    Update,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from tests.botapi import capacity
from tests.botapi.client import ROOT, BotApi, Refused
from tests.botapi.entities import utf16_length
from tests.botapi.html import HtmlError, parse_html
from tests.botapi.rates import Limits, Rates
from tests.waiting import PATIENCE, least_work, wait_until

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
ANN = 1001
BINH = 1002
GROUP = -500


@pytest.fixture(scope="module")
def server() -> Iterator[BotApi]:
    with BotApi.start() as started:
        yield started


@pytest.fixture
def api(server: BotApi) -> BotApi:
    """The server, begun anew, with two people of whom the first wrote to the bot."""
    server.reset()
    server.user(ANN, "Người Ví Dụ 1", started=True)
    server.user(BINH, "Người Ví Dụ 2", username="vi_du_2")
    return server


@pytest.fixture(autouse=True)
def no_deprecation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library warns of every RetryAfter that does not carry a timedelta."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(scope="module")
def run(runner: asyncio.Runner) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return runner.run


def new_bot(api: BotApi, token: str | None = None) -> Bot:
    requests = [
        HTTPXRequest(
            connection_pool_size=8,
            read_timeout=PATIENCE,
            write_timeout=PATIENCE,
            connect_timeout=PATIENCE,
            pool_timeout=PATIENCE,
            httpx_kwargs={"verify": False},
        )
        for _ in range(2)
    ]
    return Bot(
        token or api.token,
        base_url=api.base_url,
        base_file_url=api.base_file_url,
        request=requests[0],
        get_updates_request=requests[1],
    )


@pytest.fixture(scope="module")
def bot(server: BotApi, run: Run[Any]) -> Iterator[Bot]:
    made = new_bot(server)
    run(made.initialize())
    yield made
    run(made.shutdown())


def ask(
    api: BotApi, method: str, body: bytes | dict[str, Any] = b"", kind: str = "application/json", path: str = ""
) -> tuple[int, Any]:
    """Ask as plainly as can be; return the status and the answer."""
    connection = http.client.HTTPConnection(api.url.removeprefix("http://"), timeout=PATIENCE)
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    connection.request("POST", path or f"/bot{api.token}/{method}", content, {"Content-Type": kind})
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told


def buttons(*rows: list[tuple[str, str]]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=data) for label, data in r] for r in rows])


def seen(api: BotApi, chat: int = ANN) -> list[str]:
    return [message.text for message in api.messages(chat) if message.from_bot]


# Tokens, methods and bodies


@pytest.mark.parametrize(
    ("path", "status", "description"),
    [
        ("/bot123456:unknown-token/getMe", 401, "Unauthorized"),
        ("/botnonsense/getMe", 404, "Not Found"),
        ("/bot{token}/noSuchMethod", 404, "Not Found"),
        ("/bot{token}", 404, "Not Found"),
        ("/elsewhere", 404, "Not Found"),
        ("/file/bot123456:unknown-token/photos/a.jpg", 401, "Unauthorized"),
        ("/file/bot{token}/photos/a.jpg", 404, "Not Found"),
    ],
)
def test_a_wrong_address_is_refused(api: BotApi, path: str, status: int, description: str) -> None:
    expected = {"ok": False, "error_code": status, "description": description}
    assert ask(api, "", path=path.format(token=api.token)) == (status, expected)


def test_a_wrong_token_is_an_invalid_token_to_the_library(api: BotApi, run: Run[Any]) -> None:
    other = new_bot(api, "123456:another")
    with pytest.raises(InvalidToken):
        run(other.initialize())
    run(other.shutdown())


MULTIPART = (
    b'--b0\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n1001\r\n'
    b'--b0\r\nContent-Disposition: form-data; name="text"\r\n\r\nxin ch\xc3\xa0o\r\n--b0--\r\n'
)


@pytest.mark.parametrize(
    ("kind", "body", "query"),
    [
        ("application/json", '{"chat_id": 1001, "text": "xin chào"}'.encode(), ""),
        ("application/json; charset=utf-8", '{"chat_id": "1001", "text": "xin chào"}'.encode(), ""),
        ("application/x-www-form-urlencoded", b"chat_id=1001&text=xin+ch%C3%A0o", ""),
        ("multipart/form-data; boundary=b0", MULTIPART, ""),
        ("application/json", '{"text": "xin chào"}'.encode(), "?chat_id=1001"),
        ("", b"", "?chat_id=1001&text=xin%20ch%C3%A0o"),
    ],
)
def test_parameters_may_stand_anywhere(api: BotApi, kind: str, body: bytes, query: str) -> None:
    status, answer = ask(api, "", body, kind, f"/bot{api.token}/SENDMESSAGE{query}")
    assert (status, answer["result"]["text"]) == (200, "xin chào")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b'{"chat_id": 1001, "text": {"a": 1}}'),
        ("application/json", b'{"chat_id": 1001, "text": "\\ud83d"}'),
        ("application/json", b'\xff\xfe{"chat_id": 1001}'),
        ("application/x-www-form-urlencoded", b"chat_id=1001&text=%FF"),
        ("multipart/form-data", MULTIPART),
        ("multipart/form-data; boundary=b0", b"--b0\r\nnonsense\r\n--b0--"),
    ],
)
def test_a_broken_body_is_a_bad_request(api: BotApi, kind: str, body: bytes) -> None:
    status, answer = ask(api, "sendMessage", body, kind)
    assert (status, answer["description"][:13]) == (400, "Bad Request: ")
    assert api.transcript() == []


def raw_exchange(api: BotApi, data: bytes, answers: int) -> bytes:
    """Send bytes and return what comes until there are so many answers."""
    host, _, port = api.url.removeprefix("http://").rpartition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(data)
        while received.count(b"HTTP/1.1 ") < answers or not received.endswith(b"}"):
            received += connection.recv(65536)
    return received


def test_requests_in_a_row_are_answered_in_order_also_when_the_first_is_slow(api: BotApi) -> None:
    api.fault("slow", seconds=0.1)
    body = b'{"chat_id":1001,"text":"%d"}'
    request = b"POST /bot%b/sendMessage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    whole = b"".join(request % (api.token.encode(), len(body % n)) + b"\r\n" + body % n for n in range(5))
    received = raw_exchange(api, whole, 5).decode()
    positions = [received.index(f'"text":"{n}"') for n in range(5)]
    assert positions == sorted(positions)


def test_a_chunked_body_is_read(api: BotApi) -> None:
    chunks = b'11\r\n{"chat_id":1001,"\r\ne\r\ntext":"a b c"}\r\n0\r\n\r\n'.replace(b"e\r\n", b"e\r\n", 1)
    head = f"POST /bot{api.token}/sendMessage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
    received = raw_exchange(api, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks, 1)
    assert b'"text":"a b c"' in received


def test_what_is_no_http_is_answered_with_400_and_closed(api: BotApi) -> None:
    host, _, port = api.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")
        assert connection.recv(65536) == b""


# Texts


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("chào", "chào", []),
        ("a &lt;b&gt; &amp; &quot;c&quot; &#39; &#x2014;", 'a <b> & "c" \' —', []),
        ("&nbsp; &copy; & &;", "&nbsp; &copy; & &;", []),
        ("<b>đ</b><strong>ậ</strong>", "đậ", [("bold", 0, 1), ("bold", 1, 1)]),
        ("<i>a</i><em>b</em>", "ab", [("italic", 0, 1), ("italic", 1, 1)]),
        ("<u>a</u><ins>b</ins>", "ab", [("underline", 0, 1), ("underline", 1, 1)]),
        ("<s>a</s><strike>b</strike><del>c</del>", "abc", [("strikethrough", n, 1) for n in range(3)]),
        ("<code>a</code><pre>b</pre>", "ab", [("code", 0, 1), ("pre", 1, 1)]),
        ("😀<b>😀</b>", "😀😀", [("bold", 2, 2)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ('<a href="https://vidu.vn/?a=1&amp;b=2">a</a>', "a", [("text_link", 0, 1)]),
        ("<a href='vidu.vn'>a</a>", "a", [("text_link", 0, 1)]),
        ("<a>vidu</a>", "vidu", []),
        ('<span class="tg-spoiler">a</span><tg-spoiler>b</tg-spoiler>', "ab", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ('<pre><code class="language-python">a</code></pre>', "a", [("pre", 0, 1)]),
        ("<B>a</B>", "a", [("bold", 0, 1)]),
        ("<b >a</b >", "a", [("bold", 0, 1)]),
        ("<b></b>a", "a", []),
        ("a > b", "a > b", []),
        ("<b>a</>", "a", [("bold", 0, 1)]),
    ],
)
def test_good_html(html: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    read, found = parse_html(html)
    assert (read, [(each["type"], each["offset"], each["length"]) for each in found]) == (text, entities)


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>ấ</b></i>", 'Unmatched end tag at byte offset 9, expected "</i>", found "</b>"'),
        ("ấ < b", 'Unsupported start tag "" at byte offset 4'),
        ("1<2", "Unclosed start tag at byte offset 1"),
        ("<", "Unclosed start tag at byte offset 0"),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<a href='x", "Unclosed start tag at byte offset 0"),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<p>a</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("<b/>", 'Unsupported start tag "b/" at byte offset 0'),
        ('<b class="x">a</b>', 'Unsupported attribute "class" in the tag "b" at byte offset 0'),
        (
            '<a href="https://vidu.vn" target="x">a</a>',
            'Unsupported attribute "target" in the tag "a" at byte offset 0',
        ),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<span class="x">a</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a =x>a</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("&#xD83D;", "Text contains invalid Unicode characters after decoding HTML entities"),
    ],
)
def test_bad_html(api: BotApi, bot: Bot, run: Run[Any], html: str, reason: str) -> None:
    with pytest.raises(HtmlError) as refused:
        parse_html(html)
    assert str(refused.value).startswith(reason)
    with pytest.raises(BadRequest, match="Can't parse entities: "):
        run(bot.send_message(ANN, html, parse_mode="HTML"))
    assert api.transcript() == []


@given(st.text(alphabet="ab<>&/; =\"'đ😀", max_size=30))
def test_html_is_read_or_refused(html: str) -> None:
    with contextlib.suppress(HtmlError):
        text, entities = parse_html(html)
        assert all(0 < entity["length"] <= utf16_length(text) - entity["offset"] for entity in entities)


@given(st.text(max_size=50))
def test_escaped_text_comes_out_as_it_went_in(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_html(escaped) == (text, [])


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("", None, "Message text is empty"),
        (" \n ", None, "Message text is empty"),
        ("<b> </b>", "HTML", "Message text is empty"),
        ("a" * 4097, None, "Message is too long"),
        ("😀" * 2049, None, "Message is too long"),
        ("*a*", "MarkdownV2", "Unsupported parse_mode"),
    ],
)
def test_a_text_that_telegram_refuses(
    api: BotApi, bot: Bot, run: Run[Any], text: str, mode: str | None, reason: str
) -> None:
    with pytest.raises(BadRequest, match=reason):
        run(bot.send_message(ANN, text, parse_mode=mode))
    assert api.transcript() == []


@pytest.mark.parametrize("text", ["a" * 4096, "😀" * 2048, "<b>" + "&lt;" * 4096 + "</b>"])
def test_the_length_is_counted_after_the_entities(api: BotApi, bot: Bot, run: Run[Any], text: str) -> None:
    sent = run(bot.send_message(ANN, text, parse_mode="HTML"))
    assert utf16_length(sent.text) == 4096


def test_a_message_comes_back_as_the_library_reads_it(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    first = run(bot.send_message(ANN, "  <b>Chào</b> @vi_du_2, xem /help hoặc https://vidu.vn/a #luật ", "HTML"))
    assert first.text == "Chào @vi_du_2, xem /help hoặc https://vidu.vn/a #luật"
    assert [(each.type, first.parse_entity(each)) for each in first.entities] == [
        ("bold", "Chào"),
        ("mention", "@vi_du_2"),
        ("bot_command", "/help"),
        ("url", "https://vidu.vn/a"),
        ("hashtag", "#luật"),
    ]
    assert (first.chat.id, first.from_user.id) == (ANN, bot.id)
    again = run(bot.send_message(ANN, "hai", reply_parameters=ReplyParameters(first.message_id)))
    assert again.reply_to_message == first
    given_by_hand = run(bot.send_message(ANN, "ba", entities=[MessageEntity("bold", 0, 2)]))
    assert given_by_hand.entities[0].type == "bold"


def test_the_transcript_tells_what_was_sent(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    before = time.monotonic()
    markup = buttons([("Có", "y"), ("Không", "n")])
    sent = run(
        bot.send_message(
            ANN, "<i>a</i>", "HTML", reply_markup=markup, allow_paid_broadcast=True, disable_notification=True
        )
    )
    (record,) = api.transcript(ANN)
    assert (record.chat, record.message_id, record.kind, record.text) == (ANN, sent.message_id, "message", "a")
    assert (record.html, record.parse_mode, record.paid, record.silent) == ("<i>a</i>", "HTML", True, True)
    assert [(each.label, each.callback_data) for each in record.buttons] == [("Có", "y"), ("Không", "n")]
    assert (record.answered, record.entities[0]["type"]) == ("ok", "italic")
    assert before <= record.monotonic <= time.monotonic()
    assert (api.transcript(BINH), api.tally(), api.tally(containing="b")) == ([], {ANN: 1}, {})
    (call,) = api.calls("sendMessage")
    assert (call.chat, call.status, call.outcome, call.params["parse_mode"]) == (ANN, 200, "ok", "HTML")
    counters = api.counters()
    assert (counters.total, counters.methods, counters.peak) == (1, {"sendMessage": 1}, 1)


# Who may be written to


def test_chats_that_cannot_be_written_to(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    def refused(chat: int | str) -> str:
        with pytest.raises((BadRequest, Forbidden)) as error:
            run(bot.send_message(chat, "a"))
        return str(error.value)

    assert refused(999) == refused("@nobody") == "Chat not found"
    assert refused(BINH) == "Forbidden: bot can't initiate conversation with a user"
    api.say(BINH, "/start")
    run(bot.send_message(BINH, "a"))
    api.block(BINH)
    assert refused(BINH) == "Forbidden: bot was blocked by the user"
    api.unblock(BINH)
    run(bot.send_message(BINH, "b"))
    api.deactivate(BINH)
    assert refused(BINH) == "Forbidden: user is deactivated"
    api.group(GROUP, "Phòng Ví Dụ", ANN, bot="left")
    assert refused(GROUP) == "Forbidden: bot is not a member of the group chat"
    api.add_bot(GROUP, by=ANN)
    run(bot.send_message(GROUP, "c"))
    api.remove_bot(GROUP, by=ANN)
    assert refused(GROUP) == "Forbidden: bot was kicked from the group chat"
    assert seen(api, BINH) == ["a", "b"]
    assert ask(api, "sendMessage", {"text": "a"})[1]["description"] == "Bad Request: chat_id is empty"


def test_membership_is_told_in_updates(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.group(GROUP, "Phòng Ví Dụ", ANN, bot="left")
    api.block(ANN)
    api.unblock(ANN)
    api.add_bot(GROUP)
    api.add_bot(GROUP, admin=True)
    api.remove_bot(GROUP, left=True)
    changes = [update.my_chat_member for update in run(bot.get_updates())]
    assert all(isinstance(change, ChatMemberUpdated) for change in changes)
    assert [(change.chat.id, change.new_chat_member.status) for change in changes] == [
        (ANN, ChatMember.BANNED),
        (ANN, ChatMember.MEMBER),
        (GROUP, ChatMember.MEMBER),
        (GROUP, ChatMember.ADMINISTRATOR),
        (GROUP, ChatMember.LEFT),
    ]


def test_a_group_that_became_a_supergroup(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.group(GROUP, "Phòng Ví Dụ", ANN)
    new = api.upgrade(GROUP)
    with pytest.raises(ChatMigrated) as error:
        run(bot.send_message(GROUP, "a"))
    assert error.value.new_chat_id == new
    sent = run(bot.send_message(new, "a"))
    assert (sent.chat.type, sent.chat.title) == ("supergroup", "Phòng Ví Dụ")
    told = [update.message for update in run(bot.get_updates())]
    assert [(each.chat.id, each.migrate_to_chat_id, each.migrate_from_chat_id) for each in told] == [
        (GROUP, new, None),
        (new, None, GROUP),
    ]


def test_groups_and_their_members(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.group(GROUP, "Phòng Ví Dụ", ANN, admins=[BINH], owner=ANN)
    assert run(bot.get_chat(GROUP)).title == "Phòng Ví Dụ"
    assert run(bot.get_chat(ANN)).first_name == "Người Ví Dụ 1"
    assert run(bot.get_chat_member(GROUP, ANN)).status == ChatMember.OWNER
    assert run(bot.get_chat_member(GROUP, BINH)).status == ChatMember.ADMINISTRATOR
    assert run(bot.get_chat_member(GROUP, bot.id)).status == ChatMember.MEMBER
    api.member(GROUP, BINH, "left")
    assert run(bot.get_chat_member(GROUP, BINH)).status == ChatMember.LEFT
    with pytest.raises(BadRequest, match="User not found"):
        run(bot.get_chat_member(GROUP, 999))
    with pytest.raises(Refused, match="not a member"):
        api.say(BINH, "chào", chat=GROUP)


def test_with_privacy_on_a_bot_hears_in_groups_only_what_is_for_it(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.group(GROUP, "Phòng Ví Dụ", ANN)
    api.settings(privacy=True)
    assert run(bot.get_me()).can_read_all_group_messages is False
    assert api.say(ANN, "chào cả nhà", chat=GROUP) == 0
    sent = run(bot.send_message(GROUP, "a"))
    heard = [
        api.say(ANN, "/help@vidu_bot", chat=GROUP),
        api.say(ANN, "này @vidu_bot", chat=GROUP),
        api.say(ANN, "đúng", chat=GROUP, reply_to=sent.message_id),
    ]
    assert [update.update_id for update in run(bot.get_updates())] == heard


def test_a_reply_to_an_unknown_message(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        run(bot.send_message(ANN, "a", reply_parameters=ReplyParameters(77)))
    lenient = ReplyParameters(77, allow_sending_without_reply=True)
    assert run(bot.send_message(ANN, "a", reply_parameters=lenient)).reply_to_message is None


# Buttons and edits


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "a", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": "ệ" * 21 + "xx"}, "BUTTON_DATA_INVALID"),
        ({"text": " ", "callback_data": "a"}, "inline keyboard button text is empty"),
        ({"text": "a"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"callback_data": "a"}, "can't parse inline keyboard button: can't find field \"text\""),
        ({"text": "a", "url": "x"}, "BUTTON_URL_INVALID"),
        ("a", "can't parse inline keyboard button: expected an Object"),
    ],
)
def test_buttons_that_telegram_refuses(api: BotApi, button: Any, reason: str) -> None:
    markup = {"inline_keyboard": [[button]]}
    status, answer = ask(api, "sendMessage", {"chat_id": ANN, "text": "a", "reply_markup": markup})
    assert (status, answer["description"]) == (400, f"Bad Request: {reason}")


@pytest.mark.parametrize(
    "markup", ["{", "5", '{"inline_keyboard": 1}', '{"inline_keyboard": [1]}', '{"keyboard": [[1]]}']
)
def test_a_markup_that_is_none_is_refused(api: BotApi, markup: str) -> None:
    assert ask(api, "sendMessage", {"chat_id": ANN, "text": "a", "reply_markup": markup})[0] == 400


def test_data_of_64_bytes_and_a_hundred_buttons_pass_and_no_more(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    sent = run(bot.send_message(ANN, "a", reply_markup=buttons([("a", "ệ" * 21 + "x")] * 10, *[[("b", "b")]] * 90)))
    assert len(sent.reply_markup.inline_keyboard) == 91
    with pytest.raises(BadRequest, match="Reply markup is too long"):
        run(bot.send_message(ANN, "a", reply_markup=buttons(*[[("b", "b")]] * 101)))


def test_a_keyboard_is_kept_and_not_given_back(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    sent = run(bot.send_message(ANN, "a", reply_markup=ReplyKeyboardMarkup([["Có", "Không"]])))
    assert sent.reply_markup is None
    assert [button.label for button in api.transcript()[0].buttons] == ["Có", "Không"]


def test_a_press_and_its_answer(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    sent = run(bot.send_message(ANN, "a", reply_markup=buttons([("Có", "y")], [("Không", "n")])))
    (record,) = api.transcript()
    pressed = [api.press(ANN, record, "Có"), api.press(ANN, sent.message_id, 1), api.press(ANN, record, (1, 0))]
    pressed.append(api.press_raw(ANN, record, "giả"))
    updates = run(bot.get_updates())
    assert [update.callback_query.data for update in updates] == ["y", "n", "n", "giả"]
    assert [update.callback_query.id for update in updates] == [press.query_id for press in pressed]
    assert updates[0].callback_query.message.reply_markup == sent.reply_markup
    assert run(bot.answer_callback_query(pressed[0].query_id, "xong", show_alert=True))
    answer = api.transcript(kind="answer")[0]
    assert (answer.text, answer.alert, answer.query, answer.chat) == ("xong", True, pressed[0].query_id, ANN)
    with pytest.raises(Refused, match="no button"):
        api.press(ANN, record, "Có lẽ")


def test_answers_that_come_twice_or_late_or_to_nothing_are_refused(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    run(bot.send_message(ANN, "a", reply_markup=buttons([("Có", "y")])))
    (record,) = api.transcript()
    first, second = api.press(ANN, record, 0), api.press(ANN, record, 0)
    run(bot.answer_callback_query(first.query_id))
    api.settings(query_lifetime=0)
    for query in (first.query_id, second.query_id, "12345"):
        with pytest.raises(BadRequest, match="Query is too old and response timeout expired or query id is invalid"):
            run(bot.answer_callback_query(query))
    api.settings(query_lifetime=900)
    run(bot.answer_callback_query(second.query_id))


def test_a_press_under_a_deleted_message(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    run(bot.send_message(ANN, "a", reply_markup=buttons([("Có", "y")])))
    (record,) = api.transcript()
    api.erase(record)
    api.press(ANN, record, "Có")
    message = run(bot.get_updates())[0].callback_query.message
    # Of a message that is gone Telegram tells the number and no date.
    assert (message.message_id, message.date.timestamp(), message.reply_markup) == (record.id, 0, None)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        run(bot.edit_message_text("b", ANN, record.message_id))
    assert api.messages(ANN) == []


def test_an_edit_changes_what_is_seen(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    sent = run(bot.send_message(ANN, "a", reply_markup=buttons([("Có", "y")])))
    edited = run(bot.edit_message_text("<b>b</b>", ANN, sent.message_id, parse_mode="HTML"))
    assert (edited.text, edited.reply_markup, bool(edited.edit_date)) == ("b", None, True)
    run(bot.edit_message_reply_markup(ANN, sent.message_id, reply_markup=buttons([("Không", "n")])))
    (message,) = api.messages(ANN)
    assert (message.text, [button.label for button in message.buttons]) == ("b", ["Không"])
    assert [record.kind for record in api.transcript()] == ["message", "edit", "edit"]
    with pytest.raises(Refused, match="no button 'Có'"):
        api.press(ANN, message, "Có")


def test_edits_that_telegram_refuses(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    markup = buttons([("Có", "y")])
    sent = run(bot.send_message(ANN, "<b>a</b>", "HTML", reply_markup=markup))
    api.say(ANN, "của tôi")
    theirs = api.messages(ANN)[-1]
    photo = run(bot.send_photo(ANN, PNG))
    for what, reason in [
        (
            bot.edit_message_text("<i></i><b>a</b>", ANN, sent.message_id, parse_mode="HTML", reply_markup=markup),
            "not modified",
        ),
        (bot.edit_message_reply_markup(ANN, sent.message_id, reply_markup=markup), "not modified"),
        (bot.edit_message_text("b", ANN, 999), "Message to edit not found"),
        (bot.edit_message_text("b", ANN, theirs.id), "Message can't be edited"),
        (bot.edit_message_text("b", ANN, photo.message_id), "There is no text in the message to edit"),
        (bot.edit_message_text("b" * 4097, ANN, sent.message_id), "Message_too_long"),
        (bot.edit_message_text("", ANN, sent.message_id), "Message text is empty"),
    ]:
        with pytest.raises(BadRequest, match=reason):
            run(what)
    assert [record.kind for record in api.transcript()] == ["message", "photo"]
    # The same words in other clothes are another message.
    run(bot.edit_message_text("a", ANN, sent.message_id, reply_markup=markup))


def test_messages_are_deleted_once(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    sent = run(bot.send_message(ANN, "a"))
    assert run(bot.delete_message(ANN, sent.message_id))
    assert api.messages(ANN) == []
    with pytest.raises(BadRequest, match="Message to delete not found"):
        run(bot.delete_message(ANN, sent.message_id))
    api.group(GROUP, "Phòng Ví Dụ", ANN)
    api.say(ANN, "chào", chat=GROUP)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        run(bot.delete_message(GROUP, api.messages(GROUP)[0].id))


# Files and other content


def test_a_file_goes_up_and_comes_down(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    content = bytes(range(256)) * 100 + b"\r\n--boundary\r\n"
    sent = run(bot.send_document(ANN, InputFile(content, "báo cáo.csv"), "<b>đây</b>", parse_mode="HTML"))
    assert (sent.document.file_name, sent.caption, sent.document.file_size) == ("báo cáo.csv", "đây", len(content))
    again = run(bot.send_document(ANN, sent.document.file_id))
    assert again.document.file_unique_id == sent.document.file_unique_id

    async def fetched(file_id: str) -> bytes:
        return bytes(await (await bot.get_file(file_id)).download_as_bytearray())

    assert run(fetched(sent.document.file_id)) == content
    record = api.transcript()[0]
    assert (record.kind, record.name, record.text) == ("document", "báo cáo.csv", "đây")
    assert run(bot.send_photo(ANN, PNG, caption="ảnh")).photo[-1].width == 800
    api.photo(ANN, b"a picture", "của tôi")
    api.document(ANN, "don.docx", b"a document")
    photo, document = (update.message for update in run(bot.get_updates()))
    assert (photo.caption, run(fetched(photo.photo[-1].file_id))) == ("của tôi", b"a picture")
    assert (document.document.file_name, run(fetched(document.document.file_id))) == ("don.docx", b"a document")


def test_files_that_telegram_refuses(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    for what, reason in [
        (bot.send_photo(ANN, b"no picture"), "Image_process_failed"),
        (bot.send_document(ANN, InputFile(b"", "a.txt")), "File must be non-empty"),
        (bot.send_document(ANN, "no-such-id"), "Wrong file identifier/http url specified"),
        (bot.send_document(ANN, InputFile(b"a", "a.txt"), "a" * 1025), "Message caption is too long"),
        (bot.get_file("no-such-id"), "Wrong file_id or the file is temporarily unavailable"),
    ]:
        with pytest.raises(BadRequest, match=reason):
            run(what)
    assert ask(api, "sendPhoto", {"chat_id": ANN})[1]["description"] == "Bad Request: there is no photo in the request"


def test_what_else_people_send(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.voice(ANN)
    api.sticker(ANN)
    api.location(ANN, 21.0, 105.8)
    api.contact(ANN, "0000000000", "Người Ví Dụ 3")
    api.content(ANN, {"dice": {"emoji": "🎲", "value": 3}})
    voice, sticker, location, contact, dice = (update.message for update in run(bot.get_updates()))
    assert (voice.voice.mime_type, sticker.sticker.emoji, location.location.latitude) == ("audio/ogg", "🙂", 21.0)
    assert (contact.contact.first_name, dice.dice.value) == ("Người Ví Dụ 3", 3)
    assert [message.kind for message in api.messages(ANN)][:4] == ["voice", "sticker", "location", "contact"]


def test_actions_commands_and_descriptions(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    assert run(bot.send_chat_action(ANN, "typing"))
    with pytest.raises(BadRequest, match="Wrong parameter action in request"):
        run(bot.send_chat_action(ANN, "thinking"))
    assert [record.text for record in api.transcript(kind="action")] == ["typing"]
    assert run(bot.set_my_commands([BotCommand("start", "Bắt đầu"), ("help", "Trợ giúp")]))
    assert [command.command for command in run(bot.get_my_commands())] == ["start", "help"]
    assert run(bot.get_my_commands(language_code="vi")) == ()
    assert api.commands() == [("start", "Bắt đầu"), ("help", "Trợ giúp")]
    assert api.commands("all_private_chats") == []
    for commands in ([("Start", "a")], [("start", "")], [("s" * 33, "a")], [("start", "a" * 257)], [("a", "b")] * 101):
        with pytest.raises(BadRequest, match="Bot_command"):
            run(bot.set_my_commands(commands))
    assert run(bot.set_my_description("Trợ lý"))
    assert run(bot.set_my_short_description("Ngắn"))
    assert (api.description(), api.description(short=True)) == ("Trợ lý", "Ngắn")
    assert run(bot.get_my_description()).description == "Trợ lý"
    with pytest.raises(BadRequest, match="Short description is too long"):
        run(bot.set_my_short_description("a" * 121))


# getUpdates


def ids(updates: tuple[Update, ...]) -> list[int]:
    return [update.update_id for update in updates]


def test_updates_stay_until_an_offset_confirms_them_for_good(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    first, second, third = api.load([(ANN, "1"), (ANN, "2"), (ANN, "3")])
    assert ids(run(bot.get_updates())) == [first, second, third]
    assert ids(run(bot.get_updates())) == [first, second, third]
    assert ids(run(bot.get_updates(limit=1))) == [first]
    assert ids(run(bot.get_updates(offset=second))) == [second, third]
    assert ids(run(bot.get_updates())) == [second, third]
    assert ids(run(bot.get_updates(offset=first))) == [second, third]
    assert ids(run(bot.get_updates(offset=-1))) == [third]
    assert ids(run(bot.get_updates())) == [third]
    assert run(bot.get_updates(offset=third + 1)) == ()
    assert api.queue() == []


def test_at_most_a_hundred_updates_come_at_once(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    updates = api.load([(ANN, str(number)) for number in range(150)])
    assert ids(run(bot.get_updates(limit=100))) == updates[:100]
    assert len(ask(api, "getUpdates", {"limit": 1000})[1]["result"]) == 100
    assert ids(run(bot.get_updates(offset=updates[100]))) == updates[100:]


async def polling(api: BotApi) -> None:
    """Wait until a poll waits at the server."""
    await asyncio.to_thread(wait_until, lambda: [call for call in api.calls("getUpdates") if call.outcome == "open"])


def test_a_long_poll_is_woken_by_an_update(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    async def poll() -> tuple[float, tuple[Update, ...]]:
        waiting = asyncio.create_task(bot.get_updates(timeout=50))
        await polling(api)
        said = time.monotonic()
        await asyncio.to_thread(api.load, [(ANN, "1"), (ANN, "2")])
        updates = await waiting
        return time.monotonic() - said, updates

    took, updates = run(poll())
    assert took < 40
    assert [update.message.text for update in updates] == ["1", "2"]


def test_a_long_poll_ends_with_nothing(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    start = time.monotonic()
    assert run(bot.get_updates(timeout=1)) == ()
    assert time.monotonic() - start > 0.9


def test_allowed_updates_are_remembered(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.say(ANN, "trước")
    run(bot.get_updates(allowed_updates=["callback_query"]))
    assert api.say(ANN, "sau") == 0
    assert [update.message.text for update in run(bot.get_updates())] == ["trước"]
    run(bot.get_updates(allowed_updates=[]))
    assert api.say(ANN, "lại") > 0


def test_a_second_poller_ends_the_first(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    async def two() -> Any:
        first = asyncio.create_task(bot.get_updates(timeout=50))
        await polling(api)
        second = asyncio.create_task(bot.get_updates(timeout=1))
        return await asyncio.gather(first, second, return_exceptions=True)

    first, second = run(two())
    assert isinstance(first, Conflict)
    assert str(first).endswith(
        "terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    assert second == ()


def test_edited_messages_are_told(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.say(ANN, "mốt")
    update = api.edit(ANN, api.messages(ANN)[0], "một")
    edited = run(bot.get_updates())[-1]
    assert (edited.update_id, edited.edited_message.text) == (update, "một")


def test_broken_and_repeated_updates(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    said = api.say(ANN, "một")
    broken = api.raw({"message": {"message_id": 5, "date": 0, "text": "no chat"}})
    high = api.raw({"update_id": said + 1000, "poll": None})
    api.raw({"update_id": "nonsense"}, update_id=high + 1)
    api.raw({"message": 5}, bare=True)
    assert (broken, high) == (said + 1, said + 1000)
    result = ask(api, "getUpdates")[1]["result"]
    assert [update.get("update_id") for update in result] == [said, broken, high, "nonsense", None]
    run(bot.get_updates(offset=high + 10))
    assert api.queue() == []
    api.again(said)
    assert ids(run(bot.get_updates(offset=high + 10))) == [said]
    assert run(bot.get_updates(offset=high + 10)) == ()
    api.skip(1000)
    api.fault("duplicate", method="getUpdates")
    late = api.say(ANN, "hai")
    assert late > high + 1000
    assert ids(run(bot.get_updates())) == [late, late]
    assert ids(run(bot.get_updates())) == [late]


# The webhook


class Taker:
    """A bot's own HTTP server: keeps what is posted and answers with 200, and with 500 to a text that it refuses."""

    def __init__(self) -> None:
        self.posts: list[tuple[str | None, Any]] = []
        self.refused = ""
        self.answer = b""
        taker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                taker.posts.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], body))
                self.send_response(500 if taker.refused and body["message"]["text"] == taker.refused else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(taker.answer)))
                self.end_headers()
                self.wfile.write(taker.answer)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/telegram"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def texts(self) -> list[str]:
        return [body["message"]["text"] for _, body in self.posts]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def taker(api: BotApi, bot: Bot, run: Run[Any]) -> Iterator[Taker]:
    opened = Taker()
    yield opened
    run(bot.delete_webhook())
    opened.close()


def test_a_webhook_gets_what_waited_and_what_comes(api: BotApi, bot: Bot, run: Run[Any], taker: Taker) -> None:
    api.say(ANN, "1")
    assert run(bot.set_webhook(taker.url, secret_token="bi-mat_1", max_connections=3))
    api.load([(ANN, "2"), (ANN, "3")])
    wait_until(lambda: len(taker.posts) == 3 and not api.queue())
    assert taker.texts() == ["1", "2", "3"]
    assert {secret for secret, _ in taker.posts} == {"bi-mat_1"}
    assert all(Update.de_json(body, bot).effective_user is not None for _, body in taker.posts)
    info = run(bot.get_webhook_info())
    assert (info.url, info.pending_update_count, info.max_connections) == (taker.url, 0, 3)
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        run(bot.get_updates())
    run(bot.delete_webhook())
    api.say(ANN, "4")
    assert [update.message.text for update in run(bot.get_updates())] == ["4"]
    assert api.webhook()["url"] == ""


def test_a_webhook_is_tried_again_and_keeps_the_order_of_each_chat(
    api: BotApi, bot: Bot, run: Run[Any], taker: Taker
) -> None:
    taker.refused = "1"
    run(bot.set_webhook(taker.url, max_connections=1))
    api.say(ANN, "1")
    wait_until(lambda: taker.posts)
    api.load([(ANN, "2"), (BINH, "a")])
    wait_until(lambda: run(bot.get_webhook_info()).last_error_message)
    info = run(bot.get_webhook_info())
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
    assert info.pending_update_count > 0
    taker.refused = ""
    wait_until(lambda: not api.queue())
    in_one_chat = [text for text in taker.texts() if text != "a"]
    assert in_one_chat == sorted(in_one_chat)
    assert in_one_chat.count("1") > 1
    assert (in_one_chat.count("2"), taker.texts().count("a")) == (1, 1)


def test_an_answer_to_a_webhook_may_hold_a_method(api: BotApi, bot: Bot, run: Run[Any], taker: Taker) -> None:
    taker.answer = json.dumps({"method": "sendMessage", "chat_id": ANN, "text": "đáp"}).encode()
    run(bot.set_webhook(taker.url))
    api.say(ANN, "1")
    assert api.wait_for(1, ANN)[0].text == "đáp"


def test_the_same_update_can_be_posted_twice(api: BotApi, bot: Bot, run: Run[Any], taker: Taker) -> None:
    run(bot.set_webhook(taker.url))
    api.fault("duplicate", method="webhook")
    update = api.say(ANN, "1")
    wait_until(lambda: len(taker.posts) == 2)
    wait_until(lambda: not api.queue())
    api.again(update)
    wait_until(lambda: len(taker.posts) == 3)
    assert taker.texts() == ["1", "1", "1"]


def test_nobody_at_the_webhook(api: BotApi, bot: Bot, run: Run[Any], port: int) -> None:
    run(bot.set_webhook(f"http://127.0.0.1:{port}/"))
    api.say(ANN, "1")
    wait_until(lambda: run(bot.get_webhook_info()).last_error_message == "Connection refused")
    run(bot.delete_webhook(drop_pending_updates=True))
    assert api.queue() == []


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"url": "http://192.0.2.1/"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://vidu.example/"}, "bad webhook: Failed to resolve host: Name or service not known"),
        ({"url": "nonsense"}, "invalid webhook URL specified"),
        ({"url": "http://127.0.0.1:1/", "secret_token": "có dấu"}, "secret token contains unallowed characters"),
        ({"url": "http://127.0.0.1:1/", "secret_token": "a" * 257}, "secret token is too long"),
    ],
)
def test_webhooks_that_are_refused(api: BotApi, params: dict[str, str], reason: str) -> None:
    assert ask(api, "setWebhook", params)[1]["description"] == f"Bad Request: {reason}"


def test_a_webhook_ends_a_long_poll(api: BotApi, bot: Bot, run: Run[Any], taker: Taker) -> None:
    async def both() -> None:
        waiting = asyncio.create_task(bot.get_updates(timeout=50))
        await polling(api)
        await bot.set_webhook(taker.url)
        with pytest.raises(Conflict, match="terminated by setWebhook request"):
            await waiting

    run(both())


# Faults


@pytest.mark.parametrize(
    ("kind", "details", "error", "words"),
    [
        ("retry_after", {"seconds": 7}, RetryAfter, "Retry in 0:00:07"),
        ("blocked", {}, Forbidden, "bot was blocked by the user"),
        ("deactivated", {}, Forbidden, "user is deactivated"),
        ("cannot_initiate", {}, Forbidden, "bot can't initiate conversation with a user"),
        ("chat_not_found", {}, BadRequest, "Chat not found"),
        ("cant_parse", {}, BadRequest, "Can't parse entities"),
        ("not_modified", {}, BadRequest, "Message is not modified"),
        ("too_long", {}, BadRequest, "Message is too long"),
        ("migrated", {"migrate_to": -1009}, ChatMigrated, "-1009"),
        ("conflict", {}, Conflict, "terminated by other getUpdates"),
        ("unauthorized", {}, InvalidToken, "Unauthorized"),
        ("server_error", {}, NetworkError, "Internal Server Error"),
        ("bad_gateway", {}, NetworkError, "Bad Gateway"),
        ("not_json", {}, TelegramError, "Invalid server response"),
        ("not_json", {"body": ""}, TelegramError, "Invalid server response"),
        ("error", {"code": 403, "description": "Forbidden: vì thích"}, Forbidden, "vì thích"),
        ("cut", {}, NetworkError, "disconnected"),
        ("reset", {}, NetworkError, "ReadError"),
    ],
)
def test_a_fault_meets_one_call_which_is_not_taken(
    api: BotApi, bot: Bot, run: Run[Any], kind: str, details: dict[str, Any], error: type[TelegramError], words: str
) -> None:
    api.fault(kind, **details)
    with pytest.raises(error, match=words):
        run(bot.send_message(ANN, "a"))
    assert api.transcript() == []
    assert api.calls()[-1].fault == kind
    run(bot.send_message(ANN, "b"))
    assert seen(api) == ["b"]
    assert api.faults() == []


@pytest.mark.parametrize(
    ("kind", "details", "error", "answered"),
    [
        ("accepted_silent", {}, TimedOut, "fault"),
        ("accepted_late", {"seconds": 6.0}, TimedOut, "cut"),
        ("accepted_cut", {}, NetworkError, "cut"),
        ("accepted_cut", {"delay": 0.1}, NetworkError, "cut"),
        ("accepted_reset", {}, NetworkError, "cut"),
        ("accepted_truncated", {}, NetworkError, "cut"),
    ],
)
def test_a_message_can_arrive_without_the_bot_knowing(
    api: BotApi, bot: Bot, run: Run[Any], kind: str, details: dict[str, Any], error: type[TelegramError], answered: str
) -> None:
    api.fault(kind, method="sendMessage", **details)
    with pytest.raises(error):
        run(bot.send_message(ANN, "a", read_timeout=0.3))
    wait_until(lambda: seen(api) == ["a"])
    wait_until(lambda: api.transcript()[0].answered == answered)
    assert (api.calls()[-1].fault, api.calls()[-1].outcome) == (kind, answered)


def test_a_late_answer_still_comes(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.fault("accepted_late", seconds=0.1)
    api.fault("slow", seconds=0.1)
    start = time.monotonic()
    assert run(bot.send_message(ANN, "a")).text == "a"
    assert run(bot.send_message(ANN, "b")).text == "b"
    assert time.monotonic() - start > 0.2
    assert [record.answered for record in api.transcript()] == ["fault", "ok"]


def test_a_call_can_stay_without_answer_and_effect(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.fault("silent")
    with pytest.raises(TimedOut):
        run(bot.send_message(ANN, "a", read_timeout=0.2))
    assert api.transcript() == []


def test_faults_choose_their_calls(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.say(BINH, "/start")

    async def outcomes(*chats: int) -> str:
        done = await asyncio.gather(*(bot.send_message(chat, "a") for chat in chats), return_exceptions=True)
        return "".join("x" if isinstance(each, TelegramError) else "." for each in done)

    def one_by_one(*chats: int) -> str:
        return "".join(run(outcomes(chat)) for chat in chats)

    api.fault("blocked", method="sendPhoto", times=None)
    assert one_by_one(ANN) == "."
    api.fault("blocked", method="sendMessage", chat=BINH, times=2)
    assert one_by_one(ANN, BINH, ANN, BINH, BINH) == ".x.x."
    api.fault("retry_after", after=1, times=2)
    assert one_by_one(ANN, ANN, ANN, ANN) == ".xx."
    api.unfault()
    always = api.fault("blocked", times=None)
    assert one_by_one(ANN, ANN, ANN) == "xxx"
    assert api.faults() == [{"id": always, "kind": "blocked", "times": None, "hits": 3}]
    api.unfault(always)
    drawn = []
    for _ in range(2):
        chance = api.fault("blocked", times=None, probability=0.5, seed=7)
        drawn.append(one_by_one(*[ANN] * 20))
        api.unfault(chance)
    assert drawn[0] == drawn[1]
    assert 3 < drawn[0].count("x") < 17
    with pytest.raises(Refused, match="no such fault"):
        api.fault("nonsense")


def test_polling_goes_on_beside_faults_unless_they_name_it(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.fault("server_error", times=None)
    assert run(bot.get_updates()) == ()
    api.fault("conflict", method="getUpdates")
    with pytest.raises(Conflict):
        run(bot.get_updates())
    api.say(ANN, "a")
    api.fault("accepted_cut", method="getUpdates")
    with pytest.raises(NetworkError):
        run(bot.get_updates())
    assert len(run(bot.get_updates())) == 1


def test_a_429_while_another_send_is_under_way(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.fault("accepted_late", seconds=0.5)
    api.fault("retry_after", seconds=1, delay=0.1)

    async def both() -> Any:
        first = asyncio.create_task(bot.send_message(ANN, "a"))
        await asyncio.to_thread(wait_until, lambda: api.calls("sendMessage"))
        return await asyncio.gather(first, bot.send_message(ANN, "b"), return_exceptions=True)

    first, second = run(both())
    assert (first.text, type(second)) == ("a", RetryAfter)


def test_a_frozen_server_answers_nothing_for_a_while(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    start = time.monotonic()
    api.freeze(6.0)
    with pytest.raises(TimedOut):
        run(bot.send_message(ANN, "gone", read_timeout=0.1))
    api.say(ANN, "1")

    async def both() -> Any:
        return await asyncio.gather(bot.send_message(ANN, "kept"), bot.get_updates(timeout=1))

    _, updates = run(both())
    assert time.monotonic() - start > 5.9
    assert (len(updates), seen(api)) == (1, ["kept"])


def test_the_clock_of_the_server_can_be_off(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.settings(clock_offset=3600)
    sent = run(bot.send_message(ANN, "a"))
    assert 3500 < sent.date.timestamp() - time.time() < 3700
    connection = http.client.HTTPConnection(api.url.removeprefix("http://"))
    connection.request("GET", f"/bot{api.token}/getMe")
    answer = connection.getresponse()
    date = email.utils.parsedate_to_datetime(answer.headers["Date"])
    connection.close()
    assert 3500 < date.timestamp() - time.time() < 3700


# Rates


def outcome(run: Run[Any], doing: Coroutine[Any, Any, Any]) -> int:
    """Return 0, or the seconds that a 429 tells to wait."""
    try:
        run(doing)
    except RetryAfter as error:
        assert isinstance(error.retry_after, dt.timedelta)
        return int(error.retry_after.total_seconds())
    return 0


def test_too_many_messages_are_refused(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    api.group(GROUP, "Phòng Ví Dụ", ANN)
    # So slow that nothing is allowed again before the end, whatever the machine.
    api.rates(Limits(chat=0.001, chat_burst=2, group=0.1))
    *passed, told = [outcome(run, bot.send_message(ANN, "a")) for _ in range(3)]
    assert passed == [0, 0] and 0 < told <= 1000
    assert 0 < outcome(run, bot.send_message(GROUP, "a")) <= 600
    assert outcome(run, bot.send_chat_action(ANN, "typing")) == 0
    api.rates(None)
    assert [outcome(run, bot.send_message(ANN, "a")) for _ in range(5)] == [0] * 5


def test_how_much_passes_in_a_second_and_in_a_minute() -> None:
    rates = Rates()
    rates.set(Limits(chat_burst=2, group=3, account=15))
    assert [rates.retry_after(ANN, False, 0.0) for _ in range(3)] == [0, 0, 1]
    assert [rates.retry_after(GROUP, False, 1.0) for _ in range(4)] == [0, 0, 0, 20]
    assert [rates.retry_after(5000 + number, False, 10.0) for number in range(20)] == [0] * 15 + [1] * 5
    assert rates.retry_after(5000, True, 10.0) == 0
    assert [rates.retry_after(GROUP, False, now) for now in (20.0, 22.0, 22.0)] == [1, 0, 19]


def test_beyond_the_account_s_limit_everything_may_be_refused() -> None:
    rates = Rates()
    rates.set(Limits(account=5, halts=True))
    assert [rates.retry_after(5000 + number, False, 0.0) for number in range(12)] == [0] * 5 + [1] * 7
    assert [rates.retry_after(6000, False, now) for now in (0.9, 1.0)] == [1, 0]


# The facade


def test_waiting_for_what_people_see(api: BotApi, bot: Bot, run: Run[Any]) -> None:
    async def both() -> None:
        async def answer() -> None:
            await asyncio.sleep(0.1)
            await bot.send_chat_action(ANN, "typing")
            await bot.send_message(ANN, "đây")

        waiting = asyncio.create_task(api.until(1, ANN))
        await answer()
        assert [record.kind for record in await waiting] == ["action", "message"]

    run(both())
    assert api.wait_for(lambda records: any(record.text == "đây" for record in records))
    with pytest.raises(TimeoutError, match="there are 2 records"):
        api.wait_for(3, timeout=0.1)


def test_an_order_that_cannot_be_carried_out_is_told(api: BotApi) -> None:
    with pytest.raises(Refused, match="KeyError"):
        api.say(999, "a")
    api.block(ANN)
    with pytest.raises(Refused, match="blocked"):
        api.say(ANN, "a")
    assert ask(api, "", path="/control/nonsense")[0] == 400


def test_the_server_ends_with_whoever_started_it() -> None:
    code = (
        "import sys, time\nfrom tests.botapi.client import BotApi\napi = BotApi.start()\n"
        f"print(api.pid, flush=True)\ntime.sleep({PATIENCE})"
    )
    starter = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()

    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        # Whoever adopts the server here may not ask how it ended.
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as status:  # noqa: PTH123
            return status.read().rpartition(")")[2].split()[0] == "Z"
        return False

    wait_until(gone)


def test_a_person_can_play_a_user(tmp_path: Any) -> None:
    played = subprocess.Popen(
        [sys.executable, "-m", "tests.botapi", "--port", "0", "--chat", "--token", "42:TEST-vi-du"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert played.stdin is not None
    assert played.stdout is not None
    token, url = (played.stdout.readline().strip().partition("=")[2] for _ in range(2))
    assert token == "42:TEST-vi-du"
    assert "Type what the user writes" in played.stdout.readline()
    api = BotApi(url, token)

    def tell(line: str) -> None:
        assert played.stdin is not None
        played.stdin.write(line + "\n")
        played.stdin.flush()

    tell("xin chào")
    wait_until(api.queue)
    markup = {"inline_keyboard": [[{"text": "Có", "callback_data": "y"}]]}
    chat = api.queue()[0]["message"]["chat"]["id"]
    assert ask(api, "sendMessage", {"chat_id": chat, "text": "chào anh/chị", "reply_markup": markup})[0] == 200
    assert [played.stdout.readline().strip() for _ in range(3)] == ["", "chào anh/chị", "[a] Có"]
    tell(":a")
    wait_until(lambda: len(api.queue()) == 2)
    assert api.queue()[1]["callback_query"]["data"] == "y"
    tell(":z")
    assert played.stdout.readline().strip() == "There is no such button."
    tell(":quit")
    assert played.wait(PATIENCE) == 0
    played.stdin.close()
    played.stdout.close()
    api.stop()


@pytest.mark.alone
def test_the_server_can_be_driven_hard() -> None:
    # A request is some tens of such texts read and written; the figure is printed by `python -m tests.botapi.capacity`.
    text = json.dumps({"chat_id": ANN, "text": capacity.TEXT, "parse_mode": "HTML"})
    once = least_work(lambda: [json.dumps(json.loads(text)) for _ in range(1_000)]) / 1_000
    assert max(capacity.measure(0.5) for _ in range(3)) > 1 / (500 * once)
