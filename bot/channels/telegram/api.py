"""Calls whose answer matters for more than its type: sending and changing messages.

They go through the library's request seam but not through its Bot: of the answer only what is needed is read. An answer
that a newer Bot API words otherwise than the library knows would make it raise although the message was sent, and the
message would be sent again. It is also a third of the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import InputFile
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter

from bot.channels.base import OutgoingFile

Json = dict[str, Any]


class Api:
    """The Bot API of one bot."""

    def __init__(self, request: BaseRequest, base_url: str) -> None:
        """`base_url` ends in the token."""
        self._request = request
        self._base_url = base_url

    async def call(self, method: str, values: Mapping[str, Any], file: OutgoingFile | None = None) -> Json:
        """Call a method; return its result, {} where it is no object. Raises the library's errors.

        Values of None are left out. A file goes into the field that is named like its kind.
        """
        parameters = [RequestParameter(name, value, None) for name, value in values.items() if value is not None]
        if file:
            parameters.append(RequestParameter(file.kind, None, [InputFile(file.data, file.name or file.kind)]))
        found = await self._request.post(f"{self._base_url}/{method}", RequestData(parameters))
        return found if isinstance(found, dict) else {}
