"""Reference tables: the small ones filled from the code tables, any of them loadable, all of them looked up by id."""

from __future__ import annotations

from itertools import islice
from typing import Any

from .fields import FieldTables, ReferenceTable
from .store import Store

UNOR = "ref-unor"


class BadReference(ValueError):
    """A table or column that BKN doesn't have."""


class References:
    def __init__(self, store: Store, tables: FieldTables) -> None:
        self._store = store
        self._tables = tables
        self._rows = {name: self._filled(table) for name, table in tables.references.items()}
        for name, row in store.reference_rows():
            self._rows[name][_id_of(row)] = row

    def rows(self, name: str) -> list[dict[str, Any]]:
        return list(self._known(name).values())

    def row(self, name: str, row_id: str) -> dict[str, Any] | None:
        return self._rows[name].get(row_id)

    def is_loaded(self, name: str) -> bool:
        return bool(self._rows[name])

    def put(self, name: str, rows: list[dict[str, Any]]) -> int:
        """Adds rows or replaces those with the same id; returns how many the table has now."""
        known, columns = self._known(name), self._tables.references[name].columns
        for row in rows:
            if unknown := set(row) - set(columns):
                raise BadReference(f"{name} has no column {sorted(unknown)}")
            if not _id_of(row):
                raise BadReference(f"a row of {name} has no {columns[0]}")
        whole = [dict.fromkeys(columns) | row for row in rows]
        self._store.put_reference_rows(name, [(_id_of(row), row) for row in whole])
        known.update((_id_of(row), row) for row in whole)
        return len(known)

    def clear(self, name: str) -> None:
        """Back to what the code tables hold."""
        self._known(name)
        self._store.delete_reference_rows(name)
        self._rows[name] = self._filled(self._tables.references[name])

    def label(self, table: str, row_id: str, columns: tuple[str, ...]) -> Any:
        """The value of the last column; those before it lead to another row of the same table."""
        row = self._rows[table].get(row_id)
        for column in columns[:-1]:
            row = self._rows[table].get(str(row[column])) if row else None
        return row[columns[-1]] if row else None

    def _known(self, name: str) -> dict[str, dict[str, Any]]:
        if name not in self._rows:
            raise BadReference(f"no reference table {name}; there are {sorted(self._rows)}")
        return self._rows[name]

    def _filled(self, table: ReferenceTable) -> dict[str, dict[str, Any]]:
        codes = self._tables.codes.get(table.codes, {})
        return {code: self._filled_row(table, code, label) for code, label in codes.items()}

    def _filled_row(self, table: ReferenceTable, code: str, label: str) -> dict[str, Any]:
        # A golongan's label holds two columns: "III/a Penata Muda".
        labels = label.split(" ", len(table.label) - 1) if len(table.label) > 1 else [label]
        more = {column: self._tables.codes[codes].get(code) for column, codes in table.more_codes.items()}
        row: dict[str, Any] = {**dict.fromkeys(table.columns), table.columns[0]: code}
        return {**row, **dict(zip(table.label, labels, strict=False)), **more}


def page(rows: list[dict[str, Any]], *, limit: int, offset: int) -> list[dict[str, Any]]:
    """A limit of 0 means all."""
    return list(islice(rows, offset, offset + limit if limit else None))


def _id_of(row: dict[str, Any]) -> str:
    return str(row.get("id") or row.get("Id") or "")
