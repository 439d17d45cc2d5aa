"""The test server of the Zalo Bot Platform: what it takes, what it refuses, and each of its switches and faults."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.waiting import PATIENCE, wait_until
from tests.zaloapi.client import TOKENS, Refused, ZaloApi
from tests.zaloapi.world import BOT_NAME

Json = dict[str, Any]


@pytest.fixture
def known(zalo: ZaloApi, person: str) -> str:
    """A person whose message was read."""
    zalo.say(person, "xin chào")
    assert call(zalo, "getUpdates", timeout=0)["ok"]
    return person


def ask(
    zalo: ZaloApi,
    path: str,
    body: bytes | str = b"",
    kind: str = "application/json",
    verb: str = "POST",
) -> tuple[int, bytes, dict[str, str]]:
    with closing(http.client.HTTPConnection(zalo.url.removeprefix("http://"), timeout=PATIENCE)) as connection:
        connection.request(verb, path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())


def call(zalo: ZaloApi, method: str, **params: Any) -> Json:
    answer: Json = json.loads(ask(zalo, f"/bot{zalo.token}/{method}", json.dumps(params))[1])
    return answer


# Requests


@pytest.mark.parametrize(
    ("verb", "query", "kind", "body"),
    [
        ("GET", "?timeout=0", "", b""),
        ("POST", "?timeout=0", "", b""),
        ("POST", "", "application/json", b'{"timeout": "0"}'),
        ("POST", "", "application/json", b'{"timeout": 0}'),
        ("POST", "", "application/x-www-form-urlencoded", b"timeout=0"),
        (
            "POST",
            "",
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="timeout"\r\n\r\n0\r\n--x--\r\n',
        ),
    ],
)
def test_parameters_may_stand_anywhere(zalo: ZaloApi, verb: str, query: str, kind: str, body: bytes) -> None:
    status, answer, _ = ask(zalo, f"/bot{zalo.token}/getUpdates{query}", body, kind, verb)
    assert (status, json.loads(answer)["error_code"]) == (200, 408)


@pytest.mark.parametrize(("as_status", "expected"), [(False, 200), (True, 401)])
def test_refusals_come_with_200_or_with_their_code(zalo: ZaloApi, as_status: bool, expected: int) -> None:
    zalo.switch(errors_as_status=as_status)
    status, answer, _ = ask(zalo, "/bot99:khong-phai/getMe")
    assert status == expected
    assert json.loads(answer) == {"ok": False, "description": "Unauthorized", "error_code": 401}


def test_what_is_no_token_gets_a_page(zalo: ZaloApi) -> None:
    status, answer, _ = ask(zalo, "/botx/getMe")
    assert (status, answer[:6]) == (404, b"<html>")


@pytest.mark.parametrize("method", ["getme", "sendFile", "editMessageText", ""])
def test_other_methods_there_are_none(zalo: ZaloApi, method: str) -> None:
    assert call(zalo, method)["error_code"] == 404


def test_who_the_bot_is(zalo: ZaloApi) -> None:
    told = call(zalo, "getMe")["result"]
    assert set(told) == {"id", "account_name", "account_type", "can_join_groups"}
    assert len(told["id"]) == 19


# Reading


def test_one_update_a_poll_and_then_none(zalo: ZaloApi, person: str) -> None:
    keys = [zalo.say(person, text) for text in ("một", "hai")]
    found = [call(zalo, "getUpdates", timeout=0) for _ in range(3)]
    assert [each.get("result", {}).get("message", {}).get("message_id") for each in found] == [*keys, None]
    assert found[2] == {"ok": False, "description": "Request timeout", "error_code": 408}
    first = found[0]["result"]
    assert first["event_name"] == "message.text.received"
    assert first["message"]["chat"] == {"id": person, "chat_type": "PRIVATE"}
    assert first["message"]["date"] > 10**12


def test_a_poll_waits_as_long_as_it_says(zalo: ZaloApi, person: str) -> None:
    began = time.monotonic()
    call(zalo, "getUpdates", timeout=1)
    assert time.monotonic() - began > 0.9
    with ThreadPoolExecutor() as beside:
        poll = beside.submit(call, zalo, "getUpdates", timeout=100)
        wait_until(lambda: zalo.calls("getUpdates")[-1].outcome == "open")
        zalo.say(person, "một")
        assert poll.result(PATIENCE)["ok"]


def test_a_poll_that_says_nothing_waits_half_a_minute(zalo: ZaloApi) -> None:
    zalo.switch(time_scale=0.02)
    began = time.monotonic()
    assert call(zalo, "getUpdates")["error_code"] == 408
    assert time.monotonic() - began > 0.55


def test_updates_that_come_again_and_again(zalo: ZaloApi, person: str) -> None:
    zalo.switch(reading="replay")
    first = zalo.say(person, "một")
    keys = [call(zalo, "getUpdates", timeout=0)["result"]["message"]["message_id"] for _ in range(2)]
    second = zalo.say(person, "hai")
    keys += [call(zalo, "getUpdates", timeout=0)["result"]["message"]["message_id"] for _ in range(3)]
    assert keys == [first, first, second, first, second]


def test_what_comes_while_nobody_polls_is_lost_where_that_is_so(zalo: ZaloApi, person: str) -> None:
    zalo.switch(reading="drop", grace=0.0)
    zalo.say(person, "một")
    assert call(zalo, "getUpdates", timeout=0)["error_code"] == 408
    assert [update.dropped for update in zalo.updates()] == [True]
    with ThreadPoolExecutor() as beside:
        poll = beside.submit(call, zalo, "getUpdates", timeout=100)
        wait_until(lambda: zalo.calls("getUpdates")[-1].outcome == "open")
        zalo.say(person, "hai")
        assert poll.result(PATIENCE)["result"]["message"]["text"] == "hai"


def test_polls_beside_each_other_are_noticed(zalo: ZaloApi, person: str) -> None:
    with ThreadPoolExecutor() as beside:
        polls = [beside.submit(call, zalo, "getUpdates", timeout=100) for _ in range(2)]
        wait_until(lambda: [poll.outcome for poll in zalo.calls("getUpdates")] == ["open", "open"])
        for text in ("một", "hai"):
            zalo.say(person, text)
        assert {poll.result(PATIENCE)["result"]["message"]["text"] for poll in polls} == {"một", "hai"}
    assert zalo.most_polling() == 2


@pytest.mark.parametrize(
    ("idle", "status", "body"),
    [("bare", 200, b'{"ok":true}'), ("empty", 200, b'{"ok":true,"result":{}}'), ("504", 504, b"<html>")],
)
def test_ways_to_say_that_there_is_nothing(zalo: ZaloApi, idle: str, status: int, body: bytes) -> None:
    zalo.switch(idle=idle)
    found, answer, _ = ask(zalo, f"/bot{zalo.token}/getUpdates", b'{"timeout": 0}')
    assert (found, answer.startswith(body)) == (status, True)


# What people send


def test_everything_that_people_send(zalo: ZaloApi, person: str) -> None:
    zalo.image(person, b"anh", "xem")
    zalo.sticker(person)
    zalo.voice(person)
    zalo.unsupported(person)
    found = [call(zalo, "getUpdates", timeout=0)["result"] for _ in range(4)]
    kinds = ["image", "sticker", "voice", "unsupported"]
    assert [each["event_name"] for each in found] == [f"message.{kind}.received" for kind in kinds]
    image, sticker, voice, unsupported = (each["message"] for each in found)
    assert (image["message_type"], image["caption"]) == ("CHAT_PHOTO", "xem")
    assert ask(zalo, image["photo_url"].removeprefix(zalo.url), verb="GET")[1] == b"anh"
    assert sticker["message_type"] == "CHAT_STICKER"
    assert voice["voice_url"].endswith(".aac")
    assert set(unsupported) == {"message_id", "date", "from", "chat"}


def test_a_picture_as_the_documentation_has_it(zalo: ZaloApi, person: str) -> None:
    zalo.switch(photo_field="photo", extra_fields=True)
    zalo.image(person, b"anh")
    message = call(zalo, "getUpdates", timeout=0)["result"]["message"]
    assert "photo" in message and "photo_url" not in message
    assert "mentions" in message


def test_in_groups_only_what_names_or_answers_the_bot_comes(zalo: ZaloApi, person: str) -> None:
    group = zalo.group(1, person)
    assert zalo.say(person, "một", group) == ""
    assert zalo.image(person, b"", "hai", group) == ""
    assert zalo.say(person, f"@{BOT_NAME} ba", group)
    assert zalo.say(person, "bốn", group, reply=True)
    message = call(zalo, "getUpdates", timeout=0)["result"]["message"]
    assert (message["text"], message["chat"]) == (f"@{BOT_NAME} ba", {"id": group, "chat_type": "GROUP"})


# Sending


def test_a_message_and_what_people_see_of_it(zalo: ZaloApi, known: str) -> None:
    answer = call(zalo, "sendMessage", chat_id=known, text="xin **chào** 😀", parse_mode="markdown")
    assert len(answer["result"]["message_id"]) == 20
    call(zalo, "sendMessage", chat_id=known, text=r"a\*b\_c", parse_mode="markdown")
    call(zalo, "sendMessage", chat_id=known, text="a 😀 b", text_styles=[{"start": 2, "len": 2, "st": ["b"]}])
    call(zalo, "sendMessage", chat_id=known, text="*a*", text_styles='[{"start": 0, "len": 3, "st": ["c_db342e"]}]')
    assert [(record.text, record.styled) for record in zalo.transcript(known)] == [
        ("xin chào 😀", []),
        ("a*b_c", []),
        ("a 😀 b", [["😀", ["b"]]]),
        ("*a*", [["*a*", ["c_db342e"]]]),
    ]


@pytest.mark.parametrize(
    "params",
    [
        {"text": ""},
        {"text": " \n"},
        {"text": "a" * 2001},
        {"text": "😀" * 1001},
        {"text": 5},
        {"chat_id": "khong-co"},
        {"chat_id": ""},
        {"parse_mode": "Markdown"},
        {"text_styles": [{"start": 0, "len": 4, "st": ["b"]}]},
        {"text_styles": [{"start": -1, "len": 1, "st": ["b"]}]},
        {"text_styles": [{"start": 0, "len": 0, "st": ["b"]}]},
        {"text_styles": [{"start": 0, "len": 1, "st": ["x"]}]},
        {"text_styles": [{"start": 0, "len": 1, "st": []}]},
        {"text_styles": "["},
        {"text_styles": {}},
    ],
)
def test_what_is_no_message_is_refused(zalo: ZaloApi, known: str, params: Json) -> None:
    answer = call(zalo, "sendMessage", **{"chat_id": known, "text": "một", **params})
    assert (answer["ok"], answer["error_code"]) == (False, 400)
    assert zalo.transcript() == []


def test_the_longest_message(zalo: ZaloApi, known: str) -> None:
    assert call(zalo, "sendMessage", chat_id=known, text="😀" * 1000)["ok"]


@pytest.mark.parametrize(
    ("photo", "says"),
    [
        (None, "The photo must not be empty"),
        ("data:image/png;base64,AAAA", "The photo must start with http:// or https://"),
        ("AAAA", "The photo must start with http:// or https://"),
    ],
)
def test_a_picture_goes_out_by_its_address_only(zalo: ZaloApi, known: str, photo: str | None, says: str) -> None:
    assert call(zalo, "sendPhoto", chat_id=known, photo=photo)["description"] == says
    assert call(zalo, "sendPhoto", chat_id=known, photo="https://vidu.example/a.jpg", caption="x")["ok"]


class Picture(BaseHTTPRequestHandler):
    """What stands at an address on this machine: a picture, but for /trang. It may be held back for a while."""

    given = threading.Event()

    def do_GET(self) -> None:
        self.given.wait(PATIENCE)
        body = b"\x89PNG\r\n\x1a\n"
        self.send_response(404 if self.path == "/khong" else 200)
        self.send_header("Content-Type", "text/html" if self.path == "/trang" else "image/png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def place() -> Iterator[str]:
    """An address below which pictures stand."""
    Picture.given.set()
    server = HTTPServer(("127.0.0.1", 0), Picture)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_picture_is_fetched_from_where_it_stands(zalo: ZaloApi, known: str, place: str, when: str) -> None:
    zalo.switch(photos=when)
    if when == "after":
        Picture.given.clear()
    sent = call(zalo, "sendPhoto", chat_id=known, photo=f"{place}/anh")["result"]["message_id"]
    assert (zalo.picture(sent) is None) == (when == "after")
    Picture.given.set()
    assert wait_until(lambda: zalo.picture(sent)) == ("image/png", b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("path", ["/khong", "/trang"])
def test_what_is_no_picture_where_it_should_stand_is_refused(zalo: ZaloApi, known: str, place: str, path: str) -> None:
    refused = call(zalo, "sendPhoto", chat_id=known, photo=place + path)
    assert (refused["error_code"], refused["description"]) == (400, "The photo URL is invalid")
    assert zalo.usage().sent == 0
    zalo.switch(photos="never")
    assert call(zalo, "sendPhoto", chat_id=known, photo=place + path)["ok"]


def test_a_host_may_refuse_to_be_fetched_from(zalo: ZaloApi, known: str) -> None:
    zalo.switch(photo_hosts=["chan.vidu.example"])
    refused = call(zalo, "sendPhoto", chat_id=known, photo="https://chan.vidu.example/a.jpg")
    assert refused["description"] == "The photo URL is invalid"
    gone = call(zalo, "sendPhoto", chat_id=known, photo="http://127.0.0.1:9/a.jpg")
    assert gone["description"] == "The photo URL is invalid"


def test_sticker_voice_and_sign(zalo: ZaloApi, known: str) -> None:
    group = zalo.group(1, known)
    zalo.say(known, f"@{BOT_NAME}", group)
    assert call(zalo, "sendSticker", chat_id=known, sticker="bfe458bf64fa8da4d4eb")["ok"]
    assert call(zalo, "sendVoice", chat_id=known, voice_url="https://vidu.example/a.mp3")["error_code"] == 400
    assert call(zalo, "sendVoice", chat_id=group, voice_url="https://vidu.example/a.aac")["ok"]
    assert call(zalo, "sendChatAction", chat_id=known, action="typing") == {"ok": True}
    assert call(zalo, "sendChatAction", chat_id=known, action="dancing")["error_code"] == 400
    assert [(record.kind, record.delivered) for record in zalo.transcript()] == [
        ("sticker", True),
        ("voice", False),
        ("action", True),
    ]


def test_the_plan_has_an_end(zalo: ZaloApi, known: str) -> None:
    zalo.used(2999)
    assert call(zalo, "sendMessage", chat_id=known, text="một")["ok"]
    assert call(zalo, "sendMessage", chat_id=known, text="hai")["error_code"] == 429
    assert zalo.usage().sent == 3000
    zalo.used(10, received=2990)
    assert call(zalo, "sendMessage", chat_id=known, text="ba")["ok"]
    zalo.switch(count_received=True)
    assert call(zalo, "sendMessage", chat_id=known, text="bốn")["error_code"] == 429


def test_a_bot_talks_to_so_many_people(zalo: ZaloApi, known: str) -> None:
    zalo.switch(most_users=1)
    other = zalo.person(2)
    zalo.say(other, "một")
    assert call(zalo, "sendMessage", chat_id=known, text="một")["ok"]
    assert call(zalo, "sendMessage", chat_id=other, text="một")["error_code"] == 429
    assert zalo.usage().users == 2


# Webhook


class Listener:
    """Somebody who is called, with what they were told; `answers` are the statuses to come, then 200."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, dict[str, str]]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.heard.append((body, dict(self.headers.items())))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/zalo"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, count: int) -> list[tuple[bytes, dict[str, str]]]:
        wait_until(lambda: len(self.heard) >= count)
        return self.heard


