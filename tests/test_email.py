"""Letters against a real mail server: what stands in them, and how each end of the dialogue is told."""

from __future__ import annotations

import asyncio
import io
import logging
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pytest
from markupsafe import Markup

from bot import delivery as delivery_module
from bot import logs
from bot.channels.base import Examined, Outgoing, OutgoingFile
from bot.channels.configured import abilities_of, configured
from bot.channels.email import Email, read_url
from bot.channels.email.handing_over import HandingOver
from bot.channels.fitting import fit
from bot.clock import utc_now
from bot.delivery import Delivery
from bot.errors import AccountUnusable, NotSent, OutcomeUnknown, Refused, SettingsError, TransportError
from bot.rate_limit import Limits
from bot.settings import Settings, load_settings
from bot.worker import Worker
from handlers.conversation import Button, File, Reply
from handlers.outward import is_mail, letter_to
from handlers.texts import Texts
from storage import outbox
from storage.database import Database
from storage.outbox import REPORT
from tests.mail_server import PASSWORD, USER, MailServer, make_certificate
from tests.ports import reserved_port
from tests.waiting import PATIENCE

TO = "truc-ban@sovidu.example"
FAST = Limits(chat_rate=1000, chat_burst=1000, rate=1000, burst=1000, reserve=0)

KEY = "7-3715cca738ab6c657c46"
"""Of the message below; another version of the program must call it the same."""


def channel(url: str, texts: Texts, before: float = PATIENCE, content: float = PATIENCE) -> Email:
    server = read_url(url)
    over = HandingOver(server, before=before, content=content)
    return Email(server, texts, limits=FAST, handing_over=over, clock=utc_now)


def message(text: str = "Có báo cáo mới.", **more: Any) -> Outgoing:
    return Outgoing(text, **{"number": 7, "written": "2026-11-20T08:00:00+00:00", "subject": "Báo cáo BC-7", **more})


def send(sender: Email, sent: Outgoing | None = None, to: str = TO) -> str | None:
    return asyncio.run(sender.send(to, sent or message()))


# What stands in a letter


def test_a_letter_says_what_it_is_in_any_letters(mail: MailServer, texts: Texts) -> None:
    text = "<b>Báo cáo</b> BC-7 &amp; hơn\n.một dòng bắt đầu bằng dấu chấm\n" + "dài " * 600
    assert send(channel(mail.url, texts), message(text)) == KEY
    (letter,) = mail.letters
    assert (letter.sender, letter.to) == ("bot@sovidu.example", [TO])
    written = letter.message
    assert (written["From"], written["To"]) == ("bot@sovidu.example", TO)
    assert written["Subject"] == "Báo cáo BC-7"
    assert written["Message-ID"] == f"<{KEY}@sovidu.example>"
    assert written["Auto-Submitted"] == "auto-generated"
    assert written["List-Id"] == "<ungxu.sovidu.example>"
    assert written["X-Ungxu-Repeat"] is None
    assert written.get_content_type() == "text/plain"
    assert letter.text.strip() == "Báo cáo BC-7 & hơn\n.một dòng bắt đầu bằng dấu chấm\n" + ("dài " * 600).strip()
    # Every server takes it: no line is too long, no byte is beyond ASCII.
    assert letter.raw.isascii()
    assert max(map(len, letter.raw.splitlines())) <= 998
    assert abs((written["Date"].datetime - utc_now()).total_seconds()) < PATIENCE


def test_a_repeat_is_the_same_letter_and_says_that_it_is_one(mail: MailServer, texts: Texts) -> None:
    send(channel(mail.url, texts))
    send(channel(mail.url, texts), message(repeat=True))
    first, again = (letter.message for letter in mail.letters)
    assert first["Message-ID"] == again["Message-ID"]
    assert (again["Subject"], again["X-Ungxu-Repeat"]) == ("[Gửi lại] Báo cáo BC-7", "yes")


