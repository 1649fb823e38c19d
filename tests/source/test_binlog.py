"""Capture mode `binlog` on a real MariaDB, by GTID and by file and offset: every commit is told, and what cannot be is swept."""

import builtins
import json
import random
import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from tests.servers import MariaDbServer
from tests.small_simpeg import ANI, BUDI, DIKLAT, KURSUS, LIMITS, Simpeg, add_kursus, kursus
from tests.source.following import Following

from simpeg_sync.domain.change import FeedName, key_parts, source_key
from simpeg_sync.domain.errors import HistoryLost, SourceDown, SourceUnfit
from simpeg_sync.mapping.feed import DocumentRows, DocumentRule, Feed, Join
from simpeg_sync.source import binlog_sql
from simpeg_sync.source.binlog import BinlogCapture
from simpeg_sync.source.connect import open_reading
from simpeg_sync.source.stream_settings import BinlogSettings

DIKLAT_ROW = f"INSERT INTO diklat VALUES ('{ANI}', 11.5, '2024-02-01', 'PKA', '{BUDI}', '{ANI}')"
LAIN = Feed(name=FeedName("lain"), target="lain", table="lain", key=("id",), person="nip", fields={})
BULK = "INSERT INTO kursus SELECT seq, 'x', 'T', REPEAT('n', 80), '2024-01-31' FROM seq_1000_to_50999"


class Binlog:
    """A small SIMPEG and our readers of its server's log."""

    def __init__(self, simpeg: Simpeg, *, uses_gtid: bool) -> None:
        self.simpeg = simpeg
        self.settings = BinlogSettings(uses_gtid=uses_gtid)
        self.captures: list[BinlogCapture] = []

    def capture(self, **more: Any) -> BinlogCapture:
        self.captures.append(BinlogCapture(self.simpeg.reading, self.simpeg.feeds, replace(self.settings, **more)))
        return self.captures[-1]

    def follow(self, **more: Any) -> Following:
        return Following(self.capture(**more))

    def close(self) -> None:
        for capture in self.captures:
            capture.close()


@pytest.fixture(params=["gtid", "file"])
def binlog(maria: Simpeg, request: pytest.FixtureRequest) -> Iterator[Binlog]:
    maria.run(add_kursus(1), add_kursus(2, jenis="F"), DIKLAT_ROW)
    binlog = Binlog(maria, uses_gtid=request.param == "gtid")
    yield binlog
    binlog.close()


@pytest.fixture
def following(binlog: Binlog) -> Following:
    return binlog.follow()


def diklat(nip: str, kode: str, tmulai: str) -> tuple[str, str]:
    return ("diklat", source_key([nip, kode, tmulai]))


def lain(*ids: str) -> set[tuple[str, str]]:
    return {("lain", source_key([id_])) for id_ in ids}


def test_insert_update_delete_and_a_changed_key(binlog: Binlog, following: Following) -> None:
    assert following.look() == set()
    binlog.simpeg.run(add_kursus(3))
    assert following.look() == kursus(3)
    binlog.simpeg.run("UPDATE kursus SET nama = 'x' WHERE id = 3")
    assert following.look() == kursus(3)
    binlog.simpeg.run("UPDATE kursus SET id = 9 WHERE id = 3")
    assert following.look() == kursus(3, 9)
    binlog.simpeg.run("REPLACE INTO kursus VALUES (9, 'x', 'T', 'y', NULL)")
    assert following.look() == kursus(9)
    binlog.simpeg.run("DELETE FROM kursus WHERE id = 9")
    assert following.look() == kursus(9)
    assert following.look() == set()
    assert following.sweep == set()


def test_a_composite_key_with_a_date_and_a_float_finds_its_row(binlog: Binlog, following: Following) -> None:
    binlog.simpeg.run("UPDATE diklat SET nama = 'PKN'", "UPDATE diklat SET tmulai = '2024-03-01', kode = 1e20")
    assert following.look() == {diklat(ANI, "11.5", "2024-02-01"), diklat(ANI, "1e20", "2024-03-01")}
    key = source_key([ANI, "1e20", "2024-03-01"])
    assert list(binlog.simpeg.source().read(DIKLAT, [key])) == [key]


