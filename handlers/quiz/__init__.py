"""Quizzes: banks of questions, rounds in which people answer them, and what came of it."""

from handlers.quiz import broadcasting, chart, confirmation, counting, export, gathering, schedule
from handlers.quiz.dialogue import COMMANDS, act
from handlers.quiz.planning import FORMS

broadcasting.register()

KINDS = {**schedule.KINDS, **counting.KINDS, **gathering.KINDS}
"""What becomes due, by the name of its kind."""

DRAWINGS = {
    confirmation.DRAWING: confirmation.draw,
    chart.DRAWING: chart.draw,
    chart.COMPARISON: chart.draw_comparison,
    export.CSV: export.write_csv,
}
"""What makes the files, by name."""

__all__ = ["COMMANDS", "DRAWINGS", "FORMS", "KINDS", "act"]