def test_files_are_attached_with_their_names(mail: MailServer, texts: Texts) -> None:
    files = (
        OutgoingFile("document", "phiếu chuyển.pdf", b"%PDF-1.4 \r\n.\r\n vi du"),
        OutgoingFile("photo", 'ảnh"\r\nBcc: khac@vidu.example.png', b"\x89PNG\x00\n.\n"),
        OutgoingFile("document", "khong-duoi", b""),
    )
    send(channel(mail.url, texts), message(files=files))
    attached = list(mail.letters[0].message.iter_attachments())
    assert [part.get_content_type() for part in attached] == [
        "application/pdf",
        "image/png",
        "application/octet-stream",
    ]
    assert attached[0].get_filename() == "phiếu chuyển.pdf"
    assert [part.get_payload(decode=True) for part in attached] == [file.data for file in files]
    assert mail.letters[0].text.strip() == "Có báo cáo mới."
    assert mail.letters[0].to == [TO] and mail.letters[0].message["Bcc"] is None


@pytest.mark.parametrize(
    "trick", ["\r\nBcc: khac@vidu.example", "\nBcc: x", "\rBcc: x", "\x00", "\u2028Bcc: x", "\x85x"]
)
def test_nothing_that_is_written_becomes_a_header(mail: MailServer, texts: Texts, trick: str) -> None:
    send(channel(mail.url, texts), message("thân thư", subject=f"Báo cáo{trick}"))
    (letter,) = mail.letters
    assert letter.message["Bcc"] is None and letter.to == [TO]
    assert letter.message["Subject"].startswith("Báo cáo")
    assert re.findall(rb"(?m)^[A-Za-z-]+:", letter.raw.split(b"\r\n\r\n")[0]) == [
        *(b"From:", b"To:", b"Subject:", b"Date:", b"Message-ID:", b"List-Id:", b"Auto-Submitted:"),
        *(b"X-Auto-Response-Suppress:", b"Content-Type:", b"Content-Transfer-Encoding:", b"MIME-Version:"),
    ]


@pytest.mark.parametrize(
    "to",
    [
        "",
        "khong-phai",
        "a@b",
        "a@b..c",
        "a b@vidu.example",
        "a@vidu.example\r\nRCPT TO:<khac@vidu.example>",
        "a@vidu.example\n",
        "<a@vidu.example>",
        "a@vidu.example, b@vidu.example",
        '"a b"@vidu.example',
        "đ@vidu.example",
        "a@-vidu.example",
        "x" * 65 + "@vidu.example",
    ],
)
def test_what_is_no_address_is_never_put_into_a_command(mail: MailServer, texts: Texts, to: str) -> None:
    assert not is_mail(to)
    with pytest.raises(Refused, match="no address"):
        send(channel(mail.url, texts), to=to)
    assert mail.letters == []


def test_a_long_subject_and_none_are_cut_and_taken_from_the_text(mail: MailServer, texts: Texts) -> None:
    send(channel(mail.url, texts), message(subject="Rất dài " * 40))
    send(channel(mail.url, texts), message("\n<i>Dòng đầu</i>\nDòng sau", subject=""))
    long, short = (letter.message["Subject"] for letter in mail.letters)
    assert long.endswith(" …") and len(long) <= 120
    assert short == "Dòng đầu"


def test_a_reply_is_one_letter_with_all_its_files_and_no_choices(texts: Texts) -> None:
    reply = Reply(
        Markup("<b>Có báo cáo</b>"),
        (Button("Nhận xử lý", "report.take"),),
        files=(File(4, "photo", "anh.png"), File(5, "document", "don.pdf")),
        subject="BC-7",
        facts={"number": 7},
    )
    (stored,) = fit(reply, abilities_of("email"), texts)
    assert stored["text"] == "<b>Có báo cáo</b>"
    assert stored["subject"] == "BC-7"
    assert [file["name"] for file in stored["files"]] == ["anh.png", "don.pdf"]
    assert stored.keys() == {"text", "subject", "files"}


