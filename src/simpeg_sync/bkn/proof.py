"""Does BKN take our credentials? One login for each token; a static one is proved by one harmless read."""

from collections.abc import Mapping
from dataclasses import dataclass

from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.jwt import expiry
from simpeg_sync.bkn.tokens import Login
from simpeg_sync.domain.errors import BknAnswersBadly, BknDown, LoginRefused
from simpeg_sync.domain.outcome import TokenName
from simpeg_sync.secret import Secret


@dataclass(frozen=True, slots=True)
class Proof:
    token: TokenName
    is_static: bool
    accepted: bool | None
    """None: BKN was not reached, or its answer says nothing about the token."""
    expires_at: float | None
    """Unix seconds, as the token itself says."""
    problem: str = ""


def prove(calls: Calls, keys: Mapping[TokenName, Login | Secret], read_url: str) -> list[Proof]:
    """``read_url``: a small list that takes all tokens of the dialect. The logins come first, each once."""
    logins = [_log_in(calls, name) for name, key in keys.items() if isinstance(key, Login)]
    static = {name: key for name, key in keys.items() if isinstance(key, Secret)}
    if not static or not all(proof.accepted for proof in logins):
        why = "not tried, since another token was not to be had"
        return logins + [Proof(name, True, None, expiry(key), why) for name, key in static.items()]
    problem, accepted = "", True
    try:
        calls.found(read_url)
    except LoginRefused:
        pass  # which of the tokens it was, each says below
    except (BknDown, BknAnswersBadly) as error:
        problem, accepted = str(error), False
    return logins + [
        Proof(name, True, False, expiry(key), why)
        if (why := calls.tokens.why_refused(name))
        else Proof(name, True, accepted or None, expiry(key), problem)
        for name, key in static.items()
    ]


def _log_in(calls: Calls, name: TokenName) -> Proof:
    try:
        token = calls.tokens.get(name)
    except LoginRefused as refused:
        return Proof(name, False, False, None, str(refused))
    except BknDown as down:
        return Proof(name, False, None, None, str(down))
    return Proof(name, False, True, expiry(token))
