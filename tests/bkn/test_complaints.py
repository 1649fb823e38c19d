"""BKN's words about a refused write, in every form that it is known to use, and in forms that nobody would."""

import json
import time
from typing import Any

import pytest

from simpeg_sync.bkn.complaints import COMPLAINTS_MAX, LINE_MAX, Names, complaints
from simpeg_sync.bkn.resources import RESOURCES

JABATAN, KURSUS = Names.of(RESOURCES["jabatan"]), Names.of(RESOURCES["kursus"])


def told(message: str, names: Names = JABATAN) -> list[tuple[str, str]]:
    return [(one.field, one.rule) for one in complaints(message, names)]


def test_a_list_of_errors_is_one_complaint_a_field_in_the_spelling_of_the_body() -> None:
    """The text of bkn-api section 1c, as BKN sends it."""
    message = (
        "5 errors occurred:\n\t* UnorID is required\n\t* InstansiKerjaID is required\n\t* PnsOrangId is required\n"
        "\t* NomorSk is required\n\t* SatuanKerjaId is required\n\n"
    )
    assert told(message) == [
        ("unorId", "required"),
        ("instansiId", "required"),
        ("pnsId", "required"),
        ("nomorSk", "required"),
        ("satuanKerjaId", "required"),
    ]
    assert told(" ".join(message.split())) == told(message), "also where the line ends are lost"
    first = complaints(message, JABATAN)[0]
    assert first.english == "unorId is required."
    assert first.indonesian == "unorId wajib diisi."
    assert first.said == "UnorID is required"


def test_the_validators_lines_are_split_also_where_nothing_stands_between_them() -> None:
    line = "Key: 'Kursus.{0}' Error:Field validation for '{0}' failed on the '{1}' tag"
    lines = [line.format("NamaKursus", "required"), line.format("TahunKursus", "gte"), line.format("JumlahJam", "isbn")]
    expected = [("namaKursus", "required"), ("tahunKursus", "too_little"), ("jumlahJam", "isbn")]
    for between in ("\n", "", " ", "\\n", "\r\n"):
        assert told(between.join(lines), KURSUS) == expected
    assert "isbn" in complaints(lines[2], KURSUS)[0].english


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "json: cannot unmarshal string into Go struct field KursusRequest.tahunKursus of type int",
            ("tahunKursus", "type"),
        ),
        (
            "code=400, message=Unmarshal type error: expected=float64, got=string, field=jumlahJam, offset=52, "
            "internal=json: x",
            ("jumlahJam", "type"),
        ),
        ("json: cannot unmarshal array into Go value of type model.Kursus", ("", "body")),
        ("Syntax error: offset=17, error=invalid character 'x' looking for beginning of value", ("", "body")),
        ('TanggalKursus: parsing time "2020-01-31" as "02-01-2006": cannot parse', ("tanggalKursus", "date")),
        ('parsing time "31/01/2020" as "02-01-2006": cannot parse "/01/2020" as "-"', ("", "date")),
        ('strconv.Atoi: parsing "dua ribu": invalid syntax', ("", "type")),
        ("nomorSertipikat wajib diisi untuk jenis kursus ini", ("nomorSertipikat", "required")),
        ("Nomor sertipikat tidak boleh kosong", ("nomorSertipikat", "required")),
        ("jenisDiklatId 99 tidak ditemukan pada referensi", ("jenisDiklatId", "unknown_code")),
        ("Institusi penyelenggara tidak terdaftar", ("institusiPenyelenggara", "unknown_code")),
        ("Jumlah jam harus berupa angka", ("jumlahJam", "type")),
        ("format tanggal salah", ("tanggal", "date")),
        ("Tanggal kursus tidak valid", ("tanggalKursus", "date")),
        ("Nomor sertipikat sudah terdaftar", ("nomorSertipikat", "duplicate")),
        ("Ukuran file melebihi 1 MB", ("", "file_size")),
        ("SKP setelah tahun 2020 tidak dapat disimpan di sini", ("", "wrong_address")),
        ("Data PNS diblokir", ("", "blocked")),
        ('ERROR: duplicate key value violates unique constraint "rw_kursus_pkey" (SQLSTATE 23505)', ("", "duplicate")),
        ('pq: null value in column "nama_kursus" violates not-null constraint', ("namaKursus", "required")),
        (
            'insert or update on table "rw_kursus" violates foreign key constraint "fk_instansi"',
            ("", "unknown_code"),
        ),
        ("Key (instansi_id)=(A5EB) is not present in table", ("instansiId", "unknown_code")),
        ("ERROR: value too long for type character varying(50) (SQLSTATE 22001)", ("", "too_much")),
        ('ERROR: invalid input syntax for type uuid: "0" (SQLSTATE 22P02)', ("", "id")),
        ("FATAL: remaining connection slots are reserved", ("", "down")),
        ("record not found", ("", "not_found")),
        ("invalid or expired jwt", ("", "login")),
        ("Token SSO mismatch", ("", "login")),
        ("Error connecting to the back end: endpoint SUSPENDED", ("", "down")),
        ("User is NOT authorized to access the Resource. API Subscription validation failed.", ("", "not_allowed")),
        ("Message throttled out", ("", "throttled")),
        ("runtime error: invalid memory address or nil pointer dereference", ("", "fault")),
    ],
)
def test_a_form_of_bkns_words_has_its_rule(message: str, expected: tuple[str, str]) -> None:
    assert told(message, KURSUS) == [expected]
    (one,) = complaints(message, KURSUS)
    assert one.said == message
    assert one.indonesian and one.english and one.indonesian != one.english
    assert "{" not in one.indonesian + one.english


