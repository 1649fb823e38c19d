"""A small office: two feeds of one table, neighbours in memory, and the real ledger."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.adapters.memory import DIKLAT, KURSUS, FakeClock, MemoryBkn, MemoryFiles, MemorySource

from simpeg_sync import logs
from simpeg_sync.domain.change import Change, FeedName, Nip, SourceKey
from simpeg_sync.domain.record import Record
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.mapping.conditions import ColumnTest, Condition
from simpeg_sync.mapping.expressions import Column, Constant, Date, Integer, Year
from simpeg_sync.mapping.feed import DocumentRule, Feed
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.turn import Timing, View

SITI, BUDI = "198501012010012001", "197912312005011002"
"""Siti is the one things happen to; Budi must never notice."""

TABLE = "pelatihan"
QUIET_S, GRACE_S, SETTLE_S, GAP_S = 30.0, 900.0, 180.0, 60.0


def _condition(column: str, *values: str, negated: bool = False) -> Condition:
    test = ColumnTest(column, none_of=values) if negated else ColumnTest(column, one_of=values)
    return Condition(((test,),))


KURSUS_FEED = Feed(
    name=KURSUS,
    target="kursus",
    table=TABLE,
    key=("id",),
    person="nip",
    person_bkn_id="pns_id",
    bkn_id="id_bkn",
    scope=_condition("jenis", "00", negated=True),
    verified=_condition("status", "2"),
    deleted=_condition("aktif", "0"),
    fields={
        "institusiPenyelenggara": Column("penyelenggara"),
        "jenisDiklatId": Column("jenis_bkn"),
        "jumlahJam": Integer("jam"),
        "namaKursus": Column("nama"),
        "nomorSertipikat": Column("nomor"),
        "tahunKursus": Year(Date("selesai")),
        "tanggalKursus": Date("mulai"),
        "tanggalSelesaiKursus": Date("selesai"),
    },
    natural_key=("nomorSertipikat",),
    documents=(DocumentRule(Column("berkas"), "berkas"),),
    delete_policy="delete",
    moves_with=(DIKLAT,),
)
DIKLAT_FEED = Feed(
    name=DIKLAT,
    target="diklat",
    table=TABLE,
    key=("id",),
    person="nip",
    person_bkn_id="pns_id",
    bkn_id="id_bkn",
    scope=_condition("jenis", "00"),
    verified=_condition("status", "2"),
    deleted=_condition("aktif", "0"),
    fields={
        "bobot": Constant(0),
        "institusiPenyelenggara": Column("penyelenggara"),
        "jumlahJam": Integer("jam"),
        "latihanStrukturalId": Constant("3"),
        "nomor": Column("nomor"),
        "tahun": Year(Date("selesai")),
        "tanggal": Date("mulai"),
        "tanggalSelesai": Date("selesai"),
    },
    natural_key=("nomor",),
    documents=(DocumentRule(Column("berkas"), "berkas"),),
    delete_policy="delete",
    moves_with=(KURSUS,),
)


@dataclass(slots=True)
class Office:
    folder: Path
    feeds: dict[FeedName, Feed] = field(default_factory=lambda: {KURSUS: KURSUS_FEED, DIKLAT: DIKLAT_FEED})
    clock: FakeClock = field(default_factory=FakeClock)
    source: MemorySource = field(default_factory=MemorySource)
    bkn: MemoryBkn = field(init=False)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    ledger: SqlLedger = field(init=False)
    look_again_s: float = 3600.0

    def __post_init__(self) -> None:
        self.bkn = MemoryBkn(clock=self.clock)
        self.bkn.know(SITI, BUDI)
        url = f"sqlite:///{self.folder}/ledger.db"
        engine = open_engine(url, create=True)
        schema.upgrade(engine)
        engine.dispose()
        self.open_ledger()

    def open_ledger(self) -> None:
        pauses = Pauses(quiet_period_s=QUIET_S, quiet_max_s=10 * QUIET_S, settle_s=SETTLE_S)
        self.ledger = SqlLedger(
            open_engine(f"sqlite:///{self.folder}/ledger.db"), self.clock, owner="office", pauses=pauses
        )

    def configure(self, name: FeedName, **changes: Any) -> None:
        self.feeds = {**self.feeds, name: replace(self.feeds[name], **changes)}

    @property
    def pipeline(self) -> Pipeline:
        timing = Timing(settle_s=SETTLE_S, absent_gap_s=GAP_S, delete_grace_s=GRACE_S, look_again_s=self.look_again_s)
        return Pipeline(View(self.feeds, self.source, self.bkn, self.files, self.ledger, self.clock, timing))

    # ------------------------------------------------------------------------------------------- what people do

    def enter(self, key: str = "1", *, nip: str = SITI, **columns: Any) -> SourceKey:
        """A verified certificate, entered or corrected in SIMPEG, and captured."""
        before = self.source.tables.get(TABLE, {}).get(SourceKey(f'["{key}"]'), {})
        row = {
            "nip": nip,
            "jenis": "02",
            "jenis_bkn": "3",
            "penyelenggara": "BPSDM Kota Teluk Biru",
            "jam": "40 JP",
            "nama": "Manajemen Arsip",
            "nomor": f"SERT/{key}/2024",
            "mulai": "2024-03-04",
            "selesai": "2024-03-08",
            "status": 2,
            "aktif": 1,
            **{name: value for name, value in before.items() if name not in ("id", "nip")},
            **columns,
        }
        name = self.source.put(TABLE, key, **row)
        self.captured(name)
        return name

    def erase(self, key: str = "1") -> SourceKey:
        name = SourceKey(f'["{key}"]')
        self.source.drop(TABLE, name)
        self.captured(name)
        return name

    def captured(self, *keys: SourceKey) -> None:
        """A change of the table marks the records of every feed that reads it."""
        changes = [Change(feed, key) for key in keys for feed in self.feeds]
        rows = self.source.tables.get(TABLE, {})
        persons = {c: Nip(str(rows[c.key]["nip"])) for c in changes if c.key in rows}
        self.ledger.take_changes(changes, persons)

    # ---------------------------------------------------------------------------------------- what the daemon does

    def work(self) -> int:
        """All lanes that are due now; gives the number of turns."""
        for turns in range(200):
            claim = self.ledger.claim()
            if claim is None:
                return turns
            self.pipeline.take_turn(*self.pipeline.prepared([claim]))
            self.ledger.release(claim)
        raise AssertionError("the work does not come to an end")

    def pass_time(self, seconds: float = QUIET_S + 1) -> int:
        self.clock.time_s += seconds
        return self.work()

    def restart(self) -> None:
        """As after kill -9: a new process opens the ledger and makes its states true."""
        self.ledger.close()
        self.open_ledger()
        self.ledger.recover()

    # --------------------------------------------------------------------------------------------------- what is

    def record(self, key: str = "1", feed: FeedName = KURSUS) -> Record:
        found = self.ledger.find(feed, SourceKey(f'["{key}"]'))
        assert found is not None
        return found

    def state(self, key: str = "1", feed: FeedName = KURSUS) -> tuple[str, str]:
        """Status and reason, as a person sees them."""
        with self.ledger.engine.connect() as connection:
            row = connection.execute(
                text("SELECT status, reason FROM records WHERE id = :id"), {"id": self.record(key, feed).id}
            ).one()
        return row[0], row[1]

    def at_bkn(self, name: str = "kursus") -> list[dict[str, Any]]:
        return list(self.bkn.stored[name].values())

    @property
    def effects(self) -> list[str]:
        return [effect.kind for effect in self.bkn.effects]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    logs.configure(level="ERROR")
    place = Office(tmp_path)
    yield place
    place.ledger.close()
