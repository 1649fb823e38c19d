"""The field tables in `fields.json`, parsed once: the resources, their spelling on each side, their demands.

A further resource is a further entry in that file; nothing here knows any resource by name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class ReadField:
    name: str
    type: str
    format: str = ""
    # Where the value comes from: a stored field, the person, a code's label, the row's id or its documents.
    source: str = ""
    person: str = ""
    label_of: tuple[str, ...] = ()
    special: str = ""
    is_name: bool = False
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class WriteField:
    name: str
    type: str
    go_name: str
    required: bool = False
    format: str = ""
    codes: str = ""
    codes_refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    name: str
    list_path: str
    one_path: str
    save_path: str
    delete_path: str
    answer_form: str
    answer_id_key: str
    go_struct: str
    person_field: str
    document_refs: tuple[str, ...]
    list_not_found: str
    one_not_found: str
    read_fields: tuple[ReadField, ...]
    write_fields: tuple[WriteField, ...]
    # Lower-case name -> field, since BKN takes keys in any case.
    write_by_key: dict[str, WriteField] = field(default_factory=dict)

    def stored_name(self, name: str) -> str | None:
        """The name under which a field given by its read or write name is stored."""
        for item in self.read_fields:
            if item.name == name and item.source:
                return item.source
        known = self.write_by_key.get(name.lower())
        return known.name if known else None

    def is_derived(self, name: str) -> bool:
        """Whether BKN shows the field but takes it from the person, a code table or the row itself."""
        return any(item.name == name and not item.source for item in self.read_fields)

    def write_field(self, name: str) -> WriteField | None:
        return self.write_by_key.get(name.lower())


@dataclass(frozen=True, slots=True)
class FieldTables:
    codes: dict[str, dict[str, str]]
    person_path: str
    person_not_found: str
    person_fields: tuple[ReadField, ...]
    resources: dict[str, Resource]


def load(dialect: str = "siasn") -> FieldTables:
    text = files(__package__).joinpath("fields.json").read_text(encoding="utf-8")
    table = json.loads(text)[dialect]
    return FieldTables(
        codes=table["codes"],
        person_path=table["person"]["path"],
        person_not_found=table["person"]["not_found"],
        person_fields=_read_fields(table["person"]["read_fields"]),
        resources={name: _resource(name, entry) for name, entry in table["resources"].items()},
    )


def _resource(name: str, entry: dict[str, Any]) -> Resource:
    write_fields = tuple(WriteField(**_tuples(item)) for item in entry["write_fields"])
    given = {
        **_tuples(entry),
        "read_fields": _read_fields(entry["read_fields"]),
        "write_fields": write_fields,
    }
    return Resource(name=name, write_by_key={item.name.lower(): item for item in write_fields}, **given)


def _read_fields(entries: list[dict[str, Any]]) -> tuple[ReadField, ...]:
    return tuple(
        ReadField(**_tuples({"source" if key == "from" else key: entry[key] for key in entry})) for entry in entries
    )


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
