"""Certificates in columns and in rows of other tables: which count, in which order, and what is never read."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.small_simpeg import ANI, BUDI, KURSUS, Follower, Simpeg, add_kursus, kursus

from simpeg_sync.domain.change import source_key
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapping.conditions import ColumnTest, Condition
from simpeg_sync.mapping.expressions import Column
from simpeg_sync.mapping.feed import DocumentRows, DocumentRule, Feed, Join, Pick, Place, tables_of
from simpeg_sync.source.pieces import CONTENT_BYTES_MAX, PIECES_MAX
from simpeg_sync.source.settings import LogSettings

ONE, TWO = source_key(["1"]), source_key(["2"])
PDF = b"%PDF-1.4\n\x00\xff rekaan \x80"
BLOB = {"postgresql": "BYTEA", "mariadb": "LONGBLOB", "sqlite": "BLOB"}
TEXT = {"postgresql": "TEXT", "mariadb": "LONGTEXT", "sqlite": "TEXT"}
PAGES = DocumentRule(
    file=Column("i.nama"),
    directory="berkas",
    rows=DocumentRows(
        Join("isi_berkas", "i", (("id_kursus", "id"),), (("jenis", "SK"),)),
        where=Condition(((ColumnTest("i.verified", one_of=("1",)),),)),
        order=("i.halaman",),
    ),
)


def feed_with(rule: DocumentRule, feed: Feed = KURSUS) -> Feed:
    return replace(feed, documents=(rule,))


def literal(simpeg: Simpeg, content: bytes) -> str:
    return f"'\\x{content.hex()}'" if simpeg.dialect == "postgresql" else f"X'{content.hex()}'"


def with_content(simpeg: Simpeg) -> None:
    simpeg.run(
        f"CREATE TABLE dok (id INTEGER PRIMARY KEY, nip VARCHAR(18), jenis VARCHAR(10), nama VARCHAR(100), tgl DATE, "
        f"isi {BLOB[simpeg.dialect]}, isi64 {TEXT[simpeg.dialect]}, diubah INTEGER)",
        f"INSERT INTO dok VALUES (1, '{ANI}', 'T', 'a', '2024-01-31', {literal(simpeg, PDF)}, "
        f"'{base64.b64encode(PDF).decode()}', 1)",
        f"INSERT INTO dok (id, nip) VALUES (2, '{BUDI}')",
    )


def with_pages(simpeg: Simpeg) -> None:
    simpeg.run(
        "CREATE TABLE isi_berkas (id_kursus INTEGER, jenis VARCHAR(9), halaman INTEGER, nama VARCHAR(50), verified INTEGER)",
        "INSERT INTO isi_berkas VALUES (1, 'SK', 10, 'c.pdf', 1), (1, 'SK', 2, 'b.pdf', 1), (1, 'SK', 1, 'a.pdf', 1)",
        "INSERT INTO isi_berkas VALUES (1, 'SK', 3, 'baru.pdf', 0), (1, 'FOTO', 1, 'f.jpg', 1)",
        add_kursus(1), add_kursus(2),
    )  # fmt: skip


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(*event: object) -> None:
        said.append(str(event[2]))

    sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)


@pytest.mark.parametrize(("column", "content"), [("isi", PDF), ("isi64", base64.b64encode(PDF).decode())])
def test_a_column_of_the_row_holds_the_certificate(simpeg: Simpeg, column: str, content: bytes | str) -> None:
    with_content(simpeg)
    feed = replace(feed_with(DocumentRule(content=column)), table="dok")
    simpeg.source().check(feed)
    [piece] = simpeg.source().pieces(feed, feed.documents[0], ONE)
    assert (piece.content, piece.size) == (content, len(content))
    [empty] = simpeg.source().pieces(feed, feed.documents[0], TWO)
    assert (empty.content, empty.size) == (None, None)
    assert simpeg.source().pieces(feed, feed.documents[0], source_key(["3"])) == []


def test_a_column_of_a_joined_row_holds_it(simpeg: Simpeg) -> None:
    with_content(simpeg)
    simpeg.run(add_kursus(1))
    feed = replace(feed_with(DocumentRule(content="d.isi")), joins=(*KURSUS.joins, Join("dok", "d", (("id", "id"),))))
    [piece] = simpeg.source().pieces(feed, feed.documents[0], ONE)
    assert piece.content == PDF


def test_a_certificate_is_read_for_one_record_alone(simpeg: Simpeg) -> None:
    """Not for a thousand rows, not by a sweep's pages, not by a scan, not by a trigger."""
    with_content(simpeg)
    feed = replace(feed_with(DocumentRule(content="isi", changes_with=("diubah",))), table="dok")
    source = simpeg.source()
    with statements(simpeg.reading) as said:
        source.check(feed)
        said.clear()
        assert "isi" not in source.read(feed, [ONE, TWO])[ONE]
        list(source.keys(feed, page_size=10))
        list(source.page(feed, after=None, until=None, size=10))
        source.persons(feed, [ONE])
        assert said and not any(".isi" in statement for statement in said)
    simpeg.feeds = (feed,)
    simpeg.install()
    follower = Follower(simpeg)
    simpeg.run(f"UPDATE dok SET isi = {literal(simpeg, PDF + b'baru')} WHERE id = 1")
    assert follower.look() == kursus(1), "a trigger sees that it changed"
    assert "rekaan" not in str(simpeg.ask("SELECT old_key, new_key FROM simpeg_sync_log"))
    assert all(len(str(row)) < 200 for row in simpeg.ask("SELECT old_key, new_key FROM simpeg_sync_log"))


