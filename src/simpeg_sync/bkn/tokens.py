"""The tokens of every call: APIM for SIASN's gateway and SSO for its user, or the one of classic SAPK. The right one is
renewed at the right answer.

One renewal at a time for all threads; a definite refusal stops the client for good, since repeating a wrong password
locks the account. Sources: bkn-api sections 1a and 1b.
"""

import base64
import re
import urllib.parse
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from simpeg_sync.bkn.classify import read, retry_after_s
from simpeg_sync.bkn.exchange import Answer, Exchange, Exchanged, NoAnswer, Request
from simpeg_sync.clock import Clock
from simpeg_sync.domain.errors import BknDown, LedgerError, LoginRefused, NotNow
from simpeg_sync.domain.outcome import TokenName
from simpeg_sync.fibers import Guard
from simpeg_sync.secret import Secret

RENEW_BEFORE_END_S = 60.0
LIFETIME_DEFAULT_S, LIFETIME_MAX_S = 600.0, 12 * 3600.0
"""When the answer does not say, or says nonsense: never a login per request, never a token for ever."""
LOGIN_GAP_S = 2.0
SHARED_LOOK_S = 0.2
"""Least time between two logins for one token: the brake on every login storm."""


@dataclass(frozen=True, slots=True)
class Login:
    """How one token is asked for."""

    url: str
    request: Callable[[], tuple[dict[str, str], bytes]]
    """Headers and form body; built only when needed, so that secrets live briefly."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A token, and how long it is good."""

    value: Secret
    good_for_s: float


