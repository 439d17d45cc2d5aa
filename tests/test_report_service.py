"""Reports through the service: what is written down, who may do what with it, and what never is written."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.authorization import Actor, Scene
from handlers.errors import NotAllowed
from handlers.office import Office
from handlers.people import joining
from handlers.people import service as people_service
from handlers.report import holding, receipts, service, trail
from storage import audit, blobs, dialogues, members, people, report_attempts, report_facts, report_files, reports
from storage.audit import CONSOLE
from storage.database import Database
from storage.dialogues import Dialogue
from storage.people import Address
from storage.reports import Draft
from tests.conftest import NOW, TODAY
from tests.test_people_service import address, by, member, refused, writer

LOST = Draft("lost", platform="vidu", account="0912.345.678", said="nick bi hack", contact="0987654321")


@pytest.fixture
def office(console: Scene, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Sở Ví Dụ with two departments, a contact of the first, a colleague in each."""
    monkeypatch.setitem(holding.CHANNELS_OF, "vidu", ("vidu",))
    top = people_service.create_unit(console, "Sở Ví Dụ")
    one, two = (people_service.create_under(console, top, name) for name in ("Phòng Một", "Phòng Hai"))
    for name, unit in (("contact", one), ("an", one), ("binh", two), ("other contact", two)):
        member(console, unit, name)
    people_service.give_role(console, writer(console.database, "contact"), "contact", one)
    people_service.give_role(console, writer(console.database, "other contact"), "contact", two)
    return {"top": top, "one": one, "two": two}


def told(scene: Scene, report: int) -> list[tuple[str, int | None, str, str]]:
    return [(event.what, event.actor, event.note, event.audience) for event in reports.events(scene.database, report)]


def test_a_report_has_a_number_a_unit_and_a_trail(console: Scene, office: dict[str, int]) -> None:
    an = writer(console.database, "an")
    opened = service.open_report(by(console, "an"), LOST)
    report = opened.report
    assert (report.id, report.unit_id, report.reporter_id, report.state) == (1, office["one"], an, "new")
    assert trail.shown_number(report.id, replace(console, office=Office(report_prefix="SVD"))) == "SVD-1"
    assert told(console, 1) == [("opened", an, "", "internal")]
    assert service.open_report(by(console, "binh"), LOST).report.unit_id == office["two"]
    stranger = service.open_report(by(console, "nguoi la"), LOST).report
    assert (stranger.id, stranger.unit_id) == (3, office["top"])


def test_a_report_about_somebody_concerns_his_unit(console: Scene, office: dict[str, int]) -> None:
    draft = replace(LOST, whose="other", owner_id=writer(console.database, "binh"))
    assert service.open_report(by(console, "an"), draft).report.unit_id == office["two"]


def test_the_whole_way_of_a_report(console: Scene, office: dict[str, int]) -> None:
    """Taken, asked, answered, noted, closed, added to and closed again; each step in the trail."""
    an, contact = by(console, "an"), by(console, "contact")
    number = service.open_report(an, LOST).report.id
    later = replace(contact, now=NOW + dt.timedelta(minutes=5))
    assert service.take(later, number).taken_by == contact.actor.person
    with refused("report_taken") as taken:
        service.take(contact, number)
    assert taken.value.values == {"name": "Người contact"}
    assert service.ask(contact, number, "Có ai chuyển tiền chưa?").state == "waiting"
    assert service.answer(an, number, "Chưa, mật khẩu là abc123").state == "taken"
    with refused("nothing_asked"):
        service.answer(an, number, "x")
    service.note(contact, number, "đã gọi chủ nick")
    service.note(contact, number, "đang chờ nhà mạng", for_reporter=True)
    closed = service.resolve(contact, number, "Đã lấy lại tài khoản")
    assert (closed.state, closed.closed_at, closed.answered_at) == ("resolved", NOW.isoformat(), later.stamp)
    for act in (service.take, service.ask, service.resolve, service.close_as_elsewhere):
        with refused("report_closed"):
            act(contact, number, *([] if act is service.take else ["x"]))
    assert service.add(an, number, "Nó lại nhắn vay tiền").state == "taken"
    assert service.close_as_elsewhere(contact, number, "Công an xã").state == "elsewhere"
    assert service.reopen(contact, number, "nhầm").state == "taken"
    with refused("report_open"):
        service.reopen(contact, number, "x")
    me, they = an.actor.person, contact.actor.person
    assert told(console, number) == [
        ("opened", me, "", "internal"),
        ("taken", they, "", "reporter"),
        ("asked", they, "Có ai chuyển tiền chưa?", "reporter"),
        ("answered", me, "Chưa, mật khẩu là ***", "reporter"),
        ("noted", they, "đã gọi chủ nick", "internal"),
        ("told", they, "đang chờ nhà mạng", "reporter"),
        ("resolved", they, "Đã lấy lại tài khoản", "reporter"),
        ("added", me, "Nó lại nhắn vay tiền", "reporter"),
        ("reopened", me, "", "reporter"),
        ("elsewhere", they, "Công an xã", "reporter"),
        ("reopened", they, "nhầm", "reporter"),
    ]
    acts = {entry.act for entry in audit.entries(console.database, "", 50) if entry.subject == f"report {number}"}
    assert acts == {"report.take", "report.ask", "report.note", "report.resolve", "report.elsewhere", "report.reopen"}


