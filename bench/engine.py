"""Our engine as people run it: the command line, as a process, with a folder of settings. What it used, by the system's books."""

import contextlib
import io
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from bench.job import FEED, pns_id
from simpeg_sync.cli import commands
from simpeg_sync.config.settings import BknSettings

Changes = Mapping[str, Mapping[str, Any]]
"""Section of the settings -> settings that differ from the defaults."""

FAST: Changes = {
    "source": {"poll": "200 ms"},
    "timing": {"quiet_period": 0},
    "brake": {"vanish_rows": 0, "vanish_percent": 0, "change_rows": 0, "change_percent": 0},
}
"""Every change leaves as soon as it can."""
SOON_SURE: Changes = {
    **FAST,
    "bkn": {"call_limit": "2 s", "gateway_life": "500 ms"},
    "timing": {"quiet_period": 0, "settle": "2500 ms", "absent_gap": "500 ms"},
}
"""And what is uncertain is read back after seconds instead of minutes, so that a run has an end."""
PER_SECOND_MAX = 100_000
KEYS = ("consumer_key", "consumer_secret", "sso_token")
TICK = os.sysconf("SC_CLK_TCK")
READY_LIMIT_S = 30.0


def adapters() -> Sequence[str]:
    """The HTTP adapters that this engine has, by the name of their setting."""
    setting = BknSettings.model_fields.get("http")
    if setting is None:
        return ("httpx",)
    with contextlib.suppress(ImportError):
        __import__("pyreqwest")
        return ("httpx", "pyreqwest")
    return ("httpx",)


@dataclass(frozen=True, slots=True)
class Used:
    """What a process cost, from its start to its end."""

    wall_s: float
    cpu_s: float
    rss_mib: float
    exit_code: int


