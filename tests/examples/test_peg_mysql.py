"""The example config/examples/peg-mysql on a real MariaDB: the first start, and a day of an office.

What BKN has stored is counted by its own books: as many writes as net changes, and nothing twice.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.examples.region import Region, Value, insert, open_region
from tests.servers import MariaDbServer

SEED = 2024
UNOR = "A8ACA7397AEB3912E040640A040269BB"
FILES = "berkas/pegdiklat"


@pytest.fixture
def region(tmp_path: Path, mariadb: MariaDbServer) -> Iterator[Region]:
    place = open_region(tmp_path, "peg-mysql", "peg_mysql.sql", mariadb.create_database(), seed=SEED)
    yield place
    place.stage.close()


def diklat(n: int, person: int = 1, **columns: Value) -> str:
    """A verified technical course; its certificate's number is S/n."""
    row: dict[str, Value] = {
        "id": n, "id_pegawai": f"PEG{person:06d}", "jenisdiklat": "02", "nm_diklat": f"Kursus {n}", "tptdiklat": "Kota",
        "penyelenggara": "BPSDM Provinsi", "jam": "40 JP", "tglmulai": "2023-03-06", "tglselesai": "2023-03-10",
        "nosttpp": f"S/{n}", "tglsttpp": "2023-03-13", "status": 2,
    }  # fmt: skip
    return insert("pegdiklat", **{**row, **columns})


def jabatan(n: int, person: int, kind: int, **columns: Value) -> str:
    row: dict[str, Value] = {"id": n, "id_pegawai": f"PEG{person:06d}", "jenisjabatan": kind, "nosk": f"SK/{n}", "status": 2,
                             "tglsk": "2022-12-30", "tmtjabatan": "2023-01-02", "id_unor_siasn": UNOR}  # fmt: skip
    return insert("pegjabatan", **{**row, **columns})


def skp(n: int, person: int, tahun: str, **columns: Value) -> str:
    row: dict[str, Value] = {"id": n, "id_pegawai": f"PEG{person:06d}", "tahun": tahun, "predikat": "Baik", "status": 2,
                             "hasil_kerja": "Sesuai Ekspektasi", "perilaku": "DI ATAS EKSPEKTASI"}  # fmt: skip
    return insert("pegskp", **{**row, **columns})


def at_bkn_already(region: Region) -> dict[str, str]:
    """What BKN holds before the first start, and the ids of which SIMPEG's older program has kept some."""
    nips = [person.nip for person in region.people]
    same = {"institusiPenyelenggara": "BPSDM PROVINSI", "jenisDiklatId": "3", "jenisKursusSertifikat": "T", "jumlahJam": 40,
            "tahunKursus": 2023, "tanggalKursus": "06-03-2023", "tanggalSelesaiKursus": "10-03-2023"}  # fmt: skip
    control = region.stage.bkn.control
    return {
        "equal": control.add_row("kursus", nips[0], {**same, "namaKursus": "KURSUS 1", "noSertipikat": "s/1 "}),
        "other number": control.add_row("kursus", nips[0], {**same, "namaKursus": "Kursus 2", "noSertipikat": "LAMA"}),
        "other hours": control.add_row("kursus", nips[0], {**same, "namaKursus": "Kursus 3", "noSertipikat": "S/3",
                                                           "jumlahJam": 8}),
        "copied": control.add_row("kursus", nips[1], {**same, "namaKursus": "Dari BKN", "noSertipikat": "S/20"}),
        "golongan": control.add_row("golongan", nips[0], {"golonganId": "31", "tmtGolongan": "01-04-2015",
            "skNomor": "SK/G1", "skTanggal": "20-03-2015", "masaKerjaGolonganTahun": "4", "masaKerjaGolonganBulan": "7"}),
        "golongan differs": control.add_row("golongan", nips[1], {"golonganId": "32", "tmtGolongan": "01-04-2019",
            "skNomor": "SK/G2", "skTanggal": "20-03-2019", "masaKerjaGolonganTahun": "8", "masaKerjaGolonganBulan": "0"}),
        "pendidikan": control.add_row("pendidikan", nips[0], {"tkPendidikanId": "40", "pendidikanNama": "S-1 KEARSIPAN",
            "namaSekolah": "UNIVERSITAS CAFÉ", "nomorIjasah": "I/1", "tahunLulus": "2010", "tglLulus": "01-09-2010"}),
    }  # fmt: skip


