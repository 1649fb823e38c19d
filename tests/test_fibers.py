"""Fibers of one thread give way wherever they wait, and what waits behaves alike in a fiber and in a thread by itself."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

import pytest

from simpeg_sync.fibers import Crew, Guard, Local, Signal, aside, pause

LIMIT_S = 20.0


def never(_: float) -> None:
    pytest.fail("a fiber makes no pause as a thread does")


def crew_run(
    take: Callable[[int], object], items: Iterable[int], *, at_once: int = 10, hands: int = 4, crew: Crew | None = None
) -> None:
    """All of the items, on a thread of its own. Raises what a fiber raised."""
    left, raised = deque(items), list[BaseException]()
    crew = crew or Crew(at_once=at_once, hands=hands)

    def run() -> None:
        try:
            crew.run(lambda: left.popleft() if left else None, take, is_over=lambda: not left)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT_S)
    assert not thread.is_alive(), "a fiber waits for ever"
    if raised:
        raise raised[0]


def in_a_thread(call: Callable[[], object]) -> None:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(LIMIT_S)
    assert not thread.is_alive()


def test_who_waits_gives_way_to_the_others() -> None:
    signals, order = list[Signal](), list[str]()

    def take(number: int) -> None:
        if number < 3:
            signals.append(mine := Signal())
            order.append(f"{number} waits")
            mine.wait()
            order.append(f"{number} goes on")
        else:
            for signal in reversed(signals):
                signal.set()

    crew_run(take, range(4))
    assert order == ["0 waits", "1 waits", "2 waits", "2 goes on", "1 goes on", "0 goes on"]


def test_a_signal_that_was_set_before_the_wait_costs_no_wait_and_ends_no_other_one() -> None:
    steps = list[str]()

    def take(number: int) -> None:
        early, late = Signal(), Signal()
        early.set()
        early.wait()
        steps.append("early")
        threading.Thread(target=late.set).start()
        late.wait()
        assert late.is_set, "the early signal's wake is not taken for this one's"
        steps.append("late")

    crew_run(take, [1])
    assert steps == ["early", "late"]


def test_a_thread_by_itself_sleeps_until_the_signal() -> None:
    signal = Signal()
    threading.Thread(target=signal.set).start()
    signal.wait()
    assert signal.is_set


def test_what_blocks_goes_aside_while_the_others_go_on_and_brings_back_value_and_error() -> None:
    may_go, seen = threading.Event(), list[object]()

    def take(number: int) -> None:
        if number == 0:
            seen.append(aside(lambda: may_go.wait(LIMIT_S)))
        elif number == 1:
            with pytest.raises(ZeroDivisionError):
                aside(lambda: 1 // 0)
        else:
            may_go.set()

    crew_run(take, range(3), hands=2)
    assert seen == [True]
    assert aside(lambda: threading.current_thread()) is threading.current_thread(), "a thread does it itself"


def test_no_more_blocks_at_once_than_there_are_hands() -> None:
    lock, now, most = threading.Lock(), 0, 0
    both = threading.Barrier(2, timeout=LIMIT_S)

    def block() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        both.wait()
        with lock:
            now -= 1

    crew_run(lambda _: aside(block), range(8), hands=2)
    assert most == 2


def test_what_must_begin_at_once_waits_for_no_hand() -> None:
    requested = threading.Event()

    def take(number: int) -> None:
        if number == 0:
            assert aside(lambda: requested.wait(LIMIT_S)), "the only hand is taken meanwhile"
        else:
            aside(requested.set, at_once=True)

    crew_run(take, range(2), hands=1)


def test_no_more_fibers_than_wanted_are_under_way() -> None:
    under_way, most = 0, 0

    def take(_: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        aside(lambda: None)
        under_way -= 1

    crew_run(take, range(20), at_once=3)
    assert most == 3


def test_a_guard_may_be_held_while_waiting_and_lets_in_one_after_the_other_fibers_and_threads_alike() -> None:
    guard, inside, order = Guard(), list[object](), list[object]()

    def enter(name: object) -> None:
        with guard:
            inside.append(name)
            assert len(inside) == 1
            aside(lambda: None)
            order.append(name)
            inside.remove(name)

    def take(number: int) -> None:
        if number == 2:
            aside(lambda: in_a_thread(lambda: enter("thread")))
        else:
            enter(number)

    crew_run(take, range(5))
    assert sorted(map(str, order)) == ["0", "1", "3", "4", "thread"]


def test_a_guard_is_left_by_an_error_too() -> None:
    guard = Guard()
    with pytest.raises(ZeroDivisionError), guard:
        raise ZeroDivisionError
    with guard:
        pass


def test_each_fiber_and_each_thread_has_its_own_value() -> None:
    local: Local[list[object]] = Local(list)
    seen = dict[object, list[object]]()

    def take(number: int) -> None:
        local.get().append(number)
        aside(lambda: None)
        seen[number] = local.get()

    crew_run(take, range(3))
    in_a_thread(lambda: seen.update(thread=local.get()))
    assert seen == {0: [0], 1: [1], 2: [2], "thread": []}
    assert local.get() == []


def test_a_pause_lets_the_others_go_on_and_ends_when_the_crew_is_hurried() -> None:
    crew, ended = Crew(at_once=4, hands=1), list[str]()

    def take(number: int) -> None:
        if number == 0:
            pause(3600.0, never)
            pause(3600.0, never)
            ended.append("long")
        else:
            pause(0.001, never)
            ended.append("short")
            crew.hurry()

    crew_run(take, range(2), crew=crew)
    assert ended == ["short", "long"]


def test_a_thread_pauses_in_its_own_way() -> None:
    slept = list[float]()
    pause(5.0, slept.append)
    assert slept == [5.0]


def test_what_a_fiber_raises_ends_the_crew_loudly() -> None:
    def take(number: int) -> None:
        aside(lambda: None)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crew_run(take, range(2))


def test_the_oldest_fiber_that_is_under_way_can_be_told() -> None:
    crew = Crew(at_once=2, hands=1)
    ages = list[float | None]()

    def take(_: int) -> None:
        ages.append(crew.begun_at())

    assert crew.begun_at() is None
    crew_run(take, [1], crew=crew)
    assert ages[0] is not None
    assert crew.begun_at() is None
