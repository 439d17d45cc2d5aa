"""What several commands are given."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from bot.explaining import TEXTS
from bot.settings import load_settings

Result = TypeVar("Result")

as_json_lines = click.option("--json", "as_json", is_flag=True, help=TEXTS("cli.as_json"))


def with_settings(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command the settings as its first argument."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Result:
        return command(load_settings(), *args, **kwargs)

    return wrapper
