"""Messages that a plan counts: each once, shown, told of in time, and kept for those who need them most."""

from __future__ import annotations

import datetime as dt
import http.client
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.channels.zalo.channel import Zalo
from bot.clock import utc_now
from bot.doctor import examine
from bot.plan import RUNS_SHORT, line_of, runs_short, share
from bot.rate_limit import Limits
from bot.settings import Settings
from handlers import upkeep
from handlers.context import Context
from handlers.plan import month
from storage import jobs, members, outbox, roles, usage
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from storage.people import person_at
from storage.usage import Usage
from tests.conftest import NOW
from tests.conversations import read
from tests.helpers import STAMP, place
from tests.telegram_bot import RunningBot, eventually, rows, running
from tests.waiting import PATIENCE
from tests.zalo_bot import said_in, zalo_settings_for
from tests.zaloapi.client import ZaloApi

ACCOUNT = ("zalo", "10001")
LIMITS = Limits(monthly=100, people=50)


@pytest.mark.parametrize(
    ("public_url", "aside", "carried"),
    [("", False, ()), ("https://tro-ly.example", False, ("photo",)), ("", True, ("photo", "document"))],
)
def test_who_sends_to_many_knows_which_files_zalo_carries(
    public_url: str, aside: bool, carried: tuple[str, ...]
) -> None:
    zalo = Zalo("10001:x", api_url="https://zalo.example", public_url=public_url, serves=True, clock=utc_now)
    line = line_of(zalo, aside=aside)
    assert tuple(kind for kind in ("photo", "document") if line.carries(kind)) == carried


@pytest.mark.parametrize(
    ("at", "named"),
    [
        (dt.datetime(2026, 11, 30, 16, 59, 59, tzinfo=dt.UTC), "2026-11-01"),
        (dt.datetime(2026, 11, 30, 17, 0, tzinfo=dt.UTC), "2026-12-01"),
        (dt.datetime(2026, 12, 31, 18, 0, tzinfo=dt.UTC), "2027-01-01"),
    ],
)
def test_a_month_begins_at_midnight_in_vietnam(at: dt.datetime, named: str) -> None:
    assert month(at) == named


def test_both_directions_are_counted_by_account_and_month(database: Database) -> None:
    with database.transaction():
        for sent, received in ((1, 0), (0, 1), (1, 0)):
            usage.count(database, *ACCOUNT, "2026-11-01", sent=sent, received=received)
        usage.count(database, "zalo", "10002", "2026-11-01", sent=5)
        usage.count(database, *ACCOUNT, "2026-12-01", sent=7)
        assert usage.get(database, *ACCOUNT, "2026-11-01") == Usage(2, 1)
        assert usage.get(database, *ACCOUNT, "2026-11-01").messages == 3
        assert usage.get(database, *ACCOUNT, "2026-10-01") == Usage()
        assert usage.purge(database, "2026-12-01", 10) == 2
        assert usage.get(database, *ACCOUNT, "2026-12-01") == Usage(7, 0)


def told(database: Database) -> list[int]:
    """Do what is planned: return at how many messages administrators are told."""
    found = []
    while job := jobs.claim(database, [RUNS_SHORT], "ai", NOW.isoformat(), NOW.isoformat()):
        found.append(job.data["used"])
        jobs.finish(database, job)
    return found


@pytest.mark.parametrize(("sent", "received"), [(1, 0), (0, 1)])
def test_administrators_are_told_at_two_shares_and_broadcasts_wait(
    database: Database, sent: int, received: int
) -> None:
    short, found = [], []
    for _ in range(101):
        with database.transaction():
            usage.count(database, *ACCOUNT, "2026-11-01", sent=sent, received=received)
            short.append(runs_short(database, ACCOUNT, LIMITS, NOW))
            found += told(database)
    assert short == [False] * 79 + [True] * 22
    assert found == [80, 95]
    with database.transaction():
        assert not runs_short(database, ACCOUNT, LIMITS, NOW + dt.timedelta(days=31))
        assert not runs_short(database, ACCOUNT, Limits(), NOW)
    assert share(Usage(3, 4), Limits()) == 0


