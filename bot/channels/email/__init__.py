"""E-mail: letters that go out by SMTP. Nothing comes in this way."""

from bot.channels.email.channel import Email as Email
from bot.channels.email.server import MailServer as MailServer
from bot.channels.email.server import read_url as read_url
