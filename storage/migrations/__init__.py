"""The schema, a file for each step. A step that has been released is never changed; a change is a new step."""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from storage.migrations.m0001_first_conversation import m0001_first_conversation
from storage.migrations.m0002_messengers import m0002_messengers
from storage.migrations.m0003_people import m0003_people
from storage.migrations.m0004_plans import m0004_plans
from storage.migrations.m0005_official_accounts import m0005_official_accounts
from storage.migrations.m0006_reports import m0006_reports
from storage.migrations.m0007_pages import m0007_pages
from storage.migrations.m0008_deadlines import m0008_deadlines
from storage.migrations.m0009_links import m0009_links
from storage.migrations.m0010_forwards import m0010_forwards
from storage.migrations.m0010_quizzes import m0010_quizzes
from storage.migrations.m0011_broadcasts import m0011_broadcasts
from storage.migrations.m0012_quiz_counts import m0012_quiz_counts
from storage.migrations.m0013_quiz_practice import m0013_quiz_practice
from storage.migrations.m0014_broadcast_lists import m0014_broadcast_lists
from storage.migrations.m0015_broadcast_units import m0015_broadcast_units
from storage.migrations.m0016_polls import m0016_polls

migrations = Migrations("ungxu")

# In the order in which they are taken.
for step in (
    m0001_first_conversation,
    m0002_messengers,
    m0003_people,
    m0004_plans,
    m0005_official_accounts,
    m0006_reports,
    m0007_pages,
    m0008_deadlines,
    m0009_links,
    m0010_forwards,
    m0010_quizzes,
    m0011_broadcasts,
    m0012_quiz_counts,
    m0013_quiz_practice,
    m0014_broadcast_lists,
    m0015_broadcast_units,
    m0016_polls,
):
    migrations()(step)


def known_migrations() -> set[str]:
    """Return the names of all steps that this version has."""
    empty = Database(memory=True)
    try:
        return {migration.name for migration in migrations.pending(empty)}
    finally:
        empty.close()
