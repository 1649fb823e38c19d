"""Event sequences that a hostile reader found: each once lost, repeated, misplaced or wrongly believed something."""

from typing import Any

import pytest
from sqlalchemy import text
from tests.adapters.memory import DIKLAT, KURSUS, MemoryBkn, ProcessDied
from tests.pipeline.conftest import BUDI, GRACE_S, SETTLE_S, SITI, Office

from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.mapping.expressions import Column

PDF = b"%PDF-1.4 sertifikat"


def test_reentered_while_delete_uncertain(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.erase()
    office.pass_time()
    office.bkn.troubles.append("lost_after")
    office.pass_time(GRACE_S)
    assert office.state()[0] == "uncertain"
    office.enter()
    for _ in range(20):
        office.pass_time(GRACE_S)
    assert len(office.at_bkn()) == 1, office.state()


def test_move_back_while_delete_uncertain(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.bkn.troubles.extend(["fine", "lost_after"])
    office.enter(jenis="00")
    office.pass_time()
    office.pass_time(1)
    assert office.effects == ["create", "create", "delete"] and office.state()[0] == "uncertain"
    office.enter(jenis="02")
    office.pass_time()
    assert office.at_bkn("diklat") or office.at_bkn("kursus"), ("BKN has nothing", office.effects)


def test_end_state(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.bkn.troubles.extend(["fine", "lost_after"])
    office.enter(jenis="00")
    office.pass_time()
    office.pass_time(1)
    office.enter(jenis="02")
    for _ in range(20):
        office.pass_time(GRACE_S)
    assert office.at_bkn("kursus"), (office.effects, office.state(), office.state(feed=DIKLAT))


def test_change_of_a_write_only_field_is_sent(office: Office) -> None:
    office.configure(KURSUS, fields={**office.feeds[KURSUS].fields, "lokasiId": Column("lokasi")})
    office.enter(lokasi="AAA")
    office.pass_time()
    office.clock.time_s += SETTLE_S
    office.enter(lokasi="BBB")
    office.pass_time()
    for _ in range(5):
        office.pass_time(GRACE_S)
    assert office.bkn.effects[-1].body["lokasiId"] == "BBB", office.state()


def test_lost_update_of_write_only_field_is_not_believed(office: Office) -> None:
    office.configure(
        KURSUS, look_before_write=False, fields={**office.feeds[KURSUS].fields, "lokasiId": Column("lokasi")}
    )
    office.enter(lokasi="AAA")
    office.pass_time()
    office.bkn.troubles.append("lost_before")
    office.enter(lokasi="BBB")
    office.pass_time()
    for _ in range(5):
        office.pass_time(GRACE_S)
    assert office.bkn.effects[-1].body["lokasiId"] == "BBB", office.state()


def test_cleaning_up_a_double_keeps_the_certificate(office: Office) -> None:
    office.enter("1", nomor="SAMA")
    office.pass_time()
    office.enter("2", nomor="SAMA")
    office.pass_time()
    assert office.state("2") == ("held", "match.taken")
    office.erase("1")
    for _ in range(20):
        office.pass_time(GRACE_S)
    assert len(office.at_bkn()) == 1, (office.effects, office.state("1"), office.state("2"))


def test_reentered_unverified_is_not_a_delete(office: Office) -> None:
    office.enter("1", nomor="SAMA")
    office.pass_time()
    office.erase("1")
    office.enter("2", nomor="SAMA", status=1)
    for _ in range(5):
        office.pass_time(GRACE_S)
    assert len(office.at_bkn()) == 1, (office.effects, office.state("1"), office.state("2"))


def test_old_gone_since(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.erase()
    office.pass_time()
    office.enter(status=1)
    office.pass_time()
    assert office.state() == ("held", "unverified")
    office.pass_time(GRACE_S * 3)
    office.erase()
    office.pass_time()
    assert office.effects == ["create"], "deleted without any grace"


def test_old_release(office: Office) -> None:
    office.configure(KURSUS, delete_policy="hold")
    office.enter()
    office.pass_time()
    office.erase()
    office.pass_time()
    office.pass_time(GRACE_S)
    assert office.ledger.release_delete(office.record().id, actor="siti", reason="x")
    office.enter(status=1)
    office.pass_time()
    assert office.state() == ("held", "unverified")
    office.pass_time(86400)
    office.erase()
    for _ in range(4):
        office.pass_time(GRACE_S)
    assert office.effects == ["create"], "deleted by a release of long ago"


def test_undecided_update_then_reverted_is_not_synced(office: Office) -> None:
    office.enter(jam="40")
    office.pass_time()
    office.bkn.troubles.append("lost_after")
    office.enter(jam="48")
    office.pass_time()
    office.bkn.change("kursus", office.at_bkn()[0]["id"], namaKursus="MyASN")
    office.pass_time(SETTLE_S)
    assert office.state() == ("held", "conflict.changed_at_bkn")
    office.enter(jam="40")
    office.pass_time()
    assert office.state()[0] != "synced" or office.at_bkn()[0]["jumlahJam"] == 40


def test_carried_over_value_that_the_model_refuses(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.clock.time_s += SETTLE_S
    office.bkn.change("kursus", office.at_bkn()[0]["id"], jenisKursusSertifikat="Y")
    office.enter(jam="48")
    office.pass_time()
    for _ in range(60):
        office.pass_time(SETTLE_S)
    with office.ledger.engine.connect() as c:
        n = c.execute(text("SELECT count(*) FROM attempts")).scalar_one()
    assert n <= 3, (n, office.state())


def test_write_that_never_lands_ends(office: Office) -> None:
    office.bkn.troubles.extend(["lost_before"] * 500)
    office.enter()
    for _ in range(300):
        office.pass_time(SETTLE_S)
    assert office.bkn.writes <= 12, (office.bkn.writes, office.state(), office.record().failures)


def test_kills_the_process_while_sending(office: Office) -> None:
    office.bkn.troubles.extend(["dies_before"] * 100)
    office.enter()
    deaths = 0
    for _ in range(60):
        try:
            office.pass_time(SETTLE_S)
        except ProcessDied:
            deaths += 1
            office.restart()
    assert deaths <= 3, (deaths, office.state(), office.record().deaths)


def test_natural_key_edit_while_create_uncertain_and_touched(office: Office) -> None:
    office.bkn.troubles.append("lost_after")
    office.enter(nomor="A")
    office.pass_time()
    office.bkn.change("kursus", office.at_bkn()[0]["id"], namaKursus="Manajemen Arsip (diperbaiki)")
    office.enter(nomor="B")
    office.pass_time()
    for _ in range(10):
        office.pass_time(GRACE_S)
    assert len(office.at_bkn()) == 1, (office.effects, [r["noSertipikat"] for r in office.at_bkn()], office.state())


def test_wrong_pns_id_in_simpeg(office: Office) -> None:
    office.enter(pns_id=office.bkn.persons[Nip(BUDI)])
    office.pass_time()
    assert all(r["nipBaru"] == SITI for r in office.at_bkn()), office.state()


def test_exception_after_effect_blocks_kind(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    real = MemoryBkn.save

    def save(self: MemoryBkn, name: str, body: Any, **k: Any) -> Outcome:
        out = real(self, name, body, **k)
        if self.writes == 1:
            raise RuntimeError("bug after the effect")
        return out

    monkeypatch.setattr(MemoryBkn, "save", save)
    office.enter("1", nomor="SAMA")
    office.enter("2", nomor="SAMA")
    office.pass_time()
    assert office.effects == ["create"], office.effects


def test_moved_to_another_person_and_kind(office: Office) -> None:
    office.configure(KURSUS, delete_policy="hold")
    office.enter()
    office.pass_time()
    office.enter(nip=BUDI, jenis="00")
    office.pass_time()
    office.pass_time(3600)
    assert "delete" not in office.effects, office.state()


def test_refused_file_is_not_sent_again(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.files.contents["a.pdf"] = PDF
    office.bkn.troubles.extend(["refused"] * 10)
    office.enter(berkas="a.pdf")
    office.pass_time()
    before = office.bkn.writes
    for _ in range(3):
        office.enter(diubah="x")
        office.pass_time()
    assert office.bkn.writes == before, office.bkn.writes


def test_refused_delete_is_not_sent_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.enter()
    office.pass_time()
    office.erase()
    office.pass_time()
    office.bkn.troubles.extend(["refused"] * 10)
    office.pass_time(GRACE_S)
    assert office.state()[0] == "refused"
    before = office.bkn.writes
    for _ in range(3):
        office.erase()
        office.pass_time(GRACE_S * 2)
    assert office.bkn.writes == before, office.bkn.writes


def test_deleted_row_still_shown_quiet(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.enter()
    office.pass_time()
    ghost = [dict(r) for r in office.at_bkn()]
    office.erase()
    office.pass_time()
    office.pass_time(GRACE_S)
    until = office.clock.now() + SETTLE_S - 1
    real = MemoryBkn.rows

    def rows(self: MemoryBkn, name: str, nip: Nip) -> Any:
        haunted = name == "kursus" and self.clock.now() < until
        return [*real(self, name, nip), *(ghost if haunted else [])]

    monkeypatch.setattr(MemoryBkn, "rows", rows)
    office.enter()
    office.pass_time()
    assert office.state()[0] != "synced" or office.at_bkn(), office.state()


def test_field_taken_out_of_the_feed(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.clock.time_s += SETTLE_S
    fields = {k: v for k, v in office.feeds[KURSUS].fields.items() if k != "namaKursus"}
    office.configure(KURSUS, fields=fields)
    office.bkn.change("kursus", office.at_bkn()[0]["id"], namaKursus="theirs now")
    office.enter(jam="48")
    office.pass_time()
    assert office.state()[0] == "synced", office.state()


def test_blind_create_with_a_foreign_id(office: Office) -> None:
    office.configure(KURSUS, look_before_write=False)
    office.enter("1")
    office.pass_time()
    office.bkn.troubles.append("wrong_id")
    office.enter("2")
    office.pass_time()
    assert office.record("1").bkn_id != office.record("2").bkn_id, office.state("2")
