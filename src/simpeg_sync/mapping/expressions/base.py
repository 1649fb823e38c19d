"""What every expression is: a value computed from a row, no value, or the reason why there is none."""

import re
from dataclasses import dataclass
from typing import Any, Protocol

from simpeg_sync.domain.change import FeedName, Row, SourceKey
from simpeg_sync.mapping.text import plain

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
class Read:
    """What a number or a date is read from: a column as the driver gives it, or what another expression gives."""

    column: str = ""
    of: Expression | None = None

    @property
    def columns(self) -> list[str]:
        return [self.column] if self.of is None else self.of.columns

    @property
    def place(self) -> str:
        """For people: the column, or the columns of the expression."""
        return ", ".join(self.columns)

    def value(self, row: Row) -> Any:
        """Raises Unfit where the expression does."""
        return row.get(self.column) if self.of is None else self.of.value(row)


def clean(text: str) -> str:
    """Control, zero-width and direction characters out, runs of blanks to one."""
    return " ".join((text if text.isprintable() else _UNSEEN.sub(" ", text)).split())


def text_of(expression: Expression, row: Row) -> str:
    """What the expression gives, as cleaned text; "" for no value. Raises Unfit."""
    value = expression.value(row)
    return "" if value is None else clean(plain(value))
