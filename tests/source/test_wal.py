"""Capture mode `wal` on a real PostgreSQL: every commit is told once it can be seen, and what cannot be told is swept."""

import json
import random
import resource
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from tests.servers import PostgresServer, find_binary
from tests.small_simpeg import ANI, BUDI, DIKLAT, KURSUS, LIMITS, Simpeg, add_kursus, kursus
from tests.source.following import Following

from simpeg_sync.domain.change import FeedName, key_parts, source_key
from simpeg_sync.domain.errors import HistoryLost, SourceDown, SourceUnfit
from simpeg_sync.mapping.feed import DocumentRows, DocumentRule, Feed, Join
from simpeg_sync.source import wal_sql
from simpeg_sync.source.connect import open_reading, open_writing
from simpeg_sync.source.stream_settings import WalSettings
from simpeg_sync.source.wal import WalCapture, WalCursor

DIKLAT_ROW = f"INSERT INTO diklat VALUES ('{ANI}', 11.5, '2024-02-01', 'PKA', '{BUDI}', '{ANI}')"
LAIN = Feed(name=FeedName("lain"), target="lain", table="lain", key=("id",), person="nip", fields={})


class Wal:
    """A small SIMPEG with a slot of its own."""

    def __init__(self, simpeg: Simpeg) -> None:
        self.simpeg = simpeg
        self.settings = WalSettings(slot=f"s_{sa.make_url(simpeg.url).database}", makes_slot=True)
        self.captures: list[WalCapture] = []

    def capture(self, **more: Any) -> WalCapture:
        simpeg = self.simpeg
        self.captures.append(WalCapture(simpeg.reading, simpeg.writing, simpeg.feeds, replace(self.settings, **more)))
        return self.captures[-1]

    def follow(self, **more: Any) -> Following:
        return Following(self.capture(**more))

    def drop_slot(self) -> None:
        slot = self.settings.slot
        self.simpeg.ask(
            f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{slot}'"
        )

    def close(self) -> None:
        for capture in self.captures:
            capture.close()
        self.simpeg.application.dispose()
        self.drop_slot()


@pytest.fixture
def wal(pg: Simpeg) -> Iterator[Wal]:
    pg.run(add_kursus(1), add_kursus(2, jenis="F"), DIKLAT_ROW)
    wal = Wal(pg)
    yield wal
    wal.close()


@pytest.fixture
def following(wal: Wal) -> Following:
    return wal.follow()


def diklat(nip: str, kode: str, tmulai: str) -> tuple[str, str]:
    return ("diklat", source_key([nip, kode, tmulai]))


def test_insert_update_delete_and_a_changed_key(wal: Wal, following: Following) -> None:
    assert following.look() == set()
    wal.simpeg.run(add_kursus(3))
    assert following.look() == kursus(3)
    wal.simpeg.run("UPDATE kursus SET nama = 'x''y' || chr(10) || ' new-tuple: id[integer]:77' WHERE id = 3")
    assert following.look() == kursus(3)
    wal.simpeg.run("UPDATE kursus SET id = 9 WHERE id = 3")
    assert following.look() == kursus(3, 9)
    wal.simpeg.run("DELETE FROM kursus WHERE id = 9")
    assert following.look() == kursus(9)
    assert following.look() == set()
    assert following.sweep == set()


def test_a_composite_key_with_a_date_and_a_float_finds_its_row(wal: Wal, following: Following) -> None:
    wal.simpeg.run(
        "SET datestyle = 'SQL, MDY'", "UPDATE diklat SET nama = 'PKN'", "UPDATE diklat SET tmulai = '2024-03-01'"
    )
    assert following.look() == {diklat(ANI, "11.5", "2024-02-01"), diklat(ANI, "11.5", "2024-03-01")}
    key = source_key([ANI, "11.5", "2024-03-01"])
    assert list(wal.simpeg.source().read(DIKLAT, [key])) == [key]


