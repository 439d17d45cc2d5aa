"""From nothing to the first answered question as docs/cai-dat.md says it: its commands, its answers, its words.

On Zalo, with which it begins, and on Telegram; with real processes and servers.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bot.explaining import TEXTS
from tests.botapi.client import BotApi
from tests.helpers import run_process
from tests.run_process import RECEIVING
from tests.telegram_bot import BOT_NAME, OTHER, PERSON
from tests.zaloapi.client import ZaloApi

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "cai-dat.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
COMMANDS = "".join(block for kind, block in BLOCKS if kind == "").splitlines()
QUESTIONS, ON_TELEGRAM, PRINTED, *TALKING = (block for kind, block in BLOCKS if kind == "text")
CLAIMING, INVITING, JOINING, ASKING = TALKING

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


def answers(shown: str) -> Iterator[tuple[str, str]]:
    """Each question of `ungxu setup` that the guide shows, with what is typed."""
    asked = [TEXTS(name) for name in TEXTS.names if name.startswith("setup.ask_")]
    for line in shown.splitlines():
        (question,) = [text for text in asked if line.startswith((f"{text}:", f"{text} ["))]
        typed = re.fullmatch(rf"{re.escape(question)}(?: \[.*?\])?: ?(.*)", line)
        assert typed, line
        yield question, typed.group(1)


class OnTelegram:
    """People who press buttons."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    def begin(self, person: int) -> None:
        """Press the button that everybody sees first."""
        self._api.say(person, "/start")

    def turn(self, person: int, said: str) -> None:
        """Say something, or press what stands in brackets."""
        if said.startswith("["):
            label = said.strip("[]")
            records = self._api.transcript(person)
            shows = [record for record in records if label in [button.label for button in record.buttons]]
            self._api.press(person, shows[-1], label)
        else:
            self._api.say(person, said)

    def seen(self, person: int) -> int:
        """How much a person has seen."""
        return len(self._api.transcript(person))

    def wait(self, person: int, since: int, shows: Callable[[str], bool]) -> None:
        """Wait until something that a person sees since then is what is meant."""
        self._api.wait_for(lambda seen: any(shows(record.text) for record in seen[since:]), person)


class OnZalo:
    """People who type numbers, and never press anything to begin."""

    def __init__(self, zalo: ZaloApi) -> None:
        self._zalo = zalo

    def begin(self, person: str) -> None:
        """There is nothing to press."""

    def turn(self, person: str, said: str) -> None:
        """Say something, or the number of what stands in brackets."""
        if said.startswith("["):
            lines = self._zalo.transcript(person, "message")[-1].text.splitlines()
            (said,) = [line.partition(".")[0] for line in lines if line.endswith(f". {said.strip('[]')}")]
        self._zalo.say(person, said)

    def seen(self, person: str) -> int:
        """How much a person has seen."""
        return len(self._zalo.transcript(person))

    def wait(self, person: str, since: int, shows: Callable[[str], bool]) -> None:
        """Wait until something that a person sees since then is what is meant."""
        self._zalo.wait_for(lambda seen: any(shows(record.text) for record in seen[since:]), person)


def talk(place: Any, person: Any, conversation: str, codes: dict[str, str]) -> None:
    """Say and press what the guide says, and wait each time for what it shows."""
    turns = re.findall(r"^> ([^\n]+)\n(.*?)(?=^> |\Z)", conversation, re.MULTILINE | re.DOTALL)
    assert turns
    for said, shown in turns:
        since = place.seen(person)
        place.turn(person, codes.get(said, said))
        place.wait(person, since, partial(read, shown, codes=codes))


def set_up(folder: Path, asked: list[tuple[str, str]], printed: str, **settings: str) -> dict[str, str]:
    """Run `ungxu setup` with what is typed; return the codes that it prints, by those in the guide."""
    typed = "".join(f"{answer}\n" for _, answer in asked)
    ended = run_process("setup", cwd=folder, stdin=typed.encode(), env={"PYTHONPATH": str(ROOT), **settings})
    assert (ended.code, ended.err) == (0, "")
    places = [ended.out.index(question) for question, _ in asked]
    assert places == sorted(places)
    assert "hỏng" not in ended.out.partition(TEXTS("setup.examined"))[2]
    codes: dict[str, str] = {}
    assert read(printed, ended.out, codes)
    return codes


def walk(place: Any, person: Any, other: Any, codes: dict[str, str]) -> None:
    """Become the administrator, invite, join, and ask the first question."""
    place.begin(person)
    talk(place, person, CLAIMING, codes)
    talk(place, person, INVITING, codes)
    place.begin(other)
    talk(place, other, JOINING, codes)
    talk(place, other, ASKING, codes)


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


def test_from_nothing_to_the_first_answer_on_zalo(zalo: ZaloApi, person: str, other: str, tmp_path: Path) -> None:
    settings = {"UNGXU_ZALO_API_URL": zalo.url}
    token = TEXTS("setup.ask_zalo_tokens")
    asked = [(question, zalo.token if question == token else answer) for question, answer in answers(QUESTIONS)]
    codes = set_up(tmp_path, asked, PRINTED, **settings)
    with running(tmp_path, **settings):
        walk(OnZalo(zalo), person, other, codes)
    # Who answers is said with the first answer, and not again.
    for somebody in (person, other):
        first, *later = zalo.transcript(somebody, "message")
        assert first.text.startswith("Chào anh/chị. Đây là trợ lý tự động")
        assert not [record for record in later if "trợ lý tự động" in record.text]


def test_from_nothing_to_the_first_answer_on_telegram(api: BotApi, tmp_path: Path) -> None:
    settings = {"UNGXU_TELEGRAM_API_URL": api.url}
    zalo, token = TEXTS("setup.ask_zalo_tokens"), TEXTS("setup.ask_token")
    office = list(itertools.takewhile(lambda line: line[0] != zalo, answers(QUESTIONS)))
    of_telegram = [(question, api.token if question == token else answer) for question, answer in answers(ON_TELEGRAM)]
    codes = set_up(
        tmp_path, office + of_telegram, PRINTED.replace("Zalo Bot Ứng Xử Sở Ví Dụ", f"@{BOT_NAME}"), **settings
    )
    with running(tmp_path, **settings):
        walk(OnTelegram(api), PERSON, OTHER, codes)
