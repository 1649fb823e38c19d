"""Many threads and two owners at once, some of which die: no mark is lost and no record stays behind."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from simpeg_sync.domain.errors import LostClaim
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import BknId
from simpeg_sync.domain.status import RESTING, Status
from simpeg_sync.ledger.core import LEASE_S
from simpeg_sync.ports import Claim

from .conftest import OpenDesk
from .desk import ALICE, BOB, CHARLIE, SETTLE_S, Desk

PERSONS, NAMES = (ALICE, BOB, CHARLIE), 12
MARKS, TURNS_MAX = 80, 3000


class Crowd:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.watch = threading.Lock()
        self.edited = threading.Event()
        self.answered: dict[str, int] = {}
        """The mark of each record that a worker has seen when it brought it to rest."""

    def pick(self, low: int, high: int) -> int:
        with self.watch:
            return self.chance.randint(low, high)

    def edit(self, desk: Desk) -> None:
        for _ in range(MARKS):
            number = self.pick(0, NAMES - 1)
            desk.mark(str(number), nip=PERSONS[number % 3], priority=1)
            if self.pick(0, 9) == 0:
                desk.mark(*(str(n) for n in range(0, NAMES, 3)), nip=PERSONS[0], priority=1)
                desk.clock.at += 40

    def work(self, desk: Desk, is_over: Callable[[], bool]) -> None:
        for _ in range(TURNS_MAX):
            claim = desk.ledger.claim()
            if claim is None:
                if is_over() and not desk.ledger.has_work():
                    return
                if is_over():
                    desk.clock.at += 7  # nobody waits for real: time passes when there is nothing to do
                else:
                    self.edited.wait(0.01)
                continue
            fate = self.pick(0, 9)
            try:
                if self.turn(desk, claim, dies=fate == 0):
                    desk.ledger.release(claim)
            except LostClaim:
                continue
        raise AssertionError("the ledger does not come to rest")

    def turn(self, desk: Desk, claim: Claim, *, dies: bool) -> bool:
        """False when the worker died: it neither ends nor gives back what it has."""
        for record in claim.records:
            if record.status is Status.UNCERTAIN:
                attempt = desk.ledger.open_attempt(record)
                assert attempt is not None, "uncertain without an attempt"
                decided = Move.decided("settle.not_executed", due_at=desk.clock.at, changes={"deaths": 0})
                desk.ledger.settle_attempt(claim, record, attempt, "not_executed", decided)
                continue
            if self.pick(0, 1):
                after = desk.ledger.finish(claim, record, Move.unchanged())
            else:
                attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
                if dies:
                    return False
                proved = Move.proved(
                    BknId("b"), digest=attempt.digest, confirmed={}, more_to_do=False, now=desk.clock.at, wakes=()
                )
                after = desk.ledger.end_attempt(claim, record, attempt, Outcome.accepted(BknId("b")), proved)
            if after.status is Status.SYNCED:
                with self.watch:
                    self.answered[record.key] = max(record.mark, self.answered.get(record.key, 0))
        return not dies


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_they_do_at_once_the_last_mark_of_every_record_is_answered(
    desk: Desk, open_desk: OpenDesk, seed: int
) -> None:
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    other = open_desk(desk.url, owner="bob", clock=desk.clock)
    crowd = Crowd(seed)
    with ThreadPoolExecutor(5) as pool:
        editors = [pool.submit(crowd.edit, each) for each in (desk, other)]
        workers = [
            pool.submit(crowd.work, each, lambda: all(editor.done() for editor in editors))
            for each in (desk, other, desk)
        ]
        for future in (*editors, *workers):
            future.result(60)
    desk.clock.at += LEASE_S + SETTLE_S
    found = {row["source_key"]: row for row in desk.rows("SELECT * FROM records")}
    assert {Status(row["status"]) for row in found.values()} <= RESTING
    assert crowd.answered == {at: row["mark"] for at, row in found.items() if row["status"] == "synced"}
    assert [row for row in found.values() if row["status"] == "held" and row["deaths"] < 3] == []
    assert desk.number("SELECT count(*) FROM attempts WHERE ended_at IS NULL") == 0
