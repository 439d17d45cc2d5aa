"""Which handler takes an event: a press, a typed choice, a command, a change of the chat, or else a question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

from markupsafe import Markup

import handlers.quiz.bank  # noqa: F401 - its acts are known from here
from handlers import (
    alert,
    approval,
    ask,
    broadcast,
    casework,
    digression,
    form,
    howto,
    leading,
    linking,
    official_document,
    pages,
    people,
    privacy,
    quiz,
    report,
    upward,
    workbook,
)
from handlers.command import Command, Commands
from handlers.context import Context
from handlers.conversation import UNSUPPORTED, Button, Change, Incoming, Manner, Outcome, Reply, Vote
from handlers.errors import NeedsApproval, NotAllowed, Refusal
from handlers.form import Form
from handlers.menu import choose, labelled, numbered
from handlers.people.reading import possible_codes
from handlers.report import forwarding, naming
from handlers.schedule import Kind
from handlers.texts import Texts
from knowledge.text import fold, folded_syllables, normalize
from storage import menus, polls
from storage.dialogues import Dialogue
from storage.menus import SPENT, Menu
from storage.people import met

# A menu that was shown longer ago is no longer meant by "1".
MENU_LIFE = dt.timedelta(hours=24)

# So many of the menus before are still understood by the words on their buttons.
MENUS_IN_MIND = 3

# No messenger carries more, and what is pasted elsewhere is not read further: a long text would hold up everybody else.
LONGEST_TEXT = 4_096


class Job(Protocol):
    """What the router needs of a job's package, beside its `COMMANDS` and `FORMS`."""

    def act(self, name: str, data: dict[str, Any], context: Context) -> list[Reply]:
        """Do what a button says."""
        ...


def start(argument: str, context: Context) -> list[Reply]:
    """Greet; a code behind the word is one from a link."""
    if argument and people.is_code(argument, context):
        return people.by_code(argument, context)
    if argument and linking.is_code(argument, context):
        return linking.by_code(argument, context)
    return [ask.welcome(context)]


def show_menu(_: str, context: Context) -> list[Reply]:
    """Show everything that whoever asks may do."""
    return [
        Reply(
            context.texts.rich("menu.title"),
            tuple(
                Button(context.texts(f"command.{command.name}"), "command.run", {"name": command.name})
                for command in sorted(COMMANDS.all, key=lambda command: command.last)
                if command.listed and command.offered(context)
            ),
        )
    ]


def _cancel(_: str, context: Context) -> list[Reply]:
    return [Reply(context.texts.rich("form.cancelled" if form.end(context) else "form.nothing"))]


JOBS: Mapping[str, Job] = {
    "ask": ask,
    "people": people,
    "approval": approval,
    "privacy": privacy,
    "report": report,
    "forward": forwarding,
    "pages": pages,
    "casework": casework,
    "upward": upward,
    "quiz": quiz,
    "broadcast": broadcast,
}
"""The jobs by the name that the actions of their buttons begin with."""

COMMANDS = Commands(
    [
        Command("start", start, ("bat dau", "batdau"), listed=False, private=False),
        Command("menu", show_menu, ("0",), listed=False),
        Command(
            "trogiup",
            lambda _, context: [ask.help_text(context)],
            ("tro giup", "help", "huong dan", "huongdan"),
            private=False,
        ),
        Command("huy", _cancel, ("huy bo", "cancel", "thoat"), listed=False),
        *report.COMMANDS,
        *casework.COMMANDS,
        *upward.COMMANDS,
        *approval.COMMANDS,
        *broadcast.COMMANDS,
        *quiz.COMMANDS,
        *people.COMMANDS,
        *pages.COMMANDS,
        *naming.COMMANDS,
        *linking.COMMANDS,
        *privacy.COMMANDS,
    ]
)
"""Everything that can be asked for by name, in the order of the menu, but for those that come last."""

