"""How a chat becomes a destination: an administrator says in it which of the names in `routing.toml` it is."""

from __future__ import annotations

from markupsafe import Markup

from handlers.authorization import Scene, act, may
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Reply
from handlers.errors import NotAllowed, NotFound
from knowledge.text import fold
from storage import destinations, people
from storage.people import Address

NAME = "destination.name"
_DROP = "bo"


@act(NAME, approvable=False)
def name_chat(scene: Scene, name: str, address: Address) -> Address | None:
    """Let a name of the rules mean a chat; return the chat that it meant before, None for none or this one."""
    before = destinations.at(scene.database, name)
    chat = address
    if people.is_shared(scene.database, address):
        # What is sent there is for everybody, whoever named it.
        chat = Address(address.channel, address.account, address.chat, address.chat)
        people.person_at(scene.database, chat, scene.stamp, in_group=True)
    destinations.name(scene.database, name, chat, scene.stamp)
    return before if before and before != chat else None


@act("destination.forget", approvable=False)
def forget_chat(scene: Scene, name: str) -> None:
    """Let a name mean no chat any more; raise NotFound where it means none."""
    if not destinations.forget(scene.database, name):
        raise NotFound("no_such_destination", name=name)


def command(argument: str, context: Context) -> list[Reply]:
    """Name this chat, or let a name go, or say which names there are and which are this chat's."""
    assert context.address is not None
    known = [name for name, found in context.routing.destination.items() if found.chat]
    words = argument.split()
    dropped = len(words) > 1 and fold(words[0]) == _DROP
    name = "-".join(fold(word) for word in (words[1:] if dropped else words))
    if not name:
        if not may(context.scene, NAME):
            raise NotAllowed(NAME)
        return [_how(known, context.address, context)]
    if dropped:
        forget_chat(context.scene, name)
        return [Reply(context.texts.rich("destination.dropped", name=name))]
    if name not in known:
        raise NotFound("no_such_destination", name=name)
    before = name_chat(context.scene, name, context.address)
    said = [context.texts.rich("destination.named", name=name)]
    if before:
        said.append(context.texts.rich("destination.moved"))
    return [Reply(Markup(" ").join(said))]


def _how(known: list[str], address: Address, context: Context) -> Reply:
    if not known:
        return Reply(context.texts.rich("destination.none"))
    how = context.texts.rich("destination.how", names=", ".join(known))
    own = destinations.names_of(context.database, address)
    if not own:
        return Reply(how)
    return Reply(context.texts.rich("destination.here", names=", ".join(own)) + "\n\n" + how)


COMMANDS = (
    Command(
        "noinhan",
        command,
        ("noi nhan", "noi nhan bao cao"),
        offered=lambda context: any(held.role == "administrator" for held in context.actor.roles),
        listed=False,
        private=False,
    ),
)
