"""`python -m tests.botapi`: runs the server; in a terminal a person plays a user."""

from __future__ import annotations

import argparse
import asyncio
import gc
import socket
import sys

from tests.botapi.server import Connection
from tests.botapi.service import Service

TOKEN = "123456:TEST-vi-du-0000000000000000000000000"


async def _serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    listening = socket.create_server(("127.0.0.1", options.port), backlog=1024)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    service = Service(options.token)
    server = await loop.create_server(lambda: Connection(service), sock=listening, backlog=1024)
    if options.child:
        # Whoever started the server reads this line; the server ends with them, however they end.
        _say(url)
        await _until_input_ends(loop)
    else:
        _say(f"UNGXU_TELEGRAM_TOKEN={options.token}\nUNGXU_TELEGRAM_API_URL={url}")
        if options.chat or sys.stdin.isatty():
            from tests.botapi.playing import play

            await play(service)
        else:
            await server.serve_forever()
    server.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _until_input_ends(loop: asyncio.AbstractEventLoop) -> None:
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    transport.close()


def main() -> None:
    """Run the server until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m tests.botapi", description=__doc__)
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--chat", action="store_true", help="play a user even when the input is no terminal")
    parser.add_argument("--child", action="store_true", help="print the address and end when the input ends")
    options = parser.parse_args()
    if not options.token.partition(":")[0].isdigit():
        parser.error("a token begins with a number and a colon")
    # Messages are kept until the end; looking through them again and again for garbage finds none.
    gc.set_threshold(50_000, 50, 1000)
    try:
        import uvloop
    except ImportError:
        run = asyncio.run
    else:
        run = uvloop.run
    try:
        run(_serve(options))
    except KeyboardInterrupt:
        _say("")
    except OSError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
