"""Refused credentials are remembered by a salted hash, and only those very credentials."""

import base64
import json
from dataclasses import dataclass, field

import pytest

from simpeg_sync.bkn.jwt import expiry
from simpeg_sync.bkn.refusals import NOTE, Refusals
from simpeg_sync.bkn.siasn import SCHEME
from simpeg_sync.bkn.tokens import Login, Tokens, client_credentials, password_grant
from simpeg_sync.domain.errors import LoginRefused
from simpeg_sync.domain.outcome import TokenName
from simpeg_sync.secret import Secret

from .test_tokens import SECRETS, Time, TokenServer, always

Keys = dict[TokenName, Login | Secret]


@dataclass(slots=True)
class Notes:
    """The ledger's notes, in memory."""

    kept: dict[str, str] = field(default_factory=dict)

    def note(self, name: str) -> str | None:
        return self.kept.get(name)

    def set_note(self, name: str, value: str) -> None:
        self.kept[name] = value


def keys(password: str = "fake-password", *, url: str = "http://bkn.invalid/sso", static: str = "") -> Keys:
    sso = Secret(static) if static else password_grant(url, "fake-client", Secret("fake-operator"), Secret(password))
    return {
        "apim": client_credentials("http://bkn.invalid/apim", Secret("fake-key"), Secret("fake-secret")),
        "sso": sso,
    }


@pytest.fixture
def notes() -> Notes:
    return Notes()


def refusals(notes: Notes) -> Refusals:
    return Refusals(notes, Time())


@pytest.mark.parametrize("refused", [keys(), keys(static="fake-static-sso")], ids=["login", "static token"])
def test_the_same_credentials_stand_refused_after_a_restart_and_say_what_lifts_it(notes: Notes, refused: Keys) -> None:
    refusals(notes).remember("sso", refused["sso"], "BKN's SSO login refused our credentials (invalid_grant)")
    found = refusals(notes).standing(refused)
    assert set(found) == {"sso"}
    assert found["sso"] == (
        "BKN's SSO login refused our credentials (invalid_grant) on 1970-01-01 00:16 UTC; they are not tried again: "
        "correct the credential files and restart, or try them once more with `simpeg-sync token renew`"
    )


@pytest.mark.parametrize(
    "others", [keys("another"), keys(url="http://bkn.invalid/training"), keys(static="fake-static-sso")]
)
def test_other_credentials_or_another_server_are_tried(notes: Notes, others: Keys) -> None:
    refusals(notes).remember("sso", keys()["sso"], "no")
    assert refusals(notes).standing(others) == {}
    assert set(refusals(notes).standing(keys())) == {"sso"}


def test_what_bkn_accepts_is_no_longer_refused_and_each_token_has_a_note_of_its_own(notes: Notes) -> None:
    for name in ("apim", "sso"):
        refusals(notes).remember(name, keys()[name], "no")
    refusals(notes).forget("sso")
    assert set(refusals(notes).standing(keys())) == {"apim"}
    refusals(notes).forget("sso")


def test_the_note_holds_no_secret_and_no_two_are_alike(notes: Notes) -> None:
    seen = set()
    for _ in range(3):
        refusals(notes).remember("sso", keys()["sso"], "no")
        seen.add(json.loads(notes.kept[f"{NOTE}sso"])["hash"])
    assert len(seen) == 3
    assert [secret for secret in SECRETS if secret in str(notes.kept)] == []


def test_tokens_that_were_refused_before_this_start_are_not_asked_for() -> None:
    server = TokenServer(always(401, b'{"error":"invalid_grant"}'))
    tokens = Tokens(
        server, Time(), keys(), scheme=SCHEME, refused={"sso": "no"}, deadline_s=1.0, on_event=lambda *_: None
    )
    with pytest.raises(LoginRefused, match="no"):
        tokens.get("sso")
    assert (tokens.refusal, tokens.why_refused("sso"), tokens.why_refused("apim")) == ("no", "no", "")
    assert server.logins == []


ODD_CLAIMS: list[object] = [
    {}, [], {"exp": "soon"}, {"exp": True}, {"exp": -1}, {"exp": 1e300}, {"exp": None}, {"exp": float("nan")},
]  # fmt: skip


def jwt(claims: object) -> Secret:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return Secret(f"e30.{middle}.sig")


@pytest.mark.parametrize("claims", [{"exp": 1_800_000_000}, {"exp": 1.8e9, "nama": "Café"}])
def test_a_jwt_says_when_it_ends(claims: object) -> None:
    assert expiry(jwt(claims)) == 1_800_000_000


@pytest.mark.parametrize(
    "token",
    [
        *[jwt(claims) for claims in ODD_CLAIMS],
        *[Secret(text) for text in ("opaque", "a.b.c", "..", "a.é.c", "a.bm90IGpzb24.c", "a.b.c.d")],
    ],
)
def test_any_other_token_says_nothing_of_its_end(token: Secret) -> None:
    assert expiry(token) is None
