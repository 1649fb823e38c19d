"""The daemon as a process: signals, a second one, lost neighbours, a full ledger, a refused login, and its silence."""

import re
import resource
import signal
import subprocess
import time
from typing import Any

import pytest
from sqlalchemy import text
from tests.acceptance.conftest import SetUp, logged, wait_for
from tests.servers import MariaDbServer, PostgresServer

from simpeg_sync.demo.stage import Stage

MANY = 60.0


def correct(stage: Stage, hours: int) -> int:
    """A verified certificate that is certainly fit gets other hours; gives its id in SIMPEG."""
    with stage.simpeg.begin() as connection:
        found = connection.execute(
            text(
                "SELECT d.id FROM pegdiklat d JOIN pegawai p ON p.id_peg = d.id_pegawai "
                "WHERE d.status = 2 AND d.flag_active = 1 AND p.kedudukan = '01' AND p.id_pns_siasn IS NOT NULL "
                "AND d.jenisdiklat = '02' AND d.jam LIKE '%0%' ORDER BY d.id LIMIT 1"
            )
        ).scalar_one()
        connection.execute(text("UPDATE pegdiklat SET jam = :jam WHERE id = :id"), {"jam": str(hours), "id": found})
    return int(found)


def updates(stage: Stage) -> int:
    return sum(1 for effect in stage.bkn.control.effects() if effect["kind"] == "update")


def first_start(stage: Stage) -> None:
    stage.start_daemon()
    stage.wait_until_settled(limit_s=MANY)


# -------------------------------------------------------------------------------------------------------- approval


def test_a_new_configuration_only_observes_until_its_plan_is_approved(staged: SetUp) -> None:
    stage = staged(prepared=False)
    stage.command("db", "upgrade")
    stage.command("source", "install")
    stage.start_daemon()
    wait_for(lambda: logged(stage, "source.swept"), "the first sweep")
    wait_for(lambda: logged(stage, "daemon.observing"), "the daemon says that it observes")
    assert stage.bkn.control.counts()["calls"] == 0
    stage.command("plan", "--look", "0")
    assert not stage.command("status")["approved"]
    stage.command("plan", "--approve", "--reason", "looked at")
    stage.wait_until_settled(limit_s=MANY)
    assert stage.command("status")["approved"]
    assert len(stage.bkn.control.effects()) > 10


def test_a_changed_feed_needs_a_new_approval(staged: SetUp) -> None:
    stage = staged()
    feed = stage.folder / "feeds" / "kursus.yaml"
    feed.write_text(feed.read_text(encoding="utf-8") + "\n# another wording\n", encoding="utf-8")
    assert stage.run_once() == 0
    assert stage.bkn.control.counts()["calls"] == 0
    assert not stage.command("status")["approved"]


# --------------------------------------------------------------------------------------------------------- signals


def test_run_once_ends_by_itself_when_nothing_is_left_to_do(staged: SetUp) -> None:
    stage = staged()
    assert stage.run_once() == 0
    counts = stage.counts()
    assert not {"waiting", "working", "sending", "uncertain"} & counts.keys()
    assert counts["synced"] > 50


def test_run_once_ends_also_where_what_is_held_is_looked_at_all_the_time(staged: SetUp) -> None:
    stage = staged(changes={"timing": {"look_again": "1 ms"}})
    assert stage.run_once() == 0
    assert stage.counts()["held"] > 5
    assert not {"waiting", "working", "sending", "uncertain"} & stage.counts().keys()


def test_sigterm_in_the_middle_of_the_work_drains_and_leaves_nothing_in_doubt(staged: SetUp) -> None:
    stage = staged()
    slow = stage.bkn.control.add_fault(
        "delay", match={"method": "POST", "path": "save"}, times=None, args={"seconds": 0.3}
    )
    stage.start_daemon()
    # A certificate on its way would not do: it is not slow.
    wait_for(lambda: stage.bkn.control.hits(slow) and stage.counts().get("sending"), "a save on its way")
    assert stage.stop_daemon() == 0
    counts = stage.counts()
    assert counts.get("sending", 0) == counts.get("uncertain", 0) == counts.get("working", 0) == 0
    stage.bkn.control.delete_faults()
    first_start(stage)
    assert stage.counts()["synced"] > 50


