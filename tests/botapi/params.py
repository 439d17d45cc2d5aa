"""Reads the parameters of a request, wherever the Bot API allows them to stand, and each as what it should be."""

from __future__ import annotations

import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from tests.botapi.errors import bad_request

Params = dict[str, Any]
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_DISPOSITION = re.compile(rb'\b(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_TRUE = {"true", "yes", "1", "True"}


@dataclass(slots=True)
class Upload:
    """A file in a multipart body."""

    name: str
    content_type: str
    content: bytes


def read_params(content_type: str, body: bytes, query: str) -> Params:
    """Return the parameters of the address and of the body: JSON, a form or multipart."""
    params: Params = {}
    try:
        if query:
            params.update(_form(query.encode("latin-1")))
        if not body:
            return params
        kind = content_type.partition(";")[0].strip().lower()
        if kind == "application/json":
            given = json.loads(body)
            if not isinstance(given, dict):
                raise bad_request("can't parse request body: expected an object")
            return {**params, **given} if params else given
        if kind == "application/x-www-form-urlencoded":
            params.update(_form(body))
        elif kind == "multipart/form-data":
            params.update(_multipart(content_type, body))
    except json.JSONDecodeError:
        raise bad_request("can't parse request body: invalid JSON") from None
    except UnicodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    return params


def _form(body: bytes) -> Params:
    pairs = (pair.partition(b"=") for pair in body.split(b"&") if pair)
    return {_unquoted(name): _unquoted(value) for name, _, value in pairs}


def _unquoted(quoted: bytes) -> str:
    """The text of a part of a form; what stands there as %XX mail writes as =XX, and for that there is C."""
    if b"%" in quoted:
        quoted = binascii.a2b_qp(quoted.replace(b"=", b"%3D").replace(b"+", b" ").replace(b"%", b"="))
        return quoted.decode()
    return quoted.replace(b"+", b" ").decode()


def _multipart(content_type: str, body: bytes) -> Params:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise bad_request("boundary not found")
    params: Params = {}
    # The first piece stands before the first boundary; the last is the two hyphens that end the body.
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.group(1).encode())[1:]:
        if part.startswith(b"--"):
            break
        head, separator, content = part.partition(b"\r\n\r\n")
        if not separator:
            raise bad_request("can't parse multipart body")
        names: dict[str, str] = {}
        kind = ""
        for line in head.split(b"\r\n"):
            field, _, value = line.partition(b":")
            if field.lower() == b"content-disposition":
                names = {name.decode().lower(): text.decode() for name, text in _DISPOSITION.findall(value)}
            elif field.lower() == b"content-type":
                kind = value.strip().decode()
        if "filename" in names:
            params[names.get("name", "")] = Upload(names["filename"], kind, content)
        elif "name" in names:
            params[names["name"]] = content.decode()
    return params


def text_of(params: Params, name: str) -> str:
    """Return a parameter as text; a missing one is empty."""
    value = params.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        if not value.isascii():
            _check_unicode(value)
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise bad_request(f'can\'t parse field "{name}": must be a String')


def _check_unicode(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def integer(params: Params, name: str, default: int = 0) -> int:
    """Return a parameter as a number; what is none counts as missing, as with Telegram."""
    value = params.get(name)
    if isinstance(value, int):
        return int(value)
    try:
        return int(value) if isinstance(value, str) else default
    except ValueError:
        return default


def boolean(params: Params, name: str) -> bool:
    """Return a parameter as yes or no."""
    value = params.get(name)
    return value in _TRUE if isinstance(value, str) else bool(value)


def nested(params: Params, name: str) -> Any:
    """Return a parameter that holds JSON: as it is, or as a string as forms carry it; None when it is missing."""
    value = params.get(name)
    if not isinstance(value, str):
        return value
    if not value:
        return None
    try:
        return json.loads(value)
    except ValueError:
        raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None