def test_what_is_added_to_a_merged_report_belongs_to_the_other(console: Scene, office: dict[str, int]) -> None:
    an, binh = by(console, "an"), by(console, "binh")
    first, second = (service.open_report(who, LOST).report.id for who in (an, binh))
    now = console.stamp
    reports.change(console.database, second, state="merged", merged_into=first, closed_at=now, kept_from=now)
    assert service.add(binh, second, "mất 3tr").id == first
    service.attach(binh, second)
    assert [(event.what, event.actor) for event in reports.events(console.database, first)][1:] == [
        ("added", binh.actor.person),
        ("attached", binh.actor.person),
    ]
    assert reports.merged_into(console.database, first) == [second]
    assert len(report_files.files(console.database, first)) == 1


def test_nothing_is_not_added(console: Scene, office: dict[str, int]) -> None:
    number = service.open_report(by(console, "an"), LOST).report.id
    with refused("nothing_said"):
        service.add(by(console, "an"), number, "  ")
    with refused("no_such_report"):
        service.take(console, 99)


def test_a_reporter_sees_nothing_internal_and_every_reading_is_noted(console: Scene, office: dict[str, int]) -> None:
    an, contact = by(console, "an"), by(console, "contact")
    number = service.open_report(an, LOST).report.id
    service.note(contact, number, "nghi là người nhà")
    service.take(contact, number)
    assert [event.what for event in service.read(an, number).events] == ["taken"]
    assert [event.what for event in service.read(contact, number).events] == ["opened", "noted", "taken"]
    assert told(console, number)[-1][:2] == ("read", contact.actor.person)
    assert [report.id for report in service.list_open(contact, office["one"])] == [number]


@pytest.mark.parametrize("who", ["binh", "other contact", "nguoi la"])
def test_others_reach_nothing_by_a_number(console: Scene, office: dict[str, int], who: str) -> None:
    """Whether there is such a report is not to be seen either: both are refused alike."""
    number = service.open_report(by(console, "an"), LOST).report.id
    for act in (service.read, service.take, service.attach):
        for guessed in (number, 99):
            with pytest.raises(NotAllowed):
                act(by(console, who), guessed)


# Whose account


def test_the_account_a_member_writes_from_is_held_at_once(console: Scene, office: dict[str, int]) -> None:
    an = writer(console.database, "an")
    other = Address("khac", "bot-2", "chat-khac", "an-khac")
    people.person_at(console.database, other, NOW.isoformat())
    console.database.run("UPDATE addresses SET person_id = :an WHERE channel = 'khac'", {"an": an})
    for place in (address("an"), other):
        dialogues.keep(console.database, place, an, Dialogue("join", "name", {}), console.stamp)
    opened = service.open_report(by(console, "binh"), replace(LOST, whose="other", owner_id=an))
    assert opened.held == 1
    assert people.is_held(console.database, address("an"))
    assert not people.is_held(console.database, other)
    assert [place for _, place in dialogues.of(console.database, an)] == [NOW.isoformat()]
    assert told(console, opened.report.id)[-1][0] == "account_held"
    with refused("address_held"):
        service.own(by(console, "an"), an)
    assert people_service.restore(by(console, "contact"), an) == 1


@pytest.mark.parametrize(
    ("who", "changes"),
    [
        ("nguoi la", {}),
        ("binh", {"kind": "impersonated"}),
        ("binh", {"platform": "facebook"}),
        ("binh", {"owner_id": None}),
    ],
    ids=["a stranger's word", "only imitated", "not this messenger", "not known whose"],
)
def test_no_account_is_held_for_less(
    console: Scene, office: dict[str, int], who: str, changes: dict[str, object]
) -> None:
    an = writer(console.database, "an")
    draft = replace(LOST, whose="other", owner_id=an)
    assert service.open_report(by(console, who), replace(draft, **changes)).held == 0  # type: ignore[arg-type]
    assert not people.has_held(console.database, an)


def test_a_contact_who_finds_out_whose_it_is_holds_it(console: Scene, office: dict[str, int]) -> None:
    an = writer(console.database, "an")
    number = service.open_report(by(console, "nguoi la"), replace(LOST, unit_id=office["one"])).report.id
    identified = service.identify(by(console, "contact"), number, an)
    assert (identified.held, identified.report.owner_id, identified.report.owner_name) == (1, an, "Người an")
    with refused("no_such_member"):
        service.identify(by(console, "contact"), number, writer(console.database, "nguoi la"))


