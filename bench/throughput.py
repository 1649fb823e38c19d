"""How many changes a second arrive: our engine with everything on, the naive loops, the peers. Same server, same rows,
as many calls in flight.

Who is compared takes turns (A B C, A B C, ...), since the machine's mood changes. The clock runs at the server: from the
first request to the end of the last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.engine import FAST, Changes, new_engine
from bench.ground import Figure, Ground, ran
from bench.server import Books, check_all_arrived

Measure = Callable[[], tuple[float, dict[str, Any]]]
"""One run; gives changes a second, and what else was seen."""


@dataclass(slots=True)
class Contestant:
    group: str
    name: str
    measure: Measure
    facts: dict[str, Any] = field(default_factory=dict)
    samples: list[float] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    failed: str = ""

    def take_turn(self, ground: Ground) -> None:
        if self.failed:
            return
        try:
            per_second, seen = self.measure()
        except (RuntimeError, OSError) as error:
            self.failed = str(error)
            ground.tell(f"{self.group}: {self.name}: {self.failed[-400:]}")
            return
        self.samples.append(per_second)
        self.seen.append(seen)
        ground.tell(f"{self.group}: {self.name}: {per_second:,.0f}/s")

    def figure(self) -> Figure:
        return Figure(
            self.group, self.name, "changes/s", self.samples, {**self.facts, "runs": self.seen}, skipped=self.failed
        )


def throughput(ground: Ground) -> list[Figure]:
    in_flights = (16,) if ground.quick else (1, 16, 64)
    contestants = []
    for in_flight in in_flights:
        rows = ground.rows if in_flight > 1 else ground.rows // 4
        contestants += loops(ground, rows, in_flight) + engines(ground, rows, in_flight)
        if in_flight == 16:
            contestants += peers(ground, rows, in_flight)
    return compete(ground, contestants)


def slow_answers(ground: Ground) -> list[Figure]:
    """A server that takes 20 ms for every answer: what counts is whether all calls in flight are always under way."""
    contestants = []
    for in_flight in (16,) if ground.quick else (16, 64):
        rows = min(ground.rows, in_flight * 250)
        contestants += loops(ground, rows, in_flight, delay_ms=20, kinds=ground.adapters)
        contestants += engines(ground, rows, in_flight, delay_ms=20)
        if in_flight == 16:
            contestants += peers(ground, rows, in_flight, delay_ms=20)
    return compete(ground, contestants)


def peers(ground: Ground, rows: int, in_flight: int, *, delay_ms: int = 0) -> list[Contestant]:
    group = group_of(delay_ms, in_flight)
    facts = {"rows": rows, "in_flight": in_flight, "delay_ms": delay_ms}
    return [
        Contestant(
            group,
            name,
            lambda peer=peer: peer.measure(ground, rows, in_flight, delay_ms),  # type: ignore[misc]
            facts,
            failed=failed,
        )
        for name, peer, failed in ground.peers
    ]


def compete(ground: Ground, contestants: Sequence[Contestant]) -> list[Figure]:
    for _ in range(ground.repeat):
        for contestant in contestants:
            contestant.take_turn(ground)
    return [contestant.figure() for contestant in contestants]


def loops(
    ground: Ground, rows: int, in_flight: int, *, delay_ms: int = 0, kinds: Sequence[str] = ()
) -> list[Contestant]:
    simpeg = ground.new_simpeg(rows)
    kinds = kinds or ("socket", *ground.adapters, "httpx-client")
    return [
        Contestant(
            group_of(delay_ms, in_flight),
            f"loop, {kind}",
            lambda kind=kind: loop(ground, kind, simpeg.url, rows, in_flight, delay_ms),  # type: ignore[misc]
            {"rows": rows, "in_flight": in_flight, "adapter": kind, "delay_ms": delay_ms},
        )
        for kind in kinds
    ]


def loop(
    ground: Ground, kind: str, source: str, rows: int, in_flight: int, delay_ms: int
) -> tuple[float, dict[str, Any]]:
    run = ground.bkn.new_run()
    url = ground.bkn.url(run, delay_ms=delay_ms)
    ran(ground.python("bench.loops", kind, source, url, str(in_flight), str(rows)))
    books = ground.bkn.books(run)
    check_all_arrived(books, rows)
    return books.per_second, {}


def engines(ground: Ground, rows: int, in_flight: int, *, delay_ms: int = 0) -> list[Contestant]:
    return [
        Contestant(
            group_of(delay_ms, in_flight),
            f"simpeg-sync, {adapter}, ledger {ledger}",
            lambda adapter=adapter, ledger=ledger: engine(  # type: ignore[misc]
                ground, adapter, ledger, rows, in_flight, delay_ms=delay_ms
            ),
            {
                "rows": rows, "in_flight": in_flight, "adapter": adapter, "ledger": ledger, "delay_ms": delay_ms,
                "look_before_write": False, "quiet_period": 0, "persons": rows,
            },
        )
        for ledger in ("sqlite", "postgresql")
        for adapter in ground.adapters
    ]  # fmt: skip


def engine(
    ground: Ground, adapter: str, ledger: str, rows: int, in_flight: int, *, delay_ms: int = 0
) -> tuple[float, dict[str, Any]]:
    worked = work_off(ground, adapter, ledger, rows, in_flight, delay_ms=delay_ms)
    check_all_arrived(worked.books, rows)
    return worked.books.per_second, worked.seen


@dataclass(frozen=True, slots=True)
class Worked:
    books: Books
    seen: dict[str, Any]
    """What it cost."""


def work_off(
    ground: Ground,
    adapter: str,
    ledger: str,
    rows: int,
    in_flight: int,
    *,
    delay_ms: int = 0,
    trouble: str = "calm",
    changes: Changes = FAST,
) -> Worked:
    """A ledger that has seen its first start; then ``rows`` rows appear, and the log is worked off."""
    run = ground.bkn.new_run()
    simpeg = ground.new_simpeg()
    ours = new_engine(
        bkn_url=ground.bkn.url(run, delay_ms=delay_ms, trouble=trouble),
        source_url=simpeg.url,
        ledger_url=ground.new_ledger(ledger),
        in_flight=in_flight,
        adapter=adapter,
        changes=changes,
    )
    try:
        ours.prepare()
        if not ground.quick:
            ours.run_once()
        ours.know(simpeg.nips(rows))
        empty_bytes = ours.ledger_bytes()
        simpeg.fill(rows)
        used = ours.run_once()
        books = ground.bkn.books(run)
        seen = {
            "with_start_per_s": rows / used.wall_s,
            "cpu_ms_per_change": used.cpu_s * 1000 / rows,
            "ledger_bytes_per_change": (ours.ledger_bytes() - empty_bytes) / rows,
            "rss_mib": used.rss_mib,
            "reads": books.reads,
            "statuses": dict(ours.statuses()),
        }
        return Worked(books, seen)
    finally:
        ours.remove()


def group_of(delay_ms: int, in_flight: int) -> str:
    return f"{delay_ms} ms answers, {in_flight} in flight"
