"""Choices: a constant, the national code of a local one from a list or a joined table, the first of several, one by a
condition, another row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simpeg_sync.domain.change import FeedName, Row, source_key
from simpeg_sync.mapping.conditions import Condition
from simpeg_sync.mapping.expressions.base import Expression, RowOf, Unfit, clean
from simpeg_sync.mapping.text import plain


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
        national = self.codes.get(clean(plain(local)).casefold())
        if national is None:
            raise Unfit("code.unknown", f"{self.table}: {str(local)[:40]}")
        return national


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a joined table has for a local code. A local code that it does not have, or has nothing for, holds the row,
    where the joined column alone would be taken as no value."""

    found: Expression
    of: Expression

    @property
    def columns(self) -> list[str]:
        return [*self.found.columns, *self.of.columns]

    def value(self, row: Row) -> Any:
        local = self.of.value(row)
        if local is None:
            return None
        found = self.found.value(row)
        if found is None:
            raise Unfit("code.unknown", f"{', '.join(self.found.columns)}: {str(local)[:40]}")
        return found


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
class Case:
    """The expression of the first condition that holds. Without one that holds, and without an `else`, the row is held:
    a kind of post that nobody thought of must not become another kind."""

    branches: tuple[tuple[Condition, Expression], ...]
    otherwise: Expression | None = None

    @property
    def columns(self) -> list[str]:
        found = [column for condition, then in self.branches for column in (*condition.columns, *then.columns)]
        return found + (self.otherwise.columns if self.otherwise is not None else [])

    def value(self, row: Row) -> Any:
        for condition, then in self.branches:
            if condition.holds(row):
                return then.value(row)
        if self.otherwise is None:
            raise Unfit("case.no_branch", ", ".join(dict.fromkeys(c for one, _ in self.branches for c in one.columns)))
        return self.otherwise.value(row)


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


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that may give the value in its place."""
    match expression:
        case First(expressions):
            return expressions
        case Case(branches, otherwise):
            return (*(then for _, then in branches), *([otherwise] if otherwise is not None else []))
        case _:
            return ()


def linked(expression: Expression) -> tuple[Linked, ...]:
    """The links in it, however deep."""
    if isinstance(expression, Linked):
        return (expression,)
    return tuple(link for part in parts_of(expression) for link in linked(part))


def linked_feeds(expression: Expression) -> tuple[FeedName, ...]:
    return tuple(link.feed for link in linked(expression))
