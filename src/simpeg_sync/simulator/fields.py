"""The field tables in `fields.json`, parsed once: the resources, their spelling on each side, their demands.

A further resource is a further entry in that file; nothing here knows any resource by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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
    # (code table, stored code) or (reference table, stored id, column, next column ...).
    label_of: tuple[str, ...] = ()
    or_label_of: tuple[tuple[str, ...], ...] = ()
    special: str = ""
    is_name: bool = False
    read_only: bool = False
    # What is shown when there is nothing.
    empty: Any = None
    # Of an object inside the item.
    fields: tuple[ReadField, ...] = ()

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        return (self.label_of, *self.or_label_of) if self.label_of else ()


@dataclass(frozen=True, slots=True)
class WriteField:
    name: str
    type: str
    go_name: str
    required: bool = False
    format: str = ""
    codes: str = ""
    codes_refused: tuple[str, ...] = ()
    # The name it is stored under.
    stored: str = ""
    # Sources disagree whether this number is sent as text.
    or_text: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A list of rows that isn't one person's: all of the instansi, narrowed down by parameters."""

    path: str
    methods: tuple[str, ...] = ("GET",)
    required: tuple[str, ...] = ()
    # Parameter -> stored field; `id` and `nip` are the row's own.
    equal: dict[str, str] = field(default_factory=dict)
    # First parameter, last parameter, the stored date that lies between them.
    between: tuple[str, ...] = ()
    # The parameter that is looked for in all values.
    search: str = ""
    is_paged: bool = False
    is_ordered: bool = False
    shape: str = "array"
    not_found: str = "null"


