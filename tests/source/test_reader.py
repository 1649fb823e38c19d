"""Rows are found by the key text of the log, on every engine, and what cannot be read is said by name."""

import sqlite3
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.small_simpeg import ANI, BUDI, DIKLAT, KURSUS, LIMITS, Follower, Simpeg, add_kursus, kursus

from simpeg_sync.domain.change import FeedName, SeveralPartners, SourceKey, source_key
from simpeg_sync.domain.errors import SourceDown, SourceUnfit
from simpeg_sync.mapping.expressions import Column
from simpeg_sync.mapping.feed import Feed, Join
from simpeg_sync.mapping.text import plain
from simpeg_sync.source.connect import open_reading, open_writing, translated
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.triggers import install, remove


def key(*parts: object) -> SourceKey:
    return source_key([str(part) for part in parts])


def told(error: BaseException) -> str:
    """All that a log or a terminal could show of it."""
    return "".join(traceback.format_exception(error))


def all_keys(simpeg: Simpeg, feed: Feed, page_size: int = 3) -> list[SourceKey]:
    pages: list[Sequence[SourceKey]] = []
    for page in simpeg.source().keys(feed, page_size=page_size):
        assert len(page) <= page_size and len(pages) < 1000
        pages.append(page)
    return [key for page in pages for key in page]


def one_table(simpeg: Simpeg, column: str, values: Sequence[str], more: str = "") -> Feed:
    """A table with one key column of the given type."""
    simpeg.run(f"CREATE TABLE satu (k {column}, nip VARCHAR(18)){more}")
    for value in values:
        simpeg.run(f"INSERT INTO satu (k) VALUES ({value})")
    return replace(KURSUS, table="satu", key=("k",), fields={}, joins=())


def test_many_rows_in_one_look_keyed_by_the_names_of_the_feed(simpeg: Simpeg) -> None:
    simpeg.run(*(add_kursus(id_) for id_ in range(1, 300)), add_kursus(300, nip="?", jenis="none"))
    found = simpeg.source().read(KURSUS, [key(id_) for id_ in range(1, 400)])
    assert len(found) == 300
    assert set(found[key(7)]) == set(KURSUS.columns)
    assert found[key(7)]["nama"] == "Kursus 7"
    assert plain(found[key(7)]["tgl"]) == "2024-01-31"
    assert (found[key(7)]["j.bkn"], found[key(7)]["r.bkn"], found[key(7)]["p.status"]) == ("BKN-T", "R1", "1")
    assert (found[key(300)]["j.bkn"], found[key(300)]["r.bkn"]) == (None, None)


def test_persons(simpeg: Simpeg) -> None:
    simpeg.run(add_kursus(1), add_kursus(2, nip=BUDI), "INSERT INTO kursus (id) VALUES (3)")
    assert simpeg.source().persons(KURSUS, [key(1), key(2), key(3), key(4)]) == {key(1): ANI, key(2): BUDI}


def test_no_keys_no_rows(simpeg: Simpeg) -> None:
    assert simpeg.source().read(KURSUS, []) == {}
    assert all_keys(simpeg, KURSUS) == []


def test_a_text_that_is_no_value_of_the_key_finds_nothing(simpeg: Simpeg) -> None:
    simpeg.run(add_kursus(1))
    assert list(simpeg.source().read(KURSUS, [key("x'; --"), key(1), key("01"), key("1.0")])) == [key(1)]


def test_keys_come_in_pages_each_once(simpeg: Simpeg) -> None:
    simpeg.run(*(add_kursus(id_) for id_ in range(1, 21)))
    assert all_keys(simpeg, KURSUS) == [key(id_) for id_ in range(1, 21)]
    assert len(all_keys(simpeg, KURSUS, page_size=20)) == 20


def test_composite_keys_with_dates_and_floats_come_in_pages(simpeg: Simpeg) -> None:
    rows = [
        (nip, kode, f"2024-0{month}-01")
        for nip in (ANI, BUDI)
        for kode in ("0.1", "11.5", "12.25")
        for month in range(1, 6)
    ]
    for nip, kode, day in rows:
        simpeg.run(f"INSERT INTO diklat (nip, kode, tmulai) VALUES ('{nip}', {kode}, '{day}')")
    found = all_keys(simpeg, DIKLAT, page_size=4)
    assert sorted(found) == sorted(key(*row) for row in rows)
    assert len(simpeg.source().read(DIKLAT, found)) == len(rows)


