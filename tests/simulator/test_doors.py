"""Tokens and routes: who gets in, and what the others hear."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from simpeg_sync.simulator.control_client import ControlClient

from .caller import APIM_PATH, BASE, CONSUMER, OPERATOR, SSO_PATH, Caller
from .conftest import Someone

GRANT = {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    "sent",
    [
        {"data": GRANT, "auth": CONSUMER},
        {"json": GRANT, "auth": CONSUMER},
        {"data": {**GRANT, "client_id": CONSUMER[0], "client_secret": CONSUMER[1]}},
    ],
    ids=["form", "json", "ids in the form"],
)
def test_the_gateway_token_can_be_asked_for_in_three_forms(caller: Caller, sent: dict[str, object]) -> None:
    answer = caller.http.post(APIM_PATH, **sent)  # type: ignore[arg-type]  # the three differ in their keywords
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["scope"], body["expires_in"]) == ("Bearer", "default", 3600)
    head = json.loads(base64.urlsafe_b64decode(body["access_token"].split(".")[0] + "=="))
    assert head["alg"] == "RS256"
    assert {"x5t", "kid"} <= set(head)


def test_a_wrong_consumer_key_is_an_invalid_client(caller: Caller) -> None:
    answer = caller.http.post(APIM_PATH, data=GRANT, auth=("fake-consumer-key", "wrong"))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_another_grant_is_not_supported(caller: Caller) -> None:
    answer = caller.http.post(APIM_PATH, data={"grant_type": "password"}, auth=CONSUMER)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_the_operator_gets_a_keycloak_answer(caller: Caller) -> None:
    body = caller.http.post(SSO_PATH, data=OPERATOR).json()
    assert body["expires_in"] == 43200
    claims = json.loads(base64.urlsafe_b64decode(body["access_token"].split(".")[1] + "=="))
    assert claims["exp"] - claims["iat"] == 43200
    assert "role:siasn-instansi:peremajaan:operator" in claims["realm_access"]["roles"]


def test_a_wrong_password_is_an_invalid_grant(caller: Caller) -> None:
    answer = caller.http.post(SSO_PATH, data={**OPERATOR, "password": "wrong"})
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_grant", "error_description": "Invalid user credentials"}


def test_logins_are_counted_by_kind(caller: Caller, control: ControlClient) -> None:
    control.restart_counters()
    caller.apim_token()
    caller.sso_token()
    caller.sso_token()
    caller.http.post(SSO_PATH, data={**OPERATOR, "password": "wrong"})
    counts = control.counts()
    assert counts["logins"] == {"apim": 1, "sso": 2}
    assert counts["logins_refused"] == {"sso": 1}


def ask(caller: Caller, **headers: str) -> httpx.Response:
    return caller.http.get(f"{BASE}/pns/rw-kursus/198501012010011001", headers=headers)


def test_no_gateway_token_is_missing_credentials(caller: Caller) -> None:
    answer = ask(caller, Auth=caller.headers["Auth"])
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (
        401,
        "900902",
        "Missing Credentials",
    )


@pytest.mark.parametrize("wrong", ["Bearer nonsense", "nonsense", "Basic abc"])
def test_a_wrong_gateway_token_is_invalid_credentials(caller: Caller, wrong: str) -> None:
    answer = ask(caller, Authorization=wrong, Auth=caller.headers["Auth"])
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (
        401,
        "900901",
        "Invalid Credentials",
    )


def test_older_gateways_wrap_the_error(caller: Caller, control: ControlClient) -> None:
    control.patch_settings(wrap_gateway_errors=True)
    assert ask(caller).json()["fault"]["code"] == 900902


def test_tokens_in_each_others_header_do_not_work(caller: Caller) -> None:
    apim, sso = caller.headers["Authorization"], caller.headers["Auth"]
    assert ask(caller, Authorization=sso.replace("bearer", "Bearer"), Auth=sso).status_code == 401
    wrong_auth = ask(caller, Authorization=apim, Auth=apim)
    assert wrong_auth.json() == {"message": "invalid or expired jwt"}


@pytest.mark.parametrize("header", [{}, {"Auth": ""}, {"Auth": "no-scheme"}])
def test_a_missing_sso_token_is_a_missing_jwt(caller: Caller, header: dict[str, str]) -> None:
    answer = ask(caller, Authorization=caller.headers["Authorization"], **header)
    assert (answer.status_code, answer.json()) == (400, {"message": "missing or malformed jwt"})


def test_the_scheme_of_the_sso_header_may_be_capital(caller: Caller) -> None:
    caller.headers["Auth"] = caller.headers["Auth"].replace("bearer", "Bearer")
    assert caller.get("/pns/rw-kursus/198501012010011001").status_code == 200


def test_an_expired_sso_token_is_an_expired_jwt(caller: Caller, control: ControlClient) -> None:
    control.expire_tokens("sso")
    answer = caller.get("/pns/rw-kursus/198501012010011001")
    assert (answer.status_code, answer.json()) == (401, {"message": "invalid or expired jwt"})


def test_an_expired_gateway_token_is_invalid_credentials(caller: Caller, control: ControlClient) -> None:
    control.expire_tokens("apim")
    assert caller.get("/pns/rw-kursus/198501012010011001").json()["code"] == "900901"


def test_the_lifetime_of_a_token_is_a_setting(caller: Caller, control: ControlClient) -> None:
    control.patch_settings(apim_lifetime_s=0)
    caller.headers["Authorization"] = f"Bearer {caller.apim_token()}"
    assert caller.get("/pns/rw-kursus/198501012010011001").json()["code"] == "900901"


def test_a_new_token_leaves_the_old_one_alive_unless_set_otherwise(caller: Caller, control: ControlClient) -> None:
    caller.sso_token()
    assert caller.get("/pns/rw-kursus/198501012010011001").status_code == 200
    control.patch_settings(new_token_kills_old=True)
    caller.sso_token()
    assert caller.get("/pns/rw-kursus/198501012010011001").json() == {"message": "invalid or expired jwt"}


def test_the_token_of_a_foreign_operator_does_not_match(caller: Caller) -> None:
    foreign = caller.sso_token(username="199001012020011002")
    caller.headers["Auth"] = f"bearer {foreign}"
    answer = caller.get("/pns/rw-kursus/198501012010011001")
    assert (answer.status_code, answer.json()["data"]) == (401, "Token SSO mismatch")


def test_a_static_token_works_until_it_is_expired_without_a_warning(caller: Caller, control: ControlClient) -> None:
    control.patch_settings(static_sso_tokens=["long-lived-token-for-one-test"])
    caller.headers["Auth"] = "bearer long-lived-token-for-one-test"
    assert caller.get("/pns/rw-kursus/198501012010011001").status_code == 200
    control.expire_tokens("sso")
    assert caller.get("/pns/rw-kursus/198501012010011001").json() == {"message": "invalid or expired jwt"}


def test_a_route_that_is_not_there(caller: Caller) -> None:
    for answer in (caller.get("/no/such/route"), caller.http.get("/elsewhere")):
        assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


def test_a_wrong_method_is_not_allowed(caller: Caller) -> None:
    assert caller.get("/kursus/save").status_code == 405


def test_a_second_base_path_can_be_switched_on(caller: Caller, control: ControlClient, alice: Someone) -> None:
    path = f"/api/1.0/pns/data-utama/{alice.nip}"
    assert caller.http.get(path, headers=caller.headers).status_code == 404
    control.patch_settings(base_paths=["/apisiasn/1.0", "/api/1.0"])
    assert caller.http.get(path, headers=caller.headers).json()["data"]["id"] == alice.id


def test_every_answer_carries_a_date(caller: Caller) -> None:
    assert caller.get("/no/such/route").headers["Date"].endswith("GMT")


@pytest.mark.parametrize(
    ("form", "status", "code"), [("900901", 401, "900901"), ("900900", 401, "900900"), ("900900_500", 500, "900900")]
)
def test_the_gateway_calls_a_bad_token_by_one_of_three_names(
    caller: Caller, control: ControlClient, form: str, status: int, code: str
) -> None:
    control.patch_settings(bad_token_form=form)
    answer = ask(caller, Authorization="Bearer nonsense", Auth=caller.headers["Auth"])
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_status_of_a_bad_operator_token_is_a_setting(caller: Caller, control: ControlClient) -> None:
    control.patch_settings(expired_jwt_status=400, missing_jwt_status=401)
    apim = caller.headers["Authorization"]
    assert ask(caller, Authorization=apim, Auth="bearer nonsense").status_code == 400
    assert ask(caller, Authorization=apim).status_code == 401


def test_the_password_grant_can_be_switched_off(caller: Caller, control: ControlClient) -> None:
    control.patch_settings(sso_password_grant=False)
    answer = caller.http.post(SSO_PATH, data=OPERATOR)
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


def test_the_load_balancer_sets_its_cookie_on_a_call_without_one(caller: Caller, control: ControlClient) -> None:
    assert "Set-Cookie" not in ask(caller, **caller.headers).headers
    control.patch_settings(balancer_cookies=True)
    assert ask(caller, **caller.headers).headers["Set-Cookie"].startswith("BIGipServer")
    assert "Set-Cookie" not in ask(caller, **caller.headers, Cookie="BIGipServer~x=y").headers