def test_a_joined_row_leads_back_to_the_feeds(wal: Wal, following: Following) -> None:
    wal.simpeg.run("UPDATE rumpun SET bkn = 'x' WHERE id = 2")
    assert following.look() == kursus(2)
    wal.simpeg.run(f"UPDATE pegawai SET status = '9' WHERE nip = '{ANI}'")
    assert following.look() == kursus(1, 2) | {diklat(ANI, "11.5", "2024-02-01")}
    wal.simpeg.run("UPDATE jenis SET kode = 'X' WHERE kode = 'T'")
    assert following.look() == kursus(1)


CONTENT = "decode(repeat('61', 100000), 'hex')"


def test_a_certificate_that_changes_in_a_table_of_its_own_marks_its_record(wal: Wal) -> None:
    simpeg = wal.simpeg
    simpeg.run(
        "CREATE TABLE isi (id_kursus INTEGER, halaman INTEGER, jenis VARCHAR(9), isi BYTEA, "
        "PRIMARY KEY (id_kursus, halaman))",
        f"INSERT INTO isi VALUES (1, 1, 'SK', {CONTENT}), (2, 1, 'SK', NULL), (2, 2, 'FOTO', NULL)",
    )
    rows = DocumentRows(Join("isi", "i", (("id_kursus", "id"),), (("jenis", "SK"),)), order=("i.halaman",))
    simpeg.feeds = (replace(KURSUS, documents=(DocumentRule(content="i.isi", rows=rows),)),)
    following = wal.follow()
    simpeg.run(f"UPDATE isi SET isi = {CONTENT.replace('61', '62')} WHERE id_kursus = 1")
    assert following.look() == kursus(1)
    simpeg.run("INSERT INTO isi VALUES (1, 2, 'FOTO', NULL)", "INSERT INTO isi VALUES (2, 3, 'SK', NULL)")
    assert following.look() == kursus(2)
    simpeg.run("DELETE FROM isi WHERE id_kursus = 1 AND jenis = 'SK'")
    assert following.look() == kursus(1)


def test_a_change_that_touches_too_much_asks_for_a_sweep(wal: Wal) -> None:
    wal.simpeg.run(*(add_kursus(id_) for id_ in range(10, 40)))
    following = wal.follow(fanout_max=10)
    wal.simpeg.run("UPDATE jenis SET bkn = 'NEW' WHERE kode = 'T'")
    assert following.look() == set()
    assert following.sweep == {"kursus"}


def test_rollback_and_savepoints(wal: Wal, following: Following) -> None:
    with wal.simpeg.application.connect() as writer:
        writer.exec_driver_sql(add_kursus(3))
        writer.rollback()
        writer.exec_driver_sql(add_kursus(4))
        inner = writer.begin_nested()
        writer.exec_driver_sql(add_kursus(5))
        inner.rollback()
        writer.exec_driver_sql(add_kursus(6))
        writer.commit()
    assert following.look() == kursus(4, 6)


def test_long_transactions_that_commit_in_another_order(wal: Wal, following: Following) -> None:
    first, second = wal.simpeg.writer(), wal.simpeg.writer()
    first.exec_driver_sql(add_kursus(3))
    second.exec_driver_sql(add_kursus(4))
    wal.simpeg.run(add_kursus(5))
    assert following.look() == kursus(5)
    second.commit()
    assert following.look() == kursus(4)
    wal.simpeg.run(add_kursus(6))
    assert following.look() == kursus(6)
    first.commit()
    assert following.look() == kursus(3)


def test_what_was_open_at_the_start_comes(wal: Wal) -> None:
    wal.follow()
    with wal.simpeg.application.connect() as slow:
        slow.exec_driver_sql(add_kursus(3))
        following = wal.follow()
        slow.commit()
    assert following.look() == kursus(3)


def test_a_prepared_transaction_comes_when_it_is_committed(wal: Wal, following: Following) -> None:
    name = wal.settings.slot
    with wal.simpeg.application.connect() as writer:
        writer.exec_driver_sql(add_kursus(3))
        writer.exec_driver_sql(f"PREPARE TRANSACTION '{name}'")
        writer.rollback()
    wal.simpeg.run(add_kursus(4))
    assert following.look() == kursus(4)
    with wal.simpeg.application.connect().execution_options(isolation_level="AUTOCOMMIT") as writer:
        writer.exec_driver_sql(f"COMMIT PREPARED '{name}'")
    assert following.look() == kursus(3)


