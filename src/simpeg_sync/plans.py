"""A plan that names its records: what would be done for each, with the facts of both sides, and what came of it.

Making one sends nothing. Applying it gives each record a permission that is tied to what the plan has seen of it; the daemon
does it by its ordinary road. A plan keeps digests and names of fields, no values; who wants to see those looks again.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simpeg_sync.domain.change import FeedName, SourceKey
from simpeg_sync.domain.errors import NotApproved, NothingMatched, OperatorError
from simpeg_sync.domain.permission import ENDED, ItemState, Wish
from simpeg_sync.domain.record import Record
from simpeg_sync.domain.situation import Difference
from simpeg_sync.insights import without_nips
from simpeg_sync.ledger import rows
from simpeg_sync.ledger.plan_items import NewItem, Ordered
from simpeg_sync.ledger.reading import LedgerReader, RecordFilter
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import render
from simpeg_sync.planner import Asked, Decided, Planner

PAGE = 500
ROWS_MAX = 10_000
"""Rows of the plan of a whole configuration that are kept; a selection is kept whole."""
KEEP_S = 30 * 86400.0
"""So long the rows of a plan are kept that nobody applies."""
GONE_AT_BKN, NOT_SHOWN, NEEDS_RELEASE = "conflict.gone_at_bkn", "settle.not_shown", "delete.needs_release"
RESTS: Mapping[str, ItemState] = {
    "unchanged": ItemState.NOTHING,
    "ignore": ItemState.NOTHING,
    "removed": ItemState.NOTHING,
    "hold": ItemState.HELD,
    "still_refused": ItemState.REFUSED,
}
"""What needs no order: the plan itself is the answer."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records a plan is about."""

    wanted: RecordFilter = field(default_factory=RecordFilter)
    ids: Sequence[int] | None = None
    """Exactly these; instead of a filter."""
    words: str = "all"
    """For people and the audit; a person masked."""


@dataclass(frozen=True, slots=True)
class Made:
    """A plan that has just been made."""

    plan_id: int
    summary: Mapping[str, Any]
    differences: Mapping[int, Sequence[Difference]]
    """By the number of the item: both values, as they were seen a moment ago."""


