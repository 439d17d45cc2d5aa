"""`ungxu documents`: the documents, as they are and as they are made."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot import usage
from bot.commands.shared import with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.documents"))
def documents() -> None:
    pass


@documents.command("list", help=TEXTS("cli.documents_list"))
@with_settings
def documents_list(settings: Settings) -> None:
    from bot.listing import list_documents

    list_documents(settings, click.echo)


@documents.command("show", help=TEXTS("cli.documents_show"))
@click.argument("name", metavar=TEXTS("usage.id"))
@with_settings
def documents_show(settings: Settings, name: str) -> None:
    from bot.listing import show_document

    show_document(settings, name, click.echo)


@documents.command("check", help=TEXTS("cli.documents_check"))
@click.argument("path", required=False, metavar=TEXTS("usage.folder"), type=click.Path(path_type=Path))
@with_settings
def documents_check(settings: Settings, path: Path | None) -> None:
    from bot.importing import check

    if check(settings, path, click.echo):
        sys.exit(1)


@documents.command("new", help=TEXTS("cli.documents_new"))
@click.argument("file", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path))
@click.option("--id", "document_id", required=True, help=TEXTS("cli.documents_new_id"))
@click.option("--title", help=TEXTS("cli.documents_new_title"))
@click.option("--output", type=click.Path(path_type=Path), help=TEXTS("cli.documents_new_output"))
@with_settings
def documents_new(settings: Settings, file: Path, document_id: str, title: str | None, output: Path | None) -> None:
    from bot.importing import new

    new(settings, file, document_id, title, output, click.echo)
