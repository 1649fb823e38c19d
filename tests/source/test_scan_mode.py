"""Mode `scan`: nothing but SELECT; what could be mapped differently is marked, what cannot costs no write. Ledger and source
are real, and every step goes through the intake, as in the daemon."""

import itertools
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.small_simpeg import ANI, BUDI, DIKLAT, FEEDS, KURSUS, Simpeg, add_kursus

from simpeg_sync.clock import Clock
from simpeg_sync.domain.change import TWICE, FeedName, SourceKey, source_key
from simpeg_sync.domain.errors import HistoryLost
from simpeg_sync.intake import ChangeIntake
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.mapping.expressions import Column
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Unready, render
from simpeg_sync.source.scan import ScanCapture, ScanCursor
from simpeg_sync.source.settings import Scan

SOON = Scan(every_s=60.0, rows_per_second=1e9)
BY_NAME = Feed(
    name=FeedName("lepas"), target="kursus", table="lepas", key=("nip", "nomor"), person="nip", key_is_natural=True,
    fields={"namaKursus": Column("nama")},
)  # fmt: skip


class Scanning:
    """One installation: the clock moves only when told."""

    def __init__(
        self, simpeg: Simpeg, ledger_url: str, feeds: tuple[Feed, ...], *, page: int, scan: Scan = SOON
    ) -> None:
        self.simpeg, self.feeds, self.page, self.scan = simpeg, feeds, page, scan
        self.engine = open_engine(ledger_url, create=True)
        schema.upgrade(self.engine)
        self.ledger = SqlLedger(self.engine, Clock(), owner="test", pauses=Pauses())
        self.now = self.seconds = 1000.0
        self.restart()

    def restart(self) -> None:
        self.capture = ScanCapture(
            self.simpeg.reading, self.feeds, self.ledger, self.scan,
            clock=lambda: self.now, monotonic=lambda: self.seconds,
        )  # fmt: skip
        by_name = {feed.name: feed for feed in self.feeds}
        self.intake = ChangeIntake(by_name, self.simpeg.source(), {"scan": self.capture}, self.ledger, page=self.page)

    def step(self) -> set[tuple[str, str]]:
        before = self.marks()
        self.intake.step()
        after = self.marks()
        return {record for record, mark in after.items() if mark != before.get(record)}

    def a_pass(self) -> set[tuple[str, str]]:
        """What the next whole pass marks."""
        self.now += 3600.0
        before = self.marks()
        for _ in range(20_000):
            if not self.intake.step():
                break
        else:
            raise AssertionError("the pass has no end")
        assert not self.cursor.feed
        return {record for record, mark in self.marks().items() if mark != before.get(record)}

    @property
    def cursor(self) -> ScanCursor:
        return ScanCursor.from_text(self.ledger.cursor("scan") or "")

    def marks(self) -> dict[tuple[str, str], int]:
        return {(row["feed"], row["source_key"]): row["mark"] for row in self.rows("SELECT * FROM records")}

    def rows(self, statement: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement)).mappings())

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])


def rows_of(feed: str, *names: object) -> set[tuple[str, str]]:
    return {(feed, source_key([str(name)])) for name in names}


@pytest.fixture
def scanning(simpeg: Simpeg, tmp_path: Path) -> Iterator[Scanning]:
    simpeg.run(*(add_kursus(id_, jenis="TF"[id_ % 2]) for id_ in range(1, 41)))
    there = Scanning(simpeg, f"sqlite:///{tmp_path}/ledger.db", FEEDS, page=10)
    there.a_pass()
    yield there
    there.ledger.close()


def test_the_first_pass_marks_every_row_and_the_next_none(scanning: Scanning) -> None:
    assert set(scanning.marks()) == rows_of("kursus", *range(1, 41))
    ranges = scanning.count("scan_ranges")
    assert scanning.a_pass() == set()
    assert scanning.count("scan_ranges") == ranges


def test_changed_new_and_vanished_rows_are_marked_and_no_other(scanning: Scanning) -> None:
    scanning.simpeg.run(
        "UPDATE kursus SET nama = 'x' WHERE id = 7", "DELETE FROM kursus WHERE id IN (15, 40)",
        add_kursus(99), add_kursus(-5), "UPDATE kursus SET id = 1000 WHERE id = 20",
    )  # fmt: skip
    assert scanning.a_pass() == rows_of("kursus", 7, 15, 40, 99, -5, 20, 1000)
    assert scanning.a_pass() == set()


def test_a_column_that_no_feed_reads_marks_nothing(scanning: Scanning) -> None:
    scanning.simpeg.run("ALTER TABLE kursus ADD COLUMN log_sync VARCHAR(20)", "UPDATE kursus SET log_sync = 'sent'")
    assert scanning.a_pass() == set()


