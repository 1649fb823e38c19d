"""The 27 features that nine real SIMPEGs need, one test or more for each: by configuration files alone.

The tables have the shape of those real ones and invented rows. The letters name the systems of the survey: K M T B P G S
C N. Each test writes YAML and CSV, and looks at what BKN would be sent, or at what became of the record.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.mapping.desk import Desk, desk_of
from tests.servers import MariaDbServer, PostgresServer

from simpeg_sync.source.settings import LogSettings

ANI, BUDI = "198501012010012001", "197903152005011002"
ANI_ID, BUDI_ID = f"{ANI}{'0' * 14}", f"{BUDI}{'0' * 14}"
BKN_ROW = "8ae482a5" * 4
DeskOf = Callable[..., Desk]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskOf]:
    """``desk(*sql)`` on SQLite, or on another engine with ``url=``."""
    opened: list[Desk] = []

    def make(*sql: str, url: str = "") -> Desk:
        opened.append(desk_of(tmp_path, url or f"sqlite:///{tmp_path}/simpeg.db", *sql))
        opened[-1].bkn.know(ANI, BUDI)
        return opened[-1]

    yield make
    for one in opened:
        one.close()


PELATIHAN = (
    """CREATE TABLE pelatihan (id INTEGER PRIMARY KEY, nip TEXT, jenis TEXT, nama TEXT, jam TEXT, mulai TEXT, nomor TEXT,
    status TEXT, aktif TEXT, dihapus TEXT, dari_bkn TEXT, id_bkn TEXT, catatan TEXT)""",
)
KURSUS = """
feed: kursus
target: kursus
table: pelatihan
key: [id]
person: nip
bkn_id: id_bkn
fields:
  institusiPenyelenggara: {const: BPSDM}
  jenisDiklatId: {const: "3"}
  jumlahJam: {integer: jam}
  namaKursus: nama
  nomorSertipikat: nomor
  tahunKursus: {year: mulai}
  tanggalKursus: {date: mulai}
natural_key: [nomorSertipikat]
delete: delete
"""
DIKLAT = """
feed: diklat
target: diklat
table: pelatihan
key: [id]
person: nip
scope: {jenis: "00"}
moves_with: [kursus]
fields:
  institusiPenyelenggara: {const: BPSDM}
  jumlahJam: {integer: jam}
  latihanStrukturalId: {const: "3"}
  nomor: nomor
  tahun: {year: mulai}
  tanggal: {date: mulai}
  tanggalSelesai: {date: mulai}
natural_key: [nomor]
delete: delete
"""


def pelatihan(id_: int, **columns: str | int | None) -> str:
    row = {"id": id_, "nip": ANI, "jenis": "02", "nama": "Arsip", "jam": "40", "mulai": "2024-03-04"}
    row |= {"nomor": f"S/{id_}", **columns}
    values = ", ".join("NULL" if value is None else f"'{value}'" for value in row.values())
    return f"INSERT INTO pelatihan ({', '.join(row)}) VALUES ({values})"


# ---------------------------------------------------------------------------------------------------------- 1 to 9


def test_01_the_nip_one_join_away_and_the_persons_id_from_the_master_or_from_bkn(desk: DeskOf) -> None:
    """K M T B P C keep BKN's id of the person; M G N have the NIP one join away."""
    place = desk(
        "CREATE TABLE pegawai (id_peg TEXT PRIMARY KEY, nip_ws TEXT, id_pns TEXT)",
        f"INSERT INTO pegawai VALUES ('P1', '{ANI} ', '{ANI_ID}'), ('P2', '''{BUDI}', NULL), ('P3', 'baru', '')",
        "CREATE TABLE kursus (id INTEGER PRIMARY KEY, id_peg TEXT, nomor TEXT)",
        "INSERT INTO kursus VALUES (1, 'P1', 'A'), (2, 'P2', 'B'), (3, 'P3', 'C'), (4, 'P9', 'D')",
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: kursus
key: [id]
joins: [{table: pegawai, as: p, on: {id_peg: id_peg}}]
person: p.nip_ws
person_bkn_id: p.id_pns
fields:
  institusiPenyelenggara: {const: BPSDM}
  jenisDiklatId: {const: "3"}
  jumlahJam: {const: 8}
  nomorSertipikat: nomor
  tahunKursus: {const: 2024}
natural_key: [nomorSertipikat]
"""
    )
    assert place.sync() == ["create kursus", "create kursus"]
    sent = {effect.body["nomorSertipikat"]: effect.body["pnsOrangId"] for effect in place.bkn.effects}
    assert sent == {"A": ANI_ID, "B": BUDI_ID}
    assert place.held("kursus", 3) == place.held("kursus", 4) == ("person.no_nip", "p.nip_ws")
    assert place.state("kursus", 3) == ("held", "person.no_nip")


def test_02_dates_constants_and_a_required_value_that_is_missing(desk: DeskOf) -> None:
    place = desk(
        "CREATE TABLE kursus (id INTEGER PRIMARY KEY, nip TEXT, nama TEXT, mulai DATE, selesai DATE)",
        f"INSERT INTO kursus VALUES (1, '{ANI}', 'Arsip', '2024-03-04', NULL), (2, '{ANI}', ' ', '2024-03-04', '')",
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: kursus
key: [id]
person: nip
fields:
  instansiId: {const: A5EB03E23BFBF6A0E040640A040252AD}
  jenisDiklatId: {const: "3"}
  jenisKursusSertipikat: {const: T}
  lokasiId: {const: "0"}
  namaKursus: nama
  tanggalKursus: {date: mulai}
  tanggalSelesaiKursus: {date: selesai}
required: [namaKursus]
natural_key: [namaKursus]
"""
    )
    assert place.body("kursus", 1) == {
        "instansiId": "A5EB03E23BFBF6A0E040640A040252AD", "jenisDiklatId": "3", "jenisKursusSertipikat": "T",
        "lokasiId": "0", "namaKursus": "Arsip", "tanggalKursus": "04-03-2024",
    }  # fmt: skip
    assert place.held("kursus", 2) == ("field.required", "namaKursus")


