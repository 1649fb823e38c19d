"""Plans and single records by the command line: a daemon that runs once, a simulator, a real ledger, and other hands at BKN."""

import contextlib
import csv
import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.acceptance.conftest import QUICK, SetUp, wait_for
from tests.servers import PostgresServer

from simpeg_sync import wiring
from simpeg_sync.clock import Clock
from simpeg_sync.demo.stage import Stage, set_up
from simpeg_sync.simulator import process


@contextlib.contextmanager
def at_rest(folder: Path, **options: Any) -> Iterator[Stage]:
    place = set_up(folder, seed=11, employees=40, changes=QUICK, **options)
    try:
        wiring.ledger_engine(place.config, create=True).dispose()
        place.command("source", "install")
        place.command("plan", "--look", "0")
        place.command("plan", "--approve", "--reason", "test")
        assert place.run_once() == 0
        yield place
    finally:
        place.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One installation whose records are at rest, for all tests; each takes records of its own."""
    with at_rest(tmp_path_factory.mktemp("plans")) as place:
        yield place


def run(stage: Stage, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        stage._command(*arguments), capture_output=True, text=True, env=process.environment(), timeout=60, check=False
    )


TAKEN: dict[Path, set[int]] = {}


def fresh_record(stage: Stage, where: str = "status = 'synced' AND bkn_id IS NOT NULL") -> dict[str, Any]:
    """A record of the feed kursus that no other test has used, of a person with several."""
    used = TAKEN.setdefault(stage.folder, set())
    with wiring.ledger_engine(stage.config).connect() as connection:
        rows = connection.execute(
            text(f"SELECT * FROM records WHERE feed = 'kursus' AND {where} ORDER BY id")
        ).mappings()
        found = next(dict(row) for row in rows if row["id"] not in used)
    used.add(found["id"])
    return found


def record(stage: Stage, id_: int) -> dict[str, Any]:
    [found] = wiring.open_reader(stage.config).by_ids([id_])
    return dict(found)


def edit(stage: Stage, one: dict[str, Any], **columns: Any) -> None:
    changes = ", ".join(f"{name} = :{name}" for name in columns)
    with stage.simpeg.begin() as connection:
        connection.execute(
            text(f"UPDATE pegdiklat SET {changes} WHERE id = :id"),
            {**columns, "id": int(json.loads(one["source_key"])[0])},
        )


def at_bkn(stage: Stage, one: dict[str, Any]) -> dict[str, Any]:
    rows = stage.bkn.control.rows(resource="kursus", nip=one["lane"])
    [found] = [row for row in rows if row["id"].lower() == record(stage, one["id"])["bkn_id"].lower()]
    return dict(found["fields"])


def conflict(stage: Stage) -> dict[str, Any]:
    """A record whose row another hand has changed at BKN, and SIMPEG too."""
    one = fresh_record(stage)
    edit(stage, one, nm_diklat=f"Diubah di SIMPEG {one['id']}")
    stage.bkn.control.patch_row(one["bkn_id"], {"namaKursus": f"Diubah orang lain {one['id']}"})
    assert stage.run_once() == 0
    assert record(stage, one["id"])["reason"] == "conflict.changed_at_bkn"
    return one


def plan_of(stage: Stage, one: dict[str, Any], *wishes: str) -> dict[str, Any]:
    found: dict[str, Any] = stage.command("plan", "--record", str(one["id"]), *wishes)
    return found


def rows_of(stage: Stage, plan: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.command("plan", "show", str(plan["plan"]), "--rows")["rows"]
    return found


def updates(stage: Stage) -> int:
    return sum(effect["kind"] == "update" for effect in stage.bkn.control.effects())


# ---------------------------------------------------------------------------------------------------------- the tests


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """The installation of all tests, and one with its ledger in PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("stage")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with at_rest(tmp_path / "postgresql", ledger_url=server.create_database()) as place:
        yield place


def test_a_planned_overwrite_is_done_exactly_and_once(either: Stage) -> None:
    stage = either
    one = conflict(stage)
    before = len(stage.bkn.control.effects())
    plan = plan_of(stage, one, "--overwrite")
    [row] = plan["rows"]
    assert (row["action"], row["state"], row["record"]) == ("update", "open", one["id"])
    [difference] = row["differences"]
    assert (difference["field"], difference["rule"]) == ("namaKursus", "text")
    assert "diubah" not in json.dumps(plan).casefold(), "values are masked unless they are asked for"
    assert plan["estimate"]["writes"] == 1
    assert len(stage.bkn.control.effects()) == before, "planning sends nothing"
    applied = stage.command("apply", str(plan["plan"]), "--reason", "SIMPEG is right")
    assert (applied["ordered"], applied["busy"]) == (1, 0)
    assert stage.command("apply", str(plan["plan"]), "--reason", "again")["ordered"] == 0
    assert stage.run_once() == 0
    assert at_bkn(stage, one)["namaKursus"] == f"Diubah di SIMPEG {one['id']}"
    assert [row["state"] for row in rows_of(stage, plan)] == ["done"]
    assert stage.command("apply", str(plan["plan"]), "--reason", "and again")["ordered"] == 0
    assert stage.run_once() == 0
    assert len(stage.bkn.control.effects()) == before + 1


