"""Oracle and SQL Server, of which no server can be had here: what can be proved without one. The statements are compiled and
looked through; Oracle's are also run on PostgreSQL, which has the same constructs; the real drivers meet sockets."""

import datetime as dt
import re
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import oracledb
import pymssql
import pytest
import sqlalchemy as sa
from oracledb.errors import _Error
from sqlalchemy import exc
from sqlalchemy.dialects import mssql, oracle
from tests.small_simpeg import DIKLAT, FEEDS, KURSUS, Simpeg

from simpeg_sync.domain.change import FeedName, SourceKey, source_key
from simpeg_sync.domain.errors import SourceDown, SourceError, SourceUnfit
from simpeg_sync.mapping.expressions import Column
from simpeg_sync.mapping.feed import Feed, Join
from simpeg_sync.source import connect
from simpeg_sync.source.catalogue import Catalogue, ColumnType
from simpeg_sync.source.log import _image
from simpeg_sync.source.log_ids import IdReader, IdTable
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.selects import Selects
from simpeg_sync.source.settings import Limits, LogSettings
from simpeg_sync.source.transactions import NobodyKnows
from simpeg_sync.source.triggers import install, reading_sql, removal_sql, sql

NEITHER_HAS = r"\bLIMIT\b|\) [<>]=? \(|\bTRUE\b|\bFALSE\b|::|`|\bILIKE\b|\bOFFSET\b"
"""Constructs that Oracle and SQL Server do not have, or that read in another way there."""
LIMITS = Limits(connect_timeout_s=1, statement_timeout_s=2, lock_timeout_s=1)


class Described(Catalogue):
    def __init__(self, tables: Mapping[str, Mapping[str, ColumnType]]) -> None:
        self._tables = tables

    def columns(self, table: str) -> Mapping[str, ColumnType]:
        return self._tables[table]

    def collation_of(self, table: str, column: str) -> str:
        return ""


TABLES: Mapping[str, Mapping[str, Mapping[str, ColumnType]]] = {
    "oracle": {
        "pegawai": {"nip": sa.CHAR(18), "nama": oracle.VARCHAR2(50), "status": oracle.VARCHAR2(2)},
        "rumpun": {"id": sa.INTEGER(), "bkn": oracle.VARCHAR2(20)},
        "jenis": {"kode": oracle.VARCHAR2(10), "bkn": oracle.VARCHAR2(20), "rumpun_id": sa.INTEGER()},
        "kursus": {"id": sa.INTEGER(), "nip": sa.CHAR(18), "jenis": oracle.VARCHAR2(10), "nama": sa.CLOB(), "tgl": oracle.DATE()},
        "diklat": {"nip": sa.CHAR(18), "kode": oracle.BINARY_DOUBLE(), "tmulai": oracle.DATE(), "nama": oracle.NVARCHAR2(100),
                   "penilai": sa.CHAR(18), "atasan": oracle.VARCHAR2(18)},
    },
    "mssql": {
        "pegawai": {"nip": mssql.VARCHAR(18, collation="Latin1_General_CI_AS"), "nama": mssql.NVARCHAR(50),
                    "status": mssql.BIT()},
        "rumpun": {"id": mssql.INTEGER(), "bkn": mssql.UNIQUEIDENTIFIER()},
        "jenis": {"kode": mssql.NVARCHAR(10), "bkn": mssql.VARCHAR(20), "rumpun_id": mssql.INTEGER()},
        "kursus": {"id": mssql.UNIQUEIDENTIFIER(), "nip": mssql.VARCHAR(18), "jenis": mssql.NVARCHAR(10), "nama": mssql.NTEXT(),
                   "tgl": mssql.DATE()},
        "diklat": {"nip": mssql.CHAR(18), "kode": mssql.FLOAT(), "tmulai": mssql.DATETIME(), "nama": mssql.NVARCHAR(100),
                   "penilai": mssql.CHAR(18), "atasan": mssql.VARCHAR(18)},
    },
}  # fmt: skip


def dialect_of(name: str) -> sa.Dialect:
    dialect = connect.dialect(name)
    dialect.server_version_info = (15,) if name == "mssql" else (19,)
    return dialect


