"""How fast: no window of a second ever holds more than its share, however the callers come."""

import bisect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simpeg_sync.decide.pace import Pace


@settings(deadline=None)
@given(
    per_second=st.sampled_from([0.5, 1.0, 3.0, 5.0, 7.3, 50.0]),
    waits=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_starts_never_exceed_the_rate_in_any_window(per_second: float, waits: list[float]) -> None:
    now, starts = 1000.0, []
    pace = Pace.starting(per_second, now=now)
    for wait in waits:
        now += wait
        starts.append(pace.reserve(now))
    assert all(start >= 1000.0 for start in starts)
    for start in starts:
        in_window = bisect.bisect_left(starts, start + 1.0 - 1e-6) - bisect.bisect_left(starts, start)
        assert in_window <= max(1.0, per_second + 1 if per_second % 1 else per_second)


@pytest.mark.parametrize("per_second", [1.0, 5.0])
def test_the_first_call_after_a_start_waits_one_interval(per_second: float) -> None:
    """What the previous process sent a moment ago still counts (I10: limits hold right after a restart too)."""
    assert Pace.starting(per_second, now=50.0).reserve(50.0) == 50.0 + 1.0 / per_second


def test_an_idle_hour_saves_up_nothing() -> None:
    pace = Pace.starting(2.0, now=0.0)
    assert [pace.reserve(3600.0) for _ in range(3)] == [3600.0, 3600.5, 3601.0]
