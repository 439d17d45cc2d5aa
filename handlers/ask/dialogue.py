"""The conversation of the job: questions, the buttons under answers, and what they do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from markupsafe import Markup

from handlers.ask import service
from handlers.ask.several import parts
from handlers.ask.wording import Writer, writer_for
from handlers.context import Context
from handlers.conversation import Button, Manner, Reply
from knowledge.documents import Provision
from knowledge.finding import Citation, Finding, Outcome
from knowledge.schema import FactEntry
from knowledge.scope import DISTRESS
from storage import menus, people

_PARAGRAPHS = Markup("\n\n")

# What is quoted of an article at once, in characters: a phone shows about 900, and a third of them is needed for what
# holds today and for the choices. A short rest is not worth a press.
PAGE = 600
SHORT_REST = 150

# So much of the law around the documents is told at once; the rest is a press away.
FACTS = 2

# The kind of small talk that is always answered: somebody is in danger.
_GREETING = "greeting"
_EXPLAIN = "explain"

# So long, and so many menus ago, somebody still means the rule that was shown.
_SHOWN_LATELY = dt.timedelta(hours=24)
_MENUS_LOOKED_AT = 3

# How many questions of a message are looked at.
MOST_QUESTIONS = 4


def welcome(context: Context) -> Reply:
    """Greet: whose bot it is, that it is automatic, how to ask, what is not to be sent, what is kept, whom to call."""
    texts, answers = context.texts, _answers(context)
    usage = texts.rich("welcome.usage" if answers else "welcome.members")
    parts = [_hello(context), usage, texts.rich("welcome.privacy"), _writer(context).contact()]
    joining = (
        Button(texts("command.thamgia"), "command.run", {"name": "thamgia"}),
        Button(texts("button.report"), "report.start"),
    )
    return Reply(_PARAGRAPHS.join(parts), () if answers else joining)


def welcome_group(context: Context) -> Reply:
    """Greet a group: whose bot it is, when it answers there, what is not to be sent."""
    return Reply(_PARAGRAPHS.join([_hello(context), context.texts.rich("welcome.group")]))


def _hello(context: Context) -> Markup:
    office, texts = context.office, context.texts
    return texts.rich(
        "welcome.hello",
        office_of=texts.rich("welcome.office_of", office=office.name) if office.name else "",
        introduced=texts.rich("welcome.introduced", document=office.introduced_by) if office.introduced_by else "",
    )


def help_text(context: Context) -> Reply:
    """Say what can be done and which documents are in use."""
    if not _answers(context):
        return welcome(context)
    documents = Markup("\n").join(
        context.texts.rich("help.document", short=document.short, title=document.entry.title)
        for document in context.search.library.documents.values()
    )
    choosing = context.texts.rich("help.by_button" if context.buttons else "help.by_number")
    return Reply(
        _PARAGRAPHS.join(
            [context.texts.rich("help.body", documents=documents, choosing=choosing), _writer(context).contact()]
        )
    )


def answer(question: str, context: Context) -> list[Reply]:
    """Answer a question; one without an answer is noted, without who asked."""
    if not _answers(context):
        return [_first_aid(question, context)]
    if several := _several(question, context):
        return [several]
    finding, noted = service.ask(context.database, context.search, question, context.today, context.units)
    context.tally(finding.outcome.value)
    if finding.intent == _EXPLAIN and (explained := _explained(context)):
        return [explained]
    writer = _writer(context)
    page = first_page(finding.citations)
    further = _further_button(finding.facts[FACTS:], context)
    buttons = (*_rest_button(finding.citations[page:], context), *further, *_buttons(finding, context))
    closing = writer.closing(finding, noted=noted)
    if further or page < len(finding.citations):
        finding = replace(finding, citations=finding.citations[:page], facts=finding.facts[:FACTS])
    body = writer.body(finding)
    return [Reply(body, buttons, closing, lead=writer.lead(finding))]


def _several(text: str, context: Context) -> Reply | None:
    """The answers to the first two questions of a message that asks several; None where it does not."""
    parted = parts(text)
    if len(parted) < 2:
        return None
    findings = [service.answer(context.search, part, context.today, context.units) for part in parted[:MOST_QUESTIONS]]
    asked = [finding for finding in findings if finding.outcome not in (Outcome.SMALL_TALK, Outcome.EMPTY)]
    count = len(asked) + len(parted[MOST_QUESTIONS:])
    by_rule = {f.citations[0].provision.id: f for f in reversed(findings) if f.outcome is Outcome.ANSWERED}
    answered = [finding for finding in findings if finding in by_rule.values()][:2]
    if len(answered) < 2:
        return None
    context.tally(Outcome.ANSWERED.value)
    texts, writer = context.texts, _writer(context)
    body = [
        texts.rich("answer.several", count=count),
        *(writer.in_short(replace(f, facts=f.facts[:1])) for f in answered),
    ]
    if count > len(answered):
        body.append(texts.rich("answer.several_left"))
    buttons = {
        button.label: button
        for finding in answered
        for button in (*_report_button(finding, context), *_article_button(finding.citations[0].provision, context))
    }
    shown = [service.shown_ids(finding)[0] for finding in answered]
    return Reply(_PARAGRAPHS.join(body), (*buttons.values(), *_votes(text, Outcome.ANSWERED, shown, context)))


def _explained(context: Context) -> Reply | None:
    """The whole article of the rule that was shown last, and whom to ask; None where none was, or too long ago.

    What was shown is read from the menu under it, where it stands sealed. What was asked is kept nowhere.
    """
    if context.address is None:
        return None
    since = (context.now - _SHOWN_LATELY).isoformat()
    for menu in menus.newest(context.database, context.address, context.person, since, _MENUS_LOOKED_AT):
        sealed = next((button["data"]["sealed"] for button in menu.buttons if button["action"] == "ask.vote"), None)
        if sealed is None:
            continue
        known = context.seal.open(sealed)
        if not known or service.article(context.search, known["shown"][0], context.today) is None:
            return None
        return replace(_article(known["shown"][0], context), closing=_writer(context).contact())
    return None


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button under an answer says."""
    if not _answers(context):
        return [welcome(context)]
    if name == "article":
        return [_article(data["id"], context)]
    if name == "rest":
        return [_article(data["ids"][0], context, data["ids"])]
    if name == "facts":
        facts = service.facts(context.search, data["ids"])
        return [Reply(_writer(context).further(facts) if facts else context.texts.rich("menu.stale"))]
    if name == "provision":
        return [_provision(data["id"], context)]
    if name == "vote":
        return [_vote(data, context)]
    return [Reply(context.texts.rich("menu.stale"))]


