"""systemd's readiness protocol: a datagram to the socket that NOTIFY_SOCKET names."""

import socket
from pathlib import Path

import pytest

from simpeg_sync.daemon import notify


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
