"""Seven kinds of history in an invented SIMPEG: how it keeps each, its feed, and what BKN would hold of a row.

What BKN would hold is written here by hand, from the columns, beside the feed that says the same to the program: neither
is made from the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.reconcile import forms
from tests.reconcile.people import Employee

Columns = Mapping[str, Any]

SCHEMA = (
    """CREATE TABLE pegawai (id INTEGER PRIMARY KEY, nip VARCHAR(18), nama VARCHAR(60), lahir VARCHAR(10),
        status VARCHAR(10), pns_id VARCHAR(36))""",
    "CREATE TABLE unit (kode VARCHAR(4) PRIMARY KEY, nama VARCHAR(80))",
    "CREATE TABLE ref_jenis (kode VARCHAR(6) PRIMARY KEY, bkn VARCHAR(4))",
    "CREATE TABLE ref_jurusan (kode VARCHAR(6) PRIMARY KEY, bkn VARCHAR(36))",
    """CREATE TABLE pelatihan (id INTEGER PRIMARY KEY, id_pegawai INTEGER, jenis VARCHAR(6), tingkat VARCHAR(6),
        nama VARCHAR(120), penyelenggara VARCHAR(120), nomor VARCHAR(60), mulai VARCHAR(25), selesai VARCHAR(25),
        jam VARCHAR(12), status INTEGER, id_bkn VARCHAR(40))""",
    """CREATE TABLE tanda_jasa (id INTEGER PRIMARY KEY, nip VARCHAR(18), jenis VARCHAR(12), nomor VARCHAR(60),
        tanggal VARCHAR(25), tahun VARCHAR(6))""",
    """CREATE TABLE kredit (id INTEGER PRIMARY KEY, nip VARCHAR(18), nomor VARCHAR(60), tanggal VARCHAR(25),
        bulan_dari INTEGER, tahun_dari INTEGER, bulan_sampai INTEGER, tahun_sampai INTEGER, utama VARCHAR(12),
        penunjang VARCHAR(12), total VARCHAR(12), pertama VARCHAR(1), id_jabatan VARCHAR(40))""",
    """CREATE TABLE skp (id INTEGER PRIMARY KEY, nip VARCHAR(18), tahun INTEGER, hasil VARCHAR(40),
        perilaku VARCHAR(40), predikat VARCHAR(40), nama_penilai VARCHAR(60), nip_penilai VARCHAR(18),
        unit_penilai VARCHAR(4))""",
    """CREATE TABLE pangkat (id INTEGER PRIMARY KEY, nip VARCHAR(18), golongan VARCHAR(6), nomor VARCHAR(60),
        tanggal VARCHAR(25), tmt VARCHAR(25), mk_tahun INTEGER, mk_bulan INTEGER)""",
    """CREATE TABLE ijazah (id INTEGER PRIMARY KEY, nip VARCHAR(18), tingkat VARCHAR(6), jurusan VARCHAR(6),
        sekolah VARCHAR(120), nomor VARCHAR(60), lulus VARCHAR(25))""",
    "CREATE INDEX pegawai_nip ON pegawai (nip)",
    "CREATE INDEX pelatihan_pegawai ON pelatihan (id_pegawai)",
    *(f"CREATE INDEX {name}_nip ON {name} (nip)" for name in ("tanda_jasa", "kredit", "skp", "pangkat", "ijazah")),
    "CREATE INDEX pelatihan_jenis ON pelatihan (jenis)",
    "CREATE INDEX skp_unit ON skp (unit_penilai)",
    "CREATE INDEX ijazah_jurusan ON ijazah (jurusan)",
)

UNITS = {"01": "Dinas Kearsipan Contoh", "02": "Badan Keuangan Contoh", "03": "Sekretariat Daerah Contoh"}
COURSES = {"TEK": "3", "FUN": "2", "SEM": "9", "BIM": "8"}
LEVELS = {"PIM4": "2", "PIM3": "3", "PIM2": "4"}
DECORATIONS = {"SL10": "201", "SL20": "202", "SL30": "203", "WIRA": "204"}
RANKS = {"III/a": "31", "III/b": "32", "III/c": "33", "III/d": "34", "IV/a": "41", "IV/b": "42"}
DEGREES = {"SMA": "15", "D3": "30", "S1": "40", "S2": "45"}
STUDIES = {f"J{number:02}": f"A5EB03E2{number:04}F6A0E040640A0402{number:04}" for number in range(1, 9)}
RATINGS = {"Di atas ekspektasi": 1, "Sesuai ekspektasi": 2, "Di bawah ekspektasi": 3}
PREDICATES = {"Sangat baik": 1, "Baik": 2, "Butuh perbaikan": 3, "Kurang": 4}

LOOKUPS = {
    "unit": [{"kode": code, "nama": name} for code, name in UNITS.items()],
    "ref_jenis": [{"kode": code, "bkn": bkn} for code, bkn in COURSES.items()],
    "ref_jurusan": [{"kode": code, "bkn": bkn} for code, bkn in STUDIES.items()],
}
CODES = {"tanda_jasa": DECORATIONS, "golongan": RANKS, "tingkat": LEVELS}
"""Code tables that lie beside the settings, as CSV."""


@dataclass(frozen=True, slots=True)
class Held:
    """One field at BKN."""

    form: Callable[[Any], str]
    """Plain forms that are equal mean the same."""
    of: Callable[[Columns], Any]
    """What SIMPEG's columns say that it is."""
    spelled: Callable[[Any], Any]
    """As BKN would hold it, when nobody has typed it in another way."""


