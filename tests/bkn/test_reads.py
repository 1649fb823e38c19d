"""Every read of bkn-api Annex A: asked for at the right address, understood in all of BKN's spellings, nobody else's data."""

import dataclasses
import datetime as dt
import json
import logging
import urllib.parse
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest

from simpeg_sync.bkn.client import BknClient
from simpeg_sync.bkn.exchange import Answer, Exchanged, NoAnswer
from simpeg_sync.bkn.reads import Document, Oddity, OddityKind, Reads, TypedRow
from simpeg_sync.bkn.reads.catalogue import Field, Read, load
from simpeg_sync.bkn.reads.rows import ODDITIES_MAX, typed_row
from simpeg_sync.domain.errors import BknAnswersBadly, BknDown
from simpeg_sync.domain.record import BknId
from simpeg_sync.ports import Certificate
from simpeg_sync.simulator.process import Simulator

from .conftest import Someone
from .readers import BASE, MemoryBkn, reads_of, rows_of, said
from .test_siasn import created

NIP = "199001012020011001"
PNS_ID = BknId("A0000000000000000000000000000001")
OTHER_PNS_ID = BknId("A0000000000000000000000000000002")
ROW_ID = "0b6c1d7e-1111-4222-8333-444455556666"
PDF, JPEG, PNG = b"%PDF-1.4 rekaan", b"\xff\xd8\xff\xe0 rekaan", b"\x89PNG\r\n\x1a\n rekaan"

READS = load()
ROW_READS = [read for read in READS.values() if read.shape not in ("binary", "write-like")]
TABLE_READS = [read for read in ROW_READS if read.fields]
RAW_READS = [read for read in ROW_READS if not read.fields]
BY_PERSON = [read for read in ROW_READS if any(parameter.format == "nip18" for parameter in read.parameters)]


