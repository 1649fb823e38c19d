"""One simulator for all tests of this folder, tidied up after each; every test brings its own people."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from simpeg_sync.simulator import process
from simpeg_sync.simulator.control_client import ControlClient
from simpeg_sync.simulator.process import Simulator

from .caller import Caller


class Someone(NamedTuple):
    nip: str
    id: str


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[Simulator]:
    with process.start() as simulator:
        yield simulator


@pytest.fixture
def sim(shared_simulator: Simulator) -> Iterator[Simulator]:
    before = shared_simulator.control.settings()
    shared_simulator.control.restart_counters()
    yield shared_simulator
    shared_simulator.control.outage("off")
    shared_simulator.control.delete_faults()
    shared_simulator.control.delete_refusals()
    shared_simulator.control.patch_settings(**before)


@pytest.fixture
def control(sim: Simulator) -> ControlClient:
    return sim.control


@pytest.fixture
def caller(sim: Simulator) -> Iterator[Caller]:
    caller = Caller(sim.url)
    yield caller
    caller.close()


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(100)


@pytest.fixture
def someone(control: ControlClient, numbers: Iterator[int]) -> Callable[..., Someone]:
    """A new invented civil servant."""

    def make(**fields: Any) -> Someone:
        number = next(numbers)
        nip = f"1985{1 + number // 1000:02}12201001{1 + number % 2}{number % 1000:03}"
        ids = control.add_persons({"nipBaru": nip, "nama": f"Pegawai Rekaan {number}", **fields})
        return Someone(nip, ids[nip])

    return make


@pytest.fixture
def alice(someone: Callable[..., Someone]) -> Someone:
    return someone(nama="Alice Rekaan")


@pytest.fixture
def bob(someone: Callable[..., Someone]) -> Someone:
    return someone(nama="Bob Rekaan")