@dataclass(frozen=True, slots=True)
class Kind:
    feed: str
    """Also BKN's name of the kind."""
    table: str
    file: Mapping[str, Any]
    """The feed's file but for what all have in common."""
    held: Mapping[str, Held]
    always: Mapping[str, Any]
    """What BKN holds beside what the feed maps."""
    invent: Callable[[Random, int, Employee], dict[str, Any]]
    """The columns of somebody's row of that number."""
    usual: int
    """Rows of this kind that a person has."""
    is_writable: bool = True

    @property
    def natural_key(self) -> tuple[str, ...]:
        return tuple(self.file["natural_key"])

    def at_bkn(self, columns: Columns) -> dict[str, Any]:
        return {**self.always, **{name: held.spelled(held.of(columns)) for name, held in self.held.items()}}


# --------------------------------------------------------------------------------------- fields, by what they hold


def _text(column: str) -> Held:
    return Held(forms.words, lambda row: row[column], lambda value: value)


def _code(column: str, table: Mapping[str, Any]) -> Held:
    return Held(forms.words, lambda row: table.get(row[column]), lambda value: value)


def _id(column: str, table: Mapping[str, Any] | None = None) -> Held:
    return Held(forms.ident, lambda row: table.get(row[column]) if table else row[column], lambda value: value)


def _whole(column: str, table: Mapping[str, Any] | None = None, spelled: Callable[[Any], Any] = int) -> Held:
    return Held(forms.figure, lambda row: table.get(row[column]) if table else row[column], spelled)


def _day(column: str) -> Held:
    return Held(forms.day, lambda row: row[column], forms.day_first)


def _year(column: str, spelled: Callable[[Any], Any] = int) -> Held:
    return Held(forms.figure, lambda row: forms.day(row[column])[:4], spelled)


# --------------------------------------------------------------------------------------------- what people enter

SUBJECTS = ("Manajemen Arsip", "Pengadaan Barang dan Jasa", "Penyusunan Anggaran", "Bendahara Pengeluaran",
            "Analisis Jabatan", "Pelayanan Publik", "Keamanan Informasi", "Penulisan Naskah Dinas",
            "Audit Internal", "Perencanaan Pembangunan", "Hukum Acara", "Statistik Sektoral")  # fmt: skip
LEVEL_WORDS = ("Tingkat Dasar", "Tingkat Lanjut", "Angkatan Khusus", "bagi Pemula", "untuk Pengawas")
HOSTS = ("BPSDM Provinsi Contoh", "Pusdiklat Contoh Raya", "Balai Diklat Rekaan", "Lembaga Administrasi Rekaan")
SCHOOLS = ("Universitas Rekaan Selatan", "Politeknik Contoh", "SMA Negeri Contoh", "Institut Umpama Jaya")


def _date(rng: Random, year: int, *, iso: bool | None = None) -> str:
    """Between the 3rd and the 24th, in one of two spellings that stand in the same column."""
    iso_text = f"{year}-{rng.randrange(1, 13):02}-{rng.randrange(3, 25):02}"
    return iso_text if (rng.random() < 0.6 if iso is None else iso) else forms.day_first(iso_text)


def _number(rng: Random, word: str, year: int) -> str:
    return f"{rng.randrange(1, 10**6):06}/{word}/{rng.choice('ABCDEFGHJKLM')}{rng.choice('NPRSTUVW')}/{year}"