def each(reads: Iterable[Read]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("read", list(reads), ids=lambda read: read.name)


PARAMETERS: dict[str, Any] = {
    "nip18": NIP,
    "id": ROW_ID,
    "pns-id": str(PNS_ID),
    "integer": 5,
    "yyyy": 2024,
    "yyyy-mm-dd": dt.date(2024, 4, 1),
    "dd-mm-yyyy": dt.date(2024, 4, 1),
    "": "rekaan",
}


def parameters(read: Read, *, required_only: bool = False) -> dict[str, Any]:
    return {item.name: PARAMETERS[item.format] for item in read.parameters if item.is_required or not required_only}


# ------------------------------------------------------------------------------------------------------ the catalogue


def test_all_reads_of_the_annex_are_there() -> None:
    shapes = [read.shape for read in READS.values()]
    assert len(READS) == 59
    assert {shape: shapes.count(shape) for shape in shapes} == {
        "object": 14,
        "array": 30,
        "binary": 2,
        "write-like": 2,
        "unknown": 11,
    }
    assert len({read.path for read in READS.values()}) == 59


def test_bkns_spellings_are_copied_exactly() -> None:
    """bkn-api section 5.1."""
    spelled = {
        "rw-angkakredit": {"bulanMulaiPenailan", "tahunSelesaiPenailan", "Sumber", "pns", "rwJabatan"},
        "rw-kinerjaperiodik": {"koefisenId"},
        "rw-masakerja": {"tasaKerjaTahun"},
        "rw-hukdis": {"akhirHukumTanggal", "pnsOrang"},
        "rw-penghargaan": {"ID"},
        "rw-skp22": {"KuadranKinerjaNilai", "PerilakuKerjaNilai", "hasilKinerjaNilai", "nipNrpPenilai"},
        "rw-kursus": {"noSertipikat", "jenisKursusSertifikat", "jenisKursusId"},
        "rw-sertifikasi": {"noSertifikat", "masaBerlakuSertSelesai"},
        "ref-unor": {"Id", "DiatasanId", "NamaUnor", "PemimpinPnsId"},
        "data-utama": {"karis_karsu", "tanggal_taspen", "bupPensiun", "validNik"},
    }
    for name, names in spelled.items():
        assert names <= {field.name for field in READS[name].fields}


@each(READS.values())
def test_no_two_fields_of_a_read_differ_only_in_case(read: Read) -> None:
    names = [name.casefold() for field in read.fields for name in (field.name, *field.also)]
    assert len(names) == len(set(names))
    assert sum(field.identity == "row" for field in read.fields) <= 1


def test_a_code_names_its_table() -> None:
    refs = {field.name: field.ref for field in READS["rw-golongan"].fields}
    assert (refs["golonganId"], refs["jenisKPId"], refs["skNomor"]) == ("golongan", "kenaikanPangkat", "")


@pytest.mark.parametrize("name", ["rw-jabatan", "jabatan-pns", "jabatan-id"])
def test_one_kind_of_row_has_one_table_wherever_it_is_read(name: str) -> None:
    assert READS[name].fields is READS["rw-jabatan"].fields


# --------------------------------------------------------------------------------------------------------- typed rows

EXAMPLES: dict[str, tuple[Any, Any]] = {
    "text": ("  Teks rekaan  ", "Teks rekaan"),
    "code": ("31", "31"),
    "id": (ROW_ID, ROW_ID),
    "nip": (NIP, NIP),
    "date": ("31-12-2020", dt.date(2020, 12, 31)),
    "datetime": ("2020-12-31T00:00:00Z", dt.datetime(2020, 12, 31, tzinfo=dt.UTC)),
    "integer": ("2020", 2020),
    "month": ("12", 12),
    "decimal": ("12.500", Decimal("12.500")),
    "flag": ("1", True),
}
PATH = {"872": {"dok_id": "872", "dok_nama": "SK rekaan", "dok_uri": "a/b.pdf", "object": "o", "slug": "872"}}
EMPTIES: dict[str, list[Any]] = {
    "id": [None, "", " ", "0"],
    "date": [None, "", "01-01-0001", "0001-01-01T00:00:00Z"],
    "datetime": [None, "", "01-01-0001", "0001-01-01T00:00:00Z"],
    "documents": [None, "", {}, []],
    "rows": [None, "", []],
}
ODD_VALUES: dict[str, Any] = {"text": [1], "code": {}, "id": 1.5, "documents": "a/b.pdf", "row": "x", "rows": {}}


def full(fields: tuple[Field, ...], spell: Callable[[str], str] = str) -> dict[str, Any]:
    return {spell(field.name): example(field) for field in fields}


def example(field: Field) -> Any:
    match field.kind:
        case "documents":
            return PATH
        case "row":
            return full(field.fields)
        case "rows":
            return [full(field.fields), full(field.fields, str.upper)]
        case kind:
            return EXAMPLES[kind][0]


def check_full(fields: tuple[Field, ...], row: TypedRow) -> None:
    for field in fields:
        value = row[field.name]
        match field.kind:
            case "documents":
                assert value == {"872": Document("872", "SK rekaan", "a/b.pdf", "o", "872")}
            case "row":
                assert isinstance(value, TypedRow)
                check_full(field.fields, value)
            case "rows":
                assert isinstance(value, tuple) and len(value) == 2
                for inner in value:
                    check_full(field.fields, inner)
            case kind:
                assert value == EXAMPLES[kind][1]
                assert type(value) is type(EXAMPLES[kind][1])
    assert row.oddities == ()


@pytest.mark.parametrize("spell", [str, str.upper, str.lower, lambda name: name[:1].swapcase() + name[1:]])
@each(TABLE_READS)
def test_a_full_row_is_typed_in_any_capitals(read: Read, spell: Callable[[str], str]) -> None:
    raw = full(read.fields, spell)
    row = typed_row(read.fields, raw)
    check_full(read.fields, row)
    assert row.raw is raw


@each(TABLE_READS)
def test_bkns_ways_of_writing_nothing_are_nothing(read: Read) -> None:
    for turn in range(4):
        raw = {}
        for field in read.fields:
            empties = EMPTIES.get(field.kind, [None, "", "  "])
            raw[field.name] = empties[turn % len(empties)]
        row = typed_row(read.fields, raw)
        for field in read.fields:
            nothing: Any = {"documents": {}, "rows": ()}.get(field.kind)
            assert row[field.name] == nothing
        assert {oddity.what for oddity in row.oddities} <= {OddityKind.MISSING}


@each(TABLE_READS)
def test_a_row_without_anything_says_what_is_missing(read: Read) -> None:
    row = typed_row(read.fields, {})
    assert {oddity.field for oddity in row.oddities} == {field.name for field in read.fields if not field.may_be_null}
    assert row.id is None and row.pns_id is None and row.documents == {}


@each(TABLE_READS)
def test_what_does_not_fit_is_none_and_named_and_never_shown(read: Read, caplog: pytest.LogCaptureFixture) -> None:
    secret = "Rahasia Pribadi"
    raw = {field.name: ODD_VALUES.get(field.kind, secret) for field in read.fields} | {"bidangBaru": secret}
    row = typed_row(read.fields, raw)
    odd = {oddity.field for oddity in row.oddities}
    assert odd == {field.name for field in read.fields} | {"bidangBaru"}
    assert all(row[field.name] in (None, (), {}) for field in read.fields)
    assert row.raw["bidangBaru"] == secret
    assert secret not in repr(row) + caplog.text


@each(RAW_READS)
def test_a_row_whose_fields_nobody_knows_stays_raw(read: Read) -> None:
    raw = {"apaSaja": [1, {"tglLahir": "31-12-2020"}], "id": ROW_ID}
    row = typed_row(read.fields, raw)
    assert (row.raw, row.values, row.oddities, row.id) == (raw, {}, (), None)


def row_of(name: str, **raw: Any) -> TypedRow:
    return typed_row(READS[name].fields, raw)


def test_tmt_golongan_comes_in_two_spellings_and_is_one_day() -> None:
    for said_ in ("01-04-2020", "2020-04-01T00:00:00Z"):
        assert row_of("rw-golongan", id=ROW_ID, tmtGolongan=said_)["tmtGolongan"] == dt.date(2020, 4, 1)


def test_the_id_of_a_penghargaan_is_spelled_either_way() -> None:
    assert row_of("rw-penghargaan", ID=ROW_ID).id == row_of("rw-penghargaan", id=ROW_ID).id == ROW_ID


def test_an_empty_twin_spelling_does_not_hide_the_value_and_is_named() -> None:
    for raw in ({"ID": "", "id": ROW_ID}, {"id": None, "ID": ROW_ID}):
        row = row_of("rw-penghargaan", **raw)
        assert row.id == ROW_ID
        assert row.oddities == (Oddity("ID", OddityKind.TWICE),)


def test_of_two_spellings_with_a_value_the_tables_own_counts() -> None:
    for raw in ({"ID": ROW_ID, "id": "x"}, {"id": "x", "ID": ROW_ID}):
        assert row_of("rw-penghargaan", **raw).id == ROW_ID


def test_the_persons_id_is_the_id_of_data_utama() -> None:
    row = row_of("data-utama", id=PNS_ID, nipBaru=NIP, nipLama="", bupPensiun=58, validNik=True, mkTahun="12")
    assert (row.pns_id, row.id) == (PNS_ID, None)
    assert (row["bupPensiun"], row["validNik"], row["mkTahun"]) == (58, True, 12)
    assert row.oddities == ()


def test_unor_comes_capital_or_camel() -> None:
    capital = {"Id": ROW_ID, "NamaUnor": "DINAS REKAAN   ", "DiatasanId": "", "EselonId": "22"}
    camel = {"id": ROW_ID, "namaUnor": "DINAS REKAAN", "diatasanId": None, "eselonId": "22"}
    for raw in (capital, camel):
        row = row_of("ref-unor", **raw)
        assert (row.id, row["NamaUnor"], row["DiatasanId"], row["EselonId"]) == (ROW_ID, "DINAS REKAAN", None, "22")
        assert row.oddities == ()


@pytest.mark.parametrize("name", ["orang", "dataOrang"])
def test_a_spouse_is_nested_and_classic_sapk_calls_the_person_otherwise(name: str) -> None:
    spouse = {"id": ROW_ID, "nama": "Bob Rekaan", "tglMeninggal": "01-01-0001", "StatusHidup": "1"}
    wedding = {"id": ROW_ID, "posisi": 1, "isPns": False, "tgglMenikah": "01-02-2010", "tgglCerai": "x"}
    entry = {name: spouse, "statusNikah": "Menikah", "dataPernikahan": wedding}
    row = row_of("data-pasangan", idPns=PNS_ID, nipBaru=NIP, nipLama="", listPasangan=[entry, None, "?"])
    (partner,) = row.of("listPasangan", tuple) or ()
    assert partner["orang"]["nama"] == "Bob Rekaan"
    assert partner["orang"]["tglMeninggal"] is None
    assert partner["dataPernikahan"]["tgglMenikah"] == dt.date(2010, 2, 1)
    assert partner["dataPernikahan"]["isPns"] is False
    assert row.oddities == (
        Oddity("listPasangan[0].dataPernikahan.tgglCerai", OddityKind.FORM),
        Oddity("listPasangan[2]", OddityKind.TYPE),
    )


def test_parents_and_children_are_nested_rows() -> None:
    child = {"id": ROW_ID, "nama": "Carol Rekaan", "tglLahir": "01-02-2015"}
    row = row_of("data-anak", nipBaru=NIP, nipLama="", listAnak=[child])
    assert [inner["tglLahir"] for inner in row.of("listAnak", tuple) or ()] == [dt.date(2015, 2, 1)]
    row = row_of("data-ortu", nipBaru=NIP, nipLama="", ayah={"id": ROW_ID, "nama": "Dan"}, ibu=None)
    assert (row.of("ayah", TypedRow) or row)["nama"] == "Dan"
    assert row["ibu"] is None


def test_documents_are_found_by_their_kind() -> None:
    row = row_of("rw-jabatan", id=ROW_ID, nipBaru=NIP, nipLama="", path={**PATH, "873": None, "874": "x"})
    assert list(row.documents) == ["872"]
    assert row.documents["872"].dok_uri == "a/b.pdf"
    assert row.oddities == (Oddity("path.874", OddityKind.TYPE),)
    assert "rekaan" not in repr(row.documents)
    row = row_of("rw-kursus", id=ROW_ID, nipBaru=NIP, nipLama="", path={"881": {"dok_id": 881, "dok_nama": 1.5}})
    assert row.documents["881"] == Document("881", None, None, None, None)
    assert row.oddities == (Oddity("path.881.dok_nama", OddityKind.TYPE),)


def test_a_flag_a_credit_and_a_month() -> None:
    row = row_of("rw-angkakredit", isKonversi="1", isIntegrasi="0", isAngkaKreditPertama="", bulanMulaiPenailan="1")
    assert [row[name] for name in ("isKonversi", "isIntegrasi", "isAngkaKreditPertama")] == [True, False, None]
    assert row["bulanMulaiPenailan"] == 1
    assert row_of("rw-angkakredit", kreditUtamaBaru="13.250").of("kreditUtamaBaru", Decimal) == Decimal("13.25")
    assert row_of("nilaiipasn", subtotal="95.5")["subtotal"] == row_of("nilaiipasn", subtotal=95.5)["subtotal"]


def test_a_key_that_may_be_a_value_is_not_named_and_a_flood_of_keys_is_bounded() -> None:
    row = row_of("rw-cltn", id=ROW_ID, **{"Alice Rekaan, Jl. Rekaan 1": 1})
    assert row.oddities == (Oddity("?", OddityKind.UNKNOWN),)
    assert len(row_of("rw-cltn", **{f"x{number}": 1 for number in range(1000)}).oddities) == ODDITIES_MAX


def test_a_wrong_name_or_type_in_our_own_code_is_loud() -> None:
    row = row_of("rw-golongan", id=ROW_ID, tmtGolongan="01-04-2020")
    assert row.of("tmtGolongan", dt.date) == dt.date(2020, 4, 1)
    assert row.of("skTanggal", dt.date) is None
    with pytest.raises(KeyError):
        row["tmt_golongan"]
    with pytest.raises(TypeError, match="tmtGolongan is no int"):
        row.of("tmtGolongan", int)


# ----------------------------------------------------------------------------------------------------------- the door


def bkn_that_says(answer: Exchanged) -> tuple[MemoryBkn, Reads]:
    bkn = MemoryBkn(lambda path, query: answer)
    return bkn, reads_of(bkn)


@each(ROW_READS)
def test_every_read_is_asked_for_at_its_address_and_gives_its_rows(read: Read) -> None:
    raw = full(read.fields)
    for field in read.fields:
        if field.identity == "pns":
            raw[field.name] = PNS_ID
    bkn, reads = bkn_that_says(rows_of(raw if read.shape == "object" else [raw]))
    given = parameters(read)
    (row,) = reads.get(read.name, pns_id=PNS_ID, **given)
    assert row.raw == raw
    path, _, query = bkn.asked[0].partition("?")
    in_path = {item.name: str(given[item.name]) for item in read.parameters if item.place == "path"}
    assert path == read.path.format(**in_path)
    written = dict(urllib.parse.parse_qsl(query))
    assert set(written) == set(given) - set(in_path)
    for name, form in (("periode", "2024-04-01"), ("tglAwal", "01-04-2024"), ("tahun", "2024"), ("nip", NIP)):
        assert written.get(name, form) == form


@each(ROW_READS)
def test_every_way_of_saying_no_rows_is_no_rows(read: Read) -> None:
    answers = (
        said({"code": 0, "data": "Data tidak ditemukan", "message": "x"}, status=404),
        said({"code": 0, "data": "Data tidak ditemukan", "message": "x"}),
        rows_of(None),
        said({"code": 0, "data": "record not found", "message": "error"}, status=400),
        rows_of([]),
        rows_of("null"),
    )
    for answer in answers:
        assert bkn_that_says(answer)[1].get(read.name, **parameters(read)) == ()


@each(ROW_READS)
def test_rows_may_come_as_json_within_json(read: Read) -> None:
    _, reads = bkn_that_says(rows_of(json.dumps([{}, {}])))
    assert len(reads.get(read.name, **parameters(read))) == 2


@each(BY_PERSON)
def test_rows_of_somebody_else_are_not_taken(read: Read) -> None:
    owner = {"nipBaru": "199001012020012002"}
    for data in (owner, [{"nipBaru": NIP}, owner], {"nip": owner["nipBaru"]}):
        with pytest.raises(BknAnswersBadly, match="another person"):
            bkn_that_says(rows_of(data))[1].get(read.name, **parameters(read))


@each([read for read in TABLE_READS if read in BY_PERSON])
def test_rows_with_the_id_of_somebody_else_are_not_taken_where_ours_is_known(read: Read) -> None:
    names = [field.name for field in read.fields if field.identity == "pns"] or ["pnsOrangId"]
    for name in names:
        reads = bkn_that_says(rows_of([{name: OTHER_PNS_ID}]))[1]
        assert len(reads.get(read.name, **parameters(read))) == 1
        with pytest.raises(BknAnswersBadly, match="another person"):
            reads.get(read.name, pns_id=PNS_ID, **parameters(read))


@pytest.mark.parametrize("name", ["jabatan-id", "kursus-id", "penghargaan-id"])
def test_another_row_than_the_one_asked_for_is_not_taken(name: str) -> None:
    asked = parameters(READS[name])
    for said_id in (ROW_ID, ROW_ID.upper(), ""):
        assert bkn_that_says(rows_of({"id": said_id}))[1].get(name, **asked)
    with pytest.raises(BknAnswersBadly, match="another row"):
        bkn_that_says(rows_of({"id": ROW_ID[::-1]}))[1].get(name, **asked)


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("rw-jabatn", {}, "no read"),
        ("rw-jabatan", {}, "needs nipBaru"),
        ("rw-jabatan", {"nip": NIP}, "takes no nip; it takes nipBaru"),
        ("rw-jabatan", {"nipBaru": "19900101202001100"}, "must be nip18"),
        ("rw-jabatan", {"nipBaru": "../../oauth2/token"}, "must be nip18"),
        ("rw-jabatan", {"nipBaru": "\u0661" * 18}, "must be nip18"),
        ("jabatan-id", {"idRiwayatJabatan": ""}, "must be id"),
        ("jabatan-id", {"idRiwayatJabatan": ".."}, "must be id"),
        ("jabatan-id", {"idRiwayatJabatan": "a\nb"}, "must be id"),
        ("list-kp-instansi", {}, "needs periode"),
        ("list-kp-instansi", {"periode": "01-04-2024"}, "must be yyyy-mm-dd"),
        ("list-pensiun-instansi", {"tglAwal": "31-02-2024", "tglAkhir": "01-04-2024"}, "must be dd-mm-yyyy"),
        ("list-pengadaan-instansi", {"tahun": "24"}, "must be yyyy"),
        ("list-pengadaan-instansi", {"tahun": dt.date(2024, 1, 1)}, "is no date"),
        ("ref-unor", {"limit": -1}, "must be integer"),
        ("usulan-pelaporan", {"x": 1}, "takes no x; it takes no parameter"),
        ("photo", {"idPns": "x"}, "use photo"),
        ("download-dok", {"filePath": "x"}, "use photo or download"),
        ("data-utama-jabatansync", {"pns_orang_id": "x"}, "changes something"),
        ("data-utama-golongansync", {"pns_orang_id": "x"}, "changes something"),
    ],
)
def test_a_wrong_question_is_our_own_mistake_and_is_not_asked(name: str, given: dict[str, Any], problem: str) -> None:
    bkn, reads = bkn_that_says(rows_of([]))
    with pytest.raises(ValueError, match=problem) as caught:
        reads.get(name, **given)
    assert bkn.asked == []
    assert not any(str(value) in str(caught.value) for value in given.values() if len(str(value)) > 5)