def fill(region: Region) -> None:
    ids = at_bkn_already(region)
    names = {name: f"PEG{n:06d}" for n, name in enumerate(("one", "two"), start=1)}
    for n in (9, 10, 30):
        region.pdf(FILES, f"{n}.pdf")
    region.run(
        *(
            insert("pegawai", id_peg=p.id_peg, nama=p.nama, nipbaru_ws=f"{p.nip} ", flag_active=1,
                   tgllahir=f"{p.born:%Y-%m-%d}", id_unitkerja=3,
                   id_pns_siasn=p.pns_id if n < 4 else None, kedudukan="01" if p.is_active else "99")
            for n, p in enumerate(region.people)
        ),
        # One to three are at BKN, found by number, by the stored id, by number and different.
        diklat(1), diklat(2, id_siasn=ids["other number"].upper()), diklat(3),
        # Four to ten are not: blank dates of several sorts, a kind without a code, three kinds, a scan, one that is missing.
        diklat(4, tglsttpp="1970-01-01"), diklat(5, tglsttpp="0000-00-00"), diklat(6, tglsttpp="0000-03-13", jam=" 8"),
        diklat(7, jenisdiklat="09"), diklat(8, 2, jenisdiklat="00", nm_diklat="DIKLAT PIM TK. IV"),
        diklat(9, 2, jenisdiklat="03", gambarsk="9.pdf"), diklat(10, 3, gambarsk="10.pdf"),
        # What must not leave: waiting, rejected, erased softly, a copy of BKN's own, a retired and an unknown person.
        diklat(11, 3, status=1), diklat(12, 3, status=3), diklat(13, 3, flag_active=0), diklat(14, 7), diklat(15, 8),
        diklat(20, 2, flag_from_siasn=1, id_siasn=ids["copied"], nm_diklat="Dari BKN"),
        diklat(16, 4), diklat(17, 4), diklat(18, 5, jenisdiklat="00", nm_diklat="Diklat PIM Tk. III"),
        jabatan(1, 1, 2, id_jabatan=7), jabatan(2, 2, 3, id_jabatan=8), jabatan(3, 3, 1, eselon="III.a"),
        jabatan(4, 4, 2, id_jabatan=99), jabatan(5, 4, 5), jabatan(6, 4, 2, id_jabatan=7, tmtjabatan="1970-01-01"),
        skp(1, 1, "2021"), skp(2, 1, "2022"), skp(3, 1, "2023", predikat="Istimewa"), skp(4, 2, "2023"),
        insert("pegpangkat", id=1, id_pegawai=names["one"], pangkat="III/a", masakerjapangkat="04-07", nosk="SK/G1",
               tglsk="2015-03-20", tmtpangkat="2015-04-01", status=2),
        insert("pegpangkat", id=2, id_pegawai=names["two"], pangkat="III/b", masakerjapangkat="08-03", nosk="SK/G2",
               tglsk="2019-03-20", tmtpangkat="2019-04-01", status=2),
        insert("pegpendidikan", id=1, id_pegawai=names["one"], tktpendidikan="S-1", jurusan="Kearsipan",
               namasekolah="Universitas Café", tahunlulus="", noijasah="I/1", tglijasah="2010-09-01", status=2),
        insert("pegpendidikan", id=2, id_pegawai=names["two"], tktpendidikan="SMA", jurusan="IPS", namasekolah="SMA 1",
               tahunlulus="2001", noijasah="I/2", tglijasah="0000-00-00", status=2),
    )  # fmt: skip


def test_the_first_start_and_a_day_are_as_many_writes_as_net_changes(region: Region) -> None:
    fill(region)
    region.start()
    check_the_first_start(region)
    edits = edits_of_the_day(region)
    Random(SEED).shuffle(edits)
    for statement, *_ in edits:
        region.run(statement)
    region.settle()
    assert region.writes() == Counter(write for _, *writes in edits for write in writes)
    check_the_evening(region)
    # Everything is saved once more, changed in nothing that BKN sees.
    region.run("UPDATE pegdiklat SET updated_by = 'lagi'", "UPDATE pegskp SET nilai = 90")
    region.settle()
    assert region.writes() == Counter()


def check_the_first_start(region: Region) -> None:
    """What BKN has is linked, the rest is created once, and what stands still says why."""
    assert region.writes() == Counter(
        {
            "update kursus": 2, "create kursus": 7, "upload kursus": 2, "create diklat": 2, "create jabatan": 3,
            "create skp22": 2,
        }
    )  # fmt: skip
    assert region.at_bkn("kursus", "nomorSertipikat", "jumlahJam", "tahunKursus", "jenisDiklatId") == {
        "s/1 ": [40, 2023, "3"], **{f"S/{n}": [40, 2023, "3"] for n in (2, 3, 4, 5, 10, 16, 17, 20)},
        "S/6": [8, 2023, "3"], "S/9": [40, 2023, "9"],
    }  # fmt: skip
    assert region.at_bkn("diklat", "nomor", "latihanStrukturalId") == {"S/8": ["2"], "S/18": ["3"]}
    ids = ("jenisJabatan", "eselonId", "jabatanFungsionalId", "jabatanFungsionalUmumId")
    assert region.at_bkn("jabatan", "nomorSk", *ids) == {
        "SK/1": ["2", "", "A5EB03E23C7AF6A0E040640A040252AD", ""],
        "SK/2": ["4", "", "", "8ae4829c4d2f8a61014d2f9d1d870152"],
        "SK/3": ["1", "31", "", ""],
    }
    years = [(row["nip"], row["fields"]["tahun"]) for row in region.stage.bkn.control.rows(resource="skp22")]
    assert sorted(years) == sorted([(region.people[0].nip, 2022), (region.people[1].nip, 2023)])
    assert region.standing_still() == Counter(
        {
            "kursus field.required": 1, "kursus unverified": 2, "kursus person.inactive": 1, "kursus person.unknown_at_bkn": 1,
            "jabatan field.required": 2, "jabatan code.unknown": 1, "skp22 code.unknown": 1,
            "golongan compare.differs": 1, "pendidikan compare.missing_at_bkn": 1,
            "identitas person.inactive": 1, "identitas person.unknown_at_bkn": 1,
        }
    )  # fmt: skip


