"""Starts the simulator as a process of its own and holds it: for tests, demos and other integrators."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from .control_client import ControlClient

STOP_S = 10.0


class DidNotStart(RuntimeError):
    """The process ended before both ports were open; its own words are on stderr."""


@dataclass(frozen=True, slots=True)
class Simulator:
    url: str
    control_url: str
    process: subprocess.Popen[str]
    control: ControlClient

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    @property
    def control_port(self) -> int:
        return urlsplit(self.control_url).port or 0

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self._wait()

    def kill(self) -> int:
        """SIGKILL: what wasn't durable is gone."""
        self.process.kill()
        return self._wait()

    def suspend(self) -> None:
        """The machine hangs: connections are taken by the kernel, nothing is answered."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Simulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()

    def _wait(self) -> int:
        code = self.process.wait(timeout=STOP_S)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        return code


def start(
    *,
    state: str | Path = ":memory:",
    settings: dict[str, Any] | None = None,
    port: int = 0,
    control_port: int = 0,
    outlives_us: bool = False,
) -> Simulator:
    """Returns when both ports are open. It ends with this process, however that ends, unless it ``outlives_us``.

    The same `state` and ports given again bring the same BKN back.
    """
    with _settings_file(settings) as arguments:
        command = [
            sys.executable,
            "-m",
            "simpeg_sync.simulator",
            "--port",
            str(port),
            "--control-port",
            str(control_port),
            "--state",
            str(state),
            *([] if outlives_us else ["--until-stdin-closes"]),
            *arguments,
        ]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if outlives_us else subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Whoever outlives us must not hold our caller's pipe open.
            stderr=subprocess.DEVNULL if outlives_us else None,
            text=True,
            env=environment(),
            start_new_session=outlives_us,
        )
        line = process.stdout.readline() if process.stdout else ""
    if not line:
        process.kill()
        raise DidNotStart(f"exit code {process.wait()}")
    said = json.loads(line)
    return Simulator(said["url"], said["control_url"], process, ControlClient(said["control_url"]))


@contextlib.contextmanager
def _settings_file(settings: dict[str, Any] | None) -> Any:
    if settings is None:
        yield []
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.json"
        path.write_text(json.dumps(settings), encoding="utf-8")
        yield ["--settings", str(path)]


def environment() -> dict[str, str]:
    """For a child that must find this very package, installed or not."""
    source = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{path}" if path else source}
