"""What BKN holds before the first start: the people, most certificates, and some that SIMPEG doesn't know.

Some rows carry their BKN id in SIMPEG, the rest can only be found by certificate number. Most are equal in
content though not in form; a few are really different.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any, TypedDict
from uuid import UUID

from simpeg_sync.demo.certificates import ORGANISERS, deal, invent_certificate
from simpeg_sync.demo.mapping import (
    DOCUMENT_REF,
    NUMBER_FIELD,
    Resource,
    read_names,
    resource_of,
    write_fields,
)
from simpeg_sync.demo.people import Person
from simpeg_sync.demo.schema import KINDS, STRUCTURAL, VERIFIED

HELD_SHARES = {True: 60, False: 40}
LINK_SHARES = {"stored": 1, "by_number": 1}
CONTENT_SHARES = {"equal": 92, "hours": 2, "organiser": 2, "date": 2, "year": 2}
DOCUMENT_SHARES = {True: 85, False: 15}
FOREIGN_SERIAL = 700_001
LEVEL_NAMES = {
    "2": "SEPALA/ADUM/DIKLAT PIM TK.IV",
    "3": "SEPADYA/SPAMA/DIKLAT PIM TK. III",
    "4": "SPAMEN/SESPA/SESPANAS/DIKLAT PIM TK. II",
    "8": "Diklat Struktural Lainnya",
}


class StartPerson(TypedDict):
    id: str
    nipBaru: str
    nama: str
    tglLahir: str


class StartRow(TypedDict):
    """One riwayat as BKN shows it: field names of the reads, documents by id_ref_dokumen."""

    resource: Resource
    nip: str
    id: str
    fields: dict[str, object]
    documents: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class BknStart:
    persons: tuple[StartPerson, ...]
    rows: tuple[StartRow, ...]
    foreign_ids: frozenset[str]
    """Rows that SIMPEG doesn't have; nobody may touch them."""


def invent_start(
    rng: Random, people: Sequence[Person], rows: Sequence[Mapping[str, Any]], files: Mapping[str, bytes]
) -> tuple[BknStart, dict[str, str]]:
    """BKN's side, and the BKN ids that SIMPEG has stored, by certificate number."""
    owners = {person.id_peg: person for person in people}
    # Retired people's rows came to BKN while they were active.
    owners_then = {key: replace(person, is_active=True) for key, person in owners.items()}
    candidates = [row for row in rows if is_sendable(row, owners_then[row["id_pegawai"]], files)]
    held = [row for row, is_held in zip(candidates, deal(rng, HELD_SHARES, len(candidates)), strict=True) if is_held]
    links: dict[str, str] = {}
    start: list[StartRow] = []
    for row, link, content, has_document in zip(
        held,
        deal(rng, LINK_SHARES, len(held)),
        deal(rng, CONTENT_SHARES, len(held)),
        deal(rng, DOCUMENT_SHARES, len(held)),
        strict=True,
    ):
        at_bkn = _row_at_bkn(rng, row, owners[row["id_pegawai"]], content)
        if has_document and row["gambarsk"]:
            at_bkn["documents"] = {DOCUMENT_REF[at_bkn["resource"]]: files[row["gambarsk"]]}
        if link == "stored":
            links[row["nosttpp"]] = at_bkn["id"]
        start.append(at_bkn)
    foreign = _foreign_rows(rng, [person for person in people if person.is_known_to_bkn])
    persons = tuple(_person_at_bkn(person) for person in people if person.is_known_to_bkn)
    return BknStart(persons, (*start, *foreign), frozenset(row["id"] for row in foreign)), links


def is_sendable(row: Mapping[str, Any], owner: Person, files: Container[str]) -> bool:
    """Nothing at all keeps this row from BKN."""
    return (
        row["status"] == VERIFIED
        and row["flag_active"] == 1
        and owner.is_active
        and isinstance(_fields(row, owner), dict)
        and (not row["gambarsk"] or row["gambarsk"] in files)
    )


def _fields(row: Mapping[str, Any], owner: Person) -> dict[str, object] | str:
    kinds = {code: {"jenis_kursus_sertipikat_siasn": letter, "id_diklat_siasn": bkn} for code, _, letter, bkn in KINDS}
    return write_fields(
        row, {"id_pns_siasn": owner.pns_id if owner.is_known_to_bkn else None}, kinds.get(row["jenisdiklat"])
    )


def _row_at_bkn(rng: Random, row: Mapping[str, Any], owner: Person, content: str) -> StartRow:
    resource = resource_of(row)
    older = dict(row)
    match content:
        case "hours":
            older["jam"] = "6"
        case "organiser":
            older["penyelenggara"] = rng.choice([o for o in ORGANISERS if o != row["penyelenggara"]])
        case "date":
            older["tglmulai"] = row["tglmulai"] - timedelta(days=7)
        case "year":
            older["tglsttpp"] = row["tglselesai"] + timedelta(days=400)
    fields = _fields(older, owner)
    assert isinstance(fields, dict)
    return {
        "resource": resource,
        "nip": owner.nip,
        "id": _bkn_id(rng),
        "fields": _with_oddities(rng, resource, fields) | _fields_of_reads(rng, resource, fields, owner),
        "documents": {},
    }


def _with_oddities(rng: Random, resource: Resource, fields: dict[str, object]) -> dict[str, object]:
    """The same content in another form: people typed these rows at BKN's own page."""
    odd = dict(fields)
    oddity = rng.choice(("none", "none", "upper", "padded"))
    if oddity == "upper":
        odd["institusiPenyelenggara"] = str(odd["institusiPenyelenggara"]).upper()
    if oddity == "padded":
        odd[NUMBER_FIELD[resource]] = f"{odd[NUMBER_FIELD[resource]]}  "
        if "namaKursus" in odd:
            odd["namaKursus"] = f" {odd['namaKursus']} "
    return read_names(resource, odd)


def _fields_of_reads(rng: Random, resource: Resource, fields: Mapping[str, object], owner: Person) -> dict[str, object]:
    """What BKN shows besides; jenisKursusId is not in the mapping, so an update has to carry it over."""
    person: dict[str, object] = {"nipBaru": owner.nip, "nipLama": ""}
    if resource == "diklat":
        return person | {"latihanStrukturalNama": LEVEL_NAMES[str(fields["latihanStrukturalId"])]}
    return person | {
        "jenisKursusId": f"{rng.getrandbits(128):032x}" if rng.random() < 0.3 else "",
        "jenisKursusNama": "",
    }


def _foreign_rows(rng: Random, people: Sequence[Person]) -> list[StartRow]:
    rows = []
    for n in range(max(3, len(people) // 50)):
        owner = rng.choice(people)
        kind = STRUCTURAL if n % 3 == 2 else "02"
        row = invent_certificate(rng, owner, serial=FOREIGN_SERIAL + n, kind=kind)
        rows.append(_row_at_bkn(rng, row, owner, "equal"))
    return rows


def _person_at_bkn(person: Person) -> StartPerson:
    return {
        "id": person.pns_id,
        "nipBaru": person.nip,
        "nama": person.nama,
        "tglLahir": f"{person.born:%d-%m-%Y}",
    }


def _bkn_id(rng: Random) -> str:
    """New rows have UUIDs, old ones 32 hex digits (API notes, section 2)."""
    bits = rng.getrandbits(128)
    return str(UUID(int=bits, version=4)) if bits % 3 else f"{bits:032x}"
