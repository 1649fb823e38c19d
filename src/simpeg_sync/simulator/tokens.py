"""The two doors: the gateway's token (APIM) and the operator's (SSO), and what wrong ones get."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from . import answers
from .answers import Answer, Refused
from .http import Request
from .settings import LiveSettings, Settings
from .store import Store

APIM_PATH = "/oauth2/token"
SSO_PATH = "/auth/realms/public-siasn/protocol/openid-connect/token"

_ROLES = ["role:manajemen-ws:developer", "role:siasn-instansi:peremajaan:operator"]


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    user: str
    expires_at: float


class Tokens:
    def __init__(self, store: Store, live: LiveSettings, count_login: Callable[[str, bool], None]) -> None:
        self._store = store
        self._live = live
        self._count_login = count_login
        self._lock = threading.Lock()
        # Every call asks twice, so the tokens are kept here as well; the store is there for the next start.
        self._known = {row["token"]: Token(row["kind"], row["user"], row["expires_at"]) for row in store.tokens()}

    def give_apim(self, request: Request) -> Answer:
        form = _form(request)
        settings = self._live.now
        user = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        if user != (settings.consumer_key, settings.consumer_secret):
            return self._refuse("apim", 401, "invalid_client", "Client Authentication failed.")
        if form.get("grant_type") != "client_credentials":
            return self._refuse("apim", 400, "unsupported_grant_type", "Unsupported grant_type value")
        lifetime_s = settings.apim_lifetime_s
        token = self._issue("apim", settings.consumer_key, lifetime_s)
        return answers.of_json(
            200,
            {
                "access_token": token,
                "scope": "default",
                "token_type": "Bearer",
                "expires_in": int(lifetime_s),
            },
        )

    def give_sso(self, request: Request) -> Answer:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        settings = self._live.now
        if form.get("client_id") != settings.sso_client_id:
            return self._refuse("sso", 401, "invalid_client", "Invalid client or Invalid client credentials")
        if form.get("grant_type") != "password":
            return self._refuse("sso", 400, "unsupported_grant_type", "Unsupported grant_type")
        if not settings.sso_password_grant:
            return self._refuse("sso", 400, "unauthorized_client", "Client not allowed for direct access grants")
        users = (settings.sso_username, settings.foreign_sso_username)
        if form.get("username") not in users or form.get("password") != settings.sso_password:
            return self._refuse("sso", 401, "invalid_grant", "Invalid user credentials")
        return answers.of_json(200, self._keycloak(form["username"], settings))

    def check(self, request: Request) -> None:
        """Raises Refused with what the gateway, then the backend, says to a bad pair of tokens."""
        self.check_gateway(request)
        self.check_backend(request)

    def check_gateway(self, request: Request) -> None:
        settings = self._live.now
        given = request.headers.get("authorization")
        if given is None:
            raise Refused(answers.missing_credentials(wrapped=settings.wrap_gateway_errors))
        if self._valid("apim", _bearer(given)) is None:
            raise Refused(_bad_token(settings))

    def check_backend(self, request: Request) -> None:
        settings = self._live.now
        given = _bearer(request.headers.get("auth", ""))
        if not given:
            raise Refused(answers.missing_jwt(settings.missing_jwt_status))
        token = self._valid("sso", given)
        if token is None and not self._is_static(given, settings):
            raise Refused(answers.expired_jwt(settings.expired_jwt_status))
        if token is not None and token.user == settings.foreign_sso_username:
            raise Refused(answers.sso_mismatch(settings.mismatch_status))

    def expire(self, which: str) -> None:
        """Also ends the static tokens of now when SSO is meant; BKN does that without a warning."""
        with self._lock:
            for kind in ("apim", "sso") if which == "all" else (which,):
                if kind == "sso":
                    for static in self._live.now.static_sso_tokens:
                        self._remember(static, Token("sso", "static", 0))
                self._expire_kind(kind)

    def _expire_kind(self, kind: str) -> None:
        self._store.expire_tokens(kind)
        for text, token in self._known.items():
            if token.kind == kind:
                self._known[text] = Token(kind, token.user, 0)

    def _issue(self, kind: str, user: str, lifetime_s: float) -> str:
        now = time.time()
        token = _jwt(user, now, lifetime_s)
        with self._lock:
            if self._live.now.new_token_kills_old:
                self._expire_kind(kind)
            self._remember(token, Token(kind, user, now + lifetime_s))
        self._count_login(kind, True)
        return token

    def _remember(self, text: str, token: Token) -> None:
        self._known[text] = token
        self._store.put_token(text, token.kind, token.user, expires_at=token.expires_at)

    def _keycloak(self, user: str, settings: Settings) -> dict[str, object]:
        lifetime_s = settings.sso_lifetime_s
        return {
            "access_token": self._issue("sso", user, lifetime_s),
            "expires_in": int(lifetime_s),
            "refresh_expires_in": int(lifetime_s),
            "refresh_token": _jwt(user, time.time(), lifetime_s),
            "token_type": "Bearer",
            "not-before-policy": 0,
            "session_state": secrets.token_hex(16),
            "scope": "email profile",
        }

    def _refuse(self, kind: str, status: int, error: str, description: str) -> Answer:
        self._count_login(kind, False)
        return answers.oauth_error(status, error, description)

    def _valid(self, kind: str, text: str) -> Token | None:
        token = self._known.get(text)
        return token if token and token.kind == kind and token.expires_at > time.time() else None

    def _is_static(self, text: str, settings: Settings) -> bool:
        return text in settings.static_sso_tokens and text not in self._known


def _bad_token(settings: Settings) -> Answer:
    wrapped = settings.wrap_gateway_errors
    match settings.bad_token_form:
        case "900900":
            return answers.authentication_failure(401, wrapped=wrapped)
        case "900900_500":
            return answers.authentication_failure(500, wrapped=wrapped)
        case _:
            return answers.invalid_credentials(wrapped=wrapped)


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(text).decode().partition(":")
    except ValueError:
        return ("", "")
    return (user, password)


def _form(request: Request) -> dict[str, str]:
    """Some integrators send the grant as JSON and run in production that way."""
    if "json" in request.headers.get("content-type", ""):
        try:
            given = json.loads(request.body)
        except ValueError:
            return {}
        return {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))


def _jwt(user: str, now: float, lifetime_s: float) -> str:
    """Looks like RS256; nobody can check the signature, as with BKN's own."""
    head = {"x5t": "ZmFrZS1jZXJ0aWZpY2F0ZQ", "kid": "fake-key-of-the-simulator", "typ": "JWT", "alg": "RS256"}
    claims = {
        "sub": user,
        "iat": int(now),
        "exp": int(now + lifetime_s),
        "jti": secrets.token_hex(16),
        "realm_access": {"roles": _ROLES},
    }
    parts = [json.dumps(head).encode(), json.dumps(claims).encode(), secrets.token_bytes(64)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
