"""No committed id is ever passed over, whatever the order of commits, rollbacks, pages and restarts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simpeg_sync.decide.gaps import Gap, Position, advance, advance_serial, prove, ranges_to_read


def gap(first: int, last: int, proof: str = "") -> Gap:
    return Gap(first, last, 1.0, proof)


@pytest.mark.parametrize(
    ("before", "ids", "high", "gaps"),
    [
        (Position(), [1, 2, 3], 3, []),
        (Position(), [2], 2, [(1, 1)]),
        (Position(5), [100_006], 100_006, [(6, 100_005)]),
        (Position(5), [], 5, []),
        (Position(9, (gap(3, 3),)), [3], 9, []),
        (Position(9, (gap(3, 7),)), [3], 9, [(4, 7)]),
        (Position(9, (gap(3, 7),)), [7], 9, [(3, 6)]),
        (Position(9, (gap(3, 7),)), [5], 9, [(3, 4), (6, 7)]),
        (Position(9, (gap(3, 7),)), [2, 8, 9], 9, [(3, 7)]),
        (Position(9, (gap(3, 4), gap(6, 7))), [3, 4, 6, 7, 12], 12, [(10, 11)]),
        (Position(3), [6, 4], 6, [(5, 5)]),
    ],
)
def test_a_reading_fills_gaps_and_opens_new_ones(
    before: Position, ids: list[int], high: int, gaps: list[tuple[int, int]]
) -> None:
    after = advance(before, ids, now=1.0, gaps_max=100).position
    assert (after.high, [(gap.first, gap.last) for gap in after.gaps]) == (high, gaps)


def test_an_id_seen_before_is_not_taken_twice() -> None:
    assert advance(Position(9, (gap(3, 4),)), [1, 3, 9, 10], now=1.0, gaps_max=9).taken == (3, 10)


def test_serial_writers_leave_no_gaps() -> None:
    step = advance_serial(Position(3), [2, 9])
    assert (step.position, step.taken, step.burnt) == (Position(9), (9,), 5)


def test_at_the_bound_of_gaps_it_waits_and_does_not_pass() -> None:
    step = advance(Position(), [2, 4, 6], now=1.0, gaps_max=2)
    assert (step.taken, step.position.high, step.is_held) == ((2, 4), 4, True)
    step = advance(Position(9, (gap(1, 3), gap(5, 7))), [2, 5, 10], now=1.0, gaps_max=2)
    assert (step.taken, step.is_held) == ((5, 10), True)
    assert step.position.wants(2)


def test_a_token_is_noted_once() -> None:
    assert [g.proof for g in prove(Position(9, (gap(1, 1, "old"), gap(3, 3))), "new").gaps] == ["old", "new"]


def test_a_dead_gap_is_burnt_as_far_as_it_was_read() -> None:
    position = Position(9, (gap(1, 2), gap(4, 6), gap(8, 8)))
    step = advance(position, [1], now=1.0, gaps_max=9, is_dead=lambda _: True, complete_to=5)
    assert (step.position.gaps, step.burnt, step.taken) == ((gap(6, 6), gap(8, 8)), 3, (1,))
    step = advance(position, [], now=1.0, gaps_max=9, is_dead=lambda _: True)
    assert (step.position.gaps, step.burnt) == ((), 6)


def test_a_dead_gap_with_more_rows_than_a_page_ends_at_the_bound_too() -> None:
    position = Position(6, (gap(1, 5),))
    step = advance(position, [2, 3, 4], now=1.0, gaps_max=1, is_dead=lambda _: True, complete_to=4)
    assert (step.position, step.taken, step.is_held) == (Position(6, (gap(5, 5),)), (2, 3, 4), False)


def test_dead_gaps_at_the_bound_do_not_wait_for_each_other() -> None:
    position = Position(9, (gap(1, 3), gap(5, 7)))
    step = advance(position, [2, 6], now=1.0, gaps_max=2, is_dead=lambda _: True)
    assert (step.position, step.taken, step.burnt) == (Position(9), (2, 6), 4)


def test_covering_ranges_join_the_nearest() -> None:
    position = Position(99, (gap(1, 2), gap(4, 4), gap(50, 60), gap(62, 62)))
    assert ranges_to_read(position, 2) == ((1, 4), (50, 62))
    assert ranges_to_read(position, 9) == ((1, 2), (4, 4), (50, 60), (62, 62))
    assert ranges_to_read(Position(), 2) == ()


def test_text_is_short_and_comes_back_the_same() -> None:
    position = Position(10_000, tuple(gap(i, i, "p") for i in range(1, 10_000, 2)))
    assert Position.from_text(position.to_text()) == position
    assert len(position.to_text()) < 15 * len(position.gaps)


@pytest.mark.parametrize("text", ["", "17", "{}", '{"high":"x","gaps":[]}', '{"high":1,"gaps":[[1,2]]}'])
def test_foreign_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a position"):
        Position.from_text(text)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_every_committed_id_is_taken_at_least_once(data: st.DataObject) -> None:
    """A model of a server: ids are drawn in order, commits and rollbacks come in any order, readings in
    pages."""
    gaps_max, drawn, transactions = data.draw(st.integers(1, 4)), 0, 0
    open_: dict[str, set[int]] = {}
    position, committed, taken = Position(), set[int](), set[int]()

    def poll(limit: int, crash: bool) -> None:
        nonlocal position
        running = set(open_)
        page = sorted(id_ for id_ in committed if position.wants(id_))[: limit + 1]
        complete_to = page[limit - 1] if len(page) > limit else None
        step = advance(
            position,
            page[:limit],
            now=0.0,
            gaps_max=gaps_max,
            is_dead=lambda gap: bool(gap.proof) and running.isdisjoint(gap.proof.split(",")),
            complete_to=complete_to,
        )
        after = prove(step.position, ",".join(open_) or "none")
        assert len(after.gaps) <= gaps_max
        if not crash:
            taken.update(step.taken)
            position = Position.from_text(after.to_text())

    for _ in range(data.draw(st.integers(0, 80))):
        match data.draw(st.sampled_from(["begin", "draw", "commit", "rollback", "poll", "crash"])):
            case "begin":
                transactions += 1
                open_[f"t{transactions}"] = set[int]()
            case "draw" if open_:
                drawn += 1
                open_[data.draw(st.sampled_from(sorted(open_)))].add(drawn)
            case "commit" if open_:
                committed |= open_.pop(data.draw(st.sampled_from(sorted(open_))))
            case "rollback" if open_:
                del open_[data.draw(st.sampled_from(sorted(open_)))]
            case "poll":
                poll(data.draw(st.integers(1, 5)), crash=False)
            case "crash":
                poll(data.draw(st.integers(1, 5)), crash=True)
    for ids in open_.values():
        committed |= ids
    open_.clear()
    for _ in range(2 * drawn + 4):
        poll(3, crash=False)
    assert taken == committed
    assert position.gaps == ()
