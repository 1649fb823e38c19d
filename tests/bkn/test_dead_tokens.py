"""A token that BKN calls dead in words, under a status that says something else, is renewed, and the call leaves once more."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from simpeg_sync.bkn import sapk, siasn
from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.exchange import Answer, Exchanged, Request
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.tokens import Login, Scheme, Tokens
from simpeg_sync.clock import Clock
from simpeg_sync.domain.errors import BknDown
from simpeg_sync.domain.outcome import TokenName, Verdict

CLASSIC, SIASN = sapk.scheme("http://localhost:20000"), siasn.SCHEME
SUCCESS = {"success": True, "message": "success", "mapData": None}
ROWS = {"code": 1, "data": [{"id": "x"}]}


@dataclass
class Forgetful:
    """Implements Exchange: gives tokens, and calls the first one dead."""

    status: int
    body: Any
    live: Any
    never_content: bool = False
    logins: list[str] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        if request.url.startswith("https://login.example/"):
            self.logins.append(request.url.rsplit("/", 1)[1])
            return said(200, {"access_token": f"fake-{len(self.logins)}", "expires_in": 3600})
        self.calls.append(dict(request.headers))
        is_dead = self.never_content or len(self.calls) == 1
        return said(self.status, self.body) if is_dead else said(200, self.live)

    def close(self) -> None: ...


def said(status: int, body: Any) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


class NoWait(Clock):
    def sleep(self, seconds: float) -> bool:
        return False


def calls_of(bkn: Forgetful, scheme: Scheme) -> Calls:
    clock = NoWait()
    logins: dict[TokenName, Any] = {
        name: Login(f"https://login.example/{name}", lambda: ({}, b"")) for name in scheme.headers
    }
    tokens = Tokens(bkn, clock, logins, scheme=scheme, deadline_s=1.0, on_event=lambda *_: None)
    return Calls(bkn, tokens, Gate(clock, per_second=1e6, in_flight=2), clock, 1.0)


DEAD = [
    (CLASSIC, 200, {"error": "invalid_token", "error_description": "x"}, "sapk"),
    (CLASSIC, 401, {"error": "invalid_token"}, "sapk"),
    (CLASSIC, 500, {"error": "invalid_token"}, "sapk"),
    (SIASN, 403, {"message": "invalid or expired jwt"}, "sso"),
    (SIASN, 200, {"code": 0, "data": "Token SSO mismatch"}, "sso"),
    (SIASN, 401, {"code": "900901", "message": "Invalid Credentials"}, "apim"),
]
each_dead = pytest.mark.parametrize(("scheme", "status", "body", "token"), DEAD)


@each_dead
def test_a_write_leaves_again_after_the_right_token_was_renewed(
    scheme: Scheme, status: int, body: Any, token: str
) -> None:
    bkn = Forgetful(status, body, SUCCESS)
    outcome = calls_of(bkn, scheme).write("POST", "https://bkn.example/kursus/save", b"{}", "application/json")
    assert outcome.verdict is Verdict.ACCEPTED
    assert bkn.logins == [*scheme.headers, token]
    assert len(bkn.calls) == 2 and bkn.calls[0] != bkn.calls[1]


@each_dead
def test_a_read_does_too(scheme: Scheme, status: int, body: Any, token: str) -> None:
    bkn = Forgetful(status, body, ROWS)
    assert calls_of(bkn, scheme).rows("https://bkn.example/pns/rw-kursus/1") == [{"id": "x"}]
    assert bkn.logins == [*scheme.headers, token]


@each_dead
def test_a_fresh_token_that_is_called_dead_as_well_ends_the_call(
    scheme: Scheme, status: int, body: Any, token: str
) -> None:
    bkn = Forgetful(status, body, None, never_content=True)
    outcome = calls_of(bkn, scheme).write("POST", "https://bkn.example/kursus/save", b"{}", "application/json")
    assert (outcome.verdict, len(bkn.calls)) == (Verdict.NOT_EXECUTED, 2)
    with pytest.raises(BknDown):
        calls_of(bkn, scheme).rows("https://bkn.example/pns/rw-kursus/1")
