"""The bodies BKN answers with: its envelopes, and the errors of gateway, SSO and backend."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

JSON = "application/json; charset=UTF-8"
NOT_FOUND_TEXT = "Data tidak ditemukan"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    # True when the store was changed on the way to this answer.
    is_effect: bool = False

    def after_effect(self) -> Answer:
        return replace(self, is_effect=True)


class Refused(Exception):
    """The call ends here with this answer; nothing was changed."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def of_json(status: int, value: Any, *headers: tuple[str, str]) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), headers=headers)


def read_envelope(data: Any, *, code: Any = 1, message: str = "success", status: int = 200) -> Answer:
    return of_json(status, {"code": code, "data": data, "message": message})


def counted_envelope(data: Any, *, count: int) -> Answer:
    """A page of a longer list."""
    return of_json(200, {"code": 1, "count": count, "data": data, "message": "success"})


def write_envelope(map_data: Any, *, success: bool | str = True, message: str = "success") -> Answer:
    return of_json(200, {"success": success, "mapData": map_data, "message": message})


def error_message(message: str, *, is_error: bool) -> Answer:
    """The third, capitalised envelope."""
    return of_json(200, {"Error": "true" if is_error else "false", "Message": message})


def business_refusal(reason: str, form: str = "message") -> Answer:
    match form:
        case "map_data":
            return write_envelope(reason, success=False, message="error")
        case "error_message":
            return error_message(reason, is_error=True)
        case _:
            return write_envelope(None, success=False, message=reason)


def validation_refusal(message: str, *, status: int) -> Answer:
    return read_envelope(None, code=0, message=message, status=status)


def go_multierror(problems: list[str]) -> str:
    count = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
    return f"{count} occurred:\n" + "".join(f"\t* {problem}\n" for problem in problems) + "\n"


def not_found(form: str) -> Answer:
    """One of the four ways in which BKN says that there is nothing."""
    match form:
        case "404":
            return read_envelope(NOT_FOUND_TEXT, code=0, message=NOT_FOUND_TEXT, status=404)
        case "null":
            return read_envelope(None)
        case "record_not_found":
            return read_envelope("record not found", code=0, message="error", status=400)
        case _:
            return read_envelope(NOT_FOUND_TEXT, code=0, message=NOT_FOUND_TEXT)


def backend_message(status: int, message: str) -> Answer:
    return of_json(status, {"message": message})


def oauth_error(status: int, error: str, description: str) -> Answer:
    return of_json(status, {"error": error, "error_description": description})


def gateway_error(status: int, code: int, message: str, description: str, *, wrapped: bool = False) -> Answer:
    error: dict[str, Any] = {"code": str(code), "message": message, "description": description}
    if wrapped:
        return of_json(status, {"fault": {**error, "code": code}})
    return of_json(status, error)


def invalid_credentials(*, wrapped: bool = False) -> Answer:
    description = "Make sure you have provided the correct security credentials"
    return gateway_error(401, 900901, "Invalid Credentials", description, wrapped=wrapped)


def missing_credentials(*, wrapped: bool = False) -> Answer:
    description = "Make sure your API invocation call has a header: 'Authorization'"
    return gateway_error(401, 900902, "Missing Credentials", description, wrapped=wrapped)


def authentication_failure(status: int, *, wrapped: bool = False) -> Answer:
    description = "Unclassified Authentication Failure"
    return gateway_error(status, 900900, "Unclassified Authentication Failure", description, wrapped=wrapped)


def not_subscribed() -> Answer:
    description = "User is NOT authorized to access the Resource. API Subscription validation failed."
    return gateway_error(403, 900908, "Resource forbidden", description)


def no_resource() -> Answer:
    description = "No matching resource found for given API Request"
    return gateway_error(404, 900906, "No matching resource found for given API Request", description)


def expired_jwt(status: int = 401) -> Answer:
    return backend_message(status, "invalid or expired jwt")


def missing_jwt(status: int = 400) -> Answer:
    return backend_message(status, "missing or malformed jwt")


def sso_mismatch(status: int = 401) -> Answer:
    return read_envelope("Token SSO mismatch", code=0, message="error", status=status)


def suspended(status: int = 503) -> Answer:
    description = "Error connecting to the back end: endpoint SUSPENDED"
    return gateway_error(status, 303001, "Runtime Error", description)


def runtime_error(status: int = 500) -> Answer:
    """The same words as `suspended` without the word that tells them apart."""
    return gateway_error(status, 101504, "Runtime Error", "Error connecting to the back end")


def throttled(
    *, now: float, retry_after: int | None = None, next_access: str | None = None, code: int = 900800
) -> Answer:
    """`next_access` is sent as given; without one it lies 60 s ahead, in the form WSO2 writes."""
    ahead = datetime.fromtimestamp(now, UTC) + timedelta(seconds=60)
    body = {
        "code": str(code),
        "message": "Message throttled out",
        "description": "You have exceeded your quota",
        "nextAccessTime": next_access or ahead.strftime("%Y-%b-%d %H:%M:%S+0000 UTC"),
    }
    headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
    return of_json(429, body, *headers)
