"""Every target that BKN takes, through the daemon's own code and against the simulated BKN, in both dialects: create, update,
repeat, certificate, delete, refusal, lost answer. What is read back is what was sent, by the rules of the fields."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simpeg_sync import logs
from simpeg_sync.bkn import sapk, siasn
from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.client import BknClient
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.httpx_exchange import HttpxExchange
from simpeg_sync.bkn.resources import Choices
from simpeg_sync.bkn.resources.combined import FORM_FILES, NOT_IN_FORM
from simpeg_sync.bkn.tokens import Tokens, sapk_credentials
from simpeg_sync.clock import Clock
from simpeg_sync.domain.change import FeedName, Nip
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.expressions import Linked
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.planner import Planner
from simpeg_sync.secret import Secret
from simpeg_sync.simulator.process import Simulator
from tests.bkn.conftest import CALL_LIMIT_S, Someone
from tests.bkn.targets import BY_TARGET, CASES, COMPARED, PDF, PNG, Case, Desk, Given, without

OPERATOR = "0F0E0000000000000000000000000001"
CLASSIC = ("jabatan", "kursus", "skp", "skp2021")
CLASSIC_LACKS = (
    "satuanKerjaId", "instansiIndukId", "jenisMutasiId", "jenisPenugasanId", "subJabatanId", "tmtMutasi",
)  # fmt: skip

Opened = Callable[..., Desk]


@pytest.fixture(scope="session")
def _calls(shared_simulator: Simulator) -> Iterator[dict[str, Calls]]:
    """One client a dialect for all cases: logging in is not what is tested here."""
    logs.configure(level="CRITICAL")
    clock, exchange, sim = Clock(), HttpxExchange(), shared_simulator
    from tests.bkn.conftest import apim_login, sso_login

    siasn_tokens = Tokens(
        exchange,
        clock,
        {"apim": apim_login(sim), "sso": sso_login(sim)},
        scheme=siasn.SCHEME,
        deadline_s=CALL_LIMIT_S,
        on_event=lambda *_: None,
    )
    origin = "http://localhost:20000"
    login = sapk_credentials(
        f"{sim.url}/oauth/token", Secret("fake-classic-client"), Secret("fake-classic-secret"), origin=origin
    )
    sapk_tokens = Tokens(
        exchange, clock, {"sapk": login}, scheme=sapk.scheme(origin), deadline_s=CALL_LIMIT_S, on_event=lambda *_: None
    )
    yield {
        name: Calls(exchange, tokens, Gate(clock, per_second=1000.0, in_flight=4), clock, CALL_LIMIT_S)
        for name, tokens in (("siasn", siasn_tokens), ("sapk", sapk_tokens))
    }
    exchange.close()
    clock.stop.set()


@pytest.fixture
def opened(_calls: dict[str, Calls], sim: Simulator, alice: Someone, tmp_path: Path) -> Iterator[Opened]:
    desks: list[Desk] = []

    def open_desk(case: Case, *, choices: Choices | None = None, dialect: str = "siasn", **options: Any) -> Desk:
        if dialect == "sapk":
            spoken = sapk.dialect(f"{sim.url}/api", f"{sim.url}/duplex/api", pns_user_id=OPERATOR)
        else:
            spoken = siasn.dialect(f"{sim.url}/apisiasn/1.0", choices)
        desk = Desk(BknClient(spoken, _calls[dialect]), case, alice.nip, tmp_path, **options)
        desks.append(desk)
        return desk

    yield open_desk
    for desk in desks:
        desk.ledger.close()


VARIANTS = [
    *(pytest.param(case, {}, id=case.target) for case in CASES),
    pytest.param(
        without(BY_TARGET["jabatan"], ("jenisMutasiId", "jenisPenugasanId")),
        {"choices": Choices(jabatan_save="jabatan")},
        id="jabatan-older",
    ),
    pytest.param(
        BY_TARGET["kinerjaperiodik"], {"choices": Choices(kinerja_months_as_text=False)}, id="kinerja-months-as-number"
    ),
    *(
        pytest.param(
            BY_TARGET[name],
            {"choices": Choices(certificates="with_path"), "documents": (kind,)},
            id=f"{name}-with-path",
        )
        for name, kind in (("kursus", "881"), ("jabatan", "872"), ("skp22", "891"), ("cpns", "889"))
    ),
    *(
        pytest.param(
            without(BY_TARGET[name], NOT_IN_FORM.get(name, ())),
            {"choices": Choices(combined_save=True), "documents": (next(iter(kinds)),)},
            id=f"{name}-combined",
        )
        for name, kinds in FORM_FILES.items()
    ),
    *(
        pytest.param(without(BY_TARGET[name], CLASSIC_LACKS), {"dialect": "sapk"}, id=f"{name}-classic")
        for name in CLASSIC
    ),
]


def effects(sim: Simulator, since: int) -> list[str]:
    return [effect["kind"] for effect in sim.control.effects(after=since) if effect["kind"] != "sync"]


def last_effect(sim: Simulator) -> int:
    return max((effect["seq"] for effect in sim.control.effects()), default=0)


def ready(desk: Desk) -> Desk:
    for kind in desk.documents:
        desk.lay(kind, PDF)
    return desk


@pytest.mark.parametrize(("case", "options"), VARIANTS)
def test_create_repeat_update(opened: Opened, sim: Simulator, case: Case, options: dict[str, Any]) -> None:
    desk, since = ready(opened(case, **options)), last_effect(sim)
    resource = desk.bkn.resource(case.target)
    first = "create" if not resource.is_single or not resource.is_listed else "update"

    desk.enter()
    assert desk.state == ("synced", "")
    kinds = effects(sim, since)
    (write,) = [kind for kind in kinds if kind != "upload"]
    assert write in (first, "create", "update")
    if resource.is_listed:
        assert desk.differences() == []

    desk.turn()
    desk.clock.time_s += 3600
    desk.turn()
    assert effects(sim, since) == kinds, "a repeated change costs nothing"

    desk.clock.time_s += 3600
    desk.enter(**case.change)
    assert desk.state == ("synced", "")
    more = effects(sim, since)[len(kinds) :]
    assert [kind for kind in more if kind in ("create", "update")] == ["update"] or not resource.is_listed
    if resource.is_listed:
        assert desk.differences(**case.change) == []


@pytest.mark.parametrize(("case", "options"), VARIANTS)
def test_a_row_that_bkn_has_already_is_found_and_not_made_twice(
    opened: Opened, sim: Simulator, tmp_path: Path, case: Case, options: dict[str, Any]
) -> None:
    first = ready(opened(case, **options))
    resource = first.bkn.resource(case.target)
    if not resource.is_listed:
        pytest.skip("BKN shows no rows of this kind")
    first.enter()
    since = last_effect(sim)
    (tmp_path / "other").mkdir()
    again = ready(opened(case, **options))
    again.folder = tmp_path / "other"
    again.ledger.close()
    again.__post_init__()
    again.enter()
    assert again.state == ("synced", "")
    assert again.record.bkn_id == first.record.bkn_id
    assert effects(sim, since) == []


@pytest.mark.parametrize(("case", "options"), VARIANTS)
def test_a_row_that_is_gone_is_deleted_where_bkn_deletes_and_held_where_it_does_not(
    opened: Opened, sim: Simulator, case: Case, options: dict[str, Any]
) -> None:
    desk = ready(opened(case, **options))
    desk.enter()
    resource = desk.bkn.resource(case.target)
    if resource.keeps_last:
        desk.bkn.save(case.target, dict(case.body) | {"nomorSk": "SK/LAIN"}, **_other(desk))
    since = last_effect(sim)
    desk.clock.time_s += 3600
    desk.erase()
    desk.wait(3600.0)
    if resource.can_delete:
        assert desk.state[0] == "removed"
        assert effects(sim, since) == ["delete"]
    else:
        assert desk.state == ("held", "bkn.no_delete")
        assert effects(sim, since) == []


def _other(desk: Desk) -> dict[str, Any]:
    pns_id = desk.bkn.person(desk.nip)
    return {"pns_id": pns_id, "bkn_id": None, "files": {}}


@pytest.mark.parametrize(("case", "options"), VARIANTS)
def test_a_refusal_is_kept_and_not_sent_again_until_the_row_changes(
    opened: Opened, sim: Simulator, case: Case, options: dict[str, Any]
) -> None:
    desk, since = ready(opened(case, **options)), last_effect(sim)
    sim.control.add_refusal(sim_name(case), "Ditolak oleh aturan rekaan")
    desk.enter()
    assert desk.state == ("refused", "bkn.refused")
    calls = sim.control.counts()["calls"]
    desk.turn()
    assert desk.state == ("refused", "bkn.refused")
    assert sim.control.counts()["calls"] == calls
    assert set(effects(sim, since)) <= {"upload"}, "a certificate that was stored first is nobody's"
    sim.control.delete_refusals()
    desk.enter(**case.change)
    assert desk.state == ("synced", "")


@pytest.mark.parametrize("fault", ["reset_after_commit", "reset_before"])
@pytest.mark.parametrize(("case", "options"), VARIANTS)
def test_a_lost_answer_is_decided_by_looking_and_never_by_sending_again(
    opened: Opened, sim: Simulator, case: Case, options: dict[str, Any], fault: str
) -> None:
    desk, since = ready(opened(case, **options)), last_effect(sim)
    rule = sim.control.add_fault(fault, match={"path": "save|update$"}, times=1)
    desk.enter()
    assert sim.control.hits(rule) == 1
    assert desk.state == ("uncertain", "answer.unclear")
    desk.wait(181.0)
    if not desk.bkn.resource(case.target).is_listed:
        assert desk.state == ("held", "settle.not_shown")
        assert len(effects(sim, since)) == (fault == "reset_after_commit")
        return
    desk.wait(61.0)
    desk.wait(61.0)
    assert desk.state == ("synced", "")
    sent = [kind for kind in effects(sim, since) if kind in ("create", "update")]
    # A combined form that arrived is not seen to have brought its certificates, which come with an update.
    assert len(sent) == 1 or (desk.bkn.resource(case.target).takes_files_with_save and sent[1:] == ["update"])
    assert desk.differences() == []


WITH_DOCUMENTS = [
    (case, kind) for case in CASES for kind in siasn.dialect("").apis[case.target].resource.document_kinds
]


@pytest.mark.parametrize(
    ("case", "kind"), WITH_DOCUMENTS, ids=[f"{case.target}-{kind}" for case, kind in WITH_DOCUMENTS]
)
def test_a_certificate_of_each_kind_arrives_byte_for_byte_and_again_when_it_changes(
    opened: Opened, sim: Simulator, case: Case, kind: str
) -> None:
    desk, since = opened(case, documents=(kind,)), last_effect(sim)
    desk.enter()
    assert desk.state == ("held", "document.missing")
    assert "upload" not in effects(sim, since)
    for content in (PDF, PDF + b"diperbaiki"):
        desk.lay(kind, content)
        desk.turn()
        assert desk.state == ("synced", "")
        if case.target in ("skp", "skp2021"):
            continue  # rw-skp shows no path
        rows = desk.bkn.rows(case.target, desk.nip)
        assert desk.bkn.document(case.target, rows[0], kind) == content
    assert effects(sim, since).count("upload") == 2


def test_two_certificates_of_one_row_go_both_and_one_that_is_missing_holds_the_other_back_not(
    opened: Opened, sim: Simulator
) -> None:
    desk, since = opened(BY_TARGET["jabatan"], documents=("872", "873")), last_effect(sim)
    desk.lay("873", PDF)
    desk.enter()
    assert desk.state == ("held", "document.missing")
    assert desk.record.detail == "872"
    assert effects(sim, since) == ["create", "upload"]
    desk.lay("872", PDF + b"sk")
    desk.turn()
    assert desk.state == ("synced", "")
    assert effects(sim, since) == ["create", "upload", "upload"]


def test_a_photo_goes_where_photos_go(opened: Opened, sim: Simulator) -> None:
    desk, since = opened(Case("photo", {}, {}), documents=("photo",)), last_effect(sim)
    desk.lay("photo", PNG)
    desk.enter()
    assert desk.state == ("synced", "")
    assert effects(sim, since) == ["upload"]
    (row,) = desk.bkn.rows("photo", desk.nip)
    assert desk.bkn.document("photo", row, "photo") == PNG
    desk.turn()
    assert effects(sim, since) == ["upload"]


def test_an_empty_value_says_nothing_where_bkn_changes_only_what_is_named(opened: Opened, sim: Simulator) -> None:
    desk, since = opened(BY_TARGET["data-utama"]), last_effect(sim)
    desk.enter()
    desk.clock.time_s += 3600
    desk.enter(email=None)
    assert desk.state == ("synced", "")
    assert effects(sim, since) == ["update"]
    desk.clock.time_s += 3600
    desk.enter(email=None, nomor_hp="081200000003")
    assert desk.state == ("synced", "")
    assert effects(sim, since) == ["update", "update"]
    (row,) = desk.bkn.rows("data-utama", desk.nip)
    assert (row["email"], row["noHp"]) == ("alice@contoh.example", "081200000003")


@pytest.mark.parametrize("answer", ["result_create", "error_message"])
def test_a_new_post_refreshes_the_main_record(opened: Opened, sim: Simulator, answer: str) -> None:
    sim.control.patch_settings(sync_answer=answer)
    desk = opened(BY_TARGET["jabatan"])
    desk.enter()
    assert desk.state == ("synced", "")
    assert [effect["kind"] for effect in sim.control.effects()][-1] == "sync"
    assert sum(effect["kind"] == "sync" and effect["nip"] == desk.nip for effect in sim.control.effects()) == 1


def test_a_refresh_that_fails_is_tried_again_and_sends_no_post_twice(opened: Opened, sim: Simulator) -> None:
    desk, since = opened(BY_TARGET["jabatan"]), last_effect(sim)
    rule = sim.control.add_fault("reset_before", match={"path": "jabatansync"}, times=2)
    desk.enter()
    assert desk.state == ("waiting", "follow_up.waits")
    desk.wait(3600.0)
    desk.wait(3600.0)
    assert sim.control.hits(rule) == 2
    assert desk.state == ("synced", "")
    assert [effect["kind"] for effect in sim.control.effects(after=since)] == ["create", "sync"]


def test_the_last_post_of_a_person_is_not_deleted(opened: Opened, sim: Simulator) -> None:
    desk = opened(BY_TARGET["jabatan"])
    desk.enter()
    since = last_effect(sim)
    desk.clock.time_s += 3600
    desk.erase()
    desk.wait(3600.0)
    assert desk.state == ("held", "delete.last_row")
    assert effects(sim, since) == []


def test_a_credit_waits_for_its_post_and_goes_by_itself_once_the_post_is_linked(opened: Opened, sim: Simulator) -> None:
    post = BY_TARGET["jabatan"]
    posts = Feed(
        name=FeedName("posts"),
        target="jabatan",
        table="posts",
        key=("id",),
        person="nip",
        fields={name: Given(f"v_{name}") for name in post.body},
        natural_key=post.natural_key,
    )
    linked = {"rwJabatanId": Linked(posts.name, ("post_id",))}
    desk, since = opened(BY_TARGET["angkakredit"], linked=linked, other=posts), last_effect(sim)
    desk.source.put("t", "1", nip=desk.nip, post_id="1", **{f"v_{n}": v for n, v in desk.case.body.items()})
    desk.turn()
    assert desk.state == ("held", "link.missing")
    assert desk.record.detail == "rwJabatanId: posts"
    assert effects(sim, since) == []

    desk.source.put("posts", "1", nip=desk.nip, **{f"v_{name}": value for name, value in post.body.items()})
    planned = Planner(desk.pipeline, calls_per_second=5, persons_to_look_at=1).make()["feeds"]
    assert [feed["actions"] for feed in planned.values()] == [{"create": 1}, {"create": 1}]

    desk.turn(feed=posts.name)
    assert desk.state == ("synced", "")
    (credit,) = desk.bkn.rows("angkakredit", desk.nip)
    (at_bkn,) = desk.bkn.rows("jabatan", desk.nip)
    assert credit["rwJabatan"] == at_bkn["id"]
    assert effects(sim, since) == ["create", "create"]


def test_what_bkn_has_once_of_a_person_is_nobody_elses_row(opened: Opened, sim: Simulator) -> None:
    """Both bear the person's id at BKN: neither takes the other's link away, nor waits for it."""
    main = BY_TARGET["data-utama"]
    mains = Feed(
        name=FeedName("mains"),
        target="data-utama",
        table="mains",
        key=("id",),
        person="nip",
        fields={name: Given(f"v_{name}") for name in main.body},
    )
    desk, since = opened(BY_TARGET["cpns"], other=mains), last_effect(sim)
    sim.control.add_fault("reset_after_commit", match={"path": "cpns/save$"}, times=1)
    desk.enter()
    assert desk.state == ("uncertain", "answer.unclear")
    desk.source.put("mains", "1", nip=desk.nip, **{f"v_{name}": value for name, value in main.body.items()})
    desk.turn(feed=mains.name)
    other = desk.ledger.find(mains.name, desk.record.key)
    assert other is not None
    assert other.status is Status.SYNCED
    desk.wait(181.0)
    assert desk.state == ("synced", "")
    assert desk.record.bkn_id == other.bkn_id
    before = desk.record
    desk.source.put("mains", "1", nip=desk.nip, **{f"v_{n}": v for n, v in {**main.body, **main.change}.items()})
    desk.turn(feed=mains.name)
    assert (desk.record.bkn_id, desk.record.confirmed) == (before.bkn_id, before.confirmed)
    assert effects(sim, since) == ["update", "update", "update"]


@pytest.mark.parametrize("target", ["sk-kp", "sk-nip"])
def test_a_signed_decree_goes_with_its_number_in_one_form(opened: Opened, sim: Simulator, target: str) -> None:
    nip = opened(BY_TARGET["kursus"]).nip
    if target == "sk-kp":
        proposal = sim.control.add_row("kp", nip, {"tmtKp": "01-04-2024"})
        body = {"id_usulan": proposal, "no_sk": "KP/1", "tgl_sk": "01-03-2024"}
    else:
        sim.control.add_row("pengadaan", nip, {"no_peserta": nip, "periode": "2024"})
        body = {"no_peserta": nip, "tahun_formasi": "2024", "no_sk": "NIP/1", "tgl_sk": "01-03-2024"}
    desk, since = opened(Case(target, body, {}), documents=("sk",)), last_effect(sim)
    desk.enter()
    assert desk.state == ("held", "document.missing")
    desk.lay("sk", PDF)
    desk.turn()
    assert (desk.state, effects(sim, since)) == (("synced", ""), ["upload"])
    desk.turn()
    assert effects(sim, since) == ["upload"]
    desk.lay("sk", PDF + b"diperbaiki")
    desk.turn()
    assert (desk.state, effects(sim, since)) == (("synced", ""), ["upload", "upload"])


def test_an_activity_is_sent_once_and_deleted_by_the_id_that_bkn_told(opened: Opened, sim: Simulator) -> None:
    desk, since = opened(Case("aktivity", {"sistem": "SIMPEG", "realisasi": 3}, {})), last_effect(sim)
    desk.enter()
    desk.turn()
    assert (desk.state, effects(sim, since)) == (("synced", ""), ["create"])
    if desk.record.bkn_id is None:
        desk.clock.time_s += 60
        desk.enter(realisasi=4)
        assert desk.state == ("held", "bkn.no_id")
        assert effects(sim, since) == ["create"]


@pytest.mark.parametrize("target", COMPARED)
def test_what_bkn_takes_from_no_region_is_compared_and_reported(opened: Opened, sim: Simulator, target: str) -> None:
    key, fields = COMPARED[target]
    desk = opened(Case(target, fields, {}, (key,)))
    before = sim.control.counts()["calls"]
    desk.enter()
    assert desk.state == ("held", "compare.missing_at_bkn")
    row_id = sim.control.add_row(target, desk.nip, fields)
    desk.turn()
    assert desk.state == ("synced", "")
    assert desk.record.bkn_id == row_id
    changed = next(name for name in fields if name != key)
    desk.clock.time_s += 60
    desk.enter(**{changed: "03-03-1999" if str(fields[changed]).count("-") == 2 else "7"})
    assert (desk.state, desk.record.detail) == (("held", "compare.differs"), changed)
    desk.erase()
    assert desk.state == ("ignored", "row.gone")
    methods = {call["method"] for call in sim.control.calls() if call["nip"] == desk.nip}
    assert methods == {"GET"}
    assert sim.control.counts()["calls"] > before


def test_values_that_differ_in_form_only_are_equal(opened: Opened, sim: Simulator) -> None:
    """Case, padding, number and date formats (ISO tmtGolongan)."""
    sim.control.patch_settings(pad_names=4, name_case="upper")
    desk = opened(
        Case(
            "golongan",
            {"skNomor": "gol/1 ", "tmtGolongan": "2020-04-01", "jumlahKreditUtama": "12.50"},
            {},
            ("skNomor",),
        )
    )
    sim.control.add_row(
        "golongan", desk.nip, {"skNomor": "GOL/1", "tmtGolongan": "01-04-2020", "jumlahKreditUtama": "12.500"}
    )
    desk.enter()
    assert desk.state == ("synced", "")


def test_what_the_classic_service_does_not_have_is_said_and_costs_no_call(opened: Opened, sim: Simulator) -> None:
    desk = opened(BY_TARGET["skp22"], dialect="sapk")
    calls = sim.control.counts()["calls"]
    desk.enter()
    assert desk.state == ("held", "bkn.not_offered")
    assert sim.control.counts()["calls"] == calls


def test_the_classic_service_compares_what_it_only_shows(opened: Opened, sim: Simulator) -> None:
    desk = opened(BY_TARGET["diklat"], dialect="sapk")
    sim.control.add_row("diklat", desk.nip, {**desk.case.body, "tahun": "2020"})
    desk.enter()
    assert desk.state == ("synced", "")


def test_parents_are_compared_each_in_their_place(opened: Opened, sim: Simulator) -> None:
    desk = opened(Case("ortu", {"peran": "ayah", "nama": "Eko Rekaan", "tglLahir": "02-03-1950"}, {}, ("peran",)))
    sim.control.add_row("ortu", desk.nip, {"ayah": {"id": "a" * 32, "nama": "EKO REKAAN", "tglLahir": "02-03-1950"}})
    desk.enter()
    assert (desk.state, desk.record.bkn_id) == (("synced", ""), "a" * 32)
    desk.clock.time_s += 60
    desk.enter(tglLahir="03-03-1950")
    assert (desk.state, desk.record.detail) == (("held", "compare.differs"), "tglLahir")


@pytest.mark.parametrize("dialect", ["siasn", "sapk"])
def test_who_a_person_is_is_compared_in_both_services(opened: Opened, sim: Simulator, dialect: str) -> None:
    sim.control.patch_settings(pad_names=4, name_case="upper")
    who = {"nama": "Dr. Siti Aminah, S.Pd.", "tglLahir": "02-03-1985", "jenisKelamin": "F", "gelarDepan": "Dr."}
    desk = opened(Case("identitas", {**who, "nipBaru": "19850302 201001 2 001"}, {}), dialect=dialect)
    nip = desk.nip = Nip("198503022010012001")
    sim.control.add_persons({"nipBaru": nip, **who, "nama": "Siti Aminah", "gelarDepan": "DR"})
    desk.enter()
    assert desk.state == ("synced", "")
    desk.clock.time_s += 60
    desk.enter(gelarDepan="Ir.")
    assert (desk.state, desk.record.detail) == (("held", "compare.differs"), "gelarDepan")
    desk.clock.time_s += 60
    desk.enter(tglLahir="02-03-1986")
    assert (desk.state, desk.record.detail) == (("held", "person.differs"), "tglLahir")
    methods = {call["method"] for call in sim.control.calls() if call["nip"] == nip}
    assert methods == {"GET"}


def sim_name(case: Case) -> str:
    """The simulator's name of the resource."""
    return {"skp2021": "skp"}.get(case.target, case.target)