def statements(name: str) -> Iterator[sa.Select[Any]]:
    """Every statement that the source edge makes of these feeds."""
    key = source_key(["198501012010012001", "11", "2024-01-31 00:00:00"])
    for feed, its in ((KURSUS, source_key(["1"])), (DIKLAT, key)):
        selects = Selects(feed, Described(TABLES[name]), name)
        yield selects.nothing()
        yield selects.repeated_key(len(feed.joins))
        yield selects.number_of(its, len(feed.joins))
        for after in (None, its):
            yield selects.page_of_keys(after, 100)
            yield selects.page_of_rows(feed.columns, after, its, 100)
            for join in feed.joins:
                yield selects.page_of_partners(join, [{column: "1" for column, _ in join.on}] * 2, after, 100)
        for by_text in (False, True):
            yield selects.rows(feed.columns, [its, its], by_text=by_text)
            yield selects.page_of_matching([{feed.person: "1"}], its, 100, by_text=by_text)
            yield selects.page_of_matching([{"p.nama": "1"}], None, 100, by_text=by_text)


@pytest.mark.parametrize("name", ["oracle", "mssql"])
def test_no_statement_has_a_construct_that_the_engine_does_not_know(name: str) -> None:
    for statement in statements(name):
        text = str(statement.compile(dialect=dialect_of(name), compile_kwargs={"render_postcompile": True}))
        assert not re.search(NEITHER_HAS, text), text
        if name == "oracle":
            assert not re.search(r"\) AS \w|\bTOP\b|\[", text.replace("CAST(", "").partition("FROM")[2]), text
        else:
            assert not re.search(r"\bFETCH\b|\|\||COLLATE|\bto_char\b", text), text


@pytest.mark.parametrize("name", ["oracle", "mssql"])
def test_what_is_ordered_by_is_among_what_is_distinct(name: str) -> None:
    selects = Selects(DIKLAT, Described(TABLES[name]), name)
    text = str(selects.page_of_matching([{"nip": "1"}], None, 10, by_text=False).compile(dialect=dialect_of(name)))
    [order] = re.findall(r"ORDER BY (.+?)(?:\s+FETCH|$)", text, re.S)
    assert all(one.strip() in text.partition("FROM")[0] for one in order.split(","))


def test_a_text_has_the_type_of_its_column_so_that_an_index_can_be_used() -> None:
    selects = Selects(DIKLAT, Described(TABLES["mssql"]), "mssql")
    text = str(
        selects.rows(["nama"], [source_key(["1", "2", "3"])], by_text=False).compile(dialect=dialect_of("mssql"))
    )
    where = text.partition("WHERE")[2]
    assert "own.nip = CAST(" in where and "AS VARCHAR(18))" in where
    assert "own.kode = CAST(" in where and "own.tmulai = convert(DATETIME, " in where
    selects = Selects(DIKLAT, Described(TABLES["oracle"]), "oracle")
    text = str(
        selects.rows(["nama"], [source_key(["1", "2", "3"])], by_text=False).compile(dialect=dialect_of("oracle"))
    )
    where = text.partition("WHERE")[2]
    assert "own.nip = rpad(:k0_0, 18)" in where and "own.kode = CAST(:k0_1 AS NUMBER)" in where
    assert "own.tmulai = to_date(:k0_2, 'YYYY-MM-DD HH24:MI:SS')" in where


def test_names_are_spelled_as_in_oracle_or_in_small_letters() -> None:
    class Normalizing(Catalogue):
        def __init__(self) -> None:
            self._engine = sa.create_mock_engine("oracle+oracledb://", lambda *_: None)  # type: ignore[assignment]

    plain, mixed = sa.sql.quoted_name("no_sk", quote=None), sa.sql.quoted_name("catatan", quote=True)
    found = [{"name": name, "type": sa.CHAR(1)} for name in (plain, mixed, "Nama_Lain")]
    names = {name for name, _ in Normalizing()._spellings(found)}
    assert {"no_sk", "NO_SK", "catatan", "Nama_Lain"} <= names and "CATATAN" not in names
    feed = replace(KURSUS, table="TH_KURSUS", key=("NO_SK",), person="no_sk", joins=(), fields={})
    columns: Mapping[str, ColumnType] = {"no_sk": sa.CHAR(9), "NO_SK": sa.CHAR(9)}
    select = Selects(feed, Described({"TH_KURSUS": columns}), "oracle").page_of_keys(None, 5)
    text = str(select.compile(dialect=dialect_of("oracle")))
    assert '"TH_KURSUS" own' in text and 'own."NO_SK"' in text


