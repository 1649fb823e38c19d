"""Mode `table`: a change log that SIMPEG keeps by itself, on every engine; what it names is marked, what it lost is noticed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from tests.small_simpeg import ANI, BUDI, DIKLAT, FEEDS, KURSUS, Simpeg, add_kursus, kursus

from simpeg_sync.domain.change import SourceKey, source_key
from simpeg_sync.domain.errors import HistoryLost, SourceUnfit
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.source.log_ids import IdCursor
from simpeg_sync.source.settings import ChangeTable, LoggedTable
from simpeg_sync.source.table import TableCapture, TableCursor

IDS = {
    "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "postgresql": "SERIAL PRIMARY KEY",
    "mariadb": "INT AUTO_INCREMENT PRIMARY KEY",
}
LOG = ChangeTable(
    table="jejak", id="nomor", at="waktu", table_column="tabel", key_column="kunci", person_column="pegawai",
    names={
        "KURSUS": LoggedTable("kursus"),
        "diklat": LoggedTable("diklat"),
        "biodata": LoggedTable("pegawai", key=("nip",)),
        "jenis": LoggedTable("jenis", key=("bkn",)),
    },
)  # fmt: skip


def entry(table: str, key: str | None = None, person: str | None = None) -> str:
    shown = ", ".join("NULL" if value is None else f"'{value}'" for value in (table, key, person))
    return f"INSERT INTO jejak (tabel, kunci, pegawai) VALUES ({shown})"


@dataclass
class Following:
    simpeg: Simpeg
    capture: TableCapture
    cursor: str

    def look(self, limit: int = 1000) -> set[tuple[str, SourceKey]]:
        found: set[tuple[str, SourceKey]] = set()
        for _ in range(500):
            batch = self.capture.changes(self.cursor, limit=limit)
            self.cursor = batch.cursor
            assert not batch.sweep
            found |= {(str(change.feed), change.key) for change in batch.changes}
            found |= {(str(feed), SourceKey(nip)) for feed, nip in batch.persons}
            if not batch.more:
                return found
        raise AssertionError("the log has no end")

    @property
    def ignored(self) -> dict[str, int]:
        return dict(TableCursor.from_text(self.cursor).ignored)

    @property
    def gaps(self) -> int:
        position = IdCursor.from_text(TableCursor.from_text(self.cursor).log).position
        return sum(gap.size for gap in position.gaps)


def make_log(simpeg: Simpeg) -> None:
    moment = "TIMESTAMP DEFAULT CURRENT_TIMESTAMP"
    simpeg.run(
        f"CREATE TABLE jejak (nomor {IDS[simpeg.dialect]}, waktu {moment}, tabel VARCHAR(40), kunci VARCHAR(80), "
        "pegawai VARCHAR(20))"
    )


def follow(simpeg: Simpeg, log: ChangeTable = LOG, feeds: Sequence[Feed] = FEEDS) -> Following:
    capture = TableCapture(simpeg.reading, feeds, log, clock=lambda: 0.0)
    return Following(simpeg, capture, capture.start())


@pytest.fixture
def following(simpeg: Simpeg) -> Following:
    make_log(simpeg)
    simpeg.run(entry("KURSUS", "99"), add_kursus(1), add_kursus(2, nip=BUDI, jenis="F"))
    return follow(simpeg)


def test_what_was_logged_before_the_start_is_left_to_the_sweep(following: Following) -> None:
    assert following.look() == set()


def test_a_logged_key_marks_its_row_and_of_a_row_that_is_gone_the_key_itself(following: Following) -> None:
    following.simpeg.run(entry("KURSUS", "1"), "DELETE FROM kursus WHERE id = 2", entry("KURSUS", "2"))
    assert following.look() == kursus(1, 2)
    assert following.look() == set()


def test_a_key_is_spelled_as_the_database_does_whatever_the_log_writes(following: Following) -> None:
    """No record may be made up beside the real one."""
    following.simpeg.run(entry("KURSUS", "001"), entry("KURSUS", "007"), entry("KURSUS", " 2 "))
    assert following.look() == kursus(1, 2, 7)


def test_composite_keys_in_one_column(following: Following) -> None:
    following.simpeg.run(
        f"INSERT INTO diklat (nip, kode, tmulai) VALUES ('{ANI}', 11.5, '2024-02-01')",
        entry("diklat", f"{ANI}|11.5|2024-02-01"), entry("diklat", f"{BUDI}|2|2024-03-01"), entry("diklat", "11.5"),
    )  # fmt: skip
    assert following.look() == {
        ("diklat", source_key([ANI, "11.5", "2024-02-01"])),
        ("diklat", source_key([BUDI, "2", "2024-03-01"])),
    }
    assert following.ignored == {"unreadable key": 1}


def test_composite_keys_in_columns_of_their_own(simpeg: Simpeg) -> None:
    make_log(simpeg)
    log = replace(LOG, names={"DIK": LoggedTable("diklat", key=("nip", "tmulai"), key_columns=("pegawai", "kunci"))})
    taking = follow(simpeg, log)
    simpeg.run(
        f"INSERT INTO diklat (nip, kode, tmulai) VALUES ('{ANI}', 1, '2024-02-01'), ('{ANI}', 2, '2024-02-01')",
        entry("DIK", "2024-02-01", ANI),
    )
    codes = ("1.0", "2.0") if simpeg.dialect == "sqlite" else ("1", "2")
    rows = {("diklat", source_key([ANI, code, "2024-02-01"])) for code in codes}
    assert taking.look() == rows | {("diklat", SourceKey(ANI))}, "the feed's key is more, so a row may be gone too"


def test_a_row_that_names_only_a_person_marks_all_that_persons_rows_and_records(following: Following) -> None:
    following.simpeg.run(add_kursus(3), entry("KURSUS", None, ANI))
    assert following.look() == kursus(1, 3) | {("kursus", SourceKey(ANI))}


def test_a_joined_table_marks_the_rows_that_read_it(following: Following) -> None:
    following.simpeg.run(entry("biodata", BUDI))
    assert following.look() == kursus(2)


def test_a_joined_table_by_another_column_than_the_join_needs_the_person_or_is_counted(following: Following) -> None:
    following.simpeg.run(entry("jenis", "BKN-T", BUDI), entry("jenis", "BKN-T"))
    assert following.look() == kursus(2) | {("kursus", SourceKey(BUDI))}
    assert following.ignored == {"no way to the feed": 1}


def test_tables_that_no_feed_reads_are_ignored_and_counted(following: Following) -> None:
    following.simpeg.run(entry("r_cuti", "5"), entry("kursus ", "1"), entry("jenis"), entry("r_cuti", "6"))
    assert following.look() == kursus(1), "a padded name is the table's own"
    assert following.ignored == {"unknown table": 2, "names nobody": 1}
    assert "r_cuti" not in following.cursor, "a column named by mistake could hold anything"


def test_pages_are_taken_one_by_one_and_a_restart_goes_on(following: Following) -> None:
    following.simpeg.run(*(add_kursus(id_) for id_ in range(10, 60)), *(entry("KURSUS", str(n)) for n in range(10, 60)))
    first = following.capture.changes(following.cursor, limit=7)
    assert first.more
    again = follow(following.simpeg)
    again.cursor = first.cursor
    marked = {("kursus", change.key) for change in first.changes}
    assert len(marked) == 7
    assert marked | again.look(limit=7) == kursus(*range(10, 60))


def test_an_idle_look_gives_the_same_cursor(following: Following) -> None:
    before = following.cursor
    following.look()
    assert following.cursor == before


LOSSES = {
    "emptied": ("DELETE FROM jejak",),
    "cut at its end": ("DELETE FROM jejak WHERE kunci = '1'",),
    "restored: the same ids, other rows": (
        "DELETE FROM jejak",
        "INSERT INTO jejak (nomor, tabel, kunci) VALUES (1, 'KURSUS', '8'), (2, 'KURSUS', '9'), (3, 'KURSUS', '9')",
    ),
    "made anew": ("DROP TABLE jejak", "again"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_log_that_lost_rows_is_never_believed(following: Following, loss: str) -> None:
    """Fault 9, and what a dump and a rotation do."""
    simpeg = following.simpeg
    simpeg.run(entry("KURSUS", "1"))
    assert following.look() == kursus(1)
    for statement in LOSSES[loss]:
        if statement == "again":
            make_log(simpeg)
            simpeg.application.dispose()
        else:
            simpeg.run(statement)
    if loss.startswith("restored") and simpeg.dialect == "postgresql":
        simpeg.run("SELECT setval('jejak_nomor_seq', 3)")  # as a dump does
    simpeg.reading.dispose()
    with pytest.raises(HistoryLost, match="every row has to be compared again"):
        following.look()
    simpeg.run(*(entry("KURSUS", "2") for _ in range(5)))
    with pytest.raises(HistoryLost):
        following.look()
    following.cursor = following.capture.start()
    simpeg.run(entry("KURSUS", "2"))
    assert following.look() == kursus(2)


def test_a_rotation_that_keeps_what_we_stand_on_loses_nothing(following: Following) -> None:
    following.simpeg.run(entry("KURSUS", "1"), entry("KURSUS", "2"))
    following.look()
    following.simpeg.run("DELETE FROM jejak WHERE nomor < 3", entry("KURSUS", "1"))
    assert following.look() == kursus(1)


@pytest.mark.parametrize("cursor", ["17", "{}", "[]", '{"log": "x", "ignored": {}}'])
def test_a_foreign_cursor_is_history_lost(following: Following, cursor: str) -> None:
    following.cursor = cursor
    with pytest.raises(HistoryLost):
        following.look()


def test_a_wrong_description_says_what_to_correct(simpeg: Simpeg) -> None:
    make_log(simpeg)
    for log, words in (
        (replace(LOG, table="jejax"), "table jejax does not exist"),
        (replace(LOG, key_column="kunc"), "table jejak has no column kunc"),
        (replace(LOG, id="tabel"), "column tabel of jejak is no number"),
    ):
        with pytest.raises(SourceUnfit, match=words):
            follow(simpeg, log)


def test_its_state_names_what_a_dba_can_do_about(following: Following) -> None:
    following.simpeg.run(entry("r_cuti", "5"))
    following.look()
    state = following.capture.state(following.cursor)
    assert (state.facts["table"], state.facts["ignored: unknown table"], state.problems) == ("jejak", 1, [])
    bare = "CREATE TABLE polos (nomor INTEGER, waktu DATE, tabel VARCHAR(9), kunci VARCHAR(9), pegawai VARCHAR(20))"
    following.simpeg.run(bare)
    (problem,) = TableCapture(following.simpeg.reading, FEEDS, replace(LOG, table="polos")).state(None).problems
    assert "polos.nomor has no index" in problem


# ------------------------------------------------------------------------------------------- several writers at once


@pytest.fixture
def crowd(served: Simpeg) -> Following:
    make_log(served)
    served.run(*(add_kursus(id_) for id_ in range(1, 30)))
    return follow(served)


def test_a_slow_writer_stalls_nobody_and_its_row_comes(crowd: Following) -> None:
    """Fault 1: the lower id becomes visible after the higher one."""
    with crowd.simpeg.application.connect() as slow:
        slow.exec_driver_sql(entry("KURSUS", "1"))
        crowd.simpeg.run(entry("KURSUS", "2"))
        assert crowd.look() == kursus(2)
        assert crowd.gaps == 1
        for _ in range(5):
            assert crowd.look() == set()
        slow.commit()
    assert crowd.look() == kursus(1)
    assert crowd.gaps == 0


def test_a_rollback_is_proved_and_forgotten(crowd: Following) -> None:
    """Fault 2. No time passes for the capture, so only the proof ends the gap."""
    with crowd.simpeg.application.connect() as other:
        other.exec_driver_sql(entry("KURSUS", "1"))
        crowd.simpeg.run(entry("KURSUS", "2"))
        assert crowd.look() == kursus(2)
        assert crowd.gaps == 1
        other.rollback()
    for _ in range(5000):
        if crowd.gaps == 0:
            break
        crowd.look()
    assert crowd.gaps == 0


def test_a_prepared_transaction_keeps_its_gap_open(pg: Simpeg) -> None:
    make_log(pg)
    pg.run(add_kursus(1), add_kursus(2))
    crowd = follow(pg)
    with pg.application.connect() as slow:
        slow.exec_driver_sql(entry("KURSUS", "1"))
        pg.run(entry("KURSUS", "2"))
        assert crowd.look() == kursus(2)
        crowd.look()  # the proof is noted while it runs under its own number
        slow.exec_driver_sql("PREPARE TRANSACTION 'jejak'")
    for _ in range(3):
        assert crowd.look() == set()
    assert crowd.gaps == 1
    with pg.application.connect().execution_options(isolation_level="AUTOCOMMIT") as end:
        end.exec_driver_sql("COMMIT PREPARED 'jejak'")
    assert crowd.look() == kursus(1)


def test_ids_handed_out_in_advance_prove_nothing_and_end_by_time(pg: Simpeg) -> None:
    """A session may use a number of its cache an hour later, in a transaction that nobody can have seen."""
    make_log(pg)
    pg.run("ALTER SEQUENCE jejak_nomor_seq CACHE 10", add_kursus(1), add_kursus(2))
    now = [0.0]
    capture = TableCapture(pg.reading, FEEDS, replace(LOG, gap_limit_s=60), clock=lambda: now[0])
    crowd = Following(pg, capture, capture.start())
    with pg.application.connect() as first, pg.application.connect() as second:
        first.exec_driver_sql(entry("KURSUS", "99"))  # draws ten numbers and uses one
        first.commit()
        second.exec_driver_sql(entry("KURSUS", "2"))
        second.commit()
        crowd.look()
        assert crowd.gaps == 9
        for _ in range(3):
            crowd.look()
        first.exec_driver_sql(entry("KURSUS", "1"))
        first.commit()
        assert crowd.look() == kursus(1)
    assert crowd.gaps == 8
    now[0] = 61.0
    crowd.look()
    assert crowd.gaps == 0


def test_feeds_of_one_table_are_both_marked(simpeg: Simpeg) -> None:
    make_log(simpeg)
    simpeg.run(add_kursus(1))
    twin = replace(KURSUS, name=type(KURSUS.name)("kursus2"))
    taking = follow(simpeg, feeds=(KURSUS, twin, DIKLAT))
    simpeg.run(entry("kursus", "1"))
    assert taking.look() == kursus(1) | {("kursus2", source_key(["1"]))}
