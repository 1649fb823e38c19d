"""Kinds of rows that are not a list of certificates: one a person, never shown, guessed, named by another row."""

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import TextClause, text
from tests.adapters.memory import MemoryBkn, ProcessDied, Trouble
from tests.bkn.targets import BY_TARGET, PDF, PNG, Case, Given
from tests.pipeline.conftest import BUDI, SITI, Office

from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.domain.change import Change, FeedName, Nip, SourceKey
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import BknId
from simpeg_sync.ledger import statements as sql
from simpeg_sync.mapping.expressions import Column, Linked
from simpeg_sync.mapping.feed import DocumentRule, Feed
from simpeg_sync.ports import Certificate

PNS = {nip: f"{nip}{'0' * 14}" for nip in (SITI, BUDI)}


def feed_of(case: Case, *kinds: str, linked: Mapping[str, Linked] | None = None, **options: Any) -> Feed:
    """A feed of its own table, named as its target."""
    return Feed(
        name=FeedName(case.target),
        target=case.target,
        table=case.target,
        key=("id",),
        person="nip",
        fields={**{name: Given(f"v_{name}") for name in case.body}, **(linked or {})},
        documents=tuple(DocumentRule(Column(f"d_{kind}"), "d", kind=kind) for kind in kinds),
        **{"natural_key": case.natural_key, "delete_policy": "delete", **options},
    )


def use(office: Office, *feeds: Feed) -> None:
    office.feeds = {feed.name: feed for feed in feeds}


def enter(
    office: Office,
    case: Case,
    key: str = "1",
    *,
    nip: str = SITI,
    columns: Mapping[str, Any] | None = None,
    **changes: Any,
) -> SourceKey:
    """A row of the case in SIMPEG, captured; its turn comes with the next pass of time."""
    values = {f"v_{name}": value for name, value in {**case.body, **changes}.items()}
    name = office.source.put(case.target, key, nip=nip, **values, **(columns or {}))
    change = Change(FeedName(case.target), name)
    office.ledger.take_changes([change], {change: Nip(nip)})
    return name


def erase(office: Office, case: Case, key: str = "1", *, nip: str = SITI) -> None:
    name = SourceKey(f'["{key}"]')
    office.source.drop(case.target, name)
    change = Change(FeedName(case.target), name)
    office.ledger.take_changes([change], {change: Nip(nip)})


def at_bkn_since_ever(office: Office, target: str, nip: str = SITI, **read_fields: Any) -> None:
    """A row that BKN has as soon as it has the person."""
    fields = {field.read: None for field in RESOURCES[target].resource.fields if field.read}
    office.bkn.stored[target][PNS[nip]] = {**fields, **read_fields, "id": PNS[nip], "nipBaru": nip, "path": None}


def state(office: Office, case: Case, key: str = "1") -> tuple[str, str]:
    return office.state(key, FeedName(case.target))


CPNS, DATA_UTAMA, JABATAN, CREDIT = (BY_TARGET[n] for n in ("cpns", "data-utama", "jabatan", "angkakredit"))
POTENSI, KGB, KINERJA, HUKDIS = (BY_TARGET[n] for n in ("potensi", "kgb", "kinerjaperiodik", "hukdis"))
PASANGAN = BY_TARGET["pasangan"]
PHOTO, AKTIVITY = Case("photo", {}, {}), Case("aktivity", {"sistem": "SIMPEG", "realisasi": 3}, {})
SK_KP = Case("sk-kp", {"id_usulan": "1" * 32, "no_sk": "KP/1", "tgl_sk": "01-03-2024"}, {})


# -------------------------------------------------------------------------------------------------- one row a person


def test_two_rows_of_one_person_do_not_take_the_single_row_from_each_other(office: Office) -> None:
    use(office, feed_of(CPNS))
    at_bkn_since_ever(office, "cpns")
    enter(office, CPNS, "1")
    office.pass_time()
    enter(office, CPNS, "2", nomor_sttpl="LPJ/LAIN")
    office.pass_time()
    assert state(office, CPNS, "1") == ("synced", "")
    assert state(office, CPNS, "2") == ("held", "match.taken")
    for _ in range(3):
        enter(office, CPNS, "1")
        enter(office, CPNS, "2", nomor_sttpl="LPJ/LAIN")
        office.pass_time(3600)
    assert office.effects == ["update"]


