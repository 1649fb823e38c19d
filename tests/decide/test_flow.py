"""How many calls at once: all while BKN is well, fewer quickly, more again slowly."""

import random

import pytest

from simpeg_sync.decide.flow import TURN_S, Flow


def play(flow: Flow, now: float, seconds: float, *, took_s: float, failing: float = 0.0, kind: str = "GET") -> float:
    """As many calls at once as it allows, each as long as the last."""
    chance, until = random.Random(5), now + seconds
    while now < until:
        now += max(took_s, 0.0005)
        for _ in range(flow.limit):
            flow.answered(now, kind, took_s * chance.uniform(0.8, 1.3))
            if chance.random() < failing:
                flow.failed()
    return now


@pytest.mark.parametrize("took_s", [0.0, 0.02, 2.0])
def test_a_steady_server_gets_all_that_is_allowed(took_s: float) -> None:
    flow = Flow(16)
    play(flow, 0.0, 20.0, took_s=took_s)
    assert flow.limit == 16


def test_a_few_failures_among_many_answers_slow_nobody() -> None:
    flow = Flow(16)
    play(flow, 0.0, 20.0, took_s=0.02, failing=0.05)
    assert flow.limit == 16


def test_answers_that_fail_or_come_late_slow_down_quickly_and_calm_speeds_up_one_by_one() -> None:
    for failing, took_s in ((0.5, 0.02), (0.0, 1.5)):
        flow = Flow(16)
        now = play(flow, 0.0, 5.0, took_s=0.02)
        now = play(flow, now, 2.0, took_s=took_s, failing=failing)
        slowed = flow.limit
        assert slowed <= 13
        play(flow, now, 3 * TURN_S, took_s=0.02)
        assert slowed < flow.limit <= slowed + 4
        play(flow, now, 20 * TURN_S, took_s=0.02)
        assert flow.limit == 16


def test_it_never_stops_and_a_server_that_stays_slower_is_the_usual_after_a_while() -> None:
    flow = Flow(8)
    now = play(flow, 0.0, 2.0, took_s=0.02)
    now = play(flow, now, 300.0, took_s=0.5, failing=1.0)
    assert flow.limit == 1
    play(flow, now, 60.0, took_s=0.5)
    assert flow.limit == 8


def test_a_slow_kind_of_call_is_no_sign_of_a_slow_server() -> None:
    flow = Flow(4)
    now = 0.0
    for _ in range(50):
        now = play(flow, now, 0.1, took_s=0.02)
        flow.answered(now, "upload", 3.0)
    assert flow.limit == 4
