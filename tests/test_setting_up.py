"""`ungxu setup` and `ungxu claim`: what is asked, what is written, and that nothing is lost on the way."""

from __future__ import annotations

import os
import select
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from bot.clock import utc_now
from bot.explaining import TEXTS
from bot.files import make_box
from handlers.people.joining import is_claim
from knowledge.search import Search
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi
from tests.helpers import OWN_DOCUMENT, Command, Ended, one_clear_line, run_main
from tests.telegram_bot import BOT_NAME
from tests.waiting import PATIENCE, wait_until
from tests.zaloapi.client import TOKENS, ZaloApi

ROOT = Path(__file__).parent.parent
NAMED = ("setup", "--yes", "--office-name", "Sở Ví Dụ")
REFUSED = "999999:TEST-sai-1111111111111111111111111111"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ungxu(monkeypatch: pytest.MonkeyPatch, search: Search) -> Command:
    # Loading the documents again for each examination would take a second every time.
    monkeypatch.setattr("bot.doctor.load_search", lambda folder, office: search)

    def run(*arguments: str, stdin: str = "") -> Ended:
        return run_main(monkeypatch, *arguments, stdin=stdin.encode())

    return run


@pytest.fixture
def reachable(api: BotApi, monkeypatch: pytest.MonkeyPatch) -> BotApi:
    """A Telegram that is asked instead of the real one."""
    monkeypatch.setenv("UNGXU_TELEGRAM_API_URL", api.url)
    return api


def env(here: Path) -> dict[str, str | None]:
    return dict(dotenv_values(here / ".env"))


def office(here: Path, folder: str = "co-quan") -> dict[str, Any]:
    return tomllib.loads((here / folder / "office.toml").read_text(encoding="utf-8"))


def units(here: Path) -> list[str]:
    with closing(sqlite3.connect(here / "data" / FILE_NAME)) as database:
        return [name for (name,) in database.execute("SELECT name FROM unit_names")]


def code_in(printed: str) -> str:
    """The one-time code among what was printed."""
    (line,) = [line for line in printed.splitlines() if line.startswith("Mã dùng một lần: ")]
    return line.partition(": ")[2]


def opens(here: Path, code: str) -> bool:
    database = Database(here / "data" / FILE_NAME)
    try:
        return is_claim(database, code, utc_now())
    finally:
        database.close()


def everything(here: Path) -> dict[str, bytes]:
    """All files of the folder with what is in them; the database counts as there or not."""
    return {
        str(path.relative_to(here)): b"" if path.is_relative_to(here / "data") else path.read_bytes()
        for path in here.rglob("*")
        if path.is_file()
    }


# Without questions


def test_from_an_empty_folder_everything_is_made(here: Path, ungxu: Command) -> None:
    ended = ungxu(
        *NAMED, "--introduced-by", "Công văn 1/SVD ngày 02/01/2026", "--contact", "Văn phòng  Sở", "--phone",
        "0000 000 000", "--province", "tỉnh thanh hoa", "--documents", "cv-stnmt-2024,qd-874-2021",
        "--parent", "Ủy ban nhân dân tỉnh Mẫu", "--signer", "Giám  đốc",
    )  # fmt: skip
    assert (ended.code, ended.err) == (0, "")
    assert office(here) == {
        "name": "Sở Ví Dụ",
        "introduced_by": "Công văn 1/SVD ngày 02/01/2026",
        "contact": "Văn phòng Sở",
        "phone": "0000 000 000",
        "hours": "giờ hành chính",
        "province": "Thanh Hóa",
        "documents": ["cv-stnmt-2024", "qd-874-2021"],
        "parent": "Ủy ban nhân dân tỉnh Mẫu",
        "signer": "Giám đốc",
    }
    written = env(here)
    assert make_box([written.pop("UNGXU_SECRET_KEYS") or ""])
    assert written == {"UNGXU_DATA": str(here / "data"), "UNGXU_OFFICE": str(here / "co-quan")}
    assert units(here) == ["Sở Ví Dụ"]
    assert "tốt    Cơ quan: Sở Ví Dụ; liên hệ Văn phòng Sở, 0000 000 000" in ended.out
    assert "tốt    Cơ sở dữ liệu" in ended.out
    assert opens(here, code_in(ended.out))