# --------------------------------------------------------------------------------- Oracle's statements, run on PostgreSQL

SHIMS = (
    'CREATE TABLE "TH_DIKLAT" ("NIP" CHAR(18), "KODE" NUMERIC(8,2), "TGL" TIMESTAMP, "NAMA" VARCHAR(50))',
    'CREATE TABLE "TM_PEGAWAI" ("NIP" CHAR(18), "NAMA" VARCHAR(50))',
    """CREATE FUNCTION ora_to_char(numeric, text, text) RETURNS text LANGUAGE sql IMMUTABLE
       AS $$ SELECT trim_scale($1)::text $$""",
    """CREATE FUNCTION ora_to_date(text, text) RETURNS timestamp LANGUAGE sql IMMUTABLE
       AS $$ SELECT to_timestamp($1, $2)::timestamp $$""",
)
ON_ORACLE = Feed(
    name=FeedName("diklat"), target="diklat", table="TH_DIKLAT", key=("NIP", "KODE", "TGL"), person="NIP",
    fields={"nama": Column("NAMA"), "orang": Column("p.NAMA")}, joins=(Join("TM_PEGAWAI", "p", (("NIP", "NIP"),)),),
)  # fmt: skip
ORACLE_TYPES: Mapping[str, Mapping[str, ColumnType]] = {
    "TH_DIKLAT": {"NIP": sa.CHAR(18), "KODE": oracle.NUMBER(8, 2), "TGL": oracle.DATE(), "NAMA": oracle.VARCHAR2(50)},  # type: ignore[no-untyped-call]
    "TM_PEGAWAI": {"NIP": sa.CHAR(18), "NAMA": oracle.VARCHAR2(50)},
}


class OnPostgres:
    """Runs what was compiled for Oracle: only functions and a name of a type are put in other words."""

    def __init__(self, pg: Simpeg) -> None:
        pg.run(*SHIMS)
        self.pg = pg
        self.selects = Selects(ON_ORACLE, Described(ORACLE_TYPES), "oracle")

    def ask(self, select: sa.Select[Any]) -> list[tuple[Any, ...]]:
        text = str(select.compile(dialect=dialect_of("oracle"), compile_kwargs={"literal_binds": True}))
        words = {'to_char(own."KODE"': 'ora_to_char(own."KODE"', "to_date(": "ora_to_date(", "NUMBER": "NUMERIC"}
        for theirs, here in words.items():
            text = text.replace(theirs, here)
        return self.pg.ask(text)

    def key(self, row: tuple[Any, ...]) -> SourceKey:
        return source_key(str(part) for part in row[:3])


@pytest.fixture
def as_oracle(pg: Simpeg) -> OnPostgres:
    there = OnPostgres(pg)
    rows = [
        (f"{nip:018d}", Decimal(kode) / 2, dt.datetime(2024, 1, day, hour))
        for nip in (1, 2) for kode in (1, 2, 22) for day in (1, 31) for hour in (0, 13)
    ]  # fmt: skip
    for nip, kode, at in rows:
        pg.run(f"INSERT INTO \"TH_DIKLAT\" VALUES ('{nip}', {kode}, '{at}', 'x')")
    pg.run(f"INSERT INTO \"TM_PEGAWAI\" VALUES ('{1:018d}', 'Ani')")
    return there


@pytest.mark.parametrize("size", [1, 5, 24, 100])
def test_pages_by_three_columns_give_every_row_once(as_oracle: OnPostgres, size: int) -> None:
    found: list[SourceKey] = []
    after: SourceKey | None = None
    while rows := as_oracle.ask(as_oracle.selects.page_of_keys(after, size)):
        found += [as_oracle.key(row) for row in rows]
        after = found[-1]
    assert len(found) == len(set(found)) == 24
    assert f'["{2:018d}","11","2024-01-31 13:00:00"]' in found and f'["{1:018d}","0.5","2024-01-01 00:00:00"]' in found


