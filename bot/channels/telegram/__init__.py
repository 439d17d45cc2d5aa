"""Telegram, on python-telegram-bot's Bot and request seam; reading updates, polling and transport are our own."""

import os

# The library gives durations as such; without this it gives numbers and warns each time.
os.environ.setdefault("PTB_TIMEDELTA", "true")

from bot.channels.telegram.channel import Telegram

__all__ = ["Telegram"]
