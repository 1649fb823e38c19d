"""Which reads there are: `reads.json`, loaded once into frozen values. Facts of bkn-api Annex A, spelled as BKN spells them.

A further read is a further entry in that file; no code here knows a read by its name.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

Shape = Literal["object", "array", "binary", "write-like", "unknown"]
"""What BKN's ``data`` is. ``write-like``: a GET with an effect, which no reader may ask for."""

Kind = Literal[
    "text", "code", "id", "nip", "date", "datetime", "integer", "month", "decimal", "flag", "documents", "row", "rows"
]

KINDS: Mapping[tuple[str, str], Kind] = {
    ("string", ""): "text",
    ("string", "code"): "code",
    ("string", "nip9"): "code",
    ("string", "id"): "id",
    ("string", "pns-id"): "id",
    ("string", "nip18"): "nip",
    ("string", "dd-mm-yyyy"): "date",
    ("string", "yyyy-mm-dd"): "date",
    ("string", "dd-mm-yyyy or iso-datetime"): "date",
    ("string", "iso-datetime"): "datetime",
    ("string", "yyyy"): "integer",
    ("string", "int-string"): "integer",
    ("string", "month"): "month",
    ("string", "decimal"): "decimal",
    ("string", "flag"): "flag",
    ("boolean", ""): "flag",
    ("integer", ""): "integer",
    ("integer", "yyyy"): "integer",
    ("number", "code"): "integer",
    ("number", ""): "decimal",
    ("object", "documents"): "documents",
    ("object", ""): "row",
    ("array", ""): "rows",
}
"""What BKN sends (type and format of the table) -> what we make of it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    place: Literal["path", "query"]
    format: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Kind
    may_be_null: bool
    ref: str
    """The code table that the value belongs to, or empty."""
    identity: Literal["", "row", "pns", "nip"]
    """What the field identifies: the row itself, or its owner by BKN's id or by NIP."""
    also: tuple[str, ...]
    """Names in the other dialect."""
    fields: tuple["Field", ...]
    """Of a nested object, or of each of a nested list."""


@dataclass(frozen=True, slots=True)
class Read:
    name: str
    path: str
    """Below the API base, with ``{parameter}`` where one stands in the path."""
    parameters: tuple[Parameter, ...]
    shape: Shape
    fields: tuple[Field, ...]
    """Empty where nobody has published them: such rows stay raw."""

    @property
    def is_paged(self) -> bool:
        return {"limit", "offset"} <= {parameter.name for parameter in self.parameters}


@functools.cache
def load() -> Mapping[str, Read]:
    table = json.loads(files(__package__).joinpath("reads.json").read_text(encoding="utf-8"))
    items = {name: tuple(map(_field, fields)) for name, fields in table["items"].items()}
    return MappingProxyType(
        {
            name: Read(
                name,
                entry["path"],
                tuple(map(_parameter, entry["parameters"])),
                entry["shape"],
                items[entry["item"]] if "item" in entry else (),
            )
            for name, entry in table["reads"].items()
        }
    )


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    return Parameter(entry["name"], entry["in"], entry.get("format", ""), entry.get("required", False))


def _field(entry: Mapping[str, Any]) -> Field:
    return Field(
        name=entry["name"],
        kind=KINDS[entry["type"], entry.get("format", "")],
        may_be_null=entry.get("null", True),
        ref=entry.get("ref", ""),
        identity=entry.get("identity", ""),
        also=tuple(entry.get("also", ())),
        fields=tuple(map(_field, entry.get("fields", ()))),
    )
