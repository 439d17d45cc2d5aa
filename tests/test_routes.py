"""`ungxu route` and what `ungxu doctor` says of destinations; what the bot needs before it can send to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.channels.configured import abilities_of, configured, lacking
from bot.doctor import examine
from bot.errors import SettingsError
from bot.settings import Settings, usable_settings
from handlers.authorization import Actor, Scene
from handlers.destinations import FILE_NAME as ROUTING
from handlers.errors import RoutingError
from handlers.people import service as people_service
from handlers.texts import Texts
from knowledge.search import Search
from storage import destinations, forwards, people, reports
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from storage.people import Address
from storage.reports import Draft
from tests.conftest import NOW, TODAY
from tests.helpers import Ended, run_main
from tests.mail_server import MailServer
from tests.test_people_service import member, writer
from tests.web_receiver import Receiver

SECRET = "khoa-vi-du-dai-hon-muoi-sau-ky-tu"
RULES = """
[destination.to]
chat = true
[destination.thu]
email = "truc-ban@sovidu.example"
[destination.may]
webhook = "{url}"
private = true
[destination.sep]
person = "Không Có Ai"
[[rule]]
to = ["contact", "to"]
[[rule]]
kind = ["lost"]
harm = ["money_asked"]
unit = "Phòng Một"
hours = "17:00-07:30"
to = ["thu", "may", "sep"]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNGXU_OFFICE", "co-quan")
    (tmp_path / "co-quan").mkdir()
    return tmp_path


@pytest.fixture
def office(here: Path) -> Path:
    """An office with rules, a contact, an administrator and a report, and no group that is named."""
    rules(here)
    (here / "data").mkdir()
    database = Database(here / "data" / FILE_NAME)
    with database.transaction():
        console = Scene(database, Actor(CONSOLE), NOW, TODAY)
        top = people_service.create_unit(console, "Sở Ví Dụ")
        one = people_service.create_under(console, top, "Phòng Một")
        for name in ("contact", "admin"):
            member(console, one, name)
        people_service.give_role(console, writer(database, "contact"), "contact", one)
        people_service.give_role(console, writer(database, "admin"), "administrator", None)
        number = reports.add(database, Draft("lost"), None, NOW.isoformat())
        forwards.add_nowhere(database, number, "to", "not_named", NOW.isoformat())
        forwards.end(database, forwards.add(database, number, "thu", "email", NOW.isoformat()), "failed", "x", "2026")
        forwards.add(database, number, "may", "webhook", "2026-01-01T00:00:00+00:00")
    database.close()
    return here


def rules(here: Path, text: str = RULES, url: str = "https://a.vidu.example/x") -> None:
    (here / "co-quan" / ROUTING).write_text(text.replace("{url}", url), encoding="utf-8")


def named(here: Path) -> None:
    database = Database(here / "data" / FILE_NAME)
    with database.transaction():
        group = Address("telegram", "1", "-7", "-7")
        people.person_at(database, group, NOW.isoformat(), in_group=True)
        destinations.name(database, "to", group, NOW.isoformat())
    database.close()


# Trying


def lines(ended: Ended) -> list[str]:
    assert (ended.code, ended.err) == (0, "")
    return ended.out.splitlines()


def test_a_sentence_shows_the_rules_that_fit_and_who_gets_it(monkeypatch: pytest.MonkeyPatch, office: Path) -> None:
    said = ["route", "--try", "zalo ke toan bi hack dang nhan muon tien", "--unit", "phong mot"]
    assert lines(run_main(monkeypatch, *said, "--at", "22/11/2026 23:00")) == [
        "Báo cáo thử: lost; nền tảng zalo; thiệt hại money_asked; đơn vị Sở Ví Dụ / Phòng Một; lúc 23:00 22/11/2026",
        "Quy tắc khớp: 1, 2",
        "→ đầu mối của đơn vị: Người contact (vidu)",
        "→ to: CHƯA CÓ NGƯỜI NHẬN (chưa có nhóm nào nhận tên này)",
        "→ thu: truc-ban@sovidu.example (thư điện tử)",
        "→ may: may (phần mềm khác)",
        "→ sep: CHƯA CÓ NGƯỜI NHẬN (không có người này)",
    ]
    named(office)
    by_day = lines(run_main(monkeypatch, *said, "--at", "2026-11-23T12:00"))
    assert by_day[1:] == ["Quy tắc khớp: 1", "→ đầu mối của đơn vị: Người contact (vidu)", "→ to: -7 (Telegram)"]