class Shelf(Protocol):
    """Where processes share their tokens. Raises LedgerError; then each logs in for itself."""

    def find(self, name: TokenName) -> Shared | None: ...

    def begin(self, name: TokenName, *, for_s: float) -> bool:
        """False while another process renews this token."""
        ...

    def end(self, name: TokenName, token: Shared | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Scheme:
    """In which header each token of a dialect travels, and what every call carries beside them."""

    headers: Mapping[TokenName, tuple[str, str]]
    """Token -> (header, word before the token)."""
    always: Mapping[str, str]


@dataclass(slots=True)
class _Slot:
    login: Login | None
    value: Secret | None = None
    good_until: float = 0.0
    last_login: float = float("-inf")
    failed_at: float = float("-inf")
    failure: str = ""
    """Of the last login that failed, for the threads that waited for it."""
    refused: str = ""
    lock: Guard = field(default_factory=Guard)
    """Held during a login."""


class Tokens:
    """Thread-safe. ``on_event(token, what)`` is told of renewals and refusals, for the log."""

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        keys: Mapping[TokenName, Login | Secret],
        *,
        scheme: Scheme,
        refused: Mapping[TokenName, str] | None = None,
        deadline_s: float,
        on_event: Callable[[TokenName, str], None],
        before_login: Callable[[], None] = lambda: None,
        shelf: Shelf | None = None,
    ) -> None:
        """``refused``: why these very credentials are not tried, because BKN refused them before this start.
        ``before_login``: waits until a login may leave; raises NotNow when it may not."""
        self._before_login, self._shelf = before_login, shelf
        self._exchange, self._clock, self._deadline_s, self._on_event = exchange, clock, deadline_s, on_event
        self._scheme = scheme
        self._slots: dict[TokenName, _Slot] = {name: _slot(key) for name, key in keys.items()}
        for name, why in (refused or {}).items():
            self._slots[name].refused = why

    def headers(self, only: Collection[TokenName] | None = None) -> dict[str, str]:
        """The headers of a call, with all tokens of the dialect or ``only`` some. Raises LoginRefused, BknDown."""
        carried = {
            header: f"{word} {self.get(name).reveal()}"
            for name, (header, word) in self._scheme.headers.items()
            if only is None or name in only
        }
        return {**carried, **self._scheme.always}

    def in_headers(self, headers: Mapping[str, str], name: TokenName) -> str:
        """The token that a call with these headers carried."""
        return headers[self._scheme.headers[self._known(name)][0]].split(" ", 1)[1]

    @property
    def refusal(self) -> str:
        """Why nothing can be sent, when BKN has refused our credentials for good; else empty."""
        return next((slot.refused for slot in self._slots.values() if slot.refused), "")

    def why_refused(self, name: TokenName) -> str:
        """The same of one token."""
        return self._slots[name].refused

    def get(self, name: TokenName) -> Secret:
        slot = self._slots[name]
        asked_at = self._clock.monotonic()
        value = slot.value
        if value is not None and asked_at < slot.good_until and not slot.refused:
            return value  # without a lock: nearly every call comes this way
        with slot.lock:
            if slot.refused:
                raise LoginRefused(slot.refused)
            if slot.value is not None and self._clock.monotonic() < slot.good_until:
                return slot.value
            # A dead token server is asked once for all who wait, or the last of them would wait the sum of all limits.
            if slot.failed_at >= asked_at:
                raise BknDown(slot.failure)
            return self._renew(name, slot)

    def renew(self, name: TokenName, dead: str) -> None:
        """BKN called ``dead`` dead. Does nothing if another thread has renewed it meanwhile."""
        name = self._known(name)
        slot = self._slots[name]
        with slot.lock:
            if slot.value is None or slot.value.reveal() != dead:
                return
            if slot.login is None:
                slot.refused = f"the static {name.upper()} token is not accepted any more; put a new one into its file"
                self._on_event(name, "refused")
                raise LoginRefused(slot.refused)
            slot.value = None
            self._renew(name, slot, dead)

    def _known(self, name: TokenName) -> TokenName:
        """A dialect with one token means that one, whatever the rule that read the answer calls it."""
        return name if name in self._slots else next(iter(self._slots))

    def _renew(self, name: TokenName, slot: _Slot, dead: str = "") -> Secret:
        try:
            if self._has_shared(name, slot, dead):
                assert slot.value is not None
                return slot.value
            try:
                token = self._log_in(name, slot)
            except BaseException:
                self._share(name, None)
                raise
            self._share(name, Shared(token, slot.good_until - self._clock.monotonic()))
            return token
        except NotNow:
            raise
        except BknDown as down:
            slot.failed_at, slot.failure = self._clock.monotonic(), str(down)
            raise

    def _has_shared(self, name: TokenName, slot: _Slot, dead: str) -> bool:
        """True: another process's token is taken. False: it is our turn to log in."""
        if self._shelf is None:
            return False
        gives_up_at = self._clock.monotonic() + self._deadline_s + LOGIN_GAP_S
        try:
            while True:
                found = self._shelf.find(name)
                if found is not None and found.value.reveal() != dead:
                    slot.value, slot.good_until = found.value, self._clock.monotonic() + found.good_for_s
                    self._on_event(name, "shared")
                    return True
                # Its turn is longer than a login may take: a frozen process must not log in beside the next.
                if self._shelf.begin(name, for_s=3 * self._deadline_s + LOGIN_GAP_S):
                    return False
                if self._clock.monotonic() > gives_up_at or self._clock.sleep(SHARED_LOOK_S):
                    raise NotNow("bkn.down", f"another process renews the {name.upper()} token", LOGIN_GAP_S)
        except LedgerError:
            self._on_event(name, "not_shared")
            return False

    def _share(self, name: TokenName, token: Shared | None) -> None:
        """A token that others do not hear of costs them a login, and us nothing."""
        if self._shelf is not None:
            try:
                self._shelf.end(name, token)
            except LedgerError:
                self._on_event(name, "not_shared")

    def _log_in(self, name: TokenName, slot: _Slot) -> Secret:
        assert slot.login is not None
        gap = slot.last_login + LOGIN_GAP_S - self._clock.monotonic()
        if gap > 0 and self._clock.sleep(gap):
            raise NotNow("bkn.down", "stopping")
        self._before_login()
        answer = self._ask(slot.login)
        asked_at = slot.last_login = self._clock.monotonic()
        if isinstance(answer, NoAnswer):
            raise BknDown(f"{name.upper()} token server: {answer.kind}")
        reading = read(answer, self._clock.now())
        token = reading.fields.get("access_token")
        if answer.status == 200 and isinstance(token, str) and token:
            slot.value = Secret(token)
            slot.good_until = asked_at + _lifetime(reading.fields.get("expires_in"))
            self._on_event(name, "renewed")
            return slot.value
        if answer.status in (400, 401, 403) and reading.is_json and reading.fields.get("error"):
            slot.refused = (
                f"BKN's {name.upper()} login refused our credentials ({_word(reading.fields['error'])}); "
                "nothing is sent until they are corrected and the service is restarted"
            )
            self._on_event(name, "refused")
            raise LoginRefused(slot.refused)
        raise BknDown(f"{name.upper()} token server: http.{answer.status}", retry_after_s(reading))

    def _wait(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def _ask(self, login: Login) -> Exchanged:
        """A login that did not reach the server is safe to repeat; one that was answered is not."""
        retrying = Retrying(
            retry=retry_if_result(lambda exchanged: isinstance(exchanged, NoAnswer) and not exchanged.was_sent),
            stop=stop_after_attempt(2),
            wait=wait_random_exponential(multiplier=0.2, max=1.0),
            sleep=self._wait,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        headers, body = login.request()
        exchanged: Answer | NoAnswer = retrying(
            self._exchange.send, Request("POST", login.url, headers, body), deadline_s=self._deadline_s
        )
        return exchanged


def _slot(key: Login | Secret) -> _Slot:
    return _Slot(key) if isinstance(key, Login) else _Slot(None, key, float("inf"))


def client_credentials(url: str, key: Secret, secret: Secret) -> Login:
    """The APIM grant, in the form most integrators send: form body, HTTP Basic."""

    def request() -> tuple[dict[str, str], bytes]:
        basic = base64.b64encode(f"{key.reveal()}:{secret.reveal()}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        return headers, b"grant_type=client_credentials"

    return Login(url, request)


def sapk_credentials(url: str, client_id: Secret, secret: Secret, *, origin: str) -> Login:
    """Classic SAPK's grant: as SIASN's, with the client id in the form too and an Origin header."""
    grant = client_credentials(url, client_id, secret)

    def request() -> tuple[dict[str, str], bytes]:
        headers, _ = grant.request()
        form = {"client_id": client_id.reveal(), "grant_type": "client_credentials"}
        return {**headers, "Origin": origin}, urllib.parse.urlencode(form).encode()

    return Login(url, request)


def password_grant(url: str, client_id: str, username: Secret, password: Secret) -> Login:
    """The SSO grant of BKN's Keycloak; no client secret."""

    def request() -> tuple[dict[str, str], bytes]:
        form = {
            "client_id": client_id,
            "grant_type": "password",
            "username": username.reveal(),
            "password": password.reveal(),
        }
        return {"Content-Type": "application/x-www-form-urlencoded"}, urllib.parse.urlencode(form).encode()

    return Login(url, request)


def _word(error: object) -> str:
    """OAuth's word for what is wrong, and nothing else: who echoes what we sent must not get it into our log."""
    return error if isinstance(error, str) and re.fullmatch(r"[a-z_]{1,40}", error) else "no reason given"


def _lifetime(expires_in: object) -> float:
    try:
        seconds = float(str(expires_in))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        seconds = LIFETIME_DEFAULT_S
    return max(min(seconds, LIFETIME_MAX_S) - RENEW_BEFORE_END_S, min(seconds, 30.0))