def test_a_key_finds_its_row_and_a_range_its_rows(as_oracle: OnPostgres) -> None:
    keys = [as_oracle.key(row) for row in as_oracle.ask(as_oracle.selects.page_of_keys(None, 100))]
    for key in keys:
        [row] = as_oracle.ask(as_oracle.selects.rows(["NAMA", "p.NAMA"], [key], by_text=False))
        assert as_oracle.key(row) == key and row[4] == (None if key.startswith('["000000000000000002') else "Ani")
    rows = as_oracle.ask(as_oracle.selects.page_of_rows(["NAMA"], keys[3], keys[17], 100))
    assert [as_oracle.key(row) for row in rows] == keys[4:18]
    [join] = ON_ORACLE.joins
    rows = as_oracle.ask(as_oracle.selects.page_of_partners(join, [{"NIP": f"{1:018d}"}], keys[5], 100))
    assert [as_oracle.key(row) for row in rows] == keys[6:12]


# ------------------------------------------------------------------------------------------------------------ the log

SETTINGS = LogSettings()


class Recorded:
    """An engine that keeps what it would have been asked, and finds nothing."""

    def __init__(self, name: str) -> None:
        self.dialect = dialect_of(name)
        self.asked: list[str] = []

    def connect(self) -> "Recorded":
        return self

    def __enter__(self) -> "Recorded":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: Any) -> Any:
        self.asked.append(str(statement.compile(dialect=self.dialect)))
        return sa.IteratorResult(sa.engine.result.SimpleResultMetaData(["id"]), iter(()))


@pytest.mark.parametrize("name", ["oracle", "mssql"])
def test_the_log_is_read_past_locked_rows_but_its_anchor_is_waited_for(name: str) -> None:
    engine: Any = Recorded(name)
    reader = IdReader(
        engine, IdTable("simpeg_sync_log", "id", ("old_key",)), transactions=NobodyKnows(), clock=time.time,
        gap_limit_s=1.0, gaps_max=10,
    )  # fmt: skip
    reader.take(reader.end(), limit=10)
    ids, anchor, rows = engine.asked
    assert not any(re.search(NEITHER_HAS, text) for text in engine.asked)
    assert [("READPAST" in text) for text in (ids, anchor, rows)] == [name == "mssql", False, name == "mssql"]


def test_names_of_triggers_fit_into_oracle_before_12_2() -> None:
    script = sql("oracle", FEEDS, SETTINGS)
    names = re.findall(r"CREATE OR REPLACE TRIGGER (\S+)", script)
    assert len(names) == len(set(names)) == 5 and all(len(name) <= 30 for name in names)


def test_an_oracle_trigger_names_the_log_in_dynamic_sql_alone_and_is_enabled_after_it_has_compiled() -> None:
    script = sql("oracle", [KURSUS], SETTINGS)
    for trigger in re.findall(r"CREATE OR REPLACE TRIGGER .+?^/$", script, re.S | re.M):
        static = re.sub(r"EXECUTE IMMEDIATE '(?:[^']|'')*'", "", trigger)
        assert "simpeg_sync_log" not in static and "\nDISABLE\n" in trigger
        assert "WHEN OTHERS THEN" in trigger
    assert script.count("status = 'VALID'") == script.count("DISABLE\n") == 4
    assert "GRANT READ ON kursus TO simpeg_sync;" in script


def test_an_sql_server_trigger_does_not_doom_the_transaction_by_itself_and_leaves_identities_alone() -> None:
    script = sql("mssql", [KURSUS], SETTINGS)
    assert script.count("SET XACT_ABORT OFF") == script.count("BEGIN TRY") == script.count("BEGIN CATCH") == 4
    assert "IDENTITY" not in script and "NEXT VALUE FOR dbo.simpeg_sync_log_ids" in script
    for batch in script.split("\nGO"):
        assert batch.count("TRIGGER dbo.") <= 1
    assert "GRANT SELECT ON dbo.kursus TO simpeg_sync" in script