FORMS: Mapping[str, Form] = {
    **people.FORMS,
    **approval.FORMS,
    **linking.FORMS,
    **privacy.FORMS,
    **report.FORMS,
    **pages.FORMS,
    **casework.FORMS,
    **quiz.FORMS,
    **broadcast.FORMS,
}
"""The conversations of several steps, by name."""

Listener = Callable[[Sequence[Outcome], Context], list[Reply]]


def _each(listen: Callable[[Outcome, Context], list[Reply]]) -> Listener:
    """What takes one end after the other."""
    return lambda outcomes, context: [reply for outcome in outcomes for reply in listen(outcome, context)]


LISTENERS: Mapping[str, Listener] = {
    "alert": _each(alert.tell),
    "report": _each(report.tell),
    "forward": _each(forwarding.tell),
    "broadcast": broadcast.happened,
}
"""What the jobs do when things end that they asked to be told of, by the name in the concern."""

DRAWINGS: Mapping[str, Callable[[dict[str, Any]], bytes]] = {
    people.DRAWING: people.draw_sheet,
    casework.DRAWING: casework.draw,
    official_document.DRAWING: official_document.draw,
    workbook.DRAWING: workbook.draw,
    **quiz.DRAWINGS,
    **broadcast.DRAWINGS,
}
"""What makes the drawings that replies carry, by name."""

KINDS: Mapping[str, Kind] = {
    **people.KINDS,
    **forwarding.KINDS,
    **casework.KINDS,
    **upward.KINDS,
    **quiz.KINDS,
    **broadcast.KINDS,
}
"""What the jobs do later, by the name of its kind."""

_LISTED = tuple(command for command in COMMANDS.all if command.listed)
_BACK = {"quay lai", "back"}
# Understood in the middle of a form too; all other plain words are answers there.
_ALWAYS = {"start", "menu", "trogiup", "huy"}
# The steps of forms that ask for a name or an account: the words of a command are none.
_NAMES = {"name", "account", "reporter_name", "owner"}
# Whoever belongs to another bot is told so instead; everything else is about him, and done wherever he asks for it.
_LED = {"start", "thamgia"}


def handle(event: Incoming, context: Context) -> list[Reply]:
    """Return the replies to an event; changes belong to the event's transaction."""
    try:
        return _introduced(_handle(event, context), event, context)
    except NeedsApproval as asked:
        form.end(context)
        return [Reply(context.refused(asked)), *approval.cards(asked.number, context)]
    except NotAllowed as refusal:
        if context.actor.joined or event.group:
            return [Reply(context.refused(refusal))]
        # Whoever has not joined has no role yet; in a group nobody joins.
        join = (Button(context.texts("command.thamgia"), "command.run", {"name": "thamgia"}),)
        return [Reply(context.texts.rich("people.not_joined_yet"), join)]
    except Refusal as refusal:
        return [Reply(context.refused(refusal))]


def _introduced(replies: list[Reply], event: Incoming, context: Context) -> list[Reply]:
    """What is said to somebody who writes for the first time where nothing is pressed to begin: first who answers."""
    if context.starts or event.group or event.change or not replies:
        return replies
    if met(context.database, context.person) != context.now.astimezone(dt.UTC).isoformat():
        return replies
    begun = form.current(context)
    if begun and begun.form in report.FORMS:
        # Help comes first.
        return replies
    welcome = ask.welcome(context)
    text = normalize(event.text[:LONGEST_TEXT])
    if report.tells_trouble(text):
        return replies
    greets = ask.is_greeting(text, context) if text and not text.startswith("/") else event.other == "sticker"
    if greets:
        return [welcome]
    if welcome.text in [reply.text for reply in replies]:
        return replies
    first, *rest = replies
    if first.to is not None:
        return [ask.introduction(context), *replies]
    # In one message: some messengers count them.
    return [replace(first, text=Markup("\n\n").join([ask.introduction(context).text, first.text])), *rest]