def test_a_call_that_outlives_the_drain_is_uncertain_and_the_exit_is_clean(staged: SetUp) -> None:
    stage = staged(changes={"bkn": {"call_limit": "20 s"}, "timing": {"drain": "1 s", "settle": "30 s"}})
    silent = stage.bkn.control.add_fault(
        "silence_after_commit", match={"method": "POST", "path": "save"}, times=None, args={"seconds": 60}
    )
    stage.start_daemon()
    wait_for(lambda: stage.bkn.control.hits(silent) and stage.counts().get("sending"), "a write without an answer")
    begun = time.monotonic()
    assert stage.stop_daemon() == 0
    assert time.monotonic() - begun < 8
    assert stage.counts().get("uncertain", 0) > 0
    assert stage.counts().get("sending", 0) == 0


def test_a_second_daemon_on_the_same_ledger_ends_at_once_with_its_own_code(staged: SetUp) -> None:
    stage = staged()
    first_start(stage)
    begun = time.monotonic()
    second = subprocess.run(stage._command("run"), capture_output=True, text=True, timeout=30, check=False)
    assert (second.returncode, time.monotonic() - begun < 10) == (6, True)
    assert "another instance" in second.stderr
    assert stage.daemon is not None
    assert stage.daemon.poll() is None


def test_sighup_checks_the_settings_and_the_daemon_goes_on(staged: SetUp) -> None:
    stage = staged()
    first_start(stage)
    assert stage.daemon is not None
    stage.daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: logged(stage, "config.read"), "an answer to SIGHUP")
    stage.config_path.write_text("region: demo\nsuorce: {}\n", encoding="utf-8")
    stage.daemon.send_signal(signal.SIGHUP)
    wait_for(
        lambda: any("suorce" in line.get("problem", "") for line in logged(stage, "config.read")), "the mistake named"
    )
    assert stage.daemon.poll() is None


# ------------------------------------------------------------------------------------------------- lost neighbours


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_a_source_that_goes_away_is_said_once_and_comes_back_by_itself(
    staged: SetUp, engine: str, postgres: PostgresServer, mariadb: MariaDbServer
) -> None:
    server: Any = postgres if engine == "postgresql" else mariadb
    stage = staged(source_url=server.create_database())
    first_start(stage)
    before = updates(stage)
    server.kill()
    wait_for(lambda: logged(stage, "source.lost"), "the loss is said")
    server.start()
    stage.simpeg.dispose()
    correct(stage, 77)
    wait_for(lambda: updates(stage) == before + 1, "the edit arrives", limit_s=40)
    assert len(logged(stage, "source.lost")) == len(logged(stage, "source.recovered")) == 1


def test_bkn_away_is_said_once_and_nothing_is_lost(staged: SetUp) -> None:
    stage = staged()
    first_start(stage)
    before = updates(stage)
    stage.bkn.control.outage("closed")
    correct(stage, 78)
    wait_for(lambda: logged(stage, "bkn.lost"), "the loss is said")
    assert updates(stage) == before
    stage.bkn.control.outage("off")
    wait_for(lambda: updates(stage) == before + 1, "the edit arrives", limit_s=40)
    assert len(logged(stage, "bkn.lost")) == len(logged(stage, "bkn.recovered")) == 1


