"""`ungxu page`: the register of official pages."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot import usage
from bot.commands.shared import as_json_lines, with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.page"))
def page() -> None:
    pass


@page.command("list", help=TEXTS("cli.page_list"))
@click.argument("unit", required=False, metavar=TEXTS("usage.unit"))
@click.option("--like", help=TEXTS("cli.page_like"))
@as_json_lines
@with_settings
def page_list(settings: Settings, unit: str | None, like: str | None, as_json: bool) -> None:
    from bot.pages import list_pages

    list_pages(settings, unit, like, as_json, click.echo)


@page.command("import", help=TEXTS("cli.page_import"))
@click.argument("file", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help=TEXTS("cli.page_check"))
@with_settings
def page_import(settings: Settings, file: Path, check: bool) -> None:
    from bot.pages import take_over

    if not take_over(settings, file, click.echo, only_check=check):
        sys.exit(1)


@page.command("export", help=TEXTS("cli.page_export"))
@click.argument("file", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path))
@with_settings
def page_export(settings: Settings, file: Path) -> None:
    from bot.pages import export

    export(settings, file, click.echo)
