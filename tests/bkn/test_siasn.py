"""The client against the simulated BKN: what it sends, what it says about it, and what BKN's own books say.

Sources: bkn-api sections 1 to 3, fault matrix rows 41 to 73.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from simpeg_sync.bkn import siasn
from simpeg_sync.bkn.client import BknClient
from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.decide.look import id_of
from simpeg_sync.domain.errors import BknAnswersBadly, BknDown, LoginRefused
from simpeg_sync.domain.outcome import Outcome, TokenName, Verdict
from simpeg_sync.domain.record import BknId
from simpeg_sync.ports import Certificate
from simpeg_sync.simulator.control_client import ControlClient
from simpeg_sync.simulator.process import Simulator

from .conftest import Someone
from .peers import closed_port

PDF = b"%PDF-1.4\r\nsertifikat rekaan\r\n--batas\x00\xff"
KURSUS: Mapping[str, Any] = {
    "institusiPenyelenggara": "Lembaga Rekaan",
    "jenisDiklatId": "3",
    "jenisKursusSertipikat": "T",
    "jumlahJam": 20,
    "namaKursus": "Kursus Rekaan",
    "nomorSertipikat": "001/REKAAN/2020",
    "tahunKursus": 2020,
    "tanggalKursus": "01-02-2020",
    "tanggalSelesaiKursus": "",
}
DIKLAT: Mapping[str, Any] = {
    "bobot": 0,
    "institusiPenyelenggara": "Lembaga Rekaan",
    "jumlahJam": 300,
    "latihanStrukturalId": "3",
    "nomor": "002/REKAAN/2020",
    "tahun": 2020,
    "tanggal": "01-02-2020",
    "tanggalSelesai": "01-03-2020",
}
BODIES = {"kursus": KURSUS, "diklat": DIKLAT}
HOURS = "jumlahJam"
both_kinds = pytest.mark.parametrize("kind", ["kursus", "diklat"])


@pytest.fixture
def control(sim: Simulator) -> ControlClient:
    return sim.control


KIND_OF = {"kursus": "881", "diklat": "874"}


def created(bkn: BknClient, kind: str, who: Someone, **changes: Any) -> BknId:
    outcome = save(bkn, kind, who, **changes)
    assert outcome.verdict is Verdict.ACCEPTED, outcome
    assert outcome.bkn_id is not None
    return outcome.bkn_id


def save(bkn: BknClient, kind: str, who: Someone, *, bkn_id: BknId | None = None, **changes: Any) -> Outcome:
    return bkn.save(kind, {**BODIES[kind], **changes}, pns_id=who.pns_id, bkn_id=bkn_id, files={})


def effects(control: ControlClient, who: Someone) -> list[tuple[str, str]]:
    return [(effect["kind"], effect["resource"]) for effect in control.effects() if effect["nip"] == who.nip]


# ------------------------------------------------------------------------------------------------------ one row's life


@both_kinds
def test_a_row_is_created_read_changed_and_deleted(
    bkn: BknClient, control: ControlClient, alice: Someone, kind: str
) -> None:
    bkn_id = created(bkn, kind, alice)
    (row,) = bkn.rows(kind, alice.nip)
    assert id_of(row) == bkn_id
    assert bkn.resource(kind).differences(BODIES[kind], row) == []

    changed = {**BODIES[kind], HOURS: 41}
    outcome = save(bkn, kind, alice, bkn_id=bkn_id, **{HOURS: 41})
    assert (outcome.verdict, outcome.bkn_id) == (Verdict.ACCEPTED, bkn_id)
    (row,) = bkn.rows(kind, alice.nip)
    assert bkn.resource(kind).differences(changed, row) == []
    assert bkn.resource(kind).differences(BODIES[kind], row) == [HOURS]

    assert bkn.delete(kind, bkn_id).verdict is Verdict.ACCEPTED
    assert bkn.rows(kind, alice.nip) == []
    assert effects(control, alice) == [("create", kind), ("update", kind), ("delete", kind)]


@pytest.mark.parametrize(
    "settings",
    [{"pad_names": 7, "name_case": "upper"}, {"empty_text": None}, {"empty_date": "01-01-0001"}, {"empty_date": None}],
    ids=str,
)
@both_kinds
def test_what_is_read_back_equals_what_was_sent_however_bkn_spells_it(
    bkn: BknClient, control: ControlClient, alice: Someone, kind: str, settings: dict[str, Any]
) -> None:
    control.patch_settings(**settings)
    created(bkn, kind, alice)
    (row,) = bkn.rows(kind, alice.nip)
    assert bkn.resource(kind).differences(BODIES[kind], row) == []


@both_kinds
def test_a_certificate_is_attached_and_served_byte_by_byte(
    bkn: BknClient, control: ControlClient, alice: Someone, kind: str
) -> None:
    bkn_id = created(bkn, kind, alice)
    (row,) = bkn.rows(kind, alice.nip)
    assert bkn.document(kind, row, KIND_OF[kind]) is None
    for _ in range(2):  # the simulated code is 1 and "1" by turns, as it was seen
        outcome = bkn.upload(kind, bkn_id, KIND_OF[kind], Certificate('../alice "ijazah"\r\n.pdf', PDF))
        assert outcome.verdict is Verdict.ACCEPTED
    (row,) = bkn.rows(kind, alice.nip)
    assert bkn.document(kind, row, KIND_OF[kind]) == PDF
    save(bkn, kind, alice, bkn_id=bkn_id, **{HOURS: 41})
    (row,) = bkn.rows(kind, alice.nip)
    assert bkn.document(kind, row, KIND_OF[kind]) == PDF, "an update keeps the document"


def test_an_upload_that_bkn_refuses_is_a_refusal(bkn: BknClient, alice: Someone) -> None:
    bkn_id = created(bkn, "kursus", alice)
    assert (
        bkn.upload("kursus", bkn_id, KIND_OF["kursus"], Certificate("a.pdf", PDF.ljust(1_100_000))).verdict
        is Verdict.REFUSED
    )


@pytest.mark.parametrize("form", ["top", "wrapped"])
def test_a_delete_is_understood_in_both_forms(
    bkn: BknClient, control: ControlClient, alice: Someone, form: str
) -> None:
    control.patch_settings(delete_answer=form)
    bkn_id = created(bkn, "kursus", alice)
    assert bkn.delete("kursus", bkn_id).verdict is Verdict.ACCEPTED
    assert bkn.delete("kursus", bkn_id).verdict is Verdict.REFUSED


def test_the_person_is_found_by_nip(bkn: BknClient, alice: Someone, bob: Someone) -> None:
    assert (bkn.person(alice.nip), bkn.person(bob.nip)) == (alice.pns_id, bob.pns_id)


@pytest.mark.parametrize("form", ["404", "200", "null", "record_not_found"])
def test_a_person_unknown_to_bkn_is_nobody_and_has_no_rows(bkn: BknClient, control: ControlClient, form: str) -> None:
    paths = ("/pns/data-utama/{nipBaru}", "/pns/rw-kursus/{nipBaru}", "/pns/rw-diklat/{nipBaru}")
    control.patch_settings(not_found=dict.fromkeys(paths, form))
    nip = Someone("198001012005011999", "").nip
    assert bkn.person(nip) is None
    assert (bkn.rows("kursus", nip), bkn.rows("diklat", nip)) == ([], [])


# ---------------------------------------------------------------------------------------- what the feed does not name


def test_an_update_keeps_the_kind_of_course_that_the_feed_does_not_map(
    bkn: BknClient, control: ControlClient, alice: Someone
) -> None:
    """BKN replaces the whole row (as far as anybody knows), so what is not sent would be emptied."""
    control.patch_settings(update_mode="replace", empty_date="01-01-0001")
    bkn_id = created(bkn, "kursus", alice, jenisKursus="1234567890abcdef")
    body = {name: value for name, value in KURSUS.items() if not name.startswith("tanggal")}
    (row,) = bkn.rows("kursus", alice.nip)
    resource = bkn.resource("kursus")
    whole = {**resource.carried_over(body, row), **body, HOURS: 41}
    assert bkn.check("kursus", whole) is None
    assert bkn.save("kursus", whole, pns_id=alice.pns_id, bkn_id=bkn_id, files={}).verdict is Verdict.ACCEPTED
    (row,) = bkn.rows("kursus", alice.nip)
    assert resource.differences({**KURSUS, HOURS: 41, "jenisKursus": "1234567890abcdef"}, row) == []


# --------------------------------------------------------------------------------------------------- before a call


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("kursus", "jumlahJam", 0),
        ("kursus", "jumlahJam", -1),
        ("kursus", "jumlahJam", "20"),
        ("kursus", "jumlahJam", True),
        ("kursus", "jumlahJam", None),
        ("kursus", "tanggalKursus", "31-02-2020"),
        ("kursus", "tanggalKursus", "2020-02-01"),
        ("kursus", "tanggalKursus", "1-2-2020"),
        ("kursus", "tanggalSelesaiKursus", "01-01-0001"),
        ("kursus", "jenisDiklatId", "1"),
        ("kursus", "jenisDiklatId", "99"),
        ("kursus", "jenisDiklatId", 3),
        ("kursus", "jenisKursusSertipikat", "X"),
        ("kursus", "nomorSertipikat", "  "),
        ("kursus", "nomorSertipikat", 17),
        ("kursus", "namaKursus", "half \ud800"),
        ("kursus", "tahunKursus", 20),
        ("kursus", "tahunKursus", "2020"),
        ("kursus", "nomorSertifikat", "spelled as nobody spells it"),
        ("diklat", "jumlahJam", 0),
        ("diklat", "tanggalSelesai", "31-04-2020"),
        ("diklat", "tanggalSelesai", ""),
        ("diklat", "tahun", 1899),
        ("diklat", "latihanStrukturalId", ""),
        ("diklat", "bobot", -1),
    ],
)
def test_a_body_that_bkn_would_refuse_is_found_before_a_call_is_spent(
    bkn: BknClient, control: ControlClient, kind: str, field: str, value: object
) -> None:
    complaint = bkn.check(kind, {**BODIES[kind], field: value})
    assert complaint is not None
    assert complaint.field == field
    assert complaint.reason.startswith("field.")
    with pytest.raises(ValidationError) as raised:
        RESOURCES[kind].complete({**BODIES[kind], field: value}, pns_id="p", bkn_id=None)
    if isinstance(value, str) and len(value) > 2:
        assert value not in f"{complaint} {raised.value}"
    assert control.counts()["calls"] == 0


@both_kinds
def test_a_good_body_passes_the_check_and_none_counts_as_absent(bkn: BknClient, kind: str) -> None:
    assert bkn.check(kind, BODIES[kind]) is None
    assert bkn.check(kind, {**BODIES[kind], "lokasiId" if kind == "kursus" else "jenisKompetensi": None}) is None


# ------------------------------------------------------------------------------------------------------------- tokens


@pytest.mark.parametrize("dead", ["apim", "sso"])
def test_a_token_that_dies_on_the_way_is_renewed_and_the_write_sent_once_more(
    bkn: BknClient, control: ControlClient, alice: Someone, events: list[tuple[TokenName, str]], dead: TokenName
) -> None:
    """401 is turned away before the work: the one answer after which the same write may leave again (row 62)."""
    bkn.calls.tokens.headers()
    events.clear()
    control.expire_tokens(dead)
    created(bkn, "kursus", alice)
    assert events == [(dead, "renewed")]
    assert [call["status"] for call in control.calls() if call["path"] == "/kursus/save"][-2:] == [401, 200]
    assert effects(control, alice) == [("create", "kursus")]


@pytest.mark.parametrize(("fault", "dead"), [("apim_expired", "apim"), ("jwt_expired", "sso")])
def test_a_second_401_is_an_answer_and_does_not_loop(
    bkn: BknClient,
    control: ControlClient,
    alice: Someone,
    events: list[tuple[TokenName, str]],
    fault: str,
    dead: TokenName,
) -> None:
    rule = control.add_fault(fault, match={"path": "/kursus/save$"}, times=None)
    outcome = save(bkn, "kursus", alice)
    assert (outcome.verdict, outcome.dead_token) == (Verdict.NOT_EXECUTED, dead)
    assert control.hits(rule) == 2
    assert events.count((dead, "renewed")) == 2
    assert effects(control, alice) == []


def test_a_login_that_is_refused_in_mid_way_is_said_and_nothing_was_executed(
    bkn: BknClient, control: ControlClient, alice: Someone
) -> None:
    bkn.calls.tokens.headers()
    control.expire_tokens("sso")
    control.patch_settings(sso_password="fake-new-password")
    with pytest.raises(LoginRefused):
        save(bkn, "kursus", alice)
    assert effects(control, alice) == []


# ------------------------------------------------------------------------------------------------------------- faults


def test_an_effect_whose_answer_is_lost_is_unclear_and_sent_once(
    bkn: BknClient, control: ControlClient, alice: Someone
) -> None:
    """Row 41: only a read-back may decide it."""
    rule = control.add_fault("reset_after_commit", match={"path": "/kursus/save$"})
    outcome = save(bkn, "kursus", alice)
    assert (outcome.verdict, outcome.code) == (Verdict.UNCLEAR, "net.reset")
    assert control.hits(rule) == 1
    assert effects(control, alice) == [("create", "kursus")]


@pytest.mark.parametrize(
    ("fault", "args", "verdict", "effect_count"),
    [
        ("reset_before", {}, Verdict.UNCLEAR, 0),
        ("cut_body", {}, Verdict.UNCLEAR, 1),
        ("cut_body", {"no_length": True}, Verdict.UNCLEAR, 1),
        ("garbage_status_line", {}, Verdict.UNCLEAR, 1),
        ("endless_headers", {}, Verdict.UNCLEAR, 1),
        ("empty_body", {}, Verdict.UNCLEAR, 1),
        ("zero_body", {}, Verdict.UNCLEAR, 1),
        ("bomb", {}, Verdict.UNCLEAR, 1),
        ("close_after_read", {}, Verdict.UNCLEAR, 0),
        ("html_200", {}, Verdict.UNCLEAR, 0),
        ("redirect_302", {}, Verdict.UNCLEAR, 0),
        ("status", {"status": 500}, Verdict.UNCLEAR, 0),
        ("status", {"status": 500, "executed": True}, Verdict.UNCLEAR, 1),
        ("status", {"status": 504, "executed": True}, Verdict.UNCLEAR, 1),
        ("suspended", {}, Verdict.NOT_EXECUTED, 0),
        ("no_id", {}, Verdict.ACCEPTED, 1),
    ],
    ids=str,
)
def test_a_fault_of_a_save_is_never_taken_for_more_or_less_than_it_is(
    bkn: BknClient,
    control: ControlClient,
    alice: Someone,
    fault: str,
    args: dict[str, Any],
    verdict: Verdict,
    effect_count: int,
) -> None:
    rule = control.add_fault(fault, match={"path": "/kursus/save$"}, args=args)
    outcome = save(bkn, "kursus", alice)
    assert (outcome.verdict, outcome.bkn_id) == (verdict, None)
    assert control.hits(rule) == 1
    assert len(effects(control, alice)) == effect_count


def test_a_business_refusal_keeps_bkns_words(bkn: BknClient, control: ControlClient, alice: Someone) -> None:
    control.add_refusal("kursus", "Jenis kursus tidak sesuai")
    outcome = save(bkn, "kursus", alice)
    assert (outcome.verdict, outcome.message) == (Verdict.REFUSED, "Jenis kursus tidak sesuai")


def test_another_persons_rows_are_no_answer(
    bkn: BknClient, control: ControlClient, alice: Someone, bob: Someone
) -> None:
    created(bkn, "kursus", bob)
    rule = control.add_fault("foreign", match={"path": "/pns/"}, times=None, args={"nip": bob.nip})
    with pytest.raises(BknAnswersBadly, match="another person") as raised:
        bkn.rows("kursus", alice.nip)
    with pytest.raises(BknAnswersBadly, match="another person"):
        bkn.person(alice.nip)
    assert bob.nip not in str(raised.value)
    assert control.hits(rule) == 2


def test_a_read_is_repeated_once_and_then_says_that_bkn_is_down(
    bkn: BknClient, control: ControlClient, alice: Someone
) -> None:
    once = control.add_fault("reset_before", match={"path": "/rw-kursus/"})
    assert bkn.rows("kursus", alice.nip) == []
    assert control.hits(once) == 1
    often = control.add_fault("html_200", match={"path": "/rw-kursus/"}, times=None)
    with pytest.raises(BknAnswersBadly, match="read failed"):
        bkn.rows("kursus", alice.nip)
    assert control.hits(often) == 2


def test_a_page_in_the_place_of_a_certificate_does_not_say_that_there_is_none(
    bkn: BknClient, control: ControlClient, alice: Someone
) -> None:
    bkn_id = created(bkn, "kursus", alice)
    bkn.upload("kursus", bkn_id, KIND_OF["kursus"], Certificate("a.pdf", PDF))
    (row,) = bkn.rows("kursus", alice.nip)
    rule = control.add_fault("html_200", match={"path": "/download-dok"}, times=2)
    with pytest.raises(BknAnswersBadly):
        bkn.document("kursus", row, KIND_OF["kursus"])
    assert control.hits(rule) == 2
    assert (
        bkn.document(
            "kursus", {**row, "path": {"881": {"dok_uri": "peremajaan/usulan/nowhere.pdf"}}}, KIND_OF["kursus"]
        )
        is None
    )


def test_a_person_without_an_id_is_contract_drift_and_not_a_person_with_an_empty_one(
    bkn: BknClient, control: ControlClient, alice: Someone
) -> None:
    body = f'{{"code": 1, "data": {{"nipBaru": "{alice.nip}"}}, "message": "success"}}'
    rule = control.add_fault("status", match={"path": "/data-utama/"}, args={"status": 200, "body": body})
    with pytest.raises(BknAnswersBadly, match="without the person's id"):
        bkn.person(alice.nip)
    assert control.hits(rule) == 1


# ----------------------------------------------------------------------------------------------------- pause and pace


def test_a_429_pauses_the_whole_client_for_as_long_as_bkn_asks(
    bkn: BknClient, control: ControlClient, alice: Someone, bob: Someone
) -> None:
    rule = control.add_fault("throttle", match={"path": "/kursus/save$"}, args={"retry_after": 60})
    outcome = save(bkn, "kursus", alice)
    assert (outcome.verdict, outcome.stops_all, outcome.retry_after_s) == (Verdict.NOT_EXECUTED, True, 60.0)
    assert control.hits(rule) == 1
    before = control.counts()["calls"]
    with pytest.raises(BknDown) as down:
        bkn.rows("diklat", bob.nip)
    assert 55 < (down.value.retry_after_s or 0) <= 60
    with pytest.raises(BknDown), bkn.about_to_write():
        pass
    assert not bkn.calls.gate.is_open_for_work
    assert control.counts()["calls"] == before


@pytest.mark.parametrize(("asked", "pause_s"), [("31536000", 3600.0), ("0", 1.0), ("-5", None)])
def test_a_pause_has_sane_bounds_whatever_bkn_asks(
    bkn: BknClient, control: ControlClient, alice: Someone, asked: str, pause_s: float | None
) -> None:
    """Row 68: a year is an hour, nothing is a second, nonsense is an ordinary failure."""
    answer = {"status": 429, "body": "{}", "headers": {"Retry-After": asked}}
    rule = control.add_fault("status", match={"path": "/kursus/save$"}, args=answer)
    assert save(bkn, "kursus", alice).verdict is Verdict.NOT_EXECUTED
    assert control.hits(rule) == 1
    if pause_s is None:
        assert bkn.rows("kursus", alice.nip) == []
        return
    with pytest.raises(BknDown) as down:
        bkn.rows("kursus", alice.nip)
    assert pause_s - 1 < (down.value.retry_after_s or 0) <= pause_s


def test_a_port_where_nobody_listens_is_proved_unsent_and_no_try_of_the_record(bkn: BknClient, alice: Someone) -> None:
    nowhere = replace(bkn, dialect=siasn.dialect(f"http://127.0.0.1:{closed_port()}/apisiasn/1.0"))
    outcome = save(nowhere, "kursus", alice)
    assert (outcome.verdict, outcome.code, outcome.stops_all) == (Verdict.NOT_EXECUTED, "net.refused", True)


def test_what_a_write_waits_for_is_waited_for_before_its_intent(
    bkn: BknClient, control: ControlClient, alice: Someone
) -> None:
    with bkn.about_to_write():
        assert control.counts()["logins"]
        before = control.counts()["calls"]
        assert save(bkn, "kursus", alice).verdict is Verdict.ACCEPTED
    assert control.counts()["calls"] == before + 1


def test_nothing_of_a_person_or_a_secret_shows_in_the_log(
    bkn: BknClient, alice: Someone, caplog: pytest.LogCaptureFixture
) -> None:
    """Row 67: httpx tells full URLs and does not mask the header Auth; and nobody has configured the logs here."""
    caplog.set_level(logging.INFO)
    headers = bkn.calls.tokens.headers()
    bkn_id = created(bkn, "kursus", alice)
    bkn.rows("kursus", alice.nip)
    shown = f"{caplog.text} {bkn!r}"
    secrets = [alice.nip, bkn_id, *(headers[name].split(" ")[1] for name in ("Authorization", "Auth"))]
    assert not [secret for secret in secrets if secret in shown]
