"""The table that people read: figures by group, each throughput beside the loop with its own client, and the targets.

A figure is the median of its repetitions. Nothing is judged here that was not measured: what is absent stays a dash.
"""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.ground import Figure

FAST_16, SLOW_16, SLOW_64 = "0 ms answers, 16 in flight", "20 ms answers, 16 in flight", "20 ms answers, 64 in flight"
TROUBLE = "0 ms answers, 16 in flight, trouble"
DURABLE_PEERS = ("graphile-worker", "PGQueuer", "procrastinate")
POLL_MS = 200.0
LEDGERS = ("sqlite", "postgresql")
ADAPTERS = ("httpx", "pyreqwest")


@dataclass(frozen=True, slots=True)
class Target:
    """``demand``: at least, or with ``is_ceiling`` at most. ``ours`` and ``other`` give None for what was not measured."""

    what: str
    demand: float
    ours: float | None
    other: float | None = None
    """What ours is divided by; None for a target that is no ratio."""
    is_ratio: bool = True
    is_ceiling: bool = False

    @property
    def measured(self) -> float | None:
        if self.ours is None or (self.is_ratio and not self.other):
            return None
        return self.ours / self.other if self.is_ratio and self.other else self.ours

    @property
    def verdict(self) -> str:
        found = self.measured
        if found is None:
            return "not measured"
        if found <= self.demand if self.is_ceiling else found >= self.demand:
            return "met"
        if not self.demand:
            return f"missed by {found:g}"
        return f"missed: {abs(found / self.demand - 1):.0%} {'over' if self.is_ceiling else 'short'}"


def lines(figures: Sequence[Figure]) -> Iterator[str]:
    groups: dict[str, list[Figure]] = {}
    for figure in figures:
        groups.setdefault(figure.group, []).append(figure)
    for group, members in groups.items():
        yield ""
        yield group
        if members[0].unit == "changes/s":
            yield from _throughput(members, figures)
        else:
            yield from (_plain(figure) for figure in members)
    yield ""
    yield f"{'target':78}{'demanded':>12}{'measured':>12}  verdict"
    for target in targets(figures):
        demand = f"{'≤' if target.is_ceiling else '≥'} {target.demand:g}"
        found = f"{target.measured:.2f}" if target.measured is not None else "-"
        yield f"{target.what:78}{demand:>12}{found:>12}  {target.verdict}"


def _plain(figure: Figure) -> str:
    if figure.median is None:
        return f"  {figure.name:60}{'-':>10}  {figure.skipped.strip()[:120]}"
    spread = f"  ({min(figure.samples):,.2f} to {max(figure.samples):,.2f})" if len(figure.samples) > 1 else ""
    return f"  {figure.name:60}{figure.median:>10,.2f} {figure.unit}{spread}"


def _throughput(members: Sequence[Figure], figures: Sequence[Figure]) -> Iterator[str]:
    yield (
        f"  {'':46}{'changes/s':>10}{'spread':>17}{'of wire':>9}{'with start':>12}{'CPU ms':>9}{'ledger B':>10}{'RSS MiB':>9}"
    )
    for figure in members:
        if figure.median is None:
            yield f"  {figure.name:46}{'-':>10}  {figure.skipped.strip()[:120]}"
            continue
        wire = Lookup(figures).median(figure.group, f"loop, {figure.facts.get('adapter')}")
        share = f"{figure.median / wire:.2f}" if wire and figure.name.startswith("simpeg-sync") else ""
        spread = f"{min(figure.samples):,.0f}-{max(figure.samples):,.0f}"
        costs = "".join(
            f"{value:>{width},.{digits}f}" if (value := of_runs(figure, name)) is not None else " " * width
            for name, width, digits in (
                ("with_start_per_s", 12, 0), ("cpu_ms_per_change", 9, 2), ("ledger_bytes_per_change", 10, 0), ("rss_mib", 9, 0),
            )
        )  # fmt: skip
        yield f"  {figure.name:46}{figure.median:>10,.0f}{spread:>17}{share:>9}{costs}"


def of_runs(figure: Figure, name: str) -> float | None:
    found = [run[name] for run in figure.facts.get("runs", []) if isinstance(run.get(name), int | float)]
    return statistics.median(found) if found else None