@pytest.mark.parametrize("channel", ["terminal", "telegram", "zalo", "zalo_oa", "webhook", "email"])
def test_what_only_a_letter_ends_with_stands_in_letters_alone(texts: Texts, channel: str) -> None:
    reply = Reply(Markup("Có báo cáo"), closing=Markup("Kết"), letter=Markup("Không trả lời thư này."))
    (stored,) = fit(reply, abilities_of(channel), texts)
    assert stored["text"] == "Có báo cáo\n\n" + ("Không trả lời thư này." if channel == "email" else "Kết")
    (plain_one,) = fit(replace(reply, letter=Markup()), abilities_of(channel), texts)
    assert plain_one["text"] == "Có báo cáo\n\nKết"


# How it ended, by where it broke

ENDS: list[tuple[dict[str, Any], type[TransportError], str, int]] = [
    # (fault, what it is told as, why, letters that the server has all the same)
    ({"stage": "greeting", "code": 421}, NotSent, "greeting (421)", 0),
    ({"stage": "greeting", "code": 554}, AccountUnusable, "greeting (554)", 0),
    ({"stage": "greeting", "cuts": True}, NotSent, "connection lost|no connection", 0),
    ({"stage": "mail", "code": 451}, NotSent, "sender (451)", 0),
    ({"stage": "mail", "code": 550}, AccountUnusable, "sender (550)", 0),
    ({"stage": "mail", "code": 552}, Refused, "too large (552)", 0),
    ({"stage": "mail", "cuts": True}, NotSent, "connection lost", 0),
    ({"stage": "rcpt", "code": 450}, NotSent, "recipient (450)", 0),
    ({"stage": "rcpt", "code": 421}, NotSent, "recipient (421)", 0),
    ({"stage": "rcpt", "code": 550}, Refused, "recipient (550)", 0),
    ({"stage": "rcpt", "cuts": True}, NotSent, "connection lost", 0),
    ({"stage": "data", "code": 451}, NotSent, "data (451)", 0),
    ({"stage": "data", "code": 554}, Refused, "data (554)", 0),
    ({"stage": "data", "code": 250}, NotSent, "data (250)", 0),
    ({"stage": "data", "cuts": True}, NotSent, "connection lost", 0),
    ({"stage": "content", "cuts": True, "part": True}, OutcomeUnknown, "SMTPServerDisconnected", 0),
    ({"stage": "content", "code": 451}, NotSent, "content (451)", 0),
    ({"stage": "content", "code": 554}, Refused, "content (554)", 0),
    ({"stage": "content", "cuts": True, "keeps": False}, OutcomeUnknown, "SMTPServerDisconnected", 0),
    ({"stage": "content", "cuts": True}, OutcomeUnknown, "SMTPServerDisconnected", 1),
]


@pytest.mark.parametrize(
    ("fault", "kind", "why", "taken"),
    ENDS,
    ids=[f"{f['stage']}-{f.get('code', 'cut')}{'-part' * ('part' in f)}-{n}" for f, _, _, n in ENDS],
)
def test_an_end_is_told_by_where_it_broke(
    mail: MailServer, texts: Texts, fault: dict[str, Any], kind: type[TransportError], why: str, taken: int
) -> None:
    mail.fault(**fault)
    with pytest.raises(TransportError) as caught:
        send(channel(mail.url, texts))
    assert type(caught.value) is kind
    assert re.fullmatch(why.replace("(", r"\(").replace(")", r"\)"), str(caught.value)), caught.value
    assert len(mail.letters) == taken
    # The next one goes through.
    assert send(channel(mail.url, texts)) == KEY


@pytest.mark.parametrize(
    ("stage", "kind"),
    [("greeting", NotSent), ("mail", NotSent), ("rcpt", NotSent), ("data", NotSent), ("content", OutcomeUnknown)],
)
def test_a_server_that_does_not_answer_holds_nobody_up(
    mail: MailServer, texts: Texts, stage: Any, kind: type[TransportError]
) -> None:
    mail.fault(stage, seconds=2 * PATIENCE)
    # Only one of the two is short, so that nothing else takes too long on a machine that is slow.
    limits = {"before": PATIENCE, "content": 0.4} if stage == "content" else {"before": 0.4, "content": PATIENCE}
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        send(channel(mail.url, texts, **limits))
    assert type(caught.value) is kind
    assert time.monotonic() - began < PATIENCE