def _handle(event: Incoming, context: Context) -> list[Reply]:
    if event.change is not None:
        return [ask.welcome_group(context)] if event.change is Change.JOINED else []
    if event.press is not None:
        return _press(event, context)
    if event.vote is not None:
        return _vote(event.vote, event, context)
    if event.attachments and (taken := _files(event, context)) is not None:
        if not event.text.strip():
            return [] if event.follows else taken
        # The words beside a picture are read by themselves, and answered.
    elif not event.text.strip() and (event.attachments or event.other):
        if event.follows:
            return []
        if event.other == UNSUPPORTED:
            return [Reply(context.texts.rich("media.unsupported"))]
        return [Reply(context.texts.rich("media.file" if event.attachments else "media.other"))]
    text = _without_name(normalize(event.text[:LONGEST_TEXT]))
    command = COMMANDS.find(text) or _in_the_menu(text, context)
    asked = form.current(context)
    if command and asked is None and (meant := command[0].meant_else(text)):
        # What waits for an answer gets it; where nothing does, it is the command of whoever may use it.
        if not event.group and (answered := _answered(meant, event, context)) is not None:
            return answered
        if not command[0].offered(context):
            command, text = None, meant
    # What is in no menu is what somebody was told to type.
    if command and command[0].listed and asked is None and (shown := _shown(text, event, context)) is not None:
        return shown
    if command and (text.startswith("/") or asked is None or command[0].name in _ALWAYS):
        return _run(*command, context, group=event.group)
    if asked and fold(text).strip() in _BACK:
        return form.back(asked, FORMS[asked.form], context)
    chosen = _chosen(text, asked, event, context)
    if chosen is not None:
        return chosen
    if asked and not text.startswith("/"):
        # Who takes care of reports writes down the trouble of others.
        if command and _is_no_name(command[0], text, asked):
            meant = context.texts.rich("form.meant", command=context.texts(f"command.{command[0].name}"))
            question = FORMS[asked.form][asked.step].ask(dict(asked.data), context)
            return [replace(question, text=Markup("\n").join([meant, question.text]))]
        if asked.form not in casework.FORMS and (aided := report.helped(text, asked, FORMS[asked.form], context)):
            return aided
        answered = form.answer(text, asked, FORMS[asked.form], context, digression.answered)
        if answered is not None:
            return answered
    if text.startswith("/"):
        # Among others it may be for another bot, unless it names this one.
        for_others = event.group and "@" not in event.text.split()[0]
        return [] if for_others else [Reply(context.texts.rich("menu.unknown_command"))]
    codes = possible_codes(text)
    code = None if event.group else _code(codes, context)
    if code is None and not event.group:
        answered = _answered(text, event, context)
        if answered is not None:
            return answered
    # At whichever of several bots: help does not wait. A code may look like words about a lost account: "FFG-HAC".
    if code is None and report.is_told(text, context):
        despair = ask.against_despair(text, context)
        return [*filter(None, [despair]), *report.begin(text, context, () if asked else event.attachments)]
    if code is None and (helped := report.help_at_once(text, context) or report.offer(text, context)):
        return [helped]
    if code is None and (reply := report.warning(text, context) or pages.look(text, context)):
        return [reply]
    receipt = next(filter(report.looks_like_receipt, codes), None)
    if receipt and not people.is_code(receipt, context):
        return [Reply(context.texts.rich("menu.private"))] if event.group else report.receipt(receipt, context)
    if led := leading.led(text, context):
        return led
    if code is not None:
        return people.by_code(code, context) if people.is_code(code, context) else linking.by_code(code, context)
    number = None if event.group else report.numbered(text, context)
    if number is not None:
        return casework.by_number(number, context)
    if topic := howto.find(text):
        does = next((command for command in COMMANDS.all if command.name == topic.command), None)
        return [howto.explain(topic, context, None if event.group else does)]
    return ask.answer(text, context)


