"""HTTP on a socket, and the people who write to the account."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.waiting import PATIENCE
from tests.zalo_oa.faults import AFTER, BEFORE, PAGE, SLOW, STATUSES, Fault
from tests.zalo_oa.webhook import Webhook
from tests.zalo_oa.world import APP_ID, APP_SECRET, OA_ID, REDIRECT, OaError, Record, World

PERMISSION, TOKEN = "/v4/oa/permission", "/v4/oa/access_token"
MESSAGE = "/v3.0/oa/message/cs"
PROFILE = "/v2.0/oa/getoa"
UPLOAD = "/v2.0/oa/upload/"

LARGEST = {"image": 1024 * 1024, "gif": 5 * 1024 * 1024, "file": 5 * 1024 * 1024}
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_FILES = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

Answer = tuple[int, bytes, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that came: its path, and the error it was answered with (0 for none, None where it got no answer)."""

    path: str
    error: int | None


class OpenApi:
    """The server; one for all tests, begun anew with `reset`."""

    def __init__(self) -> None:
        self.reset()
        openapi = self

        class Handler(_Handler):
            api = openapi

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[OpenApi]:
        """Serve for the length of a block."""
        api = cls()
        api._thread.start()
        try:
            yield api
        finally:
            api.release()
            api._server.shutdown()
            api._server.server_close()

    def reset(self) -> None:
        """Forget everything."""
        self.world = World()
        self.webhook = Webhook()
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.served: dict[str, bytes] = {}

    # Faults

    def fault(self, kind: str, path: str, **more: Any) -> Fault:
        """Order a fault for calls whose path ends so."""
        fault = Fault(kind, path, **more)
        self.faults.append(fault)
        return fault

    def release(self) -> None:
        """Take all faults away; what waits in silence is cut."""
        for fault in self.faults:
            fault.times = 0
            fault.release.set()

    # What reached whom

    def messages(self, user: str) -> list[Record]:
        """Return what reached somebody, in its order."""
        with self.world.lock:
            return [record for record in self.world.records if record.user == user]

    def wait_for(self, user: str, count: int = 1) -> list[Record]:
        """Return what reached somebody as soon as it is so much."""
        end = time.monotonic() + PATIENCE
        while len(found := self.messages(user)) < count:
            assert time.monotonic() < end, found
            time.sleep(0.02)
        return found

    def count(self, path: str) -> int:
        """Return how many calls of a path came."""
        return sum(call.path.endswith(path) for call in self.calls)

    # Consent

    def agree(self, address: str) -> str:
        """Agree on the consent page as an administrator of the account does; return where the browser is led."""
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            assert answer.status == 302, answer.read()
            return answer.getheader("Location", "")
        finally:
            connection.close()

    def tokens(self) -> dict[str, Any]:
        """Return tokens as if they had been asked for."""
        with self.world.lock:
            return self.world._issue()[1]

    # People

    def say(self, user: str, text: str, **more: Any) -> bool:
        """Let somebody write; return whether the bot took it."""
        return self.event("user_send_text", user, {"text": text}, **more)

    def press(self, record: Record, place: int, user: str = "") -> bool:
        """Let somebody press a button of a message, by default whoever got it."""
        button = record.buttons[place]
        assert button["type"] in ("oa.query.show", "oa.query.hide")
        return self.say(user or record.user, button["payload"])

    def attach(self, user: str, kind: str, content: bytes = b"", text: str = "", **payload: Any) -> bool:
        """Let somebody send an image, file, sticker, audio or location."""
        if content:
            name = secrets.token_hex(8)
            self.served[name] = content
            payload = {"url": f"{self.url}/files/{name}", "size": str(len(content)), **payload}
        message: dict[str, Any] = {"attachments": [{"type": kind, "payload": payload}]}
        if text:
            message["text"] = text
        return self.event(f"user_send_{kind}", user, message)

    def event(self, name: str, user: str, message: dict[str, Any] | None = None, **more: Any) -> bool:
        """Send an event from somebody; return whether the bot took it."""
        with self.world.lock:
            if name.startswith("user_send_"):
                self.world.wrote(user)
            stamp = str(int(self.world.now() * 1000))
        event: dict[str, Any] = {"app_id": APP_ID, "event_name": name, "timestamp": stamp}
        if message is None:
            event |= {"oa_id": OA_ID, "follower": {"id": user}, "source": "oa_profile"}
        else:
            identified = {"msg_id": secrets.token_hex(10), **message}
            event |= {"sender": {"id": user}, "recipient": {"id": OA_ID}, "message": identified}
        return self.webhook.deliver({**event, **more}, self.world.formula)

    def follow(self, user: str, name: str = "follow") -> bool:
        """Let somebody follow the account, or with "unfollow" no more."""
        with self.world.lock:
            self.world.person(user).follows = name == "follow"
        return self.event(name, user)

    # Requests

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
        """Answer a request; raise OaError."""
        path = urlsplit(target).path
        with self.world.lock:
            if method == "GET" and path.startswith("/files/"):
                content = self.served.get(path.rpartition("/")[2])
                return (404, b"", {}) if content is None else (200, content, {"Content-Type": "image/jpeg"})
            if method == "GET" and path == PERMISSION:
                return 302, b"", {"Location": self._consented(parse_qs(urlsplit(target).query))}
            if method == "POST" and path == TOKEN:
                return _json(self._token(headers, body))
            self.world.check_access(headers.get("access_token", ""))
            if method == "GET" and path == PROFILE:
                return _good({"oa_id": OA_ID, "name": "OA Ví Dụ"})
            if method == "POST" and path == MESSAGE:
                return _good(self._message(headers, body))
            if method == "POST" and path.startswith(UPLOAD):
                return _good(self._upload(path.removeprefix(UPLOAD), headers, body))
        raise OaError(-404, "API not found")

    def _consented(self, asked: dict[str, list[str]]) -> str:
        given = {name: values[0] for name, values in asked.items()}
        if (given.get("app_id"), given.get("redirect_uri")) != (APP_ID, REDIRECT):
            raise OaError(-14002, "Invalid app id or redirect uri")
        if len(given.get("code_challenge", "")) != 43:
            raise OaError(-14005, "Invalid code challenge")
        code = self.world.consent(given["code_challenge"])
        return f"{REDIRECT}?" + urlencode({"oa_id": OA_ID, "code": code, "state": given.get("state", "")})

    def _token(self, headers: Any, body: bytes) -> dict[str, Any]:
        if headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
            raise OaError(-14001, "Invalid content type")
        given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if headers.get("secret_key") != APP_SECRET:
            raise OaError(-14004, "Invalid secret key")
        if given.get("app_id") != APP_ID:
            raise OaError(-14002, "Invalid app id")
        match given.get("grant_type"):
            case "authorization_code":
                return self.world.exchange(given.get("code", ""), given.get("code_verifier", ""))
            case "refresh_token":
                return self.world.rotate(given.get("refresh_token", ""))
        raise OaError(-14006, "Invalid grant type")

    def _message(self, headers: Any, body: bytes) -> dict[str, Any]:
        if headers.get("content-type", "").partition(";")[0] != "application/json":
            raise OaError(-201, "content type is invalid")
        asked = json.loads(body)
        if set(asked) != {"recipient", "message"} or set(asked["recipient"]) != {"user_id"}:
            raise OaError(-201, "recipient is invalid")
        user = asked["recipient"]["user_id"]
        return {"message_id": self.world.deliver(user, asked["message"]), "user_id": user}

    def _upload(self, kind: str, headers: Any, body: bytes) -> dict[str, Any]:
        if kind not in LARGEST:
            raise OaError(-404, "API not found")
        name, content = _file_in(headers.get("content-type", ""), body)
        if len(content) > LARGEST[kind]:
            raise OaError(-210, "file is too large")
        if not content.startswith(_FILES if kind == "file" else (*_IMAGES, b"GIF8")):
            raise OaError(-201, "file type is not supported")
        key = secrets.token_urlsafe(20)
        if kind == "file":
            self.world.files[key] = name, content
            return {"token": key}
        self.world.images[key] = content
        return {"attachment_id": key}


