"""What would be done, before anything is done: every row of SIMPEG through the daemon's own decisions, nothing sent.

Deciding needs BKN's rows, one list GET per person and resource; for a first impression a sample of persons is looked at
and the rest is counted as still to be looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simpeg_sync.decide import permission, plan
from simpeg_sync.decide.permission import Facts
from simpeg_sync.decide.situations import differences
from simpeg_sync.domain.change import FeedName, Nip, Row, SourceKey, key_parts
from simpeg_sync.domain.errors import BknError
from simpeg_sync.domain.permission import NOT_LOOKED_AT as TO_LOOK_AT
from simpeg_sync.domain.permission import Wish
from simpeg_sync.domain.record import Action, BknId, Record, RecordId, person_of
from simpeg_sync.domain.situation import Difference
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.expressions import linked_feeds
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted, render
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.ports import Claim
from simpeg_sync.turn import Turn, View, Work

PAGE = 500
EXAMPLES_MAX = 3
NEW = BknId("new")
"""Stands for the id that BKN will give."""


@dataclass(slots=True)
class FeedPlan:
    actions: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    certificates: int = 0
    """Uploads that follow a row's own action: a create, an update or a link."""


@dataclass(slots=True)
class Planner:
    pipeline: Pipeline
    calls_per_second: float
    persons_to_look_at: int
    """How many persons are looked up at BKN; the rest is estimated from them."""
    turns: dict[str, Turn] = field(default_factory=dict)
    bkn_problem: str = ""
    will_be_there: dict[FeedName, dict[SourceKey, Nip]] = field(default_factory=dict)
    """Rows of the feeds that others link to, which BKN will have once the plan is done."""

    def __post_init__(self) -> None:
        # What a delete waits for is no news here: the plan shows what comes after the wait.
        view = self.pipeline.view
        self.pipeline = Pipeline(replace(view, timing=replace(view.timing, delete_grace_s=0.0), why="plan"))

    @property
    def view(self) -> View:
        return self.pipeline.view

    def make(self, on_row: "Callable[[Feed, SourceKey, Decided], None] | None" = None) -> dict[str, Any]:
        """The plan as plain data: what `plan` shows and the ledger keeps. Raises SourceError, LedgerError.

        ``on_row``: is told of every row.
        """
        named = {name for feed in self.view.feeds.values() for name in _links_of(feed)}
        self.will_be_there = {name: {} for name in named}
        planned = {feed.name: self._feed(feed, on_row) for feed in _links_first(list(self.view.feeds.values()))}
        feeds = {name: planned[name] for name in self.view.feeds}
        return {
            "feeds": {name: self._shown(of_feed) for name, of_feed in feeds.items()},
            "persons_looked_at": len(self.turns),
            "bkn_problem": self.bkn_problem,
            "estimate": self._estimate(list(feeds.values())),
        }

    def _feed(self, feed: Feed, on_row: "Callable[[Feed, SourceKey, Decided], None] | None") -> FeedPlan:
        result = FeedPlan()
        for key, row in self._rows(feed):
            rendered = render(feed, row, link_of=self._link_of)
            decided = self.decided(feed, key, rendered)
            if decided is None:
                continue
            if on_row is not None:
                on_row(feed, key, decided)
            if feed.name in self.will_be_there and isinstance(rendered, Wanted) and decided.action != "hold":
                self.will_be_there[feed.name][key] = rendered.nip
            action, reason, detail = decided.action, decided.reason, decided.detail
            result.actions[action] += 1
            result.certificates += decided.certificates_to_follow
            if action == "hold":
                result.reasons[(reason, detail)] += 1
            if len(result.examples[action]) < EXAMPLES_MAX:
                result.examples[action].append("/".join(key_parts(key)))
        return result

    def _link_of(self, feed: FeedName, key: SourceKey, nip: Nip) -> BknId | None:
        """What another row links to may be sent by this very plan, before it."""
        found = self.view.link_of(feed, key, nip)
        is_coming = self.will_be_there.get(feed, {}).get(key) == nip
        return NEW if found is None and is_coming else found

    def _rows(self, feed: Feed) -> Iterator[tuple[SourceKey, Row | None]]:
        for keys in self.view.source.keys(feed, page_size=PAGE):
            rows = self.view.source.read(feed, keys)
            for key in keys:
                yield key, rows.get(key)

    def decided(
        self, feed: Feed, key: SourceKey, rendered: Rendered, *, asked: "Asked | None" = None
    ) -> "Decided | None":
        """What the daemon would do about one row. None for rows that are nothing of this feed, and never were.

        ``asked``: of a record that an operator wants looked at afresh.
        """
        record = asked.record if asked is not None else self.view.ledger.find(feed.name, key)
        facts = Facts(permission.wanted_digest(rendered))
        if isinstance(rendered, Unready):
            return Decided("hold", rendered.reason, rendered.detail, facts=facts, record=record, lane=rendered.nip)
        if isinstance(rendered, Gone):
            if record is None or record.bkn_id is None or feed.delete_policy == "ignore":
                return None
            lane = record.lane
        else:
            lane = rendered.nip
            record = record or unseen(feed.name, key, rendered.nip)
        found = self._found(feed, record, rendered, lane, asked)
        return replace(found, facts=found.facts or facts, record=record, lane=lane)

    def _found(self, feed: Feed, record: Record, rendered: Rendered, lane: str, asked: "Asked | None") -> "Decided":
        turn = self.turn(lane)
        if asked is not None:
            resource = self.view.bkn.resource(feed.target)
            wishes = asked.wishes if turn is not None else asked.wishes - {Wish.OVERWRITE}
            wished = permission.wished(permission.afresh(record, not_shown=asked.not_shown), resource, wishes)
        else:
            wished = record
        if turn is None:
            return self._without_looking(feed, wished, rendered)
        work = self.view.work(turn, wished, rendered)
        try:
            sent = _sent_for_another(record, rendered)
            if sent is not None and not self.view.has_row(feed, Nip(lane), sent):
                return Decided("hold", "person.changed")
            decision = self.pipeline.decide(work)
            shown = self._with_certificate(work, decision)
        except BknError as error:
            self.bkn_problem = str(error)
            if not turn.looks:
                del self.turns[lane]
            return Decided(TO_LOOK_AT)
        if asked is not None and shown.action == "link" and work.record.bkn_id == permission.named_row(decision):
            shown = replace(shown, action="upload" if shown.certificates_to_follow else "unchanged")
        return self._with_facts(shown, replace(work, record=record), decision)

    def _with_facts(self, shown: "Decided", work: Work, decision: plan.Decision) -> "Decided":
        """What both sides show now, by which a permission is judged later."""
        look = work.turn.looks.get(work.feed.target)
        bkn_id = permission.named_row(decision) or work.record.bkn_id
        row = look.row(bkn_id) if look is not None and bkn_id is not None else None
        first = permission.name_of(decision)
        if isinstance(decision, plan.Later):
            first = shown.action if shown.action == "delete" else TO_LOOK_AT
        elif isinstance(decision, plan.Upload | plan.FollowUp):
            first = "link"  # looked at afresh, the row is found equal first
        is_compared = row is not None and isinstance(work.rendered, Wanted)
        return replace(
            shown,
            first=first,
            facts=self.pipeline.facts(work, decision),
            bkn_id=bkn_id,
            differences=differences(work.resource, work.wanted, row) if is_compared and row else (),
            is_looked_at=True,
        )

    def _without_looking(self, feed: Feed, record: Record, rendered: Rendered) -> "Decided":
        if not isinstance(rendered, Wanted):
            return Decided(TO_LOOK_AT)
        complaint = self.view.bkn.check(feed.target, rendered.body)
        if complaint is not None:
            return Decided("hold", complaint.reason, complaint.field)
        settled = record.bkn_id is not None and record.synced_digest == rendered.digest
        settled = settled and _sent_for_another(record, rendered) is None
        return Decided("unchanged" if settled else TO_LOOK_AT)

    def _with_certificate(self, work: Work, decision: plan.Decision) -> "Decided":
        """A link alone costs no write; whether an update and certificates follow is what people want to know."""
        record = work.record
        match decision:
            case plan.Link(bkn_id):
                row = self.view.look(work.turn, work.feed).row(bkn_id) or {}
                done = self.pipeline.served(work, row) if record.bkn_id is None else record.done
                after = replace(record, bkn_id=bkn_id, done=done)
                if work.resource.differences(work.wanted.body, row):
                    decision = plan.Save(Action.UPDATE, bkn_id, {})
            case plan.Later("delete.others_first"):
                return Decided("delete")
            case plan.Save(_, bkn_id):
                after = replace(record, bkn_id=bkn_id or NEW)
            case plan.Upload():
                after = record
            case _:
                return _named(decision)
        follow = sum(
            isinstance(plan.after_content(work.resource, after, {kind: file}), plan.Upload)
            for kind, file in work.files.items()
        )
        if isinstance(decision, plan.Upload):
            follow -= 1  # the decision itself
        return replace(_named(decision), certificates_to_follow=follow)

    def turn(self, lane: str) -> Turn | None:
        """What BKN has shown of the person so far; None for persons who are not looked up."""
        if self.bkn_problem or person_of(lane) is None:
            return None
        if lane not in self.turns:
            if len(self.turns) >= self.persons_to_look_at:
                return None
            self.turns[lane] = Turn(Claim(lane, "plan", 0, ()))
        return self.turns[lane]

    def _shown(self, of_feed: FeedPlan) -> dict[str, Any]:
        return {
            "actions": dict(of_feed.actions.most_common()),
            "reasons": [
                {"reason": reason, "detail": detail, "count": count}
                for (reason, detail), count in of_feed.reasons.most_common(20)
            ],
            "examples": {action: list(keys) for action, keys in of_feed.examples.items()},
        }

    def _estimate(self, feeds: Sequence[FeedPlan]) -> dict[str, Any]:
        """Writes: what was decided, plus the same shares of what was not looked at. Reads: one list a person and feed."""
        actions = sum((of_feed.actions for of_feed in feeds), Counter[str]())
        unseen = actions[TO_LOOK_AT]
        decided = {name: actions[name] for name in ("create", "update", "delete", "upload")}
        seen = sum(decided.values()) + actions["link"] + actions["unchanged"]
        certain = sum(decided.values()) + sum(of_feed.certificates for of_feed in feeds)
        share = certain / seen if seen else 1.0
        writes = certain + round(unseen * share)
        reads = unseen + sum(len(turn.looks) for turn in self.turns.values())
        return {
            "writes": writes,
            "reads_about": reads,
            "minutes": round((writes + reads) / self.calls_per_second / 60, 1),
            "is_exact": unseen == 0,
        }


