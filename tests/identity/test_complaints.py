"""What BKN complains about is shown field by field, with the column of SIMPEG that it comes from, in both languages."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from simpeg_sync import wiring
from simpeg_sync.cli.common import speaks_indonesian
from simpeg_sync.insights import Insights
from simpeg_sync.simulator import process
from tests.identity.conftest import KURSUS, Region
from tests.identity.test_keys import certificate

RegionOf = Callable[..., Region]


def insights(here: Region, *, indonesian: bool = False) -> Insights:
    apis = wiring.bkn_dialect(here.config).apis
    return Insights(
        wiring.open_reader(here.config), here.config.digest, indonesian=indonesian, feeds=here.config.feeds, apis=apis
    )


def refused(region: RegionOf, message: str) -> Region:
    here = region(KURSUS)
    here.person(1)
    here.sim.control.add_refusal("kursus", message, times=1)
    here.run(certificate(1))
    here.settle()
    assert here.state(1) == ("refused", "bkn.refused")
    return here


def shown(here: Region, **words: Any) -> list[dict[str, Any]]:
    found = insights(here, **words).record(here.record(1).id)
    assert found is not None
    return list(found["attempts"][-1]["complaints"])


def test_a_refusal_names_fields_columns_and_words(region: RegionOf) -> None:
    here = refused(
        region,
        "3 errors occurred:\n\t* NomorSertipikat is required\n\t* PnsOrangId is required\n\t* InstansiKerjaID is required\n\n",
    )
    assert [(one["field"], one["rule"], one["columns"]) for one in shown(here)] == [
        ("nomorSertipikat", "required", ["nomor"]),
        ("pnsOrangId", "required", ["p.nip"]),
        ("instansiId", "required", []),
    ]
    assert shown(here)[0]["sentence"] == "nomorSertipikat is required."
    assert shown(here, indonesian=True)[0]["sentence"] == "nomorSertipikat wajib diisi."


def test_what_is_not_understood_is_shown_as_bkn_said_it_with_nips_masked(region: RegionOf) -> None:
    here = refused(region, "Usulan 198501012010012001 sedang diproses\x1b[2J")
    (one,) = shown(here)
    assert one["said"] == "Usulan 1985…2001 sedang diproses [2J"
    assert (one["field"], one["rule"], one["sentence"]) == ("", "", "BKN says: Usulan 1985…2001 sedang diproses [2J.")
    assert "198501012010012001" not in json.dumps(insights(here).record(here.record(1).id))


def test_the_language_is_the_systems(region: RegionOf) -> None:
    here = refused(region, "1 error occurred:\n\t* NomorSertipikat is required\n\n")
    number = here.record(1).id
    indonesian, english = (said(here, lang, "record", "show", str(number)) for lang in ("id_ID.UTF-8", "en_US.UTF-8"))
    assert "nomorSertipikat wajib diisi." in indonesian
    assert (
        f"yang perlu dilakukan (di SIMPEG): Perbaiki di SIMPEG isian yang disebut BKN; `simpeg-sync record show {number}`"
        in indonesian
    )
    assert "nomorSertipikat is required." in english
    assert "what to do (in SIMPEG): Correct in SIMPEG what BKN names" in english
    assert "yang perlu dilakukan (di SIMPEG): Perbaiki" in said(here, "id_ID.UTF-8", "status")
    assert "what to do (in SIMPEG): Correct" in said(here, "C.UTF-8", "log", "--status", "refused")
    as_json = json.loads(said(here, "id_ID.UTF-8", "--json", "record", "show", str(number)))
    assert (as_json["where"], as_json["todo"][:8]) == ("simpeg", "Perbaiki")


def said(here: Region, lang: str, *arguments: str) -> str:
    environment = {name: value for name, value in process.environment().items() if not name.startswith("LC_")}
    done = subprocess.run(
        [sys.executable, "-m", "simpeg_sync.cli", "--config", str(here.config.path), *arguments],
        capture_output=True, text=True, encoding="utf-8", timeout=60, stdin=subprocess.DEVNULL, check=True,
        env={**environment, "LANG": lang, "PYTHONUTF8": "1"},
    )  # fmt: skip
    return done.stdout


def test_which_settings_of_the_system_mean_indonesian() -> None:
    assert speaks_indonesian({"LANG": "id_ID.UTF-8"})
    assert speaks_indonesian({"LANG": "id"}) and speaks_indonesian({"LC_ALL": "id_ID", "LANG": "en_US"})
    assert not speaks_indonesian({"LANG": "id_ID.UTF-8", "LC_ALL": "C"})
    assert (
        not speaks_indonesian({"LANG": "idl"})
        and not speaks_indonesian({})
        and not speaks_indonesian({"LANG": "en_ID"})
    )
    assert speaks_indonesian(os.environ) in (True, False)
