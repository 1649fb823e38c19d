"""A valid token is everybody's who works on the ledger, so that two workers do not each log in.

It lies there encrypted, with a key that is derived from the credentials themselves: who may read it could log in as well, and
nobody else can. All credentials of the dialect go into the key, since a password alone could be guessed.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from simpeg_sync.bkn.tokens import LIFETIME_MAX_S, Login, Shared
from simpeg_sync.domain.outcome import TokenName
from simpeg_sync.secret import Secret

KEY_BYTES, NONCE_BYTES = 32, 12


class TokenStore(Protocol):
    """The ledger's table of tokens. Raises LedgerDown, LedgerUnfit."""

    def find(self, login: str) -> tuple[bytes, float] | None:
        """Only a token that is still good, and for how many seconds."""
        ...

    def begin(self, login: str, *, for_s: float) -> bool:
        """True: nobody else renews it, and nobody will so long. False: another process does."""
        ...

    def end(self, login: str, sealed: bytes | None, good_for_s: float = 0.0) -> None:
        """With the new token, or None when there is none."""
        ...


class TokenShelf:
    """Implements bkn.tokens.Shelf. Thread-safe."""

    def __init__(self, store: TokenStore, keys: Mapping[TokenName, Login | Secret]) -> None:
        self._store = store
        content = _content(keys)
        self._logins = {name: _derived(content, f"login {name}").hex() for name in keys}
        self._ciphers = {name: AESGCM(_derived(content, f"token {name}")) for name in keys}

    def find(self, name: TokenName) -> Shared | None:
        found = self._store.find(self._logins[name])
        if found is None:
            return None
        sealed, good_for_s = found
        nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            token = self._ciphers[name].decrypt(nonce, content, self._logins[name].encode())
        except (InvalidTag, ValueError):
            return None  # somebody has changed the row; a login makes a new one
        return Shared(Secret(token.decode()), min(good_for_s, LIFETIME_MAX_S))

    def begin(self, name: TokenName, *, for_s: float) -> bool:
        return self._store.begin(self._logins[name], for_s=for_s)

    def end(self, name: TokenName, token: Shared | None) -> None:
        if token is None:
            self._store.end(self._logins[name], None)
            return
        nonce = secrets.token_bytes(NONCE_BYTES)
        content = self._ciphers[name].encrypt(nonce, token.value.reveal().encode(), self._logins[name].encode())
        self._store.end(self._logins[name], nonce + content, token.good_for_s)


def _content(keys: Mapping[TokenName, Login | Secret]) -> bytes:
    """All that is sent to log in, the addresses included: another server's token is another token."""
    parts: list[str] = []
    for name, key in sorted(keys.items()):
        if isinstance(key, Secret):
            parts += [name, key.reveal()]
        else:
            headers, body = key.request()
            parts += [name, key.url, json.dumps(headers, sort_keys=True), body.decode()]
    return json.dumps(parts).encode()


def _derived(content: bytes, purpose: str) -> bytes:
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=f"simpeg-sync {purpose}".encode()).derive(content)
