"""Errors in words, for the command line: what is wrong, in which file, at which place."""

from __future__ import annotations

from bot.errors import BotError, SettingsError
from handlers.errors import HandlerError, Refusal, RoutingError
from handlers.texts import load_texts
from knowledge.errors import DataError, DocumentError, KnowledgeError, NothingToSplit, UnreadableFile
from storage.errors import StorageBusy, StorageError

# The command line speaks the built-in texts: an office's own may be what is broken.
TEXTS = load_texts()


def explain(error: Exception) -> str:
    """Return an error in words, one line for each fault."""
    match error:
        case DocumentError() | DataError() | RoutingError():
            return "\n".join(problem_line(error.file, p.place, p.code, p.value) for p in error.problems)
        case UnreadableFile():
            return problem_line(error.file, "", error.code, error.value)
        case NothingToSplit():
            return problem_line(str(error), "", "nothing_to_split")
        case SettingsError():
            return _setting(error)
        case StorageBusy():
            return TEXTS("cli.storage_busy", message=error)
        case StorageError():
            return TEXTS("cli.storage_unusable", message=error)
        case Refusal():
            return TEXTS(f"refused.{error.code}", **error.values)
        case HandlerError():
            return problem_line(error.file, error.place, error.code, error.value)
        case BotError() | KnowledgeError():
            return TEXTS("cli.error", message=error)
        case _:
            return TEXTS("cli.unexpected", kind=type(error).__name__, message=error)


def _setting(error: SettingsError) -> str:
    if error.name == ".env":
        return TEXTS("cli.unreadable", file=error.name, reason=error.message)
    form = f"setting.{error.name.removeprefix('UNGXU_').lower()}"
    how = TEXTS(form) if form in TEXTS else ""
    text = "cli.settings" if error.message else "cli.setting_missing"
    return TEXTS(text, name=error.name, message=error.message, how=how).strip()


def problem_line(file: str, place: str, code: str, value: str = "") -> str:
    """Return one fault of a file in words, with its place."""
    if not place:
        return TEXTS("problem.line_whole", file=file, reason=reason(code, value))
    return TEXTS("problem.line", file=file, place=place, reason=reason(code, value))


def reason(code: str, value: str) -> str:
    """Return in words what a code of `knowledge.errors` says of a value."""
    name = f"problem.{code}"
    return TEXTS(name, value=value) if name in TEXTS else TEXTS("problem.unknown", code=code, value=value)
