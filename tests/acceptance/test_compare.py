"""An operator compares both sides from the command line, on a region whose daemon has run once."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import text
from tests.acceptance.conftest import SetUp
from tests.cli.conftest import run

from simpeg_sync.demo.stage import Stage
from simpeg_sync.ledger.engine import open_engine


def situations(stage: Stage, *options: str) -> list[dict[str, Any]]:
    return list(stage.command("situations", *options))


def ledger(stage: Stage, statement: str) -> list[Any]:
    engine = open_engine(f"sqlite:///{stage.folder}/ledger.db")
    try:
        with engine.begin() as connection:
            found = connection.execute(text(statement))
            return [tuple(row) for row in found] if found.returns_rows else []
    finally:
        engine.dispose()


def past(stage: Stage) -> None:
    """Whatever was compared or sent is long ago."""
    ledger(stage, "UPDATE comparisons SET compared_at = compared_at - 90000, due_at = due_at - 90000")
    ledger(stage, "UPDATE records SET synced_at = synced_at - 90000")


def test_compared_told_brought_together_and_compared_again(staged: SetUp, tmp_path: Path) -> None:
    stage = staged()
    assert stage.run_once() == 0
    past(stage)
    sent = len(stage.bkn.control.effects())
    first = stage.command("compare", "--all")
    assert (first["left"], first["failed"]) == (0, 0)
    assert first["situations"]["kursus"]["equal"] > 50
    again = stage.command("compare", "--all")
    assert (again["compared"], again["calls"]) == (0, 0), "what was proved a moment ago costs no call"
    assert again["situations"] == first["situations"]
    assert situations(stage, "--drift", "bkn") == []

    [(record, key, bkn_id)] = ledger(
        stage,
        "SELECT id, source_key, bkn_id FROM records WHERE feed = 'kursus' AND status = 'synced' ORDER BY id LIMIT 1",
    )
    stage.bkn.control.patch_row(bkn_id, {"jumlahJam": 997})
    past(stage)
    stage.command("compare", "--all")
    [found] = situations(stage, "--drift", "bkn")
    assert (found["source_key"], found["fields"], found["reason"]) == (key, "jumlahJam", "conflict.changed_at_bkn")
    assert len(found["person"]) == 9, "persons are masked"
    [shown] = situations(stage, "--drift", "bkn", "--values")
    assert shown["bkn"] == "997"
    text_form = run(stage.config_path, "situations", "--drift", "bkn").stdout
    assert "jumlahJam" in text_form and "997" not in text_form
    assert stage.run_once() == 0
    assert stage.command("record", "show", str(record))["reason"] == "conflict.changed_at_bkn"
    assert len(stage.bkn.control.effects()) == sent, "nothing was overwritten"

    applied = stage.command("compare", "--all", "--apply", "--overwrite", "--reason", "SIMPEG is right", "--yes")
    assert applied["ordered"] >= 1
    assert stage.run_once() == 0
    assert [effect["kind"] for effect in stage.bkn.control.effects()[sent:]] == ["update"], "exactly what was planned"
    past(stage)
    assert stage.command("compare", "--all")["situations"] == first["situations"]

    workbook = tmp_path / "keadaan.xlsx"
    assert run(stage.config_path, "situations", "--output", str(workbook)).returncode == 0
    assert workbook.read_bytes().startswith(b"PK")
    assert run(stage.config_path, "corrections").returncode == 8, "nothing that BKN alone may correct"
    [(actions,)] = ledger(stage, "SELECT count(*) FROM audit WHERE action = 'situations --values'")
    assert actions == 1


def test_whom_to_compare_has_to_be_said_and_known(staged: SetUp) -> None:
    stage = staged()
    assert run(stage.config_path, "compare").returncode == 2
    assert run(stage.config_path, "compare", "--all", "--apply").returncode == 2, "why?"
    assert run(stage.config_path, "compare", "--unit", "DINAS").returncode == 8, "no feed names units"
    unknown = run(stage.config_path, "compare", "--all", "--feed", "kurus")
    assert (unknown.returncode, "known: diklat, kursus" in unknown.stderr) == (2, True)
    assert run(stage.config_path, "compare", "--all").returncode == 8, "no row is known yet"


def test_killed_in_the_middle_it_goes_on_and_ends_the_same(staged: SetUp) -> None:
    stage = staged()
    assert stage.run_once() == 0
    past(stage)
    part = run(stage.config_path, "--json", "compare", "--all", "--calls", "30")
    assert part.returncode == 3
    assert json.loads(part.stdout)["left"] > 0
    known = len(ledger(stage, "SELECT 1 FROM comparisons"))
    before = stage.bkn.control.counts()["calls"]
    rest = stage.command("compare", "--all")
    calls = stage.bkn.control.counts()["calls"] - before
    assert rest["left"] == 0
    assert rest["compared"] == known - json.loads(part.stdout)["compared"], "nobody is compared twice"
    assert calls <= rest["calls"] + 3, "beside the logins every call counts"
    whole = stage.command("compare", "--all", "--anew")
    assert whole["situations"] == rest["situations"]