def test_a_parameter_cannot_leave_its_place() -> None:
    bkn, reads = bkn_that_says(rows_of(None))
    reads.get("nonasn-data", nik="1/2?x=%2e&y#z")
    assert bkn.asked == ["nonasn/data/1%2F2%3Fx%3D%252e%26y%23z"]


@pytest.mark.parametrize("answer", [said(b""), said(b"0"), said({}), said(b"<html>", status=200), said([1])])
def test_an_answer_that_is_none_is_no_rows_to_nobody(answer: Answer) -> None:
    bkn, reads = bkn_that_says(answer)
    with pytest.raises(BknAnswersBadly):
        reads.get("rw-jabatan", nipBaru=NIP)
    assert len(bkn.asked) == 2, "a read is repeated once"


@pytest.mark.parametrize("answer", [said(b"", status=503), NoAnswer(True, "deadline"), said(b"", status=429)])
def test_bkn_being_down_is_said_so(answer: Exchanged) -> None:
    _, reads = bkn_that_says(answer)
    with pytest.raises(BknDown):
        reads.get("rw-jabatan", nipBaru=NIP)


# ---------------------------------------------------------------------------------------------------------- long lists


@dataclasses.dataclass
class LongList:
    """BKN's list of so many rows, served as it likes."""

    length: int
    serves_max: int = 1000
    says_count: bool = True
    ignores_offset: bool = False
    claims: int | None = None

    def __call__(self, path: str, query: dict[str, str]) -> Answer:
        offset = 0 if self.ignores_offset else int(query["offset"])
        end = min(self.length, offset + min(int(query["limit"]), self.serves_max))
        count = {"count": self.length if self.claims is None else self.claims} if self.says_count else {}
        return rows_of([{"Id": f"id-{number}"} for number in range(offset, end)] or None, **count)


