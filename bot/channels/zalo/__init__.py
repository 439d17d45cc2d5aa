"""The Zalo Bot Platform, through a client of the project's own on httpx."""

from bot.channels.zalo.channel import Zalo

__all__ = ["Zalo"]
