"""The documentation says what exists, and what it shows is what happens."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from bot.channels.markup import plain
from bot.cli import cli
from bot.settings import Settings
from handlers.ask.wording import Writer
from handlers.authorization import ACTS
from handlers.context import Context
from handlers.office import Office
from handlers.retention import Retention, bounds
from handlers.texts import CATALOGUE, Texts
from knowledge.background import Background
from knowledge.loading import BUILT_IN, load_library
from knowledge.schema import DocumentEntry, EditionEntry, ProvisionEntry
from knowledge.search import Search
from storage.people import Address
from tests.conversations import Conversation, whole

pytestmark = pytest.mark.every_channel

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADMIN = (ROOT / "docs" / "huong-dan-quan-tri.md").read_text(encoding="utf-8")
STAFF = (ROOT / "docs" / "huong-dan-can-bo.md").read_text(encoding="utf-8")
FORMAT = (ROOT / "docs" / "van-ban.md").read_text(encoding="utf-8")


def commands(group: click.Group, prefix: str = "ungxu") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


@pytest.mark.parametrize(("name", "command"), list(commands(cli)))
def test_every_command_has_help_and_stands_in_the_guide(name: str, command: click.Command) -> None:
    assert command.help
    assert name in ADMIN
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, (name, parameter.name)
            assert parameter.opts[0] in ADMIN, (name, parameter.opts[0])


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    setting = f"UNGXU_{name.upper()}"
    assert setting in (ROOT / ".env.example").read_text(encoding="utf-8")
    assert setting in ADMIN


@pytest.mark.parametrize("name", Office.model_fields)
def test_every_field_of_the_office_is_documented(name: str) -> None:
    assert f"`{name}`" in ADMIN


def test_every_retention_period_stands_in_the_guide_as_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (\d+) \| (\d+)-(\d+) \|$", ADMIN, re.MULTILINE)
    told = {name: tuple(map(int, days)) for name, *days in rows}
    assert told == {name: (getattr(Retention(), name), *bounds(name)) for name in Retention.model_fields}


@pytest.mark.parametrize("model", [DocumentEntry, ProvisionEntry, EditionEntry])
def test_every_field_of_a_document_is_documented(model: type) -> None:
    for name, field in model.model_fields.items():
        assert f"`{field.alias or name}`" in FORMAT, name


def test_the_readme_names_the_two_commands() -> None:
    assert "make chat" in README
    assert "make test" in README


def test_the_conversation_in_the_readme_is_real(context: Context, address: Address) -> None:
    block = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert block is not None
    conversation = Conversation(replace(context, office=Office()), address)
    turns = re.findall(r"^> ([^\n]+)\n\n(.*?)(?=^> |\Z)", block.group(1), re.MULTILINE | re.DOTALL)
    assert len(turns) >= 2
    conversation.say("/start")
    for said, shown in turns:
        reply = " ".join("\n".join(map(whole, conversation.say(said))).split())
        for part in shown.replace("\n", " ").split("…"):
            assert " ".join(part.split()) in reply, (said, reply)


def test_what_the_guide_for_staff_shows_is_what_the_bot_says(
    search: Search, background: Background, texts: Texts
) -> None:
    office = ROOT / "docs" / "examples" / "office"
    with_own = Search(load_library(BUILT_IN, office / "documents"), background)
    shown = re.findall(r"^> \*\*(.+?)\*\*.*?\n>\n((?:> .*\n)+)", STAFF, re.MULTILINE)
    assert len(shown) >= 3
    for said, reply in shown:
        text = " ".join(reply.replace("\n> ", " ").removeprefix("> ").split())
        replies = [plain(Writer(texts, Office(), one).reply(one.answer(said))) for one in (search, with_own)]
        written = [" ".join(reply.split()) for reply in replies]
        for part in re.split(r"\[…\]|: (?=“)", text):
            assert any(part.strip() in reply for reply in written), (said, part)


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")))
def test_numbered_headings_count_from_one(page: Path) -> None:
    numbers = [int(found) for found in re.findall(r"^## (\d+)\. ", page.read_text(encoding="utf-8"), re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_text_of_the_catalogue_is_used() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for room in ("handlers", "bot") for path in (ROOT / room).rglob("*.py")
    )
    sections = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    # These are looked up by a name made at run time, and checked where that name comes from.
    for section in sections.keys() - {
        "talk",
        "howto",
        "refusal",
        "problem",
        "doctor",
        "button",
        "decline",
        "command",
        "setting",
        "usage",
        "refused",
        "act",
        "field",
        "manage",
        "state",
        "role",
        "rights",
        "channel",
        "correct",
        "outcome",
        "purpose",
        "remaining",
        "kind",
        "whose",
        "harm",
        "platform",
        "page",
        "casework",
        "sending",
        "reason",
        "recurs",
    }:
        for name in sections[section]:
            family = re.match(r"[a-z]+_", name)
            by_family = family is not None and f'f"{section}.{family.group()}{{' in sources
            assert by_family or f'"{section}.{name}"' in sources, f"{section}.{name}"
            family = re.match(r"[a-z]+_", name)
            by_family = family is not None and f'f"{section}.{family.group()}{{' in sources
            assert by_family or f'"{section}.{name}"' in sources, f"{section}.{name}"


def test_every_refusal_has_its_words_and_every_such_text_a_refusal() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "handlers").rglob("*.py"))
    raised = set(re.findall(r"(?:NotFound|NotPossible|super\(\).__init__)\(\s*\"(\w+)\"", sources))
    assert raised == tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["refused"].keys()


def test_every_act_has_its_words() -> None:
    assert tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["act"].keys() == ACTS.keys()


def test_versions_are_pinned_and_nothing_else() -> None:
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line), line


def test_every_requirement_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    }
    for requirement in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        assert re.match(r"[A-Za-z0-9._-]+", requirement).group().lower().replace("_", "-") in pinned  # type: ignore[union-attr]