# Receipts and reports without a name


def test_a_receipt_opens_from_any_chat_what_its_reporter_may_see(console: Scene, office: dict[str, int]) -> None:
    opened = service.open_report(by(console, "an"), LOST, anonymous=True)
    report, receipt = opened.report, opened.receipt
    assert (report.reporter_id, told(console, report.id)) == (None, [("opened", None, "", "internal")])
    assert len(receipt) == receipts.RECEIPT_LENGTH
    assert receipt not in str(console.database.rows("SELECT * FROM reports"))
    service.ask(Scene(console.database, Actor(CONSOLE), NOW, TODAY), report.id, "Nick nào?")
    shown = receipts.shown_receipt(receipt)
    for typed in (shown, shown.lower(), shown.replace("-", " "), receipt):
        assert receipts.looks_like_receipt(typed)
        seen = service.by_receipt(by(console, "nguoi la"), typed)
        assert [event.what for event in seen.events] == ["asked"]
    assert service.add_by_receipt(by(console, "nguoi la"), shown, "nick Ví Dụ").state == "new"
    assert told(console, report.id)[-1] == ("answered", None, "nick Ví Dụ", "reporter")
    assert service.own(by(console, "an"), writer(console.database, "an")) == []


def test_the_key_of_receipts_is_made_once_and_for_each_database(console: Scene, tmp_path: Path) -> None:
    other = Database(tmp_path / "other.db")
    keys = [report_attempts.receipt_key(database) for database in (console.database, console.database, other)]
    other.close()
    assert keys[0] == keys[1] != keys[2]
    assert len(keys[0]) == 32


def test_receipts_are_random(console: Scene) -> None:
    made = {receipts.new_receipt() for _ in range(1000)}
    assert len(made) == 1000
    assert min(sum(char.isdigit() for char in receipt) for receipt in made) >= 2
    assert {len(set(letters)) > 20 for letters in zip(*made, strict=True)} == {True}


def test_who_guesses_is_not_heard_for_an_hour(console: Scene, office: dict[str, int]) -> None:
    receipt = service.open_report(by(console, "an"), LOST).receipt
    guesser = by(console, "nguoi la")
    for _ in range(service.MOST_GUESSES):
        with refused("no_such_receipt"):
            service.by_receipt(guesser, "AAAA-AAAA-AAAA-AAAA")
    with refused("too_many_guesses"):
        service.by_receipt(guesser, receipt)
    assert service.by_receipt(by(console, "binh"), receipt).report.id == 1
    after = replace(guesser, now=NOW + dt.timedelta(hours=1, seconds=1))
    assert service.by_receipt(after, receipt).report.id == 1


def test_an_office_may_want_names(console: Scene, office: dict[str, int]) -> None:
    strict = replace(by(console, "an"), office=Office(anonymous_reports=False))
    with refused("no_anonymous"):
        service.open_report(strict, LOST, anonymous=True)
    assert service.open_report(strict, LOST).report.reporter_id == strict.actor.person


# What is not written


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("gửi kèm công văn mật", "state_secret"),
        ("Ảnh tài liệu TỐI MẬT bị chụp", "state_secret"),
        ("van ban tuyet mat bi dang", "state_secret"),
        ("Độ mật: MẬT", "state_secret"),
        ("tố cáo anh A nhận hối lộ", "complaint"),
        ("toi khieu nai truong phong", "complaint"),
    ],
)
def test_what_does_not_belong_here_is_not_kept(console: Scene, office: dict[str, int], text: str, code: str) -> None:
    an = by(console, "an")
    number = service.open_report(an, LOST).report.id
    before = console.database.rows("SELECT * FROM report_events")
    with refused(code):
        service.add(an, number, text)
    with refused(code):
        service.open_report(by(console, "binh"), replace(LOST, said=text))
    assert console.database.rows("SELECT * FROM report_events") == before