def test_truncate_sweeps_the_feeds_of_every_table_it_empties(wal: Wal, following: Following) -> None:
    wal.simpeg.run('CREATE TABLE "Tak Dibaca" (id INT)')
    wal.simpeg.run('TRUNCATE "Tak Dibaca", diklat RESTART IDENTITY CASCADE')
    assert following.look() == set()
    assert following.sweep == {"diklat"}


def test_a_text_that_looks_like_the_log_deceives_nobody(wal: Wal, following: Following) -> None:
    wal.simpeg.run(
        'CREATE TABLE "table public.kursus: DELETE: id[integer]:1" (t TEXT PRIMARY KEY)', "CREATE TABLE lain (t TEXT)"
    )
    wal.simpeg.run(
        "INSERT INTO \"table public.kursus: DELETE: id[integer]:1\" VALUES ('x')",
        "INSERT INTO lain VALUES ('COMMIT'), (E'\\ntable public.kursus: TRUNCATE: (no-flags)'), ('table a.b: TRUNCATE: x')",
    )
    assert following.look() == set()
    assert following.sweep == set()


def test_mixed_case_and_blanks_in_names_and_the_types_of_keys(wal: Wal) -> None:
    columns = {
        '"Kode Diklat"': ("CHAR(5)", "'a]:'''", "a]:'"), '"Aktif"': ("BOOLEAN", "true", "true"),
        "sejak": ("TIMESTAMPTZ", "'2024-01-01 07:00+08'", "2023-12-31 23:00:00+00"),
        "nilai": ("NUMERIC(6,2)", "1.5", "1.50"), "bit_": ("BIT(3)", "B'101'", "101"),
        "jenis": ("jenis_t", "'Diklat [PIM]'", "Diklat [PIM]"), "lama": ("INTERVAL", "'1 day 2:00'", "1 day 02:00:00"),
        "uid": ("UUID", "'6c24ba4f-9a6a-4d2b-9c05-6a1d30e34f2e'", "6c24ba4f-9a6a-4d2b-9c05-6a1d30e34f2e"),
        "isi": ("BYTEA", "'\\x00ff'", "\\x00ff"), "besar": ("FLOAT8", "1e20", "1e+20"),
    }  # fmt: skip
    names = ", ".join(columns)
    table = ", ".join(f"{name} {its}" for name, (its, _, _) in columns.items())
    wal.simpeg.run(
        "CREATE TYPE jenis_t AS ENUM ('Diklat [PIM]')", 'CREATE SCHEMA "Lama"',
        f'CREATE TABLE "Lama"."Riwayat Diklat" ({table}, isi_lain TEXT, PRIMARY KEY ({names}))',
    )  # fmt: skip
    key = tuple(name.strip('"') for name in columns)
    feed = Feed(name=FeedName("r"), target="r", table="Lama.Riwayat Diklat", key=key, person="isi_lain", fields={})
    wal.simpeg.feeds = (feed,)
    following = wal.follow()
    values = ", ".join(value for _, value, _ in columns.values())
    wal.simpeg.run(f'INSERT INTO "Lama"."Riwayat Diklat" VALUES ({values}, \'x\')')
    expected = source_key([text for _, _, text in columns.values()])
    assert following.look() == {("r", expected)}
    assert list(wal.simpeg.source().read(feed, [expected])) == [expected]


def test_a_value_stored_aside_does_not_hide_the_row(wal: Wal, following: Following) -> None:
    wal.simpeg.run("ALTER TABLE kursus ADD COLUMN berkas TEXT", "ALTER TABLE kursus ALTER berkas SET STORAGE EXTERNAL")
    wal.simpeg.run("UPDATE kursus SET berkas = repeat('x', 100000) WHERE id = 1")
    following.look()
    wal.simpeg.run("UPDATE kursus SET nama = 'y' WHERE id = 1")
    assert following.look() == kursus(1)
    assert following.sweep == set()


