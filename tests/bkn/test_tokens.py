"""The two tokens: the right one renewed at the right answer, one login for all, and none that locks an account.

Sources: bkn-api section 1b, fault matrix rows 62 to 67.
"""

import json
import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from simpeg_sync.bkn import siasn
from simpeg_sync.bkn.exchange import Answer, Exchanged, NoAnswer, Request
from simpeg_sync.bkn.httpx_exchange import HttpxExchange
from simpeg_sync.bkn.tokens import (
    LIFETIME_DEFAULT_S,
    LIFETIME_MAX_S,
    LOGIN_GAP_S,
    RENEW_BEFORE_END_S,
    Login,
    Tokens,
    client_credentials,
    password_grant,
)
from simpeg_sync.clock import Clock
from simpeg_sync.domain.errors import BknDown, LoginRefused
from simpeg_sync.domain.outcome import TokenName
from simpeg_sync.secret import Secret
from simpeg_sync.simulator.process import Simulator

from .conftest import apim_login, sso_login
from .peers import until

APIM, SSO = "http://bkn.invalid/apim", "http://bkn.invalid/sso"
SECRETS = ("fake-key", "fake-secret", "fake-operator", "fake-password", "fake-static-sso")


@dataclass
class Time(Clock):
    """Passes only when somebody sleeps or a test says so."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.at

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> bool:
        self.slept.append(seconds)
        self.at += max(0.0, seconds)
        return self.stop.is_set()


class CountingClock(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        with self._lock:
            self.asked += 1
        return super().monotonic()


class TokenServer:
    """An Exchange: both token servers, answering as the test says. Each token is the number of its login."""

    def __init__(self, answer: Callable[[int], Exchanged] | None = None) -> None:
        self._answer = answer or granted()
        self._lock = threading.Lock()
        self.logins: list[str] = []
        self.bodies: list[bytes] = []

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        with self._lock:
            self.logins.append(request.url)
            self.bodies.append(request.body or b"")
            number = len(self.logins)
        return self._answer(number)

    def close(self) -> None: ...


def granted(**more: Any) -> Callable[[int], Exchanged]:
    fields = {"expires_in": 3600, **more}
    return lambda number: Answer(200, {}, json.dumps({"access_token": f"token-{number}", **fields}).encode())


def always(status: int, body: bytes, **headers: str) -> Callable[[int], Exchanged]:
    return lambda _: Answer(status, headers, body)


def tokens_of(
    server: TokenServer, clock: Clock | None = None, *, sso: Login | Secret | None = None, told: list[Any] | None = None
) -> Tokens:
    return Tokens(
        server,
        clock or Time(),
        {
            "apim": client_credentials(APIM, Secret("fake-key"), Secret("fake-secret")),
            "sso": sso or password_grant(SSO, "fake-client", Secret("fake-operator"), Secret("fake-password")),
        },
        scheme=siasn.SCHEME,
        deadline_s=1.0,
        on_event=lambda token, what: (told if told is not None else []).append((token, what)),
    )


# ------------------------------------------------------------------------------------------------------------ renewal


def test_both_tokens_are_fetched_once_and_used_again() -> None:
    server = TokenServer()
    tokens = tokens_of(server)
    first = tokens.headers()
    assert first == tokens.headers()
    assert (first["Authorization"], first["Auth"]) == ("Bearer token-1", "bearer token-2")
    assert server.logins == [APIM, SSO]


@pytest.mark.parametrize(("dead", "url"), [("apim", APIM), ("sso", SSO)])
def test_only_the_token_that_bkn_called_dead_is_renewed(dead: TokenName, url: str) -> None:
    server, told = TokenServer(), list[Any]()
    tokens = tokens_of(server, told=told)
    before = {name: tokens.get(name).reveal() for name in ("apim", "sso")}
    told.clear()
    tokens.renew(dead, before[dead])
    assert server.logins[2:] == [url]
    assert told == [(dead, "renewed")]
    other: TokenName = "sso" if dead == "apim" else "apim"
    assert tokens.get(other).reveal() == before[other]
    assert tokens.get(dead).reveal() != before[dead]


def test_to_renew_a_token_that_is_replaced_already_does_nothing() -> None:
    server = TokenServer()
    tokens = tokens_of(server)
    old = tokens.get("apim").reveal()
    tokens.renew("apim", old)
    tokens.renew("apim", old)
    tokens.renew("apim", "never ours")
    assert len(server.logins) == 2


def test_sixteen_threads_that_need_a_token_log_in_once() -> None:
    """Row 66: a new token may kill the old one, so two logins at once would be a fight."""
    begun, over = threading.Event(), threading.Event()

    def slow(number: int) -> Exchanged:
        begun.set()
        over.wait(5)
        return granted()(number)

    server = TokenServer(slow)
    tokens = tokens_of(server, Clock())
    with ThreadPoolExecutor(16) as threads:
        asked = [threads.submit(lambda: tokens.get("apim").reveal()) for _ in range(16)]
        assert begun.wait(5)
        over.set()
        assert {done.result(timeout=5) for done in asked} == {"token-1"}
    assert len(server.logins) == 1


def test_sixteen_threads_whose_token_died_renew_it_once() -> None:
    server = TokenServer()
    tokens = tokens_of(server)
    dead, start = tokens.get("apim").reveal(), threading.Barrier(16)

    def call() -> str:
        start.wait(5)
        tokens.renew("apim", dead)
        return tokens.get("apim").reveal()

    with ThreadPoolExecutor(16) as threads:
        assert {done.result() for done in [threads.submit(call) for _ in range(16)]} == {"token-2"}
    assert len(server.logins) == 2


def test_logins_never_follow_each_other_faster_than_the_brake() -> None:
    """A BKN that calls every token dead at once must not make us a login storm."""
    server, time = TokenServer(), Time()
    tokens = tokens_of(server, time)
    begun = time.at
    for _ in range(20):
        tokens.renew("apim", tokens.get("apim").reveal())
    assert len(server.logins) == 21
    assert time.at - begun >= 20 * LOGIN_GAP_S


def test_a_stop_ends_the_wait_of_the_brake_without_a_login() -> None:
    server, time = TokenServer(), Time()
    tokens = tokens_of(server, time)
    dead = tokens.get("apim").reveal()
    time.stop.set()
    with pytest.raises(BknDown, match="stopping"):
        tokens.renew("apim", dead)
    assert len(server.logins) == 1


# ----------------------------------------------------------------------------------------------------------- lifetime


@pytest.mark.parametrize(
    ("expires_in", "lasts_s"),
    [
        (3600, 3600 - RENEW_BEFORE_END_S),
        ("3600", 3600 - RENEW_BEFORE_END_S),
        (43200, 43200 - RENEW_BEFORE_END_S),
        (10**9, LIFETIME_MAX_S - RENEW_BEFORE_END_S),
        (10**400, LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S),
        (45, 30.0),
        ("soon", LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S),
        ("[" * 100_000, LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S),
        ([3600], LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S),
        (float("nan"), LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S),
        (float("inf"), LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S),
        (0, LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S),
        (-1, LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S),
        (None, LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S),
        (True, LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_token_is_renewed_before_its_end_and_never_a_login_a_request(expires_in: object, lasts_s: float) -> None:
    """Row 65: whatever expires_in says, the lifetime stays between a login per request and a token for ever."""
    server, time = TokenServer(granted(expires_in=expires_in)), Time()
    tokens = tokens_of(server, time)
    tokens.get("apim")
    time.at += lasts_s - 1
    tokens.get("apim")
    assert len(server.logins) == 1
    time.at += 2
    tokens.get("apim")
    assert len(server.logins) == 2


def test_a_missing_lifetime_is_a_short_one() -> None:
    server, time = TokenServer(always(200, b'{"access_token": "t"}')), Time()
    tokens = tokens_of(server, time)
    tokens.get("apim")
    time.at += LIFETIME_DEFAULT_S - RENEW_BEFORE_END_S - 1
    tokens.get("apim")
    assert len(server.logins) == 1


# ------------------------------------------------------------------------------------------------------------ refusal


@pytest.mark.parametrize(
    ("status", "error"), [(401, "invalid_grant"), (400, "invalid_grant"), (401, "invalid_client"), (403, "x")]
)
def test_a_refused_login_is_the_last_one(status: int, error: str) -> None:
    """Row 64: each further try with a wrong password brings the account nearer to its lock."""
    server, time, told = TokenServer(always(status, json.dumps({"error": error}).encode())), Time(), list[Any]()
    tokens = tokens_of(server, time, told=told)
    for _ in range(5):
        with pytest.raises(LoginRefused):
            tokens.get("sso")
        tokens.renew("sso", "whatever")
        time.at += 3600
    assert (len(server.logins), told) == (1, [("sso", "refused")])


def test_one_refused_login_leaves_the_other_token_alone() -> None:
    def answer(number: int) -> Exchanged:
        return (
            granted()(number) if server.logins[number - 1] == APIM else Answer(401, {}, b'{"error": "invalid_grant"}')
        )

    server = TokenServer(answer)
    tokens = tokens_of(server)
    assert tokens.get("apim").reveal() == "token-1"
    with pytest.raises(LoginRefused, match="SSO"):
        tokens.headers()
    assert tokens.get("apim").reveal() == "token-1"


def test_a_static_sso_token_is_used_as_it_is_and_never_logged_in_for() -> None:
    server, time = TokenServer(), Time()
    tokens = tokens_of(server, time, sso=Secret("fake-static-sso"))
    time.at += 10**8
    assert tokens.headers()["Auth"] == "bearer fake-static-sso"
    assert server.logins == [APIM]


def test_a_dead_static_token_stops_the_client_and_says_what_to_do() -> None:
    server, told = TokenServer(), list[Any]()
    tokens = tokens_of(server, sso=Secret("fake-static-sso"), told=told)
    with pytest.raises(LoginRefused, match=r"static SSO token .* put a new one"):
        tokens.renew("sso", "fake-static-sso")
    with pytest.raises(LoginRefused):
        tokens.headers()
    assert ("sso", "refused") in told
    assert SSO not in server.logins


# ----------------------------------------------------------------------------------------------------- a server down


@pytest.mark.parametrize(
    "answer",
    [
        always(200, b"<html>pemeliharaan</html>"),
        always(200, b"{}"),
        always(200, b'{"access_token": ""}'),
        always(200, b'{"access_token": 7}'),
        always(200, b'{"access_token": "half'),
        always(200, b"[]"),
        always(401, b"<html>"),
        always(403, b""),
        always(429, b"{}"),
        always(500, b'{"error": "unknown_error"}'),
        always(503, b""),
        always(302, b""),
        lambda _: NoAnswer(True, "deadline"),
    ],
)
def test_a_token_server_that_is_not_well_is_asked_again_later_but_not_at_once(
    answer: Callable[[int], Exchanged],
) -> None:
    server, time = TokenServer(answer), Time()
    tokens = tokens_of(server, time)
    with pytest.raises(BknDown):
        tokens.get("apim")
    assert len(server.logins) == 1
    begun, time.at = time.at, time.at + 0.1
    with pytest.raises(BknDown):
        tokens.get("apim")
    assert len(server.logins) == 2
    assert time.at - begun >= LOGIN_GAP_S


def test_a_token_server_that_says_when_is_asked_then() -> None:
    tokens = tokens_of(TokenServer(always(503, b"", **{"retry-after": "90"})))
    with pytest.raises(BknDown) as down:
        tokens.get("apim")
    assert down.value.retry_after_s == 90.0


def test_a_login_that_never_left_is_tried_twice_one_that_may_have_arrived_only_once() -> None:
    unsent = TokenServer(lambda _: NoAnswer(False, "refused"))
    with pytest.raises(BknDown, match="refused"):
        tokens_of(unsent).get("apim")
    uncertain = TokenServer(lambda _: NoAnswer(True, "reset"))
    with pytest.raises(BknDown, match="reset"):
        tokens_of(uncertain).get("apim")
    assert (len(unsent.logins), len(uncertain.logins)) == (2, 1)


def test_a_dead_token_server_is_asked_once_for_all_who_wait() -> None:
    """Else the last of sixteen threads waits sixteen deadlines and sixteen brakes."""
    begun, over = threading.Event(), threading.Event()

    def silent(_: int) -> Exchanged:
        begun.set()
        over.wait(5)
        return NoAnswer(True, "deadline")

    server, clock = TokenServer(silent), CountingClock()
    tokens = tokens_of(server, clock)
    with ThreadPoolExecutor(16) as threads:
        first = threads.submit(tokens.get, "apim")
        assert begun.wait(5)
        asked = clock.asked
        others = [threads.submit(tokens.get, "apim") for _ in range(15)]
        until(lambda: clock.asked == asked + 15)  # each has noted when it asked; the lock comes next
        over.set()
        for done in (first, *others):
            with pytest.raises(BknDown):
                done.result(timeout=3)
    assert len(server.logins) == 1


# ------------------------------------------------------------------------------------------------------------ secrecy


def test_no_secret_shows_in_what_is_printed_logged_or_raised(caplog: pytest.LogCaptureFixture) -> None:
    """Even a server that echoes the password in its refusal does not get it into our log."""
    caplog.set_level(logging.DEBUG)
    echo = always(401, b'{"error": "bad password fake-password", "error_description": "fake-password"}')
    shown: list[str] = []
    for answer in (granted(), echo, always(500, b"fake-password"), lambda _: NoAnswer(True, "reset")):
        tokens = tokens_of(TokenServer(answer), told=shown)
        try:
            tokens.headers()
        except (BknDown, LoginRefused) as error:
            shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
        shown += [repr(tokens), str(vars(tokens))]
    shown.append(repr(Secret("fake-static-sso")) + str(Secret("fake-static-sso")))
    text = " ".join(str(item) for item in (*shown, caplog.text))
    assert not [word for word in (*SECRETS, "token-1", "token-2") if word in text]


def test_the_password_reaches_the_form_whatever_letters_it_has() -> None:
    server = TokenServer()
    odd = "p&ss=w+rd %20 \u00e9"
    tokens_of(server, sso=password_grant(SSO, "c", Secret("199001012020011001"), Secret(odd))).get("sso")
    assert b"password=p%26ss%3Dw%2Brd+%2520+%C3%A9" in server.bodies[0]


# ------------------------------------------------------------------------------------------------------ the simulator


def simulated(sim: Simulator, exchange: HttpxExchange, clock: Clock, *, sso: Login | Secret | None = None) -> Tokens:
    return Tokens(
        exchange,
        clock,
        {"apim": apim_login(sim), "sso": sso or sso_login(sim)},
        scheme=siasn.SCHEME,
        deadline_s=2.0,
        on_event=lambda token, what: None,
    )


def test_the_simulated_bkn_hands_out_both_tokens(sim: Simulator, exchange: HttpxExchange, clock: Clock) -> None:
    headers = simulated(sim, exchange, clock).headers()
    assert headers["Authorization"].startswith("Bearer ")
    assert headers["Auth"].startswith("bearer ")
    assert sum(sim.control.counts()["logins"].values()) == 2


def test_a_wrong_password_is_tried_once_at_the_simulated_bkn(
    sim: Simulator, exchange: HttpxExchange, clock: Clock
) -> None:
    tokens = simulated(sim, exchange, clock, sso=sso_login(sim, password="fake-wrong"))
    for _ in range(3):
        with pytest.raises(LoginRefused, match="invalid_grant"):
            tokens.headers()
    assert sum(sim.control.counts()["logins_refused"].values()) == 1


def test_an_outage_of_the_token_servers_is_no_refusal(sim: Simulator, exchange: HttpxExchange, clock: Clock) -> None:
    sim.control.outage("503", tokens=True)
    tokens = simulated(sim, exchange, clock)
    with pytest.raises(BknDown):
        tokens.get("apim")
    sim.control.outage("off")
    assert tokens.get("apim").reveal()