def test_03_files_by_name_in_the_row_by_a_row_of_another_table_and_by_person(desk: DeskOf, tmp_path: Path) -> None:
    """M T B N; K G; S. The file follows once the row has its id at BKN."""
    place = desk(
        "CREATE TABLE kursus (id INTEGER PRIMARY KEY, nip TEXT, nomor TEXT, berkas TEXT)",
        "CREATE TABLE files (nip TEXT, subjenis INTEGER, filename TEXT)",
        f"INSERT INTO kursus VALUES (1, '{ANI}', 'A', 'satu.pdf'), (2, '{ANI}', 'B', NULL), (3, '{ANI}', 'C', '')",
        f"INSERT INTO files VALUES ('{ANI}', 2, 'dua.pdf'), ('{BUDI}', 3, 'tiga.pdf')",
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: kursus
key: [id]
joins: [{table: files, as: f, on: {nip: nip, subjenis: id}}]
person: nip
fields:
  institusiPenyelenggara: {const: BPSDM}
  jenisDiklatId: {const: "3"}
  jumlahJam: {const: 8}
  nomorSertipikat: nomor
  tahunKursus: {const: 2024}
natural_key: [nomorSertipikat]
document:
  file: {first: [berkas, f.filename, {concat: [nip, {const: .pdf}], with: ""}]}
  directory: berkas/kursus
"""
    )
    folder = tmp_path / "berkas" / "kursus"
    folder.mkdir(parents=True)
    for name in ("satu.pdf", "dua.pdf", f"{ANI}.pdf"):
        (folder / name).write_bytes(b"%PDF-1.4 " + name.encode())
    assert sorted(place.sync()) == ["create kursus"] * 3 + ["upload kursus"] * 3
    rows = {row["noSertipikat"]: row["path"]["881"]["dok_uri"] for row in place.at_bkn("kursus")}
    assert {number: place.bkn.documents[uri][9:].decode() for number, uri in rows.items()} == {
        "A": "satu.pdf", "B": "dua.pdf", "C": f"{ANI}.pdf",
    }  # fmt: skip


def test_04_changes_are_seen_though_no_column_tells_their_time(desk: DeskOf) -> None:
    """K M P G C: updated_at is absent, not kept, or misleading."""
    place = desk(*PELATIHAN, pelatihan(1))
    place.configure(kursus=KURSUS)
    assert place.sync() == ["create kursus"]
    place.simpeg.run("UPDATE pelatihan SET jam = '48'", pelatihan(2))
    assert sorted(place.sync()) == ["create kursus", "update kursus"]
    assert [row["jumlahJam"] for row in place.at_bkn("kursus")] == [48, 40]


def test_05_local_codes_and_texts_become_national_ones_and_an_unknown_one_holds_the_row(desk: DeskOf) -> None:
    place = desk(*PELATIHAN, pelatihan(1, jenis="Bimtek "), pelatihan(2, jenis="SEMINAR"), pelatihan(3, jenis="lain"))
    place.configure(
        {"jenis.csv": "local,bkn,note\nBIMTEK,8,\nSeminar,9,\n"},
        kursus=KURSUS.replace(
            'jenisDiklatId: {const: "3"}',
            "jenisDiklatId: {code: jenis, table: codes/jenis.csv}\n"
            "  jenisKursusSertipikat: {code: jenis, map: {bimtek: T, seminar: P}}",
        ),
    )
    kinds = ("jenisDiklatId", "jenisKursusSertipikat")
    assert [[place.body("kursus", row)[kind] for kind in kinds] for row in (1, 2)] == [["8", "T"], ["9", "P"]]
    assert place.held("kursus", 3) == ("code.unknown", "jenisDiklatId: codes/jenis.csv: lain")


def test_06_the_kind_of_post_decides_which_id_is_filled_and_from_which_lookup(desk: DeskOf) -> None:
    """K: idjenjab 2 functional, 3 clerical, above 4 structural; idjab then points to another table."""
    place = desk(
        "CREATE TABLE a_jabfung (idjabfung INTEGER PRIMARY KEY, id_bkn TEXT)",
        "CREATE TABLE a_jabfungum (idjabfungum INTEGER PRIMARY KEY, id_bkn TEXT)",
        "CREATE TABLE a_skpd (idskpd TEXT PRIMARY KEY, id_unor TEXT)",
        "CREATE TABLE a_esl (idesl INTEGER PRIMARY KEY, kode_bkn TEXT)",
        "CREATE TABLE r_jab (id INTEGER PRIMARY KEY, nip TEXT, idskpd TEXT, idjenjab INTEGER, idjab INTEGER, "
        "idesljbt INTEGER, nosk TEXT)",
        "INSERT INTO a_jabfung VALUES (7, 'FUNGSIONAL-7')",
        "INSERT INTO a_jabfungum VALUES (7, 'PELAKSANA-7')",
        "INSERT INTO a_skpd VALUES ('A1', 'UNOR-A1')",
        "INSERT INTO a_esl VALUES (31, '31')",
        f"INSERT INTO r_jab VALUES (1, '{ANI}', 'A1', 2, 7, NULL, 'SK1'), (2, '{ANI}', 'A1', 3, 7, NULL, 'SK2'), "
        f"(3, '{ANI}', 'A1', 20, NULL, 31, 'SK3'), (4, '{ANI}', 'A1', 1, 7, NULL, 'SK4')",
    )
    place.configure(
        jabatan="""
feed: jabatan
target: jabatan
table: r_jab
key: [id]
joins:
  - {table: a_jabfung, as: jft, on: {idjabfung: idjab}}
  - {table: a_jabfungum, as: jfu, on: {idjabfungum: idjab}}
  - {table: a_esl, as: esl, on: {idesl: idesljbt}}
  - {table: a_skpd, as: skpd, on: {idskpd: idskpd}}
person: nip
fields:
  jenisJabatan:
    when:
      - {if: {idjenjab: 2}, then: {const: "2"}}
      - {if: {idjenjab: 3}, then: {const: "4"}}
      - {if: {idjenjab: {from: 5}}, then: {const: "1"}}
  jabatanFungsionalId: {when: [{if: {idjenjab: 2}, then: jft.id_bkn}], else: {const: ""}}
  jabatanFungsionalUmumId: {when: [{if: {idjenjab: 3}, then: jfu.id_bkn}], else: {const: ""}}
  eselonId: {when: [{if: {idjenjab: {from: 5}}, then: esl.kode_bkn}], else: {const: ""}}
  unorId: skpd.id_unor
  nomorSk: nosk
natural_key: [nomorSk]
"""
    )
    names = ("jenisJabatan", "eselonId", "jabatanFungsionalId", "jabatanFungsionalUmumId")
    assert [[place.body("jabatan", row)[name] for name in names] for row in (1, 2, 3)] == [
        ["2", "", "FUNGSIONAL-7", ""], ["4", "", "", "PELAKSANA-7"], ["1", "31", "", ""],
    ]  # fmt: skip
    assert place.held("jabatan", 4) == ("case.no_branch", "jenisJabatan: idjenjab")


def test_07_joins_on_two_columns_and_twice_to_one_table(desk: DeskOf) -> None:
    """B: an appraisal names two assessors."""
    place = desk(
        "CREATE TABLE pejabat (nip TEXT, periode INTEGER, nama TEXT, PRIMARY KEY (nip, periode))",
        "CREATE TABLE skp (id INTEGER PRIMARY KEY, nip TEXT, tahun INTEGER, nip_pp TEXT, nip_app TEXT)",
        f"INSERT INTO pejabat VALUES ('{BUDI}', 2023, 'Budi'), ('{BUDI}', 2024, 'Budi, S.E.'), ('{ANI}', 2024, 'Ani')",
        f"INSERT INTO skp VALUES (1, '{ANI}', 2024, '{BUDI}', '{ANI}'), (2, '{ANI}', 2023, '{BUDI}', 'x')",
    )
    place.configure(
        skp="""
feed: skp
target: skp
table: skp
key: [id]
joins:
  - {table: pejabat, as: pp, on: {nip: nip_pp, periode: tahun}}
  - {table: pejabat, as: app, on: {nip: nip_app, periode: tahun}}
person: nip
fields:
  tahun: {integer: tahun}
  penilaiNama: pp.nama
  atasanPenilaiNama: app.nama
natural_key: [tahun]
"""
    )
    assert place.body("skp", 1) == {"tahun": 2024, "penilaiNama": "Budi, S.E.", "atasanPenilaiNama": "Ani"}
    assert place.body("skp", 2) == {"tahun": 2023, "penilaiNama": "Budi"}


def test_08_computed_values(desk: DeskOf) -> None:
    """Year of a date, the first that has a value, month and year apart, a piece of a text (G), parts in one (N), a mean (B)."""
    place = desk(
        "CREATE TABLE sk (id INTEGER PRIMARY KEY, nip TEXT, keterangan TEXT, kdu1 TEXT, kdu2 TEXT, kdu3 TEXT, "
        "kdu4 TEXT, kdu5 TEXT, kdu6 TEXT, tgl_sk DATE, tgl_lulus DATE, n1 REAL, n2 TEXT, n3 REAL)",
        f"INSERT INTO sk VALUES (1, '{ANI}', 'III/b, 04 ,7', '01', '02', '', '03', NULL, '09', NULL, '2021-11-30', "
        "80, '90,5', NULL)",
    )
    place.configure(
        {"golongan.csv": "local,bkn\nIII/b,32\n"},
        golongan="""
feed: golongan
target: golongan
table: sk
key: [id]
person: nip
fields:
  golonganId: {code: {split: keterangan, by: ",", part: 1}, table: codes/golongan.csv}
  masaKerjaGolonganTahun: {integer: {split: keterangan, by: ",", part: 2}}
  masaKerjaGolonganBulan: {integer: {split: keterangan, by: ",", part: -1}}
  noPertekBkn: {concat: [kdu1, kdu2, kdu3, kdu4, kdu5, kdu6], with: "."}
  jenisKPId: {code: {concat: [kdu1, kdu2, kdu3, kdu4, kdu5, kdu6], with: ""}, map: {"01020309": "101"}}
natural_key: [golonganId]
""",
        angka="""
feed: angka
target: angkakredit
table: sk
key: [id]
person: nip
fields:
  tahunMulaiPenailan: {year: {first: [tgl_sk, tgl_lulus]}, as_text: true}
  bulanMulaiPenailan: {month: {first: [tgl_sk, tgl_lulus]}, as_text: true}
  kreditBaruTotal: {average: [n1, {number: n2, decimal: ","}, n3]}
natural_key: [tahunMulaiPenailan]
""",
    )
    assert place.body("golongan", 1) == {
        "golonganId": "32", "masaKerjaGolonganTahun": 4, "masaKerjaGolonganBulan": 7, "noPertekBkn": "01.02.03.09",
        "jenisKPId": "101",
    }  # fmt: skip
    assert place.body("angka", 1) == {
        "tahunMulaiPenailan": "2021", "bulanMulaiPenailan": "11", "kreditBaruTotal": 85.25,
    }  # fmt: skip


def test_09_a_row_that_is_erased_is_deleted_at_bkn(desk: DeskOf) -> None:
    place = desk(*PELATIHAN, pelatihan(1), pelatihan(2))
    place.configure(kursus=KURSUS)
    place.sync()
    place.simpeg.run("DELETE FROM pelatihan WHERE id = 1")
    assert place.sync() == ["delete kursus"]
    assert [row["noSertipikat"] for row in place.at_bkn("kursus")] == ["S/2"]


# -------------------------------------------------------------------------------------------------------- 10 to 18


def test_10_numbers_as_people_and_old_programs_write_them(desk: DeskOf) -> None:
    """Hours as text, '' is none, codes as floating point, hours from months, days and hours."""
    place = desk(
        "CREATE TABLE angka (id INTEGER PRIMARY KEY, nip TEXT, jam TEXT, kode DOUBLE PRECISION, bulan TEXT, hari TEXT, "
        "lama_jam TEXT)",
        f"INSERT INTO angka VALUES (1, '{ANI}', '40 JP', 11.0, '', '2', '4'), (2, '{ANI}', '', 12, '1', NULL, ' '), "
        f"(3, '{ANI}', '7,5', 11, '', '', '')",
    )
    text = """
feed: NAME
target: kursus
table: angka
key: [id]
person: nip
fields:
  jumlahJam: HOURS
  jenisDiklatId: {code: kode, map: {11: "3", 12: "8"}}
natural_key: [jenisDiklatId]
"""
    hours = "{hours: {months: bulan, days: hari, hours: lama_jam}, per_day: 8, per_month: 160}"
    place.configure(
        teks=text.replace("NAME", "teks").replace("HOURS", "{integer: jam}"),
        lama=text.replace("NAME", "lama").replace("HOURS", hours),
    )
    assert place.body("teks", 1) == {"jumlahJam": 40, "jenisDiklatId": "3"}
    assert place.body("teks", 2) == {"jenisDiklatId": "8"}
    assert place.held("teks", 3) == ("number.unreadable", "jumlahJam: jam")
    assert [place.body("lama", row).get("jumlahJam") for row in (1, 2, 3)] == [20, 160, None]


def test_11_what_changes_nothing_at_bkn_costs_no_write(desk: DeskOf) -> None:
    """Flags set on sibling rows (T), bookkeeping in the row (M), BKN's id written back (K M T B P C)."""
    place = desk(*PELATIHAN, *(pelatihan(n) for n in range(1, 6)))
    place.configure(kursus=KURSUS)
    assert len(place.sync()) == 5
    reads = place.bkn.reads.total()
    place.simpeg.run(
        "UPDATE pelatihan SET catatan = 'akhir = 0'",
        "UPDATE pelatihan SET catatan = 'akhir = 1' WHERE id = 5",
        f"UPDATE pelatihan SET id_bkn = '{BKN_ROW}' WHERE id = 2",
        "UPDATE pelatihan SET nama = ' ARSIP ' WHERE id = 3",
        "UPDATE pelatihan SET nama = 'Arsip' WHERE id = 3",
        "UPDATE pelatihan SET jam = '40.0'",
    )
    assert place.sync() == []
    assert place.bkn.reads.total() == reads


def test_12_one_table_feeds_two_endpoints_and_a_row_moves_when_its_kind_changes(desk: DeskOf) -> None:
    place = desk(*PELATIHAN, pelatihan(1, jenis="00"), pelatihan(2, jenis="02"))
    place.configure(
        kursus=KURSUS.replace("fields:", 'scope: {jenis: {not: "00"}}\nmoves_with: [diklat]\nfields:'), diklat=DIKLAT
    )
    assert sorted(place.sync()) == ["create diklat", "create kursus"]
    place.simpeg.run("UPDATE pelatihan SET jenis = '00' WHERE id = 2")
    assert place.sync() == ["create diklat", "delete kursus"]
    place.simpeg.run("UPDATE pelatihan SET jenis = '03' WHERE id = 1")
    assert place.sync() == ["create kursus", "delete diklat"]


def test_13_bkns_id_in_a_column_links_the_row_at_first_sight(desk: DeskOf) -> None:
    """K: NULL, '' or short junk where a row was never sent."""
    place = desk(*PELATIHAN)
    place.configure(kursus=KURSUS)
    theirs = place.bkn.enter("kursus", ANI, nomorSertipikat="LAMA", jumlahJam=40)
    place.simpeg.run(
        pelatihan(1, id_bkn=theirs.upper()),
        pelatihan(2, id_bkn=""),
        pelatihan(3, id_bkn="0"),
        pelatihan(4, id_bkn="x1"),
    )
    assert sorted(place.sync()) == ["create kursus"] * 3 + ["update kursus"]
    assert place.bkn.stored["kursus"][theirs]["noSertipikat"] == "S/1"


def test_14_several_tables_feed_one_endpoint(desk: DeskOf) -> None:
    """K: technical and functional courses; B: twin tables for PPPK, keyed by another column."""
    place = desk(
        "CREATE TABLE r_diktek (id INTEGER PRIMARY KEY, nip TEXT, nmdiktek TEXT)",
        "CREATE TABLE r_diktek_pppk (id INTEGER PRIMARY KEY, nipppk TEXT, nmdiktek TEXT)",
        "CREATE TABLE r_dikfung (id INTEGER PRIMARY KEY, nip TEXT, dikfung TEXT)",
        f"INSERT INTO r_diktek VALUES (1, '{ANI}', 'Arsip')",
        f"INSERT INTO r_diktek_pppk VALUES (1, '{BUDI}', 'Arsip')",
        f"INSERT INTO r_dikfung VALUES (1, '{ANI}', 'Auditor')",
    )
    text = """
feed: NAME
target: kursus
table: TABLE
key: [id]
person: PERSON
fields:
  institusiPenyelenggara: {const: BPSDM}
  jenisDiklatId: {const: "KIND"}
  jumlahJam: {const: 8}
  nomorSertipikat: TITLE
  tahunKursus: {const: 2024}
natural_key: [nomorSertipikat]
"""

    def feed(name: str, table: str, person: str, kind: str, title: str) -> str:
        words = {"NAME": name, "TABLE": table, "PERSON": person, "KIND": kind, "TITLE": title}
        found = text
        for word, value in words.items():
            found = found.replace(word, value)
        return found

    place.configure(
        teknis=feed("teknis", "r_diktek", "nip", "3", "nmdiktek"),
        pppk=feed("pppk", "r_diktek_pppk", "nipppk", "3", "nmdiktek"),
        fungsional=feed("fungsional", "r_dikfung", "nip", "2", "dikfung"),
    )
    assert place.sync() == ["create kursus"] * 3
    rows = sorted((row["nipBaru"], row["noSertipikat"], row["jenisDiklatId"]) for row in place.at_bkn("kursus"))
    assert rows == [(BUDI, "Arsip", "3"), (ANI, "Arsip", "3"), (ANI, "Auditor", "2")]


def test_15_what_bkn_has_already_is_found_by_a_natural_key_and_not_created_again(desk: DeskOf) -> None:
    """Certificate number (M), NIP and year (M), NIP with TMT and date of the SK (B)."""
    place = desk(
        *PELATIHAN,
        pelatihan(1, nomor="800/12/BKD"),
        "CREATE TABLE skp (id INTEGER PRIMARY KEY, nip TEXT, tahun TEXT)",
        f"INSERT INTO skp VALUES (1, '{ANI}', '2023'), (2, '{ANI}', '2024')",
        "CREATE TABLE jabatan (nip TEXT, tmt_jabatan DATE, tgl_sk DATE)",
        f"INSERT INTO jabatan VALUES ('{ANI}', '2022-01-03', '2021-12-31')",
    )
    place.configure(
        kursus=KURSUS,
        skp="""
feed: skp
target: skp22
table: skp
key: [id]
person: nip
fields:
  tahun: {integer: tahun}
  hasilKinerjaNilai: {const: 2}
  perilakuKerjaNilai: {const: 2}
  kuadranKinerjaNilai: {const: 2}
natural_key: [tahun]
""",
        jabatan="""
feed: jabatan
target: jabatan
table: jabatan
identity: [nip, tmt_jabatan, tgl_sk]
person: nip
fields:
  instansiId: {const: A1}
  satuanKerjaId: {const: A2}
  unorId: {const: A3}
  jenisJabatan: {const: "2"}
  jabatanFungsionalId: {const: A4}
  nomorSk: {const: "1"}
  tmtJabatan: {date: tmt_jabatan}
  tanggalSk: {date: tgl_sk}
natural_key: [tmtJabatan, tanggalSk]
""",
    )
    ours = {"hasilKinerjaNilai": 2, "perilakuKerjaNilai": 2, "kuadranKinerjaNilai": 2}
    place.bkn.enter("skp22", ANI, tahun=2023, **ours)
    place.bkn.enter("skp22", BUDI, tahun=2024, **ours)
    place.bkn.enter("kursus", ANI, nomorSertipikat=" 800/12/bkd", jumlahJam=8)
    place.bkn.enter("jabatan", ANI, nomorSk="lama", tmtJabatan="2022-01-03", tanggalSk="31-12-2021")
    place.bkn.enter("jabatan", ANI, nomorSk="lain", tmtJabatan="03-01-2022", tanggalSk="30-12-2021")
    writes = [write for write in place.sync() if not write.startswith("sync")]
    assert sorted(writes) == ["create skp22", "update jabatan", "update kursus"]


def test_16_dirty_dates(desk: DeskOf) -> None:
    """Several forms in one column (K), 0000-00-00 (K G), 1970-01-01 and the year 0 (M), '' (S)."""
    days = ["31-12-2020", "2020-12-31", "31/12/2020", "0000-00-00", "1970-01-01", "", "0000-05-01", "00-00-0000"]
    place = desk(*PELATIHAN, *(pelatihan(n, mulai=day) for n, day in enumerate(days)), pelatihan(98, mulai="12-31-2020"),
                 pelatihan(99, mulai="2055-13-01"))  # fmt: skip
    place.configure(kursus=KURSUS.replace("tahunKursus: {year: mulai}", "lokasiId: nomor"))
    found = [place.body("kursus", n).get("tanggalKursus") for n in range(len(days))]
    assert found == ["31-12-2020"] * 3 + [None] * 5
    assert place.held("kursus", 98) == place.held("kursus", 99) == ("date.unreadable", "tanggalKursus: mulai")
    # The order of the forms decides where a text fits two of them.
    formats = "{date: mulai, formats: [mm-dd-yyyy, dd-mm-yyyy], no_date: ['', '2020-12-31']}"
    place.configure(kursus=KURSUS.replace("{date: mulai}", formats).replace("{year: mulai}", "{const: 2020}"))
    assert place.body("kursus", 98)["tanggalKursus"] == place.body("kursus", 0)["tanggalKursus"] == "31-12-2020"
    assert "tanggalKursus" not in place.body("kursus", 1)


def test_16_dates_that_stand_for_none_come_through_mariadbs_driver(desk: DeskOf, mariadb: MariaDbServer) -> None:
    place = desk(
        "CREATE TABLE kursus (id INT PRIMARY KEY, nip VARCHAR(18), mulai DATE, selesai DATETIME)",
        f"INSERT INTO kursus VALUES (1, '{ANI}', '0000-00-00', '0000-00-00 00:00:00'), "
        f"(2, '{ANI}', '1970-01-01', '1970-01-01'), (3, '{ANI}', '0000-05-01', '2024-03-04 23:59:59'), "
        f"(4, '{ANI}', '2024-02-00', NULL)",
        url=mariadb.create_database(),
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: kursus
key: [id]
person: nip
fields:
  tanggalKursus: {date: mulai}
  tanggalSelesaiKursus: {date: selesai}
  tahunKursus: {first: [{year: mulai}, {year: selesai}]}
natural_key: [tahunKursus]
"""
    )
    assert place.body("kursus", 1) == place.body("kursus", 2) == {}
    assert place.body("kursus", 3) == {"tanggalSelesaiKursus": "04-03-2024", "tahunKursus": 2024}
    assert place.held("kursus", 4) == ("date.unreadable", "tanggalKursus: mulai")


def test_17_only_approved_rows_leave_and_a_lost_approval_deletes_nothing(desk: DeskOf) -> None:
    place = desk(*PELATIHAN, pelatihan(1, status=2), pelatihan(2, status=3), pelatihan(3, status=None))
    place.configure(kursus=KURSUS.replace("fields:", "verified: {status: 2}\nfields:"))
    assert place.sync() == ["create kursus"]
    assert place.state("kursus", 2) == place.state("kursus", 3) == ("held", "unverified")
    place.simpeg.run("UPDATE pelatihan SET status = 3 - (id = 2)")
    assert place.sync() == ["create kursus"]
    assert (place.state("kursus", 1), len(place.at_bkn("kursus"))) == (("held", "unverified"), 2)


def test_17_the_approval_stands_in_another_table(desk: DeskOf) -> None:
    """P: log_usulan has many rows for a proposal, of all kinds of history; one of them says approved."""
    place = desk(
        *PELATIHAN,
        pelatihan(1),
        pelatihan(2),
        pelatihan(3),
        'CREATE TABLE log_usulan (id INTEGER PRIMARY KEY, "jenisRiwayatId" INTEGER, "usulanId" INTEGER, '
        '"statusUsulanId" INTEGER)',
        "INSERT INTO log_usulan VALUES (1, 7, 1, 1), (2, 7, 1, 3), (3, 7, 2, 1), (4, 9, 2, 3), (5, 9, 3, 3)",
    )
    place.configure(
        kursus=KURSUS.replace(
            "fields:",
            """joins:
  - {table: log_usulan, as: ya, on: {usulanId: id, jenisRiwayatId: {const: 7}, statusUsulanId: {const: 3}}}
verified: {ya.usulanId: {empty: false}}
fields:""",
        )
    )
    assert place.sync() == ["create kursus"]
    assert [row["noSertipikat"] for row in place.at_bkn("kursus")] == ["S/1"]
    place.simpeg.run("INSERT INTO log_usulan VALUES (6, 9, 3, 1)")
    assert place.sync() == []
    place.simpeg.run("INSERT INTO log_usulan VALUES (7, 7, 3, 3)")
    assert place.sync() == ["create kursus"]
    assert place.state("kursus", 2) == ("held", "unverified")


def test_18_rows_that_came_from_bkn_are_not_sent_back(desk: DeskOf) -> None:
    """By their flag (M), and by BKN's id in the row, which links them and finds them equal (B C)."""
    place = desk(*PELATIHAN)
    place.configure(kursus=KURSUS.replace("fields:", "scope: {dari_bkn: {not: 1}}\nfields:"))
    same = {"nomorSertipikat": "S/2", "namaKursus": "ARSIP", "jumlahJam": 40, "jenisDiklatId": "3",
            "institusiPenyelenggara": "bpsdm", "tahunKursus": 2024, "tanggalKursus": "2024-03-04"}  # fmt: skip
    place.simpeg.run(
        pelatihan(1, dari_bkn=1, nama="Salinan"), pelatihan(2, id_bkn=place.bkn.enter("kursus", ANI, **same))
    )
    assert place.sync() == []
    assert (place.state("kursus", 1)[0], place.state("kursus", 2)[0]) == ("ignored", "synced")


# -------------------------------------------------------------------------------------------------------- 19 to 27


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mariadb"])
def test_19_names_in_mixed_case_reserved_words_and_blanks(
    desk: DeskOf, engine: str, postgres: PostgresServer, mariadb: MariaDbServer
) -> None:
    """T P C N: camel case, quoted upper case, columns called key and table."""
    url = {"postgresql": postgres.create_database, "mariadb": mariadb.create_database}.get(engine, lambda: "")()
    q = "`" if engine == "mariadb" else '"'
    place = desk(
        f"CREATE TABLE {q}rwKursus{q} ({q}ID{q} INTEGER PRIMARY KEY, {q}NIP_BARU{q} CHAR(18), {q}key{q} VARCHAR(20), "
        f"{q}table{q} VARCHAR(20), {q}tanggal Sertifikat{q} DATE, {q}order{q} INTEGER)",
        f"CREATE TABLE {q}group{q} ({q}order{q} INTEGER PRIMARY KEY, {q}namaKursus{q} VARCHAR(50))",
        f"INSERT INTO {q}rwKursus{q} VALUES (1, '{ANI}', 'S/1', 'BPSDM', '2024-03-04', 7)",
        f"INSERT INTO {q}group{q} VALUES (7, 'Arsip')",
        url=url,
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: rwKursus
key: [ID]
joins: [{table: group, as: select, on: {order: order}}]
person: NIP_BARU
fields:
  institusiPenyelenggara: table
  jenisDiklatId: {const: "3"}
  jumlahJam: {const: 8}
  namaKursus: select.namaKursus
  nomorSertipikat: key
  tahunKursus: {year: tanggal Sertifikat}
natural_key: [nomorSertipikat]
delete: delete
"""
    )
    assert place.sync() == ["create kursus"]
    [row] = place.at_bkn("kursus")
    assert (row["namaKursus"], row["noSertipikat"], row["tahunKursus"]) == ("Arsip", "S/1", 2024)
    place.simpeg.run(f"UPDATE {q}group{q} SET {q}namaKursus{q} = 'Kearsipan'")
    assert place.sync() == ["update kursus"]
    place.simpeg.run(f"DELETE FROM {q}rwKursus{q}")
    assert place.sync() == ["delete kursus"]


@pytest.mark.parametrize(
    "engine",
    [
        "sqlite",
        "postgresql",
        "mariadb",
    ],
)
def test_20_bkns_id_in_the_lookup_row_and_lookup_rows_keyed_by_bkns_id(
    desk: DeskOf, engine: str, postgres: PostgresServer, mariadb: MariaDbServer
) -> None:
    """M B C: ref.id_bkn. T: the row's key is BKN's, the local code stands in it, as text, and in the history as a float."""
    url = {"postgresql": postgres.create_database, "mariadb": mariadb.create_database}.get(engine, lambda: "")()
    place = desk(
        "CREATE TABLE ref_diklat (kode INTEGER PRIMARY KEY, id_bkn VARCHAR(42))",
        "CREATE TABLE bkn_penyelenggara (id VARCHAR(9) PRIMARY KEY, ref_simpeg VARCHAR(10))",
        "CREATE TABLE diklat (id INTEGER PRIMARY KEY, nip VARCHAR(18), kdiklat INTEGER, kpan DOUBLE PRECISION)",
        "INSERT INTO ref_diklat VALUES (12, '3')",
        "INSERT INTO bkn_penyelenggara VALUES ('LAN', '11'), ('BPKP', '12.5'), ('ANRI', NULL)",
        f"INSERT INTO diklat VALUES (1, '{ANI}', 12, 11.0), (2, '{ANI}', 12, 12.5), (3, '{ANI}', 13, NULL)",
        url=url,
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: diklat
key: [id]
joins:
  - {table: ref_diklat, as: r, on: {kode: kdiklat}}
  - {table: bkn_penyelenggara, as: e, on: {ref_simpeg: kpan}}
person: nip
fields:
  jenisDiklatId: r.id_bkn
  institusiPenyelenggara: e.id
  jumlahJam: {const: 8}
  nomorSertipikat: id
  tahunKursus: {const: 2024}
natural_key: [nomorSertipikat]
"""
    )
    names = ("jenisDiklatId", "institusiPenyelenggara")
    assert [[place.body("kursus", row).get(name) for name in names] for row in (1, 2, 3)] == [
        ["3", "LAN"], ["3", "BPKP"], [None, None],
    ]  # fmt: skip
    assert place.sync() == ["create kursus"] * 2
    place.simpeg.run("UPDATE bkn_penyelenggara SET ref_simpeg = '11' WHERE id = 'ANRI'",
                     "UPDATE bkn_penyelenggara SET ref_simpeg = '99' WHERE id = 'LAN'")  # fmt: skip
    assert place.sync() == ["update kursus"]
    assert {row["institusiPenyelenggara"] for row in place.at_bkn("kursus")} == {"ANRI", "BPKP"}


@pytest.mark.parametrize("engine", ["sqlite", "mariadb"])
def test_20_a_lookup_keyed_by_floats_and_codes_that_are_texts(
    desk: DeskOf, engine: str, mariadb: MariaDbServer
) -> None:
    """A change of the lookup row is traced back to every spelling of its code."""
    place = desk(
        "CREATE TABLE ref_diklat (kode DOUBLE PRECISION PRIMARY KEY, bkn VARCHAR(5))",
        "CREATE TABLE diklat (id INTEGER PRIMARY KEY, nip VARCHAR(18), kdiklat VARCHAR(5))",
        "INSERT INTO ref_diklat VALUES (11.0, '3')",
        f"INSERT INTO diklat VALUES (1, '{ANI}', '11'), (2, '{ANI}', '11.0'), (3, '{ANI}', ' 11'), (4, '{ANI}', '12')",
        url=mariadb.create_database() if engine == "mariadb" else "",
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: diklat
key: [id]
joins: [{table: ref_diklat, as: r, on: {kode: kdiklat}}]
person: nip
fields:
  jenisDiklatId: r.bkn
  institusiPenyelenggara: {const: BPSDM}
  jumlahJam: {const: 8}
  nomorSertipikat: id
  tahunKursus: {const: 2024}
natural_key: [nomorSertipikat]
"""
    )
    assert place.sync() == ["create kursus"] * 3
    place.simpeg.run("UPDATE ref_diklat SET bkn = '8'")
    assert place.sync() == ["update kursus"] * 3


def test_21_active_employees_only(desk: DeskOf) -> None:
    """K: idjenkedudupeg 99 and 21 are inactive."""
    place = desk(
        *PELATIHAN,
        pelatihan(1),
        pelatihan(2, nip=BUDI),
        "CREATE TABLE tb_01 (nip TEXT PRIMARY KEY, idjenkedudupeg INTEGER)",
        f"INSERT INTO tb_01 VALUES ('{ANI}', 1), ('{BUDI}', 99)",
    )
    place.configure(
        kursus=KURSUS.replace(
            "fields:",
            "joins: [{table: tb_01, as: p, on: {nip: nip}}]\nactive_person: {p.idjenkedudupeg: {not: [99, 21]}}\nfields:",
        )
    )
    assert place.sync() == ["create kursus"]
    assert place.state("kursus", 2) == ("held", "person.inactive")
    place.simpeg.run("UPDATE tb_01 SET idjenkedudupeg = 1")
    assert place.sync() == ["create kursus"]


def test_22_texts_are_cleaned_and_lengths_kept(desk: DeskOf) -> None:
    place = desk(
        *PELATIHAN,
        pelatihan(1, nama="  Manajemen\t\n Arsip ", nomor="''800/1''", jenis=" bimtek "),
        pelatihan(2, nama="N" * 41),
    )
    place.configure(
        kursus=KURSUS.replace("namaKursus: nama", "namaKursus: {text: nama, case: upper, max_length: 40}")
        .replace("nomorSertipikat: nomor", 'nomorSertipikat: {text: nomor, strip: "\'"}')
        .replace('{const: "3"}', "{code: jenis, map: {BIMTEK: '8', '02': '3'}}")
    )
    body = place.body("kursus", 1)
    assert (body["namaKursus"], body["nomorSertipikat"], body["jenisDiklatId"]) == ("MANAJEMEN ARSIP", "800/1", "8")
    assert place.held("kursus", 2) == ("text.too_long", "namaKursus: nama")


def test_22_kinds_that_people_typed_are_told_apart_whatever_their_capitals(desk: DeskOf) -> None:
    """S has texts and no codes."""
    place = desk(
        *PELATIHAN, pelatihan(1, jenis="STRUKTURAL"), pelatihan(2, jenis="Struktural "), pelatihan(3, jenis="tek")
    )
    place.configure(
        kursus=KURSUS.replace("fields:", "scope: {jenis: {not: struktural, any_case: true}}\nfields:"),
        diklat=DIKLAT.replace('scope: {jenis: "00"}', "scope: {jenis: {is: [struktural, pim], any_case: true}}"),
    )
    assert sorted(place.sync()) == ["create diklat", "create diklat", "create kursus"]


def test_22_columns_padded_with_blanks_are_keys_joins_and_persons_like_others(
    desk: DeskOf, postgres: PostgresServer
) -> None:
    """C, the old schema: char(n) keys beside varchar ones."""
    place = desk(
        'CREATE TABLE "PEGAWAI" ("ID" CHAR(36) PRIMARY KEY, "NIP_BARU" CHAR(20))',
        'CREATE TABLE "RW" ("ID" CHAR(10), "PNS_ID" VARCHAR(36), "JENIS" CHAR(5), "NOMOR" CHAR(20), PRIMARY KEY ("ID"))',
        'CREATE TABLE "REF" ("KODE" VARCHAR(5) PRIMARY KEY, "ID_BKN" CHAR(10))',
        f"""INSERT INTO "PEGAWAI" VALUES ('P1', '{ANI}')""",
        """INSERT INTO "RW" VALUES ('A', 'P1', 'T', 'S/1')""",
        """INSERT INTO "REF" VALUES ('T', '3')""",
        url=postgres.create_database(),
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: RW
key: [ID]
joins:
  - {table: PEGAWAI, as: p, on: {ID: PNS_ID}}
  - {table: REF, as: r, on: {KODE: JENIS}}
person: p.NIP_BARU
scope: {JENIS: T}
fields:
  institusiPenyelenggara: {const: BPSDM}
  jenisDiklatId: r.ID_BKN
  jumlahJam: {const: 8}
  nomorSertipikat: NOMOR
  tahunKursus: {const: 2024}
natural_key: [nomorSertipikat]
delete: delete
"""
    )
    assert place.sync() == ["create kursus"]
    [row] = place.at_bkn("kursus")
    assert (row["noSertipikat"], row["jenisDiklatId"]) == ("S/1", "3")
    place.simpeg.run("""UPDATE "REF" SET "ID_BKN" = '8'""")
    assert place.sync() == ["update kursus"]
    place.simpeg.run('DELETE FROM "RW"')
    assert place.sync() == ["delete kursus"]


@pytest.mark.parametrize(
    ("condition", "erased", "back"),
    [
        ("{aktif: 0}", "aktif = 0", "aktif = 1"),
        ("{dihapus: {empty: false}}", "dihapus = '2024-05-01'", "dihapus = NULL"),
    ],
    ids=["flag", "time"],
)
def test_23_a_soft_delete_deletes_and_its_undoing_brings_the_row_back(
    desk: DeskOf, condition: str, erased: str, back: str
) -> None:
    place = desk(*PELATIHAN, pelatihan(1, aktif=1), pelatihan(2, aktif=1))
    place.configure(kursus=KURSUS.replace("fields:", f"deleted: {condition}\nfields:"))
    assert len(place.sync()) == 2
    place.simpeg.run(f"UPDATE pelatihan SET {erased} WHERE id = 1")
    assert place.sync() == ["delete kursus"]
    place.simpeg.run(f"UPDATE pelatihan SET {back} WHERE id = 1")
    assert place.sync() == ["create kursus"]
    # Within the grace period an undoing costs nothing.
    place.simpeg.run(f"UPDATE pelatihan SET {erased} WHERE id = 2", f"UPDATE pelatihan SET {back} WHERE id = 2")
    assert place.sync() == []


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_24_tables_in_several_databases_or_schemas(
    desk: DeskOf, engine: str, postgres: PostgresServer, mariadb: MariaDbServer
) -> None:
    """K: efile.files; M: db_pegawai; C: schemas."""
    if engine == "postgresql":
        url, other, log = postgres.create_database(), "efile", "simpeg_sync_log"
        new = ["CREATE SCHEMA efile"]
    else:
        url, other = mariadb.create_database(), mariadb.create_database().rpartition("/")[2]
        new, log = [], f"{url.rpartition('/')[2]}.simpeg_sync_log"
    place = desk(
        *new,
        "CREATE TABLE kursus (id INTEGER PRIMARY KEY, nip VARCHAR(18))",
        f"CREATE TABLE {other}.files (nip VARCHAR(18), subjenis INTEGER, filename VARCHAR(50))",
        f"INSERT INTO kursus VALUES (1, '{ANI}')",
        f"INSERT INTO {other}.files VALUES ('{ANI}', 1, 'satu')",
        url=url,
    )
    place.configure(
        kursus=f"""
feed: kursus
target: kursus
table: kursus
key: [id]
joins: [{{table: {other}.files, as: f, on: {{nip: nip, subjenis: id}}}}]
person: nip
fields:
  institusiPenyelenggara: {{const: BPSDM}}
  jenisDiklatId: {{const: "3"}}
  jumlahJam: {{const: 8}}
  namaKursus: f.filename
  nomorSertipikat: id
  tahunKursus: {{const: 2024}}
natural_key: [nomorSertipikat]
"""
    )
    place.log = LogSettings(table=log)
    assert place.sync() == ["create kursus"]
    place.simpeg.run(f"UPDATE {other}.files SET filename = 'dua'")
    assert place.sync() == ["update kursus"]
    assert [row["namaKursus"] for row in place.at_bkn("kursus")] == ["dua"]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mariadb"])
def test_25_a_key_of_several_columns_with_a_date_that_people_correct(
    desk: DeskOf, engine: str, postgres: PostgresServer, mariadb: MariaDbServer
) -> None:
    """T: the key is (nip, jdiklat, tmulai); an update names the old key and may change it."""
    place = desk(
        "CREATE TABLE master_riwayat_diklat (nip VARCHAR(18), jdiklat DOUBLE PRECISION, tmulai DATE, ndiklat VARCHAR(50), "
        "nsttpp VARCHAR(20), PRIMARY KEY (nip, jdiklat, tmulai))",
        f"INSERT INTO master_riwayat_diklat VALUES ('{ANI}', 2.0, '2024-03-04', 'Arsip', 'S/1'), "
        f"('{ANI}', 2.0, '2024-05-04', 'Arsip', 'S/2')",
        url={"postgresql": postgres.create_database, "mariadb": mariadb.create_database}.get(engine, lambda: "")(),
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: master_riwayat_diklat
key: [nip, jdiklat, tmulai]
person: nip
fields:
  institusiPenyelenggara: {const: BPSDM}
  jenisDiklatId: {const: "3"}
  jumlahJam: {const: 8}
  namaKursus: ndiklat
  nomorSertipikat: nsttpp
  tahunKursus: {year: tmulai}
  tanggalKursus: {date: tmulai}
required: [tahunKursus]
natural_key: [nomorSertipikat]
delete: delete
"""
    )
    assert place.sync() == ["create kursus"] * 2
    place.simpeg.run("UPDATE master_riwayat_diklat SET tmulai = '2024-03-11' WHERE nsttpp = 'S/1'")
    assert place.sync() == ["update kursus"], "the same certificate under another key takes over BKN's row"
    assert sorted(row["tanggalKursus"] for row in place.at_bkn("kursus")) == ["04-05-2024", "11-03-2024"]
    if engine == "mariadb":
        place.simpeg.run(
            f"INSERT INTO master_riwayat_diklat VALUES ('{ANI}', 3.5, '0000-00-00', 'Blank', 'S/3')",
            "UPDATE master_riwayat_diklat SET nsttpp = 'S/4', tmulai = '2024-06-03' WHERE jdiklat = 3.5",
        )
        assert place.sync() == ["create kursus"]
        place.simpeg.run("UPDATE master_riwayat_diklat SET tmulai = '0000-00-00' WHERE jdiklat = 3.5")
        assert place.sync() == []
        assert place.state("kursus", ANI, "3.5", "0000-00-00") == ("held", "field.required")


def test_26_latin1_beside_utf8_and_columns_of_different_collations(desk: DeskOf, mariadb: MariaDbServer) -> None:
    """S: latin1 tables; P: latin1 columns inside utf8 and utf8mb4 tables, grown over the years with several collations."""
    place = desk(
        "CREATE TABLE kursus (id INT PRIMARY KEY, nip VARCHAR(18) CHARACTER SET latin1, "
        "nama VARCHAR(50) CHARACTER SET latin1, jenis VARCHAR(20) COLLATE utf8mb4_general_ci, "
        "nomor VARCHAR(20) CHARACTER SET utf8mb3) DEFAULT CHARSET utf8mb4",
        "CREATE TABLE pegawai (nip VARCHAR(18) PRIMARY KEY, gelar VARCHAR(20)) DEFAULT CHARSET utf8mb4",
        "CREATE TABLE jenis (nama VARCHAR(20) COLLATE utf8mb4_unicode_ci PRIMARY KEY, bkn VARCHAR(5)) CHARSET utf8mb4",
        f"INSERT INTO kursus VALUES (1, '{ANI}', 'Café é ½', 'Bimtek', 'Ñ/1')",
        f"INSERT INTO pegawai VALUES ('{ANI}', 'Žofín')",
        "INSERT INTO jenis VALUES ('Bimtek', '8')",
        url=mariadb.create_database(),
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: kursus
key: [id]
joins:
  - {table: pegawai, as: p, on: {nip: nip}}
  - {table: jenis, as: j, on: {nama: jenis}}
person: nip
fields:
  institusiPenyelenggara: p.gelar
  jenisDiklatId: j.bkn
  jumlahJam: {const: 8}
  namaKursus: nama
  nomorSertipikat: nomor
  tahunKursus: {const: 2024}
natural_key: [nomorSertipikat]
"""
    )
    assert place.body("kursus", 1) == {
        "institusiPenyelenggara": "Žofín", "jenisDiklatId": "8", "jumlahJam": 8, "namaKursus": "Café é ½",
        "nomorSertipikat": "Ñ/1", "tahunKursus": 2024,
    }  # fmt: skip
    assert place.sync() == ["create kursus"]
    place.simpeg.run("UPDATE jenis SET bkn = '9'")
    assert place.sync() == ["update kursus"]


def test_27_a_table_without_a_key(desk: DeskOf) -> None:
    """P: log_rw_* and temp_rw_*. Rows that agree in all columns named are held, until only one of them is left."""
    place = desk(
        'CREATE TABLE temp_rw_diklat (nip TEXT, "nomorSertipikat" TEXT, "jumlahJam" TEXT)',
        f"INSERT INTO temp_rw_diklat VALUES ('{ANI}', 'S/1', '8'), ('{ANI}', 'S/2', '8'), ('{ANI}', 'S/2', '16')",
    )
    place.configure(
        kursus="""
feed: kursus
target: kursus
table: temp_rw_diklat
identity: [nip, nomorSertipikat]
person: nip
fields:
  institusiPenyelenggara: {const: BPSDM}
  jenisDiklatId: {const: "3"}
  jumlahJam: {integer: jumlahJam}
  nomorSertipikat: nomorSertipikat
  tahunKursus: {const: 2024}
natural_key: [nomorSertipikat]
"""
    )
    assert place.sync() == ["create kursus"]
    assert place.state("kursus", ANI, "S/2") == ("held", "identity.twice")
    place.simpeg.run("""DELETE FROM temp_rw_diklat WHERE "jumlahJam" = '16'""")
    assert place.sync() == ["create kursus"]


def test_a_lookup_that_finds_two_rows_is_said_and_not_chosen_from(desk: DeskOf) -> None:
    place = desk(
        *PELATIHAN,
        pelatihan(1),
        "CREATE TABLE ref (kode TEXT, bkn TEXT)",
        "INSERT INTO ref VALUES ('02', '3'), ('02', '8')",
    )
    place.configure(kursus=KURSUS.replace("fields:", "joins: [{table: ref, as: r, on: {kode: jenis}}]\nfields:"))
    assert place.held("kursus", 1) == ("join.several", "r")
