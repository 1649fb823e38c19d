"""A record that kills the process, again and again: it is held after a few deaths, and everybody else arrives."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.acceptance.conftest import QUICK, victim
from tests.servers import PostgresServer

from simpeg_sync import wiring
from simpeg_sync.decide.retry import DEATHS_MAX
from simpeg_sync.demo.stage import Stage, set_up
from simpeg_sync.simulator import process

DEADLY_DAEMON = """
import os, sys
from pathlib import Path
from simpeg_sync import wiring
from simpeg_sync.bkn.client import BknClient
from simpeg_sync.clock import Clock
from simpeg_sync.files import FolderFiles

settings, deadly_file, deadly_number = sys.argv[1:]
read, save = FolderFiles.read, BknClient.save


def deadly_read(self, directory, name, **form):
    if name == deadly_file:
        os._exit(9)
    return read(self, directory, name, **form)


def deadly_save(self, target, body, **more):
    if body.get("nomorSertipikat") == deadly_number:
        os._exit(9)
    return save(self, target, body, **more)


FolderFiles.read, BknClient.save = deadly_read, deadly_save
config, clock = wiring.read_config(Path(settings)), Clock()
daemon = wiring.open_daemon(config, clock, wiring.open_ledger(config, clock))
daemon.is_approved = lambda: True
daemon.run(once=True)
"""
LIVES_MAX = 12


@pytest.fixture
def stage(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    ledger_url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        ledger_url = server.create_database()
    stage = set_up(tmp_path, seed=11, employees=40, ledger_url=ledger_url, changes=QUICK)
    with stage.simpeg.begin() as connection:
        connection.execute(text("DELETE FROM pegdiklat WHERE id > 60"))
    wiring.ledger_engine(stage.config, create=True).dispose()
    stage.command("source", "install")
    yield stage
    stage.close()


def lives(stage: Stage, *poison: str) -> int:
    """Starts the daemon until it ends by itself; gives the number of its deaths."""
    command = [sys.executable, "-c", DEADLY_DAEMON, str(stage.config_path), *poison]
    with (stage.folder / "daemon.log").open("ab") as log:
        for deaths in range(LIVES_MAX):
            ended = subprocess.run(
                command, stdout=log, stderr=log, env=process.environment(), timeout=60, check=False
            ).returncode
            if ended == 0:
                return deaths
            assert ended == 9, (stage.folder / "daemon.log").read_text(encoding="utf-8")[-2000:]
    raise AssertionError(f"it dies for ever; see {stage.folder / 'daemon.log'}")


def records(stage: Stage) -> list[dict[str, Any]]:
    with wiring.ledger_engine(stage.config).connect() as connection:
        return [dict(row) for row in connection.execute(text("SELECT * FROM records")).mappings()]


def check_others(stage: Stage, guilty: dict[str, Any]) -> None:
    """Those of the same person have arrived, and nobody is held for another's fault."""
    others = [one for one in records(stage) if one["id"] != guilty["id"]]
    assert sum(one["lane"] == guilty["lane"] and one["status"] == "synced" for one in others) > 1
    unfinished = [one for one in others if one["status"] in ("waiting", "working", "sending", "uncertain")]
    assert [(one["source_key"], one["status"], one["reason"], one["detail"]) for one in unfinished] == []
    assert [one["source_key"] for one in others if one["reason"] == "worker.dies"] == []


def guilty_one(stage: Stage, id_: int) -> dict[str, Any]:
    (found,) = [one for one in records(stage) if one["feed"] == "kursus" and one["source_key"] == f'["{id_}"]']
    return found


@pytest.mark.parametrize("stage", ["sqlite", "postgresql"], indirect=True)
def test_a_record_that_kills_before_anything_left_is_held_and_the_others_arrive(stage: Stage) -> None:
    id_, file, _ = victim(stage)
    assert lives(stage, file, "") == DEATHS_MAX
    guilty = guilty_one(stage, id_)
    assert (guilty["status"], guilty["reason"], guilty["deaths"]) == ("held", "worker.dies", DEATHS_MAX)
    assert guilty["attempts"] == 0
    check_others(stage, guilty)


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_a_record_that_kills_when_its_write_is_about_to_leave_is_settled_each_time_and_held(stage: Stage) -> None:
    id_, _, number = victim(stage)
    assert lives(stage, "", number) == DEATHS_MAX
    guilty = guilty_one(stage, id_)
    assert (guilty["status"], guilty["reason"]) == ("held", "worker.dies")
    attempts = wiring.open_reader(stage.config).attempts_of(guilty["id"])
    assert [(one["number"], one["outcome"]) for one in attempts] == [
        (count + 1, "not_executed") for count in range(DEATHS_MAX)
    ], "each was counted before its write could leave"
    assert number not in str(stage.bkn.control.rows())
    check_others(stage, guilty)
