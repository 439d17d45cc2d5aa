"""Trouble that is told in the middle of a form: help comes at once, and the form goes on where it stood.

Who has just lost money, or is threatened, answers no question about a name. What he says is kept for the report that is
being told; at the step of any other form it is said again if it was the answer after all.
"""

from __future__ import annotations

import hashlib
import re

from handlers import form
from handlers.ask.dialogue import against_despair
from handlers.context import Context
from handlers.conversation import Reply
from handlers.form import Form
from handlers.report.dialogue import HELPED, is_told, take_aside
from handlers.report.offering import help_with_account
from handlers.report.reading import LONGEST_READ, read
from handlers.report.trouble import first_aid, help_at_once, trouble, trouble_of
from knowledge.text import fold, folded_syllables, normalize
from storage.dialogues import Dialogue

# Where any words may be meant, such as the text of a broadcast, trouble is told in few, and in one's own name.
_FEW_WORDS = 14
_TO_OTHERS = re.compile(
    r"\b(?:canh bao|thong bao|luu y|de nghi|yeu cau|moi nguoi|cac|dong chi|anh chi|can bo|toan the|kinh gui|neu|nhac|"
    r"khong (?:duoc|nen)|hay|ba con|quy)\b|\bdung (?:chuyen|bam|doc|tin|ket|nghe)\b"
)


def helped(text: str, asked: Dialogue, steps: Form, context: Context) -> list[Reply] | None:
    """Return help and then what the form asks, where a message tells of trouble; None where it is for the form.

    `asked` is where whoever writes stands, `steps` the form that he is filling in.
    """
    if asked.form == "report":
        return _in_report(text, asked, steps, context)
    said = _mark(text)
    aid = None if said in _helped(asked) else _aid(text, asked, steps, context)
    if aid is None:
        return None
    now = Dialogue(asked.form, asked.step, {**asked.data, HELPED: [said]})
    form.keep(now.form, now.step, now.data, context)
    if asked.form == "report_add":
        # It belongs to the report that is added to.
        return [aid, *(form.answer(text, now, steps, context) or ())]
    return [aid, steps[now.step].ask(dict(now.data), context)]


def _in_report(text: str, asked: Dialogue, steps: Form, context: Context) -> list[Reply] | None:
    if aid := against_despair(text, context):
        return [aid, steps[asked.step].ask(dict(asked.data), context)]
    found = trouble(text) or trouble_of(read(text, context.today), text)
    if found is None:
        return None
    help_first = [] if found in _helped(asked) else [first_aid(found, context)]
    data = {**asked.data, HELPED: [*_helped(asked), found]}
    if asked.step == "kind" and read(text, context.today).kind:
        now = Dialogue(asked.form, asked.step, data)
        form.keep(now.form, now.step, now.data, context)
        return [*help_first, *(form.answer(text, now, steps, context) or ())]
    step = take_aside(text, found, asked.step, data, context)
    form.keep(asked.form, step, data, context)
    return [*help_first, steps[step].ask(data, context)]


def _mark(text: str) -> str:
    """What is kept of words that got help: they are known again, and cannot be read."""
    return hashlib.sha256(" ".join(folded_syllables(text)).encode()).hexdigest()[:16]


def _helped(asked: Dialogue) -> list[str]:
    """With which troubles help was given already; in another form than a report's, the mark of what was said last."""
    helped: list[str] = asked.data.get(HELPED, [])
    return helped


def _aid(text: str, asked: Dialogue, steps: Form, context: Context) -> Reply | None:
    """What is to be done at once, beside a form that is about something else."""
    if aid := against_despair(text, context):
        return aid
    if asked.form != "report_add" and steps[asked.step].digressions == "never" and not _is_of_oneself(text, context):
        return None
    if aid := help_at_once(text, context):
        return aid
    # With a picture that nobody has taken yet, a report begins.
    elsewhere = asked.form not in ("report_add", "report_picture")
    return help_with_account(text, context) if elsewhere and is_told(text, context) else None


def _is_of_oneself(text: str, context: Context) -> bool:
    """Whether a text, which may be meant for others, tells plainly of whoever writes it."""
    folded = fold(normalize(text[:LONGEST_READ]))
    if "\n" in text or len(folded_syllables(text)) > _FEW_WORDS or _TO_OTHERS.search(folded):
        return False
    reading = read(text, context.today)
    return reading.kind is None or reading.whose == "own"