def test_other_schemas_want_the_log_with_its_schema_on_oracle() -> None:
    with pytest.raises(SourceUnfit, match="as `schema.table`"):
        sql("oracle", [replace(KURSUS, table="simpeg.kursus")], SETTINGS)
    script = sql("oracle", [replace(KURSUS, table="simpeg.kursus")], LogSettings(table="simpeg.simpeg_sync_log"))
    assert "owner = 'SIMPEG'" in script


def test_control_characters_in_a_key_are_read() -> None:
    assert _image('{"nomor":"1\t2\n3"}') == {"nomor": "1\t2\n3"}


@pytest.mark.parametrize("name", ["oracle", "mssql"])
def test_what_takes_the_log_away_drops_triggers_first_and_only_ours(name: str) -> None:
    script = removal_sql(name, SETTINGS)
    assert script.index("DROP TRIGGER") < script.index("DROP TABLE") < script.index("DROP SEQUENCE")
    assert re.search(r"LIKE N?'simpeg!_sync!_8884!_%' ESCAPE", script, re.I)
    with pytest.raises(SourceUnfit, match="source remove"):
        removal_sql("mariadb", SETTINGS)


@pytest.mark.parametrize("name", ["oracle+oracledb", "mssql+pymssql"])
def test_nothing_is_installed_by_us_where_nothing_was_tried(name: str) -> None:
    engine: Any = Recorded(name.partition("+")[0])
    with pytest.raises(SourceUnfit, match="source sql"):
        install(engine, FEEDS, SETTINGS)


def test_reading_rights_stand_alone() -> None:
    assert reading_sql("oracle", [DIKLAT], SETTINGS, more=["log_mutasi"]).splitlines()[1:] == [
        "GRANT CREATE SESSION TO simpeg_sync;", "GRANT READ ON diklat TO simpeg_sync;",
        "GRANT READ ON pegawai TO simpeg_sync;", "GRANT READ ON log_mutasi TO simpeg_sync;",
    ]  # fmt: skip
    assert "simpeg_sync_log" not in reading_sql("postgresql", FEEDS, SETTINGS) + reading_sql("mariadb", FEEDS, SETTINGS)


# ---------------------------------------------------------------------------------------------------------- the drivers


def oracle_error(code: int, text: str = "values and a password") -> exc.DBAPIError:
    number = f"ORA-{code:05d}"
    said = _Error(f"{number}: {text}", code=code)
    said.full_code = number
    return exc.DatabaseError("SELECT 1", {}, oracledb.DatabaseError(said))


