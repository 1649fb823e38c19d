"""Servers of a few lines on loopback that answer exactly as a test says, and count what really reached them."""

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

PATIENCE_S = 5.0
NOTICED_S = 0.3
READ_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


class Talk:
    """One connection in the hands of a behaviour."""

    def __init__(self, sock: socket.socket, over: threading.Event) -> None:
        self._sock, self._over, self._rest = sock, over, b""

    def read(self) -> Seen | None:
        """The next whole request; None when the client has gone."""
        while b"\r\n\r\n" not in self._rest:
            if not self._more():
                return None
        head, self._rest = self._rest.split(b"\r\n\r\n", 1)
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (field.split(":", 1) for field in fields)}
        length = int(headers.get("content-length", "0"))
        while len(self._rest) < length:
            if not self._more():
                return None
        body, self._rest = self._rest[:length], self._rest[length:]
        return Seen(line, headers, body)

    def await_first_byte(self) -> None:
        """The request is there, and stays unread."""
        self._sock.recv(1, socket.MSG_PEEK)

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def answer(self, body: bytes, *, status: str = "200 OK", headers: str = "") -> None:
        self.send(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def drip(self, data: bytes, *, every_s: float = 0.05) -> None:
        """One byte at a time, until the client hangs up or the test is over."""
        for byte in data:
            if self._over.wait(every_s):
                return
            self.send(bytes([byte]))

    def sip(self, *, every_s: float = 0.02, bytes_max: int = 256 * 1024) -> None:
        """Always takes a little, so that no single write waits long, and all of them together take seconds."""
        while not self._over.wait(every_s) and self._sock.recv(bytes_max):
            pass

    def stay_silent(self) -> None:
        self._over.wait(PATIENCE_S)

    def pause(self, seconds: float) -> None:
        self._over.wait(seconds)

    def reset(self) -> None:
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def close(self) -> None:
        self._sock.close()

    def hang_up(self) -> None:
        """Closes, and gives the client a moment to notice; one that looks only before its next request lets it pass."""
        self._sock.shutdown(socket.SHUT_WR)
        self._sock.settimeout(NOTICED_S)
        with contextlib.suppress(TimeoutError):
            self._sock.recv(1)
        self._sock.close()

    def _more(self) -> bool:
        data = self._sock.recv(65536)
        self._rest += data
        assert len(self._rest) < READ_MAX
        return bool(data)


Behaviour = Callable[["Peer", Talk], None]


class Peer:
    """Listens, and lets ``behave`` loose on every connection, each on a thread of its own."""

    def __init__(self, behave: Behaviour, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._behave, self._tls = behave, tls
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._listener = socket.create_server((host, 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self.requests: list[Seen] = []
        self.effects = 0
        """What the behaviour says it carried out."""
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def read(self, talk: Talk) -> Seen | None:
        """Reads a request and counts it."""
        seen = talk.read()
        if seen is not None:
            with self._lock:
                self.requests.append(seen)
        return seen

    def commit(self) -> None:
        with self._lock:
            self.effects += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.accepted += 1
            self._sockets.append(sock)
            thread = threading.Thread(target=self._talk, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, sock: socket.socket) -> None:
        # The client's hanging up is what most tests are about; a failed handshake is an OSError too.
        with contextlib.suppress(OSError):
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._sockets.append(sock)
            with sock:
                self._behave(self, Talk(sock, self._over))


@contextlib.contextmanager
def black_hole(*hosts: str, port: int = 0) -> Iterator[int]:
    """A port on which a connect is never answered: the queue of the listener is full. Yields the port."""
    with contextlib.ExitStack() as stack:
        for host in hosts or ("127.0.0.1",):
            listener = stack.enter_context(socket.socket())
            listener.bind((host, port))
            listener.listen(0)
            port = listener.getsockname()[1]
            _fill(stack, host, port)
        yield port


def _fill(stack: contextlib.ExitStack, host: str, port: int) -> None:
    for _ in range(16):
        client = stack.enter_context(socket.socket())
        client.setblocking(False)
        client.connect_ex((host, port))
        _, connected, _ = select.select([], [client], [], 0.2)
        if not connected:
            return
    raise AssertionError("the queue does not fill")


def closed_port() -> int:
    """Nobody listens there."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def until(is_so: Callable[[], bool]) -> None:
    """Waits for what another thread or process is about to do."""
    limit = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < limit, "did not come true in time"
        time.sleep(0.005)
