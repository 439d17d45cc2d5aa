"""The tables of a large round, gathered part by part: what takes long would hold up everybody else.

Those of a small one are made at once. Either way they are the same.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from handlers.context import Context
from handlers.conversation import Reply
from handlers.errors import Refusal
from handlers.quiz import export, results
from handlers.quiz.rounds import Rules
from handlers.schedule import Due, Kind
from handlers.workbook import Page
from storage import jobs
from storage.people import Address

GATHERING = "quiz.gather"
"""The kind of what gathers them, named by who asked for which."""

LARGE = 500
"""People of a round whose tables are not made at once."""

PEOPLE_AT_ONCE = 500


def tables(form: str, unit: int | None, number: int, context: Context) -> list[Reply]:
    """Return the tables of a round as "xlsx" or "csv"; of a large one that they come, and let them be gathered."""
    data: dict[str, Any] = {"form": form, "unit": unit, "round": number}
    # The first part also tells whether whoever asks may see it.
    gather(data, context)
    if data["invited"] <= LARGE:
        while not gather(data, context):
            pass
        return replies(data, context)
    assert context.address
    data |= {"person": context.person, "to": context.address.values()}
    _plan(f"{number}.{unit}.{form}.{context.person}", data, context)
    return [Reply(context.texts.rich("quiz.tables_come"))]


def _go_on(due: Due, context: Context) -> list[Reply]:
    """Gather the next part for whoever asked, as far as he may see it now; send it after the last."""
    data, to = due.data, Address(**due.data["to"])
    asking = replace(context, person=data["person"], address=to)
    try:
        if gather(data, asking):
            return [replace(reply, to=to) for reply in replies(data, asking)]
    except Refusal as refusal:
        return [Reply(context.refused(refusal), to=to)]
    _plan(due.name, data, context)
    return []


def gather(data: dict[str, Any], context: Context) -> bool:
    """Put the next part to what was gathered; return whether it was the last."""
    unit, number = data["unit"], data["round"]
    pages = data.setdefault("pages", {})
    if "questions" not in pages:
        found = results.see_results(context.scene, unit, number, times=True)
        data["title"], data["everybody"] = found.round.title, export.everybody(found, context)
        data["invited"] = found.invited
        data["named"] = Rules.of(found.round).by_name and found.invited <= results.MOST_LISTED
        pages["questions"] = asdict(export.questions_page(found, context))
        return False
    if "units" not in pages:
        by_unit = results.see_units(context.scene, unit, number, times=True)
        pages["units"] = asdict(export.units_page(data["title"], data["everybody"], by_unit, context))
        return not data["named"]
    people = results.see_people(context.scene, unit, number, data.get("after", 0), PEOPLE_AT_ONCE)
    page = export.people_page(data["title"], people, context)
    if "people" in pages:
        pages["people"]["rows"] += page.rows
    else:
        pages["people"] = asdict(page)
    if people:
        data["after"] = people[-1].person
    return len(people) < PEOPLE_AT_ONCE


def replies(data: dict[str, Any], context: Context) -> list[Reply]:
    """Return what was gathered as files."""
    order = ("units", "questions", "people")
    found = [(name, Page(**data["pages"][name])) for name in order if name in data["pages"]]
    if data["form"] == "xlsx":
        return [export.workbook_of(data["round"], data["title"], found, context)]
    return export.csv_files(data["round"], found, context)


def _plan(name: str, data: dict[str, Any], context: Context) -> None:
    now = context.now.isoformat()
    jobs.plan(context.database, GATHERING, name, now, now, data)


KINDS = {GATHERING: Kind(_go_on)}
