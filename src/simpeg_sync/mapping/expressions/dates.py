"""Dates: read by an ordered list of forms, written as BKN wants them; and the parts of one."""

import datetime as dt
import re
from dataclasses import dataclass

from simpeg_sync.domain.change import Row
from simpeg_sync.mapping.expressions.base import Expression, Read, Unfit
from simpeg_sync.mapping.text import plain

DEFAULT_DATE_FORMATS = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y")
NO_DATE = ("0000-00-00", "0001-01-01", "1970-01-01", "01-01-1970", "00-00-0000", "0")
"""What SIMPEGs write where they mean "no date". A feed may name its own list."""
YEAR_0 = re.compile(r"0000-\d\d-\d\d|\d\d[-/]\d\d[-/]0000|-0001-11-30|30-11--0001", re.ASCII)
"""No calendar has it. The last two are how PHP writes 0000-00-00."""
EARLIEST, LATEST = dt.date(1940, 1, 1), dt.date(2100, 1, 1)
"""Plausible dates of a serving employee's history; outside them it is a typing error (or integer 0 read as a date)."""

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan", "februari pebruari february feb peb", "maret march mar", "april apr", "mei may",
            "juni june jun", "juli july jul", "agustus august agu agt ags aug", "september sep sept",
            "oktober october okt oct", "november nopember nov nop", "desember december des dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
"""The Indonesian names, the old spellings that people still write, and the English ones: no locale of the server decides."""
MONTH_BY_NAME = re.compile("%[Bb]")


@dataclass(frozen=True, slots=True)
class Date:
    """A date as BKN wants it, dd-mm-yyyy."""

    column: str = ""
    formats: tuple[str, ...] = DEFAULT_DATE_FORMATS
    no_date: tuple[str, ...] = NO_DATE
    of: Expression | None = None

    @property
    def columns(self) -> list[str]:
        return Read(self.column, self.of).columns

    @property
    def place(self) -> str:
        return Read(self.column, self.of).place

    def value(self, row: Row) -> str | None:
        day = self.day(row)
        return None if day is None else f"{day.day:02}-{day.month:02}-{day.year}"

    def day(self, row: Row) -> dt.date | None:
        """Raises Unfit for text in none of the formats, impossible days, and years outside the plausible."""
        value = row.get(self.column) if self.of is None else self.of.value(row)
        # A datetime is its day: dates stay dates, no zone moves them.
        value = value.date() if isinstance(value, dt.datetime) else value
        text = plain(value)
        if text == "" or text in self.no_date:
            return None
        if isinstance(value, dt.date):
            day = value
        elif self._is_none(text):
            return None
        else:
            day = self._parsed(text)
        if not EARLIEST <= day <= LATEST:
            raise Unfit("date.implausible", self.place)
        return day

    def _is_none(self, text: str) -> bool:
        # A DATETIME that stands for no date comes as text with a midnight behind it.
        bare = re.sub(r"[ T]00:00:00(\.0+)?$", "", text)
        is_year_0 = YEAR_0.fullmatch(bare) is not None and NO_DATE[0] in self.no_date
        return bare in self.no_date or is_year_0

    def _parsed(self, text: str) -> dt.date:
        for form in self.formats:
            try:
                return dt.datetime.strptime(*_numbered(text, form)).date()
            except ValueError:
                continue  # the next format of the ordered list may fit
        raise Unfit("date.unreadable", self.place)


@dataclass(frozen=True, slots=True)
class Year:
    """The year of a date."""

    of: Date
    as_text: bool = False

    @property
    def columns(self) -> list[str]:
        return self.of.columns

    def value(self, row: Row) -> int | str | None:
        day = self.of.day(row)
        return None if day is None else _shown(day.year, self.as_text)


@dataclass(frozen=True, slots=True)
class Month:
    """The month of a date, 1 to 12."""

    of: Date
    as_text: bool = False

    @property
    def columns(self) -> list[str]:
        return self.of.columns

    def value(self, row: Row) -> int | str | None:
        day = self.of.day(row)
        return None if day is None else _shown(day.month, self.as_text)


def _shown(number: int, as_text: bool) -> int | str:
    return str(number) if as_text else number


def _numbered(text: str, form: str) -> tuple[str, str]:
    """Text and form with a number where the form has the name of a month. Raises ValueError when no month is named."""
    if MONTH_BY_NAME.search(form) is None:
        return text, form
    name = re.search(r"[^\W\d_]+", text)
    if name is None or name[0].lower() not in MONTHS:
        raise ValueError("no month is named")
    end = name.end() + text.startswith(".", name.end())
    return f"{text[: name.start()]}{MONTHS[name[0].lower()]:02}{text[end:]}", MONTH_BY_NAME.sub("%m", form)
