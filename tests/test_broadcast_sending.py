"""Broadcasts on their way: the frozen list, portions, outcomes, pausing, through scheduler and delivery."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.channels.abilities import Abilities
from bot.dispatch import MOST_BROADCASTS
from bot.errors import NotSent, OutcomeUnknown, Refused, Unreachable
from handlers.broadcast import running, service
from handlers.calendar import Calendar
from handlers.errors import NotFound, NotPossible
from handlers.office import Office
from handlers.people import service as office
from handlers.plan import month
from handlers.texts import Texts
from knowledge.search import Search
from storage import broadcasts, chats, freezing, outbox, people, recipients, roles, selections, usage
from storage.audit import CONSOLE
from storage.database import Database
from storage.merging import merge
from storage.people import Address
from tests.broadcasting import CONTENT, MONDAY, WIDE, Desk, counted, names, others_of, put
from tests.helpers import Messenger

STAMP = MONDAY.isoformat()


@pytest.fixture
def desk(tmp_path: Path, search: Search, texts: Texts) -> Iterator[Desk]:
    made = Desk(tmp_path / "ungxu.db", search, texts)
    yield made
    made.close()


def of_broadcast(desk: Desk, chat: str) -> list[str]:
    return [text for to, text in desk.channel.arrived if to == chat]


# The list


def test_everybody_gets_it_once_and_the_sums_say_so(desk: Desk) -> None:
    unit = desk.unit("Sở Ví Dụ")
    everybody = names("n", 300)
    desk.people(unit, *everybody)
    number = desk.draft()
    desk.send(number)
    desk.work()
    assert sorted(desk.arrived()) == sorted(everybody)
    assert desk.sums(number) == {("sent", ""): 300} == counted(desk.rows(number))
    assert desk.get(number).state == "done"
    assert "Bật xác thực hai bước." in desk.channel.arrived[0][1]


def test_whoever_cannot_or_may_not_be_written_to_is_left_out_and_counted(desk: Desk) -> None:
    unit = desk.unit("Sở Ví Dụ")
    out, held, blocked, grouped, there = desk.people(unit, "out", "held", "blocked", "grouped", "there")
    listed = desk.act(office.add_member, unit, "Chưa Tham Gia")

    def prepare(database: Database) -> None:
        broadcasts.opt_out(database, out, STAMP)
        people.hold(database, held, CONSOLE, STAMP)
        chats.close(database, "vidu", "bot-1", "blocked", "blocked", STAMP)
        database.run("UPDATE addresses SET in_group = 1 WHERE person_id = :person", {"person": grouped})

    desk.ask(prepare)
    number = desk.draft()
    desk.send(number)
    desk.work()
    assert desk.arrived() == ["there"]
    assert desk.rows(number) == {
        out: ("skipped", "opted_out"),
        held: ("skipped", "held"),
        blocked: ("skipped", "blocked"),
        grouped: ("skipped", "no_chat"),
        there: ("sent", ""),
        listed: ("skipped", "not_joined"),
    }
    assert desk.sums(number) == counted(desk.rows(number))


def test_somebody_with_two_messengers_gets_it_on_the_one_last_used(
    tmp_path: Path, search: Search, texts: Texts
) -> None:
    one, two = (Messenger(name, Abilities(buttons=True, text_length=2_000), WIDE) for name in ("mot", "hai"))
    desk = Desk(tmp_path / "ungxu.db", search, texts, one, two)
    unit = desk.unit("Sở Ví Dụ")
    first, second = desk.people(unit, "an", "binh", channel="mot")
    later, earlier = ((MONDAY + dt.timedelta(hours=hours)).isoformat() for hours in (1, -1))
    desk.ask(others_of, "hai", first, "an", later)
    desk.ask(others_of, "hai", second, "binh", earlier)
    number = desk.draft()
    desk.send(number)
    desk.work()
    assert (desk.arrived(one), desk.arrived(two)) == (["binh"], ["an"])
    desk.close()


@pytest.mark.parametrize(
    ("whom", "reached"),
    [
        ({"kind": "units", "units": [2], "below": True}, {"one", "team"}),
        ({"kind": "units", "units": [2], "below": False}, {"one"}),
        ({"kind": "roles", "roles": ["head"]}, {"two"}),
        ({"kind": "named", "people": [1, 3]}, {"top", "team"}),
        ({"kind": "all"}, {"top", "one", "team", "two"}),
    ],
)
def test_it_goes_to_whom_it_is_meant_for(desk: Desk, whom: dict[str, object], reached: set[str]) -> None:
    top = desk.unit("Sở Ví Dụ")
    one = desk.unit("Phòng Một", top)
    team = desk.unit("Tổ Một", one)
    two = desk.unit("Phòng Hai", top)
    for unit, name in ((top, "top"), (one, "one"), (team, "team"), (two, "two")):
        (person,) = desk.people(unit, name)
    desk.ask(roles.give, person, "head", two, CONSOLE, STAMP)
    number = desk.draft(whom=whom)
    desk.send(number)
    desk.work()
    assert set(desk.arrived()) == reached


def test_nobody_outside_the_unit_of_a_broadcast_gets_it(desk: Desk) -> None:
    top = desk.unit("Sở Ví Dụ")
    one, two = desk.unit("Phòng Một", top), desk.unit("Phòng Hai", top)
    (inside,), (outside,) = desk.people(one, "one"), desk.people(two, "two")
    number = desk.draft(unit=one, whom={"kind": "named", "people": [inside, outside]})
    desk.send(number, unit=one)
    desk.work()
    assert desk.arrived() == ["one"]
    assert desk.rows(number).keys() == {inside}


def test_a_reminder_goes_only_to_those_who_have_not_confirmed(desk: Desk) -> None:
    unit = desk.unit("Sở Ví Dụ")
    first, second, third = desk.people(unit, "an", "binh", "chi")
    number = desk.draft()
    desk.send(number)
    desk.work()
    desk.act(service.confirm, first, number, by=first)
    desk.act(service.mark, third, number, "meeting")
    again = desk.act(service.remind, None, number)
    desk.send(again)
    desk.channel.arrived.clear()
    desk.work()
    assert desk.arrived() == ["binh"]
    assert desk.rows(again).keys() == {second}


def test_whoever_confirms_a_reminder_knows_what_it_reminds_of(desk: Desk) -> None:
    top = desk.unit("Sở Ví Dụ")
    room = desk.unit("Phòng Một", top)
    first, second, third, fourth = desk.people(room, "an", "binh", "chi", "dung")
    number = desk.draft()
    desk.send(number)
    desk.work()
    again = desk.act(service.remind, None, number)
    desk.act(service.change, None, again, {**CONTENT, "text": f"Nhắc lại: {CONTENT['text']}"}, desk.get(again).audience)
    desk.send(again)
    desk.work()
    assert desk.act(service.confirm, first, again, by=first)
    assert not desk.act(service.confirm, first, again, by=first)
    # A reminder of the reminder goes to nobody who has confirmed one of them.
    last = desk.act(service.remind, None, again)
    desk.send(last)
    desk.channel.arrived.clear()
    desk.work()
    assert desk.arrived() == ["binh", "chi", "dung"]
    desk.act(service.mark, second, last, "phone")
    informed = {one.person: one.informed_how for one in desk.act(service.names, None, number)}
    assert informed == {first: "press", second: "phone", third: "", fourth: ""}
    desk.act(service.unmark, second, last)
    # Who came to the list of the first one only is not marked with those of its reminder.
    (late,) = desk.people(room, "em")
    desk.ask(freezing.freeze, number, selections.named([late]), STAMP[:10], 0, 100)
    assert desk.act(service.mark_unit, room, last, "meeting") == 3
    informed = {one.person: one.informed_how for one in desk.act(service.names, None, number)}
    listed = desk.ask(recipients.get, number, late)
    assert listed is not None
    assert listed.informed_at is None
    assert informed == {first: "press", second: "meeting", third: "meeting", fourth: "meeting"}
    with pytest.raises(NotFound):
        desk.act(service.remind, None, last)


def test_another_text_to_those_who_have_not_confirmed_is_no_reminder(desk: Desk) -> None:
    (first,) = desk.people(desk.unit("Sở Ví Dụ"), "an")
    number = desk.draft()
    desk.send(number)
    desk.work()
    other = desk.draft(whom={"kind": "not_informed", "broadcast": number}, text="Mời họp lúc 9 giờ.")
    desk.send(other)
    desk.work()
    desk.act(service.confirm, first, other, by=first)
    assert [one.informed_how for one in desk.act(service.names, None, number)] == [""]


def test_only_who_may_hurry_copies_the_hurry(desk: Desk) -> None:
    unit = desk.unit("Sở Ví Dụ")
    contact, head = desk.people(unit, "daumoi", "lanhdao")
    for person, role in ((contact, "contact"), (head, "head")):
        desk.ask(roles.give, person, role, unit, CONSOLE, STAMP)
    number = desk.draft(unit)
    desk.act(service.make_urgent, unit, number, True, by=head)
    desk.send(number, unit, by=head)
    desk.work()
    for by, urgent in ((contact, False), (head, True)):
        assert desk.get(desk.act(service.copy, unit, number, by=by)).urgent is urgent
        assert desk.get(desk.act(service.remind, unit, number, by=by)).urgent is urgent


def test_a_long_list_is_written_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "FROZEN_AT_ONCE", 7)
    desk.people(desk.unit("Sở Ví Dụ"), *names("n", 40))
    number = desk.draft()
    desk.send(number)
    desk.work()
    assert desk.sums(number) == {("sent", ""): 40}
    assert len(set(desk.arrived())) == len(desk.arrived()) == 40


def test_an_empty_list_is_done_at_once(desk: Desk) -> None:
    number = desk.draft()
    desk.send(number)
    desk.work()
    assert desk.get(number).state == "done"


# On the way


def test_the_outbox_never_holds_more_than_a_portion(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), *names("n", 200))
    number = desk.draft()
    desk.send(number)
    desk.due()
    assert desk.ask(outbox.unfinished) == running.PORTION
    assert desk.sums(number) == {("queued", ""): running.PORTION, ("waiting", ""): 200 - running.PORTION}
    most = 0
    record = desk.channel.send

    async def watched(*args: object) -> str | None:
        nonlocal most
        most = max(most, await desk.worker.run(outbox.unfinished))
        return await record(*args)  # type: ignore[arg-type]

    desk.channel.send = watched  # type: ignore[method-assign]
    desk.work()
    assert len(desk.arrived()) == 200
    assert most <= running.PORTION


def test_few_are_on_their_way_at_once(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), *names("n", 100))
    number = desk.draft()
    desk.send(number)
    most = 0
    record = desk.channel.send

    async def watched(*args: object) -> str | None:
        nonlocal most
        sending = "SELECT count(*) AS n FROM outbox WHERE state = 'sending'"
        row = await desk.worker.run(Database.row, sending)
        assert row is not None
        most = max(most, row["n"])
        return await record(*args)  # type: ignore[arg-type]

    desk.channel.send = watched  # type: ignore[method-assign]
    desk.work()
    assert 1 < most <= MOST_BROADCASTS


def test_how_each_ended_is_noted_and_nobody_is_sent_it_twice(desk: Desk) -> None:
    everybody = desk.people(desk.unit("Sở Ví Dụ"), "a", "b", "c", "d", "e")
    number = desk.draft()
    desk.send(number)
    desk.channel.ends = [Refused("quá dài"), OutcomeUnknown("cắt"), Unreachable("blocked"), NotSent("mạng")]
    desk.work()
    desk.clock.advance(minutes=10)
    desk.work()
    assert sorted(Counter(chat for chat, _ in desk.channel.tried).values()) == [1, 1, 1, 1, 2]
    assert sorted(desk.rows(number).values()) == [
        ("failed", "blocked"), ("failed", "quá dài"), ("sent", ""), ("sent", ""), ("unknown", "cắt"),
    ]  # fmt: skip
    assert desk.rows(number).keys() == set(everybody)
    assert desk.sums(number) == counted(desk.rows(number))


def test_only_those_whom_it_did_not_reach_get_it_again(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), *names("n", 6))
    number = desk.draft()
    desk.send(number)
    desk.channel.ends = [Refused("x"), OutcomeUnknown("y"), None, None, Refused("x"), None]
    desk.work()
    failed = {person for person, (state, _) in desk.rows(number).items() if state == "failed"}
    desk.channel.tried.clear()
    assert desk.act(service.retry, None, number) == 2
    desk.work()
    assert len(desk.channel.tried) == 2
    assert {desk.rows(number)[person] for person in failed} == {("sent", "")}
    assert desk.sums(number) == {("sent", ""): 5, ("unknown", "y"): 1}
    assert desk.get(number).state == "done"
    with pytest.raises(NotPossible, match="nothing_failed"):
        desk.act(service.retry, None, number)


def test_who_writes_elsewhere_by_now_gets_it_there_when_it_is_sent_again(
    tmp_path: Path, search: Search, texts: Texts
) -> None:
    one, two = (Messenger(name, Abilities(buttons=True, text_length=2_000), WIDE) for name in ("mot", "hai"))
    desk = Desk(tmp_path / "ungxu.db", search, texts, one, two)
    moved, blocked, there = desk.people(desk.unit("Sở Ví Dụ"), "an", "binh", "chi", channel="mot")
    one.ends = [Unreachable("blocked"), Unreachable("blocked"), None]
    number = desk.draft()
    desk.send(number)
    desk.work()
    assert desk.arrived(one) == ["chi"]
    desk.ask(others_of, "hai", moved, "an2", (MONDAY + dt.timedelta(hours=1)).isoformat())
    assert desk.act(service.retry, None, number) == 2
    desk.work()
    assert (desk.arrived(one), desk.arrived(two)) == (["chi"], ["an2"])
    assert desk.rows(number) == {moved: ("sent", ""), blocked: ("failed", "gone"), there: ("sent", "")}
    assert desk.sums(number) == {("sent", ""): 2, ("failed", "gone"): 1}
    sums = desk.ask(recipients.sums, number)
    assert {(part.channel, part.state): part.people for part in sums} == {
        ("mot", "sent"): 1,
        ("hai", "sent"): 1,
        ("mot", "failed"): 1,
    }
    desk.close()


def test_somebody_who_went_away_after_the_list_was_written_gets_nothing(desk: Desk) -> None:
    first, second = desk.people(desk.unit("Sở Ví Dụ"), "an", "binh")
    number = desk.draft()
    desk.send(number)
    desk.ask(freezing.freeze, number, selections.EVERYBODY, STAMP[:10], 0, 100)
    desk.ask(broadcasts.freeze_to, number, second)
    desk.ask(people.hold, first, CONSOLE, STAMP)
    desk.work()
    assert desk.rows(number) == {first: ("failed", "held"), second: ("sent", "")}


def test_whoever_leaves_or_wants_none_while_it_stands_still_gets_nothing(desk: Desk) -> None:
    unit = desk.unit("Sở Ví Dụ")
    stays, leaves, stops, held, blocks = desk.people(unit, "an", "binh", "chi", "dung", "em")
    # His messenger of before stays open when another one is held.
    desk.ask(others_of, "khac", held, "dung2", "2020-01-01")
    number = desk.draft()
    desk.send(number)
    desk.due()
    desk.act(service.pause, None, number)
    desk.act(office.leave, leaves)
    desk.act(service.stop, stops, by=stops)
    desk.ask(Database.run, "UPDATE addresses SET held_at = :now WHERE channel = 'khac'", {"now": STAMP})
    desk.ask(chats.close, "vidu", "bot-1", "em", "blocked", STAMP)
    desk.act(service.resume, None, number)
    desk.work()
    assert desk.arrived() == ["an"]
    assert desk.rows(number) == {
        stays: ("sent", ""), leaves: ("skipped", "departed"), stops: ("skipped", "opted_out"), held: ("failed", "held"),
        blocks: ("failed", "gone"),
    }  # fmt: skip
    assert desk.sums(number) == counted(desk.rows(number))
    assert desk.get(number).state == "done"


# Pausing


def test_a_pause_takes_back_what_has_not_left_and_going_on_leaves_nobody_out(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), *names("n", 150))
    number = desk.draft()
    desk.send(number)
    desk.due()
    desk.act(service.pause, None, number)
    assert desk.ask(outbox.unfinished) == 0
    assert desk.sums(number) == {("waiting", ""): 150}
    desk.work()
    assert desk.arrived() == []
    desk.act(service.resume, None, number)
    desk.work()
    assert len(set(desk.arrived())) == len(desk.arrived()) == 150
    assert desk.get(number).state == "done"


def test_what_is_cancelled_goes_to_nobody_any_more(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), *names("n", 150))
    number = desk.draft()
    desk.send(number)
    desk.due()
    desk.act(service.cancel, None, number)
    desk.work()
    assert desk.arrived() == []
    assert desk.get(number).state == "cancelled"
    assert desk.sums(number) == {("skipped", "cancelled"): 150} == counted(desk.rows(number))
    with pytest.raises(NotPossible, match="not_paused"):
        desk.act(service.resume, None, number)


def test_it_pauses_by_itself_where_errors_pile_up(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), *names("n", 200))
    number = desk.draft()
    desk.send(number)
    desk.channel.ends = [Refused("hỏng")] * 200
    desk.work()
    found = desk.get(number)
    assert (found.state, found.reason) == ("paused", "trouble")
    failed = desk.sums(number)["failed", "hỏng"]
    assert running.MOST_TROUBLE // running.TROUBLE_OF_ONE <= failed <= 2 * MOST_BROADCASTS
    # The trouble is over: the rest gets it, those who failed do not by themselves.
    desk.channel.ends = []
    desk.act(service.resume, None, number)
    desk.work()
    assert desk.sums(number) == {("failed", "hỏng"): failed, ("sent", ""): 200 - failed}


def test_many_who_have_blocked_the_bot_are_no_trouble(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), *names("n", 60))
    number = desk.draft()
    desk.send(number)
    desk.channel.ends = [Unreachable("blocked") for _ in range(60)]
    desk.work()
    assert desk.get(number).state == "done"


def test_a_process_that_was_cut_off_is_no_trouble(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), *names("n", 100))
    number = desk.draft()
    desk.send(number)
    desk.due()

    def claim_and_die(database: Database) -> None:
        found = outbox.due(database, "vidu", "bot-1", outbox.BROADCAST, STAMP, MOST_BROADCASTS)
        assert len(outbox.claim(database, [row for row, _ in found], "nguoi-gui-da-chet", STAMP)) == MOST_BROADCASTS

    desk.ask(claim_and_die)
    desk.clock.advance(minutes=1)
    desk.work()
    assert desk.sums(number) == {("unknown", "lease"): MOST_BROADCASTS, ("sent", ""): 100 - MOST_BROADCASTS}
    assert desk.get(number).state == "done"


# Hours and plans


def test_it_waits_for_the_hours_of_work_unless_it_is_urgent(desk: Desk) -> None:
    (head,) = desk.people(desk.unit("Sở Ví Dụ"), "an")
    desk.ask(roles.give, head, "administrator", None, CONSOLE, STAMP)
    # Friday, eight in the evening.
    desk.clock.now = dt.datetime(2026, 11, 27, 13, 0, tzinfo=dt.UTC)
    calm, urgent = desk.draft(), desk.draft(text="Cảnh báo khẩn.")
    desk.act(service.make_urgent, None, urgent, True)
    desk.send(calm)
    desk.send(urgent)
    desk.work()
    assert [text.split("\n")[0] for _, text in desk.channel.arrived] == ["Cảnh báo khẩn."]
    assert (desk.get(calm).state, desk.get(calm).reason) == ("running", "hours")
    # Monday, half past seven.
    desk.clock.now = dt.datetime(2026, 11, 30, 0, 29, tzinfo=dt.UTC)
    desk.work()
    assert len(desk.channel.arrived) == 1
    desk.clock.now = dt.datetime(2026, 11, 30, 0, 31, tzinfo=dt.UTC)
    desk.work()
    assert len(desk.channel.arrived) == 2
    assert desk.get(calm).state == "done"


@pytest.mark.parametrize(
    ("sent", "shut", "open_"),
    [
        # The lunch of a day of work.
        ("2026-11-23 11:31", "2026-11-23 13:29", "2026-11-23 13:31"),
        # A holiday, and the weekend behind it.
        ("2026-11-26 09:00", "2026-11-30 07:29", "2026-11-30 07:31"),
        # A day off that the office made up for with a Saturday.
        ("2026-12-04 09:00", "2026-12-05 07:59", "2026-12-05 08:01"),
    ],
)
def test_it_waits_as_the_days_of_the_office_are(
    sent: str, shut: str, open_: str, tmp_path: Path, search: Search, texts: Texts
) -> None:
    days = Calendar.model_validate(
        {"years": {2026: {"off": ["26/11-27/11"], "swapped": ["04/12 -> 05/12"], "working": ["05/12 08:00-11:00"]}}}
    )
    desk = Desk(tmp_path / "ungxu.db", search, texts, said=Office(name="Sở Ví Dụ", calendar=days))
    desk.clock.now = local(sent)
    desk.people(desk.unit("Sở Ví Dụ"), "an")
    number = desk.draft()
    desk.send(number)
    desk.work()
    desk.clock.now = local(shut)
    desk.work()
    assert (desk.arrived(), desk.get(number).reason) == ([], "hours")
    desk.clock.now = local(open_)
    desk.work()
    assert desk.arrived() == ["an"]
    desk.close()


def local(clock: str) -> dt.datetime:
    return dt.datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).astimezone(dt.UTC)


def test_it_says_that_it_waits_for_the_plan_of_the_messenger(tmp_path: Path, search: Search, texts: Texts) -> None:
    limits = type(WIDE)(chat_rate=100, chat_burst=100, rate=1000, burst=1000, reserve=0, monthly=100)
    desk = Desk(
        tmp_path / "ungxu.db",
        search,
        texts,
        Messenger(abilities=Abilities(buttons=True, text_length=2_000, counted=True), limits=limits),
    )
    desk.people(desk.unit("Sở Ví Dụ"), "an")
    desk.ask(lambda database: usage.count(database, "vidu", "bot-1", month(MONDAY), sent=80))
    number = desk.draft()
    desk.send(number)
    desk.work()
    assert desk.arrived() == []
    assert desk.get(number).reason == "plan"
    desk.close()


def test_it_says_what_keeps_messages_from_going_out(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), "an")
    number = desk.draft()
    desk.send(number)
    desk.channel.ends = [NotSent("chậm thôi", 300)]
    desk.work()
    desk.clock.advance(minutes=2)
    desk.work()
    assert desk.get(number).reason == "retry_after"
    desk.clock.advance(minutes=5)
    desk.work()
    assert desk.get(number).state == "done"


# Later, and again and again


def test_it_goes_out_at_its_time(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), "an")
    number = desk.draft()
    desk.send(number, at=(MONDAY + dt.timedelta(hours=1)).isoformat())
    desk.work()
    assert (desk.arrived(), desk.get(number).state) == ([], "planned")
    desk.clock.advance(hours=1)
    desk.work()
    assert (desk.arrived(), desk.get(number).state) == (["an"], "done")


def test_one_whose_time_the_bot_was_off_at_is_told_of_and_is_a_draft_again(desk: Desk) -> None:
    (person,) = desk.people(desk.unit("Sở Ví Dụ"), "an")
    desk.ask(roles.give, person, "administrator", None, CONSOLE, STAMP)
    number = desk.draft()
    desk.send(number, by=person, at=(MONDAY + dt.timedelta(hours=1)).isoformat())
    desk.clock.advance(hours=3)
    desk.work()
    assert desk.get(number).state == "draft"
    ((chat, text),) = desk.channel.arrived
    assert chat == "an"
    assert "11:00 23/11/2026" in text
    assert "chưa gửi" in text


def test_one_that_was_planned_at_the_machine_and_missed_is_a_draft_again_too(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), "an")
    number = desk.draft()
    desk.send(number, at=(MONDAY + dt.timedelta(hours=1)).isoformat())
    desk.clock.advance(hours=4)
    desk.work()
    assert (desk.get(number).state, desk.arrived()) == ("draft", [])
    desk.send(number)
    desk.work()
    assert desk.arrived() == ["an"]


MONTHLY = {"at": "10:30", "weekday": None, "day": 23}
QUARTERLY = {**MONTHLY, "months": [2, 5, 8, 11]}


@pytest.mark.parametrize(("repeats", "runs"), [(MONTHLY, 5), (QUARTERLY, 2)])
def test_it_repeats_until_its_end(desk: Desk, repeats: dict[str, object], runs: int) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), "an")
    number = desk.draft()
    desk.act(service.make_urgent, None, number, True)
    first = dt.datetime(2026, 11, 23, 3, 30, tzinfo=dt.UTC)
    desk.send(number, at=first.isoformat(), repeats=repeats, until="2027-03-31")
    for day in range(185):
        desk.clock.now = first + dt.timedelta(days=day)
        desk.work()
    assert len(desk.arrived()) == runs
    assert desk.get(number).state == "done"


def test_of_several_times_that_were_missed_none_is_made_up_for(desk: Desk) -> None:
    (person,) = desk.people(desk.unit("Sở Ví Dụ"), "an")
    desk.ask(roles.give, person, "administrator", None, CONSOLE, STAMP)
    number = desk.draft()
    weekly = {"at": "10:30", "weekday": 0, "day": None}
    at = (MONDAY + dt.timedelta(minutes=30)).isoformat()
    desk.send(number, by=person, at=at, repeats=weekly)
    desk.clock.now = MONDAY + dt.timedelta(days=30)
    desk.work()
    ((_, text),) = desk.channel.arrived
    assert "lần đó" in text
    assert desk.get(number).state == "repeating"


# Telling whoever sends


def test_whoever_sent_it_sees_one_message_that_changes(tmp_path: Path, search: Search, texts: Texts) -> None:
    abilities = Abilities(buttons=True, text_length=4_000, edits=True)
    desk = Desk(tmp_path / "ungxu.db", search, texts, Messenger(abilities=abilities, limits=WIDE))
    unit = desk.unit("Sở Ví Dụ")
    (sender,) = desk.people(unit, "sender")
    desk.ask(roles.give, sender, "administrator", None, CONSOLE, STAMP)
    desk.people(unit, *names("n", 300))
    record = desk.channel.send

    async def watched(*args: object) -> str | None:
        desk.clock.advance(seconds=0.1)
        return await record(*args)  # type: ignore[arg-type]

    desk.channel.send = watched  # type: ignore[method-assign]
    number = desk.draft()
    desk.send(number, by=sender)
    desk.work()
    told = [one for one in desk.channel.carried if one.text and "Đã gửi:" in one.text]
    assert [one.edits is None for one in told].count(True) == 1
    assert told[0].edits is None
    assert len(told) >= 3
    assert "Đã gửi: 301/301. Còn: 0." in str(told[-1].text)
    assert "đã gửi xong" in str(told[-1].text)
    assert any("tin/giây" in str(one.text) for one in told)
    desk.close()


def test_where_messages_cannot_be_changed_only_the_beginning_and_the_end_are_told(
    tmp_path: Path, search: Search, texts: Texts
) -> None:
    abilities = Abilities(buttons=False, text_length=2_000)
    desk = Desk(tmp_path / "ungxu.db", search, texts, Messenger(abilities=abilities, limits=WIDE))
    unit = desk.unit("Sở Ví Dụ")
    (sender,) = desk.people(unit, "sender")
    desk.ask(roles.give, sender, "administrator", None, CONSOLE, STAMP)
    desk.people(unit, *names("n", 300))
    number = desk.draft()
    desk.send(number, by=sender)
    desk.work()
    told = [text for chat, text in desk.channel.arrived if "Đã gửi:" in text]
    assert len(told) == 2
    assert "Đã gửi: 301/301" in told[-1]
    desk.close()


# A copy that is put back


def test_after_a_copy_was_put_back_nobody_gets_it_a_second_time(desk: Desk) -> None:
    desk.people(desk.unit("Sở Ví Dụ"), *names("n", 100))
    number = desk.draft()
    desk.send(number)
    desk.due()
    desk.ask(outbox.doubt)
    desk.ask(recipients.doubt)
    desk.clock.advance(minutes=5)
    desk.work()
    assert desk.arrived() == []
    assert desk.sums(number) == {("unknown", "restored"): 100} == counted(desk.rows(number))
    assert desk.get(number).state == "done"


# People who become one, or go


def test_whoever_joins_as_somebody_of_the_list_stands_there_once(desk: Desk) -> None:
    first, second = desk.people(desk.unit("Sở Ví Dụ"), "an", "binh")
    number = desk.draft()
    desk.send(number)
    desk.work()
    desk.ask(merge, first, second)
    assert desk.rows(number).keys() == {second}


def test_who_has_linked_two_messengers_meanwhile_gets_nothing_twice(desk: Desk) -> None:
    everybody = desk.people(desk.unit("Sở Ví Dụ"), *names("n", 100))
    number = desk.draft()
    desk.send(number)
    desk.due()
    rows = desk.rows(number)
    queued = [person for person in everybody if rows[person][0] == "queued"]
    waiting = [person for person in everybody if rows[person][0] == "waiting"]
    desk.act(service.mark, queued[0], number, "phone")
    desk.ask(merge, queued[0], waiting[0])
    desk.work()
    assert len(desk.arrived()) == len(set(desk.arrived())) == 99
    assert desk.rows(number)[waiting[0]] == ("skipped", "merged")
    found = desk.ask(recipients.get, number, waiting[0])
    assert found is not None
    assert found.informed_how == "phone"
    assert desk.get(number).state == "done"


def test_who_had_himself_deleted_meanwhile_holds_nothing_up(desk: Desk) -> None:
    everybody = desk.people(desk.unit("Sở Ví Dụ"), *names("n", 100))
    number = desk.draft()
    desk.send(number)
    desk.due()
    for person in (everybody[0], everybody[-1]):
        desk.ask(recipients.forget, person)
    desk.work()
    assert desk.get(number).state == "done"
    assert len(desk.rows(number)) == 98
    assert desk.sums(number)["skipped", "forgotten"] == 2


def test_a_listed_person_who_never_wrote_can_be_marked(desk: Desk) -> None:
    unit = desk.unit("Sở Ví Dụ")
    listed = desk.act(office.add_member, unit, "Chưa Tham Gia")
    number = desk.draft()
    desk.send(number)
    desk.work()
    desk.act(service.mark, listed, number, "phone")
    assert desk.act(service.results, None, number).units[0].informed == 1
    with pytest.raises(NotPossible, match="marked_before"):
        desk.act(service.mark, listed, number, "meeting")
    desk.act(service.unmark, listed, number)
    assert desk.act(service.results, None, number).units[0].informed == 0


Prepare = Callable[[Database, int], None]


@pytest.mark.parametrize("units", [1, 2])
def test_everybody_of_a_unit_is_marked_at_once(desk: Desk, units: int) -> None:
    top = desk.unit("Sở Ví Dụ")
    places = [desk.unit(f"Phòng {number}", top) for number in range(2)]
    for place in places:
        desk.people(place, *names(f"p{place}", 3))
    number = desk.draft()
    desk.send(number)
    desk.work()
    assert desk.act(service.mark_unit, places[0] if units == 1 else top, number, "meeting") == 3 * units
    assert sum(part.informed for part in desk.act(service.results, None, number).units) == 3 * units


def test_a_draft_that_was_changed_after_it_was_read_is_not_sent(desk: Desk) -> None:
    number = desk.draft()
    with pytest.raises(NotPossible, match="draft_changed"):
        desk.act(service.send, None, number, "Lời cũ.")
    assert desk.get(number).state == "draft"


def test_the_addresses_of_a_list_are_those_of_people_who_are_members(desk: Desk) -> None:
    """Whoever only asks questions is written to by nobody."""
    desk.ask(lambda database: people.person_at(database, Address("vidu", "bot-1", "la", "la"), STAMP))
    left = desk.people(desk.unit("Sở Ví Dụ"), "left")[0]
    desk.ask(lambda database: put(database, left, "left", None, STAMP, "left"))
    number = desk.draft()
    desk.send(number)
    desk.work()
    assert desk.arrived() == []
    assert desk.rows(number) == {}
