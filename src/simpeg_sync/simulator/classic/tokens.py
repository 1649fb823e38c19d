"""The one door of the classic dialect: an opaque token, and the Origin that BKN wants to see everywhere."""

from __future__ import annotations

import base64
import threading
import time
import uuid
from collections.abc import Callable
from urllib.parse import parse_qsl

from ..answers import Answer, Refused, of_json
from ..http import Request
from ..settings import LiveSettings
from ..store import Store
from . import answers

KIND = "classic"


class ClassicTokens:
    def __init__(self, store: Store, live: LiveSettings, count_login: Callable[[str, bool], None]) -> None:
        self._store = store
        self._live = live
        self._count_login = count_login
        self._lock = threading.Lock()
        self._expires_at = {row["token"]: row["expires_at"] for row in store.tokens() if row["kind"] == KIND}

    def give(self, request: Request) -> Answer:
        settings = self._live.now
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        client = (settings.classic_client_id, settings.classic_client_secret)
        try:
            self._check_origin(request)
        except Refused:
            self._count_login(KIND, False)
            raise
        if _basic(request) != client or form.get("client_id", client[0]) != client[0]:
            return self._refuse("invalid_client", "Bad client credentials", status=401)
        if form.get("grant_type") != "client_credentials":
            return self._refuse("unsupported_grant_type", f"Unsupported grant type: {form.get('grant_type')}")
        lifetime_s = settings.classic_lifetime_s
        token = self._issue(lifetime_s)
        return of_json(
            200,
            {"access_token": token, "token_type": "bearer", "expires_in": int(lifetime_s), "scope": "read write"},
        )

    def check(self, request: Request) -> None:
        """Raises Refused: first for the Origin, then for the token."""
        self._check_origin(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            text = "Full authentication is required to access this resource"
            raise Refused(answers.oauth_error(401, "unauthorized", text))
        token = token.strip()
        if self._expires_at.get(token, 0) <= time.time():
            raise Refused(answers.invalid_token(token, status=self._live.now.classic_dead_token_status))

    def expire(self) -> None:
        with self._lock:
            self._expire()

    def _check_origin(self, request: Request) -> None:
        wanted = self._live.now.classic_origin
        if wanted and request.headers.get("origin") != wanted:
            raise Refused(answers.oauth_error(403, "access_denied", "Invalid Origin"))

    def _issue(self, lifetime_s: float) -> str:
        token, expires_at = str(uuid.uuid4()), time.time() + lifetime_s
        with self._lock:
            if self._live.now.new_token_kills_old:
                self._expire()
            self._expires_at[token] = expires_at
            self._store.put_token(token, KIND, self._live.now.classic_client_id, expires_at=expires_at)
        self._count_login(KIND, True)
        return token

    def _expire(self) -> None:
        self._store.expire_tokens(KIND)
        self._expires_at.clear()

    def _refuse(self, error: str, description: str, *, status: int = 400) -> Answer:
        self._count_login(KIND, False)
        return answers.oauth_error(status, error, description)


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(text).decode().partition(":")
    except ValueError:
        return None
    return client, secret