def test_a_scan_sees_a_changed_certificate_by_the_columns_that_change_with_it(lite: Simpeg) -> None:
    with_content(lite)
    feed = replace(feed_with(DocumentRule(content="isi", changes_with=("diubah",))), table="dok")

    def scanned() -> object:
        return lite.source().page(feed, after=None, until=None, size=10)

    before = scanned()
    lite.run("UPDATE dok SET isi = X'00' WHERE id = 1")
    assert scanned() == before
    lite.run("UPDATE dok SET diubah = 2 WHERE id = 1")
    assert scanned() != before


def test_what_is_larger_than_any_certificate_is_not_read(lite: Simpeg) -> None:
    with_content(lite)
    lite.run(f"UPDATE dok SET isi = zeroblob({CONTENT_BYTES_MAX + 1}) WHERE id = 1")
    feed = replace(feed_with(DocumentRule(content="isi")), table="dok")
    [piece] = lite.source().pieces(feed, feed.documents[0], ONE)
    assert (piece.size, piece.content) == (CONTENT_BYTES_MAX + 1, None)


def test_pages_come_in_their_order_and_only_those_that_count(simpeg: Simpeg) -> None:
    with_pages(simpeg)
    feed = feed_with(PAGES)
    simpeg.source().check(feed)
    assert [piece.row["i.nama"] for piece in simpeg.source().pieces(feed, PAGES, ONE)] == ["a.pdf", "b.pdf", "c.pdf"]
    assert simpeg.source().pieces(feed, PAGES, TWO) == []


def test_of_several_the_newest_that_counts(simpeg: Simpeg) -> None:
    with_pages(simpeg)
    assert PAGES.rows is not None
    rule = replace(PAGES, rows=replace(PAGES.rows, order=(), pick=Pick("i.halaman")))
    assert [piece.row["i.nama"] for piece in simpeg.source().pieces(feed_with(rule), rule, ONE)] == ["c.pdf"]
    simpeg.run(
        "UPDATE isi_berkas SET halaman = NULL WHERE halaman = 10", "UPDATE isi_berkas SET halaman = 7 WHERE halaman = 3"
    )
    assert [piece.row["i.nama"] for piece in simpeg.source().pieces(feed_with(rule), rule, ONE)] == ["b.pdf"]
    simpeg.run("INSERT INTO isi_berkas VALUES (1, 'SK', 2, 'juga.pdf', 1)")
    found = {piece.row["i.nama"] for piece in simpeg.source().pieces(feed_with(rule), rule, ONE)}
    assert found == {"b.pdf", "juga.pdf"}, "nobody says which of the two"


def test_pages_whose_content_stands_beside_their_number(simpeg: Simpeg) -> None:
    simpeg.run(
        f"CREATE TABLE isi_berkas (id_kursus INTEGER, halaman REAL, diunggah DATE, verified VARCHAR(1), "
        f"isi {BLOB[simpeg.dialect]})",
        f"INSERT INTO isi_berkas VALUES (1, 2.5, '2024-01-01', 'Y', {literal(simpeg, PDF + b'2')})",
        f"INSERT INTO isi_berkas VALUES (1, 0.1, '2024-01-01', 'Y', {literal(simpeg, PDF + b'1')})",
        f"INSERT INTO isi_berkas VALUES (1, 3, '2024-01-02', 'y', {literal(simpeg, PDF + b'x')})",
        "INSERT INTO isi_berkas VALUES (1, 4, '2024-01-02', NULL, NULL)", add_kursus(1),
    )  # fmt: skip
    rows = DocumentRows(
        Join("isi_berkas", "i", (("id_kursus", "id"),)),
        where=Condition(((ColumnTest("i.verified", one_of=("Y",)),),)),
        order=("i.halaman",),
    )
    rule = DocumentRule(content="i.isi", rows=rows)
    pieces = simpeg.source().pieces(feed_with(rule), rule, ONE)
    assert [piece.content for piece in pieces] == [PDF + b"1", PDF + b"2"]
    simpeg.run("INSERT INTO isi_berkas VALUES (1, 9, NULL, 'Y', NULL)")
    assert [piece.size for piece in simpeg.source().pieces(feed_with(rule), rule, ONE)] == [
        len(PDF) + 1,
        len(PDF) + 1,
        None,
    ]