@pytest.fixture
def listener(zalo: ZaloApi) -> Iterator[Listener]:
    zalo.switch(loopback_webhooks=True, push_timeout=PATIENCE)
    listening = Listener()
    yield listening
    listening.stop()


@pytest.mark.parametrize(
    "params",
    [
        {"url": "http://vidu.example/zalo"},
        {"url": "https://localhost/zalo"},
        {"url": "https://127.0.0.1/zalo"},
        {"url": "https://192.168.1.5/zalo"},
        {"url": "https://10.0.0.1/zalo"},
        {"url": ""},
        {"secret_token": "1234567"},
        {"secret_token": "x" * 257},
        {"secret_token": None},
    ],
)
def test_a_webhook_that_is_refused(zalo: ZaloApi, params: Json) -> None:
    given = {"url": "https://vidu.example/zalo", "secret_token": "12345678", **params}
    assert call(zalo, "setWebhook", **given)["error_code"] == 400
    assert zalo.webhook()["url"] == ""


def test_a_webhook_is_kept_although_nobody_answers_there(zalo: ZaloApi) -> None:
    result = call(zalo, "setWebhook", url="https://vidu.example/zalo", secret_token="12345678")["result"]
    assert result["url"] == "https://vidu.example/zalo"
    assert (result["verification"]["ok"], result["verification"]["outcome"]) == (False, "webhook.err.dns")
    assert call(zalo, "getWebhookInfo")["result"]["url"] == "https://vidu.example/zalo"
    says = call(zalo, "getUpdates", timeout=0)["description"]
    assert says == "You cannot use this API while a webhook is set. Please remove the webhook first"
    assert call(zalo, "deleteWebhook")["result"]["url"] == ""


