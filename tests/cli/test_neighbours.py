"""What commands say when a neighbour is away, damaged, or already at work; and what they say while the daemon runs."""

import json
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text
from tests.cli.conftest import LIMIT_S, another, on_a_terminal, run

from simpeg_sync.demo.stage import Stage
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.lock import alone
from simpeg_sync.simulator import process

PATIENCE_S = 0.5
IMPATIENT = (
    f"import simpeg_sync.daemon as d; d.ONCE_PATIENCE_S = {PATIENCE_S}; from simpeg_sync.cli import main; main()"
)


def closed_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def copy_of_ledger(stage: Stage, tmp_path: Path) -> Path:
    with sqlite3.connect(stage.folder / "ledger.db") as ledger, sqlite3.connect(tmp_path / "copy.db") as copy:
        ledger.backup(copy)
    return tmp_path / "copy.db"


def test_a_second_daemon_is_told_so_at_once(stage: Stage) -> None:
    engine = open_engine(f"sqlite:///{stage.folder}/ledger.db")
    try:
        with alone(engine):
            done = run(stage.config_path, "run", "--once")
    finally:
        engine.dispose()
    assert done.returncode == 6
    assert "another instance" in done.stderr


def test_a_ledger_of_a_newer_program_is_7_and_says_what_to_install(stage: Stage, tmp_path: Path) -> None:
    copy = copy_of_ledger(stage, tmp_path)
    with sqlite3.connect(copy) as ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    done = run(another(stage, tmp_path, ledger=str(copy)), "status")
    assert done.returncode == 7
    assert "newer" in done.stderr


def test_a_file_that_is_another_database_holds_no_ledger(stage: Stage, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE x (y)")
    done = run(another(stage, tmp_path, ledger=f"{tmp_path}/other.db"), "status")
    assert (done.returncode, "db upgrade" in done.stderr) == (7, True)


def test_a_ledger_in_a_folder_that_is_not_there_is_a_sentence(stage: Stage, tmp_path: Path) -> None:
    done = run(another(stage, tmp_path, ledger=f"{tmp_path}/none/ledger.db"), "db", "upgrade")
    assert done.returncode in (1, 7)
    assert done.stderr.strip() and "Traceback" not in done.stderr


def test_a_source_that_does_not_answer_is_4(stage: Stage, tmp_path: Path) -> None:
    text = stage.config_path.read_text(encoding="utf-8")
    url = f"postgresql://a:rahasia@127.0.0.1:{closed_port()}/simpeg"
    path = stage.folder / f"{tmp_path.name}.yaml"
    path.write_text(text.replace(f"sqlite:///{stage.folder}/simpeg.db", url), encoding="utf-8")
    done = run(path, "source", "status")
    assert (done.returncode, done.stdout) == (4, "")
    assert "rahasia" not in done.stderr


def test_run_once_ends_with_4_when_bkn_stays_away(stage: Stage, tmp_path: Path) -> None:
    copy = copy_of_ledger(stage, tmp_path)
    config = another(stage, tmp_path, ledger=str(copy), bkn=f"http://127.0.0.1:{closed_port()}")
    refused = run(config, "resync", "--status", "synced", "--reason", "coba", "--yes")
    assert (refused.returncode, "plan --approve" in refused.stderr) == (3, True)
    assert run(config, "plan", "--look", "0").returncode == 0
    assert run(config, "plan", "--approve").returncode == 0
    assert run(config, "resync", "--status", "synced", "--reason", "coba", "--yes").returncode == 0
    planned = run(config, "plan", "--look", "1", "--json")
    assert (planned.returncode, bool(json.loads(planned.stdout)["bkn_problem"])) == (0, True)
    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT, "--config", str(config), "run", "--once"],
        capture_output=True, text=True, env=process.environment(), timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 4, done.stdout + done.stderr
    assert "BKN has been away" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_large_resync_goes_on_when_its_number_is_typed_and_a_dry_run_changes_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    config = another(stage, tmp_path, ledger=str(copy_of_ledger(stage, tmp_path)))
    before = run(config, "status", "--json").stdout
    dry = json.loads(run(config, "resync", "--feed", "kursus", "--dry-run", "--json").stdout)
    assert dry["dry_run"] and dry["records"] >= 100
    assert run(config, "status", "--json").stdout == before
    order = ("resync", "--feed", "kursus", "--overwrite", "--documents", "--reason", "coba")
    assert on_a_terminal(config, f"{dry['records'] + 1}\n", *order) == 130
    assert run(config, "status", "--json").stdout == before
    assert on_a_terminal(config, f"{dry['records']}\n", *order) == 0
    after = json.loads(run(config, "status", "--json").stdout)
    assert after["feeds"]["kursus"] == {"waiting": dry["records"]}


