"""The test server itself: as strict as what is known of the OpenAPI, every switch and fault, and its transcript."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.waiting import PATIENCE
from tests.zalo_oa.faults import PAGE
from tests.zalo_oa.server import MESSAGE, PERMISSION, PROFILE, TOKEN, UPLOAD, OpenApi
from tests.zalo_oa.webhook import HEADER, RETRIES, signature
from tests.zalo_oa.world import APP_ID, APP_SECRET, OA_ID, REDIRECT, challenge_of

USER = "7700000000000000001"
VERIFIER = "v" * 43
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200)
HOUR, DAY = 3600.0, 24 * 3600.0


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        yield client


class Asking:
    """The API as a client sees it."""

    def __init__(self, api: OpenApi, http: httpx.Client) -> None:
        self.api = api
        self.http = http
        self.access = api.tokens()["access_token"]

    def token(self, *, secret: str = APP_SECRET, **fields: str) -> dict[str, Any]:
        answer = self.http.post(self.api.url + TOKEN, data={"app_id": APP_ID, **fields}, headers={"secret_key": secret})
        found = answer.json()
        assert isinstance(found, dict)
        return found

    def refresh(self, token: str) -> dict[str, Any]:
        return self.token(grant_type="refresh_token", refresh_token=token)

    def send(self, message: Any, user: str = USER) -> int:
        asked = {"recipient": {"user_id": user}, "message": message}
        answer = self.http.post(self.api.url + MESSAGE, json=asked, headers={"access_token": self.access})
        return int(answer.json()["error"])

    def upload(self, kind: str, content: bytes, name: str = "a.bin") -> dict[str, Any]:
        answer = self.http.post(
            f"{self.api.url}{UPLOAD}{kind}", files={"file": (name, content)}, headers={"access_token": self.access}
        )
        found = answer.json()
        assert isinstance(found, dict)
        return found


@pytest.fixture
def asking(openapi: OpenApi, http: httpx.Client) -> Asking:
    openapi.world.wrote(USER)
    return Asking(openapi, http)


# Tokens


def consent(api: OpenApi, http: httpx.Client, **changed: str) -> httpx.Response:
    asked = {"app_id": APP_ID, "redirect_uri": REDIRECT, "code_challenge": challenge_of(VERIFIER), "state": "vi-du"}
    return http.get(f"{api.url}{PERMISSION}?{urlencode({**asked, **changed})}")


def code_of(answer: httpx.Response) -> str:
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def test_consent_leads_back_with_a_code_for_tokens(openapi: OpenApi, http: httpx.Client, asking: Asking) -> None:
    answer = consent(openapi, http)
    assert answer.headers["Location"].startswith(f"{REDIRECT}?oa_id={OA_ID}&code=")
    assert answer.headers["Location"].endswith("state=vi-du")
    code = code_of(answer)
    given = asking.token(grant_type="authorization_code", code=code, code_verifier=VERIFIER)
    assert given["expires_in"] == "90000"
    again = asking.token(grant_type="authorization_code", code=code, code_verifier=VERIFIER)
    assert again["error"] == -14003


def test_a_code_needs_its_verifier_and_is_soon_over(openapi: OpenApi, http: httpx.Client, asking: Asking) -> None:
    code = code_of(consent(openapi, http))
    wrong = asking.token(grant_type="authorization_code", code=code, code_verifier="w" * 43)
    assert wrong["error"] == -14005
    code = code_of(consent(openapi, http))
    openapi.world.offset = 601
    late = asking.token(grant_type="authorization_code", code=code, code_verifier=VERIFIER)
    assert late["error"] == -14003


@pytest.mark.parametrize("changed", [{"app_id": "1"}, {"redirect_uri": "https://khac.example"}, {"code_challenge": ""}])
def test_consent_needs_what_the_app_was_registered_with(
    openapi: OpenApi, http: httpx.Client, changed: dict[str, str]
) -> None:
    assert consent(openapi, http, **changed).json()["error"] < 0


def test_a_refresh_token_is_good_once_and_becomes_another(openapi: OpenApi, asking: Asking) -> None:
    first = openapi.tokens()["refresh_token"]
    second = asking.refresh(first)
    assert asking.refresh(first)["error"] == -14014
    assert asking.refresh(second["refresh_token"])["access_token"] != second["access_token"]
    assert asking.refresh("khong-co")["error"] == -14014
    assert openapi.world.rotations == 2


def test_a_forgiving_server_takes_one_again_until_its_successor_is_used(openapi: OpenApi, asking: Asking) -> None:
    openapi.world.forgiving = True
    first = openapi.tokens()["refresh_token"]
    lost = asking.refresh(first)["refresh_token"]
    kept = asking.refresh(first)["refresh_token"]
    assert asking.refresh(lost)["error"] == -14014
    asking.refresh(kept)
    assert asking.refresh(first)["error"] == -14014


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"secret": "sai"}, -14004),
        ({"app_id": "1", "grant_type": "refresh_token"}, -14002),
        ({"grant_type": "password"}, -14006),
        ({}, -14006),
    ],
)
def test_tokens_are_for_the_app_alone(asking: Asking, changed: dict[str, str], code: int) -> None:
    assert asking.token(**changed)["error"] == code


def test_an_access_token_is_over_after_its_time(openapi: OpenApi, asking: Asking) -> None:
    assert asking.send({"text": "Chào"}) == 0
    openapi.world.offset = openapi.world.life
    assert asking.send({"text": "Chào"}) == -216
    openapi.world.offset = 0
    openapi.world.revokes = True
    asking.refresh(openapi.tokens()["refresh_token"])
    assert asking.send({"text": "Chào"}) == -216


def test_refusals_can_have_a_status(openapi: OpenApi, http: httpx.Client) -> None:
    assert http.get(openapi.url + PROFILE).status_code == 200
    openapi.world.statuses = True
    answer = http.get(openapi.url + PROFILE)
    assert (answer.status_code, answer.json()["error"]) == (400, -216)


# Messages


def button(kind: str = "oa.query.show", payload: Any = "x", title: str = "Nút") -> dict[str, Any]:
    return {"title": title, "type": kind, "payload": payload}


def under(*buttons: Any, text: str | None = "Chọn:") -> dict[str, Any]:
    message = {"attachment": {"type": "template", "payload": {"buttons": list(buttons)}}}
    return message if text is None else {"text": text, **message}


@pytest.mark.parametrize(
    "message",
    [
        {"text": "Chào"},
        {"text": "a" * 2000},
        {"text": "🙂" * 1000},
        under(button()),
        under(*[button(title=str(n)) for n in range(5)]),
        under(button("oa.query.hide"), button("oa.open.url", {"url": "https://vidu.vn"})),
        under(button("oa.open.phone", {"phone_code": "84000000000"})),
    ],
)
def test_a_good_message_reaches_its_person(openapi: OpenApi, asking: Asking, message: dict[str, Any]) -> None:
    assert asking.send(message) == 0
    (record,) = openapi.messages(USER)
    assert record.text == message["text"]
    assert not record.paid


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"text": ""},
        {"text": "a" * 2001},
        {"text": "🙂" * 1001},
        {"text": 5},
        {"text": "Chào", "style": "b"},
        {"attachment": []},
        {"attachment": {"type": "template"}},
        {"attachment": {"type": "video", "payload": {}}},
        {"attachment": {"type": "file", "payload": {"token": "khong-co"}}},
        {"attachment": {"type": "template", "payload": {"template_type": "media", "elements": []}}},
        under(text="Chọn:"),
        under(*[button()] * 6),
        under(button(), text=None),
        under("nút"),
        under({"title": "a", "type": "oa.query.show"}),
        under(button(title="")),
        under(button(title="a" * 101)),
        under(button(payload="")),
        under(button(payload="a" * 1001)),
        under(button("oa.open.url", "https://vidu.vn")),
        under(button("oa.open.url", {"url": "http://vidu.vn"})),
        under(button("oa.open.phone", {"phone_code": "+84"})),
        under(button("oa.open.app")),
    ],
)
def test_a_bad_message_is_refused_and_reaches_nobody(openapi: OpenApi, asking: Asking, message: dict[str, Any]) -> None:
    assert asking.send(message) == -201
    assert openapi.messages(USER) == []


def test_a_message_needs_a_recipient_who_is_known(openapi: OpenApi, asking: Asking, http: httpx.Client) -> None:
    assert asking.send({"text": "Chào"}, "khong-co") == -201
    head = {"access_token": asking.access}
    assert http.post(openapi.url + MESSAGE, json={"recipient": {}}, headers=head).json()["error"] == -201
    assert http.post(openapi.url + MESSAGE, data={"text": "x"}, headers=head).json()["error"] == -201
    assert http.post(openapi.url + "/v3.0/oa/khac", headers=head).json()["error"] == -404


def test_pictures_and_files_are_uploaded_first(openapi: OpenApi, asking: Asking) -> None:
    key = asking.upload("image", PICTURE)["data"]["attachment_id"]
    element = {"media_type": "image", "attachment_id": key}
    media = {"type": "template", "payload": {"template_type": "media", "elements": [element]}}
    assert asking.send({"text": "Ảnh", "attachment": media}) == 0
    token = asking.upload("file", b"%PDF-1.7 x", "mẫu.pdf")["data"]["token"]
    file = {"type": "file", "payload": {"token": token}}
    assert asking.send({"attachment": file}) == 0
    assert asking.send({"text": "Tệp", "attachment": file}) == -201
    picture, document = openapi.messages(USER)
    assert (picture.kind, picture.text, picture.upload) == ("image", "Ảnh", PICTURE)
    assert (document.kind, document.name, document.upload) == ("file", "mẫu.pdf", b"%PDF-1.7 x")


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("image", PICTURE + bytes(1024 * 1024), -210),
        ("file", b"%PDF" + bytes(5 * 1024 * 1024), -210),
        ("image", b"%PDF", -201),
        ("file", b"MZ", -201),
        ("video", PICTURE, -404),
    ],
)
def test_not_everything_can_be_uploaded(asking: Asking, kind: str, content: bytes, code: int) -> None:
    assert asking.upload(kind, content)["error"] == code


def test_an_upload_is_a_form_with_one_file(openapi: OpenApi, asking: Asking, http: httpx.Client) -> None:
    head = {"access_token": asking.access}
    for files in ({"anh": ("a.png", PICTURE)}, {"file": ("a.png", PICTURE), "other": ("b.png", PICTURE)}):
        assert http.post(f"{openapi.url}{UPLOAD}image", files=files, headers=head).json()["error"] == -201
    assert http.post(f"{openapi.url}{UPLOAD}image", content=PICTURE, headers=head).json()["error"] == -201


# Windows


def test_eight_messages_are_free_until_somebody_writes_again(openapi: OpenApi, asking: Asking) -> None:
    assert [asking.send({"text": "Chào"}) for _ in range(9)] == [0] * 8 + [-211]
    openapi.world.wrote(USER)
    assert asking.send({"text": "Chào"}) == 0
    assert not any(record.paid for record in openapi.messages(USER))


def test_after_two_days_messages_are_charged_and_after_seven_refused(openapi: OpenApi, asking: Asking) -> None:
    openapi.world.offset = 2 * DAY - 60
    asking.access = openapi.tokens()["access_token"]
    assert asking.send({"text": "Chào"}) == 0
    openapi.world.offset += 120
    assert asking.send({"text": "Chào"}) == -211
    openapi.world.balance = 5
    assert asking.send({"text": "Chào"}) == 0
    openapi.world.offset = 7 * DAY + 1
    asking.access = openapi.tokens()["access_token"]
    assert asking.send({"text": "Chào"}) == -230
    assert [record.paid for record in openapi.messages(USER)] == [False, True]
    assert openapi.world.balance == 4


def test_who_never_wrote_or_blocks_gets_nothing(openapi: OpenApi, asking: Asking) -> None:
    openapi.world.person("moi")
    assert asking.send({"text": "Chào"}, "moi") == -230
    openapi.world.person(USER).blocks = True
    assert asking.send({"text": "Chào"}) == -217


# Faults


def test_faults_before_a_call_is_taken(openapi: OpenApi, asking: Asking) -> None:
    openapi.fault("cut", MESSAGE)
    silent = openapi.fault("silent", MESSAGE, after=1)
    with pytest.raises(httpx.RemoteProtocolError):
        asking.send({"text": "1"})
    assert asking.send({"text": "2"}) == 0
    with pytest.raises(httpx.ReadTimeout):
        asking.http.post(openapi.url + MESSAGE, timeout=httpx.Timeout(PATIENCE, read=0.2))
    assert silent.met.wait(PATIENCE)
    openapi.release()
    assert asking.send({"text": "3"}) == 0
    assert [record.text for record in openapi.messages(USER)] == ["2", "3"]


def test_a_call_that_is_taken_late_is_answered_all_the_same(openapi: OpenApi, asking: Asking) -> None:
    fault = openapi.fault("late", MESSAGE)
    threading.Timer(0.2, fault.release.set).start()
    assert asking.send({"text": "1"}) == 0
    assert fault.met.is_set()
    assert len(openapi.messages(USER)) == 1


@pytest.mark.parametrize("kind", ["accepted_cut", "accepted_silent", "accepted_html"])
def test_faults_after_a_call_was_taken(openapi: OpenApi, asking: Asking, kind: str) -> None:
    fault = openapi.fault(kind, MESSAGE)
    threading.Timer(0.1, fault.release.set).start()
    with pytest.raises((httpx.HTTPError, json.JSONDecodeError)):
        asking.send({"text": "1"})
    assert len(openapi.messages(USER)) == 1


@pytest.mark.parametrize(
    ("kind", "status"),
    [("server_error", 500), ("bad_gateway", 502), ("html", 200), ("filtered", 403), ("too_many", 429)],
)
def test_answers_that_are_pages(openapi: OpenApi, asking: Asking, kind: str, status: int) -> None:
    openapi.fault(kind, MESSAGE)
    answer = asking.http.post(openapi.url + MESSAGE)
    assert (answer.status_code, answer.content) == (status, PAGE)
    assert openapi.messages(USER) == []
    assert openapi.count(MESSAGE) == 1


def test_a_refusal_to_order(openapi: OpenApi, asking: Asking) -> None:
    openapi.fault("error", MESSAGE, code=-32, message="Rate limit")
    assert asking.send({"text": "1"}) == -32
    with pytest.raises(ValueError, match="no such fault"):
        openapi.fault("khac", MESSAGE)


# The webhook


class _Bot(BaseHTTPRequestHandler):
    statuses: list[int]
    got: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((dict(self.headers), body))
        self.send_response(self.statuses.pop(0) if self.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def listener(openapi: OpenApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Bot]]:
    monkeypatch.setattr("tests.zalo_oa.webhook.TIMEOUT", PATIENCE)

    class Bot(_Bot):
        statuses: list[int] = []  # noqa: RUF012 - each test has its own
        got: list[tuple[dict[str, str], bytes]] = []  # noqa: RUF012

    server = HTTPServer(("127.0.0.1", 0), Bot)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    openapi.webhook.url = f"http://127.0.0.1:{server.server_address[1]}/zalo-oa"
    yield Bot
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("formula", ["app", "hmac", "oa"])
def test_events_are_signed_over_the_raw_body(openapi: OpenApi, listener: type[_Bot], formula: Any) -> None:
    openapi.world.formula = formula
    assert openapi.say(USER, "Xin chào")
    ((headers, body),) = listener.got
    event = json.loads(body)
    assert "Xin chào".encode() in body
    assert (event["sender"], event["recipient"]) == ({"id": USER}, {"id": OA_ID})
    assert headers[HEADER] == signature(formula, body, event["timestamp"])
    assert len({signature(one, body, event["timestamp"]) for one in ("app", "hmac", "oa")}) == 3


def test_what_was_not_taken_comes_again(openapi: OpenApi, listener: type[_Bot]) -> None:
    listener.statuses += [503, 500]
    assert openapi.follow(USER)
    assert [headers["num_retry"] for headers, _ in listener.got] == ["0", "1", "2"]
    assert len({body for _, body in listener.got}) == 1
    assert openapi.webhook.statuses == [503, 500, 200]
    openapi.webhook.twice = True
    openapi.say(USER, "a")
    assert listener.got[-1] == (
        {**listener.got[-2][0], "num_retry": "1"},
        listener.got[-2][1],
    )


def test_a_webhook_that_never_answers_is_given_up(openapi: OpenApi, listener: type[_Bot]) -> None:
    listener.statuses += [500] * 10
    openapi.webhook.pace = 0
    assert not openapi.say(USER, "a")
    assert len(listener.got) == len(RETRIES) + 1
    assert openapi.webhook.disabled


def test_files_that_people_send_can_be_fetched(openapi: OpenApi, listener: type[_Bot], http: httpx.Client) -> None:
    assert openapi.attach(USER, "image", PICTURE, "Ảnh đây")
    message = json.loads(listener.got[0][1])["message"]
    assert message["text"] == "Ảnh đây"
    assert http.get(message["attachments"][0]["payload"]["url"]).content == PICTURE
    assert http.get(f"{openapi.url}/files/khac").status_code == 404
    assert openapi.world.person(USER).free == 8


def test_a_button_says_its_payload(openapi: OpenApi, listener: type[_Bot], asking: Asking) -> None:
    asking.send(under(button(payload="Xem #1.0")))
    assert openapi.press(openapi.messages(USER)[0], 0)
    assert json.loads(listener.got[0][1])["message"]["text"] == "Xem #1.0"