@dataclass(frozen=True, slots=True)
class Lookup:
    figures: Sequence[Figure]

    def median(self, group: str, name: str) -> float | None:
        return next((f.median for f in self.figures if f.group == group and f.name == name), None)

    def best(self, group: str, beginnings: Sequence[str]) -> float | None:
        found = [
            f.median for f in self.figures if f.group == group and f.name.startswith(tuple(beginnings)) and f.median
        ]
        return max(found, default=None)

    def worst(self, group: str, name_ends: str) -> float | None:
        found = [max(f.samples) for f in self.figures if f.group == group and f.name.endswith(name_ends) and f.samples]
        return max(found, default=None)

    def where(self, group: str, fits: Callable[[Mapping[str, Any]], bool]) -> list[float]:
        return [f.median for f in self.figures if f.group == group and fits(f.facts) and f.median is not None]


def targets(figures: Sequence[Figure]) -> list[Target]:
    """The demands of issue 5."""
    look = Lookup(figures)
    found = []
    for adapter, demand in (("httpx", 0.9), ("pyreqwest", 0.5)):
        for ledger in LEDGERS:
            ours = look.median(FAST_16, ours_named(adapter, ledger))
            wire = look.median(FAST_16, f"loop, {adapter}")
            found.append(Target(f"0 ms, 16 in flight: {adapter}, ledger {ledger} / its wire limit", demand, ours, wire))
    native = look.median(FAST_16, ours_named("pyreqwest", "postgresql"))
    best = look.best(FAST_16, DURABLE_PEERS)
    found.append(Target("0 ms, 16 in flight: pyreqwest, ledger postgresql / best durable peer", 1.3, native, best))
    one, two = (look.best("0 ms answers, worker processes", [n]) for n in process_names(figures))
    found.append(Target("two processes / one, ledger postgresql", 1.3, two, one))
    for group, in_flight, demand in ((SLOW_16, 16, 0.95), (SLOW_64, 64, 0.85)):
        for adapter in ADAPTERS:
            for ledger in LEDGERS:
                ours = look.median(group, ours_named(adapter, ledger))
                what = f"20 ms, {in_flight} in flight: {adapter}, ledger {ledger} / (in flight / latency)"
                found.append(Target(what, demand, ours, in_flight / 0.020))
    for adapter in ADAPTERS:
        calm = look.median(TROUBLE, f"{ours_named(adapter, 'sqlite')}, calm")
        for name, demand in (("suspended", 0.9), ("throttled", 0.9), ("refused", 0.9)):
            ours = look.median(TROUBLE, f"{ours_named(adapter, 'sqlite')}, {name}")
            found.append(Target(f"others' speed while some are {name} / calm, {adapter}", demand, ours, calm))
    for what, demand in (("written twice", 0.0), ("lost", 0.0), ("first request after", 2.0)):
        worst = look.worst("kill -9 at half", what)
        found.append(Target(f"kill -9: {what}, worst of all runs", demand, worst, is_ratio=False, is_ceiling=True))
    delay = "commit to request"
    bare = look.median(delay, "bare LISTEN loop: p99")
    woken = Target("commit to request, log woken: p99 / bare LISTEN loop", 3.0, look.median(delay, "log: p99"), bare)
    found.append(ceiling(woken))
    for mode in ("log, polled", "log on mariadb", "wal", "binlog", "table", "scan"):
        p99 = look.median(delay, f"{mode}: p99")
        found.append(ceiling(Target(f"commit to request, {mode}: p99 / poll interval", 1.2, p99, POLL_MS)))
    writes = look.median("calls per net change", "day: writes")
    found.append(Target("writes per net change", 1.0, writes, is_ratio=False, is_ceiling=True))
    memory = [f.median for f in figures if f.group == "memory" and f.median is not None]
    found.append(Target("RSS at any backlog, MiB", 120, max(memory, default=None), is_ratio=False, is_ceiling=True))
    least = look.where("memory", lambda facts: facts["backlog"] == 10_000)
    most = look.where("memory", lambda facts: facts["backlog"] == 1_000_000)
    found.append(ceiling(Target("RSS at 1 M / at 10 k", 1.2, max(most, default=None), max(least, default=None))))
    idle = look.median("idle", "defaults")
    found.append(Target("idle, % of a core", 1.0, idle, is_ratio=False, is_ceiling=True))
    ready = look.median("start", "to READY")
    found.append(Target("start to READY, s", 2.0, ready, is_ratio=False, is_ceiling=True))
    return found


def ceiling(target: Target) -> Target:
    return Target(target.what, target.demand, target.ours, target.other, is_ceiling=True)


def ours_named(adapter: str, ledger: str) -> str:
    return f"simpeg-sync, {adapter}, ledger {ledger}"


def process_names(figures: Sequence[Figure]) -> tuple[str, str]:
    names = [f.name for f in figures if f.group == "0 ms answers, worker processes"]
    return (
        next((name for name in names if name.endswith("1 process")), "-"),
        next((name for name in names if name.endswith("2 processes")), "-"),
    )
