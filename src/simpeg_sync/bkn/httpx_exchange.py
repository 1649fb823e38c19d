"""The Exchange port over httpx, with the two things httpx lacks: one deadline for the whole call, a cap on the body.

httpx limits each read and write, never their sum: a server that drips a byte a second holds a call for ever. So every
socket operation of a call gets what is left of the call's own deadline.
"""

import ssl
import threading
import time
import zlib
from collections.abc import Iterable

import httpcore
import httpx

from simpeg_sync.bkn.exchange import Answer, Exchanged, NoAnswer, Request

BODY_MAX = 16 * 1024 * 1024
"""Decoded bytes. The longest list of one person's history is far below one megabyte."""
KEEP_ALIVE_S = 5.0
"""Idle connections are dropped early: a gateway that closes one as we send costs an uncertain write."""


class _TooBig(Exception):
    pass


class _Deadline(threading.local):
    """The monotonic end of the call that this thread is in."""

    ends_at: float = float("inf")

    def left(self, timeout: float | None) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline of the call")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

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
        stream = self._backend.connect_tcp(
            host,
            port,
            timeout=self._deadline.left(timeout),
            local_address=local_address,
            socket_options=socket_options,
        )
        return _Stream(stream, self._deadline)


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
        # trust_env=False: a proxy variable in the environment must not send personal data elsewhere.
        self._client = httpx.Client(
            transport=_Transport(tls, self._deadline, connections),
            trust_env=False,
            follow_redirects=False,
            timeout=None,
        )

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        self._deadline.ends_at = time.monotonic() + deadline_s
        built = self._client.build_request(
            request.method, request.url, headers=dict(request.headers), content=request.body
        )
        try:
            response = self._client.send(built, stream=True)
            try:
                body = self._read(response)
            finally:
                response.close()
            return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)
        except _TooBig:
            return NoAnswer(True, "too_big")
        except (httpx.HTTPError, httpcore.TimeoutException, zlib.error) as error:
            return _no_answer(error)
        finally:
            self._deadline.ends_at = float("inf")

    def close(self) -> None:
        self._client.close()

    def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes(65536):
            body += chunk
            if len(body) > self._body_max:
                raise _TooBig
        return bytes(body)


def _no_answer(error: Exception) -> NoAnswer:
    """Only what failed while connecting is proved unsent. Every other exception of a write is uncertain."""
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return NoAnswer(False, "connect_timeout")
        case httpx.ConnectError():
            return NoAnswer(False, _connect_kind(error))
        case httpx.UnsupportedProtocol():
            return NoAnswer(False, "unsupported_url")
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
