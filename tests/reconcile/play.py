"""The whole play: a past, the differences, a comparison, the same again, brought together by policy, compared again."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from simpeg_sync.domain.situation import Drift, Situation
from tests.reconcile.compare import Compare
from tests.reconcile.judge import Found, Verdict, judge
from tests.reconcile.kinds import BY_FEED, KINDS
from tests.reconcile.naive import Naive
from tests.reconcile.planting import Planted, Planting
from tests.reconcile.plants import PLANTS, Plant
from tests.reconcile.region import Region

Tell = Callable[[str], None]


def silent(_line: str) -> None:
    return


@dataclass(slots=True)
class Round:
    """One comparison of everybody."""

    verdict: Verdict
    findings: Sequence[Found]
    calls: int
    lists: int
    """Of the calls: for the rows of one kind of one person."""
    seconds: float
    memory_mib: float
    """The most that any program of ours has had so far."""


@dataclass(slots=True)
class Play:
    region: Region
    tell: Tell = silent
    compare: Compare = field(init=False)

    def __post_init__(self) -> None:
        self.compare = Compare(self.region)

    @property
    def planted(self) -> list[Planted]:
        return self.region.planting.planted

    @property
    def calls_least(self) -> int:
        """A list of each kind of everybody whom BKN knows and SIMPEG has as active; one answer for who is unknown. The first
        time everybody is asked for once besides: BKN's id of a person is taken from nobody else."""
        states = Counter(employee.state for employee in self.region.planting.employees)
        return states["active"] * len(KINDS) + states["unknown"]

    def plant(self) -> None:
        """Both sides equal and linked; then the differences, of which the daemon only takes notice."""
        region = self.region
        with self._timed("a past in which both sides are equal"):
            region.prepare()
            region.play(region.planting.past)
            region.approve()
            region.run()
        with self._timed("differences planted"):
            region.only_observe()
            region.know_what_was_sent()
            region.play(region.planting.now)
        with self._timed("taken notice of, nothing sent"):
            region.run()
        region.planting.write(region.folder / "planted.jsonl")
        region.writes()
        complaints = list(Naive(region).complaints())
        assert not complaints, f"the planting is wrong: {complaints[:5]}"

    def plant_after_a_comparison(self) -> Round:
        """As `plant`, where nothing is approved: an earlier comparison, which is given, has seen the past, and nobody else."""
        region = self.region
        region.prepare()
        region.play(region.planting.past)
        region.run()
        earlier = self.compare_all([])
        region.play(region.planting.now)
        region.run()
        complaints = list(Naive(region).complaints())
        assert not complaints, f"the planting is wrong: {complaints[:5]}"
        return earlier

    def compare_all(self, planted: Sequence[Planted] | None = None, *more: str) -> Round:
        before, lists, began = self.region.calls(), self.region.lists(), time.monotonic()
        memory = self.compare.run(*more)
        seconds, calls = time.monotonic() - began, self.region.calls() - before
        lists = self.region.lists() - lists
        findings = self.compare.findings()
        verdict = judge(self.planted if planted is None else planted, findings)
        self.tell(f"compared: {seconds:.1f} s, {calls} calls of at least {self.calls_least}, {memory:.0f} MiB")
        return Round(verdict, findings, calls, lists, seconds, memory)

    def bring_together(self) -> tuple[Counter[tuple[str, str, str]], Counter[tuple[str, str, str]]]:
        """By the default policies. What was written that was not needed, and what was needed and not written."""
        with self._timed("brought together"):
            self.region.approve()
            self.region.run()
        written = self.region.writes()
        needed = Counter((str(one.write), one.feed, one.nip) for one in self.planted if one.write)
        return written - needed, needed - written

    def afterwards(self) -> list[Planted]:
        """The list as it must be now: what was written is equal, all else has stayed."""
        naive = Naive(self.region)
        return [_afterwards(one, naive) for one in self.planted]

    def _timed(self, what: str) -> "_Timed":
        return _Timed(self.tell, what)


def _afterwards(one: Planted, naive: Naive) -> Planted:
    if not one.write:
        return replace(one, by=())
    ids = one.bkn_ids or tuple(_found_by_key(one, naive))
    if not one.sticks:
        return replace(one, bkn_ids=ids, drift=Drift.NOT_KEPT, write="", by=("link",))
    return replace(one, bkn_ids=ids, situation=Situation.EQUAL, drift=Drift.NONE, fields=(), write="", by=("link",))


def _found_by_key(one: Planted, naive: Naive) -> Iterator[str]:
    names = BY_FEED[one.feed].natural_key
    _, ours = naive.ours[one.feed][one.keys[0]]
    for row_id, (nip, theirs) in naive.theirs[one.feed].items():
        if nip == one.nip and all(ours[name] == theirs[name] for name in names):
            yield row_id


@dataclass(slots=True)
class _Timed:
    tell: Tell
    what: str
    began: float = 0.0

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.tell(f"{self.what}: {time.monotonic() - self.began:.1f} s")


def open_play(
    folder: Path,
    *,
    seed: int,
    employees: int,
    copies: int,
    source_url: str = "",
    ledger_url: str = "",
    plants: Sequence[Plant] = PLANTS,
    tell: Tell = silent,
) -> Play:
    tell(f"seed {seed}, {employees} employees, each plant {copies} times")
    return Play(Region(folder, Planting(seed, employees, copies, plants), source_url, ledger_url), tell)