def test_a_second_time_nothing_changes_but_what_is_said(here: Path, ungxu: Command) -> None:
    first = ungxu(*NAMED, "--documents", "qd-874-2021")
    before = everything(here)
    again = ungxu("setup", "--yes")
    assert again.code == 0
    assert everything(here) == before
    assert again.out.count("Giữ nguyên") == 2
    # The code that was printed before is void.
    assert not opens(here, code_in(first.out))
    changed = ungxu("setup", "--yes", "--phone", "0000 111 111", "--documents", "all")
    assert changed.code == 0
    assert office(here) == {"name": "Sở Ví Dụ", "hours": "giờ hành chính", "phone": "0000 111 111"}
    assert (here / "co-quan" / "office.toml.bak").read_bytes() == before["co-quan/office.toml"]
    assert units(here) == ["Sở Ví Dụ"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_the_settings_are_for_their_owner_alone_also_where_nothing_changes(here: Path, ungxu: Command) -> None:
    for mode in (0o600, 0o644):
        ungxu(*NAMED)
        assert (here / ".env").stat().st_mode & 0o777 == 0o600
        (here / ".env").chmod(mode)
    ungxu("setup", "--yes")
    assert (here / ".env").stat().st_mode & 0o777 == 0o600


def test_what_the_administrator_wrote_stays(here: Path, ungxu: Command) -> None:
    (here / ".env").write_text("# của tôi\nUNGXU_TIMEZONE=Asia/Bangkok\nUNGXU_SECRET_KEYS=\nKHAC=1\n")
    (here / "so").mkdir()
    (here / "so" / "office.toml").write_text("# Sở\nname = 'Sở Cũ'\napprovals = ['unit.merge']\n", encoding="utf-8")
    assert ungxu("setup", "--yes", "--office", "so", "--contact", "Văn phòng").code == 0
    text = (here / ".env").read_text(encoding="utf-8")
    assert text.startswith("# của tôi\nUNGXU_TIMEZONE=Asia/Bangkok\nUNGXU_SECRET_KEYS=")
    assert "KHAC=1\n" in text
    assert env(here)["UNGXU_OFFICE"] == str(here / "so")
    assert (here / "so" / "office.toml").read_text(encoding="utf-8") == (
        "# Sở\nname = 'Sở Cũ'\ncontact = \"Văn phòng\"\napprovals = ['unit.merge']\n"
    )
    keys = env(here)["UNGXU_SECRET_KEYS"]
    assert ungxu("setup", "--yes").code == 0
    assert env(here)["UNGXU_SECRET_KEYS"] == keys


def test_units_that_are_there_stay_alone(here: Path, ungxu: Command) -> None:
    ungxu(*NAMED)
    assert ungxu("setup", "--yes", "--office-name", "Sở Mẫu").code == 0
    assert units(here) == ["Sở Ví Dụ"]


def test_the_environment_is_left_to_say_what_it_says(
    here: Path, ungxu: Command, monkeypatch: pytest.MonkeyPatch, reachable: BotApi
) -> None:
    monkeypatch.setenv("UNGXU_TELEGRAM_TOKEN", reachable.token)
    monkeypatch.setenv("UNGXU_DATA", str(here / "data"))
    ended = ungxu(*NAMED)
    assert ended.code == 0
    assert env(here).keys() == {"UNGXU_OFFICE", "UNGXU_SECRET_KEYS"}
    assert f"nhắn mã này cho @{BOT_NAME}" in ended.out
    monkeypatch.setenv("UNGXU_OFFICE", str(here / "co-quan"))
    (here / "khac").mkdir()
    ended = ungxu("setup", "--yes", "--office-name", "Sở Khác", "--office", "khac")
    assert TEXTS("setup.overridden", name="UNGXU_OFFICE") in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("setup", "--yes"), "Cần có tên cơ quan"),
        ((*NAMED[:3], " ./ "), "Cần có tên cơ quan"),
        ((*NAMED, "--documents", "qd-874-2021,khong-co"), "khong-co"),
        ((*NAMED, "--documents", "0"), "“0”"),
        ((*NAMED, "--data", "khong/co"), "khong/co"),
        ((*NAMED, "--data", "tep"), "tep"),
        ((*NAMED, "--office", ""), "“”"),
        ((*NAMED, "--office", "${HOME}"), "HOME"),
        ((*NAMED, "--data", "a\nb"), "không dùng được"),
        ((*NAMED, "--telegram-token", "123:ngan"), "UNGXU_TELEGRAM_TOKEN"),
    ],
)
def test_an_answer_that_cannot_be_used_is_named_and_nothing_is_written(
    here: Path, ungxu: Command, arguments: tuple[str, ...], said: str
) -> None:
    (here / "tep").write_text("x")
    ended = ungxu(*arguments)
    assert ended.code == 1
    assert said in ended.err
    assert "ngan" not in ended.err
    assert list(everything(here)) == ["tep"]


