"""What people do: they write, press buttons, block the bot, change their groups. Each becomes an update."""

from __future__ import annotations

import time
from typing import Any

from tests.botapi import files, polls
from tests.botapi.entities import found_in
from tests.botapi.methods import member
from tests.botapi.records import buttons_of
from tests.botapi.world import Chat, Message, Query, User, World

Json = dict[str, Any]
FIRST_QUERY = 7_000_000_000_000_000_000


class Acting:
    """The doings of people in a world; every one returns the id of its update, 0 when the bot does not want it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def group(self, chat_id: int, title: str, members: dict[int, str], supergroup: bool, bot: str) -> None:
        """Make a group with members and their status."""
        kind = "supergroup" if supergroup else "group"
        json: Json = {"id": chat_id, "title": title, "type": kind}
        if not supergroup:
            json["all_members_are_administrators"] = False
        self._world.chats[chat_id] = Chat(chat_id, kind, title, json, members, bot)

    def _place(self, user: User, chat_id: int | None) -> Chat:
        """The chat where a person does something."""
        chat = self._world.chats[user.id if chat_id is None else chat_id]
        if user.deactivated:
            raise ValueError("the user is deactivated")
        if chat.kind == "private":
            if user.blocked:
                raise ValueError("the user blocked the bot")
            user.started = True
        elif user.id not in chat.members:
            raise ValueError("the user is not a member of the group")
        if chat.upgraded_to is not None:
            raise ValueError(f"the group is now {chat.upgraded_to}")
        return chat

    def say(self, user_id: int, text: str, chat_id: int | None = None, reply_to: int | None = None) -> tuple[int, int]:
        """Write a text; return the id of the update and of the message."""
        return self._send(user_id, chat_id, reply_to, text, None)

    def send_file(self, user_id: int, kind: str, name: str, content: bytes, caption: str, chat_id: int | None) -> int:
        """Send a photo, a document, a voice message or a sticker."""
        types = {"photo": "image/jpeg", "voice": "audio/ogg", "sticker": "image/webp"}
        file = self._world.files.add(kind, name, types.get(kind, "application/octet-stream"), content)
        return self._send(user_id, chat_id, None, caption, files.content(file, kind))[0]

    def send_content(self, user_id: int, content: Json, chat_id: int | None) -> int:
        """Send a place, a contact or anything else that the Bot API spells so."""
        return self._send(user_id, chat_id, None, "", content)[0]

    def _send(
        self, user_id: int, chat_id: int | None, reply_to: int | None, text: str, content: Json | None
    ) -> tuple[int, int]:
        world = self._world
        user = world.user(user_id)
        chat = self._place(user, chat_id)
        replied = None if reply_to is None else chat.messages[reply_to]
        message = world.add_message(chat, user, text, found_in(text, []), content, None, replied)
        if not self._heard(message):
            return 0, message.id
        return world.queue.add("message", message.json()), message.id

    def _heard(self, message: Message) -> bool:
        """Whether a bot is told of a message: in groups with privacy on only of what is meant for it."""
        chat = message.chat
        if chat.kind == "private":
            return True
        if chat.bot in ("left", "kicked"):
            return False
        if not self._world.privacy or chat.bot == "administrator" or message.kind == "service":
            return True
        if message.reply_to is not None and message.reply_to.sender is self._world.bot:
            return True
        if any(entity["type"] == "bot_command" for entity in message.entities):
            return True
        return f"@{self._world.bot.username}" in message.text

    def edit(self, user_id: int, chat_id: int, message_id: int, text: str) -> int:
        """Change the text of one's own message."""
        world = self._world
        message = world.chats[chat_id].messages[message_id]
        if message.sender.id != user_id:
            raise ValueError("that is somebody else's message")
        message.text = text
        message.entities = found_in(text, [])
        message.edited = int(world.now())
        return world.queue.add("edited_message", message.json()) if self._heard(message) else 0

    def press(self, user_id: int, chat_id: int, message_id: int, button: str | int | list[int]) -> tuple[int, str]:
        """Press a button by its label, its number or its row and column; return the update's and the query's id."""
        message = self._world.chats[chat_id].messages[message_id]
        buttons = buttons_of(message.markup)
        if isinstance(button, int):
            chosen = buttons[button : button + 1]
        elif isinstance(button, str):
            chosen = [each for each in buttons if each.label == button]
        else:
            chosen = [each for each in buttons if [each.row, each.column] == list(button)]
        if not chosen:
            raise ValueError(f"no button {button!r}; there are {[each.label for each in buttons]}")
        if chosen[0].callback_data is None:
            raise ValueError(f"the button {chosen[0].label!r} sends no callback query")
        return self.press_raw(user_id, chat_id, message_id, chosen[0].callback_data)

    def press_raw(self, user_id: int, chat_id: int, message_id: int, data: str) -> tuple[int, str]:
        """Send any callback data, as a client of one's own making can."""
        world = self._world
        user = world.user(user_id)
        chat = world.chats[chat_id]
        query = Query(str(FIRST_QUERY + len(world.queries)), chat.id, message_id, user_id, time.monotonic())
        world.queries[query.id] = query
        message = chat.messages.get(message_id)
        gone = message is None or message.deleted
        shown = {"chat": chat.json, "message_id": message_id, "date": 0}
        if message is not None and not gone:
            shown = message.json()
        content = {
            "id": query.id,
            "from": user.json,
            "message": shown,
            "chat_instance": str(-abs(chat.id) * 7919),
            "data": data,
        }
        return world.queue.add("callback_query", content), query.id

    def vote(self, user_id: int, chat_id: int, message_id: int, chosen: list[int]) -> int:
        """Choose options of a poll, or none to take the vote back, in its chat or where it was forwarded to."""
        world = self._world
        message = world.chats[chat_id].messages[message_id]
        return polls.vote(world, world.user(user_id), polls.of_message(world, message), chosen)

    def erase(self, chat_id: int, message_id: int) -> None:
        """Take a message out of a chat, as a person can; the bot is not told."""
        self._world.chats[chat_id].messages[message_id].deleted = True

    def block(self, user_id: int, blocked: bool) -> int:
        """Block the bot or let it write again."""
        user = self._world.user(user_id)
        was, now = ("member", "kicked") if blocked else ("kicked", "member")
        user.blocked = blocked
        user.started = True
        return self._changed(user, self._world.chats[user_id], was, now)

    def set_bot(self, chat_id: int, status: str, by: int | None) -> int:
        """Make the bot a member, an administrator or nothing in a group."""
        chat = self._world.chats[chat_id]
        was, chat.bot = chat.bot, status
        actor = next(iter(chat.members), None) if by is None else by
        user = User(1, "Người Ví Dụ") if actor is None else self._world.user(actor)
        return self._changed(user, chat, was, status)

    def _changed(self, user: User, chat: Chat, was: str, now: str) -> int:
        world = self._world
        change = {
            "chat": chat.json,
            "from": user.json,
            "date": int(world.now()),
            "old_chat_member": member(world.bot.json, was),
            "new_chat_member": member(world.bot.json, now),
        }
        return world.queue.add("my_chat_member", change)

    def upgrade(self, chat_id: int, new_id: int | None) -> tuple[int, list[int]]:
        """Make a group a supergroup; return its id and the updates that tell of it."""
        world = self._world
        old = world.chats[chat_id]
        new_id = new_id if new_id is not None else -1_000_000_000_000 + chat_id
        actor = world.user(next(iter(old.members))) if old.members else world.bot
        self.group(new_id, old.title, dict(old.members), supergroup=True, bot=old.bot)
        new = world.chats[new_id]
        told = []
        for chat, content in ((old, {"migrate_to_chat_id": new_id}), (new, {"migrate_from_chat_id": chat_id})):
            message = world.add_message(chat, actor, "", [], content)
            told.append(world.queue.add("message", message.json()))
        old.upgraded_to = new_id
        return new_id, told
