"""The columns of a watched table as the catalogue knows them, and a value of the binary log as the text of a key.

The log itself may say neither names nor character sets nor signs (`binlog_row_metadata` is off by default), so they come
from the catalogue; where the two do not fit together any more, the row is told as one that nobody can read.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from pymysql.charset import charset_by_name

from simpeg_sync.source.marking import Image, RowChange
from simpeg_sync.source.names import split_table
from simpeg_sync.source.watch import Watched

ONE_BYTE_ONE_LETTER = "latin-1"
"""Python's name, which the driver does not know as a character set of its own: bytes come through as they are."""

# The catalogue's type -> the numbers that the log has for it. Only of these do we know the text that the server writes.
_KINDS = {
    "tinyint": (1,), "smallint": (2,), "mediumint": (9,), "int": (3,), "bigint": (8,), "decimal": (246,),
    "double": (5,), "date": (10,), "datetime": (12, 18), "year": (13,), "char": (254,), "varchar": (15, 253),
    "tinytext": (252,), "text": (252,), "mediumtext": (252,), "longtext": (252,), "enum": (247,),
}  # fmt: skip
_WIDE = {"ucs2": "utf-16-be", "utf16": "utf-16-be", "utf16le": "utf-16-le", "utf32": "utf-32-be"}
_LOOK = """
SELECT c.table_schema AS db, c.table_name AS name, c.column_name AS col, c.data_type AS kind, c.column_type AS spelled,
       c.character_set_name AS charset, c.datetime_precision AS digits, c.column_key = 'PRI' AS is_primary
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = COALESCE(:db, DATABASE()) AND c.table_name = :name AND t.table_type = 'BASE TABLE'
ORDER BY c.ordinal_position"""

Doubles = Callable[[float], str]


class Untold(ValueError):
    """The log does not say the value, or not so that its text is certain."""


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    name: str
    kind: str
    spelled: str
    charset: str | None
    digits: int
    is_primary: bool

    @property
    def is_unsigned(self) -> bool:
        return "unsigned" in self.spelled

    @property
    def has_certain_text(self) -> bool:
        """FLOAT is rounded by the server in a way of its own, TIMESTAMP depends on the session, and so on."""
        odd = "zerofill" in self.spelled and self.kind == "decimal"
        return self.kind in _KINDS and not odd and not (self.kind == "double" and "(" in self.spelled)

    @property
    def members(self) -> list[str]:
        """Of an ENUM, by number; 0 is the empty text that stands for a value refused."""
        return ["", *(name.replace("''", "'") for name in re.findall(r"'((?:[^']|'')*)'", self.spelled))]

    def text(self, value: Any, doubles: Doubles) -> str:
        match value:
            case int() if self.kind == "year":
                return f"{0 if value == 1900 else value:04d}"  # the reader adds 1900 to the 0 of `0000` too
            case int() if "zerofill" in self.spelled:
                width = re.search(r"\((\d+)\)", self.spelled)
                return str(value).zfill(int(width[1]) if width else 0)
            case int():
                return str(value)
            case Decimal():
                return format(value, "f")
            case float():
                return doubles(value)
            case datetime():
                fraction = f".{value.microsecond:06d}"[: self.digits + 1] if self.digits else ""
                return value.replace(microsecond=0).isoformat(" ") + fraction
            case date():
                return value.isoformat()
            case str() if self.kind == "enum":
                return value
            case str():
                return self._decoded(value)
        raise Untold

    def _decoded(self, value: str) -> str:
        name = self.charset or "utf8mb4"
        charset = charset_by_name(name)
        encoding = _WIDE.get(name) or (charset.encoding if charset is not None else name)
        try:
            return value.encode(ONE_BYTE_ONE_LETTER).decode(encoding)
        except (LookupError, UnicodeError):
            raise Untold from None


@dataclass(frozen=True)
class TableLayout:
    watch: Watched
    schema: str
    name: str
    columns: tuple[ColumnLayout, ...]

    @cached_property
    def by_name(self) -> Mapping[str, ColumnLayout]:
        return {column.name: column for column in self.columns}

    def prepare(self, logged: Sequence[Any]) -> bool:
        """Teaches the log's columns what the catalogue knows. False when they are not the same columns any more."""
        if len(logged) != len(self.columns):
            return False
        for column, known in zip(logged, self.columns, strict=True):
            if column.name not in (None, known.name):
                return False
            if known.name in self.watch.columns and column.type not in _KINDS.get(known.kind, ()):
                return False
            column.name = known.name
            column.unsigned = known.is_unsigned
            column.character_set_name = ONE_BYTE_ONE_LETTER
            column.enum_values = known.members if known.kind == "enum" else None
        return True

    def change(self, row: Mapping[str, Any], doubles: Doubles, *, is_insert: bool) -> RowChange:
        if "before_values" not in row:
            image, _ = self._image(row["values"], row["none_sources"], doubles)
            return RowChange(None, image) if is_insert else RowChange(image, None)
        old, _ = self._image(row["before_values"], row["before_none_sources"], doubles)
        new, left_out = self._image(row["after_values"], row["after_none_sources"], doubles)
        # With a shorter row image the row after holds only what changed.
        return RowChange(old, {**{name: old[name] for name in left_out if name in old}, **new})

    def _image(
        self, values: Mapping[str, Any], why_none: Mapping[str, str], doubles: Doubles
    ) -> tuple[Image, Sequence[str]]:
        """What is told of the watched columns, and which of them are not part of the logged row."""
        image: dict[str, str | None] = {}
        left_out = []
        for name in self.watch.columns:
            if name not in values:
                continue
            value = values[name]
            if value is not None:
                try:
                    image[name] = self.by_name[name].text(value, doubles)
                except Untold:
                    continue  # absent from the image: then a sweep tells
            elif why_none.get(name) == "null":
                image[name] = None
            elif why_none.get(name) == "cols bitmap":
                left_out.append(name)
        return image, left_out


def look(connection: sa.Connection, watch: Watched) -> TableLayout | None:
    """None when there is no such table, or it is a view."""
    schema, name = split_table(watch.table)
    rows = connection.execute(sa.text(_LOOK), {"db": schema, "name": name}).all()
    if not rows:
        return None
    columns = tuple(
        ColumnLayout(
            row.col, row.kind.lower(), row.spelled.lower() if row.kind.lower() != "enum" else row.spelled,
            row.charset, row.digits or 0, bool(row.is_primary),
        )
        for row in rows
    )  # fmt: skip
    return TableLayout(watch, rows[0].db, rows[0].name, columns)


def doubles_of(engine: sa.Engine) -> Doubles:
    """The server's own text of a DOUBLE, asked once for each value."""
    known: dict[float, str] = {}

    def text(value: float) -> str:
        if value not in known:
            if len(known) >= 10_000:
                known.clear()
            with engine.connect() as connection:
                asked = sa.text("SELECT CAST(:value + 0e0 AS CHAR)")
                known[value] = str(connection.execute(asked, {"value": repr(value)}).scalar_one())
        return known[value]

    return text