def test_no_server_at_all_is_not_sent(mail: MailServer, texts: Texts) -> None:
    mail.close()
    try:
        with pytest.raises(NotSent, match="no connection"):
            send(channel(mail.url, texts))
    finally:
        mail.open()


def test_delivery_waits_longer_than_a_letter_may_take() -> None:
    from bot.channels.email.handing_over import BEFORE_CONTENT, FAREWELL, FOR_CONTENT

    assert BEFORE_CONTENT + FOR_CONTENT + FAREWELL < delivery_module.SEND_TIMEOUT


# Through the outbox


def deliver(sender: Email, path: Path, text: str, turns: int, **more: Any) -> dict[str, Any]:
    """Put a report's message into the outbox, send it so many times until it ends, and return its row."""
    worker = Worker(path)
    now = utc_now().isoformat()
    to = letter_to(TO)
    concern = {"job": "vidu"}
    told: list[str] = []

    async def run() -> dict[str, Any]:
        row = await worker.write(
            outbox.put, to.channel, to.account, to.chat, REPORT, {"text": text, **more}, now, concern=concern
        )
        delivery = Delivery(worker, [sender], happened=lambda _, ended, __: told.extend(one.state for one in ended))
        for _ in range(turns):
            await worker.write(outbox.hasten, to.channel, to.account, utc_now().isoformat())
            await delivery.drain()
        found: dict[str, Any] = dict((await worker.run(_row, row)) or {})
        return {**found, "told": told}

    try:
        return asyncio.run(run())
    finally:
        worker.close()


def _row(database: Database, number: int) -> Any:
    return database.row("SELECT * FROM outbox WHERE id = :id", {"id": number})


def test_after_an_unknown_end_a_letter_goes_again_and_is_marked(mail: MailServer, texts: Texts, tmp_path: Path) -> None:
    mail.fault("content", cuts=True)
    row = deliver(channel(mail.url, texts), tmp_path / "ungxu.db", "Có báo cáo", 2, subject="BC-7", again="(lần nữa)")
    assert (row["state"], row["repeats"], row["told"]) == ("sent", 1, ["sent"])
    first, again = mail.letters
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert re.fullmatch(r"<\d+-[0-9a-f]{20}@sovidu\.example>", first.message["Message-ID"])
    assert (first.message["Subject"], again.message["Subject"]) == ("BC-7", "[Gửi lại] BC-7")
    assert (first.text.strip(), again.text.strip()) == ("Có báo cáo", "(lần nữa)\n\nCó báo cáo")


def test_what_was_not_sent_goes_again_and_is_no_repeat(mail: MailServer, texts: Texts, tmp_path: Path) -> None:
    for stage in ("greeting", "rcpt", "content"):
        mail.fault(stage, code=451)  # type: ignore[arg-type]
    row = deliver(channel(mail.url, texts), tmp_path / "ungxu.db", "Có báo cáo", 4, subject="BC-7", again="(lần nữa)")
    assert (row["state"], row["attempts"], row["repeats"]) == ("sent", 4, 0)
    assert [letter.message["Subject"] for letter in mail.letters] == ["BC-7"]


def test_what_no_server_will_take_has_failed_and_the_job_is_told(
    mail: MailServer, texts: Texts, tmp_path: Path
) -> None:
    mail.fault("rcpt", code=550)
    row = deliver(channel(mail.url, texts), tmp_path / "ungxu.db", "Có báo cáo", 2)
    assert (row["state"], row["error"], row["told"]) == ("failed", "recipient (550)", ["failed"])
    assert mail.letters == []


# Encryption and login


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return make_certificate(tmp_path_factory.mktemp("chung-thu"))


@pytest.fixture(params=["smtps", "starttls"])
def encrypted(request: pytest.FixtureRequest, certificate: tuple[ssl.SSLContext, Path]) -> Iterator[MailServer]:
    with reserved_port() as port:
        server = MailServer(port, request.param, certificate[0])
        server.wants_login = True
        server.start()
        yield server
        server.stop()