def test_what_changed_after_the_plan_is_not_overwritten_and_said(stage: Stage) -> None:
    ours, theirs = conflict(stage), conflict(stage)
    our_plan, their_plan = plan_of(stage, ours, "--overwrite"), plan_of(stage, theirs, "--overwrite")
    edit(stage, ours, nm_diklat="Sesudah rencana")
    stage.bkn.control.patch_row(theirs["bkn_id"], {"namaKursus": "Sekali lagi"})
    before = updates(stage)
    for plan in (our_plan, their_plan):
        stage.command("apply", str(plan["plan"]), "--reason", "SIMPEG is right")
    assert stage.run_once() == 0
    assert updates(stage) == before
    assert at_bkn(stage, ours)["namaKursus"] == f"Diubah orang lain {ours['id']}"
    assert at_bkn(stage, theirs)["namaKursus"] == "Sekali lagi"
    assert [(row["state"], row["why"]) for row in rows_of(stage, our_plan)] == [("changed", "plan.simpeg_changed")]
    assert [(row["state"], row["why"]) for row in rows_of(stage, their_plan)] == [("changed", "plan.bkn_changed")]
    waited = run(stage, "apply", str(their_plan["plan"]), "--reason", "again", "--wait")
    assert (waited.returncode, waited.stdout.strip()) == (3, "1 changed")


def test_values_and_persons_only_for_whoever_is_noted(stage: Stage, tmp_path: Path) -> None:
    one = fresh_record(stage)
    edit(stage, one, nm_diklat='=HYPERLINK("http://x")')
    path = tmp_path / "rows.csv"
    done = run(stage, "plan", "--record", str(one["id"]), "--show-values", "--output", str(path))
    assert done.returncode == 0, done.stderr
    with path.open(encoding="utf-8-sig", newline="") as file:
        [row] = list(csv.DictReader(file))
    assert (row["field"], row["person"]) == ("namaKursus", f"{one['lane'][:4]}…{one['lane'][-4:]}")
    assert row["simpeg"].startswith("'=HYPERLINK"), "a formula is a text"
    unmasked = run(stage, "plan", "show", row_plan(stage), "--unmasked", "--output", str(tmp_path / "rows.xlsx"))
    assert unmasked.returncode == 0, unmasked.stderr
    audited = [(entry["action"], entry["target"]) for entry in wiring.open_reader(stage.config).audit(limit=4)]
    assert ("plan.values", f"plan {row_plan(stage)}") in audited
    assert ("plan.unmasked", f"plan {row_plan(stage)}") in audited
    again = stage.command("plan", "show", row_plan(stage), "--rows", "--show-values")
    assert again["rows"][0]["differences"][0]["simpeg"] == '=HYPERLINK("http://x")'
    assert stage.run_once() == 0


def row_plan(stage: Stage) -> str:
    with wiring.ledger_engine(stage.config).connect() as connection:
        return str(connection.execute(text("SELECT max(id) FROM plans")).scalar_one())


def test_resync_is_a_plan_that_is_applied_at_once(stage: Stage) -> None:
    one = conflict(stage)
    dry = stage.command("resync", "--record", str(one["id"]), "--overwrite", "--dry-run")
    assert (dry["dry_run"], dry["records"], dry["actions"]) == (True, 1, {"update": 1})
    told = stage.command("resync", "--record", str(one["id"]), "--overwrite", "--reason", "x", "--yes")
    assert (told["resynced"], told["busy"]) == (1, 0)
    assert stage.run_once() == 0
    assert at_bkn(stage, one)["namaKursus"] == f"Diubah di SIMPEG {one['id']}"
    assert stage.command("plan", "show", str(told["plan"]))["states"] == {"done": 1}
    assert stage.command("plan", "show", str(dry["plan"]))["states"] == {"open": 1}


# --------------------------------------------------------------------------------------------------------- record send


def sent(stage: Stage, one: dict[str, Any], *, code: int = 0) -> dict[str, Any]:
    begun = time.monotonic()
    done = run(stage, "--json", "record", "send", str(one["id"]), "--explain", "--reason", "now")
    assert done.returncode == code, (done.stdout, done.stderr)
    assert time.monotonic() - begun < 20
    found: dict[str, Any] = json.loads(done.stdout)
    assert all(step["ms"] >= 0 for step in found["steps"])
    return found


