from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.clock import utc_now
from bot.doctor import examine
from bot.explaining import TEXTS
from bot.settings import usable_settings
from bot.web import bound
from knowledge.finding import Finding, Outcome
from knowledge.search import Search
from storage.database import BACKUPS, FILE_NAME, Database
from tests.helpers import NOW, OWN_DOCUMENT, Ended, run_main

OK, WARNING, FAILED = (TEXTS(f"doctor.{state}", what="") for state in ("ok", "warning", "failed"))

COMPLETE = """
name = "Sở Ví Dụ"
contact = "Văn phòng Sở Ví Dụ"
phone = "0000 000 000"
hours = "giờ hành chính"
province = "Tỉnh Ví Dụ"
"""

Examine = Callable[[], tuple[bool, list[str]]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch, search: Search) -> Examine:
    """Examine with the built-in documents, already loaded."""
    monkeypatch.setattr("bot.doctor.load_search", lambda folder, office: search)

    def run() -> tuple[bool, list[str]]:
        lines: list[str] = []
        settings, faults = usable_settings()
        return examine(settings, lines.append, faults), lines

    return run


def office(here: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> Path:
    folder = here / "co-quan"
    (folder / "documents").mkdir(parents=True)
    (folder / "office.toml").write_text(content, encoding="utf-8")
    monkeypatch.setenv("UNGXU_OFFICE", "co-quan")
    return folder


def about(lines: list[str], word: str) -> str:
    (line,) = (line for line in lines if word in line)
    return line


def test_a_fresh_setup_is_healthy(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    ended: Ended = run_main(monkeypatch, "doctor")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert all(line.startswith((OK, WARNING)) for line in lines)
    assert "3 (qd-874-2021, cv-6389-2021, cv-stnmt-2024)" in about(lines, "Văn bản")
    assert about(lines, "Trả lời thử").startswith(OK)
    assert about(lines, "underthesea").startswith(OK)
    assert "chưa có, sẽ được tạo" in about(lines, "Cơ sở dữ liệu")
    assert about(lines, "Ổ đĩa").startswith(OK)
    assert "Asia/Ho_Chi_Minh" in about(lines, "Cài đặt")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("hours", "state", "said"), [(None, WARNING, "Chưa có"), (5, OK, "cách đây 5 giờ"), (49, WARNING, "đã cũ")]
)
def test_the_age_of_the_backup_is_told(examined: Examine, here: Path, hours: int | None, state: str, said: str) -> None:
    assert not [line for line in examined()[1] if "sao lưu" in line]
    Database(here / "data" / FILE_NAME).close()
    if hours is not None:
        copy = here / "data" / BACKUPS / "ungxu-vi-du.db"
        copy.parent.mkdir()
        copy.touch()
        made = utc_now().timestamp() - hours * 3600 - 60
        os.utime(copy, (made, made))
    line = about(examined()[1], "sao lưu")
    assert line.startswith(state)
    assert said in line


def test_no_office_at_all_is_one_warning(examined: Examine) -> None:
    good, lines = examined()
    assert good
    assert about(lines, "Chưa đặt UNGXU_OFFICE").startswith(WARNING)
    assert not [line for line in lines if "office.toml" in line]


def test_an_office_that_says_little_gets_warnings_only(
    examined: Examine, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office(here, monkeypatch, "")
    good, lines = examined()
    assert good
    assert "name, contact, phone, hours" in about(lines, "office.toml thiếu")
    assert about(lines, "province").startswith(WARNING)


def test_a_complete_office_is_only_told_what_the_settings_lack(
    examined: Examine, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.doctor.utc_now", lambda: NOW.replace(month=9))
    office(here, monkeypatch, COMPLETE)
    good, lines = examined()
    assert good
    warned = [line for line in lines if not line.startswith(OK)]
    assert [name for name in ("UNGXU_TELEGRAM_TOKEN", "UNGXU_SECRET_KEYS") if name in "".join(warned)] == [
        "UNGXU_TELEGRAM_TOKEN",
        "UNGXU_SECRET_KEYS",
    ]
    assert len(warned) == 2
    assert about(lines, "Cơ quan") == f"{OK}Cơ quan: Sở Ví Dụ; liên hệ Văn phòng Sở Ví Dụ, 0000 000 000"


def test_an_office_that_chose_an_unknown_document_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office(here, monkeypatch, COMPLETE + 'documents = ["khong-co"]\n')
    ended = run_main(monkeypatch, "doctor")
    assert (ended.code, ended.err) == (1, "")
    lines = ended.out.splitlines()
    assert about(lines, "khong-co").startswith(FAILED)
    assert about(lines, "Đồng hồ").startswith(OK)


@pytest.mark.parametrize("name", ["UNGXU_OFFICE", "UNGXU_DATA"])
def test_a_folder_that_is_a_file_does_not_stop_the_rest(monkeypatch: pytest.MonkeyPatch, here: Path, name: str) -> None:
    (here / "tep").write_text("x")
    monkeypatch.setenv(name, "tep")
    ended = run_main(monkeypatch, "doctor")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (1, "")
    assert [line for line in lines if line.startswith(FAILED) and "tep" in line]
    assert about(lines, "Đồng hồ").startswith(OK)


def test_broken_texts_of_the_office_do_not_stop_the_rest(examined: Examine, here: Path, monkeypatch: Any) -> None:
    folder = office(here, monkeypatch, COMPLETE)
    (folder / "texts.toml").write_text("[cli]\nkhong_co = 'x'\n")
    good, lines = examined()
    assert not good
    assert about(lines, "texts.toml").startswith(FAILED)
    assert about(lines, "Văn bản").startswith(OK)


def test_every_setting_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    settings = {
        "UNGXU_TIMEZONE": "gio-ha-noi",
        "UNGXU_TELEGRAM_RATE": "nhanh",
        "UNGXU_TELEGRAM_TOKEN": "bi-mat",
        "UNGXU_SECRET_KEYS": "khoa-hong",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    ended = run_main(monkeypatch, "doctor")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (1, "")
    assert all(about(lines, f"Cài đặt {name}:").startswith(FAILED) for name in settings)
    assert "bi-mat" not in ended.out
    assert "khoa-hong" not in ended.out
    assert "Chưa cài đặt kênh nào" not in ended.out
    assert about(lines, "Đồng hồ").startswith(OK)


def test_a_webhook_that_is_set_up_by_half_is_told_all_that_it_lacks(
    examined: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNGXU_TELEGRAM_TOKEN", "123456789:TEST-vi-du-1111111111111111111111111")
    monkeypatch.setenv("UNGXU_TELEGRAM_UPDATES", "webhook")
    good, lines = examined()
    assert not good
    assert about(lines, "Chưa đặt UNGXU_PUBLIC_URL").startswith(FAILED)
    assert about(lines, "Chưa đặt UNGXU_LISTEN").startswith(FAILED)


def test_a_mistyped_setting_is_a_warning(examined: Examine, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").write_text("UNGXU_LISTN=127.0.0.1:8080\n")
    monkeypatch.setenv("UNGXU_ZZZ", "1")
    good, lines = examined()
    assert good
    assert (
        about(lines, "UNGXU_LISTN;")
        == f"{WARNING}{TEXTS('doctor.setting_mistyped', name='UNGXU_LISTN', near='UNGXU_LISTEN')}"
    )
    assert about(lines, "UNGXU_ZZZ").startswith(WARNING)


def test_an_unreadable_file_of_settings_does_not_stop_the_rest(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    (here / ".env").write_bytes(b"UNGXU_DATA=d\xfb\n")
    ended = run_main(monkeypatch, "doctor")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (1, "")
    assert about(lines, ".env").startswith(FAILED)
    assert about(lines, "Đồng hồ").startswith(OK)


def test_the_address_to_listen_on_is_tried(examined: Examine, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    with bound("127.0.0.1", port) as listener:
        listener.listen()
        monkeypatch.setenv("UNGXU_LISTEN", f"127.0.0.1:{port}")
        good, lines = examined()
        assert good
        assert about(lines, "UNGXU_LISTEN").startswith(WARNING)
    assert about(examined()[1], "UNGXU_LISTEN").startswith(OK)
    monkeypatch.setenv("UNGXU_LISTEN", "192.0.2.1:8080")
    good, lines = examined()
    assert not good
    assert about(lines, "UNGXU_LISTEN").startswith(FAILED)


def test_a_good_database_is_ok(examined: Examine, here: Path) -> None:
    Database(here / "data" / "ungxu.db").close()
    good, lines = examined()
    assert good
    assert about(lines, "Cơ sở dữ liệu") == f"{OK}Cơ sở dữ liệu {Path('data') / 'ungxu.db'}: ok"


def test_a_file_that_is_no_database_is_broken(monkeypatch: pytest.MonkeyPatch, examined: Examine, here: Path) -> None:
    (here / "data").mkdir()
    (here / "data" / "ungxu.db").write_bytes(b"x" * 5000)
    good, lines = examined()
    assert not good
    assert about(lines, "Cơ sở dữ liệu").startswith(FAILED)
    assert about(lines, "Đồng hồ").startswith(OK)
    ended = run_main(monkeypatch, "doctor")
    assert (ended.code, ended.err) == (1, "")


def test_a_damaged_database_is_broken(examined: Examine, here: Path) -> None:
    path = here / "data" / "ungxu.db"
    database = Database(path)
    for _ in range(500):
        database.run("INSERT INTO people (created_at) VALUES (:at)", {"at": "x" * 100})
    database.close()
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xab" * 4096
    path.write_bytes(content)
    good, lines = examined()
    assert not good
    assert about(lines, "Cơ sở dữ liệu").startswith(FAILED)


def test_a_data_folder_that_cannot_be_made_is_broken(
    examined: Examine, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ungxu chat` would fail with these settings, so the doctor may not call them healthy."""
    (here / "tep").write_text("x")
    monkeypatch.setenv("UNGXU_DATA", "tep")
    good, lines = examined()
    assert not good
    assert about(lines, "Cơ sở dữ liệu").startswith(FAILED)


def test_a_document_for_some_units_only_is_no_fault(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial question has to come from somebody whom the document concerns."""
    folder = office(here, monkeypatch, COMPLETE + 'documents = ["noi-quy-vi-du"]\n')
    own = OWN_DOCUMENT.replace("level: office", "level: office\naudience: [Phòng Ví Dụ]")
    (folder / "documents" / "noi-quy.yaml").write_text(own, encoding="utf-8")
    lines: list[str] = []
    examine(usable_settings()[0], lines.append)
    assert about(lines, "Trả lời thử").startswith(OK)


def test_a_search_that_finds_nothing_is_broken(examined: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Search, "answer", lambda self, question, **rest: Finding(question, Outcome.NOT_FOUND))
    good, lines = examined()
    assert not good
    assert about(lines, "Trả lời thử").startswith(FAILED)


def test_a_segmentation_that_does_not_run_is_broken(examined: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    def words(text: str) -> Any:
        raise ImportError("ví dụ")

    monkeypatch.setattr("bot.doctor.words", words)
    good, lines = examined()
    assert not good
    assert about(lines, "underthesea") == f"{FAILED}Tách từ (underthesea) không chạy: ví dụ"


@pytest.mark.parametrize(
    ("limit", "value", "word"),
    [("doctor.LOW_DISK_GB", 1e9, "Ổ đĩa chỉ còn"), ("clock.EARLIEST_YEAR", 9999, "có thể sai")],
    ids=["disk", "clock"],
)
def test_a_full_disk_and_a_wrong_clock_are_warnings(
    examined: Examine, monkeypatch: pytest.MonkeyPatch, limit: str, value: float, word: str
) -> None:
    monkeypatch.setattr(f"bot.{limit}", value)
    good, lines = examined()
    assert good
    assert about(lines, word).startswith(WARNING)


@pytest.mark.parametrize(("written", "state"), [("", WARNING), ("[years.2027]\noff = []\n", OK)])
def test_days_off_that_nobody_wrote_down_are_a_warning(
    examined: Examine, here: Path, monkeypatch: pytest.MonkeyPatch, written: str, state: str
) -> None:
    monkeypatch.setattr("bot.doctor.utc_now", lambda: NOW)
    folder = office(here, monkeypatch, COMPLETE)
    (folder / "working_time.toml").write_text(written, encoding="utf-8")
    good, lines = examined()
    assert good
    line = about(lines, "ngày nghỉ lễ" if state == WARNING else "Ngày nghỉ")
    assert line.startswith(state)
    assert ("2027" in line) is (state == WARNING)


def test_who_is_on_duty_and_no_member_is_a_warning(
    examined: Examine, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.doctor.utc_now", lambda: NOW)
    folder = office(here, monkeypatch, COMPLETE)
    duty = '[[duty]]\nfrom = "{}"\nuntil = "{}"\nwho = ["{}"]\n'
    spells = [("01/11/2026 17:00", "02/11/2026 07:30", "CB-77"), ("28/11/2026 17:00", "30/11/2026 07:30", "CB-88")]
    (folder / "working_time.toml").write_text("".join(duty.format(*one) for one in spells), encoding="utf-8")
    Database(here / "data" / "ungxu.db").close()
    _, lines = examined()
    assert about(lines, "CB-88").startswith(WARNING)
    assert not any("CB-77" in line for line in lines)


def test_a_file_of_days_that_cannot_be_read_is_broken(
    examined: Examine, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = office(here, monkeypatch, COMPLETE)
    (folder / "working_time.toml").write_text('[years.2026]\noff = ["31/02"]\n', encoding="utf-8")
    good, lines = examined()
    assert not good
    assert about(lines, "31/02").startswith(FAILED)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("", "tốt    Tệp mà kênh trò chuyện không gửi được thì để ở {data}/data/files-out"),
        ("{data}/tep", "hỏng   Thư mục {data}/tep (tệp mà kênh trò chuyện không gửi được) không ghi được"),
        ("off", "chú ý  UNGXU_FILES_OUT=off"),
    ],
)
def test_where_files_go_that_no_channel_carries(
    examined: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, line: str
) -> None:
    (tmp_path / "tep").write_text("một tệp, không phải thư mục")
    monkeypatch.setenv("UNGXU_FILES_OUT", given.format(data=tmp_path))
    _, printed = examined()
    assert any(one.startswith(line.format(data=tmp_path)) for one in printed), printed
