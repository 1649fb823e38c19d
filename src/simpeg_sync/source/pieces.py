"""Reading one record's certificate where it is kept in columns or in rows of another table. It may be millions of bytes,
so it is asked for last: first which rows count and how much they hold, then the content of just these.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError

from simpeg_sync.domain.change import SourceKey, key_parts, source_key
from simpeg_sync.domain.errors import SourceDown, SourceUnfit
from simpeg_sync.mapping.feed import DocumentRows, DocumentRule, Pick
from simpeg_sync.ports import Piece
from simpeg_sync.source.selects import Selects

PIECES_MAX = 200
"""Rows beside a record, pages of its certificate or others: more are a wrong `on`."""
CONTENT_BYTES_MAX = 4_000_000
"""More than this is no certificate that BKN takes, also as base64 and before pages are put together: it is not read."""


@dataclass(frozen=True, slots=True)
class _Found:
    piece: Piece
    texts: tuple[str | None, ...]
    """By which its content is found afterwards, with one meaning for every type of column."""


def read_pieces(engine: sa.Engine, selects: Selects, rule: DocumentRule, key: SourceKey) -> Sequence[Piece]:
    """Raises SourceDown when the rows change while they are read: another turn sees them as they are then."""
    found = _that_count(_found(engine, selects, rule, key), rule.rows)
    sizes = [one.piece.size for one in found if one.piece.size is not None]
    if not sizes or sum(sizes) > CONTENT_BYTES_MAX:
        return [one.piece for one in found]
    contents = _contents(engine, selects, rule, key, [one.texts for one in found])
    if len(contents) != len(found):
        raise SourceDown("the rows of a certificate changed while they were read; it is tried again")
    return [replace(one.piece, content=content) for one, content in zip(found, contents, strict=True)]


def _found(engine: sa.Engine, selects: Selects, rule: DocumentRule, key: SourceKey) -> list[_Found]:
    names = rule.piece_columns
    found = []
    for row in _executed(engine, key, lambda by_text: selects.pieces(rule, key, by_text=by_text).limit(PIECES_MAX + 1)):
        values, texts, size = row[: len(names)], row[len(names) : 2 * len(names)], row[2 * len(names) :]
        piece = Piece(dict(zip(names, values, strict=True)), size[0] if size else None)
        found.append(_Found(piece, texts))
    if len(found) > PIECES_MAX:
        raise SourceUnfit(
            f"feed {selects.feed.name}: more than {PIECES_MAX} rows of {rule.rows.join.table if rule.rows else ''} "
            "belong to one record; add columns to the `on` of the document's rows"
        )
    return found


def _contents(
    engine: sa.Engine, selects: Selects, rule: DocumentRule, key: SourceKey, chosen: Sequence[tuple[str | None, ...]]
) -> list[Any]:
    wanted = list(dict.fromkeys(chosen))
    rows = _executed(engine, key, lambda by_text: selects.contents(rule, key, wanted, by_text=by_text))
    return [content for *texts, content in rows if tuple(texts) in wanted]


def _executed(engine: sa.Engine, key: SourceKey, select: Callable[[bool], sa.Select[Any]]) -> Sequence[tuple[Any, ...]]:
    """Without the key's own columns; a case-blind collation finds more keys than was asked for."""
    with engine.connect() as connection:
        try:
            rows = connection.execute(select(False)).all()
        except DataError:  # a text that is no value of the key's type
            rows = connection.execute(select(True)).all()
    parts = len(key_parts(key))
    return [tuple(row[parts:]) for row in rows if source_key(row[:parts]) == key]


def _that_count(found: list[_Found], rows: DocumentRows | None) -> list[_Found]:
    if rows is None:
        return found
    counting = [one for one in found if rows.where is None or rows.where.holds(one.piece.row)]
    return counting if rows.pick is None else _picked(counting, rows.pick)


def _picked(found: list[_Found], pick: Pick) -> list[_Found]:
    """Several where they have the same value: nobody says which of them counts."""
    known = [one for one in found if one.piece.row[pick.column] is not None]
    if not known:
        return found
    values = [_ranked(one.piece.row[pick.column]) for one in known]
    best = max(values) if pick.newest else min(values)
    return [one for one, value in zip(known, values, strict=True) if value == best]


def _ranked(value: Any) -> tuple[int, Any]:
    """Comparable, also where a driver gives texts among dates (0000-00-00) or a column holds of everything (SQLite)."""
    match value:
        case dt.datetime() | dt.date():
            return 2, value.isoformat()
        case str():
            return 0, value
        case bytes():
            return 0, value.decode("utf-8", "replace")
        case _:
            return 1, value
