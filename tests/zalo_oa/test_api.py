"""The client: answers judged by their body, refusals by name, and no token in anything that is raised or logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from bot.channels.zalo_oa import api as module
from bot.channels.zalo_oa.api import AccessRefused, Profile, TokensRefused
from bot.channels.zalo_oa.api import OpenApi as Client
from bot.errors import (
    AccountUnusable,
    FileRefused,
    NotSent,
    OutcomeUnknown,
    Refused,
    TransportError,
    Unreachable,
    WindowClosed,
)
from tests.waiting import PATIENCE, wait_until
from tests.zalo_oa.account import USER, client
from tests.zalo_oa.server import MESSAGE, PROFILE, TOKEN, UPLOAD, OpenApi
from tests.zalo_oa.world import OA_ID

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200)
LARGE = 10_000

Act = Callable[[Client], Awaitable[Any]]


@pytest.fixture
def access(openapi: OpenApi) -> SecretStr:
    openapi.world.wrote(USER)
    return SecretStr(openapi.tokens()["access_token"])


def run(api: OpenApi, act: Act, **more: Any) -> Any:
    async def work() -> Any:
        made = client(api.url, **more)
        await made.open()
        try:
            return await act(made)
        finally:
            await made.close()

    return asyncio.run(work())


def failed(api: OpenApi, act: Act, **more: Any) -> TransportError:
    with pytest.raises(TransportError) as caught:
        run(api, act, **more)
    return caught.value


def hello(access: SecretStr) -> Act:
    return lambda api: api.send(access, USER, {"text": "Chào"})


def test_a_message_is_sent_and_has_an_id(openapi: OpenApi, access: SecretStr) -> None:
    assert run(openapi, hello(access)) == f"{1:020x}"
    assert [record.text for record in openapi.messages(USER)] == ["Chào"]


def test_the_account_has_a_name(openapi: OpenApi, access: SecretStr) -> None:
    assert run(openapi, lambda api: api.profile(access)) == Profile(OA_ID, "OA Ví Dụ")


@pytest.mark.parametrize("statuses", [False, True])
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (-216, AccessRefused, "-216 Lỗi ví dụ"),
        (-230, WindowClosed, "window closed"),
        (-211, WindowClosed, "window closed"),
        (-217, Unreachable, "blocked"),
        (-32, NotSent, "-32 Lỗi ví dụ"),
        (-200, NotSent, "-200 Lỗi ví dụ"),
        (-201, Refused, "-201 Lỗi ví dụ"),
        (-99999, Refused, "-99999 Lỗi ví dụ"),
    ],
)
def test_refusals_are_told_apart_by_their_code(
    openapi: OpenApi, access: SecretStr, code: int, kind: type, reason: str, statuses: bool
) -> None:
    openapi.world.statuses = statuses
    openapi.fault("error", MESSAGE, code=code, message="Lỗi ví dụ")
    error = failed(openapi, hello(access))
    assert (type(error), str(error)) == (kind, reason)
    assert openapi.messages(USER) == []


def test_who_sends_too_much_waits(openapi: OpenApi, access: SecretStr) -> None:
    openapi.fault("error", MESSAGE, code=-32)
    error = failed(openapi, hello(access))
    assert isinstance(error, NotSent)
    assert error.retry_after == module.RATE_PAUSE
    openapi.fault("too_many", MESSAGE)
    error = failed(openapi, hello(access))
    assert isinstance(error, NotSent)
    assert error.retry_after == 2.0


@pytest.mark.parametrize(
    ("kind", "error", "arrived"),
    [
        ("cut", OutcomeUnknown, 0),
        ("accepted_cut", OutcomeUnknown, 1),
        ("accepted_html", OutcomeUnknown, 1),
        ("server_error", OutcomeUnknown, 0),
        ("bad_gateway", OutcomeUnknown, 0),
        ("html", OutcomeUnknown, 0),
        ("filtered", NotSent, 0),
    ],
)
def test_what_may_have_arrived_is_told_apart_from_what_has_not(
    openapi: OpenApi, access: SecretStr, kind: str, error: type, arrived: int
) -> None:
    openapi.fault(kind, MESSAGE)
    assert type(failed(openapi, hello(access))) is error
    assert len(openapi.messages(USER)) == arrived


@pytest.mark.parametrize(("kind", "arrived"), [("silent", 0), ("accepted_silent", 1)])
def test_a_server_that_is_silent(
    openapi: OpenApi, access: SecretStr, monkeypatch: pytest.MonkeyPatch, kind: str, arrived: int
) -> None:
    monkeypatch.setattr(module, "READ_TIMEOUT", 2.0)
    fault = openapi.fault(kind, MESSAGE)
    assert type(failed(openapi, hello(access))) is OutcomeUnknown
    # On a slow machine it is read after nobody waits for its answer any more.
    assert fault.met.wait(PATIENCE)
    wait_until(lambda: len(openapi.messages(USER)) == arrived)


def test_a_server_that_is_not_there(openapi: OpenApi, access: SecretStr) -> None:
    for url in ("http://127.0.0.1:9", "khac://127.0.0.1"):
        assert type(failed(openapi, hello(access), api_url=url)) is NotSent


def test_a_client_that_is_not_open_sends_nothing(openapi: OpenApi, access: SecretStr) -> None:
    with pytest.raises(NotSent):
        asyncio.run(client(openapi.url).send(access, USER, {"text": "Chào"}))


# Tokens


def test_a_refresh_token_becomes_another(openapi: OpenApi) -> None:
    old = SecretStr(openapi.tokens()["refresh_token"])
    new = run(openapi, lambda api: api.refresh(old))
    assert new.seconds == 90_000
    assert new.refresh.get_secret_value() in openapi.world.refresh
    error = failed(openapi, lambda api: api.refresh(old))
    assert (type(error), str(error)) == (TokensRefused, "-14014 Invalid refresh token")


@pytest.mark.parametrize("kind", ["html", "bad_gateway", "cut", "accepted_html"])
def test_an_answer_that_is_none_says_nothing_of_a_token(openapi: OpenApi, kind: str) -> None:
    old = SecretStr(openapi.tokens()["refresh_token"])
    openapi.fault(kind, TOKEN)
    assert type(failed(openapi, lambda api: api.refresh(old))) is OutcomeUnknown


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("3600", 3600.0),
        (90_000, 90_000.0),
        ("", 3600.0),
        (None, 3600.0),
        ("nan", 3600.0),
        ("inf", 3600.0),
        (-5, 3600.0),
    ],
)
def test_a_life_that_is_no_number_is_the_shortest_known(told: object, seconds: float) -> None:
    assert module._seconds(told) == seconds


# Files


def test_files_are_uploaded(openapi: OpenApi, access: SecretStr) -> None:
    key = run(openapi, lambda api: api.upload(access, "image", "ảnh.png", PICTURE))
    assert openapi.world.images[key] == PICTURE
    key = run(openapi, lambda api: api.upload(access, "file", "mẫu đơn.pdf", b"%PDF-1.7"))
    assert openapi.world.files[key] == ("mẫu đơn.pdf", b"%PDF-1.7")


def test_an_upload_reaches_nobody_so_that_it_can_be_tried_again(openapi: OpenApi, access: SecretStr) -> None:
    openapi.fault("accepted_cut", UPLOAD + "image")
    assert type(failed(openapi, lambda api: api.upload(access, "image", "a.png", PICTURE))) is NotSent
    error = failed(openapi, lambda api: api.upload(access, "image", "a.png", PICTURE + bytes(1024 * 1024)))
    assert type(error) is Refused


def test_files_of_people_are_brought_up_to_a_size(openapi: OpenApi) -> None:
    openapi.served["a"] = b"x" * LARGE
    url = f"{openapi.url}/files/a"
    assert run(openapi, lambda api: api.download(url, LARGE)) == b"x" * LARGE
    assert type(failed(openapi, lambda api: api.download(url, LARGE - 1))) is FileRefused
    assert type(failed(openapi, lambda api: api.download(f"{openapi.url}/files/khac", LARGE))) is Refused
    openapi.fault("server_error", "/files/a")
    assert type(failed(openapi, lambda api: api.download(url, LARGE))) is NotSent
    openapi.fault("cut", "/files/a")
    assert type(failed(openapi, lambda api: api.download(url, LARGE))) is OutcomeUnknown


@pytest.mark.parametrize("host", ["zdn.vn", "f1.zdn.vn"])
def test_files_come_from_hosts_of_zalo(openapi: OpenApi, host: str) -> None:
    error = failed(openapi, lambda api: api.download(f"khac://{host}/a", 1), file_hosts=["zdn.vn"])
    assert type(error) is NotSent


@pytest.mark.parametrize(
    "url",
    ["http://khac.example/a", "http://zdn.vn.khac.example/a", "http://xzdn.vn/a", "http://169.254.169.254/", "a", ""],
)
def test_files_come_from_nowhere_else(openapi: OpenApi, url: str) -> None:
    error = failed(openapi, lambda api: api.download(url, 1), file_hosts=["zdn.vn"])
    assert str(error) == "not a host of Zalo's files"


# Secrets


def test_no_token_is_shown_by_an_error_or_a_log(
    openapi: OpenApi, access: SecretStr, caplog: pytest.LogCaptureFixture
) -> None:
    token = access.get_secret_value()
    with caplog.at_level(logging.DEBUG):
        run(openapi, hello(access))
        for path in (MESSAGE, PROFILE):
            # Whatever was sent may be told back.
            openapi.fault("error", path, code=-201, message=f"bad token {token}")
        errors = [failed(openapi, hello(access)), failed(openapi, lambda api: api.name(access))]
        openapi.fault("error", TOKEN, code=-1, message=f"bad token {token}")
        errors.append(failed(openapi, lambda api: api.refresh(access)))
        openapi.fault("cut", MESSAGE)
        errors.append(failed(openapi, hello(access)))
    for error in errors:
        assert token not in repr(error)
        assert error.__cause__ is None
    assert "***" in str(errors[0])
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert token not in "\n".join(ours)
    # What the client of the network logs of a request is its address, and no token stands there.
    assert token not in "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("httpx"))


def test_a_refused_access_token_makes_the_account_unusable() -> None:
    assert issubclass(AccessRefused, AccountUnusable)
