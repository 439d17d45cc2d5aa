"""The console command `ungxu`: one group, a file for each larger command beside it."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import sys
from collections.abc import Callable
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from bot import usage
from bot.explaining import TEXTS, explain
from bot.settings import Settings, load_settings, usable_settings
from storage.reports import HARMS, KINDS, Harm, Kind

Result = TypeVar("Result")


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


as_json_lines = click.option("--json", "as_json", is_flag=True, help=TEXTS("cli.as_json"))


def with_settings(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command the settings as its first argument."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Result:
        return command(load_settings(), *args, **kwargs)

    return wrapper


@click.group(cls=usage.Group, help=TEXTS("cli.program"), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("ungxu"), message=TEXTS("cli.version_line"), help=TEXTS("cli.version"))
def cli() -> None:
    pass


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


@cli.group(help=TEXTS("cli.documents"))
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


@cli.group(help=TEXTS("cli.roster"))
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


@cli.group(help=TEXTS("cli.quiz"))
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


@cli.group(help=TEXTS("cli.unit"))
def unit() -> None:
    pass


@unit.command("list", help=TEXTS("cli.unit_list"))
@as_json_lines
@with_settings
def unit_list(settings: Settings, as_json: bool) -> None:
    from bot.managing import list_units

    list_units(settings, as_json, click.echo)


@unit.command("add", help=TEXTS("cli.unit_add"))
@click.argument("name", metavar=TEXTS("usage.name"))
@click.option("--under", metavar=TEXTS("usage.unit"), help=TEXTS("cli.unit_add_under"))
@with_settings
def unit_add(settings: Settings, name: str, under: str | None) -> None:
    from bot.managing import add_unit

    add_unit(settings, name, under, click.echo)


@unit.command("rename", help=TEXTS("cli.unit_rename"))
@click.argument("name", metavar=TEXTS("usage.unit"))
@click.argument("new_name", metavar=TEXTS("usage.name"))
@with_settings
def unit_rename(settings: Settings, name: str, new_name: str) -> None:
    from bot.managing import rename_unit

    rename_unit(settings, name, new_name, click.echo)


@unit.command("move", help=TEXTS("cli.unit_move"))
@click.argument("name", metavar=TEXTS("usage.unit"))
@click.option("--under", metavar=TEXTS("usage.unit"), help=TEXTS("cli.unit_move_under"))
@click.option("--top", is_flag=True, help=TEXTS("cli.unit_move_top"))
@with_settings
def unit_move(settings: Settings, name: str, under: str | None, top: bool) -> None:
    from bot.managing import move_unit

    if top == (under is not None):
        raise click.UsageError(TEXTS("cli.unit_move_where"))
    move_unit(settings, name, under, click.echo)


@unit.command("merge", help=TEXTS("cli.unit_merge"))
@click.argument("name", metavar=TEXTS("usage.unit"))
@click.argument("into", metavar=TEXTS("usage.into"))
@with_settings
def unit_merge(settings: Settings, name: str, into: str) -> None:
    from bot.managing import merge_unit

    merge_unit(settings, name, into, click.echo)


@unit.command("close", help=TEXTS("cli.unit_close"))
@click.argument("name", metavar=TEXTS("usage.unit"))
@with_settings
def unit_close(settings: Settings, name: str) -> None:
    from bot.managing import close_unit

    close_unit(settings, name, click.echo)


@cli.group(help=TEXTS("cli.page"))
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


@cli.group(help=TEXTS("cli.report"))
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


@cli.group(help=TEXTS("cli.member"))
def member() -> None:
    pass


@member.command("list", help=TEXTS("cli.member_list"))
@click.argument("unit", required=False, metavar=TEXTS("usage.unit"))
@as_json_lines
@with_settings
def member_list(settings: Settings, unit: str | None, as_json: bool) -> None:
    from bot.managing import list_members

    list_members(settings, unit, as_json, click.echo)


@member.command("show", help=TEXTS("cli.member_show"))
@click.argument("person", metavar=TEXTS("usage.person"))
@as_json_lines
@with_settings
def member_show(settings: Settings, person: str, as_json: bool) -> None:
    from bot.managing import show_member

    show_member(settings, person, as_json, click.echo)


@member.command("add", help=TEXTS("cli.member_add"))
@click.argument("name", metavar=TEXTS("usage.name"))
@click.option("--unit", required=True, metavar=TEXTS("usage.unit"), help=TEXTS("cli.member_add_unit"))
@click.option("--position", default="", help=TEXTS("cli.member_add_position"))
@click.option("--code", help=TEXTS("cli.member_add_code"))
@with_settings
def member_add(settings: Settings, name: str, unit: str, position: str, code: str | None) -> None:
    from bot.managing import add_member

    add_member(settings, name, unit, position, code, click.echo)


@member.command("transfer", help=TEXTS("cli.member_transfer"))
@click.argument("person", metavar=TEXTS("usage.person"))
@click.argument("unit", metavar=TEXTS("usage.unit"))
@click.option("--from", "day", type=usage.Day(), metavar=TEXTS("usage.day"), help=TEXTS("cli.member_transfer_from"))
@with_settings
def member_transfer(settings: Settings, person: str, unit: str, day: dt.date | None) -> None:
    from bot.managing import transfer_member

    transfer_member(settings, person, unit, day, click.echo)


@member.command("leave", help=TEXTS("cli.member_leave"))
@click.argument("person", metavar=TEXTS("usage.person"))
@with_settings
def member_leave(settings: Settings, person: str) -> None:
    from bot.managing import let_leave

    let_leave(settings, person, click.echo)


@member.command("hold", help=TEXTS("cli.member_hold"))
@click.argument("person", metavar=TEXTS("usage.person"))
@with_settings
def member_hold(settings: Settings, person: str) -> None:
    from bot.managing import hold_member

    hold_member(settings, person, click.echo)


@member.command("restore", help=TEXTS("cli.member_restore"))
@click.argument("person", metavar=TEXTS("usage.person"))
@with_settings
def member_restore(settings: Settings, person: str) -> None:
    from bot.managing import restore_member

    restore_member(settings, person, click.echo)


@cli.group(help=TEXTS("cli.role"))
def role() -> None:
    pass


ROLE = click.Choice(["dau-moi", "lanh-dao", "quan-tri"])


@role.command("list", help=TEXTS("cli.role_list"))
@as_json_lines
@with_settings
def role_list(settings: Settings, as_json: bool) -> None:
    from bot.managing import list_roles

    list_roles(settings, as_json, click.echo)


@role.command("give", help=TEXTS("cli.role_give"))
@click.argument("person", metavar=TEXTS("usage.person"))
@click.argument("name", type=ROLE, metavar=TEXTS("usage.role"))
@click.option("--unit", metavar=TEXTS("usage.unit"), help=TEXTS("cli.role_unit"))
@with_settings
def role_give(settings: Settings, person: str, name: str, unit: str | None) -> None:
    from bot.managing import give_role

    give_role(settings, person, name, unit, click.echo)


@role.command("take", help=TEXTS("cli.role_take"))
@click.argument("person", metavar=TEXTS("usage.person"))
@click.argument("name", type=ROLE, metavar=TEXTS("usage.role"))
@click.option("--unit", metavar=TEXTS("usage.unit"), help=TEXTS("cli.role_unit"))
@with_settings
def role_take(settings: Settings, person: str, name: str, unit: str | None) -> None:
    from bot.managing import take_role

    take_role(settings, person, name, unit, click.echo)


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


@cli.group(help=TEXTS("cli.broadcast"))
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


@cli.group(help=TEXTS("cli.privacy"))
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


@cli.group(help=TEXTS("cli.keys"))
def keys() -> None:
    pass


@keys.command("rotate", help=TEXTS("cli.keys_rotate"))
@click.option("--write", "into_file", is_flag=True, help=TEXTS("cli.keys_rotate_write"))
@with_settings
def keys_rotate(settings: Settings, into_file: bool) -> None:
    from bot.keys import rotate

    rotate(settings, into_file, click.echo)


@keys.command("status", help=TEXTS("cli.keys_status"))
@with_settings
def keys_status(settings: Settings) -> None:
    from bot.keys import status

    status(settings, click.echo)


@cli.group("zalo-oa", help=TEXTS("cli.zalo_oa"))
def zalo_oa() -> None:
    pass


@zalo_oa.command("login", help=TEXTS("cli.zalo_oa_login"))
@with_settings
def zalo_oa_login(settings: Settings) -> None:
    from bot.channels.zalo_oa.login import login

    login(settings, click.echo, lambda: sys.stdin.readline())


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
