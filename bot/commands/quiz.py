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


@quiz.command("plan", help=TEXTS("cli.quiz_plan"))
@click.argument("title", metavar=TEXTS("usage.title"))
@click.option("--bank", required=True, metavar=TEXTS("usage.bank"), help=TEXTS("cli.quiz_plan_bank"))
@click.option("--closes", required=True, metavar=TEXTS("usage.day"), help=TEXTS("cli.quiz_plan_closes"))
@click.option("--opens", default="", metavar=TEXTS("usage.day"), help=TEXTS("cli.quiz_plan_opens"))
@click.option("--topic", "topics", multiple=True, metavar=TEXTS("usage.topic"), help=TEXTS("cli.quiz_plan_topic"))
@click.option("--draw", default=0, type=click.IntRange(0), help=TEXTS("cli.quiz_plan_draw"))
@click.option("--pass-mark", default=80, show_default=True, type=int, help=TEXTS("cli.quiz_plan_pass_mark"))
@click.option("--attempts", default=1, show_default=True, type=int, help=TEXTS("cli.quiz_plan_attempts"))
@click.option("--explain-at-end", is_flag=True, help=TEXTS("cli.quiz_plan_explain_end"))
@click.option("--by-name", is_flag=True, help=TEXTS("cli.quiz_plan_by_name"))
@click.option("--polls", is_flag=True, help=TEXTS("cli.quiz_plan_polls"))
@click.option("--any-hour", is_flag=True, help=TEXTS("cli.quiz_plan_any_hour"))
@click.option("--to", "whom", default="", metavar=TEXTS("usage.whom"), help=TEXTS("cli.quiz_plan_whom"))
@click.option("--yes", is_flag=True, help=TEXTS("cli.quiz_plan_yes"))
@with_settings
def quiz_plan(
    settings: Settings,
    title: str,
    bank: str,
    closes: str,
    opens: str,
    topics: tuple[str, ...],
    whom: str,
    yes: bool,
    draw: int,
    pass_mark: int,
    attempts: int,
    explain_at_end: bool,
    by_name: bool,
    polls: bool,
    any_hour: bool,
) -> None:
    from bot.quiz import plan
    from handlers.quiz.rounds import Rules

    def ask(question: str) -> str:
        return str(click.prompt(question, default="", show_default=False, prompt_suffix=" "))

    rules = Rules(
        topics=topics,
        draw=draw,
        pass_mark=pass_mark,
        attempts=attempts,
        explain="end" if explain_at_end else "each",
        by_name=by_name,
        polls=polls,
        any_hour=any_hour,
    )
    plan(settings, title, bank, rules, (opens, closes), whom, None if yes else ask, click.echo)


@quiz.command("list", help=TEXTS("cli.quiz_list"))
@as_json_lines
@with_settings
def quiz_list(settings: Settings, as_json: bool) -> None:
    from bot.quiz import list_banks

    list_banks(settings, as_json, click.echo)
