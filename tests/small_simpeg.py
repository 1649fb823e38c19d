"""A small SIMPEG, the same on every engine: courses of employees, their kind, and the family of the kind."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from simpeg_sync.domain.change import FeedName, SourceKey, source_key
from simpeg_sync.mapping.expressions import Column
from simpeg_sync.mapping.feed import Feed, Join
from simpeg_sync.source.connect import DRIVERS, open_reading, open_writing
from simpeg_sync.source.log import LogCapture
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.settings import Limits, LogSettings
from simpeg_sync.source.triggers import install

ANI = "198501012010012001"
BUDI = "197903152005011002"
LIMITS = Limits(connect_timeout_s=3, statement_timeout_s=10, lock_timeout_s=2)

SCHEMA = (
    "CREATE TABLE pegawai (nip VARCHAR(18) PRIMARY KEY, nama VARCHAR(50), status VARCHAR(2))",
    "CREATE TABLE rumpun (id INTEGER PRIMARY KEY, bkn VARCHAR(20))",
    "CREATE TABLE jenis (kode VARCHAR(10) PRIMARY KEY, bkn VARCHAR(20), rumpun_id INTEGER)",
    """CREATE TABLE kursus (
        id INTEGER PRIMARY KEY, nip VARCHAR(18), jenis VARCHAR(10), nama VARCHAR(100), tgl DATE)""",
    """CREATE TABLE diklat (
        nip VARCHAR(18), kode DOUBLE PRECISION, tmulai DATE, nama VARCHAR(100), penilai VARCHAR(18),
        atasan VARCHAR(18), PRIMARY KEY (nip, kode, tmulai))""",
    f"INSERT INTO pegawai VALUES ('{ANI}', 'Ani', '1'), ('{BUDI}', 'Budi', '1')",
    "INSERT INTO rumpun VALUES (1, 'R1'), (2, 'R2')",
    "INSERT INTO jenis VALUES ('T', 'BKN-T', 1), ('F', 'BKN-F', 2)",
)

KURSUS = Feed(
    name=FeedName("kursus"), target="kursus", table="kursus", key=("id",), person="nip",
    fields={
        "namaKursus": Column("nama"), "tanggalKursus": Column("tgl"), "jenis": Column("j.bkn"),
        "rumpun": Column("r.bkn"), "status": Column("p.status"),
    },
    joins=(
        Join("pegawai", "p", (("nip", "nip"),)),
        Join("jenis", "j", (("kode", "jenis"),)),
        Join("rumpun", "r", (("id", "j.rumpun_id"),)),
    ),
)  # fmt: skip

DIKLAT = Feed(
    name=FeedName("diklat"), target="diklat", table="diklat", key=("nip", "kode", "tmulai"), person="nip",
    fields={"nama": Column("nama"), "penilai": Column("p.nama"), "atasan": Column("a.nama")},
    joins=(Join("pegawai", "p", (("nip", "penilai"),)), Join("pegawai", "a", (("nip", "atasan"),))),
)  # fmt: skip

FEEDS = (KURSUS, DIKLAT)


class Simpeg:
    """The database as its owner sees it, and our side of it."""

    def __init__(self, url: str, feeds: Sequence[Feed] = FEEDS, schema: Sequence[str] = SCHEMA) -> None:
        self.url = url
        self.feeds = feeds
        self.opened: list[sa.Connection] = []
        parsed = sa.make_url(url)
        if parsed.database and parsed.get_backend_name() == "sqlite":
            sqlite3.connect(parsed.database).close()
        parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
        # Without parameters a driver leaves percent signs alone.
        self.application = sa.create_engine(parsed, pool_size=10, execution_options={"no_parameters": True})
        self.dialect = "mariadb" if self.application.dialect.name == "mysql" else self.application.dialect.name
        self.reading, self.writing = open_reading(url, LIMITS), open_writing(url, LIMITS)
        self.run(*schema)

    def run(self, *statements: str) -> None:
        """One transaction of the application."""
        with self.application.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with self.application.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def writer(self) -> sa.Connection:
        """A connection of the application that ends with the test, whatever happens."""
        self.opened.append(self.application.connect())
        return self.opened[-1]

    def install(self, settings: LogSettings | None = None) -> None:
        assert install(self.writing, self.feeds, settings or LogSettings()).is_complete

    def source(self) -> SqlSource:
        return SqlSource(self.reading)

    def capture(self, settings: LogSettings | None = None, **more: Any) -> LogCapture:
        return LogCapture(self.reading, self.writing, self.feeds, settings or LogSettings(), **more)

    def close(self) -> None:
        """Also what a failed test left open: an open transaction would be seen by the next test's proofs."""
        for connection in self.opened:
            connection.invalidate()
            connection.close()
        for engine in (self.application, self.reading, self.writing):
            engine.dispose()


class Follower:
    """Follows the log from where it stands, as the daemon does; every look has its bound."""

    def __init__(self, simpeg: Simpeg, settings: LogSettings | None = None, **more: Any) -> None:
        self.capture = simpeg.capture(settings, **more)
        self.cursor = self.capture.start()
        self.sweep: set[str] = set()

    def look(self, *, limit: int = 1000) -> set[tuple[str, SourceKey]]:
        found: set[tuple[str, SourceKey]] = set()
        for _ in range(500):
            batch = self.capture.changes(self.cursor, limit=limit)
            self.cursor = batch.cursor
            self.sweep |= set(batch.sweep)
            found |= {(str(change.feed), change.key) for change in batch.changes}
            if not batch.more:
                return found
        raise AssertionError("the log has no end")


def kursus(*ids: int) -> set[tuple[str, SourceKey]]:
    return {("kursus", source_key([str(id_)])) for id_ in ids}


def add_kursus(id_: int, nip: str = ANI, jenis: str = "T") -> str:
    return f"INSERT INTO kursus VALUES ({id_}, '{nip}', '{jenis}', 'Kursus {id_}', '2024-01-31')"


@pytest.fixture
def simpeg(any_source: str) -> Iterator[Simpeg]:
    simpeg = Simpeg(any_source)
    yield simpeg
    simpeg.close()


@pytest.fixture
def pg(postgres: Any) -> Iterator[Simpeg]:
    simpeg = Simpeg(postgres.create_database())
    yield simpeg
    simpeg.close()


@pytest.fixture
def maria(mariadb: Any) -> Iterator[Simpeg]:
    simpeg = Simpeg(mariadb.create_database())
    yield simpeg
    simpeg.close()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Simpeg]:
    simpeg = Simpeg(f"sqlite:///{tmp_path}/lite.db")
    yield simpeg
    simpeg.close()


@pytest.fixture(params=["postgresql", "mariadb"])
def served(request: pytest.FixtureRequest) -> Iterator[Simpeg]:
    """Engines with several writers at once."""
    server = request.getfixturevalue("postgres" if request.param == "postgresql" else "mariadb")
    simpeg = Simpeg(server.create_database())
    yield simpeg
    simpeg.close()