def test_no_webhook_is_told_in_two_ways(zalo: ZaloApi) -> None:
    assert call(zalo, "getWebhookInfo")["error_code"] == 404
    assert call(zalo, "deleteWebhook")["error_code"] == 400
    zalo.switch(no_webhook="empty", delete_none="ok")
    assert call(zalo, "getWebhookInfo")["result"]["url"] == ""
    assert call(zalo, "deleteWebhook")["ok"]


def test_a_webhook_is_probed_and_called(zalo: ZaloApi, person: str, listener: Listener) -> None:
    result = call(zalo, "setWebhook", url=listener.url, secret_token="12345678")["result"]
    assert (result["verification"]["ok"], result["verification"]["outcome"]) == (True, "webhook.ok")
    ((body, headers),) = listener.heard
    assert body == b"" and "Content-Type" not in headers and "X-Bot-Api-Secret-Token" not in headers
    key = zalo.say(person, "một")
    body, headers = listener.wait_for(2)[1]
    assert json.loads(body)["message"]["message_id"] == key
    assert headers["X-Bot-Api-Secret-Token"] == "12345678"
    assert headers["User-Agent"].startswith("Java/")
    assert call(zalo, "testWebhook")["result"]["outcome"] == "webhook.ok"
    listener.answers = [403]
    assert call(zalo, "testWebhook")["result"]["outcome"] == "webhook.http.403"