@pytest.mark.parametrize(
    "text",
    ["TÔI MẤT NICK ZALO", "toi mat nick", "mất mật khẩu", "MẬT KHẨU bị đổi", "tố cáo trang facebook giả", "bảo mật"],
)
def test_what_reads_alike_is_taken(console: Scene, office: dict[str, int], text: str) -> None:
    assert service.open_report(by(console, "an"), replace(LOST, said=text)).report.said == text


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("no doi ma otp 482913", "no doi ma otp ***"),
        ("482913", "***"),
        ("cccd 079090012345", "cccd ***"),
        ("079 090 012 345", "***"),
        ("mật khẩu zalo của tôi là Abc", "mật khẩu zalo của tôi là ***"),
        ("gọi 0912.345.678", "gọi 0912.345.678"),
        ("chuyen 300.000.000 vao stk 123456789", "chuyen 300.000.000 vao stk 123456789"),
        ("mat 100000000", "mat 100000000"),
        ("facebook.com/profile.php?id=100012345678", "facebook.com/profile.php?id=100012345678"),
        ("thẻ 4111 1111 1111 1111", "thẻ ***"),
    ],
)
def test_secrets_are_masked_and_what_a_report_needs_is_not(
    console: Scene, office: dict[str, int], typed: str, written: str
) -> None:
    number = service.open_report(by(console, "an"), replace(LOST, said=typed, account=typed)).report.id
    report = service.add(by(console, "an"), number, typed)
    assert (report.said, report.account, told(console, number)[-1][2]) == (written, written, written)


def test_too_many_reports_are_too_many(console: Scene, office: dict[str, int]) -> None:
    for _ in range(service.MOST_REPORTS):
        service.open_report(by(console, "an"), LOST)
    with refused("too_many_reports"):
        service.open_report(by(console, "an"), LOST)
    assert service.open_report(by(console, "binh"), LOST)
    after = replace(by(console, "an"), now=NOW + dt.timedelta(hours=1, seconds=1))
    assert service.open_report(after, LOST)


# Evidence and the end


def stored(database: Database, number: int) -> int:
    blob = blobs.begin(database, "image/png", 1, 1, NOW.isoformat())
    blobs.put_part(database, blob, 0, b"x")
    blobs.complete(database, blob)
    assert report_files.end_file(database, number, "stored", "", blob)
    return blob


def test_files_go_with_their_report_and_what_is_counted_stays(console: Scene, office: dict[str, int]) -> None:
    database, an, contact = console.database, by(console, "an"), by(console, "contact")
    early = report_files.expect_file(database, None, an.actor.person, NOW.isoformat())
    number = service.open_report(an, LOST).report.id
    found = [stored(database, early), stored(database, service.attach(an, number))]
    assert [file.blob for file in service.read(an, number).files] == found
    assert blobs.purge(database, "9999", 10) == 0
    service.resolve(contact, number, "xong")
    report = reports.get(database, number)
    assert report is not None
    assert service.going(console, report) == (TODAY + dt.timedelta(days=335), TODAY + dt.timedelta(days=365))
    reports.change(database, number, held_at=NOW.isoformat(), hold_reason="thanh tra")
    assert report_facts.purge(database, "9999", 10) == 0
    reports.change(database, number, held_at=None)
    counted = report_facts.facts(database, "2026-01-01", "2027-01-01")
    assert report_facts.purge(database, "9999", 10) == 1
    assert [blobs.get(database, blob) for blob in found] == [None, None]
    assert report_facts.facts(database, "2026-01-01", "2027-01-01") == counted
    assert (counted[0].kind, counted[0].unit_id, counted[0].state) == ("lost", office["one"], "resolved")
    assert service.open_report(an, LOST).report.id == number + 1


def test_a_report_takes_so_many_files(console: Scene, office: dict[str, int]) -> None:
    an = by(console, "an")
    number = service.open_report(an, LOST).report.id
    for _ in range(service.MOST_FILES):
        service.attach(an, number)
    with refused("too_many_files"):
        service.attach(an, number)


def test_an_open_report_is_never_deleted(console: Scene, office: dict[str, int]) -> None:
    service.open_report(by(console, "an"), LOST)
    assert report_facts.purge(console.database, "9999", 10) == 0


def test_who_wants_to_be_forgotten_is_not_named_by_his_reports(console: Scene, office: dict[str, int]) -> None:
    an = by(console, "an")
    number = service.open_report(an, replace(LOST, owner_id=an.actor.person, platform="facebook")).report.id
    reports.forget(console.database, an.actor.person)
    report = reports.get(console.database, number)
    assert report is not None
    assert (report.reporter_id, report.owner_id, report.contact, report.said) == (None, None, "", LOST.said)


def test_what_a_stranger_reported_is_his_when_he_joins(console: Scene, office: dict[str, int]) -> None:
    number = service.open_report(by(console, "nguoi la"), LOST).report.id
    listed = people_service.add_member(console, office["one"], "Trần Ví Dụ", code="CB01")
    joining.join_by_code(by(console, "nguoi la"), "CB01")
    assert [report.id for report in service.own(by(console, "nguoi la"), listed)] == [number]
    assert members.get(console.database, listed, TODAY.isoformat()) is not None


def test_unknown_columns_are_never_written(console: Scene, office: dict[str, int]) -> None:
    service.open_report(by(console, "an"), LOST)
    with pytest.raises(ValueError, match="receipt_hash"):
        reports.change(console.database, 1, receipt_hash="x")
