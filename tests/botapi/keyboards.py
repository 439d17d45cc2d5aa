"""Checks `reply_markup` as Telegram does."""

from __future__ import annotations

from typing import Any

from tests.botapi.errors import bad_request
from tests.botapi.params import Params, nested

MOST_BUTTONS = 100
LONGEST_DATA = 64
_ACTIONS = (
    "callback_data",
    "url",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


def markup_of(params: Params, inline_only: bool = False) -> dict[str, Any] | None:
    """Return the checked markup of a request; None when it has none. Raises ApiError when Telegram would refuse it."""
    if params.get("reply_markup") is None:
        return None
    markup = nested(params, "reply_markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = _rows(markup, "inline_keyboard")
        kept = [[_inline_button(button) for button in row] for row in rows if row]
        return {"inline_keyboard": kept}
    if inline_only:
        raise bad_request("inline keyboard expected")
    if "keyboard" in markup:
        rows = _rows(markup, "keyboard")
        return {**markup, "keyboard": [[_reply_button(button) for button in row] for row in rows if row]}
    return markup


def _rows(markup: dict[str, Any], name: str) -> list[list[Any]]:
    rows = markup[name]
    if not isinstance(rows, list):
        raise bad_request(f'can\'t parse keyboard: field "{name}" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse keyboard: keyboard button rows must be of type Array")
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    return rows


def _inline_button(button: Any) -> dict[str, Any]:
    wrong = "can't parse inline keyboard button"
    if not isinstance(button, dict):
        raise bad_request(f"{wrong}: expected an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise bad_request(f'{wrong}: can\'t find field "text"')
    if not text.strip():
        raise bad_request("inline keyboard button text is empty")
    if not any(button.get(action) is not None for action in _ACTIONS):
        raise bad_request(f"{wrong}: Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and (not isinstance(data, str) or not 1 <= len(data.encode()) <= LONGEST_DATA):
        raise bad_request("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and (not isinstance(url, str) or ("." not in url and "://" not in url)):
        raise bad_request("BUTTON_URL_INVALID")
    return {name: value for name, value in button.items() if value is not None}


def _reply_button(button: Any) -> dict[str, Any]:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request("can't parse keyboard button: KeyboardButton must be an Object or a String")
    if not button["text"].strip():
        raise bad_request("keyboard button text must be non-empty")
    return button