def test_a_joined_row_leads_back_to_the_feeds(binlog: Binlog, following: Following) -> None:
    binlog.simpeg.run("UPDATE rumpun SET bkn = 'x' WHERE id = 2")
    assert following.look() == kursus(2)
    binlog.simpeg.run(f"UPDATE pegawai SET status = '9' WHERE nip = '{ANI}'")
    assert following.look() == kursus(1, 2) | {diklat(ANI, "11.5", "2024-02-01")}
    binlog.simpeg.run("UPDATE jenis SET kode = 'X' WHERE kode = 'T'")
    assert following.look() == kursus(1)


CONTENT = "UNHEX(REPEAT('61', 100000))"


def test_a_certificate_that_changes_in_a_table_of_its_own_marks_its_record(binlog: Binlog) -> None:
    simpeg = binlog.simpeg
    simpeg.run(
        "CREATE TABLE isi (id_kursus INTEGER, halaman INTEGER, jenis VARCHAR(9), isi LONGBLOB, "
        "PRIMARY KEY (id_kursus, halaman))",
        f"INSERT INTO isi VALUES (1, 1, 'SK', {CONTENT}), (2, 1, 'SK', NULL), (2, 2, 'FOTO', NULL)",
    )
    rows = DocumentRows(Join("isi", "i", (("id_kursus", "id"),), (("jenis", "SK"),)), order=("i.halaman",))
    simpeg.feeds = (replace(KURSUS, documents=(DocumentRule(content="i.isi", rows=rows),)),)
    following = binlog.follow()
    simpeg.run(f"UPDATE isi SET isi = {CONTENT.replace('61', '62')} WHERE id_kursus = 1")
    assert following.look() == kursus(1)
    simpeg.run("INSERT INTO isi VALUES (1, 2, 'FOTO', NULL)", "INSERT INTO isi VALUES (2, 3, 'SK', NULL)")
    assert following.look() == kursus(2)
    simpeg.run("DELETE FROM isi WHERE id_kursus = 1 AND jenis = 'SK'")
    assert following.look() == kursus(1)


def test_a_change_that_touches_too_much_asks_for_a_sweep(binlog: Binlog) -> None:
    binlog.simpeg.run(*(add_kursus(id_) for id_ in range(10, 40)))
    following = binlog.follow(fanout_max=10)
    binlog.simpeg.run("UPDATE jenis SET bkn = 'NEW' WHERE kode = 'T'")
    assert following.look() == set()
    assert following.sweep == {"kursus"}


def test_rollback_savepoints_and_the_order_of_commits(binlog: Binlog, following: Following) -> None:
    first, second = binlog.simpeg.writer(), binlog.simpeg.writer()
    first.exec_driver_sql(add_kursus(3))
    inner = first.begin_nested()
    first.exec_driver_sql(add_kursus(4))
    inner.rollback()
    second.exec_driver_sql(add_kursus(5))
    binlog.simpeg.run(add_kursus(6))
    assert following.look() == kursus(6)
    second.commit()
    assert following.look() == kursus(5)
    third = binlog.simpeg.writer()
    third.exec_driver_sql(add_kursus(7))
    third.rollback()
    assert following.look() == set()
    first.commit()
    assert following.look() == kursus(3)
    assert following.sweep == set()


def test_what_was_open_at_the_start_comes(binlog: Binlog) -> None:
    slow = binlog.simpeg.writer()
    slow.exec_driver_sql(add_kursus(3))
    following = binlog.follow()
    slow.commit()
    assert following.look() == kursus(3)


