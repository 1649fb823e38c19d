"""Which transactions run on PostgreSQL now, as a proof that a missing id of a foreign log will never come.

``pg_locks`` shows every running transaction by its virtual id, to every account. It is there from the transaction's first
moment, before an id can be drawn; a transaction's number (xid) may come after. A prepared transaction gives its virtual id
up, so while any is there, nothing is proved.

Not where a sequence hands ids to a session in advance (CACHE), since they are used by later transactions; not where the
column has no sequence of its own; and not on a standby, which does not know the writers of its primary.
"""

import json

import sqlalchemy as sa

from simpeg_sync.source.connect import translated
from simpeg_sync.source.names import quoted_table

_RUNNING = "SELECT DISTINCT virtualtransaction FROM pg_locks WHERE virtualtransaction IS NOT NULL"
_DRAWN_ONE_BY_ONE = sa.text("""
SELECT seqcache = 1 AND NOT seqcycle AND seqincrement = 1 AND NOT pg_is_in_recovery() FROM pg_sequence
WHERE seqrelid = CAST(pg_get_serial_sequence(:table, :column) AS regclass)
""")


class PostgresTransactions:
    """``Running``."""

    def __init__(self, engine: sa.Engine, *, table: str, column: str) -> None:
        self._engine = engine
        self._table, self._column = quoted_table(engine.dialect, table), column
        self._is_told: bool | None = None

    @property
    def is_blind(self) -> bool:
        return self._is_told is False

    def look(self) -> str | None:
        with translated("see the running transactions"), self._engine.connect() as connection:
            if self._is_told is None:
                names = {"table": self._table, "column": self._column}
                self._is_told = bool(connection.execute(_DRAWN_ONE_BY_ONE, names).scalar())
            if not self._is_told:
                return None
            running = connection.exec_driver_sql(_RUNNING).scalars().all()
        return json.dumps(sorted(running), separators=(",", ":"))

    def have_ended(self, then: str, now: str) -> bool:
        if not then:
            return False
        running = set(json.loads(now))
        return running.isdisjoint(json.loads(then)) and not any(one.startswith("-1/") for one in running)