@pytest.mark.parametrize(("file", "named"), [(".env", ".env"), ("co-quan/office.toml", "office.toml")])
def test_a_file_that_cannot_be_read_is_not_written_over(here: Path, ungxu: Command, file: str, named: str) -> None:
    (here / "co-quan").mkdir()
    (here / file).write_bytes(b"name = \xff")
    before = everything(here)
    assert named in one_clear_line(ungxu(*NAMED))
    assert everything(here) == before


def test_settings_that_cannot_be_used_are_told_at_the_end(here: Path, ungxu: Command) -> None:
    (here / ".env").write_text("UNGXU_TELEGRAM_RATE=nhanh\n")
    ended = ungxu(*NAMED)
    assert ended.code == 0
    assert "hỏng   Cài đặt UNGXU_TELEGRAM_RATE" in ended.out
    assert "UNGXU_TELEGRAM_RATE=nhanh\n" in (here / ".env").read_text(encoding="utf-8")


def test_an_office_folder_that_is_no_folder_is_told(here: Path, ungxu: Command) -> None:
    (here / "co-quan").mkdir()
    (here / "co-quan" / "documents").write_text("x")
    assert "co-quan" in one_clear_line(ungxu(*NAMED))
    assert not (here / ".env").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give folders away")
def test_root_makes_no_files_in_the_folder_of_another(here: Path, ungxu: Command) -> None:
    os.chown(here, 54321, 54321)
    assert "sudo -u 54321" in one_clear_line(ungxu(*NAMED))
    assert everything(here) == {}
    import pwd

    somebody = next(user for user in pwd.getpwall() if user.pw_uid != 0)
    os.chown(here, somebody.pw_uid, somebody.pw_gid)
    assert f"sudo -u {somebody.pw_name}" in one_clear_line(ungxu(*NAMED))


# Telegram


def test_a_token_is_tried(here: Path, ungxu: Command, reachable: BotApi) -> None:
    ended = ungxu(*NAMED, "--telegram-token", f" {reachable.token} ")
    assert ended.code == 0
    assert f"tốt    Telegram: kết nối được, bot là @{BOT_NAME}" in ended.out
    assert f"nhắn mã này cho @{BOT_NAME}." in ended.out
    assert env(here)["UNGXU_TELEGRAM_TOKEN"] == reachable.token
    assert reachable.token.partition(":")[2] not in ended.out + ended.err
    assert ungxu("setup", "--yes", "--telegram-token", "").code == 0
    assert env(here)["UNGXU_TELEGRAM_TOKEN"] == ""


def test_a_token_that_telegram_refuses_is_not_written(here: Path, ungxu: Command, reachable: BotApi) -> None:
    assert one_clear_line(ungxu(*NAMED, "--telegram-token", REFUSED)) == "Lỗi: " + TEXTS("setup.token_refused")
    assert everything(here) == {}


def test_a_token_that_was_refused_later_does_not_keep_the_rest_from_being_changed(
    here: Path, ungxu: Command, reachable: BotApi
) -> None:
    (here / ".env").write_text(f"UNGXU_TELEGRAM_TOKEN={REFUSED}\n")
    ended = ungxu(*NAMED)
    assert ended.code == 0
    assert "chú ý  Telegram: token không được chấp nhận" in ended.out
    assert "hỏng   Telegram: token không được chấp nhận" in ended.out


