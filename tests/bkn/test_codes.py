"""Does BKN know this code? Yes, no, and nobody knows, each for its reason."""

from dataclasses import dataclass, field

import pytest

from simpeg_sync.bkn.codes import Bundle, CodeBook, code_table_of, load_bundle
from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.bkn.resources.base import ResourceApi


@dataclass(slots=True)
class Pulled:
    """What was pulled, in memory."""

    codes: set[tuple[str, str]] = field(default_factory=set)
    complete: set[str] = field(default_factory=set)

    def has(self, table: str, code: str) -> bool:
        return (table, code) in self.codes

    def is_complete(self, table: str) -> bool:
        return table in self.complete


ONLY_CLASSIC = {"jenisKursusId"}
"""Spelled so by classic SAPK; a feed writes SIASN's name, and the dialect translates it."""


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle()


def test_a_bundled_code_is_known_and_in_a_complete_table_no_other(bundle: Bundle) -> None:
    book = CodeBook(bundle, Pulled())
    assert book.has("jenisDiklat", "25") is True
    assert book.has("jenisDiklat", "26") is False
    assert book.has("jenisKursusSertipikat", "t") is False, "codes are written as BKN writes them"


def test_ids_are_the_same_in_either_case(bundle: Bundle) -> None:
    book = CodeBook(bundle, Pulled({("ref-unor", "a" * 32)}, {"ref-unor"}))
    written = next(iter(bundle.tables["alasanHukumanDisiplin"].codes))
    assert book.has("alasanHukumanDisiplin", written.lower()) is True
    assert book.has("ref-unor", "A" * 32) is True
    assert book.has("ref-unor", "B" * 32) is False


@pytest.mark.parametrize(
    ("table", "code", "why"),
    [
        ("golongan", "V", "table golongan was never pulled to its end (golongan of PPPK"),
        ("koefisien", "13", "table koefisien has gaps (only the rows of the predikat Baik) and BKN offers no list"),
        ("jenisAnak", "1", "table jenis-anak was never pulled"),
        ("ref-unor", "0" * 32, "table ref-unor was never pulled"),
        ("subJabatan", "0" * 32, "BKN offers no list"),
        ("somethingNew", "1", "not known to this program"),
    ],
)
def test_a_code_that_nobody_has_is_no_error_while_nobody_has_the_whole_table(
    bundle: Bundle, table: str, code: str, why: str
) -> None:
    book = CodeBook(bundle, Pulled())
    assert book.has(table, code) is None
    assert why in book.why_unsure(table)


def test_what_was_pulled_counts_and_a_whole_pull_closes_the_gaps(bundle: Bundle) -> None:
    pulled = Pulled({("golongan", "51")})
    book = CodeBook(bundle, pulled)
    assert (book.has("golongan", "51"), book.has("golongan", "52")) == (True, None)
    pulled.complete.add("golongan")
    assert (book.has("golongan", "52"), book.why_unsure("golongan")) == (False, "")
    assert book.has("golongan", "45") is True, "the bundle goes on to count"
    assert book.has("jenisHukuman", "26") is None, "another table is as unsure as before"


def test_a_table_is_looked_up_by_the_name_that_the_reference_api_has_for_it(bundle: Bundle) -> None:
    book = CodeBook(bundle, Pulled({("satuan-kerja", "a")}, {"satuan-kerja"}))
    assert (book.has("satuanKerja", "a"), book.has("satuanKerja", "b")) == (True, False)


def test_the_region_may_add_codes_of_its_own_knowledge(bundle: Bundle) -> None:
    book = CodeBook(bundle, Pulled(), extra={"jenisDiklat": ["26"], "somethingNew": ["1"]})
    assert (book.has("jenisDiklat", "26"), book.has("jenisDiklat", "27")) == (True, False)
    assert (book.has("somethingNew", "1"), book.has("somethingNew", "2")) == (True, None)


def test_the_table_of_a_field_is_found_by_the_path_that_its_target_is_saved_to(bundle: Bundle) -> None:
    assert code_table_of(bundle, "kursus", "jenisDiklatId") == "jenisDiklat"
    assert code_table_of(bundle, "diklat", "latihanStrukturalId") == "latihanStruktural"
    assert code_table_of(bundle, "kursus", "namaKursus") is None
    assert code_table_of(bundle, "nowhere", "jenisDiklatId") is None


def test_the_data_file_agrees_with_itself_and_with_the_resources(bundle: Bundle) -> None:
    api = {table.name for table in bundle.reference_api} | {"ref-unor"}
    named = {table for fields in bundle.fields.values() for table in fields.values()}
    assert named <= set(bundle.tables)
    assert {table.pulled_as for table in bundle.tables.values()} - {None} <= api
    assert [table.name for table in bundle.tables.values() if table.is_complete == bool(table.gap)] == []
    assert [table.name for table in bundle.tables.values() if table.is_complete and not table.codes] == []


@pytest.mark.parametrize(
    "api",
    [api for api in RESOURCES.values() if api.save_path in load_bundle().fields],
    ids=lambda api: api.resource.name,
)
def test_every_field_with_a_code_table_is_one_that_its_resource_takes(bundle: Bundle, api: ResourceApi) -> None:
    assert set(bundle.fields[api.save_path]) - api.known_fields() <= ONLY_CLASSIC


def test_the_values_that_a_body_takes_are_those_of_its_table(bundle: Bundle) -> None:
    from simpeg_sync.bkn.resources.kursus import JENIS_DIKLAT

    assert {*JENIS_DIKLAT, "1"} == set(bundle.tables["jenisDiklat"].codes)