def test_the_log_is_followed_while_things_happen(stage: Stage, tmp_path: Path) -> None:
    config = another(stage, tmp_path, ledger=str(copy_of_ledger(stage, tmp_path)))
    known = json.loads(run(config, "log", "--limit", "1", "--json").stdout)["id"]
    with subprocess.Popen(
        [sys.executable, "-m", "simpeg_sync.cli", "--config", str(config), "--json", "log", "--limit", "1", "--follow",
         "--follow-for", "20"],
        stdout=subprocess.PIPE, text=True, env=process.environment(),
    ) as following:  # fmt: skip
        assert following.stdout is not None
        try:
            assert json.loads(following.stdout.readline())["id"] == known
            assert run(config, "resync", "--status", "synced", "--reason", "coba", "--yes").returncode == 0
            seen = [json.loads(following.stdout.readline()) for _ in range(5)]
        finally:
            following.kill()
    assert [event["id"] for event in seen] == list(range(known + 1, known + 6))
    assert {event["event"] for event in seen} == {"resync"}


def test_keys_and_words_with_escapes_and_nips_neither_steer_the_terminal_nor_show_a_person(
    stage: Stage, tmp_path: Path
) -> None:
    copy = copy_of_ledger(stage, tmp_path)
    config = another(stage, tmp_path, ledger=str(copy))
    nasty, nip = "\x1b[2J\x1b]0;x\x07\nrm -rf\x9b31m\u202e<script>", "199912312020121001"
    engine = open_engine(f"sqlite:///{copy}")
    with engine.begin() as ledger:
        values = {"key": json.dumps([nip, nasty]), "words": f"{nasty} {nip}"}
        ledger.execute(text("UPDATE records SET source_key = :key, detail = :words WHERE id = 1"), values)
        ledger.execute(text("UPDATE records SET reason = 'code.unknown', status = 'held' WHERE id = 1"))
        ledger.execute(text("DROP TRIGGER events_no_update"))
        ledger.execute(text("UPDATE events SET detail = :words, reason = 'code.unknown' WHERE record_id = 1"), values)
        ledger.execute(text("UPDATE attempts SET message = :words WHERE record_id = 1"), values)
    engine.dispose()
    for command in ("status", "log --limit 10000", "log --limit 10000 --json", "record show 1", "record show 1 --json"):
        done = run(config, *command.split())
        assert done.returncode == 0, done.stderr
        assert not {letter for letter in done.stdout if letter != "\n" and not letter.isprintable()}, command
        assert "\nrm" not in done.stdout
        assert nip not in done.stdout


def test_a_fault_of_the_program_is_one_sentence_without_values(stage: Stage, tmp_path: Path) -> None:
    code = (
        "import simpeg_sync.insights as i; from simpeg_sync.cli import main\n"
        "def broken(self): raise KeyError('rahasia')\n"
        "i.Insights.status = broken; main()"
    )
    command = [sys.executable, "-c", code, "--config", str(stage.config_path), "status"]
    done = subprocess.run(command, capture_output=True, text=True, env=process.environment(), check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "KeyError at <string>:2" in done.stderr
    assert "rahasia" not in done.stderr


def test_a_terminal_of_another_alphabet_gets_what_it_can_show(stage: Stage) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "simpeg_sync.cli", "--config", str(stage.config_path), "record", "show", "1"],
        capture_output=True, env={**process.environment(), "PYTHONIOENCODING": "ascii"}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_first_output_comes_soon(stage: Stage) -> None:
    """By the processor's clock: how busy the machine is says nothing about us."""

    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    for command in (["--version"], ["status"]):
        begun = used()
        assert run(stage.config_path, *command).returncode == 0
        seconds = used() - begun
        sys.stderr.write(f"{' '.join(command)}: {seconds:.2f} s\n")
        assert seconds < 3


def test_a_pipe_that_closes_is_the_readers_business(stage: Stage) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    script = f"'{sys.executable}' -m simpeg_sync.cli --config '{stage.config_path}' log --limit 10000 | head -1"
    done = subprocess.run(
        [bash, "-c", f"{script}; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True, env=process.environment(),
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 1)
