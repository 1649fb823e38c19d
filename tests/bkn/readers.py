"""A BKN in memory: the Exchange port as a function from the path of a GET to its answer. Tokens are given to whoever asks."""

import json
import urllib.parse
from collections.abc import Callable
from typing import Any

from simpeg_sync.bkn import siasn
from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.exchange import Answer, Exchanged, Request
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.reads import Reads
from simpeg_sync.bkn.tokens import Tokens
from simpeg_sync.clock import Clock
from simpeg_sync.secret import Secret

BASE = "https://bkn.example/apisiasn/1.0"


def said(body: Any, *, status: int = 200) -> Answer:
    return Answer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def rows_of(data: Any, **beside: Any) -> Answer:
    return said({"code": 1, "data": data, "message": "success", **beside})


class MemoryBkn:
    """Implements bkn.exchange.Exchange."""

    def __init__(self, answer: Callable[[str, dict[str, str]], Exchanged]) -> None:
        self._answer = answer
        self.asked: list[str] = []
        """Path and query below the base, as sent."""

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        assert (request.method, request.body) == ("GET", None)
        assert request.url.startswith(f"{BASE}/")
        target = request.url.removeprefix(f"{BASE}/")
        self.asked.append(target)
        path, _, query = target.partition("?")
        return self._answer(path, dict(urllib.parse.parse_qsl(query, strict_parsing=bool(query))))

    def close(self) -> None: ...


def reads_of(bkn: MemoryBkn) -> Reads:
    clock = Clock()
    tokens = Tokens(
        bkn,
        clock,
        {"apim": Secret("fake-apim"), "sso": Secret("fake-sso")},
        scheme=siasn.SCHEME,
        deadline_s=1.0,
        on_event=lambda *_: None,
    )
    return Reads(Calls(bkn, tokens, Gate(clock, per_second=10_000.0, in_flight=4), clock, 1.0), BASE)
