"""`ungxu unit`: the units of the office."""

from __future__ import annotations

import click

from bot import usage
from bot.commands.shared import as_json_lines, with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.unit"))
def unit() -> None:
    pass


@unit.command("list", help=TEXTS("cli.unit_list"))
@as_json_lines
@with_settings
def unit_list(settings: Settings, as_json: bool) -> None:
    from bot.managing import list_units

    list_units(settings, as_json, click.echo)


@unit.command("add", help=TEXTS("cli.unit_add"))
@click.argument("name", metavar=TEXTS("usage.name"))
@click.option("--under", metavar=TEXTS("usage.unit"), help=TEXTS("cli.unit_add_under"))
@with_settings
def unit_add(settings: Settings, name: str, under: str | None) -> None:
    from bot.managing import add_unit

    add_unit(settings, name, under, click.echo)


@unit.command("rename", help=TEXTS("cli.unit_rename"))
@click.argument("name", metavar=TEXTS("usage.unit"))
@click.argument("new_name", metavar=TEXTS("usage.name"))
@with_settings
def unit_rename(settings: Settings, name: str, new_name: str) -> None:
    from bot.managing import rename_unit

    rename_unit(settings, name, new_name, click.echo)


@unit.command("move", help=TEXTS("cli.unit_move"))
@click.argument("name", metavar=TEXTS("usage.unit"))
@click.option("--under", metavar=TEXTS("usage.unit"), help=TEXTS("cli.unit_move_under"))
@click.option("--top", is_flag=True, help=TEXTS("cli.unit_move_top"))
@with_settings
def unit_move(settings: Settings, name: str, under: str | None, top: bool) -> None:
    from bot.managing import move_unit

    if top == (under is not None):
        raise click.UsageError(TEXTS("cli.unit_move_where"))
    move_unit(settings, name, under, click.echo)


@unit.command("merge", help=TEXTS("cli.unit_merge"))
@click.argument("name", metavar=TEXTS("usage.unit"))
@click.argument("into", metavar=TEXTS("usage.into"))
@with_settings
def unit_merge(settings: Settings, name: str, into: str) -> None:
    from bot.managing import merge_unit

    merge_unit(settings, name, into, click.echo)


@unit.command("close", help=TEXTS("cli.unit_close"))
@click.argument("name", metavar=TEXTS("usage.unit"))
@with_settings
def unit_close(settings: Settings, name: str) -> None:
    from bot.managing import close_unit

    close_unit(settings, name, click.echo)
