"""Each way to fail: what the client sees, and whether the effect happened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpx
import pytest

from simpeg_sync.simulator.control_client import ControlClient, ControlRefused
from simpeg_sync.simulator.misbehaviour import BEHAVIOURS
from simpeg_sync.simulator.process import Simulator

from .caller import BASE, Caller, kursus, until
from .conftest import Someone

SAVE = {"method": "POST", "path": "/kursus/save$"}


@contextmanager
def fault(control: ControlClient, do: str, *, match: dict[str, str] | None = None, **args: Any) -> Iterator[None]:
    """The fault, and the proof that it happened exactly once."""
    fault_id = control.add_fault(do, match=match or SAVE, args=args)
    yield
    assert control.hits(fault_id) == 1
    assert control.calls()[-1]["fault"] == do


def rows(control: ControlClient, person: Someone) -> int:
    return len(control.rows(nip=person.nip))


def test_reset_before_leaves_no_effect(caller: Caller, control: ControlClient, alice: Someone) -> None:
    with fault(control, "reset_before"), pytest.raises(httpx.ReadError):
        caller.save("kursus", kursus(alice.id))
    assert rows(control, alice) == 0
    assert caller.save("kursus", kursus(alice.id)).json()["success"] is True


def test_reset_after_commit_keeps_the_effect(caller: Caller, control: ControlClient, alice: Someone) -> None:
    with fault(control, "reset_after_commit"), pytest.raises(httpx.ReadError):
        caller.save("kursus", kursus(alice.id))
    assert rows(control, alice) == 1
    assert control.calls()[-1]["was_effect"] is True


@pytest.mark.parametrize(("do", "effects"), [("silence_before", 0), ("silence_after_commit", 1)])
def test_silence_lasts_until_the_client_gives_up(
    caller: Caller, control: ControlClient, alice: Someone, do: str, effects: int
) -> None:
    control.add_fault(do, match=SAVE, args={"seconds": 30})
    with pytest.raises(httpx.ReadTimeout):
        caller.http.post(f"{BASE}/kursus/save", json=kursus(alice.id), headers=caller.headers, timeout=0.2)
    until(lambda: control.counts()["in_flight"] == 0)
    assert rows(control, alice) == effects


@pytest.mark.parametrize(("do", "effects"), [("silence_before", 0), ("silence_after_commit", 1)])
def test_silence_ends_with_a_closed_connection(
    caller: Caller, control: ControlClient, alice: Someone, do: str, effects: int
) -> None:
    with fault(control, do, seconds=0.1), pytest.raises(httpx.RemoteProtocolError):
        caller.save("kursus", kursus(alice.id))
    assert rows(control, alice) == effects


@pytest.mark.parametrize("do", ["delay", "delay_after_commit"])
def test_a_delayed_call_succeeds_late(caller: Caller, control: ControlClient, alice: Someone, do: str) -> None:
    started = time.monotonic()
    with fault(control, do, seconds=0.2):
        assert caller.save("kursus", kursus(alice.id)).json()["success"] is True
    assert time.monotonic() - started >= 0.2
    assert rows(control, alice) == 1


def test_a_delayed_call_is_carried_out_although_its_client_has_gone(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    control.add_fault("delay", match=SAVE, args={"seconds": 1})
    with pytest.raises(httpx.ReadTimeout):
        caller.http.post(f"{BASE}/kursus/save", json=kursus(alice.id), headers=caller.headers, timeout=0.1)
    assert rows(control, alice) == 0
    until(lambda: rows(control, alice) == 1)


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_dripping_answer_is_whole_in_the_end(
    caller: Caller, control: ControlClient, alice: Someone, where: str
) -> None:
    with fault(control, "drip", where=where, interval_s=0.001):
        assert caller.save("kursus", kursus(alice.id)).json()["success"] is True
    assert rows(control, alice) == 1


def test_a_dripping_answer_outlasts_a_read_timeout(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.add_fault("drip", args={"interval_s": 0.02})
    started = time.monotonic()
    path = f"{BASE}/pns/rw-kursus/{alice.nip}"
    assert caller.http.get(path, headers=caller.headers, timeout=0.2).status_code == 200
    assert time.monotonic() - started > 0.2


def test_a_body_is_shorter_than_announced(caller: Caller, control: ControlClient, alice: Someone) -> None:
    with fault(control, "cut_body"), pytest.raises(httpx.RemoteProtocolError):
        caller.save("kursus", kursus(alice.id))
    assert rows(control, alice) == 1


def test_half_a_body_without_a_length_looks_like_a_success(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    with fault(control, "cut_body", no_length=True):
        answer = caller.save("kursus", kursus(alice.id))
    assert answer.status_code == 200
    assert "content-length" not in answer.headers
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()
    assert rows(control, alice) == 1


@pytest.mark.parametrize("do", ["garbage_status_line", "endless_headers"])
def test_an_answer_that_is_no_http(caller: Caller, control: ControlClient, alice: Someone, do: str) -> None:
    with fault(control, do), pytest.raises(httpx.RemoteProtocolError):
        caller.save("kursus", kursus(alice.id))
    assert rows(control, alice) == 1


@pytest.mark.parametrize(("do", "body"), [("empty_body", b""), ("zero_body", b"0")])
def test_a_save_is_done_and_answered_with_next_to_nothing(
    caller: Caller, control: ControlClient, alice: Someone, do: str, body: bytes
) -> None:
    with fault(control, do):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.content) == (200, body)
    assert rows(control, alice) == 1


def test_whether_a_spoiled_answer_was_carried_out_can_be_chosen(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    with fault(control, "empty_body", executed=False):
        caller.save("kursus", kursus(alice.id))
    assert rows(control, alice) == 0
    with fault(control, "html_200", executed=True):
        caller.save("kursus", kursus(alice.id))
    assert rows(control, alice) == 1


def test_a_html_page_under_200_hides_that_nothing_was_done(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    with fault(control, "html_200"):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.text.startswith("<html>")
    assert rows(control, alice) == 0


def test_a_redirect(caller: Caller, control: ControlClient, alice: Someone) -> None:
    with fault(control, "redirect_302", location="http://127.0.0.1:1/login"):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:1/login")
    assert rows(control, alice) == 0


@pytest.mark.parametrize("executed", [True, False])
def test_any_status_with_any_body(caller: Caller, control: ControlClient, alice: Someone, executed: bool) -> None:
    with fault(control, "status", status=502, body="<h1>Bad Gateway</h1>", headers={"X-Id": "7"}, executed=executed):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.text, answer.headers["X-Id"]) == (502, "<h1>Bad Gateway</h1>", "7")
    assert rows(control, alice) == int(executed)


def test_a_suspended_backend(caller: Caller, control: ControlClient, alice: Someone) -> None:
    with fault(control, "suspended"):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (
        503,
        "303001",
        "Runtime Error",
    )
    assert "SUSPENDED" in answer.json()["description"]
    assert rows(control, alice) == 0


def test_a_throttled_call(caller: Caller, control: ControlClient, alice: Someone) -> None:
    with fault(control, "throttle", retry_after=3, next_access="2030-Jan-01 00:00:00+0000 UTC"):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert answer.json()["message"] == "Message throttled out"
    assert answer.json()["nextAccessTime"] == "2030-Jan-01 00:00:00+0000 UTC"
    assert rows(control, alice) == 0


def test_a_small_body_that_unpacks_to_a_large_one(caller: Caller, control: ControlClient, alice: Someone) -> None:
    with fault(control, "bomb", match={"path": "rw-kursus"}, bytes=5_000_000):
        answer = caller.get(f"/pns/rw-kursus/{alice.nip}")
    assert int(answer.headers["Content-Length"]) < 20_000
    assert len(answer.content) == 5_000_000
    assert answer.json()["code"] == 1


def test_a_read_shows_another_persons_rows(
    caller: Caller, control: ControlClient, alice: Someone, bob: Someone
) -> None:
    caller.create("kursus", kursus(alice.id))
    bobs = caller.create("kursus", kursus(bob.id))
    for path in (f"/pns/rw-kursus/{alice.nip}", f"/pns/data-utama/{alice.nip}"):
        with fault(control, "foreign", match={"nip": alice.nip}, nip=bob.nip):
            found = caller.get(path).json()["data"]
        assert (found[0] if isinstance(found, list) else found)["nipBaru"] == bob.nip
    alices = control.rows(nip=alice.nip)[0]["id"]
    with fault(control, "foreign", match={"path": "kursus/id"}, nip=bob.nip):
        assert caller.get(f"/kursus/id/{alices}").json()["data"]["id"] == bobs
    with fault(control, "foreign", match={"nip": alice.nip}):
        [row, *_] = caller.list_of("kursus", alice.nip)
    assert row["nipBaru"] != alice.nip


def test_a_single_call_can_find_a_token_expired(caller: Caller, control: ControlClient, alice: Someone) -> None:
    with fault(control, "jwt_expired"):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.json()) == (401, {"message": "invalid or expired jwt"})
    with fault(control, "apim_expired"):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.json()["code"]) == (401, "900901")
    assert rows(control, alice) == 0
    assert caller.save("kursus", kursus(alice.id)).json()["success"] is True


def test_a_kept_alive_connection_closes_after_the_request_was_read(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    with fault(control, "close_after_read"), pytest.raises(httpx.RemoteProtocolError):
        caller.save("kursus", kursus(alice.id))
    assert rows(control, alice) == 0


def test_a_save_is_answered_with_the_id_of_another_row(caller: Caller, control: ControlClient, alice: Someone) -> None:
    caller.create("kursus", kursus(alice.id))
    with fault(control, "wrong_id"):
        answered = caller.create("kursus", kursus(alice.id))
    assert answered != control.rows(nip=alice.nip)[1]["id"]
    assert answered in [row["id"] for row in control.rows()]


def test_a_save_is_answered_without_an_id(caller: Caller, control: ControlClient, alice: Someone) -> None:
    with fault(control, "no_id"):
        answer = caller.save("kursus", kursus(alice.id)).json()
    assert answer == {"success": True, "message": "success"}
    assert rows(control, alice) == 1


def test_a_fault_also_hits_the_token_servers(caller: Caller, control: ControlClient) -> None:
    with fault(control, "status", match={"path": "^/oauth2/token$"}, status=500):
        answer = caller.http.post("/oauth2/token")
    assert answer.status_code == 500


def test_a_rule_lets_some_pass_strikes_some_times_and_counts_both(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    fault_id = control.add_fault("empty_body", match={"nip": alice.nip}, skip=1, times=2)
    answers = [caller.get(f"/pns/rw-kursus/{alice.nip}").content for _ in range(4)]
    assert [answer == b"" for answer in answers] == [False, True, True, False]
    [rule] = [rule for rule in control.faults() if rule["id"] == fault_id]
    assert (rule["skipped"], rule["hits"]) == (1, 2)


def test_a_rule_matches_by_method_path_person_and_body(
    caller: Caller, control: ControlClient, alice: Someone, bob: Someone
) -> None:
    match = {"method": "post", "path": "kursus", "nip": alice.nip, "body": "REKAAN/20(19|18)"}
    fault_id = control.add_fault("zero_body", match=match, times=None)
    caller.save("kursus", kursus(alice.id))
    caller.save("kursus", kursus(bob.id, nomorSertipikat="1/REKAAN/2019"))
    caller.get(f"/pns/rw-kursus/{alice.nip}")
    assert control.hits(fault_id) == 0
    caller.save("kursus", kursus(alice.id, nomorSertipikat="1/REKAAN/2019"))
    caller.save("kursus", kursus(alice.id, nomorSertipikat="1/REKAAN/2018"))
    assert control.hits(fault_id) == 2


def test_rules_can_be_taken_back(caller: Caller, control: ControlClient, alice: Someone) -> None:
    first = control.add_fault("empty_body")
    second = control.add_fault("zero_body")
    control.delete_fault(first)
    assert [rule["id"] for rule in control.faults()] == [second]
    control.delete_faults()
    assert caller.get(f"/pns/rw-kursus/{alice.nip}").json()["code"] == 1


@pytest.mark.parametrize(
    "rule",
    [{"do": "explode"}, {"do": "delay", "match": {"path": "("}}, {"do": "delay", "match": {"colour": "red"}}],
)
def test_a_rule_that_makes_no_sense_is_refused(control: ControlClient, rule: dict[str, Any]) -> None:
    with pytest.raises(ControlRefused):
        control.add_fault(rule["do"], match=rule.get("match"))


def test_every_behaviour_promised_is_there() -> None:
    promised = """reset_before reset_after_commit silence_before silence_after_commit delay delay_after_commit
        drip cut_body garbage_status_line endless_headers empty_body zero_body html_200 redirect_302 status
        suspended throttle runtime_error authentication_failure not_subscribed no_resource sso_mismatch
        binary_error bomb foreign jwt_expired apim_expired classic_expired close_after_read wrong_id no_id"""
    assert set(BEHAVIOURS) == set(promised.split())


@pytest.mark.parametrize(
    ("do", "args", "status", "code", "words"),
    [
        ("runtime_error", {}, 500, "101504", "Runtime Error"),
        ("authentication_failure", {}, 500, "900900", "Unclassified Authentication Failure"),
        ("authentication_failure", {"status": 401}, 401, "900900", "Unclassified Authentication Failure"),
        ("not_subscribed", {}, 403, "900908", "Resource forbidden"),
        ("no_resource", {}, 404, "900906", "No matching resource found for given API Request"),
        ("throttle", {"code": 900803}, 429, "900803", "Message throttled out"),
    ],
)
def test_the_gateway_has_more_bad_news(
    caller: Caller,
    control: ControlClient,
    alice: Someone,
    do: str,
    args: dict[str, Any],
    status: int,
    code: str,
    words: str,
) -> None:
    with fault(control, do, **args):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (status, code, words)
    assert "SUSPENDED" not in answer.text
    assert rows(control, alice) == 0


def test_an_operator_can_be_told_once_that_the_token_does_not_match(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    with fault(control, "sso_mismatch"):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.json()["data"]) == (401, "Token SSO mismatch")


def test_an_error_body_can_be_no_text(caller: Caller, control: ControlClient, alice: Someone) -> None:
    with fault(control, "binary_error"):
        answer = caller.save("kursus", kursus(alice.id))
    assert answer.status_code == 500
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode()


@pytest.mark.parametrize(("do", "content"), [("empty_body", b""), ("zero_body", b"0")])
def test_nothing_or_a_zero_can_come_under_any_status(
    caller: Caller, control: ControlClient, alice: Someone, do: str, content: bytes
) -> None:
    with fault(control, do, status=502, executed=False):
        answer = caller.save("kursus", kursus(alice.id))
    assert (answer.status_code, answer.content) == (502, content)
    assert rows(control, alice) == 0


def test_a_closed_port_refuses_and_cuts_what_was_open(
    sim: Simulator, caller: Caller, control: ControlClient, alice: Someone
) -> None:
    path = f"{BASE}/pns/rw-kursus/{alice.nip}"
    with caller.http.stream("GET", path, headers=caller.headers) as kept_alive:
        kept_alive.read()
    control.outage("closed")
    with pytest.raises(httpx.ConnectError):
        caller.http.get(path, headers=caller.headers)
    assert control.health() == {"ok": True, "outage": "closed"}
    control.outage("off")
    assert caller.http.get(path, headers=caller.headers).json()["code"] == 1


def test_a_closing_port_cuts_a_call_that_waits(caller: Caller, control: ControlClient, alice: Someone) -> None:
    fault_id = control.add_fault("silence_before", args={"seconds": 60})
    with httpx.Client(base_url=str(caller.http.base_url), trust_env=False) as other:
        path = f"{BASE}/pns/rw-kursus/{alice.nip}"
        request = other.build_request("GET", path, headers=caller.headers, timeout=5)
        cutter = Thread(target=_close_when_hit, args=(control, fault_id))
        cutter.start()
        with pytest.raises(httpx.RemoteProtocolError):
            other.send(request)
        cutter.join(5)


@pytest.mark.parametrize(
    ("mode", "status", "words"),
    [
        ("suspended", 503, "SUSPENDED"),
        ("runtime_error", 500, "Runtime Error"),
        ("503", 503, "Service Unavailable"),
        ("429", 429, "nextAccessTime"),
    ],
)
def test_an_outage_of_the_api_leaves_the_token_servers_up(
    caller: Caller, control: ControlClient, alice: Someone, mode: str, status: int, words: str
) -> None:
    control.outage(mode)
    answer = caller.save("kursus", kursus(alice.id))
    assert answer.status_code == status
    assert words in answer.text
    assert control.calls()[-1]["fault"] == f"outage {mode}"
    assert caller.apim_token()
    assert rows(control, alice) == 0
    control.outage(mode, tokens=True)
    assert caller.http.post("/oauth2/token").status_code == status


def test_an_unknown_outage_is_refused(control: ControlClient) -> None:
    with pytest.raises(ControlRefused):
        control.outage("earthquake")


def _close_when_hit(control: ControlClient, fault_id: int) -> None:
    until(lambda: control.hits(fault_id) == 1)
    control.outage("closed")
