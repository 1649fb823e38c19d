"""How the ledger is opened, and how its database's errors become ours. One place for both.

SQLite: WAL and synchronous=FULL, so that what was acknowledged survives a power cut; every write transaction begins with
BEGIN IMMEDIATE, since a deferred one that reads first fails at once with SQLITE_BUSY_SNAPSHOT when it comes to write.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from simpeg_sync.domain.errors import LedgerDown, LedgerUnfit, NoLedger

BUSY_LIMIT_MS = 5000
PLANNER = {"enable_hashjoin": "off", "enable_mergejoin": "off", "random_page_cost": "1.1"}
FULL = "the ledger's disk is full; nothing is sent until there is space again"


def open_engine(url: str, *, create: bool = False) -> Engine:
    """Raises LedgerUnfit when a SQLite ledger is missing and was not asked to be created."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, parsed.database, create=create)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(
        parsed,
        pool_pre_ping=True,
        hide_parameters=True,
        pool_size=12,
        pool_use_lifo=True,
        max_overflow=4,
        connect_args={"connect_timeout": 5},
    )

    @event.listens_for(engine, "connect")
    def _plan_for_few(connection: psycopg.Connection[Any], _: Any) -> None:
        # Groups of rows come as a parameter whose length the planner does not know; it would read whole tables for them.
        with connection.cursor() as cursor:
            for name, value in PLANNER.items():
                cursor.execute(f"SET {name} = {value}")
        connection.commit()

    return engine


def _sqlite(url: str, path: str | None, *, create: bool) -> Engine:
    if path is None or path == ":memory:":
        raise LedgerUnfit("the ledger needs a file: what it acknowledges has to survive a restart")
    if not create and not Path(path).exists():
        raise NoLedger(
            f"there is no ledger at {path}; `simpeg-sync db upgrade` makes a new one; "
            "docs/operations.md says how to bring a backup back"
        )
    if create:
        # The ledger knows persons: nobody but the service reads it, whatever the umask.
        try:
            Path(path).touch(mode=0o600, exist_ok=True)
        except OSError as error:
            raise LedgerUnfit(f"the ledger {path} cannot be made ({error.strerror}); correct the folder") from None
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": BUSY_LIMIT_MS / 1000}, pool_size=8, pool_use_lifo=True
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: Any) -> None:
        # The driver's own transaction handling commits behind our back before DDL: switched off, BEGIN is ours.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_LIMIT_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # SQLAlchemy announces a beginning to readers in AUTOCOMMIT too; a reader must not take the one write lock.
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class KeptConnection:
    """SQLite's one writer keeps its connection, and with it the pages and statements that it knows: another one of the pool
    would find its own outdated by every commit in between. For one thread at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction, as of ``engine.begin()``. After an error the next one has a new connection."""
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            with self._connection.begin():
                yield self._connection
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        kept, self._connection = self._connection, None
        if kept is not None:
            kept.close()


class Collision(LedgerDown):
    """PostgreSQL undid the transaction because of another one (40001, 40P01); the same transaction may pass now."""


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors become LedgerDown or LedgerUnfit, without values and addresses in their text."""
    try:
        yield
    except (DisconnectionError, PoolTimeout) as error:
        raise LedgerDown(f"the ledger cannot be reached ({type(error).__name__})") from None
    except DBAPIError as error:
        raise _translate(error) from None
    except sqlite3.Error as error:
        raise _translate_sqlite(error) from None


def _translate(error: DBAPIError) -> Exception:
    if isinstance(error.orig, sqlite3.Error):
        return _translate_sqlite(error.orig)
    match getattr(error.orig, "sqlstate", ""):
        case "40001" | "40P01":
            return Collision("the ledger's transactions keep colliding")
        case "53100":
            return LedgerDown(FULL)
        case "25006":  # a standby, or a primary that is being replaced
            return LedgerDown("the ledger cannot be written (its server is read-only now)")
    if error.connection_invalidated or isinstance(error, OperationalError):
        return LedgerDown(f"the ledger does not answer ({type(error.orig).__name__})")
    return LedgerUnfit(f"the ledger refused a statement ({type(error.orig).__name__}: {_first_line(error.orig)})")


def _translate_sqlite(error: sqlite3.Error) -> Exception:
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    if name.startswith("SQLITE_FULL"):
        return LedgerDown(FULL)
    if name.startswith(("SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_READONLY")):
        return LedgerDown(f"the ledger cannot be written ({name})")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return LedgerUnfit(f"the ledger is damaged ({name}); bring a backup back as docs/operations.md says")
    return LedgerUnfit(f"the ledger refused a statement ({name}: {_first_line(error)})")


def _first_line(error: object) -> str:
    """The statement's fault, without the DETAIL lines that repeat values."""
    return str(error).splitlines()[0][:200] if str(error) else ""
