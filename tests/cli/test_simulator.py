"""`simpeg-sync simulator` as a process: it needs no settings of ours, and its options are the simulator's own."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from tests.cli.conftest import LIMIT_S, run

from simpeg_sync.cli import commands
from simpeg_sync.simulator import process
from simpeg_sync.simulator.control_client import ControlClient


def started(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "simpeg_sync.cli", "simulator", *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=process.environment(),
    )


def test_it_serves_until_sigterm_with_the_settings_and_the_state_it_was_given(tmp_path: Path) -> None:
    settings, ready, state = tmp_path / "settings.json", tmp_path / "ready", tmp_path / "bkn.sqlite3"
    settings.write_text('{"classic_lifetime_s": 60}', encoding="utf-8")
    arguments = ["--settings", str(settings), "--ready-file", str(ready), "--state", str(state)]
    with started(tmp_path, *arguments) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert ready.read_text(encoding="utf-8") == line
        control = ControlClient(json.loads(line)["control_url"])
        assert control.health()["ok"] is True
        assert control.settings()["classic_lifetime_s"] == 60
        running.terminate()
        assert running.wait(timeout=LIMIT_S) == 0
    assert state.exists()


def test_it_can_end_with_its_parent(tmp_path: Path) -> None:
    with started(tmp_path, "--until-stdin-closes") as running:
        assert running.stdout is not None and running.stdin is not None
        assert "control_url" in running.stdout.readline()
        running.stdin.close()
        assert running.wait(timeout=LIMIT_S) == 0


@pytest.mark.parametrize("content", ['{"no_such_setting": 1}', "{", None], ids=["unknown", "no JSON", "no file"])
def test_settings_that_cannot_be_used_are_2_and_a_sentence(tmp_path: Path, content: str | None) -> None:
    settings = tmp_path / "settings.json"
    if content is not None:
        settings.write_text(content, encoding="utf-8")
    done = run(tmp_path / "none.yaml", "simulator", "--settings", str(settings))
    assert done.returncode == 2
    assert done.stderr.startswith(f"{settings}: ")
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_1_and_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(tmp_path / "none.yaml", "simulator", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert done.stderr.startswith("cannot start: ")


def test_the_command_has_the_options_of_the_program_it_starts() -> None:
    asked = [sys.executable, "-m", "simpeg_sync.simulator", "--help"]
    text = subprocess.run(asked, capture_output=True, text=True, env=process.environment(), check=True).stdout
    command = commands.commands["simulator"]
    ours = {option.opts[-1] for option in command.params if isinstance(option, click.Option)}
    assert ours == set(re.findall(r"--[a-z][a-z-]*", text)) - {"--help"}
