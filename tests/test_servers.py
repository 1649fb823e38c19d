"""The tests' own ground: nothing leaves the machine, and no server outlives its test process."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def test_a_call_to_the_outside_fails_the_test() -> None:
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match="tried to reach"):
        outside.connect(("198.51.100.1", 9))  # stopped before a packet leaves


def test_a_killed_test_process_takes_its_server_with_it() -> None:
    program = (
        "import sys; from servers import PostgresServer; server = PostgresServer(); "
        "print(server._process.pid, server.directory, flush=True); sys.stdin.read()"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as child:  # fmt: skip
        assert child.stdout is not None
        pid, directory = child.stdout.readline().split()
        child.send_signal(signal.SIGKILL)
    for _ in range(1000):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            break
        os.sched_yield()
        subprocess.run(["sleep", "0.02"], check=True)
    else:
        raise AssertionError("the server outlived its test")
    subprocess.run(["rm", "-rf", directory], check=True)
