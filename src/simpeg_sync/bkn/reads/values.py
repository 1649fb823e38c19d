"""One value of BKN's, made what its field says. What does not fit is an OddityKind instead of a value, never an exception.

Empty is "", null, and for dates the first day of year 1 (bkn-api section 2, Conventions); each of them is None here.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

DAY = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})(?:[T ].*)?", re.DOTALL)
ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ].*)?", re.DOTALL)
NO_YEAR = ("0000", "0001")
INTEGER = re.compile(r"(-?[0-9]{1,15})(?:\.0{1,6})?")
DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
NIP = re.compile(r"[0-9]{18}")
NUMBER_MAX = 10**15
FLAGS: Mapping[str, bool] = {"0": False, "1": True, "false": False, "true": True}


class OddityKind(Enum):
    TYPE = "type"
    """Another JSON type than the field can have."""
    FORM = "form"
    """A text that is no date, number, NIP or flag, or that no database takes."""
    RANGE = "range"
    MISSING = "missing"
    """The table says that BKN always sends it."""
    TWICE = "twice"
    """The same name comes in two spellings."""
    UNKNOWN = "unknown"
    """Not in the table: BKN has grown a field."""


Scalar = str | int | bool | Decimal | dt.date | dt.datetime
Parsed = Scalar | OddityKind | None


def text(value: Any) -> str | OddityKind | None:
    """Trimmed, since BKN pads; otherwise as BKN wrote it. A JSON integer counts as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**40 else OddityKind.RANGE
    if not isinstance(value, str):
        return None if value is None else OddityKind.TYPE
    trimmed = value.strip()
    if "\0" in trimmed or any("\ud800" <= letter <= "\udfff" for letter in trimmed):
        return OddityKind.FORM
    return trimmed or None


def identifier(value: Any) -> str | OddityKind | None:
    """BKN writes "0" for no id, but a code may be "0"."""
    plain = text(value)
    return None if plain == "0" else plain


def nip(value: Any) -> str | OddityKind | None:
    plain = text(value)
    return plain if not isinstance(plain, str) or NIP.fullmatch(plain) else OddityKind.FORM


def integer(value: Any) -> int | OddityKind | None:
    if isinstance(value, bool):
        return OddityKind.TYPE
    if isinstance(value, float):
        # NaN and the infinities are no integers either.
        return integer(int(value)) if value.is_integer() else OddityKind.FORM
    if isinstance(value, int):
        return value if abs(value) < NUMBER_MAX else OddityKind.RANGE
    plain = text(value)
    if not isinstance(plain, str):
        return plain
    found = INTEGER.fullmatch(plain)
    return int(found[1]) if found else OddityKind.FORM


def month(value: Any) -> int | OddityKind | None:
    number = integer(value)
    return number if not isinstance(number, int) or 1 <= number <= 12 else OddityKind.RANGE


def decimal(value: Any) -> Decimal | OddityKind | None:
    """``"13.250"`` keeps its three digits: a credit is compared as BKN printed it."""
    if isinstance(value, bool):
        return OddityKind.TYPE
    if isinstance(value, int | float):
        # The comparison is false for NaN too.
        return Decimal(repr(value)) if abs(value) < NUMBER_MAX else OddityKind.RANGE
    plain = text(value)
    if not isinstance(plain, str):
        return plain
    return Decimal(plain) if DECIMAL.fullmatch(plain) else OddityKind.FORM


def flag(value: Any) -> bool | OddityKind | None:
    if isinstance(value, bool):
        return value
    plain = text(value)
    return FLAGS.get(plain.lower(), OddityKind.FORM) if isinstance(plain, str) else plain


def date(value: Any) -> dt.date | OddityKind | None:
    """The day as it is written, whatever time or offset stands behind it: BKN writes a bare date as midnight Z, too."""
    plain = text(value) if isinstance(value, str | None) else OddityKind.TYPE
    if not isinstance(plain, str):
        return plain
    if found := DAY.fullmatch(plain):
        day, month_, year = found.groups()
    elif found := ISO.fullmatch(plain):
        year, month_, day = found.groups()
    else:
        return OddityKind.FORM
    if year in NO_YEAR:
        return None
    try:
        return dt.date(int(year), int(month_), int(day))
    except ValueError:
        return OddityKind.FORM


def datetime(value: Any) -> dt.datetime | OddityKind | None:
    """Always with an offset. A bare date, and a time without one, are taken as UTC, as BKN writes its own dates there."""
    day = date(value)
    if not isinstance(day, dt.date):
        return day
    plain = value.strip()
    if len(plain) == len("31-12-2020"):
        return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
    try:
        moment = dt.datetime.fromisoformat(day.isoformat() + plain[10:])
    except ValueError:
        return OddityKind.FORM
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


PARSERS: Mapping[str, Callable[[Any], Parsed]] = {
    "text": text,
    "code": text,
    "id": identifier,
    "nip": nip,
    "date": date,
    "datetime": datetime,
    "integer": integer,
    "month": month,
    "decimal": decimal,
    "flag": flag,
}
"""Kind of a field -> how it is read. The kinds that hold other values are in rows.py."""
