"""Connections to SIMPEG that cannot hurt it: read-only, no transaction left open, every wait limited.

Also the one place where a driver's error becomes ours. Its text may hold values of rows or the password of
the URL, so nothing of it is repeated but its code.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pymysql
import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import URL, make_url

from simpeg_sync.domain.errors import SourceDown, SourceError, SourceUnfit
from simpeg_sync.source.patience import Patience
from simpeg_sync.source.settings import Limits

DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "oracle": "oracle+oracledb",
    "mssql": "mssql+pymssql",
}
EXTRAS = ("oracle", "mssql")
"""Engines whose driver is an optional package of ours, by the same name."""


def open_reading(url: str, limits: Limits) -> sa.Engine:
    """An engine that only reads. Every statement is its own transaction: an open one would block SIMPEG's
    DDL, be ended by its idle limits, and on MariaDB (REPEATABLE READ) see no new rows."""
    return _open(url, limits, writable=False)


def dialect(name: str) -> sa.Dialect:
    """By the name that an address begins with, e.g. ``mariadb``; no connection is made."""
    try:
        return make_url(f"{DRIVERS.get(name, name)}://").get_dialect()()
    except (exc.ArgumentError, ImportError):
        raise SourceUnfit(f"{name!r} is no database that is known; known: {', '.join([*DRIVERS, 'sqlite'])}") from None


def open_writing(url: str, limits: Limits) -> sa.Engine:
    """The same for the few places that write: purging the log, and installing it."""
    return _open(url, limits, writable=True)


def _open(url: str, limits: Limits, *, writable: bool) -> sa.Engine:
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise SourceUnfit(
            "the URL of the source cannot be read; expected dialect://user:password@host/database"
        ) from None
    parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        parsed = _sqlite_file(parsed, writable=writable)
    try:
        engine = sa.create_engine(
            parsed, isolation_level="AUTOCOMMIT", hide_parameters=True, pool_pre_ping=True,
            connect_args=_arguments(backend, limits),
            pool_size=limits.pool_size, max_overflow=0, pool_timeout=limits.statement_timeout_s,
        )  # fmt: skip
    except (exc.ArgumentError, ImportError):
        remedy = f"; pip install 'simpeg-sync[{backend}]'" if backend in EXTRAS else ""
        raise SourceUnfit(f"no database driver for {backend!r} is installed{remedy}") from None
    if backend == "oracle":
        # Its driver waits without a limit for a listener that accepts a connection and says nothing.
        event.listen(engine, "do_connect", _patiently(Patience(2.0 * limits.connect_timeout_s)))
    event.listen(engine, "connect", _session(backend, limits, writable=writable))
    return engine


def _arguments(backend: str, limits: Limits) -> dict[str, Any]:
    """What each driver has to be told so that no server keeps us waiting for ever."""
    patience = limits.statement_timeout_s + limits.connect_timeout_s
    match backend:
        case "postgresql":
            # A network that swallows everything: statement_timeout is the server's, and nobody would tell us.
            return {
                "connect_timeout": limits.connect_timeout_s,
                "application_name": "simpeg-sync",
                "tcp_user_timeout": patience * 1000,
                "keepalives_idle": limits.statement_timeout_s,
                "keepalives_interval": limits.connect_timeout_s,
                "keepalives_count": 3,
            }
        case "mysql" | "mariadb":
            # The socket's own limits are the second line, for a server that no longer keeps its limits.
            return {
                "connect_timeout": limits.connect_timeout_s,
                "read_timeout": patience,
                "write_timeout": patience,
                "charset": "utf8mb4",
            }
        case "oracle":
            return {"tcp_connect_timeout": float(limits.connect_timeout_s)}
        case "mssql":
            # A fixed protocol: else a silent server is asked once for every older one, each with the whole limit.
            return {
                "login_timeout": limits.connect_timeout_s,
                "timeout": limits.statement_timeout_s,
                "tds_version": "7.4",
                "charset": "UTF-8",
                "appname": "simpeg-sync",
            }
        case "sqlite":
            return {"timeout": float(limits.lock_timeout_s)}
        case _:
            return {}


def _patiently(patience: Patience) -> Callable[..., Any]:
    def connect(dialect: Any, _record: object, arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
        return patience.connection(lambda: dialect.connect(*arguments, **named))

    return connect


def _sqlite_file(url: URL, *, writable: bool) -> URL:
    if not url.database or url.database == ":memory:":
        raise SourceUnfit("a SQLite source must be a file: sqlite:////folder/simpeg.db")
    mode = "rw" if writable else "ro"  # never creates a file
    return url.set(database=f"file:{quote(url.database)}", query={"mode": mode, "uri": "true"})


def _session(dialect: str, limits: Limits, *, writable: bool) -> Any:
    statements: list[str] = []
    match dialect:
        case "postgresql":
            statements = [
                f"SET statement_timeout = '{limits.statement_timeout_s}s'",
                f"SET lock_timeout = '{limits.lock_timeout_s}s'",
                f"SET idle_in_transaction_session_timeout = '{limits.statement_timeout_s}s'",
                f"SET default_transaction_read_only = {'off' if writable else 'on'}",
                # Keys must have the same text here as in the triggers, which pin the same settings.
                "SET datestyle = 'ISO, YMD'", "SET intervalstyle = 'postgres'", "SET extra_float_digits = 1",
                "SET bytea_output = 'hex'",
            ]  # fmt: skip
        case "mysql" | "mariadb":
            statements = [
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
                f"SET SESSION TRANSACTION {'READ WRITE' if writable else 'READ ONLY'}",
                f"SET SESSION lock_wait_timeout = {limits.lock_timeout_s}",
                f"SET SESSION innodb_lock_wait_timeout = {limits.lock_timeout_s}",
            ]
        case "oracle":
            # Only rights keep this session from writing; a query waits for no lock. Keys are compared byte by byte and by
            # index, and their text must not depend on where the client stands.
            statements = [
                "ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS'",
                "ALTER SESSION SET NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF9'",
                "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,'",
                "ALTER SESSION SET NLS_COMP = BINARY", "ALTER SESSION SET NLS_SORT = BINARY",
                "ALTER SESSION SET TIME_ZONE = '+00:00'",
            ]  # fmt: skip
        case "mssql":
            # Where two wait for each other, it is we who give up.
            statements = [
                "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
                f"SET LOCK_TIMEOUT {limits.lock_timeout_s * 1000}",
                "SET DEADLOCK_PRIORITY LOW", "SET DATEFORMAT ymd", "SET TEXTSIZE 2147483647",
            ]  # fmt: skip

    def configure(connection: Any, _record: object) -> None:
        if dialect == "postgresql":
            connection.autocommit = True
        elif dialect == "mssql":
            connection.autocommit(True)  # a method there
        elif dialect == "oracle":
            connection.autocommit = True
            connection.call_timeout = limits.statement_timeout_s * 1000
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        if dialect in ("mysql", "mariadb"):
            # MariaDB and MySQL named the same limit differently, in seconds and in milliseconds.
            cursor.execute("SHOW VARIABLES LIKE 'max_statement_time'")
            if cursor.fetchone():
                cursor.execute(f"SET SESSION max_statement_time = {limits.statement_timeout_s}")
            else:
                cursor.execute(f"SET SESSION max_execution_time = {limits.statement_timeout_s * 1000}")
        cursor.close()

    return configure


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turns whatever the driver raises into SourceDown or SourceUnfit: "cannot <doing>: why (code)"."""
    try:
        yield
        return
    except (exc.SQLAlchemyError, pymysql.MySQLError, sqlite3.Error, OSError) as error:
        ours = _explained(doing, error)
    # Raised outside the handler, so that no traceback carries the driver's own text as its context.
    raise ours