@dataclass(frozen=True, slots=True)
class Resource:
    name: str
    list_path: str = ""
    one_path: str = ""
    save_path: str = ""
    delete_path: str = ""
    # "object" with `answer_id_key`, "text" = the bare id unless a setting says "object", "none",
    # or "unknown" = a setting decides.
    answer_form: str = "object"
    answer_id_key: str = ""
    go_struct: str = ""
    # The stored field that says whose row it is; empty for rows of the instansi.
    person_field: str = ""
    document_refs: tuple[str, ...] = ()
    list_not_found: str = "200"
    # What a person without rows gets.
    list_empty: str = "null"
    one_not_found: str = "200"
    read_fields: tuple[ReadField, ...] = ()
    write_fields: tuple[WriteField, ...] = ()
    more_list_paths: tuple[str, ...] = ()
    queries: tuple[Query, ...] = ()
    # "object": the newest row instead of a list.
    shape: str = "array"
    # The key of the list inside an object about the person.
    wrap: str = ""
    # The item's fields aren't known: whatever was stored is shown.
    any_fields: bool = False
    takes_id: bool = True
    takes_path: bool = True
    success_as_text: bool = False
    # A multipart save: part name -> document kind.
    is_form: bool = False
    files: dict[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    # The stored field of which a person may have one row each, if the setting says so.
    one_per: str = ""
    # The same rows, saved through another door with other demands.
    more_saves: tuple[Resource, ...] = ()
    # Lower-case name -> field, since BKN takes keys in any case.
    write_by_key: dict[str, WriteField] = field(default_factory=dict)
    # The write fields that have to be looked at after binding.
    required_fields: tuple[WriteField, ...] = ()
    dated_fields: tuple[WriteField, ...] = ()
    coded_fields: tuple[WriteField, ...] = ()
    # Stored fields that only other saves of the same rows know; an update through this one leaves them alone.
    fields_of_others: frozenset[str] = frozenset()

    def stored_name(self, name: str) -> str | None:
        """The name under which a field given by its read or write name is stored."""
        for item in self.read_fields:
            if item.name == name and item.source:
                return item.source
        for save in (self, *self.more_saves):
            known = save.write_by_key.get(name.lower())
            if known:
                return known.stored
        return name if self.any_fields else None

    def is_derived(self, name: str) -> bool:
        """Whether BKN shows the field but takes it from the person, a code table or the row itself."""
        return any(item.name == name and not item.source for item in self.read_fields)

    def write_field(self, name: str) -> WriteField | None:
        return self.write_by_key.get(name.lower())

    def nested(self, name: str) -> tuple[ReadField, ...]:
        return next((item.fields for item in self.read_fields if item.name == name), ())

    @property
    def person_key(self) -> str:
        """The lower-case key that says in a save whose row it is."""
        return next((key for key, item in self.write_by_key.items() if item.stored == self.person_field), "")

    @property
    def list_paths(self) -> tuple[str, ...]:
        return (self.list_path, *self.more_list_paths) if self.list_path else ()


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    columns: tuple[str, ...]
    path: str = ""
    # The code table that fills it, the columns its label goes to, and further code tables by column.
    codes: str = ""
    label: tuple[str, ...] = ()
    more_codes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sync:
    """A GET that copies the newest row into data-utama."""

    path: str
    resource: str
    newest_by: tuple[str, ...]
    # data-utama field -> read field, or (read field, condition field, its value).
    copies: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FieldTables:
    codes: dict[str, dict[str, str]]
    person_path: str
    person_not_found: str
    person_fields: tuple[ReadField, ...]
    resources: dict[str, Resource]
    part_time_path: str = ""
    photo_path: str = ""
    # Saves that change the person itself.
    person_saves: tuple[Resource, ...] = ()
    syncs: tuple[Sync, ...] = ()
    references: dict[str, ReferenceTable] = field(default_factory=dict)
    reference_base: str = ""
    unor_path: str = ""


def load(dialect: str = "siasn") -> FieldTables:
    text = files(__package__).joinpath("fields.json").read_text(encoding="utf-8")
    table = json.loads(text)[dialect]
    person = table["person"]
    return FieldTables(
        codes=table["codes"],
        person_path=person["path"],
        person_not_found=person["not_found"],
        person_fields=_read_fields(person["read_fields"]),
        resources={name: _resource({"name": name, **entry}) for name, entry in table["resources"].items()},
        part_time_path=person.get("part_time_path", ""),
        photo_path=person.get("photo_path", ""),
        person_saves=tuple(_resource(entry) for entry in person.get("saves", [])),
        syncs=tuple(_sync(entry) for entry in person.get("syncs", [])),
        references={name: ReferenceTable(**_tuples(entry)) for name, entry in table.get("references", {}).items()},
        reference_base=table.get("reference_base", ""),
        unor_path=table.get("unor_path", ""),
    )


def saves_of(tables: FieldTables) -> Iterator[Resource]:
    """Every door through which something is saved."""
    for resource in (*tables.resources.values(), *tables.person_saves):
        if resource.save_path:
            yield resource
        yield from resource.more_saves


def _resource(entry: dict[str, Any]) -> Resource:
    given = {
        **_tuples(entry),
        "read_fields": _read_fields(entry.get("read_fields", [])),
        "write_fields": _write_fields(entry.get("write_fields", [])),
        "queries": tuple(Query(**_tuples(item)) for item in entry.get("queries", [])),
        "more_saves": (),
    }
    resource = _with_keys(Resource(**given))
    more = [_another_save(resource, item) for item in entry.get("more_saves", [])]
    everything = frozenset(name for save in (resource, *more) for name in _stored_names(save))
    first, *others = (replace(save, fields_of_others=everything - _stored_names(save)) for save in (resource, *more))
    return replace(first, more_saves=tuple(others))


def _stored_names(save: Resource) -> frozenset[str]:
    return frozenset(item.stored for item in save.write_fields)


def _another_save(resource: Resource, entry: dict[str, Any]) -> Resource:
    return _with_keys(replace(resource, **{**_tuples(entry), "write_fields": _write_fields(entry["write_fields"])}))


def _with_keys(resource: Resource) -> Resource:
    written = resource.write_fields
    return replace(
        resource,
        write_by_key={item.name.lower(): item for item in written},
        required_fields=tuple(item for item in written if item.required),
        dated_fields=tuple(item for item in written if item.format == "date"),
        coded_fields=tuple(item for item in written if item.codes),
    )


def _write_fields(entries: list[dict[str, Any]]) -> tuple[WriteField, ...]:
    return tuple(
        WriteField(**_tuples({"stored": entry["name"], **_renamed(entry, "to", "stored")})) for entry in entries
    )


def _renamed(entry: dict[str, Any], name: str, attribute: str) -> dict[str, Any]:
    return {attribute if key == name else key: value for key, value in entry.items()}


def _read_fields(entries: list[dict[str, Any]]) -> tuple[ReadField, ...]:
    return tuple(_read_field(entry) for entry in entries)


def _read_field(entry: dict[str, Any]) -> ReadField:
    given = _renamed(entry, "from", "source")
    given["or_label_of"] = tuple(tuple(label) for label in entry.get("or_label_of", []))
    given["fields"] = _read_fields(entry.get("fields", []))
    return ReadField(**_tuples(given))


def _sync(entry: dict[str, Any]) -> Sync:
    copies = {name: tuple(source) for name, source in entry["copies"].items()}
    return Sync(**_tuples({**entry, "copies": copies}))


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
