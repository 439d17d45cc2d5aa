"""When somebody wrote, and what was sent since, as it is kept."""

from __future__ import annotations

from storage import windows
from storage.database import Database
from storage.windows import Window
from tests.helpers import STAMP, later

PLACE = ("zalo_oa", "bot", "an")


def test_who_writes_later_opens_the_window_anew(database: Database) -> None:
    assert windows.get(database, *PLACE) is None
    windows.opened(database, *PLACE, STAMP)
    windows.count(database, *PLACE)
    windows.count(database, *PLACE)
    # Told again, or told late, it changes nothing.
    for wrote_at in (STAMP, later(hours=-1)):
        windows.opened(database, *PLACE, wrote_at)
        assert windows.get(database, *PLACE) == Window(STAMP, 2)
    windows.opened(database, *PLACE, later(seconds=1))
    assert windows.get(database, *PLACE) == Window(later(seconds=1), 0)


def test_what_is_given_back_after_somebody_wrote_again_is_nobodys(database: Database) -> None:
    windows.opened(database, *PLACE, STAMP)
    windows.count(database, *PLACE)
    windows.opened(database, *PLACE, later(seconds=1))
    windows.give_back(database, *PLACE)
    assert windows.get(database, *PLACE) == Window(later(seconds=1), 0)
    windows.count(database, *PLACE)
    windows.give_back(database, *PLACE)
    assert windows.get(database, *PLACE) == Window(later(seconds=1), 0)


def test_windows_are_apart_and_deleted_when_they_are_old(database: Database) -> None:
    for number, chat in enumerate(("an", "binh")):
        windows.opened(database, "zalo_oa", "bot", chat, later(days=number))
    windows.count(database, *PLACE)
    assert windows.get(database, "zalo_oa", "bot", "binh") == Window(later(days=1), 0)
    assert windows.purge(database, later(hours=1), 10) == 1
    assert windows.get(database, *PLACE) is None
