"""The example config/examples/riwayat-postgresql on a real PostgreSQL: the first start, and a day of an office.

What BKN has stored is counted by its own books: as many writes as net changes, and nothing twice.
"""

import base64
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.examples.region import Region, Value, insert, open_region
from tests.servers import PostgresServer

SEED = 2025
PDF = base64.encodebytes(b"%PDF-1.4 " + b"sertifikat " * 20).decode()
OTHER_PDF = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.4 sertifikat lain").decode()
UNOR = "A8ACA7397AEB3912E040640A040269BB"


@pytest.fixture
def region(tmp_path: Path, postgres: PostgresServer) -> Iterator[Region]:
    place = open_region(tmp_path, "riwayat-postgresql", "riwayat_postgresql.sql", postgres.create_database(), seed=SEED)
    yield place
    place.stage.close()


class Rows:
    """Rows that both approvals have passed, unless the test says otherwise."""

    def __init__(self, region: Region) -> None:
        self.ids = [person.pns_id for person in region.people]

    def of(self, table: str, n: int, person: int, usual: dict[str, Value], columns: dict[str, Value]) -> str:
        row = {"id": n, "pns_id": self.ids[person - 1], "status_satker": 1, "status_biro": 1, **usual, **columns}
        return insert(f"kepegawaian.riwayat_{table}", **row)

    def diklat(self, n: int, person: int = 1, **columns: Value) -> str:
        usual: dict[str, Value] = {
            "jenis_diklat_id": "3", "nama_diklat": f"Diklat {n}", "institusi_penyelenggara": "Pusdiklat", "durasi_jam": 40,
            "no_sertifikat": f"D/{n}", "tanggal_mulai": "2023-03-06", "tanggal_selesai": "2023-03-10", "tahun_diklat": 2023,
        }  # fmt: skip
        return self.of("diklat", n, person, usual, columns)

    def kursus(self, n: int, person: int = 1, **columns: Value) -> str:
        usual: dict[str, Value] = {
            "jenis_kursus": "Seminar", "nama_kursus": f"Kursus {n}", "institusi_penyelenggara": "Universitas",
            "no_sertifikat": f"K/{n}", "tanggal_mulai": "2024-05-06", "tanggal_selesai": "2024-05-06", "durasi_jam": "8.0",
        }  # fmt: skip
        return self.of("kursus", n, person, usual, columns)

    def jabatan(self, n: int, person: int, kind: int, **columns: Value) -> str:
        usual: dict[str, Value] = {"jenis_jabatan_id": kind, "unor_id": "U1", "no_sk": f"SK/{n}", "tanggal_sk": "2022-12-30",
                                   "tmt_jabatan": "2023-01-02"}  # fmt: skip
        return self.of("jabatan", n, person, usual, columns)

    def kinerja(self, n: int, person: int, tahun: int, **columns: Value) -> str:
        usual: dict[str, Value] = {"tahun": tahun, "rating_hasil_kerja": "SESUAI EKSPEKTASI", "predikat_kinerja": "BAIK",
                                   "rating_perilaku_kerja": "SESUAI EKSPEKTASI"}  # fmt: skip
        return self.of("kinerja", n, person, usual, columns)