def _is_no_name(command: Command, text: str, asked: Dialogue) -> bool:
    """Whether the plain words of a command are typed where a name is asked: nobody is called "Thông báo".

    One word may be a name, and any words a position or what somebody wants to say.
    """
    step = FORMS[asked.form][asked.step]
    return (
        command.listed
        and step.digressions == "first"
        and asked.step in _NAMES
        and len(text.split()) > 1
        and len(folded_syllables(text)) == len(text.split())
    )


def _answered(text: str, event: Incoming, context: Context) -> list[Reply] | None:
    """What is said to the answer that a broadcast or a report waits for; None where none waits, or it is none."""
    confirmed = broadcast.acknowledged(text, context)
    if confirmed is not None:
        return confirmed
    # What was asked waits on its answer, and whoever takes care of the report with it.
    answered = report.answered(text, context, event.attachments)
    return None if answered is None else [*report.aid(text, context), *answered]


def _code(codes: Sequence[str], context: Context) -> str | None:
    """The first of possible codes that opens something; None where none does."""
    opens = (typed for typed in codes if people.is_code(typed, context) or linking.is_code(typed, context))
    return next(opens, None)


def _files(event: Incoming, context: Context) -> list[Reply] | None:
    """What is said to files: those that a form takes, or a picture without a word; None for all others."""
    asked = form.current(context)
    if asked is not None:
        return form.take_files(event.attachments, asked, FORMS[asked.form], context)
    seen = all(attachment.kind != "voice" for attachment in event.attachments)
    if event.text.strip() or event.group or event.follows or not seen:
        return None
    return report.picture(event.attachments, context)


def _without_name(text: str) -> str:
    """A command without the bot's name, which Telegram appends in groups: /start@ungxu_bot."""
    first, *rest = text.split(" ", 1) if text.startswith("/") else (text,)
    return " ".join([first.split("@")[0], *rest]) if text.startswith("/") else text


def _run(command: Command, argument: str, context: Context, *, group: bool) -> list[Reply]:
    if group and command.private:
        return [Reply(context.texts.rich("menu.private"))]
    if command.name in _LED and (led := leading.led("", context)):
        return led
    return command.run(argument, context)


def _chosen(text: str, asked: Dialogue | None, event: Incoming, context: Context) -> list[Reply] | None:
    """What a typed choice from a menu does; None for a text that is none, or that answers the form."""
    since = (context.now - MENU_LIFE).isoformat()
    number = numbered(text)
    if not context.numbered and number is not None:
        # Under buttons no number is to be seen; whoever types one means something else.
        return None if asked else [Reply(context.texts.rich("empty.body"))]
    shown = menus.newest(context.database, event.address, context.person, since, MENUS_IN_MIND)
    if asked:
        # Where a form asks, the words on earlier menus are answers like any others.
        shown = [menu for menu in shown[:1] if _is_meant(menu, asked, by_number=number is not None)]
    for menu in shown:
        place = _place(text, menu, newest=menu is shown[0])
        if place is not None:
            return _choose(menu, place, event, context)
    if asked or number is None:
        return None
    if shown:
        return [Reply(context.texts.rich("menu.no_such_number", count=len(shown[0].buttons)))]
    if menus.latest(context.database, event.address, context.person, ""):
        return [Reply(context.texts.rich("menu.stale"))]
    return None


def _in_the_menu(text: str, context: Context) -> tuple[Command, str] | None:
    """The command that is called in the menu what was typed."""
    place = labelled(text, _command_labels(context.texts))
    return (_LISTED[place], "") if place is not None and _LISTED[place].offered(context) else None


@lru_cache(maxsize=1)
def _command_labels(texts: Texts) -> tuple[str, ...]:
    return tuple(texts(f"command.{command.name}") for command in _LISTED)


def _shown(text: str, event: Incoming, context: Context) -> list[Reply] | None:
    """What a choice does that is on the newest menu word for word; the words of some command may be the same."""
    since = (context.now - MENU_LIFE).isoformat()
    for menu in menus.newest(context.database, event.address, context.person, since, 1):
        place = labelled(text, [Button.from_json(stored).label for stored in menu.buttons])
        if place is not None:
            return _choose(menu, place, event, context)
    return None


