"""Which row of SIMPEG is which of BKN's, and how do they compare? All of one person's rows in one of BKN's lists, at once.

Pure. Rows are paired by link, then by BKN's id that SIMPEG keeps, then by natural key, then by likeness; each row of either
side is in one pair or alone, and each has exactly one situation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from simpeg_sync.decide.fields import Resource, identifier
from simpeg_sync.decide.likeness import likeness
from simpeg_sync.decide.look import BknRow, Look, id_of
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.record import BknId, Digest, Record, RecordId
from simpeg_sync.domain.situation import Difference, Drift, Finding, Match, SeenEqual, Situation
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted

FIELDS_SHOWN = 40
"""Differences that a finding names; no kind has as many fields."""


@dataclass(frozen=True, slots=True)
class Side:
    """One row of SIMPEG as its feed wants it."""

    feed: Feed
    resource: Resource
    record: Record
    rendered: Rendered
    seen_equal: SeenEqual | None = None
    legible: Wanted | None = None
    """What can be read of a row that may not or cannot leave: by it BKN's row is known all the same."""

    @property
    def content(self) -> Wanted | None:
        return self.rendered if isinstance(self.rendered, Wanted) else self.legible

    def is_named_by(self, row: BknRow) -> bool:
        """Whether BKN's row carries this one's natural key."""
        content = self.content
        key = self.feed.natural_key
        return content is not None and self.resource.shows(key, row) and self.resource.same_by(key, content.body, row)

    def equals(self, row: BknRow) -> bool:
        return self.content is not None and not self.resource.differences(self.content.body, row)

    def likeness(self, row: BknRow) -> float:
        return likeness(self.resource, self.content.body, row) if self.content is not None else 0.0

    def agreement(self, row: BknRow) -> float:
        """The share of fields that agree, to choose among rows with one natural key."""
        if self.content is None:
            return 0.0
        names = self.resource.readable(self.resource.said(self.content.body), row)
        return 1.0 - len(self.resource.differences(self.content.body, row)) / len(names) if names else 0.0


@dataclass(slots=True)
class Pairing:
    """Who belongs to whom, as far as it is known."""

    sides: Sequence[Side]
    look: Look
    taken: dict[str, Side] = field(default_factory=dict)
    """BKN's rows that have found their side, by id."""
    findings: list[Finding] = field(default_factory=list)
    done: set[RecordId] = field(default_factory=set)
    """Numbers of records that are in a situation."""

    def open_sides(self) -> list[Side]:
        return [side for side in self.sides if side.record.id not in self.done]

    def free_rows(self) -> dict[str, BknRow]:
        return {bkn_id: row for bkn_id, row in self.look.rows.items() if bkn_id not in self.taken}

    def pair(self, side: Side, row: BknRow, by: Match, score: float = 1.0) -> None:
        self.taken[identifier(id_of(row))] = side
        self.alone(side, paired(side, row, by, score))

    def alone(self, side: Side, finding: Finding) -> None:
        self.done.add(side.record.id)
        self.findings.append(finding)


def situations(sides: Iterable[Side], look: Look, *, feed: FeedName, resource: Resource) -> list[Finding]:
    """``feed`` and ``resource``: under whose name a row that only BKN has is reported.

    The result is in a fixed order: what two comparisons of the same rows say is the same text.
    """
    ordered = sorted(sides, key=lambda side: (side.feed.name, side.record.key))
    pairing = Pairing([side for side in ordered if not isinstance(side.rendered, Gone)], look)
    _by_link(pairing, [side for side in ordered if isinstance(side.rendered, Gone)])
    if resource.is_single:
        _the_only_row(pairing)
    else:
        _by_stored_id(pairing)
        _by_natural_key(pairing)
        _by_likeness(pairing)
        _left_at_bkn(pairing, feed, resource)
    for side in pairing.open_sides():
        pairing.alone(side, _missing(side, look))
    return sorted(pairing.findings, key=lambda one: (one.feed, one.key or "", one.bkn_id or "", one.situation))


def without_look(side: Side, situation: Situation, reason: str) -> Finding:
    """For rows of persons that BKN does not know, and of kinds that it shows to nobody."""
    return Finding(
        side.feed.name, situation, side.record.key, side.record.bkn_id, reason=reason, simpeg_digest=_ours(side)
    )


# ------------------------------------------------------------------------------------------------------------- who is whom


