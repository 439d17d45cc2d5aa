"""Receipts: random codes by which the state of a report is asked from any chat; only their keyed hash is stored."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from handlers.people.reading import read_code
from storage import report_attempts
from storage.database import Database

# Without letters and digits that look or sound alike; 26 of them, so that sixteen are 75 bits, and hardly fewer with
# two digits among them, which most have anyway.
_RECEIPT_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"
RECEIPT_LENGTH = 16
_FEWEST_DIGITS = 2
_DIGIT = re.compile(r"\d")


def new_receipt() -> str:
    """Return a random receipt, as it is compared; some digits tell it from four words of four letters."""
    while True:
        made = "".join(secrets.choice(_RECEIPT_LETTERS) for _ in range(RECEIPT_LENGTH))
        if sum(char.isdigit() for char in made) >= _FEWEST_DIGITS:
            return made


def shown_receipt(receipt: str) -> str:
    """Return a receipt as it is read out and typed: in groups of four."""
    return "-".join(receipt[start : start + 4] for start in range(0, len(receipt), 4))


def looks_like_receipt(typed: str) -> bool:
    """Whether a typed text may be a receipt, also one with a letter wrong."""
    if not _DIGIT.search(typed) or len(read_code(typed)) != RECEIPT_LENGTH:
        return False
    groups = typed.replace("-", " ").split()
    return len(groups) == 1 or all(len(group) == 4 for group in groups)


def hash_of(database: Database, receipt: str) -> str:
    """Return what is stored of a receipt, as it is compared."""
    return hmac.new(report_attempts.receipt_key(database), receipt.encode(), hashlib.sha256).hexdigest()
