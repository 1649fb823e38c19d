"""The shared tokens in the ledger, sealed by `bkn/shelf.py`: the ledger cannot read them."""

import os
import secrets
import socket
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine

from simpeg_sync.clock import Clock
from simpeg_sync.ledger import budget_statements as sql
from simpeg_sync.ledger.writer import Writer

T = TypeVar("T")

KEEP_S = 7 * 86400.0
RENEWAL_MAX_S = 1200.0
"""No renewal takes longer; what is further ahead was stored before a clock was set back."""


class SqlTokens:
    """Implements bkn.shelf.TokenStore. Thread-safe. Raises LedgerDown, LedgerUnfit."""

    def __init__(self, engine: Engine, writer: Writer, clock: Clock) -> None:
        self._writer, self._clock = writer, clock
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def find(self, login: str) -> tuple[bytes, float] | None:
        def job(connection: Connection, now: float) -> tuple[bytes, float] | None:
            row = connection.execute(sql.TOKEN, {"login": login, "now": now}).mappings().first()
            return None if row is None else (bytes(row["sealed"]), row["good_until"] - now)

        return self._at_once(job)

    def begin(self, login: str, *, for_s: float) -> bool:
        def job(connection: Connection, now: float) -> bool:
            connection.execute(sql.OLD_TOKENS, {"long_ago": now - KEEP_S})
            values = {"login": login, "owner": self._owner, "now": now}
            until = {"until": now + min(for_s, RENEWAL_MAX_S), "latest": now + RENEWAL_MAX_S}
            return connection.execute(sql.BEGIN_RENEWAL, values | until).rowcount == 1

        return self._at_once(job)

    def end(self, login: str, sealed: bytes | None, good_for_s: float = 0.0) -> None:
        def job(connection: Connection, now: float) -> None:
            if sealed is None:
                connection.execute(sql.NO_TOKEN, {"login": login, "owner": self._owner})
            else:
                values = {"login": login, "sealed": sealed, "good_until": now + good_for_s}
                connection.execute(sql.STORE_TOKEN, values)

        self._at_once(job)

    def _at_once(self, job: Callable[[Connection, float], T]) -> T:
        return self._writer.write(lambda connection: job(connection, self._now(connection)))

    def _now(self, connection: Connection) -> float:
        return self._clock.now() if self._is_sqlite else float(connection.execute(sql.SERVER_CLOCK).scalar_one())