def test_kinds_that_share_the_persons_id_keep_their_links(office: Office) -> None:
    use(office, feed_of(CPNS), feed_of(PHOTO, "photo"), feed_of(POTENSI))
    at_bkn_since_ever(office, "cpns")
    at_bkn_since_ever(office, "photo")
    office.files.contents["foto.png"] = PNG
    for _ in range(3):
        enter(office, POTENSI)
        office.pass_time(3600)
        enter(office, CPNS)
        office.pass_time(3600)
        enter(office, PHOTO, columns={"d_photo": "foto.png"})
        office.pass_time(3600)
        for case in (CPNS, PHOTO, POTENSI):
            assert state(office, case) == ("synced", "")
            assert office.record(feed=FeedName(case.target)).bkn_id == PNS[SITI]
    assert len(office.effects) == 3


def test_a_photo_has_no_save_also_where_a_feed_writes_without_looking(office: Office) -> None:
    use(office, feed_of(PHOTO, "photo", look_before_write=False))
    at_bkn_since_ever(office, "photo")
    office.files.contents["foto.png"] = PNG
    enter(office, PHOTO, columns={"d_photo": "foto.png"})
    office.pass_time()
    assert (state(office, PHOTO), office.effects) == (("synced", ""), ["upload"])


# ----------------------------------------------------------------------------------------------- what BKN never shows


@pytest.mark.parametrize("trouble", ["lost_after", "dies_after"])
def test_an_activity_whose_answer_was_lost_is_sent_again_only_by_a_persons_word(
    office: Office, trouble: Trouble
) -> None:
    use(office, feed_of(AKTIVITY))
    office.bkn.troubles.append(trouble)
    enter(office, AKTIVITY)
    with contextlib.suppress(ProcessDied):
        office.pass_time()
    office.restart()
    office.pass_time(181)
    assert state(office, AKTIVITY) == ("held", "settle.not_shown")
    for _ in range(2):
        enter(office, AKTIVITY)
        office.pass_time(3600)
        assert state(office, AKTIVITY) == ("held", "settle.not_shown")
    assert office.effects == ["create"]
    office.ledger.resync([office.record(feed=FeedName("aktivity")).id], actor="siti", reason="not in SIASN")
    office.work()
    assert state(office, AKTIVITY) == ("synced", "")
    assert office.effects == ["create", "create"]


def test_an_activity_that_arrived_survives_a_resync(office: Office) -> None:
    use(office, feed_of(AKTIVITY))
    office.bkn.troubles.append("no_id")
    enter(office, AKTIVITY)
    office.pass_time()
    assert office.record(feed=FeedName("aktivity")).bkn_id is None
    office.ledger.resync([office.record(feed=FeedName("aktivity")).id], actor="siti", reason="all of them")
    office.work()
    assert state(office, AKTIVITY) == ("synced", "")
    assert office.effects == ["create"]


def test_an_activity_cannot_be_changed_since_its_save_names_no_row(office: Office) -> None:
    use(office, feed_of(AKTIVITY))
    enter(office, AKTIVITY)
    office.pass_time()
    assert office.record(feed=FeedName("aktivity")).bkn_id is not None
    enter(office, AKTIVITY, realisasi=4)
    office.pass_time(3600)
    assert len(office.effects) == 1
    assert state(office, AKTIVITY) == ("held", "bkn.no_id")


def test_a_corrected_nip_costs_no_look_where_bkn_shows_nothing(office: Office) -> None:
    use(office, feed_of(POTENSI))
    enter(office, POTENSI)
    office.pass_time()
    enter(office, POTENSI, nip=BUDI)
    office.pass_time(3600)
    assert state(office, POTENSI) == ("held", "person.changed")
    assert office.bkn.reads == {"person": 2}, "who the other NIP is, is asked once"


# -------------------------------------------------------------------------------------------- names that are guesses


def test_two_raises_of_one_person_in_one_turn_both_arrive(office: Office) -> None:
    use(office, feed_of(KGB))
    enter(office, KGB, "1")
    enter(office, KGB, "2", nomorSk="KGB/2", tmtGajiBaru="01-03-2026")
    office.pass_time()
    assert [state(office, KGB, key) for key in "12"] == [("synced", ""), ("synced", "")]
    assert office.effects == ["create", "create"]


def test_a_row_that_shows_a_part_of_the_natural_key_is_nobodys_for_sure(office: Office) -> None:
    use(office, feed_of(KGB, natural_key=("nomorSk", "tmtGajiBaru")))
    row_id = office.bkn.enter("kgb", SITI, **{**KGB.body, "tmtGajiBaru": "01-03-2020"})
    office.bkn.stored["kgb"][row_id]["tmt"] = office.bkn.stored["kgb"][row_id].pop("tmtGajiBaru")
    enter(office, KGB)
    office.pass_time()
    assert state(office, KGB) == ("held", "match.unknown_form")
    assert office.effects == []