@dataclass(slots=True)
class Engine:
    """One configuration with its ledger."""

    folder: Path
    source_url: str
    ledger_url: str
    config: dict[str, Any] = field(default_factory=dict)

    def prepare(self) -> None:
        """What an operator does once: ledger, triggers, plan, approval."""
        self.command("db", "upgrade")
        if "log" in self.config["source"].get("capture", ["log"]):
            self.command("source", "install")
        self.command("plan", "--look", "0")
        self.command("plan", "--approve", "--reason", "bench")

    def know(self, nips: Sequence[str]) -> None:
        """The persons as the ledger remembers them after their first contact: BKN is asked once for each NIP, ever."""
        engine = self.open_ledger()
        with engine.begin() as connection:
            insert = sa.text("INSERT INTO persons (nip, bkn_id, seen_at) VALUES (:nip, :bkn_id, :at)")
            for first in range(0, len(nips), 10_000):
                page = nips[first : first + 10_000]
                connection.execute(insert, [{"nip": n, "bkn_id": pns_id(n), "at": time.time()} for n in page])
        engine.dispose()

    def open_ledger(self) -> sa.Engine:
        return sa.create_engine(sa.make_url(self.ledger_url).set(drivername=_driver(self.ledger_url)))

    def statuses(self) -> Mapping[str, int]:
        engine = self.open_ledger()
        with engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT status, count(*) FROM records GROUP BY status")).all()
        engine.dispose()
        return {str(status): int(count) for status, count in rows}

    def ledger_bytes(self) -> int:
        engine = self.open_ledger()
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                pages, size = (
                    connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
                )
                found = int(pages) * int(size)
            else:
                found = int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
        engine.dispose()
        return found

    def command(self, *arguments: str) -> None:
        """One that is not measured: through the same door as `simpeg-sync`, without a process of its own."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            commands.main(
                ["--json", "--config", str(self.folder / "simpeg-sync.yaml"), *arguments], standalone_mode=False
            )

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "simpeg_sync.cli", "--config", str(self.folder / "simpeg-sync.yaml"), *arguments]

    def run_once(self, *, limit_s: float = 900.0) -> Used:
        with self.start("run", "--once") as daemon:
            used = daemon.wait(limit_s)
        if used.exit_code != 0:
            raise RuntimeError(f"run --once ended with {used.exit_code}: {self.log_tail()}")
        return used

    def start(self, *arguments: str) -> "Running":
        return Running(self.argv(*arguments), self.folder)

    def log_tail(self) -> str:
        return (self.folder / "daemon.log").read_text(errors="replace")[-1500:]

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def new_engine(
    *,
    bkn_url: str,
    source_url: str,
    ledger_url: str | None,
    in_flight: int,
    adapter: str,
    per_second: float = PER_SECOND_MAX,
    changes: Changes = FAST,
    look_before_write: bool = False,
    feed: str = FEED,
) -> Engine:
    """``ledger_url`` None: a SQLite file."""
    folder = Path(tempfile.mkdtemp(prefix="bench-engine-", dir="/tmp"))
    for name in KEYS:
        secret = folder / name
        secret.write_text("s" * 200)
        secret.chmod(0o600)
    (folder / "feeds").mkdir()
    (folder / "feeds" / "kursus.yaml").write_text(feed + f"look_before_write: {str(look_before_write).lower()}\n")
    ledger_url = ledger_url or f"sqlite:///{folder}/ledger.db"
    for name, url in (("source_url", source_url), ("ledger_url", ledger_url)):
        (folder / name).write_text(url)
        (folder / name).chmod(0o600)
    bkn: dict[str, Any] = {
        "base_url": f"{bkn_url}/apisiasn/1.0",
        "apim_token_url": f"{bkn_url}/oauth2/token",
        **{f"{name}_file": name for name in KEYS},
        "calls_in_flight": in_flight,
        "calls_per_second": per_second,
    }
    if "http" in BknSettings.model_fields:
        bkn["http"] = adapter
    settings: dict[str, Any] = {
        "region": "bench",
        "source": {"url_file": "source_url"},
        "bkn": bkn,
        "ledger": {"url_file": "ledger_url"},
    }
    for section, values in changes.items():
        settings[section] = {**settings.get(section, {}), **values}
    (folder / "simpeg-sync.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return Engine(folder, source_url, ledger_url, settings)


class Running:
    """A process of ours; its end gives what it used. As a context manager it never outlives its block."""

    def __init__(self, argv: Sequence[str], folder: Path, *, cwd: Path | None = None) -> None:
        """``folder``: where it writes what it says."""
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        place = str(folder / f"notify-{time.monotonic_ns()}")
        self._notices.bind(place)
        self.started_at, self._began = time.time(), time.monotonic()
        with (folder / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(
                argv, stdout=log, stderr=log, cwd=cwd, env={**os.environ, "NOTIFY_SOCKET": place}
            )
        self._used: Used | None = None
        self._peak_mib = 0.0
        self._ready_s: float | None = None
        # Somebody has to read the notices: a full socket would stop the daemon, as no systemd does.
        self._reader = threading.Thread(target=self._read_notices, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        if self._used is None:
            self.kill()
        self._notices.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._notices.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready_after_s(self) -> float:
        """Seconds from the start to READY, as systemd would see it."""
        ends_at = time.monotonic() + READY_LIMIT_S
        while self._ready_s is None:
            if time.monotonic() > ends_at or not self.is_running():
                raise RuntimeError("the daemon does not get ready")
            time.sleep(0.005)
        return self._ready_s

    def wait(self, limit_s: float) -> Used:
        ends_at = time.monotonic() + limit_s
        while time.monotonic() < ends_at:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                return self._ended(status, usage)
            self._note_memory()
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"process {self.pid} did not end within {limit_s:g} s")

    def kill(self) -> Used:
        return self._end(signal.SIGKILL)

    def stop(self) -> Used:
        return self._end(signal.SIGTERM)

    def is_running(self) -> bool:
        if self._used is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._ended(status, usage)
            else:
                self._note_memory()
        return self._used is None

    def cpu_s(self) -> float:
        """Used up to now."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mib(self, which: str = "VmRSS") -> float:
        """``VmHWM`` for the peak."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(which):
                return int(line.split()[1]) / 1024
        return 0.0

    def _note_memory(self) -> None:
        """The kernel's own peak (ru_maxrss) begins with the size of whoever started the process."""
        with contextlib.suppress(OSError):
            self._peak_mib = max(self._peak_mib, self.rss_mib("VmHWM"))

    def _read_notices(self) -> None:
        while notice := self._notices.recv(200):
            if b"READY=1" in notice:
                self._ready_s = time.monotonic() - self._began

    def _end(self, number: signal.Signals) -> Used:
        if self._used is None:
            self._note_memory()
            self._process.send_signal(number)
            _, status, usage = os.wait4(self.pid, 0)
            self._ended(status, usage)
        assert self._used is not None
        return self._used

    def _ended(self, status: int, usage: resource.struct_rusage) -> Used:
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._used = Used(
            time.monotonic() - self._began,
            usage.ru_utime + usage.ru_stime,
            self._peak_mib,
            self._process.returncode,
        )
        return self._used


def _driver(url: str) -> str:
    backend = sa.make_url(url).get_backend_name()
    return {"postgresql": "postgresql+psycopg"}.get(backend, backend)
