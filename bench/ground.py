"""What every part of the bench stands on: the server, the databases, and how much is measured."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bench.databases import DurableMariaDb, DurablePostgres
from bench.job import Simpeg
from bench.server import Bkn

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. ``samples``: one a repetition; the table shows the median."""

    group: str
    name: str
    unit: str
    samples: list[float]
    facts: dict[str, Any] = field(default_factory=dict)
    """How it was taken, and what else was seen."""
    skipped: str = ""
    """Why there are no samples."""

    @property
    def median(self) -> float | None:
        ordered = sorted(self.samples)
        return ordered[len(ordered) // 2] if ordered else None


@dataclass(slots=True)
class Ground:
    bkn: Bkn
    tell: Callable[[str], None]
    quick: bool
    repeat: int
    rows: int
    """Of one run of the fast parts."""
    adapters: tuple[str, ...]
    peers: Sequence[tuple[str, Any, str]] = ()
    """Name, what is installed, and why it could not be."""
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False)
    _postgres: DurablePostgres | None = field(default=None, init=False)
    _mariadb: DurableMariaDb | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def postgres(self) -> DurablePostgres:
        if self._postgres is None:
            self._postgres = DurablePostgres()
            self._stack.callback(self._postgres.close)
        return self._postgres

    @property
    def mariadb(self) -> DurableMariaDb:
        if self._mariadb is None:
            self._mariadb = DurableMariaDb()
            self._stack.callback(self._mariadb.close)
        return self._mariadb

    def new_simpeg(self, rows: int = 0) -> Simpeg:
        simpeg = Simpeg(self.postgres.create_database())
        simpeg.create()
        if rows:
            simpeg.fill(rows)
        return simpeg

    def new_ledger(self, kind: str) -> str | None:
        """The address of an empty ledger; None for the file in the engine's own folder."""
        return self.postgres.create_database() if kind == "postgresql" else None

    def python(self, module: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", module, *arguments]


def ran(argv: list[str], *, limit_s: float = 600.0, cwd: Path = ROOT) -> None:
    """Raises RuntimeError with what the program said."""
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{' '.join(argv[:4])}... did not end within {limit_s:g} s") from None
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(argv[:4])}... ended with {done.returncode}: {(done.stderr or done.stdout)[-800:]}"
        )