def test_a_joined_row_marks_the_rows_whose_content_it_changes(scanning: Scanning) -> None:
    scanning.simpeg.run("UPDATE rumpun SET bkn = 'NEW' WHERE id = 2")
    assert scanning.a_pass() == rows_of("kursus", *range(1, 41, 2))
    scanning.simpeg.run("DELETE FROM jenis WHERE kode = 'T'")
    assert scanning.a_pass() == rows_of("kursus", *range(2, 41, 2))


def test_an_emptied_table_and_a_refilled_one(scanning: Scanning) -> None:
    scanning.simpeg.run("DELETE FROM kursus")
    assert scanning.a_pass() == rows_of("kursus", *range(1, 41))
    assert scanning.a_pass() == set()
    scanning.a_pass()
    assert scanning.count("scan_ranges") == 2, "empty ranges are joined; one for each feed is left"
    scanning.simpeg.run(*(add_kursus(id_) for id_ in range(1, 31)))
    assert scanning.a_pass() == rows_of("kursus", *range(1, 31))


def test_many_rows_put_between_two_others_split_their_range(scanning: Scanning) -> None:
    scanning.simpeg.run("UPDATE kursus SET id = id * 1000", *(add_kursus(5000 + n) for n in range(1, 80)))
    moved = rows_of("kursus", *range(1, 41)) | rows_of("kursus", *(n * 1000 for n in range(1, 41)))
    assert scanning.a_pass() == moved | rows_of("kursus", *(5000 + n for n in range(1, 80)))
    assert scanning.a_pass() == set()
    scanning.simpeg.run("DELETE FROM kursus WHERE id = 5077", "UPDATE kursus SET nama = 'y' WHERE id = 5003")
    assert scanning.a_pass() == rows_of("kursus", 5077, 5003)


def test_whatever_happens_to_a_table_every_difference_is_found(scanning: Scanning) -> None:
    """Random batches of edits, deletes and inserts, with pages of other sizes and kills in between."""
    import random

    chance = random.Random(4)
    there = set(range(1, 41))
    for round_ in range(12):
        gone = set(chance.sample(sorted(there), min(len(there), chance.choice([0, 1, 15]))))
        edited = set(chance.sample(sorted(there - gone), min(len(there - gone), chance.choice([0, 2, 20]))))
        added = {chance.randrange(-500, 500) for _ in range(chance.choice([0, 1, 60]))} - there
        statements = [f"DELETE FROM kursus WHERE id = {id_}" for id_ in gone]
        statements += [f"UPDATE kursus SET nama = 'r{round_}' WHERE id = {id_}" for id_ in edited]
        if statements or added:
            scanning.simpeg.run(*statements, *(add_kursus(id_) for id_ in added))
        there = (there - gone) | added
        scanning.page = chance.choice([4, 10, 25, 1000])
        scanning.restart()
        assert scanning.a_pass() == rows_of("kursus", *gone, *edited, *added), f"round {round_}"


def test_a_pass_goes_on_where_a_kill_stopped_it(scanning: Scanning) -> None:
    scanning.simpeg.run("UPDATE kursus SET nama = 'x' WHERE id IN (2, 39)")
    scanning.now += 3600.0
    marked = set[tuple[str, str]]()
    for count in itertools.count():
        marked |= scanning.step()
        if not scanning.cursor.feed:
            break
        assert count < 100
        scanning.restart()  # a new process after every page
    assert marked == rows_of("kursus", 2, 39)
    assert scanning.cursor.done_rows == 40


