"""`ungxu quiz`: banks of questions."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot import usage
from bot.commands.shared import as_json_lines, with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.quiz"))
def quiz() -> None:
    pass


quiz_format = click.option(
    "--format",
    "form",
    type=click.Choice(["chu", "docx", "xlsx", "csv", "gift", "aiken"]),
    help=TEXTS("cli.quiz_format"),
)
quiz_skip = click.option("--skip", is_flag=True, help=TEXTS("cli.quiz_skip"))
quiz_file = click.argument("file", required=False, metavar=TEXTS("usage.some_file"), type=click.Path(path_type=Path))


@quiz.command("template", help=TEXTS("cli.quiz_template"))
@click.argument("file", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path))
def quiz_template(file: Path) -> None:
    from bot.quiz import template

    template(file, click.echo)


@quiz.command("check", help=TEXTS("cli.quiz_check"))
@quiz_file
@quiz_format
@quiz_skip
@with_settings
def quiz_check(settings: Settings, file: Path | None, form: str | None, skip: bool) -> None:
    from bot.quiz import check_file
    from handlers.quiz.formats import Format

    if not check_file(settings, file, Format(form) if form else None, skip, click.echo):
        sys.exit(1)


@quiz.command("import", help=TEXTS("cli.quiz_import"))
@quiz_file
@click.option("--bank", default="", help=TEXTS("cli.quiz_bank"))
@quiz_format
@quiz_skip
@with_settings
def quiz_import(settings: Settings, file: Path | None, bank: str, form: str | None, skip: bool) -> None:
    from bot.quiz import take_over
    from handlers.quiz.formats import Format

    if not take_over(settings, file, bank, Format(form) if form else None, skip, click.echo):
        sys.exit(1)


@quiz.command("export", help=TEXTS("cli.quiz_export"))
@click.argument("bank", metavar=TEXTS("usage.bank"))
@click.argument("file", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path))
@quiz_format
@with_settings
def quiz_export(settings: Settings, bank: str, file: Path, form: str | None) -> None:
    from bot.quiz import export
    from handlers.quiz.formats import Format

    export(settings, bank, file, Format(form) if form else None, click.echo)


@quiz.command("list", help=TEXTS("cli.quiz_list"))
@as_json_lines
@with_settings
def quiz_list(settings: Settings, as_json: bool) -> None:
    from bot.quiz import list_banks

    list_banks(settings, as_json, click.echo)
