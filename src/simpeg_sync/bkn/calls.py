"""One call to BKN: tokens, pace and deadline around a single request, whichever dialect it speaks.

Only a call that proved not to have been executed is repeated here: once, after the token that BKN called dead is
renewed; and reads, which change nothing. Sources: bkn-api section 1b.
"""

import functools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from simpeg_sync.bkn.classify import (
    Content,
    NotFound,
    ReadFailed,
    Rows,
    meaning_of_download,
    meaning_of_read,
    meaning_of_write,
)
from simpeg_sync.bkn.exchange import Exchange, Exchanged, Request
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.tokens import Tokens
from simpeg_sync.clock import Clock
from simpeg_sync.decide.look import BknRow
from simpeg_sync.domain.errors import BknAnswersBadly, BknDown, LoginRefused, NotNow
from simpeg_sync.domain.outcome import Outcome, TokenName, Verdict

READ_TRIES = 2
UPLOAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Calls:
    """Thread-safe."""

    exchange: Exchange
    tokens: Tokens
    gate: Gate
    clock: Clock
    call_limit_s: float
    only_tokens: tuple[TokenName, ...] | None = None
    """The tokens that these calls carry; None: all of the dialect."""

    def about_to_write(self, *, leaves_before: Callable[[], float] | None = None) -> AbstractContextManager[None]:
        """Whatever a write may have to wait for, hours, tokens and pace, is waited for here, before its intent is stored.

        ``leaves_before``: as for the gate. Raises BknDown, LoginRefused, LedgerError.
        """
        self._headers()
        return self.gate.reserved(leaves_before=leaves_before)

    def rows(self, url: str) -> list[BknRow] | None:
        """Rows, or None when BKN says it does not know. A failed read is repeated; then raises BknDown, BknAnswersBadly."""
        found = self.found(url)
        return None if found is None else list(found.rows)

    def found(self, url: str) -> Rows | None:
        """As `rows`, with what BKN says beside them."""
        meaning = self._asked(url, meaning_of_read)
        return meaning if isinstance(meaning, Rows) else None

    def content(self, url: str, starts: tuple[bytes, ...]) -> bytes | None:
        """The bytes of a file that begins with one of ``starts``, or None when BKN has none. Raises as `rows`."""
        meaning = self._asked(url, functools.partial(meaning_of_download, starts=starts))
        return meaning.body if isinstance(meaning, Content) else None

    def _asked(
        self, url: str, meaning_of: Callable[..., Rows | Content | NotFound | ReadFailed]
    ) -> Rows | Content | NotFound:
        for _ in range(READ_TRIES):
            meaning = meaning_of(self.send("GET", url), now=self.clock.now())
            if not isinstance(meaning, ReadFailed):
                return meaning
            outcome = meaning.outcome
            if outcome.retry_after_s is not None:
                break
        if outcome.stops_all or outcome.dead_token is not None:
            raise BknDown(f"read failed: {outcome.code}", outcome.retry_after_s)
        raise BknAnswersBadly(f"read failed: {outcome.code}")

    def write(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        content_type: str | None = None,
        *,
        id_names: tuple[str, ...] = (),
    ) -> Outcome:
        return self._sent(method, url, body, content_type, id_names).outcome

    def send(self, method: str, url: str, body: bytes | None = None, content_type: str | None = None) -> Exchanged:
        """Raises BknDown and LoginRefused before anything is sent, nothing afterwards."""
        return self._sent(method, url, body, content_type).exchanged

    def _sent(
        self, method: str, url: str, body: bytes | None, content_type: str | None, id_names: tuple[str, ...] = ()
    ) -> "_Sent":
        sent = self._once(method, url, body, content_type, id_names)
        dead = sent.outcome.dead_token if sent.outcome.verdict is Verdict.NOT_EXECUTED else None
        if dead is None or (self.only_tokens is not None and dead not in self.only_tokens):
            return sent
        # 401 is turned away before the work: the one answer after which the same write may leave again.
        try:
            self.tokens.renew(dead, self.tokens.in_headers(sent.headers, dead))
            return self._once(method, url, body, content_type, id_names)
        except BknDown:
            return sent

    def _once(
        self, method: str, url: str, body: bytes | None, content_type: str | None, id_names: tuple[str, ...]
    ) -> "_Sent":
        headers = self._headers() | ({"Content-Type": content_type} if content_type else {})
        with self.gate.passage(_kind(method, body), writes=method != "GET"):
            exchanged = self.exchange.send(Request(method, url, headers, body), deadline_s=self.call_limit_s)
        outcome = meaning_of_write(exchanged, id_names=id_names, now=self.clock.now())
        self.gate.report(
            down=outcome.stops_all,
            retry_after_s=outcome.retry_after_s,
            failed_request=hash((method, url, body)) if _may_be_everybodys(outcome) else None,
        )
        return _Sent(exchanged, headers, outcome)

    def _headers(self) -> dict[str, str]:
        """A token server that is down is BKN being down: everybody waits for it together."""
        try:
            return self.tokens.headers(self.only_tokens)
        except NotNow:
            raise
        except BknDown as down:
            self.gate.report(down=True, retry_after_s=down.retry_after_s)
            raise
        except LoginRefused:
            self.gate.cancel()
            raise


@dataclass(frozen=True, slots=True)
class _Sent:
    exchanged: Exchanged
    headers: Mapping[str, str]
    outcome: Outcome
    """What the exchange would mean of a write."""


def _kind(method: str, body: bytes | None) -> str:
    """Calls that take about the same time: an upload is no measure for a read."""
    return "upload" if body is not None and len(body) > UPLOAD_BYTES else method


def _may_be_everybodys(outcome: Outcome) -> bool:
    """A server error, or being turned away: the fault of this request, or of all of them."""
    if outcome.stops_all or outcome.dead_token is not None:
        return False
    is_turned_away = outcome.verdict is Verdict.NOT_EXECUTED and outcome.http_status in (403, 404)
    return is_turned_away or (outcome.http_status or 0) >= 500
