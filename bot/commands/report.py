"""`ungxu report`: what is open, and what is handed upward."""

from __future__ import annotations

from pathlib import Path

import click

from bot import usage
from bot.commands.shared import as_json_lines, with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.report"))
def report() -> None:
    pass


@report.command("list", help=TEXTS("cli.report_list"))
@click.argument("unit", required=False, metavar=TEXTS("usage.unit"))
@as_json_lines
@with_settings
def report_list(settings: Settings, unit: str | None, as_json: bool) -> None:
    from bot.reports import list_reports

    list_reports(settings, unit, as_json, click.echo)


@report.command("summary", help=TEXTS("cli.report_summary"))
@click.option("--month", metavar=TEXTS("usage.month"), help=TEXTS("cli.report_month"))
@click.option("--unit", metavar=TEXTS("usage.unit"), help=TEXTS("cli.report_unit"))
@click.option("--docx", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path), help=TEXTS("cli.report_docx"))
@click.option("--xlsx", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path), help=TEXTS("cli.report_xlsx"))
@click.option("--cases", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path), help=TEXTS("cli.report_cases"))
@with_settings
def report_summary(
    settings: Settings, month: str | None, unit: str | None, docx: Path | None, xlsx: Path | None, cases: Path | None
) -> None:
    from bot.reports import summarize

    summarize(settings, month, unit, docx, xlsx, cases, click.echo)