def edits_of_the_day(region: Region) -> list[tuple[str, ...]]:
    """Each with the writes that it is worth."""
    written_back = {n: region.id_at_bkn("kursus", "nomorSertipikat", f"S/{n}") for n in (4, 5, 10, 16)}
    return [
        (diklat(30, 5, gambarsk="30.pdf"), "create kursus", "upload kursus"),
        (diklat(31, 5, status=1),),
        ("UPDATE pegdiklat SET status = 2 WHERE id = 11", "create kursus"),  # verified now
        ("UPDATE pegdiklat SET status = 1 WHERE id = 5",),  # no longer verified: nothing is deleted
        ("UPDATE pegdiklat SET jam = '48 jam' WHERE id = 4", "update kursus"),  # the edit form: nothing else changes
        ("UPDATE pegdiklat SET flag_active = 0 WHERE id = 10", "delete kursus"),
        ("UPDATE pegdiklat SET flag_active = 1 WHERE id = 13", "create kursus"),
        ("DELETE FROM pegdiklat WHERE id = 16", "delete kursus"),
        ("UPDATE pegdiklat SET jenisdiklat = '00', nm_diklat = 'Diklat PIM Tk. II' WHERE id = 17",
         "create diklat", "delete kursus"),
        ("UPDATE pegdiklat SET jenisdiklat = '02' WHERE id = 18", "create kursus", "delete diklat"),
        ("UPDATE ref_jenisdiklat SET id_diklat_siasn = '8' WHERE kode = '03'", "update kursus"),
        ("UPDATE ref_jenisdiklat SET id_diklat_siasn = '3', jenis_kursus_sertipikat_siasn = 'T' WHERE kode = '09'",
         "create kursus"),  # what it held goes
        ("UPDATE pegawai SET kedudukan = '01' WHERE id_peg = 'PEG000007'", "create kursus"),
        (diklat(32, 2, flag_from_siasn=1, nosttpp="S/8"),),  # an imported copy of what we have sent
        (jabatan(7, 3, 1, eselon="IV.a", tmtjabatan="2024-01-02"), "create jabatan"),
        ("UPDATE pegjabatan SET tmtjabatan = '2023-02-01' WHERE id = 6", "create jabatan"),
        ("UPDATE ref_jabatan SET nm_jabatan = CONCAT(nm_jabatan, ' Ahli')",),
        (skp(5, 2, "2024"), "create skp22"),
        ("UPDATE pegskp SET predikat = 'Sangat Baik' WHERE id = 3", "create skp22"),
        ("UPDATE pegskp SET perilaku = 'Di Bawah Ekspektasi' WHERE id = 4", "update skp22"),
        ("UPDATE pegpangkat SET masakerjapangkat = '08-00' WHERE id = 2",),  # now as BKN has it
        *((f"UPDATE pegdiklat SET id_siasn = '{bkn}', flag_sync_siasn = 1, meta_data_siasn = '{{}}' WHERE id = {n}",)
          for n, bkn in written_back.items()),
        ("UPDATE pegdiklat SET temp_count = temp_count + 1, log_sync_siasn = 'ok'",),
        ("UPDATE pegdiklat SET nm_diklat = CONCAT(' ', nm_diklat, '  '), updated_by = 'massal'",),
        ("UPDATE pegjabatan SET temp_count = 1, flag_sync_siasn = 1",),
    ]  # fmt: skip


def check_the_evening(region: Region) -> None:
    numbers = {2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 18, 20, 30}
    assert set(region.at_bkn("kursus", "nomorSertipikat")) == {"s/1 ", *(f"S/{n}" for n in numbers)}
    assert region.at_bkn("diklat", "nomor", "latihanStrukturalId") == {"S/8": ["2"], "S/17": ["4"]}
    assert region.at_bkn("kursus", "nomorSertipikat", "jumlahJam", "jenisDiklatId")["S/9"] == [40, "8"]
    assert region.at_bkn("kursus", "nomorSertipikat", "jumlahJam")["S/4"] == [48]
    assert region.standing_still() == Counter(
        {
            "kursus unverified": 3, "kursus person.unknown_at_bkn": 1, "jabatan field.required": 1,
            "jabatan code.unknown": 1, "pendidikan compare.missing_at_bkn": 1, "identitas person.unknown_at_bkn": 1,
        }
    )  # fmt: skip
