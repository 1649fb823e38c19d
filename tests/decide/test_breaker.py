"""Is BKN up? A few failures in a row close the road, one probe at a time looks whether it is open again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simpeg_sync.decide.breaker import OPENS_AFTER, PAUSE_MAX_S, Breaker


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(OPENS_AFTER):
        breaker.failed(now)
    return breaker


def test_it_opens_after_a_few_failures_in_a_row_and_says_so_once() -> None:
    breaker = Breaker()
    assert [breaker.failed(0.0) for _ in range(OPENS_AFTER + 2)] == [False, False, True, False, False]


def test_a_success_in_between_starts_the_count_anew() -> None:
    """One record that fails every time must not close the road for the others (row 54)."""
    breaker = Breaker()
    for _ in range(10):
        breaker.failed(0.0)
        breaker.failed(0.0)
        assert breaker.succeeded() is False
    assert not breaker.is_open


def test_one_probe_at_a_time_leaves_when_the_pause_is_over() -> None:
    breaker = opened()
    assert breaker.may_start(0.5) == 0.5
    assert breaker.may_start(1.0) is None
    wait = breaker.may_start(1.0)
    assert wait is not None
    assert wait > 0


def test_a_probe_that_succeeds_ends_the_outage_and_says_so_once() -> None:
    breaker = opened()
    assert breaker.may_start(1.0) is None
    assert breaker.succeeded(is_probe=True) is True
    assert breaker.succeeded() is False
    assert breaker.may_start(1.0) is None


def test_a_probe_that_fails_makes_the_pause_grow_up_to_a_limit() -> None:
    breaker, now, pauses = opened(), 0.0, []
    for _ in range(12):
        now = breaker.closed_until
        assert breaker.may_start(now) is None
        breaker.failed(now, is_probe=True)
        pauses.append(breaker.closed_until - now)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (2.0, PAUSE_MAX_S)


def test_a_probe_that_never_left_makes_room_for_another() -> None:
    breaker = opened()
    assert breaker.may_start(1.0) is None
    breaker.cancelled()
    assert breaker.may_start(1.0) is None


@pytest.mark.parametrize(("asked", "pause"), [(30.0, 30.0), (0.0, 1.0), (31_536_000.0, 3600.0)])
def test_one_answer_that_asks_for_a_pause_closes_the_road_at_once_within_bounds(asked: float, pause: float) -> None:
    breaker = Breaker()
    assert breaker.failed(0.0, asked) is True
    assert breaker.closed_until == pause


def test_a_late_success_of_a_call_from_before_does_not_lift_the_pause() -> None:
    """Four calls are in flight, one is answered 429 "wait a minute", another 200 a moment later."""
    breaker = Breaker()
    breaker.failed(0.0, 60.0)
    assert breaker.succeeded() is False
    assert breaker.may_start(1.0) == 59.0


def test_a_late_failure_of_a_call_from_before_does_not_let_a_second_probe_out() -> None:
    breaker = opened()
    assert breaker.may_start(1.0) is None
    breaker.failed(1.1)
    assert breaker.may_start(breaker.closed_until) is not None


EVENTS = st.lists(st.tuples(st.sampled_from(["start", "ok", "fail", "pause", "cancel"]), st.floats(0, 5)), max_size=80)


@settings(deadline=None)
@given(EVENTS)
def test_whatever_happens_it_lets_a_probe_out_again_and_never_two(events: list[tuple[str, float]]) -> None:
    breaker, now, probe_is_out = Breaker(), 0.0, False
    for what, wait in events:
        now += wait
        match what:
            case "start":
                was_open = breaker.is_open
                if breaker.may_start(now) is None and was_open:
                    assert not probe_is_out
                    probe_is_out = True
            case "ok":
                breaker.succeeded(is_probe=probe_is_out)
                probe_is_out = False
            case "fail" | "pause":
                breaker.failed(now, 9.0 if what == "pause" else None, is_probe=probe_is_out)
                probe_is_out = False
            case _ if probe_is_out:
                breaker.cancelled()
                probe_is_out = False
    if probe_is_out:
        breaker.cancelled()
    assert breaker.may_start(now + 3600.0) is None


def test_one_request_that_always_fails_is_not_bkns_fault_but_three_different_ones_are() -> None:
    breaker = Breaker()
    assert not any(breaker.is_everybodys(1) for _ in range(10))
    assert not breaker.is_everybodys(2)
    breaker.succeeded()
    assert not breaker.is_everybodys(3)
    assert not breaker.is_everybodys(1)
    assert breaker.is_everybodys(2)
