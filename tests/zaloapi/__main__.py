"""`python -m tests.zaloapi`: runs the server; lines typed on its input are what a person writes."""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys

from tests.botapi.server import Connection
from tests.zaloapi.client import TOKENS
from tests.zaloapi.service import Service
from tests.zaloapi.world import Chat

PERSON = f"{1:020x}"


async def _serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    listening = socket.create_server(("127.0.0.1", options.port), backlog=1024)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    service = Service(options.tokens.split(","), url)
    server = await loop.create_server(lambda: Connection(service), sock=listening, backlog=1024)
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    if options.child:
        # Whoever started the server reads this line; the server ends with them, however they end.
        _say(url)
        await reader.read()
    else:
        _say(f"UNGXU_ZALO_TOKENS={service.tokens[0]}\nUNGXU_ZALO_API_URL={url}")
        await _play(service, reader)
    transport.close()
    server.close()


async def _play(service: Service, reader: asyncio.StreamReader) -> None:
    """Let a person write line by line, and show what the bot answers."""
    world = service.world
    world.chats[PERSON] = Chat(PERSON, "Người Ví Dụ")
    shown = 0

    def show() -> None:
        nonlocal shown
        for record in world.transcript[shown:]:
            _say(f"\n[{record.kind}] {record.text}\n")
        shown = len(world.transcript)

    world.wrote = show
    while line := (await reader.readline()).decode().strip():
        world.send(world.bot(), PERSON, PERSON, "message.text.received", {"text": line})


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run the server until its input ends."""
    parser = argparse.ArgumentParser(prog="python -m tests.zaloapi", description=__doc__)
    parser.add_argument("--port", type=int, default=8082, help="0 takes a free one")
    parser.add_argument("--tokens", default=TOKENS[0], help="of the bots, with a comma between two")
    parser.add_argument("--child", action="store_true", help="print the address and end when the input ends")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
