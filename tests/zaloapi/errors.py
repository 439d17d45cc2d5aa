"""What Zalo refuses, in its own words as far as they are known."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal: its code and what it says."""

    def __init__(self, code: int, description: str) -> None:
        self.code = code
        self.description = description
        super().__init__(description)

    def envelope(self) -> dict[str, Any]:
        """Return it as it is answered."""
        return {"ok": False, "description": self.description, "error_code": self.code}


WEBHOOK_SET = "You cannot use this API while a webhook is set. Please remove the webhook first"
NO_PHOTO = "The photo must not be empty"
NO_ADDRESS = "The photo must start with http:// or https://"
NOT_FETCHED = "The photo URL is invalid"


def bad_request(description: str) -> ApiError:
    """A request that can never succeed."""
    return ApiError(400, description)


def unauthorized() -> ApiError:
    """A token that is not known."""
    return ApiError(401, "Unauthorized")


def not_found() -> ApiError:
    """A method, or a webhook, that is not there."""
    return ApiError(404, "Not Found")


def idle() -> ApiError:
    """A poll that brought nothing."""
    return ApiError(408, "Request timeout")


def quota() -> ApiError:
    """More than the plan of the bot allows."""
    return ApiError(429, "Quota exceeded")
