"""A roster of a whole province: how long it takes to import it, and whether others get to write meanwhile.

The bot that runs beside is a process of its own that commits a row again and again.
"""

from __future__ import annotations

import io
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from unittest import mock

from openpyxl import Workbook

import bot.roster
from benchmarks.tables import Table
from bot.settings import Settings
from storage import leases
from storage.database import FILE_NAME, Database

PEOPLE, UNITS, WRONG = 20_000, 400, 100
QUICK = (500, 20, 10)

FIRST_LIMIT, AGAIN_LIMIT = 60.0, 10.0
"""Seconds."""
TRANSACTION_LIMIT = 0.05

# The row of the first person: a title and the heading stand above.
FIRST_ROW = 4
_UNITS_OF_ONE = 20
_WRITE_EVERY = 0.01


@dataclass
class Measured:
    """What one round took, in seconds, and what it said.

    Attributes:
        told: whether exactly the wrong rows were told, each with its reason.
        transactions: how long each transaction of the import took.
        waits: how long the other process waited for each of its commits.
    """

    first: float = 0.0
    wrong: float = 0.0
    again: float = 0.0
    told: bool = False
    unchanged: bool = False
    transactions: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


def run(people: int = PEOPLE, units: int = UNITS, wrong: int = WRONG) -> Table:
    """Import a list, one with wrong rows, and the first again; return the table."""
    with tempfile.TemporaryDirectory() as folder:
        done = measure(Path(folder), people, units, wrong)
    longest = max(done.transactions)
    rows = [
        _row("imported for the first time, s", done.first, FIRST_LIMIT),
        _row(f"{wrong} wrong rows told{', exactly' if done.told else ', WRONGLY'}, s", done.wrong, FIRST_LIMIT),
        _row(f"again, {'nothing' if done.unchanged else 'SOMETHING'} changed, s", done.again, AGAIN_LIMIT),
        _row("longest of its transactions, ms", longest * 1000, TRANSACTION_LIMIT * 1000),
    ]
    waits = sorted(done.waits)
    return Table(
        f"A roster of {people:,} people in {units} units",
        ("what", "measured", "limit", "kept"),
        rows,
        [
            "From the XLSX file to the last commit, units opened on the way; reading it is part of each. "
            f"{len(done.transactions)} transactions. Meanwhile another process committed {len(waits)} times and waited "
            f"{waits[len(waits) // 2] * 1000:.0f} ms in the median, {waits[-1] * 1000:.0f} ms at most.",
        ],
    )


def measure(folder: Path, people: int, units: int, wrong: int) -> Measured:
    """Import a list into an empty office while another process writes."""
    settings = Settings(data=folder)
    Database(folder / FILE_NAME).close()
    good, bad = folder / "good.xlsx", folder / "bad.xlsx"
    good.write_bytes(make_list(people, units)[0])
    content, expected = make_list(people, units, wrong)
    bad.write_bytes(content)
    done = Measured()

    class Timed(Database):
        @contextmanager
        def transaction(self) -> Iterator[None]:
            with super().transaction():
                begun = time.perf_counter()
                yield
            done.transactions.append(time.perf_counter() - begun)

    with mock.patch.object(bot.roster, "Database", Timed), _written_beside(folder / FILE_NAME, done.waits):
        done.first, _ = _take_over(settings, good, create_units=True)
    done.wrong, lines = _take_over(settings, bad)
    done.told = [line for line in lines if line.startswith("dòng ")] == list(expected)
    done.again, lines = _take_over(settings, good)
    done.unchanged = f"({people} người)" in lines[-1]
    return done


def make_list(people: int, units: int, wrong: int = 0) -> tuple[bytes, Sequence[str]]:
    """Return a list of people as XLSX, and what is to be said of its wrong rows, which are spread over it."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Danh sách")
    sheet.append(["DANH SÁCH CÁN BỘ"])
    sheet.append([])
    sheet.append(["STT", "Mã CB", "Họ và tên", "Chức vụ", "Đơn vị công tác"])
    expected: list[str] = []
    step = people // wrong if wrong else 0
    for place in range(people):
        unit = place % units
        path = f"Sở Ví Dụ {unit // _UNITS_OF_ONE} / Phòng Ví Dụ {unit}"
        row = [f"CB{place:06}", f"Người Ví Dụ {place}", "chuyên viên", path]
        if step and place % step == step - 1 and len(expected) < wrong:
            column, reason = _spoil(row, kind=len(expected) % 4)
            expected.append(f"dòng {place + FIRST_ROW}, cột {column}: {reason}")
        sheet.append([place + 1, *row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue(), expected


def _spoil(row: list[str], kind: int) -> tuple[str, str]:
    """Make a row wrong; return the column and the reason that are to be told."""
    if kind == 0:
        row[1] = ""
        return "C “Họ và tên”", "thiếu họ và tên"
    if kind == 1:
        row[3] = ""
        return "E “Đơn vị công tác”", "thiếu đơn vị"
    if kind == 2:
        row[3] = "Ban Không Có"
        return "E “Đơn vị công tác”", "không có đơn vị “Ban Không Có”"
    row[0] = "CB000000"
    return "B “Mã CB”", f"mã “CB000000” đã có ở dòng {FIRST_ROW}"


def _take_over(settings: Settings, file: Path, *, create_units: bool = False) -> tuple[float, list[str]]:
    lines: list[str] = []
    begun = time.perf_counter()
    bot.roster.take_over(settings, file, lines.append, create_units=create_units)
    return time.perf_counter() - begun, lines


def _row(what: str, value: float, limit: float) -> tuple[str, ...]:
    return what, f"{value:.1f}", f"{limit:.0f}", "yes" if value <= limit else "NO"


@contextmanager
def _written_beside(path: Path, waits: list[float]) -> Iterator[None]:
    """Let another process commit while the block runs; add how long it waited each time."""
    spawning = multiprocessing.get_context("spawn")
    started, stop = spawning.Event(), spawning.Event()
    told: Queue[list[float]] = spawning.Queue()
    writer = spawning.Process(target=_write, args=(path, started, stop, told))
    writer.start()
    try:
        started.wait()
        yield
    finally:
        stop.set()
        waits += told.get()
        writer.join()


def _write(path: Path, started: Event, stop: Event, told: Queue[list[float]]) -> None:
    waits: list[float] = []
    with closing(Database(path)) as database:
        started.set()
        while not stop.wait(_WRITE_EVERY):
            begun = time.perf_counter()
            with database.transaction():
                leases.acquire(database, "beside", "beside", "", str(len(waits)))
            waits.append(time.perf_counter() - begun)
    told.put(waits)
