"""Tokens that processes share through a real ledger: one login for all, readable only with the credentials."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from simpeg_sync.bkn import siasn
from simpeg_sync.bkn.exchange import Answer, Exchanged, Request
from simpeg_sync.bkn.shelf import TokenShelf
from simpeg_sync.bkn.tokens import Shared, Tokens, client_credentials, password_grant
from simpeg_sync.clock import Clock
from simpeg_sync.domain.errors import LedgerDown, LoginRefused, NotNow
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.tokens import SqlTokens
from simpeg_sync.ledger.writer import DirectWriter, GroupWriter, Writer
from simpeg_sync.secret import Secret

APIM, SSO = "http://bkn.invalid/apim", "http://bkn.invalid/sso"


class Bkn:
    """An Exchange: both token servers; each token is the number of its login."""

    def __init__(self) -> None:
        self.logins: list[str] = []
        self.refuses = False

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        self.logins.append(request.url)
        if self.refuses:
            return Answer(401, {}, b'{"error": "invalid_client"}')
        return Answer(200, {}, b'{"access_token": "fake-%d", "expires_in": 3600}' % len(self.logins))

    def close(self) -> None: ...


class Process:
    """What one worker process has."""

    def __init__(self, url: str, bkn: Bkn, *, secret: str = "fake-secret") -> None:
        self.clock, self.told = NoGap(), list[tuple[str, str]]()
        self.engine = open_engine(url)
        is_sqlite = self.engine.dialect.name == "sqlite"
        self.writer: Writer = GroupWriter(self.engine) if is_sqlite else DirectWriter(self.engine)
        keys: Any = {
            "apim": client_credentials(APIM, Secret("fake-key"), Secret(secret)),
            "sso": password_grant(SSO, "fake-client", Secret("fake-operator"), Secret("fake-password")),
        }
        self.shelf = TokenShelf(SqlTokens(self.engine, self.writer, self.clock), keys)
        self.tokens = Tokens(
            bkn,
            self.clock,
            keys,
            scheme=siasn.SCHEME,
            deadline_s=0.2,
            on_event=lambda token, what: self.told.append((token, what)),
            shelf=self.shelf,
        )

    def token(self) -> str:
        return self.tokens.get("apim").reveal()


@dataclass
class NoGap(Clock):
    """Passes faster when somebody sleeps."""

    ahead_s: float = 0.0

    def monotonic(self) -> float:
        return Clock.monotonic(self) + self.ahead_s

    def now(self) -> float:
        return Clock.now(self) + self.ahead_s

    def sleep(self, seconds: float) -> bool:
        self.ahead_s += max(seconds, 0.0)
        return False


Start = Callable[..., Process]


@pytest.fixture
def bkn() -> Bkn:
    return Bkn()


@pytest.fixture
def start(url: str, bkn: Bkn) -> Iterator[Start]:
    with ExitStack() as stack:

        def start_it(**more: Any) -> Process:
            process = Process(url, bkn, **more)
            stack.callback(process.writer.close)
            return process

        yield start_it


def test_the_second_process_takes_the_token_of_the_first(start: Start, bkn: Bkn) -> None:
    alice, bob = start(), start()
    assert alice.token() == bob.token() == "fake-1"
    assert (bkn.logins, alice.told, bob.told) == ([APIM], [("apim", "renewed")], [("apim", "shared")])


def test_a_token_that_bkn_calls_dead_is_renewed_once_for_all(start: Start, bkn: Bkn) -> None:
    alice, bob = start(), start()
    assert alice.token() == bob.token() == "fake-1"
    alice.tokens.renew("apim", "fake-1")
    bob.tokens.renew("apim", "fake-1")
    assert alice.token() == bob.token() == "fake-2"
    assert bkn.logins == [APIM, APIM]


def test_while_one_renews_the_others_wait_shortly_and_do_not_log_in(start: Start, bkn: Bkn) -> None:
    alice, bob = start(), start()
    assert alice.shelf.begin("apim", for_s=600.0)
    with pytest.raises(NotNow, match="another process renews the APIM token"):
        bob.token()
    alice.shelf.end("apim", Shared(Secret("fake-of-alice"), 600.0))
    assert (bob.token(), bkn.logins) == ("fake-of-alice", [])


def test_who_died_while_renewing_loses_its_turn(start: Start, bkn: Bkn) -> None:
    alice, bob = start(), start()
    assert alice.shelf.begin("apim", for_s=0.0)
    assert (bob.token(), bkn.logins) == ("fake-1", [APIM])


def test_a_refused_login_gives_the_turn_back(start: Start, bkn: Bkn) -> None:
    alice, bob = start(), start()
    bkn.refuses = True
    with pytest.raises(LoginRefused):
        alice.token()
    bkn.refuses = False
    assert bob.token() == "fake-2"


def test_the_ledger_holds_no_token_and_other_credentials_cannot_read_it(start: Start, bkn: Bkn) -> None:
    alice = start()
    alice.token()
    with alice.engine.connect() as connection:
        stored = repr(connection.execute(text("SELECT * FROM tokens")).all())
    assert not [secret for secret in ("fake-1", "fake-key", "fake-secret", APIM) if secret in stored]
    assert start(secret="another").token() == "fake-2"


def test_a_row_that_somebody_changed_is_not_believed(start: Start, bkn: Bkn) -> None:
    alice = start()
    alice.token()
    with alice.engine.begin() as connection:
        connection.execute(text("UPDATE tokens SET sealed = :sealed"), {"sealed": b"x" * 40})
    assert start().token() == "fake-2"


def test_while_the_ledger_is_down_each_logs_in_for_itself(
    start: Start, bkn: Bkn, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = start()

    def down(_: Any) -> None:
        raise LedgerDown("the ledger does not answer")

    monkeypatch.setattr(alice.writer, "write", down)
    assert (alice.token(), bkn.logins) == ("fake-1", [APIM])
    assert ("apim", "not_shared") in alice.told
