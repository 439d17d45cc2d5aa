"""Where messages go that nobody answers: letters, and other programs. Both stand beside the messengers as channels.

The account is the same whatever server the settings name, so that what waits goes out over another one too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.people import Address

EMAIL, WEBHOOK = "email", "webhook"
ACCOUNT = "office"

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAIL = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_LOCAL}@{_LABEL}(?:\.{_LABEL})+\Z")


def is_mail(text: str) -> bool:
    """Tell whether a text is an address of e-mail as RFC 5321 section 4.1.2 has it, without quotes and other letters.

    Whatever passes can stand in a header or a command of SMTP as it is.
    """
    return _MAIL.match(text) is not None


def letter_to(mail: str) -> Address:
    """Return the address of somebody's e-mail."""
    return Address(EMAIL, ACCOUNT, mail, "")


def call_to(name: str) -> Address:
    """Return the address of another program, by the name that the office gives it."""
    return Address(WEBHOOK, ACCOUNT, name, "")


@dataclass(frozen=True, slots=True)
class Target:
    """Another program that is called: where it listens, and whether that may be inside the office's own network."""

    url: str
    private: bool = False