def _file_in(content_type: str, body: bytes) -> tuple[str, bytes]:
    """The name and content of the one part of a form that is named "file"; raise OaError."""
    form = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=HTTP)
    parts = list(form.iter_parts()) if form.is_multipart() else []
    if len(parts) != 1 or parts[0].get_param("name", header="content-disposition") != "file":
        raise OaError(-201, "file is required")
    content = parts[0].get_payload(decode=True)
    assert isinstance(content, bytes)
    return parts[0].get_filename() or "", content


def _json(answer: dict[str, Any], status: int = 200) -> Answer:
    return status, json.dumps(answer, ensure_ascii=False).encode(), {"Content-Type": "application/json"}


def _good(data: dict[str, Any]) -> Answer:
    return _json({"error": 0, "message": "Success", "data": data})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: OpenApi

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def log_message(self, format: str, *args: Any) -> None:
        """Calls are kept, not printed."""

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        fault = next((fault for fault in self.api.faults if fault.meets(path)), None)
        if fault and fault.kind in BEFORE:
            self._lose(fault, path)
            return
        if fault and fault.kind in SLOW:
            fault.met.set()
            fault.release.wait(60)
        if fault and fault.kind in STATUSES:
            self._note(path, None)
            more = {"Retry-After": "2"} if fault.kind == "too_many" else {}
            self._send(STATUSES[fault.kind], PAGE, {"Content-Type": "text/html", **more})
            return
        error = 0
        try:
            if fault and fault.kind == "error":
                raise OaError(fault.code, fault.message)
            answer = self.api.answer(self.command, self.path, self.headers, body)
        except OaError as refusal:
            error = refusal.code
            status = 400 if self.api.world.statuses else 200
            answer = _json({"error": error, "message": refusal.message}, status)
        if fault and fault.kind in AFTER:
            if fault.kind == "accepted_html":
                self._note(path, error)
                self._send(504, PAGE, {"Content-Type": "text/html"})
            else:
                self._lose(fault, path)
            return
        self._note(path, error)
        self._send(*answer)

    def _note(self, path: str, error: int | None) -> None:
        self.api.calls.append(Call(path, error))

    def _lose(self, fault: Fault, path: str) -> None:
        """End the connection without an answer, at once or when told to."""
        self._note(path, None)
        fault.met.set()
        if fault.kind.endswith("silent"):
            fault.release.wait(60)
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
