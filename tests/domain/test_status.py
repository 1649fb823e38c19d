"""The table of states and moves, as properties that no drawing of it could hide."""

from itertools import product

import pytest

from simpeg_sync.domain.errors import IllegalMove
from simpeg_sync.domain.status import BUSY, MOVES, RESTING, Event, Status, move


def reachable(start: Status, *, without: frozenset[Event] = frozenset()) -> set[Status]:
    found, new = {start}, [start]
    for status in new:
        for event, after in MOVES[status].items():
            if event not in without and after not in found:
                found.add(after)
                new.append(after)
    return found


def test_every_state_has_its_line_in_the_table() -> None:
    assert set(MOVES) == set(Status)


def test_every_event_happens_somewhere() -> None:
    assert {event for moves in MOVES.values() for event in moves} == set(Event)


def test_every_state_can_be_reached_from_the_first() -> None:
    assert reachable(Status.WAITING) == set(Status)


@pytest.mark.parametrize("status", Status)
def test_from_every_state_a_record_can_come_to_rest_and_can_be_made_equal_again(status: Status) -> None:
    assert reachable(status) & RESTING
    assert Status.SYNCED in reachable(status)


@pytest.mark.parametrize("status", sorted(set(Status) - RESTING))
def test_a_state_that_is_not_rest_is_left_without_a_person_and_without_a_further_change(status: Status) -> None:
    """Nobody has to come by (I14): the daemon's own events lead to rest."""
    of_people = frozenset({Event.CHANGED, Event.RESYNC, Event.RELEASED})
    assert reachable(status, without=of_people) & RESTING


@pytest.mark.parametrize("status", sorted(RESTING))
def test_a_resting_state_is_left_only_by_a_change_or_by_a_person(status: Status) -> None:
    leaving = {event for event, after in MOVES[status].items() if after not in RESTING}
    assert leaving <= {Event.CHANGED, Event.RESYNC, Event.RELEASED}
    assert MOVES[status][Event.CHANGED] is Status.WAITING


def test_busy_resting_and_waiting_are_all_there_is_and_no_state_is_two_of_them() -> None:
    assert BUSY | RESTING | {Status.WAITING} == set(Status)
    assert not BUSY & RESTING
    assert Status.WAITING not in BUSY | RESTING


@pytest.mark.parametrize("status", Status)
def test_a_change_is_legal_everywhere_and_moves_only_what_nobody_has(status: Status) -> None:
    after = move(status, Event.CHANGED)
    assert after is (status if status in BUSY else Status.WAITING)


@pytest.mark.parametrize("status", sorted(BUSY))
def test_an_operator_cannot_take_a_record_from_its_worker(status: Status) -> None:
    assert not {Event.RESYNC, Event.RELEASED} & set(MOVES[status])


def test_a_write_leaves_only_from_a_worker_and_never_twice_without_a_verdict() -> None:
    assert [status for status in Status if Event.INTENT in MOVES[status]] == [Status.WORKING]
    verdicts = frozenset({Event.DECIDED, Event.REMOVED, Event.HELD})
    assert reachable(Status.UNCERTAIN, without=verdicts) == {Status.UNCERTAIN}


@pytest.mark.parametrize("status", sorted(BUSY))
def test_a_death_is_survived_in_every_state_that_has_a_worker_and_hides_no_write(status: Status) -> None:
    after = move(status, Event.WORKER_DIED)
    assert after is (Status.WAITING if status is Status.WORKING else Status.UNCERTAIN)


@pytest.mark.parametrize(("status", "event"), [p for p in product(Status, Event) if p[1] not in MOVES[p[0]]])
def test_what_is_not_in_the_table_is_refused_by_both_names(status: Status, event: Event) -> None:
    with pytest.raises(IllegalMove) as refusal:
        move(status, event)
    assert (refusal.value.status, refusal.value.event) == (status, event)
