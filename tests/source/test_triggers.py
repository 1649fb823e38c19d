"""Installing is repeatable and complete, takes nothing else away, and what a broken trigger does to SIMPEG is
known."""

import subprocess
from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.small_simpeg import ANI, DIKLAT, KURSUS, LIMITS, Follower, Simpeg, add_kursus, kursus

from simpeg_sync.domain.errors import SourceDown, SourceUnfit
from simpeg_sync.mapping.feed import Join
from simpeg_sync.source.connect import open_reading, open_writing
from simpeg_sync.source.log import LogCapture
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.triggers import install, remove, sql, status
from simpeg_sync.source.watch import watched

SETTINGS = LogSettings()


def test_a_watched_table_carries_its_keys_and_the_roads_back() -> None:
    tables = watched((KURSUS, DIKLAT))
    assert {name: watch.columns for name, watch in tables.items()} == {
        "diklat": ("kode", "nip", "tmulai"),
        "jenis": ("kode",),
        "kursus": ("id",),
        "pegawai": ("nip",),
        "rumpun": ("id",),
    }
    assert [(road.feed.name, road.join.alias) for road in tables["pegawai"].roads] == [
        ("kursus", "p"), ("diklat", "p"), ("diklat", "a"),
    ]  # fmt: skip
    assert tables["pegawai"].feeds == ("kursus", "diklat")


def test_installing_twice_is_installing_once(simpeg: Simpeg) -> None:
    assert not status(simpeg.writing, simpeg.feeds, SETTINGS).is_complete
    simpeg.install()
    simpeg.install()
    simpeg.run(add_kursus(1))
    assert len(simpeg.ask("SELECT 1 FROM simpeg_sync_log WHERE table_name = 'kursus'")) == 1


def test_a_changed_key_installs_anew_and_leaves_nothing_old(simpeg: Simpeg) -> None:
    simpeg.install()
    other = replace(KURSUS, key=("nip", "nama"))
    before = status(simpeg.writing, (other,), SETTINGS)
    assert before.missing and before.outdated and not before.is_complete
    assert install(simpeg.writing, (other,), SETTINGS).is_complete
    simpeg.run(add_kursus(1))
    assert [row[0] for row in simpeg.ask("SELECT new_key FROM simpeg_sync_log WHERE table_name = 'kursus'")] != []
    assert not status(simpeg.writing, simpeg.feeds, SETTINGS).is_complete


def test_removing_takes_exactly_what_was_installed(simpeg: Simpeg) -> None:
    tables = sa.inspect(simpeg.reading).get_table_names()
    simpeg.install()
    other = LogSettings(table="other_log")
    simpeg.install(other)
    removed = remove(simpeg.writing, SETTINGS)
    assert len(removed) == {"sqlite": 15, "mariadb": 15, "postgresql": 10}[simpeg.dialect]
    assert sorted(sa.inspect(simpeg.reading).get_table_names()) == sorted([*tables, "other_log"])
    assert status(simpeg.writing, simpeg.feeds, other).is_complete
    remove(simpeg.writing, other)
    assert remove(simpeg.writing, other) == ()
    simpeg.run(add_kursus(1))
    if simpeg.dialect == "postgresql":
        assert simpeg.ask("SELECT proname FROM pg_proc WHERE proname LIKE 'simpeg%'") == []


def test_a_missing_table_or_column_is_named_before_anything_is_done(simpeg: Simpeg) -> None:
    with pytest.raises(SourceUnfit, match="feed kursus: table kursus has no column nomor"):
        install(simpeg.writing, (replace(KURSUS, key=("nomor",)),), SETTINGS)
    with pytest.raises(SourceUnfit, match="feed kursus: table kursuz does not exist"):
        install(simpeg.writing, (replace(KURSUS, table="kursuz"),), SETTINGS)
    assert not status(simpeg.writing, simpeg.feeds, SETTINGS).has_log


@pytest.mark.parametrize("name", ["a;b", "a'b", 'a"b', "a`b", "", "a\nb", "x" * 64, "1a", "a%sb", "a:b"])
def test_names_that_no_simpeg_has_are_refused(lite: Simpeg, name: str) -> None:
    for feed in (replace(KURSUS, table=name or "x."), replace(KURSUS, key=(name,))):
        with pytest.raises(SourceUnfit):
            install(lite.writing, (feed,), SETTINGS)
    with pytest.raises(SourceUnfit):
        install(lite.writing, (KURSUS,), LogSettings(table=name or "x."))


def test_a_table_that_is_no_log_is_not_taken_for_one(simpeg: Simpeg) -> None:
    with pytest.raises(SourceUnfit, match="not a log of simpeg-sync"):
        install(simpeg.writing, simpeg.feeds, LogSettings(table="pegawai"))


