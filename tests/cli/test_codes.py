"""`codes pull` and `codes check` as processes, against a server of reference tables on this machine."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.reference_api import ReferenceApi, as_json, rows, served
from tests.cli.conftest import LIMIT_S, run

from simpeg_sync.bkn.codes import load_bundle
from simpeg_sync.bkn.exchange import Answer
from simpeg_sync.simulator import process

FEED = """\
feed: kursus
target: kursus
table: pelatihan
key: [id]
person: nip
fields:
  institusiPenyelenggara: penyelenggara
  instansiId: {const: in-0001}
  jenisDiklatId: {code: jenis, table: codes/jenis.csv}
  jenisKursusSertipikat: {code: sifat, map: {teknis: T, lain: X}}
  jenisKursus: kursus
  jumlahJam: {integer: jam}
  lokasiId: {const: lo-0007}
  nomorSertipikat: nomor
  tahunKursus: {year: selesai}
natural_key: [nomorSertipikat]
"""


@dataclass(slots=True)
class Region:
    folder: Path
    bkn: str
    api: ReferenceApi

    def __post_init__(self) -> None:
        for name in ("consumer_key", "consumer_secret", "sso_token"):
            (self.folder / name).write_text(f"fake-{name}", encoding="utf-8")
        (self.folder / "feeds").mkdir()
        (self.folder / "feeds/kursus.yaml").write_text(FEED, encoding="utf-8")
        (self.folder / "codes").mkdir()
        (self.folder / "codes/jenis.csv").write_text("local,bkn\nseminar,9\nwebinar,99\n", encoding="utf-8")
        self.settings()
        assert run(self.path, "db", "upgrade").returncode == 0

    @property
    def path(self) -> Path:
        return self.folder / "s.yaml"

    def settings(self, **more: Any) -> None:
        bkn = {
            "base_url": f"{self.bkn}/apisiasn/1.0",
            "apim_token_url": f"{self.bkn}/oauth2/token",
            "consumer_key_file": "consumer_key",
            "consumer_secret_file": "consumer_secret",
            "sso_token_file": "sso_token",
            "reference_url": f"{self.bkn}/referensi_siasn/1",
            "calls_per_second": 500,
            "call_limit": 5,
            **more,
        }
        kept = {name: value for name, value in bkn.items() if value is not None}
        document = {
            "region": "x",
            "source": {"url": "sqlite:///s.db"},
            "ledger": {"url": "sqlite:///l.db"},
            "bkn": kept,
        }
        self.path.write_text(json.dumps(document), encoding="utf-8")

    def pull(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        self.api.asked.clear()
        return run(self.path, "codes", "pull", "--json", *arguments)

    def check(self) -> Any:
        done = run(self.path, "codes", "check", "--json")
        found = json.loads(done.stdout)
        assert done.returncode == (1 if found["unknown"] else 0)
        return found


def all_tables() -> dict[str, list[dict[str, Any]]]:
    tables = {table.name: rows(3) for table in load_bundle().reference_api}
    instansi = [{"id": f"in-{number:04}", "nama": f"Instansi {number}"} for number in range(1, 6)]
    lokasi = [{"id": f"lo-{number:04}", "nama": f"Lokasi {number}"} for number in range(1, 8)]
    jenis = [{"id": str(number), "jenis_diklat": f"Jenis {number}"} for number in range(1, 30)]
    return {**tables, "ref-unor": [{"Id": "u", "NamaUnor": "U"}], "instansi": instansi, "lokasi": lokasi,
            "jenis-diklat": jenis}  # fmt: skip


@pytest.fixture
def region(tmp_path: Path) -> Iterator[Region]:
    api = ReferenceApi(all_tables())
    with served(api) as url:
        yield Region(tmp_path, url, api)


def states(done: "subprocess.CompletedProcess[str]") -> dict[str, str]:
    return {line["table"]: line["state"] for line in json.loads(done.stdout)["tables"]}


def test_the_check_names_each_unknown_code_with_its_line_and_what_nobody_can_say(region: Region) -> None:
    found = region.check()
    assert found["known"] == 2
    assert [(Path(one["place"]).name, one["field"], one["local"], one["national"]) for one in found["unknown"]] == [
        ("jenis.csv:3", "jenisDiklatId", "webinar", "99"),
        ("kursus.yaml:10", "jenisKursusSertipikat", "lain", "X"),
    ]
    assert {(one["field"], one["codes"]) for one in found["not_checked"]} == {
        ("instansiId", 1), ("jenisKursus", 0), ("lokasiId", 1)}  # fmt: skip
    text = run(region.path, "codes", "check")
    assert text.returncode == 1
    assert "table lokasi was never pulled" in text.stdout
    assert re.search(r"codes/jenis\.csv:3 +kursus +jenisDiklatId +webinar +99 +jenisDiklat\n", text.stdout)


def test_after_a_pull_and_with_the_regions_own_knowledge_everything_is_said(region: Region) -> None:
    done = region.pull()
    assert done.returncode == 0, done.stderr
    assert set(states(done).values()) == {"pulled"}
    assert set(states(done)) == {"ref-unor", *all_tables()}
    region.settings(extra_codes={"jenisKursusSertipikat": ["X"], "jenisDiklat": [99]})
    found = region.check()
    assert (found["known"], found["unknown"]) == (6, [])
    assert [one["field"] for one in found["not_checked"]] == ["jenisKursus"]
    assert "fake" not in done.stdout + done.stderr


def test_without_a_reference_api_only_the_unit_tree_is_pulled_and_it_says_so(region: Region) -> None:
    region.settings(reference_url=None)
    done = region.pull()
    assert (done.returncode, states(done)) == (0, {"ref-unor": "pulled"})
    assert "reference_url is not set" in done.stderr
    named = region.pull("--table", "golongan")
    assert (named.returncode, named.stdout) == (2, "")
    assert "reference_url is not set" in named.stderr


def test_a_fresh_table_is_pulled_again_only_when_it_is_named_or_all_begin_anew(region: Region) -> None:
    assert region.pull().returncode == 0
    assert set(states(region.pull()).values()) == {"fresh"}
    assert region.api.asked == []
    assert states(region.pull("--table", "golongan")) == {"golongan": "pulled"}
    assert set(states(region.pull("--restart")).values()) == {"pulled"}


def test_a_table_that_is_not_there_is_2_and_the_likely_one_is_named(region: Region) -> None:
    done = region.pull("--table", "golngan")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean 'golongan'?" in done.stderr


def test_a_table_that_bkn_does_not_give_stops_no_other_and_is_3(region: Region) -> None:
    del region.api.tables["kanreg"]
    done = region.pull()
    assert done.returncode == 3
    found = states(done)
    assert found.pop("kanreg") == "failed"
    assert set(found.values()) == {"pulled"}
    assert [name for name, state in states(region.pull()).items() if state != "fresh"] == ["kanreg"]


def test_a_bkn_that_goes_away_is_4_and_the_next_run_goes_on_where_it_stopped(region: Region) -> None:
    region.api.tables["lokasi"] = rows(1200)
    away = as_json(503, {"fault": "away"})
    region.api.instead = lambda table, _: away if (table, region.api.asked[-1][2]) == ("lokasi", 500) else None
    done = region.pull("--table", "lokasi", "--table", "golongan")
    assert done.returncode == 4
    assert "goes on there" in done.stderr and "Traceback" not in done.stderr
    region.api.instead = lambda *_: None
    assert region.pull("--table", "lokasi").returncode == 0
    assert [offset for _, _, offset in region.api.asked] == [500, 1000]


def test_a_login_that_bkn_refuses_is_5(region: Region) -> None:
    region.api.accepts_login = False
    done = region.pull()
    assert (done.returncode, done.stdout) == (5, "")
    assert "fake" not in done.stderr


def test_a_run_that_is_killed_is_ended_by_the_next_one(region: Region) -> None:
    region.api.tables["lokasi"] = rows(1700)

    def slowly(table: str, number: int) -> Answer | None:
        time.sleep(0.2 if table == "lokasi" else 0.0)
        return None

    region.api.instead = slowly
    with subprocess.Popen(
        [sys.executable, "-m", "simpeg_sync.cli", "--config", str(region.path), "codes", "pull"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=process.environment(),
    ) as running:  # fmt: skip
        ends_at = time.monotonic() + LIMIT_S
        while ("lokasi", 500, 1000) not in region.api.asked and time.monotonic() < ends_at:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
    region.api.instead = lambda *_: None
    done = region.pull()
    assert done.returncode == 0
    assert region.api.asked[0][0] == "lokasi" and region.api.asked[0][2] in (1000, 1500)
    lines = {line["table"]: line["rows"] for line in json.loads(done.stdout)["tables"]}
    assert lines["lokasi"] == 1700
