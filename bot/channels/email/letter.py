"""A letter as it goes over the wire: headers, plain text, attachments."""

from __future__ import annotations

import datetime as dt
import mimetypes
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from bot.channels.base import Outgoing
from bot.channels.email.server import MailServer
from bot.channels.markup import plain
from handlers.texts import Texts

SUBJECT_LENGTH = 120

# Only letters that every server takes: what is longer or has others is encoded.
_POLICY = SMTP.clone(cte_type="7bit")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_FIRST_DOT = re.compile(rb"(?m)^\.")


def letter(server: MailServer, to: str, message: Outgoing, texts: Texts, now: dt.datetime) -> EmailMessage:
    """Return a message as a letter to an address that `is_mail` has taken.

    Its Message-ID is the same at every attempt (RFC 5322 section 3.6.4), so that a mailbox shows a repeat once, and a
    person sees by the subject that it is one. It says of itself that a program wrote it (RFC 3834 section 5).
    """
    text = plain(message.text or "")
    written = EmailMessage(_POLICY)
    written["From"] = Address(server.name, addr_spec=server.sender)
    written["To"] = Address(addr_spec=to)
    written["Subject"] = _subject(message, text, texts)
    written["Date"] = format_datetime(now)
    written["Message-ID"] = f"<{message.key}@{server.domain}>"
    written["List-Id"] = f"<ungxu.{server.domain}>"
    written["Auto-Submitted"] = "auto-generated"
    written["X-Auto-Response-Suppress"] = "All"
    if message.repeat:
        written["X-Ungxu-Repeat"] = "yes"
    written.set_content(text, cte="quoted-printable")
    for file in message.files:
        main, _, sub = (mimetypes.guess_type(file.name)[0] or "application/octet-stream").partition("/")
        written.add_attachment(file.data, maintype=main, subtype=sub, filename=_one_line(file.name))
    return written


def content(written: EmailMessage) -> bytes:
    """Return what stands between the DATA command and its end: lines with CRLF, dots doubled (RFC 5321, 4.5.2)."""
    lines = written.as_bytes()
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return _FIRST_DOT.sub(b"..", lines) + b".\r\n"


def _subject(message: Outgoing, text: str, texts: Texts) -> str:
    subject = _one_line(message.subject or text.strip().partition("\n")[0])
    if len(subject) > SUBJECT_LENGTH:
        subject = subject[: SUBJECT_LENGTH - 2].rstrip() + " …"
    return texts("email.repeat", subject=subject) if message.repeat else subject


def _one_line(text: str) -> str:
    """A text that cannot begin another header."""
    return " ".join(_UNSEEN.sub(" ", text).split())
