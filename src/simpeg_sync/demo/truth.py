"""What BKN must hold, computed from SIMPEG's tables and files alone; for each other row, the reason why not.

Knows nothing of the product. Times, requests and roads don't matter here, only the two ends.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypedDict

from simpeg_sync.demo.bkn_start import BknStart, StartRow
from simpeg_sync.demo.mapping import (
    NUMBER_FIELD,
    Reason,
    Resource,
    Row,
    canonical,
    resource_of,
    write_fields,
    write_names,
)
from simpeg_sync.demo.schema import ACTIVE, REJECTED, VERIFIED
from simpeg_sync.demo.snapshot import Snapshot

REFUSED_ORGANISER = "LEMBAGA TIDAK TERDAFTAR"
REFUSED = (REFUSED_ORGANISER,)


class BknRow(TypedDict):
    """One riwayat at BKN, spelled as the saves spell it; documents by id_ref_dokumen, as sha256 in hex."""

    id: str
    resource: Resource
    nip: str
    fields: dict[str, object]
    documents: dict[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """How a certificate is known on both sides, whatever its ids: person, endpoint, number (without form)."""

    nip: str
    resource: Resource
    number: str


@dataclass(frozen=True, slots=True)
class Expected:
    key: Key
    simpeg_id: int
    fields: Mapping[str, object]
    document_sha256: str | None
    """None: SIMPEG has no document, and whatever BKN has may stay."""
    carried: Mapping[str, object]
    carried_by: str | None = None
    """BKN's row that has them. A row deleted for good and entered again much later is another row, without them."""
    """Values that only BKN has; an update may not empty them."""


@dataclass(frozen=True, slots=True)
class NotExpected:
    key: Key
    simpeg_id: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Truth:
    expected: tuple[Expected, ...]
    not_expected: tuple[NotExpected, ...]
    kept: frozenset[Key]
    """Held now, but known at BKN from before: must stay there, once, with any content."""
    gone: frozenset[Key]
    """SIMPEG had these and gave them up, so BKN may not have them any more."""
    untouched: tuple[BknRow, ...]
    """BKN's own rows."""


def expect(after: Snapshot, *, before: Snapshot, start: BknStart, refused: Collection[str] = REFUSED) -> Truth:
    """The truth at `after`, given that all was settled at `before`, and that BKN began with `start`."""
    at_start = rows_at_start(start)
    ours = {key_of(row): row for row in at_start if row["id"] not in start.foreign_ids}
    expected, held = judge(after, refused)
    known = {item.key for item in judge(before, refused)[0]} | ours.keys()
    staying = {item.key for item in held if item.reason != "soft_deleted"}
    had = {row_key(before, row): simpeg_id for simpeg_id, row in before.certificates.items()}
    return Truth(
        expected=tuple(_with_carried(item, ours, before) for item in expected),
        not_expected=(*held, *_deleted(before, after)),
        kept=frozenset(known & staying),
        gone=frozenset(had.keys() - staying - {item.key for item in expected}),
        untouched=tuple(row for row in at_start if row["id"] in start.foreign_ids),
    )


def judge(snapshot: Snapshot, refused: Collection[str] = REFUSED) -> tuple[list[Expected], list[NotExpected]]:
    """Every row of one moment, on one list or the other."""
    expected: list[Expected] = []
    held: list[NotExpected] = []
    unwanted = {canonical(name) for name in refused}
    for simpeg_id, row in snapshot.certificates.items():
        verdict = _verdict(snapshot, row, unwanted)
        key = row_key(snapshot, row)
        if isinstance(verdict, str):
            held.append(NotExpected(key, simpeg_id, verdict))
        else:
            expected.append(Expected(key, simpeg_id, verdict, _document(snapshot, row), {}))
    return expected, held


def rows_at_start(start: BknStart) -> list[BknRow]:
    return [_start_row(row) for row in start.rows]


def key_of(row: BknRow) -> Key:
    return Key(row["nip"], row["resource"], canonical(row["fields"].get(NUMBER_FIELD[row["resource"]])))


def row_key(snapshot: Snapshot, row: Row) -> Key:
    nip = snapshot.persons[row["id_pegawai"]]["nipbaru_ws"]
    return Key(nip, resource_of(row), canonical(row["nosttpp"]))


def _verdict(snapshot: Snapshot, row: Row, unwanted: Collection[str]) -> dict[str, object] | Reason:
    person = snapshot.persons[row["id_pegawai"]]
    if row["flag_active"] != 1:
        return "soft_deleted"
    if row["status"] != VERIFIED:
        return "rejected" if row["status"] == REJECTED else "unverified"
    if person["kedudukan"] != ACTIVE or person["flag_active"] != 1:
        return "person_inactive"
    fields = write_fields(row, person, snapshot.kinds.get(row["jenisdiklat"]))
    if isinstance(fields, str):
        return fields
    return "refused_by_bkn" if canonical(row["penyelenggara"]) in unwanted else fields


def _document(snapshot: Snapshot, row: Row) -> str | None:
    """None also for a scan that is missing or unfit: the row goes to BKN all the same, its certificate waits."""
    file = snapshot.files.get(row["gambarsk"]) if row["gambarsk"] else None
    return file.sha256 if file is not None and file.is_acceptable else None


def _deleted(before: Snapshot, after: Snapshot) -> list[NotExpected]:
    """A row that is back under another id, or went to the other endpoint, isn't deleted."""
    there = {(key.nip, key.number) for key in (row_key(after, row) for row in after.certificates.values())}
    return [
        NotExpected(key, simpeg_id, "deleted")
        for simpeg_id, key in ((i, row_key(before, row)) for i, row in before.certificates.items())
        if simpeg_id not in after.certificates and (key.nip, key.number) not in there
    ]


def _with_carried(item: Expected, ours: Mapping[Key, BknRow], before: Snapshot) -> Expected:
    row = before.certificates.get(item.simpeg_id)
    former = row_key(before, row) if row is not None else item.key
    at_bkn = ours.get(item.key) or (ours.get(former) if former.resource == item.key.resource else None)
    if at_bkn is None or not at_bkn["fields"].get("jenisKursus"):
        return item
    carried = {"jenisKursus": at_bkn["fields"]["jenisKursus"]}
    return replace(item, carried=carried, carried_by=at_bkn["id"])


def _start_row(row: StartRow) -> BknRow:
    return {
        "id": row["id"],
        "resource": row["resource"],
        "nip": row["nip"],
        "fields": write_names(row["resource"], row["fields"]),
        "documents": {ref: sha256(content).hexdigest() for ref, content in row["documents"].items()},
    }