def over_tls(server: MailServer, texts: Texts, ca: Path | None, password: str = PASSWORD) -> Email:
    scheme: Literal["smtps", "smtp"] = "smtps" if server.tls == "smtps" else "smtp"
    # This machine needs no STARTTLS, so it is told to here as it would be to any other.
    url = f"{scheme}://{USER}:{quote(password, safe='')}@127.0.0.1:{server.port}?from=bot@sovidu.example"
    read = read_url(url + (f"&ca={quote(str(ca))}" if ca else ""))
    read = replace(read, starttls=server.tls == "starttls")
    over = HandingOver(read, before=PATIENCE, content=PATIENCE)
    return Email(read, texts, limits=FAST, handing_over=over, clock=utc_now)


def test_a_letter_goes_encrypted_and_logged_in(
    encrypted: MailServer, texts: Texts, certificate: tuple[ssl.SSLContext, Path]
) -> None:
    assert send(over_tls(encrypted, texts, certificate[1])) == KEY
    assert [right for _, right in encrypted.logins] == [True]
    assert len(encrypted.letters) == 1


def test_a_certificate_that_nobody_trusts_gets_neither_password_nor_letter(encrypted: MailServer, texts: Texts) -> None:
    with pytest.raises(AccountUnusable, match="certificate"):
        send(over_tls(encrypted, texts, None))
    assert (encrypted.logins, encrypted.letters) == ([], [])


def test_a_wrong_password_makes_everything_wait(
    encrypted: MailServer, texts: Texts, certificate: tuple[ssl.SSLContext, Path]
) -> None:
    with pytest.raises(AccountUnusable, match=r"login \(535\)"):
        send(over_tls(encrypted, texts, certificate[1], "sai"))
    assert encrypted.letters == []


def test_a_server_without_starttls_gets_nothing(mail: MailServer, texts: Texts) -> None:
    read = replace(read_url(mail.url), starttls=True)
    with pytest.raises(AccountUnusable, match="not offered"):
        send(Email(read, texts, handing_over=HandingOver(read), clock=utc_now))
    assert mail.letters == []


def test_certificates_that_cannot_be_read_make_everything_wait(mail: MailServer, texts: Texts) -> None:
    with pytest.raises(AccountUnusable, match="ca "):
        send(channel(mail.url + "&ca=/khong/co.pem", texts))


# Settings


def test_an_address_says_everything() -> None:
    read = read_url(
        "smtps://bot%40sovidu.example:m%C3%A2t%2F1@mail.sovidu.example?from=Bot%20V%C3%AD%20D%E1%BB%A5%20%3Cbot@sovidu.example%3E"
    )
    assert (read.host, read.port, read.tls, read.starttls) == ("mail.sovidu.example", 465, True, False)
    assert (read.user, read.password) == ("bot@sovidu.example", "mât/1")
    assert (read.name, read.sender, read.domain) == ("Bot Ví Dụ", "bot@sovidu.example", "sovidu.example")
    assert "mât/1" not in repr(read)
    assert read.is_encrypted


@pytest.mark.parametrize(
    ("url", "starttls"),
    [
        ("smtp://mail.sovidu.example?from=a@b.vn", True),
        ("smtp://mail.sovidu.example:25?from=a@b.vn&tls=off", False),
        ("smtp://127.0.0.1?from=a@b.vn", False),
        ("smtp://[::1]:25?from=a@b.vn", False),
        ("smtp://localhost?from=a@b.vn", False),
        ("smtp://10.0.0.1?from=a@b.vn", True),
    ],
)
def test_only_this_machine_gets_letters_in_the_clear_unless_the_office_says_so(url: str, starttls: bool) -> None:
    assert read_url(url).starttls is starttls


