"""The books of the calls to BKN in the ledger: each look at them is one short transaction.

The time is the server's on PostgreSQL, since the clocks of several hosts differ. On SQLite it is this process's steady
clock, set by the wall clock once, so that a wall clock that jumps moves no window.
"""

import json
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from simpeg_sync.clock import Clock
from simpeg_sync.decide import budget
from simpeg_sync.decide.budget import Ask, Books, Granted, Limits, NotYet
from simpeg_sync.decide.pace import Given
from simpeg_sync.ledger import budget_statements as sql
from simpeg_sync.ledger.engine import translated
from simpeg_sync.ledger.writer import Writer

T = TypeVar("T")

ACCOUNT = "bkn"
"""There is one: a region has one account at BKN."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the books, and the two moments of ours between which it was read."""

    now: float
    asked_at: float
    read_at: float


class SqlBudget:
    """Implements bkn.budget.Budget. Thread-safe. Raises LedgerDown, LedgerUnfit."""

    def __init__(self, engine: Engine, writer: Writer, clock: Clock, limits: Limits) -> None:
        self._writer, self._clock, self._limits = writer, clock, limits
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._offset = clock.now() - clock.monotonic()
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    @property
    def owner(self) -> str:
        return self._owner

    def ask(self, ask: Ask) -> Given | NotYet:
        def look(books: Books, moment: Moment) -> tuple[Books, Given | NotYet]:
            after, answer = budget.grant(books, self._limits, ask, moment.now)
            if isinstance(answer, Granted):
                return after, Given.of(answer, now=moment.now, asked_at=moment.asked_at, read_at=moment.read_at)
            return after, answer

        return self._change(look)

    def close(self, for_s: float, why: str) -> None:
        self._change(lambda books, moment: (budget.closed(books, moment.now, for_s=for_s, why=why), None))

    def reopen(self) -> None:
        self._change(lambda books, moment: (budget.reopened(books, moment.now), None))

    def _change(self, look: Callable[[Books, Moment], tuple[Books, T]]) -> T:
        def job(connection: Connection) -> T:
            account, own_books = {"account": ACCOUNT}, sql.BOOKS if self._is_sqlite else sql.LOCK_BOOKS
            text = connection.execute(own_books, account).scalar()
            if text is None:
                connection.execute(sql.NEW_BOOKS, {**account, "books": written(Books())})
                text = connection.execute(own_books, account).scalar_one()
            books, answer = look(read(text), self._moment(connection))
            connection.execute(sql.STORE_BOOKS, {"account": ACCOUNT, "books": written(books)})
            return answer

        return self._writer.write(job)

    def _moment(self, connection: Connection) -> Moment:
        asked_at = self._clock.monotonic()
        if self._is_sqlite:
            return Moment(asked_at + self._offset, asked_at, asked_at)
        now = float(connection.execute(sql.SERVER_CLOCK).scalar_one())
        return Moment(now, asked_at, self._clock.monotonic())


def look(engine: Engine, clock: Clock) -> tuple[Books, float]:
    """The books as they stand and their time, for people; nothing is changed."""
    with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        text = connection.execute(sql.BOOKS, {"account": ACCOUNT}).scalar()
        is_sqlite = engine.dialect.name == "sqlite"
        now = clock.now() if is_sqlite else float(connection.execute(sql.SERVER_CLOCK).scalar_one())
    return read(text) if text else Books(), now


def written(books: Books) -> str:
    return json.dumps(asdict(books), separators=(",", ":"))


def read(text: str) -> Books:
    fields = json.loads(text)
    known = {name: value for name, value in fields.items() if name in Books.__dataclass_fields__}
    return Books(**{**known, "minute": _buckets(fields["minute"]), "day": _buckets(fields["day"])})


def _buckets(fields: Mapping[str, Any]) -> Mapping[int, int]:
    """JSON's names are text."""
    return {int(bucket): count for bucket, count in fields.items()}