def test_a_transaction_committed_in_two_steps_is_swept(binlog: Binlog, following: Following) -> None:
    with binlog.simpeg.application.connect().execution_options(isolation_level="AUTOCOMMIT") as writer:
        for statement in ("XA START 'a'", add_kursus(3), "XA END 'a'", "XA PREPARE 'a'"):
            writer.exec_driver_sql(statement)
        following.look()
        writer.exec_driver_sql("XA COMMIT 'a'")
    following.look()
    assert following.sweep == {"kursus", "diklat"}


@pytest.mark.parametrize(
    ("statements", "swept"),
    [
        (["TRUNCATE TABLE diklat"], {"diklat"}),
        (["RENAME TABLE diklat TO x", "RENAME TABLE x TO diklat"], {"diklat"}),
        (["ALTER TABLE `diklat` ADD COLUMN baru INT FIRST", "UPDATE diklat SET baru = 1"], {"diklat"}),
        (["SET SESSION binlog_format = 'STATEMENT'", "DELETE FROM diklat", "SET SESSION binlog_format = 'ROW'"], {"diklat"}),
        (["CREATE TABLE asing (t TEXT)", "INSERT INTO asing VALUES ('TRUNCATE diklat')", "DROP TABLE asing"], set()),
        (["ANALYZE TABLE diklat", "OPTIMIZE TABLE diklat"], set()),
    ],
)  # fmt: skip
def test_statements_that_change_a_table_sweep_its_feeds(
    binlog: Binlog, following: Following, statements: list[str], swept: set[str]
) -> None:
    with binlog.simpeg.application.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
            connection.commit()
    following.look()
    assert following.sweep == swept
    assert following.look() == set()


TYPES = {
    "kecil": ("TINYINT UNSIGNED", "200", "200"), "besar": ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615"),
    "minus": ("MEDIUMINT", "-8388608", "-8388608"), "isi_nol": ("INT(6) UNSIGNED ZEROFILL", "42", "000042"),
    "angka": ("DECIMAL(20,4)", "-1234567890.5", "-1234567890.5000"), "bulat": ("DECIMAL(5,0)", "7", "7"),
    "ganda": ("DOUBLE", "0.1", "0.1"), "tgl": ("DATE", "'0900-01-02'", "0900-01-02"),
    "saat": ("DATETIME", "'2024-01-31 07:08:09'", "2024-01-31 07:08:09"),
    "saat3": ("DATETIME(3)", "'2024-01-31 07:08:09.5'", "2024-01-31 07:08:09.500"), "thn": ("YEAR", "0", "0000"),
    "nama": ("VARCHAR(20) CHARACTER SET latin1", "'caf\u00e9 \u20ac'", "caf\u00e9 \u20ac"),
    "kode": ("CHAR(5)", "'a'''", "a'"), "utf": ("VARCHAR(20) CHARACTER SET utf8mb4", "'\U0001f600'", "\U0001f600"),
    "lebar": ("VARCHAR(20) CHARACTER SET ucs2", "'\u0416'", "\u0416"),
    "jenis": ("ENUM('a','b''c','\u00e9') CHARACTER SET latin1", "'b''c'", "b'c"),
    "enam": ("ENUM('a','b')", "''", ""),
}  # fmt: skip


@pytest.mark.parametrize("column", TYPES)
def test_a_key_is_the_text_that_the_server_writes(binlog: Binlog, column: str) -> None:
    its, value, text = TYPES[column]
    feed = replace(LAIN, key=(column,))
    binlog.simpeg.feeds = (feed,)
    binlog.simpeg.run(f"CREATE TABLE lain (nip TEXT, {column} {its} NOT NULL, foto BLOB, PRIMARY KEY ({column}))")
    following = binlog.follow()
    binlog.simpeg.run("SET sql_mode = ''", f"INSERT INTO lain VALUES ('x', {value}, x'ff00')")
    assert following.look() == lain(text)
    assert list(binlog.simpeg.source().read(feed, [source_key([text])])) == [source_key([text])]
    assert following.sweep == set()