def test_partitions_speak_for_their_table(wal: Wal) -> None:
    wal.simpeg.run(
        "CREATE TABLE lain (id INT, nip TEXT, thn INT, PRIMARY KEY (id, thn)) PARTITION BY LIST (thn)",
        "CREATE TABLE lain_24 PARTITION OF lain FOR VALUES IN (24)",
        "CREATE TABLE lain_25 PARTITION OF lain FOR VALUES IN (25)",
    )
    wal.simpeg.feeds = (LAIN,)
    following = wal.follow()
    wal.simpeg.run(
        "INSERT INTO lain VALUES (1, '', 24)", "UPDATE lain SET thn = 25", "INSERT INTO lain VALUES (2, '', 25)"
    )
    assert following.look() == {("lain", source_key(["1"])), ("lain", source_key(["2"]))}
    wal.simpeg.run("TRUNCATE lain")
    following.look()
    assert following.sweep == {"lain"}


# What the replica identity tells, and what it does not.


def joined_by_number() -> Feed:
    """Joined by a column that is not the other table's primary key, as NIPs often are."""
    return replace(LAIN, joins=(Join("orang", "o", (("nip", "nip"),)),))


IDENTITIES = {
    "DEFAULT": "orang", "NOTHING": "orang", "FULL": "", "USING INDEX orang_nip": "",
}  # fmt: skip


@pytest.mark.parametrize("identity", IDENTITIES)
def test_a_replica_identity_that_tells_too_little_is_refused_at_the_start(wal: Wal, identity: str) -> None:
    wal.simpeg.feeds = (joined_by_number(),)
    wal.simpeg.run(
        "CREATE TABLE lain (id INT PRIMARY KEY, nip TEXT)",
        "CREATE TABLE orang (id INT PRIMARY KEY, nip TEXT NOT NULL, nama TEXT)",
        "CREATE UNIQUE INDEX orang_nip ON orang (nip)", f"ALTER TABLE orang REPLICA IDENTITY {identity}",
        "INSERT INTO lain VALUES (1, 'a'), (2, 'b')", "INSERT INTO orang VALUES (7, 'a', 'A')",
    )  # fmt: skip
    if IDENTITIES[identity]:
        with pytest.raises(SourceUnfit, match=r"old value of nip; ALTER TABLE public.orang REPLICA IDENTITY FULL"):
            wal.follow()
        return
    following = wal.follow()
    wal.simpeg.run("UPDATE orang SET nama = 'AA'")
    assert following.look() == {("lain", source_key(["1"]))}
    wal.simpeg.run("UPDATE orang SET nip = 'b'")
    assert following.look() == {("lain", source_key(["1"])), ("lain", source_key(["2"]))}
    wal.simpeg.run("DELETE FROM orang")
    assert following.look() == {("lain", source_key(["2"]))}
    assert following.sweep == set()
    # Taken away later, it costs sweeps and loses nothing.
    wal.simpeg.run("ALTER TABLE orang REPLICA IDENTITY DEFAULT", "INSERT INTO orang VALUES (8, 'a', 'A')")
    following.look()
    assert following.sweep == set()
    wal.simpeg.run("UPDATE orang SET nip = 'b'")
    following.look()
    assert following.sweep == {"lain"}
    assert len(wal.captures[-1].problems()) == 1


def test_a_row_told_in_full_may_hold_null(wal: Wal) -> None:
    wal.simpeg.feeds = (joined_by_number(),)
    wal.simpeg.run(
        "CREATE TABLE lain (id INT PRIMARY KEY, nip TEXT)", "CREATE TABLE orang (id INT, nip TEXT, nama TEXT)",
        "ALTER TABLE orang REPLICA IDENTITY FULL", "INSERT INTO lain VALUES (1, 'a')",
    )  # fmt: skip
    following = wal.follow()
    wal.simpeg.run(
        "INSERT INTO orang VALUES (1, NULL, 'x')", "UPDATE orang SET nip = 'a'", "UPDATE orang SET nip = NULL"
    )
    assert following.look() == {("lain", source_key(["1"]))}
    wal.simpeg.run("DELETE FROM orang")
    assert following.look() == set()
    assert following.sweep == set()


