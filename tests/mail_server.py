"""A real mail server on loopback (aiosmtpd) in a thread of its own, with every fault to order, and its fixtures."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import ipaddress
import logging
import ssl
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any, Literal

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import reserved_port
from tests.waiting import PATIENCE

Stage = Literal["greeting", "mail", "rcpt", "data", "content"]
# It tells of each connection, also after the test whose output it would be.
logging.getLogger("mail.log").setLevel(logging.ERROR)

USER, PASSWORD = "bot-vi-du", "mật khẩu/ví dụ@"


@dataclass
class Fault:
    """What the server does wrong at a stage: answers with a code, waits, cuts; `keeps` is whether it took the letter.

    At "data" the content was not asked for yet; at "content" it was, and a cut with `part` comes in the midst of it.
    """

    stage: Stage
    code: int = 0
    seconds: float = 0.0
    cuts: bool = False
    keeps: bool = True
    part: bool = False
    times: int | None = 1


@dataclass(frozen=True)
class Letter:
    """A letter that the server took: who it said it comes from and goes to, and what stood in it."""

    sender: str
    to: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = email.message_from_bytes(self.raw, policy=POLICY)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def text(self) -> str:
        body = self.message.get_body()
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


class MailServer:
    """Runs from `start` to `stop`; in between it may be closed, so that connections are refused, and opened again."""

    def __init__(
        self, port: int, tls: Literal["", "smtps", "starttls"] = "", certificate: ssl.SSLContext | None = None
    ) -> None:
        self.tls = tls
        self.certificate = certificate
        self.wants_login = False
        self.faults: list[Fault] = []
        self.letters: list[Letter] = []
        self.logins: list[tuple[str, bool]] = []
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail server", daemon=True)
        self._listening: asyncio.Server | None = None
        self._open: set[Any] = set()

    @property
    def url(self) -> str:
        scheme = "smtps" if self.tls == "smtps" else "smtp"
        return f"{scheme}://127.0.0.1:{self.port}?from=bot@sovidu.example"

    def start(self) -> None:
        self._thread.start()
        self.open()

    def stop(self) -> None:
        self.close()
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def open(self) -> None:
        """Take connections."""
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(PATIENCE)

    def close(self) -> None:
        """Refuse connections."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(PATIENCE)

    def fault(self, stage: Stage, **more: Any) -> None:
        self.faults.append(Fault(stage, **more))

    def reset(self) -> None:
        self.faults.clear()
        self.letters.clear()
        self.logins.clear()
        self.wants_login = False

    def taken(self, stage: Stage) -> Fault | None:
        """Return the fault of a stage that is next, and count it."""
        for fault in self.faults:
            if fault.stage == stage and fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    async def _serve(self) -> None:
        implicit = self.certificate if self.tls == "smtps" else None
        self._listening = await self._loop.create_server(
            lambda: _Connection(self, self._open), "127.0.0.1", self.port, ssl=implicit, reuse_address=True
        )

    async def _close(self) -> None:
        if self._listening:
            self._listening.close()
            self._listening = None

    async def _end(self) -> None:
        for connection in list(self._open):
            if connection.transport:
                connection.transport.abort()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _Connection(SMTP):
    def __init__(self, server: MailServer, open_ones: set[Any]) -> None:
        self._server = server
        self._open_ones = open_ones
        with warnings.catch_warnings():
            # That a login over TLS from the first byte is safe it does not know.
            warnings.simplefilter("ignore")
            super().__init__(
                _Handler(server),
                hostname="mail.vidu.example",
                ident="vidu",
                tls_context=server.certificate if server.tls == "starttls" else None,
                auth_required=server.wants_login,
                auth_require_tls=False,
                authenticator=self._check,
            )

    def _check(self, _: Any, session: Session, __: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self._server.logins.append((mechanism, right))
        return AuthResult(success=right, handled=False)

    def connection_made(self, transport: Any) -> None:
        self._open_ones.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._open_ones.discard(self)
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        text = status if isinstance(status, str) else status.decode()
        if text.startswith("220 mail.vidu") and (fault := self._server.taken("greeting")):
            await asyncio.sleep(fault.seconds)
            if fault.cuts:
                self.transport.abort()
                return
            status = f"{fault.code} ví dụ".encode() if fault.code else status
        await super().push(status)

    async def smtp_DATA(self, arg: str) -> None:
        if fault := self._server.taken("data"):
            await asyncio.sleep(fault.seconds)
            if fault.cuts:
                self.transport.abort()
                return
            if fault.code:
                await self.push(f"{fault.code} no")
                return
        if any(fault.stage == "content" and fault.part and fault.times != 0 for fault in self._server.faults):
            self._server.taken("content")
            await self.push("354 go on")
            await self._reader.read(20)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answer(server, "mail")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._answer(server, "rcpt")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self._server.taken("content")
        if fault is None or (fault.keeps and not fault.code):
            assert isinstance(envelope.content, bytes)
            self._server.letters.append(Letter(envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content))
        return await _done(server, fault)

    async def _answer(self, server: SMTP, stage: Stage) -> str:
        return await _done(server, self._server.taken(stage))


async def _done(server: SMTP, fault: Fault | None) -> str:
    if fault is None:
        return "250 OK"
    await asyncio.sleep(fault.seconds)
    if fault.cuts and server.transport:
        server.transport.abort()
    return f"{fault.code} no" if fault.code else "250 OK"


def make_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return what a server on 127.0.0.1 shows, and the file that whoever is to trust it needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "may-chu-vi-du")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, kept = folder / "certificate.pem", folder / "key.pem"
    shown.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    kept.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, kept)
    return context, shown


@pytest.fixture(scope="session")
def one_mail_server() -> Iterator[MailServer]:
    """A mail server, one for all tests."""
    with reserved_port() as port:
        server = MailServer(port)
        server.start()
        yield server
        server.stop()


@pytest.fixture
def mail(one_mail_server: MailServer) -> MailServer:
    """The mail server, begun anew."""
    one_mail_server.reset()
    return one_mail_server
