"""One small office on SQLite, and a way to look at it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from simpeg_sync.demo.net import after_sync
from simpeg_sync.demo.simpeg import World, build
from simpeg_sync.demo.snapshot import Snapshot, take_snapshot
from simpeg_sync.demo.truth import BknRow, rows_at_start


@dataclass(frozen=True, slots=True)
class Office:
    engine: Engine
    world: World

    def look(self) -> Snapshot:
        with self.engine.connect() as connection:
            return take_snapshot(connection, self.world.files_dir)

    def settled(self) -> list[BknRow]:
        """What BKN holds when all that was there at the start has arrived."""
        now = self.look()
        return after_sync(now, now, rows_at_start(self.world.bkn))


OpenOffice = Callable[..., Office]


@pytest.fixture
def open_office(tmp_path: Path) -> OpenOffice:
    def open_it(seed: int = 7, employees: int = 40, name: str = "office") -> Office:
        directory = tmp_path / name
        directory.mkdir()
        engine = create_engine(f"sqlite:///{directory}/simpeg.db")
        return Office(engine, build(engine, seed, employees, files_dir=directory / "files"))

    return open_it


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    return open_office()