def _is_meant(menu: Menu, asked: Dialogue, *, by_number: bool) -> bool:
    """Whether the newest menu may be meant while a form asks: its own choices, or by number what came in between."""
    button = Button.from_json(menu.buttons[0])
    if button.action == form.ANSWER:
        return (button.data["form"], button.data["step"]) == (asked.form, asked.step)
    return by_number


def tell(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
    """Tell a job how things ended, at least one and all of its own; return what it wants to be sent, and where."""
    listener = LISTENERS.get(str(outcomes[0].concern.get("job")))
    return listener(outcomes, context) if listener else []


def draw(name: str, data: dict[str, Any]) -> bytes:
    """Return a drawing that a reply carries as a file. It takes long, and needs nothing but its data."""
    return DRAWINGS[name](data)


def _press(event: Incoming, context: Context) -> list[Reply]:
    """A button that was pressed: whose it is and what it does is looked up, never believed."""
    assert event.press is not None
    if event.press.menu >= broadcast.STANDING_MENUS:
        pressed = broadcast.pressed(event.press.menu, event.press.place, context)
        return _act(pressed, context) if pressed else [Reply(context.texts.rich("menu.stale"), manner=Manner.PASSING)]
    menu = menus.get(context.database, event.press.menu, event.address, context.person)
    if menu is None:
        # In a group anybody can press what was shown to another.
        others = menus.is_in_chat(context.database, event.press.menu, event.address)
        text = context.texts.rich("menu.not_yours" if others else "menu.stale")
        return [Reply(text, manner=Manner.PASSING)]
    if not 0 <= event.press.place < len(menu.buttons):
        return [Reply(context.texts.rich("menu.stale"), manner=Manner.PASSING)]
    return _choose(menu, event.press.place, event, context)


def _vote(vote: Vote, event: Incoming, context: Context) -> list[Reply]:
    """What somebody chose in a poll: as with a press, what it does is looked up."""
    found = polls.find(context.database, event.address, vote.poll)
    if found is None:
        # It is long ago, or of its sending nothing was heard.
        return [Reply(context.texts.rich("menu.poll_gone"))]
    return _act(Button("", found.action, {**found.data, "chosen": list(vote.options)}), context)


def _place(text: str, menu: Menu, *, newest: bool) -> int | None:
    """The place of the choice that typed words mean: in the newest menu also by a number, initials, or in full."""
    labels = [stored["label"] for stored in menu.buttons]
    if not newest:
        return labelled(text, labels)
    place = choose(text, labels)
    return labelled(text, [stored.get("full", "") for stored in menu.buttons]) if place is None else place


def _choose(menu: Menu, place: int, event: Incoming, context: Context) -> list[Reply]:
    button = Button.from_json(menu.buttons[place])
    if menu.buttons[place].get(SPENT):
        return [Reply(context.texts.rich("menu.spent"), manner=Manner.PASSING)]
    if button.once:
        same = {n for n, other in enumerate(menu.buttons) if other.get("once") == button.once}
        menus.spend(context.database, menu, same)
    return _act(button, context, group=event.group)


def _act(button: Button, context: Context, *, group: bool = False) -> list[Reply]:
    """Do what a button says."""
    name, _, act = button.action.partition(".")
    stale = [Reply(context.texts.rich("menu.stale"))]
    if name == "command":
        command = COMMANDS.find(f"/{button.data['name']}")
        return _run(*command, context, group=group) if command else stale
    if button.action == form.ANSWER:
        asked = form.current(context)
        if asked is None or (asked.form, asked.step) != (button.data["form"], button.data["step"]):
            return stale
        return form.answer(button.data["value"], asked, FORMS[asked.form], context) or stale
    return JOBS[name].act(act, button.data, context) if name in JOBS else stale
