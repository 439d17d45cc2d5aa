"""The mail server of the office, as one address names it: `smtps://user:password@host:465?from=bot@vidu.example`."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from handlers.outward import is_mail

_PORTS = {"smtps": 465, "smtp": 587}
_KNOWN = {"from", "tls", "ca"}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed over.

    Attributes:
        tls: whether the connection is encrypted from its first byte.
        starttls: whether it is encrypted before anything is said; the server must offer that.
        user, password: "" where the server wants none.
        sender: the address that letters come from; `name` is the one shown beside it.
        ca: file with the certificates of the office's own authority, None for those that the system trusts.
    """

    host: str
    port: int
    tls: bool
    starttls: bool
    sender: str
    name: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody on the way can read the letters."""
        return self.tls or self.starttls

    @property
    def domain(self) -> str:
        """The part of the sender's address behind the @."""
        return self.sender.rpartition("@")[2]

    def context(self) -> ssl.SSLContext:
        """Return what certificates are checked with; OSError where the file cannot be read. It takes a while."""
        return ssl.create_default_context(cafile=str(self.ca) if self.ca else None)


def read_url(url: str) -> MailServer:
    """Return the server that an address names; raise ValueError, which says nothing of what stands in it.

    `smtps:` is encrypted from the first byte, `smtp:` by STARTTLS: but in the clear to a server on this machine, and
    where `tls=off` says so.
    """
    parts = urlsplit(url)
    given = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    origin = given.get("from", [""])[0]
    name, sender = parseaddr(origin)
    right = (
        parts.scheme in _PORTS
        and bool(parts.hostname)
        and parts.path in ("", "/")
        and not parts.fragment
        and given.keys() <= _KNOWN
        and all(len(values) == 1 for values in given.values())
        and given.get("tls", ["off"]) == ["off"]
        and not (parts.scheme == "smtps" and "tls" in given)
        and is_mail(sender)
        and origin.isprintable()
        and not (parts.password and not parts.username)
    )
    if not right or parts.hostname is None:
        raise ValueError
    is_open = "tls" in given or _is_this_machine(parts.hostname)
    return MailServer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        starttls=parts.scheme == "smtp" and not is_open,
        sender=sender,
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ca=Path(given["ca"][0]) if "ca" in given else None,
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
