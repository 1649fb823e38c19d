"""Where log lines go, when many of them come at once."""

import io
import json
import threading
from collections.abc import Iterator

import pytest

from simpeg_sync import logs

LINES, THREADS = 400, 8


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(level="INFO", stream=stream, gathers=True)
    yield stream
    logs.configure(level="ERROR")


def numbers(stream: io.StringIO) -> list[int]:
    return [json.loads(line)["record_id"] for line in stream.getvalue().splitlines()]


def test_a_warning_is_written_at_once_behind_everything_that_came_before_it(stream: io.StringIO) -> None:
    for number in range(3):
        logs.get().info("record.synced", record_id=number)
    logs.get().warning("record.refused", record_id=3)
    assert numbers(stream) == [0, 1, 2, 3]


def test_of_the_lines_of_many_threads_none_is_lost_and_none_comes_twice(stream: io.StringIO) -> None:
    def say(first: int) -> None:
        for number in range(first, first + LINES):
            logs.get().info("record.synced", record_id=number)

    threads = [threading.Thread(target=say, args=(LINES * number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logs.get().warning("record.refused", record_id=LINES * THREADS)
    assert sorted(numbers(stream)) == list(range(LINES * THREADS + 1))


def test_a_single_line_does_not_wait_for_others() -> None:
    written = threading.Event()

    class Told(io.StringIO):
        def flush(self) -> None:
            written.set()

    logs.configure(level="INFO", stream=Told(), gathers=True)
    logs.get().info("daemon.started", pid=1)
    assert written.wait(10)
    logs.configure(level="ERROR")