def _answers(context: Context) -> bool:
    """Whether whoever writes is answered: in some offices only who has joined."""
    return not context.office.members_only or context.actor.joined


def urgent(question: str, context: Context) -> Reply | None:
    """Return what is to be done at once, where a question cannot wait; None for any other."""
    finding = service.answer(context.search, question, context.today)
    if finding.intent == DISTRESS:
        return _whom_to_call(finding, context)
    if "report" not in finding.suggestions:
        return None
    button = Button(context.texts("button.report"), "report.start")
    return Reply(context.texts.rich("report.now", who=_writer(context).who()), (button,))


def against_despair(text: str, context: Context) -> Reply | None:
    """Return whom to call, to somebody who may hurt himself; None to everybody else."""
    finding = service.answer(context.search, text, context.today)
    return _whom_to_call(finding, context) if finding.intent == DISTRESS else None


def _whom_to_call(distress: Finding, context: Context) -> Reply:
    return Reply(_writer(context).reply(distress))


def is_greeting(text: str, context: Context) -> bool:
    """Whether a message is nothing but a greeting."""
    return service.answer(context.search, text, context.today).intent == _GREETING


def introduction(context: Context) -> Reply:
    """Say in two lines who answers, to somebody who has asked without a greeting."""
    return Reply(Markup("\n").join([_hello(context), context.texts.rich("welcome.first")]))


def _first_aid(question: str, context: Context) -> Reply:
    """What somebody gets who is not answered: what to do where it is urgent, or how to join."""
    if aid := urgent(question, context):
        return aid
    if context.address and people.is_shared(context.database, context.address):
        return Reply(context.texts.rich("welcome.members_group"))
    return welcome(context)


def _writer(context: Context) -> Writer:
    return writer_for(context.texts, context.office, context.search)


def first_page(citations: Sequence[Citation]) -> int:
    """Return how many passages of an article are shown at once; the rest is shown too where it is short."""
    lengths = [_length([citation]) for citation in citations]
    page = 0
    while page < len(lengths) and (not page or sum(lengths[: page + 1]) <= PAGE or sum(lengths[page:]) <= SHORT_REST):
        page += 1
    return page


def _length(citations: Sequence[Citation]) -> int:
    """How many characters of rules are shown."""
    return sum(len(citation.quote or citation.summary) for citation in citations)


def _article(provision_id: str, context: Context, ids: Collection[str] = ()) -> Reply:
    """An article, or of its passages only some, from the first as many as are read at once."""
    found = service.article(context.search, provision_id, context.today)
    if found is None:
        return Reply(context.texts.rich("menu.stale"))
    article, citations = found
    writer = _writer(context)
    if not citations:
        return Reply(writer.no_wording(article))
    left = [citation for citation in citations if not ids or citation.provision.id in ids]
    if not left:
        return Reply(context.texts.rich("menu.stale"))
    page = first_page(left)
    return Reply(writer.article(left[:page]), tuple(_rest_button(left[page:], context)))


