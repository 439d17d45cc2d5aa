"""From nothing to the first member as docs/cai-dat.md says it: its commands, its answers, its words, real processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.explaining import TEXTS
from tests.botapi.client import BotApi
from tests.botapi.records import Record
from tests.helpers import run_process
from tests.run_process import RECEIVING
from tests.telegram_bot import OTHER, PERSON

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "cai-dat.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
COMMANDS = "".join(block for kind, block in BLOCKS if kind == "").splitlines()
QUESTIONS, PRINTED, CLAIMING, INVITING, JOINING = (block for kind, block in BLOCKS if kind == "text")

CODE = r"[A-Z0-9]{3}(?:-[A-Z0-9]{3})+"


def flat(text: str) -> str:
    return " ".join(text.split())


def read(shown: str, text: str, codes: dict[str, str]) -> bool:
    """Whether a text holds what the guide shows, apart from what it leaves out; real codes are learned from it."""
    parts = re.split(f"({CODE})", flat(shown))
    pattern = "".join(f"({CODE})" if re.fullmatch(CODE, part) else re.escape(part) for part in parts)
    found = re.search(pattern.replace("…", ".*"), flat(text))
    if found:
        codes.update(zip(re.findall(CODE, shown), found.groups(), strict=True))
    return bool(found)


def answers() -> Iterator[tuple[str, str]]:
    """Each question of `ungxu setup` that the guide shows, with what is typed."""
    asked = [TEXTS(name) for name in TEXTS.names if name.startswith("setup.ask_")]
    for line in QUESTIONS.splitlines():
        (question,) = [text for text in asked if line.startswith((f"{text}:", f"{text} ["))]
        typed = re.fullmatch(rf"{re.escape(question)}(?: \[.*?\])?: ?(.*)", line)
        assert typed, line
        yield question, typed.group(1)


def talk(api: BotApi, person: int, conversation: str, codes: dict[str, str]) -> None:
    """Say and press what the guide says, and wait each time for what it shows."""
    turns = re.findall(r"^> ([^\n]+)\n(.*?)(?=^> |\Z)", conversation, re.MULTILINE | re.DOTALL)
    assert turns
    for said, shown in turns:
        before = api.transcript(person)
        if said.startswith("["):
            label = said.strip("[]")
            shows = [record for record in before if label in [button.label for button in record.buttons]]
            api.press(person, shows[-1], label)
        else:
            api.say(person, codes.get(said, said))

        def answered(seen: list[Record], since: int = len(before), shown: str = shown) -> bool:
            return any(read(shown, record.text, codes) for record in seen[since:])

        api.wait_for(answered, person, 20)


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[None]:
    """`ungxu run` in a folder where everything else is told by `.env`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UNGXU_")}
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=folder,
            env={**environment, "PYTHONPATH": str(ROOT), **settings},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        while RECEIVING not in log.read_text(encoding="utf-8"):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


def test_the_guide_names_the_same_commands_for_both_systems() -> None:
    for ungxu in (".venv\\Scripts\\ungxu ", "sudo -u ungxu .venv/bin/ungxu "):
        assert [line.removeprefix(ungxu) for line in COMMANDS if line.startswith(ungxu)] == ["setup", "run"]


def test_from_nothing_to_the_first_member(api: BotApi, tmp_path: Path) -> None:
    telegram = {"UNGXU_TELEGRAM_API_URL": api.url}
    asked = list(answers())
    token = TEXTS("setup.ask_token")
    typed = "".join(f"{api.token if question == token else answer}\n" for question, answer in asked)
    ended = run_process("setup", cwd=tmp_path, stdin=typed.encode(), env={"PYTHONPATH": str(ROOT), **telegram})
    assert (ended.code, ended.err) == (0, "")
    places = [ended.out.index(question) for question, _ in asked]
    assert places == sorted(places)
    assert "hỏng" not in ended.out.partition(TEXTS("setup.examined"))[2]
    codes: dict[str, str] = {}
    assert read(PRINTED, ended.out, codes)
    with running(tmp_path, **telegram):
        api.say(PERSON, "/start")
        talk(api, PERSON, CLAIMING, codes)
        talk(api, PERSON, INVITING, codes)
        api.say(OTHER, "/start")
        talk(api, OTHER, JOINING, codes)
