"""The fewest writes that lead BKN from one moment of SIMPEG to another: a measure for a synchroniser."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from simpeg_sync.demo.compare import differences, lacks_document
from simpeg_sync.demo.mapping import DOCUMENT_REF
from simpeg_sync.demo.snapshot import Snapshot
from simpeg_sync.demo.truth import REFUSED, BknRow, Expected, Key, judge, key_of, row_key


@dataclass(frozen=True, slots=True)
class NetChanges:
    creates: int = 0
    updates: int = 0
    deletes: int = 0
    uploads: int = 0

    def __add__(self, other: "NetChanges") -> "NetChanges":
        return NetChanges(
            self.creates + other.creates,
            self.updates + other.updates,
            self.deletes + other.deletes,
            self.uploads + other.uploads,
        )


@dataclass(frozen=True, slots=True)
class _Pair:
    wanted: Expected
    at_bkn: BknRow | None

    @property
    def wrong(self) -> tuple[str, ...]:
        return (
            tuple(name for name in differences(self.wanted, self.at_bkn) if name != "document") if self.at_bkn else ()
        )

    @property
    def lacks_document(self) -> bool:
        if self.at_bkn is None:
            return self.wanted.document_sha256 is not None
        return lacks_document(self.wanted, self.at_bkn)


def net_changes(
    before: Snapshot, after: Snapshot, held: Sequence[BknRow], *, refused: Collection[str] = REFUSED
) -> NetChanges:
    """Writes of a perfect synchroniser that sees only the two moments, when BKN holds `held` at the first.

    For the first start let `before` be `after`. A whole day counted at once is the lower bound; the sum over
    its steps is what a synchroniser that keeps up with every step would write.
    """
    pairs, given_up = _pair(before, after, held, refused)
    return NetChanges(
        creates=sum(pair.at_bkn is None for pair in pairs),
        updates=sum(bool(pair.wrong) for pair in pairs),
        deletes=len(given_up),
        uploads=sum(pair.lacks_document for pair in pairs),
    )


def after_sync(
    before: Snapshot, after: Snapshot, held: Sequence[BknRow], *, refused: Collection[str] = REFUSED
) -> list[BknRow]:
    """What BKN holds once those writes are made."""
    pairs, given_up = _pair(before, after, held, refused)
    renewed = {pair.at_bkn["id"]: pair for pair in pairs if pair.at_bkn is not None}
    stays = [row for row in held if row["id"] not in given_up and row["id"] not in renewed]
    return stays + [_as_wanted(pair) for pair in pairs]


def _pair(
    before: Snapshot, after: Snapshot, held: Sequence[BknRow], refused: Collection[str]
) -> tuple[list[_Pair], frozenset[str]]:
    expected, waiting = judge(after, refused)
    links = _links(before, held)
    by_key = {key_of(row): row for row in held}
    pairs = [_Pair(item, _linked(item, links, by_key)) for item in expected]
    used = {pair.at_bkn["id"] for pair in pairs if pair.at_bkn is not None}
    may_stay = {item.simpeg_id for item in waiting if item.reason != "soft_deleted"}
    keys_that_may_stay = {item.key for item in waiting if item.reason != "soft_deleted"}
    given_up = frozenset(
        row["id"]
        for simpeg_id, row in links.items()
        if row["id"] not in used and simpeg_id not in may_stay and key_of(row) not in keys_that_may_stay
    )
    return pairs, given_up


def _links(before: Snapshot, held: Sequence[BknRow]) -> dict[int, BknRow]:
    """Which row at BKN belongs to which row of SIMPEG: by stored id, else by key."""
    by_id = {row["id"]: row for row in held}
    by_key = {key_of(row): row for row in held}
    found = {
        simpeg_id: by_id.get(row["id_siasn"]) or by_key.get(row_key(before, row))
        for simpeg_id, row in before.certificates.items()
    }
    return {simpeg_id: row for simpeg_id, row in found.items() if row is not None}


def _linked(item: Expected, links: Mapping[int, BknRow], by_key: Mapping[Key, BknRow]) -> BknRow | None:
    row = links.get(item.simpeg_id)
    return row if row is not None and row["resource"] == item.key.resource else by_key.get(item.key)


def _as_wanted(pair: _Pair) -> BknRow:
    wanted, old = pair.wanted, pair.at_bkn
    documents = dict(old["documents"]) if old else {}
    if wanted.document_sha256 is not None:
        documents[DOCUMENT_REF[wanted.key.resource]] = wanted.document_sha256
    return {
        "id": old["id"] if old else f"new-{wanted.simpeg_id}-{wanted.key.resource}",
        "resource": wanted.key.resource,
        "nip": wanted.key.nip,
        "fields": {**(old["fields"] if old else {}), **wanted.fields},
        "documents": documents,
    }
