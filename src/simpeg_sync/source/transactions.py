"""Which transactions run on MariaDB now? Needed to prove that a missing log id can no longer come.

``information_schema.innodb_trx`` is a copy that is renewed at most ten times a second, and not even that
while somebody else keeps reading it. So the question carries a number used once: only when our own
transaction is in the answer, with this very question as its statement, was the copy made after we asked. No
clock is involved.

Not on Galera: there every node draws its own ids, so a smaller id may be drawn later and no list of one node
proves anything.
"""

import json
import secrets
import time
from collections.abc import Callable
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError

from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.source.connect import translated

_log = structlog.get_logger()


ASK_EVERY_S = 0.15
"""Asking more often than ten times a second would itself keep the copy from being renewed."""
BLIND_AFTER_S = 600.0


class Running(Protocol):
    """Who runs now: the proof of decide/gaps.py that an id will never come."""

    @property
    def is_blind(self) -> bool:
        """No answer can be had, or none has come for a long time: only a time limit ends a gap."""
        ...

    def look(self) -> str | None:
        """All transactions that run at a moment after this call began; None when that cannot be told now."""
        ...

    def have_ended(self, then: str, now: str) -> bool:
        """No transaction of ``then`` is in ``now``."""
        ...


class NobodyKnows:
    """``Running`` where nothing can prove anything: ids that are not drawn one after the other, or another engine."""

    is_blind = True

    def look(self) -> str | None:
        return None

    def have_ended(self, then: str, now: str) -> bool:
        return False


class Transactions:
    """``Running`` on MariaDB and MySQL."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._is_allowed: bool | None = None
        self._asked = -ASK_EVERY_S
        self._seen = clock()

    @property
    def is_blind(self) -> bool:
        """No answer can be had, or none has come for a long time: only a time limit ends a gap."""
        return self._is_allowed is False or self._clock() - self._seen > BLIND_AFTER_S

    def look(self) -> str | None:
        """All transactions that run at a moment after this call began; None when that cannot be told now."""
        if self._is_allowed is False or self._clock() - self._asked < ASK_EVERY_S:
            return None
        self._asked = self._clock()
        try:
            with translated("see the running transactions"):
                answer = self._fresh()
        except SourceUnfit:
            self._is_allowed = False
            _log.info("source.no_process_right", remedy="log ids that never came are given up by a time limit")
            return None
        if answer is not None:
            self._seen = self._clock()
        return answer

    @staticmethod
    def have_ended(then: str, now: str) -> bool:
        """No transaction of ``then`` is in ``now``. It is the same one by its id, or by thread and start: a
        reader that begins to write changes its id, a prepared one that lost its connection its thread."""
        if not then:
            return False
        ids: set[str] = set()
        threads: set[tuple[str, str]] = set()
        for id_, thread, started in json.loads(now):
            ids.add(id_)
            threads.add((thread, started))
        return not any(id_ in ids or (thread, started) in threads for id_, thread, started in json.loads(then))

    def _fresh(self) -> str | None:
        once = secrets.token_hex(8)
        question = (
            f"SELECT /* simpeg-sync {once} */ trx_id, trx_mysql_thread_id, trx_started, trx_query "
            "FROM information_schema.innodb_trx"
        )
        with self._engine.connect() as connection:
            if self._is_allowed is None:
                self._is_allowed = not self._is_cluster(connection)
                if not self._is_allowed:
                    return None
            # A transaction of its own, so that we are in the list; it ends at once.
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            try:
                rows = connection.exec_driver_sql(question).all()
            finally:
                connection.exec_driver_sql("ROLLBACK")
        others = [(str(i), str(t), str(s)) for i, t, s, query in rows if once not in str(query or "")]
        return json.dumps(others, separators=(",", ":")) if len(others) < len(rows) else None

    @staticmethod
    def _is_cluster(connection: sa.Connection) -> bool:
        try:
            row = connection.exec_driver_sql("SHOW VARIABLES LIKE 'wsrep_on'").first()
        except DBAPIError:
            return True
        return row is not None and str(row[1]).upper() == "ON"