def test_what_is_given_outright_comes_before_what_was_understood(monkeypatch: pytest.MonkeyPatch, office: Path) -> None:
    tried = run_main(monkeypatch, "route", "--try", "zalo bị hack", "--kind", "content", "--platform", "facebook")
    assert "content; nền tảng facebook; thiệt hại unknown; đơn vị Sở Ví Dụ;" in lines(tried)[0]
    rules(office, '[[rule]]\nkind = ["content"]\nto = ["head"]\n')
    tried = run_main(monkeypatch, "route", "--harm", "leaked", "--json")
    assert json.loads(tried.out) == {
        "rules": [],
        "places": [{"name": "administrators", "reached": [{"channel": "vidu", "who": "Người admin"}], "why": ""}],
    }
    assert lines(run_main(monkeypatch, "route"))[1] == "Không quy tắc nào khớp: tới người quản trị"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--unit", "Phòng Không Có"], "Không có đơn vị đó"),
        (["--kind", "mat"], "Giá trị của --kind"),
        (["--at", "tối nay"], "Giá trị của --at"),
    ],
)
def test_what_cannot_be_tried_is_told(
    monkeypatch: pytest.MonkeyPatch, office: Path, arguments: list[str], said: str
) -> None:
    ended = run_main(monkeypatch, "route", *arguments)
    assert ended.code != 0 and said in ended.err and "Traceback" not in ended.err


def test_every_fault_of_the_file_is_told(monkeypatch: pytest.MonkeyPatch, office: Path) -> None:
    rules(office, '[[rule]]\nto = ["a"]\nhours = "x"\n')
    ended = run_main(monkeypatch, "route")
    assert ended.code == 1
    assert [line.split(":")[1].strip() for line in ended.err.splitlines()] == ["rule.1.hours", "rule.1.to"]


# What the doctor sees

Examine = Callable[[], tuple[bool, str]]


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch, search: Search) -> Examine:
    monkeypatch.setattr("bot.doctor.load_search", lambda folder, office: search)

    def run() -> tuple[bool, str]:
        found: list[str] = []
        settings, faults = usable_settings()
        return examine(settings, found.append, faults), "\n".join(found)

    return run


def test_doctor_says_that_there_is_no_administrator_yet(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, examined: Examine
) -> None:
    monkeypatch.setenv("UNGXU_DATA", str(tmp_path / "data-moi"))
    (tmp_path / "data-moi").mkdir()
    Database(tmp_path / "data-moi" / FILE_NAME).close()
    _, said = examined()
    assert "chú ý  Nơi nhận “người quản trị”: chưa có người nhận (chưa có ai giữ vai trò này)" in said