@pytest.mark.parametrize("seed", range(2))
def test_the_text_of_a_double_is_the_servers(binlog: Binlog, seed: int) -> None:
    chance = random.Random(seed)
    numbers = [chance.uniform(-1, 1) * 10 ** chance.randint(-20, 20) for _ in range(50)]
    feed = replace(LAIN, key=("angka",))
    binlog.simpeg.feeds = (feed,)
    binlog.simpeg.run("CREATE TABLE lain (angka DOUBLE PRIMARY KEY, nip TEXT)")
    following = binlog.follow()
    binlog.simpeg.run(*(f"INSERT INTO lain VALUES ({number!r}, '')" for number in numbers))
    told = {key for _, key in following.look()}
    assert told == {source_key([text]) for (text,) in binlog.simpeg.ask("SELECT CAST(angka AS CHAR) FROM lain")}


@pytest.mark.parametrize("value", ["'0000-00-00'", "'2024-00-10'"])
def test_a_date_that_is_none_is_swept(binlog: Binlog, value: str) -> None:
    binlog.simpeg.feeds = (replace(LAIN, key=("tgl",)),)
    binlog.simpeg.run("CREATE TABLE lain (tgl DATE PRIMARY KEY, nip TEXT)")
    following = binlog.follow()
    binlog.simpeg.run("SET sql_mode = ''", f"INSERT INTO lain VALUES ({value}, '')")
    following.look()
    assert following.sweep == {"lain"}


def test_a_key_of_null_is_no_record(binlog: Binlog) -> None:
    binlog.simpeg.feeds = (LAIN,)
    binlog.simpeg.run("CREATE TABLE lain (id INT, nip TEXT)")
    following = binlog.follow()
    binlog.simpeg.run("INSERT INTO lain VALUES (NULL, 'x')", "UPDATE lain SET id = 3")
    assert following.look() == lain("3")
    assert following.sweep == set()


def test_another_database_and_names_with_blanks(binlog: Binlog) -> None:
    other = f"{sa.make_url(binlog.simpeg.url).database}_b"
    binlog.simpeg.run(
        f"CREATE DATABASE {other}", f"CREATE TABLE {other}.`Riwayat Kursus` (`No Urut` INT PRIMARY KEY, nip TEXT)"
    )
    binlog.simpeg.run("CREATE TABLE `Riwayat Kursus` (`No Urut` INT PRIMARY KEY, nip TEXT)")
    binlog.simpeg.feeds = (replace(LAIN, table=f"{other}.Riwayat Kursus", key=("No Urut",)),)
    following = binlog.follow()
    binlog.simpeg.run(
        "INSERT INTO `Riwayat Kursus` VALUES (1, '')", f"INSERT INTO {other}.`Riwayat Kursus` VALUES (2, '')"
    )
    assert following.look() == lain("2")
    binlog.simpeg.run(f"TRUNCATE {other}.`Riwayat Kursus`")
    following.look()
    assert following.sweep == {"lain"}
    binlog.simpeg.run(f"DROP DATABASE {other}")


@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
def test_a_shorter_row_image_is_enough_for_a_primary_key_and_else_swept(binlog: Binlog, image: str) -> None:
    simpeg = binlog.simpeg
    simpeg.feeds = (replace(LAIN, joins=(Join("orang", "o", (("nip", "nip"),)),)),)
    simpeg.run("CREATE TABLE lain (id INT PRIMARY KEY, nip VARCHAR(9))", "INSERT INTO lain VALUES (1, 'a')")
    simpeg.run(
        "CREATE TABLE orang (id INT PRIMARY KEY, nip VARCHAR(9), nama TEXT)", "INSERT INTO orang VALUES (1, 'a', '')"
    )
    following = binlog.follow()
    session = f"SET SESSION binlog_row_image = '{image}'"
    simpeg.run(session, "UPDATE lain SET nip = 'b'", "UPDATE lain SET id = 2", "DELETE FROM lain WHERE id = 2")
    assert following.look() == lain("1", "2")
    assert following.sweep == set()
    simpeg.run(session, "UPDATE orang SET nama = 'x'")
    following.look()
    assert following.sweep == ({"lain"} if image == "MINIMAL" else set())