def test_mixed_case_reserved_and_spaced_names(simpeg: Simpeg) -> None:
    quote = "`" if simpeg.dialect == "mariadb" else '"'
    simpeg.run(
        'CREATE TABLE "Order" ("Key" VARCHAR(10) PRIMARY KEY, "tanggal mulai" VARCHAR(10), '
        '"NIP_BARU" VARCHAR(18))'.replace('"', quote)
    )
    feed = replace(
        KURSUS,
        table="Order",
        key=("Key",),
        person="NIP_BARU",
        fields={},
        joins=(Join("jenis", "group", (("kode", "tanggal mulai"),)),),
    )
    simpeg.feeds = (feed,)
    simpeg.install()
    follower = Follower(simpeg)
    simpeg.run(
        f"INSERT INTO \"Order\" VALUES ('a\"b\\c', 'T', '{ANI}')".replace('INTO "Order"', f"INTO {quote}Order{quote}")
    )
    [(_, key)] = follower.look()
    assert simpeg.source().persons(feed, [key]) == {key: ANI}
    simpeg.run("UPDATE jenis SET bkn = 'x' WHERE kode = 'T'")
    assert follower.look() == {("kursus", key)}


def test_truncate_on_postgresql_sweeps_every_feed_that_reads_the_table(pg: Simpeg) -> None:
    pg.install()
    follower = Follower(pg)
    pg.run("TRUNCATE pegawai")
    assert follower.look() == set()
    assert follower.sweep == {"kursus", "diklat"}


def test_replace_and_upsert_are_seen_on_mariadb(maria: Simpeg) -> None:
    maria.install()
    maria.run(add_kursus(1))
    follower = Follower(maria)
    maria.run("REPLACE INTO kursus (id, nama) VALUES (1, 'x')")
    assert follower.look() == kursus(1)
    maria.run("INSERT INTO kursus (id, nama) VALUES (1, 'x') ON DUPLICATE KEY UPDATE nama = 'y'")
    assert follower.look() == kursus(1)


def test_truncate_is_not_seen_on_mariadb(maria: Simpeg) -> None:
    """Stated in the docs: only the sweep finds it."""
    maria.install()
    maria.run(add_kursus(1))
    follower = Follower(maria)
    maria.run("TRUNCATE kursus")
    assert follower.look() == set()


def test_a_replaced_row_of_another_key_is_not_seen_on_sqlite(lite: Simpeg) -> None:
    """Stated in the docs: INSERT OR REPLACE deletes without the delete trigger unless recursive triggers are
    on."""
    lite.run("CREATE UNIQUE INDEX one_name ON kursus (nama)")
    lite.install()
    lite.run("INSERT INTO kursus (id, nama) VALUES (1, 'x')")
    follower = Follower(lite)
    lite.run("INSERT OR REPLACE INTO kursus (id, nama) VALUES (2, 'x')")
    assert follower.look() == kursus(2)


def test_cascades_are_seen_on_postgresql_and_sqlite_and_not_on_mariadb(simpeg: Simpeg) -> None:
    simpeg.run(
        "CREATE TABLE induk (id INTEGER PRIMARY KEY)",
        "CREATE TABLE anak (id INTEGER PRIMARY KEY, induk INTEGER, nip VARCHAR(18), "
        "FOREIGN KEY (induk) REFERENCES induk (id) ON DELETE CASCADE)",
        "INSERT INTO induk VALUES (1)", "INSERT INTO anak VALUES (5, 1, NULL)",
    )  # fmt: skip
    simpeg.feeds = (replace(KURSUS, table="anak", fields={}, joins=()),)
    simpeg.install()
    follower = Follower(simpeg)
    with simpeg.application.connect() as connection:
        if simpeg.dialect == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.exec_driver_sql("DELETE FROM induk")
        connection.commit()
    assert follower.look() == (set() if simpeg.dialect == "mariadb" else kursus(5))


# What a trigger that cannot do its work does to SIMPEG.