def _by_link(pairing: Pairing, gone: Sequence[Side]) -> None:
    for side in pairing.open_sides():
        row = pairing.look.row(side.record.bkn_id) if side.record.bkn_id else None
        if row is not None and identifier(id_of(row)) not in pairing.taken:
            pairing.pair(side, row, "link")
    for side in gone:
        row = _once_its_own(side, pairing)
        if row is None or identifier(id_of(row)) in pairing.taken:
            continue
        # Deleted and entered anew: then BKN's row is the new one's.
        if not any(other.is_named_by(row) for other in pairing.open_sides()):
            assert isinstance(side.rendered, Gone)
            pairing.taken[identifier(id_of(row))] = side
            finding = _only_at_bkn(side.feed.name, side.resource, row, reason=side.rendered.reason)
            pairing.findings.append(replace(finding, key=side.record.key, drift=Drift.SIMPEG))


def _once_its_own(side: Side, pairing: Pairing) -> BknRow | None:
    """BKN's row of a row that is gone: by its link, or as an earlier comparison saw it."""
    if side.record.bkn_id is not None:
        return pairing.look.row(side.record.bkn_id)
    seen = side.seen_equal.bkn if side.seen_equal is not None else None
    free = pairing.free_rows().items() if seen is not None else ()
    return next((row for _, row in sorted(free) if _theirs(side.resource, row) == seen), None)


def _the_only_row(pairing: Pairing) -> None:
    """Where BKN has one row a person, it is everybody's."""
    for row in list(pairing.look.rows.values())[:1]:
        for side in pairing.open_sides():
            pairing.pair(side, row, "link")


def _by_stored_id(pairing: Pairing) -> None:
    for side in pairing.open_sides():
        stored = side.content.stored_bkn_id if side.content is not None else None
        row = pairing.look.row(stored) if stored is not None else None
        if row is not None and identifier(id_of(row)) not in pairing.taken:
            pairing.pair(side, row, "stored_id")


def _by_natural_key(pairing: Pairing) -> None:
    named = {
        side.record.id: [bkn_id for bkn_id, row in sorted(pairing.look.rows.items()) if side.is_named_by(row)]
        for side in pairing.open_sides()
    }
    for group in _groups(pairing, named):
        _within_one_key(pairing, group, named)
    # Its row is another record's already: BKN has one row, SIMPEG several.
    for side in pairing.open_sides():
        owned = [bkn_id for bkn_id in named.get(side.record.id, ()) if bkn_id in pairing.taken]
        if owned:
            pairing.alone(side, _twice_in_simpeg(side, pairing.look.rows[owned[0]]))


def _groups(pairing: Pairing, named: Mapping[RecordId, Sequence[str]]) -> list[list[Side]]:
    """Sides that share a free row of BKN, directly or by others."""
    groups: list[tuple[set[str], list[Side]]] = []
    for side in pairing.open_sides():
        rows = {bkn_id for bkn_id in named[side.record.id] if bkn_id not in pairing.taken}
        if not rows:
            continue
        together = [group for group in groups if group[0] & rows]
        others = [group for group in groups if not group[0] & rows]
        sides = [one for group in together for one in group[1]]
        groups = [*others, (rows.union(*(group[0] for group in together)), [*sides, side])]
    return [sides for _, sides in groups]


def _within_one_key(pairing: Pairing, sides: Sequence[Side], named: Mapping[RecordId, Sequence[str]]) -> None:
    def rows_of(side: Side) -> list[tuple[str, BknRow]]:
        free = pairing.free_rows()
        return [(bkn_id, free[bkn_id]) for bkn_id in named[side.record.id] if bkn_id in free]

    if len(sides) == 1 and len(rows_of(sides[0])) > 1:
        _several_for_one(pairing, sides[0], rows_of(sides[0]))
        return
    for side in sides:  # those that are equal in everything first
        for _, row in rows_of(side):
            if side.equals(row):
                pairing.pair(side, row, "natural_key")
                break
    rest = [side for side in sides if side.record.id not in pairing.done and rows_of(side)]
    free = {bkn_id for side in rest for bkn_id, _ in rows_of(side)}
    if len(rest) > len(free) > 0:
        # None of them is equal to BKN's row, and nothing says whose it is.
        for side in rest:
            named_rows = rows_of(side)
            ids = ", ".join(bkn_id for bkn_id, _ in named_rows)
            pairing.alone(side, replace(_twice_in_simpeg(side, named_rows[0][1]), detail=ids))
        pairing.taken |= dict.fromkeys(free, rest[0])
        return
    best = sorted(((-side.agreement(row), n, bkn_id) for n, side in enumerate(rest) for bkn_id, row in rows_of(side)))
    for _, number, bkn_id in best:
        if rest[number].record.id not in pairing.done and bkn_id not in pairing.taken:
            pairing.pair(rest[number], pairing.look.rows[bkn_id], "natural_key")


