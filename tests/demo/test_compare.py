"""The judge must not be blind: each thing that can go wrong at BKN is named."""

from copy import deepcopy

import pytest
from sqlalchemy import delete, update

from simpeg_sync.demo.compare import Finding, compare
from simpeg_sync.demo.schema import PEGDIKLAT
from simpeg_sync.demo.truth import BknRow, Truth, expect, key_of, rows_at_start
from tests.demo.conftest import Office


@pytest.fixture
def settled(office: Office) -> tuple[Truth, list[BknRow]]:
    now = office.look()
    return expect(now, before=now, start=office.world.bkn), office.settled()


def kinds(findings: list[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


def ours(truth: Truth, rows: list[BknRow]) -> BknRow:
    wanted = {item.key for item in truth.expected if item.document_sha256}
    return next(row for row in rows if key_of(row) in wanted)


def test_a_settled_world_is_good(settled: tuple[Truth, list[BknRow]]) -> None:
    assert compare(*settled) == []


def test_the_start_is_not(office: Office, settled: tuple[Truth, list[BknRow]]) -> None:
    assert set(kinds(compare(settled[0], rows_at_start(office.world.bkn)))) == {"missing", "differs"}


def test_a_row_that_is_not_there_is_missing(settled: tuple[Truth, list[BknRow]]) -> None:
    truth, rows = settled
    rows.remove(ours(truth, rows))
    assert kinds(compare(truth, rows)) == ["missing"]


def test_a_row_sent_twice_is_found_with_its_ids(settled: tuple[Truth, list[BknRow]]) -> None:
    truth, rows = settled
    again: BknRow = {**ours(truth, rows), "id": "another"}
    assert compare(truth, [*rows, again]) == [
        Finding("twice", key_of(again), bkn_ids=(ours(truth, rows)["id"], "another"))
    ]


def test_a_different_value_is_named_and_form_is_not(settled: tuple[Truth, list[BknRow]]) -> None:
    truth, rows = settled
    row = ours(truth, rows)
    row["fields"]["institusiPenyelenggara"] = f"  {str(row['fields']['institusiPenyelenggara']).upper()} "
    row["fields"]["jumlahJam"] = str(row["fields"]["jumlahJam"])
    assert compare(truth, rows) == []
    row["fields"]["jumlahJam"] = 1
    row["documents"].clear()
    assert [finding.fields for finding in compare(truth, rows)] == [("jumlahJam", "document")]


def test_what_bkn_does_not_show_cannot_differ(settled: tuple[Truth, list[BknRow]]) -> None:
    truth, rows = settled
    for row in rows:
        row["fields"].pop("instansiId", None)
        row["fields"].pop("bobot", None)
    assert compare(truth, rows) == []


def test_an_update_may_not_empty_what_only_bkn_has(settled: tuple[Truth, list[BknRow]]) -> None:
    truth, rows = settled
    row = next(row for row in rows if key_of(row) in {item.key for item in truth.expected if item.carried})
    row["fields"]["jenisKursus"] = ""
    assert [finding.fields for finding in compare(truth, rows)] == [("jenisKursus",)]


def test_bkns_own_rows_are_left_alone(office: Office, settled: tuple[Truth, list[BknRow]]) -> None:
    truth, rows = settled
    foreign = [row for row in rows if row["id"] in office.world.bkn.foreign_ids]
    without = [row for row in rows if row is not foreign[0]]
    assert kinds(compare(truth, without)) == ["missing"]
    changed = deepcopy(foreign[0])
    changed["fields"]["jumlahJam"] = 1
    assert [finding.fields for finding in compare(truth, [*without, changed])] == [("jumlahJam",)]
    assert [finding.fields for finding in compare(truth, [*without, {**foreign[0], "id": "new"}])] == [("id",)]


@pytest.mark.parametrize("how", ["hard", "soft"])
def test_a_deleted_row_is_stale(office: Office, how: str) -> None:
    before, rows = office.look(), office.settled()
    gone = ours(expect(before, before=before, start=office.world.bkn), rows)
    mine = PEGDIKLAT.c.nosttpp == str(gone["fields"].get("nomorSertipikat") or gone["fields"].get("nomor")).strip()
    with office.engine.begin() as connection:
        connection.execute(
            delete(PEGDIKLAT).where(mine) if how == "hard" else update(PEGDIKLAT).where(mine).values(flag_active=0)
        )
    truth = expect(office.look(), before=before, start=office.world.bkn)
    assert compare(truth, rows) == [Finding("stale", key_of(gone), bkn_ids=(gone["id"],))]
    reason = next(item.reason for item in truth.not_expected if item.key == key_of(gone))
    assert reason == ("deleted" if how == "hard" else "soft_deleted")


def test_a_row_that_waits_for_its_check_may_not_be_sent(settled: tuple[Truth, list[BknRow]]) -> None:
    truth, rows = settled
    waiting = next(item for item in truth.not_expected if item.reason == "unverified")
    sent: BknRow = {
        "id": "x",
        "resource": waiting.key.resource,
        "nip": waiting.key.nip,
        "fields": {"nomorSertipikat": waiting.key.number, "nomor": waiting.key.number},
        "documents": {},
    }
    assert kinds(compare(truth, [*rows, sent])) == ["extra"]


def test_a_row_whose_scan_is_missing_is_wanted_without_it(office: Office) -> None:
    snapshot = office.look()
    truth = expect(snapshot, before=snapshot, start=office.world.bkn)
    named = {i: row["gambarsk"] for i, row in snapshot.certificates.items() if row["gambarsk"]}
    late = [
        item for item in truth.expected if named.get(item.simpeg_id) and named[item.simpeg_id] not in snapshot.files
    ]
    assert late
    assert all(item.document_sha256 is None for item in late)


def test_withdrawing_a_verification_is_no_delete(office: Office) -> None:
    before, rows = office.look(), office.settled()
    held = ours(expect(before, before=before, start=office.world.bkn), rows)
    mine = PEGDIKLAT.c.nosttpp == str(held["fields"].get("nomorSertipikat") or held["fields"].get("nomor")).strip()
    with office.engine.begin() as connection:
        connection.execute(update(PEGDIKLAT).where(mine).values(status=1))
    truth = expect(office.look(), before=before, start=office.world.bkn)
    assert compare(truth, rows) == []
    assert kinds(compare(truth, [row for row in rows if row is not held])) == ["missing"]