def steps(found: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["result"] for step in found["steps"]}


def test_send_explains_an_update_step_by_step(stage: Stage) -> None:
    one = fresh_record(stage)
    edit(stage, one, nm_diklat="Dikirim sekarang")
    told = sent(stage, one)
    assert list(steps(told)) == ["read", "scope", "map", "validate", "match", "diff", "send", "verify"]
    assert steps(told)["diff"] == "1 fields differ"
    assert (steps(told)["send"], steps(told)["verify"]) == ("update: accepted", "BKN shows the row, equal")
    assert told["status"] == "synced"
    assert at_bkn(stage, one)["namaKursus"] == "Dikirim sekarang"
    before = len(stage.bkn.control.effects())
    again = sent(stage, one)
    assert (steps(again)["diff"], "send" in steps(again)) == ("equal", False)
    assert len(stage.bkn.control.effects()) == before


def test_send_creates_what_is_verified_now_and_says_what_holds_it_before(stage: Stage) -> None:
    one = fresh_record(stage, "status = 'held' AND reason = 'unverified'")
    held = sent(stage, one, code=3)
    assert (list(steps(held)), steps(held)["scope"], held["reason"]) == (["read", "scope"], "unverified", "unverified")
    edit(stage, one, status=2, nosttpp=f"BARU/{one['id']}", jam="40 JP", jenisdiklat="02", gambarsk=None)
    created = sent(stage, one)
    assert steps(created)["send"] == "create: accepted"
    assert (steps(created)["match"], created["status"]) == ("BKN has no such row", "synced")


def test_send_says_bkns_refusal(stage: Stage) -> None:
    one = fresh_record(stage)
    stage.bkn.control.add_refusal("kursus", "Data tidak sesuai", times=1)
    edit(stage, one, nm_diklat="Ditolak")
    told = sent(stage, one, code=3)
    stage.bkn.control.delete_refusals()
    assert (steps(told)["send"], told["status"], "verify" in steps(told)) == ("update: refused", "refused", False)


def test_send_says_when_an_uncertain_outcome_is_decided(stage: Stage) -> None:
    one = fresh_record(stage)
    edit(stage, one, nm_diklat="Tidak pasti")
    stage.bkn.control.add_fault("reset_after_commit", match={"method": "POST", "path": "save"}, times=1)
    told = sent(stage, one, code=3)
    assert (steps(told)["send"], told["status"]) == ("update: unclear", "uncertain")
    assert told["looked_at_again"]
    assert stage.run_once() == 0
    assert (record(stage, one["id"])["status"], at_bkn(stage, one)["namaKursus"]) == ("synced", "Tidak pasti")


def test_send_beside_a_daemon_that_has_the_person_says_who_and_is_busy(stage: Stage) -> None:
    one = fresh_record(stage)
    ledger = wiring.open_ledger(stage.config, Clock())
    claim = ledger.claim_record(one["id"], actor="daemon", reason="has it")
    assert claim is not None
    done = run(stage, "record", "send", str(one["id"]), "--reason", "now")
    ledger.recover(claim)
    ledger.release(claim)
    ledger.close()
    assert done.returncode == 6
    assert "process" in done.stderr
    assert one["lane"] not in done.stderr
    assert stage.run_once() == 0


# ------------------------------------------------------------------------------------------------------- a killed daemon


def test_a_daemon_killed_in_the_middle_does_the_rest_and_nothing_twice(staged: SetUp) -> None:
    stage = staged(changes=QUICK)
    assert stage.run_once() == 0
    already = Counter(effect["row_id"] for effect in stage.bkn.control.effects() if effect["kind"] == "upload")
    plan = stage.command("plan", "--feed", "kursus", "--status", "synced", "--documents", "--look", "100")
    planned = plan["actions"]["upload"]
    assert planned > 10
    stage.command("apply", str(plan["plan"]), "--reason", "certificates again")
    stage.bkn.control.add_fault("delay", match={"method": "POST"}, times=None, args={"seconds": 0.05})

    def uploads() -> Counter[str]:
        done = Counter(effect["row_id"] for effect in stage.bkn.control.effects() if effect["kind"] == "upload")
        return done - already

    stage.start_daemon()
    wait_for(lambda: sum(uploads().values()) >= 3, "some certificates")
    stage.kill_daemon()
    stage.bkn.control.delete_faults()
    assert sum(uploads().values()) < planned
    assert stage.run_once() == 0
    counts = uploads()
    assert (sum(counts.values()), set(counts.values())) == (planned, {1})
    shown = stage.command("plan", "show", str(plan["plan"]))["states"]
    assert (shown["done"], set(shown) <= {"done", "nothing"}) == (planned, True)
