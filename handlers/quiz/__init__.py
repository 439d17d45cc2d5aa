"""Quizzes: banks of questions, rounds in which people answer them, and what came of it."""

from handlers.quiz.confirmation import DRAWING, draw
from handlers.quiz.dialogue import COMMANDS, act
from handlers.quiz.planning import FORMS
from handlers.quiz.schedule import KINDS

__all__ = ["COMMANDS", "DRAWING", "FORMS", "KINDS", "act", "draw"]