def test_several_marks_are_a_complaint_each() -> None:
    names = Names.of(RESOURCES["angkakredit"])
    message = "Hanya satu yang boleh dipilih: isIntegrasi, isKonversi"
    assert told(message, names) == [("isIntegrasi", "only_one"), ("isKonversi", "only_one")]


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "UnorID is required"},
        {"fault": {"code": 900800, "message": "UnorID is required"}},
        {"error": "x", "error_description": "UnorID is required"},
        {"code": 0, "data": None, "message": json.dumps({"message": "UnorID is required"})},
        [{"Message": "UnorID is required"}],
        json.dumps(json.dumps({"message": "UnorID is required"})),
    ],
)
def test_words_that_came_as_json_are_unwrapped(answer: Any) -> None:
    assert ("unorId", "required") in told(answer if isinstance(answer, str) else json.dumps(answer))


def test_what_nobody_understands_stays_as_bkn_said_it() -> None:
    (one,) = complaints("Usulan anda sedang diproses oleh verifikator", JABATAN)
    assert (one.field, one.rule) == ("", "")
    assert one.indonesian == "BKN: Usulan anda sedang diproses oleh verifikator."
    assert one.english == "BKN says: Usulan anda sedang diproses oleh verifikator."
    assert one.said == "Usulan anda sedang diproses oleh verifikator"


def test_a_field_that_the_body_does_not_have_keeps_bkns_name() -> None:
    assert told("StatusUsulanKode is required") == [("StatusUsulanKode", "required")]
    assert told("UnorID is required", Names()) == [("UnorID", "required")]
    (one,) = complaints("Tingkat hukuman tidak sesuai dengan jenis hukuman", JABATAN)
    assert (one.field, one.english) == ("", "Tingkat hukuman does not fit.")


def test_no_words_are_no_complaints() -> None:
    assert complaints("", JABATAN) == []
    assert complaints(" \n\t\x00\u202e ", JABATAN) == []
    assert complaints("3 errors occurred:\n\n", JABATAN) == []


HOSTILE = [
    "Key: '" * 100_000,
    "Key: 'A.B' Error:Field validation for '" + "x" * 100_000,
    "'" * 100_000,
    '"' * 100_000,
    "\\" * 99_999,
    "[" * 100_000,
    '{"message":' * 20_000,
    json.dumps({"message": "a"})[:-1],
    "a " * 50_000 + "tidak",
    "tanggal " * 20_000,
    "data " * 20_000 + "x",
    ("* " * 50_000) + " occurred:",
    "\n".join(f"Field{number} is required" for number in range(5000)),
    "\x1b[2J\u202e\x00\x07 UnorID is required",
    "\ud800\udfff is required",
    "{field}{0}{said} tidak boleh kosong {1!r}",
    "%s%n" * 1000,
    "9" * 100_000 + " errors occurred:",
    "-" * 4000 + " wajib diisi",
    "Key (" + "a, " * 40 + ")=(" + "(" * 4000,
]


@pytest.mark.parametrize("message", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_end_soon_in_a_short_list_of_printable_text(message: str) -> None:
    since = time.process_time()
    found = complaints(message, JABATAN)
    assert time.process_time() - since < 1.0
    assert len(found) <= COMPLAINTS_MAX
    for one in found:
        assert all(text.isprintable() for text in (one.field, one.rule, one.indonesian, one.english, one.said))
        assert max(len(one.indonesian), len(one.english), len(one.said)) <= 2 * LINE_MAX


def test_bkns_words_are_never_a_template() -> None:
    (one,) = complaints("unorId {1}{code} tidak ditemukan", JABATAN)
    assert one.english == "BKN does not know the code {1}{code} of unorId; correct the code table."
