"""HTTP as such: keep-alive, pipelining, chunks, and what isn't HTTP."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

from simpeg_sync.simulator.process import Simulator, environment


def talk(simulator: Simulator, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=5) as line:
        for piece in pieces:
            line.sendall(piece)
        line.shutdown(socket.SHUT_WR)
        said = b""
        while more := line.recv(65536):
            said += more
    return said


NOWHERE = b"GET /nowhere HTTP/1.1\r\nHost: bkn\r\n\r\n"


def test_a_connection_serves_several_requests_even_in_one_packet(sim: Simulator) -> None:
    assert talk(sim, NOWHERE + NOWHERE, NOWHERE).count(b"HTTP/1.1 404 Not Found") == 3


def test_a_connection_closes_when_asked_to(sim: Simulator) -> None:
    last = b"GET /nowhere HTTP/1.1\r\nHost: bkn\r\nConnection: close\r\n\r\n"
    said = talk(sim, last + NOWHERE)
    assert said.count(b"HTTP/1.1 404") == 1
    assert b"Connection: close" in said


def test_what_is_not_http_is_a_bad_request(sim: Simulator) -> None:
    assert talk(sim, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_chunked_body_and_an_expectation_are_understood(sim: Simulator) -> None:
    head = b"POST /oauth2/token HTTP/1.1\r\nHost: bkn\r\n"
    head += b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    form = b"grant_type=client_credentials&client_id=fake-consumer-key&client_secret=fake-consumer-secret"
    said = talk(sim, head, b"%x\r\n%s\r\n0\r\n\r\n" % (len(form), form))
    assert b'"expires_in":3600' in said


def test_a_request_after_a_fault_in_the_same_packet_is_not_served(sim: Simulator) -> None:
    sim.control.add_fault("close_after_read")
    before = sim.control.counts()["calls"]
    assert talk(sim, NOWHERE + NOWHERE) == b""
    assert sim.control.counts()["calls"] == before + 1


def test_the_command_says_where_it_is_on_stdout_and_in_the_ready_file(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "simpeg_sync.simulator", "--ready-file", str(ready)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert json.loads(ready.read_text()) == said
        assert set(said) == {"url", "control_url"}
        assert said["url"].startswith("http://127.0.0.1:")
        process.terminate()
        assert process.wait(5) == 0


def test_it_imports_nothing_from_the_rest_of_the_product() -> None:
    code = (
        "import sys, simpeg_sync.simulator.__main__, simpeg_sync.simulator.process\n"
        "print([name for name in sys.modules if name.startswith('simpeg_sync.')"
        " and not name.startswith('simpeg_sync.simulator')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.strip() == "[]"
