"""A table as discovery sees it: each column's words and what its values look like."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from simpeg_sync.discover.contents import Look, look_at
from simpeg_sync.discover.words import Lexicon, Name
from simpeg_sync.source.survey import SurveyedTable, is_binary


@dataclass(frozen=True, slots=True)
class SeenColumn:
    name: str
    called: Name
    look: Look
    is_binary: bool
    is_date: bool
    is_number: bool
    """By their types in the database; the values may say more."""


@dataclass(frozen=True, slots=True)
class SeenTable:
    table: SurveyedTable
    called: Name
    columns: Mapping[str, SeenColumn]

    @property
    def name(self) -> str:
        return self.table.name

    def values(self, column: str, *, limit: int = 50) -> list[Any]:
        """Different values of the sample, for questions to the database alone."""
        found = {str(row[column]): row[column] for row in self.table.rows if row.get(column) not in (None, "")}
        return [found[text] for text in sorted(found)][:limit]


def seen(table: SurveyedTable, lexicon: Lexicon) -> SeenTable:
    columns = {name: _column(table, name, kind, lexicon) for name, kind in table.columns.items()}
    return SeenTable(table, lexicon.name(table.name.rpartition(".")[2]), columns)


def _column(table: SurveyedTable, name: str, kind: sa.types.TypeEngine[Any], lexicon: Lexicon) -> SeenColumn:
    is_date = isinstance(kind, sa.Date | sa.DateTime)
    values = [] if is_binary(kind) else [row[name] for row in table.rows]
    return SeenColumn(
        name,
        lexicon.name(name),
        look_at(values, is_real_date=is_date and not any(isinstance(value, str) for value in values)),
        is_binary(kind),
        is_date,
        isinstance(kind, sa.Numeric | sa.Float | sa.Integer),
    )
