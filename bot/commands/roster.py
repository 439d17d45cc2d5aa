"""`ungxu roster`: the list of everybody."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot import usage
from bot.commands.shared import with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.roster"))
def roster() -> None:
    pass


@roster.command("template", help=TEXTS("cli.roster_template"))
@click.argument("file", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path))
@with_settings
def roster_template(settings: Settings, file: Path) -> None:
    from bot.roster import template

    template(settings, file, click.echo)


@roster.command("import", help=TEXTS("cli.roster_import"))
@click.argument("file", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help=TEXTS("cli.roster_check"))
@click.option("--sheet", default="", help=TEXTS("cli.roster_sheet"))
@click.option("--create-units", is_flag=True, help=TEXTS("cli.roster_create_units"))
@click.option("--create-alike", is_flag=True, help=TEXTS("cli.roster_create_alike"))
@click.option("--leave-missing", is_flag=True, help=TEXTS("cli.roster_leave_missing"))
@with_settings
def roster_import(
    settings: Settings,
    file: Path,
    check: bool,
    sheet: str,
    create_units: bool,
    create_alike: bool,
    leave_missing: bool,
) -> None:
    from bot.roster import take_over

    taken = take_over(
        settings,
        file,
        click.echo,
        sheet=sheet,
        only_check=check,
        create_units=create_units or create_alike,
        create_alike=create_alike,
        leave_missing=leave_missing,
    )
    if not taken:
        sys.exit(1)