def _course(rng: Random, _number_of: int, person: Employee) -> dict[str, Any]:
    year = rng.randrange(2012, 2025)
    start = _date(rng, year, iso=True)
    end = f"{start[:8]}{min(24, int(start[8:]) + rng.randrange(0, 6)):02}"
    return {
        "id_pegawai": person.id,
        "jenis": rng.choice(sorted(COURSES)),
        "tingkat": None,
        "nama": f"{rng.choice(SUBJECTS)} {rng.choice(LEVEL_WORDS)}",
        "penyelenggara": rng.choice(HOSTS),
        "nomor": _number(rng, "SERT", year),
        "mulai": start,
        "selesai": rng.choice((forms.year_first, forms.day_first))(end),
        "jam": str(rng.randrange(10, 90)),
        "status": 2,
        "id_bkn": None,
    }


def _leadership(rng: Random, number_of: int, person: Employee) -> dict[str, Any]:
    levels = sorted(LEVELS, reverse=True)
    return {
        **_course(rng, number_of, person),
        "jenis": "PIM",
        "tingkat": levels[number_of % len(levels)],
        "nama": "Pelatihan Kepemimpinan",
    }


def _decoration(rng: Random, number_of: int, person: Employee) -> dict[str, Any]:
    year = 2010 + 3 * (number_of % 5)
    return {
        "nip": person.nip,
        "jenis": sorted(DECORATIONS)[number_of % len(DECORATIONS)],
        "nomor": _number(rng, "TK", year),
        "tanggal": _date(rng, year),
        "tahun": str(year),
    }


def _credit(rng: Random, number_of: int, person: Employee) -> dict[str, Any]:
    year = 2010 + number_of % 14
    main, support = rng.randrange(10, 90) * 500, rng.randrange(2, 18) * 250
    return {
        "nip": person.nip,
        "nomor": _number(rng, "PAK", year),
        "tanggal": _date(rng, year + 1),
        "bulan_dari": rng.randrange(1, 7),
        "tahun_dari": year,
        "bulan_sampai": rng.randrange(7, 13),
        "tahun_sampai": year,
        "utama": _thousandths(main),
        "penunjang": _thousandths(support),
        "total": _thousandths(main + support),
        "pertama": "1" if number_of == 0 else "",
        "id_jabatan": f"{rng.getrandbits(128):032x}",
    }


def _thousandths(value: int) -> str:
    return f"{value // 1000}.{value % 1000:03}"


def _appraisal(rng: Random, number_of: int, person: Employee) -> dict[str, Any]:
    return {
        "nip": person.nip,
        "tahun": 2022 + number_of,
        "hasil": rng.choice(sorted(RATINGS)),
        "perilaku": rng.choice(sorted(RATINGS)),
        "predikat": rng.choice(sorted(PREDICATES)),
        "nama_penilai": f"{rng.choice(('Surawan', 'Intanira', 'Galuhan'))} {rng.choice(('Rantauan', 'Wanasari'))}",
        "nip_penilai": f"1970{rng.randrange(1, 13):02}15199503{rng.randrange(1, 3)}{rng.randrange(1, 999):03}",
        "unit_penilai": rng.choice(sorted(UNITS)),
    }


def _rank(rng: Random, number_of: int, person: Employee) -> dict[str, Any]:
    year = 2006 + 4 * (number_of % 5)
    month = rng.choice(("04", "10"))
    return {
        "nip": person.nip,
        "golongan": list(RANKS)[number_of % len(RANKS)],
        "nomor": _number(rng, "SK", year),
        "tanggal": _date(rng, year),
        "tmt": f"{year}-{month}-01",
        "mk_tahun": 1 + 4 * (number_of % 5),
        "mk_bulan": rng.randrange(1, 12),
    }


def _diploma(rng: Random, number_of: int, person: Employee) -> dict[str, Any]:
    year = 1990 + 5 * (number_of % 6) + rng.randrange(3)
    return {
        "nip": person.nip,
        "tingkat": list(DEGREES)[number_of % len(DEGREES)],
        "jurusan": rng.choice(sorted(STUDIES)),
        "sekolah": rng.choice(SCHOOLS),
        "nomor": _number(rng, "IJZ", year),
        "lulus": _date(rng, year),
    }


# ---------------------------------------------------------------------------------------------------- the kinds