@pytest.mark.parametrize(
    "url",
    [
        "x",
        "http://mail.vidu.example?from=a@b.vn",
        "smtps://?from=a@b.vn",
        "smtps://mail.vidu.example",
        "smtps://mail.vidu.example?from=",
        "smtps://mail.vidu.example?from=khong-phai",
        "smtps://mail.vidu.example?from=a@b.vn&tls=off",
        "smtps://mail.vidu.example?from=a@b.vn&tls=on",
        "smtp://mail.vidu.example?from=a@b.vn&tls=maybe",
        "smtps://mail.vidu.example?from=a@b.vn&from=c@d.vn",
        "smtps://mail.vidu.example?from=a@b.vn&la=1",
        "smtps://mail.vidu.example/x?from=a@b.vn",
        "smtps://mail.vidu.example?from=a@b.vn#x",
        "smtps://mail.vidu.example:99999?from=a@b.vn",
        "smtps://:mat-khau@mail.vidu.example?from=a@b.vn",
        "smtps://mail.vidu.example?from=Bot%0D%0ABcc:x%20%3Ca@b.vn%3E",
    ],
)
def test_an_address_that_is_none_is_named_and_not_shown(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError):
        read_url(url)
    monkeypatch.setenv("UNGXU_SMTP_URL", url)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert (caught.value.name, caught.value.message) == ("UNGXU_SMTP_URL", "***")


def test_the_password_never_gets_into_a_log(texts: Texts) -> None:
    url = f"smtps://{USER}:{quote(PASSWORD, safe='')}@mail.vidu.example?from=a@b.vn"
    settings = Settings(_env_file=None, smtp_url=url)
    assert {PASSWORD, url} <= set(settings.secrets)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs._Redacting(logging.Formatter(), logs.Redactor(settings.secrets)))
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s %s %s", (url, PASSWORD, quote(PASSWORD, safe="")), None)
    handler.emit(record)
    assert written.getvalue().strip() == "*** *** ***"


def test_a_mail_server_is_a_channel_that_hears_nobody(texts: Texts, mail: MailServer) -> None:
    (found,) = configured(Settings(_env_file=None, smtp_url=mail.url), texts)
    assert (found.name, found.account, found.abilities.hears, found.polls) == ("email", "office", False, False)
    assert abilities_of("email") == found.abilities
    assert asyncio.run(found.introduced()) == "bot@sovidu.example"
    assert not found.is_group(TO)


# What doctor sees


def examined(sender: Email, *chats: str) -> list[Examined]:
    async def look() -> list[Examined]:
        return [found async for found in sender.examine(chats)]

    return asyncio.run(look())


def test_doctor_logs_in_and_asks_for_each_recipient_and_sends_nothing(mail: MailServer, texts: Texts) -> None:
    mail.fault("rcpt", code=550)
    found = examined(channel(mail.url, texts), TO, "khac@sovidu.example", "khong-phai")
    assert [(one.state, one.name) for one in found] == [
        ("ok", "email"),
        ("warning", "email_open"),
        ("failed", "email_recipient"),
    ]
    assert found[2].values == {"mail": TO, "code": 550}
    assert mail.letters == []
    for one in found:
        assert texts(f"doctor.{one.name}", **one.values)


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ({"stage": "greeting", "code": 554}, "email_refused"),
        ({"stage": "greeting", "code": 421}, "email_unreachable"),
        ({"stage": "mail", "code": 550}, "email_sender"),
    ],
)
def test_doctor_says_what_is_wrong(mail: MailServer, texts: Texts, fault: dict[str, Any], name: str) -> None:
    mail.fault(**fault)
    (found,) = examined(channel(mail.url, texts), TO)
    assert (found.state, found.name) == ("failed", name)
    assert texts(f"doctor.{found.name}", **found.values)


def test_doctor_says_what_is_wrong_with_encryption_and_login(
    encrypted: MailServer, mail: MailServer, texts: Texts, certificate: tuple[ssl.SSLContext, Path]
) -> None:
    for sender, name in (
        (over_tls(encrypted, texts, certificate[1], "sai"), "email_login"),
        (over_tls(encrypted, texts, None), "email_certificate"),
        (Email(replace(read_url(mail.url), starttls=True), texts, clock=utc_now), "email_no_tls"),
    ):
        (found,) = examined(sender)
        assert (found.state, found.name) == ("failed", name)
        assert texts(f"doctor.{found.name}", **found.values)
