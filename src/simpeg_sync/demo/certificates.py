"""Invents rows of pegdiklat: verified certificates of every kind, and the few oddities of any real table."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from simpeg_sync.demo.mapping import BLANK_DATE, hours_in
from simpeg_sync.demo.pdf import certificate_pdf
from simpeg_sync.demo.people import Person
from simpeg_sync.demo.schema import (
    KINDS,
    RARE_KIND,
    REJECTED,
    STRUCTURAL,
    UNMAPPED_KIND,
    VERIFIED,
    WAITING,
)

KIND_SHARES = {
    STRUCTURAL: 11,
    "01": 14,
    "02": 34,
    "03": 10,
    "04": 11,
    "05": 14,
    "06": 3,
    "07": 1,
    RARE_KIND: 1,
    UNMAPPED_KIND: 1,
}
ROWS_OF_A_PERSON = (4, 14, 22, 24, 18, 10, 5, 3)  # weights of having 0..7
STATUS_SHARES = {VERIFIED: 98, WAITING: 1, REJECTED: 1}
FILE_SHARES = {"there": 91, "none": 8, "missing": 1}
SOFT_DELETED_SHARES = {False: 199, True: 1}

SUBJECTS = (
    "Pengelolaan Arsip Dinamis",
    "Pengadaan Barang dan Jasa",
    "Penyusunan Anggaran Kinerja",
    "Pelayanan Publik Prima",
    "Tata Naskah Dinas",
    "Pengelolaan Barang Milik Daerah",
    "Manajemen Risiko Sektor Publik",
    "Keamanan Informasi",
    "Analisis Jabatan dan Beban Kerja",
    "Penulisan Laporan Kinerja",
    "Sistem Informasi Geografis",
    "Pengawasan Intern",
    "Perencanaan Pembangunan Daerah",
    "Kepemimpinan Transformasional",
)
OPENINGS = {STRUCTURAL: "Pelatihan Kepemimpinan", "01": "Pelatihan Fungsional", "02": "Pelatihan Teknis"}
ORGANISERS = (
    "BPSDM Provinsi Contoh",
    "BKPSDM Kota Teluk Biru",
    "Balai Diklat Nusa Hijau",
    "Pusat Pelatihan Aparatur Raya",
    "Lembaga Bina Kompetensi Mandala",
    "Politeknik Negeri Muara Jati",
    "Dinas Kominfo Kota Teluk Biru",
)
PLACES = ("Teluk Biru", "Muara Jati", "Nusa Hijau", "Daring")
HOURS = (8, 16, 20, 24, 32, 40, 60, 80, 120)
HOURS_FORMS = ("{}", "{}", "{}", "{} JP", "{} Jam", " {}")
KIND_NAMES = {code: name for code, name, _, _ in KINDS}

Face = TypeVar("Face", bound=Hashable)


def deal(rng: Random, shares: Mapping[Face, int], count: int) -> list[Face]:
    """A shuffled deck instead of dice, so that the rare faces turn up in a small world too."""
    whole = sum(shares.values())
    deck = [face for face, share in shares.items() for _ in range(max(1, round(share * count / whole)))]
    common = max(shares, key=lambda face: shares[face])
    deck += [common] * (count - len(deck))
    while len(deck) > count:
        deck.remove(common)
    rng.shuffle(deck)
    return deck


def invent_certificates(rng: Random, people: Sequence[Person]) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The rows in order of entry, without ids, and the files that are there, by name."""
    owners = [p for p in people for _ in range(rng.choices(range(8), weights=ROWS_OF_A_PERSON)[0])]
    rng.shuffle(owners)
    count = len(owners)
    decks = zip(
        owners,
        deal(rng, KIND_SHARES, count),
        deal(rng, STATUS_SHARES, count),
        deal(rng, FILE_SHARES, count),
        deal(rng, SOFT_DELETED_SHARES, count),
        strict=True,
    )
    rows: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    for serial, (owner, kind, status, file, is_deleted) in enumerate(decks, start=1):
        row = invent_certificate(rng, owner, serial=serial, kind=kind, is_scanned=file != "none")
        row |= {"status": status, "flag_active": 0 if is_deleted else 1}
        if status == WAITING:
            row["tanggal_verif"] = None
        rows.append(row)
        if file == "there":
            files[row["gambarsk"]] = scan(row, owner.nama)
    return rows, files


def invent_certificate(
    rng: Random, owner: Person, *, serial: int, kind: str, is_scanned: bool = True
) -> dict[str, Any]:
    """A verified row that lacks nothing; `serial` makes its certificate number unlike any other."""
    hours = rng.choice(HOURS)
    starts = date(2015, 1, 5) + timedelta(days=rng.randrange(4050))
    ends = starts + timedelta(days=(hours - 1) // 8)
    issued = rng.choice((ends, ends + timedelta(days=rng.randrange(10)), ends, ends, None, BLANK_DATE))
    blank = rng.choice((" ", " ", " ", "  "))
    return {
        "id_pegawai": owner.id_peg,
        "jenisdiklat": kind,
        "nm_diklat": f"{OPENINGS.get(kind, KIND_NAMES[kind])}{blank}{rng.choice(SUBJECTS)}",
        "tptdiklat": rng.choice(PLACES),
        "penyelenggara": rng.choice(ORGANISERS),
        "jam": rng.choice(HOURS_FORMS).format(hours),
        "tglmulai": starts,
        "tglselesai": ends,
        "nosttpp": f"{serial:05d}/{kind}/DIKLAT/{starts.year}",
        "tglsttpp": issued,
        "id_diklat_struktural": rng.choice(("2", "3", "4", "8")) if kind == STRUCTURAL else None,
        "status": VERIFIED,
        "flag_active": 1,
        "gambarsk": f"sttpp_{serial:06d}.pdf" if is_scanned else rng.choice(("", None)),
        "id_siasn": None,
        "flag_sync_siasn": 0,
        "log_sync_siasn": None,
        "temp_count": 0,
        "created_by": "operator",
        "updated_by": None,
        "tanggal_verif": datetime(2026, 2, 27, 9, 0) - timedelta(hours=rng.randrange(1000)),
    }


def scan(row: Mapping[str, Any], holder: str) -> bytes:
    return certificate_pdf(
        course=row["nm_diklat"],
        number=row["nosttpp"],
        organiser=row["penyelenggara"],
        holder=holder,
        hours=str(hours_in(row["jam"]) or "-"),
    )
