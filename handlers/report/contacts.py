"""Telephone numbers, links and names of accounts in a text, and which of them somebody is called back at."""

from __future__ import annotations

import re

TELEPHONE = re.compile(r"(?<!\d)(?:\+?84|0)[ .-]?[235789](?:[ .-]?\d){8}(?!\d)")
"""A telephone number, however it is parted."""
_LINK = re.compile(
    r"(?i)\b(?:https?://\S+|(?:www\.|m\.)?(?:facebook|fb|zalo|t|tiktok|youtube|instagram|telegram)\.(?:com|me|vn)/\S+)"
)
_HANDLE = re.compile(r"(?<!\S)@[\w.]{3,64}")
_CALL_BACK = re.compile(
    r"\b(?:goi(?: lai)?(?: toi| em| minh| cho toi)?|lien he|(?:sdt|so)(?: cua)? (?:toi|em|minh)|toi la)"
    r"\W{0,3}(?:so |la )?(?=[+0-9])"
)


def link(text: str) -> str:
    """Return the first link to an account or a page in a text as it was typed, "" where there is none."""
    found = _LINK.search(text)
    return found.group().rstrip(".,;") if found else ""


def telephone(text: str) -> str:
    """Return the first telephone number of a text as it was typed, "" where there is none."""
    found = TELEPHONE.search(text)
    return found.group() if found else ""


def addresses(said: str, folded: str) -> tuple[str, str]:
    """Return (how to reach whoever writes, the account): the first number, link or name of each sort."""
    telephones = [found.group() for found in TELEPHONE.finditer(said)]
    contact = ""
    if len(folded) == len(said) and (found := _CALL_BACK.search(folded)):
        contact = telephone(said[found.end() :])
    links = [found.group().rstrip(".,;") for found in (*_LINK.finditer(said), *_HANDLE.finditer(said))]
    accounts = [*links, *(number for number in telephones if number != contact)]
    return contact, accounts[0] if accounts else ""
