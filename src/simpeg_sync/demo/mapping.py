"""What a row of pegdiklat means at BKN: once as data, to write a feed from, and once as code, to judge by.

* Rows whose `jenisdiklat` is '00' go to **diklat**, all others to **kursus**.
* In scope: `status` 2, `flag_active` 1, person with `kedudukan` '01' and `flag_active` 1.
* A date that is NULL or 1970-01-01 is blank; one outside 1950..2100 is bad. Start and end must be there.
  The certificate's date may be blank, its year is then that of the end; if given it must not be bad.
* Hours are the first integer in the text; none, or 0, is missing.
* The document is the file `pegdiklat/<gambarsk>`; a blank name means that there is none. It must begin with
  %PDF- and have at most 1 MiB. A missing or unfit file holds the certificate, not the row.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from simpeg_sync.demo.schema import STRUCTURAL

Resource = Literal["kursus", "diklat"]
Row = Mapping[str, Any]

Reason = Literal[
    "unverified",
    "rejected",
    "unknown_code",
    "bad_date",
    "missing_hours",
    "missing_value",
    "refused_by_bkn",
    "person_unknown",
    "person_inactive",
    "deleted",
    "soft_deleted",
]

INSTANSI_ID = "D3A0000000000000000000000000D3A0"
BLANK_DATE = date(1970, 1, 1)
YEARS = (1950, 2100)
DOCUMENT_REF: dict[Resource, str] = {"kursus": "881", "diklat": "874"}
DOCUMENT_BYTES_MAX = 1024 * 1024
DOCUMENT_DIRECTORY = "pegdiklat"

# BKN spells some fields otherwise when it answers. What is not named here is spelled alike.
WRITE_TO_READ: dict[Resource, dict[str, str]] = {
    "kursus": {
        "pnsOrangId": "idPns",
        "nomorSertipikat": "noSertipikat",
        "jenisKursus": "jenisKursusId",
        "jenisKursusSertipikat": "jenisKursusSertifikat",
    },
    "diklat": {"pnsOrangId": "idPns"},
}
UNREADABLE = frozenset({"instansiId", "bobot"})  # BKN takes them and never shows them
NUMBER_FIELD: dict[Resource, str] = {"kursus": "nomorSertipikat", "diklat": "nomor"}
YEAR_FIELD: dict[Resource, str] = {"kursus": "tahunKursus", "diklat": "tahun"}

_YEAR = {"year_of_first": ["tglsttpp", "tglselesai"]}
MAPPING: dict[Resource, dict[str, dict[str, Any]]] = {
    "kursus": {
        "pnsOrangId": {"column": "pegawai.id_pns_siasn"},
        "namaKursus": {"column": "nm_diklat"},
        "institusiPenyelenggara": {"column": "penyelenggara", "required": True},
        "jenisDiklatId": {"lookup": "ref_jenisdiklat.id_diklat_siasn", "by": "jenisdiklat", "required": True},
        "jenisKursusSertipikat": {
            "lookup": "ref_jenisdiklat.jenis_kursus_sertipikat_siasn",
            "by": "jenisdiklat",
        },
        "jumlahJam": {"integer_in": "jam", "required": True},
        "nomorSertipikat": {"column": "nosttpp", "required": True},
        "tahunKursus": {**_YEAR, "required": True},
        "tanggalKursus": {"date": "tglmulai", "required": True},
        "tanggalSelesaiKursus": {"date": "tglselesai", "required": True},
        "instansiId": {"constant": INSTANSI_ID},
    },
    "diklat": {
        "pnsOrangId": {"column": "pegawai.id_pns_siasn"},
        "institusiPenyelenggara": {"column": "penyelenggara", "required": True},
        "jumlahJam": {"integer_in": "jam", "required": True},
        "latihanStrukturalId": {"column": "id_diklat_struktural", "required": True},
        "nomor": {"column": "nosttpp", "required": True},
        "tahun": {**_YEAR, "required": True},
        "tanggal": {"date": "tglmulai", "required": True},
        "tanggalSelesai": {"date": "tglselesai", "required": True},
        "bobot": {"constant": 0},
    },
}


def resource_of(row: Row) -> Resource:
    return "diklat" if row["jenisdiklat"] == STRUCTURAL else "kursus"


def write_fields(row: Row, person: Row, kind: Row | None) -> dict[str, object] | Reason:
    """BKN's body for one row, or the first reason why there can be none. Verification is not looked at."""
    resource = resource_of(row)
    if not person["id_pns_siasn"]:
        return "person_unknown"
    if resource == "kursus" and (kind is None or not kind["id_diklat_siasn"]):
        return "unknown_code"
    hours = hours_in(row["jam"])
    if not hours:
        return "missing_hours"
    start, end, issued = (_date(row[column]) for column in ("tglmulai", "tglselesai", "tglsttpp"))
    if start is None or end is None or any(_is_bad(day) for day in (start, end, issued)):
        return "bad_date"
    organiser, number = clean(row["penyelenggara"]), clean(row["nosttpp"])
    if not organiser or not number or (resource == "diklat" and not row["id_diklat_struktural"]):
        return "missing_value"
    year = (issued or end).year
    common: dict[str, object] = {
        "pnsOrangId": person["id_pns_siasn"],
        "institusiPenyelenggara": organiser,
        "jumlahJam": hours,
        NUMBER_FIELD[resource]: number,
        YEAR_FIELD[resource]: year,
    }
    if resource == "diklat":
        return common | {
            "latihanStrukturalId": row["id_diklat_struktural"],
            "tanggal": _text(start),
            "tanggalSelesai": _text(end),
            "bobot": 0,
        }
    assert kind is not None
    return common | {
        "namaKursus": clean(row["nm_diklat"]),
        "jenisDiklatId": kind["id_diklat_siasn"],
        "jenisKursusSertipikat": kind["jenis_kursus_sertipikat_siasn"],
        "tanggalKursus": _text(start),
        "tanggalSelesaiKursus": _text(end),
        "instansiId": INSTANSI_ID,
    }


def read_names(resource: Resource, fields: Mapping[str, object]) -> dict[str, object]:
    """Fields as BKN shows them: other names, the year as text, some not at all."""
    names = WRITE_TO_READ[resource]
    shown = {names.get(name, name): value for name, value in fields.items() if name not in UNREADABLE}
    return shown | {YEAR_FIELD[resource]: str(fields[YEAR_FIELD[resource]])}


def write_names(resource: Resource, fields: Mapping[str, object]) -> dict[str, object]:
    names = {read: write for write, read in WRITE_TO_READ[resource].items()}
    return {names.get(name, name): value for name, value in fields.items()}


def clean(text: object) -> str:
    return " ".join(str(text).split()) if text is not None else ""


def canonical(value: object) -> str:
    """Two values with the same canonical text are equal at BKN: blanks and case are form, not content."""
    return clean(value).casefold()


def hours_in(text: str | None) -> int | None:
    found = re.search(r"\d+", text or "")
    return int(found.group()) if found else None


def _date(value: date | None) -> date | None:
    return None if value is None or value == BLANK_DATE else value


def _is_bad(value: date | None) -> bool:
    return value is not None and not YEARS[0] <= value.year <= YEARS[1]


def _text(value: date) -> str:
    return f"{value:%d-%m-%Y}"
