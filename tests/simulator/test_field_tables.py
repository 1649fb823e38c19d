"""The field tables hold together: whatever is read comes from somewhere, whatever is checked has a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simpeg_sync.simulator import fields
from simpeg_sync.simulator.resources import saved_id

TABLES = fields.load()


@pytest.mark.parametrize("name", sorted(TABLES.resources))
def test_each_field_that_is_read_has_a_source(name: str) -> None:
    resource = TABLES.resources[name]
    written = {field.name for field in resource.write_fields}
    person = {field.name for field in TABLES.person_fields}
    for field in resource.read_fields:
        is_known = field.source in written or field.person in person or field.special in ("id", "documents")
        assert is_known or field.read_only or field.label_of, field.name


@pytest.mark.parametrize("name", sorted(TABLES.resources))
def test_each_code_table_and_document_kind_exists(name: str) -> None:
    resource = TABLES.resources[name]
    assert {field.codes for field in resource.write_fields if field.codes} <= set(TABLES.codes)
    assert {field.label_of[0] for field in resource.read_fields if field.label_of} <= set(TABLES.codes)
    assert set(resource.document_refs) <= set(TABLES.codes["id_ref_dokumen"])
    assert resource.write_field(resource.person_field.upper()) is not None


def test_the_id_of_a_saved_row_is_a_bare_text_where_the_table_says_so() -> None:
    kursus = TABLES.resources["kursus"]
    assert saved_id(kursus, "a-row") == {"rwKursusId": "a-row"}
    assert saved_id(replace(kursus, answer_form="text"), "a-row") == "a-row"


def test_a_name_is_stored_the_same_whether_given_as_read_or_as_written() -> None:
    kursus = TABLES.resources["kursus"]
    assert kursus.stored_name("noSertipikat") == kursus.stored_name("nomorSertipikat") == "nomorSertipikat"
    assert kursus.stored_name("nipBaru") is None
