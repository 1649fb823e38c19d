"""May a call start? No second, minute or day, wherever it begins, ever holds more than its share: not after a restart, not
with several workers, not when a worker dies with starts in its hand."""

import bisect
import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simpeg_sync.decide import budget
from simpeg_sync.decide.budget import DAY, MINUTE, Ask, Books, Granted, Limits, NotYet
from simpeg_sync.decide.pace import Given, Starts

SECOND_S, MINUTE_S, DAY_S = 1.0, 60.0, 86400.0


def most_in(starts: list[float], length_s: float) -> int:
    """In any half-open window of that length."""
    starts = sorted(starts)
    return max((bisect.bisect_left(starts, s + length_s - 1e-6) - n for n, s in enumerate(starts)), default=0)


def kept(starts: list[float], limits: Limits) -> bool:
    return (
        most_in(starts, SECOND_S) <= math.ceil(limits.per_second)
        and most_in(starts, MINUTE_S) <= (limits.per_minute or math.inf)
        and most_in(starts, DAY_S) <= (limits.per_day or math.inf)
    )


@dataclass(slots=True)
class Worker:
    """One process: its own steady clock, and what it has in hand."""

    name: str
    ahead_s: float
    """Of its clock before the one of the books."""
    hand: Starts = field(default_factory=Starts)

    def call(self, books: Books, limits: Limits, now: float, look_s: float, burst: int) -> tuple[Books, list[float]]:
        """Up to ``burst`` calls as soon as they may leave, within a second or so; when each left."""
        left: list[float] = []
        until = now + 1.0
        while len(left) < burst and now < until:
            mine = now + self.ahead_s
            at = self.hand.take(mine)
            if at is None:
                ask = Ask(self.name, wanted=self.hand.wanted(burst), unused=self.hand.take_unused())
                books, answer = budget.grant(books, limits, ask, now)
                if isinstance(answer, NotYet):
                    break
                self.hand.add(Given.of(answer, now=now, asked_at=mine - look_s, read_at=mine).block)
            elif at > mine:
                now = at - self.ahead_s + look_s + 1e-6  # what a float of unix seconds cannot hold
            else:
                left.append(now)
        return books, left


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # which worker
        st.sampled_from(["call", "call", "call", "restart", "pause"]),
        st.sampled_from([0.0, 0.01, 0.3, 1.0, 7.0, 61.0, 5000.0, 86000.0]),  # what passes before
        st.floats(0.0, 0.04),  # how long a look into the books takes, and how late threads wake
        st.integers(1, 30),
    ),
    max_size=60,
)
LIMITS = st.builds(
    Limits,
    per_second=st.sampled_from([0.5, 1.0, 1.5, 5.0, 20.0, 500.0]),
    per_minute=st.sampled_from([None, 1, 7, 60, 1000]),
    per_day=st.sampled_from([None, 1, 30, 500]),
)


@settings(deadline=None, max_examples=300)
@given(LIMITS, STEPS, st.integers(1, 3))
def test_no_window_is_ever_exceeded(
    limits: Limits, steps: list[tuple[int, str, float, float, int]], crowd: int
) -> None:
    now, books, left = 1_800_000_000.0, Books(), list[float]()
    workers = [Worker(str(n), ahead_s=-1_799_000_000.0 * n) for n in range(crowd)]
    for which, what, wait_s, look_s, burst in steps:
        now += wait_s
        worker = workers[which % crowd]
        match what:
            case "restart":
                worker.hand = Starts()  # what it had in hand is lost, and stays charged
            case "pause":
                books = budget.closed(books, now, for_s=wait_s, why="down")
                for each in workers:
                    each.hand.drop()
                books = budget.reopened(books, now + wait_s)
                now += wait_s
            case _:
                books, gone = worker.call(books, limits, now, look_s, burst)
                left += gone
    assert kept(left, limits)
    assert all(value >= 0 for buckets in (books.minute, books.day) for value in buckets.values())


def asked(books: Books, limits: Limits, now: float, **more: object) -> tuple[Books, Granted | NotYet]:
    return budget.grant(books, limits, Ask("alice", **more), now)  # type: ignore[arg-type]


def test_where_nothing_is_known_the_first_call_waits_an_interval() -> None:
    """What a process without a ledger sent a moment ago still counts (I10)."""
    limits = Limits(4.0)
    _, answer = asked(Books(), limits, 50.0)
    assert isinstance(answer, Granted)
    assert answer.start == 50.0 + limits.interval() > 50.25


