"""The Exchange port over pyreqwest: Rust's reqwest, at about a sixth of httpx's cost a call. What it lacks is mended here.

It calls a reset after the request was read, and a silent server, by the names of errors while connecting. Proof that
nothing was sent is one cause alone, `client error (Connect)`: the connector of hyper-util failed, before there was a
connection to send on. All its messages hold the URL, so none of them leaves this module.
"""

import ssl
import zlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from pyreqwest.bytes import Bytes
from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import BuilderError, DetailedPyreqwestError, PoolTimeoutError, RequestTimeoutError
from pyreqwest.http import HeaderMap
from pyreqwest.request import SyncStreamRequest

from simpeg_sync.bkn.exchange import Answer, Exchanged, NoAnswer, Request
from simpeg_sync.bkn.exchange_rules import BODY_MAX, KEEP_ALIVE_S, TooBig, sendable_headers, unpacked

CONNECT_LIMIT_S = 10.0
READ_BYTES = 64 * 1024
"""As much as the library reads ahead; a smaller answer takes one step into Rust. Never the length that the server claims."""
NEVER_CONNECTED = "client error (Connect)"


class PyreqwestExchange:
    """Thread-safe; one client, and so one pool of connections, for all threads."""

    def __init__(
        self,
        *,
        connections: int = 8,
        ca_file: str | None = None,
        body_max: int = BODY_MAX,
        connect_limit_s: float = CONNECT_LIMIT_S,
    ) -> None:
        """``connect_limit_s``: for the resolver, all addresses and TLS. A connect that is still under way at the call's
        deadline cannot be told from a silent server, so that call is uncertain; with a limit well below it is proved unsent.
        """
        self._body_max = body_max
        self._client = _client(connections, ca_file, connect_limit_s)

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        built = self._built(request, deadline_s)
        if built is None:
            return NoAnswer(False, "unsendable")
        try:
            with built as response:
                headers = _headers(response.headers)
                body = _body(response.body_reader, headers.get("content-encoding", ""), self._body_max)
                return Answer(response.status, headers, body)
        except TooBig:
            return NoAnswer(True, "too_big")
        except zlib.error:
            return NoAnswer(True, "garbled")
        except DetailedPyreqwestError as error:
            return _no_answer(error)

    def close(self) -> None:
        self._client.close()

    def _built(self, request: Request, deadline_s: float) -> SyncStreamRequest | None:
        headers = sendable_headers(request)
        if headers is None:
            return None
        try:
            builder = self._client.request(request.method, request.url).headers(headers)
            if request.body is not None:
                builder = builder.body_bytes(request.body)
            # The library's total: the wait for a free connection, connecting, the upload, the answer to its last byte.
            return builder.timeout(timedelta(seconds=deadline_s)).build_streamed()
        except ValueError:  # its BuilderError is one, too
            return None


def _client(connections: int, ca_file: str | None, connect_limit_s: float) -> SyncClient:
    builder = (
        SyncClientBuilder()
        # HTTP/1 alone: over HTTP/2 reqwest itself sends a refused stream again.
        .http1_only()
        .follow_redirects(False)
        .referer(False)
        .no_proxy()
        .default_cookie_store(False)
        .error_for_status(False)
        .min_tls_version("TLSv1.2")
        .max_connections(connections)
        .pool_max_idle_per_host(connections)
        .pool_idle_timeout(timedelta(seconds=KEEP_ALIVE_S))
        .connect_timeout(timedelta(seconds=connect_limit_s))
    )
    for unpacking in (builder.gzip, builder.brotli, builder.zstd, builder.deflate):
        unpacking(False)
    if ca_file is not None:
        # The library takes a file without a certificate for none at all, and says nothing.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_file)
        builder = builder.add_root_certificate_pem(Path(ca_file).read_bytes())
    return builder.build()


def _headers(found: HeaderMap) -> Mapping[str, str]:
    try:
        return {name: ", ".join(values) if isinstance(values, list) else values
                for name, values in found.dict_multi_value().items()}  # fmt: skip
    except ValueError:
        return dict(_readable(found))


def _readable(found: HeaderMap) -> Iterator[tuple[str, str]]:
    """The library gives no header whose value is not ASCII; that must not cost the others, nor the answer."""
    for name in set(found.keys()):
        try:
            yield name, ", ".join(found.getall(name))
        except ValueError:
            continue


class _Reader(Protocol):
    def read(self, amount: int = ..., /) -> Bytes | None: ...


def _body(reader: _Reader, coding: str, bytes_max: int) -> bytes:
    first = reader.read(READ_BYTES)
    if first is None:
        return b""
    if not coding and len(first) < READ_BYTES and len(first) <= bytes_max:  # nearly every answer, and 8 us less for it
        return first.to_bytes()
    return unpacked(_chunks(first, reader), coding, bytes_max)


def _chunks(chunk: Bytes | None, reader: _Reader) -> Iterator[bytes]:
    while chunk is not None:
        yield chunk.to_bytes()
        if len(chunk) < READ_BYTES:  # it stops short only at the end
            return
        chunk = reader.read(READ_BYTES)


def _no_answer(error: DetailedPyreqwestError) -> NoAnswer:
    """Only what failed before there was a connection is proved unsent. Every other error of a write is uncertain."""
    causes = [cause["message"] for cause in error.details["causes"] or ()]
    match error:
        case PoolTimeoutError():
            return NoAnswer(False, "connect_timeout")
        case BuilderError():
            return NoAnswer(False, "unsendable")
        case _ if NEVER_CONNECTED in causes:
            return NoAnswer(False, _connect_kind(error, causes))
        case RequestTimeoutError():
            return NoAnswer(True, "deadline")
        case _:
            return NoAnswer(True, _broken_kind(causes))


def _connect_kind(error: DetailedPyreqwestError, causes: list[str]) -> str:
    if isinstance(error, RequestTimeoutError):
        return "connect_timeout"
    if "dns error" in causes:
        return "dns"
    return "refused" if "tcp connect error" in causes else "tls"


def _broken_kind(causes: list[str]) -> str:
    words = " ".join(causes[1:]).lower()  # the first one may hold the URL
    if "connection reset" in words or "broken pipe" in words:
        return "reset"
    if "before message" in words or "eof" in words:
        return "cut"
    return "garbled"