def is_no_value(error: exc.DBAPIError) -> bool:
    """Was a text refused that is no value of the type it is compared with?"""
    return isinstance(error, exc.DataError) or bool(error.orig and re.fullmatch(_NO_VALUE, _code(error.orig)))


def _explained(doing: str, error: Exception) -> SourceError:
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    code = _code(cause)
    text = str(cause)
    if isinstance(error, exc.TimeoutError):
        return SourceDown(f"cannot {doing}: all connections to the source are busy; it is tried again")
    for kind, codes, phrase, why in _TABLE:
        if (codes and re.fullmatch(codes, code)) or (phrase and re.search(phrase, text)):
            return kind(f"cannot {doing}: {why} ({code})")
    return SourceDown(f"cannot {doing}: the source does not answer as it should ({code}); it is tried again")


def _code(cause: BaseException) -> str:
    if isinstance(cause, sqlite3.Error):
        return str(getattr(cause, "sqlite_errorname", "SQLITE"))
    said = cause.args[0] if cause.args else None
    if full_code := getattr(said, "full_code", ""):  # of Oracle's server, or DPY- of its driver
        return str(full_code)
    # pymssql gives (number, text), sometimes as one argument. The numbers are not MariaDB's.
    number = said[0] if isinstance(said, tuple) and said else said
    if isinstance(number, int) and type(cause).__module__.startswith("pymssql"):
        return f"MSSQL-{number}"
    if isinstance(said, int):  # MariaDB's own numbers say more than its SQLSTATE
        return str(said)
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate:
        return str(sqlstate)
    return type(cause).__name__


