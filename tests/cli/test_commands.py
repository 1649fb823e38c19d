"""The commands as people and scripts run them: processes, against one small installation that has run once."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import another, on_a_terminal, run

from simpeg_sync.demo.stage import Stage


def held(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = stage.command("record", "list", "--status", "held", "--limit", "1")[0]
    return found


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["record", "list", "--limit", "3"],
        ["record", "show", "1"],
        ["source", "status"],
        ["config", "check"],
        ["plan", "--look", "2"],
        ["resync", "--all", "--dry-run"],
    ],
    ids=" ".join,
)
def test_json_is_the_only_thing_on_stdout_and_no_text_is_coloured(stage: Stage, command: list[str]) -> None:
    done = run(stage.config_path, *command, "--json")
    assert done.returncode == 0
    assert isinstance(json.loads(done.stdout), dict | list)
    text = run(stage.config_path, *command)
    assert text.returncode == 0 and text.stdout.strip()
    assert "\x1b" not in done.stdout + text.stdout + text.stderr


def test_the_flag_for_json_may_stand_before_the_command_too(stage: Stage) -> None:
    assert "summary" in json.loads(run(stage.config_path, "--json", "status").stdout)


def test_the_log_is_one_json_object_a_line(stage: Stage) -> None:
    lines = run(stage.config_path, "log", "--limit", "5", "--json").stdout.splitlines()
    assert len(lines) == 5
    ids = [json.loads(line)["id"] for line in lines]
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    "command",
    [["status"], ["log", "--limit", "10000"], ["log", "--limit", "10000", "--json"], ["record", "show", "1"],
     ["record", "list", "--json"]],
    ids=" ".join,
)  # fmt: skip
def test_no_full_nip_is_shown(stage: Stage, command: list[str]) -> None:
    done = run(stage.config_path, *command)
    assert re.findall(r"(?<![0-9a-f])\d{18}(?![0-9a-f])", done.stdout + done.stderr) == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["--nonsense"], 2),
        (["resync", "--all"], 2),
        (["resync", "--reason", "x"], 2),
        (["resync", "--all", "--reason", "x"], 2),
        (["log", "--since", "yesterday-ish"], 2),
        (["log", "--since", "0001-01-01", "--limit", "0"], 2),
        (["record", "show", "99999999999999999999"], 2),
        (["record", "retry", "1", "--reason", " "], 2),
        (["record", "show", "999999"], 8),
        (["record", "retry", "999999", "--reason", "x"], 8),
        (["record", "release", "999999", "--delete", "--reason", "x"], 8),
        (["log", "--person", "199912312020121001"], 8),
        (["resync", "--feed", "nowhere", "--reason", "x", "--yes"], 8),
        (["resync", "--all", "--recreate", "--reason", "x", "--yes"], 8),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_failure_is_a_sentence_and_its_exit_code(stage: Stage, command: list[str], code: int) -> None:
    done = run(stage.config_path, *command)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.strip() and "Traceback" not in done.stderr


def test_settings_that_are_wrong_are_78_and_the_problems_are_json(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("regoin: x\n", encoding="utf-8")
    done = run(tmp_path / "s.yaml", "config", "check", "--json")
    assert done.returncode == 78
    assert "Did you mean 'region'?" in [problem["remedy"] for problem in json.loads(done.stdout)["problems"]]
    assert run(tmp_path / "none.yaml", "status").returncode == 78


def test_a_missing_ledger_and_a_damaged_one_are_7(stage: Stage, tmp_path: Path) -> None:
    assert run(another(stage, tmp_path, ledger=f"{tmp_path}/none.db"), "status").returncode == 7
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 500)
    done = run(another(stage, tmp_path, ledger=f"{tmp_path}/broken.db"), "status")
    assert done.returncode == 7 and "Traceback" not in done.stderr


def test_a_change_log_that_is_not_installed_is_3(stage: Stage, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(stage.folder / "simpeg.db") as source, sqlite3.connect(tmp_path / "bare.db") as bare:
        source.backup(bare)
    config = another(stage, tmp_path, simpeg=f"{tmp_path}/bare.db")
    assert run(config, "source", "remove", "--yes").returncode == 0
    done = run(config, "source", "status", "--json")
    assert (done.returncode, json.loads(done.stdout)["complete"]) == (3, False)


def test_the_triggers_as_sql(stage: Stage) -> None:
    for dialect in ("postgresql", "mariadb", "sqlite", "oracle", "mssql"):
        assert "CREATE" in run(stage.config_path, "source", "sql", "--dialect", dialect).stdout
    assert "DROP TABLE" in run(stage.config_path, "source", "sql", "--remove", "--dialect", "oracle").stdout
    for wrong in (("--dialect", "dbase"), ("--remove",)):
        done = run(stage.config_path, "source", "sql", *wrong)
        assert done.returncode != 0 and done.stderr.strip() and "Traceback" not in done.stderr


def test_without_mode_log_only_rights_are_printed_and_those_of_the_change_table_too(stage: Stage) -> None:
    text = stage.config_path.read_text(encoding="utf-8")
    path = stage.folder / "rights.yaml"
    path.write_text(text.replace("source:\n", "source:\n  capture: [scan]\n"), "utf-8")
    alone = run(path, "source", "sql", "--dialect", "postgresql").stdout
    assert "GRANT SELECT ON" in alone and "CREATE" not in alone and "simpeg_sync_log" not in alone
    assert "no rights" in run(path, "source", "sql").stdout
    table = "{table: log_mutasi, table_column: tabel, key_column: kunci}"
    for modes, creates in (("[table, scan]", False), ("[log, table]", True)):
        path.write_text(text.replace("source:\n", f"source:\n  capture: {modes}\n  change_table: {table}\n"), "utf-8")
        printed = run(path, "source", "sql", "--dialect", "mariadb").stdout
        assert "GRANT SELECT ON log_mutasi TO" in printed and ("CREATE" in printed) == creates


def marks(stage: Stage) -> list[tuple[int, str]]:
    return [(row["id"], row["status"]) for row in stage.command("record", "list", "--limit", "10000")]


def test_a_resync_asks_on_a_terminal_wants_the_number_of_a_large_one_and_is_audited(stage: Stage) -> None:
    import sqlite3

    before, one = marks(stage), str(held(stage)["id"])
    assert len(before) >= 100
    assert on_a_terminal(stage.config_path, "n\n", "resync", "--record", one, "--reason", "coba") == 130
    assert on_a_terminal(stage.config_path, "y\n", "resync", "--all", "--reason", "coba") == 130
    assert marks(stage) == before
    assert on_a_terminal(stage.config_path, "y\n", "resync", "--record", one, "--reason", "coba") == 0
    with sqlite3.connect(stage.folder / "ledger.db") as ledger:
        audited = ledger.execute("SELECT action, target, reason FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    assert audited == ("resync", f"1 records: record {one}", "coba")


def test_a_record_that_is_not_held_is_not_released(stage: Stage) -> None:
    synced = str(stage.command("record", "list", "--status", "synced", "--limit", "1")[0]["id"])
    for arguments in (["release", synced], ["release", synced, "--delete"]):
        done = run(stage.config_path, "record", *arguments, "--reason", "coba")
        assert done.returncode == 2 and "synced" in done.stderr


def test_source_status_shows_every_mode_and_what_keeps_one_from_seeing(stage: Stage, tmp_path: Path) -> None:
    table = "{table: nothing_here, table_column: tabel, key_column: kunci}"
    text = stage.config_path.read_text(encoding="utf-8")
    path = stage.folder / "modes.yaml"
    path.write_text(
        text.replace("source:\n", f"source:\n  capture: [log, table, scan]\n  change_table: {table}\n"), "utf-8"
    )
    done = run(path, "source", "status", "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["complete"], answer["missing"]) == (3, False, [])
    assert set(answer["modes"]) == {"log", "table", "scan"}
    assert answer["modes"]["log"]["problems"] == answer["modes"]["scan"]["problems"] == []
    assert answer["modes"]["log"]["facts"]["cursor moved"]
    assert "nothing_here does not exist" in answer["modes"]["table"]["problems"][0]
    shown = run(path, "source", "status")
    assert "capture scan: " in shown.stdout and "nothing_here does not exist" in shown.stdout


def test_source_status_of_scan_alone_asks_for_no_triggers(stage: Stage) -> None:
    text = stage.config_path.read_text(encoding="utf-8")
    path = stage.folder / "scan.yaml"
    path.write_text(text.replace("source:\n", "source:\n  capture: [scan]\n"), "utf-8")
    done = run(path, "source", "status")
    assert (done.returncode, done.stdout.startswith("capture scan: ")) == (0, True), done.stdout + done.stderr
