"""What a person may write in a feed, and the errors they meet."""

from typing import Any

import pytest
from tests.config.conftest import FEED, Region

from simpeg_sync.domain.change import FeedName
from simpeg_sync.mapping.expressions import Code, Date
from simpeg_sync.mapping.feed import Feed


def feed_of(region: Region) -> Feed:
    return region.read().feeds[FeedName("kursus")]


@pytest.mark.parametrize(
    ("old", "new", "place", "what", "remedy"),
    [
        ("target: kursus", "target: kursuss", 2, "'kursuss' is not a resource", "Did you mean 'kursus'?"),
        ("  jumlahJam:", "  jumlahJm:", 14, "no field 'jumlahJm'", "Did you mean 'jumlahJam'?"),
        ("natural_key: [nomorSertipikat]", "natural_key: [nomorSertifikat]", 17, "no field", "'nomorSertipikat'"),
        ("natural_key: [nomorSertipikat]", "natural_key: [namaKursus]", 17, "no expression", "Add it"),
        ("person: p.nip", "person: q.nip", 9, "names 'q', which no join has", "Joins: p"),
        ("  nomorSertipikat: nomor", "  nomorSertipikat: pp.nomor", 15, "names 'pp'", "Did you mean 'p'?"),
        ("{integer: jam}", "{intger: jam}", 14, "no known verb among intger", "integer"),
        ("{integer: jam}", "{integer: jam, round: up}", 14, "'round' does not belong to integer", "Known here"),
        ("{integer: jam}", "{integer: [jam]}", 14, "a column name is wanted", "alias.column"),
        ("{integer: jam}", "[jam]", 14, "an expression is", "Verbs"),
        ("{integer: jam}", "{first: jam}", 14, "first wants a list", "first: ["),
        ("{integer: jam}", "{text: jam, case: Upper}", 14, "case is 'Upper'", "upper, lower or title"),
        ("{integer: jam}", "{text: jam, max_length: long}", 14, "max_length", "max_length: 100"),
        ("{year: selesai}", "{year: selesai, formats: dd-mm-yyyy}", 16, "formats wants a list", "formats: ["),
        ("{year: selesai}", "{year: selesai, formats: null}", 16, "formats wants a list", "formats: ["),
        ("{year: selesai}", "{year: selesai, no_date: 1970-01-01}", 16, "no_date wants a list", "no_date: ["),
        ("{year: selesai}", "{year: selesai, formats: [tanggal]}", 16, "not a form of a date", "dd-mm-yyyy"),
        ("{year: selesai}", "{year: selesai, formats: [dd mmmm yyyy]}", 16, "'dd mmmm yyyy' is not a form", "month"),
        ("{year: selesai}", "{year: selesai, formats: [d-m-yyyy]}", 16, "'d-m-yyyy' is not a form", "dd-mm-yyyy"),
        ("{year: selesai}", "{year: selesai, formats: [dd bulan yyyy]}", 16, "'dd bulan yyyy' is not a form", "month"),
        ("{year: selesai}", "{year: selesai, formats: ['%d-%Q-%Y']}", 16, "'%d-%Q-%Y' is not a form", "dd-mm-yyyy"),
        ("{code: jenis, table: codes/jenis.csv}", "{code: jenis}", 13, "a code needs its table", "map"),
        ("{code: jenis, table: codes/jenis.csv}", "{lookup: jenis}", 13, "a lookup needs a joined column", "of: "),
        ("{code: jenis, table: codes/jenis.csv}", "{lookup: q.x, of: jenis}", 13, "names 'q', which no join", "Joins"),
        ("table: codes/jenis.csv}", "map: [T]}", 13, "map wants", "map: {"),
        ("table: codes/jenis.csv}", "map: {T: }}", 13, "map wants", "map: {"),
        ("table: codes/jenis.csv}", "map: {T: 3, ' t': 4}}", 13, "two national codes for 't'", "Keep one"),
        ("verified: {status: 2}", "verified: {status: []}", 10, "the value is missing", "empty: true"),
        ("verified: {status: 2}", "verified: {status: {not: []}}", 10, "the value is missing", "empty: true"),
        ("verified: {status: 2}", "verified: {status: }", 10, "the value is missing", "empty: true"),
        ("verified: {status: 2}", "verified: {status: {more: 2}}", 10, "unknown kind of test", "{not: ...}"),
        ("verified: {status: 2}", "verified: {status: {empty: 1}}", 10, "unknown kind of test", "{not: ...}"),
        ("verified: {status: 2}", "verified: {tahun: {from: dua}}", 10, "a bound is a number", "{from: 2022}"),
        ("verified: {status: 2}", "verified: {tahun: {from: 2020, until: 2021}}", 10, "unknown kind of test", "from"),
        ("{integer: jam}", "{when: []}", 14, "when wants a list of branches", "if: {column"),
        ("{integer: jam}", "{when: [{jika: {a: 1}, then: b}]}", 14, "a branch has an if and a then", "if: {column"),
        ("{integer: jam}", "{when: [{if: {}, then: b}]}", 14, "a condition names columns", "column: value"),
        ("{integer: jam}", "{split: jam, part: 1}", 14, "the mark between the pieces", "by: ','"),
        ("{integer: jam}", "{split: jam, by: ',', part: 0}", 14, "which piece", "part: 1"),
        ("{integer: jam}", "{substring: jam, from: satu}", 14, "from is not a number", "from: 100"),
        ("{integer: jam}", "{concat: jam}", 14, "concat wants a list", "concat: ["),
        ("{integer: jam}", "{hours: {days: hari}}", 14, "how many hours one is worth", "per_day: 8"),
        ("{integer: jam}", "{hours: jam}", 14, "hours wants the columns", "hours: {days"),
        ("{integer: jam}", "{average: []}", 14, "average wants a list", "average: ["),
        ("{integer: jam}", "{conkat: [a]}", 14, "no known verb", "Did you mean 'concat'?"),
        ("{integer: jam}", "{integer: jam, as_txt: true}", 14, "does not belong to integer", "Did you mean 'as_text'?"),
        ("{integer: jam}", "{number: jam, decimal: ';'}", 14, "decimal is ';'", "decimal: ','"),
        ("{integer: jam}", "{number: jam, places: 9}", 14, "places is not a number", "places: 2"),
        ("{integer: jam}", "{number: jam, as_text: 1}", 14, "as_text is not true", "as_text: true"),
        ("{integer: jam}", "{link: jabatan}", 14, "a link needs a feed and its key", "key: [column"),
        ("{integer: jam}", "{link: jabatan, key: [id_jabatan]}", 14, "the link names jabatan", "Name a feed"),
        ("{integer: jam}", "{link: kursus, key: [a, b]}", 14, "key of 2 columns", "a column for each"),
        ("verified: {status: 2}", "document: {file: a, directory: d, kind: '999'}", 10, "no certificate of kind '999'", "881"),
        (
            "verified: {status: 2}",
            "document: [{file: a, directory: d}, {file: b, directory: d, kind: '881'}]",
            10,
            "two certificates",
            "its kind",
        ),
        ("verified: {status: 2}", "write_back: {column: p.id_bkn}", 10, "not a column of pelatihan", "own table"),
        ("verified: {status: 2}", "write_back: {column: id}", 10, "names the row or its person", "BKN's id"),
        ("verified: {status: 2}", "write_back: {column: 'a;b'}", 10, "not a name of a table or column", "without quotes"),
        ("verified: {status: 2}", "write_back: {}", 10, "write_back.column is missing", "Add it"),
        ("verified: {status: 2}", "brake: {vanish_percent: 101}", 10, "brake.vanish_percent", "Correct the value"),
        ("verified: {status: 2}", "verified: disetujui", 10, "a condition names columns", "column: value"),
        ("verified: {status: 2}", "verified: {}", 10, "a condition names columns", "column: value"),
        ("verified: {status: 2}", "verified:\n  # {status: 2}", 10, "verified says nothing", "remove the word"),
        ("table: pelatihan", "table: \"pelatihan; DROP TABLE x\"", 3, "is not a name of a table", "without quotes"),
        ("table: pelatihan", "table: '`pelatihan`'", 3, "is not a name of a table", "without quotes"),
        ("{integer: jam}", "{integer: 'aktif?'}", 14, "'aktif?' is not a name of a table", "needs a view"),
        ("key: [id]", "key: ['id\"']", 4, "is not a name of a table", "without quotes"),
        ("person: p.nip", "person: \"p.nip'\"", 9, "is not a name of a table", "without quotes"),
        ("{status: 2}", "{\"status; --\": 2}", 10, "is not a name of a table", "without quotes"),
        ("{integer: jam}", "{integer: \"jam) FROM x\"}", 14, "is not a name of a table", "without quotes"),
        ("on: {id: pegawai_id}", "on: {id: \"pegawai_id'\"}", 8, "is not a name of a table", "without quotes"),
        ("on: {id: pegawai_id}", "on: {id: q.pegawai_id}", 8, "names 'q'", "Joins: none"),
        ("feed: kursus", "feed: Kursus 1", 1, "feed:", "Correct"),
        ("feed: kursus", "feed: kursus\nmoves_with: [diklat]", 2, "moves_with names diklat", "same table"),
        ("feed: kursus", "feed: kursus\nmoves_with: [kursus]", 2, "moves_with names kursus", "same table"),
        ("feed: kursus", "feed: kursus\ndelete: soft", 2, "delete:", "Correct"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_problem_with_its_line_and_the_way_out(
    region: Region, old: str, new: str, place: int, what: str, remedy: str
) -> None:
    region.spoil_feed(old, new)
    problem = region.problem()
    assert (problem.place, what in problem.what, remedy in problem.remedy) == (
        f"feeds/kursus.yaml:{place}",
        True,
        True,
    ), problem


def test_ten_mistakes_of_one_feed_are_ten_problems_in_the_order_of_its_lines(region: Region) -> None:
    region.write(
        "feeds/kursus.yaml",
        """\
feed: kursus
target: kursus
table: "pelatihan'"
key: [id]
persn: nip
person: q.nip
verified: {status: []}
delete: soft
fields:
  institusiPenyelengara: penyelenggara
  jumlahJam: {intger: jam}
  tahunKursus: {year: selesai, formats: dd-mm-yyyy}
  jenisDiklatId: {code: jenis, table: codes/none.csv}
  nomorSertipikat: {text: nomor, case: big}
natural_key: [nomorSertipikat, namaKursus]
""",
    )
    lines = [int(problem.place.rpartition(":")[2]) for problem in region.problems()]
    assert lines == [3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "cannot be read"),
        ("", "lacks the columns local and bkn"),
        ("T,3\nF,2\n", "lacks the columns local and bkn"),
        ("local;bkn\nT;3\n", "lacks the columns local and bkn"),
        ("local,bkn\nT,3\nt ,4\n", "two national codes for 't'"),
        ("local,bkn\nCafé,3\n".encode("latin-1"), "is not CSV in UTF-8"),
    ],
)
def test_a_code_table_that_cannot_be_trusted_is_a_problem(region: Region, content: Any, what: str) -> None:
    if content is None:
        (region.folder / "codes" / "jenis.csv").unlink()
    else:
        region.write("codes/jenis.csv", content)
    problem = region.problem()
    assert (problem.place, what in problem.what) == ("feeds/kursus.yaml:13", True), problem


def test_a_code_table_may_come_from_a_spreadsheet_with_more_columns(region: Region) -> None:
    table = '\ufefflocal,bkn,nama\r\n01,3,"Teknis, dan lain"\r\n"fung  si",2\r\nX,\r\nT,3\r\nt,3\r\n'
    region.write("codes/jenis.csv", table)
    code = feed_of(region).fields["jenisDiklatId"]
    assert isinstance(code, Code)
    assert dict(code.codes) == {"01": "3", "fung si": "2", "t": "3"}


def test_two_feeds_of_one_name_are_a_problem(region: Region) -> None:
    region.write("feeds/lain.yaml", FEED)
    assert region.problem().what == "two feeds are called kursus"


def test_a_feed_that_is_wrong_itself_is_not_also_called_missing_by_its_sibling(region: Region) -> None:
    region.spoil_feed("feed: kursus", "feed: kursus\nmoves_with: [lain]")
    region.write("feeds/lain.yaml", FEED.replace("feed: kursus", "feed: lain").replace("target: kursus", "target: x"))
    assert [problem.place for problem in region.problems()] == ["feeds/lain.yaml:2"]


@pytest.mark.parametrize(
    ("written", "row", "holds"),
    [
        ("{status: 01}", "01", True),
        ("{status: 01}", "1", False),
        ("{status: 1.10}", "1.10", True),
        ("{status: 2.0}", 2, True),
        ("{status: true}", 1, True),
        ("{status: true}", True, True),
        ("{status: false}", "0", True),
        ("{status: yes}", "yes", True),
        ("{status: NO}", "NO", True),
        ("{status: ' 2 '}", "2", True),
        ("{status: [1, 2]}", 2, True),
        ("{status: {not: [1, 2]}}", 2, False),
        ("{status: {is: [1, 2]}}", 2, True),
        ("{status: {is: Lulus}}", "LULUS", False),
        ("{status: {is: Lulus, any_case: true}}", "LULUS", True),
        ("{status: {is: Lulus, any_case: false}}", "LULUS", False),
        ("{status: {not: [gagal, Lulus], any_case: true}}", "LULUS", False),
        ("{status: [null, 2]}", None, True),
        ("{status: {empty: true}}", " ", True),
        ("{status: 2024-01-31}", "2024-01-31", True),
        ("[{status: 1}, {status: 2}]", 2, True),
    ],
)
def test_codes_stay_the_text_they_are_written_as(region: Region, written: str, row: Any, holds: bool) -> None:
    region.spoil_feed("{status: 2}", written)
    verified = feed_of(region).verified
    assert verified is not None
    assert verified.holds({"status": row}) is holds


def test_dates_that_are_none_may_be_written_without_quotes(region: Region) -> None:
    region.spoil_feed("{year: selesai}", "{year: selesai, no_date: [0000-00-00, 1900-01-01, 0], formats: [DD/MM/YYYY]}")
    year: Any = feed_of(region).fields["tahunKursus"]
    assert isinstance(year.of, Date)
    assert year.of.no_date == ("0000-00-00", "1900-01-01", "0")
    assert year.of.formats == ("%d/%m/%Y",)


def test_a_month_may_be_written_by_its_name(region: Region) -> None:
    region.spoil_feed("{year: selesai}", "{year: selesai, formats: [dd month yyyy, yyyy-mm-ddThh:mi:ss]}")
    year = feed_of(region).fields["tahunKursus"]
    assert year.value({"selesai": "2 Maret 2016"}) == 2016
    assert year.value({"selesai": "2017-03-02T08:00:00"}) == 2017


def test_days_may_be_decimal_where_the_feed_says_so(region: Region) -> None:
    region.spoil_feed("{integer: jam}", "{hours: {days: {number: jam, decimal: ','}}, per_day: 8}")
    assert feed_of(region).fields["jumlahJam"].value({"jam": "2,5"}) == 20


def test_an_empty_list_of_stand_ins_means_none(region: Region) -> None:
    region.spoil_feed("{year: selesai}", "{year: selesai, no_date: []}")
    year: Any = feed_of(region).fields["tahunKursus"]
    assert year.of.no_date == ()


def test_no_field_no_key_and_no_file_name_slip_through(region: Region) -> None:
    region.write("feeds/kursus.yaml", "")
    missing = {problem.what for problem in region.problems()}
    assert missing == {f"{name} is missing" for name in ("feed", "target", "table", "key", "person")}
    # What else a feed needs depends on its target.
    region.write("feeds/kursus.yaml", "feed: kursus\ntarget: kursus\ntable: t\nkey: [id]\nperson: nip\n")
    missing = {problem.what for problem in region.problems()}
    assert any(what == "fields is empty" for what in missing)
    assert any(what.startswith("natural_key is missing") for what in missing)


def test_relatives_may_be_sent_once_a_legal_ground_is_named(region: Region) -> None:
    feed = (
        "feed: keluarga\ntarget: pasangan\ntable: istri\nkey: [id]\nperson: nip\n"
        "fields: {nama: nama}\nnatural_key: [nama]\n"
    )
    region.write("feeds/keluarga.yaml", feed)
    assert any("switched off" in problem.what for problem in region.problems())
    region.spoil("bkn:\n", "bkn:\n  family_data_ground: Pasal 20 UU 27/2022\n")
    assert FeedName("keluarga") in region.read().feeds


def test_a_row_may_have_a_certificate_of_each_kind_and_name_another_feeds_row(region: Region) -> None:
    region.write(
        "feeds/jabatan.yaml",
        """\
feed: jabatan
target: jabatan
table: jabatan
key: [id]
person: nip
fields: {nomorSk: no_sk, tmtJabatan: {date: tmt}}
natural_key: [nomorSk, tmtJabatan]
document:
  - {file: sk, directory: berkas}
  - {file: pelantikan, directory: berkas, kind: "873"}
""",
    )
    region.write(
        "feeds/pak.yaml",
        """\
feed: pak
target: angkakredit
table: pak
key: [id]
person: nip
fields:
  nomorSk: no_pak
  kreditUtamaBaru: {number: utama, decimal: ",", as_text: true}
  rwJabatanId: {link: jabatan, key: [id_jabatan]}
natural_key: [nomorSk]
scope: {tahun: {from: 2020, to: 2023}}
""",
    )
    feeds = region.read().feeds
    assert [rule.kind for rule in feeds[FeedName("jabatan")].documents] == ["", "873"]
    pak = feeds[FeedName("pak")]
    assert pak.linked_feeds == ("jabatan",)
    assert pak.scope is not None
    assert [pak.scope.holds({"tahun": year}) for year in (2019, 2020, "2023", 2024, None, "x")] == [
        False, True, True, False, False, False,
    ]  # fmt: skip


def test_a_target_with_one_row_a_person_needs_no_natural_key(region: Region) -> None:
    region.write(
        "feeds/foto.yaml",
        "feed: foto\ntarget: photo\ntable: pegawai\nkey: [nip]\nperson: nip\ndocument: {file: foto, directory: foto}\n",
    )
    assert region.read().feeds[FeedName("foto")].fields == {}


def test_the_older_address_of_posts_does_not_know_unit_moves(region: Region) -> None:
    region.write(
        "feeds/jabatan.yaml",
        "feed: jabatan\ntarget: jabatan\ntable: j\nkey: [id]\nperson: nip\n"
        "fields: {nomorSk: a, tmtMutasi: {date: b}}\nnatural_key: [nomorSk]\n",
    )
    region.read()
    region.spoil("bkn:\n", "bkn:\n  choices: {jabatan_save: jabatan}\n")
    assert any("no field 'tmtMutasi'" in problem.what for problem in region.problems())


def test_a_table_without_a_key_names_its_identity(region: Region) -> None:
    region.spoil_feed("key: [id]", "identity: [nip, nomor]")
    feed = feed_of(region)
    assert (feed.key, feed.key_is_natural) == (("nip", "nomor"), True)


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ("key: [id]\nidentity: [nomor]", "key and identity are both named"),
        ("key: []", "key is missing"),
        ('identity: ["no\'mor"]', "is not a name of a table or column"),
    ],
)
def test_a_feed_names_exactly_one_of_key_and_identity(region: Region, lines: str, what: str) -> None:
    region.spoil_feed("key: [id]", lines)
    assert what in region.problem().what


def test_a_feed_names_only_the_limits_of_its_brake_that_are_others(region: Region) -> None:
    assert feed_of(region).brake == {}
    region.spoil_feed("verified: {status: 2}", "brake: {vanish_rows: 200, window: 2 h}")
    assert feed_of(region).brake == {"vanish_rows": 200, "window_s": 7200.0}
