"""`ungxu zalo-oa`: what a Zalo Official Account needs."""

from __future__ import annotations

import sys

import click

from bot import usage
from bot.commands.shared import with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group("zalo-oa", cls=usage.Group, help=TEXTS("cli.zalo_oa"))
def zalo_oa() -> None:
    pass


@zalo_oa.command("login", help=TEXTS("cli.zalo_oa_login"))
@with_settings
def zalo_oa_login(settings: Settings) -> None:
    from bot.channels.zalo_oa.login import login

    login(settings, click.echo, lambda: sys.stdin.readline())
