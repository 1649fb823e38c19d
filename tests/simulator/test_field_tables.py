"""The field tables hold together: every endpoint is there, whatever is read comes from somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from simpeg_sync.simulator import fields, rules, settings
from simpeg_sync.simulator.fields import ReadField, Resource, saves_of
from simpeg_sync.simulator.resources import saved_id
from simpeg_sync.simulator.routes import Router

from .endpoints import READS, REFERENCE_TABLES, WRITES

TABLES = fields.load()
ROUTER = Router(TABLES, lambda: ("/apisiasn/1.0",))


@pytest.mark.parametrize("template", READS)
def test_every_read_has_a_route(template: str) -> None:
    route = ROUTER.find("GET", "/apisiasn/1.0" + template)
    assert (route.template, route.action in ("no_route", "wrong_method")) == (template, False)


@pytest.mark.parametrize(("method", "template"), WRITES)
def test_every_write_has_a_route(method: str, template: str) -> None:
    route = ROUTER.find(method, "/apisiasn/1.0" + template)
    assert (route.template, route.action in ("no_route", "wrong_method")) == (template, False)


@pytest.mark.parametrize("table", REFERENCE_TABLES)
def test_every_reference_table_has_a_route(table: str) -> None:
    assert ROUTER.find("GET", f"/referensi_siasn/1/{table}").action == "reference"
    assert ROUTER.find("GET", f"/referensi_siasn/1/{table}/search").action == "reference_search"


def test_the_annex_has_59_reads_and_44_writes() -> None:
    assert (len(set(READS)), len(set(WRITES)), len(set(REFERENCE_TABLES))) == (59, 44, 23)


@pytest.mark.parametrize("name", sorted(TABLES.resources))
def test_each_field_that_is_read_has_a_source(name: str) -> None:
    resource = TABLES.resources[name]
    written = {field.stored for save in (resource, *resource.more_saves) for field in save.write_fields}
    person = {field.name for field in TABLES.person_fields}
    for field in _leaves(resource.read_fields):
        is_known = field.source in written or field.person in person or field.special
        assert is_known or field.read_only or field.label_of, field.name


@pytest.mark.parametrize("name", sorted(TABLES.resources))
def test_each_code_table_and_document_kind_exists(name: str) -> None:
    resource = TABLES.resources[name]
    for field in _leaves(resource.read_fields):
        for table, _, *columns in field.labels:
            known = TABLES.references[table].columns if columns else TABLES.codes[table]
            assert set(columns) <= set(known)
    assert set(resource.document_refs) <= set(TABLES.codes["id_ref_dokumen"])


@pytest.mark.parametrize("save", tuple(saves_of(TABLES)), ids=lambda save: save.save_path)
def test_each_save_knows_its_person_its_codes_and_its_rules(save: Resource) -> None:
    assert {field.codes for field in save.write_fields if field.codes} <= set(TABLES.codes)
    assert not save.person_field or save.write_field(save.person_key.upper()) is not None
    assert set(save.rules) <= set(rules.RULES)
    assert save.go_struct


def test_the_rules_that_can_be_switched_are_those_that_exist() -> None:
    assert set(rules.RULES) == settings.RULES


def test_what_a_sync_copies_is_read_and_shown() -> None:
    shown = {field.name for field in TABLES.person_fields}
    for sync in TABLES.syncs:
        read = {field.name for field in TABLES.resources[sync.resource].read_fields}
        assert set(sync.copies) <= shown
        assert {source[0] for source in sync.copies.values()} <= read


def test_the_id_of_a_saved_row_comes_in_the_form_of_its_table() -> None:
    kursus = TABLES.resources["kursus"]
    assert saved_id(kursus, "a-row") == {"rwKursusId": "a-row"}
    assert saved_id(replace(kursus, answer_form="text"), "a-row") == "a-row"
    assert saved_id(replace(kursus, answer_form="none"), "a-row") is None
    unknown = replace(kursus, answer_form="unknown", answer_id_key="")
    assert [saved_id(unknown, "a-row", form) for form in ("object", "text", "none")] == [
        {"id": "a-row"},
        "a-row",
        None,
    ]


def test_a_name_is_stored_the_same_whether_given_as_read_or_as_written() -> None:
    kursus = TABLES.resources["kursus"]
    assert kursus.stored_name("noSertipikat") == kursus.stored_name("nomorSertipikat") == "nomorSertipikat"
    assert kursus.stored_name("nipBaru") is None


@pytest.mark.parametrize(
    ("resource", "pairs"),
    [
        ("jabatan", {"instansiKerjaId": "instansiId"}),
        ("angkakredit", {"rwJabatan": "rwJabatanId", "bulanMulaiPenailan": "bulanMulaiPenailan"}),
        (
            "hukdis",
            {
                "jenisHukuman": "jenisHukumanId",
                "alasanHukumanDisiplin": "alasanHukumanDisiplinId",
                "golongan": "golonganId",
                "kedudukanHukum": "kedudukanHukumId",
                "akhirHukumTanggal": "akhirHukumanTanggal",
            },
        ),
        (
            "skp22",
            {
                "KuadranKinerjaNilai": "kuadranKinerjaNilai",
                "PerilakuKerjaNilai": "perilakuKerjaNilai",
                "namaPenilai": "penilaiNama",
                "nipNrpPenilai": "penilaiNipNrp",
                "penilaiJabatanNm": "penilaiJabatan",
                "penilaiUnorNm": "penilaiUnorNama",
                "penilaiGolonganId": "penilaiGolongan",
            },
        ),
        (
            "kinerjaperiodik",
            {
                "koefisenId": "koefisienId",
                "namaPenilai": "penilaiNama",
                "penilaiUnorNm": "penilaiUnorNama",
                "penilaiGolonganId": "penilaiGolongan",
            },
        ),
        ("sertifikasi", {"noSertifikat": "nomorSertifikat", "masaBerlakuSertSelesai": "masaBerlakuSertSelasai"}),
    ],
)
def test_read_names_stand_for_their_write_names(resource: str, pairs: dict[str, str]) -> None:
    table = TABLES.resources[resource]
    assert {name: table.stored_name(name) for name in pairs} == pairs


@pytest.mark.parametrize(
    ("resource", "names"),
    [
        ("penghargaan", {"ID"}),
        ("angkakredit", {"Sumber", "tahunSelesaiPenailan"}),
        ("masakerja", {"tasaKerjaTahun"}),
        ("pasangan", {"StatusHidup", "JenisKawinId", "tgglMenikah", "tgglCerai"}),
    ],
)
def test_odd_spellings_are_kept(resource: str, names: set[str]) -> None:
    assert names <= {field.name for field in _leaves(TABLES.resources[resource].read_fields)}


def _leaves(read_fields: tuple[ReadField, ...]) -> Iterator[ReadField]:
    for field in read_fields:
        if field.fields:
            yield from _leaves(field.fields)
        else:
            yield field
