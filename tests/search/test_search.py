"""One record, two versions, two workers, a network that delays, loses and repeats, reads that lag: in every interleaving the
real pipeline keeps its invariants, and an engine with one rule broken does not.

`python -m tests.search` prints what was reached, `--deep` searches further.
"""

import random
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from simpeg_sync import logs
from simpeg_sync.domain.status import MOVES, Event, Status
from tests.ledger.conftest import make_ledger
from tests.servers import PostgresServer

from .desk import Desk, desk_of
from .explore import Found, Report, Story, explore, told
from .flaws import FLAWS, ForgetsChanges, NoFence
from .ledger import Rules
from .scene import GONE
from .stories import ALWAYS
from .worker import LEASE
from .world import Step, Violation

# One worker of pytest has them all, so that what was explored once is counted there too.
pytestmark = [pytest.mark.xdist_group("search"), pytest.mark.timeout(300)]

MATTERS = {
    "absent once",
    "absent again, too early",
    "settled: not_executed",
    "settled: executed",
    "settled: undecidable",
    "landed late",
    "landed unseen",
    "answer late",
    "answer lost",
    "repeated by a gateway",
    "stale look",
    "refused",
    "BKN down",
    "takeover of a frozen worker",
    "takeover of a dead worker",
    "a worker that was overtaken wrote nothing",
    "a lease was over just before the write left",
    "a start freed the dead",
    "a start freed what was over its lease",
    "create left",
    "update left",
    "delete left",
    *(
        f"crash at {call}"
        for call in ("source.read", "turn.dealt", "bkn.rows", LEASE, "bkn.write", "turn.done", "turn.lost")
    ),
    *(
        f"{what} ledger.{call}"
        for call in ("begin_attempt", "end_attempt", "finish", "note_absent", "settle_attempt")
        for what in ("crash at", "ledger down before", "ledger down after")
    ),
}
"""A search that did not come here has shown nothing."""

BEYOND = {
    (Status.WAITING, Event.HELD),
    (Status.REFUSED, Event.HELD),
    (Status.SYNCED, Event.HELD),
    (Status.IGNORED, Event.HELD),
    (Status.SENDING, Event.HELD),
    (Status.SENDING, Event.STEP_PROVED),
    (Status.WORKING, Event.REMOVED),
    (Status.UNCERTAIN, Event.WORKER_DIED),
    (Status.HELD, Event.RELEASED),
    *((status, Event.RESYNC) for status in Status),
}
"""Moves that need a person, a certificate or another hand at BKN, none of which the stories have."""


@pytest.fixture(autouse=True)
def _silence() -> None:
    logs.configure(level="CRITICAL")


@cache
def report_of(name: str) -> Report:
    return explore(ALWAYS[name])


@pytest.mark.parametrize("name", ALWAYS)
def test_nothing_breaks_a_rule_however_it_comes(name: str) -> None:
    report = report_of(name)
    assert report.is_complete and report.states > 5_000


def test_the_search_came_everywhere_that_matters() -> None:
    notes: Counter[str] = Counter()
    moves: Counter[tuple[Status, Event, Status]] = Counter()
    for name in ALWAYS:
        notes += report_of(name).notes
        moves += report_of(name).moves
    assert {note for note in MATTERS if notes[note] < 5} == set()
    table = {(status, event, next_) for status, events in MOVES.items() for event, next_ in events.items()}
    assert moves.keys() <= table
    assert {(status, event) for status, event, _ in table - moves.keys()} <= BEYOND


@pytest.mark.parametrize("name", FLAWS)
def test_an_engine_with_one_rule_broken_is_found_out(name: str) -> None:
    flaw = FLAWS[name]
    with flaw.patch(), pytest.raises(Found) as found:
        explore(flaw.story)
    assert found.value.rule == flaw.finds, str(found.value)


def test_what_is_found_is_told_step_by_step() -> None:
    flaw = FLAWS["does not look at its lease before a write leaves"]
    with flaw.patch(), pytest.raises(Found) as found:
        explore(flaw.story)
    lines = str(found.value).splitlines()
    assert any("freeze 0" in line and "bkn.write" in line for line in lines)
    assert any("takeover of a frozen worker" in line for line in lines)
    assert "!!" in lines[-1]


# ------------------------------------------------------------------------------------------------- and the real ledger


@pytest.fixture(scope="module")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("empty") / "ledger.db"
    make_ledger(f"sqlite:///{path}")
    return path.read_bytes()


def test_the_real_ledger_does_the_same_step_by_step(
    empty_ledger: bytes, tmp_path: Path, postgres: PostgresServer
) -> None:
    """On the first way to everything remarkable, and from there to the end."""
    seen: set[str] = set()
    for name in (name for name in ALWAYS if not ALWAYS[name].one_process):
        new = {note: way for note, way in report_of(name).ways.items() if note not in seen}
        seen |= new.keys()
        for way in dict.fromkeys(new.values()):
            with (
                # Nobody starts beside others on SQLite.
                shared_ledger(postgres, ALWAYS[name])
                if ("start",) in way
                else real_ledger(empty_ledger, tmp_path, ALWAYS[name])
            ) as desk:
                desk.play(way)
                desk.play_to_the_end()
    assert seen >= MATTERS


@pytest.mark.parametrize("change", [2, GONE])
def test_the_real_ledger_does_the_same_on_random_ways(change: int, empty_ledger: bytes, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201
    for number in range(4):
        with real_ledger(empty_ledger, tmp_path, Story((change,), faults=4, naps=4)) as desk:
            wander(desk, random.Random(seed + number), steps=120)
            desk.play_to_the_end()


@pytest.mark.parametrize("rules", [NoFence, ForgetsChanges])
def test_a_model_that_is_not_like_the_real_ledger_is_noticed(
    rules: type[Rules], empty_ledger: bytes, tmp_path: Path
) -> None:
    flaw = next(flaw for flaw in FLAWS.values() if flaw.story.rules is rules)
    with pytest.raises(Found) as found:
        explore(flaw.story)
    with real_ledger(empty_ledger, tmp_path, flaw.story) as desk, pytest.raises((AssertionError, Violation)):
        desk.play(found.value.way)


@contextmanager
def real_ledger(empty: bytes, folder: Path, story: Story) -> Iterator[Desk]:
    path = folder / f"{secrets.token_hex(4)}.db"
    path.write_bytes(empty)
    with desk_of(f"sqlite:///{path}", story) as desk:
        yield desk


@contextmanager
def shared_ledger(postgres: PostgresServer, story: Story) -> Iterator[Desk]:
    url = postgres.create_database()
    make_ledger(url)
    with desk_of(url, story) as desk:
        yield desk


def wander(desk: Desk, chance: random.Random, *, steps: int) -> None:
    way: list[Step] = []
    for _ in range(steps):
        way.append(chance.choice(list(desk.physics.steps(desk.world))))
        try:
            desk.do(way[-1])
        except AssertionError as error:
            raise AssertionError(f"{error}\n{told(desk.story, tuple(way))}") from error
