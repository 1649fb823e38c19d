"""Is this body acceptable? JSON read as BKN's Go service reads it: keys in any case, strict types."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

from . import answers
from .answers import Refused
from .fields import FieldTables, Resource, WriteField
from .settings import Settings
from .views import plain_number

_GO_TYPES = {"string": "string", "integer": "int", "number": "float64", "array": "[]model.Path"}
_DATE = re.compile(r"(\d\d)-(\d\d)-(\d{4})")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def pairs(body: bytes) -> dict[str, Any] | None:
    """Lower-case key -> value, the last one winning; None for anything but a JSON object."""
    try:
        given = _parse(body)
    except ValueError:
        return None
    return {key.lower(): value for key, value in given.items()} if isinstance(given, dict) else None


def bind(resource: Resource, body: bytes, settings: Settings) -> dict[str, Any]:
    """The known fields under their write names, `id` and `path` among them; null counts as not given."""
    try:
        given = _parse(body)
    except ValueError as problem:
        raise Refused(answers.backend_message(400, f"Syntax error: {problem}")) from problem
    if not isinstance(given, dict):
        text = f"json: cannot unmarshal {_kind(given)} into Go value of type model.{resource.go_struct}"
        raise Refused(answers.validation_refusal(text, status=_status(resource, settings)))
    bound: dict[str, Any] = {}
    for key, value in given.items():
        field = _field(resource, key)
        if field is None:
            continue
        if value is None:
            bound.pop(field.stored, None)
            continue
        if not _fits(field, value, settings):
            target = f"Go struct field {resource.go_struct}.{field.name} of type {_GO_TYPES[field.type]}"
            text = f"json: cannot unmarshal {_kind(value)} into {target}"
            raise Refused(answers.validation_refusal(text, status=_status(resource, settings)))
        bound[field.stored] = value
    return bound


def check(resource: Resource, bound: dict[str, Any], tables: FieldTables, settings: Settings) -> None:
    """Raises Refused: first all that is missing or no date in one text, then the first unknown code."""
    problems = [f"{field.go_name} is required" for field in resource.required_fields if _is_missing(field, bound)]
    problems += [
        _bad_date(field, bound[field.stored]) for field in resource.dated_fields if _has_bad_date(field, bound)
    ]
    if problems:
        raise Refused(answers.validation_refusal(answers.go_multierror(problems), status=_status(resource, settings)))
    for field in resource.coded_fields:
        if not _code_is_known(field, bound.get(field.stored, ""), tables, settings):
            said = f"{field.name} {bound[field.stored]} tidak ditemukan pada referensi"
            raise Refused(answers.business_refusal(said, settings.refusal_form))


def _status(resource: Resource, settings: Settings) -> int:
    return int(settings.validation_statuses.get(resource.save_path, settings.validation_status))


def _parse(body: bytes) -> Any:
    # Go replaces bytes and escapes that are no character, and knows no NaN.
    parsed = json.loads(body.decode("utf-8", "replace"), parse_constant=_no_constant)
    return _go_strings(parsed) if b"\\u" in body else parsed


def _no_constant(text: str) -> None:
    raise ValueError(f"invalid character {text[0]!r} looking for beginning of value")


def _go_strings(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_go_strings(key): _go_strings(item) for key, item in value.items()}
    return [_go_strings(item) for item in value] if isinstance(value, list) else value


_ID = WriteField("id", "string", "ID", stored="id")
_PATH = WriteField("path", "array", "Path", stored="path")


def _field(resource: Resource, key: str) -> WriteField | None:
    match key.lower():
        case "id":
            return _ID if resource.takes_id else None
        case "path":
            return _PATH if resource.takes_path else None
    return resource.write_field(key)


def _fits(field: WriteField, value: Any, settings: Settings) -> bool:
    if isinstance(value, bool):
        return False
    if field.or_text and settings.months_as_text and isinstance(value, str):
        return True
    match field.type:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int)
        case "number":
            return isinstance(value, (int, float))
        case _:
            return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case int():
            return "number"
        case float():
            return f"number {value}"
        case list():
            return "array"
        case _:
            return "object"


def _is_missing(field: WriteField, bound: dict[str, Any]) -> bool:
    # Go can't tell an absent number from 0, so a required 0 is missing.
    return bound.get(field.stored) in (None, "", 0)


def _has_bad_date(field: WriteField, bound: dict[str, Any]) -> bool:
    value = bound.get(field.stored, "")
    if value == "":
        return False
    found = _DATE.fullmatch(value)
    if not found:
        return True
    try:
        date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return True
    return False


def _bad_date(field: WriteField, value: str) -> str:
    return f'{field.go_name}: parsing time "{value}" as "02-01-2006": cannot parse'


def _code_is_known(field: WriteField, value: Any, tables: FieldTables, settings: Settings) -> bool:
    if value == "":
        return True
    if value in field.codes_refused and not settings.kursus_accepts_structural:
        return False
    return not settings.check_codes or plain_number(value) in tables.codes[field.codes]
