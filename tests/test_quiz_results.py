"""Results of a round: counted as people finish, by unit and person, and as charts and tables."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from handlers import router
from handlers.authorization import Scene
from handlers.context import Context
from handlers.conversation import Drawing, Reply
from handlers.errors import NotAllowed, NotFound, NotPossible
from handlers.people import service
from handlers.quiz import counting, gathering, results, rounds
from handlers.quiz.rounds import Rules
from handlers.quiz.statistics import RoundCounts, Sheet, compare, count, items, of_round
from handlers.schedule import Due
from storage import merging, quiz_attempts, quiz_counts, quiz_rounds
from storage.database import Database
from storage.quiz_counts import WHOLE
from tests.conversations import Conversation, hold, read
from tests.quizzes import console_of, joined, office, planned, run_due

pytestmark = pytest.mark.every_channel

PLAIN = Rules(draw=0, shuffle=False, pass_mark=60, any_hour=True)
RIGHT = [[1], [0, 1], [0]]


@pytest.fixture
def unit(context: Context) -> int:
    return office(context)


def scene_of(who: Conversation, now: dt.datetime | None = None) -> Scene:
    scene = who.context.scene
    return replace(scene, now=now) if now else scene


def take(who: Conversation, number: int, chosen: list[list[int]], seconds: float = 10.0) -> int:
    """Take a round with these answers, as many as there are; the options are those of the questions."""
    now = who.context.now
    attempt = rounds.take(scene_of(who, now), number)
    for _ in chosen:
        asked = rounds.next_question(who.context.database, attempt)
        assert asked is not None
        known = chosen[asked.number - 1]
        rounds.show(who.context.database, asked, now.isoformat())
        now += dt.timedelta(seconds=seconds)
        rounds.answer(scene_of(who, now), attempt.id, asked.place, known)
    return attempt.id


def as_counted(database: Database, number: int) -> list[Sheet]:
    """All first attempts with everything rounded as it is when it is counted, read from the answers."""
    first = [one for one in quiz_attempts.of_round(database, number) if one.number == 1]
    return [counting.sheet_of(database, one) for one in first]


def test_counted_is_what_all_answers_say(context: Context, unit: int) -> None:
    rng = random.Random(8)
    number = planned(context, PLAIN)
    people = [joined(context, f"nguoi{place}", unit) for place in range(25)]
    run_due(context)
    for one in people:
        answers = [rng.choice([[0], [1]]), rng.choice([[0], [0, 1], [2]]), [rng.randrange(2)]]
        take(one, number, answers[: 2 if rng.random() < 0.2 else 3], rng.randrange(3, 50))
    found = results.see_results(console_of(context), None, number, times=True)
    expected = count(as_counted(context.database, number), 0.6)
    assert 0 < expected.scores.total() < 25
    whole = of_round(expected)
    assert (found.whole.begun, found.whole.finished, found.whole.passed) == (25, whole.finished, whole.passed)
    for mine, theirs in zip(
        (found.whole.mean, found.whole.median, found.whole.spread, found.whole.consistency),
        (whole.mean, whole.median, whole.spread, whole.consistency),
        strict=True,
    ):
        assert mine == pytest.approx(theirs, abs=1e-8)
    for question, figures in items(expected).items():
        mine = found.questions[question][1]
        assert (mine.count, mine.chosen) == (figures.count, figures.chosen)
        assert mine.facility == pytest.approx(figures.facility)
        assert mine.discrimination == pytest.approx(figures.discrimination, abs=1e-8)
        assert mine.efficiency == pytest.approx(figures.efficiency, abs=1e-8)
        assert mine.seconds == figures.seconds


def test_two_people_who_turn_out_to_be_one_are_counted_once_after_the_night(context: Context, unit: int) -> None:
    number = planned(context, PLAIN)
    an, also = joined(context, "an", unit), joined(context, "cung-an", unit)
    run_due(context)
    take(an, number, RIGHT)
    take(also, number, [[0], [2], [1]])
    merging.merge(context.database, also.context.person, an.context.person)
    router.KINDS[counting.COUNTING].run(counting_due(context), context)
    found = results.see_results(console_of(context), None, number)
    assert (found.whole.begun, found.whole.finished, found.whole.mean) == (1, 1, 1.0)
    assert all(figures.count == 1 for _, figures in found.questions.values())
    assert quiz_counts.miscounted(context.database, 9) == []


def test_what_was_finished_before_is_counted_in_parts(context: Context, unit: int) -> None:
    number = planned(context, PLAIN)
    people = [joined(context, f"nguoi{place}", unit) for place in range(60)]
    run_due(context)
    for one in people:
        take(one, number, RIGHT)
    # As after an upgrade from a version that counted nothing.
    context.database.run("DELETE FROM quiz_counts")
    context.database.run("UPDATE quiz_attempts SET counted = 0")
    assert results.see_results(console_of(context), None, number).whole.finished == 0
    router.KINDS[counting.COUNTING].run(counting_due(context), context)
    assert results.see_results(console_of(context), None, number).whole.finished == counting.COUNTED_AT_ONCE
    run_due(context)
    assert results.see_results(console_of(context), None, number).whole.finished == 60


def counting_due(context: Context) -> Due:
    return Due("", context.now)


def test_asking_for_results_reads_no_answers_however_many_there_are(context: Context, unit: int) -> None:
    number = planned(context, PLAIN)
    people = [joined(context, f"nguoi{place}", unit) for place in range(3)]
    run_due(context)
    for place, one in enumerate(people):
        take(one, number, [[place % 2], [0, 1], [0]])
    # Five thousand people more who answered like these.
    context.database.run("UPDATE quiz_counts SET people = people * 5000")
    console = console_of(context)
    asked: list[str] = []
    context.database._connection.set_trace_callback(asked.append)
    found = results.see_results(console, None, number, times=True)
    results.see_units(console, None, number, times=True)
    context.database._connection.set_trace_callback(None)
    assert asked
    assert not [statement for statement in asked if "quiz_answers" in statement or "quiz_attempts" in statement]
    assert found.whole.finished == 15_000
    assert compare({(0.0, 1.0): 2_600, (1.0, 0.0): 2_400}).by_chance == pytest.approx(0.0049, abs=1e-3)


def contact_of(context: Context, unit: int) -> Conversation:
    contact = joined(context, "dau-moi", unit)
    service.give_role(console_of(context), contact.context.person, "contact", unit)
    return contact


def two_units(context: Context, unit: int, rules: Rules) -> tuple[int, int]:
    """A round taken in two units: all of one passed, one of two in the other. Returns it and the other unit."""
    other = service.create_under(console_of(context), 1, "Phòng Khác")
    an, binh, chi = (joined(context, name, place) for name, place in (("an", unit), ("binh", other), ("chi", other)))
    number = planned(context, rules)
    run_due(context)
    take(an, number, RIGHT)
    take(binh, number, RIGHT)
    take(chi, number, [[0], [2], [1]])
    return number, other


def test_a_contact_sees_his_unit_and_no_other(context: Context, unit: int) -> None:
    contact = contact_of(context, unit)
    number, other = two_units(context, unit, PLAIN)
    found = results.see_results(contact.context.scene, unit, number)
    assert (found.invited, found.whole.finished, found.whole.passed) == (2, 1, 1)
    assert all(figures.count == 1 for _, figures in found.questions.values())
    for elsewhere in (other, None):
        with pytest.raises(NotAllowed):
            results.see_results(contact.context.scene, elsewhere, number)
        with pytest.raises(NotAllowed):
            results.see_people(contact.context.scene, elsewhere, number)
    hold(contact, [("đợt trắc nghiệm", "Đợt một: đang mở"), ("1", "Phòng Ví Dụ, kể cả các đơn vị trực thuộc")])
    (reply,) = contact.say("theo đơn vị")
    assert "Phòng Ví Dụ: 1/2 người (50%)" in read(reply)
    assert "Phòng Khác" not in read(reply)
    assert "So với đợt trước" not in read(contact.say("đợt trắc nghiệm")[0])


def test_a_round_for_others_is_not_shown(context: Context, unit: int) -> None:
    contact = contact_of(context, unit)
    other = service.create_under(console_of(context), 1, "Phòng Khác")
    joined(context, "binh", other)
    number = planned(context, replace(PLAIN, audience={"kind": "units", "units": [other], "below": True}))
    run_due(context)
    hold(contact, [("đợt trắc nghiệm", "Chưa có đợt trắc nghiệm nào.")])
    with pytest.raises(NotFound):
        results.see_results(contact.context.scene, unit, number)


def test_units_by_the_share_that_passed(context: Context, unit: int) -> None:
    chief = joined(context, "quan-tri", unit)
    service.give_role(console_of(context), chief.context.person, "administrator", None)
    number, other = two_units(context, unit, PLAIN)
    found = results.see_units(console_of(context), None, number)
    assert [(one.unit, one.figures.passed, one.invited) for one in found] == [(unit, 1, 2), (other, 1, 2)]
    chief.say("đợt trắc nghiệm")
    chief.say("1")
    (reply,) = chief.say("theo đơn vị")
    assert "Phòng Khác: 1/2 người (50%)" in read(reply)
    hold(chief, [("phòng khác", "Phòng Khác, kể cả các đơn vị trực thuộc")])


def test_persons_only_where_the_round_says_so(context: Context, unit: int) -> None:
    number, _ = two_units(context, unit, PLAIN)
    with pytest.raises(NotPossible):
        results.see_people(console_of(context), None, number)
    named = planned(context, replace(PLAIN, by_name=True), title="Đợt hai")
    run_due(context)
    found = results.see_people(console_of(context), unit, named)
    assert [(one.name, one.passed, one.started_at) for one in found] == [("Người an", None, None)]


def made(reply: Reply) -> bytes:
    (file,) = reply.files
    assert isinstance(file, Drawing)
    return router.draw(file.drawing, file.data)


def test_charts_and_tables(context: Context, unit: int) -> None:
    contact = contact_of(context, unit)
    two_units(context, unit, replace(PLAIN, by_name=True))
    contact.say("đợt trắc nghiệm")
    contact.say("1")
    for reply in contact.say("biểu đồ"):
        assert made(reply).startswith(b"\x89PNG")
    contact.say("đợt trắc nghiệm")
    contact.say("1")
    (reply,) = contact.say("tệp excel")
    book = load_workbook(io.BytesIO(made(reply)))
    assert book.sheetnames == ["Đơn vị", "Câu hỏi", "Từng người"]
    assert [cell.value for cell in book["Đơn vị"][4]][:6] == ["Tất cả", 2, 1, 1, 1, 50]
    assert [cell.value for cell in book["Từng người"][5]][:4] == ["Người an", "Phòng Ví Dụ", "Đạt", 100]
    contact.say("đợt trắc nghiệm")
    contact.say("1")
    units, questions, people = (made(one) for one in contact.say("tệp csv"))
    rows = list(csv.reader(io.StringIO(questions.decode("utf-8-sig"))))
    assert rows[0][0] == "Câu hỏi"
    assert (rows[1][3], rows[1][5], rows[1][9]) == ("B", "100.0", "A: 0; B: 1; C: 0; D: 0")
    assert "Người chi" not in people.decode()
    assert units.startswith("\ufeff".encode())


def cells(reply: Reply) -> list[list[list[object]]]:
    book = load_workbook(io.BytesIO(made(reply)))
    return [[[cell.value for cell in row] for row in sheet] for sheet in book]


def test_the_tables_of_a_large_round_are_gathered_in_parts_and_are_the_same(
    context: Context, unit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chief = joined(context, "quan-tri", unit)
    service.give_role(console_of(context), chief.context.person, "administrator", None)
    number, _ = two_units(context, unit, replace(PLAIN, by_name=True))
    (whole,) = gathering.tables("xlsx", None, number, chief.context)
    files = gathering.tables("csv", None, number, chief.context)
    monkeypatch.setattr(gathering, "LARGE", 3)
    monkeypatch.setattr(gathering, "PEOPLE_AT_ONCE", 2)
    hold(chief, [("đợt trắc nghiệm", "đang mở"), ("1", "Dành cho 4 người"), ("tệp excel", "đang lập tệp")])
    (reply,) = run_due(context)
    assert reply.to == chief.address
    assert len(cells(reply)[2]) == 3 + 4
    assert cells(reply) == cells(whole)
    gathering.tables("csv", None, number, chief.context)
    found = run_due(context)
    assert [(read(one), made(one)) for one in found] == [(read(one), made(one)) for one in files]


def test_who_may_see_a_round_no_more_gets_no_tables_of_it(
    context: Context, unit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = contact_of(context, unit)
    number, _ = two_units(context, unit, PLAIN)
    monkeypatch.setattr(gathering, "LARGE", 0)
    with pytest.raises(NotAllowed):
        gathering.tables("xlsx", None, number, contact.context)
    assert run_due(context) == []
    gathering.tables("xlsx", unit, number, contact.context)
    service.take_role(console_of(context), contact.context.person, "contact", unit)
    (reply,) = run_due(context)
    assert (reply.files, reply.to) == ((), contact.address)


def test_sums_and_medians_are_those_of_all_answers(context: Context, unit: int) -> None:
    seeded, units = random.Random(7), [unit]
    units += [service.create_under(console_of(context), 1, name) for name in ("Phòng Hai", "Phòng Ba")]
    staff = [(joined(context, f"nguoi-{n}-{place}", place), place) for n in range(7) for place in units[: 1 + n % 3]]
    number = planned(context, PLAIN)
    run_due(context)
    attempts: dict[int | None, list[int]] = {}
    for who, place in staff:
        chosen = [[seeded.randrange(4)], [seeded.randrange(3)], [seeded.randrange(2)]]
        done = take(who, number, chosen[: seeded.choice((2, 3, 3))], seconds=seeded.randrange(1, 20))
        attempts.setdefault(place, []).append(done)
        attempts.setdefault(None, []).append(done)

    def counted(place: int | None) -> RoundCounts:
        found = (quiz_attempts.get(context.database, one) for one in attempts[place])
        sheets = [counting.sheet_of(context.database, one) for one in found if one]
        return count(sheets, PLAIN.pass_mark / 100)

    for one in results.see_units(console_of(context), None, number, times=True):
        right = of_round(counted(one.unit))
        assert (one.figures.begun, one.figures.finished) == (right.begun, right.finished)
        assert (one.figures.passed, one.figures.seconds) == (right.passed, right.seconds)
        assert one.figures.mean == pytest.approx(right.mean)
        assert one.figures.spread == pytest.approx(right.spread)
    whole = items(counted(None))
    timed = results.see_results(console_of(context), None, number, times=True)
    assert {key: figures for key, (_, figures) in timed.questions.items()} == whole
    # All belong to what the office is, so that the counts of all are those of its unit.
    assert results.see_results(console_of(context), 1, number, times=True).questions == timed.questions


def test_no_cell_of_a_table_is_a_formula() -> None:
    data = {"rows": [["=1+1", "@a", "-2", 3, -0.5, None]]}
    assert router.draw("quiz_csv", data).decode("utf-8-sig").strip() == "'=1+1,'@a,'-2,3,-0.5,"


def test_counts_of_a_round_that_is_gone_are_gone(context: Context, unit: int) -> None:
    number, _ = two_units(context, unit, PLAIN)
    quiz_rounds.set_state(context.database, number, "closed")
    for _ in range(9):
        quiz_rounds.purge(context.database, "9999", 100)
    assert quiz_counts.of_units(context.database, number, [WHOLE]) == []
    assert quiz_rounds.get(context.database, number) is None
