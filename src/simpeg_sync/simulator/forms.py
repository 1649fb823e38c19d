"""A multipart save: the parts that are fields, read as Go reads a form, and the parts that are files."""

from __future__ import annotations

from typing import Any

from . import answers, multipart
from .answers import Refused
from .fields import Resource, WriteField
from .http import Request
from .multipart import Part


def parts_of(request: Request) -> dict[str, Part]:
    """Raises Refused when the body isn't multipart."""
    try:
        return multipart.parse(request.headers.get("content-type", ""), request.body)
    except multipart.NotMultipart as problem:
        raise Refused(answers.backend_message(400, str(problem))) from problem


def text_of(request: Request, name: str) -> str:
    """One part as text, as far as it can be read; for finding out whose data are meant."""
    try:
        parts = multipart.parse(request.headers.get("content-type", ""), request.body)
    except multipart.NotMultipart:
        return ""
    return next((text(part) for key, part in parts.items() if key.lower() == name), "")


def bind(resource: Resource, parts: dict[str, Part]) -> dict[str, Any]:
    """The known fields under their stored names, numbers as numbers; files and unknown parts are left out."""
    bound: dict[str, Any] = {}
    for name, part in parts.items():
        field = resource.write_field(name)
        if name.lower() == "id" and resource.takes_id:
            bound["id"] = text(part)
        elif field and name not in resource.files:
            bound[field.stored] = _value(field, text(part))
    return bound


def text(part: Part) -> str:
    return part.content.decode("utf-8", "replace")


def _value(field: WriteField, given: str) -> Any:
    if field.type not in ("integer", "number"):
        return given
    try:
        return int(given or 0) if field.type == "integer" else float(given or 0)
    except ValueError as problem:
        call = "ParseInt" if field.type == "integer" else "ParseFloat"
        said = f'strconv.{call}: parsing "{given}": invalid syntax'
        raise Refused(answers.backend_message(400, said)) from problem
