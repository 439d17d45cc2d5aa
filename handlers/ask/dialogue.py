"""The conversation of the job: questions, the buttons under answers, and what they do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from handlers.ask import service
from handlers.ask.wording import Writer, writer_for
from handlers.context import Context
from handlers.conversation import Button, Manner, Reply
from knowledge.documents import Provision
from knowledge.finding import Citation, Finding, Outcome
from knowledge.schema import FactEntry
from storage import people

_PARAGRAPHS = Markup("\n\n")

# What is quoted of an article at once, in characters: a phone shows about 900, and a third of them is needed for what
# holds today and for the choices. A short rest is not worth a press.
PAGE = 600
SHORT_REST = 150

# So much of the law around the documents is told at once; the rest is a press away.
FACTS = 2

# The kind of small talk that is always answered: somebody is in danger.
_DISTRESS = "distress"
_GREETING = "greeting"


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
    finding, noted = service.ask(context.database, context.search, question, context.today, context.units)
    context.tally(finding.outcome.value)
    writer = _writer(context)
    page = first_page(finding.citations)
    further = _further_button(finding.facts[FACTS:], context)
    buttons = (*_rest_button(finding.citations[page:], context), *further, *_buttons(finding, context))
    closing = writer.closing(finding, noted=noted)
    body = writer.body(replace(finding, citations=finding.citations[:page], facts=finding.facts[:FACTS]))
    return [Reply(body, buttons, closing, lead=writer.lead(finding))]


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
    if finding.intent == _DISTRESS:
        return Reply(_writer(context).reply(finding))
    if "report" not in finding.suggestions:
        return None
    button = Button(context.texts("button.report"), "report.start")
    return Reply(context.texts.rich("report.now", who=_writer(context).who()), (button,))


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
    texts = context.texts
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
    # A menu belongs to a person, and what somebody asked stands beside nobody.
    if "report" in finding.suggestions:
        told = context.seal.close({"question": finding.question[: service.READ_LENGTH]})
        buttons.insert(0, Button(texts("button.report"), "report.start", {"sealed": told}))
    sealed = context.seal.close(
        {
            "question": service.kept_text(finding.question),
            "outcome": finding.outcome.value,
            "shown": service.shown_ids(finding),
        }
    )
    votes = ("helpful", "not_helpful")
    return buttons + [
        Button(texts(f"button.{vote}"), "ask.vote", {"sealed": sealed, "vote": vote}, once="vote") for vote in votes
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
    if len(context.search.article_parts(provision, context.today)) < 2:
        return []
    label = context.texts("button.article", label=provision.article.label)
    return [Button(label, "ask.article", {"id": provision.id})]