@dataclass(slots=True)
class Plans:
    planner: Planner
    reader: LedgerReader
    ledger: SqlLedger
    configuration: str
    actor: str
    """Who makes them, for the trail of what was read."""

    # ------------------------------------------------------------------------------------------------------- making

    def make(self, selection: Selection, wishes: frozenset[Wish] = frozenset(), *, takes_all: bool = False) -> Made:
        """Raises NothingMatched, SourceError, LedgerError.

        ``takes_all``: also records for which the plan finds nothing to do are ordered, to be looked at afresh.
        """
        ids = self.reader.ids(selection.wanted) if selection.ids is None else sorted(set(selection.ids))
        if not ids:
            raise NothingMatched("no record fits; `simpeg-sync status` shows what there is")
        now = self.planner.view.clock.now()
        self.ledger.forget_plans(before=now - KEEP_S)
        plan_id = self.ledger.start_plan(self.configuration, selection=selection.words, wishes=wishes)
        summary = Summary()
        differences: dict[int, Sequence[Difference]] = {}
        number = 1
        for start in range(0, len(ids), PAGE):
            items: list[NewItem] = []
            for record, decided, wished in self._decided(ids[start : start + PAGE], wishes):
                item = _item(record, record.feed, record.key, decided, wished, takes_all=takes_all)
                summary.add(item, decided)
                if decided.differences:
                    differences[number + len(items)] = decided.differences
                items.append(item)
            self.ledger.add_items(plan_id, number, items)
            number += len(items)
        shown = unpersonal(summary.shown(self.planner, selection.words, wishes))
        self.ledger.end_plan(plan_id, shown)
        self.ledger.say_reads(self.actor)
        return Made(plan_id, shown, differences)

    def make_for_configuration(self, *, more: Mapping[str, Any]) -> Made:
        """The plan of everything, which can be approved; its rows are those whose persons were looked up."""
        kept: list[NewItem] = []
        differences: dict[int, Sequence[Difference]] = {}

        def on_row(feed: Feed, key: SourceKey, decided: Decided) -> None:
            if not decided.is_looked_at or decided.action == "unchanged" or len(kept) >= ROWS_MAX:
                return
            kept.append(_item(decided.record, feed.name, key, decided, frozenset()))
            if decided.differences:
                differences[len(kept)] = decided.differences

        summary = {**self.planner.make(on_row), **more}
        self.ledger.forget_plans(before=self.planner.view.clock.now() - KEEP_S)
        summary = unpersonal(summary)  # the keys of its examples may hold persons
        plan_id = self.ledger.add_plan(self.configuration, json.dumps(summary, ensure_ascii=False))
        for start in range(0, len(kept), PAGE):
            self.ledger.add_items(plan_id, start + 1, kept[start : start + PAGE])
        self.ledger.say_reads(self.actor)
        return Made(plan_id, summary, differences)

    def _decided(
        self, ids: Sequence[int], wishes: frozenset[Wish]
    ) -> Iterator[tuple[Record, Decided, frozenset[Wish]]]:
        """For each record what would be done, and which of the wishes concern it."""
        found = self.reader.by_ids(ids)
        view = self.planner.view
        keys: dict[FeedName, list[SourceKey]] = {}
        for row in found:
            if row["feed"] in view.feeds:
                keys.setdefault(row["feed"], []).append(row["source_key"])
        read = {name: view.source.read(view.feeds[name], some) for name, some in keys.items()}
        for row in found:
            record = rows.record(row)  # type: ignore[arg-type]  # a row as a plain mapping
            wished = wishes if row["reason"] == GONE_AT_BKN else wishes - {Wish.RECREATE}
            if record.feed not in view.feeds:
                yield record, Decided("hold", "feed.removed"), wished
                continue
            feed = view.feeds[record.feed]
            rendered = render(feed, read[record.feed].get(record.key), link_of=view.link_of)
            asked = Asked(record, wished, not_shown=row["reason"] == NOT_SHOWN)
            decided = self.planner.decided(feed, record.key, rendered, asked=asked) or Decided("ignore", "row.gone")
            yield record, decided, wished if decided.is_looked_at else wished - {Wish.OVERWRITE}

    # ----------------------------------------------------------------------------------------------------- applying

    def apply(self, plan_id: int, *, actor: str, reason: str, action: str = "plan.apply", which: str = "") -> Ordered:
        """Orders what is still open. Raises NothingMatched, NotApproved, OperatorError."""
        found = self.found(plan_id)
        if found["configuration"] != self.configuration:
            raise OperatorError(
                f"plan {plan_id} was made for other feeds or another web service than there are now; make a new one"
            )
        if not found["summary"] and found["selection"]:
            raise OperatorError(f"plan {plan_id} was never finished; make a new one")
        self.check_approved()
        which = which or f"plan {plan_id}, {found['selection'] or 'the whole configuration'}"
        return self.ledger.order_plan(plan_id, actor=actor, reason=reason, action=action, which=which)

    def check_approved(self) -> None:
        """Raises NotApproved."""
        if not self.ledger.is_approved(self.configuration):
            raise NotApproved(
                "this configuration is not approved yet, so nothing is sent: look at `simpeg-sync plan`, then "
                "`simpeg-sync plan --approve`; after that order it again"
            )

    # ------------------------------------------------------------------------------------------------------ looking

    def found(self, plan_id: int) -> Mapping[str, Any]:
        return found_plan(self.reader, plan_id)

    def differences(self, items: Sequence[Mapping[str, Any]]) -> Mapping[int, Sequence[Difference]]:
        """Both sides looked at again, since no plan keeps values."""
        view, found = self.planner.view, {}
        for item in items:
            feed = view.feeds.get(item["feed"])
            record = view.ledger.find(item["feed"], item["source_key"])
            if feed is None or not item["fields"]:
                continue
            rendered = render(feed, view.source.read(feed, [item["source_key"]]).get(item["source_key"]))
            asked = Asked(record) if record is not None else None
            decided = self.planner.decided(feed, item["source_key"], rendered, asked=asked)
            found[item["number"]] = decided.differences if decided is not None else ()
        return found


