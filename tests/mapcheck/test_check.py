"""`map check` finds each planted defect, and nothing on a schema that is right."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from simpeg_sync.domain.errors import SourceDown
from simpeg_sync.source.feed_survey import FeedSurvey
from tests.mapcheck.region import BUDI, FEED, SITI, Region, kinds


def test_nothing_is_said_of_a_mapping_that_is_right(region: Region) -> None:
    for nip in (SITI, BUDI, SITI):
        region.enter(nip=nip)
    region.enter(nama=None, aktif="0")
    region.enter(jenis="X", jam="banyak")
    report = region.check()["kursus"]
    assert (report["findings"], report["clean"]) == ([], True)
    assert (report["rows"], report["sampled"], report["would_send"]) == (5, 5, 3)
    assert (report["held"], report["not_in_scope"], report["deleted"], report["failed"]) == ([], 1, 1, [])
    assert report["persons"] == {"valid": 3}
    assert report["joins"] == {"p": {"found": 3}, "j": {"found": 3}}


def test_rows_that_are_held_by_a_filter_are_counted_and_are_no_problem(small: Region) -> None:
    small.enter()
    small.enter(status="1")
    small.run("UPDATE pegawai SET kedudukan = '99' WHERE nip LIKE '1979%'")
    small.enter(nip=BUDI)
    report = small.check()["kursus"]
    assert {one["reason"]: one["count"] for one in report["held"]} == {"unverified": 1, "person.inactive": 1}
    assert report["clean"] and report["findings"] == []
    filters = {one["filter"]: one for one in report["filters"]}
    assert (filters["verified"]["holds"], filters["verified"]["values"]) == (2, {"status": {"2": 2, "1": 1}})


def test_each_defect_of_the_rows_is_found_with_its_count_and_a_row(region: Region) -> None:
    for _ in range(3):
        region.enter()
    region.enter(nip=None)
    region.enter(nip="130456789")
    region.enter(nip="999999999999999999")
    region.run("INSERT INTO pegawai VALUES ('999999999999999999', '01'), ('130456789', '01')")
    unknown = [region.enter(sifat=sifat) for sifat in ("Manajerial", "Manajerial", "lain lain")]
    dotted = [region.enter(mulai="04.03.2024"), region.enter(mulai="04.03.2023")]
    region.enter(selesai="1899-12-30")
    region.enter(jam="1.000")
    region.enter(nama=" ")
    region.enter(nama="n" * 41)
    region.enter(nomor="s" * 31)
    region.enter(nomor="SERT/1")
    region.enter(nomor=None)
    region.enter(berkas="tidak-ada.pdf")
    region.enter(jenis="Z")
    (region.folder / "sertifikat/b.pdf").write_bytes(b"GIF89a")
    region.enter(berkas="b.pdf")
    report = region.check()["kursus"]
    assert kinds(report) == [
        ("code.unknown", 3),
        ("date.implausible", 1),
        ("date.implausible", 1),
        ("date.unreadable", 2),
        ("document.missing", 1),
        ("document.not_pdf", 1),
        ("field.cut", 1),
        ("field.required", 1),
        ("field.required", 1),
        ("field.required", 1),
        ("join.partner_missing", 1),
        ("natural_key.double", 2),
        ("natural_key.empty", 1),
        ("number.unreadable", 1),
        ("person.doubtful", 1),
        ("person.empty", 1),
        ("person.unknown_form", 1),
        ("text.too_long", 1),
    ]
    assert not report["clean"]
    by_kind = {one["kind"]: one for one in report["findings"]}
    path, _, number = by_kind["code.unknown"]["place"].rpartition(":")
    assert Path(path).read_text(encoding="utf-8").splitlines()[int(number) - 1] == "  jenisKursusSertipikat:"
    assert "'Manajerial' (2), 'lain lain' (1)" in by_kind["code.unknown"]["what"]
    assert by_kind["code.unknown"]["example"] == str(unknown[0])
    assert (
        "'99.99.9999' (2)" in by_kind["date.unreadable"]["what"]
        and "dd.mm.yyyy" in by_kind["date.unreadable"]["remedy"]
    )
    assert by_kind["date.unreadable"]["example"] == str(dotted[0])
    assert "'999999999' (1)" in by_kind["person.unknown_form"]["what"]
    assert [(one["local"], one["count"]) for one in report["unknown_codes"]] == [("Manajerial", 2), ("lain lain", 1)]
    held = {(one["reason"], one["detail"]): one["count"] for one in report["held"]}
    assert held[("person.no_nip", "nip")] == 2
    assert held[("date.unreadable", "tanggalKursus: mulai")] == 2
    assert sum(held.values()) + report["would_send"] == report["rows"] == report["sampled"]


def test_each_defect_of_the_tables_is_found_with_its_line(region: Region) -> None:
    region.run(
        "CREATE TABLE salinan (id INTEGER, nip VARCHAR(18), nomor VARCHAR(50))",
        "CREATE TABLE gelar (nip VARCHAR(18), gelar VARCHAR(10))",
        "CREATE TABLE angka (id INTEGER PRIMARY KEY, nip BIGINT)",
        f"INSERT INTO salinan VALUES (1, '{SITI}', 'a'), (1, '{SITI}', 'b'), (2, '{BUDI}', 'c'), (NULL, '{BUDI}', 'd')",
        f"INSERT INTO gelar VALUES ('{SITI}', 'S.H.'), ('{SITI}', 'M.H.'), ('{BUDI}', 'S.E.')",
    )
    region.enter()
    region.enter(nip=BUDI)
    bare: dict[str, Any] = dict.fromkeys(("joins", "scope", "verified", "deleted", "active_person", "document"))
    only: dict[str, Any] = {**dict.fromkeys(FEED["fields"]), "nomorSertipikat": "nomor"}
    few = {**bare, "required": None, "fields": only}
    gelar = {"table": "gelar", "as": "g", "on": {"nip": "nip"}}
    region.feed("tabel", **{**few, "table": "pelatiham"})
    region.feed("kolom", **{**few, "fields": {**only, "namaKursus": "Nama"}})
    region.feed("partner", **{**few, "joins": [{"table": "pegawai", "as": "p", "on": {"nipp": "nip"}}]})
    region.feed("kunci", **{**few, "table": "salinan"})
    region.feed("kembar", **{**few, "table": "salinan", "key": None, "identity": ["id"]})
    region.feed("banyak", **{**few, "joins": [gelar]})
    region.feed(
        "mungkin",
        **{**few, "joins": [gelar], "table": "pegawai", "key": ["nip"], "fields": {**only, "nomorSertipikat": "nip"}},
    )
    region.feed("jalan", **{**few, "joins": [{"table": "jenis", "as": "j", "on": {"kode": "sifat"}}]})
    region.feed("tipe", **{**few, "joins": [{"table": "angka", "as": "a", "on": {"nip": "nip"}}]})
    report = region.check()
    problems = {name: kinds(of, "problem") for name, of in report.items()}
    notes = {name: [kind for kind, _ in kinds(of, "note")] for name, of in report.items()}
    assert problems["tabel"] == [("table.missing", None)]
    assert problems["kolom"] == [("column.missing", None)]
    assert problems["partner"] == [("column.missing", None)]
    assert ("key.not_unique", 1) in problems["kunci"] and ("key.null", 1) in problems["kunci"]
    assert notes["kunci"] == ["key.no_index"]
    assert ("identity.twice", 1) in problems["kembar"] and ("identity.null", 1) in problems["kembar"]
    assert ("join.fans_out", 1) in problems["banyak"]
    assert report["banyak"]["sampled"] == report["banyak"]["rows"]
    assert ("join.fans_out", 1) in problems["mungkin"]
    assert notes["banyak"] == ["join.no_index"]
    assert problems["jalan"] == [] or ("join.finds_nobody", 2) in problems["jalan"]
    assert "join.no_road_back" in notes["jalan"]
    assert ("join.types_disagree", None) in problems["tipe"]
    assert (problems["kursus"], notes["kursus"]) == ([], [])

    def said(name: str, kind: str) -> Any:
        return next(one for one in report[name]["findings"] if one["kind"] == kind)

    def line(name: str, kind: str) -> str:
        path, _, number = said(name, kind)["place"].rpartition(":")
        return Path(path).read_text(encoding="utf-8").splitlines()[int(number) - 1].strip()

    assert "'pelatihan'" in said("tabel", "table.missing")["remedy"]
    assert line("tabel", "table.missing") == "table: pelatiham"
    assert "'nama'" in said("kolom", "column.missing")["remedy"]
    assert line("kolom", "column.missing") == "namaKursus: Nama"
    assert "'nip'" in said("partner", "column.missing")["remedy"]
    assert line("partner", "column.missing") == "nipp: nip"
    assert said("kunci", "key.not_unique")["example"] == "1"
    assert line("banyak", "join.fans_out") == "- table: gelar"


def test_what_is_unique_only_by_luck_is_noted(region: Region) -> None:
    region.run(
        "CREATE TABLE gelar (nip VARCHAR(18), gelar VARCHAR(10))",
        f"INSERT INTO gelar VALUES ('{SITI}', 'S.H.')",
        "CREATE INDEX gelar_nip ON gelar (nip)",
        "CREATE TABLE luar (id INTEGER, nip VARCHAR(18), nomor VARCHAR(50))",
        "CREATE INDEX luar_id ON luar (id)",
        "CREATE INDEX luar_nip ON luar (nip)",
        f"INSERT INTO luar VALUES (1, '{SITI}', 'a')",
    )
    few: dict[str, Any] = dict.fromkeys(("scope", "verified", "deleted", "active_person", "document", "required"))
    only: dict[str, Any] = {**dict.fromkeys(FEED["fields"]), "nomorSertipikat": "nomor"}
    region.feed(
        "luar", table="luar", joins=[{"table": "gelar", "as": "g", "on": {"nip": "nip"}}], **{**few, "fields": only}
    )
    assert [kind for kind, _ in kinds(region.check("luar")["luar"], "note")] == [
        "join.may_fan_out",
        "key.no_unique_index",
    ]


def test_constants_and_picks_count_towards_one_partner(region: Region) -> None:
    region.run(
        "CREATE TABLE kamus (golongan VARCHAR(5), kode VARCHAR(10), bkn VARCHAR(4), PRIMARY KEY (golongan, kode))",
        "INSERT INTO kamus VALUES ('D', 'T', '3'), ('X', 'T', '9')",
        "CREATE TABLE paraf (urut INTEGER PRIMARY KEY, jenis VARCHAR(10), hasil VARCHAR(2))",
        "INSERT INTO paraf VALUES (1, 'T', 'A'), (2, 'T', 'B')",
        "CREATE INDEX paraf_jenis ON paraf (jenis)",
    )
    joins = [
        {"table": "kamus", "as": "k", "on": {"kode": "jenis", "golongan": {"const": "D"}}},
        {"table": "paraf", "as": "a", "on": {"jenis": "jenis"}, "pick": {"newest": "urut"}},
    ]
    region.feed("satu", joins=[*FEED["joins"], *joins])
    region.enter()
    assert kinds(region.check("satu")["satu"]) == []


def test_dates_with_names_of_months_are_told_their_form(region: Region) -> None:
    region.enter(mulai="4 Maret 2024")
    [finding] = [one for one in region.check()["kursus"]["findings"] if one["kind"] == "date.unreadable"]
    assert "dd month yyyy" in finding["remedy"]


@pytest.mark.parametrize(
    ("field", "written", "reason", "remedy"),
    [
        ("jumlahJam", "jam", "field.wants_number", "{integer: ...}"),
        ("nomorSertipikat", {"integer": "jam"}, "field.wants_text", "as_text: true"),
        ("jenisDiklatId", {"const": "77"}, "field.wants_code", "codes that the feed gives"),
    ],
)
def test_a_field_of_the_wrong_type_is_told_which_verb_makes_it(
    region: Region, field: str, written: Any, reason: str, remedy: str
) -> None:
    region.feed("tipe", fields={field: written})
    region.enter()
    [finding] = [one for one in region.check("tipe")["tipe"]["findings"] if one["kind"] == reason]
    assert remedy in finding["remedy"]


def test_a_join_that_never_finds_anybody_is_a_problem(small: Region) -> None:
    small.enter(jenis="03")
    small.enter(jenis="04")
    assert ("join.finds_nobody", 2) in kinds(small.check()["kursus"], "problem")


def test_a_filter_that_lets_nothing_through_is_a_problem_with_the_values_that_are_there(small: Region) -> None:
    small.feed(verified={"status": "disetujui"})
    small.enter()
    report = small.check()["kursus"]
    assert kinds(report) == [("verified.blocks_all", 1)]
    assert next(one["values"] for one in report["filters"] if one["filter"] == "verified") == {"status": {"2": 1}}


def test_an_empty_natural_key_and_a_missing_folder_are_problems(small: Region) -> None:
    small.feed(
        natural_key=["lokasiId"],
        fields={"lokasiId": {"text": "sifat", "strip": "teknis"}},
        document={"file": "berkas", "directory": "tidak-ada"},
    )
    small.enter()
    assert kinds(small.check()["kursus"]) == [
        ("document.missing", 1),
        ("document.no_folder", None),
        ("natural_key.empty", 1),
    ]


def test_the_sample_comes_from_the_whole_table(region: Region) -> None:
    with region.engine.begin() as connection:
        rows = [
            {**FEED_ROW, "id": number, "nomor": f"N{number}", "jam": "x" if number > 2900 else "8"}
            for number in range(3000)
        ]
        names = ", ".join(rows[0])
        connection.exec_driver_sql("DELETE FROM pelatihan")
        connection.execute(
            sa.text(f"INSERT INTO pelatihan ({names}) VALUES ({', '.join(f':{name}' for name in rows[0])})"), rows
        )
    report = region.check(rows=200)["kursus"]
    assert (report["rows"], report["sampled"]) == (3000, 200)
    [held] = report["held"]
    assert held["reason"] == "number.unreadable" and 1 <= held["count"] <= 20
    assert region.check(rows=None)["kursus"]["held"][0]["count"] == 99


FEED_ROW = {"nip": SITI, "jenis": "T", "sifat": "teknis", "nama": "A", "penyelenggara": "B", "mulai": "2024-03-04",
            "selesai": "2024-03-04", "status": "2", "aktif": "1", "berkas": None}  # fmt: skip


def test_a_link_to_a_row_that_is_not_there_or_is_anothers_is_found(region: Region) -> None:
    region.run("ALTER TABLE pelatihan ADD induk INTEGER")
    first = region.enter()
    region.feed("seminar", fields={"lokasiId": {"link": "kursus", "key": ["induk"]}})
    region.enter(induk=first)
    assert kinds(region.check("seminar")["seminar"]) == []
    other, lost = region.enter(induk=first, nip=BUDI), region.enter(induk=99)
    findings = {one["kind"]: one for one in region.check("seminar")["seminar"]["findings"]}
    assert {kind: one["example"] for kind, one in findings.items()} == {
        "link.another_person": str(other),
        "link.no_row": str(lost),
    }


def test_a_count_that_takes_too_long_is_said_and_the_rest_goes_on(
    small: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.run(
        "CREATE TABLE bebas AS SELECT * FROM pelatihan",
        "CREATE INDEX bebas_id ON bebas (id)",
        "CREATE INDEX b_nip ON bebas (nip)",
    )
    small.run("CREATE INDEX b_jenis ON bebas (jenis)")
    small.feed(table="bebas")

    def too_long(*_: object, **__: object) -> None:
        raise SourceDown("cannot look: the source took too long (57014); it is tried again")

    monkeypatch.setattr(FeedSurvey, "doubles", too_long)
    assert kinds(small.check()["kursus"]) == [("key.not_checked", None)]


def test_tables_of_a_schema_that_is_not_there_are_missing(region: Region) -> None:
    region.feed(table="lain.pelatihan")
    report = region.check()["kursus"]
    assert [kind for kind, _ in kinds(report)] == ["table.missing"] or "source.unfit" in str(kinds(report))
    assert report["rows"] is None and not report["clean"]


def test_a_view_is_read_like_a_table_and_its_indexes_are_nobodys_business(region: Region) -> None:
    region.run("CREATE VIEW pandangan AS SELECT * FROM pelatihan")
    region.enter()
    region.feed(table="pandangan")
    report = region.check()["kursus"]
    assert (report["findings"], report["would_send"]) == ([], 1)


def test_types_that_every_engine_joins_are_not_called_disagreeing(region: Region) -> None:
    """Codes are kept as floats, decimals and integers, and joined to each other, in real SIMPEGs."""
    region.run(
        "CREATE TABLE golongan (kode DOUBLE PRECISION PRIMARY KEY, bkn VARCHAR(4))",
        "INSERT INTO golongan VALUES (11, '3')",
        "ALTER TABLE pelatihan ADD kgol DECIMAL(4,1)",
        "CREATE INDEX pelatihan_kgol ON pelatihan (kgol)",
    )
    joins = [FEED["joins"][0], {"table": "golongan", "as": "j", "on": {"kode": "kgol"}}]
    region.feed(joins=joins)
    region.enter(kgol=11)
    report = region.check()["kursus"]
    assert (report["findings"], report["would_send"]) == ([], 1)