def test_what_administrators_read(context: Context) -> None:
    person = person_at(context.database, place("chat-a", "a"), STAMP)
    members.put(context.database, person, name="a", folded="a", position="", code=None, state="joined", now=STAMP)
    roles.give(context.database, person, "administrator", None, CONSOLE, STAMP)
    (reply,) = upkeep.plan(context, {"channel": "zalo", "account": "10001", "used": 2400, "monthly": 3000})
    assert "Bot 10001 đã dùng 2400 trong 3000 tin của tháng này (80%" in read(reply)


# Over the server


def counted(settings: Settings) -> tuple[int, int]:
    found = rows(settings, "SELECT sent, received FROM usage")
    return (found[0]["sent"], found[0]["received"]) if found else (0, 0)


def test_the_count_is_the_servers(
    zalo: ZaloApi,
    person: str,
    other: str,
    zalo_bot: RunningBot,
    zalo_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.dispatch.FIRST_PAUSE", 0.05)
    zalo.switch(reading="replay")
    for somebody in (person, other):
        zalo.say(somebody, "điều 4 khoản 3")
    zalo.voice(person)
    said_in(zalo, person, 2)
    zalo.fault("accepted_cut", method="sendMessage")
    zalo.fault("quota", method="sendMessage", after=1)
    zalo.say(other, "điều 4 khoản 2")
    said_in(zalo, other, 3)
    eventually(zalo_settings, "SELECT DISTINCT state FROM outbox", [{"state": "sent"}])
    used = zalo.usage()
    assert (used.sent, used.received) == (5, 4)
    assert counted(zalo_settings) == (used.sent, used.received)


def test_broadcasts_wait_and_answers_go_out_when_the_plan_runs_short(
    zalo: ZaloApi, person: str, tmp_path: Path, documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.dispatch.EXPIRY_INTERVAL", 0.2)
    settings = zalo_settings_for(zalo, tmp_path, zalo_monthly=10)
    database, now = Database(settings.data / FILE_NAME), utc_now()
    with database.transaction():
        usage.count(database, *ACCOUNT, month(now), sent=8)
    with running(settings):
        zalo.say(person, "xin chào")
        said_in(zalo, person)
        with database.transaction():
            outbox.put(database, *ACCOUNT, person, outbox.BROADCAST, {"text": "Thông báo"}, now.isoformat())
            outbox.put(database, *ACCOUNT, person, outbox.REPORT, {"text": "Báo cáo"}, now.isoformat())
        zalo.say(person, "điều 4 khoản 3")
        texts = [record.text[:14] for record in said_in(zalo, person, 3)]
        assert sorted(texts[1:]) == ["Báo cáo", "Khoản 3 Điều 4"]
        # In that time it would have been looked at a few times.
        time.sleep(1)
        assert rows(settings, "SELECT state FROM outbox WHERE class = 3") == [{"state": "waiting"}]
        with database.transaction():
            database.run("UPDATE usage SET sent = 0, received = 0", {})
        database.close()
        assert said_in(zalo, person, 4)[-1].text == "Thông báo"


def test_what_is_used_is_shown(
    zalo: ZaloApi, person: str, tmp_path: Path, documents_loaded_once: None, port: int
) -> None:
    settings = zalo_settings_for(zalo, tmp_path, listen=f"127.0.0.1:{port}")
    with running(settings):
        zalo.say(person, "điều 4 khoản 3")
        said_in(zalo, person)
        eventually(settings, "SELECT sent, received FROM usage", [{"sent": 1, "received": 1}])
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
            connection.request("GET", "/metrics")
            figures = connection.getresponse().read().decode()
    for line in (
        'ungxu_plan_messages{account="10001",channel="zalo",direction="sent"} 1.0',
        'ungxu_plan_messages{account="10001",channel="zalo",direction="received"} 1.0',
        'ungxu_plan_limit{account="10001",channel="zalo"} 3000.0',
        'ungxu_plan_people{account="10001",channel="zalo"} 1.0',
    ):
        assert line in figures
    says = "Zalo: bot 10001 tháng này đã gửi 1, nhận 1 tin, trong 3000 tin của gói; đã trò chuyện với 1 người, trong 50"
    for more, state in (({}, "tốt  "), ({"zalo_people": 1}, "chú ý"), ({"zalo_monthly": 2}, "chú ý")):
        printed: list[str] = []
        examine(settings.model_copy(update=more), printed.append)
        line = next(line for line in printed if "tháng này đã gửi" in line)
        assert line.startswith(state)
        if not more:
            assert says in line