@dataclass(frozen=True, slots=True)
class Decided:
    action: str
    reason: str = ""
    """For a hold, with its place."""
    detail: str = ""
    certificates_to_follow: int = 0
    first: str = TO_LOOK_AT
    """The daemon's first step towards it: a row that BKN has is linked before it is updated."""
    facts: Facts | None = None
    record: Record | None = None
    """None where the row cannot be read so far."""
    lane: str | None = None
    bkn_id: BknId | None = None
    differences: Sequence[Difference] = ()
    is_looked_at: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A record that an operator wants looked at afresh, and what he wishes for it."""

    record: Record
    wishes: frozenset[Wish] = frozenset()
    not_shown: bool = False
    """It is held since nobody could ever see whether BKN has it."""


def _named(decision: plan.Decision) -> Decided:
    match decision:
        case plan.Hold(reason, detail) | plan.Report(reason, detail):
            return Decided("hold", reason, detail)
        case plan.Later(reason):
            return Decided("later", reason)
        case _:
            return Decided(permission.name_of(decision))


def _links_of(feed: Feed) -> set[FeedName]:
    return {name for expression in feed.fields.values() for name in linked_feeds(expression)}


def _links_first(feeds: Sequence[Feed]) -> Sequence[Feed]:
    """A feed after those that its rows link to; a circle stays as it is written."""
    ordered: list[Feed] = []
    waiting = list(feeds)
    while waiting:
        names = {feed.name for feed in waiting}
        ready = [feed for feed in waiting if not (_links_of(feed) - {feed.name}) & names] or waiting
        ordered += ready
        waiting = [feed for feed in waiting if feed not in ready]
    return ordered


def _sent_for_another(record: Record, rendered: Rendered) -> BknId | None:
    """BKN's id of a row that was sent for another person than SIMPEG names now; the daemon holds it unless BKN agrees."""
    is_anothers = isinstance(rendered, Wanted) and rendered.nip != record.lane
    return record.bkn_id if is_anothers else None


def unseen(feed: FeedName, key: SourceKey, nip: Nip) -> Record:
    """A row that the ledger has not met yet."""
    return Record(RecordId(0), feed, key, nip, Status.WORKING, 1)