def test_a_block_is_what_is_wanted_and_never_longer_than_half_a_second() -> None:
    books = Books(next_start=0.0)
    _, few = asked(books, Limits(1000.0), 10.0, wanted=3)
    _, many = asked(books, Limits(1000.0), 10.0, wanted=10_000)
    _, slow = asked(books, Limits(0.1), 10.0, wanted=10_000)
    assert isinstance(few, Granted) and isinstance(many, Granted) and isinstance(slow, Granted)
    assert (few.count, slow.count) == (3, 1)
    assert 0.4 < many.count * many.interval <= 0.5


@pytest.mark.parametrize(("window", "limits"), [(MINUTE, Limits(50.0, 20)), (DAY, Limits(50.0, None, 20))])
def test_a_limit_that_is_used_up_says_when_there_is_more(window: budget.Window, limits: Limits) -> None:
    books, now, count = Books(next_start=0.0), 1_000_000.0, 0
    while True:
        books, answer = asked(books, limits, now, wanted=50)
        if isinstance(answer, NotYet):
            break
        count += answer.count
        now = answer.start
    assert (count, answer.why) == (20, window.name)
    assert window.length_s < answer.wait_s <= window.length_s + window.bucket_s + 1.0
    assert isinstance(asked(books, limits, now + answer.wait_s - 0.01)[1], NotYet)
    assert isinstance(asked(books, limits, now + answer.wait_s + 0.01)[1], Granted)


def test_what_was_not_used_can_be_used_by_another() -> None:
    limits = Limits(50.0, None, 4)
    books, first = asked(Books(next_start=0.0), limits, 1000.0)
    assert isinstance(first, Granted)
    for _ in range(3):
        books, answer = asked(books, limits, 1000.0)
    books, answer = asked(books, limits, 1000.0)
    assert isinstance(answer, NotYet)
    books, answer = asked(books, limits, 1000.0, unused=((first.start, 1),))
    assert isinstance(answer, Granted)


def test_a_pause_is_everybodys_and_one_probe_leaves_after_it() -> None:
    limits = Limits(10.0)
    books = budget.closed(Books(next_start=0.0), 100.0, for_s=60.0, why="throttled")
    assert asked(books, limits, 159.0)[1] == NotYet(1.0, "paused")
    books, probe = asked(books, limits, 160.0, wanted=5)
    assert isinstance(probe, Granted) and probe.is_probe and probe.count == 1
    _, other = budget.grant(books, limits, Ask("bob"), 161.0)
    assert isinstance(other, NotYet) and other.why == "probing"
    _, again = asked(books, limits, 161.0)
    assert isinstance(again, Granted) and again.is_probe  # its own thread gave it up
    _, later = budget.grant(books, limits, Ask("bob"), 160.0 + 61.0)
    assert isinstance(later, Granted) and later.is_probe  # the process that probed is dead


def test_after_an_outage_the_rate_grows_from_a_part_to_the_whole() -> None:
    limits, books = (
        Limits(10.0),
        budget.reopened(budget.closed(Books(next_start=0.0), 0.0, for_s=1.0, why="down"), 100.0),
    )
    shares = [books.share(100.0 + after) for after in (0.0, 5.0, 10.0, 20.0, 1000.0)]
    assert shares == [budget.RAMP_FROM, pytest.approx(0.325), pytest.approx(0.55), 1.0, 1.0]
    _, answer = asked(books, limits, 100.0, wanted=100)
    assert isinstance(answer, Granted)
    assert answer.count == 1
    assert answer.interval == pytest.approx(limits.interval() / budget.RAMP_FROM)


def test_a_clock_that_was_set_back_makes_nobody_wait_for_the_time_that_was() -> None:
    """A host ran a year ahead, then its clock was corrected."""
    limits, year_s = Limits(5.0, 100, 1000), 365 * 86400.0
    books, _ = asked(Books(next_start=0.0), limits, 1_800_000_000.0 + year_s)
    books = budget.closed(books, 1_800_000_000.0 + year_s, for_s=60.0, why="down")
    books, paused = asked(books, limits, 1_800_000_000.0)
    assert isinstance(paused, NotYet) and paused.wait_s <= budget.PAUSE_MAX_S
    books = budget.reopened(books, 1_800_000_000.0)
    _, answer = asked(books, limits, 1_800_000_100.0)
    assert isinstance(answer, Granted)
    assert answer.start <= 1_800_000_100.0 + budget.AHEAD_S + 10.0
    used = [window.used(buckets, answer.start) for window, _, buckets in budget.counted(books, limits)]
    assert used[1] == 1, "it still counts, as if it were of now"
