"""Credentials that BKN refused for good are not tried again, also not by the next process: repeating locks the account.

What is kept is a salted hash of the credentials, never a secret. Other credentials have another hash and are tried.
"""

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from simpeg_sync.bkn.tokens import Login
from simpeg_sync.clock import Clock
from simpeg_sync.domain.outcome import TokenName
from simpeg_sync.secret import Secret

NOTE = "bkn.refused_credentials."
LIFTED_BY = "correct the credential files and restart, or try them once more with `simpeg-sync token renew`"

Keys = Mapping[TokenName, Login | Secret]


class Notes(Protocol):
    """The ledger's small notes."""

    def note(self, name: str) -> str | None: ...

    def set_note(self, name: str, value: str) -> None: ...


class Refusals:
    """One note a token, so that two tokens refused at the same moment do not overwrite each other.

    Raises what the notes raise: LedgerDown, LedgerUnfit.
    """

    def __init__(self, notes: Notes, clock: Clock) -> None:
        self._notes, self._clock = notes, clock

    def standing(self, keys: Keys) -> dict[TokenName, str]:
        """The tokens whose credentials, exactly as they are now, BKN has refused; and a sentence for each."""
        entries = {name: self._entry(name) for name in keys}
        return {name: _sentence(entry) for name, entry in entries.items() if entry and _is_for(entry, keys[name])}

    def remember(self, name: TokenName, key: Login | Secret, why: str) -> None:
        """``why``: in words without secrets, for whoever asks later."""
        salt = secrets.token_bytes(16)
        entry = {"salt": salt.hex(), "hash": _hash(key, salt), "at": self._clock.now(), "why": why}
        self._notes.set_note(NOTE + name, json.dumps(entry))

    def forget(self, name: TokenName) -> None:
        """BKN has accepted the token's credentials."""
        if self._entry(name):
            self._notes.set_note(NOTE + name, "")

    def _entry(self, name: TokenName) -> Mapping[str, Any]:
        return dict(json.loads(self._notes.note(NOTE + name) or "{}"))


def _is_for(entry: Mapping[str, Any], key: Login | Secret) -> bool:
    return bool(entry["hash"] == _hash(key, bytes.fromhex(entry["salt"])))


def _hash(key: Login | Secret, salt: bytes) -> str:
    """Of everything that is sent to log in, the address included: another server has not refused anything yet."""
    if isinstance(key, Secret):
        content = [key.reveal().encode()]
    else:
        headers, body = key.request()
        content = [key.url.encode(), json.dumps(headers, sort_keys=True).encode(), body]
    return hashlib.blake2b(b"\0".join(content), key=salt, digest_size=16).hexdigest()


def _sentence(entry: Mapping[str, Any]) -> str:
    at = dt.datetime.fromtimestamp(entry["at"], dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{entry['why']} on {at}; they are not tried again: {LIFTED_BY}"
