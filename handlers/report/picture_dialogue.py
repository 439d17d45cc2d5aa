"""A picture that comes without a word: what it is for is asked first."""

from __future__ import annotations

from collections.abc import Sequence

from handlers import form
from handlers.context import Context
from handlers.conversation import Attachment, Reply
from handlers.form import Data, Done, Form, Step
from handlers.report import pictures, service
from handlers.report.dialogue import begin, is_told


def _ask(data: Data, context: Context) -> Reply:
    texts = context.texts
    return Reply(
        texts.rich("report.ask_picture"),
        (
            *(form.choice(label, key, "report_picture", "why") for key, label in data.get("places", {}).items()),
            form.choice(texts("button.report"), "report", "report_picture", "why"),
            form.choice(texts("report.to_ask"), "ask", "report_picture", "why"),
        ),
    )


def _take(typed: str, data: Data, context: Context) -> str | Done:
    files = [Attachment(**stored) for stored in data["files"]]
    if typed in data.get("places", {}):
        return Done(pictures.put(typed, files, context))
    if typed == "ask":
        return Done([Reply(context.texts.rich("empty.body"))])
    if typed == "report":
        return Done(begin("", context, files))
    return Done(begin(typed, context, files)) if is_told(typed, context) else form.ELSEWHERE


def _more(attachments: Sequence[Attachment], data: Data, _: Context) -> list[Reply]:
    stored = [attachment.as_json() for attachment in attachments]
    data["files"] = [*data["files"], *stored][: service.MOST_FILES]
    return []


def picture(attachments: Sequence[Attachment], context: Context) -> list[Reply]:
    """Ask what a picture is for that came without a word."""
    files = [one.as_json() for one in attachments]
    # What is on the screen now is what the picture may be for.
    places = dict(pictures.offered(context))
    return form.begin("report_picture", PICTURE, {"files": files, "places": places}, context)


PICTURE: Form = {"why": Step(_ask, _take, _more)}