def _several_for_one(pairing: Pairing, side: Side, rows: Sequence[tuple[str, BknRow]]) -> None:
    """Nothing says which of them it is; one finding stands for all."""
    for bkn_id, _ in rows:
        pairing.taken[bkn_id] = side
    ids = ", ".join(bkn_id for bkn_id, _ in rows)
    first = id_of(rows[0][1])
    finding = Finding(
        side.feed.name,
        Situation.TWICE_AT_BKN,
        side.record.key,
        first,
        matched_by="natural_key",
        reason="compare.twice_at_bkn",
        detail=ids,
        simpeg_digest=_ours(side),
        bkn_digest=_theirs(side.resource, rows[0][1]),
    )
    pairing.alone(side, finding if isinstance(side.rendered, Wanted) else _not_comparable(side, first))


def _by_likeness(pairing: Pairing) -> None:
    owners = list(pairing.taken.values())
    free = {
        bkn_id: row
        for bkn_id, row in pairing.free_rows().items()
        if not any(owner.is_named_by(row) for owner in owners)  # one more of a row whose side is known
    }
    scores = {
        (side.record.id, bkn_id): score
        for side in pairing.open_sides()
        for bkn_id, row in free.items()
        if (score := side.likeness(row)) > 0
    }
    sides = {side.record.id: side for side in pairing.open_sides()}
    for (number, bkn_id), score in sorted(scores.items(), key=lambda one: (-one[1], one[0])):
        rivals = [
            other
            for (n, b), other in scores.items()
            if (n == number) != (b == bkn_id) and n not in pairing.done and b not in pairing.taken
        ]
        is_clear = all(other < score for other in rivals)
        if number not in pairing.done and bkn_id not in pairing.taken and is_clear:
            pairing.pair(sides[number], free[bkn_id], "likeness", score)


def _left_at_bkn(pairing: Pairing, feed: FeedName, resource: Resource) -> None:
    for _, row in sorted(pairing.free_rows().items()):
        twin = next((s for _, s in sorted(pairing.taken.items()) if s.is_named_by(row)), None)
        if twin is not None:
            pairing.findings.append(_double(twin, row))
        else:
            pairing.findings.append(_only_at_bkn(feed, resource, row, reason="compare.only_at_bkn"))


# --------------------------------------------------------------------------------------------------------- what to say of it


def paired(side: Side, row: BknRow, by: Match, score: float = 1.0) -> Finding:
    """The situation of a row of SIMPEG and the one of BKN that is its own."""
    bkn_id, rendered = id_of(row), side.rendered
    if not isinstance(rendered, Wanted):
        return _not_comparable(side, bkn_id, by)
    resource = side.resource
    if not resource.readable(resource.said(rendered.body), row):
        return _finding(side, row, Situation.NOT_COMPARABLE, by, score, reason="compare.not_shown")
    differing = differences(resource, rendered, row)
    if not differing:
        return _finding(side, row, Situation.EQUAL, by, score)
    drift = drift_of(side, rendered, row)
    reason = _REASONS.get(drift, "compare.unequal" if resource.is_writable else "compare.differs")
    detail = ", ".join(one.name for one in differing)
    return _finding(side, row, Situation.DIFFERS, by, score, differing, drift, reason, detail)


def differences(resource: Resource, wanted: Wanted, row: BknRow) -> list[Difference]:
    names = set(resource.differences(wanted.body, row))
    return [
        Difference(one.write, one.form.__name__, _as_said(wanted.body[one.write]), _as_said(row.get(one.read or "")))
        for one in resource.fields
        if one.write in names
    ][:FIELDS_SHOWN]


def drift_of(side: Side, wanted: Wanted, row: BknRow) -> Drift:
    """Which side has left what BKN last confirmed of ours, or showed when the two were linked."""
    record, resource = side.record, side.resource
    if identifier(record.bkn_id) != identifier(id_of(row)):
        return _since_equal(side, wanted, row)
    now = resource.confirmed(wanted.body)
    ours = {name: digest for name, digest in record.confirmed.items() if name in now}
    changed = resource.changed_since(ours, row)
    were_equal = record.synced_at is not None or record.synced_digest is not None
    has_simpeg_moved = were_equal and any(now[name] != digest for name, digest in ours.items())
    if not changed:
        return Drift.SIMPEG if has_simpeg_moved else Drift.NONE
    is_ours = record.synced_at is not None and not has_simpeg_moved
    if is_ours and resource.keeps_otherwise(changed, wanted.body, row):
        return Drift.NOT_KEPT
    return Drift.BOTH if has_simpeg_moved else Drift.BKN


