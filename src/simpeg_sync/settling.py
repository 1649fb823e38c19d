"""What became of a write whose answer was lost? A fresh look at BKN, when the first request can no longer land, says.

Nothing is sent here. "Absent" is believed when seen twice, apart in time; what cannot be decided goes to a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from simpeg_sync.decide import readback, retry
from simpeg_sync.decide.fields import Resource, identifier
from simpeg_sync.decide.look import Look
from simpeg_sync.domain.move import NO_LINK, Move, saved
from simpeg_sync.domain.record import Action, Attempt, AttemptId, BknId, Record
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone
from simpeg_sync.turn import Turn, View

KIND = "id_ref_dokumen"
"""In an upload's stored attempt: which of the row's certificates it carries."""


@dataclass(frozen=True, slots=True)
class Settling:
    view: View
    left_at: dict[AttemptId, float] = field(default_factory=dict)
    """Monotonic time of this process's unclear writes: a wall clock that jumps must not shorten their settle time."""

    def note(self, attempt: Attempt) -> None:
        """The attempt left just now, and its answer does not say what came of it."""
        self.left_at[attempt.id] = self.view.clock.monotonic()

    def settle(self, turn: Turn, record: Record) -> None:
        """A fresh look at BKN says what became of the write. Nothing is sent."""
        feed = self.view.feeds[record.feed]
        attempt = self.view.ledger.open_attempt(record)
        if attempt is None:
            raise AssertionError(f"record {record.id} is uncertain without an open attempt")
        if (early_s := self.settles_in_s(attempt)) > 0:
            again = self.view.clock.now() + early_s
            self.view.ledger.finish(turn.claim, record, Move.still_unclear("answer.unclear", look_again_at=again))
            return
        if not self.view.bkn.resource(feed.target).is_listed:
            self.settled(turn, record, attempt, readback.Undecidable("settle.not_shown"))
            return
        look = self.view.look(turn, feed, fresh=True)
        self.settled(turn, record, attempt, self.judged(turn, record, attempt, look))

    def judged(self, turn: Turn, record: Record, attempt: Attempt, look: Look) -> readback.Judgement:
        feed = self.view.feeds[record.feed]
        return readback.judge(
            attempt,
            record,
            self.view.bkn.resource(feed.target),
            look,
            owned_by_others={
                identifier(link.record.bkn_id)
                for link in self.view.ledger.links(turn.claim.lane)
                if link.record.id != record.id
            },
            natural_key=feed.natural_key,
            document_matches=self.document_arrived(turn, feed, attempt, look),
            now=self.view.clock.now(),
            absent_gap_s=self.view.timing.absent_gap_s,
        )

    def settles_in_s(self, attempt: Attempt) -> float:
        left_at = self.left_at.get(attempt.id)
        return 0.0 if left_at is None else left_at + self.view.timing.settle_s - self.view.clock.monotonic()

    def settled(self, turn: Turn, record: Record, attempt: Attempt, judgement: readback.Judgement) -> None:
        feed, now = self.view.feeds[record.feed], self.view.clock.now()
        changes: Mapping[str, Any]
        match judgement:
            case readback.AskAgain(wait_s):
                move = Move.still_unclear("settle.no_trace_yet", look_again_at=now + wait_s)
                self.view.ledger.note_absent(turn.claim, record, attempt, move)
                return
            case readback.Undecidable(reason, detail):
                # What BKN holds now is not what it held before, even if SIMPEG should take its change back.
                changes = {} if attempt.action is Action.UPLOAD else {"synced_digest": None}
                if attempt.action is Action.CREATE and reason == "settle.not_shown":
                    # It may be there, and nobody will ever see it: only a person may have it sent again.
                    changes = {**changes, "synced_at": attempt.started_at}
                move, verdict = Move.held(reason, detail, **changes), "undecidable"
            case readback.NotExecuted() if record.deaths >= retry.DEATHS_MAX:
                move, verdict = Move.held("worker.dies"), "not_executed"
            case readback.NotExecuted() if retry.too_often(record.failures + 1):
                move, verdict = Move.held("tries.exhausted", "settle.not_executed"), "not_executed"
            case readback.NotExecuted():
                wait_s = retry.wait_s(record.failures, jitter=self.view.clock.jitter()) if record.failures else 0.0
                changes = {"failures": record.failures + 1}
                move, verdict = (
                    Move.decided("settle.not_executed", due_at=now + wait_s, changes=changes),
                    "not_executed",
                )
            case readback.Landed(bkn_id):
                row = self.view.look(turn, feed).row(bkn_id) or {}
                confirmed = self.view.bkn.resource(feed.target).seen(attempt.body, row)
                changes = {"bkn_id": bkn_id, "confirmed": confirmed, "synced_digest": None}
                move, verdict = Move.decided("settle.landed", due_at=now, changes=changes), "executed"
            case readback.Executed() if attempt.action is Action.DELETE:
                verdict, move = "executed", Move.removed("settle.executed")
                if not isinstance(self.view.rendered(feed, record), Gone):
                    # Entered again meanwhile: the record starts afresh, without a row at BKN.
                    move = Move.decided("settle.executed", due_at=now, changes=NO_LINK)
            case readback.Executed(bkn_id):
                changes = executed(record, attempt, bkn_id, self.view.bkn.resource(feed.target), now=now)
                wakes = self.view.waiting_for(feed)
                move = Move.decided("settle.executed", due_at=now, changes=changes, wakes=wakes)
                verdict = "executed"
            case _:
                assert_never(judgement)
        self.view.ledger.settle_attempt(turn.claim, record, attempt, verdict, move)
        self.left_at.pop(attempt.id, None)
        turn.unsettled = self.view.unsettled(turn.claim)

    def document_arrived(self, turn: Turn, feed: Feed, attempt: Attempt, look: Look) -> bool:
        if attempt.action is not Action.UPLOAD or attempt.bkn_id is None:
            return False
        row = look.row(attempt.bkn_id)
        if row is None:
            return False
        served = self.view.served(turn.claim.lane, feed.target, row, attempt.body[KIND], why="settle")
        return served is not None and self.view.files.digest(served) == attempt.digest


def executed(
    record: Record, attempt: Attempt, bkn_id: BknId | None, resource: Resource, *, now: float
) -> Mapping[str, Any]:
    """What is known of the record once a read-back has found the write. The next step starts from here."""
    match attempt.action:
        case Action.CREATE | Action.UPDATE:
            assert bkn_id is not None
            return saved(bkn_id, attempt.digest, resource.confirmed(attempt.body), now=now)
        case Action.UPLOAD:
            return {"done": {**record.done, attempt.body[KIND]: attempt.digest}, "failures": 0, "deaths": 0}
        case Action.DELETE:
            raise AssertionError("a proved delete removes the record, nothing of it is left to know")
