"""What is read of a report's trail: words for everything that happens, whole times, and breaks where they are meant."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from handlers.authorization import Scene
from handlers.casework import dossier
from handlers.casework import service as casework
from handlers.context import Context
from handlers.people import service as people_service
from handlers.report import service
from handlers.texts import Texts, load_texts
from storage.reports import What
from tests.conversations import hold, read
from tests.test_casework import report_by
from tests.test_managing import somebody


@pytest.fixture
def unit(console: Scene) -> int:
    return people_service.create_unit(console, "Sở Ví Dụ")


@pytest.mark.parametrize("what", get_args(What))
def test_everything_that_happens_has_words_for_both_readers(what: str, texts: Texts) -> None:
    for section in ("report", "casework"):
        assert f"{section}.event_{what}" in texts


def test_no_words_are_there_for_what_never_happens(texts: Texts) -> None:
    named = {name.split(".event_")[1] for name in texts.names if name.startswith(("report.event_", "casework.event_"))}
    assert named - {"other"} == set(get_args(What))


def test_a_reporter_reads_no_code_whatever_stands_in_the_trail(context: Context, unit: int, console: Scene) -> None:
    reporter = somebody(context, "An", unit)
    number = report_by(reporter)
    casework.verify(console, number)
    (shown,) = reporter.say(f"BC-{number}")
    assert "10:00 21/11 đã xác minh với chủ tài khoản" in read(shown)
    # As a later version may have written it, before somebody went back to this one.
    context.database.run("UPDATE report_events SET what = 'unheard_of' WHERE what = 'verified'")
    (shown,) = reporter.say(f"BC-{number}")
    assert "10:00 21/11 cập nhật" in read(shown)


def test_the_file_of_a_report_says_the_year(context: Context, unit: int, console: Scene) -> None:
    number = report_by(somebody(context, "An", unit))
    drawn = dossier.dossier(service.read(console, number), context)
    assert dict(drawn.data["facts"])["Nhận lúc"] == "10:00 21/11/2026"
    assert [row[0] for row in drawn.data["trail"]] == ["10:00 21/11/2026"]


def test_one_that_waits_and_that_nobody_has_taken_says_so(context: Context, unit: int) -> None:
    contact = somebody(context, "Mối", unit, contact=unit)
    number = report_by(somebody(context, "An", unit))
    hold(
        contact,
        [
            (f"báo cáo số {number}", "Chưa ai nhận xử lý."),
            ("Hỏi người báo", "điều gì?"),
            ("Số nào?", "Chưa ai nhận xử lý; chờ người báo trả lời."),
        ],
    )


def test_what_was_said_stands_in_a_line_of_its_own(context: Context, unit: int) -> None:
    contact, reporter = somebody(context, "Mối", unit, contact=unit), somebody(context, "An", unit)
    number = report_by(reporter)
    reporter.say("bổ sung")
    replies = reporter.say("nó đang mượn tiền")
    (news,) = [read(reply) for reply in replies if reply.to == contact.address]
    assert f"BC-{number}" in news
    assert news.endswith("\n“nó đang mượn tiền”")


def test_a_break_at_the_beginning_of_a_text_is_kept_also_in_an_offices_own(texts: Texts, tmp_path: Path) -> None:
    assert texts("report.card_said", said="x").startswith("\n")
    assert texts("casework.warning_calm").startswith("\n")
    (tmp_path / "texts.toml").write_text('[report]\ncard_said = "\\n> {said}"\n', encoding="utf-8")
    assert load_texts(tmp_path)("report.card_said", said="x") == "\n> x"
