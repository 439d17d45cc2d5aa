"""`ungxu broadcast`: reminders that are sent, and who was informed."""

from __future__ import annotations

from pathlib import Path

import click

from bot import usage
from bot.commands.shared import with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.broadcast"))
def broadcast() -> None:
    pass


@broadcast.command("send", help=TEXTS("cli.broadcast_send"))
@click.argument("file", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path))
@click.option("--unit", metavar=TEXTS("usage.unit"), help=TEXTS("cli.broadcast_unit"))
@click.option("--draft", is_flag=True, help=TEXTS("cli.broadcast_draft"))
@click.option("--yes", is_flag=True, help=TEXTS("cli.broadcast_yes"))
@click.option("--watch", "watched", is_flag=True, help=TEXTS("cli.broadcast_watched"))
@with_settings
def broadcast_send(settings: Settings, file: Path, unit: str | None, draft: bool, yes: bool, watched: bool) -> None:
    from bot.broadcasting import send, watch

    def ask(question: str) -> str:
        return str(click.prompt(question, default="", show_default=False, prompt_suffix=" "))

    number = send(settings, file, unit, None if yes else ask, click.echo, draft=draft)
    if watched:
        watch(settings, number, click.echo)


@broadcast.command("list", help=TEXTS("cli.broadcast_list"))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help=TEXTS("cli.broadcast_limit"))
@with_settings
def broadcast_list(settings: Settings, limit: int) -> None:
    from bot.broadcasting import list_all

    list_all(settings, limit, click.echo)


@broadcast.command("results", help=TEXTS("cli.broadcast_results"))
@click.argument("number", metavar=TEXTS("usage.number"), type=click.IntRange(1))
@click.option("--unit", metavar=TEXTS("usage.unit"), help=TEXTS("cli.broadcast_only"))
@click.option("--output", type=click.Path(path_type=Path), help=TEXTS("cli.broadcast_output"))
@with_settings
def broadcast_results(settings: Settings, number: int, unit: str | None, output: Path | None) -> None:
    from bot.broadcasting import show

    show(settings, number, unit, output, click.echo)


@broadcast.command("watch", help=TEXTS("cli.broadcast_watch"))
@click.argument("number", metavar=TEXTS("usage.number"), type=click.IntRange(1))
@with_settings
def broadcast_watch(settings: Settings, number: int) -> None:
    from bot.broadcasting import watch

    watch(settings, number, click.echo)


def _steering(name: str, about: str) -> None:
    """Add a command that steers a broadcast."""

    @broadcast.command(name, help=TEXTS(about))
    @click.argument("number", metavar=TEXTS("usage.number"), type=click.IntRange(1))
    @with_settings
    def steer_it(settings: Settings, number: int) -> None:
        from bot.broadcasting import steer

        steer(settings, number, name, click.echo)


_steering("pause", "cli.broadcast_pause")
_steering("resume", "cli.broadcast_resume")
_steering("cancel", "cli.broadcast_cancel")
_steering("retry", "cli.broadcast_retry")
