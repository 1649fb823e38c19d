"""The one thing that may be written into SIMPEG's own tables: BKN's id of a row, into the column that its feed names. One
column of one row, by its key, and only where it changes something."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from simpeg_sync.domain.change import SourceKey, key_parts
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.source import compare
from simpeg_sync.source.catalogue import Catalogue
from simpeg_sync.source.connect import translated
from simpeg_sync.source.ddl import literal
from simpeg_sync.source.ddl_postgresql import DEFAULT_SCHEMA
from simpeg_sync.source.names import checked, quoted, quoted_table, table_clause

Test = Callable[[sa.ColumnElement[Any]], sa.ColumnElement[bool]]


RAISED = (1644, "P0001")
"""What a trigger raises itself: MariaDB's number, PostgreSQL's state."""


class IdColumn:
    """Implements ports.IdColumn. Raises SourceDown or SourceUnfit."""

    def __init__(self, writing: sa.Engine) -> None:
        self._engine = writing
        self._dialect = writing.dialect.name
        self._catalogue = Catalogue(writing)

    def write(self, feed: Feed, key: SourceKey, bkn_id: str) -> bool:
        """False when there is nothing to change: the id is there, or the row is gone."""
        return self._update(feed, key, bkn_id, lambda its: its.is_(None) | (sa.func.lower(its) != bkn_id.lower()))

    def clear(self, feed: Feed, key: SourceKey, bkn_id: str) -> bool:
        """Takes our id away; whatever else stands there is not ours."""
        return self._update(feed, key, None, lambda its: sa.func.lower(its) == bkn_id.lower())

    def _update(self, feed: Feed, key: SourceKey, value: str | None, differs: Test) -> bool:
        assert feed.write_back is not None, "only feeds that say so are written back"
        if not isinstance(self._catalogue.type_of(feed.table, feed.write_back), sa.String):
            raise SourceUnfit(
                f"feed {feed.name}: column {feed.write_back} cannot hold BKN's ids, which are texts; correct write_back"
            )
        table = table_clause(feed.table, *feed.key, feed.write_back)
        has_key = [
            compare.is_key(
                self._dialect,
                table.c[name],
                self._catalogue.type_of(feed.table, name),
                sa.bindparam(f"k{n}", part, type_=sa.String),
            )
            for n, (name, part) in enumerate(zip(feed.key, key_parts(key), strict=True))
        ]
        statement = sa.update(table).where(*has_key, differs(table.c[feed.write_back])).values({feed.write_back: value})
        place = f"{feed.table}.{feed.write_back}"
        with translated(f"write BKN's id into {place}"), self._engine.connect() as connection:
            try:
                return connection.execute(statement).rowcount > 0
            except exc.DBAPIError as error:
                if not _is_refusal(error):
                    raise
        # Outside the handler: the driver's own text may hold values of the row.
        raise SourceUnfit(
            f"feed {feed.name}: SIMPEG refuses BKN's id in {place}; a rule or a trigger of the table says no"
        )


def _is_refusal(error: exc.DBAPIError) -> bool:
    """A rule of SIMPEG's says no to this row, a constraint or a trigger, and will say it again."""
    number = error.orig.args[0] if error.orig is not None and error.orig.args else None
    is_raised = number in RAISED or getattr(error.orig, "sqlstate", None) in RAISED
    return isinstance(error, exc.IntegrityError | exc.DataError) or is_raised


def grants(dialect: sa.Dialect, feeds: Sequence[Feed], account: str) -> str:
    """The right that writing back needs beside reading: a column of a table each. Empty where there is nothing to grant."""
    written = [(feed.table, feed.write_back) for feed in feeds if feed.write_back is not None]
    if not written or dialect.name == "sqlite":
        return ""
    is_postgresql = dialect.name == "postgresql"
    user, _, host = account.partition("@")
    named = quoted(dialect, account) if is_postgresql else f"{literal(checked(user))}@{literal(host or '%')}"
    lines = ["-- For write_back: BKN's id of a row, into the one column that its feed names."]
    for table, column in dict.fromkeys(written):
        place = quoted_table(dialect, table, DEFAULT_SCHEMA if is_postgresql else None)
        lines.append(f"GRANT UPDATE ({quoted(dialect, column)}) ON {place} TO {named};")
    return "\n".join(lines) + "\n"
