"""`init`, `codes suggest` and `config schema` as processes."""

import csv
import json
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.cli.conftest import run
from tests.discover.simpegs import K
from tests.discover.test_recall import make

from simpeg_sync import wiring


@pytest.fixture(scope="module")
def simpeg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simpeg") / "k.db"
    make(K, path)
    return path


@pytest.fixture(scope="module")
def made(simpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "region"
    done = init(folder, simpeg)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def region(made: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    subprocess.run(["cp", "-r", str(made), str(tmp_path / "region")], check=True)
    return tmp_path / "region"


def init(folder: Path, simpeg: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return run(Path("unused.yaml"), "init", str(folder), "--source-url", f"sqlite:///{simpeg}", *more)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def suggest(region: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return run(region / "simpeg-sync.yaml", *arguments)


def test_the_folder_passes_config_check_at_once(made: Path) -> None:
    done = run(made / "simpeg-sync.yaml", "config", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "feeds: diklat, golongan, jabatan, kursus, pendidikan" in done.stdout


def test_init_tells_what_it_saw_and_what_comes_next(simpeg: Path, tmp_path: Path) -> None:
    done = init(tmp_path / "r", simpeg)
    assert "feeds/kursus.yaml" in done.stdout
    assert "r_diktek_temp" in done.stdout
    assert "config check" in done.stdout
    data = json.loads(init(tmp_path / "s", simpeg, "--json").stdout)
    assert {"feeds/kursus.yaml", "simpeg-sync.yaml", "schema/feed.schema.json"} <= set(data["files"])
    assert [person["table"] for person in data["persons"]] == ["tb_01"]


def test_what_is_there_is_not_overwritten_without_force(simpeg: Path, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    (folder / "feeds").mkdir(parents=True)
    (folder / "feeds" / "kursus.yaml").write_text("mine", encoding="utf-8")
    done = init(folder, simpeg)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["kursus.yaml"]
    assert (folder / "feeds" / "kursus.yaml").read_text(encoding="utf-8") == "mine"
    assert init(folder, simpeg, "--force").returncode == 0
    assert "target: kursus" in (folder / "feeds" / "kursus.yaml").read_text(encoding="utf-8")


def test_the_source_is_only_read(simpeg: Path, tmp_path: Path) -> None:
    before = simpeg.read_bytes()
    simpeg.chmod(0o444)
    assert init(tmp_path / "r", simpeg).returncode == 0
    assert simpeg.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "exactly one of --source-url-file and --source-url"),
        (("--source-url", "sqlite:////nowhere/at/all.db"), 1, "cannot be opened"),
        (("--source-url", "postgresql://u:hush-hush@127.0.0.1:1/x"), 4, "not reachable"),
        (("--source-url", "nonsense"), 2, "cannot be read"),
        (("--source-url-file", "/nowhere"), 78, "--source-url-file"),
    ],
)
def test_what_cannot_be_looked_at_is_said(tmp_path: Path, arguments: Sequence[str], code: int, words: str) -> None:
    done = run(Path("unused.yaml"), "init", str(tmp_path / "r"), *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "hush" not in done.stderr + done.stdout
    assert not (tmp_path / "r").exists()


def test_a_database_without_persons_gives_nothing(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE barang (id INTEGER PRIMARY KEY, nama TEXT)")
    done = init(tmp_path / "r", tmp_path / "x.db")
    assert done.returncode == 1
    assert "no table was recognised" in done.stderr
    assert not (tmp_path / "r").exists()


# ---------------------------------------------------------------------------------------------------------- suggest


def test_suggestions_are_shown_and_nothing_is_written(region: Path) -> None:
    path = region / "codes/golongan-a_golruang.csv"
    before = path.read_bytes()
    done = suggest(region, "codes", "suggest", str(path), "--table", "golongan")
    assert done.returncode == 0
    assert "III/a Penata Muda" in done.stdout
    assert "only what this program brings along" in done.stderr  # no ledger yet
    assert path.read_bytes() == before


def test_written_suggestions_do_not_count_before_a_person_takes_them(region: Path) -> None:
    path = region / "codes/golongan-a_golruang.csv"
    assert suggest(region, "codes", "suggest", str(path), "--table", "golongan", "--write").returncode == 0
    assert [(row["local"], row["bkn"], row["suggested"]) for row in rows(path)] == [
        ("1", "", "31"), ("2", "", "32"), ("3", "", "41"),
    ]  # fmt: skip
    assert _codes(region) == {}


def test_accepted_suggestions_count_and_decisions_stay(region: Path) -> None:
    path = region / "codes/golongan-a_golruang.csv"
    path.write_text("local,bkn,text,note\n1,77,III/a,by hand\n2,,III/b,\n3,,Pembinaan,\n", encoding="utf-8")
    done = suggest(region, "--json", "codes", "suggest", str(path), "--table", "golongan", "--accept", "0.95")
    assert done.returncode == 0
    assert [(row["local"], row["bkn"], row["note"]) for row in rows(path)] == [
        ("1", "77", "by hand"), ("2", "32", ""), ("3", "", ""),
    ]  # fmt: skip
    assert [line["accepted"] for line in json.loads(done.stdout)["lines"]] == [False, True, False]
    assert _codes(region) == {"1": "77", "2": "32"}
    again = path.read_bytes()
    assert suggest(region, "codes", "suggest", str(path), "--table", "golongan", "--accept", "0.95").returncode == 0
    assert path.read_bytes() == again


def test_codes_come_from_simpeg_too(region: Path) -> None:
    path = region / "codes/baru.csv"
    done = suggest(
        region, "codes", "suggest", str(path), "--from", "a_golruang.idgolru:golru", "--table", "golongan", "--write"
    )
    assert done.returncode == 0, done.stderr
    first = rows(path)[0]
    assert (first["local"], first["text"], first["suggested"]) == ("1", "III/a", "31")
    shown = suggest(region, "codes", "suggest", "--from", "a_esl.idesl:esl", "--table", "eselon")
    assert shown.returncode == 0
    assert "III.a" in shown.stdout


def test_pulled_codes_are_compared_as_well(region: Path) -> None:
    text = (region / "simpeg-sync.yaml").read_text(encoding="utf-8")
    assert "sqlite:///state/ledger.db" in text
    assert suggest(region, "db", "upgrade").returncode == 0
    with sqlite3.connect(region / "state/ledger.db") as ledger:
        ledger.execute(
            "INSERT INTO reference_codes (table_name, code, label, more, seen_in, gone_at) VALUES "
            "('ref-unor', 'u1', 'Dinas A', '{}', 1, NULL), ('ref-unor', 'u2', 'Dinas B', '{}', 1, 5.0)"
        )
    path = region / "codes/ref_unor-a_skpd.csv"
    done = suggest(region, "--json", "codes", "suggest", str(path), "--table", "ref-unor", "--min", "0.9")
    assert done.returncode == 0, done.stderr
    lines = {line["local"]: [one["code"] for one in line["suggestions"]] for line in json.loads(done.stdout)["lines"]}
    assert lines == {"A01": ["u1"], "A02": []}  # what is gone at BKN is not proposed


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("codes/golongan-a_golruang.csv", "--table", "golonan"), 2, "Did you mean 'golongan'?"),
        (("codes/nowhere.csv", "--table", "golongan"), 2, "cannot be read"),
        (("codes/ref_unor-a_skpd.csv", "--table", "ref-unor"), 2, "codes pull"),
        (("--table", "golongan"), 2, "name the CSV"),
        (("--from", "a_golruang", "--table", "golongan"), 2, "a_golruang.idgolru:golru"),
        (("--from", "nowhere.kode", "--table", "golongan"), 1, "does not exist"),
    ],
)
def test_wrong_orders_are_explained(region: Path, arguments: Sequence[str], code: int, words: str) -> None:
    done = subprocess.run(
        [*_program(), "codes", "suggest", *arguments],
        cwd=region,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def _program() -> list[str]:
    import sys

    return [sys.executable, "-m", "simpeg_sync.cli", "--config", "simpeg-sync.yaml"]


def _codes(region: Path) -> dict[str, str]:
    """What the mapper would use."""
    from simpeg_sync.config.code_tables import code_lines

    assert wiring.read_config(region / "simpeg-sync.yaml")
    content = (region / "codes/golongan-a_golruang.csv").read_bytes()
    return {line.local: line.national for line in code_lines(content)}


def test_the_schema_is_printed(made: Path) -> None:
    done = run(Path("unused.yaml"), "config", "schema", "--feed")
    assert done.returncode == 0
    assert done.stdout == (made / "schema/feed.schema.json").read_text(encoding="utf-8")