def test_the_way_to_pages_may_lead_over_a_join(simpeg: Simpeg) -> None:
    """A decree has a file, a file has pages."""
    simpeg.run(
        "CREATE TABLE berkas (id_berkas VARCHAR(9) PRIMARY KEY, id_sk INTEGER)",
        "CREATE TABLE halaman (berkas INTEGER, urut INTEGER, nama VARCHAR(9))",
        "INSERT INTO berkas VALUES ('7', 1), ('8', 2)",
        "INSERT INTO halaman VALUES (7, 2, 'b'), (7, 1, 'a'), (8, 1, 'lain')", add_kursus(1), add_kursus(2),
    )  # fmt: skip
    rows = DocumentRows(Join("halaman", "h", (("berkas", "b.id_berkas"),)), order=("h.urut",))
    rule = DocumentRule(Column("h.nama"), "berkas/{nip}", rows=rows)
    feed = replace(feed_with(rule), joins=(*KURSUS.joins, Join("berkas", "b", (("id_sk", "id"),))))
    assert "b.id_berkas" in feed.columns and "h.nama" not in feed.columns
    found = simpeg.source().pieces(feed, rule, ONE)
    assert [rule.place(piece.row) for piece in found] == [Place(f"berkas/{ANI}", "a"), Place(f"berkas/{ANI}", "b")]
    simpeg.feeds = (feed,)
    simpeg.install()
    follower = Follower(simpeg)
    simpeg.run("INSERT INTO halaman VALUES (8, 2, 'baru')")
    assert follower.look() == kursus(2)
    simpeg.run("UPDATE berkas SET id_berkas = '9' WHERE id_berkas = '7'")
    assert follower.look() == kursus(1)


def test_a_table_of_certificates_in_another_database(served: Simpeg) -> None:
    other = f"efile_{sa.make_url(served.url).database}"
    served.run(
        f"CREATE {'SCHEMA' if served.dialect == 'postgresql' else 'DATABASE'} {other}",
        f"CREATE TABLE {other}.files (nip VARCHAR(18), jenis VARCHAR(9), subjenis INTEGER, filename VARCHAR(20))",
        f"INSERT INTO {other}.files VALUES ('{ANI}', 'KURSUS', 1, 'a.pdf'), ('{ANI}', 'SK', 1, 'b.pdf')",
        add_kursus(1), add_kursus(2),
    )  # fmt: skip
    join = Join(f"{other}.files", "f", (("nip", "nip"), ("subjenis", "id")), (("jenis", "KURSUS"),))
    rule = DocumentRule(Column("f.filename"), "efile", rows=DocumentRows(join))
    feed = feed_with(rule)
    assert [piece.row["f.filename"] for piece in served.source().pieces(feed, rule, ONE)] == ["a.pdf"]
    assert tables_of([feed])[-1] == f"{other}.files"
    served.feeds = (feed,)
    settings = LogSettings(table=f"{other}.simpeg_sync_log")
    served.install(settings)
    follower = Follower(served, settings)
    served.run(f"UPDATE {other}.files SET filename = 'baru.pdf' WHERE jenis = 'KURSUS'")
    assert follower.look() == kursus(1)
    served.run(f"UPDATE {other}.files SET filename = 'baru.pdf' WHERE jenis = 'SK'")
    assert follower.look() == set()


def test_a_key_that_differs_only_in_case_is_another_records(maria: Simpeg) -> None:
    maria.run(
        "CREATE TABLE satu (k VARCHAR(9) COLLATE utf8mb4_bin, nip VARCHAR(18), isi LONGBLOB)",
        "INSERT INTO satu VALUES ('a', NULL, 'kecil'), ('A', NULL, 'besar')",
    )
    rule = DocumentRule(content="isi")
    feed = replace(feed_with(rule), table="satu", key=("k",), fields={}, joins=())
    assert [piece.content for piece in maria.source().pieces(feed, rule, source_key(["a"]))] == [b"kecil"]


def test_what_is_missing_is_named(simpeg: Simpeg) -> None:
    with_pages(simpeg)
    assert PAGES.rows is not None
    bad = replace(PAGES, file=Column("i.namaa"))
    with pytest.raises(SourceUnfit, match="feed kursus: table isi_berkas has no column namaa"):
        simpeg.source().check(feed_with(bad))
    with pytest.raises(SourceUnfit, match="feed kursus: table kursus has no column isi"):
        simpeg.source().check(feed_with(DocumentRule(content="isi")))
    elsewhere = replace(PAGES, rows=replace(PAGES.rows, join=replace(PAGES.rows.join, table="isi")))
    with pytest.raises(SourceUnfit, match="feed kursus: table isi does not exist"):
        simpeg.source().check(feed_with(elsewhere))


def test_a_join_to_pages_that_forgot_a_column_is_named(lite: Simpeg) -> None:
    with_pages(lite)
    lite.run(*(f"INSERT INTO isi_berkas VALUES (1, 'SK', {n}, 'x', 0)" for n in range(PIECES_MAX)))
    with pytest.raises(SourceUnfit, match=f"more than {PIECES_MAX} rows of isi_berkas belong to one record"):
        lite.source().pieces(feed_with(PAGES), PAGES, ONE)
