"""Every committed change of a watched row marks every record it touches, whatever the engine."""

import pytest
from tests.small_simpeg import ANI, BUDI, DIKLAT, Follower, Simpeg, add_kursus, kursus

from simpeg_sync.domain.change import FeedName, source_key
from simpeg_sync.domain.errors import HistoryLost, SourceUnfit
from simpeg_sync.source.settings import LogSettings

DIKLAT_ROW = f"INSERT INTO diklat VALUES ('{ANI}', 11.5, '2024-02-01', 'PKA', '{BUDI}', '{ANI}')"


def diklat(nip: str, kode: str, tmulai: str) -> tuple[str, str]:
    return ("diklat", source_key([nip, kode, tmulai]))


@pytest.fixture
def follower(simpeg: Simpeg) -> Follower:
    simpeg.install()
    simpeg.run(add_kursus(1), add_kursus(2, jenis="F"), DIKLAT_ROW)
    return Follower(simpeg)


def test_what_came_before_the_start_is_left_to_the_sweep(follower: Follower) -> None:
    assert follower.look() == set()


def test_insert_update_and_delete_mark_the_row(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run(add_kursus(3))
    assert follower.look() == kursus(3)
    simpeg.run("UPDATE kursus SET nama = 'x' WHERE id = 3")
    assert follower.look() == kursus(3)
    simpeg.run("DELETE FROM kursus WHERE id = 3")
    assert follower.look() == kursus(3)
    assert follower.look() == set()


def test_a_changed_key_marks_the_old_and_the_new(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run("UPDATE kursus SET id = 9 WHERE id = 1")
    assert follower.look() == kursus(1, 9)


def test_a_composite_key_with_a_date_and_a_float_finds_its_row(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run("UPDATE diklat SET nama = 'PKN'", "UPDATE diklat SET tmulai = '2024-03-01'")
    assert follower.look() == {diklat(ANI, "11.5", "2024-02-01"), diklat(ANI, "11.5", "2024-03-01")}
    key = source_key([ANI, "11.5", "2024-03-01"])
    rows = simpeg.source().read(DIKLAT, [key])
    assert (rows[key]["nama"], rows[key]["p.nama"], rows[key]["a.nama"]) == ("PKN", "Budi", "Ani")


def test_bulk_statements_come_in_pages(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run(*(add_kursus(id_) for id_ in range(100, 400)), "UPDATE kursus SET nama = 'all'")
    assert follower.look(limit=17) == kursus(1, 2, *range(100, 400))


def test_a_rollback_marks_nothing(simpeg: Simpeg, follower: Follower) -> None:
    with simpeg.application.connect() as connection:
        connection.exec_driver_sql(add_kursus(7))
        connection.rollback()
    simpeg.run(add_kursus(8))
    assert follower.look() == kursus(8)


def test_a_joined_row_marks_the_rows_that_read_it(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run("UPDATE jenis SET bkn = 'NEW' WHERE kode = 'T'")
    assert follower.look() == kursus(1)


def test_a_joined_row_that_is_gone_still_marks_them(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run("DELETE FROM jenis WHERE kode = 'F'")
    assert follower.look() == kursus(2)


def test_a_changed_join_column_marks_both_sides(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run(add_kursus(3, jenis="X"))
    follower.look()
    simpeg.run("UPDATE jenis SET kode = 'X' WHERE kode = 'T'")
    assert follower.look() == kursus(1, 3)


def test_a_lookup_of_a_lookup_marks_them(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run("UPDATE rumpun SET bkn = 'NEW' WHERE id = 2")
    assert follower.look() == kursus(2)


def test_one_table_joined_twice_and_by_two_feeds(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run(f"UPDATE pegawai SET status = '9' WHERE nip = '{BUDI}'")
    assert follower.look() == {diklat(ANI, "11.5", "2024-02-01")}
    simpeg.run(f"UPDATE pegawai SET status = '9' WHERE nip = '{ANI}'")
    assert follower.look() == kursus(1, 2) | {diklat(ANI, "11.5", "2024-02-01")}


def test_a_change_that_touches_too_much_asks_for_a_sweep(simpeg: Simpeg) -> None:
    simpeg.install()
    simpeg.run(*(add_kursus(id_) for id_ in range(1, 30)))
    follower = Follower(simpeg, LogSettings(fanout_max=10))
    simpeg.run("UPDATE jenis SET bkn = 'NEW' WHERE kode = 'T'")
    assert follower.look() == set()
    assert follower.sweep == {"kursus"}


def test_a_restarted_program_goes_on_from_the_stored_cursor(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run(add_kursus(3), add_kursus(4))
    first = follower.capture.changes(follower.cursor, limit=1)
    again = Follower(simpeg)
    again.cursor = first.cursor
    assert {("kursus", c.key) for c in first.changes} | again.look(limit=1) == kursus(3, 4)


def test_keys_are_not_in_the_cursor(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run(f"UPDATE pegawai SET status = '3' WHERE nip = '{ANI}'")
    follower.look()
    assert ANI not in follower.cursor


@pytest.mark.parametrize(
    "loss", ["DELETE FROM simpeg_sync_log", "DELETE FROM simpeg_sync_log WHERE table_name = 'kursus'"]
)
def test_an_emptied_or_cut_log_is_history_lost(simpeg: Simpeg, follower: Follower, loss: str) -> None:
    simpeg.run(add_kursus(3))
    follower.look()
    simpeg.run(loss)
    with pytest.raises(HistoryLost, match="every row has to be compared again"):
        follower.look()
    simpeg.run(add_kursus(4))
    with pytest.raises(HistoryLost):
        follower.look()


def test_a_log_made_anew_is_history_lost_even_with_the_same_ids(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run(add_kursus(3))
    follower.look()
    simpeg.run("DROP TABLE simpeg_sync_log")
    simpeg.install()
    simpeg.application.dispose()  # SQLite: a connection that saw the table go does not see it come back
    simpeg.run(*(add_kursus(id_) for id_ in range(20, 40)))
    with pytest.raises(HistoryLost):
        follower.look()


def test_a_foreign_cursor_is_history_lost(follower: Follower) -> None:
    follower.cursor = "17"
    with pytest.raises(HistoryLost):
        follower.look()


def test_purge_keeps_what_was_not_taken_and_the_anchor(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run(*(add_kursus(id_) for id_ in range(10, 20)))
    follower.look()
    simpeg.run(add_kursus(50))
    purged = sum(follower.capture.purge(follower.cursor, keep_s=0, limit=4) for _ in range(20))
    assert purged == 13  # the marker, three rows of the fixture, nine of ten
    assert len(simpeg.ask("SELECT 1 FROM simpeg_sync_log")) == 2
    assert follower.look() == kursus(50)
    assert follower.capture.purge(follower.cursor, keep_s=3600, limit=10) == 0
    assert follower.look() == set()


def test_rows_of_older_triggers_ask_for_a_sweep(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run("INSERT INTO simpeg_sync_log (table_name, old_key) VALUES ('kursus', '{\"kode\": \"1\"}')")
    assert follower.look() == set()
    assert follower.sweep == {FeedName("kursus")}


def test_a_log_that_was_never_installed_says_where_to_look(simpeg: Simpeg) -> None:
    with pytest.raises(SourceUnfit, match="simpeg_sync_log .see `simpeg-sync source status`.: a table does not"):
        Follower(simpeg)


def test_edited_keys_are_told_in_the_order_in_which_they_were_edited(simpeg: Simpeg, follower: Follower) -> None:
    simpeg.run(add_kursus(3), "UPDATE kursus SET id = 9 WHERE id = 1", "UPDATE kursus SET id = 1 WHERE id = 2",
               "UPDATE kursus SET id = 2 WHERE id = 9", "UPDATE kursus SET nama = 'x' WHERE id = 3")  # fmt: skip
    batch = follower.capture.changes(follower.cursor, limit=100)
    edits = [(edit.old, edit.new) for edit in batch.edits if edit.feed == "kursus"]
    one, two, nine = (source_key([name]) for name in ("1", "2", "9"))
    assert edits == [(one, nine), (two, one), (nine, two)]
    assert {("kursus", change.key) for change in batch.changes} == kursus(1, 2, 3, 9)