@pytest.mark.parametrize("die_at", range(1, 8, 2))
def test_a_page_is_remembered_only_together_with_its_marks(
    scanning: Scanning, die_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I8: dies in the middle of a write; the next process marks what this one had not."""
    scanning.simpeg.run("UPDATE kursus SET nama = 'x'")
    before = scanning.marks()
    writes = itertools.count(1)
    take = scanning.ledger.take_changes

    class Died(BaseException):
        pass

    def mortal(*arguments: Any, **options: Any) -> None:
        if next(writes) == die_at:
            raise Died
        take(*arguments, **options)

    monkeypatch.setattr(scanning.ledger, "take_changes", mortal)
    with pytest.raises(Died):
        scanning.a_pass()
    monkeypatch.setattr(scanning.ledger, "take_changes", take)
    scanning.restart()
    scanning.a_pass()
    assert all(scanning.marks()[record] > mark for record, mark in before.items())


def test_between_two_passes_it_asks_nothing_and_writes_nothing(scanning: Scanning) -> None:
    scanning.simpeg.run("UPDATE kursus SET nama = 'x'")
    cursor = scanning.ledger.cursor("scan")
    scanning.now += SOON.every_s / 2 - 3600.0 + (scanning.cursor.began_at - scanning.now + 3600.0)
    assert scanning.step() == set()
    assert scanning.ledger.cursor("scan") == cursor


def test_a_clock_that_goes_back_does_not_stop_the_scan(scanning: Scanning) -> None:
    """Fault 16."""
    scanning.simpeg.run("UPDATE kursus SET nama = 'x' WHERE id = 3")
    scanning.now -= 1_000_000.0
    for _ in range(100):
        if not scanning.intake.step():
            break
    assert scanning.marks()["kursus", source_key(["3"])] > scanning.marks()["kursus", source_key(["4"])]


def test_it_keeps_its_pace_and_says_that_more_is_to_come(scanning: Scanning) -> None:
    scanning.scan = Scan(every_s=60.0, rows_per_second=10.0)
    scanning.restart()
    scanning.now += 3600.0
    read = []
    for _ in range(6):
        while scanning.intake.step():
            pass
        assert scanning.intake.is_paced or not scanning.cursor.feed
        read.append(scanning.cursor.rows or scanning.cursor.done_rows)
        scanning.seconds += 1.0
    assert read[0] <= 20 and read == sorted(read) and read[-1] == 40
    assert all(later - sooner <= 20 for sooner, later in itertools.pairwise(read))


def test_a_feed_that_does_not_fit_is_passed_over_and_the_others_are_scanned(simpeg: Simpeg, tmp_path: Path) -> None:
    """Fault 8: a column is dropped while we run."""
    simpeg.run(add_kursus(1))
    there = Scanning(simpeg, f"sqlite:///{tmp_path}/ledger.db", FEEDS, page=10)
    there.a_pass()
    simpeg.run("ALTER TABLE diklat DROP COLUMN nama", "UPDATE kursus SET nama = 'x'")
    assert there.a_pass() == rows_of("kursus", 1)
    (problem,) = there.capture.state(there.ledger.cursor("scan")).problems
    assert "feed diklat" in problem and "nama" in problem
    there.ledger.close()


def test_composite_keys_of_text_float_and_date(simpeg: Simpeg, tmp_path: Path) -> None:
    rows = [
        (nip, code, day) for nip in (ANI, BUDI) for code in (0.5, 11.0, 12.25) for day in ("2024-01-31", "2023-05-01")
    ]
    for nip, code, day in rows:
        simpeg.run(f"INSERT INTO diklat (nip, kode, tmulai) VALUES ('{nip}', {code}, '{day}')")
    there = Scanning(simpeg, f"sqlite:///{tmp_path}/ledger.db", (DIKLAT,), page=4)
    assert len(there.a_pass()) == len(rows)
    assert there.a_pass() == set()
    simpeg.run(f"DELETE FROM diklat WHERE nip = '{BUDI}' AND kode = 11.0")
    assert len(there.a_pass()) == 2
    assert there.a_pass() == set()
    there.ledger.close()


def test_another_shape_of_the_feed_is_seen_afresh_and_the_old_one_forgotten(scanning: Scanning) -> None:
    scanning.feeds = (replace(KURSUS, key=("nip", "id")), DIKLAT)
    scanning.restart()
    assert {key for _, key in scanning.a_pass()} >= {source_key([ANI, "1"])}
    assert scanning.a_pass() == set()
    shapes = scanning.rows("SELECT DISTINCT shape FROM scan_ranges WHERE feed = 'kursus'")
    assert len(shapes) == 1


@pytest.mark.parametrize("cursor", ["17", '{"other": 1}', "[]"])
def test_a_foreign_cursor_is_history_lost(scanning: Scanning, cursor: str) -> None:
    with pytest.raises(HistoryLost):
        scanning.capture.changes(cursor, limit=10)


# ------------------------------------------------------------------------------------------------ tables without a key


@pytest.fixture
def keyless(simpeg: Simpeg, tmp_path: Path) -> Iterator[Scanning]:
    simpeg.run("CREATE TABLE lepas (nip VARCHAR(18), nomor VARCHAR(20), nama VARCHAR(50))")
    simpeg.run(*(f"INSERT INTO lepas VALUES ('{ANI}', 'S/{n:02}', 'Kursus {n}')" for n in range(1, 31)))
    there = Scanning(simpeg, f"sqlite:///{tmp_path}/ledger.db", (BY_NAME,), page=6)
    there.a_pass()
    yield there
    there.ledger.close()


def key_of(number: str) -> SourceKey:
    return source_key([ANI, number])


def test_a_table_without_key_and_times_is_scanned_by_its_natural_key(keyless: Scanning) -> None:
    assert len(keyless.marks()) == 30
    keyless.simpeg.run(
        "UPDATE lepas SET nama = 'x' WHERE nomor = 'S/09'", "DELETE FROM lepas WHERE nomor = 'S/30'",
        f"INSERT INTO lepas VALUES ('{ANI}', 'S/31', 'new')",
    )  # fmt: skip
    assert {key for _, key in keyless.a_pass()} == {key_of("S/09"), key_of("S/30"), key_of("S/31")}


@pytest.mark.parametrize("number", [f"S/{n:02}" for n in (1, 2, 3, 4, 5, 6, 7, 30)])
def test_two_rows_of_one_identity_are_held_wherever_a_page_ends_and_released_when_one_goes(
    keyless: Scanning, number: str
) -> None:
    keyless.simpeg.run(*[f"INSERT INTO lepas VALUES ('{ANI}', '{number}', 'a double')"] * 3)
    assert {key for _, key in keyless.a_pass()} == {key_of(number)}
    source = keyless.simpeg.source()
    row = source.read(BY_NAME, [key_of(number)])[key_of(number)]
    assert row is TWICE
    assert render(BY_NAME, row) == Unready("identity.twice", "nip, nomor")
    assert source.persons(BY_NAME, [key_of(number)]) == {key_of(number): ANI}
    assert keyless.a_pass() == set()
    keyless.simpeg.run("DELETE FROM lepas WHERE nama = 'a double'")
    assert {key for _, key in keyless.a_pass()} == {key_of(number)}
    assert source.read(BY_NAME, [key_of(number)])[key_of(number)]["nama"].startswith("Kursus")


def test_identities_that_a_collation_cannot_tell_apart_are_found_wherever_a_page_ends(
    maria: Simpeg, tmp_path: Path
) -> None:
    """MariaDB compares without case, accents and trailing blanks; a page must not end between such rows."""
    twins = ["abc", "ABC", "Abc", "ábc"]
    maria.run("CREATE TABLE lepas (nip VARCHAR(18), nomor VARCHAR(20), nama VARCHAR(50))")
    maria.run(*(f"INSERT INTO lepas VALUES ('{ANI}', '{twin}', '{n}:')" for n, twin in enumerate(twins)))
    maria.run(*(f"INSERT INTO lepas VALUES ('{ANI}', '{number}', 'x')" for number in "bcdef"))
    [(equal,)] = maria.ask("SELECT COUNT(*) FROM lepas WHERE nomor = 'abc'")
    assert equal == len(twins), "this database does not hold them to be one"
    for before in range(7):
        there = Scanning(maria, f"sqlite:///{tmp_path}/ledger-{before}.db", (BY_NAME,), page=10)
        there.a_pass()
        assert {key_of(twin) for twin in twins} <= {SourceKey(key) for _, key in there.marks()}
        for n, twin in enumerate(twins):
            maria.run(f"UPDATE lepas SET nama = CONCAT(nama, 'y') WHERE nama LIKE '{n}:%'")
            assert {key for _, key in there.a_pass()} == {key_of(twin)}
        there.ledger.close()
        maria.run(f"INSERT INTO lepas VALUES ('{ANI}', '0{before}', 'x')")


def test_the_deep_check_lets_two_rows_of_one_identity_be(keyless: Scanning) -> None:
    keyless.simpeg.run(f"INSERT INTO lepas VALUES ('{ANI}', 'S/01', 'a double')")
    keyless.simpeg.source().check(BY_NAME, deep=True)


# -------------------------------------------------------------------------------------------------------------- size


def test_memory_does_not_grow_with_the_table(lite: Simpeg, tmp_path: Path) -> None:
    """200,000 rows: first sight, an unchanged pass, and one in which a thousand rows changed."""
    lite.run(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200000) "
        f"INSERT INTO kursus SELECT n, '{ANI}', 'T', 'Kursus ' || n, '2024-01-31' FROM n"
    )
    feed = replace(KURSUS, joins=(), fields={"namaKursus": Column("nama"), "tanggalKursus": Column("tgl")})
    there = Scanning(lite, f"sqlite:///{tmp_path}/ledger.db", (feed,), page=1000)
    capture, memory = there.capture, there.ledger
    cursor = capture.start()
    for changed, update in ((200_000, ""), (0, ""), (1000, "UPDATE kursus SET nama = 'x' WHERE id % 200 = 0")):
        if update:
            lite.run(update)
        there.now += 3600.0
        found = pages = 0
        tracemalloc.start()
        try:
            while True:
                batch = capture.changes(cursor, limit=1000)
                memory.take_changes([], {}, cursor=("scan", batch.cursor), seen=batch.seen)
                cursor, found, pages = batch.cursor, found + len(batch.changes), pages + 1
                if not batch.is_paced:
                    break
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert (found, pages) == (changed, 400)
        assert peak < 8_000_000, f"{peak} bytes for {changed} changes"
    assert there.count("scan_ranges") == 400
    there.ledger.close()
