"""The one column that may be written into SIMPEG, on every engine."""

from dataclasses import replace

import pytest
from tests.small_simpeg import ANI, DIKLAT, KURSUS, Simpeg, add_kursus

from simpeg_sync.domain.change import source_key
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.source import connect
from simpeg_sync.source.id_column import IdColumn, grants

FEED = replace(KURSUS, write_back="nama")
ONE = source_key(["1"])


def names(simpeg: Simpeg) -> list[tuple[object, ...]]:
    return simpeg.ask("SELECT id, nama FROM kursus ORDER BY id")


def test_an_id_is_written_by_key_only_when_it_differs_and_cleared_only_when_it_is_ours(simpeg: Simpeg) -> None:
    simpeg.run(add_kursus(1), add_kursus(2), "UPDATE kursus SET nama = NULL WHERE id = 1")
    column = IdColumn(simpeg.writing)
    assert column.write(FEED, ONE, "AB-1")
    assert not column.write(FEED, ONE, "ab-1"), "upper and lower case are the same id"
    assert names(simpeg) == [(1, "AB-1"), (2, "Kursus 2")]
    assert not column.clear(FEED, ONE, "cd-2")
    assert column.clear(FEED, ONE, "ab-1")
    assert names(simpeg) == [(1, None), (2, "Kursus 2")]
    assert not column.write(FEED, source_key(["9"]), "AB-1"), "the row is gone"


def test_a_key_of_several_columns_finds_its_row(simpeg: Simpeg) -> None:
    simpeg.run(
        f"INSERT INTO diklat VALUES ('{ANI}', 11.5, '2024-02-01', 'x', '', ''), ('{ANI}', 2, '2024-02-01', 'y', '', '')"
    )
    feed = replace(DIKLAT, write_back="nama")
    (key,) = [k for page in simpeg.source().keys(feed, page_size=10) for k in page if "11.5" in k]
    assert IdColumn(simpeg.writing).write(feed, key, "AB-1")
    assert sorted(simpeg.ask("SELECT nama FROM diklat")) == [("AB-1",), ("y",)]


REFUSE = {
    "sqlite": ("CREATE TRIGGER no BEFORE UPDATE ON kursus BEGIN SELECT RAISE(ABORT, 'no'); END",),
    "mariadb": (
        "CREATE TRIGGER no BEFORE UPDATE ON kursus FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'",
    ),
    "postgresql": (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
        "CREATE TRIGGER no BEFORE UPDATE ON kursus FOR EACH ROW EXECUTE FUNCTION no()",
    ),
}


def test_a_rule_of_simpeg_that_says_no_is_no_outage(simpeg: Simpeg) -> None:
    simpeg.run(add_kursus(1), *REFUSE[simpeg.dialect])
    with pytest.raises(SourceUnfit, match="SIMPEG refuses BKN's id in kursus.nama"):
        IdColumn(simpeg.writing).write(FEED, ONE, "AB-1")


@pytest.mark.parametrize(("column", "words"), [("tgl", "cannot hold BKN's ids"), ("tidak_ada", "no column tidak_ada")])
def test_a_column_that_cannot_hold_ids_is_named(simpeg: Simpeg, column: str, words: str) -> None:
    with pytest.raises(SourceUnfit, match=words):
        IdColumn(simpeg.writing).write(replace(KURSUS, write_back=column), ONE, "AB-1")


@pytest.mark.parametrize(
    ("dialect", "line"),
    [
        ("postgresql", "GRANT UPDATE (nama) ON public.kursus TO simpeg_sync;"),
        ("mariadb", "GRANT UPDATE (nama) ON kursus TO 'simpeg_sync'@'%';"),
    ],
)
def test_the_dba_is_told_the_one_right_it_needs(dialect: str, line: str) -> None:
    assert line in grants(connect.dialect(dialect), [FEED, DIKLAT], "simpeg_sync")
    assert grants(connect.dialect(dialect), [KURSUS, DIKLAT], "simpeg_sync") == ""
    assert grants(connect.dialect("sqlite"), [FEED], "simpeg_sync") == ""
