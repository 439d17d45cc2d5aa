"""The console command `ungxu`: what it does by itself; commands that have commands of their own in `bot.commands`."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import click

from bot import usage
from bot.commands.broadcast import broadcast
from bot.commands.documents import documents
from bot.commands.keys import keys
from bot.commands.member import member
from bot.commands.page import page
from bot.commands.privacy import privacy
from bot.commands.quiz import quiz
from bot.commands.report import report
from bot.commands.role import role
from bot.commands.roster import roster
from bot.commands.shared import as_json_lines, with_settings
from bot.commands.unit import unit
from bot.commands.zalo_oa import zalo_oa
from bot.explaining import TEXTS, explain
from bot.settings import Settings, usable_settings
from storage.reports import HARMS, KINDS, Harm, Kind


def main() -> None:
    """Run the command; every failure is one clear line on standard error and a non-zero exit."""
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        if isinstance(stream, io.TextIOWrapper):
            # Windows consoles and pipes may stand on a code page without Vietnamese letters.
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        cli(prog_name="ungxu", standalone_mode=False)
    except click.ClickException as error:
        usage.show(error)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        # The reader went away ("| head"); nothing is left to say.
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        fail(explain(error))


def fail(message: str) -> NoReturn:
    """Print a message to standard error and exit with 1."""
    click.echo(message, err=True)
    sys.exit(1)


@click.group(cls=usage.Group, help=TEXTS("cli.program"), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("ungxu"), message=TEXTS("cli.version_line"), help=TEXTS("cli.version"))
def cli() -> None:
    pass


for group in (broadcast, documents, keys, member, page, privacy, quiz, report, role, roster, unit, zalo_oa):
    cli.add_command(group)


@cli.command(help=TEXTS("cli.chat"))
@with_settings
def chat(settings: Settings) -> None:
    from bot.app import App
    from bot.channels.terminal import Terminal, is_interactive, wrapped

    terminal = Terminal(TEXTS("cli.chat_prompt"))
    app = App(settings, [terminal])
    if is_interactive():
        click.echo(wrapped(TEXTS("cli.chat_hint")))
    try:
        asyncio.run(app.converse(terminal))
    finally:
        app.close()
    click.echo(TEXTS("cli.chat_end"))


@cli.command(help=TEXTS("cli.ask"))
@click.argument("text", nargs=-1, metavar=TEXTS("usage.question"))
@click.option("--json", "as_json", is_flag=True, help=TEXTS("cli.ask_json"))
@click.option("--batch", type=click.Path(), help=TEXTS("cli.ask_batch"))
@with_settings
def ask(settings: Settings, text: tuple[str, ...], as_json: bool, batch: str | None) -> None:
    from bot.asking import Asker, ask_batch
    from bot.channels.terminal import wrapped

    question = " ".join(text)
    if batch and text:
        raise click.UsageError(TEXTS("cli.batch_and_text"))
    if not batch and not text:
        raise click.UsageError(TEXTS("cli.nothing_to_ask"))
    asker = Asker(settings)
    if batch:
        # On the screen the answers themselves show that it goes on.
        progress = sys.stderr.isatty() and not sys.stdout.isatty()
        faults = ask_batch(asker, batch, sys.stdin, click.echo, progress=progress)
        if faults:
            sys.exit(1)
    elif as_json:
        click.echo(json.dumps(asker.answer(question), ensure_ascii=False, indent=2))
    else:
        click.echo(wrapped(asker.answer(question)["text"]))


@cli.command("eval", help=TEXTS("cli.eval"))
@click.option("--documents", required=True, type=click.Path(path_type=Path), help=TEXTS("cli.eval_documents"))
@click.option("--questions", required=True, type=click.Path(path_type=Path), help=TEXTS("cli.eval_questions"))
@click.option("--no-accents", is_flag=True, help=TEXTS("cli.eval_no_accents"))
@click.option("--json", "as_json", is_flag=True, help=TEXTS("cli.eval_json"))
def evaluate(documents: Path, questions: Path, no_accents: bool, as_json: bool) -> None:
    from bot.evaluating import run

    figures = run(documents, questions, no_accents=no_accents, progress=not as_json)
    if as_json:
        click.echo(json.dumps(figures.as_json()))
        return
    hits = {f"hit{depth}": share for depth, share in figures.hits.items()}
    click.echo(TEXTS("cli.figures", questions=figures.questions, mrr=figures.mrr, ms=figures.ms_per_question, **hits))


@cli.command(help=TEXTS("cli.questions"))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help=TEXTS("cli.questions_limit"))
@click.option("--json", "as_json", is_flag=True, help=TEXTS("cli.questions_json"))
@with_settings
def questions(settings: Settings, limit: int, as_json: bool) -> None:
    from bot.listing import list_questions

    list_questions(settings, limit, as_json, click.echo)


@cli.command(help=TEXTS("cli.setup"))
@click.option("--yes", is_flag=True, help=TEXTS("cli.setup_yes"))
@click.option("--data", help=TEXTS("cli.setup_data"))
@click.option("--office", help=TEXTS("cli.setup_office"))
@click.option("--office-name", help=TEXTS("cli.setup_name"))
@click.option("--introduced-by", help=TEXTS("cli.setup_introduced_by"))
@click.option("--contact", help=TEXTS("cli.setup_contact"))
@click.option("--phone", help=TEXTS("cli.setup_phone"))
@click.option("--hours", help=TEXTS("cli.setup_hours"))
@click.option("--province", help=TEXTS("cli.setup_province"))
@click.option("--documents", help=TEXTS("cli.setup_documents"))
@click.option("--parent", help=TEXTS("cli.setup_parent"))
@click.option("--symbol", help=TEXTS("cli.setup_symbol"))
@click.option("--place", help=TEXTS("cli.setup_place"))
@click.option("--signer", help=TEXTS("cli.setup_signer"))
@click.option("--zalo-tokens", help=TEXTS("cli.setup_zalo_tokens"))
@click.option("--zalo-names", help=TEXTS("cli.setup_zalo_names"))
@click.option("--telegram-token", help=TEXTS("cli.setup_token"))
@click.option("--updates", help=TEXTS("cli.setup_updates"))
@click.option("--public-url", help=TEXTS("cli.setup_public_url"))
@click.option("--listen", help=TEXTS("cli.setup_listen"))
def setup(yes: bool, **given: str | None) -> None:
    from bot.setting_up import Given, set_up

    set_up(Given(**given), asks=not yes, write=click.echo)


@cli.command(help=TEXTS("cli.claim"))
@with_settings
def claim(settings: Settings) -> None:
    from bot.claiming import claim

    claim(settings, click.echo)


@cli.command(help=TEXTS("cli.invite"))
@click.argument("unit", metavar=TEXTS("usage.unit"))
@click.option("--sheet", type=click.Path(path_type=Path), metavar=TEXTS("usage.file"), help=TEXTS("cli.invite_sheet"))
@click.option("--bot", metavar=TEXTS("usage.name"), help=TEXTS("cli.invite_bot"))
@click.option("--revoke", is_flag=True, help=TEXTS("cli.invite_revoke"))
@as_json_lines
@with_settings
def invite(settings: Settings, unit: str, sheet: Path | None, bot: str | None, revoke: bool, as_json: bool) -> None:
    from bot import inviting

    if revoke and (sheet or bot or as_json):
        raise click.UsageError(TEXTS("cli.invite_only_revoke"))
    if revoke:
        inviting.revoke(settings, unit, click.echo)
    else:
        inviting.invite(settings, unit, sheet, bot, as_json, click.echo)


@cli.command(help=TEXTS("cli.route"))
@click.option("--try", "text", metavar=TEXTS("usage.sentence"), help=TEXTS("cli.route_try"))
@click.option("--kind", type=click.Choice(KINDS), help=TEXTS("cli.route_kind"))
@click.option("--platform", metavar=TEXTS("usage.platform"), help=TEXTS("cli.route_platform"))
@click.option("--harm", type=click.Choice(HARMS), help=TEXTS("cli.route_harm"))
@click.option("--unit", metavar=TEXTS("usage.unit"), help=TEXTS("cli.route_unit"))
@click.option("--at", type=usage.Moment(), metavar=TEXTS("usage.moment"), help=TEXTS("cli.route_at"))
@as_json_lines
@with_settings
def route(
    settings: Settings,
    text: str | None,
    kind: Kind | None,
    platform: str | None,
    harm: Harm | None,
    unit: str | None,
    at: dt.datetime | None,
    as_json: bool,
) -> None:
    from bot.routes import Tried, try_route, understood

    said = understood(settings, text) if text else Tried()
    tried = Tried(kind or said.kind, platform or said.platform, harm or said.harm)
    try_route(settings, tried, unit, at, as_json, click.echo)


@cli.command(help=TEXTS("cli.audit"))
@click.option("--since", type=usage.Day(), metavar=TEXTS("usage.day"), help=TEXTS("cli.audit_since"))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help=TEXTS("cli.audit_limit"))
@as_json_lines
@with_settings
def audit(settings: Settings, since: dt.date | None, limit: int, as_json: bool) -> None:
    from bot.auditing import list_acts

    list_acts(settings, since, limit, as_json, click.echo)


@cli.command(help=TEXTS("cli.rights"))
def rights() -> None:
    from bot.rights import table

    click.echo(table(TEXTS))


@cli.command(help=TEXTS("cli.run"))
@with_settings
def run(settings: Settings) -> None:
    from bot.running import run

    run(settings, click.echo)


@cli.command(help=TEXTS("cli.backup"))
@click.argument("folder", required=False, metavar=TEXTS("usage.folder"), type=click.Path(path_type=Path))
@with_settings
def backup(settings: Settings, folder: Path | None) -> None:
    from bot.backup import run

    run(settings, folder, click.echo)


@cli.command(help=TEXTS("cli.restore"))
@click.argument("file", metavar=TEXTS("usage.file"), type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help=TEXTS("cli.restore_yes"))
@with_settings
def restore(settings: Settings, file: Path, yes: bool) -> None:
    from bot.channels.terminal import is_interactive
    from bot.restore import restore

    def agreed() -> bool:
        if yes or not is_interactive():
            return yes
        return click.confirm(TEXTS("cli.restore_ask"))

    if not restore(settings, file, click.echo, agreed):
        fail(TEXTS("cli.restore_ask_yes"))


@cli.command("new-key", help=TEXTS("cli.new_key"))
def new_key() -> None:
    from bot.files import new_key

    click.echo(new_key())


@cli.command(help=TEXTS("cli.doctor"))
def doctor() -> None:
    from bot.doctor import examine

    settings, faults = usable_settings()
    if not examine(settings, click.echo, faults):
        sys.exit(1)
