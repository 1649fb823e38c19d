"""The stage on which a day is played: a SIMPEG, a BKN as a separate process, the settings, and the daemon as a process.

Everything is driven through the doors that people use: the command line, SQL on SIMPEG, HTTP on BKN.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Engine, create_engine, make_url

from simpeg_sync import wiring
from simpeg_sync.clock import Clock
from simpeg_sync.config.load import Config
from simpeg_sync.demo.simpeg import World, build
from simpeg_sync.demo.snapshot import Snapshot, take_snapshot
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.ports import Capture
from simpeg_sync.simulator import process
from simpeg_sync.simulator.control_client import row_entry

FEEDS = Path(__file__).parent / "config" / "feeds"
LOGIN = {
    "consumer_key": "fake-consumer-key",
    "consumer_secret": "fake-consumer-secret",
    "sso_username": "199001012020011001",
    "sso_password": "fake-password",
}
"""The simulator's own invented login."""

SHORTENED = {
    "quiet_period": "300 ms",
    "quiet_max": "2 s",
    "delete_grace": "1500 ms",
    "settle": "2500 ms",
    "absent_gap": "500 ms",
    "look_again": "1 s",
    "drain": "5 s",
}
"""A day in a minute: every wait of design 4 is shortened, none is left out."""


class StageFailed(RuntimeError):
    """The play could not go on; the text says what to look at."""


@dataclass(slots=True)
class Stage:
    folder: Path
    world: World
    simpeg: Engine
    bkn: process.Simulator
    config_path: Path
    daemon: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _config: Config | None = field(default=None, init=False)
    _ledger: SqlLedger | None = field(default=None, init=False)
    _passes: set[str] = field(default_factory=set, init=False)

    # ------------------------------------------------------------------------------------------------- commands

    def command(self, *arguments: str) -> Any:
        """Runs `simpeg-sync --json ...`; gives what it printed. Raises StageFailed with its own words."""
        done = subprocess.run(
            self._command("--json", *arguments), capture_output=True, text=True, env=process.environment()
        )
        if done.returncode != 0:
            raise StageFailed(f"simpeg-sync {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def start_daemon(self) -> None:
        with (self.folder / "daemon.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                self._command("run"), stdout=log, stderr=log, env=process.environment(), start_new_session=True
            )

    def run_once(self) -> int:
        """`simpeg-sync run --once`; gives its exit code."""
        with (self.folder / "daemon.log").open("ab") as log:
            command = self._command("run", "--once")
            return subprocess.run(command, stdout=log, stderr=log, env=process.environment(), check=False).returncode

    def kill_daemon(self) -> None:
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon.wait()

    def stop_daemon(self) -> int:
        """SIGTERM; gives the exit code after the drain."""
        assert self.daemon is not None
        self.daemon.terminate()
        return self.daemon.wait(timeout=60)

    def close(self) -> None:
        if self.daemon is not None and self.daemon.poll() is None:
            self.kill_daemon()
        if self.bkn.process.poll() is None:
            self.bkn.stop()
        self.simpeg.dispose()

    # -------------------------------------------------------------------------------------------------- looking

    def snapshot(self) -> Snapshot:
        with self.simpeg.connect() as connection:
            return take_snapshot(connection, self.world.files_dir)

    def wait_until_settled(self, *, limit_s: float, while_waiting: Callable[[], None] = lambda: None) -> None:
        """Until the daemon has seen every change of SIMPEG and no record is on its way. Raises StageFailed."""
        ends_at = time.monotonic() + limit_s
        self._passes.clear()
        while not self._is_settled():
            if time.monotonic() > ends_at:
                raise StageFailed(f"not settled after {limit_s:g} s; see {self.folder / 'daemon.log'}")
            if self.daemon is not None and self.daemon.poll() is not None:
                raise StageFailed(f"the daemon ended with {self.daemon.returncode}; see {self.folder / 'daemon.log'}")
            while_waiting()
            time.sleep(0.1)

    def wait_a_moment(self, seconds: float) -> None:
        """Lets something last (an outage); nothing is waited for."""
        time.sleep(seconds)

    def counts(self) -> dict[str, int]:
        """Records by status."""
        totals: dict[str, int] = {}
        for row in wiring.open_reader(self.config).counts():
            totals[row["status"]] = totals.get(row["status"], 0) + row["count"]
        return totals

    @property
    def config(self) -> Config:
        if self._config is None:
            self._config = wiring.read_config(self.config_path)
        return self._config

    def _is_settled(self) -> bool:
        if self._ledger is None:
            self._ledger = wiring.open_ledger(self.config, Clock())
        if not all(self._ledger.sweep_is_done(name) for name in self.config.feeds):
            return False
        captures = wiring.open_captures(self.config, self._ledger)
        return all(self._has_seen_all(mode, captures[mode]) for mode in captures) and not self._ledger.has_work()

    def _has_seen_all(self, mode: str, capture: Capture) -> bool:
        assert self._ledger is not None
        cursor = self._ledger.cursor(mode)
        if cursor is None:
            return False
        if mode in ("wal", "binlog"):  # only one program may read a stream
            facts = capture.state(cursor).facts
            return facts["taken"] == facts["written"]
        if (
            mode == "scan"
        ):  # of the passes that end from now on, the second has begun after everything that is there now
            self._passes.add(str(capture.state(cursor).facts["last pass ended"]))
            return len(self._passes) > 2
        batch = capture.changes(cursor, limit=10)
        return not batch.changes and not batch.sweep

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "simpeg_sync.cli", "--config", str(self.config_path), *arguments]


