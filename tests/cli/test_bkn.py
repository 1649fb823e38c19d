"""`bkn reads` and `bkn read`: what BKN has of a person, typed, with a line in the audit."""

import json

from sqlalchemy import create_engine, text
from tests.cli.conftest import run

from simpeg_sync.demo.stage import Stage


def somebody(stage: Stage) -> str:
    return str(stage.bkn.control.rows(resource="kursus")[0]["nip"])


def test_the_lists_of_bkn_are_listed(stage: Stage) -> None:
    shown = json.loads(run(stage.config_path, "bkn", "reads", "--json").stdout)
    assert len(shown) == 59
    (golongan,) = [one for one in shown if one["name"] == "rw-golongan"]
    assert golongan["parameters"] == [{"name": "nipBaru", "required": True}]
    assert "rw-golongan" in run(stage.config_path, "bkn", "reads").stdout


def test_a_list_is_read_typed_and_the_audit_says_who_asked(stage: Stage) -> None:
    nip = somebody(stage)
    done = run(stage.config_path, "bkn", "read", "rw-kursus", "--nip", nip, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert rows and all(isinstance(row["jumlahJam"], int) for row in rows)
    assert all(row["nipBaru"] == nip for row in rows)
    with create_engine(f"sqlite:///{stage.folder}/ledger.db").connect() as connection:
        last = connection.execute(text("SELECT action, target FROM audit ORDER BY id DESC LIMIT 1")).one()
    assert tuple(last) == ("bkn.read", f"rw-kursus of {nip}")


def test_people_read_it_as_lines(stage: Stage) -> None:
    done = run(stage.config_path, "bkn", "read", "data-utama", "--nip", somebody(stage))
    assert done.returncode == 0
    assert "nipBaru" in done.stdout


def test_what_bkn_does_not_have_is_nothing_and_no_error(stage: Stage) -> None:
    done = run(stage.config_path, "bkn", "read", "rw-cltn", "--nip", somebody(stage))
    assert (done.returncode, done.stdout) == (0, "BKN has nothing\n")


def test_a_wrong_question_is_answered_with_what_to_do(stage: Stage) -> None:
    unknown = run(stage.config_path, "bkn", "read", "rw-kurzus")
    assert unknown.returncode == 2
    assert "simpeg-sync bkn reads" in unknown.stderr
    assert run(stage.config_path, "bkn", "read", "rw-kursus", "--nip", "123").returncode == 2
    assert run(stage.config_path, "bkn", "read", "rw-kursus", "--set", "nipBaru").returncode == 2
    assert run(stage.config_path, "bkn", "read", "agama-x", "--nip", "1").returncode == 2
    assert run(stage.config_path, "bkn", "read", "ref-unor", "--nip", somebody(stage)).returncode == 2


def test_the_main_record_is_refreshed_and_the_audit_says_who_asked(stage: Stage) -> None:
    nip = somebody(stage)
    refused = run(stage.config_path, "bkn", "refresh", "golongan", "--nip", nip)
    assert (refused.returncode, "BKN refuses: " in refused.stderr) == (8, True)
    stage.bkn.control.add_row("golongan", nip, {"golonganId": "32", "tmtGolongan": "01-04-2020"})
    done = run(stage.config_path, "bkn", "refresh", "golongan", "--nip", nip)
    assert (done.returncode, done.stdout) == (0, "BKN has refreshed golongan in its main record\n"), done.stderr
    (effect,) = [effect for effect in stage.bkn.control.effects() if effect["kind"] == "sync"]
    assert effect["nip"] == nip
    unknown = run(stage.config_path, "bkn", "refresh", "jabatan", "--nip", "198001012005011999")
    assert unknown.returncode == 8
    assert run(stage.config_path, "bkn", "refresh", "jabatan", "--nip", "1").returncode == 2
