"""The queue of updates and its offset rules."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
)
# What a bot must ask for by name.
_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}
FIRST_ID = 100_000_001


_KEPT_FOR_AGAIN = 200_000


@dataclass(slots=True, frozen=True)
class Waiting:
    """An update that was not confirmed: its place in the queue, its id, its JSON and the chat that orders it."""

    serial: int
    update_id: int
    text: str
    lane: int


class Queue:
    """Updates that were not confirmed, oldest first, each kept as the JSON that goes out."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[int, Waiting] = OrderedDict()
        self._again: list[Waiting] = []
        self._sent: OrderedDict[int, Waiting] = OrderedDict()
        self._next_id = FIRST_ID
        self._serial = 0
        self._disordered = False
        self.allowed: list[str] = []
        self.added: Callable[[Waiting], None] = lambda update: None

    def __len__(self) -> int:
        return len(self._waiting) + len(self._again)

    def allow(self, kinds: Iterable[object]) -> None:
        """Remember what the bot wants; it applies to updates that come from now on."""
        self.allowed = [kind for kind in kinds if isinstance(kind, str) and kind in KINDS]

    def wants(self, kind: str) -> bool:
        """Whether the bot wants updates of a kind."""
        return kind in self.allowed if self.allowed else kind not in _ON_REQUEST

    def add(self, kind: str, content: dict[str, Any]) -> int:
        """Queue an update; return its id, 0 when the bot does not want the kind."""
        if not self.wants(kind):
            return 0
        return self.put({"update_id": self._next_id, kind: content})

    def put(self, update: dict[str, Any], update_id: int | None = None, bare: bool = False) -> int:
        """Queue an update as it is and return the id it counts as.

        Args:
            update: any JSON; without an update_id it gets the next one.
            update_id: what it counts as in the order, when that is not what stands in it.
            bare: leave it without an update_id when it has none.
        """
        if not bare:
            update.setdefault("update_id", self._next_id if update_id is None else update_id)
        if update_id is None:
            named = update.get("update_id")
            update_id = named if isinstance(named, int) and not isinstance(named, bool) else self._next_id
        self._serial += 1
        waiting = Waiting(self._serial, update_id, json.dumps(update), _lane(update))
        self._disordered |= update_id < self._next_id
        self._next_id = max(self._next_id, update_id + 1)
        self._waiting[waiting.serial] = self._sent[update_id] = waiting
        if len(self._sent) > _KEPT_FOR_AGAIN:
            self._sent.popitem(last=False)
        self.added(waiting)
        return update_id

    def skip(self, count: int) -> None:
        """Leave a gap in the numbers, as Telegram does after an idle week."""
        self._next_id += count

    def again(self, update_id: int) -> None:
        """Deliver an update once more, whatever was confirmed; raise KeyError when it is not known."""
        update = self._sent[update_id]
        self._again.append(update)
        self.added(update)

    def confirm(self, offset: int) -> None:
        """Forget updates: those below a positive offset, all but the last so many with a negative one."""
        waiting = self._waiting
        if offset > 0:
            if self._disordered:
                for serial in [serial for serial, update in waiting.items() if update.update_id < offset]:
                    del waiting[serial]
            while waiting and next(iter(waiting.values())).update_id < offset:
                waiting.popitem(last=False)
        while offset < 0 and len(waiting) > -offset:
            waiting.popitem(last=False)

    def drop(self, update: Waiting) -> None:
        """Forget one update, as a webhook that took it does."""
        if update in self._again:
            self._again.remove(update)
        else:
            self._waiting.pop(update.serial, None)

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()
        self._again.clear()

    def take(self, limit: int) -> list[str]:
        """Return the JSON of the updates to deliver now; those to be delivered again come first and once."""
        again, self._again = self._again[:limit], self._again[limit:]
        waiting = islice(self._waiting.values(), limit - len(again))
        return [update.text for update in (*again, *waiting)]

    def waiting(self) -> list[Waiting]:
        """Return all unconfirmed updates."""
        return [*self._again, *self._waiting.values()]


def _lane(update: dict[str, Any]) -> int:
    """The chat or person whose updates must stay in order; 0 when an update names none."""
    for content in update.values():
        if isinstance(content, dict):
            message = content.get("message", content)
            for holder, name in ((message, "chat"), (content, "from"), (content, "user")):
                place = holder.get(name) if isinstance(holder, dict) else None
                if isinstance(place, dict) and isinstance(place.get("id"), int):
                    return int(place["id"])
    return 0
