"""A stage of 40 employees with the daemon as a process, and a way to read what it logged."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from simpeg_sync import wiring
from simpeg_sync.demo.stage import Stage, set_up
from simpeg_sync.domain.errors import NoLedger
from simpeg_sync.ledger.verifying import snapshot, verify

SetUp = Callable[..., Stage]
QUICK = {
    "bkn": {"call_limit": "500 ms", "gateway_life": "100 ms"},
    "timing": {"quiet_period": "0 ms", "settle": "600 ms", "absent_gap": "200 ms"},
}
"""A settle time that can be waited for, more than once."""


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[SetUp]:
    """Gives ``staged(source_url=..., changes=...)``; everything that it started ends with the test."""
    stages: list[Stage] = []

    def make(*, prepared: bool = True, **options: Any) -> Stage:
        stage = set_up(tmp_path / f"stage-{len(stages)}", seed=11, employees=40, **options)
        stages.append(stage)
        if prepared:
            stage.command("db", "upgrade")
            stage.command("source", "install")
            stage.command("plan", "--look", "0")
            stage.command("plan", "--approve", "--reason", "test")
        return stage

    yield make
    for stage in stages:
        stage.close()
    for stage in stages:
        assert trail_problems(stage) == []


def trail_problems(stage: Stage) -> list[str]:
    """Whatever happened to the daemon, its trail is whole."""
    try:
        engine = wiring.ledger_engine(stage.config)
    except NoLedger:
        return []
    with snapshot(engine) as connection:
        found = [f"{one.where}: {one.what}" for one in verify(connection).problems]
    engine.dispose()
    return found


def logged(stage: Stage, event: str) -> list[dict[str, Any]]:
    """The daemon's log lines of one event."""
    path = stage.folder / "daemon.log"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in found if line["event"] == event]


def victim(stage: Stage) -> tuple[int, str, str]:
    """A certificate that will be created at BKN, of a person who has others too: its id, file and number."""
    with stage.simpeg.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT d.id, d.gambarsk, d.nosttpp FROM pegdiklat d JOIN pegawai p ON p.id_peg = d.id_pegawai "
                "WHERE d.status = 2 AND d.flag_active = 1 AND p.kedudukan = '01' AND d.jenisdiklat = '02' "
                "AND d.gambarsk IS NOT NULL AND d.jam LIKE '%0%' AND (SELECT count(*) FROM pegdiklat o "
                "WHERE o.id_pegawai = d.id_pegawai AND o.status = 2 AND o.flag_active = 1) > 2 ORDER BY d.id"
            )
        ).all()
    there = str(stage.bkn.control.rows())
    return next((id_, file, number) for id_, file, number in rows if number not in there)


def wait_for(condition: Callable[[], Any], what: str, *, limit_s: float = 20.0) -> Any:
    """Waits on a condition, never for a time."""
    ends_at = time.monotonic() + limit_s
    while not (value := condition()):
        if time.monotonic() > ends_at:
            pytest.fail(f"{what}: not within {limit_s:g} s")
        time.sleep(0.02)
    return value
