"""One test for each road through the pipeline: what a person does in SIMPEG, and what BKN sees of it."""

from typing import Any

import pytest
from sqlalchemy import text
from tests.adapters.memory import DIKLAT, KURSUS, ProcessDied
from tests.pipeline.conftest import BUDI, GAP_S, GRACE_S, QUIET_S, SETTLE_S, SITI, Office

from simpeg_sync.domain.change import Change, Nip
from simpeg_sync.domain.errors import SourceDown
from simpeg_sync.domain.status import Status

PDF = b"%PDF-1.4 sertifikat"


def test_a_verified_certificate_arrives_once_with_its_document(office: Office) -> None:
    office.files.contents["a.pdf"] = PDF
    office.enter(berkas="a.pdf")
    office.pass_time()
    assert office.effects == ["create", "upload"]
    assert office.state() == ("synced", "")
    [row] = office.at_bkn()
    assert (row["noSertipikat"], row["jumlahJam"], row["tanggalKursus"]) == ("SERT/1/2024", 40, "04-03-2024")


def test_nothing_is_sent_before_the_quiet_period_is_over(office: Office) -> None:
    office.enter()
    assert office.pass_time(QUIET_S - 1) == 0
    assert office.effects == []


def test_the_intent_is_stored_before_the_request_leaves(office: Office) -> None:
    seen: list[int] = []

    def look() -> None:
        with office.ledger.engine.connect() as connection:
            found = connection.execute(text("SELECT count(*) FROM attempts WHERE ended_at IS NULL"))
            seen.append(found.scalar_one())

    office.bkn.before_write = look
    office.files.contents["a.pdf"] = PDF
    office.enter(berkas="a.pdf")
    office.pass_time()
    assert seen == [1, 1]


def test_a_row_saved_again_without_a_change_costs_no_call(office: Office) -> None:
    office.enter()
    office.pass_time()
    reads = office.bkn.reads.total()
    for _ in range(5):
        office.enter(diubah_oleh="admin")
        office.pass_time()
    assert (office.bkn.reads.total(), office.effects) == (reads, ["create"])


def test_a_burst_of_edits_is_one_write_of_the_last_state(office: Office) -> None:
    for hours in range(10, 30):
        office.enter(jam=str(hours))
        office.clock.time_s += 1
    office.pass_time()
    assert office.effects == ["create"]
    assert office.at_bkn()[0]["jumlahJam"] == 29


def test_a_correction_is_an_update_in_place_that_keeps_what_the_feed_does_not_map(office: Office) -> None:
    office.enter()
    office.pass_time()
    [row] = office.at_bkn()
    office.bkn.change("kursus", row["id"], jenisKursusId="abc")
    office.enter(jam="48")
    office.pass_time()
    [after] = office.at_bkn()
    assert office.effects == ["create", "update"]
    assert (after["id"], after["jumlahJam"], after["jenisKursusId"]) == (row["id"], 48, "abc")


def test_one_list_get_serves_all_records_of_a_person_in_a_turn(office: Office) -> None:
    for key in range(6):
        office.enter(str(key))
    office.pass_time()
    assert office.effects == ["create"] * 6
    assert office.bkn.reads["kursus"] == 1


def test_what_bkn_has_already_is_linked_by_its_number_and_not_created(office: Office) -> None:
    bkn_id = office.bkn.enter(
        "kursus",
        SITI,
        institusiPenyelenggara="  BPSDM KOTA TELUK BIRU ",
        jenisDiklatId="3",
        jumlahJam="40",
        namaKursus="MANAJEMEN ARSIP",
        nomorSertipikat="sert/1/2024",
        tahunKursus="2024",
        tanggalKursus="2024-03-04T00:00:00Z",
        tanggalSelesaiKursus="08-03-2024",
    )
    office.enter()
    office.pass_time()
    assert office.effects == []
    assert (office.record().bkn_id, office.state()[0]) == (bkn_id, "synced")


def test_what_bkn_has_differently_is_linked_and_then_updated(office: Office) -> None:
    bkn_id = office.bkn.enter("kursus", SITI, nomorSertipikat="SERT/1/2024", jumlahJam=8)
    office.enter()
    office.pass_time()
    assert office.effects == ["update"]
    assert office.record().bkn_id == bkn_id


