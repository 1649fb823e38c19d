"""The key `classic` of `fields.json`, parsed once: what is read and saved, and where each value is kept.

Values are kept under SIASN's write names, since both dialects show the same rows. A kind that SIASN lists as well
follows SIASN's table; any other keeps its values under its own names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from ..fields import FieldTables, ReadField, Resource

_OF_THE_PERSON = ("nipBaru", "nipLama")


@dataclass(frozen=True, slots=True)
class WriteField:
    name: str
    type: str
    # The name in the store.
    stored_as: str = ""
    required: bool = False
    format: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One history or family list, as the last part of its path names it."""

    name: str
    # What the store calls its rows.
    resource: str
    # "rows" | "list": an object about the person with the rows inside | "single": the same with the first row's fields.
    form: str
    read_fields: tuple[ReadField, ...]
    # Objects inside the row: name -> its fields.
    parts: dict[str, tuple[ReadField, ...]]
    list_key: str = ""


@dataclass(frozen=True, slots=True)
class Save:
    path: str
    kind: Kind
    # Where the answer carries the row's id, inside mapData.
    id_key: str
    # Whose row it is, in the body.
    person_field: str
    fields: tuple[WriteField, ...]


@dataclass(frozen=True, slots=True)
class ClassicTables:
    # Field name -> code -> what is shown instead.
    words: dict[str, dict[str, Any]]
    kinds: dict[str, Kind]
    # Path -> kind.
    duplex_reads: dict[str, Kind]
    saves: dict[str, Save]
    # SIASN's tables of codes, for the labels of what SIASN reads as well.
    codes: dict[str, dict[str, str]]
    person_fields: tuple[ReadField, ...]


def load(siasn: FieldTables) -> ClassicTables:
    text = files("simpeg_sync.simulator").joinpath("fields.json").read_text(encoding="utf-8")
    table = json.loads(text)["classic"]
    paths = {resource.list_path: resource for resource in siasn.resources.values()}
    twins = {name: paths.get(f"/pns/{name}/{{nipBaru}}") for name in table["kinds"]}
    kinds = {name: _kind(name, entry, twins[name]) for name, entry in table["kinds"].items()}
    saves: dict[str, Save] = {}
    for path, entry in table["saves"].items():
        more_than = saves[entry["more_than"]].fields if "more_than" in entry else ()
        kind = kinds[entry["kind"]]
        fields = tuple(_write_field(item, twins[kind.name]) for item in entry["fields"])
        saves[path] = Save(path, kind, entry["id_key"], entry["person_field"], more_than + fields)
    return ClassicTables(
        words=table["words"],
        kinds=kinds,
        duplex_reads={path: kinds[name] for path, name in table["duplex_reads"].items()},
        saves=saves,
        codes=siasn.codes,
        person_fields=tuple(replace(field, source=field.name) for field in siasn.person_fields),
    )


def _kind(name: str, entry: dict[str, Any], twin: Resource | None) -> Kind:
    known = {field.name: field for field in twin.read_fields} if twin else {}
    return Kind(
        name=name,
        resource=twin.name if twin else entry["resource"],
        form=entry["form"],
        read_fields=tuple(known.get(field) or _read_field(field, entry) for field in entry["fields"]),
        parts={
            part: tuple(_read_field(field, inner) for field in inner["fields"])
            for part, inner in entry.get("parts", {}).items()
        },
        list_key=entry.get("list_key", ""),
    )


def _read_field(name: str, entry: dict[str, Any]) -> ReadField:
    if name in entry.get("row_ids", ("id",)):
        return ReadField(name, "string", special="id")
    if name == entry.get("person_id"):
        return ReadField(name, "string", person="id")
    if name in _OF_THE_PERSON:
        return ReadField(name, "string", person=name)
    prefix = f"{entry['prefix']}." if "prefix" in entry else ""
    source = prefix + entry.get("stored_as", {}).get(name, name)
    if name in entry.get("integers", ()):
        return ReadField(name, "integer", source=source)
    return ReadField(name, "string", format="date" if name in entry.get("dates", ()) else "", source=source)


def _write_field(entry: dict[str, Any], twin: Resource | None) -> WriteField:
    name = str(entry["name"])
    stored_as = entry.get("stored_as") or (twin.stored_name(name) if twin else None) or name
    return WriteField(**{**entry, "codes": tuple(entry.get("codes", ())), "stored_as": stored_as})