def test_a_table_without_key_is_not_hurt_and_is_swept_when_a_row_goes(wal: Wal, following: Following) -> None:
    """A publication would make this very DELETE fail in SIMPEG."""
    wal.simpeg.run("ALTER TABLE kursus DROP CONSTRAINT kursus_pkey")
    wal.simpeg.run("DELETE FROM kursus WHERE id = 1")
    following.look()
    assert following.sweep == {"kursus"}


@pytest.mark.parametrize(
    "kind", ["VIEW lain AS SELECT 1 AS id, '' AS nip", "UNLOGGED TABLE lain (id INT PRIMARY KEY, nip TEXT)"]
)
def test_what_is_not_in_the_wal_is_refused(wal: Wal, kind: str) -> None:
    wal.simpeg.run(f"CREATE {kind}")
    wal.simpeg.feeds = (LAIN,)
    with pytest.raises(SourceUnfit, match=r"lain is .*use `scan`"):
        wal.follow()


def test_a_table_that_is_away_for_a_moment_is_swept(wal: Wal, following: Following) -> None:
    wal.simpeg.run(add_kursus(3))
    wal.simpeg.run("ALTER TABLE kursus RENAME TO dulu")
    wal.simpeg.run("UPDATE diklat SET nama = 'x'")
    assert following.look() == {diklat(ANI, "11.5", "2024-02-01")}
    assert following.sweep == {"kursus"}


def test_a_renamed_column_is_swept(wal: Wal, following: Following) -> None:
    wal.simpeg.run("ALTER TABLE kursus RENAME COLUMN id TO nomor", "UPDATE kursus SET nama = 'x' WHERE nomor = 1")
    following.look()
    assert following.sweep == {"kursus"}


# Pages, crashes, restarts.


def test_a_batch_that_was_not_stored_comes_again(wal: Wal, following: Following) -> None:
    wal.simpeg.run(add_kursus(3))
    wal.simpeg.run(add_kursus(4))
    before = following.cursor
    assert following.look() == kursus(3, 4)
    following.cursor = before  # the ledger did not have it
    assert following.look() == kursus(3, 4)
    again = wal.follow()
    again.cursor = before
    assert again.look() == kursus(3, 4)


def test_a_transaction_longer_than_a_page_goes_on_where_it_was_stored(wal: Wal, following: Following) -> None:
    wal.simpeg.run("INSERT INTO diklat SELECT g::text, 1, '2024-01-01' FROM generate_series(1, 5) g",
                   *(add_kursus(id_) for id_ in range(100, 150)))  # fmt: skip
    wal.simpeg.run(add_kursus(200))
    first = following.capture.changes(following.cursor, limit=20)
    second = following.capture.changes(first.cursor, limit=20)
    assert first.more and second.more
    again = wal.follow()
    again.cursor = first.cursor  # a crash before the second batch was stored
    rest = again.look(limit=20)
    seen = {("kursus", c.key) for c in first.changes if c.feed == "kursus"}
    assert rest | seen == kursus(*range(100, 150), 200)
    assert {("kursus", c.key) for c in second.changes} <= rest
    assert again.look() == set()


def test_looks_end_with_a_commit_after_their_number_of_rows(wal: Wal) -> None:
    following = wal.follow(look_rows=10)
    for id_ in range(100, 130):
        wal.simpeg.run(add_kursus(id_))
    assert following.look() == kursus(*range(100, 130))
    assert following.batches > 5
    assert following.look() == set()


def test_fifty_thousand_rows_come_in_small_batches_and_little_memory(wal: Wal, following: Following) -> None:
    wal.simpeg.run(
        "INSERT INTO kursus SELECT g, 'x', 'T', repeat('n', 80), '2024-01-31' FROM generate_series(1000, 50999) g"
    )
    following.look()  # what is loaded once is loaded now
    following.batches = 0
    wal.simpeg.run("UPDATE kursus SET nama = 'y'")
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    found = following.look(limit=1000)
    print(f"50,000 rows: {time.monotonic() - began:.2f} s, {following.batches} batches")  # noqa: T201
    assert len(found) == 50_002
    assert following.largest <= 1000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_a_restart_of_the_server_loses_nothing(wal: Wal, following: Following, postgres: PostgresServer) -> None:
    wal.simpeg.run(add_kursus(3))
    first = following.capture.changes(following.cursor, limit=2)
    wal.simpeg.application.dispose()
    postgres.kill()
    try:
        with pytest.raises(SourceDown, match="not reachable"):
            following.capture.changes(first.cursor, limit=10)
    finally:
        postgres.start()
    wal.simpeg.run(add_kursus(4))
    following.cursor = first.cursor
    assert following.look() | {("kursus", c.key) for c in first.changes} >= kursus(3, 4)


