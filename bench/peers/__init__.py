"""Published engines that do the same job, each in an environment of its own that is made for the bench and thrown away.

The queues get the finished body as the job's payload, so that they have neither to read a row nor to map it, and the time to
enqueue does not count. One that cannot be installed is a row that says so.
"""

import json
import shutil
import subprocess
import venv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench.engine import Running
from bench.ground import Ground, ran
from bench.job import COLUMNS, TABLE
from bench.loops import body_of
from bench.server import check_all_arrived

PROGRAMS = Path(__file__).parent / "programs"
INSTALL_LIMIT_S = 300.0
ARRIVAL_LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    packages: Sequence[str]
    program: str
    shown: Sequence[str]
    """Packages whose installed versions are told."""

    @property
    def is_node(self) -> bool:
        return self.program.endswith(".mjs")


PEERS = (
    Peer(
        "graphile-worker, undici", ("graphile-worker@0.17.3", "undici@6"), "graphile.mjs", ("graphile-worker", "undici")
    ),
    Peer(
        "PGQueuer, aiohttp",
        ("pgqueuer[asyncpg]==1.6.0", "aiohttp", "uvloop"),
        "pgqueuer_job.py",
        ("pgqueuer", "aiohttp", "asyncpg"),
    ),
    Peer(
        "procrastinate, aiohttp",
        ("procrastinate==3.10.0", "aiohttp"),
        "procrastinate_job.py",
        ("procrastinate", "aiohttp"),
    ),
    Peer("dlt, httpx", ("dlt==1.31.0", "sqlalchemy<2.1", "psycopg[binary]", "httpx"), "dlt_job.py", ("dlt", "httpx")),
)


@dataclass(slots=True)
class Installed:
    """A peer with its environment."""

    peer: Peer
    folder: Path
    versions: str = ""
    command: list[str] = field(default_factory=list)

    def install(self) -> None:
        """Raises RuntimeError."""
        self.folder.mkdir(parents=True)
        (self._install_node if self.peer.is_node else self._install_python)()

    def measure(self, ground: Ground, rows: int, in_flight: int, delay_ms: int) -> tuple[float, dict[str, Any]]:
        run = ground.bkn.new_run()
        url = f"{ground.bkn.url(run, delay_ms=delay_ms)}/apisiasn/1.0/kursus/save"
        simpeg = ground.new_simpeg(rows)
        bodies = self.folder / "bodies.jsonl"
        write_bodies(simpeg.url, bodies)
        arguments = [simpeg.url, url, str(bodies), str(in_flight)]
        ran([*self.command, "prepare", *arguments], cwd=self.folder)
        with Running([*self.command, "work", *arguments], self.folder, cwd=self.folder) as process:
            arrived = ground.bkn.wait_for(run, rows, limit_s=ARRIVAL_LIMIT_S, is_alive=process.is_running)
            used = process.kill()
        books = ground.bkn.books(run)
        if not arrived and len(books.saves) < rows:
            said = (self.folder / "daemon.log").read_text(errors="replace")[-500:]
            raise RuntimeError(f"{len(books.saves)} of {rows} arrived; it said: {said}")
        check_all_arrived(books, rows)
        return books.per_second, {
            "versions": self.versions, "cpu_ms_per_change": used.cpu_s * 1000 / rows, "rss_mib": used.rss_mib,
            "with_start_per_s": rows / used.wall_s,
        }  # fmt: skip

    def _install_python(self) -> None:
        venv.create(self.folder / "venv", with_pip=True)
        python = str(self.folder / "venv" / "bin" / "python")
        ran([python, "-m", "pip", "install", "-q", *self.peer.packages], limit_s=INSTALL_LIMIT_S)
        shown = "from importlib.metadata import version; import sys; print(', '.join(f'{n} {version(n)}' for n in sys.argv[1:]))"
        self.versions = subprocess.run(
            [python, "-c", shown, *self.peer.shown], check=True, capture_output=True, text=True
        ).stdout.strip()
        self.command = [python, str(PROGRAMS / self.peer.program)]

    def _install_node(self) -> None:
        npm, node = shutil.which("npm"), shutil.which("node")
        if npm is None or node is None:
            raise RuntimeError("node and npm are not installed")
        ran(
            [npm, "install", "--no-fund", "--no-audit", "--silent", *self.peer.packages],
            cwd=self.folder,
            limit_s=INSTALL_LIMIT_S,
        )
        found = {
            name: json.loads((self.folder / "node_modules" / name / "package.json").read_text())["version"]
            for name in self.peer.shown
        }
        self.versions = ", ".join(f"{name} {version}" for name, version in found.items())
        self.command = [node, str(PROGRAMS / self.peer.program)]


def write_bodies(source: str, place: Path) -> None:
    with psycopg.connect(source) as connection, place.open("w") as file:
        for row in connection.execute(f"SELECT {COLUMNS} FROM {TABLE} ORDER BY id"):
            file.write(json.dumps(body_of(row), ensure_ascii=False) + "\n")
