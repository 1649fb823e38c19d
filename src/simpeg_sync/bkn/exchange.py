"""One request leaves, what comes back comes back. The port that every HTTP adapter fills, and the words it answers in.

An adapter decides nothing: it never retries, never follows a redirect, never raises for what the network did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str = field(repr=False)
    """Holds a NIP."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that arrived whole."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The exchange failed. ``was_sent`` is False only with proof that not a byte of the request reached a server."""

    was_sent: bool
    kind: str
    """Stable short word: ``unsendable``, ``refused``, ``dns``, ``tls``, ``connect_timeout``; ``deadline``, ``reset``, ``cut``,
    ``too_big``, ``garbled``."""


Exchanged = Answer | NoAnswer


class Exchange(Protocol):
    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        """The whole exchange, connect to last byte, ends within ``deadline_s`` seconds."""
        ...

    def close(self) -> None: ...
