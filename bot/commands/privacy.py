"""`ungxu privacy`: what is kept about somebody who asks on paper."""

from __future__ import annotations

import click

from bot import usage
from bot.commands.shared import with_settings
from bot.explaining import TEXTS
from bot.settings import Settings


@click.group(cls=usage.Group, help=TEXTS("cli.privacy"))
def privacy() -> None:
    pass


@privacy.command("export", help=TEXTS("cli.privacy_export"))
@click.argument("person", nargs=-1, metavar=TEXTS("usage.whose"))
@click.option("--number", type=click.IntRange(1), help=TEXTS("cli.privacy_number"))
@click.option("--json", "as_json", is_flag=True, help=TEXTS("cli.privacy_json"))
@with_settings
def privacy_export(settings: Settings, person: tuple[str, ...], number: int | None, as_json: bool) -> None:
    from bot.personal_data import export

    export(settings, _whose(person, number), number, as_json, click.echo)


@privacy.command("delete", help=TEXTS("cli.privacy_delete"))
@click.argument("person", nargs=-1, metavar=TEXTS("usage.whose"))
@click.option("--number", type=click.IntRange(1), help=TEXTS("cli.privacy_number"))
@click.option("--yes", is_flag=True, help=TEXTS("cli.privacy_yes"))
@with_settings
def privacy_delete(settings: Settings, person: tuple[str, ...], number: int | None, yes: bool) -> None:
    from bot.personal_data import delete

    def ask(question: str) -> str:
        return str(click.prompt(question, default="", show_default=False, prompt_suffix=" "))

    delete(settings, _whose(person, number), number, None if yes else ask, click.echo)


def _whose(person: tuple[str, ...], number: int | None) -> str:
    if bool(person) == (number is not None):
        raise click.UsageError(TEXTS("cli.privacy_who"))
    return " ".join(person)
