"""Fault matrix rows 3 to 8 and 15 for the modes `table` and `scan`: restarts, silence, lost rights, altered tables."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa
from tests.servers import MariaDbServer, PostgresServer, Server
from tests.small_simpeg import FEEDS, LIMITS, Simpeg, add_kursus, kursus

from simpeg_sync.clock import Clock
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import SourceDown, SourceUnfit
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.ports import Capture, ChangeBatch
from simpeg_sync.source.connect import open_reading
from simpeg_sync.source.scan import ScanCapture
from simpeg_sync.source.settings import ChangeTable, Limits, Scan
from simpeg_sync.source.table import TableCapture

LOG = ChangeTable(table="jejak", id="nomor", table_column="tabel", key_column="kunci")
IDS = {"postgresql": "SERIAL", "mariadb": "INT AUTO_INCREMENT"}
READER = "baca"


class Case:
    """One mode on one server, seen only through ports.Capture."""

    def __init__(self, server: Server, mode: str, ledger_file: Path) -> None:
        self.server, self.mode = server, mode
        self.simpeg = Simpeg(server.create_database())
        self.simpeg.run(
            f"CREATE TABLE jejak (nomor {IDS[self.simpeg.dialect]} PRIMARY KEY, tabel VARCHAR(40), kunci VARCHAR(80))",
            *(add_kursus(id_) for id_ in range(1, 31)),
        )
        self.engine = open_engine(f"sqlite:///{ledger_file}", create=True)
        schema.upgrade(self.engine)
        self.ledger = SqlLedger(self.engine, Clock(), owner="test", pauses=Pauses())
        self.now = 0.0
        self.cursor = ""
        self.marked: set[tuple[str, str]] = set()
        self.unfit: set[FeedName] = set()

    def capture(self, engine: sa.Engine | None = None) -> Capture:
        engine = engine or self.simpeg.reading
        if self.mode == "table":
            return TableCapture(engine, FEEDS, LOG)
        return ScanCapture(engine, FEEDS, self.ledger, Scan(60.0, 1e9), clock=lambda: self.now)

    def edit(self, id_: int) -> None:
        """A change of SIMPEG, after whatever happened to its connections; it logs what it does."""
        self.simpeg.application.dispose()
        self.simpeg.run(
            f"UPDATE kursus SET nama = CONCAT(nama, '.') WHERE id = {id_}",
            f"INSERT INTO jejak (tabel, kunci) VALUES ('kursus', '{id_}')",
        )

    def begin(self, capture: Capture) -> None:
        self.cursor = capture.start()
        self.look(capture)

    def look(self, capture: Capture) -> set[tuple[str, str]]:
        self.now += 3600.0
        found: set[tuple[str, str]] = set()
        for _ in range(100):
            batch = capture.changes(self.cursor, limit=10)
            self.take(batch)
            found |= {(change.feed, change.key) for change in batch.changes}
            if not batch.more:
                return found
        raise AssertionError("no end")

    def take(self, batch: ChangeBatch) -> None:
        self.ledger.take_changes(batch.changes, {}, cursor=("test", batch.cursor), seen=batch.seen)
        self.cursor = batch.cursor
        self.unfit |= set(batch.unfit)


@pytest.fixture(params=["table", "scan"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["postgres", "mariadb"])
def case(request: pytest.FixtureRequest, mode: str, tmp_path: Path) -> Iterator[Case]:
    case = Case(request.getfixturevalue(request.param), mode, tmp_path / "ledger.db")
    yield case
    case.simpeg.close()
    case.ledger.close()


def test_a_restart_of_the_server_leaves_the_cursor_and_loses_nothing(case: Case) -> None:
    capture = case.capture()
    case.begin(capture)
    case.edit(3)
    case.now += 3600.0
    case.server.kill()
    before = case.cursor
    try:
        for _ in range(2):
            with pytest.raises(SourceDown, match="not reachable"):
                case.look(capture)
    finally:
        case.server.start()
    assert case.cursor == before
    case.edit(4)
    assert case.look(capture) == kursus(3, 4)


def test_a_silent_server_is_given_up_and_asked_again(case: Case) -> None:
    engine = open_reading(case.simpeg.url, replace(LIMITS, connect_timeout_s=2, statement_timeout_s=1))
    capture = case.capture(engine)
    case.begin(capture)
    case.edit(3)
    engine.dispose()  # libpq waits for a session that is there as long as its kernel answers; only connecting has a limit
    with case.server.paused(), pytest.raises(SourceDown):
        case.look(capture)
    assert case.look(capture) == kursus(3)
    engine.dispose()


def test_a_statement_that_takes_too_long_ends(case: Case) -> None:
    """Fault 15: somebody holds the table so that our SELECT waits."""
    engine = open_reading(case.simpeg.url, Limits(3, 2, 1, 2))
    capture = case.capture(engine)
    case.begin(capture)
    name = {"table": "jejak", "scan": "kursus"}[case.mode]
    lock = {"postgresql": f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE", "mariadb": f"LOCK TABLES {name} WRITE"}
    case.edit(3)
    with case.simpeg.application.connect() as dba:
        dba.exec_driver_sql(lock[case.simpeg.dialect])
        with pytest.raises(SourceDown, match="locked by somebody else|took too long"):
            case.look(capture)
        if case.simpeg.dialect == "mariadb":
            dba.exec_driver_sql("UNLOCK TABLES")
    assert case.look(capture) == kursus(3)
    engine.dispose()


def test_simpeg_can_alter_its_tables_while_we_look(case: Case) -> None:
    """Fault 6: nothing of ours stays open between two pages."""
    capture, end = case.capture(), Event()
    case.begin(capture)

    def poll() -> int:
        looks = 0
        while not end.is_set():
            case.look(capture)
            looks += 1
        return looks

    wait = "SET lock_timeout = '2s'" if case.simpeg.dialect == "postgresql" else "SET lock_wait_timeout = 2"
    with ThreadPoolExecutor(1) as pool:
        looks = pool.submit(poll)
        try:
            for number in range(5):
                case.simpeg.run(wait, f"ALTER TABLE kursus ADD COLUMN x{number} INTEGER")
                case.simpeg.run(wait, f"ALTER TABLE jejak ADD COLUMN x{number} INTEGER")
        finally:
            end.set()
        assert looks.result(30) > 0


def test_a_right_that_is_taken_away_is_named_and_only_its_table_stops(case: Case) -> None:
    """Fault 7. The account of the daemon, not the owner."""
    url = _account(case, "SELECT")
    engine = open_reading(url, LIMITS)
    capture = case.capture(engine)
    case.begin(capture)
    name = {"table": "jejak", "scan": "diklat"}[case.mode]
    _revoke(case, name)
    engine.dispose()
    case.edit(3)
    if case.mode == "table":
        with pytest.raises(SourceUnfit, match="lacks a right|does not exist or the account may not see it|hidden"):
            case.look(capture)
        assert not case.unfit
    else:
        assert case.look(capture) == kursus(3)
        assert case.unfit == {"diklat"}
    engine.dispose()


def _account(case: Case, right: str) -> str:
    database = str(sa.make_url(case.simpeg.url).database)
    account = f"{READER}_{database}"[:32]
    tables = ("pegawai", "rumpun", "jenis", "kursus", "diklat", "jejak")
    with case.server.connect(database) as connection:
        cursor = connection.cursor()
        if isinstance(case.server, PostgresServer):
            cursor.execute(f"CREATE ROLE {account} LOGIN PASSWORD 'rahasia'")
            for table in tables:
                cursor.execute(f"GRANT {right} ON {table} TO {account}")
        else:
            cursor.execute(f"CREATE USER {account}@'127.0.0.1' IDENTIFIED BY 'rahasia'")
            for table in tables:
                cursor.execute(f"GRANT {right} ON {database}.{table} TO {account}@'127.0.0.1'")
    return case.server.url(database, user=account, password="rahasia")


def _revoke(case: Case, table: str) -> None:
    database = str(sa.make_url(case.simpeg.url).database)
    account = f"{READER}_{database}"[:32]
    with case.server.connect(database) as connection:
        host = "@'127.0.0.1'" if isinstance(case.server, MariaDbServer) else ""
        name = f"{database}.{table}" if isinstance(case.server, MariaDbServer) else table
        connection.cursor().execute(f"REVOKE SELECT ON {name} FROM {account}{host}")
