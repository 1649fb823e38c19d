"""The server behind the binary log: what it is set to, where its log ends, and whether it is still the one we knew."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from simpeg_sync.domain.errors import HistoryLost, SourceUnfit


@dataclass(frozen=True, slots=True)
class Place:
    """A commit in the log, and how much behind it is taken too."""

    server: str
    """The server's own number; positions of another one mean nothing."""
    gtid: str | None
    """MariaDB's list ``domain-server-number,…``; None where file and offset lead."""
    file: str = ""
    offset: int = 0
    passed: int = 0
    """So many events behind the commit have been taken: a transaction may be longer than a page."""

    def to_text(self) -> str:
        names = ("server", "gtid", "file", "offset", "passed")
        return json.dumps({name: getattr(self, name) for name in names}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> "Place":
        try:
            saved = json.loads(text)
            gtid = saved["gtid"]
            if gtid is not None:
                gtid_list(gtid)
            return cls(saved["server"], gtid, saved["file"], int(saved["offset"]), int(saved["passed"]))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise HistoryLost("the stored cursor does not belong to capture mode `binlog`") from None

    @property
    def spelled(self) -> str:
        """For people."""
        return f"{self.file} {self.offset}" if self.gtid is None else self.gtid

    @property
    def is_at_gtid(self) -> bool:
        return self.gtid is not None

    def is_same_point(self, other: "Place") -> bool:
        if self.gtid is not None and other.gtid is not None:
            return gtid_list(self.gtid) == gtid_list(other.gtid)
        return (self.file, self.offset) == (other.file, other.offset)


@dataclass(frozen=True, slots=True)
class ServerState:
    place: Place
    """Where the log ends; by file and offset always, by GTID where that leads."""
    visible: tuple[str, int] | None
    """Up to here every transaction can be seen by readers; None where the server does not tell. The log is written a
    moment before the engine commits."""
    wrong: tuple[str, ...]
    """Settings that make the log unfit for us, each with what to set."""
    row_image: str


def gtid_list(text: str) -> Mapping[int, tuple[int, int]]:
    """Domain -> (server, number). Raises ValueError for what is no such list."""
    found = {}
    for part in filter(None, text.split(",")):
        domain, server, number = (int(word) for word in part.strip().split("-"))
        found[domain] = (server, number)
    return found


def state(connection: sa.Connection, *, uses_gtid: bool) -> ServerState:
    settings = {
        str(name).lower(): str(value)
        for name, value in connection.exec_driver_sql(
            "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format', 'binlog_row_image', "
            "'server_id', 'server_uuid', 'gtid_binlog_pos', 'version')"
        )
    }
    is_mariadb = "mariadb" in settings.get("version", "").lower()
    by_gtid = uses_gtid and is_mariadb
    wrong = []
    if settings.get("log_bin", "OFF").upper() != "ON":
        wrong.append("log_bin is off; set log_bin = ON and restart the server")
    if settings.get("binlog_format", "ROW").upper() != "ROW":
        wrong.append(f"binlog_format is {settings['binlog_format']}; SET GLOBAL binlog_format = ROW, and in its file")
    visible = _visible(connection) if is_mariadb and not wrong else None
    file, offset = visible or ("", 0)
    if not by_gtid and not wrong:
        file, offset = visible or _end(connection)
    identity = settings.get("server_uuid") or settings.get("server_id", "")
    gtid = settings.get("gtid_binlog_pos", "") if by_gtid else None
    image = settings.get("binlog_row_image", "FULL").upper()
    return ServerState(Place(identity, gtid, file, offset), visible, tuple(wrong), image)


def gtid_of(connection: sa.Connection, place: tuple[str, int]) -> str:
    asked = sa.text("SELECT BINLOG_GTID_POS(:file, :offset)")
    return str(connection.execute(asked, {"file": place[0], "offset": place[1]}).scalar_one() or "")


def refuse_other_history(now: ServerState, before: Place) -> None:
    if now.place.server != before.server:
        raise HistoryLost("this is another server than the one the cursor speaks of")
    if now.place.is_at_gtid != before.is_at_gtid:
        raise HistoryLost("the cursor counts in another way than the settings ask for")
    if now.place.gtid is not None and before.gtid is not None:
        there = gtid_list(now.place.gtid)
        for domain, (_, number) in gtid_list(before.gtid).items():
            if there.get(domain, (0, -1))[1] < number:
                raise HistoryLost("the server has gone back to a state before the cursor, or its log was reset")
    elif log_order(now.place.file, now.place.offset) < log_order(before.file, before.offset):
        raise HistoryLost("the server has gone back to a state before the cursor, or its log was reset")


def refuse_unfit(now: ServerState) -> None:
    if now.wrong:
        raise SourceUnfit("; ".join(now.wrong))


def log_order(file: str, offset: int) -> tuple[int, str, int]:
    return len(file), file, offset


def _visible(connection: sa.Connection) -> tuple[str, int] | None:
    """MariaDB tells which place of the log belongs to a snapshot: what is before it, every reader sees."""
    connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    try:
        rows: Sequence[tuple[str, str]] = [
            (str(name).lower(), str(value))
            for name, value in connection.exec_driver_sql("SHOW STATUS LIKE 'binlog_snapshot_%%'")
        ]
    finally:
        connection.exec_driver_sql("ROLLBACK")
    found = dict(rows)
    file, offset = found.get("binlog_snapshot_file", ""), found.get("binlog_snapshot_position", "")
    return (file, int(offset)) if file and offset.isdigit() else None


def _end(connection: sa.Connection) -> tuple[str, int]:
    try:
        row = connection.exec_driver_sql("SHOW MASTER STATUS").first()
    except DBAPIError as error:
        if error.orig is None or error.orig.args[0] != 1064:
            raise
        row = connection.exec_driver_sql("SHOW BINARY LOG STATUS").first()  # MySQL 8.4 and later
    return (str(row[0]), int(row[1])) if row is not None else ("", 0)
