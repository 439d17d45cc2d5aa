"""Questions as a Word file, typed as they are in a text file; the right options stand in bold letters besides."""

from __future__ import annotations

import io
from collections.abc import Sequence

from handlers.quiz.formats import typed
from handlers.quiz.question import LETTERS, Question


def write(questions: Sequence[Question]) -> bytes:
    """Return questions as a .docx file, a paragraph for each line."""
    # Loaded here: no other command needs it.
    from docx import Document

    document = Document()
    # The texts of a question were written line by line in this order, so the options are known by their place.
    for number, question in enumerate(questions, 1):
        right = {f"{LETTERS[place]}. " for place, option in enumerate(question.options) if option.right}
        lines = typed.write([question]).rstrip("\n").split("\n")
        lines[0] = lines[0].replace("Câu 1: ", f"Câu {number}: ", 1)
        for line in lines:
            run = document.add_paragraph().add_run(line)
            run.bold = True if line[:3] in right else None
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()