@dataclass(slots=True)
class Summary:
    """Counts over the items of a selection."""

    actions: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    persons: set[str] = field(default_factory=set)
    lists: set[tuple[str, str]] = field(default_factory=set)
    """What the daemon looks at for it: a list for each person and kind."""
    records: int = 0
    certificates: int = 0
    not_looked_at: int = 0

    def add(self, item: NewItem, decided: Decided) -> None:
        self.records += 1
        self.actions[item.action] += 1
        self.persons.add(item.lane)
        self.certificates += decided.certificates_to_follow
        self.not_looked_at += not decided.is_looked_at and item.action == "to_look_at"
        if item.reason:
            self.reasons[(item.feed, item.reason, item.detail)] += 1
        if item.state is ItemState.OPEN:
            self.lists.add((item.lane, item.feed))

    def shown(self, planner: Planner, words: str, wishes: frozenset[Wish]) -> dict[str, Any]:
        decided = sum(self.actions[name] for name in ("create", "update", "delete")) + self.certificates
        looked_at = self.records - self.not_looked_at
        writes = decided + (round(self.not_looked_at * decided / looked_at) if looked_at else self.not_looked_at)
        reads = len(self.lists)
        return {
            "selection": words,
            "wishes": sorted(wishes),
            "records": self.records,
            "persons": len(self.persons),
            "persons_looked_at": len(planner.turns),
            "not_looked_at": self.not_looked_at,
            "bkn_problem": planner.bkn_problem,
            "actions": dict(self.actions.most_common()),
            "reasons": [
                {"feed": feed, "reason": reason, "detail": detail, "count": count}
                for (feed, reason, detail), count in self.reasons.most_common(20)
            ],
            "estimate": {
                "writes": writes,
                "reads_about": reads,
                "minutes": round((writes + reads) / planner.calls_per_second / 60, 1),
                "is_exact": not self.not_looked_at,
            },
        }


def unpersonal(data: Any) -> Any:
    """Keys of rows, and details that quote them, may hold NIPs."""
    return json.loads(without_nips(json.dumps(data, ensure_ascii=False, default=str)))


def found_plan(reader: LedgerReader, plan_id: int) -> Mapping[str, Any]:
    """Raises NothingMatched."""
    found = reader.plan(plan_id)
    if found is None:
        raise NothingMatched(f"there is no plan {plan_id}; `simpeg-sync plan` makes one")
    return found


def progress(reader: LedgerReader, plan_id: int) -> Mapping[str, int]:
    """Items by state."""
    counts: Counter[str] = Counter()
    for (state, _, _), count in reader.plan_states(plan_id).items():
        counts[state] += count
    return counts


def is_over(counts: Mapping[str, int]) -> bool:
    return not sum(count for state, count in counts.items() if state not in ENDED)


def _item(
    record: Record | None,
    feed: FeedName,
    key: SourceKey,
    decided: Decided,
    wishes: frozenset[Wish],
    *,
    takes_all: bool = False,
) -> NewItem:
    is_known = record is not None and record.id > 0
    lane = record.lane if is_known and record is not None else decided.lane or f"?{feed}{key}"
    state = ItemState.OPEN if takes_all else RESTS.get(decided.action, ItemState.OPEN)
    return NewItem(
        record_id=record.id if is_known and record is not None else None,
        feed=feed,
        key=key,
        lane=lane,
        action=decided.action,
        first=decided.first if decided.is_looked_at or decided.action == "to_look_at" else decided.action,
        reason=decided.reason,
        detail=decided.detail,
        wishes=wishes,
        wanted=decided.facts.wanted if decided.facts else "",
        files=decided.facts.files if decided.facts else "",
        bkn=decided.facts.bkn if decided.facts else "",
        bkn_id=decided.bkn_id,
        fields=[one.name for one in decided.differences],
        certificates=decided.certificates_to_follow,
        state=state,
        why=decided.reason if state is ItemState.HELD else "",
    )
