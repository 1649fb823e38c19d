"""What would be done, before anything is done: every row of SIMPEG through the daemon's own decisions, nothing sent.

Deciding needs BKN's rows, one list GET per person and resource; for a first impression a sample of persons is looked at
and the rest is counted as still to be looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simpeg_sync.decide import plan
from simpeg_sync.domain.change import FeedName, Nip, Row, SourceKey, key_parts
from simpeg_sync.domain.errors import BknError
from simpeg_sync.domain.record import Action, Record, RecordId
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Unready, Wanted, render
from simpeg_sync.pipeline import Pipeline, Turn, Work
from simpeg_sync.ports import Claim

PAGE = 500
EXAMPLES_MAX = 3
TO_LOOK_AT = "to_look_at"


@dataclass(slots=True)
class FeedPlan:
    actions: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@dataclass(slots=True)
class Planner:
    pipeline: Pipeline
    calls_per_second: float
    persons_to_look_at: int
    """How many persons are looked up at BKN; the rest is estimated from them."""
    turns: dict[Nip, Turn] = field(default_factory=dict)
    looked_calls: int = 0
    bkn_problem: str = ""

    def make(self) -> dict[str, Any]:
        """The plan as plain data: what `plan` shows and the ledger keeps. Raises SourceError, LedgerError."""
        feeds = {name: self._feed(feed) for name, feed in self.pipeline.feeds.items()}
        return {
            "feeds": {name: self._shown(of_feed) for name, of_feed in feeds.items()},
            "persons_looked_at": len(self.turns),
            "bkn_problem": self.bkn_problem,
            "estimate": self._estimate(list(feeds.values())),
        }

    def _feed(self, feed: Feed) -> FeedPlan:
        result = FeedPlan()
        for key, row in self._rows(feed):
            rendered = render(feed, row)
            action, reason, detail = self._decided(feed, key, row)
            if isinstance(rendered, Gone):
                action = self._end_of(feed, key)
                if not action:
                    continue
            result.actions[action] += 1
            if action == "hold":
                result.reasons[(reason, detail)] += 1
            if len(result.examples[action]) < EXAMPLES_MAX:
                result.examples[action].append("/".join(key_parts(key)))
        return result

    def _end_of(self, feed: Feed, key: SourceKey) -> str:
        """What the policy says about a row that BKN has from us and that the feed does not want any more."""
        record = self.pipeline.ledger.find(feed.name, key)
        if record is None or record.bkn_id is None:
            return ""
        return {"delete": "delete", "hold": "hold_delete", "ignore": "ignore"}[feed.delete_policy]

    def _rows(self, feed: Feed) -> Iterator[tuple[SourceKey, Row | None]]:
        for keys in self.pipeline.source.keys(feed, page_size=PAGE):
            rows = self.pipeline.source.read(feed, keys)
            for key in keys:
                yield key, rows.get(key)

    def _decided(self, feed: Feed, key: SourceKey, row: Row | None) -> tuple[str, str, str]:
        """The action's name, and for a hold its reason and place."""
        rendered = render(feed, row)
        if isinstance(rendered, Unready):
            return "hold", rendered.reason, rendered.detail
        if isinstance(rendered, Gone):
            return "ignore", rendered.reason, ""
        record = self.pipeline.ledger.find(feed.name, key) or _unseen(feed.name, key, rendered.nip)
        turn = self._turn(rendered)
        if turn is None:
            complaint = self.pipeline.bkn.check(feed.target, rendered.body)
            if complaint is not None:
                return "hold", complaint.reason, complaint.field
            settled = record.bkn_id is not None and record.synced_digest == rendered.digest
            return ("unchanged" if settled else TO_LOOK_AT), "", ""
        work = Work(
            turn,
            feed,
            self.pipeline.bkn.resource(feed.target),
            record,
            rendered,
            self.pipeline.document(feed, rendered),
        )
        try:
            return _named(self._after_link(work))
        except BknError as error:
            self.bkn_problem = str(error)
            self.persons_to_look_at = 0
            return TO_LOOK_AT, "", ""

    def _after_link(self, work: Work) -> plan.Decision:
        """A link alone costs no write; whether the linked row then needs an update is what people want to know."""
        decision = self.pipeline.decide(work)
        if isinstance(decision, plan.Link):
            row = self.pipeline.look(work.turn, work.feed).row(decision.bkn_id) or {}
            if work.resource.differences(work.wanted.body, row):
                return plan.Save(Action.UPDATE, decision.bkn_id, {})
        return decision

    def _turn(self, wanted: Wanted) -> Turn | None:
        if wanted.nip not in self.turns:
            if len(self.turns) >= self.persons_to_look_at:
                return None
            self.turns[wanted.nip] = Turn(Claim(wanted.nip, "plan", 0, ()))
        return self.turns[wanted.nip]

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
        share = sum(decided.values()) / seen if seen else 1.0
        writes = sum(decided.values()) + round(unseen * share)
        reads = unseen + sum(len(turn.looks) for turn in self.turns.values())
        return {
            "writes": writes,
            "reads_at_most": reads,
            "minutes": round((writes + reads) / self.calls_per_second / 60, 1),
            "is_exact": unseen == 0,
        }


def _named(decision: plan.Decision) -> tuple[str, str, str]:
    match decision:
        case plan.Save(action):
            return str(action), "", ""
        case plan.Hold(reason, detail):
            return "hold", reason, detail
        case plan.Later(reason):
            return "later", reason, ""
        case _:
            return _NAMES[type(decision)], "", ""


_NAMES: Mapping[type[plan.Decision], str] = {
    plan.Link: "link",
    plan.Upload: "upload",
    plan.Delete: "delete",
    plan.Unchanged: "unchanged",
    plan.StillRefused: "still_refused",
    plan.Removed: "removed",
    plan.Ignore: "ignore",
    plan.LookFirst: TO_LOOK_AT,
}


def _unseen(feed: FeedName, key: SourceKey, nip: Nip) -> Record:
    """A row that the ledger has not met yet."""
    return Record(RecordId(0), feed, key, nip, Status.WORKING, 1)
