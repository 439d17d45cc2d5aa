"""Quizzes: banks of questions, rounds in which people answer them, and what came of it."""

from handlers.quiz import bank

__all__ = ["bank"]
