"""`ungxu privacy`: what is kept about somebody who asks on paper, printed or deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bot.channels.markup import plain
from bot.clock import utc_now
from bot.errors import InputError
from bot.explaining import TEXTS
from bot.settings import Settings, database_path
from handlers.authorization import Actor, Scene
from handlers.errors import Refusal
from handlers.office import load_office
from handlers.people.reading import folded, looks_like_code, read_code
from handlers.privacy import service
from handlers.privacy.wording import Writer
from handlers.texts import load_texts
from knowledge.text import fold
from storage import members, people, units
from storage.audit import CONSOLE
from storage.database import Database
from storage.members import Member

Write = Callable[[str], None]


def export(settings: Settings, typed: str, number: int | None, as_json: bool, write: Write) -> None:
    """Print what is kept about somebody, named by personal code, full name or number."""
    with _acting(settings) as scene:
        person = _person(scene, typed, number)
        with scene.database.transaction():
            kept = service.show(scene, person)
    if as_json:
        write(json.dumps(kept.as_json(), ensure_ascii=False, indent=2))
    else:
        write(plain(_writer(settings).kept(kept, named=True)))


def delete(settings: Settings, typed: str, number: int | None, ask: Callable[[str], str] | None, write: Write) -> None:
    """Delete everything about somebody, after asking where `ask` is given; print what the office has to keep."""
    with _acting(settings) as scene:
        person = _person(scene, typed, number)
        member = members.get(scene.database, person, scene.today)
        who = _described(scene, member) if member else str(person)
        if ask and fold(ask(TEXTS("cli.privacy_sure", who=who))).strip() != "xoa":
            write(TEXTS("privacy.nothing_done"))
            return
        with scene.database.transaction():
            kept = service.show(scene, person)
            service.erase(scene, person)
    write(TEXTS("cli.privacy_deleted", who=who))
    left = service.remaining(kept, load_office(settings.office).retention, scene.day)
    if left:
        write(plain(_writer(settings).remaining(left)))


@contextmanager
def _acting(settings: Settings) -> Iterator[Scene]:
    """What is done on the machine itself; raise InputError for what is refused and where nobody is known yet."""
    path = database_path(settings)
    if not path.exists():
        raise InputError(TEXTS("refused.no_such_member"))
    now = utc_now()
    database = Database(path)
    try:
        yield Scene(database, Actor(CONSOLE), now, now.astimezone(settings.zone).date())
    except Refusal as refusal:
        raise InputError(TEXTS(f"refused.{refusal.code}", **refusal.values)) from None
    finally:
        database.close()


def _person(scene: Scene, typed: str, number: int | None) -> int:
    """The number of whoever is meant; raise InputError for nobody, and naming them for several."""
    if number is not None:
        if people.met(scene.database, number) is None:
            raise InputError(TEXTS("refused.no_such_member"))
        return number
    found = _called(scene, typed)
    if not found:
        raise InputError(TEXTS("refused.no_such_member"))
    if len(found) > 1:
        listed = [TEXTS("cli.privacy_one", number=one.person, who=_described(scene, one)) for one in found]
        raise InputError("\n".join([TEXTS("cli.privacy_several"), *listed]))
    return found[0].person


def _called(scene: Scene, typed: str) -> Sequence[Member]:
    """The members with this code, or else of this name; those who have left too."""
    by_code = members.by_code(scene.database, read_code(typed), scene.today) if looks_like_code(typed) else None
    return [by_code] if by_code else members.called(scene.database, folded(typed), scene.today)


def _described(scene: Scene, member: Member) -> str:
    unit = units.get(scene.database, member.unit) if member.unit is not None else None
    state = TEXTS(f"state.{member.state}")
    return ", ".join(filter(None, (member.name, member.position, unit.name if unit else "", member.code, state)))


def _writer(settings: Settings) -> Writer:
    return Writer(load_texts(settings.office), load_office(settings.office).retention, settings.zone)
