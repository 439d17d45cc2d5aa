"""Webhooks: calls of other programs that the office names. Nothing comes in this way."""

from bot.channels.webhook.channel import Caller as Caller