def _provision(provision_id: str, context: Context) -> Reply:
    finding = service.show(context.search, provision_id, context.today)
    if finding is None:
        return Reply(context.texts.rich("menu.stale"))
    provision = finding.citations[0].provision
    return Reply(_writer(context).reply(finding), tuple(_article_button(provision, context)))


def _vote(data: dict[str, Any], context: Context) -> Reply:
    voted = context.seal.open(data["sealed"])
    if voted is None:
        return Reply(context.texts.rich("menu.stale"))
    if data["vote"] == "not_helpful":
        choices = [
            Button(context.texts(f"button.{vote}"), "ask.vote", {**data, "vote": vote}, once="vote")
            for vote in service.VOTES
            if vote != "helpful"
        ]
        return Reply(context.texts.rich("vote.why"), tuple(choices))
    service.vote(context.database, data["vote"], voted["question"], voted["outcome"], voted["shown"], context.today)
    if data["vote"] == "helpful":
        return Reply(context.texts.rich("vote.thanks"), manner=Manner.PASSING)
    return Reply(context.texts.rich("vote.thanks_wrong", contact=_writer(context).contact()), manner=Manner.INSTEAD)


def _buttons(finding: Finding, context: Context) -> list[Button]:
    others = finding.alternatives if finding.outcome is Outcome.ANSWERED else finding.nearest
    if _length(finding.citations) + sum(len(fact.text) for fact in finding.facts[:FACTS]) > PAGE:
        # The answer itself fills the screen.
        others = others[:1]
    buttons = [_provision_button(provision, context) for provision in others]
    if finding.outcome is Outcome.CONTENTS:
        return [_contents_button(article, context) for article in others]
    if finding.outcome is not Outcome.ANSWERED:
        return buttons
    if len(finding.citations) == 1 and not finding.replaces:
        buttons = _article_button(finding.citations[0].provision, context) + buttons
    buttons = [*_report_button(finding, context), *buttons]
    return buttons + _votes(finding.question, finding.outcome, service.shown_ids(finding), context)


def _report_button(finding: Finding, context: Context) -> list[Button]:
    """The button that begins a report with what was asked, where something has happened."""
    if "report" not in finding.suggestions:
        return []
    # A menu belongs to a person, and what somebody asked stands beside nobody.
    told = context.seal.close({"question": finding.question[: service.READ_LENGTH]})
    return [Button(context.texts("button.report"), "report.start", {"sealed": told})]


def _votes(question: str, outcome: Outcome, shown: Sequence[str], context: Context) -> list[Button]:
    """The buttons that say whether an answer helped."""
    told = {"question": service.kept_text(question), "outcome": outcome.value, "shown": list(shown)}
    sealed = context.seal.close(told)
    return [
        Button(context.texts(f"button.{vote}"), "ask.vote", {"sealed": sealed, "vote": vote}, once="vote")
        for vote in ("helpful", "not_helpful")
    ]


def _provision_button(provision: Provision, context: Context) -> Button:
    named = {"topic": provision.topic, "label": provision.label, "document": provision.document.short}
    full = context.texts("button.provision_full", **named)
    return Button(context.texts("button.provision", **named), "ask.provision", {"id": provision.id}, full=full)


def _contents_button(article: Provision, context: Context) -> Button:
    """An article among those of the document that the reply names."""
    topic = article.topic
    label = context.texts("button.contents", label=article.label, topic=topic) if topic else article.label
    return Button(label, "ask.article", {"id": article.id}, full=label)


def _rest_button(citations: Sequence[Citation], context: Context) -> list[Button]:
    """The button that shows the passages of an article which were not shown yet."""
    if not citations:
        return []
    label = context.texts("button.rest", label=citations[0].provision.article.label)
    return [Button(label, "ask.rest", {"ids": [citation.provision.id for citation in citations]})]


def _further_button(facts: Sequence[FactEntry], context: Context) -> list[Button]:
    """The button that tells more of the law around the documents."""
    return [Button(context.texts("button.facts"), "ask.facts", {"ids": [fact.id for fact in facts]})] if facts else []


def _article_button(provision: Provision, context: Context) -> list[Button]:
    """The button that shows the whole article, where it holds more than the provision."""
    shown = context.search.article_parts(provision, context.today)
    if len(list(islice(shown, 2))) < 2:
        return []
    label = context.texts("button.article", label=provision.article.label)
    return [Button(label, "ask.article", {"id": provision.id})]
