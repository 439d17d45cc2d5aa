"""The file of an office that says where reports go: what it may say, every fault with its place, and what fits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.explaining import explain
from handlers.authorization import Actor, Scene
from handlers.destinations import FILE_NAME, Destination, Routing, Rule, load_routing
from handlers.errors import RoutingError
from handlers.people import service as people_service
from handlers.report.routing import Case, Decision, Place, decide, find, place_of
from storage import chats, destinations, people, roles
from storage.audit import CONSOLE
from storage.database import Database
from storage.people import Address
from tests.conftest import NOW, TODAY
from tests.test_people_service import address, member, writer

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
ROOT = Path(__file__).parent.parent

WHOLE = """
[destination.truc-ban]
email = "truc-ban@sovidu.example"

[destination.he-thong]
webhook = "https://he-thong.sovidu.example:8443/nhan?x=1"
private = true

[destination.to-an-ninh]
chat = true

[destination.giam-doc]
person = "CB-01"

[[rule]]
to = ["contact", "he-thong"]

[[rule]]
harm = ["money_asked", "money_lost"]
to = ["head", "to-an-ninh"]

[[rule]]
kind = ["unit_impersonated"]
platform = ["facebook"]
unit = "Phòng Một"
days = ["sat", "sun"]
hours = "17:00-07:30"
to = ["truc-ban", "giam-doc"]
"""


def written(folder: Path, text: str) -> Path:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return folder


def test_without_a_file_the_contact_gets_every_report(tmp_path: Path) -> None:
    for folder in (None, tmp_path, tmp_path / "khong-co"):
        assert load_routing(folder) == Routing()
    assert Routing().rule == (Rule(to=("contact",)),)


def test_everything_is_read(tmp_path: Path) -> None:
    routing = load_routing(written(tmp_path, WHOLE))
    assert routing.mails == ["truc-ban@sovidu.example"]
    assert {name: (target.url, target.private) for name, target in routing.targets.items()} == {
        "he-thong": ("https://he-thong.sovidu.example:8443/nhan?x=1", True)
    }
    assert routing.destination["to-an-ninh"] == Destination(chat=True)
    assert [rule.to for rule in routing.rule] == [
        ("contact", "he-thong"),
        ("head", "to-an-ninh"),
        ("truc-ban", "giam-doc"),
    ]


def test_a_file_without_rules_has_the_usual_one(tmp_path: Path) -> None:
    routing = load_routing(written(tmp_path, '[destination.a]\nemail = "a@vidu.example"\n'))
    assert routing.rule == (Rule(to=("contact",)),)


def test_the_example_of_the_page_is_one_that_can_be_used(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "noi-nhan-bao-cao.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("```toml\n")
    routing = load_routing(written(tmp_path, rest.partition("```")[0]))
    assert len(routing.rule) >= 3 and len(routing.destination) >= 4


DESTINATION = '[destination.a]\n{}\n[[rule]]\nto = ["a"]\n'


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("x", "", "bad_toml"),
        ("[[rule]]\nto = []", "rule.1.to", "too_short"),
        ("[[rule]]\nkind = ['lost']", "rule.1.to", "missing"),
        ("[[rule]]\nto = ['contact']\n[[rule]]\nkind = ['mat']\nto = ['head']", "rule.2.kind.1", "literal_error"),
        ("[[rule]]\nharm = 'lost'\nto = ['head']", "rule.1.harm", "tuple_type"),
        ("[[rule]]\nwhen = 1\nto = ['head']", "rule.1.when", "extra_forbidden"),
        ("[[rule]]\ndays = ['t7']\nto = ['head']", "rule.1.days.1", "literal_error"),
        *(
            (f"[[rule]]\nhours = '{hours}'\nto = ['head']", "rule.1.hours", "bad_hours")
            for hours in ("25:00-26:00", "7:30-17:00", "08:00", "08:00-08:00", "08:00-24:30", "đêm")
        ),
        ("[[rule]]\nto = ['khong-co']", "rule.1.to", "unknown_destination"),
        (DESTINATION.format(""), "destination.a", "destination_one"),
        (DESTINATION.format("chat = true\nperson = 'x'"), "destination.a", "destination_one"),
        (DESTINATION.format("email = 'khong-phai'"), "destination.a.email", "bad_mail"),
        (DESTINATION.format("email = 'a@vidu.example'\nprivate = true"), "destination.a.private", "private_alone"),
        (DESTINATION.format("sms = '0912'"), "destination.a.sms", "extra_forbidden"),
        *(
            (DESTINATION.format(f"webhook = '{url}'"), "destination.a.webhook", "bad_url")
            for url in (
                "x",
                "ftp://a.vn",
                "https://",
                "https://u:p@a.vn",
                "https://a.vn:99999",
                "https://a.vn/á",
                "https://a.vn/a b",
            )
        ),
        (DESTINATION.format("webhook = 'http://a.vn/x'"), "destination.a.webhook", "open_url"),
        (DESTINATION.format("webhook = 'http://10.0.0.1/x'"), "destination.a.webhook", "open_url"),
        ("[destination.Nhom]\nchat = true", "destination.Nhom", "bad_id"),
        ("[destination.head]\nchat = true", "destination.head", "destination_taken"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, text: str, place: str, code: str) -> None:
    with pytest.raises(RoutingError) as caught:
        load_routing(written(tmp_path, text))
    assert [(problem.place, problem.code) for problem in caught.value.problems] == [(place, code)]
    said = explain(caught.value)
    assert FILE_NAME in said and place in said and "không hợp lệ" not in said


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = "[destination.A]\nemail='x'\n[[rule]]\nto = ['b']\nhours = 'x'"
    with pytest.raises(RoutingError) as caught:
        load_routing(written(tmp_path, text))
    assert [problem.place for problem in caught.value.problems] == [
        "destination.A",
        "destination.A.email",
        "rule.1.hours",
        "rule.1.to",
    ]
    assert explain(caught.value).count("\n") == 3


def test_an_address_that_may_hold_a_secret_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(RoutingError) as caught:
        load_routing(written(tmp_path, DESTINATION.format("webhook = 'ftp://a.vn/mat-khau'")))
    assert "mat-khau" not in explain(caught.value) + str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_this_machine_may_be_called_in_the_clear(tmp_path: Path, host: str) -> None:
    url = f"http://{host}:8080/x"
    assert load_routing(written(tmp_path, DESTINATION.format(f"webhook = '{url}'"))).targets["a"].url == url


# Hours


@pytest.mark.parametrize(
    ("hours", "days", "at", "fits"),
    [
        ("", (), "2026-11-21T12:00", True),
        ("08:00-17:00", (), "2026-11-21T08:00", True),
        ("08:00-17:00", (), "2026-11-21T16:59", True),
        ("08:00-17:00", (), "2026-11-21T17:00", False),
        ("00:00-24:00", (), "2026-11-21T23:59", True),
        ("17:00-07:30", (), "2026-11-21T23:00", True),
        ("17:00-07:30", (), "2026-11-21T07:29", True),
        ("17:00-07:30", (), "2026-11-21T07:30", False),
        # The 21st of November 2026 is a Saturday.
        ("", ("sat",), "2026-11-21T00:00", True),
        ("", ("sun",), "2026-11-21T23:59", False),
        ("17:00-07:30", ("sat",), "2026-11-21T18:00", True),
        ("17:00-07:30", ("sat",), "2026-11-22T06:00", True),
        ("17:00-07:30", ("sat",), "2026-11-21T06:00", False),
        ("17:00-07:30", ("sun",), "2026-11-23T06:00", True),
        ("17:00-07:30", ("mon",), "2026-11-23T06:00", False),
    ],
)
def test_hours_go_beyond_midnight_with_their_day(hours: str, days: tuple[str, ...], at: str, fits: bool) -> None:
    rule = Rule.model_validate({"hours": hours, "days": days, "to": ["head"]})
    assert rule.is_time(dt.datetime.fromisoformat(at).replace(tzinfo=ZONE)) is fits


# What goes where


@pytest.fixture
def office(database: Database) -> dict[str, int]:
    """Sở Ví Dụ with Phòng Một, which has a contact and a head, and Phòng Hai, which has neither."""
    console = Scene(database, Actor(CONSOLE), NOW, TODAY)
    top = people_service.create_unit(console, "Sở Ví Dụ")
    one, two = (people_service.create_under(console, top, name) for name in ("Phòng Một", "Phòng Hai"))
    team = people_service.create_under(console, one, "Tổ Ví Dụ")
    for name, unit in (("contact", one), ("head", one), ("chief", top), ("admin", top)):
        member(console, unit, name)
    for name, role, unit in (("contact", "contact", one), ("head", "head", one), ("chief", "head", top)):
        people_service.give_role(console, writer(database, name), role, unit)  # type: ignore[arg-type]
    people_service.give_role(console, writer(database, "admin"), "administrator", None)
    return {"top": top, "one": one, "two": two, "team": team}


def case(unit: int | None, **more: object) -> Case:
    values = {"kind": "lost", "platform": "zalo", "harm": "unknown", "unit": unit, "at": NOW, **more}
    return Case(**values)  # type: ignore[arg-type]


def routing(*rules: dict[str, object], **named: dict[str, object]) -> Routing:
    return Routing.model_validate({"destination": named, "rule": rules} if rules else {"destination": named})


def decided(database: Database, rules: Routing, one: Case) -> tuple[list[int], dict[str, list[str]]]:
    found = decide(database, rules, ZONE, TODAY, one)
    return list(found.rules), {place.name: [at.chat for at in place.addresses] for place in found.places}


def test_the_contact_of_the_unit_or_of_the_nearest_one_above(database: Database, office: dict[str, int]) -> None:
    usual = Routing()
    contact, admin = address("contact").chat, address("admin").chat
    assert decided(database, usual, case(office["one"])) == ([1], {"contact": [contact]})
    assert decided(database, usual, case(office["team"])) == ([1], {"contact": [contact]})
    # Nobody is one for the other, nor above it.
    assert decided(database, usual, case(office["two"])) == ([1], {"contact": [admin]})
    assert decided(database, usual, case(None)) == ([1], {"contact": [admin]})


def test_a_contact_whose_address_is_not_trusted_is_passed_over(database: Database, office: dict[str, int]) -> None:
    people.hold(database, writer(database, "contact"), CONSOLE, NOW.isoformat())
    assert decided(database, Routing(), case(office["one"])) == ([1], {"contact": [address("admin").chat]})


def test_every_rule_that_fits_adds_its_destinations_and_nobody_gets_it_twice(
    database: Database, office: dict[str, int]
) -> None:
    rules = routing(
        {"kind": ["lost"], "to": ["contact", "thu"]},
        {"kind": ["content"], "to": ["head"]},
        {"harm": ["money_asked"], "to": ["thu", "head", "administrators"]},
        {"unit": "Phòng Một", "to": ["head"]},
        {"unit": "Phòng Không Có", "to": ["administrators"]},
        {"platform": ["facebook"], "to": ["administrators"]},
        thu={"email": "a@vidu.example"},
    )
    contact, head, chief, admin = (address(name).chat for name in ("contact", "head", "chief", "admin"))
    assert decided(database, rules, case(office["two"])) == ([1], {"contact": [admin], "thu": ["a@vidu.example"]})
    assert decided(database, rules, case(office["two"], harm="money_asked")) == (
        [1, 3],
        # The administrator stands in for the contact already.
        {"contact": [admin], "thu": ["a@vidu.example"], "head": [chief]},
    )
    assert decided(database, rules, case(office["team"], platform="facebook")) == (
        [1, 4, 6],
        {"contact": [contact], "thu": ["a@vidu.example"], "head": [head], "administrators": [admin]},
    )


def test_what_no_rule_fits_goes_to_the_administrators(database: Database, office: dict[str, int]) -> None:
    rules = routing({"kind": ["content"], "to": ["head"]})
    assert decided(database, rules, case(office["one"])) == ([], {"administrators": [address("admin").chat]})


def test_where_nobody_can_be_found_the_administrators_are_asked(database: Database, office: dict[str, int]) -> None:
    rules = routing({"to": ["nhom"]}, nhom={"chat": True})
    assert decided(database, rules, case(office["one"])) == (
        [1],
        {"nhom": [], "administrators": [address("admin").chat]},
    )


def test_an_office_without_anybody_has_nowhere_and_says_so(database: Database) -> None:
    assert decide(database, Routing(), ZONE, TODAY, case(None)) == Decision(
        (1,), (Place("contact", (), "nobody"), Place("administrators", (), "nobody"))
    )


def test_a_chat_a_person_a_mailbox_and_a_program(database: Database, office: dict[str, int]) -> None:
    rules = routing(
        nhom={"chat": True},
        sep={"person": "Người chief"},
        ai={"person": "Không Có Ai"},
        thu={"email": "a@vidu.example"},
        may={"webhook": "https://a.vidu.example/x"},
    )

    def place(name: str) -> Place:
        return place_of(database, rules, TODAY, office["one"], name)

    assert place("nhom") == Place("nhom", (), "not_named")
    group = Address("vidu", "bot-1", "nhom-1", "nhom-1")
    destinations.name(database, "nhom", group, NOW.isoformat())
    assert place("nhom") == Place("nhom", (group,))
    chats.close(database, "vidu", "bot-1", "nhom-1", "left", NOW.isoformat())
    assert place("nhom") == Place("nhom", (), "closed")
    assert place("sep") == Place("sep", (address("chief"),))
    people.hold(database, writer(database, "chief"), CONSOLE, NOW.isoformat())
    assert place("sep") == Place("sep", (), "unreachable")
    assert place("ai") == Place("ai", (), "no_such_member")
    assert [(at.channel, at.account, at.chat) for at in place("thu").addresses] == [
        ("email", "office", "a@vidu.example")
    ]
    assert [(at.channel, at.account, at.chat) for at in place("may").addresses] == [("webhook", "office", "may")]


def test_a_group_that_becomes_another_stays_the_destination(database: Database) -> None:
    group = Address("telegram", "1", "-5", "-5")
    destinations.name(database, "nhom", group, NOW.isoformat())
    chats.move(database, "telegram", "1", "-5", "-1005")
    assert destinations.at(database, "nhom") == Address("telegram", "1", "-1005", "-1005")


def test_roles_that_are_looked_for_again_do_not_hide_each_other(database: Database, office: dict[str, int]) -> None:
    roles.take_all(database, writer(database, "contact"), CONSOLE, NOW.isoformat())
    roles.take_all(database, writer(database, "admin"), CONSOLE, NOW.isoformat())
    found = find(database, Routing(), TODAY, office["one"], ["contact"])
    assert [place.name for place in found] == ["contact", "administrators"]
    assert not any(place.addresses for place in found)