def fill(region: Region, rows: Rows) -> None:
    nips, control = [person.nip for person in region.people], region.stage.bkn.control
    kinerja = {"hasilKinerjaNilai": 2, "perilakuKerjaNilai": 2, "kuadranKinerjaNilai": 2}
    diklat = {"jumlahJam": 40, "institusiPenyelenggara": "PUSDIKLAT", "latihanStrukturalId": "3", "tahun": 2023,
              "tanggal": "06-03-2023", "tanggalSelesai": "10-03-2023"}  # fmt: skip
    linked = control.add_row("diklat", nips[0], {**diklat, "nomor": "D/1"})
    control.add_row("diklat", nips[1], {**diklat, "nomor": "d/2"})
    control.add_row("skp22", nips[0], {**kinerja, "tahun": 2023})
    post = control.add_row("jabatan", nips[0], {"nomorSk": "SK/LAMA", "jenisJabatan": "2", "unorId": UNOR,
        "jabatanFungsionalId": "a5eb03e23c7af6a0e040640a040252ad", "tmtJabatan": "02-01-2023"})  # fmt: skip
    control.add_row("golongan", nips[0], {"golonganId": "31", "jenisKPId": "101", "tmtGolongan": "01-04-2015",
        "skNomor": "SK/G1", "skTanggal": "20-03-2015", "masaKerjaGolonganTahun": "4", "masaKerjaGolonganBulan": "7",
        "noPertekBkn": "P/1", "tglPertekBkn": "10-03-2015"})  # fmt: skip
    region.run(
        *(
            insert("kepegawaian.pegawai", id=f"p{n}", pns_id=p.pns_id, nip_baru=p.nip, nama=p.nama,
                   tanggal_lahir=f"{p.born:%Y-%m-%d}", unor_id="U1",
                   kedudukan_hukum_id="01" if p.is_active else "99")
            for n, p in enumerate(region.people)
        ),
        # At BKN already: by the stored id, by the number, and by the year.
        rows.diklat(1, 1, jenis_diklat_id="1", diklat_struktural_id="3", siasn_id=linked, sudah_kirim_siasn="sudah"),
        rows.diklat(2, 2, jenis_diklat_id="1", diklat_struktural_id="3"), rows.kinerja(1, 1, 2023),
        rows.jabatan(1, 1, 2, jabatan_id=7, bkn_id=post),
        # Not yet: training of two tables, posts, appraisals.
        rows.diklat(3, 1, file_base64=PDF), rows.diklat(4, 2, jenis_diklat_id="8", tahun_diklat=None), rows.diklat(5, 3),
        rows.diklat(6, 3),
        rows.diklat(7, 4, jenis_diklat_id="1", diklat_struktural_id="2"), rows.diklat(8, 4),
        rows.kursus(1, 1), rows.kursus(2, 2, tahun_kursus="2023"), rows.kursus(3, 3, durasi_jam="16.0"), rows.kursus(4, 4),
        rows.jabatan(2, 2, 1, eselon_id="31", tmt_pelantikan="2023-01-05"), rows.jabatan(3, 3, 4, jabatan_id=8),
        rows.kinerja(2, 2, 2023, predikat_kinerja="Sangat Baik", rating_hasil_kerja="di atas ekspektasi"),
        # What must not leave.
        rows.diklat(10, 5, status_biro=0), rows.diklat(11, 5, status_satker=0), rows.kursus(10, 5, status_biro=2),
        rows.diklat(12, 5, deleted_at="2024-01-01"), rows.diklat(13, 7), rows.kursus(13, 8), rows.kinerja(3, 1, 2021),
        rows.kursus(11, 5, jenis_kursus="lain"), rows.kursus(12, 5, durasi_jam="7.5"),
        rows.jabatan(4, 4, 2, jabatan_id=7, unor_id="U2"), rows.jabatan(5, 5, 3), rows.diklat(14, 5, durasi_jam=None),
        rows.of("golongan", 1, 1, {"golongan_id": "31", "kode_jenis_kp": "101", "sk_nomor": "SK/G1", "no_bkn": "P/1",
            "sk_tanggal": "2015-03-20", "tanggal_bkn": "2015-03-10", "tmt_golongan": "2015-04-01", "mk_golongan_tahun": 4,
            "mk_golongan_bulan": 7}, {}),
        rows.of("pendidikan", 1, 1, {"tingkat_pendidikan_id": "40", "tanggal_lulus": "2010-09-01", "no_ijazah": "I/1",
            "tahun_lulus": "2010"}, {}),
    )  # fmt: skip


def test_the_first_start_and_a_day_are_as_many_writes_as_net_changes(region: Region) -> None:
    rows = Rows(region)
    fill(region, rows)
    region.start()
    check_the_first_start(region)
    edits = edits_of_the_day(region, rows)
    Random(SEED).shuffle(edits)
    for statement, *_ in edits:
        region.run(statement)
    region.settle()
    assert region.writes() == Counter(write for _, *writes in edits for write in writes)
    check_the_evening(region)
    # Everything is saved once more, changed in nothing that BKN sees.
    region.run("UPDATE kepegawaian.riwayat_diklat SET updated_at = now()", "UPDATE kepegawaian.pegawai SET nama = 'X'")
    region.settle()
    assert region.writes() == Counter()


def check_the_first_start(region: Region) -> None:
    """What BKN has is linked, the rest is created once, and what stands still says why."""
    assert region.writes() == Counter(
        {
            "create kursus": 9,
            "upload kursus": 1,
            "create diklat": 1,
            "update jabatan": 1,
            "create jabatan": 2,
            "create skp22": 1,
        }
    )
    assert region.at_bkn("kursus", "nomorSertipikat", "jenisDiklatId", "jumlahJam", "tahunKursus") == {
        "D/3": ["3", 40, 2023], "D/4": ["8", 40, 2023], "D/5": ["3", 40, 2023], "D/6": ["3", 40, 2023],
        "D/8": ["3", 40, 2023], "K/1": ["9", 8, 2024], "K/2": ["9", 8, 2023], "K/3": ["9", 16, 2024], "K/4": ["9", 8, 2024],
    }  # fmt: skip
    assert region.at_bkn("diklat", "nomor", "latihanStrukturalId") == {"D/1": ["3"], "d/2": ["3"], "D/7": ["2"]}
    ids = ("jenisJabatan", "eselonId", "jabatanFungsionalId", "jabatanFungsionalUmumId", "tmtPelantikan")
    assert region.at_bkn("jabatan", "nomorSk", *ids) == {
        "SK/1": ["2", "", "A5EB03E23C7AF6A0E040640A040252AD", "", "02-01-2023"],
        "SK/2": ["1", "31", "", "", "05-01-2023"],
        "SK/3": ["4", "", "", "8ae4829c4d2f8a61014d2f9d1d870152", "02-01-2023"],
    }
    assert region.standing_still() == Counter(
        {
            "diklat-kursus unverified": 2, "diklat-kursus person.inactive": 1, "diklat-kursus field.required": 1,
            "kursus unverified": 1, "kursus person.unknown_at_bkn": 1, "kursus code.unknown": 1,
            "kursus number.unreadable": 1, "jabatan field.required": 1, "jabatan code.unknown": 1,
            "pendidikan compare.missing_at_bkn": 1,
            "identitas person.inactive": 1, "identitas person.unknown_at_bkn": 1,
        }
    )  # fmt: skip


