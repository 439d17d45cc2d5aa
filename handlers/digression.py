"""Questions about the rules or the bot that are typed in the middle of a form: which of its answers they are not."""

from __future__ import annotations

import re

from handlers import ask, howto
from handlers.context import Context
from handlers.conversation import Reply
from handlers.report.refusing import is_complaint, is_secret
from handlers.report.telling import asks
from knowledge.finding import Outcome
from knowledge.text import fold, normalize

# A question is short; a longer text tells something, and may name a rule in it.
_LONGEST = 200
# Fewer words may be a name with a doubt behind it, or a choice that is not there: "nick chị Lan?", "ngày nào?"
_FEWEST_WORDS = 4

# How a question ends, with what politeness puts behind it. Within a text such words may be a name ("anh A", "tổ May").
_ASKING = re.compile(
    r"(?:\?|\b(?:khong|ko|k|hong|kg|hok|chua|gi|j|nao|ntn|sao|ai|dau|may|bao nhieu|bn))"
    r"(?:\W+(?:a|ah|ha|vay|v|the|nhi|ad|em|anh|chi|oi|nhe|ban|day))*\W*$"
)
_PROVISION = re.compile(r"\b(?:dieu|khoan|muc) \d|\bchuong (?:\d|[ivx]+\b)")
_OF_A_PROVISION = {
    Outcome.ANSWERED,
    Outcome.CONTENTS,
    Outcome.INCOMPLETE,
    Outcome.NO_SUCH_PROVISION,
    Outcome.NO_SUCH_DOCUMENT,
    Outcome.NO_WORDING,
}


def answered(typed: str, context: Context, refused: bool) -> list[Reply]:
    """Answer what was typed at a step of a form, where it is a question about the rules or the bot; else return [].

    `refused` says that the step cannot take it. Where it could, only what names a provision or ends with a question
    mark is taken for a question: a name that was lost would be worse than a question that was. What is asked of papers
    marked secret is a question too; what is told of one is refused by the step.
    """
    if topic := howto.find(typed):
        return [howto.explain(topic, context)]
    said = fold(normalize(typed)).strip()
    if len(said) > _LONGEST or is_complaint(typed) or (is_secret(typed) and not asks(typed)):
        return []
    of_a_provision = bool(_PROVISION.match(said)) or (bool(_PROVISION.search(said)) and asks(said))
    asking = said.endswith("?") or (refused and _ASKING.search(said))
    if not (of_a_provision or (asking and len(said.split()) >= _FEWEST_WORDS)):
        return []
    outcome = context.search.answer(typed, today=context.today, units=context.units).outcome
    meant = _OF_A_PROVISION if of_a_provision else {Outcome.ANSWERED}
    return ask.answer(typed, context) if outcome in meant else []