def test_settings_and_columns_that_tell_too_little_are_refused_at_the_start(
    binlog: Binlog, mariadb: MariaDbServer
) -> None:
    def globally(name: str, value: str) -> None:
        with mariadb.connect() as connection:
            connection.cursor().execute(f"SET GLOBAL {name} = '{value}'")

    binlog.simpeg.run(
        "CREATE TABLE lain (id FLOAT PRIMARY KEY, nip TEXT)", "CREATE VIEW pandang AS SELECT 1 AS id, '' AS nip"
    )
    for feeds, words in (((LAIN,), "lain.id is float"), ((replace(LAIN, table="pandang"),), "a view.*use `scan`")):
        binlog.simpeg.feeds = feeds
        with pytest.raises(SourceUnfit, match=words):
            binlog.follow()
    binlog.simpeg.feeds = (KURSUS, replace(DIKLAT, key=("nip", "kode", "nama")))
    for name, value, words in (
        ("binlog_format", "MIXED", "binlog_format is MIXED; SET GLOBAL binlog_format = ROW"),
        ("binlog_row_image", "MINIMAL", "leaves out diklat.nama; SET GLOBAL binlog_row_image = FULL"),
    ):
        try:
            globally(name, value)
            with pytest.raises(SourceUnfit, match=words):
                binlog.follow()
        finally:
            globally(name, "ROW" if name == "binlog_format" else "FULL")


# Pages, crashes, restarts.


def test_a_batch_that_was_not_stored_comes_again(binlog: Binlog, following: Following) -> None:
    binlog.simpeg.run(add_kursus(3))
    binlog.simpeg.run(add_kursus(4))
    before = following.cursor
    assert following.look() == kursus(3, 4)
    following.cursor = before
    assert following.look() == kursus(3, 4)
    again = binlog.follow()
    again.cursor = before
    assert again.look(limit=1) == kursus(3, 4)


def test_a_transaction_longer_than_a_page_goes_on_where_it_was_stored(binlog: Binlog, following: Following) -> None:
    binlog.simpeg.run("CREATE TABLE asing (id INT)")
    binlog.simpeg.run("INSERT INTO asing VALUES (1)", *(add_kursus(id_) for id_ in range(100, 150)))
    binlog.simpeg.run(add_kursus(200))
    first = following.capture.changes(following.cursor, limit=20)
    second = following.capture.changes(first.cursor, limit=20)
    assert first.more and second.more
    again = binlog.follow()
    again.cursor = first.cursor
    rest = again.look(limit=20)
    seen = {("kursus", change.key) for change in first.changes}
    assert rest | seen == kursus(*range(100, 150), 200)
    assert not rest & seen
    assert again.look() == set()


def test_fifty_thousand_rows_come_in_small_batches_and_little_memory(binlog: Binlog, following: Following) -> None:
    binlog.simpeg.run(BULK)
    following.look()
    following.batches = 0
    binlog.simpeg.run("UPDATE kursus SET nama = 'y'")
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    found = following.look(limit=1000)
    print(f"50,000 rows: {time.monotonic() - began:.2f} s, {following.batches} batches")  # noqa: T201
    assert len(found) == 50_002
    assert following.largest <= 2000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_a_restart_of_the_server_loses_nothing(binlog: Binlog, following: Following, mariadb: MariaDbServer) -> None:
    binlog.simpeg.run(*(add_kursus(id_) for id_ in range(100, 150)))
    first = following.capture.changes(following.cursor, limit=20)
    binlog.simpeg.application.dispose()
    mariadb.kill()
    try:
        for _ in range(3):
            with pytest.raises(SourceDown):
                following.capture.changes(_reopened(first.cursor), limit=20)
    finally:
        mariadb.start()
    binlog.simpeg.run(add_kursus(200))
    following.cursor = first.cursor
    found = following.look(limit=20) | {("kursus", change.key) for change in first.changes}
    assert found == kursus(*range(100, 150), 200)


