"""A small region: SIMPEG in SQLite with our triggers, the simulated BKN, the daemon's own objects, and a clock that only
moves when told. What a clerk does is SQL; what BKN got is asked of BKN."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from simpeg_sync import logs, wiring
from simpeg_sync.bkn.client import BknClient
from simpeg_sync.config.load import Config
from simpeg_sync.demo.stage import LOGIN
from simpeg_sync.domain.record import Record
from simpeg_sync.intake import ChangeIntake
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.simulator import process
from simpeg_sync.simulator.process import Simulator
from simpeg_sync.source.connect import open_writing
from simpeg_sync.source.settings import Limits
from simpeg_sync.source.triggers import install
from simpeg_sync.write_back import WriteBack
from tests.adapters.memory import FakeClock

QUIET_S, GRACE_S, SETTLE_S, LOOK_AGAIN_S = 30.0, 900.0, 180.0, 3600.0

SCHEMA = (
    "CREATE TABLE pegawai (id INTEGER PRIMARY KEY, nip VARCHAR(18), status VARCHAR(10) DEFAULT 'aktif')",
    """CREATE TABLE kursus (id INTEGER PRIMARY KEY, id_pegawai INTEGER, nama VARCHAR(50), nomor VARCHAR(50),
        jam VARCHAR(10) DEFAULT '40', mulai DATE DEFAULT '2024-03-04', dihapus INTEGER DEFAULT 0, id_bkn VARCHAR(40))""",
    "CREATE TABLE usulan (id INTEGER PRIMARY KEY, id_kursus INTEGER UNIQUE, hasil VARCHAR(10))",
    "CREATE TABLE usulan_kursus (id INTEGER PRIMARY KEY, id_pegawai INTEGER, nama VARCHAR(50), nomor VARCHAR(50))",
    """CREATE TABLE diklat (nip VARCHAR(18), jenis VARCHAR(5), mulai DATE, nama VARCHAR(50), nomor VARCHAR(50),
        jam VARCHAR(10) DEFAULT '40', PRIMARY KEY (nip, jenis, mulai))""",
)

_FIELDS: Mapping[str, Any] = {
    "institusiPenyelenggara": {"const": "BPSDM"},
    "jenisDiklatId": {"const": "3"},
    "jumlahJam": {"integer": "jam"},
    "namaKursus": "nama",
    "nomorSertipikat": "nomor",
    "tahunKursus": {"year": "mulai"},
    "tanggalKursus": {"date": "mulai"},
    "tanggalSelesaiKursus": {"date": "mulai"},
}

KURSUS: Mapping[str, Any] = {
    "feed": "kursus",
    "target": "kursus",
    "table": "kursus",
    "key": ["id"],
    "joins": [{"table": "pegawai", "as": "p", "on": {"id": "id_pegawai"}}],
    "person": "p.nip",
    "deleted": {"dihapus": 1},
    "active_person": {"p.status": "aktif"},
    "fields": _FIELDS,
    "natural_key": ["nomorSertipikat"],
    "delete": "delete",
}
"""Histories by person id, the NIP one join away."""

DIKLAT: Mapping[str, Any] = {
    "feed": "diklat",
    "target": "kursus",
    "table": "diklat",
    "key": ["nip", "jenis", "mulai"],
    "person": "nip",
    "fields": _FIELDS,
    "natural_key": ["namaKursus", "tanggalKursus"],
    "delete": "delete",
}
"""Histories by a key that holds the NIP and a date, both of which clerks correct."""


@dataclass(slots=True)
class Region:
    folder: Path
    sim: Simulator
    new_nip: Callable[[], str]
    feeds: tuple[Mapping[str, Any], ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=FakeClock)
    config: Config = field(init=False)
    simpeg: sa.Engine = field(init=False)
    ledger: SqlLedger = field(init=False)
    bkn: BknClient = field(init=False)
    intake: ChangeIntake = field(init=False)
    pipeline: Pipeline = field(init=False)
    write_back: WriteBack = field(init=False)
    seen: int = 0

    def __post_init__(self) -> None:
        self.clock.time_s = 1_800_000_000.0
        self.simpeg = sa.create_engine(f"sqlite:///{self.folder}/simpeg.db", execution_options={"no_parameters": True})
        self.run(*SCHEMA)
        self.configure()
        wiring.ledger_engine(self.config, create=True).dispose()
        self.seen = max((effect["seq"] for effect in self.sim.control.effects()), default=0)
        self.start()

    def configure(self, *feeds: Mapping[str, Any]) -> None:
        """Writes the settings as a person would, and reads them back."""
        self.feeds = feeds or self.feeds
        for name, secret in LOGIN.items():
            (self.folder / name).write_text(secret, encoding="utf-8")
        (self.folder / "feeds").mkdir(exist_ok=True)
        for feed in self.feeds:
            text = yaml.safe_dump(dict(feed), sort_keys=False)
            (self.folder / "feeds" / f"{feed['feed']}.yaml").write_text(text, encoding="utf-8")
        settings = {
            "region": "contoh",
            "source": {"url": f"sqlite:///{self.folder}/simpeg.db"},
            "bkn": {
                "base_url": f"{self.sim.url}/apisiasn/1.0",
                "apim_token_url": f"{self.sim.url}/oauth2/token",
                "sso_token_url": f"{self.sim.url}/auth/realms/public-siasn/protocol/openid-connect/token",
                "sso_client_id": "fake-instansi-client",
                **{f"{name}_file": name for name in LOGIN},
                "calls_per_second": 1000,
            },
            "ledger": {"url": f"sqlite:///{self.folder}/ledger.db"},
            **self.settings,
        }
        path = self.folder / "simpeg-sync.yaml"
        path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        self.config = wiring.read_config(path)

    def start(self) -> None:
        writing = open_writing(self.config.source_url, Limits())
        assert install(writing, list(self.config.feeds.values()), wiring.log_settings(self.config)).is_complete
        writing.dispose()
        self.ledger = wiring.open_ledger(self.config, self.clock)
        self.ledger.recover()
        self.bkn = wiring.open_bkn(self.config, self.clock, self.ledger)
        self.pipeline = wiring.open_pipeline(self.config, self.clock, self.ledger, self.bkn)
        self.intake = wiring.open_intake(self.config, self.ledger)
        self.write_back = wiring.open_write_back(self.config, self.ledger)

    def restart(self) -> None:
        self.close()
        self.start()

    def close(self) -> None:
        self.ledger.close()
        self.bkn.calls.exchange.close()

    # ------------------------------------------------------------------------------------------------ SIMPEG and BKN

    def run(self, *statements: str) -> None:
        """One transaction of the application."""
        with self.simpeg.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def unlogged(self) -> None:
        """As if no trigger had seen what was not taken yet: the log is given back as it was, sequence and all."""
        self.run("UPDATE simpeg_sync_log SET old_key = NULL, new_key = NULL, table_name = 'none' WHERE id > "
                 "(SELECT max(id) FROM saved)", "DROP TABLE saved")  # fmt: skip

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with self.simpeg.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def person(self, id_: int, *, nip: str | None = None) -> str:
        """An employee whom BKN knows too; gives the NIP."""
        nip = nip or self.new_nip()
        self.sim.control.add_persons({"nipBaru": nip, "nama": "Rekaan"})
        self.run(f"INSERT INTO pegawai (id, nip) VALUES ({id_}, '{nip}')")
        return nip

    # -------------------------------------------------------------------------------------------- what the daemon does

    def work(self) -> None:
        while self.intake.step():
            pass
        for _ in range(500):
            claim = self.ledger.claim()
            if claim is None:
                return
            self.pipeline.take_turn(*self.pipeline.prepared([claim]))
            self.ledger.release(claim)
        raise AssertionError("the work does not come to an end")

    def settle(self, *seconds: float) -> None:
        """Changes are taken, then time passes until nothing but what rests is left."""
        self.work()
        for wait in seconds or (QUIET_S + 1, SETTLE_S):
            self.clock.time_s += wait
            self.work()

    def after_grace(self) -> None:
        self.settle(QUIET_S + 1, GRACE_S + 1, SETTLE_S, SETTLE_S)

    # ------------------------------------------------------------------------------------------------------ what is

    def record(self, *parts: object, feed: str = "kursus") -> Record:
        from simpeg_sync.domain.change import FeedName, source_key

        found = self.ledger.find(FeedName(feed), source_key([str(part) for part in parts]))
        assert found is not None
        return found

    def state(self, *parts: object, feed: str = "kursus") -> tuple[str, str]:
        record = self.record(*parts, feed=feed)
        with self.ledger.engine.connect() as connection:
            row = connection.execute(sa.text("SELECT status, reason FROM records WHERE id = :id"), {"id": record.id})
            status, reason = row.one()
        return status, reason

    def at_bkn(self, nip: str) -> list[dict[str, Any]]:
        return [row for row in self.sim.control.rows(nip=nip) if not row.get("is_deleted")]

    @property
    def effects(self) -> list[str]:
        """What BKN did for us, in order."""
        return [effect["kind"] for effect in self.sim.control.effects(after=self.seen)]


@pytest.fixture(scope="session")
def sim() -> Iterator[Simulator]:
    with process.start() as simulator:
        yield simulator


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(100)


@pytest.fixture
def region(tmp_path: Path, sim: Simulator, numbers: Iterator[int]) -> Iterator[Callable[..., Region]]:
    """Gives ``region(feed, ..., settings={...})``."""
    logs.configure(level="CRITICAL")
    made: list[Region] = []

    def new_nip() -> str:
        number = next(numbers)
        return f"1985{1 + number // 1000:02}12201001{1 + number % 2}{number % 1000:03}"

    def make(*feeds: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> Region:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Region(folder, sim, new_nip, feeds or (KURSUS,), settings or {}))
        return made[-1]

    yield make
    for one in made:
        one.close()
        one.simpeg.dispose()
