"""`map diff`: what would change at BKN, over the live rows, if another configuration replaced the running one?

Both configurations map every row; pages in key order, so that memory stays the same however many rows there are. What a
change would cost at BKN is told by the ledger, which knows what BKN last confirmed.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

from simpeg_sync.decide.fields import Resource
from simpeg_sync.domain.change import TWICE, FeedName, Row, SeveralPartners, SourceKey
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.domain.record import BknId, Record, lane_of
from simpeg_sync.mapcheck.finding import shown
from simpeg_sync.mapcheck.rows import BesideFields
from simpeg_sync.mapping.expressions import Column
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, LinkOf, Rendered, Unready, Wanted, render
from simpeg_sync.planner import Planner
from simpeg_sync.ports import Bkn
from simpeg_sync.source.reader import SqlSource

PAGE = 1000
EXAMPLES_MAX = 3
NOT_COMPARED = ("name", "fields", "digest", "codes_digest")
PERSON, CERTIFICATE, TARGET = "(person)", "(certificate)", "(target)"

Pair = tuple[SourceKey, Row | None, Row | None]
"""A row as the running feed reads it, and as the proposed one does."""


class Known(Protocol):
    """What the ledger knows."""

    def many(self, feed: FeedName, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Record]: ...

    def linked(self, feed: FeedName) -> int:
        """Records of the feed that have a row at BKN."""
        ...


@dataclass(frozen=True, slots=True)
class Side:
    """A configuration, as far as it says what is sent."""

    feeds: Mapping[FeedName, Feed]
    kinds: Bkn
    service: str
    """The web service and what is sent where sources about BKN disagree; equal texts, equal bodies."""


@dataclass(frozen=True, slots=True)
class Held:
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Concern:
    """A row about which something else is wanted at BKN."""

    rendered: Rendered
    was_wanted: bool


@dataclass(slots=True)
class FeedDifference:
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[tuple[str, str]]] = field(default_factory=lambda: defaultdict(Counter))
    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    effects: Counter[str] = field(default_factory=Counter)
    """At BKN, by what the ledger knows: update, look_only, create_or_link, sent_anyway, delete, delete_waits, left, nothing"""
    looked_at: Counter[str] = field(default_factory=Counter)
    """What the daemon would do about the changed rows of the persons that were looked up at BKN."""

    def note(self, what: str, key: SourceKey, *, reason: tuple[str, str] | None = None) -> None:
        self.counts[what] += 1
        if reason is not None:
            self.reasons[what][reason] += 1
        if len(self.examples[what]) < EXAMPLES_MAX:
            self.examples[what].append(shown(key))


@dataclass(frozen=True, slots=True)
class MapDiff:
    old: Side
    new: Side
    source: SqlSource
    known: Known | None
    """None before the first ledger."""
    link_of: LinkOf
    planner: Planner | None
    """Of the proposed configuration, where persons are looked up at BKN."""

    def report(self, names: Sequence[FeedName] = ()) -> dict[str, Any]:
        """Plain data: what `map diff` shows. ``names``: of either side; none means all. Raises SourceDown, LedgerError."""
        feeds = {
            name: self._feed(name)
            for name in dict.fromkeys([*self.old.feeds, *self.new.feeds])
            if not names or name in names
        }
        effects = sum((Counter[str](one["at_bkn"] or {}) for one in feeds.values()), Counter[str]())
        return {
            "feeds": feeds,
            "equal": all(one["change"] == "none" for one in feeds.values()),
            "service_changes": self.old.service != self.new.service,
            "ledger": self.known is not None,
            "writes_at_most": sum(effects[name] for name in ("update", "create_or_link", "delete")),
            "looks_at_most": sum(effects[name] for name in ("update", "create_or_link", "delete", "look_only")),
            "persons_looked_at": len(self.planner.turns) if self.planner else 0,
            "bkn_problem": self.planner.bkn_problem if self.planner else "",
        }

    def _feed(self, name: FeedName) -> dict[str, Any]:
        old, new = self.old.feeds.get(name), self.new.feeds.get(name)
        difference = FeedDifference()
        head = {"words": words(old, new) if old and new else [], "unfit": ""}
        try:
            if new is None:
                return {**head, **self._removed(name), **_shown(difference, self.known)}
            if old is not None and self._is_same(old, new):
                return {**head, "change": "none", **_shown(difference, self.known)}
            for page in self._pages(old, new):
                self._page(old, new, page, difference)
        except SourceUnfit as unfit:
            head["unfit"] = str(unfit)
        change = (
            "new" if old is None else "changed" if _differs(difference) or head["words"] or head["unfit"] else "none"
        )
        return {**head, "change": change, **_shown(difference, self.known)}

    def _is_same(self, old: Feed, new: Feed) -> bool:
        """Then no row needs to be looked at."""
        return old == new and self.old.service == self.new.service

    def _removed(self, name: FeedName) -> dict[str, Any]:
        return {"change": "removed", "linked": self.known.linked(name) if self.known else None}

    # ------------------------------------------------------------------------------------------------------ the rows

    def _pages(self, old: Feed | None, new: Feed) -> Iterator[list[Pair]]:
        if old is None:
            for page in self._read(new, new.columns):
                yield [(key, None, row) for key, row in page]
        elif (old.table, old.key, old.key_is_natural) != (new.table, new.key, new.key_is_natural):
            yield from self._by_key(old, new)
        elif old.joins == new.joins:
            yield from self._at_once(old, new)
        else:
            yield from self._side_by_side(old, new)

    def _at_once(self, old: Feed, new: Feed) -> Iterator[list[Pair]]:
        """One reading serves both: the same row of the same moment, and half the work for SIMPEG."""
        columns = tuple(Column(name) for name in (*old.columns, *new.columns))
        both = replace(old, fields={"": BesideFields(columns)})
        for page in self._read(both, both.columns):
            yield [(key, row, row) for key, row in page]

    def _side_by_side(self, old: Feed, new: Feed) -> Iterator[list[Pair]]:
        """The same keys in the same order, but other tables joined to them."""
        after: SourceKey | None = None
        while True:
            before = self.source.page(old, after=after, until=None, size=PAGE)
            is_last = len(before) < PAGE
            until = None if is_last else before[-1][0]
            rows = dict(_rows(old, before, old.columns))
            others = dict(_rows(new, self._stretch(new, after, until), new.columns))
            yield [(key, rows.get(key), others.get(key)) for key in dict.fromkeys([*rows, *others])]
            if is_last or until == after:
                return
            after = until

    def _stretch(self, feed: Feed, after: SourceKey | None, until: SourceKey | None) -> list[tuple[SourceKey, Any]]:
        found: list[tuple[SourceKey, Any]] = []
        while True:
            page = self.source.page(feed, after=after, until=until, size=PAGE)
            found += page
            if len(page) < PAGE or page[-1][0] == after:
                return found
            after = page[-1][0]

    def _by_key(self, old: Feed, new: Feed) -> Iterator[list[Pair]]:
        """Another table or another key: rows of the two are one record where their keys read the same."""
        can_meet = len(old.key) == len(new.key)
        for page in self._read(old, old.columns):
            others = self.source.read(new, [key for key, _ in page]) if can_meet else {}
            yield [(key, row, others.get(key)) for key, row in page]
        for page in self._read(new, new.columns):
            met = self.source.read(old, [key for key, _ in page]) if can_meet else {}
            yield [(key, None, row) for key, row in page if key not in met]

    def _read(self, feed: Feed, names: Sequence[str]) -> Iterator[list[tuple[SourceKey, Row]]]:
        after: SourceKey | None = None
        while True:
            page = self.source.page(feed, after=after, until=None, size=PAGE)
            if page:
                yield list(_rows(feed, page, names))
            if len(page) < PAGE or page[-1][0] == after:
                return
            after = page[-1][0]

    def _page(self, old: Feed | None, new: Feed, page: Sequence[Pair], difference: FeedDifference) -> None:
        concerned: dict[SourceKey, Concern] = {}
        for key, row, other in page:
            difference.rows += 1
            before = Gone("row.gone") if old is None else render(old, row, link_of=self.link_of)
            after = render(new, other, link_of=self.link_of)
            if self._compare(old, new, key, before, after, difference):
                concerned[key] = Concern(after, was_wanted=isinstance(before, Wanted))
        if self.known is not None and concerned:
            self._effects(new, concerned, difference)
        if self.planner is not None:
            for key, concern in concerned.items():
                self._look(new, key, concern.rendered, difference)

    # --------------------------------------------------------------------------------------------------- the verdicts

    def _compare(
        self,
        old: Feed | None,
        new: Feed,
        key: SourceKey,
        before: Rendered,
        after: Rendered,
        difference: FeedDifference,
    ) -> bool:
        """Whether what is wanted at BKN changes."""
        if isinstance(before, Wanted) and isinstance(after, Wanted) and self._is_equal(old, new, before, after):
            difference.note("equal", key)
            return False
        was, becomes = self._state(self.old, old, before), self._state(self.new, new, after)
        match was, becomes:
            case Wanted(), Wanted():
                difference.note("changes", key)
                difference.fields.update(_changed_fields(old, new, was, becomes))
            case Held(), Held() if was == becomes:
                difference.note("still_held", key)
                return False
            case Held(), Held(reason, detail):
                difference.note("held_otherwise", key, reason=(reason, detail))
                return False
            case Held(reason, detail), Wanted():
                difference.note("newly_released", key, reason=(reason, detail))
            case Gone(), Wanted():
                difference.note("newly_sent", key)
            case ((Wanted() | Gone()), Held(reason, detail)):
                difference.note("newly_held", key, reason=(reason, detail))
                return False
            case ((Wanted() | Held()), Gone(reason)):
                difference.note("leaves", key, reason=(reason, new.delete_policy))
            case _:
                difference.note("of_neither", key)
                return False
        return True

    def _is_equal(self, old: Feed | None, new: Feed, before: Wanted, after: Wanted) -> bool:
        return (
            before.digest == after.digest
            and before.nip == after.nip
            and before.places == after.places
            and old is not None
            and old.target == new.target
            and self.old.service == self.new.service
        )

    def _state(self, side: Side, feed: Feed | None, rendered: Rendered) -> Wanted | Held | Gone:
        match rendered:
            case Wanted():
                assert feed is not None, "without a feed nothing is wanted"
                complaint = side.kinds.check(feed.target, rendered.body)
                return rendered if complaint is None else Held(complaint.reason, complaint.field)
            case Unready(reason, detail):
                return Held(reason, detail)
            case _:
                return rendered

    # ---------------------------------------------------------------------------------------------------------- at BKN

    def _effects(self, new: Feed, concerned: Mapping[SourceKey, Concern], difference: FeedDifference) -> None:
        assert self.known is not None, "asked only with a ledger"
        resource = self.new.kinds.resource(new.target)
        records = self.known.many(new.name, list(concerned))
        for key, concern in concerned.items():
            difference.effects[_effect(new, resource, records.get(key), concern)] += 1

    def _look(self, new: Feed, key: SourceKey, after: Rendered, difference: FeedDifference) -> None:
        assert self.planner is not None, "asked only where BKN is looked at"
        nip = None if isinstance(after, Gone) else after.nip
        if self.planner.turn(lane_of(nip, new.name, key)) is None:
            return  # nobody's, or of a person beyond those that are looked up
        decided = self.planner.decided(new, key, after)
        if decided is not None:
            difference.looked_at[decided.action] += 1


def words(old: Feed, new: Feed) -> list[str]:
    """The words of a feed, beside its fields, that say something else now; `fields.x` for expressions that do."""
    names = [one.name for one in dataclasses.fields(Feed) if one.name not in NOT_COMPARED]
    differing = [name for name in names if getattr(old, name) != getattr(new, name)]
    fields = [
        name for name in dict.fromkeys([*old.fields, *new.fields]) if old.fields.get(name) != new.fields.get(name)
    ]
    return [*(SPELLED.get(name, name) for name in differing), *(f"fields.{name}" for name in fields)]


SPELLED = {"delete_policy": "delete", "documents": "document", "key_is_natural": "identity"}
"""As the file has it."""


def _rows(
    feed: Feed, page: Sequence[tuple[SourceKey, tuple[Any, ...]]], names: Sequence[str]
) -> Iterator[tuple[SourceKey, Row]]:
    """Several rows of one key stand beside each other. Raises SourceUnfit where only one may be."""
    for key, group in groupby(page, key=itemgetter(0)):
        values = [one[1] for one in group]
        if len(values) > 1 and not feed.key_is_natural and feed.joins:
            same = zip(names, *values, strict=True)
            agreed = {name: first for name, first, *others in same if all(other == first for other in others)}
            yield key, SeveralPartners(", ".join(join.alias for join in feed.joins), agreed)
            continue
        if len(values) > 1 and not feed.key_is_natural:
            raise SourceUnfit(f"feed {feed.name}: several rows for one key; `simpeg-sync map check` says which key")
        yield key, TWICE if len(values) > 1 else dict(zip(names, values[0], strict=True))


def _changed_fields(old: Feed | None, new: Feed, was: Wanted, becomes: Wanted) -> Iterator[str]:
    for name in dict.fromkeys([*was.body, *becomes.body]):
        if was.body.get(name) != becomes.body.get(name):
            yield name
    if was.nip != becomes.nip:
        yield PERSON
    if was.places != becomes.places:
        yield CERTIFICATE
    if old is not None and old.target != new.target:
        yield TARGET


def _effect(feed: Feed, resource: Resource, record: Record | None, concern: Concern) -> str:
    after = concern.rendered
    bkn_id: BknId | None = record.bkn_id if record is not None else None
    if isinstance(after, Gone):
        return (
            {"delete": "delete", "hold": "delete_waits", "ignore": "left"}[feed.delete_policy] if bkn_id else "nothing"
        )
    assert isinstance(after, Wanted), "what is held costs no call"
    if record is None or (bkn_id is None and record.synced_digest is None):
        return "sent_anyway" if concern.was_wanted else "create_or_link"
    if record.synced_digest == after.digest:
        return "nothing"
    # Another spelling may be the same value to BKN.
    said = resource.confirmed(after.body)
    return "look_only" if all(record.confirmed.get(name) == digest for name, digest in said.items()) else "update"


def _differs(difference: FeedDifference) -> bool:
    return any(count for what, count in difference.counts.items() if what not in ("equal", "still_held", "of_neither"))


def _shown(difference: FeedDifference, known: Known | None) -> dict[str, Any]:
    return {
        "rows": difference.rows,
        "counts": dict(difference.counts),
        "reasons": {
            what: [
                {"reason": reason, "detail": detail, "count": count} for (reason, detail), count in found.most_common()
            ]
            for what, found in difference.reasons.items()
        },
        "fields": dict(difference.fields.most_common()),
        "examples": {
            what: list(keys) for what, keys in difference.examples.items() if what not in ("equal", "of_neither")
        },
        "at_bkn": dict(difference.effects) if known is not None else None,
        "looked_at": dict(difference.looked_at),
    }
