"""`ungxu member`: the people of the office."""

from __future__ import annotations

import datetime as dt

import click

from bot import usage
from bot.commands.shared import as_json_lines, with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.member"))
def member() -> None:
    pass


@member.command("list", help=TEXTS("cli.member_list"))
@click.argument("unit", required=False, metavar=TEXTS("usage.unit"))
@as_json_lines
@with_settings
def member_list(settings: Settings, unit: str | None, as_json: bool) -> None:
    from bot.managing import list_members

    list_members(settings, unit, as_json, click.echo)


@member.command("show", help=TEXTS("cli.member_show"))
@click.argument("person", metavar=TEXTS("usage.person"))
@as_json_lines
@with_settings
def member_show(settings: Settings, person: str, as_json: bool) -> None:
    from bot.managing import show_member

    show_member(settings, person, as_json, click.echo)


@member.command("add", help=TEXTS("cli.member_add"))
@click.argument("name", metavar=TEXTS("usage.name"))
@click.option("--unit", required=True, metavar=TEXTS("usage.unit"), help=TEXTS("cli.member_add_unit"))
@click.option("--position", default="", help=TEXTS("cli.member_add_position"))
@click.option("--code", help=TEXTS("cli.member_add_code"))
@with_settings
def member_add(settings: Settings, name: str, unit: str, position: str, code: str | None) -> None:
    from bot.managing import add_member

    add_member(settings, name, unit, position, code, click.echo)


@member.command("transfer", help=TEXTS("cli.member_transfer"))
@click.argument("person", metavar=TEXTS("usage.person"))
@click.argument("unit", metavar=TEXTS("usage.unit"))
@click.option("--from", "day", type=usage.Day(), metavar=TEXTS("usage.day"), help=TEXTS("cli.member_transfer_from"))
@with_settings
def member_transfer(settings: Settings, person: str, unit: str, day: dt.date | None) -> None:
    from bot.managing import transfer_member

    transfer_member(settings, person, unit, day, click.echo)


@member.command("leave", help=TEXTS("cli.member_leave"))
@click.argument("person", metavar=TEXTS("usage.person"))
@with_settings
def member_leave(settings: Settings, person: str) -> None:
    from bot.managing import let_leave

    let_leave(settings, person, click.echo)


@member.command("hold", help=TEXTS("cli.member_hold"))
@click.argument("person", metavar=TEXTS("usage.person"))
@with_settings
def member_hold(settings: Settings, person: str) -> None:
    from bot.managing import hold_member

    hold_member(settings, person, click.echo)


@member.command("restore", help=TEXTS("cli.member_restore"))
@click.argument("person", metavar=TEXTS("usage.person"))
@with_settings
def member_restore(settings: Settings, person: str) -> None:
    from bot.managing import restore_member

    restore_member(settings, person, click.echo)
