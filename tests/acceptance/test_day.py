"""The demo's whole day against the running daemon, with every database in every place: the end is the same."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from tests.servers import MariaDbServer, PostgresServer

from simpeg_sync.demo.play import Play, Result
from simpeg_sync.demo.stage import Stage, set_up

SEED, EMPLOYEES = 20, 40
SCAN = {"every": "300 ms", "rows_per_second": 100_000}

EndState = list[str]


def play(stage: Stage) -> tuple[Result, EndState]:
    """The sweep at the end of the day finds what a capture has missed: before it, only scans on disk may be wanting."""
    before_the_sweep: list[str] = []

    def tell(line: str) -> None:
        if "nightly sweep" in line:
            before_the_sweep.extend(rows_alone(stage))

    try:
        day = Play(stage, tell=tell, pause=lambda seconds: stage.wait_a_moment(1.0))
        day.prepare()
        day.first_start()
        result = day.day()
        assert stage.stop_daemon() == 0
        assert before_the_sweep == rows_alone(stage)
        return result, sorted(end_state(row) for row in stage.bkn.control.rows())
    finally:
        stage.close()


def rows_alone(stage: Stage) -> list[str]:
    return sorted(end_state({**row, "documents": {}}) for row in stage.bkn.control.rows())


def end_state(row: dict[str, Any]) -> str:
    """What BKN holds, without the ids that it gives by chance."""
    return json.dumps([row["nip"], row["resource"], row["fields"], row["documents"]], sort_keys=True)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> EndState:
    result, state = play(set_up(tmp_path_factory.mktemp("sqlite"), seed=SEED, employees=EMPLOYEES))
    assert list(result.findings) == []
    return state


@pytest.mark.xdist_group("day")
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("source", "ledger", "capture"),
    [
        ("postgresql", "sqlite", "log"),
        ("mariadb", "sqlite", "log"),
        ("postgresql", "postgresql", "log"),
        ("sqlite", "postgresql", "log"),
        ("postgresql", "sqlite", "wal"),
        ("mariadb", "sqlite", "binlog"),
        ("mariadb", "sqlite", "scan"),
    ],
)
def test_the_same_day_ends_the_same_on_every_database(
    source: str,
    ledger: str,
    capture: str,
    on_sqlite: EndState,
    postgres: PostgresServer,
    mariadb: MariaDbServer,
    tmp_path: Path,
) -> None:
    urls = {
        "sqlite": lambda: None,
        "postgresql": postgres.create_database,
        "mariadb": mariadb.create_database,
    }
    wal = {"slot": f"day_{secrets.token_hex(4)}", "makes_slot": True}
    stage = set_up(
        tmp_path, seed=SEED, employees=EMPLOYEES, source_url=urls[source](), ledger_url=urls[ledger](),
        changes={"source": {"capture": [capture], "scan": SCAN, "wal": wal}},
    )  # fmt: skip
    result, state = play(stage)
    assert list(result.findings) == []
    assert result.useless == 0
    assert state == on_sqlite
