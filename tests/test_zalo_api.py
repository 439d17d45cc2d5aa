"""The client of the Zalo Bot Platform: what each method sends and understands, and how a call that fails is told."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.zalo.api import Broken, Late, Rejected, Style, Verification, ZaloApi
from bot.errors import NotSent, OutcomeUnknown
from bot.logs import Redactor
from tests.zaloapi.client import ZaloApi as Server

Result = TypeVar("Result")
Act = Callable[[ZaloApi], Awaitable[Result]]


def run(server: Server, act: Act[Result], *, token: str = "", url: str = "") -> Result:
    async def work() -> Result:
        async with ZaloApi(token or server.token, url or server.url) as api:
            return await act(api)

    return asyncio.run(work())


def greet(chat: str) -> Act[str]:
    return lambda api: api.send_message(chat, "chào")


@pytest.fixture
def chat(zalo: Server) -> str:
    """The chat of a person whose message was read."""
    person = zalo.person(1)
    zalo.say(person, "xin chào")
    run(zalo, lambda api: api.get_updates(0))
    return person


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.zalo.api.READ_TIMEOUT", 0.3)
    monkeypatch.setattr("bot.channels.zalo.api.POLL_SLACK", 0.3)


def test_who_the_bot_is(zalo: Server) -> None:
    me = run(zalo, lambda api: api.get_me())
    assert (len(me.id), me.account_name[:4]) == (19, "bot.")


def test_an_update_and_none(zalo: Server) -> None:
    person = zalo.person(1)
    key = zalo.say(person, "một")
    (update,) = run(zalo, lambda api: api.get_updates(0))
    assert update["message"]["message_id"] == key
    for idle in ("408", "bare", "empty"):
        zalo.switch(idle=idle)
        assert run(zalo, lambda api: api.get_updates(0)) == []
    zalo.switch(idle="408", errors_as_status=True)
    assert run(zalo, lambda api: api.get_updates(0)) == []


@pytest.mark.parametrize(
    ("code", "description"), [("408", ""), (504, "Gateway"), (400, "Request timeout"), (0, "TimeoutException")]
)
def test_words_for_nothing_new(zalo: Server, code: int | str, description: str) -> None:
    zalo.fault("error", method="getUpdates", code=code, description=description, as_status=False)
    assert run(zalo, lambda api: api.get_updates(0)) == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"event_name": "x", "message": {}}', [{"event_name": "x", "message": {}}]),
        ('{"ok": true, "result": [{"event_name": "x"}, 5], "error_code": 0}', [{"event_name": "x"}]),
        ('{"ok": true, "result": "x"}', []),
    ],
)
def test_other_forms_of_an_update(zalo: Server, body: str, found: list[Any]) -> None:
    zalo.fault("not_json", method="getUpdates", body=body)
    assert run(zalo, lambda api: api.get_updates(0)) == found


def test_everything_that_is_sent(zalo: Server, chat: str) -> None:
    async def send(api: ZaloApi) -> list[str]:
        await api.send_chat_action(chat)
        return [
            await api.send_message(chat, "một hai", styles=[Style(0, 3, ("b",))]),
            await api.send_message(chat, "**ba**", parse_mode="markdown"),
            await api.send_photo(chat, "https://vidu.example/a.jpg", "ảnh"),
            await api.send_sticker(chat, "bfe458bf64fa8da4d4eb"),
            await api.send_voice(chat, "https://vidu.example/a.aac"),
        ]

    ids = run(zalo, send)
    action, styled, marked, photo, sticker, voice = zalo.transcript(chat)
    assert [record.message_id for record in (styled, marked, photo, sticker, voice)] == ids
    assert (action.kind, action.text) == ("action", "typing")
    assert (styled.text, styled.styled) == ("một hai", [["một", ["b"]]])
    assert (marked.text, marked.parse_mode) == ("ba", "markdown")
    assert (photo.photo, photo.text) == ("https://vidu.example/a.jpg", "ảnh")


def test_webhooks(zalo: Server) -> None:
    async def work(api: ZaloApi) -> None:
        assert (await api.get_webhook_info()).url == ""
        await api.delete_webhook()
        state = await api.set_webhook("https://vidu.example/zalo", "12345678")
        assert state.url == "https://vidu.example/zalo"
        assert state.verification == Verification(False, "webhook.err.dns", "DNS")
        assert (await api.get_webhook_info()).url == "https://vidu.example/zalo"
        tested = await api.test_webhook()
        assert tested is not None and not tested.ok
        with pytest.raises(Rejected) as caught:
            await api.get_updates(0)
        assert caught.value.code == 400 and "webhook" in caught.value.description
        await api.delete_webhook()
        zalo.switch(no_webhook="empty", delete_none="ok", verification=False)
        assert (await api.get_webhook_info()).url == ""
        await api.delete_webhook()
        assert (await api.set_webhook("https://vidu.example/zalo", "12345678")).verification is None

    run(zalo, work)


def test_other_troubles_with_webhooks_are_told(zalo: Server) -> None:
    zalo.fault("internal", times=2)
    for act in (lambda api: api.delete_webhook(), lambda api: api.get_webhook_info()):
        with pytest.raises(Rejected):
            run(zalo, act)
    zalo.fault("not_json", method="testWebhook", body='{"ok": false, "errorCode": 426, "description": "limit"}')
    with pytest.raises(Rejected) as caught:
        run(zalo, lambda api: api.test_webhook())
    assert caught.value.code == 426


# How a call ended: the body comes before the status


@pytest.mark.parametrize("as_status", [False, True])
@pytest.mark.parametrize(("kind", "code"), [("internal", 403), ("quota", 429), ("unauthorized", 401)])
def test_refusals(zalo: Server, chat: str, kind: str, code: int, as_status: bool) -> None:
    zalo.fault(kind, method="sendMessage", as_status=as_status, seconds=7 if kind == "quota" else 0)
    with pytest.raises(Rejected) as caught:
        run(zalo, greet(chat))
    assert caught.value.code == code
    assert caught.value.retry_after == (7 if kind == "quota" else None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"ok": false, "error_code": "400"}', 400),
        ('{"ok": false, "error_code": "x"}', 0),
        ('{"ok": false}', 0),
        ('{"ok": false, "error_code": [], "description": null}', 0),
    ],
)
def test_codes_of_every_form(zalo: Server, chat: str, body: str, code: int) -> None:
    zalo.fault("not_json", method="sendMessage", body=body)
    with pytest.raises(Rejected) as caught:
        run(zalo, greet(chat))
    assert caught.value.code == code


def test_a_refusal_without_a_code_has_that_of_its_status() -> None:
    api = ZaloApi("1:x", "http://127.0.0.1:9")
    with pytest.raises(Rejected) as caught:
        api._result(httpx.Response(404, content=b'{"ok": false}'))
    assert caught.value.code == 404
    with pytest.raises(Rejected) as caught:
        api._result(httpx.Response(429, content=b"slow down", headers={"Retry-After": "soon"}))
    assert (caught.value.code, caught.value.retry_after) == (429, None)


@pytest.mark.parametrize("status", [301, 400, 403, 404])
def test_a_page_of_a_filter_is_nothing_of_zalos(zalo: Server, chat: str, status: int) -> None:
    zalo.fault("page", method="sendMessage", code=status)
    with pytest.raises(NotSent, match=f"not Zalo \\({status}\\)"):
        run(zalo, greet(chat))


@pytest.mark.parametrize(
    "kind", ["bad_gateway", "gateway_timeout", "not_json", "accepted_bad_gateway", "accepted_truncated"]
)
def test_what_stood_behind_a_gateway_may_have_done_it(zalo: Server, chat: str, kind: str) -> None:
    zalo.fault(kind, method="sendMessage")
    with pytest.raises(OutcomeUnknown) as caught:
        run(zalo, greet(chat))
    assert isinstance(caught.value, Broken) == (kind != "accepted_truncated")


@pytest.mark.parametrize("kind", ["cut", "reset", "accepted_cut", "accepted_reset"])
def test_a_connection_that_is_cut_after_the_request_left(zalo: Server, chat: str, kind: str) -> None:
    zalo.fault(kind, method="sendMessage")
    with pytest.raises(OutcomeUnknown):
        run(zalo, greet(chat))


@pytest.mark.parametrize("kind", ["silent", "accepted_silent"])
def test_a_server_that_hangs(zalo: Server, chat: str, kind: str, short: None) -> None:
    zalo.fault(kind, method="sendMessage")
    zalo.fault(kind, method="getUpdates")

    async def send(api: ZaloApi) -> None:
        with pytest.raises(Late):
            await api.send_message(chat, "chào")
        with pytest.raises(Late):
            await api.get_updates(0)

    run(zalo, send)


def test_nobody_there(zalo: Server, port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    for act in (lambda api: api.get_me(), lambda api: api.download(url, 10)):
        with pytest.raises(NotSent):
            run(zalo, act, url=url)
    with pytest.raises(NotSent):
        asyncio.run(ZaloApi("1:x", url).get_me())


def test_a_sent_message_is_sent_however_its_answer_is_worded(zalo: Server, chat: str) -> None:
    for body in ('{"ok": true}', '{"ok": true, "result": []}', '{"ok": true, "result": {"message_id": null}}'):
        zalo.fault("not_json", method="sendMessage", body=body)
        assert run(zalo, greet(chat)) == ""
    zalo.fault("not_json", method="sendMessage", body='{"ok": true, "result": {"message_id": 5}}')
    assert run(zalo, greet(chat)) == "5"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["ok", "result", "error_code", "description", "event_name"]), inner, max_size=4
            )
        ),
    ),
    st.sampled_from([200, 400, 403, 404, 408, 429, 500, 502]),
)
def test_any_answer_is_a_result_or_a_named_error(body: object, status: int) -> None:
    answer = httpx.Response(status, content=json.dumps(body).encode())
    try:
        ZaloApi("1:x", "http://127.0.0.1:9")._result(answer)
    except (Rejected, NotSent, OutcomeUnknown):
        return
    assert isinstance(body, dict)
    assert body.get("ok") is True or "event_name" in body


# The token


@pytest.mark.parametrize("form", ["{token}", "{quoted}", "{small}"])
def test_the_token_is_in_no_error(zalo: Server, chat: str, form: str) -> None:
    quoted = zalo.token.replace(":", "%3A")
    shown = form.format(token=zalo.token, quoted=quoted, small=quoted.lower())
    zalo.fault("error", method="sendMessage", code=400, description=f"no /bot{shown}/sendMessage here")
    with pytest.raises(Rejected) as caught:
        run(zalo, greet(chat))
    assert "vi-du-mot" not in str(caught.value) and "***" in str(caught.value)


def test_the_token_is_in_no_exception_of_the_network(zalo: Server, chat: str) -> None:
    zalo.fault("cut", method="sendMessage")
    with pytest.raises(OutcomeUnknown) as caught:
        run(zalo, greet(chat))
    assert "vi-du-mot" not in repr(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_what_the_library_logs_is_cleaned(zalo: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "httpx")
    run(zalo, lambda api: api.get_me())
    written = "\n".join(record.getMessage() for record in caplog.records)
    assert zalo.token in written
    assert "vi-du-mot" not in Redactor([zalo.token])(written)


# Files


def test_a_file_is_brought_up_to_a_size(zalo: Server) -> None:
    person = zalo.person(1)
    zalo.image(person, b"x" * 5000)
    (update,) = run(zalo, lambda api: api.get_updates(0))
    address = update["message"]["photo_url"]
    assert run(zalo, lambda api: api.download(address, 5000)) == b"x" * 5000
    assert run(zalo, lambda api: api.download(address, 4999)) is None
    with pytest.raises(Rejected) as caught:
        run(zalo, lambda api: api.download(address + "x", 10))
    assert caught.value.code == 404
    zalo.fault("bad_gateway", method="download")
    with pytest.raises(Broken):
        run(zalo, lambda api: api.download(address, 5000))
    zalo.fault("cut", method="download")
    with pytest.raises(OutcomeUnknown):
        run(zalo, lambda api: api.download(address, 5000))
