"""Joins and certificates as a person writes them, and the errors they meet."""

import pytest
from tests.config.conftest import Region

from simpeg_sync.domain.change import FeedName
from simpeg_sync.mapping.feed import DocumentRule, Feed, Join, Pick, Place

JOIN = "    on: {id: pegawai_id}\n"
ROWS = "{table: efile.files, as: f, on: {nip: p.nip, jenis: {const: SK}, subjenis: id}"


def feed_of(region: Region) -> Feed:
    return region.read().feeds[FeedName("kursus")]


def document_of(region: Region, written: str) -> DocumentRule:
    region.write("feeds/kursus.yaml", (region.folder / "feeds/kursus.yaml").read_text() + f"document: {written}\n")
    [rule] = feed_of(region).documents
    return rule


def test_a_join_may_name_values_and_choose_among_partners(region: Region) -> None:
    region.spoil_feed(
        JOIN, "    on: {id: pegawai_id, jenis: {const: 01}, aktif: {const: true}}\n    pick: {oldest: tmt}\n"
    )
    assert feed_of(region).joins == (
        Join("pegawai", "p", (("id", "pegawai_id"),), (("jenis", "01"), ("aktif", "1")), Pick("tmt", newest=False)),
    )


@pytest.mark.parametrize(
    ("written", "what", "remedy"),
    [
        ("    on: {jenis: {const: SK}}\n", "`on` of p names values only", "at least one column"),
        ("    on: {id: {konst: 1}}\n", "name a column that is known before, or a value", ""),
        ("    on: {id: [a]}\n", "name a column that is known before, or a value", ""),
        ("    on: {id: {const: [1]}}\n", "joins.0.on", ""),
        (JOIN + "    pick: {newst: tmt}\n", "joins.0.pick.newst is not a known setting", ""),
        (JOIN + "    pick: {newest: tmt, oldest: tmt}\n", "pick names not exactly one", "pick: {newest: column}"),
        (JOIN + "    pick: {}\n", "pick names not exactly one", "pick: {newest: column}"),
        (JOIN + '    pick: {newest: "a\'b"}\n', "is not a name of a table or column", "without quotes"),
        (JOIN + "  - {table: pegawai, as: p, on: {id: atasan}}\n", "two tables are called 'p'", "another name"),
    ],
)
def test_a_join_that_cannot_be_read(region: Region, written: str, what: str, remedy: str) -> None:
    region.spoil_feed(JOIN, written)
    found = region.problems()
    assert any(what in one.what and remedy in one.remedy for one in found), found


def test_a_file_that_the_row_names(region: Region) -> None:
    rule = document_of(region, "{file: berkas, directory: 'berkas/{p.nip}', required: true}")
    assert (rule.required, rule.is_in_row, rule.row_columns) == (True, True, ("berkas", "p.nip"))
    row = {"berkas": "a.pdf", "p.nip": "1985 "}
    assert rule.place(row) == Place(str(region.folder.resolve() / "berkas" / "1985"), "a.pdf")
    assert rule.place({**row, "berkas": None}) is None


def test_a_column_that_holds_the_certificate(region: Region) -> None:
    rule = document_of(region, "{content: p.file_base64, changes_with: diubah}")
    assert (rule.content, rule.is_in_row, rule.row_columns) == ("p.file_base64", False, ("diubah",))
    assert "p.file_base64" not in feed_of(region).columns


def test_rows_of_another_table(region: Region) -> None:
    where = "where: {f.verified: 1}, pick: {newest: f.diunggah}"
    rule = document_of(region, f"{{file: f.filename, directory: /srv/efile, rows: {ROWS}, {where}}}}}")
    assert rule.rows is not None and rule.rows.where is not None
    join = Join("efile.files", "f", (("nip", "p.nip"), ("subjenis", "id")), (("jenis", "SK"),))
    assert (rule.rows.join, rule.rows.pick, rule.rows.order) == (join, Pick("f.diunggah"), ())
    assert rule.piece_columns == ("f.filename", "f.verified", "f.diunggah")
    assert feed_of(region).roads[-1] == join
    assert {"p.nip", "id"} <= set(feed_of(region).columns) and "f.filename" not in feed_of(region).columns