def test_the_switches_of_the_webhook(zalo: ZaloApi, person: str, listener: Listener) -> None:
    zalo.switch(wrapped=True, duplicates=True, probe="update", verification=False, secret="wrong")
    assert "verification" not in call(zalo, "setWebhook", url=listener.url, secret_token="12345678")["result"]
    assert json.loads(listener.heard[0][0])["event_name"] == "webhook.test"
    zalo.say(person, "một")
    (body, headers), again = listener.wait_for(3)[1:]
    assert json.loads(body)["result"]["message"]["text"] == "một" and again[0] == body
    assert headers["X-Bot-Api-Secret-Token"] == "another-secret"
    zalo.switch(duplicates=False, secret="none", push_retries=2, push_pause=0.05, wrapped=False)
    listener.answers = [503, 500]
    began = time.monotonic()
    zalo.switch(push_delay=0.3)
    zalo.say(person, "hai")
    calls = listener.wait_for(6)[3:]
    assert time.monotonic() - began >= 0.3
    assert ["X-Bot-Api-Secret-Token" in headers for _, headers in calls] == [False] * 3
    wait_until(lambda: len(zalo.webhook()["answers"]) >= 5)
    assert zalo.webhook()["answers"] == [200, 200, 503, 500, 200]


# Faults


@pytest.mark.parametrize(
    ("kind", "options", "status", "part"),
    [
        ("internal", {}, 200, b'"error_code": 403'),
        ("quota", {"seconds": 7}, 200, b'"error_code": 429'),
        ("unauthorized", {"as_status": True}, 401, b'"error_code": 401'),
        ("error", {"code": "400", "description": "x"}, 200, b'"error_code": "400"'),
        ("bad_gateway", {}, 502, b"<html>"),
        ("gateway_timeout", {}, 504, b"<html>"),
        ("page", {"code": 403}, 403, b"<html>"),
        ("not_json", {}, 200, b"<!doctype"),
    ],
)
def test_answers_that_refuse(zalo: ZaloApi, known: str, kind: str, options: Json, status: int, part: bytes) -> None:
    zalo.fault(kind, method="sendMessage", **options)
    body = json.dumps({"chat_id": known, "text": "một"})
    found, answer, headers = ask(zalo, f"/bot{zalo.token}/sendMessage", body)
    assert (found, part in answer) == (status, True)
    assert headers.get("Retry-After") == ("7" if kind == "quota" else None)
    assert zalo.transcript() == []
    assert call(zalo, "sendMessage", chat_id=known, text="hai")["ok"]


