"""The command line in Vietnamese: how a command is called, its help, and what is wrong with a call."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import click

from bot.explaining import TEXTS

# What click itself says in a help page, by the names of our texts.
_HEADINGS = {"Options": "options", "Commands": "commands", "Positional arguments": "arguments"}
_WORDS = {
    "[OPTIONS]": "some_options",
    "COMMAND [ARGS]...": "some_command",
    "[required]": "required",
    "[default: ": "default",
}
_KINDS = {"INTEGER RANGE": "number", "INTEGER": "number", "TEXT": "value", "PATH": "file"}
_LEAST = re.compile(r"x>=(\d+)")


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, _said(args), f"{TEXTS('usage.usage')} " if prefix is None else prefix)

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        with super().section(TEXTS(f"usage.{_HEADINGS[name]}") if name in _HEADINGS else name):
            yield

    def write_dl(self, rows: Iterable[tuple[str, str]], *widths: int, **more: int) -> None:
        super().write_dl([(_value(term), _said(about)) for term, about in rows], *widths, **more)


def _said(text: str) -> str:
    for words, name in _WORDS.items():
        text = text.replace(words, TEXTS(f"usage.{name}"))
    return _LEAST.sub(lambda found: TEXTS("usage.least", least=found[1]), text)


def _value(term: str) -> str:
    """An option, and what is written behind it: "--limit INTEGER RANGE"."""
    for kind, name in _KINDS.items():
        if term.endswith(f" {kind}"):
            return f"{term.removesuffix(kind)}{TEXTS(f'usage.{name}')}"
    return term


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command whose help is in Vietnamese."""

    context_class = _Context

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option that shows the help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = TEXTS("usage.help")
        return option

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; raise a UsageError for what is wrong with them."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if type(error) is not click.UsageError:
                raise
            # The one fault that has no class of its own.
            raise click.UsageError(TEXTS("usage.too_many"), ctx) from None


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type


class Day(click.ParamType[dt.date]):
    """A day as people write it, 05/12/2026, or as programs do, 2026-12-05."""

    name = "day"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """Return the day; raise BadParameter."""
        for form in ("%d/%m/%Y", "%Y-%m-%d"):
            with suppress(ValueError):
                return dt.datetime.strptime(value.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        raise click.BadParameter(value, ctx, param)


class Moment(click.ParamType[dt.datetime]):
    """A time at the office as people write it, 05/12/2026 23:00, or as programs do, 2026-12-05T23:00."""

    name = "day"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """Return the time, without a zone; raise BadParameter."""
        for form in ("%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"):
            with suppress(ValueError):
                return dt.datetime.strptime(value.strip(), form)  # noqa: DTZ007 - the office's zone is a setting
        raise click.BadParameter(value, ctx, param)


def show(error: click.ClickException) -> None:
    """Print on standard error how the command is called and what is wrong with the call."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return
    if context is not None:
        click.echo(context.get_usage(), err=True)
        click.echo(TEXTS("usage.hint", command=context.command_path) + "\n", err=True)
    click.echo(TEXTS("cli.error", message=_fault(error)), err=True)


def _fault(error: click.ClickException) -> str:
    match error:
        case click.MissingParameter():
            return TEXTS("usage.missing", name=_name(error))
        case click.BadParameter():
            kind = error.param.type if error.param else None
            if isinstance(kind, click.IntRange) and kind.min is not None:
                return TEXTS("usage.not_from", name=_name(error), least=kind.min)
            if isinstance(kind, Day):
                return TEXTS("usage.not_day", name=_name(error))
            if isinstance(kind, click.Choice):
                return TEXTS("usage.not_one_of", name=_name(error), choices=", ".join(kind.choices))
            return TEXTS("usage.bad_value", name=_name(error))
        case click.NoSuchOption():
            return _unknown("option", error.option_name, error.possibilities)
        case click.NoSuchCommand():
            return _unknown("command", error.command_name, error.possibilities)
        case click.BadOptionUsage():
            return TEXTS("usage.bad_option", name=error.option_name)
        case _:
            return error.format_message()


def _unknown(what: str, name: str, near: Iterable[str] | None) -> str:
    if near:
        return TEXTS(f"usage.no_such_{what}_near", name=name, near=", ".join(near))
    return TEXTS(f"usage.no_such_{what}", name=name)


def _name(error: click.BadParameter) -> str:
    return error.param.get_error_hint(error.ctx).replace("'", "") if error.param else ""