def test_pages(region: Region) -> None:
    rule = document_of(region, f"{{content: f.isi, rows: {ROWS}, order: f.halaman}}}}")
    assert rule.rows is not None and rule.rows.order == ("f.halaman",)


@pytest.mark.parametrize(
    ("written", "what", "remedy"),
    [
        ("{file: a, directory: b, content: c}", "file and content exclude each other", "content: a column holds"),
        ("{directory: b}", "a document needs file or content", "content: the column"),
        ("{required: true}", "a document needs file or content", "with directory"),
        ("{}", "a document needs file or content", ""),
        ("{file: a}", "directory is missing", "Name the folder"),
        ("{content: a, directory: b}", "content lies in no directory", "Remove directory"),
        ("{fil: a, directory: b}", "fil is not a known word of a document", "Did you mean 'file'?"),
        ("{contents: a}", "contents is not a known word of a document", "Did you mean 'content'?"),
        ("{content: {text: a}}", "content: Input should be a valid string", ""),
        ("{content: q.isi}", "q.isi names 'q', which no join has", "Joins: p"),
        ("{file: q.nama, directory: b}", "q.nama names 'q', which no join has", "Joins: p"),
        ("{file: a, directory: 'b/{q.nip}'}", "q.nip names 'q', which no join has", "Joins: p"),
        ("{file: a, directory: 'b/{nip'}", "the braces of directory do not fit", "{column}"),
        ("{file: a, directory: 'b/{}'}", "the braces of directory do not fit", "{column}"),
        ("{file: a, directory: \"b/{n'ip}\"}", "is not a name of a table or column", "without quotes"),
        ("{file: {txt: a}, directory: b}", "no known verb among txt", "text"),
        ("berkas", "document: ", ""),
        ("[{file: a, directory: b}, {file: c, directory: d}]", "two certificates of kind", "Give each its kind"),
        (f"{{content: f.isi, rows: {ROWS}, ordr: f.n}}}}", "ordr is not a known word", "Did you mean 'order'?"),
        (f"{{content: f.isi, rows: {ROWS}, order: n}}}}", "n is a column of the feed's own table", "Write f.n"),
        (f"{{content: f.isi, rows: {ROWS}, order: f.n, pick: {{newest: f.n}}}}}}", "order and pick exclude", "pages"),
        (f"{{content: f.isi, rows: {ROWS}, pick: {{newst: f.n}}}}}}", "newst is not a known word", "'newest'"),
        (f"{{content: f.isi, rows: {ROWS}, where: {{verified: 1}}}}}}", "verified is a column of the feed's own", "f.ver"),
        (f"{{content: f.isi, rows: {ROWS}, where: }}}}", "where says nothing", "remove the word"),
        (f"{{content: g.isi, rows: {ROWS}}}}}", "g.isi names 'g', which no join has", "Joins: p, f"),
        ("{content: f.isi, rows: {table: files, as: f}}", "on is missing", ""),
        ("{content: f.isi, rows: {table: \"fi'les\", as: f, on: {a: id}}}", "is not a name of a table", ""),
        ("{content: f.isi, rows: {table: files, as: f, on: {a: q.id}}}", "q.id names 'q'", "Joins: p"),
        ("{content: f.isi, rows: {table: files, as: f, on: {a: {const: 1}}}}", "names values only", "at least one"),
        ("{content: p.isi, rows: {table: files, as: p, on: {a: id}}}", "two tables are called 'p'", "another name"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_read(region: Region, written: str, what: str, remedy: str) -> None:
    region.write("feeds/kursus.yaml", (region.folder / "feeds/kursus.yaml").read_text() + f"document: {written}\n")
    found = region.problems()
    assert any(what in one.what and remedy in one.remedy for one in found), found
    assert all(one.place.startswith("feeds/kursus.yaml:") for one in found)
