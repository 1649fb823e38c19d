"""The region of these tests, on each engine or on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simpeg_sync import logs
from tests.mapcheck.region import Region


@pytest.fixture
def region(tmp_path: Path, any_source: str) -> Iterator[Region]:
    logs.configure(level="ERROR")
    place = Region(tmp_path / "region", any_source)
    yield place
    place.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Region]:
    """On SQLite, for what no engine makes different."""
    logs.configure(level="ERROR")
    place = Region(tmp_path / "region", f"sqlite:///{tmp_path}/simpeg.db")
    yield place
    place.close()