def all_ids(serve: LongList, **given: Any) -> tuple[list[str | None], int]:
    bkn = MemoryBkn(serve)
    rows = [row for page in reads_of(bkn).pages("ref-unor", **given) for row in page]
    return [row.id for row in rows], len(bkn.asked)


@pytest.mark.parametrize("says_count", [True, False])
@pytest.mark.parametrize("serves_max", [1000, 7])
@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 20, 35])
def test_a_long_list_is_read_to_its_end(length: int, serves_max: int, says_count: bool) -> None:
    ids, _ = all_ids(LongList(length, serves_max, says_count), limit=10)
    assert ids == [f"id-{number}" for number in range(length)]


def test_a_count_spares_the_last_question() -> None:
    assert all_ids(LongList(20), limit=10)[1] == 2
    assert all_ids(LongList(20, says_count=False), limit=10)[1] == 3
    assert all_ids(LongList(25, says_count=False), limit=10)[1] == 3
    assert all_ids(LongList(0), limit=10)[1] == 1


@pytest.mark.parametrize(
    "serve",
    [
        LongList(30, ignores_offset=True),
        LongList(30, ignores_offset=True, says_count=False),
        LongList(30, claims=50),
        LongList(0, claims=50),
    ],
)
def test_a_list_that_lies_about_its_end_is_not_taken_for_whole(serve: LongList) -> None:
    with pytest.raises(BknAnswersBadly):
        all_ids(serve, limit=10)


