"""The judge: what was done, by which call, how many at once, and whether it is still known after a crash."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from pathlib import Path

import httpx
import pytest

from simpeg_sync.simulator import process
from simpeg_sync.simulator.control_client import ControlClient, ControlRefused, row_entry
from simpeg_sync.simulator.process import DidNotStart

from .caller import BASE, PATIENCE_S, PDF, Caller, kursus, until
from .conftest import Someone


def last_seq(control: ControlClient) -> int:
    return max((effect["seq"] for effect in control.effects()), default=0)


def test_each_effect_is_written_with_its_digest_and_its_call(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    before = last_seq(control)
    row_id = caller.create("kursus", kursus(alice.id))
    caller.save("kursus", kursus(alice.id, id=row_id, jumlahJam=40))
    caller.save("kursus", kursus(alice.id, id=row_id, jumlahJam=40))
    caller.attach(row_id)
    caller.attach(row_id)
    caller.delete(f"/kursus/delete/{row_id}")
    effects = control.effects(after=before)
    assert [(effect["kind"], effect["changed"]) for effect in effects] == [
        ("create", True),
        ("update", True),
        ("update", False),
        ("upload", True),
        ("upload", False),
        ("delete", True),
    ]
    assert {(effect["resource"], effect["row_id"], effect["nip"]) for effect in effects} == {
        ("kursus", row_id, alice.nip)
    }
    stored = json.dumps(kursus(alice.id), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert effects[0]["body_sha256"] == hashlib.sha256(stored.encode()).hexdigest()
    assert effects[1]["body_sha256"] == effects[2]["body_sha256"] == effects[5]["body_sha256"]
    assert effects[3]["body_sha256"] == hashlib.sha256(PDF).hexdigest()
    calls = {call["no"]: call for call in control.calls()}
    assert all(calls[effect["request_no"]]["was_effect"] for effect in effects)


def test_a_refused_save_is_no_effect(caller: Caller, control: ControlClient, alice: Someone) -> None:
    before = last_seq(control)
    caller.save("kursus", kursus(alice.id, tanggalKursus="2020-02-01"))
    caller.save("kursus", kursus("00000000000000000000000000000000"))
    caller.delete("/kursus/delete/no-such-row")
    assert control.effects(after=before) == []
    assert control.calls()[-1]["was_effect"] is False


def test_each_call_is_logged_with_its_template_person_and_end(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    before = control.calls()[-1]["no"]
    row_id = caller.create("kursus", kursus(alice.id))
    caller.get(f"/kursus/id/{row_id}")
    caller.get(f"/pns/rw-kursus/{alice.nip}")
    caller.attach(row_id)
    caller.delete(f"/kursus/delete/{row_id}")
    caller.get("/no/such/route")
    calls = control.calls(after=before)
    assert [(call["method"], call["path"], call["nip"], call["status"], call["was_effect"]) for call in calls] == [
        ("POST", "/kursus/save", alice.nip, 200, True),
        ("GET", "/kursus/id/{idRiwayatKursus}", alice.nip, 200, False),
        ("GET", "/pns/rw-kursus/{nipBaru}", alice.nip, 200, False),
        ("POST", "/upload-dok-rw", alice.nip, 200, True),
        ("DELETE", "/kursus/delete/{idRiwayatKursus}", alice.nip, 200, True),
        ("GET", "/no/such/route", None, 404, False),
    ]
    assert all(call["at_start"] <= call["at_end"] and call["fault"] is None for call in calls)


def test_writes_one_after_the_other_never_overlap(caller: Caller, control: ControlClient, alice: Someone) -> None:
    control.restart_counters()
    for _ in range(20):
        caller.save("kursus", kursus(alice.id))
    counts = control.counts()
    assert (counts["writes_per_person_max"], counts["overlapping_writes"]) == (1, {})
    assert (counts["in_flight_max"], counts["in_flight"]) == (1, 0)
    assert counts["started_per_second_max"] >= 2


def test_two_writes_of_one_person_at_once_are_seen(
    caller: Caller, control: ControlClient, alice: Someone, bob: Someone
) -> None:
    control.restart_counters()
    control.add_fault("silence_before", match={"path": "save"}, times=3)
    url = f"{caller.http.base_url}{BASE}/kursus/save"

    def save(person: Someone) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(url, json=kursus(person.id), headers=caller.headers, trust_env=False)

    threads = [threading.Thread(target=save, args=(person,)) for person in (alice, alice, bob)]
    for thread in threads:
        thread.start()
    until(lambda: control.counts()["in_flight"] == 3)
    control.outage("closed")
    for thread in threads:
        thread.join()
    counts = control.counts()
    assert (counts["in_flight_max"], counts["writes_per_person_max"]) == (3, 2)
    assert counts["overlapping_writes"] == {alice.nip: 2}


def test_a_write_whose_client_gave_up_is_not_held_against_the_next(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    control.restart_counters()
    control.add_fault("silence_after_commit", args={"seconds": 30})
    with pytest.raises(httpx.ReadTimeout):
        caller.http.post(f"{BASE}/kursus/save", json=kursus(alice.id), headers=caller.headers, timeout=0.2)
    caller.save("kursus", kursus(alice.id))
    assert control.counts()["writes_per_person_max"] == 1
    until(lambda: control.counts()["in_flight"] == 0)


def test_counts_and_settings_speak_of_what_there_is(caller: Caller, control: ControlClient, alice: Someone) -> None:
    caller.save("kursus", kursus(alice.id))
    counts = control.counts()
    assert counts["effects"]["create"] >= 1
    assert counts["by_path"]["POST /kursus/save"] == 1
    assert counts["by_status"]["200"] == counts["calls"]
    with pytest.raises(ControlRefused, match="no such setting"):
        control.patch_settings(colour="red")
    with pytest.raises(ControlRefused, match="update_mode"):
        control.patch_settings(update_mode="maybe")
    with pytest.raises(ControlRefused, match="pad_names"):
        control.patch_settings(pad_names="3")


def test_an_unknown_control_call_or_resource_is_refused(control: ControlClient, alice: Someone) -> None:
    with pytest.raises(ControlRefused, match="no resource"):
        control.add_row("hobi", alice.nip, {})
    with pytest.raises(ControlRefused, match="hobi"):
        control.add_row("kursus", alice.nip, {"hobi": "memancing"})
    with pytest.raises(ControlRefused, match="no person"):
        control.add_row("kursus", "198501012010011001", {})


def test_a_step_that_fails_changes_nothing_and_forgets_no_call(
    caller: Caller, control: ControlClient, alice: Someone
) -> None:
    caller.save("kursus", kursus(alice.id))
    calls = len(control.calls())
    caller.get(f"/pns/data-utama/{alice.nip}")
    good = row_entry("kursus", alice.nip, {"noSertipikat": "1"})
    with pytest.raises(ControlRefused, match="no person"):
        control.add_rows([good, row_entry("kursus", "198501012010011001", {})])
    assert len(control.rows(nip=alice.nip)) == 1
    with pytest.raises(ControlRefused):
        control.add_persons(
            {"nipBaru": alice.nip, "nama": "Nama Lain"}, {"nipBaru": "198501012010011002", "id": alice.id}
        )
    assert caller.get(f"/pns/data-utama/{alice.nip}").json()["data"]["nama"] == "Alice Rekaan"
    assert len(control.calls()) == calls + 2


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "bkn.sqlite3"
    nip = "198512312010011001"
    with process.start(state=state) as first:
        person_id = first.control.add_persons({"nipBaru": nip})[nip]
        caller = Caller(first.url)
        row_id = caller.create("kursus", kursus(person_id))
        caller.attach(row_id)
        rows, effects = first.control.rows(), first.control.effects()
        first.kill()
    with process.start(state=state, port=first.port, control_port=first.control_port) as second:
        assert second.url == first.url
        assert (second.control.rows(), second.control.effects()) == (rows, effects)
        # The old tokens are good too, on a new connection of the same client.
        [row] = caller.list_of("kursus", nip)
        assert caller.get("/download-dok", params={"filePath": row["path"]["881"]["dok_uri"]}).content == PDF
        assert second.control.calls()[-1]["no"] > effects[-1]["request_no"]


def test_settings_are_given_at_the_start_and_wrong_ones_prevent_it() -> None:
    with process.start(settings={"consumer_key": "another-fake-key", "validation_status": 400}) as simulator:
        answer = httpx.post(
            f"{simulator.url}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=("another-fake-key", "fake-consumer-secret"),
            trust_env=False,
        )
        assert answer.status_code == 200
        assert simulator.control.settings()["validation_status"] == 400
    with pytest.raises(DidNotStart):
        process.start(settings={"colour": "red"})


@pytest.mark.parametrize("do", ["silence_before", "delay", "drip", "endless_headers"])
def test_it_stops_promptly_with_0_whatever_hangs(do: str) -> None:
    with process.start() as simulator:
        rule = simulator.control.add_fault(do, args={"seconds": 60, "interval_s": 60})
        waiting = threading.Thread(target=_ask_and_forget, args=(simulator.url,))
        waiting.start()
        until(lambda: simulator.control.hits(rule) == 1)
        started = time.monotonic()
        assert simulator.stop() == 0
        assert time.monotonic() - started < 2
        waiting.join()


def test_it_can_be_stopped_through_the_control_port() -> None:
    with process.start() as simulator:
        simulator.control.stop()
        assert simulator.process.wait(5) == 0


def test_it_does_not_outlive_the_process_that_started_it() -> None:
    with process.start() as simulator:
        assert simulator.process.stdin is not None
        simulator.process.stdin.close()
        assert simulator.process.wait(5) == 0


def test_a_machine_that_hangs_answers_after_it_woke_up() -> None:
    with process.start() as simulator:
        simulator.suspend()
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{simulator.url}/nowhere", timeout=0.1, trust_env=False)
        simulator.resume()
        assert httpx.get(f"{simulator.url}/nowhere", timeout=PATIENCE_S, trust_env=False).status_code == 404


def _ask_and_forget(url: str) -> None:
    try:
        httpx.get(url, timeout=PATIENCE_S, trust_env=False)
    except httpx.HTTPError:
        return
