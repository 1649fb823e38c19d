"""`map check`, `map preview` and `map diff` as people run them: processes, with JSON, exit codes and no NIP in sight."""

import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.cli.conftest import another, run

from simpeg_sync.demo.stage import Stage

NIP = r"(?<![0-9a-f])\d{18}(?![0-9a-f])"


@pytest.fixture
def proposal(stage: Stage, tmp_path: Path) -> Path:
    """The same region, with one field otherwise."""
    folder = tmp_path / "baru"
    shutil.copytree(stage.folder / "feeds", folder / "feeds")
    shutil.copy(stage.config_path, folder / "simpeg-sync.yaml")
    feed = folder / "feeds/kursus.yaml"
    feed.write_text(feed.read_text(encoding="utf-8").replace("{integer: jam}", "{const: 7}"), encoding="utf-8")
    return folder


def test_the_check_needs_neither_ledger_nor_bkn_and_ends_with_3_where_rows_do_not_fit(
    stage: Stage, tmp_path: Path
) -> None:
    config = another(stage, tmp_path, ledger=f"{tmp_path}/none.db", bkn="http://127.0.0.1:9")
    done = run(config, "map", "check", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["clean"], done.stderr) == (3, False, "")
    assert report["feeds"]["kursus"]["would_send"] > 0
    assert report["feeds"]["diklat"]["clean"]
    text = run(config, "map", "check", "--feed", "diklat", "--rows", "all")
    assert text.returncode == 0 and text.stdout.rstrip().endswith("the mapping is fine")
    shown = run(config, "map", "check").stdout
    assert "problem document.missing" in shown and re.search(r"feeds/kursus\.yaml:\d+", shown)
    assert re.findall(NIP, done.stdout + text.stdout + shown) == []


def test_the_preview_shows_a_row_and_bkns_difference_masked(stage: Stage) -> None:
    with sqlite3.connect(stage.folder / "simpeg.db") as simpeg:
        nip = simpeg.execute(
            "SELECT nipbaru_ws FROM pegawai JOIN pegdiklat ON id_peg = id_pegawai WHERE pegdiklat.id = 17"
        ).fetchone()[0]
    done = run(stage.config_path, "map", "preview", "--person", nip, "--json")
    rows = json.loads(done.stdout)["rows"]
    assert done.returncode == 0 and nip not in done.stdout + done.stderr
    [row] = [row for row in rows if (row["feed"], row["key"]) == ("kursus", ["17"])]
    assert row["bkn"]["found"] == "by link" and row["action"] == "unchanged"
    text = run(stage.config_path, "map", "preview", "--record", "kursus", "17")
    assert text.returncode == 0 and "the daemon would: unchanged" in text.stdout and nip not in text.stdout
    clear = run(stage.config_path, "map", "preview", "--record", "kursus", "17", "--no-bkn", "--values")
    assert nip in clear.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["preview", "--record", "kursus"], 2),
        (["preview", "--record", "kursus", "999999"], 8),
        (["check", "--feed", "nowhere"], 8),
        (["check", "--rows", "many"], 2),
        (["diff", "nowhere"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_wrong_question_is_a_sentence_and_its_exit_code(stage: Stage, arguments: list[str], code: int) -> None:
    done = run(stage.config_path, "map", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.strip() and "Traceback" not in done.stderr


def test_the_diff_says_what_another_configuration_would_change(stage: Stage, proposal: Path) -> None:
    done = run(stage.config_path, "map", "diff", str(proposal), "--look", "2", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["approval_needed"] and report["persons_looked_at"] == 2
    kursus = report["feeds"]["kursus"]
    assert list(kursus["fields"]) == ["jumlahJam"] and kursus["at_bkn"]["update"] > 50
    assert set(kursus["looked_at"]) <= {"update", "hold"}
    assert report["feeds"]["diklat"]["change"] == "none"
    text = run(stage.config_path, "map", "diff", str(proposal / "feeds/kursus.yaml"))
    assert text.returncode == 0 and "fields that change: jumlahJam" in text.stdout and "plan --approve" in text.stdout
    assert re.findall(NIP, done.stdout + text.stdout) == []


def test_a_diff_with_itself_says_that_nothing_would_change(stage: Stage, proposal: Path) -> None:
    shutil.copy(stage.folder / "feeds/kursus.yaml", proposal / "feeds/kursus.yaml")
    done = run(stage.config_path, "map", "diff", str(proposal))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "nothing would change at BKN")


def test_a_proposal_with_problems_is_78_with_its_lines(stage: Stage, proposal: Path) -> None:
    feed = proposal / "feeds/kursus.yaml"
    feed.write_text(feed.read_text(encoding="utf-8").replace("jumlahJam:", "jumlahJma:"), encoding="utf-8")
    done = run(stage.config_path, "map", "diff", str(proposal))
    assert done.returncode == 78 and "Did you mean 'jumlahJam'?" in done.stderr
