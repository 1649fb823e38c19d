"""The form in which BKN shows a person or a row: names, types, labels, and how emptiness looks."""

from __future__ import annotations

from typing import Any

from . import dates
from .fields import FieldTables, ReadField, Resource
from .references import References
from .settings import Settings
from .store import Person, Row


class Views:
    def __init__(self, tables: FieldTables, references: References) -> None:
        self._tables = tables
        self._references = references

    def person(self, person: Person, settings: Settings) -> dict[str, Any]:
        return with_key_case(
            {field.name: self._person_value(field, person, settings) for field in self._tables.person_fields},
            settings.read_key_case,
        )

    def row(self, resource: Resource, row: Row, person: Person | None, settings: Settings) -> dict[str, Any]:
        if resource.any_fields:
            return {"id": row.id, **row.fields}
        item = {field.name: self._value(field, row, person, settings) for field in resource.read_fields}
        return with_key_case(item, settings.read_key_case)

    def _value(self, field: ReadField, row: Row, person: Person | None, settings: Settings) -> Any:
        if field.special:
            return _special(field.special, row)
        if field.fields:
            inner = {item.name: self._value(item, row, person, settings) for item in field.fields}
            return with_key_case(inner, settings.read_key_case)
        value = row.fields.get(field.source) if field.source else None
        if value is None and field.person and person:
            value = _of_person(field.person, person)
        return self._dressed(field, value, row.fields, settings)

    def _person_value(self, field: ReadField, person: Person, settings: Settings) -> Any:
        if field.special:
            return _path_form(person.fields.get(field.name) or {})
        return self._dressed(field, _of_person(field.name, person), person.fields, settings)

    def _dressed(self, field: ReadField, value: Any, fields: dict[str, Any], settings: Settings) -> Any:
        if value is None and field.label_of:
            value = self._label(field, fields)
        if value is None:
            value = field.empty
        if value is None or value == "":
            return _empty(field, value, settings)
        value = _typed(field, value, settings)
        if field.is_name and isinstance(value, str):
            value = (value.upper() if settings.name_case == "upper" else value) + " " * settings.pad_names
        return value

    def _label(self, field: ReadField, fields: dict[str, Any]) -> Any:
        for table, code_field, *columns in field.labels:
            code = plain_number(fields.get(code_field))
            found = (
                self._references.label(table, code, tuple(columns)) if columns else self._tables.codes[table].get(code)
            )
            if found:
                return found
        return None


def with_key_case(item: dict[str, Any], case: str) -> dict[str, Any]:
    """Sources disagree on some first letters (ID, Sumber); a client has to take any."""
    if case == "reference":
        return item
    if case == "capital":
        return {key[0].upper() + key[1:]: value for key, value in item.items()}
    return {"id" if key == "ID" else key[0].lower() + key[1:]: value for key, value in item.items()}


def _of_person(name: str, person: Person) -> Any:
    if name == "id":
        return person.id
    return person.nip if name == "nipBaru" else person.fields.get(name)


def _special(name: str, row: Row) -> Any:
    match name:
        case "id":
            return row.id
        case "documents":
            return _path_form(row.documents)
        case _:
            return row.fields.get("statusPekerjaanPasangan") == "PNS"


def plain_number(value: Any) -> str:
    """A JSON number as the text Go makes of it: 2.0 is 2."""
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def _typed(field: ReadField, value: Any, settings: Settings) -> Any:
    if field.format in _FORMATS:
        return _formatted(field.format, value, settings)
    if field.type == "string" and not isinstance(value, str):
        return plain_number(value)
    if field.type in ("integer", "number") and isinstance(value, str) and value.isdecimal():
        return int(value)
    return value


_FORMATS = {"date_or_iso", "iso", "score"}


def _formatted(form: str, value: Any, settings: Settings) -> str:
    match form:
        case "date_or_iso":
            return dates.iso_midnight(value) if settings.golongan_date == "iso" else dates.day_first(value)
        case "iso":
            return dates.iso_midnight(value)
        case _:
            return value if isinstance(value, str) else f"{value:.2f}"


def _empty(field: ReadField, value: Any, settings: Settings) -> Any:
    if field.type != "string":
        return value
    chosen = settings.empty_date if field.format in ("date", "date_or_iso") else settings.empty_text
    return value if chosen == "stored" else chosen


def _path_form(documents: dict[str, dict[str, str]]) -> dict[str, dict[str, str]] | None:
    return {
        ref: {key: value for key, value in entry.items() if key != "sha256"} for ref, entry in documents.items()
    } or None
