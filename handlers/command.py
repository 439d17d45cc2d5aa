"""Commands: what can be asked of the bot by name, with a stroke or in plain words, with or without accents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from handlers.context import Context
from handlers.conversation import Reply
from knowledge.text import fold, folded_syllables

Run = Callable[[str, Context], list[Reply]]


def _bare(text: str) -> str:
    return text.casefold().strip(" .,!")


def _everybody(_: Context) -> bool:
    return True


def _nothing(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be asked for.

    Attributes:
        name: after the stroke, "thamgia"; its label in the catalogue is "command.<name>".
        run: does it, with what stands behind the name ("" for nothing).
        words: other ways to say it, folded: "tham gia".
        argument: whether plain words with this behind them are the command, or else a question that begins so; behind
            a stroke anything may stand.
        offered: whether it is shown to whoever asks for the menu; what he may not do is refused by the service.
        listed: whether it is shown in the menu at all.
        private: whether it is done only where nobody else reads along.
        unlike: what is written like it but for the accents and is said for something else: "vâng" is not "vắng".
        last: whether it stands at the end of the menu: what somebody seldom does, with what is kept about himself.
    """

    name: str
    run: Run
    words: tuple[str, ...] = ()
    argument: Callable[[str], bool] = _nothing
    offered: Callable[[Context], bool] = _everybody
    listed: bool = True
    private: bool = True
    last: bool = False
    unlike: tuple[str, ...] = ()

    def meant_else(self, text: str) -> str:
        """What else a text without accents may mean that calls it: "vang" is "vâng" too; "" for nothing."""
        return next((word for word in self.unlike if fold(word) == _bare(text)), "")


class Commands:
    """Commands by everything they may be called by."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self.all = tuple(commands)
        self._by_words: Mapping[tuple[str, ...], Command] = {
            tuple(words.split()): command for command in self.all for words in (command.name, *command.words)
        }
        self._longest = max(map(len, self._by_words), default=0)

    def find(self, text: str) -> tuple[Command, str] | None:
        """Return the command that a text is, with what stands behind it; None for any other text."""
        plain = not text.startswith("/")
        typed = folded_syllables(text.removeprefix("/"))
        for length in range(min(len(typed), self._longest), 0, -1):
            command = self._by_words.get(tuple(typed[:length]))
            if command is None or (plain and _bare(text) in command.unlike):
                continue
            behind = " ".join(text.split()[length:]) if length < len(typed) else ""
            if not behind or not plain or command.argument(behind):
                return command, behind
        return None
