"""Where and with what was measured: processor, Python, library versions, state of the project."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("numpy", "bm25s", "rank-bm25", "underthesea", "python-telegram-bot", "aiohttp", "aiogram", "uvloop")

_ROOT = Path(__file__).parent.parent
MEASURED = (
    "knowledge/**/*.py",
    "knowledge/**/*.yaml",
    "storage/**/*.py",
    "handlers/**/*.py",
    "bot/**/*.py",
    "tests/questions.jsonl",
)
"""What the figures depend on, of the files of the project."""

_CPUINFO = Path("/proc/cpuinfo")


def machine_line() -> str:
    """Return one line with the day (UTC), processor, number of cores, system, Python, libraries and load."""
    libraries = [f"{name} {_version(name)}" for name in LIBRARIES]
    return ", ".join(
        [
            f"{dt.datetime.now(dt.UTC):%Y-%m-%d}: {_processor()}",
            f"{_cores()} cores",
            f"{platform.system()} {platform.machine()}",
            f"{platform.python_implementation()} {platform.python_version()}",
            *libraries,
            f"SQLite {sqlite3.sqlite_version}",
            *_load(),
        ]
    )


def fingerprint() -> str:
    """Return eight letters that change with any file that the figures depend on."""
    digest = hashlib.sha256()
    for pattern in MEASURED:
        for path in sorted(_ROOT.glob(pattern)):
            digest.update(path.relative_to(_ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def _processor() -> str:
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown processor"


def _cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load() -> list[str]:
    """How many processes were running or waiting in the last minute, where the system tells it."""
    return [f"load {os.getloadavg()[0]:.1f}"] if hasattr(os, "getloadavg") else []


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
