"""The plain comparison that proves the planting: straight from both databases, by no rule but equal plain forms.

It knows nothing of links, drift or likeness; it says whether what stands on the list is there, and whether there is
anything that does not stand on it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from simpeg_sync.domain.situation import Situation
from tests.reconcile.kinds import BY_FEED, KINDS, Kind
from tests.reconcile.planting import Planted
from tests.reconcile.region import Region

Plain = Mapping[str, str]
ALIKE = 0.6
"""The share of equal fields from which on two rows might be one; no row that stands alone may have such a neighbour."""


class Naive:
    """Both sides as they are now, in plain forms."""

    def __init__(self, region: Region) -> None:
        self.region = region
        nips = {employee.id: employee.nip for employee in region.planting.employees}
        self.ours: dict[str, dict[int, tuple[str, Plain]]] = defaultdict(dict)
        for table in dict.fromkeys(kind.table for kind in KINDS):
            for row in region.rows_of_simpeg(table):
                kind = _kind_of(table, row)
                nip = row.get("nip") or nips.get(row.get("id_pegawai") or 0, "")
                self.ours[kind.feed][row["id"]] = (nip, _plain(kind, row))
        self.theirs: dict[str, dict[str, tuple[str, Plain]]] = defaultdict(dict)
        for kind in KINDS:
            for row in region.stage.bkn.control.rows(resource=kind.feed):
                plain = {name: held.form(row["fields"].get(name)) for name, held in kind.held.items()}
                self.theirs[kind.feed][row["id"]] = (row["nip"], plain)

    def complaints(self) -> Iterator[str]:
        """Every way in which the list and the two sides disagree."""
        by_person: dict[tuple[str, str], list[str]] = defaultdict(list)
        for feed, rows in self.theirs.items():
            for row_id, (nip, _) in rows.items():
                by_person[feed, nip].append(row_id)
        ours_of: dict[tuple[str, str], list[int]] = defaultdict(list)
        for feed, ours in self.ours.items():
            for key, (nip, _) in ours.items():
                ours_of[feed, nip].append(key)
        for one in self.region.planting.planted:
            for said in self._of(one, by_person[one.feed, one.nip], ours_of[one.feed, one.nip]):
                yield f"{one.plant}: {said} {one.keys} {one.bkn_ids}"
        yield from self._not_listed()

    def _of(self, one: Planted, their_ids: list[str], our_keys: list[int]) -> Iterator[str]:
        kind = BY_FEED[one.feed]
        if missing := [key for key in one.keys if key not in self.ours[one.feed]]:
            yield f"SIMPEG lacks {missing}"
            return
        if gone := [row_id for row_id in one.bkn_ids if row_id not in self.theirs[one.feed]]:
            yield f"BKN lacks {gone}"
            return
        if one.sent and not one.bkn_ids:
            yield "the daemon has not sent it yet"
            return
        ours = [self.ours[one.feed][key][1] for key in one.keys]
        theirs = [self.theirs[one.feed][row_id][1] for row_id in one.bkn_ids]
        match one.situation:
            case Situation.EQUAL | Situation.DIFFERS:
                differing = tuple(sorted(_differing(ours[0], theirs[0])))
                if (len(ours), len(theirs), differing) != (1, 1, tuple(sorted(one.fields))):
                    yield f"differs in {differing}"
            case Situation.TWICE_AT_BKN | Situation.TWICE_IN_SIMPEG:
                keys = {tuple(row[name] for name in kind.natural_key) for row in (*ours, *theirs)}
                if len(keys) != 1 or len(ours) + len(theirs) < 3:
                    yield f"is no group of one natural key: {len(ours)} and {len(theirs)}"
            case Situation.MISSING_AT_BKN:
                if theirs or any(self._is_alike(ours[0], self.theirs[one.feed][row_id][1]) for row_id in their_ids):
                    yield from self._unless_taken(one, "is at BKN, or something like it")
            case Situation.ONLY_AT_BKN:
                if ours or any(self._is_alike(theirs[0], self.ours[one.feed][key][1]) for key in our_keys):
                    yield from self._unless_taken(one, "is in SIMPEG, or something like it")
            case Situation.PERSON_UNKNOWN:
                if their_ids:
                    yield "BKN has rows of somebody whom it does not know"

    def _unless_taken(self, one: Planted, what: str) -> Iterator[str]:
        """Twins of a row that stands alone are alike by intent, and years of one person are by nature."""
        if "twins" not in one.plant and "again" not in one.plant and one.feed != "skp22":
            yield what

    def _is_alike(self, first: Plain, second: Plain) -> bool:
        return len(_differing(first, second)) <= (1 - ALIKE) * len(first)

    def _not_listed(self) -> Iterator[str]:
        keys: dict[str, list[int]] = defaultdict(list)
        ids: dict[str, list[str]] = defaultdict(list)
        for one in self.region.planting.planted:
            keys[one.feed] += one.keys
            ids[one.feed] += one.bkn_ids
        for kind in KINDS:
            if sorted(keys[kind.feed]) != sorted(self.ours[kind.feed]):
                yield f"SIMPEG's rows of {kind.feed} are not those of the list"
            if sorted(ids[kind.feed]) != sorted(self.theirs[kind.feed]):
                yield f"BKN's rows of {kind.feed} are not those of the list"


def _kind_of(table: str, row: Mapping[str, Any]) -> Kind:
    if table == "pelatihan":
        return BY_FEED["diklat" if row["jenis"] == "PIM" else "kursus"]
    return next(kind for kind in KINDS if kind.table == table)


def _plain(kind: Kind, row: Mapping[str, Any]) -> Plain:
    return {name: held.form(held.of(row)) for name, held in kind.held.items()}


def _differing(first: Plain, second: Plain) -> list[str]:
    return [name for name, value in first.items() if value != second[name]]