def test_a_restart_in_the_middle_of_a_transaction_loses_nothing(
    wal: Wal, following: Following, postgres: PostgresServer
) -> None:
    wal.simpeg.run(*(add_kursus(id_) for id_ in range(100, 150)))
    first = following.capture.changes(following.cursor, limit=20)
    wal.simpeg.application.dispose()
    postgres.restart()
    with pytest.raises(SourceDown):
        following.capture.changes(first.cursor, limit=20)
    following.cursor = first.cursor
    assert following.look(limit=20) | {("kursus", c.key) for c in first.changes} == kursus(*range(100, 150))


def test_a_killed_connection_costs_one_look(wal: Wal, following: Following) -> None:
    wal.simpeg.run(*(add_kursus(id_) for id_ in range(100, 150)))
    first = following.capture.changes(following.cursor, limit=20)
    following.cursor = first.cursor
    wal.simpeg.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'simpeg-sync'")
    with pytest.raises(SourceDown):
        following.look(limit=20)
    assert following.look(limit=20) | {("kursus", c.key) for c in first.changes} == kursus(*range(100, 150))


def test_what_cannot_be_seen_yet_is_not_told_yet(wal: Wal, following: Following, postgres: PostgresServer) -> None:
    """A commit that waits for a standby is in the WAL; whoever reads its row now finds the old one."""

    def settings(*statements: str) -> None:
        with postgres.connect() as connection:
            for statement in (*statements, "SELECT pg_reload_conf()"):
                connection.execute(statement)

    settings("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    try:
        with ThreadPoolExecutor(1) as pool:
            for waits in range(3, 100):  # the server takes up the setting when it likes
                writer = pool.submit(wal.simpeg.run, add_kursus(waits))
                end = time.monotonic() + 20
                while not writer.done() and not wal.simpeg.ask(waiting) and time.monotonic() < end:
                    threading.Event().wait(0.02)
                if not writer.done():
                    break
            assert following.look() == kursus(*range(3, waits))
            assert wal.simpeg.ask(f"SELECT id FROM kursus WHERE id = {waits}") == []
            settings("ALTER SYSTEM RESET synchronous_standby_names")
            writer.result(20)
    finally:
        settings("ALTER SYSTEM RESET synchronous_standby_names")
    assert following.look() == kursus(waits)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_of_writers_looks_and_crashes_nothing_is_lost(wal: Wal, seed: int) -> None:
    """Random writers on the real engine: every committed row is told, and nothing that was rolled back."""
    chance = random.Random(seed)
    look_rows = chance.choice([3, 50, 20_000])
    following, marked, committed = wal.follow(look_rows=look_rows), set[int](), set[int]()
    writers = [(wal.simpeg.writer(), set[int]()) for _ in range(5)]
    for id_ in range(10, 160):
        connection, mine = chance.choice(writers)
        match chance.choice(["write", "write", "write", "commit", "rollback", "look", "crash", "stop"]):
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
                following = wal.follow(look_rows=look_rows)
                following.cursor = cursor
    for connection, mine in writers:
        connection.commit()
        committed |= mine
    marked.update(int(key_parts(key)[0]) for _, key in following.look(limit=7))
    assert marked == committed
    assert following.look() == set()


# The slot: missing, lost, somebody else's; and servers that are not what they were.


def test_a_missing_slot_is_named_with_the_statement_that_makes_it(wal: Wal) -> None:
    with pytest.raises(
        SourceUnfit, match=rf"slot {wal.settings.slot} does not exist; .*pg_create_logical_replication_slot"
    ):
        wal.follow(makes_slot=False)


def test_a_slot_that_went_away_is_history_lost(wal: Wal, following: Following) -> None:
    wal.simpeg.run(add_kursus(3))
    wal.drop_slot()
    with pytest.raises(HistoryLost, match="is not there"):
        following.look()
    following.cursor = following.capture.start()
    wal.simpeg.run(add_kursus(4))
    assert following.look() == kursus(4)


def test_a_slot_made_anew_or_read_by_others_is_history_lost(wal: Wal, following: Following) -> None:
    wal.simpeg.run(add_kursus(3))
    wal.simpeg.ask(f"SELECT pg_logical_slot_get_changes('{wal.settings.slot}', NULL, NULL)")
    with pytest.raises(HistoryLost, match="made anew, or somebody else"):
        following.look()


def test_wal_that_was_dropped_is_history_lost_and_the_slot_is_made_again(
    wal: Wal, following: Following, postgres: PostgresServer
) -> None:
    def limit(statement: str) -> None:
        with postgres.connect() as connection:
            connection.execute(statement)
            connection.execute("SELECT pg_reload_conf()")

    following.look()
    limit("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
    try:
        wal.simpeg.run(add_kursus(3))
        for _ in range(4):
            wal.simpeg.ask("SELECT pg_switch_wal()")
            wal.simpeg.run("UPDATE kursus SET nama = 'z'")
        with wal.simpeg.application.connect().execution_options(isolation_level="AUTOCOMMIT") as dba:
            dba.exec_driver_sql("CHECKPOINT")
        with pytest.raises(HistoryLost, match="dropped WAL"):
            following.look()
        with pytest.raises(SourceUnfit, match="is lost.*pg_drop_replication_slot.*pg_create_logical"):
            wal.capture(makes_slot=False).start()
        following.cursor = following.capture.start()
        wal.simpeg.run(add_kursus(4))
        assert following.look() == kursus(4)
    finally:
        limit("ALTER SYSTEM RESET max_slot_wal_keep_size")


@pytest.mark.parametrize(
    ("part", "value"),
    [("cluster", "1"), ("timeline", "00000009"), ("lsn", "FFFF/0"), ("slot", "other")],
)
def test_another_server_or_an_older_state_of_it_is_not_believed(following: Following, part: str, value: str) -> None:
    following.cursor = json.dumps({**json.loads(following.cursor), part: value})
    with pytest.raises(HistoryLost, match="every row has to be compared again"):
        following.look()


@pytest.mark.parametrize("text", ["17", "{}", '{"position": "", "anchor": ""}', "[]"])
def test_a_foreign_cursor_is_history_lost(following: Following, text: str) -> None:
    following.cursor = text
    with pytest.raises(HistoryLost):
        following.look()


def test_a_slot_of_another_database_is_refused(wal: Wal, following: Following, postgres: PostgresServer) -> None:
    other = Simpeg(postgres.create_database())
    capture = WalCapture(other.reading, other.writing, other.feeds, wal.settings)
    with pytest.raises(SourceUnfit, match="belongs to database"):
        capture.start()
    with pytest.raises(SourceUnfit, match="belongs to database"):
        capture.changes(following.cursor, limit=1)
    other.close()


def test_a_slot_of_another_kind_is_refused(wal: Wal) -> None:
    for made in (
        "pg_create_physical_replication_slot('{}', true)",
        "pg_create_logical_replication_slot('{}', 'pgoutput')",
    ):
        wal.simpeg.ask("SELECT " + made.format(wal.settings.slot))
        with pytest.raises(SourceUnfit, match="speaks .*, not test_decoding"):
            wal.follow()
        wal.drop_slot()


def test_a_slot_in_use_is_waited_for(wal: Wal, following: Following, postgres: PostgresServer) -> None:
    url = sa.make_url(wal.simpeg.url)
    place = ["-h", "127.0.0.1", "-p", str(url.port), "-U", str(url.username), "-d", str(url.database)]
    command = [str(find_binary("pg_recvlogical", "/usr/lib/postgresql/*/bin", package="postgresql-client-15")), *place]
    with subprocess.Popen(
        [*command, "-S", wal.settings.slot, "--start", "-f", "/dev/null"], env={"PGPASSWORD": str(url.password)}
    ) as other:
        end = time.monotonic() + 20
        while wal.captures[0].slot().active_pid is None and time.monotonic() < end:
            threading.Event().wait(0.02)
        with pytest.raises(SourceDown, match="in use by another process"):
            following.look()
        other.kill()


def test_how_much_wal_the_slot_keeps_is_told(wal: Wal, following: Following) -> None:
    before = wal.captures[0].slot().retained_bytes
    wal.simpeg.run("UPDATE kursus SET nama = 'x'", "SELECT pg_logical_emit_message(false, 'x', repeat('x', 100000))")
    state = wal.captures[0].slot()
    assert state.retained_bytes >= before + 100_000
    assert (state.wal_status, state.is_lost, state.active_pid) == ("reserved", False, None)


def test_the_slot_moves_with_the_cursor_also_when_nothing_is_ours(wal: Wal, following: Following) -> None:
    wal.simpeg.run("CREATE TABLE asing (t TEXT)")
    for _ in range(3):
        wal.simpeg.run("INSERT INTO asing VALUES (repeat('x', 1000))")
        assert following.look() == set()
    stored = WalCursor.from_text(following.cursor).lsn
    wal.simpeg.run("INSERT INTO asing VALUES ('')")
    following.look()
    assert wal.captures[0].slot().confirmed == stored


def test_an_idle_look_is_one_statement(wal: Wal, following: Following) -> None:
    following.look()
    following.look()
    statements: list[str] = []
    for engine in (wal.simpeg.reading, wal.simpeg.writing):
        sa.event.listen(
            engine, "before_cursor_execute", lambda c, cursor, statement, *rest: statements.append(statement)
        )
    for _ in range(60):
        assert following.look() == set()
    # The server writes a little by itself (a list of the running transactions every 15 s).
    assert len(statements) <= 60 + 10


def test_the_script_gives_rights_that_are_enough(wal: Wal) -> None:
    simpeg, reader = wal.simpeg, f"r_{wal.settings.slot}"
    settings = replace(wal.settings, reader=reader, makes_slot=False)
    simpeg.feeds = (KURSUS, joined_by_number())
    simpeg.run(
        f"CREATE ROLE {reader} LOGIN PASSWORD 'rahasia'", "CREATE TABLE lain (id INT PRIMARY KEY, nip TEXT)",
        "CREATE TABLE orang (id INT PRIMARY KEY, nip TEXT)", "INSERT INTO lain VALUES (1, 'a')",
    )  # fmt: skip
    url = sa.make_url(simpeg.url)
    script = wal_sql.setup(simpeg.application.dialect, simpeg.feeds, settings)
    place = ["-h", "127.0.0.1", "-p", str(url.port), "-U", str(url.username), str(url.database)]
    subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *place], input=script, text=True, stdout=subprocess.DEVNULL,
        timeout=30, check=True, env={"PGPASSWORD": str(url.password), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    mine = simpeg.url.replace(f"{url.username}:{url.password}", f"{reader}:rahasia")
    reading, writing = open_reading(mine, LIMITS), open_writing(mine, LIMITS)
    capture = WalCapture(reading, writing, simpeg.feeds, settings)
    following = Following(capture)
    simpeg.run("UPDATE kursus SET nama = 'x' WHERE id = 1", "INSERT INTO orang VALUES (1, 'a')")
    assert following.look(limit=1) == kursus(1) | {("lain", source_key(["1"]))}
    simpeg.run("DELETE FROM orang")
    assert following.look() == {("lain", source_key(["1"]))}
    assert following.sweep == set()
    with pytest.raises(sa.exc.DBAPIError), writing.connect() as connection:
        connection.exec_driver_sql("UPDATE kursus SET nama = 'y'")
    for engine in (reading, writing):
        engine.dispose()


def test_other_engines_are_refused(lite: Simpeg) -> None:
    with pytest.raises(SourceUnfit, match="reads PostgreSQL, not sqlite"):
        WalCapture(lite.reading, lite.writing, lite.feeds, WalSettings())