def test_an_id_that_is_not_the_rows_proves_no_save(office: Office) -> None:
    """A save of a spouse may tell the id of the marriage."""
    use(office, feed_of(PASANGAN))
    office.bkn.troubles.append("other_id")
    enter(office, PASANGAN)
    office.pass_time()
    assert state(office, PASANGAN) == ("synced", "")
    assert office.record(feed=FeedName("pasangan")).bkn_id in office.bkn.stored["pasangan"]
    enter(office, PASANGAN, noAktaMenikah="AKTA/2")
    office.pass_time(3600)
    assert state(office, PASANGAN) == ("synced", "")
    assert office.effects == ["create", "update"]


# ---------------------------------------------------------------------------------- a natural key that BKN shows in part


def test_every_quarter_of_a_year_arrives_though_bkn_shows_no_months(office: Office) -> None:
    key = ("tahun", "periodikId", "bulanMulaiPenilaian")
    use(office, feed_of(KINERJA, natural_key=key))
    for quarter in range(4):
        starts = 3 * quarter + 1
        enter(office, KINERJA, str(quarter), bulanMulaiPenilaian=starts, bulanSelesaiPenilaian=starts + 2)
    office.pass_time()
    assert [state(office, KINERJA, str(quarter)) for quarter in range(4)] == [("synced", "")] * 4
    assert office.effects == ["create"] * 4


# --------------------------------------------------------------------------------------------------------- certificates


