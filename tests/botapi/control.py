"""What a test may order over HTTP: POST /control/<name> with a JSON object, answered with JSON."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.botapi.acting import Acting
from tests.botapi.params import Upload
from tests.botapi.rates import Limits
from tests.botapi.records import as_json
from tests.botapi.server import Asking, Deferred
from tests.botapi.world import User

if TYPE_CHECKING:
    from tests.botapi.service import Service

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
            order = getattr(self, f"do_{name}")
            result = order(**options)
        except Exception as error:
            text = f"{name}: {type(error).__name__}: {error}"
            return self._service.whole(400, json.dumps({"error": text}).encode())
        return self._service.whole(200, json.dumps(result, default=_plain).encode())

    @property
    def _acting(self) -> Acting:
        return Acting(self._service.world)

    # People and chats

    def do_user(self, id: int, first_name: str, username: str | None, started: bool) -> None:
        self._service.world.add_user(User(id, first_name, username, started=started))

    def do_crowd(self, first_id: int, count: int, started: bool) -> None:
        for number in range(count):
            self._service.world.add_user(User(first_id + number, f"Người Ví Dụ {number + 1}", started=started))

    def do_group(self, id: int, title: str, members: dict[str, str], supergroup: bool, bot: str) -> None:
        self._acting.group(id, title, {int(user): status for user, status in members.items()}, supergroup, bot)

    def do_member(self, chat: int, user: int, status: str) -> None:
        members = self._service.world.chats[chat].members
        if status in ("left", "kicked"):
            members.pop(user, None)
        else:
            members[user] = status

    def do_block(self, user: int, blocked: bool) -> int:
        return self._acting.block(user, blocked)

    def do_deactivate(self, user: int) -> None:
        self._service.world.user(user).deactivated = True

    def do_bot(self, chat: int, status: str, by: int | None) -> int:
        return self._acting.set_bot(chat, status, by)

    def do_upgrade(self, chat: int, new_id: int | None) -> Json:
        new, updates = self._acting.upgrade(chat, new_id)
        return {"id": new, "updates": updates}

    # What people do

    def do_say(self, user: int, text: str, chat: int | None = None, reply_to: int | None = None) -> Json:
        update, message = self._acting.say(user, text, chat, reply_to)
        return {"update": update, "message": message}

    def do_load(self, says: list[list[Any]]) -> list[int]:
        acting = self._acting
        return [acting.say(user, text, chat)[0] for user, text, chat in says]

    def do_file(self, user: int, kind: str, name: str, content: str, caption: str, chat: int | None) -> int:
        return self._acting.send_file(user, kind, name, base64.b64decode(content), caption, chat)

    def do_content(self, user: int, content: Json, chat: int | None) -> int:
        return self._acting.send_content(user, content, chat)

    def do_edit(self, user: int, chat: int, message: int, text: str) -> int:
        return self._acting.edit(user, chat, message, text)

    def do_press(self, user: int, chat: int, message: int, button: str | int | list[int]) -> Json:
        update, query = self._acting.press(user, chat, message, button)
        return {"update_id": update, "query_id": query}

    def do_press_raw(self, user: int, chat: int, message: int, data: str) -> Json:
        update, query = self._acting.press_raw(user, chat, message, data)
        return {"update_id": update, "query_id": query}

    def do_presses(self, presses: list[tuple[int, int, str]]) -> None:
        acting = self._acting
        for user, message, data in presses:
            acting.press_raw(user, user, message, data)

    def do_vote(self, user: int, chat: int, message: int, chosen: list[int]) -> int:
        return self._acting.vote(user, chat, message, chosen)

    def do_erase(self, chat: int, message: int) -> None:
        self._acting.erase(chat, message)

    def do_raw(self, update: Json, update_id: int | None, bare: bool) -> int:
        return self._service.world.queue.put(update, update_id, bare)

    def do_again(self, update_id: int) -> None:
        self._service.world.queue.again(update_id)

    def do_skip(self, count: int) -> None:
        self._service.world.queue.skip(count)

    # What is there

    def do_file_of(self, chat: int, message: int) -> Json:
        content = self._service.world.chats[chat].messages[message].content
        found = next(iter(content.values()))
        file = self._service.world.files.by_id((found[-1] if isinstance(found, list) else found)["file_id"])
        return {"id": file.id, "content": base64.b64encode(file.content).decode()}

    def _lines(self, chat: int | None = None, since: int = 0) -> list[Json]:
        return [as_json(line) for line in self._service.world.transcript[since:] if chat is None or line.chat == chat]

    def do_transcript(self, chat: int | None = None, since: int = 0, wait: float = 0) -> Json:
        return {"records": self._lines(chat, since), "next": len(self._service.world.transcript)}

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

    def do_tally(self, containing: str, kinds: list[str]) -> Json:
        wanted = set(kinds)
        lines = self._service.world.transcript
        return dict(Counter(str(line.chat) for line in lines if line.kind in wanted and containing in line.text))

    def do_messages(self, chat: int) -> list[Json]:
        messages = self._service.world.chats[chat].messages.values()
        return [as_json(message.view()) for message in messages if not message.deleted]

    def do_calls(self, method: str | None, since: int) -> list[Json]:
        return [
            as_json(call)
            for call in self._service.calls
            if call.number >= since and (method is None or call.method == method)
        ]

    def do_queue(self) -> list[Json]:
        updates: list[Json] = [json.loads(update.text) for update in self._service.world.queue.waiting()]
        return updates

    def do_counters(self) -> Json:
        service = self._service
        return {
            "total": sum(service.by_method.values()),
            "methods": service.by_method,
            "refused": service.refused,
            "faulted": service.faulted,
            "seconds": service.by_second,
            "open_connections": service.open_connections,
            "connections": service.connections,
        }

    def do_webhook(self) -> Json:
        return {**self._service.webhook.info(), "secret_token": self._service.webhook.secret}

    def do_commands(self) -> Json:
        world = self._service.world
        return {
            "commands": [[*key, commands] for key, commands in world.commands.items()],
            "descriptions": [[*key, text] for key, text in world.descriptions.items()],
        }

    # Faults and settings

    def do_fault(self, kind: str, options: Json) -> int:
        return self._service.faults.order(kind, options).id

    def do_faults(self) -> list[Json]:
        return [
            {"id": fault.id, "kind": fault.kind, "times": fault.times, "hits": fault.hits}
            for fault in self._service.faults.armed
        ]

    def do_unfault(self, id: int | None) -> None:
        self._service.faults.remove(id)

    def do_freeze(self, seconds: float) -> None:
        self._service.freeze(seconds)

    def do_settings(
        self,
        query_lifetime: float | None = None,
        privacy: bool | None = None,
        clock_offset: float | None = None,
        webhook_timeout: float | None = None,
        several_right: bool | None = None,
    ) -> None:
        world = self._service.world
        if query_lifetime is not None:
            world.query_lifetime = query_lifetime
        if privacy is not None:
            world.privacy = privacy
        if clock_offset is not None:
            world.clock_offset = clock_offset
        if several_right is not None:
            world.several_right = several_right
        if webhook_timeout is not None:
            self._service.webhook.timeout = webhook_timeout

    def do_rates(self, limits: Json | None) -> None:
        self._service.rates.set(None if limits is None else Limits(**limits))

    def do_reset(self) -> None:
        self._service.reset()

    def do_hello(self) -> Json:
        return {"token": self._service.token, "username": self._service.world.bot.username}


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _plain(value: object) -> Any:
    """A value that JSON does not know: a file in the parameters of a call."""
    if isinstance(value, Upload):
        return {"name": value.name, "content_type": value.content_type, "size": len(value.content)}
    raise TypeError(type(value).__name__)