def _since_equal(side: Side, wanted: Wanted, row: BknRow) -> Drift:
    """For records that nobody has linked: by what an earlier comparison saw."""
    seen = side.seen_equal
    if seen is None:
        return Drift.NONE
    has_simpeg_moved, has_bkn_moved = wanted.digest != seen.simpeg, _theirs(side.resource, row) != seen.bkn
    if has_simpeg_moved and has_bkn_moved:
        return Drift.BOTH
    return Drift.BKN if has_bkn_moved else Drift.SIMPEG


_REASONS: Mapping[Drift, str] = {
    Drift.BKN: "conflict.changed_at_bkn",
    Drift.BOTH: "conflict.changed_at_bkn",
    Drift.NOT_KEPT: "compare.not_kept",
}


def _finding(
    side: Side,
    row: BknRow,
    situation: Situation,
    by: Match,
    score: float,
    differing: Sequence[Difference] = (),
    drift: Drift = Drift.NONE,
    reason: str = "",
    detail: str = "",
) -> Finding:
    return Finding(
        feed=side.feed.name,
        situation=situation,
        key=side.record.key,
        bkn_id=id_of(row),
        matched_by=by,
        score=round(score, 3),
        differences=differing,
        drift=drift,
        reason=reason,
        detail=detail,
        simpeg_digest=_ours(side),
        bkn_digest=_theirs(side.resource, row),
    )


def _missing(side: Side, look: Look) -> Finding:
    if not isinstance(side.rendered, Wanted):
        return _not_comparable(side, None)
    hidden = [row for row in look.rows.values() if not side.resource.shows(side.feed.natural_key, row)]
    if hidden:
        # Rows of a kind whose form nobody has published: one of them may be this very one.
        return without_look(side, Situation.NOT_COMPARABLE, "match.unknown_form")
    was_there = side.record.bkn_id is not None or side.seen_equal is not None
    return Finding(
        side.feed.name,
        Situation.MISSING_AT_BKN,
        side.record.key,
        None,
        drift=Drift.BKN if was_there else Drift.NONE,
        reason=_why_missing(side.resource, was_there=was_there),
        simpeg_digest=_ours(side),
    )


def _why_missing(resource: Resource, *, was_there: bool) -> str:
    if not resource.is_writable:
        return "compare.missing_at_bkn"
    return "conflict.gone_at_bkn" if was_there else "compare.missing"


def _not_comparable(side: Side, bkn_id: BknId | None, by: Match = "") -> Finding:
    assert isinstance(side.rendered, Unready), "a row that is wanted can be compared"
    reason, detail = side.rendered.reason, side.rendered.detail
    situation = Situation.PERSON_INACTIVE if reason == "person.inactive" else Situation.NOT_COMPARABLE
    return Finding(side.feed.name, situation, side.record.key, bkn_id, by, reason=reason, detail=detail)


def _twice_in_simpeg(side: Side, row: BknRow) -> Finding:
    if not isinstance(side.rendered, Wanted):
        return _not_comparable(side, None)
    return _finding(side, row, Situation.TWICE_IN_SIMPEG, "natural_key", 1.0, reason="compare.twice_in_simpeg")


def _double(twin: Side, row: BknRow) -> Finding:
    """One more row of BKN that is a record's whose own row is known."""
    return Finding(
        twin.feed.name,
        Situation.TWICE_AT_BKN,
        twin.record.key,
        id_of(row),
        "natural_key",
        reason="compare.twice_at_bkn",
        detail=str(id_of(row)),
        bkn_digest=_theirs(twin.resource, row),
        is_bkns=True,
    )


def _only_at_bkn(feed: FeedName, resource: Resource, row: BknRow, *, reason: str) -> Finding:
    digest = _theirs(resource, row)
    return Finding(feed, Situation.ONLY_AT_BKN, None, id_of(row), reason=reason, bkn_digest=digest, is_bkns=True)


def _ours(side: Side) -> Digest | None:
    return side.rendered.digest if isinstance(side.rendered, Wanted) else None


def _theirs(resource: Resource, row: BknRow) -> Digest:
    return resource.digest_of_row(row)


def _as_said(value: object) -> str:
    """As the side itself writes it: people look for it by that."""
    return "" if value is None else " ".join(str(value).split())
