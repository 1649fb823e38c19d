"""Every target that BKN takes: a fit body, a change of it, and a desk that brings its row to a simulated BKN."""

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text

from simpeg_sync.bkn.client import BknClient
from simpeg_sync.domain.change import Change, FeedName, Nip, Row, SourceKey
from simpeg_sync.domain.record import Record
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.mapping.expressions import Column, Linked
from simpeg_sync.mapping.feed import DocumentRule, Feed
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.turn import Timing, View
from tests.adapters.memory import FakeClock, MemoryFiles, MemorySource

PDF = b"%PDF-1.4\r\nisi rekaan\r\n"
PNG = b"\x89PNG\r\n\x1a\n foto rekaan"
UNOR, INSTANSI, SATKER = "8" * 32, "A5EB03E23BFBF6A0E040640A040252AD", "B" * 32
SCORES = (
    "disiplin", "integritas", "jumlah", "kerjasama", "komitmen", "nilaiPerilakuKerja", "nilaiPrestasiKerja",
    "nilaiSkp", "nilairatarata", "orientasiPelayanan",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    target: str
    body: Mapping[str, Any]
    change: Mapping[str, Any]
    natural_key: tuple[str, ...] = ()
    not_in_form: tuple[str, ...] = ()


def case(target: str, key: str, change: Mapping[str, Any], **body: Any) -> Case:
    return Case(target, body, change, tuple(key.split()))


SKP_BODY: Mapping[str, Any] = {
    **dict.fromkeys(SCORES, 85.5),
    "jenisJabatan": "2",
    "penilaiNama": "Bima Rekaan",
    "penilaiTmtGolongan": "01-04-2012",
    "statusPenilai": "ASN",
}
RATINGS: Mapping[str, Any] = {
    "hasilKinerjaNilai": 2,
    "perilakuKerjaNilai": 2,
    "kuadranKinerjaNilai": 2,
    "penilaiNama": "Bima Rekaan",
    "penilaiGolongan": "41",
    "statusPenilai": "ASN",
}

CASES = (
    case(
        "kursus", "nomorSertipikat", {"jumlahJam": 32},
        institusiPenyelenggara="Lembaga Rekaan", jenisDiklatId="3", jenisKursusSertipikat="T", jumlahJam=20,
        namaKursus="Arsip Dinamis", nomorSertipikat="1/REKAAN/2023", tahunKursus=2023, tanggalKursus="01-02-2023",
    ),
    case(
        "diklat", "nomor", {"jumlahJam": 310},
        bobot=0, institusiPenyelenggara="Lembaga Rekaan", jumlahJam=300, latihanStrukturalId="3", nomor="2/REKAAN",
        tahun=2020, tanggalSelesai="01-03-2020",
    ),
    case(
        "jabatan", "nomorSk tmtJabatan", {"tmtPelantikan": "04-01-2023"},
        eselonId="31", instansiId=INSTANSI, jenisJabatan="1", jenisMutasiId="MJ", jenisPenugasanId="D",
        nomorSk="SK/1/2023", satuanKerjaId=SATKER, tanggalSk="02-01-2023", tmtJabatan="03-01-2023",
        tmtPelantikan="03-01-2023", unorId=UNOR,
    ),
    case(
        "angkakredit", "nomorSk", {"kreditUtamaBaru": "13.500", "kreditBaruTotal": "13.500"},
        bulanMulaiPenailan="1", bulanSelesaiPenailan="12", isKonversi="1", kreditBaruTotal="12.500",
        kreditPenunjangBaru="0", kreditUtamaBaru="12.500", nomorSk="PAK/1", tahunMulaiPenailan="2022",
        tahunSelesaiPenailan="2022", tanggalSk="31-12-2022",
    ),
    case(
        "penghargaan", "skNomor", {"skDate": "18-08-2019"},
        hargaId="201", skDate="17-08-2019", skNomor="SLKS/1", tahun=2019,
    ),
    case(
        "hukdis", "skNomor", {"keterangan": "diperbaiki"},
        alasanHukumanDisiplinId="A4689E6D5CA78920E050640A29032EE8", golonganId="32", hukumanTanggal="02-02-2021",
        jenisHukumanId="2", jenisTingkatHukumanId="R", kedudukanHukumId="01", masaBulan="0", masaTahun="1",
        keterangan="", nomorPp="94/2021", skNomor="HD/1", skTanggal="01-02-2021",
    ),
    case("skp", "tahun", {"integritas": 91.25}, **SKP_BODY, kepemimpinan=80.0, tahun=2019),
    case(
        "skp2021", "tahun", {"konversiNilai": 91.67},
        **SKP_BODY, inisiatifKerja=80.0, jenisPeraturanKinerjaKd="PP30", konversiNilai=90.5, nilaiIntegrasi=88.0,
        tahun=2021,
    ),
    case("skp22", "tahun", {"hasilKinerjaNilai": 1}, **RATINGS, tahun=2023),
    case(
        "kinerjaperiodik", "tahun periodikId", {"kuadranKinerjaNilai": 1},
        **RATINGS, bulanMulaiPenilaian=1, bulanSelesaiPenilaian=3, koefisienId="22", periodikId="2", tahun=2024,
        tahunMulaiPenilaian=2024, tahunSelesaiPenilaian=2024,
    ),
    case(
        "cpns", "", {"nomor_sttpl": "LPJ/2"},
        nomor_sk_cpns="CPNS/1", tgl_sk_cpns="01-12-2019", nomor_sk_pns="PNS/1", tgl_sk_pns="01-12-2020",
        tmt_pns="01-01-2021", nomor_sttpl="LPJ/1",
    ),
    case(
        "data-utama", "", {"nomor_hp": "081200000002"},
        email="alice@contoh.example", nomor_hp="081200000001", npwp_tanggal="02-03-2015", alamat="Jalan Rekaan 1",
    ),
    case(
        "sertifikasi", "nomorSertifikat", {"gelarBelakangSert": "CRM"},
        gelarBelakangSert="CRMO", masaBerlakuSertMulai="01-01-2023", masaBerlakuSertSelasai="01-01-2026",
        namaSertifikasi="Manajemen Risiko", nomorSertifikat="SER/1", tanggalSertifikat="01-01-2023",
    ),
    case(
        "kgb", "nomorSk", {"gajiBaru": "3100000"},
        gajiBaru="3000000", gajiLama="2900000", masaKerja="10", nomorSk="KGB/1", tanggalSk="01-02-2024",
        tmtGajiBaru="01-03-2024",
    ),
    case(
        "tubel", "namaSekolah tglMulai", {"tglSelesai": "01-09-2026"},
        namaSekolah="Universitas Rekaan", tglMulai="01-09-2023", tglSelesai="01-09-2025",
    ),
    case(
        "pasangan", "nama", {"noAktaMenikah": "AKTA/2"},
        nama="Citra Rekaan", noAktaMenikah="AKTA/1", tglLahir="02-03-1985", tglMenikah="04-05-2010",
    ),
    case("anak", "nama", {"tglLahir": "03-04-2012"}, nama="Dewi Rekaan", tglLahir="02-04-2012"),
    case("potensi", "", {"total": "81"}, intelektual="80", total="80"),
    case("kompetensi", "", {"integritas": "4"}, integritas="3", kerjasama="3"),
    case("talentmapping", "", {"box": "8"}, box="7", sumbu_x="70", sumbu_y="80"),
)  # fmt: skip
BY_TARGET = {case.target: case for case in CASES}
OTHERS = ("photo", "sk-kp", "sk-nip", "aktivity", "ortu", "identitas")
"""Targets with a test of their own."""

COMPARED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "golongan": (
        "skNomor",
        {"golonganId": "32", "skNomor": "GOL/1", "tmtGolongan": "01-04-2020", "skTanggal": "01-03-2020"},
    ),
    "pendidikan": ("nomorIjasah", {"nomorIjasah": "IJ/1", "tkPendidikanId": "40", "tahunLulus": "2005"}),
    "pindahinstansi": ("skBknNomor", {"skBknNomor": "PI/1", "tmtPi": "01-02-2015"}),
    "masakerja": ("nomorSk", {"nomorSk": "MK/1", "tasaKerjaTahun": 4, "tanggalSk": "01-02-2011"}),
    "cltn": ("skNomor", {"skNomor": "CLTN/1", "cltnId": "1", "tanggalAwal": "01-02-2016"}),
    "pnsunor": ("skNomor", {"skNomor": "UN/1", "skTanggal": "01-02-2017"}),
    "pwk": ("skNomor", {"skNomor": "PWK/1", "tmtPwk": "01-02-2018"}),
    "pemberhentian": ("skNomor", {"skNomor": "HENTI/1", "jenisHenti": "1"}),
    "dp3": ("tahun", {"tahun": "2012", "kesetiaan": "91.00", "jumlah": "640"}),
}


