"""What auditors type: list, verify, head, export; and what is kept about one person. One small installation that has run once."""

import contextlib
import csv
import io
import json
import random
import re
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import text
from tests.cli.conftest import another
from tests.cli.conftest import run as run_process

from simpeg_sync.cli import commands
from simpeg_sync.cli.common import exit_code
from simpeg_sync.demo.stage import Stage
from simpeg_sync.domain.errors import LedgerUnfit, SyncError
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.trail_file import loaded
from simpeg_sync.ledger.verifying import verify

NIP = re.compile(r"(?<![0-9a-f])\d{18}(?![0-9a-f])")


@pytest.fixture
def place(stage: Stage, tmp_path: Path) -> Path:
    """Settings with a ledger of their own."""
    return another(stage, tmp_path, ledger=str(copied(stage, tmp_path)))


def copied(stage: Stage, folder: Path) -> Path:
    import sqlite3

    with sqlite3.connect(stage.folder / "ledger.db") as ledger, sqlite3.connect(folder / "copy.db") as copy:
        ledger.backup(copy)
    return folder / "copy.db"


@dataclass(frozen=True, slots=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(config: Path, *arguments: str) -> Done:
    """As `simpeg-sync` would, without a process of its own; one test has the real door."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = commands.main(["--config", str(config), *arguments], standalone_mode=False) or 0
        except click.ClickException as error:
            code = error.exit_code
        except SyncError as error:
            err.write(str(error))
            code = exit_code(error)
    return Done(code, out.getvalue(), err.getvalue())


def answer(config: Path, *arguments: str) -> Any:
    done = run(config, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows(folder: Path, statement: str) -> list[Any]:
    engine = open_engine(f"sqlite:///{folder}/copy.db")
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return found


def somebody(folder: Path) -> str:
    """A person of whom something was sent, and something else was not."""
    [(nip, _)] = rows(
        folder,
        "SELECT events.lane, count(*) FROM events WHERE lane IN (SELECT lane FROM records WHERE status = 'held') "
        "AND event = 'intent' GROUP BY lane ORDER BY 2 DESC LIMIT 1",
    )
    assert isinstance(nip, str)
    return nip


def test_the_trail_of_a_whole_first_run_fits(place: Path, tmp_path: Path) -> None:
    verdict = answer(place, "audit", "verify")
    assert verdict["whole"] and verdict["problems"] == [] and verdict["before_trail"] == 0
    assert verdict["attempts"] == rows(tmp_path, "SELECT count(*) FROM attempts")[0][0] > 50
    assert verdict["rows"]["reads"] > 40, "every look at a person's list"
    shown = run(place, "audit", "verify")
    assert shown.stdout.startswith("whole: ") and "--head HASH" in shown.stdout


def test_a_change_is_7_and_its_place_is_named(place: Path, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/copy.db")
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER reads_no_update"))
        connection.execute(text("UPDATE reads SET lane = '199001012015041001' WHERE id = 7"))
    engine.dispose()
    [(chain, block)] = rows(tmp_path, "SELECT chain, block FROM reads WHERE id = 7")
    done = run(place, "--json", "audit", "verify")
    [problem] = json.loads(done.stdout)["problems"]
    assert done.returncode == 7
    assert problem["where"].startswith("reads, row") and problem["where"].endswith(f"chain {chain}, block {block}")
    assert "NOT WHOLE" in run(place, "audit", "verify").stdout


def test_a_head_that_was_noted_is_found_again_and_another_one_is_not(place: Path) -> None:
    head = run(place, "audit", "head").stdout.strip()
    assert re.fullmatch(r"[0-9a-f]{64}", head)
    assert run(place, "audit", "verify", "--head", head, "--head", f" {head[:20].upper()} ").returncode == 0
    wrong = run(place, "audit", "verify", "--head", head[::-1])
    assert wrong.returncode == 7 and "cut off" in wrong.stdout
    assert run(place, "audit", "verify", "--head", "nonsense").returncode == 2
    [entry] = answer(place, "audit", "list", "--action", "audit.head")
    assert (entry["kind"], entry["action"]) == ("order", "audit.head")


def test_the_list_shows_moves_orders_and_reads_and_masks_persons(place: Path, tmp_path: Path) -> None:
    found = answer(place, "audit", "list", "--limit", "5000")
    assert {row["kind"] for row in found} == {"move", "order", "read"}
    assert [row["at"] for row in found] == sorted(row["at"] for row in found)
    assert NIP.search(json.dumps(found)) is None
    [intent, *_] = [row for row in found if row["action"] == "intent"]
    assert "digest" in intent["what"] and "action" in intent["what"]
    [read, *_] = [row for row in found if row["kind"] == "read"]
    assert read["reason"] in ("turn", "plan", "settle") and read["what"]
    assert {row["action"] for row in found if row["kind"] == "order"} >= {"plan.approve"}
    assert "2 reads" not in run(place, "audit", "list", "--limit", "2").stdout


def test_every_filter_narrows_the_list(place: Path, tmp_path: Path) -> None:
    nip = somebody(tmp_path)
    [(record, feed)] = rows(tmp_path, f"SELECT id, feed FROM records WHERE lane = '{nip}' AND status = 'held' LIMIT 1")
    everything = answer(place, "audit", "list", "--limit", "5000")
    about = answer(place, "audit", "list", "--person", nip, "--limit", "5000")
    assert 0 < len(about) < len(everything)
    assert {row["person"] for row in about} == {f"{nip[:4]}\u2026{nip[-4:]}"}
    of_record = answer(place, "audit", "list", "--record", str(record))
    assert {row["record"] for row in of_record} == {record} and {row["feed"] for row in of_record} == {feed}
    held = answer(place, "audit", "list", "--feed", feed, "--action", "held", "--actor", "daemon")
    assert {row["status"] for row in held} == {"held"} and all(row["reason"] for row in held)
    assert run(place, "audit", "list", "--until", "1 d").returncode == 8
    assert len(answer(place, "audit", "list", "--since", "1 d", "--limit", "5000")) == len(everything)
    assert run(place, "audit", "list", "--person", "199912312020121001").returncode == 8


def test_who_sees_persons_unmasked_stands_in_the_trail(place: Path, tmp_path: Path) -> None:
    nip = somebody(tmp_path)
    found = answer(place, "audit", "list", "--person", nip, "--unmasked")
    assert {row["person"] for row in found} == {nip}
    [entry] = answer(place, "audit", "list", "--action", "audit.list")
    assert entry["person"] == f"{nip[:4]}\u2026{nip[-4:]}"


def test_a_csv_of_it_runs_nothing_in_a_spreadsheet(place: Path) -> None:
    one = answer(place, "record", "list", "--status", "held", "--limit", "1")[0]["id"]
    assert run(place, "record", "retry", str(one), "--reason", "=1+1").returncode == 0
    done = run(place, "audit", "list", "--action", "resync", "--format", "csv")
    found = list(csv.DictReader(io.StringIO(done.stdout.removeprefix("\ufeff"))))
    assert "'=1+1" in [row["reason"] for row in found]


# ------------------------------------------------------------------------------------------------------ an exported trail


def exported(place: Path, path: Path, *arguments: str) -> Path:
    done = run(place, "audit", "export", "--output", str(path), "--reason", "the yearly audit", *arguments)
    assert done.returncode == 0, done.stderr
    return path


def test_an_export_is_verified_without_the_ledger_and_only_the_owner_reads_it(place: Path, tmp_path: Path) -> None:
    path = exported(place, tmp_path / "trail.jsonl")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    alone = run_process(tmp_path / "no-settings.yaml", "audit", "verify", str(path), "--json")
    verdict = json.loads(alone.stdout)
    assert (alone.returncode, verdict["whole"]) == (0, True), alone.stderr
    of_ledger = answer(place, "audit", "verify")
    assert verdict["rows"] == of_ledger["rows"] and verdict["blocks"] == of_ledger["blocks"]
    [entry] = answer(place, "audit", "list", "--action", "audit.export")
    assert entry["reason"] == "the yearly audit"


def test_a_part_of_the_trail_is_verified_from_where_it_begins(place: Path, tmp_path: Path) -> None:
    [(middle,)] = rows(tmp_path, "SELECT at FROM trail_blocks ORDER BY at LIMIT 1 OFFSET 60")
    import datetime as dt

    since = dt.datetime.fromtimestamp(middle, dt.UTC).isoformat()
    path = exported(place, tmp_path / "part.jsonl", "--since", since)
    whole = exported(place, tmp_path / "whole.jsonl")
    assert 0 < path.stat().st_size < whole.stat().st_size
    head = json.loads(path.open().readline())
    assert not head["is_whole"] and head["starts"]
    with loaded(path) as (connection, part):
        assert verify(connection, part=part).problems == []


def test_whatever_is_done_to_an_export_is_found(place: Path, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for arguments in ((), ("--since", "1 h")):
        path = exported(place, tmp_path / "trail.jsonl", *arguments)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        for _ in range(12):
            changed, what = tampered(list(lines), chance)
            path.write_text("".join(changed), encoding="utf-8")
            try:
                with loaded(path) as (connection, part):
                    assert not verify(connection, part=part).is_whole, f"seed {seed}: not found: {what}"
            except LedgerUnfit as refused:
                assert "trail.jsonl" in str(refused)


def tampered(lines: list[str], chance: random.Random) -> tuple[list[str], str]:
    number = chance.randrange(1, len(lines) - 1)
    match chance.choice(["remove", "double", "change", "cut", "swap"]):
        case "remove":
            return [*lines[:number], *lines[number + 1 :]], f"line {number + 1} removed"
        case "double":
            return [*lines[:number], lines[number], *lines[number:]], f"line {number + 1} twice"
        case "cut":
            return lines[:number], f"cut before line {number + 1}"
        case "swap":
            first = json.loads(lines[number])
            [(kind, values)] = first.items()
            values[3], values[-1] = values[-1], values[3]
            return [*lines[:number], json.dumps(first) + "\n", *lines[number + 1 :]], f"two values of {kind} swapped"
        case _:
            first = json.loads(lines[number])
            [(kind, values)] = first.items()
            place = chance.randrange(len(values))
            values[place] = "x" if isinstance(values[place], str) else (values[place] or 0) + 1
            return [*lines[:number], json.dumps(first) + "\n", *lines[number + 1 :]], f"{kind}, value {place} changed"


@pytest.mark.parametrize("content", ["", "nonsense\n", '{"form":"another"}\n', "[1]\n"])
def test_a_file_that_is_no_trail_is_refused(stage: Stage, tmp_path: Path, content: str) -> None:
    (tmp_path / "a.jsonl").write_text(content, encoding="utf-8")
    done = run(stage.config_path, "audit", "verify", str(tmp_path / "a.jsonl"))
    assert done.returncode == 7 and "a.jsonl" in done.stderr and "Traceback" not in done.stderr


# --------------------------------------------------------------------------------------------------------- one person


def test_everything_about_one_person_is_one_command(place: Path, tmp_path: Path) -> None:
    nip = somebody(tmp_path)
    assert run(place, "compare", "--person", nip).returncode in (0, 3)
    reason = "asked for by letter"
    done = run(place, "export", "--person", nip, "--output", str(tmp_path / "me.json"), "--reason", reason)
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "me.json").read_text(encoding="utf-8"))
    for table, column in (("records", "lane"), ("reads", "lane"), ("persons", "nip")):
        [(count,)] = rows(tmp_path, f"SELECT count(*) FROM {table} WHERE {column} = '{nip}'")
        assert len(data[table]) == count > 0, table
    [(count,)] = rows(tmp_path, f"SELECT count(*) FROM events WHERE lane = '{nip}'")
    assert len(data["events"]) == count
    ids = {row["id"] for row in data["records"]}
    assert data["attempts"] and {row["record_id"] for row in data["attempts"]} <= ids
    assert data["audit"][-1]["reason"] == reason, "also this export itself"
    assert data["situations"] and data["situation_changes"]
    assert "compare" in {row["why"] for row in data["reads"]}
    assert stat.S_IMODE((tmp_path / "me.json").stat().st_mode) == 0o600


def test_the_text_for_the_person_speaks_both_languages_and_names_nobody_else(place: Path, tmp_path: Path) -> None:
    nip = somebody(tmp_path)
    assert run(place, "compare", "--person", nip).returncode in (0, 3)
    done = run(place, "export", "--person", nip, "--output", str(tmp_path / "me.txt"), "--reason", "asked")
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "me.txt").read_text(encoding="utf-8")
    for words in (
        "Yang dikirim kepada BKN", "What was sent to BKN", "Yang dibaca dari BKN", "diterima BKN", "accepted by BKN",
        "sama di kedua pihak", "equal on both sides",
        "untuk menyamakan data dengan BKN", "to make both sides equal", "Riwayat lengkap", "ditahan", "held back",
    ):  # fmt: skip
        assert words in told, words
    assert set(NIP.findall(told)) == {nip}
    assert all(letter.isprintable() or letter == "\n" for letter in told)


def test_an_export_of_nobody_is_8_and_leaves_no_file(place: Path, tmp_path: Path) -> None:
    before = answer(place, "audit", "list", "--limit", "5000")
    out = str(tmp_path / "me.txt")
    assert run(place, "export", "--person", "199912312020121001", "--output", out, "--reason", "x").returncode == 8
    assert run(place, "export", "--person", "17", "--output", out, "--reason", "x").returncode == 2
    assert run(place, "export", "--person", "199912312020121001", "--output", out, "--reason", " ").returncode == 2
    assert not (tmp_path / "me.txt").exists()
    assert answer(place, "audit", "list", "--limit", "5000") == before


def test_reads_at_the_word_of_an_operator_stand_there_with_his_name(place: Path, tmp_path: Path) -> None:
    nip = somebody(tmp_path)
    assert run(place, "bkn", "read", "rw-golongan", "--nip", nip).returncode == 0
    assert run(place, "map", "preview", "--person", nip).returncode == 0
    found = answer(place, "audit", "list", "--person", nip, "--limit", "20")
    by_people = [row for row in found if row["actor"] != "daemon"]
    assert {row["action"] for row in by_people} >= {"bkn.read", "read"}
    assert answer(place, "audit", "verify")["whole"]
    shutil.rmtree(tmp_path, ignore_errors=True)
