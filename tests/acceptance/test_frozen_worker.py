"""A worker process that is frozen between its intent and its request, and wakes up when its time is over."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.acceptance.conftest import QUICK, victim, wait_for
from tests.servers import PostgresServer

from simpeg_sync import wiring
from simpeg_sync.clock import Clock
from simpeg_sync.demo.stage import Stage, set_up
from simpeg_sync.domain.change import Change, FeedName, Nip, source_key
from simpeg_sync.ledger.owner import is_dead
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.simulator import process

FROZEN_WORKER = """
import os, signal, sys
from pathlib import Path
from simpeg_sync import wiring
from simpeg_sync.clock import Clock
from simpeg_sync.domain.errors import LostClaim
from simpeg_sync.ledger import core
from simpeg_sync.ledger.store import SqlLedger

SqlLedger.lease_s, core.LEASE_MARGIN_S = 1.0, 0.1
begin_attempt = SqlLedger.begin_attempt


def frozen_after(self, claim, intent):
    attempt = begin_attempt(self, claim, intent)
    os.kill(os.getpid(), signal.SIGSTOP)
    return attempt


SqlLedger.begin_attempt = frozen_after
config, clock = wiring.read_config(Path(sys.argv[1])), Clock()
ledger = wiring.open_ledger(config, clock)
pipeline = wiring.open_pipeline(config, clock, ledger, wiring.open_bkn(config, clock, ledger))
[claim] = ledger.claim_many(1)
[turn] = pipeline.prepared([claim])
try:
    pipeline.take_turn(turn)
    told = "ended"
except LostClaim:
    ledger.recover(claim)
    told = "lost"
ledger.release(claim)
ledger.close()
sys.stdout.write(f"\\n{told}\\n")
"""
KURSUS = FeedName("kursus")
TABLES = ("records", "lanes", "attempts", "events", "audit")


@pytest.fixture
def stage(tmp_path: Path, postgres: PostgresServer) -> Iterator[Stage]:
    stage = set_up(tmp_path, seed=11, employees=40, ledger_url=postgres.create_database(), changes=QUICK)
    wiring.ledger_engine(stage.config, create=True).dispose()
    yield stage
    stage.close()


@pytest.fixture
def ledger(stage: Stage) -> Iterator[SqlLedger]:
    with closing(wiring.open_ledger(stage.config, Clock())) as ledger:
        yield ledger


@pytest.fixture
def frozen(stage: Stage, ledger: SqlLedger) -> Iterator[subprocess.Popen[str]]:
    """Its intent is stored, its request has not left."""
    id_, _, _ = victim(stage)
    with stage.simpeg.connect() as connection:
        nip = connection.execute(
            text("SELECT nipbaru_ws FROM pegawai JOIN pegdiklat ON id_pegawai = id_peg WHERE id = :id"), {"id": id_}
        ).scalar_one()
    change = Change(KURSUS, source_key([str(id_)]))
    ledger.take_changes([change], {change: Nip(nip)})
    worker = subprocess.Popen(
        [sys.executable, "-c", FROZEN_WORKER, str(stage.config_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=process.environment(),
    )
    _, status = os.waitpid(worker.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    yield worker
    if worker.poll() is None:
        worker.kill()
        worker.wait()


def wake(worker: subprocess.Popen[str]) -> str:
    worker.send_signal(signal.SIGCONT)
    told, _ = worker.communicate(timeout=30)
    assert worker.returncode == 0
    return told.splitlines()[-1]


def all_rows(ledger: SqlLedger) -> dict[str, list[dict[str, Any]]]:
    with ledger.engine.connect() as connection:
        return {
            table: [dict(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")).mappings()]
            for table in TABLES
        }


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = rows
    return row


def is_synced(stage: Stage, ledger: SqlLedger) -> bool:
    """After one more turn, if there is one to take."""
    clock = Clock()
    pipeline = wiring.open_pipeline(stage.config, clock, ledger, wiring.open_bkn(stage.config, clock, ledger))
    claims = ledger.claim_many(1)
    for turn in pipeline.prepared(claims):
        pipeline.take_turn(turn)
    ledger.release_many(claims)
    return bool(only(all_rows(ledger)["records"])["status"] == "synced")


def test_who_was_overtaken_changes_nothing_at_bkn_and_nothing_in_the_ledger(
    stage: Stage, ledger: SqlLedger, frozen: subprocess.Popen[str]
) -> None:
    assert not is_dead(only(all_rows(ledger)["lanes"])["owner"]), "it has only stopped: its lease is waited for"
    wait_for(lambda: is_synced(stage, ledger), "another process takes the lane over and sends")
    before, calls, effects = all_rows(ledger), len(stage.bkn.control.calls()), stage.bkn.control.effects()
    assert [(one["number"], one["version"], one["outcome"]) for one in before["attempts"]][:2] == [
        (1, 1, "not_executed"),
        (2, 1, "accepted"),
    ]
    assert wake(frozen) == "lost"
    assert (all_rows(ledger), len(stage.bkn.control.calls())) == (before, calls)
    assert stage.bkn.control.effects() == effects
    assert [one["kind"] for one in effects].count("create") == 1


def test_who_was_not_overtaken_does_not_send_either_and_puts_the_record_back(
    stage: Stage, ledger: SqlLedger, frozen: subprocess.Popen[str]
) -> None:
    until = only(all_rows(ledger)["lanes"])["lease_until"]
    wait_for(lambda: ledger._lease_now(ask=True) > until, "its lease is over")
    assert wake(frozen) == "ended"
    assert stage.bkn.control.effects() == []
    rows = all_rows(ledger)
    assert (only(rows["attempts"])["outcome"], only(rows["attempts"])["code"]) == ("not_executed", "worker.lease_over")
    assert (only(rows["records"])["status"], only(rows["lanes"])["owner"]) == ("waiting", None)