def test_doctor_names_each_place_that_cannot_be_reached_and_each_report_that_did_not_arrive(
    monkeypatch: pytest.MonkeyPatch, office: Path, examined: Examine, mail: MailServer, receiver: Receiver
) -> None:
    rules(office, url=receiver.url)
    monkeypatch.setenv("UNGXU_SMTP_URL", mail.url)
    monkeypatch.setenv("UNGXU_WEBHOOK_SECRETS", f"may={SECRET}")
    mail.fault("rcpt", code=550)
    good, said = examined()
    assert not good
    for line in (
        "tốt    Nơi nhận báo cáo: 2 quy tắc, 4 nơi nhận đã khai",
        "chú ý  Nơi nhận “to”: chưa có người nhận (chưa có nhóm nào nhận tên này)",
        "chú ý  Nơi nhận “sep”: chưa có người nhận (không có người này)",
        "chú ý  Báo cáo BC-1 chưa tới “to”: chưa có người nhận",
        "chú ý  Báo cáo BC-1 chưa tới “thu”: nơi nhận từ chối, đã báo người quản trị",
        "chú ý  Báo cáo BC-1 chưa tới “may”: đang gửi lại",
        "tốt    Thư điện tử: đăng nhập được 127.0.0.1, gửi từ bot@sovidu.example",
        "hỏng   Thư điện tử: máy chủ không nhận gửi tới truc-ban@sovidu.example (550)",
        "tốt    Webhook “may”: nối được tới 127.0.0.1 (HTTP 204)",
        "chú ý  Chưa cài đặt kênh nào",
    ):
        assert line in said, line
    assert SECRET not in said
    assert (mail.letters, [call.method for call in receiver.calls]) == ([], ["HEAD"])
    named(office)
    assert "“to”: chưa có người nhận (" not in examined()[1]


def test_doctor_names_a_unit_that_there_is_not(office: Path, examined: Examine) -> None:
    rules(office, '[[rule]]\nunit = "Phòng Không Có"\nto = ["contact"]\n')
    assert "hỏng   Quy tắc 1 trong routing.toml: Không có đơn vị đó." in examined()[1]


def test_doctor_tells_the_faults_of_the_file_once_and_goes_on(office: Path, examined: Examine) -> None:
    rules(office, '[[rule]]\nto = ["a"]\n')
    good, said = examined()
    assert not good
    assert said.count("rule.1.to") == 1 and "Ổ đĩa" in said


# What is needed


def settings(here: Path, **more: str) -> Settings:
    return Settings(_env_file=None, office=here / "co-quan", **more)  # type: ignore[arg-type]


def test_what_a_destination_needs_must_be_set(here: Path, texts: Texts, mail: MailServer) -> None:
    rules(here)
    needed = ["UNGXU_SMTP_URL", "UNGXU_WEBHOOK_SECRETS"]
    assert [fault.name for fault in lacking(settings(here))] == needed
    with pytest.raises(SettingsError, match="UNGXU_SMTP_URL"):
        configured(settings(here), texts)
    other = settings(here, smtp_url=mail.url, webhook_secrets=f"khac={SECRET}")
    assert [fault.name for fault in lacking(other)] == needed[1:]
    whole = settings(here, smtp_url=mail.url, webhook_secrets=f"may={SECRET}, khac={SECRET}x")
    assert {SECRET, f"{SECRET}x"} <= set(whole.secrets)
    found = configured(whole, texts)
    assert [(channel.name, channel.abilities.hears) for channel in found] == [("email", False), ("webhook", False)]
    assert abilities_of("webhook") == found[1].abilities


def test_a_file_that_cannot_be_used_stops_the_bot(here: Path, texts: Texts) -> None:
    rules(here, "x")
    with pytest.raises(RoutingError):
        configured(settings(here), texts)


def test_letters_alone_are_no_way_to_be_talked_to(
    monkeypatch: pytest.MonkeyPatch, here: Path, mail: MailServer
) -> None:
    monkeypatch.setenv("UNGXU_SMTP_URL", mail.url)
    ended = run_main(monkeypatch, "run")
    assert ended.code == 1 and "UNGXU_TELEGRAM_TOKEN" in ended.err


@pytest.mark.parametrize("value", ["x", "may=", "may=ngan", "=" + SECRET, f"may={SECRET},may={SECRET}"])
def test_secrets_that_are_none_are_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, here: Path, value: str) -> None:
    monkeypatch.setenv("UNGXU_WEBHOOK_SECRETS", value)
    _, (fault,) = usable_settings()
    assert (fault.name, fault.message) == ("UNGXU_WEBHOOK_SECRETS", "***")
