"""`ungxu rights`: the table of who may do what, made from the declared acts; `docs/quyen-han.md` is this table."""

from __future__ import annotations

import handlers.router  # noqa: F401 - it imports every service, and with them the acts
from handlers.authorization import ACTS, Act, Reach, Role
from handlers.texts import Texts

_WORDS = {Reach.NOBODY: "nothing", Reach.SELF: "own", Reach.UNIT: "own_unit", Reach.ALL: "everything"}


def table(texts: Texts) -> str:
    """Return the page in Markdown: a row for each act in the order of the catalogue, a column for each role."""
    heads = [texts("rights.head_act"), *(texts(f"rights.{role.value}") for role in Role), texts("rights.head_code")]
    rows = [heads, ["---"] * len(heads)]
    rows += [
        [texts(f"act.{act.name}"), *(_said(act, role, texts) for role in Role), f"`{act.name}`"]
        for act in sorted(ACTS.values(), key=lambda act: texts.names.index(f"act.{act.name}"))
    ]
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{texts('rights.title')}\n\n{texts('rights.intro')}\n\n{lines}"


def _said(act: Act, role: Role, texts: Texts) -> str:
    reach = _reach(act, role)
    if act.target is None and reach is not Reach.NOBODY:
        return texts("rights.allowed")
    return texts(f"rights.{_WORDS[reach]}")


def _reach(act: Act, role: Role) -> Reach:
    """How far somebody reaches who has a role: further than it says where all staff, or anybody, do."""
    reach = max(act.rights[role], act.rights[Role.ANYBODY])
    return reach if role is Role.ANYBODY else max(reach, act.rights[Role.STAFF])