TYPES = {
    "BIGINT": ["9007199254740993", "9007199254740992", "-5"],
    "VARCHAR(30)": ["'a'", "'B'", "'10'", "'9'", "'x y'", "'a''b'", "'\u00e9'", "'%_'"],
    "CHAR(10)": ["'a'", "'bcd'"],
    "DATE": ["'2024-02-01'", "'1999-12-31'"],
    "DECIMAL(6,2)": ["11.50", "2", "100"],
    "REAL": ["0.1", "11", "2.5", "100"],
}


@pytest.mark.parametrize("column", TYPES)
def test_keys_of_every_type_are_paged_and_found(simpeg: Simpeg, column: str) -> None:
    feed = one_table(simpeg, column, TYPES[column])
    found = all_keys(simpeg, feed, page_size=2)
    assert len(set(found)) == len(TYPES[column])
    assert set(simpeg.source().read(feed, found)) == set(found)


def test_an_enum_is_paged_by_what_it_is_compared_by(maria: Simpeg) -> None:
    feed = one_table(maria, "ENUM('z', 'b', 'y', 'a', 'x')", ["'a'", "'b'", "'x'", "'y'", "'z'"])
    assert sorted(all_keys(maria, feed, page_size=2)) == [key(letter) for letter in "abxyz"]


def test_keys_with_a_time_zone_do_not_depend_on_the_session(pg: Simpeg) -> None:
    feed = one_table(pg, "TIMESTAMPTZ", ["'2024-01-31 00:00:00+08'"])
    pg.feeds = (feed,)
    pg.install()
    pg.run("UPDATE satu SET nip = '1'")
    [(text,)] = pg.ask("SELECT new_key FROM simpeg_sync_log WHERE table_name = 'satu'")
    assert all_keys(pg, feed) == [key("2024-01-30 16:00:00+00")]
    assert "2024-01-30 16:00:00+00" in text
    assert len(pg.source().read(feed, all_keys(pg, feed))) == 1


def test_a_timestamp_is_no_key_on_mariadb(maria: Simpeg) -> None:
    feed = one_table(maria, "TIMESTAMP", [])
    with pytest.raises(SourceUnfit, match="column k is a TIMESTAMP"):
        maria.source().check(feed)


def test_keys_that_differ_only_in_case_are_two(maria: Simpeg) -> None:
    feed = one_table(maria, "VARCHAR(5) PRIMARY KEY", ["'Ab'"], " DEFAULT CHARSET=latin1")
    assert list(maria.source().read(feed, [key("ab"), key("Ab"), key("Ab ")])) == [key("Ab")]


def test_partners_of_another_type_are_found(simpeg: Simpeg) -> None:
    """SIMPEGs join numbers with text: 7 is '007' where the database says so."""
    simpeg.run(
        "CREATE TABLE teks (id INTEGER PRIMARY KEY, ref VARCHAR(9), nip VARCHAR(18))",
        "CREATE TABLE angka (id INTEGER PRIMARY KEY, bkn VARCHAR(9))",
        "INSERT INTO teks VALUES (1, '7', NULL), (2, '007', NULL), (3, '8', NULL)",
    )
    feed = replace(KURSUS, table="teks", fields={}, joins=(Join("angka", "a", (("id", "ref"),)),))
    if simpeg.dialect == "postgresql":
        with pytest.raises(SourceUnfit):  # PostgreSQL does not join them either, and check says so
            simpeg.source().check(feed)
        return
    [found] = simpeg.source().affected(feed, feed.joins[0], [{"id": "7"}])
    assert set(found) >= {key(1), key(2)} and key(3) not in found


def test_a_road_back_without_an_index_is_named(simpeg: Simpeg) -> None:
    assert simpeg.source().roads_without_index(KURSUS) == ("kursus.nip", "kursus.jenis", "jenis.rumpun_id")
    simpeg.run("CREATE INDEX by_nip ON kursus (nip, id)", "CREATE INDEX by_rumpun ON jenis (rumpun_id)")
    assert simpeg.source().roads_without_index(KURSUS) == ("kursus.jenis",)