BROKEN = {
    "the log is missing": {
        "postgresql": ["ALTER TABLE simpeg_sync_log RENAME TO gone"],
        "mariadb": ["ALTER TABLE simpeg_sync_log RENAME TO gone"],
    },
    "the log takes no rows": {
        "postgresql": ["ALTER TABLE simpeg_sync_log ADD CHECK (false) NOT VALID"],
        "mariadb": ["ALTER TABLE simpeg_sync_log ADD COLUMN needed INT NOT NULL CHECK (needed = 7)"],
    },
    "the log has another shape": {
        "postgresql": ["ALTER TABLE simpeg_sync_log DROP COLUMN new_key"],
        "mariadb": ["ALTER TABLE simpeg_sync_log DROP COLUMN new_key"],
    },
    "the ids are used up": {
        "mariadb": ["ALTER TABLE simpeg_sync_log MODIFY id TINYINT NOT NULL AUTO_INCREMENT",
                    "INSERT INTO simpeg_sync_log (id, table_name) VALUES (127, '')"],
    },
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_log_does_not_stop_simpeg(served: Simpeg, what: str) -> None:
    served.install()
    served.run(add_kursus(1))
    served.run(*BROKEN[what].get(served.dialect, ()))
    served.run(add_kursus(2), "UPDATE kursus SET nama = 'x'", "DELETE FROM kursus WHERE id = 1")
    assert served.ask("SELECT id, nama FROM kursus") == [(2, "x")]


def test_a_missing_log_stops_simpeg_on_sqlite(lite: Simpeg) -> None:
    """Stated in the docs: SQLite has no way to catch an error, so the triggers must go first."""
    lite.install()
    lite.run("ALTER TABLE simpeg_sync_log RENAME TO gone")  # renames it inside the triggers as well
    lite.run(add_kursus(1))
    lite.run("DROP TABLE gone")
    with pytest.raises(sa.exc.OperationalError, match="no such table"):
        lite.run(add_kursus(2))


def test_a_column_of_ours_that_simpeg_drops(simpeg: Simpeg) -> None:
    """Stated in the docs: writes go on unlogged; SQLite refuses the ALTER until the triggers are gone."""
    simpeg.run("CREATE TABLE lain (id INTEGER PRIMARY KEY, kode VARCHAR(9), nip VARCHAR(18))")
    simpeg.feeds = (replace(KURSUS, table="lain", key=("kode",), fields={}, joins=()),)
    simpeg.install()
    drop, write = "ALTER TABLE lain DROP COLUMN kode", "INSERT INTO lain (id) VALUES (1)"
    if simpeg.dialect == "sqlite":
        with pytest.raises(sa.exc.OperationalError, match="error in trigger"):
            simpeg.run(drop)
        return
    simpeg.run(drop, write)
    assert simpeg.ask("SELECT id FROM lain") == [(1,)]
    with pytest.raises(SourceUnfit, match="feed kursus: table lain has no column kode"):
        simpeg.source().check(simpeg.feeds[0])


def test_the_application_still_gets_its_own_last_id(served: Simpeg) -> None:
    """PHP asks lastval() and LAST_INSERT_ID(); a log with a sequence would answer with its own number."""
    kind, last = (
        ("SERIAL", "lastval()") if served.dialect == "postgresql" else ("INTEGER AUTO_INCREMENT", "LAST_INSERT_ID()")
    )
    served.run(f"CREATE TABLE lain (id {kind} PRIMARY KEY, nip VARCHAR(18))")
    served.feeds = (replace(KURSUS, table="lain", fields={}, joins=()),)
    served.install()
    served.run(
        *["INSERT INTO lain (nip) VALUES ('')"] * 5,
        "DELETE FROM lain WHERE id < 3",
        "UPDATE lain SET nip = NULL",
    )
    with served.application.connect() as connection:
        connection.exec_driver_sql("INSERT INTO lain (nip) VALUES ('')")
        assert connection.exec_driver_sql(f"SELECT {last}").scalar_one() == 6


def test_a_locked_log_delays_simpeg_on_postgresql_by_two_seconds_at_most(pg: Simpeg) -> None:
    pg.install()
    with pg.application.connect() as dba:
        dba.exec_driver_sql("LOCK TABLE simpeg_sync_log IN ACCESS EXCLUSIVE MODE")
        with pg.application.connect() as application:
            application.exec_driver_sql("SET statement_timeout = '6s'")
            application.exec_driver_sql(add_kursus(1))
            application.commit()
    assert pg.ask("SELECT id FROM kursus") == [(1,)]


def test_installing_does_not_queue_behind_a_long_transaction(served: Simpeg) -> None:
    """Whoever waits for a table lock makes everybody after it wait too."""
    engine = open_writing(served.url, replace(LIMITS, lock_timeout_s=1))
    with served.application.connect() as slow:
        slow.exec_driver_sql(add_kursus(1))
        with pytest.raises(SourceDown, match="locked by somebody else"):
            install(engine, served.feeds, SETTINGS)
        slow.commit()
    assert install(engine, served.feeds, SETTINGS).is_complete


# The script for the DBA, and the rights it gives.


def _run_script(url: sa.URL, dialect: str, script: str) -> None:
    place = ["-h", "127.0.0.1", "-u" if dialect == "mariadb" else "-U", str(url.username), str(url.database)]
    if dialect == "mariadb":
        command = ["mariadb", "--no-defaults", "-P", str(url.port), *place]
    else:
        command = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-p", str(url.port), *place]
    secret = {"MYSQL_PWD": str(url.password), "PGPASSWORD": str(url.password), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, input=script, text=True, capture_output=True, timeout=30, check=False, env=secret)
    assert done.returncode == 0, done.stderr


def test_the_script_installs_the_same_and_its_rights_are_enough(served: Simpeg) -> None:
    url = sa.make_url(served.url)
    reader = f"r_{url.database}"
    account = reader if served.dialect == "postgresql" else f"'{reader}'@'%'"
    served.run(
        f"CREATE ROLE {reader} LOGIN PASSWORD 'rahasia'" if served.dialect == "postgresql"
        else f"CREATE USER {account} IDENTIFIED BY 'rahasia'"
    )  # fmt: skip
    settings = LogSettings(reader=reader)
    script = sql(url.get_backend_name(), served.feeds, settings)
    _run_script(url, served.dialect, script)
    _run_script(url, served.dialect, script.partition("-- 2.")[0])
    assert status(served.writing, served.feeds, settings).is_complete

    mine = served.url.replace(f"{url.username}:{url.password}", f"{reader}:rahasia")
    reading, writing = open_reading(mine, LIMITS), open_writing(mine, LIMITS)
    capture = LogCapture(reading, writing, served.feeds, settings)
    cursor = capture.start()
    with served.application.connect() as slow:
        slow.exec_driver_sql(add_kursus(1))
        served.run(add_kursus(2))
        batch = capture.changes(cursor, limit=10)
        slow.rollback()
    assert {("kursus", change.key) for change in batch.changes} == kursus(2)
    assert capture.purge(batch.cursor, keep_s=0, limit=10) in (0, 1)
    served.run("UPDATE rumpun SET bkn = 'x'")
    assert {("kursus", change.key) for change in capture.changes(batch.cursor, limit=10).changes} == kursus(2)
    seen = status(reading, served.feeds, settings)
    assert (seen.is_visible, seen.missing) == (served.dialect == "postgresql", ())
    with pytest.raises(sa.exc.DBAPIError), writing.connect() as connection:
        connection.exec_driver_sql("UPDATE kursus SET nama = 'y'")
    with pytest.raises(sa.exc.DBAPIError), writing.connect() as connection:
        connection.exec_driver_sql("INSERT INTO simpeg_sync_log (table_name) VALUES ('x')")
    for engine in (reading, writing):
        engine.dispose()


def test_an_application_without_rights_on_the_log_can_write(served: Simpeg) -> None:
    served.install()
    url = sa.make_url(served.url)
    name = f"a_{url.database}"
    served.run(*(
        [f"CREATE ROLE {name} LOGIN PASSWORD 'x'", f"GRANT INSERT ON kursus TO {name}"]
        if served.dialect == "postgresql"
        else [f"CREATE USER '{name}'@'%' IDENTIFIED BY 'x'", f"GRANT INSERT ON kursus TO '{name}'@'%'"]
    ))  # fmt: skip
    follower = Follower(served)
    engine = sa.create_engine(served.application.url.set(username=name, password="x"))
    with engine.begin() as connection:
        connection.exec_driver_sql(add_kursus(1))
    engine.dispose()
    assert follower.look() == kursus(1)


def test_a_disabled_trigger_is_told(pg: Simpeg) -> None:
    pg.install()
    pg.run("ALTER TABLE kursus DISABLE TRIGGER ALL")
    found = status(pg.writing, pg.feeds, SETTINGS)
    assert len(found.disabled) == 2 and not found.is_complete


def test_session_settings_of_the_application_do_not_change_the_keys(served: Simpeg) -> None:
    served.install()
    follower = Follower(served)
    settings = (
        ["SET datestyle = 'SQL, MDY'", "SET extra_float_digits = -5", "SET timezone = 'America/New_York'"]
        if served.dialect == "postgresql"
        else ["SET NAMES latin1", "SET time_zone = '-05:00'", "SET sql_mode = 'ANSI_QUOTES'"]
    )
    served.run(*settings, f"INSERT INTO diklat (nip, kode, tmulai) VALUES ('{ANI}', 0.1, '2024-02-03')")
    [(_, key)] = follower.look()
    assert key == f'["{ANI}","0.1","2024-02-03"]'
    assert list(served.source().read(DIKLAT, [key])) == [key]
