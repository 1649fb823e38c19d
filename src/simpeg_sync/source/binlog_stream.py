"""Reading the binary log as a replica does, in pages, through the package mysql-replication.

What the package would do by itself and must not: connect again in the middle and go on elsewhere; start from the beginning
of all logs where it was given no GTID for MariaDB; read for ever.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pymysql
import sqlalchemy as sa
import structlog
from pymysql.constants import COMMAND

from simpeg_sync.domain.errors import HistoryLost, SourceDown, SourceUnfit
from simpeg_sync.source.binlog_server import Place, gtid_list, log_order
from simpeg_sync.source.binlog_values import Doubles, TableLayout
from simpeg_sync.source.marking import WHOLE_TABLE, RowChange
from simpeg_sync.source.stream_settings import BinlogSettings
from simpeg_sync.source.watch import Watched

LOG_UNREADABLE = 1236
_GONE = (2006, 2013)
_STANDALONE = 1
_WORD = re.compile(r"[^\W\d][\w$]*")
# Statements that change no row. Others that name a table are taken for ones that may.
_HARMLESS = re.compile(r"\s*(ANALYZE|OPTIMIZE|GRANT|REVOKE|FLUSH|SAVEPOINT|ROLLBACK TO|RELEASE)\b", re.IGNORECASE)
_log = structlog.get_logger()

Layouts = Callable[[Watched], TableLayout | None]
Changes = Mapping[str, Sequence[RowChange]]
"""By table, of one event."""


@dataclass(frozen=True, slots=True)
class Page:
    by_table: Changes
    place: Place
    """Behind the page."""
    is_last: bool
    """There was no more to be seen when the log was read."""


class _Connection(pymysql.Connection):
    """One that ends the stream when it is lost; the package would connect again and repeat from the start."""

    def _read_packet(self, *kind: Any) -> Any:
        try:
            return super()._read_packet(*kind)  # type: ignore[no-untyped-call]
        except pymysql.OperationalError as error:
            if error.args[0] not in _GONE:
                raise
        raise SourceDown("the source stopped sending its binary log; it is tried again")

    def _write_bytes(self, data: bytes) -> None:
        # For MariaDB the package sends one byte more than it announces. A server that closes with a byte unread resets the
        # connection, and what of a long answer is still on its way is lost (seen with 50,000 rows).
        if len(data) > 4 and data[4] == COMMAND.COM_BINLOG_DUMP:
            data = data[: 4 + int.from_bytes(data[:3], "little")]
        super()._write_bytes(data)  # type: ignore[misc]  # not in the types


def require_package() -> Any:
    try:
        import pymysqlreplication
    except ImportError:
        raise SourceUnfit("capture mode `binlog` needs a package more: pip install 'simpeg-sync[binlog]'") from None
    # It advises settings that we do without, at every connection.
    logging.getLogger(pymysqlreplication.__name__).setLevel(logging.ERROR)
    return pymysqlreplication


class BinlogStream:
    """The log from one place on, until what can be seen at the start of the reading has been read."""

    def __init__(
        self,
        url: sa.URL,
        settings: BinlogSettings,
        watched: Mapping[str, Watched],
        layouts: Layouts,
        doubles: Doubles,
        *,
        since: Place,
        visible: tuple[str, int] | None,
    ) -> None:
        self._watched = watched
        self._layouts = layouts
        self._doubles = doubles
        self._visible = visible
        self._known: dict[str, TableLayout | None] = {}
        self._by_id: dict[int, tuple[str, TableLayout | None]] = {}
        self._commit = replace(since, passed=0)
        self._skip = since.passed
        self._passed = 0
        self._is_inside = False
        self._default_schema = (url.database or "").lower()
        self._gtid = ""
        self._client = _client(url, settings, since)
        self._changes = self._events()

    def page(self, limit: int) -> Page:
        by_table: dict[str, list[RowChange]] = {}
        count = 0
        with _explained():
            for found in self._changes:
                for table, changes in found.items():
                    by_table.setdefault(table, []).extend(changes)
                    count += len(changes)
                if count >= limit:
                    return Page(by_table, self._place(), is_last=False)
        return Page(by_table, self._place(), is_last=True)

    def close(self) -> None:
        self._client.close()

    def _place(self) -> Place:
        return replace(self._commit, passed=max(self._passed, self._skip) if self._is_inside else 0)

    def _events(self) -> Iterator[Changes]:
        """In the order of the log. A commit moves the place; whoever reads may stop after any event and go on later."""
        while (event := self._client.fetchone()) is not None:
            match type(event).__name__:
                case "MariadbGtidEvent":
                    if self._is_beyond_sight(event):
                        return
                    self._gtid = str(event.gtid)
                    self._is_inside = not event.flags & _STANDALONE
                case "TableMapEvent":
                    self._map(event)
                case "WriteRowsEvent" | "UpdateRowsEvent" | "DeleteRowsEvent" | "PartialUpdateRowsEvent":
                    yield from self._rows(event)
                case "QueryEvent":
                    yield from self._statement(event)
                case "XidEvent":
                    self._committed()
                case "RotateEvent" if not self._is_inside and self._commit.gtid is None:
                    self._commit = replace(self._commit, file=self._client.log_file, offset=self._client.log_pos)

    def _is_beyond_sight(self, event: Any) -> bool:
        if self._visible is None:
            return False
        begins_at = event.packet.log_pos - event.packet.event_size
        return log_order(self._client.log_file, begins_at) >= log_order(*self._visible)

    def _statement(self, event: Any) -> Iterator[Changes]:
        query = str(event.query)
        match query.strip().upper():
            case "BEGIN":
                self._is_inside = True
            case "COMMIT":
                self._committed()
            case _:
                schema = event.schema.decode("utf-8", "replace").lower()
                if (touched := self._touched(query, schema)) and self._is_new():
                    self._known.clear()
                    yield {table: [WHOLE_TABLE] for table in touched}
                if not self._is_inside:
                    self._committed()

    def _touched(self, query: str, schema: str) -> Sequence[str]:
        """Tables that a statement may have changed. A wrong guess costs a sweep, so every mention counts."""
        if _HARMLESS.match(query):
            return ()
        words = {word.lower() for word in _WORD.findall(query)}
        if {"xa", "commit"} <= words:
            return tuple(self._watched)  # its rows were logged when it was prepared, and nobody saw them then
        drops = "drop" in words and bool(words & {"database", "schema"})
        found = []
        for table in self._watched:
            its_schema, _, name = table.lower().rpartition(".")
            # A name of several words, or with signs, is looked for by its words.
            is_named = set(_WORD.findall(name)) <= words and bool(_WORD.findall(name))
            if is_named or (drops and (its_schema or self._default_schema) in words):
                found.append(table)
        return found

    def _map(self, event: Any) -> None:
        watch = self._watch_of(event.schema, event.table)
        if watch is None:
            self._by_id.pop(event.table_id, None)
            return
        if watch.table not in self._known:
            self._known[watch.table] = self._layouts(watch)
        layout = self._known[watch.table]
        fits = layout is not None and layout.prepare(self._client.table_map[event.table_id].columns)
        self._by_id[event.table_id] = (watch.table, layout if fits else None)

    def _watch_of(self, schema: str, table: str) -> Watched | None:
        for watch in self._watched.values():
            its_schema, _, name = watch.table.lower().rpartition(".")
            if table.lower() == name and schema.lower() == (its_schema or self._default_schema):
                return watch
        return None

    def _rows(self, event: Any) -> Iterator[Changes]:
        if not self._is_new() or event.table_id not in self._by_id:
            return
        table, layout = self._by_id[event.table_id]
        if layout is None:
            yield {table: [WHOLE_TABLE]}
            return
        is_insert = type(event).__name__ == "WriteRowsEvent"
        try:
            changes = [layout.change(row, self._doubles, is_insert=is_insert) for row in event.rows]
        except (SourceDown, SourceUnfit, sa.exc.SQLAlchemyError):
            raise
        except Exception as error:
            # The package reads every column of the row, also those that nobody asked for, and may stumble over any.
            _log.warning("source.rows_unreadable", table=table, error_class=type(error).__name__)
            changes = [WHOLE_TABLE]
        yield {table: changes}

    def _is_new(self) -> bool:
        """False for what was taken before the place was stored."""
        self._passed += 1
        return self._passed > self._skip

    def _committed(self) -> None:
        self._is_inside, self._passed, self._skip = False, 0, 0
        if self._commit.gtid is None:
            self._commit = replace(self._commit, file=self._client.log_file, offset=self._client.log_pos)
        elif self._gtid:
            lists = {**gtid_list(self._commit.gtid), **gtid_list(self._gtid)}
            told = ",".join(f"{domain}-{server}-{number}" for domain, (server, number) in sorted(lists.items()))
            self._commit = replace(self._commit, gtid=told)


def _client(url: sa.URL, settings: BinlogSettings, since: Place) -> Any:
    package = require_package()
    from pymysqlreplication import event, row_event

    account = {
        "host": url.host, "port": url.port or 3306, "user": url.username, "password": url.password or "",
        "charset": "utf8mb4", "connect_timeout": settings.connect_timeout_s, "read_timeout": settings.read_timeout_s,
        "write_timeout": settings.read_timeout_s, **_more(url),
    }  # fmt: skip
    if since.gtid is None:
        start: dict[str, Any] = {"resume_stream": True, "log_file": since.file, "log_pos": since.offset}
    else:
        start = {"is_mariadb": True, "auto_position": since.gtid}
    return package.BinLogStreamReader(
        connection_settings=account, server_id=settings.replica_id, blocking=False, pymysql_wrapper=_Connection,
        enable_logging=False, only_events=[
            event.MariadbGtidEvent, event.QueryEvent, event.XidEvent, event.RotateEvent,
            row_event.TableMapEvent, row_event.WriteRowsEvent, row_event.UpdateRowsEvent, row_event.DeleteRowsEvent,
            row_event.PartialUpdateRowsEvent,
        ], **start,
    )  # fmt: skip


def _more(url: sa.URL) -> Mapping[str, Any]:
    """What else of the URL is about how to connect: the socket, and TLS."""
    names = ("unix_socket", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity")
    more = {name: url.query[name] for name in names if name in url.query}
    return {n: str(v).lower() in ("1", "true") if n.startswith("ssl_verify") else v for n, v in more.items()}


@contextmanager
def _explained() -> Iterator[None]:
    """The server's refusal to send the log, in our words; every other error of the driver is told by who called."""
    try:
        yield
        return
    except pymysql.MySQLError as error:
        if not error.args or error.args[0] != LOG_UNREADABLE:
            raise
        is_twin = "same server_uuid/server_id" in str(error)
    if is_twin:
        raise SourceDown("another replica has our replica number; give this program one of its own")
    raise HistoryLost("the server no longer has the binary log behind the cursor")
