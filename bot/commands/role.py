"""`ungxu role`: who is a contact, a head, an administrator."""

from __future__ import annotations

import click

from bot import usage
from bot.commands.shared import as_json_lines, with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.role"))
def role() -> None:
    pass


ROLE = click.Choice(["dau-moi", "lanh-dao", "quan-tri"])


@role.command("list", help=TEXTS("cli.role_list"))
@as_json_lines
@with_settings
def role_list(settings: Settings, as_json: bool) -> None:
    from bot.managing import list_roles

    list_roles(settings, as_json, click.echo)


@role.command("give", help=TEXTS("cli.role_give"))
@click.argument("person", metavar=TEXTS("usage.person"))
@click.argument("name", type=ROLE, metavar=TEXTS("usage.role"))
@click.option("--unit", metavar=TEXTS("usage.unit"), help=TEXTS("cli.role_unit"))
@with_settings
def role_give(settings: Settings, person: str, name: str, unit: str | None) -> None:
    from bot.managing import give_role

    give_role(settings, person, name, unit, click.echo)


@role.command("take", help=TEXTS("cli.role_take"))
@click.argument("person", metavar=TEXTS("usage.person"))
@click.argument("name", type=ROLE, metavar=TEXTS("usage.role"))
@click.option("--unit", metavar=TEXTS("usage.unit"), help=TEXTS("cli.role_unit"))
@with_settings
def role_take(settings: Settings, person: str, name: str, unit: str | None) -> None:
    from bot.managing import take_role

    take_role(settings, person, name, unit, click.echo)
