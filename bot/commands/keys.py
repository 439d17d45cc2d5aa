"""`ungxu keys`: the keys of files at rest."""

from __future__ import annotations

import click

from bot import usage
from bot.commands.shared import with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.keys"))
def keys() -> None:
    pass


@keys.command("rotate", help=TEXTS("cli.keys_rotate"))
@click.option("--write", "into_file", is_flag=True, help=TEXTS("cli.keys_rotate_write"))
@with_settings
def keys_rotate(settings: Settings, into_file: bool) -> None:
    from bot.keys import rotate

    rotate(settings, into_file, click.echo)


@keys.command("status", help=TEXTS("cli.keys_status"))
@with_settings
def keys_status(settings: Settings) -> None:
    from bot.keys import status

    status(settings, click.echo)
