"""How people find an Official Account: its name and the address that opens it."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.channels.base import Linkable
from bot.channels.configured import zalo_oa
from bot.claiming import bots
from bot.inviting import invite
from bot.settings import Settings
from handlers.authorization import Actor, Scene
from handlers.conversation import Door
from handlers.people import service
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from tests.conftest import NOW, TODAY
from tests.zalo_oa.server import PROFILE, TOKEN, OpenApi
from tests.zalo_oa.world import OA_ID


@pytest.fixture
def stored(oa_settings: Settings) -> Database:
    """The database of an office with a unit."""
    database = Database(oa_settings.data / FILE_NAME)
    with database.transaction():
        service.create_unit(Scene(database, Actor(CONSOLE), NOW, TODAY), "Sở Ví Dụ")
    return database


def invited(settings: Settings) -> list[str]:
    lines: list[str] = []
    invite(settings, "Sở Ví Dụ", None, None, as_json=False, write=lines.append)
    return lines[2:]


def test_an_invitation_tells_where_the_account_is(openapi: OpenApi, oa_settings: Settings, stored: Database) -> None:
    assert invited(oa_settings) == [f"Zalo OA OA Ví Dụ: https://zalo.me/{OA_ID}"]


def test_what_would_need_new_tokens_is_left_out(openapi: OpenApi, oa_settings: Settings, stored: Database) -> None:
    stored.run("UPDATE oa_tokens SET access_until = :past", {"past": (NOW - dt.timedelta(days=999)).isoformat()})
    asked = openapi.count(TOKEN)
    assert invited(oa_settings) == []
    assert (openapi.count(TOKEN), openapi.count(PROFILE)) == (asked, 0)


def test_before_it_is_known_nobody_is_sent_there(openapi: OpenApi, oa_settings: Settings) -> None:
    channel = zalo_oa(oa_settings)
    assert isinstance(channel, Linkable)
    assert channel.door("ABCDEF") is None
    channel._number, channel._title = OA_ID, "OA Ví Dụ"
    assert channel.door("ABCDEF") == Door("Zalo OA OA Ví Dụ", f"https://zalo.me/{OA_ID}", brings=False)


def test_a_one_time_code_can_be_made_with_an_account(openapi: OpenApi, oa_settings: Settings) -> None:
    """Its name is not asked for that."""
    assert bots(oa_settings) == []
