"""How many people are claimed, and when more."""

from simpeg_sync.ports import Claim
from simpeg_sync.turn import Turn
from simpeg_sync.turns import Turns


def turn(number: int) -> Turn:
    return Turn(Claim(str(number), "a", 1, ()))


def test_one_that_is_done_is_replaced_while_the_others_take_their_time() -> None:
    turns = Turns(4)
    assert turns.room(0.0) == 4
    turns.deal([turn(number) for number in range(4)])
    assert turns.room(0.0) == 0
    taken = turns.take()
    assert taken is not None
    assert turns.done(taken, 100.0), "the dealer is told at once"
    assert turns.room(200.0) == 1


def test_fast_answers_bring_more_at_once() -> None:
    turns = Turns(4)
    turns.deal([turn(number) for number in range(10)])
    for _ in range(10):
        taken = turns.take()
        assert taken is not None
        turns.done(taken, 1.0)
    assert turns.room(1.1) == 20
    assert [claim.lane for claim in turns.to_release()] == [str(number) for number in range(10)]


def test_what_nobody_has_taken_is_given_at_the_end() -> None:
    turns = Turns(1)
    turns.deal([turn(1), turn(2)])
    assert turns.take() is not None
    assert [claim.lane for claim in turns.close()] == ["2"]
    assert turns.take() is None
