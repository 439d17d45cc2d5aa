"""Replacing a file that somebody else has edited: whole or not at all, with a copy of what was there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from bot.errors import InputError
from bot.explaining import problem_line

BACKUP = ".bak"
"""What the name of the copy ends in."""

# Rights of a new file before the system takes some away; Windows knows none of them, there the folder is locked.
_PRIVATE, _COMMON = 0o600, 0o666


def replace(path: Path, text: str, *, private: bool = False) -> bool:
    """Write a file anew in one step; return whether there was one before, which is kept beside it.

    A private file and its copy are for whoever owns it alone. Raises InputError where the folder cannot be written to.
    """
    # What a link points to is replaced, not the link.
    path = path.resolve()
    try:
        former = path.read_bytes() if path.exists() else None
        if former is not None:
            _put(path.with_name(path.name + BACKUP), former, path, private)
        _put(path, text.encode(), path, private)
    except OSError as error:
        raise InputError(problem_line(str(path), "", "unwritable", error.strerror or "")) from None
    return former is not None


def lock(path: Path) -> None:
    """Let a file be for whoever owns it alone, as far as whoever works on the machine may decide that."""
    with suppress(OSError):
        path.chmod(_PRIVATE)


def _put(path: Path, data: bytes, like: Path, private: bool) -> None:
    """Write a file under another name and rename it; a power cut leaves the old one or the new one."""
    new = path.with_name(path.name + ".new")
    # One that was left lying may have other rights.
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), _mode(like, private))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _give_to_owner(new, like)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _mode(like: Path, private: bool) -> int:
    if private:
        return _PRIVATE
    return like.stat().st_mode & 0o777 if like.exists() else _COMMON


def _give_to_owner(path: Path, like: Path) -> None:
    """Let a file belong to whom the former one belongs to, where whoever works on the machine may decide that."""
    if hasattr(os, "chown") and like.exists():
        with suppress(PermissionError):
            os.chown(path, like.stat().st_uid, like.stat().st_gid)