def test_two_refused_certificates_are_not_sent_in_turns_for_ever(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(office, feed_of(JABATAN, "872", "873"))
    office.files.contents |= {"872.pdf": PDF, "873.pdf": PDF + b"lain"}
    kinds: list[str] = []

    def refuse(_bkn: MemoryBkn, _name: str, _bkn_id: BknId, kind: str, _certificate: Certificate) -> Outcome:
        kinds.append(kind)
        return Outcome.refused("bkn.refused.200", "ditolak", http_status=200)

    monkeypatch.setattr(MemoryBkn, "upload", refuse)
    files = {"d_872": "872.pdf", "d_873": "873.pdf"}
    for _ in range(3):
        enter(office, JABATAN, columns=files)
        office.pass_time(3600)
        assert state(office, JABATAN) == ("held", "document.refused")
        assert kinds == ["872", "873"]
    assert office.effects == ["create", "sync"]

    office.files.contents["873.pdf"] = PDF + b"diperbaiki"
    enter(office, JABATAN, columns=files)
    office.pass_time(3600)
    assert kinds == ["872", "873", "873"]


def test_a_decree_that_was_refused_goes_again_with_another_file(office: Office) -> None:
    use(office, feed_of(SK_KP, "sk"))
    office.files.contents["sk.pdf"] = PDF
    office.bkn.troubles.append("refused")
    enter(office, SK_KP, columns={"d_sk": "sk.pdf"})
    office.pass_time()
    enter(office, SK_KP, columns={"d_sk": "sk.pdf"})
    office.pass_time()
    assert (state(office, SK_KP), office.bkn.writes) == (("refused", "bkn.refused"), 1)
    office.files.contents["sk.pdf"] = PDF + b"diperbaiki"
    enter(office, SK_KP, columns={"d_sk": "sk.pdf"})
    office.pass_time()
    assert (state(office, SK_KP), office.bkn.writes) == (("synced", ""), 2)


def test_a_new_file_that_was_refused_with_its_save_is_not_sent_with_every_change(office: Office) -> None:
    use(office, feed_of(SK_KP, "sk"))
    office.files.contents["sk.pdf"] = PDF
    office.bkn.troubles.extend(["fine", "refused", "refused", "refused"])
    enter(office, SK_KP, columns={"d_sk": "sk.pdf"})
    office.pass_time()
    office.files.contents["sk.pdf"] = PDF + b"rusak"
    for _ in range(3):
        enter(office, SK_KP, columns={"d_sk": "sk.pdf"})
        office.pass_time(3600)
    assert (state(office, SK_KP), office.bkn.writes) == (("refused", "bkn.refused"), 2)


# ------------------------------------------------------------------------------------------------------------- carried over


def test_terms_of_a_punishment_that_the_feed_does_not_map_go_back_as_the_texts_that_bkn_takes(office: Office) -> None:
    body = {name: value for name, value in HUKDIS.body.items() if name not in ("masaBulan", "masaTahun")}
    case = Case("hukdis", body, {}, HUKDIS.natural_key)
    use(office, feed_of(case))
    row_id = office.bkn.enter("hukdis", SITI, **{**HUKDIS.body, "keterangan": "lama", "masaBulan": "6", "masaTahun": 0})
    enter(office, case)
    office.pass_time()
    assert state(office, case) == ("synced", "")
    assert office.bkn.stored["hukdis"][row_id]["masaBulan"] == "6"


def test_an_id_that_bkn_writes_as_none_is_carried_over_as_none(office: Office) -> None:
    body = {name: value for name, value in JABATAN.body.items() if name != "jabatanFungsionalId"}
    case = Case("jabatan", body, {}, JABATAN.natural_key)
    use(office, feed_of(case))
    office.bkn.enter("jabatan", SITI, **{**body, "tmtPelantikan": "09-09-2023", "jabatanFungsionalId": "0"})
    enter(office, case)
    office.pass_time()
    assert state(office, case) == ("synced", "")


# ------------------------------------------------------------------------------------------------------- posts and credits


def credits(**options: Any) -> Feed:
    return feed_of(CREDIT, linked={"rwJabatanId": Linked(FeedName("jabatan"), ("post_id",))}, **options)


def test_a_credit_does_not_name_the_post_of_another_person(office: Office) -> None:
    use(office, feed_of(JABATAN), credits())
    enter(office, JABATAN, "7", nip=BUDI)
    office.pass_time()
    enter(office, CREDIT, columns={"post_id": "7"})
    office.pass_time()
    assert state(office, CREDIT) == ("held", "link.another_person")
    assert not office.at_bkn("angkakredit")


def test_the_last_post_stays_though_the_list_still_shows_the_one_that_was_deleted(office: Office) -> None:
    use(office, feed_of(JABATAN))
    enter(office, JABATAN, "1")
    enter(office, JABATAN, "2", nomorSk="SK/2/2023")
    office.pass_time()
    before = dict(office.bkn.stored["jabatan"])
    erase(office, JABATAN, "1")
    office.pass_time()
    erase(office, JABATAN, "2")
    office.pass_time(100)
    office.pass_time(810)
    assert office.effects.count("delete") == 1
    (left,) = office.bkn.stored["jabatan"]
    office.bkn.stored["jabatan"] = before  # the reading side lags
    office.pass_time(100)
    assert office.effects.count("delete") == 1
    office.bkn.stored["jabatan"] = {left: before[left]}
    office.pass_time(3600)
    assert office.effects.count("delete") == 1
    assert state(office, JABATAN, "2") == ("held", "delete.last_row")


def test_the_last_post_stays_also_where_a_feed_writes_without_looking(office: Office) -> None:
    use(office, feed_of(JABATAN, look_before_write=False))
    enter(office, JABATAN)
    office.pass_time()
    erase(office, JABATAN)
    office.pass_time()
    office.pass_time(1000)
    assert "delete" not in office.effects
    assert state(office, JABATAN) == ("held", "delete.last_row")


def test_a_write_of_a_feed_that_was_removed_keeps_no_delete_waiting(office: Office) -> None:
    use(office, feed_of(JABATAN), feed_of(HUKDIS))
    enter(office, JABATAN, "1")
    enter(office, JABATAN, "2", nomorSk="SK/2/2023")
    office.pass_time()
    office.bkn.troubles.append("lost_before")
    enter(office, HUKDIS)
    office.pass_time()
    use(office, feed_of(JABATAN))
    office.pass_time(3600)
    erase(office, JABATAN, "1")
    office.pass_time()
    office.pass_time(1000)
    assert state(office, JABATAN, "1") == ("removed", "row.gone")


# ------------------------------------------------------------------------------------------------------------ only compared


def test_a_row_that_is_only_compared_is_found_again_under_a_new_id(office: Office) -> None:
    case = Case("golongan", {"skNomor": "GOL/1", "golonganId": "32"}, {}, ("skNomor",))
    use(office, feed_of(case))
    row_id = office.bkn.enter("golongan", SITI, **case.body)
    enter(office, case)
    office.pass_time()
    assert state(office, case) == ("synced", "")
    del office.bkn.stored["golongan"][row_id]
    office.bkn.enter("golongan", SITI, skNomor="GOL/1", golonganId="33")
    enter(office, case, golonganId="33")
    office.pass_time()
    assert state(office, case) == ("synced", "")


@pytest.mark.parametrize("statement", [sql.WAKE_WAITING_FOR, sql.WAKE_WAITING_FOR_LINK])
def test_waking_those_who_wait_reads_no_whole_feed(office: Office, statement: TextClause) -> None:
    with office.ledger.engine.connect() as connection:
        names = dict.fromkeys(statement.compile().params)
        steps = connection.execute(text(f"EXPLAIN QUERY PLAN {statement.text}"), names).all()
    assert not any(str(step[3]).endswith(("(feed=?)", "SCAN records")) for step in steps), steps
