"""The plan says what the daemon then does, and does nothing itself."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from simpeg_sync import logs
from simpeg_sync.mapping.expressions import Column, Constant
from simpeg_sync.mapping.feed import DocumentRule
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.planner import Planner
from tests.adapters.memory import DIKLAT, KURSUS
from tests.pipeline.conftest import BUDI, GRACE_S, SETTLE_S, SITI, Office

PDF = b"%PDF-1.4 sertifikat"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    logs.configure(level="ERROR")
    place = Office(tmp_path)
    yield place
    place.ledger.close()


def plan_of(office: Office, *, persons: int = 100) -> dict[str, Any]:
    return Planner(office.pipeline, 5.0, persons).make()


def actions(plan: dict[str, Any], feed: str = "kursus") -> dict[str, int]:
    found: dict[str, int] = plan["feeds"][feed]["actions"]
    return found


def records(office: Office) -> list[Any]:
    with office.ledger.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT * FROM records ORDER BY id"))]


def busy_office(office: Office) -> None:
    """One row of each kind."""
    office.files.contents["a.pdf"] = PDF
    office.enter("1", berkas="a.pdf", nama="Pengadaan Barang", penyelenggara="LKPP")
    office.enter("2")
    office.bkn.enter("kursus", SITI, nomorSertipikat="SERT/2/2024", institusiPenyelenggara="BPSDM Kota Teluk Biru",
                     jenisDiklatId="3", jumlahJam=40, namaKursus="Manajemen Arsip", tahunKursus=2024,
                     tanggalKursus="04-03-2024", tanggalSelesaiKursus="08-03-2024")  # fmt: skip
    office.enter("3", nip=BUDI)
    office.bkn.enter("kursus", BUDI, nomorSertipikat="SERT/3/2024", jumlahJam=8)
    office.enter("4", jenis="00")
    office.enter("5", status=1)
    office.enter("6", jam="banyak")
    office.enter("7", jam="0")
    office.enter("8", nip="199912312020121001")
    office.enter("9", aktif=0)


def test_counts_reasons_and_examples_are_right(office: Office) -> None:
    busy_office(office)
    plan = plan_of(office)
    assert actions(plan) == {"hold": 4, "create": 1, "link": 1, "update": 1}
    assert actions(plan, "diklat") == {"create": 1}
    assert {(r["reason"], r["detail"]): r["count"] for r in plan["feeds"]["kursus"]["reasons"]} == {
        ("unverified", ""): 1,
        ("number.unreadable", "jumlahJam: jam"): 1,
        ("field.greater_than", "jumlahJam"): 1,
        ("person.unknown_at_bkn", ""): 1,
    }
    assert plan["feeds"]["kursus"]["examples"]["create"] == ["1"]
    assert plan["bkn_problem"] == ""


def test_the_estimate_is_exact_when_everybody_was_looked_at(office: Office) -> None:
    busy_office(office)
    plan = plan_of(office)
    assert plan["estimate"]["is_exact"]
    office.pass_time()
    assert sorted(office.effects) == ["create", "create", "update", "upload"]
    assert plan["estimate"]["writes"] == len(office.effects)


def test_every_certificate_of_a_row_is_counted(office: Office) -> None:
    kinds = ("872", "873")
    ids = ("instansiId", "satuanKerjaId", "unorId", "jabatanFungsionalUmumId")
    post = replace(
        office.feeds[KURSUS],
        target="jabatan",
        fields={"jenisJabatan": Constant("4"), "nomorSk": Column("nomor"), **dict.fromkeys(ids, Constant("A1"))},
        natural_key=("nomorSk",),
        documents=tuple(DocumentRule(Column(f"berkas_{kind}"), "berkas", kind=kind) for kind in kinds),
        moves_with=(),
    )
    office.feeds = {KURSUS: post}
    office.files.contents = {"872.pdf": PDF, "873.pdf": PDF + b"2"}
    office.enter(berkas_872="872.pdf", berkas_873="873.pdf")
    plan = plan_of(office)
    assert (actions(plan), plan["estimate"]["writes"]) == ({"create": 1}, 3)
    office.pass_time()
    assert office.effects == ["create", "upload", "upload", "sync"]
    office.files.contents = {"872.pdf": PDF + b"3", "873.pdf": PDF + b"4"}
    plan = plan_of(office)
    assert (actions(plan), plan["estimate"]["writes"]) == ({"upload": 1}, 2)


def test_a_certificate_that_bkn_has_already_is_not_counted(office: Office) -> None:
    office.files.contents["a.pdf"] = PDF
    office.enter(berkas="a.pdf")
    office.pass_time()
    [row] = office.at_bkn()
    office.erase()
    with office.ledger.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER events_no_delete"))
        connection.execute(text("DELETE FROM events"))
        connection.execute(text("DELETE FROM attempts"))
        connection.execute(text("DELETE FROM records"))
    office.enter(berkas="a.pdf")
    assert row["path"]
    plan = plan_of(office)
    assert (actions(plan), plan["estimate"]["writes"]) == ({"link": 1}, 0)


def test_planning_writes_nothing_at_bkn_and_moves_no_record(office: Office) -> None:
    busy_office(office)
    before = records(office)
    plan_of(office)
    assert records(office) == before
    assert (office.bkn.writes, office.effects) == (0, [])


def test_who_was_not_looked_at_is_counted_apart_and_the_estimate_says_so(office: Office) -> None:
    for key in range(4):
        office.enter(str(key))
    for key in range(4, 10):
        office.enter(str(key), nip=BUDI)
    plan = plan_of(office, persons=1)
    assert actions(plan) == {"create": 4, "to_look_at": 6}
    assert plan["estimate"] == {"writes": 10, "reads_about": 7, "minutes": 0.1, "is_exact": False}
    assert plan["persons_looked_at"] == 1


def test_what_the_ledger_knows_to_be_equal_is_unchanged_without_a_look(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.bkn.reads.clear()
    assert actions(plan_of(office, persons=0)) == {"unchanged": 1}
    assert office.bkn.reads.total() == 0


@pytest.mark.parametrize(("persons", "expected"), [(100, {"hold": 1}), (0, {"to_look_at": 1})])
def test_a_sent_row_that_is_another_persons_now_is_not_unchanged(
    office: Office, persons: int, expected: dict[str, int]
) -> None:
    office.enter()
    office.pass_time()
    office.enter(nip=BUDI)
    plan = plan_of(office, persons=persons)
    assert actions(plan) == expected
    office.pass_time()
    assert office.state() == ("held", "person.changed")


def test_a_sent_row_goes_along_with_a_corrected_nip(office: Office) -> None:
    office.enter()
    office.pass_time()
    [bkn_id] = office.bkn.stored["kursus"]
    office.bkn.change("kursus", bkn_id, nipBaru=BUDI)
    office.enter(nip=BUDI)
    assert actions(plan_of(office)) == {"unchanged": 1}
    office.pass_time()
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_bkn_being_down_is_said_and_asked_only_once(office: Office) -> None:
    for key in range(5):
        office.enter(str(key), nip=SITI if key % 2 else BUDI)
    office.bkn.is_down = True
    asked = _Asked(office.bkn)
    planner = Planner(Pipeline(replace(office.pipeline.view, bkn=asked)), 5.0, 100)
    plan = planner.make()
    assert plan["bkn_problem"] == "BKN is down"
    assert (asked.times, plan["persons_looked_at"]) == (1, 0)
    assert actions(plan) == {"to_look_at": 5}
    assert not plan["estimate"]["is_exact"]


class _Asked:
    """BKN with its questions counted."""

    def __init__(self, bkn: Any) -> None:
        self.times, self._bkn = 0, bkn

    def __getattr__(self, name: str) -> Any:
        self.times += name in ("person", "rows", "document")
        return getattr(self._bkn, name)


def test_rows_that_a_new_configuration_gives_up_are_shown_as_deletes(office: Office) -> None:
    """Whoever approves a feed with another `deleted` or `scope` sees what it takes away from BKN."""
    office.enter()
    office.pass_time()
    office.pass_time(SETTLE_S)
    office.enter(aktif=0)
    plan = plan_of(office)
    assert actions(plan) == {"delete": 1}
    office.pass_time()
    office.pass_time(GRACE_S + 1)
    assert office.effects == ["create", "delete"]


def test_a_delete_that_would_wait_for_a_person_is_a_hold(office: Office) -> None:
    office.configure(KURSUS, delete_policy="hold")
    office.enter()
    office.pass_time()
    office.pass_time(SETTLE_S)
    office.enter(aktif=0)
    plan = plan_of(office)
    assert plan["feeds"]["kursus"]["reasons"] == [
        {"reason": "delete.needs_release", "detail": "row.soft_deleted", "count": 1}
    ]


def test_rows_of_no_feed_are_not_counted(office: Office) -> None:
    office.enter(aktif=0)
    assert (actions(plan_of(office)), actions(plan_of(office), str(DIKLAT))) == ({}, {})
