"""One call of one adapter where the machine's resolver makes trouble, in namespaces of its own: run under `unshare -Urnm`.

The native adapter asks the C library, past everything that a test can replace in Python. So here its files are replaced:
/etc/hosts names two addresses, /etc/resolv.conf a name server that never answers.
"""

import contextlib
import fcntl
import json
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from simpeg_sync.bkn.exchange import Answer, Exchange, Request
from simpeg_sync.bkn.httpx_exchange import HttpxExchange
from simpeg_sync.bkn.pyreqwest_exchange import PyreqwestExchange
from tests.bkn.peers import Peer, Talk, black_hole

DEADLINE_S = 1.2
CONNECT_LIMIT_S = 0.9
HOST = "bkn.invalid"
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def main(adapter: str, trouble: str) -> dict[str, object]:
    exchange: Exchange = HttpxExchange() if adapter == "httpx" else PyreqwestExchange(connect_limit_s=CONNECT_LIMIT_S)
    with troubled(trouble) as port:
        started = time.monotonic()
        exchanged = exchange.send(Request("POST", f"http://{HOST}:{port}/a", {}, b"{}"), deadline_s=DEADLINE_S)
        result: dict[str, object] = {"elapsed_s": time.monotonic() - started, "deadline_s": DEADLINE_S}
    if isinstance(exchanged, Answer):
        return result | {"status": exchanged.status}
    return result | {"status": None, "was_sent": exchanged.was_sent, "kind": exchanged.kind}


@contextlib.contextmanager
def troubled(trouble: str) -> Iterator[int]:
    """The port to call."""
    bring_up_loopback()
    match trouble:
        case "silent":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
                server.bind(("127.0.0.1", 53))
                replace("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:1\n")
                replace("/etc/hosts", "")
                yield 80
        case "two black holes":
            replace("/etc/hosts", f"127.0.0.2 {HOST}\n127.0.0.3 {HOST}\n")
            with black_hole("127.0.0.2", "127.0.0.3") as port:
                yield port
        case "one black hole":
            # The C library sorts what it finds; the address nearest to the caller's own comes first.
            replace("/etc/hosts", f"127.0.0.1 {HOST}\n127.0.0.2 {HOST}\n")
            with Peer(answer, host="127.0.0.2") as peer, black_hole("127.0.0.1", port=peer.port):
                yield peer.port
        case _:
            raise ValueError(trouble)


def answer(peer: Peer, talk: Talk) -> None:
    while peer.read(talk) is not None:
        talk.answer(b"{}")


def bring_up_loopback() -> None:
    """A new network namespace has it, switched off."""
    with socket.socket() as sock:
        asked = struct.pack("16sH14x", b"lo", IFF_UP)
        fcntl.ioctl(sock, SIOCSIFFLAGS, asked)


def replace(path: str, content: str) -> None:
    """For this process and its namespace alone."""
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    subprocess.run(["mount", "--bind", file.name, path], check=True)
    Path(file.name).unlink()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
