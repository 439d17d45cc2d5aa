"""Reports on their way: what is sent, what becomes of it, and who is told where it does not arrive."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bot.channels.abilities import Abilities
from bot.receiver import Receiver
from handlers import casework, router
from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.conversation import Incoming, Manner, Outcome, Press, Reply
from handlers.destinations import Routing
from handlers.outward import letter_to
from handlers.pages import service as pages_service
from handlers.people import service as people_service
from handlers.report import forwarding, service
from handlers.report.routing import WATCH
from handlers.schedule import Due
from storage import chats, destinations, forwards, jobs, menus, merging, outbox, people, report_facts, reports, roles
from storage.audit import CONSOLE
from storage.database import Database
from storage.people import Address, person_at
from storage.reports import FOLLOWING, Draft, Report
from tests.conftest import NOW, OFFICE, TODAY
from tests.conversations import Conversation, read, whole
from tests.helpers import Messenger
from tests.test_people_service import address, by, member, writer

pytestmark = pytest.mark.every_channel

GROUP = Address("vidu", "bot-1", "nhom-1", "nhom-1")
ROUTING = Routing.model_validate(
    {
        "destination": {
            "to": {"chat": True},
            "thu": {"email": "truc-ban@sovidu.example"},
            "may": {"webhook": "https://a.vidu.example/x"},
        },
        "rule": [{"to": ["contact", "to", "thu", "may"]}],
    }
)
DRAFT = Draft(
    "lost",
    platform="zalo",
    owner_name="Nguyễn Văn Ví Dụ",
    account="0912345678",
    harm="money_asked",
    said="nick bị hack, số 0912345678",
    contact="0987654321",
)
SECRETS = ("Nguyễn", "0912345678", "0987654321", "nick bị hack", "Người an")


@pytest.fixture
def console(database: Database) -> Scene:
    return Scene(database, Actor(CONSOLE), NOW, TODAY, office=OFFICE)


@pytest.fixture
def one(console: Scene) -> int:
    """Phòng Một of Sở Ví Dụ, with a contact, somebody who reports, an administrator, and a group that is named."""
    database = console.database
    top = people_service.create_unit(console, "Sở Ví Dụ")
    unit = people_service.create_under(console, top, "Phòng Một")
    for name in ("contact", "an", "admin"):
        member(console, unit, name)
    people_service.give_role(console, writer(database, "contact"), "contact", unit)
    people_service.give_role(console, writer(database, "admin"), "administrator", None)
    person_at(database, GROUP, NOW.isoformat(), in_group=True)
    destinations.name(database, "to", GROUP, NOW.isoformat())
    return unit


def opened(console: Scene) -> Report:
    return service.open_report(by(console, "an"), DRAFT).report


@pytest.fixture
def world(context: Context, one: int) -> Context:
    return replace(context, routing=ROUTING, channels=frozenset({"vidu", "email", "webhook"}))


def places(replies: list[Reply]) -> list[tuple[str, str]]:
    return [(reply.to.channel, reply.to.chat) for reply in replies if reply.to]


def states(database: Database, report: int) -> list[tuple[str, str, str]]:
    return [(one.destination, one.channel, one.state) for one in forwards.of_report(database, report)]


def ended(reply: Reply, state: str, context: Context, reason: str = "") -> list[Reply]:
    assert reply.concern is not None
    return router.tell([Outcome(reply.concern, state, reason)], context)


def trail(database: Database, report: int) -> list[tuple[str, dict[str, Any]]]:
    return [(event.what, event.data) for event in reports.events(database, report)]


def watched(context: Context, report: int = 1, **after: float) -> tuple[list[Reply], Context]:
    """Do the job that watches a report when it is due; return what it says, and the time then."""
    row = context.database.row("SELECT due_at, data FROM jobs WHERE kind = :kind", {"kind": WATCH})
    assert row is not None
    now = dt.datetime.fromisoformat(row["due_at"])
    job = jobs.claim(context.database, [WATCH], "a", now.isoformat(), now.isoformat())
    assert job is not None
    later = replace(context, now=now)
    replies = forwarding.watch(Due(job.name, now, job.data), later)
    jobs.finish(context.database, job)
    return replies, later


def planned(database: Database) -> str | None:
    row = database.row("SELECT due_at FROM jobs WHERE kind = :kind", {"kind": WATCH})
    return row["due_at"] if row else None


# What is sent


def test_each_destination_gets_one_message_that_is_noted_and_followed(console: Scene, world: Context) -> None:
    report = opened(console)
    replies = forwarding.forward(report, world)
    assert places(replies) == [
        ("vidu", address("contact").chat),
        ("vidu", "nhom-1"),
        ("email", "truc-ban@sovidu.example"),
        ("webhook", "may"),
    ]
    assert states(world.database, report.id) == [
        ("contact", "vidu", "waiting"),
        ("to", "vidu", "waiting"),
        ("thu", "email", "waiting"),
        ("may", "webhook", "waiting"),
    ]
    assert all(reply.urgency == outbox.REPORT and reply.again for reply in replies)
    assert trail(world.database, report.id)[-1] == (
        "forwarded",
        {"to": ["contact", "to", "thu", "may"], "alerted": [people.known_at(world.database, address("contact"))]},
    )
    # Not a second time, whoever asks.
    assert forwarding.forward(report, world) == []


def test_a_card_says_number_kind_unit_and_harm_and_nothing_of_anybody(console: Scene, world: Context) -> None:
    contact, group, letter, program = forwarding.forward(opened(console), world)
    assert read(group).splitlines() == [
        "Báo cáo mới BC-1",
        "Mất quyền, bị hack",
        "Đơn vị: Phòng Một",
        "Thiệt hại: đang hỏi tiền",
    ]
    assert read(contact).splitlines() == [
        "KHẨN. Báo cáo mới BC-1",
        *read(group).splitlines()[1:],
        "Liên hệ người báo: 0987654321. Gọi ngay cho chủ tài khoản, cảnh báo đơn vị đừng chuyển tiền.",
    ]
    assert letter.subject == "Báo cáo BC-1: Mất quyền, bị hack"
    assert program.facts == {
        "event": "report.opened",
        "report": {
            "number": "BC-1",
            "kind": "lost",
            "platform": "zalo",
            "harm": "money_asked",
            "unit": "Sở Ví Dụ / Phòng Một",
            "source": "bot",
            "received_at": NOW.isoformat(),
        },
    }
    for reply in (contact, group, letter, program):
        said = f"{whole(reply)} {reply.subject} {reply.facts}"
        # Whom to call is told to the contact alone, who is alerted.
        assert [secret for secret in SECRETS if secret in said] == ([DRAFT.contact] if reply is contact else [])
        assert len(said) < 1000


def test_an_urgent_report_brings_each_person_one_message(console: Scene, world: Context, one: int) -> None:
    """The card of whoever is alerted is the alert; the head, whom no rule names, gets the alert itself."""
    member(console, one, "head")
    people_service.give_role(console, writer(world.database, "head"), "head", one)
    report = opened(console)
    contact, *_ = forwarding.forward(report, world)
    assert read(contact).startswith("KHẨN. ") and contact.to == address("contact")
    follow = casework.KINDS[FOLLOWING].run
    told = follow(Due(str(report.id), NOW, {}), replace(world, person=0, address=None))
    assert address("contact") not in [reply.to for reply in told]
    assert [(reply.to, read(reply).split(",")[0]) for reply in told] == [(address("head"), "KHẨN. BC-1")]
    assert follow(Due(str(report.id), NOW, {}), replace(world, person=0, address=None)) == []


def test_a_person_is_told_which_official_page_a_reported_one_is_like(console: Scene, world: Context, one: int) -> None:
    pages_service.add_page(console, one, "facebook", "Sở Ví Dụ", "facebook.com/sovidu")
    draft = Draft("unit_impersonated", "facebook", "unit", account="facebook.com/sovidv", contact="0900000002")
    report = service.open_report(console, replace(draft, unit_id=one)).report
    contact, group, letter, _ = forwarding.forward(report, world)
    assert "Sở Ví Dụ" in read(contact).splitlines()[-1] and "sovidu" in read(contact).splitlines()[-1]
    assert "sovidu" not in read(group) + read(letter)


def test_the_messages_stand_in_the_outbox_with_the_report(world: Context, one: int) -> None:
    """As the receiver writes them, in one transaction: choices for who can choose, letters and facts for the others."""
    database = world.database
    receiver = Receiver(
        world.search,
        world.texts,
        world.office,
        world.zone,
        {"vidu": Messenger().abilities},
        elsewhere=_abilities,
        routing=ROUTING,
    )

    def act(context: Context) -> list[Reply]:
        scene = Scene(context.database, Actor(CONSOLE), context.now, context.today)
        return forwarding.forward(
            service.write_down(scene, replace(DRAFT, unit_id=one), with_receipt=False).report, context
        )

    with database.transaction():
        receiver.perform(database, act, NOW)
    rows = database.rows("SELECT channel, class, message FROM outbox WHERE concern IS NOT NULL ORDER BY id")
    assert [(row["channel"], row["class"]) for row in rows] == [("vidu", 2), ("vidu", 2), ("email", 2), ("webhook", 2)]
    assert ['"buttons"' in row["message"] for row in rows] == [True, True, False, False]
    assert database.row("SELECT count(*) AS n FROM menus") == {"n": 2}
    # Nobody is met where nobody answers.
    assert not database.rows("SELECT * FROM addresses WHERE channel IN ('email', 'webhook')")


def test_in_a_group_without_buttons_no_numbers_are_shown(console: Scene, world: Context) -> None:
    """A number that somebody types there means a menu of his own."""
    plain = Abilities(buttons=False, text_length=1_000)
    receiver = Receiver(world.search, world.texts, world.office, world.zone, {"vidu": plain}, routing=ROUTING)
    report = opened(console)
    with world.database.transaction():
        receiver.perform(world.database, lambda context: forwarding.forward(report, context), NOW)
    said = world.database.rows("SELECT chat, message FROM outbox WHERE channel = 'vidu' AND concern IS NOT NULL")
    assert {row["chat"]: "Nhận xử lý" in row["message"] for row in said} == {
        address("contact").chat: True,
        GROUP.chat: False,
    }


def _abilities(name: str) -> Any:
    from bot.channels.configured import abilities_of

    return abilities_of(name)


# Taken from a card


def test_whoever_has_the_right_takes_it_in_the_group_and_the_card_says_so(console: Scene, world: Context) -> None:
    database = world.database
    report = opened(console)
    card = forwarding.forward(report, world)[1]
    row = outbox.put(database, "vidu", "bot-1", "nhom-1", outbox.REPORT, {"text": "x"}, NOW.isoformat())
    assert menus.remember(database, row, GROUP, [button.as_json() for button in card.buttons], NOW.isoformat())

    def press(name: str) -> list[Reply]:
        place = replace(GROUP, sender=name)
        person = person_at(database, place, NOW.isoformat(), in_group=True)
        event = Incoming(f"k-{name}", place, "", NOW, Press(row, 0), group=True)
        with database.transaction():
            return router.handle(event, replace(world, person=person, address=place))

    (refused,) = press("an")
    assert "chưa được giao quyền" in read(refused)
    taken, told = press("contact")
    assert taken.manner is Manner.INSTEAD
    assert read(taken).endswith("Đã nhận: Người contact.") and "Báo cáo mới BC-1" in read(taken)
    # What only some may read is not offered to all, and whoever reported is told.
    assert [button.action for button in card.buttons] == ["forward.take"] and not taken.buttons
    assert told.to == address("an") and "đầu mối nhận xử lý" in read(told)
    found = reports.get(database, report.id)
    assert found is not None and found.taken_by == writer(database, "contact")


# What becomes of it


def test_what_arrived_is_noted_and_nobody_is_told(console: Scene, world: Context) -> None:
    report = opened(console)
    for reply in forwarding.forward(report, world):
        assert ended(reply, "sent", world) == []
    assert {state for *_, state in states(world.database, report.id)} == {"sent"}
    assert watched(world) == ([], replace(world, now=NOW + forwarding.PATIENCE))
    assert planned(world.database) is None


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_what_did_not_arrive_is_told_with_the_report_instead(console: Scene, world: Context, state: str) -> None:
    report = opened(console)
    letter = forwarding.forward(report, world)[2]
    (told,) = ended(letter, state, world, "recipient (550)")
    assert told.to == address("admin")
    assert read(told).startswith("Chưa chuyển được BC-1 tới “thu” (recipient (550)).")
    assert "Mất quyền, bị hack" in read(told) and told.buttons
    assert trail(world.database, report.id)[-1] == ("forward_failed", {"to": "thu", "why": "recipient (550)"})
    assert ("thu", "email", state) in states(world.database, report.id)
    # It is a forward like any other, and where it fails too nobody runs in circles.
    (again,) = ended(told, "failed", world, "blocked")
    assert again.concern is None and "tới “người quản trị”" in read(again)
    # An end that is told twice is one.
    assert ended(letter, state, world) == []


def test_administrators_are_told_elsewhere_than_where_the_trouble_is(console: Scene, world: Context) -> None:
    other = Address("khac", "bot-2", "chat-khac", "admin-khac")
    admin = writer(world.database, "admin")
    merging.merge(world.database, person_at(world.database, other, "2000-01-01T00:00:00+00:00"), admin)
    report = opened(console)
    group = forwarding.forward(report, world)[1]
    (told,) = ended(group, "failed", world, "left")
    assert told.to == other


def test_what_takes_long_is_told_once_and_sent_on(console: Scene, world: Context) -> None:
    report = opened(console)
    contact, *others = forwarding.forward(report, world)
    assert ended(contact, "sent", world) == []
    told, later = watched(world)
    assert [one.to for one in told] == [address("admin")] * len(others)
    assert "BC-1 chưa tới được “to” sau 15 phút" in read(told[0])
    assert planned(world.database) == (later.now + forwarding.AGAIN).isoformat()
    told, later = watched(later)
    assert told == []
    for reply in others:
        ended(reply, "sent", later)
    assert watched(later)[0] == []
    assert planned(world.database) is None


def test_a_destination_where_nobody_is_is_told_and_looked_for_again(console: Scene, world: Context) -> None:
    destinations.forget(world.database, "to")
    report = opened(console)
    replies = forwarding.forward(report, world)
    assert len(replies) == 4
    assert "không tìm thấy ai ở “to” (chưa có nhóm nào nhận tên này)" in read(replies[-1])
    assert ("to", "", "nowhere") in states(world.database, report.id)
    for reply in replies[:-1]:
        ended(reply, "sent", world)
    told, later = watched(world)
    assert told == []
    destinations.name(world.database, "to", GROUP, NOW.isoformat())
    (card,), later = watched(later)
    assert card.to == GROUP
    assert states(world.database, report.id)[-1] == ("to", "vidu", "waiting")
    ended(card, "sent", later)
    assert watched(later)[0] == []
    assert planned(world.database) is None


def test_a_report_in_an_office_without_anybody_waits_for_somebody(console: Scene, context: Context) -> None:
    report = service.write_down(console, DRAFT, with_receipt=False).report
    assert watched(context) == ([], context)
    assert states(context.database, report.id) == [("contact", "", "nowhere"), ("administrators", "", "nowhere")]
    unit = people_service.create_unit(console, "Sở Ví Dụ")
    member(console, unit, "admin")
    people_service.give_role(console, writer(context.database, "admin"), "administrator", None)
    (card,), _ = watched(context)
    assert card.to == address("admin") and "Báo cáo mới BC-1" in read(card)


def test_a_report_that_nobody_sent_on_is_sent_on_at_once(console: Scene, world: Context) -> None:
    """As one that is entered at the machine, where nobody writes replies."""
    report = opened(console)
    assert planned(world.database) == NOW.isoformat()
    replies, _ = watched(world)
    assert len(replies) == 4
    assert planned(world.database) == (NOW + forwarding.PATIENCE).isoformat()
    assert len(states(world.database, report.id)) == 4


def test_a_closed_or_deleted_report_is_left_alone(console: Scene, world: Context) -> None:
    report = opened(console)
    letter = forwarding.forward(report, world)[2]
    program = forwards.of_report(world.database, report.id)[3]
    service.resolve(by(console, "contact"), report.id, "xong")
    assert watched(world)[0] == []
    assert router.tell([Outcome({"job": "forward", "forward": program.id}, "failed", "HTTP 404")], world) == []
    assert trail(world.database, report.id)[-1][0] == "forward_failed"
    report_facts.delete(world.database, report.id)
    assert ended(letter, "failed", world) == []
    assert world.database.rows("SELECT * FROM forwards") == []


def test_a_chat_that_was_left_is_one_where_nobody_is(console: Scene, world: Context) -> None:
    chats.close(world.database, "vidu", "bot-1", "nhom-1", "left", NOW.isoformat())
    replies = forwarding.forward(opened(console), world)
    assert ("vidu", "nhom-1") not in places(replies)
    assert "bot không còn trong nhóm" in read(replies[-1])


def test_a_card_that_is_no_card_any_more(world: Context) -> None:
    (stale,) = forwarding.act("khac", {}, world)
    assert read(stale)


# How a chat becomes a destination


def in_group(world: Context, name: str) -> Conversation:
    place = replace(GROUP, chat="nhom-2", sender=name)
    person = person_at(world.database, place, NOW.isoformat(), in_group=True)
    return Conversation(replace(world, person=person), place)


def says(conversation: Conversation, text: str) -> str:
    (reply,) = conversation.send(text=text, group=True)
    return read(reply)


def test_an_administrator_says_in_a_group_what_it_is(console: Scene, world: Context) -> None:
    admin, an = in_group(world, "admin"), in_group(world, "an")
    assert "chưa được giao quyền" in says(an, "/noinhan")
    assert "chưa được giao quyền" in says(an, "/noinhan to")
    assert destinations.at(world.database, "to") == GROUP
    assert "Trong nhóm này nhắn" in says(admin, "/noinhan")
    said = says(admin, "/noinhan TO")
    assert "báo cáo gửi tới “to” sẽ vào đây" in said and "Trước đây" in said
    # What is sent there is for everybody in it.
    assert destinations.at(world.database, "to") == Address("vidu", "bot-1", "nhom-2", "nhom-2")
    assert "đang nhận báo cáo cho: to" in says(admin, "/noinhan ")
    assert "Trước đây" not in says(admin, "/noinhan@ungxu_bot to")
    assert "Không có nơi nhận tên “thu”" in says(admin, "/noinhan thu")
    assert "chưa được giao quyền" in says(an, "/noinhan bỏ to")
    assert "không còn là “to”" in says(admin, "/noinhan bỏ to")
    assert destinations.at(world.database, "to") is None
    assert "Không có nơi nhận tên “to”" in says(admin, "/noinhan bỏ  to")
    acts = [row["act"] for row in world.database.rows("SELECT act FROM audit ORDER BY id")]
    assert acts[-3:] == ["destination.name", "destination.name", "destination.forget"]


def test_a_private_chat_is_a_destination_of_its_own(console: Scene, world: Context) -> None:
    conversation = Conversation(world, address("admin"))
    assert "Trong nhóm này nhắn" in read(conversation.say("nơi nhận")[0])
    assert "sẽ vào đây" in read(conversation.say("/noinhan to")[0])
    assert destinations.at(world.database, "to") == address("admin")
    assert not roles.of(world.database, writer(world.database, "an"), TODAY.isoformat())


def test_without_names_in_the_file_there_is_nothing_to_say(console: Scene, world: Context) -> None:
    conversation = Conversation(replace(world, routing=Routing()), address("admin"))
    assert "Chưa khai nơi nhận nào là nhóm" in read(conversation.say("nơi nhận báo cáo")[0])


def test_letters_have_an_address_that_nobody_writes_from() -> None:
    assert letter_to("a@vidu.example") == Address("email", "office", "a@vidu.example", "")