def set_up(
    folder: Path,
    *,
    seed: int,
    employees: int,
    source_url: str | None = None,
    ledger_url: str | None = None,
    calls_per_second: float = 400,
    calls_in_flight: int = 6,
    outlives_us: bool = False,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> Stage:
    """Builds SIMPEG and BKN and writes the settings; nothing runs yet but BKN. Default databases: SQLite files.

    ``changes``: section -> settings that differ from the demo's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source_url = source_url or f"sqlite:///{folder}/simpeg.db"
    simpeg = create_engine(_with_driver(source_url))
    world = build(simpeg, seed, employees, files_dir=folder / "files")
    bkn = process.start(state=folder / "bkn.db", outlives_us=outlives_us)
    bkn.control.add_persons(*world.bkn.persons)
    bkn.control.add_rows(
        [
            row_entry(row["resource"], row["nip"], row["fields"], row_id=row["id"], documents=row["documents"])
            for row in world.bkn.rows
        ]
    )
    config_path = _write_settings(
        folder,
        bkn.url,
        source_url,
        ledger_url or f"sqlite:///{folder}/ledger.db",
        calls_per_second=calls_per_second,
        calls_in_flight=calls_in_flight,
        changes=changes or {},
    )
    return Stage(folder, world, simpeg, bkn, config_path)


def _write_settings(
    folder: Path,
    bkn_url: str,
    source_url: str,
    ledger_url: str,
    *,
    calls_per_second: float,
    calls_in_flight: int,
    changes: Mapping[str, Mapping[str, Any]],
) -> Path:
    shutil.copytree(FEEDS, folder / "feeds", dirs_exist_ok=True)
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True, mode=0o700)
    for name, value in LOGIN.items():
        (secrets / name).write_text(value, encoding="utf-8")
    settings: dict[str, Any] = {
        "region": "demo",
        "source": {"url": source_url, "poll": "200 ms"},
        "bkn": {
            "base_url": f"{bkn_url}/apisiasn/1.0",
            "apim_token_url": f"{bkn_url}/oauth2/token",
            "sso_token_url": f"{bkn_url}/auth/realms/public-siasn/protocol/openid-connect/token",
            "sso_client_id": "fake-instansi-client",
            **{f"{name}_file": f"secrets/{name}" for name in LOGIN},
            "calls_in_flight": calls_in_flight,
            "calls_per_second": calls_per_second,
            "call_limit": "2 s",
            "gateway_life": "500 ms",
        },
        "ledger": {"url": ledger_url},
        "timing": SHORTENED,
        # At night it would make calls that no day makes.
        "compare": {"calls_per_night": 0},
    }
    for section, values in changes.items():
        settings[section] = {**settings.get(section, {}), **values}
    path = folder / "simpeg-sync.yaml"
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return path


def _with_driver(url: str) -> Any:
    parsed = make_url(url)
    drivers = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
    return parsed.set(drivername=drivers.get(parsed.drivername, parsed.drivername))
