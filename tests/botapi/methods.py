"""The methods of the Bot API that answer at once, one function each: the world and the parameters in, JSON out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from tests.botapi import files
from tests.botapi.entities import Entity, found_in, trimmed, utf16_length
from tests.botapi.errors import NOT_MODIFIED, QUERY_TOO_OLD, ApiError, bad_request
from tests.botapi.html import HtmlError, parse_html
from tests.botapi.keyboards import markup_of
from tests.botapi.params import Params, Upload, boolean, integer, nested, text_of
from tests.botapi.world import Chat, Message, World

Method = Callable[[World, Params], Any]
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def _formatted(params: Params, field: str, entities_field: str) -> tuple[str, list[Entity], str]:
    """The text of a field with its entities, and the text as it was sent."""
    source = text_of(params, field)
    mode = params.get("parse_mode")
    if mode:
        if not isinstance(mode, str) or mode.lower() != "html":
            # Markdown is Telegram's too, but nothing here sends it.
            raise bad_request("unsupported parse_mode")
        try:
            text, entities = parse_html(source)
        except HtmlError as error:
            raise bad_request(f"can't parse entities: {error}") from None
    else:
        text, entities = source, _given_entities(params, entities_field) if entities_field in params else []
    if "\r" in text:
        text = text.replace("\r", "")
    text, entities = trimmed(text, entities)
    return text, found_in(text, entities), source


def _given_entities(params: Params, field: str) -> list[Entity]:
    given = nested(params, field) or []
    if not isinstance(given, list) or not all(
        isinstance(entity, dict) and isinstance(entity.get("type"), str) for entity in given
    ):
        raise bad_request("can't parse entities: expected an Array of MessageEntity")
    return given


def _text(params: Params) -> tuple[str, list[Entity], str]:
    text, entities, source = _formatted(params, "text", "entities")
    if not text:
        raise bad_request("message text is empty")
    return text, entities, source


def _caption(params: Params) -> tuple[str, list[Entity], str]:
    text, entities, source = _formatted(params, "caption", "caption_entities")
    if utf16_length(text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return text, entities, source


def replied(params: Params, chat: Chat) -> Message | None:
    """The message that a request replies to."""
    wanted = None
    lenient = False
    if params.get("reply_parameters") is not None:
        reply = nested(params, "reply_parameters")
        if not isinstance(reply, dict):
            raise bad_request("can't parse reply parameters: expected an Object")
        wanted = integer(reply, "message_id")
        lenient = boolean(reply, "allow_sending_without_reply")
        if reply.get("chat_id") is not None and str(reply["chat_id"]) != str(chat.id):
            raise bad_request("message to be replied not found")
    elif params.get("reply_to_message_id") is not None:
        wanted = integer(params, "reply_to_message_id")
        lenient = boolean(params, "allow_sending_without_reply")
    if wanted is None:
        return None
    message = chat.messages.get(wanted)
    if message is None or message.deleted:
        if lenient:
            return None
        raise bad_request("message to be replied not found")
    return message


def _sent(world: World, params: Params, message: Message, kind: str, source: str, name: str | None = None) -> Any:
    """Write what was sent into the transcript and return it."""
    mode = params.get("parse_mode")
    world.record(
        message.chat.id,
        message.id,
        kind,
        text=message.text,
        html=source,
        entities=message.entities,
        markup=message.markup,
        reply_to=None if message.reply_to is None else message.reply_to.id,
        parse_mode=mode or None,
        paid=boolean(params, "allow_paid_broadcast"),
        silent=boolean(params, "disable_notification"),
        name=name,
    )
    return message.json()


def get_me(world: World, params: Params) -> Any:
    """Return the bot."""
    return {
        **world.bot.json,
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def send_message(world: World, params: Params) -> Any:
    """Send a text."""
    text, entities, source = _text(params)
    chat = world.writable(params.get("chat_id"))
    markup = markup_of(params)
    answered = replied(params, chat)
    if utf16_length(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    message = world.add_message(chat, world.bot, text, entities, None, markup, answered)
    return _sent(world, params, message, "message", source)


def _send_file(world: World, params: Params, kind: str) -> Any:
    caption, entities, source = _caption(params)
    chat = world.writable(params.get("chat_id"))
    given = params.get(kind)
    if isinstance(given, str) and given.startswith("attach://"):
        given = params.get(given.removeprefix("attach://"))
    if isinstance(given, Upload):
        if not given.content:
            raise bad_request("file must be non-empty")
        if kind == "photo" and not files.is_image(given.content):
            raise bad_request("IMAGE_PROCESS_FAILED")
        file = world.files.add(kind, given.name, given.content_type, given.content)
    elif not given:
        raise bad_request(f"there is no {kind} in the request")
    else:
        try:
            file = world.files.by_id(str(given))
        except ApiError:
            raise bad_request("wrong file identifier/HTTP URL specified") from None
    markup = markup_of(params)
    answered = replied(params, chat)
    content = files.content(file, kind)
    message = world.add_message(chat, world.bot, caption, entities, content, markup, answered)
    return _sent(world, params, message, kind, source, file.name)


def send_photo(world: World, params: Params) -> Any:
    """Send a picture: uploaded, or one that Telegram has."""
    return _send_file(world, params, "photo")


def send_document(world: World, params: Params) -> Any:
    """Send a file: uploaded, or one that Telegram has."""
    return _send_file(world, params, "document")


def _editable(world: World, params: Params) -> Message:
    if params.get("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = world.writable(params.get("chat_id"))
    message_id = integer(params, "message_id")
    if not message_id:
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(message_id)
    if message is None or message.deleted:
        raise bad_request("message to edit not found")
    if message.sender is not world.bot or message.kind == "service":
        raise bad_request("message can't be edited")
    return message


def edit_message_text(world: World, params: Params) -> Any:
    """Put another text into a message of the bot; without a markup its buttons go."""
    text, entities, source = _text(params)
    message = _editable(world, params)
    markup = _inline(markup_of(params, inline_only=True))
    if message.content is not None:
        raise bad_request("there is no text in the message to edit")
    if utf16_length(text) > LONGEST_TEXT:
        raise bad_request("MESSAGE_TOO_LONG")
    if (text, entities, markup) == (message.text, message.entities, _inline(message.markup)):
        raise bad_request(NOT_MODIFIED)
    message.text, message.entities, message.markup = text, entities, markup
    message.edited = int(world.now())
    return _sent(world, params, message, "edit", source)


def edit_message_reply_markup(world: World, params: Params) -> Any:
    """Change or take away the buttons of a message of the bot."""
    message = _editable(world, params)
    markup = _inline(markup_of(params, inline_only=True))
    if markup == _inline(message.markup):
        raise bad_request(NOT_MODIFIED)
    message.markup = markup
    message.edited = int(world.now())
    return _sent(world, params, message, "edit", message.text)


def _inline(markup: dict[str, Any] | None) -> dict[str, Any] | None:
    """A markup that shows buttons under its message; one without any is as good as none."""
    return markup if markup and markup.get("inline_keyboard") else None


def delete_message(world: World, params: Params) -> Any:
    """Take a message away: the bot's own, and in a private chat the person's too."""
    chat = world.writable(params.get("chat_id"))
    message = chat.messages.get(integer(params, "message_id"))
    if message is None or message.deleted:
        raise bad_request("message to delete not found")
    own = message.sender is world.bot or chat.kind == "private" or chat.bot == "administrator"
    if not own or (message.kind == "service" and chat.kind == "private"):
        raise bad_request("message can't be deleted")
    if world.now() - message.date > 48 * 3600:
        raise bad_request("message can't be deleted for everyone")
    message.deleted = True
    world.record(chat.id, message.id, "delete", text=message.text)
    return True


def answer_callback_query(world: World, params: Params) -> Any:
    """Answer the press of a button, once and in time."""
    query = world.queries.get(text_of(params, "callback_query_id"))
    text = text_of(params, "text")
    if utf16_length(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    if query is None or query.answered or time.monotonic() - query.at > world.query_lifetime:
        raise bad_request(QUERY_TOO_OLD)
    query.answered = True
    world.record(query.chat, query.message, "answer", text=text, query=query.id, alert=boolean(params, "show_alert"))
    return True


def send_chat_action(world: World, params: Params) -> Any:
    """Show that the bot is doing something."""
    chat = world.writable(params.get("chat_id"))
    action = text_of(params, "action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.record(chat.id, 0, "action", text=action)
    return True


def get_file(world: World, params: Params) -> Any:
    """Tell where a file can be fetched."""
    file_id = text_of(params, "file_id")
    if not file_id:
        raise bad_request("file_id not specified")
    file = world.files.by_id(file_id)
    if len(file.content) > files.LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return {**file.json(), "file_path": file.path}


def _scope(params: Params) -> tuple[str, str]:
    scope = nested(params, "scope") or {"type": "default"}
    if not isinstance(scope, dict) or not isinstance(scope.get("type"), str):
        raise bad_request("can't parse BotCommandScope")
    return repr(sorted(scope.items())), text_of(params, "language_code")


def set_my_commands(world: World, params: Params) -> Any:
    """Keep the list of commands of a scope and a language."""
    commands = nested(params, "commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    kept = []
    for command in commands:
        if not isinstance(command, dict):
            raise bad_request("can't parse BotCommand: expected an Object")
        name = str(command.get("command", "")).removeprefix("/")
        description = str(command.get("description", "")).strip()
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= utf16_length(description) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        kept.append({"command": name, "description": description})
    world.commands[_scope(params)] = kept
    return True


def get_my_commands(world: World, params: Params) -> Any:
    """Return the list of commands of a scope and a language."""
    return world.commands.get(_scope(params), [])


def delete_my_commands(world: World, params: Params) -> Any:
    """Forget the list of commands of a scope and a language."""
    world.commands.pop(_scope(params), None)
    return True


def _describe(world: World, params: Params, field: str, longest: int) -> Any:
    text = text_of(params, field).strip()
    if utf16_length(text) > longest:
        raise bad_request(f"{field.replace('_', ' ')} is too long")
    world.descriptions[field, text_of(params, "language_code")] = text
    return True


def set_my_description(world: World, params: Params) -> Any:
    """Keep what an empty chat with the bot shows."""
    return _describe(world, params, "description", 512)


def set_my_short_description(world: World, params: Params) -> Any:
    """Keep what the page of the bot shows."""
    return _describe(world, params, "short_description", 120)


def get_my_description(world: World, params: Params) -> Any:
    """Return what an empty chat with the bot shows."""
    return {"description": world.descriptions.get(("description", text_of(params, "language_code")), "")}


def get_my_short_description(world: World, params: Params) -> Any:
    """Return what the page of the bot shows."""
    return {"short_description": world.descriptions.get(("short_description", text_of(params, "language_code")), "")}


def get_chat(world: World, params: Params) -> Any:
    """Return a chat in full."""
    chat = world.readable(params.get("chat_id"))
    full = {
        **chat.json,
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }
    if chat.kind != "private":
        full["permissions"] = {"can_send_messages": True, "can_invite_users": True}
    return full


def get_chat_member(world: World, params: Params) -> Any:
    """Return what a person is in a group."""
    chat = world.readable(params.get("chat_id"))
    user_id = integer(params, "user_id")
    if user_id == world.bot.id:
        return member(world.bot.json, chat.bot)
    user = world.users.get(user_id)
    if user is None or (chat.kind == "private" and user_id != chat.id):
        raise bad_request("user not found" if user is None else "member not found")
    return member(user.json, "member" if chat.kind == "private" else chat.members.get(user_id, "left"))


def member(user: dict[str, Any], status: str) -> dict[str, Any]:
    """Return somebody's place in a chat as the Bot API spells it."""
    result: dict[str, Any] = {"user": user, "status": status}
    if status == "creator":
        result["is_anonymous"] = False
    elif status == "administrator":
        rights = (
            "can_manage_chat",
            "can_delete_messages",
            "can_manage_video_chats",
            "can_restrict_members",
            "can_change_info",
            "can_invite_users",
            "can_pin_messages",
        )
        unset = ("can_be_edited", "is_anonymous", "can_promote_members", "can_post_stories", "can_edit_stories")
        result |= dict.fromkeys(rights, True) | dict.fromkeys(unset, False) | {"can_delete_stories": False}
    elif status == "kicked":
        result["until_date"] = 0
    return result


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "sendChatAction": send_chat_action,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
    "getFile": get_file,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyDescription": set_my_description,
    "getMyDescription": get_my_description,
    "setMyShortDescription": set_my_short_description,
    "getMyShortDescription": get_my_short_description,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
}
SENDING = {"sendMessage", "sendPhoto", "sendDocument"}
