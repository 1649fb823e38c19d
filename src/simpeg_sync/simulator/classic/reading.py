"""Reading in the classic dialect: words for codes, no documents, and data-utama as JSON inside JSON."""

from __future__ import annotations

import itertools
import json
from typing import Any

from ..answers import NOT_FOUND_TEXT, Answer
from ..fields import ReadField
from ..settings import LiveSettings, Settings
from ..store import Person, Row, Store
from . import answers
from .tables import ClassicTables, Kind


class Reading:
    def __init__(self, store: Store, tables: ClassicTables, live: LiveSettings) -> None:
        self._store = store
        self._tables = tables
        self._live = live
        self._answered = itertools.count(1)

    def data_utama(self, template: str, nip: str) -> Answer:
        person = self._store.person(nip)
        if person is None:
            return self._nothing(template)
        known = {**person.fields, "id": person.id, "nipBaru": person.nip}
        values = {field.name: self._dressed(field, known) for field in self._tables.person_fields}
        return self._found(json.dumps(values, ensure_ascii=False))

    def kind(self, template: str, kind: Kind, nip: str) -> Answer:
        person = self._store.person(nip)
        if person is None:
            return self._nothing(template)
        rows = self._rows(kind, person)
        if not rows and self._live.now.classic_no_rows == "not_found":
            return self._nothing(template)
        if kind.form == "rows":
            return self._found(rows or self._no_rows())
        about = {"idPns": person.id, "nipBaru": person.nip, "nipLama": person.fields.get("nipLama")}
        if kind.form == "list":
            return self._found({**about, kind.list_key: rows or self._no_rows()})
        first = rows[0] if rows else dict.fromkeys((*(field.name for field in kind.read_fields), *kind.parts))
        return self._found({**about, **first})

    def duplex(self, kind: Kind, nip: str) -> Answer:
        person = self._store.person(nip)
        if person is None:
            return answers.refusal(NOT_FOUND_TEXT)
        return answers.duplex({"data": self._rows(kind, person)})

    def _rows(self, kind: Kind, person: Person) -> list[dict[str, Any]]:
        rows = self._store.shown_rows(kind.resource, person.nip, read_lag_s=self._live.now.read_lag_s)
        return [self._read_form(kind, row, person) for row in rows]

    def _read_form(self, kind: Kind, row: Row, person: Person) -> dict[str, Any]:
        values = {field.name: self._value(field, row, person) for field in kind.read_fields}
        for part, fields in kind.parts.items():
            values[part] = {field.name: self._value(field, row, person) for field in fields}
        return values

    def _value(self, field: ReadField, row: Row, person: Person) -> Any:
        if field.special == "id":
            return row.id
        if field.person:
            return {"id": person.id, "nipBaru": person.nip}.get(field.person, person.fields.get(field.person))
        return self._dressed(field, row.fields)

    def _dressed(self, field: ReadField, known: dict[str, Any]) -> Any:
        settings = self._live.now
        value = self._worded(field.name, known.get(field.source), known)
        if value is None and len(field.label_of) == 2:
            table, code_field = field.label_of
            value = self._tables.codes.get(table, {}).get(str(known.get(code_field)))
        if value is None or value == "":
            return _empty(field, value, settings)
        if field.type == "string" and not isinstance(value, (str, bool)):
            return str(value)
        if field.is_name and isinstance(value, str):
            return (value.upper() if settings.name_case == "upper" else value) + " " * settings.pad_names
        return value

    def _worded(self, name: str, value: Any, known: dict[str, Any]) -> Any:
        """SIASN shows a label in some places and keeps the code beside it, under the same name with Id."""
        words = self._tables.words.get(name)
        if words is None:
            return value
        beside = words.get(str(known.get(f"{name}Id")))
        return words.get(str(value), beside or value)

    def _no_rows(self) -> list[Any] | None:
        return None if self._live.now.classic_no_rows == "null" else []

    def _found(self, data: Any) -> Answer:
        return answers.envelope(data, code="1" if self._code_is_text() else 1)

    def _nothing(self, template: str) -> Answer:
        return answers.not_found(self._live.now.not_found.get(template, "200"), as_text=self._code_is_text())

    def _code_is_text(self) -> bool:
        match self._live.now.classic_code_as_text:
            case "always":
                return True
            case "alternate":
                return next(self._answered) % 2 == 0
            case _:
                return False


def _empty(field: ReadField, value: Any, settings: Settings) -> Any:
    if field.type != "string":
        return value
    chosen = settings.empty_date if field.format == "date" else settings.empty_text
    return value if chosen == "stored" else chosen
