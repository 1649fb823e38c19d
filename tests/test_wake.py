"""A call ends the wait, also one that came before it, and so does the end of the program."""

import threading

from simpeg_sync.wake import Wake


def test_a_call_before_the_wait_is_remembered_once() -> None:
    wake = Wake(threading.Event())
    wake.set()
    assert wake.wait(10.0)
    assert not wake.wait(0.0)


def test_a_call_ends_the_wait_of_another_thread() -> None:
    wake, woken = Wake(threading.Event()), threading.Event()
    thread = threading.Thread(target=lambda: woken.set() if wake.wait(10.0) else None)
    thread.start()
    wake.set()
    thread.join()
    assert woken.is_set()


def test_nothing_is_waited_for_when_the_program_ends() -> None:
    stop = threading.Event()
    stop.set()
    assert Wake(stop).wait(10.0)
