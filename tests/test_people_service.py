"""Units, members and roles through the service, as every dialogue and command uses it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from handlers.authorization import Actor, Scene, actor_at
from handlers.errors import NotAllowed, NotFound, NotPossible, Refusal
from handlers.people import joining, reading, service
from storage import audit, invitations, members, people, roles, units
from storage.audit import CONSOLE
from storage.database import Database
from storage.people import Address, person_at
from tests.conftest import NOW, TODAY

DAY = TODAY.isoformat()
LATER = (TODAY + dt.timedelta(days=10)).isoformat()


@pytest.fixture
def office(console: Scene) -> dict[str, int]:
    """Sở Ví Dụ with two departments, one of them with a team."""
    top = service.create_unit(console, "Sở Ví Dụ")
    first = service.create_under(console, top, "Phòng Một")
    second = service.create_under(console, top, "Phòng Hai")
    team = service.create_under(console, first, "Tổ Một")
    return {"top": top, "one": first, "two": second, "team": team}


def address(name: str) -> Address:
    return Address("vidu", "bot-1", f"chat-{name}", name)


def writer(database: Database, name: str) -> int:
    return person_at(database, address(name), NOW.isoformat())


def by(scene: Scene, name: str, *, days: int = 0) -> Scene:
    """The scene with somebody else acting, from the address of that name."""
    day = TODAY + dt.timedelta(days=days)
    person = writer(scene.database, name)
    return replace(
        scene, actor=actor_at(scene.database, address(name), person, day), now=NOW + dt.timedelta(days=days), day=day
    )


def member(scene: Scene, unit: int, name: str) -> int:
    """Somebody who has joined a unit by its invitation."""
    joining.join_by_invitation(by(scene, name), joining.invite(scene, unit), f"Người {name}", "chuyên viên")
    return writer(scene.database, name)


def refused(code: str) -> pytest.RaisesExc[Refusal]:
    return pytest.RaisesExc(Refusal, check=lambda refusal: refusal.code == code)


# Units


def test_a_tree_of_units(console: Scene, office: dict[str, int]) -> None:
    assert [unit.name for unit in units.children(console.database, office["top"])] == ["Phòng Hai", "Phòng Một"]
    assert units.path(console.database, office["team"]) == [office["team"], office["one"], office["top"]]
    assert units.below(console.database, office["one"]) == {office["one"], office["team"]}


def test_a_renamed_unit_is_found_by_both_names(console: Scene, office: dict[str, int]) -> None:
    later = replace(console, day=TODAY + dt.timedelta(days=1))
    service.rename_unit(later, office["one"], "  Phòng   Mới ")
    for name in ("phong mot", "phong moi"):
        assert [unit.name for unit in units.called(console.database, name)] == ["Phòng Mới"]
    assert [name for name, _ in units.old_names(console.database, office["one"])] == ["Phòng Mới", "Phòng Một"]


def test_a_name_of_today_comes_before_an_old_one(console: Scene, office: dict[str, int]) -> None:
    service.rename_unit(replace(console, day=TODAY + dt.timedelta(days=1)), office["one"], "Phòng Mới")
    again = service.create_under(console, office["top"], "Phòng Một")
    assert [unit.id for unit in units.called(console.database, "phong mot")] == [again]


@pytest.mark.parametrize("name", ["Phòng Hai", "phong hai", "PHÒNG  HAI"])
def test_two_units_under_one_never_have_the_same_name(console: Scene, office: dict[str, int], name: str) -> None:
    with refused("unit_exists"):
        service.create_under(console, office["top"], name)
    with refused("unit_exists"):
        service.rename_unit(console, office["one"], name)
    assert service.create_under(console, office["one"], name)


def test_a_unit_moves_with_all_below_it(console: Scene, office: dict[str, int]) -> None:
    service.move_unit(console, office["one"], office["two"])
    assert units.path(console.database, office["team"]) == [
        office["team"],
        office["one"],
        office["two"],
        office["top"],
    ]
    with refused("unit_under_itself"):
        service.move_unit(console, office["two"], office["team"])


def test_a_merger_keeps_everybody(console: Scene, office: dict[str, int]) -> None:
    people_of = {name: member(console, office["one"], name) for name in ("an", "binh")}
    member(console, office["two"], "chi")
    service.give_role(console, people_of["an"], "contact", office["one"])
    invitation = joining.invite(console, office["one"])

    assert service.merge_unit(console, office["one"], office["two"]) == 2

    assert len(members.in_unit(console.database, office["two"], DAY)) == 3
    assert roles.holders(console.database, "contact", office["two"], DAY) == [people_of["an"]]
    assert joining.invited_to(console.database, invitation, NOW) is None
    assert units.path(console.database, office["team"])[1] == office["two"]
    assert [unit.id for unit in units.called(console.database, "phong mot")] == [office["two"]]
    assert members.history(console.database, people_of["an"])[0] == (office["two"], DAY, None)


def test_a_unit_with_people_is_not_closed(console: Scene, office: dict[str, int]) -> None:
    member(console, office["team"], "an")
    for unit in (office["team"], office["one"]):
        with refused("unit_not_empty"):
            service.close_unit(console, unit)
    service.close_unit(console, office["two"])
    assert office["two"] not in [unit.id for unit in units.all_open(console.database)]
    with refused("unit_closed"):
        joining.invite(console, office["two"])


# Members


def test_a_transfer_holds_from_its_day(console: Scene, office: dict[str, int]) -> None:
    an = member(console, office["one"], "an")
    service.give_role(console, an, "contact", office["one"])
    service.transfer_member(console, an, office["two"], LATER)
    for day, unit in ((DAY, office["one"]), (LATER, office["two"])):
        found = members.get(console.database, an, day)
        assert found is not None
        assert found.unit == unit
    assert [member.person for member in members.in_unit(console.database, office["one"], DAY)] == [an]
    assert members.in_unit(console.database, office["one"], LATER) == []


def test_who_leaves_has_no_unit_and_no_role(console: Scene, office: dict[str, int]) -> None:
    an = member(console, office["one"], "an")
    service.give_role(console, an, "contact", office["one"])
    service.leave(by(console, "an"), an)
    assert roles.of(console.database, an, DAY) == []
    assert members.in_unit(console.database, office["one"], DAY) == []
    assert not by(console, "an").actor.joined


def test_the_last_administrator_stays(console: Scene, office: dict[str, int]) -> None:
    an = member(console, office["one"], "an")
    service.give_role(console, an, "administrator", None)
    for act in (lambda: service.leave(console, an), lambda: service.take_role(console, an, "administrator", None)):
        with refused("last_administrator"):
            act()
    binh = member(console, office["one"], "binh")
    service.give_role(console, binh, "administrator", None)
    service.take_role(console, an, "administrator", None)
    assert roles.count(console.database, "administrator") == 1


# Joining


@pytest.mark.parametrize("typed", ["{}", " {} ", "{0[0]}{0[1]}{0[2]}-{0[3]}{0[4]}{0[5]}"])
def test_a_code_is_understood_as_people_type_it(console: Scene, office: dict[str, int], typed: str) -> None:
    code = joining.invite(console, office["one"])
    unit = joining.invited_to(console.database, typed.format(code).lower(), NOW)
    assert unit is not None
    assert unit.id == office["one"]


def test_a_unit_keeps_its_code_until_it_is_old(console: Scene, office: dict[str, int]) -> None:
    code = joining.invite(console, office["one"])
    assert joining.invite(console, office["one"]) == code
    older = replace(console, now=NOW + dt.timedelta(days=20))
    assert joining.invite(older, office["one"]) != code
    assert joining.invited_to(console.database, code, NOW + dt.timedelta(days=31)) is None
    joining.revoke_invitations(older, office["one"])
    assert joining.invited_to(console.database, code, NOW) is None


def test_an_unknown_name_joins_at_once(console: Scene, office: dict[str, int]) -> None:
    scene = by(console, "an")
    assert joining.join_by_invitation(scene, joining.invite(console, office["one"]), "Trần Ví Dụ", "văn thư") is None
    found = members.get(console.database, scene.actor.person, DAY)
    assert found is not None
    assert (found.name, found.position, found.state, found.unit) == ("Trần Ví Dụ", "văn thư", "joined", office["one"])


def test_a_name_on_the_list_waits_for_the_contact(console: Scene, office: dict[str, int]) -> None:
    listed = service.add_member(console, office["one"], "Trần Thị Ví Dụ", "kế toán", "CB-01")
    contact = member(console, office["one"], "dau-moi")
    service.give_role(console, contact, "contact", office["one"])
    code = joining.invite(console, office["one"])

    request = joining.join_by_invitation(by(console, "an"), code, "tran thi vi du", "")
    assert request is not None
    assert request.listed == listed
    waiting = by(console, "an").actor
    assert not waiting.joined
    assert joining.join_requests(by(console, "dau-moi"), office["one"]) == [request]

    joining.accept(by(console, "dau-moi"), office["one"], request.id, listed)

    joined = by(console, "an").actor
    assert joined.person == listed
    assert joined.joined
    with refused("request_decided"):
        joining.accept(by(console, "dau-moi"), office["one"], request.id, listed)


def test_a_contact_may_say_that_it_is_somebody_else(console: Scene, office: dict[str, int]) -> None:
    for code in ("CB-01", "CB-02"):
        service.add_member(console, office["one"], "Trần Thị Ví Dụ", "kế toán", code)
    request = joining.join_by_invitation(
        by(console, "an"), joining.invite(console, office["one"]), "Trần Thị Ví Dụ", ""
    )
    assert request is not None
    assert request.listed is None
    assert len(joining.namesakes(console.database, request, TODAY)) == 2
    joining.refuse(console, office["one"], request.id)
    assert members.get(console.database, request.person, DAY) is None


def test_a_namesake_of_another_unit_does_not_count(console: Scene, office: dict[str, int]) -> None:
    service.add_member(console, office["two"], "Trần Ví Dụ")
    assert (
        joining.join_by_invitation(by(console, "an"), joining.invite(console, office["one"]), "Trần Ví Dụ", "") is None
    )


def test_a_personal_code_joins_at_once_and_only_once(console: Scene, office: dict[str, int]) -> None:
    listed = service.add_member(console, office["one"], "Trần Ví Dụ", "kế toán", "cb-01")
    assert joining.join_by_code(by(console, "an"), "CB 01").person == listed
    assert by(console, "an").actor.joined
    with refused("no_such_code"):
        joining.join_by_code(by(console, "binh"), "cb01")


def test_who_has_left_joins_again_from_the_same_account(console: Scene, office: dict[str, int]) -> None:
    listed = service.add_member(console, office["one"], "Trần Ví Dụ", "kế toán", "CB-01")
    joining.join_by_code(by(console, "an"), "CB01")
    service.leave(by(console, "an"), listed)
    assert not by(console, "an").actor.joined
    assert joining.join_by_code(by(console, "an"), "CB01").person == listed
    assert by(console, "an").actor.joined


def test_a_code_is_given_once(console: Scene, office: dict[str, int]) -> None:
    service.add_member(console, office["one"], "Trần Ví Dụ", "", "CB-01")
    with refused("code_taken"):
        service.add_member(console, office["two"], "Lê Ví Dụ", "", "cb01")


@pytest.mark.parametrize("name", ["", "   ", "\u200b"])
def test_nobody_joins_without_a_name(console: Scene, office: dict[str, int], name: str) -> None:
    with refused("no_name"):
        joining.join_by_invitation(by(console, "an"), joining.invite(console, office["one"]), name, "")


# Roles


def test_a_claim_makes_an_administrator_once(console: Scene) -> None:
    code = joining.make_claim(console.database, NOW)
    joining.claim(by(console, "an"), reading.shown_code(code).lower(), "Trần Ví Dụ")
    assert [held.role for held in by(console, "an").actor.roles] == ["administrator"]
    with refused("no_such_code"):
        joining.claim(by(console, "binh"), code, "Lê Ví Dụ")


def test_who_claims_belongs_to_the_top_unit(console: Scene, office: dict[str, int]) -> None:
    joining.claim(by(console, "an"), joining.make_claim(console.database, NOW), "Trần Ví Dụ")
    assert [found.name for found in members.in_unit(console.database, office["top"], DAY)] == ["Trần Ví Dụ"]
    binh = member(console, office["two"], "binh")
    joining.claim(by(console, "binh"), joining.make_claim(console.database, NOW), "")
    assert [found.person for found in members.in_unit(console.database, office["two"], DAY)] == [binh]


def test_a_claim_expires_and_a_new_one_ends_the_old(console: Scene) -> None:
    first = joining.make_claim(console.database, NOW)
    second = joining.make_claim(console.database, NOW)
    with refused("no_such_code"):
        joining.claim(by(console, "an"), first, "Trần Ví Dụ")
    with refused("no_such_code"):
        joining.claim(by(console, "an", days=2), second, "Trần Ví Dụ")


def test_a_claim_is_not_kept_in_the_clear(console: Scene) -> None:
    code = joining.make_claim(console.database, NOW)
    assert code not in str(console.database.rows("SELECT * FROM claims"))


def test_a_substitute_stands_in_until_the_day_is_over(console: Scene, office: dict[str, int]) -> None:
    an, binh = member(console, office["one"], "an"), member(console, office["one"], "binh")
    service.give_role(console, an, "contact", office["one"])
    service.begin_absence(by(console, "an"), an, DAY, binh)
    assert roles.holders(console.database, "contact", office["one"], DAY) == [binh]
    assert service.list_members(by(console, "binh"), office["one"])
    with pytest.raises(NotAllowed):
        service.list_members(by(console, "binh", days=1), office["one"])
    service.end_absence(by(console, "an"), an)
    assert roles.holders(console.database, "contact", office["one"], DAY) == [an]


@pytest.mark.parametrize(
    ("role", "unit", "code"), [("contact", None, "role_needs_unit"), ("administrator", "one", "role_needs_unit")]
)
def test_a_role_has_the_unit_it_needs(
    console: Scene, office: dict[str, int], role: roles.RoleName, unit: str | None, code: str
) -> None:
    an = member(console, office["one"], "an")
    with refused(code):
        service.give_role(console, an, role, office[unit] if unit else None)


def test_only_who_has_joined_gets_a_role(console: Scene, office: dict[str, int]) -> None:
    listed = service.add_member(console, office["one"], "Trần Ví Dụ")
    with refused("not_joined"):
        service.give_role(console, listed, "contact", office["one"])


# Addresses


def test_a_held_address_has_no_role_and_no_notice(console: Scene, office: dict[str, int]) -> None:
    an = member(console, office["one"], "an")
    service.give_role(console, an, "contact", office["one"])
    assert people.reached_at(console.database, an) == address("an")

    assert service.hold(by(console, "an"), an) == 1

    assert by(console, "an").actor == Actor(an)
    assert people.reached_at(console.database, an) is None
    # The same account in another chat is no other.
    elsewhere = Address("vidu", "bot-1", "group", "an")
    assert person_at(console.database, elsewhere, NOW.isoformat()) == an
    assert people.is_held(console.database, elsewhere)


def test_the_contact_restores_it_and_nobody_his_own(console: Scene, office: dict[str, int]) -> None:
    an, binh = member(console, office["one"], "an"), member(console, office["one"], "binh")
    for person in (an, binh):
        service.give_role(console, person, "contact", office["one"])
    service.hold(console, an)
    with pytest.raises(NotAllowed):
        service.restore(by(console, "an"), an)
    with refused("not_for_oneself"):
        service.restore(by(console, "binh"), binh)
    service.restore(by(console, "binh"), an)
    assert by(console, "an").actor.joined


def test_a_claim_restores_the_last_administrator(console: Scene, office: dict[str, int]) -> None:
    an = member(console, office["one"], "an")
    service.give_role(console, an, "administrator", None)
    service.hold(console, an)
    joining.claim(by(console, "an"), joining.make_claim(console.database, NOW), "")
    assert [held.role for held in by(console, "an").actor.roles] == ["administrator"]
    found = members.get(console.database, an, DAY)
    assert found is not None
    assert found.name == "Người an"


def test_who_is_held_does_not_join_again(console: Scene, office: dict[str, int]) -> None:
    an = member(console, office["one"], "an")
    service.hold(console, an)
    service.leave(console, an)
    with refused("address_held"):
        joining.join_by_invitation(by(console, "an"), joining.invite(console, office["one"]), "Người khác", "")


# What is written down


def test_acts_by_a_role_are_written_down(console: Scene, office: dict[str, int]) -> None:
    an = member(console, office["one"], "an")
    service.give_role(console, an, "contact", office["one"])
    service.correct_member(by(console, "an"), an, "Trần An", "")
    before = audit.entries(console.database, "", 100)
    assert [(entry.actor, entry.act, entry.subject, entry.unit) for entry in before[:2]] == [
        (an, "member.correct", f"person {an}", office["one"]),
        (CONSOLE, "role.give", f"person {an}", office["one"]),
    ]
    assert "Trần An" not in str(before)


def test_what_is_refused_changes_nothing_and_is_not_written_down(console: Scene, office: dict[str, int]) -> None:
    member(console, office["one"], "an")
    before = audit.entries(console.database, "", 100)
    with pytest.raises(NotAllowed):
        service.rename_unit(by(console, "an"), office["one"], "Phòng Khác")
    assert audit.entries(console.database, "", 100) == before
    assert units.called(console.database, "phong khac") == []


@pytest.mark.parametrize(
    "act",
    [
        lambda scene: service.rename_unit(scene, 99, "Phòng"),
        lambda scene: service.leave(scene, 99),
        lambda scene: joining.join_by_invitation(scene, "XXXXXX", "Tên", ""),
    ],
)
def test_what_does_not_exist_is_said(console: Scene, act: object) -> None:
    with pytest.raises(NotFound):
        act(console)  # type: ignore[operator]


def test_a_request_belongs_to_its_unit(console: Scene, office: dict[str, int]) -> None:
    service.add_member(console, office["one"], "Trần Ví Dụ")
    request = joining.join_by_invitation(by(console, "an"), joining.invite(console, office["one"]), "Trần Ví Dụ", "")
    assert request is not None
    with pytest.raises(NotPossible):
        joining.accept(console, office["two"], request.id, None)
    assert invitations.request(console.database, request.id) == request
