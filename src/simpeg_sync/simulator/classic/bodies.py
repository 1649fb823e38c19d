"""Is this classic body acceptable? JSON read as a Java service reads it: exact keys, numbers also as text."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import Any

from ..answers import Refused
from ..http import Request
from . import answers
from .tables import Save, WriteField

_DATE_LENGTH = len("dd-mm-yyyy")
_HALF = re.compile(r"[\ud800-\udfff]")


class _WrongType(ValueError):
    """A value that can't be taken for what the field holds."""


def values(body: bytes) -> dict[str, Any] | None:
    """None for anything but a JSON object. Half a letter, which nothing could store, becomes a question mark."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict):
        return None
    return {name: _HALF.sub("?", value) if isinstance(value, str) else value for name, value in given.items()}


def read(save: Save, request: Request) -> dict[str, Any]:
    """The known fields by their names here, `id` and `pnsUserId` among them; null counts as not given."""
    if "json" not in request.headers.get("content-type", ""):
        raise Refused(answers.spring_error(415, "Unsupported Media Type", "Content type not supported", request.path))
    given = values(request.body)
    if given is None:
        raise Refused(answers.spring_error(400, "Bad Request", "JSON parse error", request.path))
    known = (*save.fields, WriteField("id", "string"), WriteField("pnsUserId", "string"))
    try:
        bound = {field.name: _converted(field, given.get(field.name)) for field in known}
    except _WrongType as problem:
        text = f"JSON parse error: Cannot deserialize {problem}"
        raise Refused(answers.spring_error(400, "Bad Request", text, request.path)) from problem
    return {name: value for name, value in bound.items() if value is not None}


def check(save: Save, bound: dict[str, Any], *, status: int) -> None:
    """Raises Refused with everything that is missing, no date or no code, in one text."""
    required = [field.name for field in save.fields if field.required] + ["pnsUserId"]
    problems = [f"{name} tidak boleh kosong" for name in required if not bound.get(name)]
    for field in save.fields:
        value = bound.get(field.name)
        if not value:
            continue
        if field.format == "date" and not _is_date(value):
            problems.append(f"{field.name} harus berformat dd-mm-yyyy")
        if field.codes and value not in field.codes:
            problems.append(f"{field.name} {value} tidak dikenal")
    if problems:
        raise Refused(answers.refusal(", ".join(problems), status=status))


def _converted(field: WriteField, value: Any) -> Any:
    if value is None or (value == "" and field.type != "string"):
        return None
    if isinstance(value, (bool, list, dict)):
        raise _WrongType(field.name)
    if field.type == "string":
        return str(value)
    try:
        number = float(value)
    except (ValueError, OverflowError) as problem:
        raise _WrongType(field.name) from problem
    if number.is_integer():
        return int(number)
    if field.type == "integer" or not math.isfinite(number):
        raise _WrongType(field.name)
    return number


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%d-%m-%Y")
    except ValueError:
        return False
    return len(text) == _DATE_LENGTH