def test_the_id_that_simpeg_has_stored_links_even_if_the_number_differs(office: Office) -> None:
    bkn_id = office.bkn.enter("kursus", SITI, nomorSertipikat="LAMA")
    office.enter(id_bkn=bkn_id)
    office.pass_time()
    assert office.effects == ["update"]
    assert office.record().bkn_id == bkn_id


def test_several_rows_at_bkn_that_fit_are_shown_to_a_person(office: Office) -> None:
    for _ in range(2):
        office.bkn.enter("kursus", SITI, nomorSertipikat="SERT/1/2024")
    office.enter()
    office.pass_time()
    assert office.state() == ("held", "match.several")
    assert office.effects == []


def test_two_rows_of_simpeg_do_not_share_a_row_of_bkn(office: Office) -> None:
    office.enter("1", nomor="SAMA")
    office.pass_time()
    office.enter("2", nomor="SAMA")
    office.pass_time()
    assert office.effects == ["create"]
    assert office.state("2") == ("held", "match.taken")


@pytest.mark.parametrize("status", [1, 3, None])
def test_only_verified_rows_leave(office: Office, status: int | None) -> None:
    office.enter(status=status)
    office.pass_time()
    assert (office.state(), office.effects) == (("held", "unverified"), [])
    office.enter(status=2)
    office.pass_time()
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_a_withdrawn_verification_is_not_a_delete(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.enter(status=1)
    office.pass_time(GRACE_S * 3)
    assert (office.state(), office.effects) == (("held", "unverified"), ["create"])


def test_a_refusal_is_kept_and_not_sent_again_until_the_row_changes(office: Office) -> None:
    office.bkn.refuses.add("SERT/1/2024")
    office.enter()
    office.pass_time()
    assert office.state() == ("refused", "bkn.refused")
    for _ in range(3):
        office.enter(diubah_oleh="admin")
        office.pass_time(3600)
    assert office.bkn.writes == 1
    office.enter(nomor="SERT/1a/2024")
    office.pass_time()
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_a_missing_required_value_is_held_with_its_field_before_a_call_is_spent(office: Office) -> None:
    office.enter(jam="")
    office.pass_time()
    assert office.state() == ("held", "field.required")
    assert (office.bkn.reads.total(), office.bkn.writes) == (0, 0)


def test_a_deleted_row_is_deleted_at_bkn_after_its_grace(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.erase()
    office.pass_time()
    assert office.effects == ["create"]
    office.pass_time(GRACE_S)
    assert (office.effects, office.state()) == (["create", "delete"], ("removed", "row.gone"))


def test_a_delete_waits_for_a_person_when_the_policy_says_hold(office: Office) -> None:
    office.configure(KURSUS, delete_policy="hold")
    office.enter()
    office.pass_time()
    office.erase()
    office.pass_time()
    office.pass_time(GRACE_S)
    assert (office.state(), office.effects) == (("held", "delete.needs_release"), ["create"])
    assert office.ledger.release_delete(office.record().id, actor="siti", reason="benar dihapus")
    office.work()
    assert (office.state()[0], office.effects) == ("removed", ["create", "delete"])


def test_a_row_that_bkn_never_had_is_ignored_when_it_goes(office: Office) -> None:
    office.enter(status=1)
    office.pass_time()
    office.erase()
    office.pass_time()
    assert (office.state(), office.effects) == (("ignored", "row.gone"), [])


def test_a_mark_of_deletion_taken_back_within_the_grace_changes_nothing(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.enter(aktif=0)
    office.pass_time()
    office.enter(aktif=1)
    office.pass_time(GRACE_S * 2)
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_a_save_that_deletes_and_enters_anew_is_at_most_one_update(office: Office) -> None:
    office.enter("1")
    office.pass_time()
    office.erase("1")
    office.enter("2", nomor="SERT/1/2024", jam="48")
    office.pass_time()
    office.pass_time(GRACE_S * 2)
    assert office.effects == ["create", "update"]
    assert (office.state("1")[0], office.state("2")[0]) == ("ignored", "synced")


@pytest.mark.parametrize("mistake", [{"jam": "7,5"}, {"mulai": "2024-13-01"}, {"status": 1}], ids=str)
def test_a_certificate_entered_anew_with_a_mistake_is_not_deleted_at_bkn(
    office: Office, mistake: dict[str, Any]
) -> None:
    office.enter("1")
    office.pass_time()
    office.erase("1")
    office.enter("2", nomor="SERT/1/2024", **mistake)
    office.pass_time()
    office.pass_time(GRACE_S * 2)
    assert office.effects == ["create"]
    assert office.state("1") == ("held", "delete.entered_anew")
    office.enter("2", nomor="SERT/1/2024", jam="48", mulai="2024-03-04", status=2)
    office.pass_time()
    office.pass_time(GRACE_S * 2)
    assert office.effects == ["create", "update"]


def test_a_row_that_changes_its_kind_is_created_there_before_it_is_deleted_here(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.enter(jenis="00")
    office.pass_time()
    office.pass_time(GRACE_S)
    assert office.effects == ["create", "create", "delete"]
    assert (office.at_bkn("kursus"), len(office.at_bkn("diklat"))) == ([], 1)
    assert office.state(feed=DIKLAT)[0] == "synced"


def test_a_move_that_cannot_be_proved_deletes_nothing(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.bkn.refuses.add("SERT/1/2024")
    office.enter(jenis="00")
    for _ in range(4):
        office.pass_time(GRACE_S)
    assert office.effects == ["create"]
    assert len(office.at_bkn("kursus")) == 1


def test_a_move_to_a_row_that_is_not_verified_rests_and_is_finished_by_the_verification(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.enter(jenis="00", status=1)
    office.pass_time()
    assert office.state() == ("held", "move.unproved")
    assert not office.ledger.has_work()
    office.enter(status=2)
    office.pass_time()
    office.pass_time()
    assert office.effects == ["create", "create", "delete"]


# ------------------------------------------------------------------------------------------------- uncertain writes


@pytest.mark.parametrize("trouble", ["lost_after", "wrong_id", "no_id"])
def test_a_lost_answer_is_decided_by_a_look_and_never_by_sending_again(office: Office, trouble: str) -> None:
    office.bkn.enter("kursus", SITI, nomorSertipikat="LAIN")
    office.bkn.troubles.append(trouble)  # type: ignore[arg-type]  # one of Trouble, by the list above
    office.enter()
    office.pass_time()
    assert office.state()[0] == "uncertain"
    office.pass_time(SETTLE_S - 1)
    assert office.state()[0] == "uncertain"
    office.pass_time(2)
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_absent_is_believed_only_when_seen_twice_apart_in_time(office: Office) -> None:
    office.bkn.troubles.append("lost_before")
    office.enter()
    office.pass_time()
    office.pass_time(SETTLE_S)
    assert office.state()[0] == "uncertain"
    assert office.effects == []
    office.pass_time(GAP_S - 1)
    assert office.effects == []
    office.pass_time(2)
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_a_reading_side_that_lags_does_not_make_a_second_row(office: Office) -> None:
    office.bkn.lag_s = SETTLE_S + 1
    office.bkn.troubles.append("lost_after")
    office.enter()
    office.pass_time()
    office.pass_time(SETTLE_S)
    office.pass_time(GAP_S)
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_a_newer_version_waits_for_the_decision_and_then_goes_as_an_update(office: Office) -> None:
    office.bkn.troubles.append("lost_after")
    office.enter()
    office.pass_time()
    office.enter(jam="48")
    office.pass_time()
    assert office.effects == ["create"]
    office.pass_time(SETTLE_S)
    office.pass_time()
    assert office.effects == ["create", "update"]
    assert office.at_bkn()[0]["jumlahJam"] == 48


def test_a_lost_update_is_decided_too(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.bkn.troubles.append("lost_after")
    office.enter(jam="48")
    office.pass_time()
    office.pass_time(SETTLE_S)
    assert (office.state()[0], office.effects) == ("synced", ["create", "update"])


def test_an_update_that_did_not_land_is_sent_again_once(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.bkn.troubles.append("lost_before")
    office.enter(jam="48")
    office.pass_time()
    office.pass_time(SETTLE_S)
    office.pass_time(GAP_S)
    assert (office.state()[0], office.effects) == ("synced", ["create", "update"])


@pytest.mark.parametrize(("trouble", "effects"), [("lost_after", 1), ("lost_before", 1)])
def test_a_lost_delete_is_decided_too(office: Office, trouble: str, effects: int) -> None:
    office.enter()
    office.pass_time()
    office.erase()
    office.pass_time()
    office.bkn.troubles.append(trouble)  # type: ignore[arg-type]
    office.pass_time(GRACE_S)
    office.pass_time(SETTLE_S)
    office.pass_time(GAP_S)
    assert office.state()[0] == "removed"
    assert office.effects.count("delete") == effects
    assert office.at_bkn() == []


@pytest.mark.parametrize("trouble", ["lost_after", "lost_before"])
def test_a_lost_upload_is_decided_by_what_bkn_serves(office: Office, trouble: str) -> None:
    office.enter()
    office.pass_time()
    office.files.contents["a.pdf"] = PDF
    office.bkn.troubles.append(trouble)  # type: ignore[arg-type]
    office.enter(berkas="a.pdf")
    office.pass_time()
    office.pass_time(SETTLE_S)
    office.pass_time(GAP_S)
    assert office.state()[0] == "synced"
    assert office.effects == ["create", "upload"]


@pytest.mark.parametrize(("trouble", "creates"), [("dies_after", 1), ("dies_before", 1)])
def test_a_process_that_dies_in_a_call_leaves_an_uncertain_write_behind(
    office: Office, trouble: str, creates: int
) -> None:
    office.bkn.troubles.append(trouble)  # type: ignore[arg-type]
    office.enter()
    with pytest.raises(ProcessDied):
        office.pass_time()
    office.restart()
    assert office.state()[0] == "uncertain"
    office.pass_time(SETTLE_S)
    office.pass_time(GAP_S)
    assert (office.state()[0], office.effects.count("create")) == ("synced", creates)


def test_while_a_write_is_uncertain_nothing_else_of_its_kind_leaves_for_that_person(office: Office) -> None:
    office.bkn.troubles.append("lost_after")
    office.enter("1")
    office.pass_time()
    office.erase("1")
    office.enter("2", nomor="SERT/1/2024")
    office.enter("3", nip=BUDI)
    office.pass_time()
    assert office.effects == ["create", "create"]
    assert office.state("3")[0] == "synced"
    office.pass_time(SETTLE_S)
    office.pass_time(GRACE_S)
    assert office.effects == ["create", "create"]
    assert office.state("2")[0] == "synced"


# ------------------------------------------------------------------------------------------------------- other hands


def test_what_another_hand_changed_at_bkn_is_never_overwritten_in_silence(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.clock.time_s += SETTLE_S
    office.bkn.change("kursus", office.at_bkn()[0]["id"], namaKursus="Diubah di MyASN")
    office.enter(jam="48")
    office.pass_time()
    assert (office.state(), office.effects) == (("held", "conflict.changed_at_bkn"), ["create"])
    office.ledger.resync([office.record().id], actor="siti", reason="SIMPEG benar", overwrite=True)
    office.pass_time()
    assert (office.state()[0], office.effects) == ("synced", ["create", "update"])


def test_the_same_correction_made_at_bkn_by_hand_needs_no_write(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.clock.time_s += SETTLE_S
    office.bkn.change("kursus", office.at_bkn()[0]["id"], jumlahJam=48)
    office.enter(jam="48")
    office.pass_time()
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_a_row_that_vanished_at_bkn_is_shown_and_not_made_again(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.clock.time_s += SETTLE_S
    office.bkn.stored["kursus"].clear()
    office.enter(jam="48")
    office.pass_time()
    assert (office.state(), office.effects) == (("held", "conflict.gone_at_bkn"), ["create"])


def test_a_row_that_vanished_at_bkn_is_created_once_when_a_person_says_so(office: Office) -> None:
    office.files.contents["a.pdf"] = PDF
    office.enter(berkas="a.pdf")
    office.pass_time()
    office.clock.time_s += SETTLE_S
    office.bkn.stored["kursus"].clear()
    office.enter(jam="48")
    office.pass_time()
    office.ledger.resync([office.record().id], actor="siti", reason="harus ada", recreate=True)
    office.pass_time()
    office.pass_time(SETTLE_S)
    assert (office.state()[0], office.effects) == ("synced", ["create", "upload", "create", "upload"])
    assert office.record().bkn_id == office.at_bkn()[0]["id"]
    assert office.at_bkn()[0]["jumlahJam"] == 48


def test_a_vanished_row_that_is_back_under_another_id_is_linked_and_not_created_again(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.clock.time_s += SETTLE_S
    (row,) = office.at_bkn()
    office.bkn.stored["kursus"].clear()
    office.enter(jam="48")
    office.pass_time()
    office.bkn.stored["kursus"]["f" * 32] = {**row, "id": "f" * 32}
    office.ledger.resync([office.record().id], actor="siti", reason="harus ada", recreate=True)
    office.pass_time()
    assert (office.state()[0], office.effects) == ("synced", ["create", "update"])
    assert office.record().bkn_id == "f" * 32


def test_recreate_forgets_no_row_that_is_still_at_bkn(office: Office) -> None:
    office.enter()
    office.pass_time()
    before = office.record().bkn_id
    office.ledger.resync([office.record().id], actor="siti", reason="coba", recreate=True)
    assert office.record().bkn_id == before
    office.pass_time(SETTLE_S)
    assert (office.state()[0], office.effects) == ("synced", ["create"])


# ---------------------------------------------------------------------------------------------------- documents


def test_a_missing_file_holds_the_document_and_is_looked_for_again(office: Office) -> None:
    office.enter(berkas="a.pdf")
    office.pass_time()
    assert (office.state(), office.effects) == (("held", "document.missing"), ["create"])
    office.files.contents["a.pdf"] = PDF
    office.pass_time(3600)
    assert (office.state()[0], office.effects) == ("synced", ["create", "upload"])


def test_another_file_under_the_same_name_is_uploaded_when_the_row_is_looked_at(office: Office) -> None:
    office.files.contents["a.pdf"] = PDF
    office.enter(berkas="a.pdf")
    office.pass_time()
    office.files.contents["a.pdf"] = PDF + b" pindai ulang"
    office.enter()
    office.pass_time()
    assert office.effects == ["create", "upload", "upload"]


def test_a_certificate_that_bkn_has_already_is_not_uploaded_again(office: Office) -> None:
    office.files.contents["a.pdf"] = PDF
    office.enter(berkas="a.pdf")
    office.pass_time()
    office.ledger.resync([office.record().id], actor="siti", reason="coba", overwrite=False)
    office.pass_time()
    assert office.effects == ["create", "upload"]


def test_a_refused_certificate_is_held_while_its_row_stays_at_bkn(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.files.contents["a.pdf"] = PDF
    office.bkn.troubles.append("refused")
    office.enter(berkas="a.pdf")
    office.pass_time()
    assert office.state() == ("held", "document.refused")
    assert len(office.at_bkn()) == 1


# ----------------------------------------------------------------------------------------------- trouble around us


def test_an_outage_burns_no_try_and_ends_by_itself(office: Office) -> None:
    office.bkn.is_down = True
    office.enter()
    for _ in range(30):
        office.pass_time(60)
    assert (office.state(), office.record().failures) == (("waiting", "bkn.down"), 0)
    office.bkn.is_down = False
    office.pass_time(60)
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_a_record_that_fails_again_and_again_is_held_in_the_end(office: Office) -> None:
    office.bkn.troubles.extend(["not_executed"] * 50)
    office.enter()
    for _ in range(40):
        office.pass_time(1000)
    assert office.state() == ("held", "tries.exhausted")
    assert office.bkn.writes == 12


def test_a_lost_source_stops_the_turn_and_loses_nothing(office: Office) -> None:
    office.enter()
    office.source.is_down = True
    office.clock.time_s += QUIET_S + 1
    claim = office.ledger.claim()
    assert claim is not None
    with pytest.raises(SourceDown):
        office.pipeline.take_turn(*office.pipeline.prepared([claim]))
    office.ledger.recover(claim)
    office.ledger.release(claim)
    office.source.is_down = False
    office.work()
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_a_record_our_program_fails_on_is_held_and_the_others_go_on(office: Office) -> None:
    broken = office.source.put("pelatihan", "0", nip=SITI, jenis="02", status=2, mulai=object())
    office.captured(broken)
    office.enter("1")
    office.pass_time()
    assert office.state("0")[0] == "held"
    assert (office.state("1")[0], office.effects) == ("synced", ["create"])


def test_a_person_that_bkn_does_not_know_is_held_and_asked_for_again(office: Office) -> None:
    del office.bkn.persons[Nip(SITI)]
    office.enter()
    office.pass_time()
    assert office.state() == ("held", "person.unknown_at_bkn")
    office.bkn.know(SITI)
    office.pass_time(3600)
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_a_row_whose_person_was_not_known_yet_finds_its_lane(office: Office) -> None:
    key = office.source.put("pelatihan", "1", **_columns())
    office.ledger.take_changes([Change(KURSUS, key)], {})
    office.pass_time()
    assert (office.record().lane, office.state()[0]) == (SITI, "synced")


def test_a_sent_row_that_becomes_another_persons_is_shown_to_a_person(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.enter(nip=BUDI)
    office.pass_time()
    assert (office.state(), office.effects) == (("held", "person.changed"), ["create"])


def test_a_feed_that_was_taken_out_of_the_configuration_holds_its_records(office: Office) -> None:
    office.enter()
    office.feeds = {DIKLAT: office.feeds[DIKLAT]}
    office.pass_time()
    assert (office.state(), office.effects) == (("held", "feed.removed"), [])


def test_a_feed_may_write_without_looking_first(office: Office) -> None:
    office.configure(KURSUS, look_before_write=False)
    office.enter()
    office.pass_time()
    office.enter(jam="48")
    office.pass_time()
    assert office.effects == ["create", "update"]
    assert office.bkn.reads["kursus"] == 0
    assert office.record().status is Status.SYNCED


def _columns() -> dict[str, object]:
    return {
        "nip": SITI,
        "jenis": "02",
        "jenis_bkn": "3",
        "penyelenggara": "BPSDM",
        "jam": 40,
        "nama": "Arsip",
        "nomor": "SERT/1/2024",
        "mulai": "2024-03-04",
        "selesai": "2024-03-08",
        "status": 2,
        "aktif": 1,
    }


def test_a_refused_certificate_is_not_sent_again_until_another_file_lies_there(office: Office) -> None:
    office.enter()
    office.pass_time()
    office.files.contents["a.pdf"] = PDF
    office.bkn.troubles.append("refused")
    office.enter(berkas="a.pdf")
    office.pass_time()
    writes = office.bkn.writes
    for _ in range(3):
        office.enter(diubah_oleh="admin")
        office.pass_time()
    assert (office.bkn.writes, office.state()) == (writes, ("held", "document.refused"))
    office.files.contents["a.pdf"] = PDF + b" baru"
    office.enter()
    office.pass_time()
    assert (office.state()[0], office.effects) == ("synced", ["create", "upload"])


def test_a_field_taken_out_of_the_feed_belongs_to_other_hands_from_then_on(office: Office) -> None:
    office.enter()
    office.pass_time(SETTLE_S)
    office.clock.time_s += SETTLE_S
    fields = {name: how for name, how in office.feeds[KURSUS].fields.items() if name != "namaKursus"}
    office.configure(KURSUS, fields=fields)
    office.bkn.change("kursus", office.at_bkn()[0]["id"], namaKursus="Diubah di MyASN")
    office.enter(jam="48")
    office.pass_time()
    assert (office.state()[0], office.effects) == ("synced", ["create", "update"])
    assert office.at_bkn()[0]["namaKursus"] == "Diubah di MyASN"


def test_a_double_in_simpeg_is_looked_at_again_and_goes_when_the_first_one_is_gone(office: Office) -> None:
    office.enter("1", nomor="SAMA")
    office.pass_time()
    office.enter("2", nomor="SAMA")
    office.pass_time()
    office.erase("1")
    office.pass_time()
    for _ in range(3):
        office.pass_time(3600)
    assert office.state("2")[0] == "synced"
    assert len(office.at_bkn()) == 1


def test_writes_that_never_land_end_with_a_person(office: Office) -> None:
    office.bkn.troubles.extend(["lost_before"] * 50)
    office.enter()
    for _ in range(60):
        office.pass_time(SETTLE_S + GAP_S)
    assert office.state() == ("held", "tries.exhausted")
    assert (office.bkn.writes, office.effects) == (12, [])


def test_a_wall_clock_that_jumps_ahead_does_not_shorten_the_settle_time(office: Office) -> None:
    office.bkn.troubles.append("lost_before")
    office.enter()
    office.pass_time()
    office.clock.wall_ahead_s = 7200
    office.work()
    reads = office.bkn.reads["kursus"]
    office.pass_time(1)
    assert (office.state()[0], office.bkn.reads["kursus"]) == ("uncertain", reads)
    office.pass_time(SETTLE_S)
    office.pass_time(GAP_S)
    office.pass_time(GAP_S)
    assert (office.state()[0], office.effects) == ("synced", ["create"])


def test_a_record_put_off_in_another_year_does_not_sleep_until_then(office: Office) -> None:
    office.bkn.is_down = True
    office.clock.wall_ahead_s = 10 * 365 * 86400
    office.enter()
    office.pass_time()
    office.bkn.is_down = False
    office.clock.wall_ahead_s = 0
    office.restart()
    office.pass_time()
    assert (office.state()[0], office.effects) == ("synced", ["create"])