@pytest.mark.parametrize("kind", ["cut", "reset", "accepted_cut", "accepted_reset", "accepted_truncated"])
def test_connections_that_are_cut(zalo: ZaloApi, known: str, kind: str) -> None:
    zalo.fault(kind, method="sendMessage")
    with pytest.raises((http.client.HTTPException, OSError)):
        call(zalo, "sendMessage", chat_id=known, text="một")
    seen = [(record.text, record.answered) for record in zalo.transcript()]
    assert seen == ([("một", "cut")] if kind.startswith("accepted") else [])


def test_answers_that_come_late_or_from_a_gateway(zalo: ZaloApi, known: str) -> None:
    zalo.fault("slow", method="sendMessage", seconds=0.3)
    zalo.fault("accepted_late", method="sendMessage", seconds=0.3)
    for text in ("một", "hai"):
        began = time.monotonic()
        assert call(zalo, "sendMessage", chat_id=known, text=text)["ok"]
        assert time.monotonic() - began >= 0.3
    zalo.fault("accepted_bad_gateway", method="sendMessage")
    status, body, _ = ask(zalo, f"/bot{zalo.token}/sendMessage", json.dumps({"chat_id": known, "text": "ba"}))
    assert (status, body[:6]) == (502, b"<html>")
    assert [record.answered for record in zalo.transcript()] == ["ok", "fault", "fault"]


def test_faults_meet_what_they_are_ordered_for(zalo: ZaloApi, known: str) -> None:
    other = zalo.person(2)
    zalo.say(other, "một")
    fault = zalo.fault("internal", method="sendMessage", chat=other, after=1, times=None)
    ends = [call(zalo, "sendMessage", chat_id=chat, text="một")["ok"] for chat in (other, known, other, other)]
    assert ends == [True, True, False, False]
    zalo.unfault(fault)
    assert call(zalo, "sendMessage", chat_id=other, text="một")["ok"]
    with pytest.raises(Refused):
        zalo.fault("khong-co")
    with pytest.raises(Refused):
        zalo.switch(khong_co=1)


def test_bots_are_apart(zalo: ZaloApi, known: str) -> None:
    second = TOKENS[1].partition(":")[0]
    zalo.say(known, "một", bot=second)
    assert call(zalo, "getUpdates", timeout=0)["error_code"] == 408
    found = json.loads(ask(zalo, f"/bot{TOKENS[1]}/getUpdates", b'{"timeout": 0}')[1])
    assert found["result"]["message"]["text"] == "một"
    assert [call.bot for call in zalo.calls("getUpdates")][-1] == second
