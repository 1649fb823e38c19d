"""When a call may leave: out of the starts in hand, each at its time or a little later, never two for one."""

import pytest

from simpeg_sync.decide.budget import Granted
from simpeg_sync.decide.pace import Block, Given, Starts


def starts(*, count: int = 4, interval: float = 1.0, first: float = 100.0, late_s: float = 0.1) -> Starts:
    found = Starts()
    found.add(Block(first, interval, count, late_s, charged_at=5000.0))
    return found


def test_each_start_is_taken_once_and_not_before_its_time() -> None:
    hand = starts()
    assert hand.take(99.0) == 100.0  # its time, not taken
    assert [hand.take(100.0), hand.take(100.0), hand.take(101.05), hand.take(102.0)] == [100.0, 101.0, 101.0, 102.0]
    assert hand.next_at(102.0) == 103.0


def test_who_comes_too_late_has_missed_it_and_an_idle_hour_saves_up_nothing() -> None:
    hand = starts()
    assert hand.take(101.2) == 102.0
    assert hand.next_at(3700.0) is None
    assert hand.take_unused() == ((5000.0, 4),)
    assert hand.take_unused() == ()


def test_a_claim_of_others_is_counted_over_the_end_of_a_block() -> None:
    hand = starts(count=2)
    hand.add(Block(110.0, 1.0, 2, 0.1, charged_at=5010.0))
    assert [hand.next_at(100.0, ahead=ahead) for ahead in range(5)] == [100.0, 101.0, 110.0, 111.0, None]


def test_what_is_dropped_was_not_used() -> None:
    hand = starts(count=3)
    hand.take(100.0)
    hand.drop()
    assert (hand.next_at(100.0), hand.take_unused()) == (None, ((5000.0, 2),))


def test_more_is_asked_for_before_the_hand_is_empty_and_as_much_as_the_load_needs() -> None:
    hand = starts(count=40, interval=0.01, late_s=1.0)
    assert (hand.is_low(100.0), hand.wanted(0)) == (False, 1)
    for _ in range(30):
        hand.take(100.3)
    assert (hand.is_low(100.3), hand.wanted(3)) == (True, 60)
    hand.add(Block(101.0, 0.01, 60, 0.1, charged_at=5001.0))
    assert not hand.is_low(100.3)
    assert hand.next_at(200.0) is None
    assert (hand.is_low(200.0), hand.wanted(2)) == (True, 2)


@pytest.mark.parametrize(("read_at", "late_s"), [(10.0, 0.05), (10.03, 0.02), (11.0, 0.0)])
def test_what_is_not_known_of_the_books_clock_is_taken_off_both_ends(read_at: float, late_s: float) -> None:
    """The clock was read somewhere between two moments: whichever it was, the start lies within its time."""
    granted = Granted(start=5000.5, count=1, interval=1.0, late_s=0.05, share=1.0)
    block = Given.of(granted, now=5000.0, asked_at=10.0, read_at=read_at).block
    assert block.first == pytest.approx(read_at + 0.5)
    assert block.late_s == pytest.approx(late_s)
