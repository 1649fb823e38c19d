"""Engines with one rule broken. The search must find each of them, or it could not find anything in ours."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from simpeg_sync.decide import plan, readback
from simpeg_sync.domain import status
from simpeg_sync.domain.outcome import Outcome, Verdict
from simpeg_sync.domain.record import Action, Attempt, AttemptId, BknId, Digest, Record
from simpeg_sync.domain.status import Event, Status
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.settling import Settling
from simpeg_sync.turn import Work

from .explore import Story
from .ledger import Books, Rules
from .scene import GONE, Times

Patch = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Flaw:
    story: Story
    finds: str
    """The invariant that it breaks first."""
    patch: Patch = nullcontext


class NoFence(Rules):
    def hold_fence(self, holds: bool) -> None:
        pass


class ForgetsChanges(Rules):
    """A change that comes while a worker has the record is lost with the worker's result."""

    def is_marked_since(self, before: Record, worked_on: Record) -> bool:
        return False


class LeaseWithoutEnd(Rules):
    def may_claim(self, books: Books) -> bool:
        return super().may_claim(books) and not books.is_owned


class FreesTheLiving(Rules):
    """A daemon that starts takes what others have at hand for abandoned."""

    def may_free(self, books: Books, *, is_dead: bool) -> bool:
        return books.record.status is Status.SENDING


def resends() -> AbstractContextManager[Any]:
    real = Pipeline.not_accepted

    def not_accepted(self: Pipeline, work: Work, attempt: Attempt, outcome: Outcome) -> Record:
        if outcome.verdict is Verdict.UNCLEAR:
            outcome = Outcome.not_executed(outcome.code)
        return real(self, work, attempt, outcome)

    return patch.object(Pipeline, "not_accepted", not_accepted)


def believes_absent_at_once() -> AbstractContextManager[Any]:
    return patch.object(readback, "absent", lambda attempt, now, gap_s: readback.NotExecuted())


def dead_means_unsent() -> AbstractContextManager[Any]:
    moves = {**status.MOVES, Status.SENDING: {**status.MOVES[Status.SENDING], Event.WORKER_DIED: Status.WAITING}}
    return patch.object(status, "MOVES", moves)


def forgets_lag() -> AbstractContextManager[Any]:
    return patch.object(plan.Patience, "with_lag", lambda self, record: None)


def sends_before_the_intent() -> AbstractContextManager[Any]:
    def intend(self: Pipeline, work: Work, action: Action, digest: Digest, bkn_id: BknId | None, **_: Any) -> Attempt:
        return Attempt(AttemptId(1), work.record.id, 1, 1, action, digest, {}, bkn_id, frozenset(), 0.0)

    return patch.object(Pipeline, "intend", intend)


def takes_uncertain_records() -> AbstractContextManager[Any]:
    return patch.object(Settling, "settle", lambda self, turn, record: Pipeline(self.view).make_equal(turn, record))


def leaves_whenever() -> AbstractContextManager[Any]:
    return patch.object(Pipeline, "about_to_write", lambda self, work: self.view.bkn.about_to_write())


def never_deletes() -> AbstractContextManager[Any]:
    return patch.object(plan, "_gone", lambda *_, **__: plan.Unchanged())


EDIT = Story((2,), faults=1, naps=0)
FROZEN = Story((2,), faults=0, naps=1)

FLAWS: dict[str, Flaw] = {
    "sends again after an unclear answer": Flaw(EDIT, "I5", resends),
    "believes 'absent' when it is seen once": Flaw(replace(EDIT, faults=2), "I3", believes_absent_at_once),
    "settles before the request can no longer land": Flaw(replace(EDIT, times=Times(lands=6)), "I3"),
    "has no fence": Flaw(replace(FROZEN, rules=NoFence), "I5"),
    "does not look at its lease before a write leaves": Flaw(FROZEN, "I3", leaves_whenever),
    "forgets a change that comes during the work": Flaw(replace(EDIT, faults=0, rules=ForgetsChanges), "I6"),
    "takes a dead worker's write for unsent": Flaw(EDIT, "I14", dead_means_unsent),
    "takes BKN's lag for another hand": Flaw(EDIT, "I14", forgets_lag),
    "sends before the intent is stored": Flaw(EDIT, "I2", sends_before_the_intent),
    "does not settle first what is uncertain": Flaw(EDIT, "I9", takes_uncertain_records),
    "never takes over a dead worker's lane": Flaw(replace(EDIT, rules=LeaseWithoutEnd), "I14"),
    "takes what other daemons have at hand for abandoned when it starts": Flaw(
        replace(EDIT, naps=1, daemons_start=True, rules=FreesTheLiving, times=Times(lease=4, asleep=11)), "I3"
    ),
    "leaves at BKN what is gone": Flaw(replace(EDIT, changes=(GONE,), faults=0), "I6", never_deletes),
}
