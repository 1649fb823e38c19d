"""What every HTTP adapter does alike: which requests leave at all, how long a connection is kept, how a body is unpacked."""

import zlib
from collections.abc import Iterable

from simpeg_sync.bkn.exchange import Request

BODY_MAX = 16 * 1024 * 1024
"""Decoded bytes. The longest list of one person's history is far below one megabyte."""
KEEP_ALIVE_S = 5.0
"""Idle connections are dropped early: a gateway that closes one as we send costs an uncertain write."""
OWN_HEADERS = {"Accept-Encoding": "gzip", "User-Agent": "simpeg-sync"}


class TooBig(Exception):
    pass


def sendable_headers(request: Request) -> dict[str, str] | None:
    """None when a header or the address is none: found before a connection is opened, so that it is proved unsent."""
    headers = OWN_HEADERS | dict(request.headers)
    text = "".join((*headers, *headers.values()))
    return headers if text.isascii() and text.isprintable() and request.url.isprintable() else None


def unpacked(chunks: Iterable[bytes], coding: str, bytes_max: int) -> bytes:
    """The decoded body. Raises TooBig as soon as it passes ``bytes_max``, and zlib.error for what is not plain or gzip.

    Done here, since HTTP clients unpack whatever codings the server names, each chunk whole, before anybody can stop them.
    """
    unpack = _Unpack(coding)
    body = bytearray()
    for chunk in chunks:
        body += unpack(chunk, bytes_max + 1 - len(body))
        if len(body) > bytes_max:
            raise TooBig
    unpack.end()
    return bytes(body)


class _Unpack:
    """Plain or gzip, what we asked for; raises zlib.error for anything else."""

    def __init__(self, coding: str) -> None:
        coding = coding.strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise zlib.error("a coding that was not asked for")
        self._gzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if coding.endswith("gzip") else None
        self._has_begun = False

    def __call__(self, chunk: bytes, bytes_max: int) -> bytes:
        self._has_begun = self._has_begun or bool(chunk)
        return chunk if self._gzip is None else self._gzip.decompress(chunk, bytes_max)

    def end(self) -> None:
        if self._gzip is not None and self._has_begun and not self._gzip.eof:
            raise zlib.error("cut short")
