"""One small installation that has run once, for all tests of commands."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simpeg_sync.demo.stage import Stage, set_up
from simpeg_sync.simulator import process

LIMIT_S = 60


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    place = set_up(tmp_path_factory.mktemp("small"), seed=7, employees=40)
    try:
        place.command("db", "upgrade")
        place.command("source", "install")
        place.command("plan")
        place.command("plan", "--approve", "--reason", "test")
        assert place.run_once() == 0
        yield place
    finally:
        place.close()


def run(config: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "simpeg_sync.cli", "--config", str(config), *arguments],
        capture_output=True,
        text=True,
        env=process.environment(),
        timeout=LIMIT_S,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def another(stage: Stage, tmp_path: Path, **changes: str) -> Path:
    """The same installation with another ledger or source, or with any text of its settings replaced."""
    text = stage.config_path.read_text(encoding="utf-8")
    for old, new in changes.items():
        named = {"ledger": f"{stage.folder}/ledger.db", "simpeg": f"{stage.folder}/simpeg.db", "bkn": stage.bkn.url}
        text = text.replace(named[old], new)
    path = stage.folder / f"{tmp_path.name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def on_a_terminal(config: Path, typed: str, *arguments: str) -> int:
    """Runs the command with a terminal as its stdin; gives the exit code."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "simpeg_sync.cli", "--config", str(config), *arguments],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=process.environment(),
        ) as asked:
            os.write(ours, typed.encode())
            return asked.wait(timeout=LIMIT_S)
    finally:
        os.close(ours)
        os.close(theirs)