_URL = "correct the URL of the source"
_SPOKEN = r"(password|peer) authentication failed|no pg_hba.conf entry|role .* does not exist"
_LOGIN = r"28...|1045|1698|SQLITE_AUTH|ORA-(01005|01017|28000|28001|28003|28007)|DPY-4001|MSSQL-(18\d{3})"
_RIGHTS = r"42501|1142|1143|1227|1370|1419|SQLITE_PERM|SQLITE_READONLY.*|ORA-(01031|01045|41900)|" + (
    r"MSSQL-(229|230|262|297|300|916)"
)
_GONE = (
    r"08...|57P..|53...|25P0.|2002|2003|2006|2013|1040|1053|1152|1927|4031|0|OperationalError|InterfaceError|TimeoutError|"
    r"ORA-(00018|00020|00028|01012|01033|01034|01089|01090|01092|02391|02396|03113|03114|03135|12\d{3}|25408)|"
    r"DPY-(1001|4005|4011|6\d{3})|MSSQL-(0|20\d{3}|6005|233|10054|10928|10929|17\d{3}|40\d{3}|49918)"
)
_NO_VALUE = r"ORA-(01722|018\d\d|06502|61\d{3})|MSSQL-(220|232|241|242|245|248|295|296|8114|8115|8152|8169)"
_TABLE: tuple[tuple[type[SourceError], str, str, str], ...] = (
    # codes (SQLSTATE, MariaDB's number, SQLite's name, ORA-, DPY-, MSSQL-), or words of the text where a driver gives no code
    (SourceUnfit, _LOGIN, _SPOKEN, "the account or its password is refused; " + _URL),
    (
        SourceUnfit,
        r"3D000|1049|1044|MSSQL-(911|4060)",
        r"database .* does not exist",
        "the database does not exist; " + _URL,
    ),
    (
        SourceUnfit,
        r"DPY-30(10|15)",
        "",
        "the server is older than Oracle 12.1, or keeps the password in the form of such a one; the driver speaks to neither",
    ),
    (SourceUnfit, r"DPY-40(00|17|18|26|27)", "", "the address names no server; " + _URL),
    (SourceUnfit, _RIGHTS, "", "the account lacks a right; GRANT what `simpeg-sync source sql` lists"),
    (
        SourceUnfit,
        r"42P01|1146|ORA-00942|MSSQL-208",
        "no such table",
        "a table does not exist or is hidden; correct the feed",
    ),
    (SourceUnfit, r"42703|1054|ORA-00904|MSSQL-207", "no such column", "a column does not exist; correct the feed"),
    (SourceUnfit, r"SQLITE_CANTOPEN.*", "", "the file cannot be opened; correct its path or its rights"),
    (SourceUnfit, r"SQLITE_NOTADB|SQLITE_CORRUPT.*", "", "the file is damaged or not a SQLite database"),
    (
        SourceDown,
        r"57014|1969|3024|ORA-(00040|01013|03156)|DPY-4024|MSSQL-20003",
        "",
        "the source took too long; it is tried again",
    ),
    (
        SourceDown,
        r"55P03|1205|SQLITE_(BUSY|LOCKED).*|ORA-(00054|30006)|MSSQL-1222",
        "",
        "it is locked by somebody else; it is tried again",
    ),
    (
        SourceDown,
        r"40...|1213|ORA-(00060|01555|08176|08177)|MSSQL-(1205|3960)",
        "",
        "the source ended the transaction; it is tried again",
    ),
    # The listener says so while the database starts, too.
    (
        SourceDown,
        r"ORA-125(05|14)|DPY-600[13]",
        "",
        "the listener knows no such service: wrong URL, or not started yet; it is tried again",
    ),
    (SourceDown, _GONE, "", "the source is not reachable; it is tried again"),
    (SourceUnfit, _NO_VALUE, "", "a value is none of its column's type; correct the feed or the row"),
    (
        SourceUnfit,
        r"42...|1064|1305|SQLITE_ERROR|ORA-009\d\d|MSSQL-(102|105|156|170)",
        "",
        "the source does not understand the statement",
    ),
)
