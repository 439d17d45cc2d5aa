"""The first message uploads a file: all others of the broadcast wait for it, however many they are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.uploads import Uploads
from bot.worker import Worker
from storage.outbox import BROADCAST, OutboxRow


def message(number: int) -> OutboxRow:
    file = {"blob": 1, "kind": "photo", "name": "anh.jpg"}
    return OutboxRow(number, "telegram", "bot-1", str(number), BROADCAST, {"text": "Nhắc.", "file": file}, 1)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    opened = Worker(tmp_path / "ungxu.db")
    yield opened
    opened.close()


def uploading(worker: Worker) -> Uploads:
    return Uploads(worker, lambda channel, account: True)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_each_of_several_uploads_alone_and_all_have_their_turn(worker: Worker, count: int) -> None:
    uploads = uploading(worker)
    inside = 0
    done: list[int] = []

    async def send(number: int) -> None:
        nonlocal inside
        async with uploads.alone(message(number)):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1
        done.append(number)

    async def everybody() -> None:
        await asyncio.gather(*map(send, range(count)))
        # One that comes when all were through.
        await send(count)

    asyncio.run(everybody())
    assert done == list(range(count + 1))


def test_who_comes_while_the_next_in_line_is_woken_waits_too(worker: Worker) -> None:
    """A lock that is let go looks free until the next of the line has it."""
    uploads = uploading(worker)
    inside: list[int] = []
    most = 0

    async def send(number: int) -> None:
        nonlocal most
        async with uploads.alone(message(number)):
            inside.append(number)
            most = max(most, len(inside))
            await asyncio.sleep(0)
            inside.remove(number)

    async def everybody() -> None:
        first, second = asyncio.create_task(send(1)), asyncio.create_task(send(2))
        await first
        await asyncio.gather(second, send(3))

    asyncio.run(everybody())
    assert most == 1


def test_after_one_that_broke_the_others_go_on(worker: Worker) -> None:
    uploads = uploading(worker)
    done: list[int] = []

    async def send(number: int) -> None:
        async with uploads.alone(message(number)):
            await asyncio.sleep(0)
            if number == 1:
                raise OSError
            done.append(number)

    async def everybody() -> list[BaseException | None]:
        return await asyncio.gather(*(send(number) for number in (1, 2, 3)), return_exceptions=True)

    ended = asyncio.run(everybody())
    assert [type(error) for error in ended] == [OSError, type(None), type(None)]
    assert done == [2, 3]
