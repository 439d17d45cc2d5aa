"""Takes events: one event, one transaction, each exactly once.

The event's key, what it changed and what is to be sent are committed together. An event whose handler raises is
recorded as failed with one apology and never tried again; a storage that is busy is not the event's fault, so
StorageBusy goes to the caller, who keeps the event.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.channels.base import Abilities, fit
from handlers import router
from handlers.context import Context
from handlers.conversation import Incoming, Reply
from handlers.office import Office
from handlers.texts import Texts
from knowledge.search import Search
from storage import mailbox
from storage.database import Database
from storage.errors import StorageError
from storage.people import person_at

log = logging.getLogger(__name__)

Handle = Callable[[Incoming, Context], list[Reply]]


@dataclass
class Receiver:
    """What every event meets on its way in. `search` may be replaced while the bot runs."""

    search: Search
    texts: Texts
    office: Office
    zone: ZoneInfo
    abilities: dict[str, Abilities]
    handle: Handle = router.handle

    def take(self, database: Database, event: Incoming) -> bool:
        """Handle one event and commit; return False for one that was taken before. Raises StorageError."""
        try:
            with database.transaction():
                if self._known(database, event):
                    return False
                self._record(database, event)
                person = person_at(database, event.address, _utc(event))
                context = Context(database, self.search, self.texts, self.office, self.zone, event.at, person)
                for reply in self.handle(event, context):
                    self._put(database, event, reply, person)
        except StorageError:
            raise
        except Exception as error:
            # What was written is no business of the log: the place tells where to look.
            log.error("event failed: %s at %s", type(error).__name__, _place(error))
            self._fail(database, event, type(error).__name__)
        return True

    def _fail(self, database: Database, event: Incoming, error: str) -> None:
        with database.transaction():
            if self._known(database, event):
                return
            self._record(database, event, error)
        # The event is over, whatever becomes of the apology.
        try:
            with database.transaction():
                person = person_at(database, event.address, _utc(event))
                self._put(database, event, Reply(self.texts("trouble.apology")), person)
        except Exception as fault:
            log.error("no apology: %s at %s", type(fault).__name__, _place(fault))

    def _known(self, database: Database, event: Incoming) -> bool:
        return mailbox.is_known(database, event.address.channel, event.address.account, event.key)

    def _record(self, database: Database, event: Incoming, error: str | None = None) -> None:
        mailbox.record_event(
            database,
            event.address.channel,
            event.address.account,
            event.key,
            _utc(event),
            event.kind,
            error,
        )

    def _put(self, database: Database, event: Incoming, reply: Reply, person: int) -> None:
        now = _utc(event)
        messages = fit(reply, self.abilities[event.address.channel], self.texts)
        if reply.buttons:
            buttons = [button.as_json() for button in reply.buttons]
            messages[-1]["menu"] = mailbox.remember_menu(database, event.address, person, buttons, now)
        for message in messages:
            mailbox.put(database, event.address, mailbox.ANSWER, message, now)


def _utc(event: Incoming) -> str:
    # Times are compared as text, so all must stand in one zone.
    return event.at.astimezone(dt.UTC).isoformat()


def _place(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    if traceback is None:
        return "?"
    return f"{traceback.tb_frame.f_globals.get('__name__')}:{traceback.tb_lineno}"
