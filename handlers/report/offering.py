"""What somebody gets who asks what to do about a lost account: first aid, and the offer to report it."""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.report import wording
from handlers.report.dialogue import RULE, first_answers
from handlers.report.reading import LONGEST_READ, may_tell, read
from handlers.report.telling import asks_for_help


def offer(text: str, context: Context) -> Reply | None:
    """Return first aid where a message asks for help with an account that may be lost; None for any other.

    Whether it is lost already is not said, so that no report is begun.
    """
    # Most messages are questions, and told quickly from what happened to an account.
    if not may_tell(text) or not asks_for_help(text, read(text, context.today)):
        return None
    return help_with_account(text, context)


def help_with_account(text: str, context: Context) -> Reply:
    """Return first aid for the account that a message is about, with the way to report it and to the rule."""
    texts = context.texts
    told = context.seal.close({"question": text[:LONGEST_READ]})
    buttons = [Button(texts("button.report_trouble"), "report.start", {"sealed": told, "helped": True})]
    if context.search.library.get(RULE):
        buttons.append(Button(texts("button.report_rule"), "ask.provision", {"id": RULE}))
    context.tally("first_aid")
    return Reply(wording.help_first(first_answers(text, context), context), tuple(buttons))
