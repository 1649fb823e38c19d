"""The wire: sockets, threads and h11. It reads whole requests and sends plain bytes, even spoiled ones."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

from .answers import Answer

BODY_BYTES_MAX = 32_000_000
HEAD_BYTES_MAX = 64_000
RECEIVE_BYTES = 65_536
# Linux tells of a half-closed peer without a read; elsewhere only of a fully closed one.
_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    keep_alive: bool


class BadRequest(Exception):
    """What arrived isn't an HTTP request that can be served."""


class Signal:
    """An event that a poll() can wait for: once set, `reader` is readable for ever."""

    def __init__(self) -> None:
        self.reader, self._writer = socket.socketpair()
        self.is_set = False

    def set(self) -> None:
        self.is_set = True
        self._writer.close()

    def wait(self) -> None:
        poll = select.poll()
        poll.register(self.reader, select.POLLIN)
        poll.poll()


class Connection:
    """One accepted socket; its thread is the only one that reads and writes it."""

    def __init__(self, sock: socket.socket, stopping: Signal) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = sock
        self._stopping = stopping
        self._rest = b""

    def read_request(self) -> Request | None:
        """None when the peer has nothing more to say. Raises BadRequest for anything that isn't HTTP/1.x."""
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES_MAX)
        if self._rest:
            parser.receive_data(self._rest)
        try:
            return self._read_events(parser)
        except h11.RemoteProtocolError as problem:
            raise BadRequest(str(problem)) from problem

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def wait(self, seconds: float) -> None:
        """Returns when the time is over, when the server stops, or as soon as the peer has hung up."""
        poll = select.poll()
        with contextlib.suppress(OSError, ValueError):
            poll.register(self._socket, _GONE)
            poll.register(self._stopping.reader, select.POLLIN)
            poll.poll(seconds * 1000)

    def pause(self, seconds: float) -> None:
        """Returns when the time is over or the server stops, whether or not the peer still listens."""
        poll = select.poll()
        poll.register(self._stopping.reader, select.POLLIN)
        poll.poll(seconds * 1000)

    @property
    def server_is_stopping(self) -> bool:
        return self._stopping.is_set

    def peer_is_gone(self) -> bool:
        poll = select.poll()
        try:
            poll.register(self._socket, _GONE)
            return bool(poll.poll(0))
        except (OSError, ValueError):
            return True

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        # A request that came in the same packet must not be served any more.
        self._rest = b""
        self._socket.close()

    def hang_up(self) -> None:
        """From another thread: the owner's read or wait ends, and it closes the socket itself."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _read_events(self, parser: h11.Connection) -> Request | None:
        head: h11.Request | None = None
        body: list[bytes] = []
        size = 0
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                if parser.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                    self.send(parser.send(go_on) or b"")
                parser.receive_data(self._receive())
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body.append(bytes(event.data))
                size += len(event.data)
                if size > BODY_BYTES_MAX:
                    raise BadRequest("body too large")
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                self._rest = bytes(parser.trailing_data[0])
                return _request(head, b"".join(body), keep_alive=parser.their_state is h11.DONE)
            else:
                return None

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(RECEIVE_BYTES)
        except OSError:
            return b""


def _request(head: h11.Request, body: bytes, *, keep_alive: bool) -> Request:
    parts = urlsplit(head.target.decode("latin-1"))
    return Request(
        method=head.method.decode(),
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)) if parts.query else {},
        headers={name.decode(): value.decode("latin-1") for name, value in head.headers},
        body=body,
        keep_alive=keep_alive,
    )


def response_head(answer: Answer, *, length: int | None, date_skew_s: float = 0, keep_alive: bool = True) -> bytes:
    """`length` None leaves Content-Length out; the body then ends where the connection ends."""
    lines = [
        f"HTTP/1.1 {answer.status} {_reason(answer.status)}",
        f"Date: {_http_date(int(time.time() + date_skew_s))}",
        f"Content-Type: {answer.content_type}",
        *(f"{name}: {value}" for name, value in answer.headers),
    ]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    if not keep_alive or length is None:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@lru_cache(maxsize=4)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


@lru_cache
def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class Listener:
    """A loopback port with one thread a connection. It can be closed and opened again on the same port."""

    def __init__(self, port: int, serve: Callable[[Connection], None], stopping: Signal) -> None:
        self.port = port
        self._serve = serve
        self._stopping = stopping
        self._closing = Signal()
        self._open_connections: set[Connection] = set()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        if self._socket is not None:
            return
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        listening.listen(512)
        self.port = listening.getsockname()[1]
        self._socket, self._closing = listening, Signal()
        self._thread = threading.Thread(target=self._accept, args=(listening, self._closing), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """When this returns new connections are refused and the old ones are cut."""
        if self._socket is None or self._thread is None:
            return
        self._closing.set()
        self._thread.join()
        self._socket.close()
        self._socket = None
        for connection in list(self._open_connections):
            connection.hang_up()

    def _accept(self, listening: socket.socket, closing: Signal) -> None:
        poll = select.poll()
        poll.register(listening, select.POLLIN)
        poll.register(closing.reader, select.POLLIN)
        while True:
            poll.poll()
            if closing.is_set:
                return
            accepted, _ = listening.accept()
            connection = Connection(accepted, self._stopping)
            self._open_connections.add(connection)
            threading.Thread(target=self._own, args=(connection,), daemon=True).start()

    def _own(self, connection: Connection) -> None:
        try:
            self._serve(connection)
        except OSError:
            return  # the peer or an outage cut the line; both are everyday events here
        except Exception:
            if not self._stopping.is_set:  # the store closes before the last calls have ended
                raise
        finally:
            self._open_connections.discard(connection)
            connection.close()
