"""The Exchange port over httpx, with the two things httpx lacks: one deadline for the whole call, a cap on the body.

httpx limits each read and write, never their sum: a server that drips a byte a second holds a call for ever. So every
socket operation of a call gets what is left of the call's own deadline, and so do the wait for a free connection, the
question to the resolver and the tries of several addresses.
"""

import socket
import ssl
import threading
import time
import urllib.parse
import zlib
from collections.abc import Iterable

import httpcore
import httpx

from simpeg_sync.bkn.exchange import Answer, Exchanged, NoAnswer, Request
from simpeg_sync.bkn.exchange_rules import BODY_MAX, KEEP_ALIVE_S, TooBig, sendable_headers, unpacked

WRITE_BYTES = 16 * 1024
"""A peer that reads slowly gets an upload in pieces, each within what is left of the deadline."""
ADDRESSES_MAX = 4


class _Deadline(threading.local):
    """The monotonic end of the call that this thread is in."""

    ends_at: float = float("inf")

    def left(self, timeout: float | None) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline of the call")
        return left if timeout is None else min(timeout, left)

    def left_to_connect(self) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ConnectTimeout("deadline of the call")
        return left


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        pieces = memoryview(buffer)
        for start in range(0, len(pieces), WRITE_BYTES):
            self._stream.write(bytes(pieces[start : start + WRITE_BYTES]), self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._backend, self._deadline = httpcore.SyncBackend(), deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        # Each address gets its share: socket.create_connection() would give the whole time to every one of them.
        addresses = _addresses(host, port, self._deadline.left_to_connect())
        problem: Exception = httpcore.ConnectError("the name has no address")
        for tried, address in enumerate(addresses):
            share_s = self._deadline.left_to_connect() / (len(addresses) - tried)
            try:
                stream = self._backend.connect_tcp(address, port, share_s, local_address, socket_options)
                return _Stream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                problem = failed
        raise problem


def _addresses(host: str, port: int, limit_s: float) -> list[str]:
    """The resolver knows no limit; it is asked on a thread of its own, which is left behind when the time is over."""
    found: list[str] = []
    problems: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as problem:
            problems.append(problem)

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(limit_s)
    if asking.is_alive():
        raise httpcore.ConnectTimeout("the resolver is silent")
    if problems:
        problem = httpcore.ConnectError("the name cannot be resolved")
        # As the context, since httpcore's pool raises everything "from None" and wipes the cause out.
        problem.__context__ = problems[0]
        raise problem
    return list(dict.fromkeys(found))[:ADDRESSES_MAX]


class _Transport(httpx.HTTPTransport):
    def __init__(self, tls: ssl.SSLContext, deadline: _Deadline, connections: int) -> None:
        super().__init__(verify=tls, trust_env=False)
        # httpx gives no way to hand its pool a network backend; the pool is replaced whole. httpx has been frozen at
        # 0.28 since 2024-12, the lock pins it, and the drip tests of the outcome suite would notice.
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=_Backend(deadline),
        )


class HttpxExchange:
    """Thread-safe; one pool of connections for all threads."""

    def __init__(self, *, connections: int = 8, ca_file: str | None = None, body_max: int = BODY_MAX) -> None:
        self._deadline = _Deadline()
        self._body_max = body_max
        tls = ssl.create_default_context(cafile=ca_file)
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        # The transport without httpx's Client: that logs every URL with its NIP, keeps cookies, knows redirects and proxies.
        self._transport = _Transport(tls, self._deadline, connections)

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        self._deadline.ends_at = time.monotonic() + deadline_s
        built = self._built(request, deadline_s)
        if built is None:
            return NoAnswer(False, "unsendable")
        try:
            response = self._transport.handle_request(built)
            try:
                coding = response.headers.get("content-encoding", "")
                body = unpacked(response.iter_raw(), coding, self._body_max)
            finally:
                response.close()
            return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)
        except TooBig:
            return NoAnswer(True, "too_big")
        except (httpx.HTTPError, httpcore.TimeoutException, zlib.error) as error:
            return _no_answer(error)
        finally:
            self._deadline.ends_at = float("inf")

    def close(self) -> None:
        self._transport.close()

    def _built(self, request: Request, deadline_s: float) -> httpx.Request | None:
        headers = sendable_headers(request)
        if headers is None:
            return None
        try:
            _ = urllib.parse.urlsplit(request.url).port  # httpx takes any number, and half an IPv6 address
            # The timeout bounds the wait for a free connection; for everything else the deadline is the shorter one.
            timeout = httpx.Timeout(deadline_s).as_dict()
            return httpx.Request(
                request.method, request.url, headers=headers, content=request.body, extensions={"timeout": timeout}
            )
        except (httpx.InvalidURL, ValueError):
            return None


def _no_answer(error: Exception) -> NoAnswer:
    """Only what failed while connecting is proved unsent. Every other exception of a write is uncertain."""
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return NoAnswer(False, "connect_timeout")
        case httpx.ConnectError():
            return NoAnswer(False, _connect_kind(error))
        case httpx.UnsupportedProtocol():
            return NoAnswer(False, "unsendable")
        case httpx.TimeoutException() | httpcore.TimeoutException():
            return NoAnswer(True, "deadline")
        case httpx.DecodingError() | zlib.error():
            return NoAnswer(True, "garbled")
        case httpx.RemoteProtocolError():
            return NoAnswer(True, "cut")
        case httpx.ReadError() | httpx.WriteError():
            return NoAnswer(True, "reset")
        case _:
            return NoAnswer(True, type(error).__name__.lower())


def _connect_kind(error: Exception) -> str:
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and len(causes) < 10:
        causes.append(cause)
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "tls"
    return "dns" if any(type(cause).__name__ == "gaierror" for cause in causes) else "refused"
