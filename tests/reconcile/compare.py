"""The one place that knows how the program is asked to compare, and how it says what it found."""

import contextlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simpeg_sync.domain.situation import Drift, Situation
from simpeg_sync.simulator import process
from tests.reconcile.judge import Found
from tests.reconcile.region import Region

COMPARE = ("compare", "--all")
AFRESH = ("--anew",)
"""Also what was proved a moment ago."""
SAMPLE_S = 0.2
SITUATIONS = ("situations", "--equal", "--format", "json")


def is_there() -> bool:
    """Whether this version of the program compares at all."""
    from simpeg_sync.cli import commands

    return "compare" in commands.commands


@dataclass(frozen=True, slots=True)
class Compare:
    region: Region

    def run(self, *more: str) -> float:
        """To its end; gives its peak in MiB. By its own books: what the system says of children that have ended begins with
        the size of their parent."""
        peak_mib = 0.0
        with tempfile.TemporaryFile("w+") as said:
            running = subprocess.Popen(
                self._command(*COMPARE, *more), stdout=said, stderr=said, env=process.environment()
            )
            while running.poll() is None:
                peak_mib = max(peak_mib, _peak_mib(running.pid))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.wait(SAMPLE_S)
            said.seek(0)
            assert running.returncode == 0, f"compare ended with {running.returncode}: {said.read().strip()[-2000:]}"
        return peak_mib

    def start(self, *more: str) -> "subprocess.Popen[bytes]":
        """For who wants to kill it."""
        return subprocess.Popen(
            self._command(*COMPARE, *more),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=process.environment(),
        )

    def findings(self) -> list[Found]:
        """What stands in the ledger now."""
        done = subprocess.run(self._command(*SITUATIONS), capture_output=True, text=True, env=process.environment())
        assert done.returncode == 0, f"situations ended with {done.returncode}: {done.stderr.strip()[-2000:]}"
        return [as_found(one) for one in _objects(done.stdout)]

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "simpeg_sync.cli", "--config", str(self.region.stage.config_path), *arguments]


def _peak_mib(pid: int) -> float:
    """0 once the process has gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _objects(text: str) -> list[dict[str, Any]]:
    """One array, or an object a line."""
    if text.lstrip().startswith("["):
        found: list[dict[str, Any]] = json.loads(text)
        return found
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def as_found(line: Mapping[str, Any]) -> Found:
    key = line.get("source_key")
    return Found(
        feed=line["feed"],
        situation=Situation(line["situation"]),
        key=int(json.loads(key)[0]) if key else None,
        bkn_id=line.get("bkn_id") or "",
        drift=Drift(line.get("drift") or ""),
        fields=_names(line.get("fields")),
        by=line.get("matched_by") or "",
        reason=line.get("reason") or "",
    )


def _names(fields: Any) -> tuple[str, ...]:
    """A list, or one text with commas."""
    return tuple(fields.split(", ")) if isinstance(fields, str) and fields else tuple(fields or ())
