"""A ledger on a table: its public doors, a clock that only moves when told, and eyes on the raw rows."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from simpeg_sync.clock import Clock
from simpeg_sync.domain.change import Change, FeedName, Nip, SourceKey, source_key
from simpeg_sync.domain.move import Intent
from simpeg_sync.domain.record import Action, BknId, Digest, Record
from simpeg_sync.domain.status import Status
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.reading import LedgerReader
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.ports import Claim

KURSUS, DIKLAT = FeedName("kursus"), FeedName("diklat")
ALICE, BOB, CHARLIE = Nip("199001012015041001"), Nip("198502022010042002"), Nip("197803032005011003")
QUIET_S, QUIET_MAX_S, SETTLE_S = 30.0, 300.0, 180.0
PATIENCE = 20_000
"""How often something that has to come is looked for."""


@dataclass(slots=True)
class ManualClock(Clock):
    at: float = 1_800_000_000.0

    def now(self) -> float:
        return self.at


class Desk:
    def __init__(self, url: str, clock: ManualClock, owner: str) -> None:
        self.url, self.clock, self.owner = url, clock, owner
        self.engine = open_engine(url)
        self.ledger = SqlLedger(self.engine, clock, owner=owner, pauses=Pauses(QUIET_S, QUIET_MAX_S, SETTLE_S))
        self.reader = LedgerReader(self.engine)

    # ------------------------------------------------------------------------------------------------ doing

    def mark(
        self,
        *names: str,
        nip: Nip | None = ALICE,
        feed: FeedName = KURSUS,
        priority: int = 0,
        cursor: tuple[str, str] | None = None,
    ) -> None:
        changes = [Change(feed, key(name)) for name in names]
        persons = dict.fromkeys(changes, nip) if nip else {}
        self.ledger.take_changes(changes, persons, cursor=cursor, priority=priority)

    def claim(self) -> Claim:
        claim = self.ledger.claim()
        assert claim is not None, "no lane is due"
        return claim

    def taken(self, name: str = "1", *, nip: Nip = ALICE) -> tuple[Claim, Record]:
        """A fresh record in its turn."""
        self.mark(name, nip=nip)
        self.clock.at += QUIET_S
        claim = self.claim()
        (record,) = claim.records
        return claim, record

    def intent(self, record: Record, digest: str = "d1", action: Action = Action.CREATE) -> Intent:
        return Intent(
            record=record,
            action=action,
            digest=Digest(digest),
            body={"nama": "Bob"},
            bkn_id=None if action is Action.CREATE else BknId("row-1"),
            known_ids=frozenset({"row-0"}),
            settle_at=self.clock.at + SETTLE_S,
        )

    # ---------------------------------------------------------------------------------------------- looking

    def record(self, name: str = "1", *, feed: FeedName = KURSUS) -> Record:
        found = self.ledger.find(feed, key(name))
        assert found is not None
        return found

    def status(self, name: str = "1") -> Status:
        return self.record(name).status

    def raw(self, name: str = "1") -> Mapping[str, Any]:
        (found,) = self.rows("SELECT * FROM records WHERE source_key = :key", key=key(name))
        return found

    def lane(self, nip: str = ALICE) -> Mapping[str, Any]:
        (found,) = self.rows("SELECT * FROM lanes WHERE lane = :lane", lane=nip)
        return found

    def rows(self, statement: str, **values: Any) -> list[Mapping[str, Any]]:
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement), values).mappings()]

    def number(self, statement: str, **values: Any) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(statement), values).scalar_one())

    def run(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def put(self, status: Status, name: str = "1") -> Record:
        """As if the record had come to that state by its own road."""
        self.run("UPDATE records SET status = :status WHERE source_key = :key", status=status, key=key(name))
        return self.record(name)

    def wait_for_blocked(self, count: int) -> None:
        """Until so many sessions of this PostgreSQL database wait for a lock."""
        for _ in range(PATIENCE):
            if count == self.number(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ):
                return
        raise AssertionError(f"{count} sessions should wait for a lock")


def key(name: str) -> SourceKey:
    return source_key([name])


def child(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process of ours that runs the program and talks by lines."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
