"""Messages in Telegram's form, and Telegram's refusals in ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.channels.base import Outgoing, OutgoingFile, OutgoingPoll
from bot.channels.markup import plain, split_text
from bot.channels.telegram.api import Api, Json
from bot.channels.telegram.transport import RequestNotSent
from bot.channels.telegram.updates import callback_data
from bot.errors import AccountUnusable, FileForgotten, Moved, NotSent, OutcomeUnknown, Refused, Unreachable
from handlers.conversation import FileKind

TEXT_LENGTH = 4096
CAPTION_LENGTH = 1024
NOTICE_LENGTH = 200

# What is read whole on the width of a phone, and on half of it.
A_ROW = 32
HALF_A_ROW = 14

_NO_PREVIEW = {"is_disabled": True}

# What Telegram says, in lower case, where nobody can be reached in a chat any more.
_UNREACHABLE = (
    ("blocked by the user", "blocked"),
    ("user is deactivated", "deactivated"),
    ("can't initiate conversation", "gone"),
    ("kicked", "left"),
    ("not a member", "left"),
    ("chat not found", "gone"),
    ("group chat was deactivated", "gone"),
    ("peer_id_invalid", "gone"),
)
_METHODS: dict[FileKind, str] = {
    "photo": "sendPhoto",
    "document": "sendDocument",
    "video": "sendVideo",
    "voice": "sendVoice",
}

_NO_FILE = ("wrong file identifier", "wrong remote file", "wrong file_id", "file reference")
"""What Telegram says of a file that it does not know by the name it gave it."""

_UNCHANGED = "message is not modified"
_NOT_TO_CLOSE = ("already been closed", "poll to stop not found", "not a poll", "can't be stopped")
_NOT_TO_EDIT = ("message to edit not found", "message can't be edited", "message_id_invalid")
_BAD_MARKUP = "can't parse entities"


@asynccontextmanager
async def named_errors() -> AsyncIterator[None]:
    """Raise Telegram's errors as ours."""
    try:
        yield
    except RetryAfter as error:
        raise NotSent("too many requests", retry_seconds(error)) from None
    except ChatMigrated as error:
        raise Moved(str(error.new_chat_id)) from None
    except (InvalidToken, Conflict) as error:
        raise AccountUnusable(type(error).__name__) from None
    except (Forbidden, BadRequest) as error:
        said = error.message.lower()
        for part, reason in _UNREACHABLE:
            if part in said:
                raise Unreachable(reason) from None
        raise Refused(error.message) from None
    except RequestNotSent as error:
        raise NotSent(error.message) from None
    except NetworkError as error:
        # Also every answer of 500 and above: what stood behind the gateway may have sent the message.
        raise OutcomeUnknown(type(error).__name__ if type(error) is not NetworkError else "server error") from None
    except TelegramError as error:
        raise OutcomeUnknown(type(error).__name__) from None


async def carry(api: Api, chat: str, message: Outgoing) -> str | None:
    """Send or change a message; return the number of the message in its chat. Raises a TransportError."""
    async with named_errors():
        if message.edits:
            return await _change(api, chat, message)
        if message.text is None:
            # Only buttons to change, of a message that nobody knows.
            return None
        return await _send(api, chat, message)


async def _send(api: Api, chat: str, message: Outgoing) -> str:
    values: Json = {"chat_id": int(chat), "reply_markup": _keyboard(message), "reply_parameters": _answered(message)}
    if message.paid:
        values["allow_paid_broadcast"] = True
    if message.poll and (number := await _send_poll(api, values, message.poll)):
        return number
    if message.file is None:
        values["link_preview_options"] = _NO_PREVIEW
        sent = await _marked_or_plain(api, "sendMessage", values, "text", message)
    else:
        sent = await _send_file(api, values, message, message.file)
    return str(sent.get("message_id", ""))


