"""systemd's readiness protocol: a datagram to the socket that NOTIFY_SOCKET names."""

import socket
from pathlib import Path

import pytest

from simpeg_sync.daemon import STALL_S, Progress, notify


def test_a_socket_that_nobody_reads_does_not_stop_the_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(str(tmp_path / "s"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "s"))
        for _ in range(2000):
            notify("WATCHDOG=1")
        reader.setblocking(False)
        assert reader.recv(100) == b"WATCHDOG=1"
        notice = b""
        for _ in range(2000):
            try:
                notice = reader.recv(100)
            except BlockingIOError:
                break
        assert notice == b"WATCHDOG=1"
        notify("STOPPING=1")
        assert reader.recv(100) == b"STOPPING=1", "once it is read again, notices arrive"


def test_a_daemon_that_waits_for_work_is_not_taken_for_stuck() -> None:
    now = 1000.0
    progress = Progress(lambda: now)
    progress.beat()
    assert progress.is_made(now)
    now += 2 * STALL_S
    progress.beat()
    assert progress.is_made(None), "its last turn ended long ago"


def test_a_turn_without_an_end_and_a_loop_that_stands_still_are_no_progress() -> None:
    now = 1000.0
    progress = Progress(lambda: now)
    begun_at = now
    now += STALL_S + 1
    progress.beat()
    assert not progress.is_made(begun_at)
    now += STALL_S + 1
    assert not progress.is_made(None)
