"""What a test may order over HTTP: POST /control/<name> with a JSON object, answered with JSON."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.botapi.params import Upload
from tests.botapi.server import Asking, Deferred
from tests.zaloapi.world import Chat

if TYPE_CHECKING:
    from tests.zaloapi.service import Service

Json = dict[str, Any]


class Control:
    """The orders, one method `do_<name>` each."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def take(self, connection: Asking, name: str, body: bytes) -> bytes | None:
        """Carry out an order and return the whole answer; None when it is still waiting."""
        try:
            options = json.loads(body) if body else {}
            if name == "transcript" and options.get("wait"):
                return self._wait(connection, options)
            result = getattr(self, f"do_{name}")(**options)
        except Exception as error:
            text = f"{name}: {type(error).__name__}: {error}"
            return self._service.whole(400, json.dumps({"error": text}).encode())
        return self._service.whole(200, json.dumps(result, default=_plain).encode())

    # People and chats

    def do_person(self, id: str, name: str) -> None:
        self._service.world.chats[id] = Chat(id, name)

    def do_group(self, id: str, name: str, members: list[str]) -> None:
        self._service.world.chats[id] = Chat(id, name, set(members))

    # What people do

    def do_say(self, sender: str, text: str, chat: str, reply: bool, bot: str) -> str:
        return self._send(sender, chat, "message.text.received", {"text": text}, text, reply, bot)

    def do_load(self, says: list[list[str]], bot: str) -> list[str]:
        return [self.do_say(sender, text, sender, False, bot) for sender, text in says]

    def do_image(self, sender: str, content: str, caption: str, chat: str, url: str, bot: str) -> str:
        field = self._service.world.switches.photo_field
        address = url or self._keep(content, "jpg")
        what = {"message_type": "CHAT_PHOTO", field: address, "caption": caption}
        return self._send(sender, chat, "message.image.received", what, caption, False, bot)

    def do_sticker(self, sender: str, chat: str, reply: bool, bot: str) -> str:
        what = {"message_type": "CHAT_STICKER", "sticker": "bfe458bf64fa8da4d4eb", "url": self._keep("", "png")}
        return self._send(sender, chat, "message.sticker.received", what, "", reply, bot)

    def do_voice(self, sender: str, content: str, chat: str, reply: bool, bot: str) -> str:
        what = {"message_type": "CHAT_VOICE", "voice_url": self._keep(content, "aac")}
        return self._send(sender, chat, "message.voice.received", what, "", reply, bot)

    def do_unsupported(self, sender: str, chat: str, reply: bool, bot: str) -> str:
        return self._send(sender, chat, "message.unsupported.received", {}, "", reply, bot)

    def do_raw(self, body: Json, key: str, bot: str) -> None:
        world = self._service.world
        world.put(world.bot(bot), body, key)

    def do_again(self, key: str, bot: str) -> None:
        world = self._service.world
        world.added(world.bot(bot), world.updates[key])

    def _send(self, sender: str, chat: str, event: str, what: Json, text: str, reply: bool, bot: str) -> str:
        """Let somebody send something; return the id of the message, "" when the bot is not told."""
        world = self._service.world
        told = world.bot(bot)
        if world.chats[chat].is_group and not reply and f"@{told.name}" not in text:
            return ""
        return world.send(told, sender, chat, event, what).key

    def _keep(self, content: str, ending: str) -> str:
        return self._service.world.keep_file(base64.b64decode(content), ending)

    # What is there

    def do_transcript(self, chat: str | None = None, since: int = 0, wait: float = 0) -> Json:
        lines = self._service.world.transcript
        found = [asdict(line) for line in lines[since:] if chat is None or line.chat == chat]
        return {"records": found, "next": len(lines)}

    def _wait(self, connection: Asking, options: Json) -> bytes | None:
        """Answer when the transcript goes beyond `since`, or when the time is over."""
        service = self._service
        if len(service.world.transcript) > options.get("since", 0):
            return service.whole(200, json.dumps(self.do_transcript(**options)).encode())
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        service.waiters.add(waiter)
        timer = loop.call_later(options["wait"], _wake, waiter)
        deferred = connection.defer()
        waiter.add_done_callback(lambda done: self._waited(deferred, timer, waiter, options))
        return None

    def _waited(
        self, deferred: Deferred, timer: asyncio.TimerHandle, waiter: asyncio.Future[None], options: Json
    ) -> None:
        timer.cancel()
        self._service.waiters.discard(waiter)
        deferred.finish(self._service.whole(200, json.dumps(self.do_transcript(**options)).encode()))

    def do_picture(self, message_id: str) -> list[str] | None:
        kind, content = self._service.world.pictures.get(message_id, (None, b""))
        return None if kind is None else [kind, base64.b64encode(content).decode()]

    def do_calls(self, method: str | None, since: int) -> list[Json]:
        calls = self._service.calls[since:]
        return [asdict(call) for call in calls if method is None or call.method == method]

    def do_updates(self) -> list[Json]:
        return [asdict(update) for update in self._service.world.updates.values()]

    def do_waiting(self, bot: str) -> list[str]:
        return list(self._service.world.bot(bot).waiting)

    def do_usage(self, bot: str) -> Json:
        return asdict(self._service.world.bot(bot).usage())

    def do_webhook(self, bot: str) -> Json:
        hook = self._service.world.bot(bot).hook
        told = {"url": hook.url, "secret": hook.secret} if hook else {"url": "", "secret": ""}
        return {**told, "answers": self._service.webhooks.answers}

    def do_most_polling(self, bot: str) -> int:
        return self._service.world.bot(bot).most_polling

    # Faults and switches

    def do_fault(self, kind: str, options: Json) -> int:
        return self._service.faults.order(kind, options).id

    def do_unfault(self, id: int | None) -> None:
        self._service.faults.remove(id)

    def do_switch(self, switches: Json) -> None:
        for name, value in switches.items():
            if not hasattr(self._service.world.switches, name):
                raise AttributeError(name)
            setattr(self._service.world.switches, name, value)

    def do_used(self, sent: int, received: int, bot: str) -> None:
        told = self._service.world.bot(bot)
        told.sent, told.received = sent, received

    def do_reset(self) -> None:
        self._service.reset()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _plain(value: object) -> Any:
    """A value that JSON does not know: a file in the parameters of a call."""
    if isinstance(value, Upload):
        return {"name": value.name, "size": len(value.content)}
    raise TypeError(type(value).__name__)