def test_where_telegram_cannot_be_reached_it_is_set_up_all_the_same(
    here: Path, ungxu: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNGXU_TELEGRAM_API_URL", "http://127.0.0.1:9")
    ended = ungxu(*NAMED, "--telegram-token", REFUSED)
    assert ended.code == 0
    assert "chú ý  Telegram: không kết nối được" in ended.out
    assert env(here)["UNGXU_TELEGRAM_TOKEN"] == REFUSED
    assert "nhắn mã này cho bot của cơ quan." in ended.out


def test_a_webhook_needs_to_know_where_it_is(here: Path, ungxu: Command, reachable: BotApi) -> None:
    by_webhook = (*NAMED, "--telegram-token", reachable.token, "--updates", "webhook")
    assert "UNGXU_PUBLIC_URL" in ungxu(*by_webhook).err
    assert "UNGXU_PUBLIC_URL" in ungxu(*by_webhook, "--public-url", "http://vidu.example").err
    assert not (here / ".env").exists()
    assert "UNGXU_TELEGRAM_UPDATES" in ungxu(*by_webhook[:-1], "thu").err
    ended = ungxu(*by_webhook, "--public-url", "https://bot.vidu.example", "--listen", "127.0.0.1:0")
    assert ended.code == 0
    written = env(here)
    assert [written[f"UNGXU_{name}"] for name in ("TELEGRAM_UPDATES", "PUBLIC_URL", "LISTEN")] == [
        "webhook",
        "https://bot.vidu.example",
        "127.0.0.1:0",
    ]


# Zalo


@pytest.fixture
def zalo_there(zalo: ZaloApi, monkeypatch: pytest.MonkeyPatch) -> ZaloApi:
    """A Zalo that is asked instead of the real one."""
    monkeypatch.setenv("UNGXU_ZALO_API_URL", zalo.url)
    return zalo


def test_the_bots_of_zalo_are_tried(here: Path, ungxu: Command, zalo_there: ZaloApi) -> None:
    tokens = ", ".join(zalo_there.tokens)
    ended = ungxu(*NAMED, "--zalo-tokens", f" {tokens} ,", "--zalo-names", "Bot  Một,Bot Hai")
    assert (ended.code, ended.err) == (0, "")
    for account in ("10001", "10002"):
        assert f"tốt    Zalo: bot {account} kết nối được" in ended.out
    assert "nhắn mã này cho Zalo Bot Một, Zalo Bot Hai." in ended.out
    assert env(here)["UNGXU_ZALO_TOKENS"] == ",".join(zalo_there.tokens)
    assert env(here)["UNGXU_ZALO_NAMES"] == "Bot Một, Bot Hai"
    assert not [token for token in zalo_there.tokens if token.partition(":")[2] in ended.out + ended.err]
    before = everything(here)
    assert ungxu("setup", "--yes").code == 0
    assert everything(here) == before
    assert ungxu("setup", "--yes", "--zalo-tokens", "").code == 0
    assert env(here)["UNGXU_ZALO_TOKENS"] == ""


@pytest.mark.parametrize(
    ("tokens", "names", "said"),
    [
        ("10001:ngan", "", "Zalo không chấp nhận token của bot 10001"),
        ("vi-du", "", "UNGXU_ZALO_TOKENS"),
        (",".join(TOKENS), "Bot Một", "Có 2 bot mà ghi 1 tên"),
    ],
)
def test_a_bot_of_zalo_that_cannot_be_used_is_not_written(
    here: Path, ungxu: Command, zalo_there: ZaloApi, tokens: str, names: str, said: str
) -> None:
    ended = ungxu(*NAMED, "--zalo-tokens", tokens, "--zalo-names", names)
    assert ended.code == 1
    assert said in ended.err
    assert everything(here) == {}


def test_where_zalo_cannot_be_reached_it_is_set_up_all_the_same(
    here: Path, ungxu: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNGXU_ZALO_API_URL", "http://127.0.0.1:9")
    ended = ungxu(*NAMED, "--zalo-tokens", TOKENS[0])
    assert ended.code == 0
    assert "chú ý  Zalo: bot 10001 không kết nối được" in ended.out
    assert env(here)["UNGXU_ZALO_TOKENS"] == TOKENS[0]


def test_zalo_is_asked_for_before_telegram(here: Path, ungxu: Command, zalo_there: ZaloApi) -> None:
    ended = ungxu("setup", stdin=typed(zalo_tokens=f"{TOKENS[0]}\nBot Một, Bot Hai\nBot Một"))
    assert ended.code == 0
    assert "Có 1 bot mà ghi 2 tên" in ended.out
    assert ended.out.index(TEXTS("setup.ask_zalo_names")) < ended.out.index(TEXTS("setup.ask_token"))
    assert env(here)["UNGXU_ZALO_NAMES"] == "Bot Một"


# With questions

ANSWERS = {
    "data": "",
    "office": "",
    "name": "Sở Ví Dụ",
    "introduced_by": "Công văn 1/SVD",
    "contact": "Văn phòng Sở",
    "phone": "0000 000 000",
    "hours": "",
    "province": "Mẫu",
    "documents": "2, 1",
    "parent": "",
    "symbol": "svd",
    "place": "Mẫu",
    "signer": "",
    "zalo_tokens": "",
    "token": "",
}


def typed(**other: str) -> str:
    return "".join(f"{answer}\n" for answer in {**ANSWERS, **other}.values())


def test_what_is_asked_is_answered_line_by_line(here: Path, ungxu: Command) -> None:
    ended = ungxu("setup", stdin=typed())
    assert (ended.code, ended.err) == (0, "")
    for number in (1, 2, 3, 4):
        assert f"\n{number}. " in ended.out
    assert "  2. CV 6389/UBND-KGVX: " in ended.out
    assert office(here)["documents"] == ["cv-6389-2021", "qd-874-2021"]
    assert office(here)["hours"] == "giờ hành chính"
    # What was skipped is not written down, and can be said the next time.
    assert (office(here)["symbol"], office(here)["place"]) == ("SVD", "Mẫu")
    assert not office(here).keys() & {"parent", "signer"}
    assert "UNGXU_TELEGRAM_TOKEN" not in env(here)


def test_what_is_there_is_kept_by_enter_and_taken_away_by_a_dash(here: Path, ungxu: Command) -> None:
    ungxu("setup", stdin=typed())
    (here / "co-quan" / "documents" / "noi-quy.yaml").write_text(OWN_DOCUMENT, encoding="utf-8")
    before = office(here)
    again = ungxu("setup", stdin="\n" * len(ANSWERS))
    assert again.code == 0
    assert "[Công văn 1/SVD]" in again.out
    assert "[2, 1]" in again.out
    assert office(here) == before
    less = dict.fromkeys(ANSWERS, "") | {"hours": "-", "introduced_by": " - ", "documents": "tất cả"}
    assert ungxu("setup", stdin="".join(f"{answer}\n" for answer in less.values())).code == 0
    assert office(here).keys() == {"name", "contact", "phone", "province", "symbol", "place"}


def test_an_answer_that_cannot_be_used_is_asked_again(here: Path, ungxu: Command, reachable: BotApi) -> None:
    answers = typed(
        data="khong/co\n",
        name="-\nSở Ví Dụ",
        documents="9\n1",
        symbol="S V/D\nSVD",
        token=f"123\n{REFUSED}\n{reachable.token}\n3\n2\n-\nhttps://bot.vidu.example\n127.0.0.1:0",
    )
    ended = ungxu("setup", stdin=answers)
    assert (ended.code, ended.err) == (0, "")
    for text in ("setup.no_name", "setup.token_refused"):
        assert TEXTS(text) in ended.out
    for said in (
        "khong/co",
        "“9”",
        "“S V/D”",
        "UNGXU_TELEGRAM_TOKEN: giá trị “***”",
        "UNGXU_TELEGRAM_UPDATES: giá trị “3”",
    ):
        assert said in ended.out
    assert "Chưa đặt UNGXU_PUBLIC_URL" in ended.out
    assert env(here)["UNGXU_TELEGRAM_UPDATES"] == "webhook"
    assert env(here)["UNGXU_TELEGRAM_TOKEN"] == reachable.token
    back = dict.fromkeys(ANSWERS, "") | {"updates": "1"}
    ended = ungxu("setup", stdin="".join(f"{answer}\n" for answer in back.values()))
    assert env(here)["UNGXU_TELEGRAM_UPDATES"] == "polling"


@pytest.mark.parametrize("answered", ["", "\n\nSở Khác\n", "\n\nSở Khác\n" + "\n" * 6])
def test_who_stops_in_between_has_changed_nothing(here: Path, ungxu: Command, answered: str) -> None:
    ungxu("setup", stdin=typed())
    before = everything(here)
    ended = ungxu("setup", stdin=answered)
    assert ended.code == 130
    assert TEXTS("setup.stopped") in ended.out
    assert everything(here) == before


# The keys that stop a program do so in the terminal that it belongs to.
IN_A_TERMINAL = (
    "import fcntl, runpy, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "runpy.run_module('bot', run_name='__main__', alter_sys=True)"
)


@contextmanager
def terminal(here: Path, **settings: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run `ungxu setup` in a terminal of its own."""
    master, window = os.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UNGXU_")}
    process = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, "setup"],
        cwd=here,
        env={**environment, "PYTHONPATH": str(ROOT), "LC_ALL": "C", "TERM": "dumb", **settings},
        stdin=window,
        stdout=window,
        stderr=window,
        start_new_session=True,
    )
    os.close(window)
    try:
        yield master, process
    finally:
        process.kill()
        process.wait()
        os.close(master)


def reader(master: int) -> Callable[[str], str]:
    """Return what waits until a terminal shows a text, and then returns all that it has shown."""
    shown = b""

    def until(text: str) -> str:
        nonlocal shown
        end = time.monotonic() + PATIENCE
        while text not in shown.decode(errors="replace"):
            assert time.monotonic() < end, shown.decode()
            if select.select([master], [], [], 1)[0]:
                try:
                    shown += os.read(master, 65_536)
                except OSError:
                    assert text in shown.decode(), shown.decode()
        return shown.decode()

    return until


def is_asleep(process: int) -> bool:
    """Tell whether a process waits for something, such as the keyboard."""
    told = Path(f"/proc/{process}/stat")
    if not told.exists():
        # Other systems do not say; there it gets its time.
        time.sleep(0.5)
        return True
    return told.read_text().rpartition(")")[2].split()[0] == "S"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no terminal to be had for a test")
def test_in_a_terminal_the_token_is_not_shown(here: Path, api: BotApi) -> None:
    import termios

    with terminal(here, UNGXU_TELEGRAM_API_URL=api.url) as (master, process):
        until = reader(master)
        for question in list(ANSWERS)[:-1]:
            until(TEXTS(f"setup.ask_{question}"))
            os.write(master, f"{ANSWERS[question]}\n".encode())
        until(TEXTS("setup.ask_token"))
        # The terminal stops showing what is typed just after it asked.
        wait_until(lambda: not termios.tcgetattr(master)[3] & termios.ECHO)
        os.write(master, f"{api.token}\n".encode())
        until(TEXTS("setup.ask_updates"))
        os.write(master, b"\n")
        shown = until("Ai nhắn trước")
        assert process.wait(PATIENCE) == 0
    assert api.token.partition(":")[2] not in shown
    assert "Traceback" not in shown
    assert f"nhắn mã này cho @{BOT_NAME}" in shown
    assert env(here)["UNGXU_TELEGRAM_TOKEN"] == api.token
    assert office(here)["name"] == "Sở Ví Dụ"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no terminal to be had for a test")
def test_in_a_terminal_ctrl_c_keeps_what_was_there(interruptible: None, here: Path) -> None:
    (here / ".env").write_text("UNGXU_TIMEZONE=Asia/Bangkok\n")
    before = everything(here)
    with terminal(here) as (master, process):
        until = reader(master)
        for question in ("data", "office"):
            until(TEXTS(f"setup.ask_{question}"))
            os.write(master, b"\n")
        until(TEXTS("setup.ask_name"))
        # A person presses it while the question waits, not in the moment before.
        wait_until(lambda: is_asleep(process.pid))
        os.write(master, b"\x03")
        shown = until(TEXTS("setup.stopped"))
        assert process.wait(PATIENCE) == 130
    assert "Traceback" not in shown
    assert everything(here) == before


# Another code


def test_another_code_makes_the_one_before_void(here: Path, ungxu: Command) -> None:
    first = code_in(ungxu(*NAMED).out)
    ended = ungxu("claim")
    assert (ended.code, ended.err) == (0, "")
    assert opens(here, code_in(ended.out))
    assert not opens(here, first)
    assert "bot của cơ quan" in ended.out


def test_a_code_names_the_bot_that_it_is_for(ungxu: Command, reachable: BotApi) -> None:
    ungxu(*NAMED, "--telegram-token", reachable.token)
    assert f"nhắn mã này cho @{BOT_NAME}." in ungxu("claim").out
    reachable.fault("unauthorized", method="getMe")
    assert "nhắn mã này cho bot của cơ quan." in ungxu("claim").out


def test_in_a_folder_without_a_database_there_is_no_code_to_be_had(here: Path, ungxu: Command) -> None:
    assert "ungxu setup" in one_clear_line(ungxu("claim"))
    assert everything(here) == {}
