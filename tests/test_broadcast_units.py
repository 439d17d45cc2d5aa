"""The sums of the units of a broadcast, and what is read and noted of a unit: always as the list is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlite_utils

from handlers.broadcast import audience, marking, running, service
from handlers.errors import NotFound, NotPossible
from handlers.people import service as office
from handlers.texts import Texts
from knowledge.search import Search
from storage import broadcasts, chats, freezing, informing, jobs, people, recipients
from storage.database import Database
from storage.merging import merge
from storage.migrations import migrations
from tests.broadcasting import MONDAY, Desk, names, others_of, put

STAMP = MONDAY.isoformat()
COUNTED = (
    "SELECT coalesce(unit_id, 0) AS unit, count(*) AS people, sum(state = 'sent') AS sent,"
    " sum(informed_at IS NOT NULL) AS informed FROM recipients WHERE broadcast_id = :number GROUP BY 1 ORDER BY 1"
)


@pytest.fixture
def desk(tmp_path: Path, search: Search, texts: Texts) -> Iterator[Desk]:
    made = Desk(tmp_path / "ungxu.db", search, texts)
    yield made
    made.close()


def by_unit(desk: Desk, number: int) -> list[tuple[int, int, int, int]]:
    found = desk.ask(informing.by_unit, number)
    return [(part.unit or 0, part.people, part.sent, part.informed) for part in found]


def counted(desk: Desk, number: int) -> list[tuple[int, int, int, int]]:
    rows = desk.ask(Database.rows, COUNTED, {"number": number})
    return [(row["unit"], row["people"], row["sent"], row["informed"]) for row in rows]


def test_the_sums_of_units_are_those_of_the_list_whatever_happens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "COUNTED_AT_ONCE", 7)
    monkeypatch.setattr(marking, "MARKED_AT_ONCE", 4)
    top = desk.unit("Sở Ví Dụ")
    rooms = [desk.unit(f"Phòng {number}", top) for number in range(3)]
    everybody = [person for room in rooms for person in desk.people(room, *names(f"r{room}x", 8))]
    everybody.append(desk.act(office.add_member, rooms[0], "Chưa Tham Gia"))
    number = desk.draft()
    desk.send(number)
    desk.due()
    assert sum(people for _, people, _, _ in by_unit(desk, number)) == len(everybody)
    desk.work()
    assert by_unit(desk, number) == counted(desk, number)
    assert sum(sent for _, _, sent, _ in by_unit(desk, number)) == 24
    chance = random.Random(3)

    def mark() -> object:
        return desk.act(service.mark, chance.choice(everybody), number, "phone")

    def unmark() -> object:
        return desk.act(service.unmark, chance.choice(everybody), number)

    def forget() -> object:
        return desk.ask(recipients.forget, chance.choice(everybody))

    def join() -> object:
        one, other = chance.sample(everybody, 2)
        everybody.remove(one)
        return desk.ask(merge, one, other)

    acts = [mark, mark, mark, mark, unmark, unmark, forget, join]
    chance.shuffle(acts)
    for act in acts * 2:
        try:
            act()
        except (NotFound, NotPossible):
            continue
        assert by_unit(desk, number) == counted(desk, number)
    told = desk.act(service.mark_unit, top, number, "meeting")
    assert told > 0
    desk.work()
    assert by_unit(desk, number) == counted(desk, number)
    assert all(informed == people for _, people, _, informed in by_unit(desk, number))
    assert desk.act(service.mark_unit, top, number, "meeting") == 0


def test_whoever_becomes_another_while_the_list_is_counted_is_counted_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "COUNTED_AT_ONCE", 2)
    first, *_ = desk.people(desk.unit("Sở Ví Dụ"), *names("n", 6))
    number = desk.draft()
    desk.send(number)

    def begin(database: Database) -> None:
        found = broadcasts.get(database, number)
        assert found is not None
        running.freeze(found, STAMP[:10], database)
        running.count_units(number, database)

    desk.ask(begin)
    assert [people for _, people, _, _ in by_unit(desk, number)] == [2]
    stranger = desk.ask(lambda database: people.create(database, STAMP))
    desk.ask(merge, first, stranger)
    assert [people for _, people, _, _ in by_unit(desk, number)] == [1]
    desk.work()
    assert by_unit(desk, number) == counted(desk, number)
    assert [people for _, people, _, _ in by_unit(desk, number)] == [6]


def test_a_unit_is_marked_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marking, "MARKED_AT_ONCE", 3)
    unit = desk.unit("Sở Ví Dụ")
    desk.people(unit, *names("n", 7))
    number = desk.draft()
    desk.send(number)
    desk.work()
    assert desk.act(service.mark_unit, unit, number, "meeting") == 7
    assert [informed for _, _, _, informed in by_unit(desk, number)] == [3]
    desk.due()
    assert [informed for _, _, _, informed in by_unit(desk, number)] == [7]
    assert desk.ask(jobs.drop, marking.MARK, f"{number} {unit}") is False


def test_everybody_of_a_unit_is_listed_also_whose_history_is_lost(desk: Desk) -> None:
    top = desk.unit("Sở Ví Dụ")
    rooms = [desk.unit(f"Phòng {number}", top) for number in range(2)]
    first, second, third = desk.people(rooms[0], "an", "binh", "chi")
    desk.people(rooms[1], "dung")
    number = desk.draft()
    desk.send(number)
    desk.work()

    def move(database: Database) -> None:
        database.run("DELETE FROM memberships WHERE person_id = :person", {"person": second})
        put(database, third, "chi", rooms[1], STAMP)

    desk.ask(move)
    listed = desk.act(service.names, rooms[0], number)
    assert [one.person for one in listed] == [first, second, third]
    assert {one.unit for one in listed} == {rooms[0]}
    with pytest.raises(NotPossible, match="list_too_long"):
        desk.act(service.names, rooms[0], number, 2)
    assert len(desk.act(service.names, None, number)) == 4
    offered = desk.act(service.uninformed, rooms[0], number, 6)
    assert {one.person for one in offered} <= {first, second, third}


def test_people_of_a_unit_that_was_merged_are_those_of_its_successor(desk: Desk) -> None:
    top = desk.unit("Sở Ví Dụ")
    old, new = desk.unit("Phòng Cũ", top), desk.unit("Phòng Mới", top)
    first, second = desk.people(old, "an", "binh")
    (third,) = desk.people(new, "chi")
    number = desk.draft()
    kept = desk.draft(old)
    desk.send(number)
    desk.work()
    desk.act(service.confirm, third, number, by=third)
    desk.act(office.merge_unit, old, new)
    for unit in (new, top, None):
        found = desk.act(service.results, unit, number).units
        assert [(part.unit, part.people, part.sent, part.informed) for part in found] == [(new, 3, 3, 1)]
        assert {one.person for one in desk.act(service.names, unit, number)} == {first, second, third}
        assert {one.person for one in desk.act(service.uninformed, unit, number, 9)} == {first, second}
    assert [one.id for one in desk.act(service.newest, new, 9)] == [kept]
    assert desk.act(service.mark_unit, new, number, "meeting") == 2
    assert {one.informed_how for one in desk.act(service.names, new, number)} == {"press", "meeting"}


def test_what_is_counted_beforehand_is_what_the_list_becomes(desk: Desk) -> None:
    unit = desk.unit("Sở Ví Dụ")
    staff = desk.people(unit, *names("n", 12))
    other = desk.unit("Sở Khác")
    desk.people(other, *names("k", 3))
    desk.act(office.add_member, unit, "Chưa Tham Gia")

    def vary(database: Database) -> None:
        for person, used in ((staff[0], "2026-11-25"), (staff[1], "2020-01-01"), (staff[2], STAMP)):
            others_of(database, "khac", person, f"khac{person}", used)
        for person in (staff[1], staff[2], staff[3]):
            name = database.row("SELECT name FROM members WHERE person_id = :person", {"person": person})
            assert name is not None
            chats.close(database, "vidu", "bot-1", name["name"], "blocked", STAMP)
        for person in (staff[4], staff[5]):
            broadcasts.opt_out(database, person, STAMP)
        held = "UPDATE addresses SET held_at = :now WHERE person_id IN (:one, :other)"
        database.run(held, {"now": STAMP, "one": staff[5], "other": staff[6]})
        database.run("DELETE FROM addresses WHERE person_id = :person", {"person": staff[7]})
        # Somebody whose address was never used by him, and one who talks to another bot of the messenger.
        database.run("UPDATE addresses SET used_at = NULL WHERE person_id = :person", {"person": staff[8]})
        home = "INSERT INTO homes (person_id, channel, account, since) VALUES (:person, 'vidu', 'bot-2', :now)"
        database.run(home, {"person": staff[9], "now": STAMP})

    desk.ask(vary)
    number = desk.draft(whom={"kind": "units", "units": [unit], "below": True})
    day = STAMP[:10]
    found = desk.get(number)

    def survey(database: Database) -> list[recipients.Sum]:
        after: int | None = 0
        while after is not None:
            selection = audience.selection(database, found)
            after = freezing.survey(database, number, selection, day, after, 5)
        return list(recipients.sums(database, number))

    beforehand = desk.ask(survey)
    desk.send(number)
    desk.due()
    frozen = [
        recipients.Sum(row["channel"], row["account"], row["state"], row["reason"], row["n"])
        for row in desk.ask(
            Database.rows,
            "SELECT CASE reason WHEN '' THEN channel ELSE '' END AS channel, CASE reason WHEN '' THEN account ELSE ''"
            " END AS account, CASE reason WHEN '' THEN 'waiting' ELSE 'skipped' END AS state, reason, count(*) AS n"
            " FROM recipients GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        )
    ]
    assert beforehand == frozen
    said = {(part.channel, part.reason): part.people for part in beforehand}
    assert said == {
        ("", "not_joined"): 1,
        ("", "opted_out"): 2,
        ("", "held"): 1,
        ("", "no_chat"): 1,
        ("", "blocked"): 2,
        ("khac", ""): 3,
        ("vidu", ""): 3,
    }


def test_the_lists_of_the_version_before_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "ungxu.db"
    old = sqlite_utils.Database(path)
    migrations.apply(old, stop_before="m0015_broadcast_units")
    old.execute(
        "INSERT INTO broadcasts (content, audience, state, created_by, created_at)"
        " VALUES ('{}', '{}', 'running', 1, 'x'), ('{}', '{}', 'draft', 1, 'x')"
    )
    rows = [(1, 1, 4, "sent", "x"), (1, 2, 4, "waiting", None), (1, 9, None, "skipped", None)]
    for row in rows:
        old.execute(
            "INSERT INTO recipients (broadcast_id, person_id, unit_id, channel, account, chat, state, informed_at)"
            " VALUES (?, ?, ?, 'vidu', 'bot-1', 'a', ?, ?)",
            row,
        )
    old.conn.commit()
    old.close()
    database = Database(path)
    try:
        with database.transaction():
            sums = informing.by_unit(database, 1)
            assert sums == [informing.UnitSum(None, 1, 0, 0), informing.UnitSum(4, 2, 1, 1)]
            assert informing.inform(database, 1, 9, "phone", 1, STAMP)
            assert informing.by_unit(database, 1)[0].informed == 1
            (taken,) = recipients.take(database, 1, "vidu", "bot-1", 5)
            assert taken.person == 2
            assert broadcasts.get(database, 2).counted_to == 0  # type: ignore[union-attr]
    finally:
        database.close()
