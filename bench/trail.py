"""What does the trail cost the engine? The same rows with it and without it, by turns, in one process.

``python -m bench.trail`` starts its own server and PostgreSQL. Then it fills a ledger with events and verifies it.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bench.engine import new_engine
from bench.ground import Ground
from bench.server import Bkn, check_all_arrived
from simpeg_sync import logs, wiring
from simpeg_sync.clock import Clock
from simpeg_sync.domain.change import Change, FeedName, Nip, source_key
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.ledger.verifying import snapshot, verify

IN_FLIGHT = 16
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Run:
    per_second: float
    cpu_ms: float
    """Of our process, a record."""
    ledger_bytes: float
    """A record."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3000, help="changes of one run")
    parser.add_argument("--pairs", type=int, default=5, help="runs with the trail, and as many without")
    parser.add_argument("--ledgers", default="sqlite,postgresql")
    parser.add_argument("--look", action="store_true", help="read the person's list before each write")
    parser.add_argument("--verify", type=int, default=1_000_000, help="events to verify; 0: none")
    arguments = parser.parse_args()
    with Bkn() as bkn, Ground(bkn, say, quick=True, repeat=1, rows=arguments.rows, adapters=("pyreqwest",)) as ground:
        logs.configure(level="CRITICAL")
        for kind in arguments.ledgers.split(","):
            if arguments.pairs:
                compare(ground, kind, arguments.rows, arguments.pairs, looks=arguments.look)
            if arguments.verify:
                verified(ground, kind, arguments.verify)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def compare(ground: Ground, kind: str, rows: int, pairs: int, *, looks: bool) -> None:
    run(ground, kind, rows, looks=looks, is_off=False)  # warm
    pairs_of = []
    for number in range(pairs):
        order = (False, True) if number % 2 else (True, False)
        by = {is_off: run(ground, kind, rows, looks=looks, is_off=is_off) for is_off in order}
        pairs_of.append((by[False], by[True]))
        say(f"{kind}: with {by[False]}, without {by[True]}")
    with_, without = ([pair[place] for pair in pairs_of] for place in (0, 1))
    print(
        f"{kind}: {median([r.per_second for r in with_]):,.0f} records/s with the trail, "
        f"{median([r.per_second for r in without]):,.0f} without; "
        f"throughput {median([a.per_second / b.per_second for a, b in pairs_of]):.3f} of without, "
        f"CPU {median([a.cpu_ms for a, _ in pairs_of]):.3f} against {median([b.cpu_ms for _, b in pairs_of]):.3f} ms a record "
        f"({median([a.cpu_ms / b.cpu_ms for a, b in pairs_of]):.3f}), "
        f"ledger {median([a.ledger_bytes for a, _ in pairs_of]):,.0f} against "
        f"{median([b.ledger_bytes for _, b in pairs_of]):,.0f} bytes a record"
    )


def run(ground: Ground, kind: str, rows: int, *, looks: bool, is_off: bool) -> Run:
    """A ledger in which all rows are marked already; they are worked off."""
    books, simpeg = ground.bkn.new_run(), ground.new_simpeg()
    ours = new_engine(
        bkn_url=ground.bkn.url(books), source_url=simpeg.url, ledger_url=ground.new_ledger(kind), in_flight=IN_FLIGHT,
        adapter=ground.adapters[0], look_before_write=looks,
    )  # fmt: skip
    try:
        ours.prepare()
        ours.know(simpeg.nips(rows))
        before = ours.ledger_bytes()
        simpeg.fill(rows)
        config, clock = wiring.read_config(ours.folder / "simpeg-sync.yaml"), Clock()
        ledger = wiring.open_ledger(config, clock)
        ledger.trail.is_off = is_off
        daemon = wiring.open_daemon(config, clock, ledger)
        cpu = time.process_time()
        daemon.run(once=True)
        cpu = time.process_time() - cpu
        ledger.close()
        found = ground.bkn.books(books)
        check_all_arrived(found, rows)
        return Run(found.per_second, cpu * 1000 / rows, (ours.ledger_bytes() - before) / rows)
    finally:
        ours.remove()


def verified(ground: Ground, kind: str, count: int) -> None:
    """How long a look at all of it takes."""
    place = f"/tmp/bench-trail-{os.getpid()}.db"
    url = ground.new_ledger(kind) or f"sqlite:///{place}"
    engine = open_engine(url, create=True)
    schema.upgrade(engine)
    try:
        filled(engine, count)
        began, cpu = time.monotonic(), time.process_time()
        with snapshot(engine) as connection:
            verdict = verify(connection)
        print(
            f"{kind}: {verdict.rows['events']:,} events in {verdict.blocks:,} blocks verified in "
            f"{time.monotonic() - began:.1f} s ({time.process_time() - cpu:.1f} s of our CPU): "
            f"{'whole' if verdict.is_whole else verdict.problems[0]}"
        )
    finally:
        engine.dispose()
        for tail in ("", "-wal", "-shm"):
            Path(place + tail).unlink(missing_ok=True)


def filled(engine: sa.Engine, count: int) -> None:
    """Events of resyncs, 10 a block, as a quiet daemon would write them."""
    ledger = SqlLedger(engine, Clock(), owner="bench", pauses=Pauses())
    keys = [Change(FeedName("kursus"), source_key([str(n)])) for n in range(CHUNK)]
    ledger.take_changes(keys, dict.fromkeys(keys, Nip("199001012015041001")))
    ids: Sequence[int] = range(1, CHUNK + 1)
    for _ in range(count // CHUNK):
        for first in range(0, CHUNK, 10):
            ledger.resync(ids[first : first + 10], actor="bench", reason="bench")
    ledger.close()


def median(numbers: Sequence[float]) -> float:
    return statistics.median(numbers)


if __name__ == "__main__":
    main()