def edits_of_the_day(region: Region, rows: Rows) -> list[tuple[str, ...]]:
    """Each with the writes that it is worth."""
    diklat, kursus = "UPDATE kepegawaian.riwayat_diklat SET", "UPDATE kepegawaian.riwayat_kursus SET"
    written_back = region.id_at_bkn("kursus", "nomorSertipikat", "D/3")
    return [
        (rows.diklat(30, 5), "create kursus"),
        (rows.kursus(30, 5, status_biro=0),),
        (f"{diklat} status_biro = 1 WHERE id = 10", "create kursus"),
        (f"{diklat} status_satker = 0 WHERE id = 5",),  # no longer approved: nothing is deleted
        (f"{diklat} durasi_jam = 48 WHERE id = 4", "update kursus"),  # updated_at stays as it was
        (f"{kursus} deleted_at = now() WHERE id = 1", "delete kursus"),
        (f"{diklat} deleted_at = NULL WHERE id = 12", "create kursus"),
        ("DELETE FROM kepegawaian.riwayat_kursus WHERE id = 2", "delete kursus"),
        (f"{diklat} jenis_diklat_id = '1', diklat_struktural_id = '8' WHERE id = 8", "create diklat", "delete kursus"),
        (f"{diklat} jenis_diklat_id = '5' WHERE id = 7", "create kursus", "delete diklat"),
        (f"{diklat} siasn_id = '{written_back}', sudah_kirim_siasn = 'sudah' WHERE id = 3",),
        (f"{diklat} file_base64 = '{OTHER_PDF}' WHERE id = 6", "upload kursus"),
        (f"{diklat} nama_diklat = '  ' || nama_diklat || ' ', updated_at = now()",),
        (f"{kursus} durasi_jam = durasi_jam + 0.0, sudah_kirim_siasn = 'belum'",),
        (f"{kursus} durasi_jam = 8.0 WHERE id = 12", "create kursus"),
        ("UPDATE kepegawaian.pegawai SET kedudukan_hukum_id = '02' WHERE id = 'p6'", "create kursus"),
        (f"UPDATE referensi.unor SET unor_id_bkn = '{UNOR}' WHERE id = 'U2'", "create jabatan"),
        ("UPDATE referensi.jabatan SET jabatan_id_bkn = '8ae4829c4d2f8a61014d2f9d1d870153' WHERE id = 8", "update jabatan"),
        (rows.jabatan(6, 2, 1, eselon_id="41", tmt_jabatan="2024-02-01"), "create jabatan"),
        ("UPDATE kepegawaian.riwayat_kinerja SET rating_perilaku_kerja = 'Di Bawah Ekspektasi' WHERE id = 2",
         "update skp22"),
        (rows.kinerja(4, 3, 2024), "create skp22"),
        ("UPDATE kepegawaian.riwayat_golongan SET mk_golongan_bulan = 8",),  # compared only
    ]  # fmt: skip


def check_the_evening(region: Region) -> None:
    numbers = {f"D/{n}" for n in (3, 4, 5, 6, 7, 10, 12, 13, 30)} | {"K/3", "K/4", "K/12"}
    assert set(region.at_bkn("kursus", "nomorSertipikat")) == numbers
    assert region.at_bkn("kursus", "nomorSertipikat", "jumlahJam")["D/4"] == [48]
    assert region.at_bkn("diklat", "nomor", "latihanStrukturalId") == {"D/1": ["3"], "d/2": ["3"], "D/8": ["8"]}
    assert set(region.at_bkn("jabatan", "nomorSk")) == {"SK/1", "SK/2", "SK/3", "SK/4", "SK/6"}
    assert region.standing_still() == Counter(
        {
            "diklat-kursus unverified": 2, "diklat-kursus field.required": 1, "kursus unverified": 2,
            "kursus person.unknown_at_bkn": 1, "kursus code.unknown": 1, "jabatan code.unknown": 1,
            "pendidikan compare.missing_at_bkn": 1, "golongan compare.differs": 1, "identitas person.unknown_at_bkn": 1,
        }
    )  # fmt: skip
