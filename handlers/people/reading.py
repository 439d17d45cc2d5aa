"""Names and codes as people type them, and as they are shown, compared and kept."""

from __future__ import annotations

import hashlib
import re

from handlers.errors import NotPossible
from knowledge.text import fold, normalize

# Without letters and digits that look or sound alike.
CODE_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"
CODE_LENGTH = 6
# "Tôi xin tham gia, mã mời của phòng là ABC-DEF ạ": in more words nobody tells a code alone.
_LONGEST_SENTENCE = 12

# A personal code may be anything that an office numbers its people by.
_CODE = re.compile(r"[A-Za-z0-9]{1,24}(?:[ ._/-]?[A-Za-z0-9]{1,24}){0,4}")
_SHORTEST_CODE, LONGEST_CODE = 3, 24

LONGEST_NAME = 200

# Codes


def read_code(typed: str) -> str:
    """Return a typed code as it is stored: capital letters and digits alone."""
    return re.sub(r"[^A-Z0-9]", "", fold(typed).upper())


def looks_like_code(typed: str) -> bool:
    """Whether a typed text may be a code: a few groups of letters without accents and digits."""
    return bool(_CODE.fullmatch(typed.strip())) and _SHORTEST_CODE <= len(read_code(typed)) <= LONGEST_CODE


def is_plainly_code(typed: str) -> bool:
    """Whether a typed text is a code and no words: "đăng ký zalo 2 lớp" has both letters and digits, and is none."""
    if not looks_like_code(typed):
        return False
    groups = re.split(r"[ ._/-]", typed.strip())
    letters = [group for group in groups if group.isalpha()]
    if len(letters) == len(groups):
        code = read_code(typed)
        return typed.isupper() or (len(code) == CODE_LENGTH and set(code) <= set(CODE_LETTERS))
    return len(letters) <= 1


def possible_codes(text: str) -> list[str]:
    """Return what of a message may be a code: all of it, or of a short sentence a word as long as codes are."""
    words = [word.strip(".,:;!?\"'“”()") for word in text.split()]
    if len(words) > _LONGEST_SENTENCE:
        return [text]
    long = (word for word in words if len(word) >= CODE_LENGTH and word != text)
    return [text, *(word for word in long if len(read_code(word)) >= CODE_LENGTH)]


def shown_code(code: str) -> str:
    """Return a code as it is read out and typed: in groups of three."""
    return "-".join(code[start : start + 3] for start in range(0, len(code), 3))


def hash_of_code(code: str) -> str:
    """Return what is kept of a code in its place."""
    return hashlib.sha256(code.encode()).hexdigest()


# Names


def folded(typed: str) -> str:
    """Return typed words as they are compared: lower case, without accents, single blanks."""
    return " ".join(fold(normalize(typed)).split())


def read_name(typed: str) -> str:
    """Return a typed name as it is shown; raise NotPossible for one without a letter."""
    name = read_words(typed)
    if not any(char.isalpha() for char in name):
        raise NotPossible("no_name")
    return name


def shown_and_folded(typed: str) -> tuple[str, str]:
    """Return a name as it is shown and as it is compared."""
    name = read_name(typed)
    return name, fold(name)


def read_words(typed: str) -> str:
    """Return typed words as they are shown, "" for none; what is too long is cut off."""
    return " ".join(normalize(typed).split())[:LONGEST_NAME]
