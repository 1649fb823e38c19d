"""Holds what a comparison found against the list of what was planted: found, missed, invented.

A thing on the list is found when every finding that names one of its rows says its situation, and every row of it is
named. A finding that names no row of the list is invented.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from simpeg_sync.domain.situation import Drift, Match, Situation
from tests.reconcile.planting import Planted

GROUPS = (Situation.TWICE_AT_BKN, Situation.TWICE_IN_SIMPEG)
PAIRS = (Situation.EQUAL, Situation.DIFFERS)
WITHOUT_BKN = (Situation.NOT_COMPARABLE, Situation.PERSON_INACTIVE, Situation.PERSON_UNKNOWN)
"""Whether BKN's rows are named beside them says nothing of SIMPEG's row."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding, whoever printed it."""

    feed: str
    situation: Situation
    key: int | None = None
    bkn_id: str = ""
    drift: Drift = Drift.NONE
    fields: tuple[str, ...] = ()
    by: Match = ""
    reason: str = ""
    others: tuple[str, ...] = ()
    """Further rows that a finding of a group names, by key or BKN's id."""

    @property
    def names(self) -> Iterator[tuple[str, str]]:
        if self.key is not None:
            yield self.feed, f"key {self.key}"
        for row_id in (self.bkn_id, *self.others):
            if row_id:
                yield self.feed, row_id.lower()


@dataclass(slots=True)
class Verdict:
    listed: Counter[Situation] = field(default_factory=Counter)
    found: Counter[Situation] = field(default_factory=Counter)
    missed: list[tuple[Planted, str]] = field(default_factory=list)
    invented: list[Found] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.missed and not self.invented

    def lines(self, limit: int = 30) -> Iterator[str]:
        """The table, and the first of what is wrong. No person is named."""
        missed = Counter(one.situation for one, _ in self.missed)
        invented = Counter(one.situation for one in self.invented)
        yield f"{'situation':18}{'planted':>9}{'found':>9}{'missed':>9}{'invented':>9}"
        for situation in Situation:
            counts = (self.listed[situation], self.found[situation], missed[situation], invented[situation])
            yield f"{situation.value:18}" + "".join(f"{count:9}" for count in counts)
        for one, said in self.missed[:limit]:
            yield f"missed: {one.plant} ({one.feed} {one.keys} {one.bkn_ids}): {said}"
        for found in self.invented[:limit]:
            yield f"invented: {found}"

    def plants(self) -> Counter[str]:
        """What is wrong, by plant and by what is said of it."""
        return Counter(f"{one.plant}: {said}" for one, said in self.missed)


def judge(planted: Sequence[Planted], findings: Sequence[Found]) -> Verdict:
    verdict = Verdict()
    by_name: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for found in findings:
        for name in found.names:
            by_name[name].append(found)
    owner = {(one.feed, row_id.lower()): one for one in planted for row_id in one.bkn_ids}
    on_list: set[int] = set()
    for one in planted:
        verdict.listed[one.situation] += 1
        keys = [(one.feed, f"key {key}") for key in one.keys]
        ids = [(one.feed, row_id.lower()) for row_id in one.bkn_ids]
        named = {id(found): found for name in (*keys, *ids) for found in by_name[name]}
        on_list.update(named)
        # A double is said of BKN's row that is too many, also where it names the row of SIMPEG that has its own partner.
        touching = {
            number: found
            for number, found in named.items()
            if found.situation not in GROUPS or owner.get((one.feed, found.bkn_id.lower()), one) is one
        }
        said = next(_complaints(one, list(touching.values()), keys, ids, by_name), "")
        if said:
            verdict.missed.append((one, said))
        else:
            verdict.found[one.situation] += 1
    verdict.invented = [found for found in findings if id(found) not in on_list]
    return verdict


def _complaints(
    one: Planted,
    touching: list[Found],
    keys: list[tuple[str, str]],
    ids: list[tuple[str, str]],
    by_name: dict[tuple[str, str], list[Found]],
) -> Iterator[str]:
    for found in touching:
        allowed = {one.situation, *one.may}
        if one.situation in GROUPS and found.key not in one.equal_keys:
            allowed -= {Situation.EQUAL}
        if one.situation in WITHOUT_BKN and found.key is not None:
            allowed = {one.situation}
        if found.situation not in allowed:
            yield f"called {found.situation}{f' by {found.by}' if found.by else ''} ({found.reason})"
    if one.situation in GROUPS and sum(found.situation is Situation.EQUAL for found in touching) > min(
        len(keys), len(ids)
    ):
        yield "more rows are equal than BKN has"
    if [name for name in keys if not by_name[name]]:
        yield "not named"
    if one.situation not in (*GROUPS, *WITHOUT_BKN) and [name for name in ids if not by_name[name]]:
        yield "BKN's row is not named"
    if one.situation not in (*GROUPS, *WITHOUT_BKN) and len(touching) > max(len(keys), len(ids)):
        yield f"named by {len(touching)} findings"
    if one.situation in PAIRS and touching:
        found = touching[0]
        if not set(found.names) >= {*keys, *ids}:
            yield f"paired otherwise: {found.key} with {found.bkn_id}"
        if tuple(sorted(found.fields)) != tuple(sorted(one.fields)):
            yield f"differs in {sorted(found.fields)}, not in {sorted(one.fields)}"
        if one.by and found.by not in one.by:
            yield f"paired by {found.by or 'nothing'}, not by {' or '.join(one.by)}"
    drifts = {found.drift for found in touching}
    if one.situation not in (*GROUPS, *WITHOUT_BKN) and drifts - {one.drift}:
        yield f"drift {', '.join(sorted(drift or 'none' for drift in drifts))}, not {one.drift or 'none'}"
    if one.situation is Situation.NOT_COMPARABLE and not all(found.reason for found in touching):
        yield "no reason is said"
