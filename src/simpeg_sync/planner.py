"""What would be done, before anything is done: every row of SIMPEG through the daemon's own decisions, nothing sent.

Deciding needs BKN's rows, one list GET per person and resource; for a first impression a sample of persons is looked at
and the rest is counted as still to be looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simpeg_sync.decide import plan
from simpeg_sync.domain.change import FeedName, Nip, Row, SourceKey, key_parts
from simpeg_sync.domain.errors import BknError
from simpeg_sync.domain.record import Action, BknId, Record, RecordId, person_of
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.expressions import linked_feeds
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted, render
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.ports import Claim
from simpeg_sync.turn import Turn, View, Work

PAGE = 500
EXAMPLES_MAX = 3
TO_LOOK_AT = "to_look_at"
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

    def make(self) -> dict[str, Any]:
        """The plan as plain data: what `plan` shows and the ledger keeps. Raises SourceError, LedgerError."""
        named = {name for feed in self.view.feeds.values() for name in _links_of(feed)}
        self.will_be_there = {name: {} for name in named}
        planned = {feed.name: self._feed(feed) for feed in _links_first(list(self.view.feeds.values()))}
        feeds = {name: planned[name] for name in self.view.feeds}
        return {
            "feeds": {name: self._shown(of_feed) for name, of_feed in feeds.items()},
            "persons_looked_at": len(self.turns),
            "bkn_problem": self.bkn_problem,
            "estimate": self._estimate(list(feeds.values())),
        }

    def _feed(self, feed: Feed) -> FeedPlan:
        result = FeedPlan()
        for key, row in self._rows(feed):
            rendered = render(feed, row, link_of=self._link_of)
            decided = self.decided(feed, key, rendered)
            if decided is None:
                continue
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

    def decided(self, feed: Feed, key: SourceKey, rendered: Rendered) -> "Decided | None":
        """What the daemon would do about one row. None for rows that are nothing of this feed, and never were."""
        if isinstance(rendered, Unready):
            return Decided("hold", rendered.reason, rendered.detail)
        record = self.view.ledger.find(feed.name, key)
        if isinstance(rendered, Gone):
            if record is None or record.bkn_id is None or feed.delete_policy == "ignore":
                return None
            lane = record.lane
        else:
            lane = rendered.nip
            record = record or unseen(feed.name, key, rendered.nip)
        turn = self.turn(lane)
        if turn is None:
            return self._without_looking(feed, record, rendered)
        work = self.view.work(turn, record, rendered)
        try:
            sent = _sent_for_another(record, rendered)
            if sent is not None and not self.view.has_row(feed, Nip(lane), sent):
                return Decided("hold", "person.changed")
            return self._with_certificate(work, self.pipeline.decide(work))
        except BknError as error:
            self.bkn_problem = str(error)
            if not turn.looks:
                del self.turns[lane]
            return Decided(TO_LOOK_AT)

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


def _named(decision: plan.Decision) -> Decided:
    match decision:
        case plan.Save(action):
            return Decided(str(action))
        case plan.Hold(reason, detail) | plan.Report(reason, detail):
            return Decided("hold", reason, detail)
        case plan.Later(reason):
            return Decided("later", reason)
        case _:
            return Decided(_NAMES[type(decision)])


_NAMES: Mapping[type[plan.Decision], str] = {
    plan.Link: "link",
    plan.Upload: "upload",
    plan.FollowUp: "follow_up",
    plan.Delete: "delete",
    plan.Unchanged: "unchanged",
    plan.StillRefused: "still_refused",
    plan.Removed: "removed",
    plan.Ignore: "ignore",
    plan.LookFirst: TO_LOOK_AT,
}


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
