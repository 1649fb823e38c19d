"""The page about the simulator speaks of everything that it can do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from simpeg_sync.simulator import fields, rules
from simpeg_sync.simulator.misbehaviour import BEHAVIOURS
from simpeg_sync.simulator.settings import Settings

from .endpoints import READS, WRITES

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
TABLES = fields.load()
NAMES = {
    "settings": [setting.name for setting in dataclasses.fields(Settings)],
    "faults": list(BEHAVIOURS),
    "rules": list(rules.RULES),
    "resources": list(TABLES.resources),
    "reference tables": list(TABLES.references),
}
# Histories that are read only are named by their resource alone.
PATHS = {path.split("/{")[0] for path in (*READS, *(path for _, path in WRITES)) if "/pns/rw-" not in path}


@pytest.mark.parametrize("kind", NAMES)
def test_everything_with_a_name_is_on_the_page(kind: str) -> None:
    assert [name for name in NAMES[kind] if f"`{name}`" not in PAGE] == []


def test_every_endpoint_is_on_the_page() -> None:
    assert sorted(path for path in PATHS if path not in PAGE) == []
