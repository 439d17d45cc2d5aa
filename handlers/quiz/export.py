"""The results of a round to take away: charts as pictures, tables for Excel and as CSV."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import Any

from handlers import workbook
from handlers.context import Context
from handlers.conversation import Drawing, Reply
from handlers.errors import NotFound
from handlers.quiz import chart, results
from handlers.quiz.question import LETTERS
from handlers.quiz.results import FEWEST_TOLD, Results, UnitResult, unit_name, unit_names
from handlers.quiz.statistics import BANDS, Summary, rounded_down
from handlers.quiz.wording import percent, shown_time
from handlers.workbook import Page
from storage.quiz_attempts import PersonResult

CSV = "quiz_csv"
"""The name of CSV files among the drawings."""

Row = list[str | int | float | None]


def charts(unit: int | None, number: int, context: Context) -> list[Reply]:
    """Return the pictures of a round: the share that passed by unit, and the share that was right by question."""
    found, by_unit = results.see_results(context.scene, unit, number), results.see_units(context.scene, unit, number)
    if not found.whole.finished:
        raise NotFound("no_results")
    texts, title = context.texts, found.round.title
    units = [
        [unit_name(one.unit, context), one.share, f"{percent(one.share)} ({one.figures.passed}/{one.invited})"]
        for one in by_unit[: chart.MOST_BARS]
    ]
    hardest = sorted(found.questions.values(), key=lambda one: one[1].facility)
    questions = [
        [question.text.replace("\n", " "), figures.facility, f"{percent(figures.facility)} ({figures.count})"]
        for question, figures in hardest[: chart.MOST_BARS]
    ]
    drawn = (("units", units), ("questions", questions))
    return [
        Reply(
            texts.rich(f"quiz.chart_{name}", title=title),
            files=(
                Drawing(
                    chart.DRAWING,
                    {"title": texts(f"quiz.chart_{name}", title=title), "bars": bars},
                    "photo",
                    _file_name(number, name, "png", context),
                ),
            ),
        )
        for name, bars in drawn
    ]


def compared_chart(before: int, after: int, context: Context) -> list[Reply]:
    """Return a picture of how the people who finished two rounds did in each."""
    first, second, found = results.compare_rounds(context.scene, before, after)
    if found.people < FEWEST_TOLD or found.before is None or found.after is None:
        raise NotFound("no_results")
    texts = context.texts
    means = ((first, found.before), (second, found.after))
    names = [texts("quiz.compared_before", title=one.title, mean=percent(mean)) for one, mean in means]
    ends = [100 * band // BANDS for band in range(BANDS + 1)]
    labels = [f"{low}–{high - (high < 100)}%" for low, high in pairwise(ends)]
    values = {"before": first.title, "after": second.title, "people": found.people}
    data = {
        "title": texts("quiz.chart_compared", **values),
        "names": names,
        "axes": [texts("quiz.chart_score"), texts("quiz.chart_people")],
        "bands": [[label, *counts] for label, counts in zip(labels, found.bands, strict=True)],
    }
    file = Drawing(chart.COMPARISON, data, "photo", _file_name(after, "compared", "png", context))
    return [
        Reply(
            texts.rich("quiz.chart_compared", before=first.title, after=second.title, people=found.people),
            files=(file,),
        )
    ]


def workbook_of(number: int, title: str, tables: list[tuple[str, Page]], context: Context) -> Reply:
    """Return the tables of a round as one workbook."""
    data = workbook.as_data([page for _, page in tables])
    file = Drawing(workbook.DRAWING, data, "document", f"trac-nghiem-{number}.xlsx")
    return Reply(context.texts.rich("quiz.tables", title=title), files=(file,))


def csv_files(number: int, tables: list[tuple[str, Page]], context: Context) -> list[Reply]:
    """Return the tables of a round, each as a CSV file."""
    return [
        Reply(
            context.texts.rich("quiz.table", name=page.name, title=page.title),
            files=(
                Drawing(
                    CSV,
                    {"rows": [list(page.head), *map(list, page.rows)]},
                    "document",
                    _file_name(number, name, "csv", context),
                ),
            ),
        )
        for name, page in tables
    ]


def write_csv(data: dict[str, Any]) -> bytes:
    """Return rows as CSV that Excel opens: UTF-8 with its mark, and no cell that begins like a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in data["rows"]:
        # A name is never computed, whatever it begins with.
        writer.writerow(
            [f"'{cell}" if isinstance(cell, str) and cell[:1] in tuple("=+-@\t\r") else cell for cell in row]
        )
    return out.getvalue().encode("utf-8-sig")


def _file_name(number: int, name: str, ending: str, context: Context) -> str:
    what = context.texts(f"quiz.file_{name}")
    return f"trac-nghiem-{number}-{what}.{ending}"


def everybody(found: Results, context: Context) -> Row:
    """Return the row of all people in the table of the units."""
    whole = found.whole
    figures = Summary(whole.begun, whole.finished, whole.passed, whole.mean, whole.spread, whole.seconds)
    return _unit_row(context.texts("quiz.all_units"), found.invited, figures)


def units_page(title: str, first: Row, by_unit: list[UnitResult], context: Context) -> Page:
    """Return the units under the row of all people."""
    named = unit_names(context)
    rows = [first, *(_unit_row(named(one.unit), one.invited, one.figures) for one in by_unit)]
    return _page("units", "unit invited begun finished passed share mean spread seconds", title, rows, context)


def questions_page(found: Results, context: Context) -> Page:
    """Return the questions with their figures."""
    rows: list[Row] = []
    for question, figures in found.questions.values():
        chosen = [f"{LETTERS[place]}: {figures.chosen.get(place, 0)}" for place in range(len(question.options))]
        right = ", ".join(LETTERS[place] for place in question.right)
        rows.append(
            [
                *(question.text, question.topic, ", ".join(question.provisions), right, figures.count),
                *(_hundred(figures.facility), _hundred(figures.spread), _rounded(figures.discrimination, 2)),
                *(_rounded(figures.efficiency, 2), "; ".join(chosen), _rounded(figures.seconds)),
            ]
        )
    columns = "question topic provisions right count facility spread discrimination efficiency chosen seconds"
    return _page("questions", columns, found.round.title, rows, context)


def people_page(title: str, people: list[PersonResult], context: Context) -> Page:
    """Return people with how it went for each."""
    rows: list[Row] = []
    named = unit_names(context)
    for one in people:
        state = "passed" if one.passed else "failed" if one.finished_at else "begun" if one.started_at else "missing"
        at = shown_time(one.finished_at, context) if one.finished_at else ""
        rows.append([one.name, named(one.unit), context.texts(f"quiz.person_{state}"), _hundred(one.score), at])
    return _page("people", "name unit state score finished_at", title, rows, context)


def _page(name: str, columns: str, title: str, rows: list[Row], context: Context) -> Page:
    texts = context.texts
    head = [texts(f"quiz.column_{column}") for column in columns.split()]
    return Page(texts(f"quiz.page_{name}"), texts("quiz.results_title", title=title), head, rows)


def _unit_row(name: str, invited: int, figures: Summary) -> Row:
    share = _hundred(figures.passed / invited if invited else 0.0)
    return [
        *(name, invited, figures.begun, figures.finished, figures.passed, share),
        *(_hundred(figures.mean), _hundred(figures.spread), _rounded(figures.seconds)),
    ]


def _hundred(share: float | None) -> float | None:
    return None if share is None else rounded_down(100 * share, 1)


def _rounded(value: float | None, digits: int = 0) -> float | None:
    return None if value is None else round(value, digits)
