"""The classic tables and SIASN's speak of the same stored values."""

from __future__ import annotations

from simpeg_sync.simulator import fields
from simpeg_sync.simulator.classic import tables
from simpeg_sync.simulator.fields import ReadField, Resource

SIASN = fields.load()
CLASSIC = tables.load(SIASN)


def stored_by(resource: Resource) -> set[str]:
    def sources(read: tuple[ReadField, ...]) -> set[str]:
        inner = [sources(getattr(field, "fields", ())) for field in read]
        return {field.source for field in read if field.source}.union(*inner)

    return sources(resource.read_fields) | {field.name for field in resource.write_fields}


def test_what_a_kind_reads_is_stored_where_siasn_reads_or_writes_it() -> None:
    for kind in CLASSIC.kinds.values():
        if resource := SIASN.resources.get(kind.resource):
            inside = [field for part in kind.parts.values() for field in part]
            read = {field.source for field in (*kind.read_fields, *inside) if field.source}
            assert read <= stored_by(resource), kind.name


def test_what_is_saved_is_stored_where_siasn_writes_it() -> None:
    for save in CLASSIC.saves.values():
        if resource := SIASN.resources.get(save.kind.resource):
            assert {field.stored_as for field in save.fields} <= stored_by(resource), save.path
            assert save.person_field == resource.person_field


def test_each_word_belongs_to_a_field_that_is_read() -> None:
    inside = [field for kind in CLASSIC.kinds.values() for part in kind.parts.values() for field in part]
    read = {field.name for kind in CLASSIC.kinds.values() for field in kind.read_fields}
    assert set(CLASSIC.words) <= read | {field.name for field in inside}
