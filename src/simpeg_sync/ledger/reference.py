"""BKN's code tables as they were pulled: page by page, each page with the offset behind it in one transaction.

A pull that dies goes on at the offset that is stored. What a whole new pull did not see is marked gone, never deleted.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from simpeg_sync.clock import Clock
from simpeg_sync.domain.errors import LedgerBusy
from simpeg_sync.ledger.engine import translated
from simpeg_sync.ledger.rows import storable
from simpeg_sync.ledger.writer import DirectWriter

PULL = text("SELECT * FROM reference_pulls WHERE table_name = :table")

PULLS = text("SELECT * FROM reference_pulls ORDER BY table_name")

BEGIN_PULL = text("""
INSERT INTO reference_pulls (table_name, pull, started_at, next_offset) VALUES (:table, 1, :now, 0)
ON CONFLICT (table_name) DO UPDATE SET
    pull = reference_pulls.pull + 1, started_at = excluded.started_at, next_offset = 0, codes = 0,
    expected = NULL, finished_at = NULL
""")

# Naming the offset it read from: of two pulls of one table only one moves on.
MOVE_PULL = text("""
UPDATE reference_pulls SET next_offset = :next_offset, expected = coalesce(expected, CAST(:expected AS BIGINT))
WHERE table_name = :table AND pull = :pull AND next_offset = :offset AND finished_at IS NULL
""")

STORE_CODE = text("""
INSERT INTO reference_codes (table_name, code, label, more, seen_in) VALUES (:table, :code, :label, :more, :pull)
ON CONFLICT (table_name, code) DO UPDATE SET
    label = excluded.label, more = excluded.more, seen_in = excluded.seen_in, gone_at = NULL
""")

# Counted, not looked up by a list of codes: PostgreSQL's generic plan goes through such a list row by row.
COUNT_CODES = text("""
UPDATE reference_pulls SET codes =
    (SELECT count(*) FROM reference_codes WHERE table_name = :table AND seen_in = :pull)
WHERE table_name = :table
RETURNING codes
""")

END_PULL = text("""
UPDATE reference_pulls SET finished_at = :now, complete_at = :now, complete_count = codes
WHERE table_name = :table AND pull = :pull AND next_offset = :offset AND finished_at IS NULL
""")

MARK_GONE = text("""
UPDATE reference_codes SET gone_at = :now WHERE table_name = :table AND seen_in < :pull AND gone_at IS NULL
""")

LABELS = text("SELECT code, label FROM reference_codes WHERE table_name = :table AND gone_at IS NULL ORDER BY code")

HAS_CODE = text("SELECT 1 FROM reference_codes WHERE table_name = :table AND code = :code AND gone_at IS NULL")


@dataclass(frozen=True, slots=True)
class Pull:
    """How far the pull of one table has come."""

    table: str
    number: int
    next_offset: int
    """Rows of BKN's list that are stored already."""
    codes: int
    """Different codes among them."""
    expected: int | None
    """Rows of BKN's list as BKN counted them at the pull's begin; None where it does not say."""
    finished_at: float | None
    """Unix seconds; None while it runs or waits to be gone on with."""
    complete_at: float | None
    """When any pull of this table last came to its end."""
    complete_count: int | None


class _NothingNew(Exception):
    """Undoes the transaction of a page that this pull has stored before."""


class ReferenceCodes:
    """Implements what bkn.codes and bkn.reference ask of a store. Thread-safe. Raises LedgerDown, LedgerUnfit."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._clock = clock
        self._writer = DirectWriter(engine)
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    def pull(self, table: str) -> Pull | None:
        """Where the table's last pull stands; None when there was none."""
        return next(iter(self._pulls(PULL, table=table)), None)

    def pulls(self) -> Sequence[Pull]:
        return self._pulls(PULLS)

    def begin(self, table: str, *, restart: bool = False) -> Pull:
        """The pull that was broken off, or a new one; with ``restart`` always a new one."""
        found = self.pull(table)
        if found is not None and found.finished_at is None and not restart:
            return found
        now = self._clock.now()
        self._writer.write(lambda c: c.execute(BEGIN_PULL, {"table": table, "now": now}) and None)
        begun = self.pull(table)
        assert begun is not None
        return begun

    def take_page(
        self, pull: Pull, codes: Sequence[tuple[str, str, Mapping[str, Any]]], *, rows: int, expected: int | None
    ) -> Pull | None:
        """Stores a page's codes (code, label, other columns) and moves the pull by BKN's ``rows``, in one transaction.

        None, and nothing is stored, when this pull has brought all of them before. Raises LedgerBusy when another
        pull of this table has moved it meanwhile; nothing is stored then either.
        """
        position = {"table": pull.table, "pull": pull.number, "offset": pull.next_offset}
        values = [
            {
                "table": pull.table,
                "code": storable(code),
                "label": storable(label),
                "more": storable(json.dumps(more, ensure_ascii=False, separators=(",", ":"))),
                "pull": pull.number,
            }
            for code, label, more in codes
        ]

        def job(connection: Connection) -> None:
            moved = {**position, "next_offset": pull.next_offset + rows, "expected": expected}
            _only_one(connection.execute(MOVE_PULL, moved).rowcount, pull)
            connection.execute(STORE_CODE, values)
            if connection.execute(COUNT_CODES, position).scalar_one() == pull.codes:
                raise _NothingNew

        try:
            self._writer.write(job)
        except _NothingNew:
            return None
        after = self.pull(pull.table)
        assert after is not None
        return after

    def finish(self, pull: Pull) -> None:
        """The table is complete; what this pull did not see is gone. Raises LedgerBusy as `take_page` does."""
        values = {"table": pull.table, "pull": pull.number, "offset": pull.next_offset, "now": self._clock.now()}

        def job(connection: Connection) -> None:
            _only_one(connection.execute(END_PULL, values).rowcount, pull)
            connection.execute(MARK_GONE, values)

        self._writer.write(job)

    def has(self, table: str, code: str) -> bool:
        with translated(), self._reader.connect() as connection:
            values = {"table": table, "code": storable(code)}
            return connection.execute(HAS_CODE, values).first() is not None

    def labels(self, table: str) -> Mapping[str, str]:
        """Code -> what people read, of all that was pulled and is not gone."""
        with translated(), self._reader.connect() as connection:
            return {row.code: row.label for row in connection.execute(LABELS, {"table": table})}

    def is_complete(self, table: str) -> bool:
        found = self.pull(table)
        return found is not None and found.complete_at is not None

    def _pulls(self, statement: Any, **values: Any) -> Sequence[Pull]:
        with translated(), self._reader.connect() as connection:
            return [
                Pull(
                    row["table_name"],
                    row["pull"],
                    row["next_offset"],
                    row["codes"],
                    row["expected"],
                    row["finished_at"],
                    row["complete_at"],
                    row["complete_count"],
                )
                for row in connection.execute(statement, values).mappings()
            ]


def _only_one(moved: int, pull: Pull) -> None:
    if moved != 1:
        raise LedgerBusy(f"another `codes pull` works on table {pull.table}; let it end first")
