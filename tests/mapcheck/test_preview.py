"""`map preview` shows what the mapping makes of a row and what the daemon would do, and does nothing itself."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from simpeg_sync import wiring
from simpeg_sync.clock import Clock
from simpeg_sync.domain.change import Change, FeedName, Nip, source_key
from simpeg_sync.domain.errors import NothingMatched
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.mapcheck.preview import Preview
from simpeg_sync.pipeline import Pipeline
from tests.adapters.memory import FakeClock, MemoryBkn
from tests.mapcheck.region import BUDI, SITI, Region

KURSUS = FeedName("kursus")


@pytest.fixture
def bkn() -> MemoryBkn:
    place = MemoryBkn(clock=FakeClock())
    place.know(SITI, BUDI)
    return place


@pytest.fixture
def ledger(small: Region) -> Iterator[SqlLedger]:
    wiring.ledger_engine(small.config, create=True).dispose()
    ledger = wiring.open_ledger(small.config, Clock())
    yield ledger
    ledger.close()


def preview(region: Region, bkn: MemoryBkn | None, *, shows_values: bool = False) -> Preview:
    """With BKN in memory in the place of the real one."""
    made = wiring.open_preview(region.config, Clock(), asks_bkn=False, shows_values=shows_values)
    if bkn is not None:
        made.planner.pipeline = Pipeline(replace(made.view, bkn=bkn))
        made.planner.persons_to_look_at = 100
        made = replace(made, asks_bkn=True)
    return made


def one(made: Preview, *key: str) -> dict[str, Any]:
    [row] = made.of_record(KURSUS, key)
    return row


def fields(row: dict[str, Any]) -> dict[str, tuple[str | None, str]]:
    return {field["field"]: (field["value"], field["hold"]) for field in row["fields"]}


def test_a_row_is_shown_from_its_columns_to_the_payload_by_its_form_alone(region: Region) -> None:
    region.enter(nama="Manajemen Arsip 2", selesai="08-03-2024")
    row = one(preview(region, None), "1")
    assert (row["row"]["nama"], row["row"]["nip"], row["row"]["selesai"]) == (
        "Aaaaaaaaa Aaaaa 9",
        "9" * 18,
        "99-99-9999",
    )
    assert (row["row"]["sifat"], row["row"]["status"]) == ("teknis", "2")
    assert fields(row)["tanggalSelesaiKursus"] == ("99-99-9999", "")
    assert fields(row)["jenisKursusSertipikat"] == ("T", "")
    by_name = {field["field"]: field for field in row["fields"]}
    assert by_name["jenisKursusSertipikat"]["expression"] == "{code: sifat, map: {teknis: T, lain: P}}"
    assert re.search(r"kursus\.yaml:\d+$", by_name["namaKursus"]["place"])
    assert row["payload"]["namaKursus"] == "Aaaaaaaaa Aaaaa 9"
    assert (row["action"], row["bkn"]) == ("to_look_at", None)
    assert row["documents"] == [{"kind": "", "file": "a.aaa", "found": True, "problem": ""}]
    assert SITI not in str(row) and "Arsip" not in str(row)


def test_values_are_shown_as_they_are_where_they_are_asked_for(small: Region) -> None:
    small.enter(nama="Manajemen  Arsip")
    row = one(preview(small, None, shows_values=True), "1")
    assert row["row"]["nama"] == "Manajemen  Arsip"
    assert row["payload"]["namaKursus"] == "Manajemen Arsip"
    assert row["payload"]["jumlahJam"] == 40


def test_every_field_that_does_not_fit_says_why(small: Region) -> None:
    small.enter(jam="banyak", sifat="lainnya", nama=None)
    row = one(preview(small, None), "1")
    holds = {name: hold for name, (_, hold) in fields(row).items() if hold}
    assert holds == {
        "jumlahJam": "number.unreadable", "jenisKursusSertipikat": "code.unknown", "namaKursus": "field.required"
    }  # fmt: skip
    assert (row["payload"], row["action"], row["reason"]) == (None, "hold", "code.unknown")


def test_what_bkn_has_is_found_and_compared_as_the_daemon_compares(small: Region, bkn: MemoryBkn) -> None:
    small.enter(nomor="SERT/9", nama="manajemen arsip")
    bkn_id = bkn.enter("kursus", SITI, nomorSertipikat="sert/9", namaKursus="MANAJEMEN ARSIP", jumlahJam="41",
                       institusiPenyelenggara="BPSDM", jenisDiklatId="3", jenisKursusSertipikat="T", tahunKursus=2024,
                       tanggalKursus="04-03-2024", tanggalSelesaiKursus="08-03-2024", jenisKursus="abc")  # fmt: skip
    row = one(preview(small, bkn), "1")
    assert (row["bkn"]["found"], row["bkn"]["id"]) == ("by the natural key", bkn_id)
    verdicts = {field["field"]: field["equal"] for field in row["bkn"]["fields"]}
    assert [name for name, equal in verdicts.items() if equal is False] == ["jumlahJam"]
    assert verdicts["namaKursus"] is True and verdicts["instansiId"] is None
    assert row["bkn"]["kept"] == ["jenisKursus"]
    assert row["action"] == "update"


@pytest.mark.parametrize(
    ("entered", "found", "action", "reason"),
    [
        ([], "no row matches", "create", ""),
        (["SERT/1"], "by the natural key", "link", ""),
        (["SERT/1", "SERT/1"], "2 rows match", "hold", "match.several"),
    ],
)
def test_what_the_daemon_would_do_is_said(
    small: Region, bkn: MemoryBkn, entered: list[str], found: str, action: str, reason: str
) -> None:
    small.enter(berkas=None)
    for number in entered:
        bkn.enter("kursus", SITI, nomorSertipikat=number, namaKursus="Manajemen Arsip", jumlahJam="40",
                  institusiPenyelenggara="BPSDM", jenisDiklatId="3", jenisKursusSertipikat="T", tahunKursus=2024,
                  tanggalKursus="04-03-2024", tanggalSelesaiKursus="08-03-2024")  # fmt: skip
    row = one(preview(small, bkn), "1")
    assert (row["bkn"]["found"], row["action"], row["reason"]) == (found, action, reason)


def test_all_rows_of_a_person_are_shown_however_the_nip_is_written(region: Region) -> None:
    region.feed(joins=[{"table": "jenis", "as": "j", "on": {"kode": "jenis"}}], active_person=None)
    region.run("ALTER TABLE pelatihan ADD nip_lain VARCHAR(30)")
    region.feed(person="nip_lain", joins=[{"table": "jenis", "as": "j", "on": {"kode": "jenis"}}], active_person=None)
    for nip in (SITI, f"'{SITI}", "19850101 201001 2 001", BUDI):
        region.enter(nip_lain=nip)
    rows = preview(region, None).of_person(SITI, [KURSUS])
    assert sorted(row["key"][0] for row in rows) == ["1", "2", "3"]


def test_what_is_not_there_is_said(small: Region) -> None:
    small.enter()
    made = preview(small, None)
    for key in (["99"], ["1", "2"]):
        with pytest.raises(NothingMatched):
            made.of_record(KURSUS, key)
    for nip in (BUDI, "1"):
        with pytest.raises(NothingMatched):
            made.of_person(nip, [KURSUS])


def test_nothing_is_written_to_the_ledger_and_nothing_to_bkn(small: Region, bkn: MemoryBkn, ledger: SqlLedger) -> None:
    small.enter()
    change = Change(KURSUS, source_key(["1"]))
    ledger.take_changes([change], {change: Nip(SITI)})

    def content() -> list[Any]:
        with ledger.engine.connect() as connection:
            names = [
                name for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
            ]
            return [[tuple(row) for row in connection.execute(text(f'SELECT * FROM "{name}"'))] for name in names]

    before = content()
    assert one(preview(small, bkn), "1")["action"] == "create"
    assert content() == before
    assert (bkn.writes, bkn.effects) == (0, [])


def test_a_row_that_is_gone_is_shown_by_what_would_become_of_it(small: Region, bkn: MemoryBkn) -> None:
    small.enter(jenis="X")
    row = one(preview(small, bkn), "1")
    assert (row["action"], row["reason"], row["payload"]) == ("ignore", "row.out_of_scope", None)


def test_bkn_being_down_is_said_and_the_rest_is_shown(small: Region, bkn: MemoryBkn) -> None:
    small.enter()
    bkn.is_down = True
    made = preview(small, bkn)
    row = one(made, "1")
    assert row["payload"] is not None and row["action"] == "to_look_at"
    assert made.planner.bkn_problem == row["bkn"]["problem"] == "BKN is down"


def test_a_damaged_ledger_is_not_taken_for_none(small: Region) -> None:
    from simpeg_sync.domain.errors import LedgerError

    Path(small.folder / "ledger.db").write_bytes(b"this is no database" * 500)
    with pytest.raises(LedgerError):
        preview(small, None)