def mssql_error(code: int, *, nested: bool = False) -> exc.DBAPIError:
    said: Any = (code, b"values and a password")
    return exc.DatabaseError(
        "SELECT 1", {}, pymssql.OperationalError(said) if nested else pymssql.OperationalError(*said)
    )


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (oracle_error(1017), SourceUnfit, "password is refused"),
        (oracle_error(28000), SourceUnfit, "password is refused"),
        (oracle_error(942), SourceUnfit, "table does not exist"),
        (oracle_error(904), SourceUnfit, "column does not exist"),
        (oracle_error(1031), SourceUnfit, "lacks a right"),
        (oracle_error(54), SourceDown, "locked by somebody"),
        (oracle_error(1555), SourceDown, "ended the transaction"),
        (oracle_error(12514), SourceDown, "knows no such service"),
        (oracle_error(3113), SourceDown, "not reachable"),
        (oracle_error(12541), SourceDown, "not reachable"),
        (oracle_error(1722), SourceUnfit, "none of its column's type"),
        (oracle_error(933), SourceUnfit, "does not understand"),
        (oracle_error(7445), SourceDown, "does not answer as it should"),
        (mssql_error(18456), SourceUnfit, "password is refused"),
        (mssql_error(4060), SourceUnfit, "database does not exist"),
        (mssql_error(208), SourceUnfit, "table does not exist"),
        (mssql_error(207, nested=True), SourceUnfit, "column does not exist"),
        (mssql_error(229), SourceUnfit, "lacks a right"),
        (mssql_error(1222), SourceDown, "locked by somebody"),
        (mssql_error(1205), SourceDown, "ended the transaction"),
        (mssql_error(20003), SourceDown, "took too long"),
        (mssql_error(20009, nested=True), SourceDown, "not reachable"),
        (mssql_error(102), SourceUnfit, "does not understand"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_drivers_error_becomes_a_sentence_without_its_text(
    error: exc.DBAPIError, kind: type[SourceError], words: str
) -> None:
    with pytest.raises(kind, match=words) as told, connect.translated("read feed kursus"):
        raise error
    assert "password and" not in str(told.value) and "values" not in str(told.value)


def test_a_text_that_is_no_value_of_the_type_is_known() -> None:
    assert connect.is_no_value(oracle_error(1722)) and connect.is_no_value(oracle_error(1861))
    assert connect.is_no_value(mssql_error(245)) and connect.is_no_value(mssql_error(8169))
    assert not connect.is_no_value(oracle_error(942)) and not connect.is_no_value(mssql_error(1205))


URLS = {"oracle": "oracle://u:p@127.0.0.1:{port}/?service_name=simpeg", "mssql": "mssql://u:p@127.0.0.1:{port}/simpeg"}


@pytest.mark.parametrize("name", ["oracle", "mssql"])
def test_nobody_at_the_address_is_a_source_that_is_down(name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        source = SqlSource(connect.open_reading(URLS[name].format(port=taken.getsockname()[1]), LIMITS))
        with pytest.raises(SourceDown, match="not reachable"):
            source.check(KURSUS)


@pytest.mark.parametrize("name", ["oracle", "mssql"])
def test_a_silent_server_is_not_waited_for_longer_than_the_limit(name: str) -> None:
    """Twice: of the first try something may still hang."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = SqlSource(connect.open_reading(URLS[name].format(port=silent.getsockname()[1]), LIMITS))
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(SourceDown, match="not reachable"):
                source.check(KURSUS)
            assert time.monotonic() - began < 6 * LIMITS.connect_timeout_s


class Session:
    """What the driver's connection is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.autocommitted: object = None

    def cursor(self) -> "Session":
        return self

    def execute(self, statement: str, *_: object) -> None:
        self.said.append(statement)

    def close(self) -> None: ...

    def rollback(self) -> None: ...


class OracleSession(Session):
    autocommit = False
    call_timeout = 0
    outputtypehandler: object = None


class MsSqlSession(Session):
    def autocommit(self, on: bool) -> None:
        self.autocommitted = on


@pytest.mark.parametrize("name", ["oracle", "mssql"])
def test_a_session_commits_each_statement_has_its_limits_and_texts_of_its_own(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session: Any = OracleSession() if name == "oracle" else MsSqlSession()
    asked: dict[str, Any] = {}

    def opened(**arguments: Any) -> Any:
        asked.update(arguments)
        return session

    monkeypatch.setattr(oracledb if name == "oracle" else pymssql, "connect", opened)
    engine = connect.open_reading(URLS[name].format(port=1), LIMITS)
    monkeypatch.setattr(engine.dialect, "initialize", lambda connection: None)
    engine.raw_connection().close()
    said = " ".join(session.said)
    if name == "oracle":
        assert session.autocommit is True and session.call_timeout == 2000
        assert asked["tcp_connect_timeout"] == 1.0 and "(SERVICE_NAME=simpeg)" in asked["dsn"]
        assert "NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS'" in said and "NLS_COMP = BINARY" in said
    else:
        assert session.autocommitted is True and (asked["login_timeout"], asked["timeout"]) == (1, 2)
        assert "SET LOCK_TIMEOUT 1000" in said and "SET DEADLOCK_PRIORITY LOW" in said


def test_a_driver_that_is_not_installed_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "oracledb", None)
    with pytest.raises(SourceUnfit, match=r"pip install 'simpeg-sync\[oracle\]'"):
        connect.open_reading("oracle://u:p@127.0.0.1/?service_name=x", LIMITS)


def test_a_database_that_nobody_knows_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceUnfit, match="'dbase' is no database that is known; known: postgresql"):
        connect.dialect("dbase")
