"""How one BKN field is computed from a row.

An expression gives a value, None for "no value", or raises Unfit with a code and no personal data. Unknown codes and
unreadable dates hold the row; nothing is guessed.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

from simpeg_sync.domain.change import FeedName, Row, SourceKey, source_key
from simpeg_sync.mapping.text import is_readable, plain

DEFAULT_DATE_FORMATS = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y")
NO_DATE = ("0000-00-00", "0001-01-01", "1970-01-01", "01-01-1970", "00-00-0000", "0")
"""What SIMPEGs write where they mean "no date". A feed may name its own list."""
EARLIEST, LATEST = dt.date(1940, 1, 1), dt.date(2100, 1, 1)
"""Plausible dates of a serving employee's history; outside them it is a typing error (or integer 0 read as a date)."""


_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


class Unfit(Exception):
    """The row cannot give this value. ``code`` is a reason code, ``detail`` says where, never what it held."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} ({detail})" if detail else code)
        self.code = code
        self.detail = detail


class Expression(Protocol):
    @property
    def columns(self) -> list[str]: ...

    def value(self, row: Row) -> Any:
        """Raises Unfit."""
        ...


@dataclass(frozen=True, slots=True)
class RowOf:
    """The value of a field that names another record's row at BKN, before anybody has asked for its id."""

    feed: FeedName
    key: SourceKey


@dataclass(frozen=True, slots=True)
class Column:
    """The column as cleaned text: trimmed, blanks collapsed, control characters gone."""

    column: str
    case: str = ""
    max_length: int = 0

    @property
    def columns(self) -> list[str]:
        return [self.column]

    def value(self, row: Row) -> str | None:
        text = clean(plain(row.get(self.column)))
        if not is_readable(text):
            raise Unfit("text.unreadable", self.column)
        if self.max_length and len(text) > self.max_length:
            raise Unfit("text.too_long", self.column)
        match self.case:
            case "upper":
                text = text.upper()
            case "lower":
                text = text.lower()
        return text or None


@dataclass(frozen=True, slots=True)
class Constant:
    constant: Any

    @property
    def columns(self) -> list[str]:
        return []

    def value(self, row: Row) -> Any:
        return self.constant


@dataclass(frozen=True, slots=True)
class Code:
    """The national code that belongs to a local one. A local code that the table lacks holds the row."""

    of: Expression
    table: str
    codes: Mapping[str, str]

    @property
    def columns(self) -> list[str]:
        return self.of.columns

    def value(self, row: Row) -> str | None:
        local = self.of.value(row)
        if local is None:
            return None
        national = self.codes.get(str(local).casefold())
        if national is None:
            raise Unfit("code.unknown", f"{self.table}: {str(local)[:40]}")
        return national


@dataclass(frozen=True, slots=True)
class Integer:
    """The first whole number in the text: ``40``, ``"40 JP"``, ``11.0``. Blank is no value.

    ``1.000`` is one thousand in Indonesian and one in English: nobody knows, so it is held; a negative number too.
    """

    column: str

    @property
    def columns(self) -> list[str]:
        return [self.column]

    def value(self, row: Row) -> int | None:
        text = plain(row.get(self.column))
        if text == "":
            return None
        found = re.match(r"(?!\s*[-\u2212]\s*\d)\D*(\d{1,9})(?!\d)(?:[.,](\d*))?", text)
        if found is None or (found[2] and (found[2].strip("0") or len(found[2]) >= 3)):
            raise Unfit("number.unreadable", self.column)
        return int(found[1])


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number: ``86,5``, ``1.234,50``, ``12.500``. Which mark is the decimal one, the feed says; nobody guesses.

    Rounded to ``places``; as text with exactly that many where BKN wants credits as ``"12.500"``. Negative ones are held.
    """

    column: str
    decimal: str = "."
    places: int = 3
    as_text: bool = False

    @property
    def columns(self) -> list[str]:
        return [self.column]

    def value(self, row: Row) -> int | float | str | None:
        held = row.get(self.column)
        text = plain(held)
        if text == "":
            return None
        is_text = isinstance(held, str | bytes | bytearray | memoryview)
        # A driver's own number has a point, whatever people in this region write.
        point = self.decimal if is_text else "."
        thousands = "." if point == "," else ","
        grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d{{1,12}}"
        found = re.fullmatch(rf"({grouped})(?:{re.escape(point)}(\d{{1,12}}))?", text)
        if found is None:
            raise Unfit("number.unreadable", self.column)
        exact = Decimal(f"{found[1].replace(thousands, '')}.{found[2] or '0'}")
        rounded = exact.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_UP)
        if self.as_text:
            return f"{rounded:f}"
        return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)


@dataclass(frozen=True, slots=True)
class Date:
    """A date as BKN wants it, dd-mm-yyyy."""

    column: str
    formats: tuple[str, ...] = DEFAULT_DATE_FORMATS
    no_date: tuple[str, ...] = NO_DATE

    @property
    def columns(self) -> list[str]:
        return [self.column]

    def value(self, row: Row) -> str | None:
        day = self.day(row)
        return None if day is None else day.strftime("%d-%m-%Y")

    def day(self, row: Row) -> dt.date | None:
        """Raises Unfit for text in none of the formats, impossible days, and years outside the plausible."""
        value = row.get(self.column)
        # A datetime is its day: dates stay dates, no zone moves them.
        value = value.date() if isinstance(value, dt.datetime) else value
        text = plain(value)
        # A DATETIME that stands for no date comes as text with a midnight behind it.
        if text == "" or text in self.no_date or re.sub(r"[ T]00:00:00(\.0+)?$", "", text) in self.no_date:
            return None
        day = value if isinstance(value, dt.date) else self._parsed(text)
        if not EARLIEST <= day <= LATEST:
            raise Unfit("date.implausible", self.column)
        return day

    def _parsed(self, text: str) -> dt.date:
        for form in self.formats:
            try:
                return dt.datetime.strptime(text, form).date()
            except ValueError:
                continue  # the next format of the ordered list may fit
        raise Unfit("date.unreadable", self.column)


@dataclass(frozen=True, slots=True)
class Year:
    """The year of a date."""

    of: Date

    @property
    def columns(self) -> list[str]:
        return self.of.columns

    def value(self, row: Row) -> int | None:
        day = self.of.day(row)
        return None if day is None else day.year


@dataclass(frozen=True, slots=True)
class First:
    """The first of several expressions that has a value."""

    of: tuple[Expression, ...]

    @property
    def columns(self) -> list[str]:
        return [column for expression in self.of for column in expression.columns]

    def value(self, row: Row) -> Any:
        for expression in self.of:
            value = expression.value(row)
            if value is not None:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Linked:
    """The row at BKN of another feed's record, found by that feed's key: a credit names its post. Blank is no value."""

    feed: FeedName
    key: tuple[str, ...]
    """Columns of this row that hold the other's key, in the order of its feed."""

    @property
    def columns(self) -> list[str]:
        return list(self.key)

    def value(self, row: Row) -> RowOf | None:
        parts = [plain(row.get(column)) for column in self.key]
        return RowOf(self.feed, source_key(parts)) if all(parts) else None


def linked_feeds(expression: Expression) -> tuple[FeedName, ...]:
    match expression:
        case Linked(feed):
            return (feed,)
        case First(expressions):
            return tuple(feed for one in expressions for feed in linked_feeds(one))
        case _:
            return ()


def clean(text: str) -> str:
    """Control, zero-width and direction characters out, runs of blanks to one."""
    return " ".join(_UNSEEN.sub(" ", text).split())