FEED, KEY = FeedName("f"), SourceKey('["1"]')


@dataclass(frozen=True, slots=True)
class Given:
    """The column as it is: the body comes ready-made."""

    column: str

    @property
    def columns(self) -> list[str]:
        return [self.column]

    def value(self, row: Row) -> Any:
        return row.get(self.column)


@dataclass(slots=True)
class Desk:
    """One person, one feed, one row, and the daemon's own code between it and BKN."""

    bkn: BknClient
    case: Case
    nip: Nip
    folder: Path
    documents: tuple[str, ...] = ()
    """Kinds of certificates that the row has."""
    linked: Mapping[str, Linked] = field(default_factory=dict)
    """Fields of the row that name another feed's row."""
    other: Feed | None = None
    """That other feed."""
    clock: FakeClock = field(default_factory=FakeClock)
    source: MemorySource = field(default_factory=MemorySource)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    ledger: SqlLedger = field(init=False)
    numbers: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        url = f"sqlite:///{self.folder}/ledger.db"
        engine = open_engine(url, create=True)
        schema.upgrade(engine)
        engine.dispose()
        pauses = Pauses(quiet_period_s=0.0, quiet_max_s=0.0, settle_s=180.0)
        self.ledger = SqlLedger(open_engine(url), self.clock, owner="desk", pauses=pauses)

    @property
    def feed(self) -> Feed:
        return Feed(
            name=FEED,
            target=self.case.target,
            table="t",
            key=("id",),
            person="nip",
            fields={**{name: Given(f"v_{name}") for name in self.case.body}, **self.linked},
            natural_key=self.case.natural_key,
            documents=tuple(DocumentRule(Column(f"d_{kind}"), "d", kind=kind) for kind in self.documents),
            delete_policy="delete",
        )

    @property
    def pipeline(self) -> Pipeline:
        timing = Timing(settle_s=180.0, absent_gap_s=60.0, delete_grace_s=0.0, look_again_s=3600.0)
        feeds = {feed.name: feed for feed in (self.feed, self.other) if feed is not None}
        view = View(feeds, self.source, self.bkn, self.files, self.ledger, self.clock, timing)
        return Pipeline(view)

    def enter(self, **changes: Any) -> None:
        body = {**self.case.body, **changes}
        columns = {f"v_{name}": value for name, value in body.items()}
        columns |= {f"d_{kind}": f"{kind}.pdf" for kind in self.documents}
        self.source.put("t", "1", nip=self.nip, **columns)
        self.turn()

    def lay(self, kind: str, content: bytes) -> None:
        self.files.contents[f"{kind}.pdf"] = content

    def erase(self) -> None:
        self.source.drop("t", KEY)
        self.turn()

    def turn(self, *, marked: bool = True, feed: FeedName = FEED) -> None:
        """One change, and all turns that it brings."""
        if marked:
            self.ledger.take_changes([Change(feed, KEY)], {Change(feed, KEY): self.nip})
        for _ in range(20):
            claim = self.ledger.claim()
            if claim is None:
                return
            self.pipeline.take_turn(*self.pipeline.prepared([claim]))
            self.ledger.release(claim)
        raise AssertionError("the work does not come to an end")

    def wait(self, seconds: float) -> None:
        self.clock.time_s += seconds
        self.turn(marked=False)

    @property
    def record(self) -> Record:
        found = self.ledger.find(FEED, KEY)
        assert found is not None
        return found

    @property
    def state(self) -> tuple[str, str]:
        with self.ledger.engine.connect() as connection:
            row = connection.execute(text("SELECT status, reason FROM records WHERE feed = 'f'")).one()
        return row[0], row[1]

    def differences(self, **changes: Any) -> list[str]:
        """What BKN does not show as it was sent."""
        resource = self.bkn.resource(self.case.target)
        rows = self.bkn.rows(self.case.target, self.nip)
        (row,) = [row for row in rows if str(row.get("id") or row.get("ID")) == self.record.bkn_id]
        return resource.differences({**self.case.body, **changes}, row)


def without(case: Case, lacking: tuple[str, ...]) -> Case:
    """As a dialect or a form has it that lacks some of the fields."""
    body = {name: value for name, value in case.body.items() if name not in lacking}
    return dataclasses.replace(case, body=body)
