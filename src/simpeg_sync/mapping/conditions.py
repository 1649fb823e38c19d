"""Which rows does a feed mean? Conditions over the columns of one row, with one meaning on every database.

They are evaluated here and not in SQL, so that "2" and 2, padded text and NULL compare the same everywhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from simpeg_sync.domain.change import Row
from simpeg_sync.mapping.text import plain


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """One column against a list of values. ``NULL`` and blank text are the same thing: no value."""

    column: str
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    is_empty: bool | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    folds: bool = False
    """Capitals and runs of blanks do not count, in the column and in the values."""

    def holds(self, row: Row) -> bool:
        value = plain(row.get(self.column))
        if self.is_empty is not None and (value == "") != self.is_empty:
            return False
        if self.one_of and not self._is_among(value, self.one_of):
            return False
        return not self._is_among(value, self.none_of) and self._is_within(value)

    def _is_among(self, value: str, values: tuple[str, ...]) -> bool:
        return _folded(value) in map(_folded, values) if self.folds else value in values

    def _is_within(self, value: str) -> bool:
        if self.at_least is None and self.at_most is None:
            return True
        if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value):
            return False
        number = Decimal(value)
        return (self.at_least is None or number >= self.at_least) and (self.at_most is None or number <= self.at_most)


@dataclass(frozen=True, slots=True)
class Condition:
    """All tests of any one alternative hold."""

    alternatives: tuple[tuple[ColumnTest, ...], ...]

    def holds(self, row: Row) -> bool:
        return any(all(test.holds(row) for test in tests) for tests in self.alternatives)

    @property
    def columns(self) -> list[str]:
        return [test.column for tests in self.alternatives for test in tests]


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def describe(condition: Condition) -> str:
    """The condition as a person would say it, for `map check` and error texts."""
    return " or ".join(" and ".join(_describe(test) for test in tests) for tests in condition.alternatives)


def _describe(test: ColumnTest) -> str:
    how = ", whatever the capitals" if test.folds else ""
    words: Mapping[str, bool] = {
        f"{test.column} is empty": test.is_empty is True,
        f"{test.column} is not empty": test.is_empty is False,
        f"{test.column} is one of {', '.join(test.one_of)}{how}": bool(test.one_of),
        f"{test.column} is none of {', '.join(test.none_of)}{how}": bool(test.none_of),
        f"{test.column} is at least {test.at_least}": test.at_least is not None,
        f"{test.column} is at most {test.at_most}": test.at_most is not None,
    }
    return " and ".join(text for text, said in words.items() if said)