def test_a_list_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simpeg_sync.bkn.reads.door.PAGES_MAX", 5)
    with pytest.raises(BknAnswersBadly, match="does not end"):
        all_ids(LongList(10**6), limit=10)


def test_pages_are_only_asked_for_when_they_are_wanted() -> None:
    bkn = MemoryBkn(LongList(100))
    pages = reads_of(bkn).pages("ref-unor", limit=10)
    assert bkn.asked == []
    assert len(next(pages)) == 10
    assert bkn.asked == ["referensi/ref-unor?limit=10&offset=0"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("rw-jabatan", {"nipBaru": NIP}),
        ("list-kp-instansi", {}),
        ("ref-unor", {"limit": 0}),
        ("ref-unor", {"limit": 1001}),
        ("ref-unor", {"offset": 5}),
        ("ref-unor", {"x": 1}),
    ],
)
def test_a_wrong_question_for_pages_fails_before_the_first_page(name: str, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        bkn_that_says(rows_of([]))[1].pages(name, **given)


def test_the_paged_reads() -> None:
    assert {read.name for read in READS.values() if read.is_paged} == {
        "list-kp-instansi",
        "list-pengadaan-instansi",
        "ref-unor",
        "refkegiatan",
        "refinstitusipenkom",
        "usulan-pelaporan-detail",
    }


# --------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("image", [JPEG, PNG])
def test_a_photo_is_bytes(image: bytes) -> None:
    bkn, reads = bkn_that_says(said(image))
    assert reads.photo(PNS_ID) == image
    assert bkn.asked == [f"pns/photo/{PNS_ID}"]


def test_a_download_is_bytes_and_its_uri_is_escaped() -> None:
    bkn, reads = bkn_that_says(said(PDF))
    assert reads.download("peremajaan/usulan/a b&c.pdf") == PDF
    assert bkn.asked == ["download-dok?filePath=peremajaan%2Fusulan%2Fa%20b%26c.pdf"]


NO_FILE = [
    said({"code": 0, "data": "Data tidak ditemukan"}, status=404),
    said({"code": 0, "data": None, "message": "file tidak ada"}),
    rows_of(None),
]
NO_ANSWER = [said(b""), said(b"<html>"), said(b"GIF89a"), said({"code": "404", "type": "Status report"}, status=404)]


@pytest.mark.parametrize("answer", NO_FILE)
def test_no_file_is_none(answer: Answer) -> None:
    _, reads = bkn_that_says(answer)
    assert reads.photo(PNS_ID) is None
    assert reads.download("a/b.pdf") is None


@pytest.mark.parametrize("answer", NO_ANSWER)
def test_an_answer_that_is_no_file_does_not_say_that_there_is_none(answer: Answer) -> None:
    _, reads = bkn_that_says(answer)
    with pytest.raises(BknAnswersBadly):
        reads.photo(PNS_ID)
    with pytest.raises(BknAnswersBadly):
        reads.download("a/b.pdf")


# ------------------------------------------------------------------------------------------------- the simulated BKN


@pytest.fixture
def reads(bkn: BknClient) -> Reads:
    return Reads(bkn.calls, bkn.dialect.read_url)


@pytest.mark.parametrize("form", ["404", "200", "null", "record_not_found"])
@pytest.mark.parametrize("name", ["data-utama", "rw-kursus", "rw-diklat"])
def test_the_four_forms_of_no_rows(sim: Simulator, reads: Reads, name: str, form: str) -> None:
    sim.control.patch_settings(not_found={f"/pns/{name}/{{nipBaru}}": form})
    assert reads.get(name, nipBaru="198001012005011999") == ()


def test_a_person_a_kursus_and_a_diklat(sim: Simulator, bkn: BknClient, reads: Reads, alice: Someone) -> None:
    sim.control.patch_settings(pad_names=5)
    (person,) = reads.get("data-utama", pns_id=alice.pns_id, nipBaru=alice.nip)
    assert (person.pns_id, person["nipBaru"], person["nama"]) == (alice.pns_id, alice.nip, "Alice Rekaan")
    kursus_id, diklat_id = created(bkn, "kursus", alice), created(bkn, "diklat", alice)
    assert bkn.upload("kursus", kursus_id, "881", Certificate("a.pdf", PDF)).bkn_id is None

    (kursus,) = reads.get("rw-kursus", pns_id=alice.pns_id, nipBaru=alice.nip)
    assert (kursus.id, kursus.pns_id, kursus.oddities) == (kursus_id, alice.pns_id, ())
    assert (kursus["jumlahJam"], kursus["tahunKursus"], kursus["tanggalSelesaiKursus"]) == (20, 2020, None)
    assert kursus["tanggalKursus"] == dt.date(2020, 2, 1)
    assert reads.download(kursus.documents["881"].dok_uri or "") == PDF
    assert reads.download("peremajaan/usulan/tidak-ada.pdf") is None

    (diklat,) = reads.get("rw-diklat", pns_id=alice.pns_id, nipBaru=alice.nip)
    assert (diklat.id, diklat["tahun"], diklat["tanggalSelesai"]) == (diklat_id, 2020, dt.date(2020, 3, 1))
    (again,) = reads.get("kursus-id", idRiwayatKursus=kursus_id)
    assert again.values == kursus.values


def test_the_clients_rows_are_checked_by_the_persons_id_too(bkn: BknClient, alice: Someone, bob: Someone) -> None:
    created(bkn, "kursus", alice)
    assert len(bkn.rows("kursus", alice.nip, pns_id=alice.pns_id)) == 1
    with pytest.raises(BknAnswersBadly):
        bkn.rows("kursus", alice.nip, pns_id=bob.pns_id)


def test_nothing_personal_is_logged(reads: Reads, alice: Someone, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        rows = reads.get("data-utama", nipBaru=alice.nip)
    assert alice.nip not in caplog.text + repr(rows)


def test_the_base_is_the_one_that_was_set() -> None:
    assert reads_of(MemoryBkn(lambda path, query: rows_of(None))).read_url == BASE