def test_server_errors_for_everybody_are_an_outage_and_for_one_record_are_not(staged: SetUp) -> None:
    stage = staged()
    broken = stage.bkn.control.add_fault("status", match={"method": "GET"}, times=None, args={"status": 500})
    stage.start_daemon()
    wait_for(lambda: logged(stage, "bkn.lost"), "the outage is said")
    assert stage.bkn.control.hits(broken) >= 3
    stage.bkn.control.delete_faults()
    stage.wait_until_settled(limit_s=MANY)
    before = len(logged(stage, "bkn.lost"))
    one = stage.bkn.control.add_fault("status", match={"method": "POST"}, times=1, args={"status": 500})
    correct(stage, 76)
    stage.wait_until_settled(limit_s=MANY)
    assert stage.bkn.control.hits(one) == 1
    assert len(logged(stage, "bkn.lost")) == before


def test_a_ledger_that_cannot_be_written_stops_the_sending_and_then_goes_on(staged: SetUp) -> None:
    stage = staged(changes={"log": {"level": "ERROR"}})
    first_start(stage)
    before = updates(stage)
    assert stage.daemon is not None
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    # No file of the daemon may grow or be written beyond a few bytes: the disk is full, for the ledger and for the log.
    resource.prlimit(stage.daemon.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    correct(stage, 79)
    time.sleep(2.0)  # several polls and tries of a daemon that must not get through
    assert updates(stage) == before
    assert stage.daemon.poll() is None
    resource.prlimit(stage.daemon.pid, resource.RLIMIT_FSIZE, unlimited)
    wait_for(lambda: updates(stage) == before + 1, "the edit arrives", limit_s=40)
    stage.wait_until_settled(limit_s=MANY)


def test_a_refused_login_is_tried_once_and_then_shown(staged: SetUp) -> None:
    stage = staged()
    (stage.folder / "secrets" / "sso_password").write_text("wrong", encoding="utf-8")
    stage.start_daemon()
    wait_for(lambda: logged(stage, "token.refused"), "the refusal is said")
    time.sleep(2.0)  # a daemon that would storm the login would do it now
    assert stage.bkn.control.counts()["logins_refused"] == {"sso": 1}
    assert stage.daemon is not None
    assert stage.daemon.poll() is None
    assert len(logged(stage, "token.refused")) == 1


# ------------------------------------------------------------------------------------------------------- politeness


def test_the_pace_of_the_settings_is_never_exceeded(staged: SetUp) -> None:
    stage = staged(calls_per_second=20, calls_in_flight=4)
    stage.start_daemon()
    wait_for(lambda: stage.bkn.control.counts()["calls"] > 60, "some work")
    counts = stage.bkn.control.counts()
    starts = [call["at_start"] for call in stage.bkn.control.calls() if "token" not in call["path"]]
    busiest = max(sum(1 for start in starts if begin <= start < begin + 1.0) for begin in starts)
    assert busiest <= 20 + 1  # one more may fall into a second when the network delays its predecessor
    assert counts["in_flight_max"] <= 5
    assert counts["writes_per_person_max"] == 1


def test_nothing_personal_or_secret_is_ever_printed(staged: SetUp) -> None:
    stage = staged(changes={"log": {"level": "DEBUG"}})
    stage.bkn.control.add_refusal("kursus", "NIP 199001012020011001 atas nama Siti ditolak", times=3)
    stage.bkn.control.add_fault("cut_body", match={"method": "POST"}, times=2)
    stage.bkn.control.add_fault("reset_before", match={"method": "GET"}, times=2)
    first_start(stage)
    stage.bkn.control.expire_tokens("all")
    correct(stage, 71)
    stage.wait_until_settled(limit_s=MANY)
    assert stage.stop_daemon() == 0
    output = (stage.folder / "daemon.log").read_text(encoding="utf-8")
    assert "attempt.sent" in output
    assert re.search(r"\d{18}", output) is None
    people = stage.world.people
    assert [person.nama for person in people if person.nama in output] == []
    assert [person.pns_id for person in people if person.pns_id in output] == []
    for secret in ("fake-password", "fake-consumer-secret", "eyJ"):
        assert secret not in output
