"""Local codes and their texts: which table of codes does a column lead to, and which values does it hold?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simpeg_sync.discover.looks import SeenColumn, SeenTable
from simpeg_sync.discover.words import Lexicon
from simpeg_sync.mapping.expressions import clean
from simpeg_sync.mapping.render import nip_of
from simpeg_sync.mapping.text import plain
from simpeg_sync.source.survey import Survey

FOUND_MIN = 0.9
TRIED_MAX = 5
VALUES_MAX = 500
LOOKUP_ROWS_MAX = 5000
TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table of codes."""

    table: str
    column: str
    label: str | None
    bkn_id: str | None
    """Its column with BKN's own code of the same thing."""


@dataclass(frozen=True, slots=True)
class LocalCode:
    local: str
    text: str


class Lookups:
    def __init__(
        self, tables: Sequence[SeenTable], survey: Survey, lexicon: Lexicon, *, persons: frozenset[str] = frozenset()
    ) -> None:
        """``tables``: those that could be tables of codes. ``persons``: names of persons, in small letters, that must
        not get into a file should a column of names be taken for codes."""
        self._tables, self._survey, self._lexicon, self._persons = tables, survey, lexicon, persons

    def of(self, table: SeenTable, column: SeenColumn) -> Lookup | None:
        """Raises SourceError."""
        by_name = {other.name: other for other in self._tables}
        declared = table.table.partners.get(column.name)
        if declared is not None:
            other = by_name.get(declared[0])
            return self._lookup(other, declared[1]) if other is not None else None
        values = table.values(column.name)
        if not values or column.look.id > 0.5 or column.look.spaced > 0.3:
            return None
        for other, theirs in self._candidates(table, column)[:TRIED_MAX]:
            if self._survey.share_found(other.name, theirs, values) >= FOUND_MIN:
                return self._lookup(other, theirs)
        return None

    def codes(self, table: SeenTable, column: SeenColumn, lookup: Lookup | None) -> Sequence[LocalCode]:
        """The different local codes. Never what could name a person. Raises SourceError."""
        if lookup is not None:
            found = different_codes(self._survey, lookup.table, lookup.column, lookup.label)
        else:
            values = self._survey.different(table.name, column.name, limit=VALUES_MAX)
            found = _different((value, None) for value in values)
        return [one for one in found if not {one.local.casefold(), one.text.casefold()} & self._persons]

    def _candidates(self, table: SeenTable, column: SeenColumn) -> Sequence[tuple[SeenTable, str]]:
        wanted = column.called.words - {"id", "kode", "riwayat", "bkn"}
        scored: list[tuple[float, str, SeenTable, str]] = []
        for other in self._tables:
            theirs = _code_column(other, column)
            if other.name == table.name or theirs is None:
                continue
            called = other.called.words - {"riwayat", "rujukan"}
            if (
                wanted - self._lexicon.weak
                and not (wanted & called) - self._lexicon.weak
                and theirs.lower() != column.name.lower()
            ):
                continue
            score = len(wanted & called) / len(wanted | called) if wanted | called else 0.0
            same = theirs.lower() == column.name.lower() and bool(wanted)
            if score or same:
                scored.append((-score - 0.5 * same, other.name, other, theirs))
        return [(other, theirs) for _, _, other, theirs in sorted(scored, key=lambda one: one[:2])]

    def _lookup(self, other: SeenTable, theirs: str) -> Lookup:
        return Lookup(other.name, theirs, self._label(other, theirs), _bkn_code(other, theirs))

    def _label(self, other: SeenTable, theirs: str) -> str | None:
        """The column that people read."""
        best: list[tuple[float, float, str]] = []
        for column in other.columns.values():
            if (
                column.name == theirs
                or column.is_number
                or column.is_binary
                or column.look.id > 0.5
                or not column.look.filled
            ):
                continue
            rank = min(
                (self._lexicon.labels.index(word) for word in column.called.words if word in self._lexicon.labels),
                default=99,
            )
            if "kode" in column.called.words or "bkn" in column.called.words:
                continue
            best.append((rank, -column.look.length, column.name))
        return min(best)[2] if best else None


def different_codes(survey: Survey, table: str, column: str, label: str | None) -> Sequence[LocalCode]:
    """Of a table of codes. Raises SourceError."""
    if label is None:
        return _different((value, None) for value in survey.different(table, column, limit=LOOKUP_ROWS_MAX))
    return _different(survey.pairs(table, column, label, limit=LOOKUP_ROWS_MAX))


def _different(pairs: Iterable[tuple[Any, Any]]) -> Sequence[LocalCode]:
    found: dict[str, LocalCode] = {}
    for code, text in pairs:
        local = clean(plain(code))
        if local and not _is_personal(local) and len(local) <= TEXT_MAX:
            words = clean(plain(text))[:TEXT_MAX] if text is not None else ""
            found.setdefault(local.casefold(), LocalCode(local, words))
    return sorted(found.values(), key=lambda one: (len(one.local) if one.local.isdigit() else 99, one.local))


def _code_column(other: SeenTable, column: SeenColumn) -> str | None:
    """By the same name, else its key, else the one column that is called a code."""
    same = next((name for name in other.columns if name.lower() == column.name.lower()), None)
    if same is not None and (other.columns[same].look.is_unique or (same,) == other.table.key):
        return same
    if len(other.table.key) == 1:
        return other.table.key[0]
    unique = [name for name, one in other.columns.items() if one.look.is_unique]
    return next(
        (name for name in unique if other.columns[name].called.words & {"id", "kode"}), unique[0] if unique else None
    )


def _bkn_code(other: SeenTable, theirs: str) -> str | None:
    found = [
        column
        for column in other.columns.values()
        if "bkn" in column.called.words
        and column.name != theirs
        and column.look.filled * 2 >= max(1, column.look.rows)
        and not column.called.words & {"nama", "status", "tanggal"}
    ]
    return min(found, key=lambda column: (-column.look.id, len(column.name), column.name)).name if found else None


def _is_personal(text: str) -> bool:
    """A column that was taken for codes by mistake must not carry persons into a file."""
    return nip_of(text) is not None or sum(letter.isdigit() for letter in text) >= 14


def lookup_tables(tables: Sequence[SeenTable], persons: Mapping[str, object]) -> Sequence[SeenTable]:
    """Tables without persons, not too wide."""
    return [table for table in tables if table.name not in persons and len(table.columns) <= 40 and table.table.rows]
