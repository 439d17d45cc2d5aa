"""The methods that send, with everything that they refuse."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from tests.zaloapi.errors import NO_ADDRESS, NO_PHOTO, bad_request, quota
from tests.zaloapi.records import Record
from tests.zaloapi.world import Bot, World, utf16

Json = dict[str, Any]

LONGEST_TEXT = 2000
STYLES = re.compile(r"[bius]|f_(13|15|18|20)|c_(050a19|15a85f|f7b503|f27806|db342e)|lst_[12]|ind_[1-5]")
# What of the marks people do not see; fenced code and links stay as they are.
_MARKS = re.compile(
    r"\\([\\*_~`#>{}-])|\*\*(?=\S)(.+?)(?<=\S)\*\*|(?<!\*)\*(?=\S)(.+?)(?<=\S)\*(?!\*)|~~(.+?)~~|(?m:^(?:#{1,4}|>) )"
)

SENDING = ("sendMessage", "sendPhoto", "sendSticker", "sendVoice")


def get_me(bot: Bot) -> Json:
    """Return who a bot is; there is no name to be seen in it."""
    return {
        "id": bot.id,
        "account_name": f"bot.{bot.id[-4:]}",
        "account_type": "BASIC",
        "can_join_groups": False,
    }


def send(world: World, bot: Bot, method: str, params: Json) -> Json:
    """Send something; return the result. Raises ApiError."""
    chat = _text(params, "chat_id")
    if chat not in bot.chats:
        raise bad_request("chat_id is invalid")
    match method:
        case "sendMessage":
            what = _message(params)
        case "sendPhoto":
            what = {"kind": "photo", "photo": photo_of(params), "text": _caption(params)}
        case "sendSticker":
            what = {"kind": "sticker", "text": _text(params, "sticker")}
        case _:
            what = {"kind": "voice", "text": _voice(params), "delivered": not world.chats[chat].is_group}
    _use(world, bot, chat)
    record = world.write(bot, chat, **what)
    return sent(record)


def sent(record: Record) -> Json:
    """Return what a sending is answered with."""
    return {"message_id": record.message_id, "date": int(time.time() * 1000)}


def act(world: World, bot: Bot, params: Json) -> None:
    """Show that the bot does something."""
    chat, action = _text(params, "chat_id"), _text(params, "action")
    if chat not in bot.chats:
        raise bad_request("chat_id is invalid")
    if action != "typing":
        raise bad_request("action is invalid")
    world.write(bot, chat, "action", text=action)


def _use(world: World, bot: Bot, chat: str) -> None:
    """Count a message; raise ApiError where the plan allows no more."""
    used = bot.sent + (bot.received if world.switches.count_received else 0)
    if used >= world.switches.quota:
        raise quota()
    if chat in bot.users and list(bot.users).index(chat) >= world.switches.most_users:
        raise quota()
    bot.sent += 1


def _text(params: Json, name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise bad_request(f"The {name} must not be empty")
    return value


def _message(params: Json) -> Json:
    text = _text(params, "text")
    if not text.strip() or utf16(text) > LONGEST_TEXT:
        raise bad_request("The text must be between 1 and 2000 characters")
    mode = params.get("parse_mode")
    if mode is not None:
        if mode not in ("markdown", "html"):
            raise bad_request("parse_mode is invalid")
        return {"kind": "message", "text": _unmarked(text) if mode == "markdown" else text, "parse_mode": mode}
    return {"kind": "message", "text": text, "styled": _styled(text, params.get("text_styles"))}


def _caption(params: Json) -> str:
    caption = params.get("caption", "")
    if not isinstance(caption, str) or utf16(caption) > LONGEST_TEXT:
        raise bad_request("The caption must be between 1 and 2000 characters")
    return caption


def photo_of(params: Json) -> str:
    """Return the address of the picture that is to be sent; raise ApiError where it is none."""
    photo = params.get("photo")
    if not isinstance(photo, str) or not photo:
        # Also a file in the request: it is not looked at.
        raise bad_request(NO_PHOTO)
    if not photo.startswith(("http://", "https://")):
        raise bad_request(NO_ADDRESS)
    return photo


def _voice(params: Json) -> str:
    address = _text(params, "voice_url")
    if not address.startswith(("http://", "https://")) or not address.partition("?")[0].endswith(".aac"):
        raise bad_request("voice_url is invalid")
    return address


def _styled(text: str, styles: object) -> list[list[Any]]:
    if styles is None:
        return []
    try:
        given = json.loads(styles) if isinstance(styles, str) else styles
    except ValueError:
        raise bad_request("text_styles is invalid") from None
    if not isinstance(given, list):
        raise bad_request("text_styles is invalid")
    units = text.encode("utf-16-le")
    found: list[list[Any]] = []
    for style in given:
        match style:
            case {"start": int(start), "len": int(length), "st": [*codes]} if (
                start >= 0 and length > 0 and (start + length) * 2 <= len(units) and codes
            ):
                pass
            case _:
                raise bad_request("text_styles is invalid")
        if not all(isinstance(code, str) and STYLES.fullmatch(code) for code in codes):
            raise bad_request("text_styles is invalid")
        found.append([units[start * 2 : (start + length) * 2].decode("utf-16-le", "replace"), codes])
    return found


def _unmarked(text: str) -> str:
    return _MARKS.sub(lambda found: next((part for part in found.groups() if part is not None), ""), text)
