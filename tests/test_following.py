"""Nothing is forgotten: alerts at any hour, reminders, levels, silence, and the day before a report is deleted."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from bot.channels.abilities import Abilities
from bot.receiver import Receiver
from bot.scheduler import Scheduler
from bot.worker import Worker
from handlers.authorization import Actor, Scene
from handlers.calendar import Calendar
from handlers.casework import service
from handlers.casework.following import KINDS
from handlers.context import Context
from handlers.conversation import Reply
from handlers.pages import service as pages_service
from handlers.people import service as people_service
from handlers.report import service as report_service
from handlers.report.levels import alerted, levels
from handlers.schedule import Due
from storage import jobs, people, report_facts, reports, roles
from storage.audit import CONSOLE
from storage.reports import FOLLOWING, Draft
from tests.conftest import NOW, OFFICE
from tests.conversations import Conversation, read
from tests.helpers import Clock
from tests.test_managing import somebody

pytestmark = pytest.mark.every_channel

# Saturday, ten in the morning: nobody works until Monday half past seven.
MONDAY = dt.datetime(2026, 11, 23, 0, 30, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)

CALM = Draft("impersonated", platform="zalo", contact="0900 000 002")
URGENT = Draft("lost", platform="zalo", harm="money_asked", contact="0900 000 002")


class Office:
    """An office of one unit, its people by what they are, and a clock that is put forward."""

    def __init__(self, context: Context) -> None:
        self.context = replace(context, person=0, address=None, office=OFFICE)
        self.console = Scene(context.database, Actor(CONSOLE), context.now, context.today)
        self.top = people_service.create_unit(self.console, "Sở Ví Dụ")
        self.unit = people_service.create_under(self.console, self.top, "Phòng Một")
        self.names: dict[str, str] = {}

    def put(self, name: str, **role: int | None) -> Conversation:
        made = somebody(self.context, name, self.unit, **role)
        self.names[made.address.sender] = name
        return made

    @property
    def scene(self) -> Scene:
        return replace(self.console, now=self.context.now, day=self.context.today)

    def report(self, draft: Draft = CALM) -> int:
        return report_service.open_report(self.scene, replace(draft, unit_id=self.unit)).report.id

    def at(self, moment: dt.datetime) -> None:
        """Let it be so late; nothing ran in between."""
        self.context = replace(self.context, now=moment)

    def run(self) -> list[tuple[str, str]]:
        """Do what is due; return who was told what, by its first words."""
        return [(self.names[reply.to.sender], read(reply)) for reply in self._run() if reply.to]

    def until(self, end: dt.datetime) -> list[tuple[dt.datetime, str, str]]:
        """Do everything at its time until a moment."""
        told = []
        while (next_time := self.planned()) is not None and next_time <= end:
            self.at(max(next_time, self.context.now))
            told += [(self.context.now, who, said) for who, said in self.run()]
        self.at(end)
        return told

    def planned(self) -> dt.datetime | None:
        row = self.context.database.row("SELECT min(due_at) AS at FROM jobs WHERE kind = :kind", {"kind": FOLLOWING})
        return dt.datetime.fromisoformat(row["at"]) if row and row["at"] else None

    def _run(self) -> list[Reply]:
        replies: list[Reply] = []
        now = self.context.now.isoformat()
        while job := jobs.claim(self.context.database, [FOLLOWING], "thu", now, now):
            due = Due(job.name, dt.datetime.fromisoformat(job.planned_at), job.data)
            replies += KINDS[FOLLOWING].run(due, self.context)
            jobs.finish(self.context.database, job)
        return replies


@pytest.fixture
def office(context: Context) -> Office:
    return Office(context)


def local(office: Office, told: list[tuple[dt.datetime, str, str]]) -> list[tuple[str, str, str]]:
    return [(f"{at.astimezone(office.context.zone):%a %H:%M}", who, said.split(":")[0]) for at, who, said in told]


# Alerts


def test_an_urgent_case_alerts_duty_contact_and_head_at_any_hour(office: Office) -> None:
    office.put("moi", contact=office.unit)
    office.put("truong", head=office.unit)
    office.put("truc")
    office.put("khac")
    duty = [
        {"from": "20/11/2026 17:00", "until": "23/11/2026 07:30", "who": ["Người truc"]},
        {"from": "20/11/2026 17:00", "until": "23/11/2026 07:30", "who": ["Người khac"], "unit": "Phòng Hai"},
    ]
    people_service.create_under(office.console, office.top, "Phòng Hai")
    calendar = Calendar.model_validate({"duty": duty})
    office.context = replace(office.context, office=OFFICE.model_copy(update={"calendar": calendar}))
    # Saturday night.
    office.at(NOW.replace(hour=16))
    office.report(URGENT)
    told = office.run()
    assert [who for who, _ in told] == ["truc", "moi", "truong"]
    assert told[0][1].startswith("KHẨN. BC-1, Mất quyền, bị hack, trên Zalo, đang hỏi tiền, Phòng Một")
    assert office.run() == []


def test_a_case_that_becomes_urgent_alerts_then(office: Office) -> None:
    office.put("moi", contact=office.unit)
    number = office.report(CALM)
    assert office.run() == []
    service.correct(office.console, number, "lost", "money_lost")
    assert [said.split(".")[0] for _, said in office.run()] == ["KHẨN"]


def test_an_official_page_that_was_taken_is_urgent_whatever_its_reporter_said(office: Office) -> None:
    office.put("moi", contact=office.unit)
    pages_service.add_page(office.console, office.unit, "facebook", "Phòng Một Ví Dụ", "facebook.com/phongmotvidu")
    number = office.report(replace(CALM, kind="lost", account="m.facebook.com/PhongMotViDu/"))
    office.report(replace(CALM, kind="lost", account="m.facebook.com/PhongMotViDu2"))
    assert [said.split(",")[0] for _, said in office.run()] == ["KHẨN. BC-1"]
    kinds = [event.what for event in reports.events(office.context.database, number)]
    assert kinds == ["opened", "recognised", "alerted"]


def test_where_nobody_is_on_duty_it_is_still_said(office: Office) -> None:
    administrator = office.put("quan", administrator=None)
    office.report(URGENT)
    report = reports.get(office.context.database, 1)
    assert report is not None
    assert list(alerted(report, office.context)) == [administrator.context.person]
    assert [who for who, _ in office.run()] == ["quan"]


# Reminders and levels


def test_nothing_is_said_outside_of_working_hours_where_it_can_wait(office: Office) -> None:
    """Four hours of work from Monday half past seven: a reminder after three, then each level half a day later."""
    office.put("moi", contact=office.unit)
    office.put("thay", contact=office.unit)
    office.put("truong", head=office.unit)
    office.put("quan", administrator=None)
    office.report()
    assert local(office, office.until(MONDAY + 4 * DAY)) == [
        ("Mon 10:30", "moi", "Sắp hết hạn phản hồi (còn 60 phút)"),
        ("Mon 11:30", "moi", "Quá hạn phản hồi 1 phút, chuyển tới đầu mối"),
        ("Tue 08:00", "thay", "Quá hạn phản hồi 20 giờ, chuyển tới người thay, đầu mối khác"),
        ("Tue 14:00", "truong", "Quá hạn phản hồi 26 giờ, chuyển tới lãnh đạo"),
        ("Wed 08:30", "quan", "Quá hạn phản hồi 45 giờ, chuyển tới quản trị"),
        ("Thu 09:00", "moi", "Quá hạn phản hồi 3 ngày, chuyển tới quản trị"),
        ("Thu 09:00", "thay", "Quá hạn phản hồi 3 ngày, chuyển tới quản trị"),
        ("Thu 09:00", "truong", "Quá hạn phản hồi 3 ngày, chuyển tới quản trị"),
        ("Thu 09:00", "quan", "Quá hạn phản hồi 3 ngày, chuyển tới quản trị"),
    ]


def test_an_urgent_case_goes_up_on_the_clock(office: Office) -> None:
    office.put("moi", contact=office.unit)
    office.put("truong", head=office.unit)
    office.put("quan", administrator=None)
    office.report(URGENT)
    told = local(office, office.until(NOW + 100 * MINUTE))
    assert [line for line in told if not line[2].startswith("KHẨN")] == [
        ("Sat 10:22", "moi", "Sắp hết hạn phản hồi (còn 8 phút)"),
        ("Sat 10:30", "moi", "Quá hạn phản hồi 1 phút, chuyển tới đầu mối"),
        ("Sat 11:00", "truong", "Quá hạn phản hồi 30 phút, chuyển tới lãnh đạo"),
        ("Sat 11:30", "quan", "Quá hạn phản hồi 60 phút, chuyển tới quản trị"),
    ]


@pytest.mark.parametrize("end", ["taken", "resolved", "elsewhere", "merged", "deleted", "asked"])
def test_silence_as_soon_as_it_is_handled_closed_or_deleted(office: Office, end: str) -> None:
    office.put("moi", contact=office.unit)
    number = office.report(URGENT)
    other = office.report(CALM)
    report_service.take(office.console, other)
    office.until(NOW + 31 * MINUTE)
    scene = office.scene
    match end:
        case "taken":
            report_service.take(scene, number)
        case "resolved":
            report_service.resolve(scene, number, "xong")
        case "elsewhere":
            report_service.close_as_elsewhere(scene, number, "công an phường")
        case "merged":
            service.merge(scene, number, other)
        case "asked":
            report_service.ask(scene, number, "Có chuyển tiền chưa?")
        case "deleted":
            report_service.resolve(scene, number, "xong")
            report_facts.delete(office.context.database, number)
    told = office.until(NOW + 5 * HOUR)
    assert [said for _, _, said in told if "BC-1" in said] == []


def test_after_the_answer_the_whole_case_has_its_time(office: Office) -> None:
    office.put("moi", contact=office.unit)
    number = office.report(URGENT)
    office.run()
    report_service.take(replace(office.console, now=NOW + 5 * MINUTE), number)
    told = local(office, office.until(NOW + 25 * HOUR))
    assert (
        told
        == [
            ("Sun 04:00", "moi", "Sắp hết hạn xử lý (còn 6 giờ)"),
            ("Sun 10:00", "moi", "Quá hạn xử lý 1 phút, chuyển tới đầu mối"),
            ("Mon 10:00", "moi", "Quá hạn xử lý 24 giờ, chuyển tới đầu mối"),
        ][: len(told)]
    )
    assert len(told) == 2


def test_an_answer_lets_the_time_go_on(office: Office) -> None:
    moi = office.put("moi", contact=office.unit)
    number = office.report(URGENT)
    reports.change(office.context.database, number, taken_by=moi.context.person)
    report_service.ask(replace(office.console, now=NOW + HOUR), number, "Có chuyển tiền chưa?")
    assert [said for _, _, said in office.until(NOW + 3 * DAY) if "hạn" in said] == []
    report_service.add(office.scene, number, "chưa")
    told = local(office, office.until(NOW + 4 * DAY))
    # Eighteen hours of twenty-four, of which one had gone by.
    assert ("Wed 03:00", "moi", "Sắp hết hạn xử lý (còn 6 giờ)") in told


def test_what_was_missed_while_nothing_ran_is_said_once(office: Office) -> None:
    office.put("moi", contact=office.unit)
    office.put("truong", head=office.unit)
    office.put("quan", administrator=None)
    office.report()
    office.run()
    office.at(MONDAY + 30 * DAY)
    told = office.run()
    assert sorted(who for who, _ in told) == ["moi", "quan", "truong"]
    assert office.run() == []


def test_who_is_away_is_not_the_one_who_is_asked(office: Office) -> None:
    moi = office.put("moi", contact=office.unit)
    thay = office.put("thay")
    tren = office.put("tren", contact=office.top)
    roles.be_absent(office.context.database, moi.context.person, "2026-12-31", thay.context.person)
    office.report()
    report = reports.get(office.context.database, 1)
    assert report is not None
    found = levels(report, office.context)
    assert [(level.name, level.people) for level in found] == [
        ("contact", (thay.context.person,)),
        ("substitute", (tren.context.person,)),
    ]
    # Whoever cannot be reached is no level.
    people.hold(office.context.database, thay.context.person, CONSOLE, NOW.isoformat())
    assert [level.name for level in levels(report, office.context)] == ["substitute"]


def test_nobody_at_all_breaks_nothing(office: Office) -> None:
    office.report(URGENT)
    assert office.until(NOW + 3 * DAY) == []
    assert office.planned() is not None


# Before it is deleted


def test_a_closed_report_is_told_of_once_before_it_goes(office: Office) -> None:
    office.put("moi", contact=office.unit)
    number = office.report()
    report_service.resolve(office.console, number, "xong")
    told = office.until(NOW + 400 * DAY)
    # Kept a year, told of a month before: the 22nd of October 2027 is a Friday.
    assert [(f"{at.astimezone(office.context.zone):%d/%m/%Y %H:%M}", who) for at, who, _ in told] == [
        ("22/10/2027 07:31", "moi")
    ]
    assert "bị xóa nội dung, ảnh, tệp sau ngày 21/11/2027" in told[0][2]
    assert office.planned() is None


def test_one_that_is_extended_is_told_of_again_and_one_that_is_held_is_not(office: Office) -> None:
    office.put("moi", contact=office.unit)
    number = office.report()
    report_service.resolve(office.console, number, "xong")
    assert len(office.until(NOW + 340 * DAY)) == 1
    service.extend(office.scene, number, 90, "đoàn kiểm tra")
    assert len(office.until(NOW + 460 * DAY)) == 1
    service.hold(office.scene, number, "đoàn kiểm tra")
    assert office.until(NOW + 2000 * DAY) == []
    assert report_facts.purge(office.context.database, office.context.now.isoformat(), 100) == 0
    service.release(office.scene, number)
    # Its time has long been over: it goes in a month, and is told of before.
    (told,) = office.until(NOW + 2003 * DAY)
    assert "sau ngày" in told[2]
    year = office.context.office.retention.reports * DAY
    for days, deleted in ((2029, 0), (2031, 1)):
        before = (NOW + days * DAY - year).isoformat()
        assert report_facts.purge(office.context.database, before, 100) == deleted
    assert office.until(NOW + 3000 * DAY) == []


def test_only_what_is_counted_stays_of_a_deleted_report(office: Office) -> None:
    number = office.report(URGENT)
    report_service.take(replace(office.console, now=NOW + 5 * MINUTE), number)
    report_service.ask(replace(office.console, now=NOW + 10 * MINUTE), number, "Còn gì nữa không?")
    report_service.add(replace(office.console, now=NOW + 3 * HOUR), number, "không")
    report_service.resolve(replace(office.console, now=NOW + 4 * HOUR), number, "xong")
    office.at(NOW + 4 * HOUR)
    office.run()
    report_facts.delete(office.context.database, number)
    database = office.context.database
    for table in ("reports", "report_events", "report_files"):
        assert database.rows(f"SELECT 1 FROM {table}") == []
    (facts,) = report_facts.facts(database, "", "9999")
    assert (facts.id, facts.kind, facts.harm) == (number, "lost", "money_asked")
    # An hour, and ten minutes before the reporter was asked.
    assert (facts.answered_after, facts.resolved_after) == (5 * 60, 70 * 60)
    assert office.planned() is None


# Rows that survive a restart


def test_a_restart_forgets_nothing_and_says_nothing_twice(context: Context, tmp_path: Path) -> None:
    """Each look by a new process, with the scheduler and the receiver of the bot."""
    office = Office(context)
    office.put("moi", contact=office.unit)
    office.put("truong", head=office.unit)
    office.report(URGENT)
    clock = Clock()
    for minutes in (0, 10, 23, 24, 31, 45, 61, 62):
        clock.now = NOW + minutes * MINUTE
        worker = Worker(tmp_path / "ungxu.db")
        receiver = Receiver(context.search, context.texts, OFFICE, context.zone, {"vidu": Abilities(True, 1000)})
        scheduler = Scheduler(worker, receiver, KINDS, owner=f"lan-{minutes}", clock=clock)
        asyncio.run(scheduler.do_due())
        worker.close()
    with_text = context.database.rows("SELECT chat, message FROM outbox ORDER BY id")
    assert [row["chat"] for row in with_text] == ["chat-moi", "chat-truong", "chat-moi", "chat-moi", "chat-truong"]
    kinds = [event.what for event in reports.events(context.database, 1)]
    assert kinds == ["opened", "alerted", "reminded", "reminded", "reminded"]