def _reopened(cursor: str) -> str:
    """The same place, one event further: not the one whose reading is still open."""
    return json.dumps({**json.loads(cursor), "passed": json.loads(cursor)["passed"] + 1})


def test_the_end_of_a_log_file_is_no_end(binlog: Binlog, following: Following) -> None:
    for id_ in range(3, 6):
        binlog.simpeg.run(add_kursus(id_), "FLUSH BINARY LOGS")
        assert following.look() == kursus(id_)
    binlog.simpeg.run(add_kursus(7), "FLUSH BINARY LOGS")
    binlog.simpeg.run(add_kursus(8))
    assert following.look(limit=1) == kursus(7, 8)
    assert following.look() == set()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_order_of_writers_looks_and_crashes_nothing_is_lost(binlog: Binlog, seed: int) -> None:
    """Random writers on the real engine: every committed row is told, and nothing that was rolled back."""
    chance = random.Random(seed)
    following, marked, committed = binlog.follow(), set[int](), set[int]()
    writers = [(binlog.simpeg.writer(), set[int]()) for _ in range(5)]
    for id_ in range(10, 130):
        connection, mine = chance.choice(writers)
        match chance.choice(["write", "write", "write", "commit", "rollback", "look", "crash", "stop", "rotate"]):
            case "write":
                connection.exec_driver_sql(add_kursus(id_))
                mine.add(id_)
            case "commit":
                connection.commit()
                committed |= mine
                mine.clear()
            case "rollback":
                connection.rollback()
                mine.clear()
            case "look":
                marked.update(int(key_parts(key)[0]) for _, key in following.look(limit=chance.choice([1, 3, 100])))
            case "crash":  # the batch is not stored
                following.capture.changes(following.cursor, limit=chance.choice([1, 3]))
            case "stop":
                cursor = following.cursor
                following.capture.close()  # type: ignore[attr-defined]
                following = binlog.follow()
                following.cursor = cursor
            case "rotate":
                binlog.simpeg.run("FLUSH BINARY LOGS")
    for connection, mine in writers:
        connection.commit()
        committed |= mine
    marked.update(int(key_parts(key)[0]) for _, key in following.look(limit=7))
    assert marked == committed
    assert following.look() == set()


# A log that was purged or reset, another server, rights.


def test_a_log_that_was_purged_is_history_lost(binlog: Binlog, following: Following) -> None:
    binlog.simpeg.run(add_kursus(3))
    read_in = json.loads(following.cursor)["file"]
    end = time.monotonic() + 20
    while read_in in [name for name, *_ in binlog.simpeg.ask("SHOW BINARY LOGS")] and time.monotonic() < end:
        # A file that the engine's own recovery may want is kept; each new one lets an older go.
        binlog.simpeg.run("FLUSH BINARY LOGS")
        [*_, (last, *_)] = binlog.simpeg.ask("SHOW BINARY LOGS")
        binlog.simpeg.run("UPDATE diklat SET nama = 'x'", f"PURGE BINARY LOGS TO '{last}'")
    with pytest.raises(HistoryLost, match="no longer has the binary log behind the cursor"):
        following.look()
    following.cursor = following.capture.start()
    binlog.simpeg.run(add_kursus(5))
    assert following.look() == kursus(5)


def test_a_log_that_was_reset_is_history_lost(binlog: Binlog, following: Following) -> None:
    binlog.simpeg.run(*(add_kursus(id_) for id_ in range(100, 200)))
    following.look()
    binlog.simpeg.run("RESET MASTER")
    with pytest.raises(HistoryLost, match="its log was reset"):
        following.look()
    following.cursor = following.capture.start()
    binlog.simpeg.run(add_kursus(5))
    assert following.look() == kursus(5)


