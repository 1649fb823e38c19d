from datetime import date
from typing import Any

import pytest

from simpeg_sync.demo.mapping import MAPPING, canonical, read_names, write_fields, write_names

PERSON = {"id_pns_siasn": "A1"}
KIND = {"id_diklat_siasn": "3", "jenis_kursus_sertipikat_siasn": "T"}


def row(**values: object) -> dict[str, Any]:
    return {
        "jenisdiklat": "02",
        "nm_diklat": "Pelatihan  Teknis",
        "penyelenggara": " BPSDM ",
        "jam": "40 JP",
        "tglmulai": date(2020, 12, 28),
        "tglselesai": date(2020, 12, 31),
        "tglsttpp": date(2021, 1, 4),
        "nosttpp": "1/02",
        "id_diklat_struktural": None,
        **values,
    }


def test_a_course_becomes_a_kursus_body() -> None:
    fields = write_fields(row(), PERSON, KIND)
    assert fields == {
        "pnsOrangId": "A1",
        "namaKursus": "Pelatihan Teknis",
        "institusiPenyelenggara": "BPSDM",
        "jenisDiklatId": "3",
        "jenisKursusSertipikat": "T",
        "jumlahJam": 40,
        "nomorSertipikat": "1/02",
        "tahunKursus": 2021,
        "tanggalKursus": "28-12-2020",
        "tanggalSelesaiKursus": "31-12-2020",
        "instansiId": MAPPING["kursus"]["instansiId"]["constant"],
    }
    assert fields.keys() == MAPPING["kursus"].keys()


def test_a_leadership_course_becomes_a_diklat_body() -> None:
    fields = write_fields(row(jenisdiklat="00", id_diklat_struktural="3"), PERSON, None)
    assert isinstance(fields, dict)
    assert (fields["latihanStrukturalId"], fields["tahun"], fields["bobot"]) == ("3", 2021, 0)
    assert fields.keys() == MAPPING["diklat"].keys()


@pytest.mark.parametrize("blank", [None, date(1970, 1, 1)])
def test_without_the_certificates_date_the_year_is_that_of_the_end(blank: date | None) -> None:
    fields = write_fields(row(tglsttpp=blank), PERSON, KIND)
    assert isinstance(fields, dict)
    assert fields["tahunKursus"] == 2020


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"jam": ""}, "missing_hours"),
        ({"jam": "0 JP"}, "missing_hours"),
        ({"jam": None}, "missing_hours"),
        ({"tglmulai": date(1970, 1, 1)}, "bad_date"),
        ({"tglselesai": None}, "bad_date"),
        ({"tglselesai": date(16, 3, 2)}, "bad_date"),
        ({"tglsttpp": date(2206, 3, 2)}, "bad_date"),
        ({"penyelenggara": " "}, "missing_value"),
        ({"nosttpp": None}, "missing_value"),
        ({"jenisdiklat": "00"}, "missing_value"),
    ],
)
def test_what_lacks_something_has_a_reason(values: dict[str, object], reason: str) -> None:
    assert write_fields(row(**values), PERSON, KIND) == reason


def test_unknown_people_and_codes_have_a_reason() -> None:
    assert write_fields(row(), {"id_pns_siasn": None}, KIND) == "person_unknown"
    assert write_fields(row(), PERSON, None) == "unknown_code"
    assert write_fields(row(), PERSON, {**KIND, "id_diklat_siasn": None}) == "unknown_code"


def test_names_of_reads_and_saves_lead_to_each_other() -> None:
    fields = write_fields(row(), PERSON, KIND)
    assert isinstance(fields, dict)
    shown = read_names("kursus", fields)
    assert shown["noSertipikat"] == "1/02"
    assert shown["tahunKursus"] == "2021"
    again = write_names("kursus", shown)
    assert {name: canonical(value) for name, value in again.items()} == {
        name: canonical(value) for name, value in fields.items() if name != "instansiId"
    }
