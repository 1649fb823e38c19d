"""Numbers: whole, decimal, hours from months, days and hours, averages. What nobody can read for sure is held."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from simpeg_sync.domain.change import Row
from simpeg_sync.mapping.expressions.base import Expression, Read, Unfit
from simpeg_sync.mapping.text import plain

INTEGER_MAX = 999_999_999


@dataclass(frozen=True, slots=True)
class Integer:
    """The first whole number in the text: ``40``, ``"40 JP"``, ``11.0``. Blank is no value.

    ``1.000`` is one thousand in Indonesian and one in English: nobody knows, so it is held; a negative number too.
    """

    column: str = ""
    of: Expression | None = None
    as_text: bool = False

    @property
    def columns(self) -> list[str]:
        return self._read.columns

    @property
    def _read(self) -> Read:
        return Read(self.column, self.of)

    def value(self, row: Row) -> int | str | None:
        value = row.get(self.column) if self.of is None else self.of.value(row)
        if type(value) is int and 0 <= value <= INTEGER_MAX:
            return str(value) if self.as_text else value
        text = plain(value)
        if text == "":
            return None
        found = re.match(r"(?!\s*[-\u2212]\s*\d)\D*(\d{1,9})(?!\d)(?:[.,](\d*))?", text)
        if found is None or (found[2] and (found[2].strip("0") or len(found[2]) >= 3)):
            raise Unfit("number.unreadable", self._read.place)
        number = int(found[1])
        return str(number) if self.as_text else number


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number: ``86,5``, ``1.234,50``, ``12.500``. Which mark is the decimal one, the feed says; nobody guesses.

    Rounded to ``places``; as text with exactly that many where BKN wants credits as ``"12.500"``. Negative ones are held.
    """

    column: str = ""
    decimal: str = "."
    places: int = 3
    as_text: bool = False
    of: Expression | None = None

    @property
    def columns(self) -> list[str]:
        return self._read.columns

    @property
    def _read(self) -> Read:
        return Read(self.column, self.of)

    def value(self, row: Row) -> int | float | str | None:
        exact = _exact(self._read, row, self.decimal)
        return None if exact is None else rounded(exact, self.places, as_text=self.as_text)


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of training from whichever of months, days and hours a SIMPEG has filled in."""

    parts: Mapping[str, Expression]
    """``months``, ``days``, ``hours`` -> its number."""
    worth: Mapping[str, int]
    """How many hours each is worth."""

    @property
    def columns(self) -> list[str]:
        return [column for part in self.parts.values() for column in part.columns]

    def value(self, row: Row) -> int | None:
        given = {name: part.value(row) for name, part in self.parts.items()}
        numbers = {name: Decimal(str(number)) for name, number in given.items() if number is not None}
        exact = sum((number * self.worth[name] for name, number in numbers.items()), Decimal(0))
        if exact != exact.to_integral_value():
            # BKN wants whole hours, and whether half an hour counts is not for a program to say.
            raise Unfit("number.unreadable", ", ".join(self.columns))
        return int(exact) or None


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of the numbers that have a value."""

    of: tuple[Expression, ...]
    places: int = 2

    @property
    def columns(self) -> list[str]:
        return [column for one in self.of for column in one.columns]

    def value(self, row: Row) -> int | float | str | None:
        given = [one.value(row) for one in self.of]
        numbers = [Decimal(str(number)) for number in given if number is not None]
        return rounded(sum(numbers, Decimal(0)) / len(numbers), self.places) if numbers else None


def rounded(exact: Decimal, places: int, *, as_text: bool = False) -> int | float | str:
    """Half up, as people round."""
    value = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if as_text:
        return f"{value:f}"
    return int(value) if value == value.to_integral_value() else float(value)


def _exact(read: Read, row: Row, mark: str) -> Decimal | None:
    held = read.value(row)
    text = plain(held)
    if text == "":
        return None
    is_text = isinstance(held, str | bytes | bytearray | memoryview)
    # A driver's own number has a point, whatever people in this region write.
    point = mark if is_text else "."
    thousands = "." if point == "," else ","
    grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d{{1,12}}"
    found = re.fullmatch(rf"({grouped})(?:{re.escape(point)}(\d{{1,12}}))?", text)
    if found is None:
        raise Unfit("number.unreadable", read.place)
    return Decimal(f"{found[1].replace(thousands, '')}.{found[2] or '0'}")
