"""What the classic servers say: the read envelope without a message, the duplex envelope, OAuth and Spring errors."""

from __future__ import annotations

import time
from typing import Any

from ..answers import NOT_FOUND_TEXT, Answer, of_json, write_envelope

REALM = "oauth2-resource"


def envelope(data: Any, *, code: int | str = 1, status: int = 200) -> Answer:
    return of_json(status, {"code": code, "data": data})


def not_found(form: str, *, as_text: bool) -> Answer:
    """The same four ways to say that there is nothing as on SIASN."""
    no, yes = ("0", "1") if as_text else (0, 1)
    match form:
        case "404":
            return envelope(NOT_FOUND_TEXT, code=no, status=404)
        case "null":
            return envelope(None, code=yes)
        case "record_not_found":
            return envelope("record not found", code=no, status=400)
        case _:
            return envelope(NOT_FOUND_TEXT, code=no)


def duplex(map_data: Any) -> Answer:
    return write_envelope(map_data)


def refusal(reason: str, *, status: int = 200) -> Answer:
    return of_json(status, {"success": False, "mapData": None, "message": reason})


def oauth_error(status: int, error: str, description: str) -> Answer:
    """The key `error` is what careful clients look for before they ask for another token."""
    body = {"error": error, "error_description": description}
    challenge = f'Bearer realm="{REALM}", error="{error}", error_description="{description}"'
    return of_json(status, body, ("WWW-Authenticate", challenge))


def invalid_token(token: str, *, status: int = 401) -> Answer:
    return oauth_error(status, "invalid_token", f"Invalid access token: {token}")


def spring_error(status: int, error: str, message: str, path: str) -> Answer:
    now_ms = int(time.time() * 1000)
    body = {"timestamp": now_ms, "status": status, "error": error, "message": message, "path": path}
    return of_json(status, body)