_BY_ID = [{"table": "pegawai", "as": "p", "on": {"id": "id_pegawai"}}]
_BY_NIP = [{"table": "pegawai", "as": "p", "on": {"nip": "nip"}}]
COMMON = {"key": ["id"], "person_bkn_id": "p.pns_id", "active_person": {"p.status": "aktif"}}

KINDS = (
    Kind(
        feed="kursus",
        table="pelatihan",
        file={
            "joins": [*_BY_ID, {"table": "ref_jenis", "as": "j", "on": {"kode": "jenis"}}],
            "person": "p.nip",
            "bkn_id": "id_bkn",
            "scope": {"jenis": {"not": "PIM"}},
            "verified": {"status": 2},
            "fields": {
                "institusiPenyelenggara": "penyelenggara",
                "jenisDiklatId": {"lookup": "j.bkn", "of": "jenis"},
                "jumlahJam": {"integer": "jam"},
                "namaKursus": "nama",
                "nomorSertipikat": "nomor",
                "tahunKursus": {"year": "selesai"},
                "tanggalKursus": {"date": "mulai"},
                "tanggalSelesaiKursus": {"date": "selesai"},
            },
            "required": ["namaKursus", "nomorSertipikat"],
            "natural_key": ["nomorSertipikat"],
        },
        held={
            "institusiPenyelenggara": _text("penyelenggara"),
            "jenisDiklatId": _code("jenis", COURSES),
            "jumlahJam": _whole("jam"),
            "namaKursus": _text("nama"),
            "nomorSertipikat": _text("nomor"),
            "tahunKursus": _year("selesai"),
            "tanggalKursus": _day("mulai"),
            "tanggalSelesaiKursus": _day("selesai"),
        },
        always={},
        invent=_course,
        usual=6,
    ),
    Kind(
        feed="diklat",
        table="pelatihan",
        file={
            "joins": _BY_ID,
            "person": "p.nip",
            "bkn_id": "id_bkn",
            "scope": {"jenis": "PIM"},
            "verified": {"status": 2},
            "fields": {
                "institusiPenyelenggara": "penyelenggara",
                "jumlahJam": {"integer": "jam"},
                "latihanStrukturalId": {"code": "tingkat", "table": "codes/tingkat.csv"},
                "nomor": "nomor",
                "tahun": {"year": "selesai"},
                "tanggal": {"date": "mulai"},
                "tanggalSelesai": {"date": "selesai"},
            },
            "natural_key": ["nomor"],
        },
        held={
            "institusiPenyelenggara": _text("penyelenggara"),
            "jumlahJam": _whole("jam"),
            "latihanStrukturalId": _code("tingkat", LEVELS),
            "nomor": _text("nomor"),
            "tahun": _year("selesai"),
            "tanggal": _day("mulai"),
            "tanggalSelesai": _day("selesai"),
        },
        always={"bobot": 0},
        invent=_leadership,
        usual=1,
    ),
    Kind(
        feed="penghargaan",
        table="tanda_jasa",
        file={
            "joins": _BY_NIP,
            "person": "nip",
            "fields": {
                "hargaId": {"code": "jenis", "table": "codes/tanda_jasa.csv"},
                "skDate": {"date": "tanggal"},
                "skNomor": "nomor",
                "tahun": {"integer": "tahun"},
            },
            "natural_key": ["skNomor"],
        },
        held={
            "hargaId": _code("jenis", DECORATIONS),
            "skDate": _day("tanggal"),
            "skNomor": _text("nomor"),
            "tahun": _whole("tahun"),
        },
        always={},
        invent=_decoration,
        usual=2,
    ),
    Kind(
        feed="angkakredit",
        table="kredit",
        file={
            "joins": _BY_NIP,
            "person": "nip",
            "fields": {
                "bulanMulaiPenailan": {"integer": "bulan_dari", "as_text": True},
                "bulanSelesaiPenailan": {"integer": "bulan_sampai", "as_text": True},
                "tahunMulaiPenailan": {"integer": "tahun_dari", "as_text": True},
                "tahunSelesaiPenailan": {"integer": "tahun_sampai", "as_text": True},
                "isAngkaKreditPertama": {"first": ["pertama", {"const": ""}]},
                "kreditBaruTotal": {"number": "total", "as_text": True},
                "kreditPenunjangBaru": {"number": "penunjang", "as_text": True},
                "kreditUtamaBaru": {"number": "utama", "as_text": True},
                "nomorSk": "nomor",
                "rwJabatanId": {"first": ["id_jabatan", {"const": ""}]},
                "tanggalSk": {"date": "tanggal"},
            },
            "natural_key": ["nomorSk"],
        },
        held={
            "bulanMulaiPenailan": _whole("bulan_dari", spelled=str),
            "bulanSelesaiPenailan": _whole("bulan_sampai", spelled=str),
            "tahunMulaiPenailan": _whole("tahun_dari", spelled=str),
            "tahunSelesaiPenailan": _whole("tahun_sampai", spelled=str),
            "isAngkaKreditPertama": Held(forms.yes, lambda row: row["pertama"], lambda value: value),
            "kreditBaruTotal": _whole("total", spelled=str),
            "kreditPenunjangBaru": _whole("penunjang", spelled=str),
            "kreditUtamaBaru": _whole("utama", spelled=str),
            "nomorSk": _text("nomor"),
            "rwJabatanId": _id("id_jabatan"),
            "tanggalSk": _day("tanggal"),
        },
        always={},
        invent=_credit,
        usual=2,
    ),
    Kind(
        feed="skp22",
        table="skp",
        file={
            "joins": [*_BY_NIP, {"table": "unit", "as": "u", "on": {"kode": "unit_penilai"}}],
            "person": "nip",
            "fields": {
                "hasilKinerjaNilai": {"integer": {"code": "hasil", "map": RATINGS}},
                "perilakuKerjaNilai": {"integer": {"code": "perilaku", "map": RATINGS}},
                "kuadranKinerjaNilai": {"integer": {"code": "predikat", "map": PREDICATES}},
                "penilaiNama": {"text": "nama_penilai", "case": "upper"},
                "penilaiNipNrp": "nip_penilai",
                "penilaiUnorNama": "u.nama",
                "tahun": {"integer": "tahun"},
            },
            "natural_key": ["tahun"],
        },
        held={
            "hasilKinerjaNilai": _whole("hasil", RATINGS),
            "perilakuKerjaNilai": _whole("perilaku", RATINGS),
            "kuadranKinerjaNilai": _whole("predikat", PREDICATES),
            "penilaiNama": _text("nama_penilai"),
            "penilaiNipNrp": _text("nip_penilai"),
            "penilaiUnorNama": _code("unit_penilai", UNITS),
            "tahun": _whole("tahun"),
        },
        always={},
        invent=_appraisal,
        usual=3,
    ),
    Kind(
        feed="golongan",
        table="pangkat",
        file={
            "joins": _BY_NIP,
            "person": "nip",
            "fields": {
                "golonganId": {"code": "golongan", "table": "codes/golongan.csv"},
                "masaKerjaGolonganBulan": {"integer": "mk_bulan"},
                "masaKerjaGolonganTahun": {"integer": "mk_tahun"},
                "skNomor": "nomor",
                "skTanggal": {"date": "tanggal"},
                "tmtGolongan": {"date": "tmt"},
            },
            "natural_key": ["golonganId", "tmtGolongan"],
        },
        held={
            "golonganId": _code("golongan", RANKS),
            "masaKerjaGolonganBulan": _whole("mk_bulan", spelled=str),
            "masaKerjaGolonganTahun": _whole("mk_tahun", spelled=str),
            "skNomor": _text("nomor"),
            "skTanggal": _day("tanggal"),
            "tmtGolongan": _day("tmt"),
        },
        always={},
        invent=_rank,
        usual=4,
        is_writable=False,
    ),
    Kind(
        feed="pendidikan",
        table="ijazah",
        file={
            "joins": [*_BY_NIP, {"table": "ref_jurusan", "as": "j", "on": {"kode": "jurusan"}}],
            "person": "nip",
            "fields": {
                "namaSekolah": "sekolah",
                "nomorIjasah": "nomor",
                "pendidikanId": {"lookup": "j.bkn", "of": "jurusan"},
                "tahunLulus": {"year": "lulus"},
                "tglLulus": {"date": "lulus"},
                "tkPendidikanId": {"code": "tingkat", "map": DEGREES},
            },
            "natural_key": ["nomorIjasah"],
        },
        held={
            "namaSekolah": _text("sekolah"),
            "nomorIjasah": _text("nomor"),
            "pendidikanId": _id("jurusan", STUDIES),
            "tahunLulus": _year("lulus", str),
            "tglLulus": _day("lulus"),
            "tkPendidikanId": _code("tingkat", DEGREES),
        },
        always={},
        invent=_diploma,
        usual=2,
        is_writable=False,
    ),
)

BY_FEED = {kind.feed: kind for kind in KINDS}