@pytest.mark.parametrize("text", ["17", "{}", '{"position": "", "anchor": ""}', "[]"])
def test_a_foreign_cursor_is_history_lost(following: Following, text: str) -> None:
    following.cursor = text
    with pytest.raises(HistoryLost):
        following.look()


@pytest.mark.parametrize(
    "change", [{"server": "77"}, {"gtid": "0-1-99999999", "offset": 2**40}, {"gtid": "9-1-5", "file": "bin.999999"}]
)
def test_another_server_or_an_older_state_of_it_is_not_believed(following: Following, change: dict[str, Any]) -> None:
    saved = json.loads(following.cursor)
    following.cursor = json.dumps(
        {**saved, **{k: v for k, v in change.items() if k != "gtid" or saved["gtid"] is not None}}
    )
    with pytest.raises(HistoryLost, match="every row has to be compared again"):
        following.look()


def test_a_cursor_that_counts_in_the_other_way_is_history_lost(binlog: Binlog, following: Following) -> None:
    other = binlog.capture(uses_gtid=not binlog.settings.uses_gtid)
    with pytest.raises(HistoryLost, match="counts in another way"):
        other.changes(following.cursor, limit=1)


def test_an_idle_look_opens_no_replication(binlog: Binlog, following: Following) -> None:
    following.look()
    statements: list[str] = []
    sa.event.listen(
        binlog.simpeg.reading, "before_cursor_execute", lambda c, cursor, statement, *rest: statements.append(statement)
    )
    [(before,)] = binlog.simpeg.ask(
        "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'CONNECTIONS'"
    )
    for _ in range(60):
        assert following.look() == set()
    [(after,)] = binlog.simpeg.ask(
        "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'CONNECTIONS'"
    )
    assert after == before
    assert len(statements) <= 60 * 4


def test_the_script_gives_rights_that_are_enough(binlog: Binlog) -> None:
    simpeg, url = binlog.simpeg, sa.make_url(binlog.simpeg.url)
    settings = replace(binlog.settings, reader=f"r{url.database}@127.0.0.1")
    simpeg.run(f"CREATE USER 'r{url.database}'@'127.0.0.1' IDENTIFIED BY 'rahasia'")
    script = binlog_sql.setup(simpeg.application.dialect, simpeg.feeds, settings, database=str(url.database))
    if not settings.uses_gtid:
        script = script.replace("-- GRANT REPLICATION CLIENT", "GRANT REPLICATION CLIENT")
    statements = [line for line in script.splitlines() if line and not line.startswith("--")]
    simpeg.run(*(line.rstrip(";") for line in statements))
    reading = open_reading(simpeg.url.replace(f"{url.username}:{url.password}", f"r{url.database}:rahasia"), LIMITS)
    following = Following(BinlogCapture(reading, simpeg.feeds, settings))
    simpeg.run("UPDATE kursus SET nama = 'x' WHERE id = 1")
    assert following.look() == kursus(1)
    simpeg.run(f"REVOKE REPLICATION SLAVE ON *.* FROM 'r{url.database}'@'127.0.0.1'", "UPDATE kursus SET nama = 'z'")
    with pytest.raises(SourceUnfit, match="needs REPLICATION SLAVE.*lacks a right"):
        following.look()
    reading.dispose()


def test_without_the_package_the_extra_is_named(maria: Simpeg, monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pymysqlreplication"):
            raise ImportError(name)
        return known(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SourceUnfit, match=r"pip install 'simpeg-sync\[binlog\]'"):
        BinlogCapture(maria.reading, maria.feeds, BinlogSettings())


def test_other_engines_are_refused(lite: Simpeg) -> None:
    with pytest.raises(SourceUnfit, match="reads MariaDB and MySQL, not sqlite"):
        BinlogCapture(lite.reading, lite.feeds, BinlogSettings())