async def _send_poll(api: Api, values: Json, poll: OutgoingPoll) -> str:
    """Ask something in a poll; return the number of its message, "" where Telegram does not take it as a poll."""
    asked: Json = {
        "question": poll.question,
        "options": [{"text": option} for option in poll.options],
        "is_anonymous": False,
        "type": "quiz" if poll.right else "regular",
        "allows_multiple_answers": poll.several,
        "allows_revoting": False,
    }
    if poll.right:
        asked |= {"correct_option_ids": list(poll.right), "explanation": poll.explanation or None}
    if len(poll.right) == 1:
        # What servers of before April 2026 know it by.
        asked["correct_option_id"] = poll.right[0]
    shown = {name: value for name, value in values.items() if name != "reply_markup"}
    try:
        sent = await api.call("sendPoll", {**shown, **asked})
    except BadRequest as error:
        if any(part in error.message.lower() for part, _ in _UNREACHABLE):
            raise
        return ""
    told = sent.get("poll")
    if isinstance(told, dict) and (name := told.get("id")):
        await poll.keep(str(name))
    return str(sent.get("message_id", ""))


async def _send_file(api: Api, values: Json, message: Outgoing, file: OutgoingFile) -> Json:
    """Send a file, by its name where Telegram has it; raise FileForgotten where it has it no more."""
    method = _METHODS[file.kind]
    if file.known:
        try:
            return await _marked_or_plain(api, method, {**values, file.kind: file.known}, "caption", message)
        except BadRequest as error:
            if any(part in error.message.lower() for part in _NO_FILE):
                raise FileForgotten(error.message) from None
            raise
    sent = await _marked_or_plain(api, method, values, "caption", message)
    if file.keep and (name := _file_name(sent, file.kind)):
        await file.keep(name)
    return sent


def _file_name(sent: Json, kind: FileKind) -> str:
    """What Telegram calls the file of a message; of a picture, which it keeps in several sizes, the largest one."""
    carried = sent.get(kind)
    if isinstance(carried, list):
        carried = max(carried, key=lambda size: size.get("width", 0), default=None)
    return str(carried.get("file_id", "")) if isinstance(carried, dict) else ""


async def _change(api: Api, chat: str, message: Outgoing) -> str | None:
    number = int(message.edits or 0)
    values: Json = {"chat_id": int(chat), "message_id": number, "reply_markup": _keyboard(message)}
    try:
        if message.closes:
            await api.call("stopPoll", {"chat_id": int(chat), "message_id": number})
        elif message.text is None:
            await api.call("editMessageReplyMarkup", values)
        else:
            values["link_preview_options"] = _NO_PREVIEW
            await _marked_or_plain(api, "editMessageText", values, "text", message)
    except BadRequest as error:
        said = error.message.lower()
        if any(part in said for part in _NOT_TO_EDIT):
            return await _send(api, chat, message) if message.text else None
        if _UNCHANGED not in said and not (message.closes and any(part in said for part in _NOT_TO_CLOSE)):
            raise
    return str(number)


async def _marked_or_plain(api: Api, method: str, values: Json, field: str, message: Outgoing) -> Json:
    """Send marked text; where the marks are refused, the same words without them."""
    text = message.text or ""
    file = message.file if message.file and not message.file.known else None
    if not text:
        return await api.call(method, values, file)
    try:
        return await api.call(method, {**values, field: text, "parse_mode": ParseMode.HTML}, file)
    except BadRequest as error:
        if _BAD_MARKUP not in error.message.lower():
            raise
        return await api.call(method, {**values, field: plain(text)}, file)


def _keyboard(message: Outgoing) -> Json | None:
    """The buttons, one a row, but two short ones beside each other."""
    rows: list[list[Json]] = []
    for place, label in message.buttons:
        button = {"text": label, "callback_data": callback_data(message.menu, place)}
        beside = rows and len(rows[-1]) == 1 and max(len(label), len(rows[-1][0]["text"])) <= HALF_A_ROW
        if beside:
            rows[-1].append(button)
        else:
            rows.append([button])
    return {"inline_keyboard": rows} if rows else None


def _answered(message: Outgoing) -> Json | None:
    if not message.answers:
        return None
    return {"message_id": int(message.answers), "allow_sending_without_reply": True}


def retry_seconds(error: RetryAfter) -> float:
    """Return how long Telegram wants to be left alone."""
    told = error.retry_after
    return told.total_seconds() if isinstance(told, dt.timedelta) else float(told)


def notice(text: str) -> str:
    """Return a notice as short as Telegram wants it, without marks."""
    return split_text(plain(text), NOTICE_LENGTH)[0]