def test_many_partners_come_in_pages(simpeg: Simpeg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simpeg_sync.source.reader.PARTNER_PAGE", 7)
    simpeg.run(*(add_kursus(id_, jenis="TF"[id_ % 2]) for id_ in range(1, 41)))
    pages = list(simpeg.source().affected(KURSUS, KURSUS.joins[1], [{"kode": "T"}, {"kode": "none"}]))
    assert max(map(len, pages)) == 7
    assert {key for page in pages for key in page} == {key(id_) for id_ in range(2, 41, 2)}


def test_a_join_that_makes_two_rows_of_one_is_named(simpeg: Simpeg) -> None:
    simpeg.run(
        "CREATE TABLE berkas (id_kursus INTEGER, nama VARCHAR(20))",
        "INSERT INTO berkas VALUES (1, 'a.pdf'), (1, 'b.pdf'), (2, 'c.pdf')", add_kursus(1), add_kursus(2),
    )  # fmt: skip
    feed = replace(
        KURSUS,
        fields={"f": Column("b.nama")},
        joins=(KURSUS.joins[0], Join("berkas", "b", (("id_kursus", "id"),))),
    )
    source = simpeg.source()
    assert source.read(feed, [key(2)])[key(2)]["b.nama"] == "c.pdf"
    source.check(feed)
    found = source.read(feed, [key(2), key(1)])
    assert found[key(2)]["b.nama"] == "c.pdf"
    several = found[key(1)]
    assert isinstance(several, SeveralPartners)
    assert several.join == "b"
    with pytest.raises(SourceUnfit, match="feed kursus: join b finds several rows of berkas"):
        source.check(feed, deep=True)


def test_a_key_that_is_not_unique_is_named(simpeg: Simpeg) -> None:
    simpeg.run(add_kursus(1), add_kursus(2))
    feed = replace(KURSUS, key=("nip",))
    with pytest.raises(SourceUnfit, match=r"key \(nip\) is not unique in kursus"):
        simpeg.source().read(feed, [key(ANI)])
    assert all_keys(simpeg, feed) == [key(ANI)]


@pytest.mark.parametrize(
    ("feed", "words"),
    [
        (replace(KURSUS, table="kursuz"), "feed kursus: table kursuz does not exist"),
        (replace(KURSUS, person="nib"), "feed kursus: table kursus has no column nib"),
        (replace(KURSUS, fields={"x": Column("j.bkm")}), "feed kursus: table jenis has no column bkm"),
        (replace(KURSUS, fields={"x": Column("q.bkn")}), "'q', which is no join of the feed"),
        (replace(KURSUS, joins=(Join("jeniz", "j", (("kode", "jenis"),)),)), "table jeniz does not exist"),
        (
            replace(KURSUS, fields={}, joins=(Join("jenis", "j", (("kod", "jenis"),)),)),
            "table jenis has no column kod",
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(simpeg: Simpeg, feed: Feed, words: str) -> None:
    for work in (lambda: simpeg.source().check(feed), lambda: simpeg.source().read(feed, [key(1)])):
        with pytest.raises(SourceUnfit, match=words):
            work()
    assert list(simpeg.source().unfit([KURSUS, replace(feed, name=FeedName("bad"))])) == ["bad"]


def test_a_column_dropped_while_we_read_is_named_and_comes_back(simpeg: Simpeg) -> None:
    simpeg.run(add_kursus(1))
    source = simpeg.source()
    assert source.read(KURSUS, [key(1)])
    simpeg.run("ALTER TABLE kursus RENAME COLUMN nama TO nama_kursus")
    with pytest.raises(SourceUnfit, match="feed kursus: table kursus has no column nama"):
        source.read(KURSUS, [key(1)])
    simpeg.run("ALTER TABLE kursus RENAME COLUMN nama_kursus TO nama")
    assert source.read(KURSUS, [key(1)])


def test_tables_of_another_schema(served: Simpeg) -> None:
    other = f"efile_{sa.make_url(served.url).database}"
    served.run(
        f"CREATE {'SCHEMA' if served.dialect == 'postgresql' else 'DATABASE'} {other}",
        f"CREATE TABLE {other}.files (id_kursus INTEGER PRIMARY KEY, filename VARCHAR(20))",
        f"INSERT INTO {other}.files VALUES (1, 'a.pdf')", add_kursus(1),
    )  # fmt: skip
    feed = replace(
        KURSUS,
        fields={"f": Column("e.filename")},
        joins=(Join(f"{other}.files", "e", (("id_kursus", "id"),)),),
    )
    assert served.source().read(feed, [key(1)])[key(1)]["e.filename"] == "a.pdf"
    served.feeds = (feed,)
    settings = LogSettings()
    if served.dialect == "mariadb":
        with pytest.raises(SourceUnfit, match="name the log with its database too"):
            install(served.writing, served.feeds, settings)
        settings = LogSettings(table=f"{sa.make_url(served.url).database}.simpeg_sync_log")
    served.install(settings)
    follower = Follower(served, settings)
    served.run(f"UPDATE {other}.files SET filename = 'b.pdf'")
    assert follower.look() == kursus(1)
    assert len(remove(served.writing, settings)) == (4 if served.dialect == "postgresql" else 6)


# What people read when something is wrong, and what must not be in it.


def test_a_refused_account_is_the_operators_business_and_its_password_stays_secret(served: Simpeg) -> None:
    url = sa.make_url(served.url).set(password="salah-sekali").render_as_string(hide_password=False)
    with pytest.raises(SourceUnfit, match="the account or its password is refused") as caught:
        SqlSource(open_reading(url, LIMITS)).read(KURSUS, [key(1)])
    assert "salah-sekali" not in told(caught.value)


def test_a_missing_database_is_the_operators_business(served: Simpeg) -> None:
    with pytest.raises(SourceUnfit, match="the database does not exist"):
        SqlSource(open_reading(served.url + "x", LIMITS)).read(KURSUS, [key(1)])


def test_a_server_that_is_not_there_is_down() -> None:
    for url in ("postgresql://u:rahasia@127.0.0.1:1/x", "mysql://u:rahasia@127.0.0.1:1/x"):
        with pytest.raises(SourceDown) as caught:
            SqlSource(open_reading(url, LIMITS)).read(KURSUS, [key(1)])
        assert "rahasia" not in told(caught.value)


def test_no_value_of_a_row_or_key_is_in_an_error(simpeg: Simpeg) -> None:
    simpeg.run(add_kursus(1))
    source = simpeg.source()
    source.read(KURSUS, [key(1)])
    simpeg.run("ALTER TABLE kursus RENAME COLUMN nama TO lain")
    with pytest.raises(SourceUnfit) as caught:
        source.read(KURSUS, [key(ANI)])
    assert ANI not in told(caught.value) and caught.value.__cause__ is None


def test_a_right_taken_away_stops_that_feed_alone(served: Simpeg) -> None:
    url = sa.make_url(served.url)
    name = f"b_{url.database}"
    account = f"'{name}'@'%'" if served.dialect == "mariadb" else name
    served.run(
        f"CREATE USER {account} IDENTIFIED BY 'x'"
        if served.dialect == "mariadb"
        else f"CREATE ROLE {name} LOGIN PASSWORD 'x'",
        *(f"GRANT SELECT ON {t} TO {account}" for t in ("kursus", "jenis", "rumpun", "pegawai", "diklat")),
        add_kursus(1), f"REVOKE SELECT ON diklat FROM {account}",
    )  # fmt: skip
    source = SqlSource(open_reading(url.set(username=name, password="x").render_as_string(hide_password=False), LIMITS))
    with pytest.raises(SourceUnfit, match="diklat"):
        source.read(DIKLAT, [key(ANI, "1", "2024-01-01")])
    assert list(source.unfit([KURSUS, DIKLAT])) == ["diklat"]
    assert len(source.read(KURSUS, [key(1)])) == 1


def test_the_reading_side_cannot_write(simpeg: Simpeg) -> None:
    with simpeg.reading.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.exec_driver_sql("INSERT INTO rumpun VALUES (77, 'x')")


def test_a_slow_answer_is_cut_off(served: Simpeg) -> None:
    engine = open_reading(served.url, replace(LIMITS, statement_timeout_s=1))
    nap = (
        "SELECT pg_sleep(20)"
        if served.dialect == "postgresql"
        else "SELECT SUM(a.seq) FROM seq_1_to_1000000000 a WHERE MOD(a.seq, 7) = 3"
    )
    with pytest.raises(SourceDown, match="took too long"), translated("read"), engine.connect() as connection:
        connection.exec_driver_sql(nap)


def test_sqlite_files_that_are_no_source(tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    with pytest.raises(SourceUnfit, match="cannot be opened"):
        SqlSource(open_reading(f"sqlite:///{missing}", LIMITS)).read(KURSUS, [key(1)])
    assert not missing.exists()
    rubbish = tmp_path / "rubbish.db"
    rubbish.write_bytes(b"no database at all, " * 100)
    with pytest.raises(SourceUnfit, match="damaged or not a SQLite database"):
        SqlSource(open_reading(f"sqlite:///{rubbish}", LIMITS)).read(KURSUS, [key(1)])
    with pytest.raises(SourceUnfit, match="must be a file"):
        open_reading("sqlite://", LIMITS)


def test_a_sqlite_file_that_is_locked_is_down_for_now(lite: Simpeg) -> None:
    lite.run(add_kursus(1))
    source = SqlSource(open_reading(lite.url, replace(LIMITS, lock_timeout_s=0)))
    holder = sqlite3.connect(str(sa.make_url(lite.url).database), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SourceDown, match="locked by somebody else"):
        source.read(KURSUS, [key(1)])
    holder.execute("ROLLBACK")
    assert len(source.read(KURSUS, [key(1)])) == 1
    holder.close()


def test_urls_that_are_none(tmp_path: Path) -> None:
    for url in ("rahasia", "nosuch://u:rahasia@h/d"):
        with pytest.raises(SourceUnfit) as caught:
            open_writing(url, LIMITS)
        assert "rahasia" not in str(caught.value)
