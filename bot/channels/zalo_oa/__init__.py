"""Zalo Official Accounts, on the project's own client of their OpenAPI."""

from bot.channels.zalo_oa.channel import ZaloOa

__all__ = ["ZaloOa"]
