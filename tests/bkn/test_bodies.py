"""What BKN would refuse is found before a call is spent: required fields, strict types, dates, ranges, rules between fields."""

from typing import Any

import pytest

from simpeg_sync.bkn.codes import CodeBook, CodeCheck, load_bundle
from simpeg_sync.bkn.resources import RESOURCES, Choices, chosen
from simpeg_sync.bkn.resources.base import BadField
from tests.bkn.targets import BY_TARGET, CASES, Case

ACCEPTED = {case.target: dict(case.body) for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.target)
def test_a_fit_body_passes_and_leaves_with_the_person_and_the_row(case: Case) -> None:
    api = RESOURCES[case.target]
    assert api.check(case.body) is None
    sent = api.complete(case.body, pns_id="P" * 32, bkn_id="R" * 32)
    assert sent[api.person_field] == "P" * 32
    assert sent.get("id", "R" * 32) == "R" * 32
    assert "path" not in sent
    assert {name: sent[name] for name in case.body} == case.body


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.target)
def test_each_demanded_field_is_missed_by_its_name(case: Case) -> None:
    api = RESOURCES[case.target]
    assert api.body is not None
    demanded = [
        name for name, about in api.body.model_fields.items() if about.is_required() and name != api.person_field
    ]
    for name in demanded:
        for missing in (None, ""):
            bad = api.check({**case.body, name: missing})
            assert bad is not None and bad.field == name, (name, missing)


@pytest.mark.parametrize(
    ("target", "changes", "field", "reason"),
    [
        ("kursus", {"jenisDiklatId": "1"}, "jenisDiklatId", "field.wants_code"),
        ("kursus", {"jumlahJam": 0}, "jumlahJam", "field.greater_than"),
        ("kursus", {"jumlahJam": "20"}, "jumlahJam", "field.wants_number"),
        ("kursus", {"tanggalKursus": "2023-02-01"}, "tanggalKursus", "field.string_pattern_mismatch"),
        ("kursus", {"tanggalKursus": "31-02-2023"}, "tanggalKursus", "field.value_error"),
        ("jabatan", {"eselonId": ""}, "eselonId", "field.required"),
        ("jabatan", {"jabatanFungsionalId": "x" * 32}, "jabatanFungsionalId", "field.must_be_empty"),
        ("jabatan", {"jenisMutasiId": "MU"}, "tmtMutasi", "field.required"),
        ("jabatan", {"jenisJabatan": "2", "eselonId": "", "jabatanFungsionalId": "x"}, "jenisPenugasanId", "field.must_be_empty"),
        ("jabatan", {"jenisJabatan": "3"}, "jenisJabatan", "field.wants_code"),
        ("angkakredit", {"kreditBaruTotal": "12,5"}, "kreditBaruTotal", "field.string_pattern_mismatch"),
        ("angkakredit", {"bulanMulaiPenailan": "13"}, "bulanMulaiPenailan", "field.string_pattern_mismatch"),
        ("angkakredit", {"isIntegrasi": "1"}, "isKonversi", "field.only_one"),
        ("angkakredit", {"tahunMulaiPenailan": "2023"}, "tahunSelesaiPenailan", "field.ends_before_start"),
        ("hukdis", {"jenisHukumanId": "12"}, "hukdisYangDiberhentikanId", "field.required"),
        ("hukdis", {"masaTahun": "satu"}, "masaTahun", "field.string_pattern_mismatch"),
        ("skp", {"tahun": 2021}, "tahun", "field.wrong_year"),
        ("skp", {"integritas": 0}, "integritas", "field.greater_than"),
        ("skp2021", {"tahun": 2020}, "tahun", "field.wrong_year"),
        ("skp2021", {"jenisPeraturanKinerjaKd": "PP53"}, "jenisPeraturanKinerjaKd", "field.wants_code"),
        ("skp22", {"tahun": 2021}, "tahun", "field.wrong_year"),
        ("skp22", {"hasilKinerjaNilai": 4}, "hasilKinerjaNilai", "field.less_than_equal"),
        ("kinerjaperiodik", {"bulanSelesaiPenilaian": 13}, "bulanSelesaiPenilaian", "field.less_than_equal"),
        ("kinerjaperiodik", {"bulanMulaiPenilaian": 6}, "bulanSelesaiPenilaian", "field.ends_before_start"),
        ("cpns", {"status_cpns_pns": "X"}, "status_cpns_pns", "field.wants_code"),
        ("data-utama", {"npwp_tanggal": "2015"}, "npwp_tanggal", "field.string_pattern_mismatch"),
    ],
)  # fmt: skip
def test_a_rule_of_bkn_is_broken_by_name(target: str, changes: dict[str, Any], field: str, reason: str) -> None:
    assert RESOURCES[target].check({**ACCEPTED[target], **changes}) == BadField(field, reason)


def test_a_unit_move_is_fit() -> None:
    move = {**ACCEPTED["jabatan"], "jenisMutasiId": "MU", "tmtMutasi": "05-01-2023"}
    assert RESOURCES["jabatan"].check(move) is None


def test_what_follows_from_other_fields_is_filled_in_and_what_is_given_stays() -> None:
    kursus = {name: value for name, value in ACCEPTED["kursus"].items() if name != "jenisKursusSertipikat"}
    sent = [
        RESOURCES["kursus"].complete({**kursus, "jenisDiklatId": kind}, pns_id="p", bkn_id=None)[
            "jenisKursusSertipikat"
        ]
        for kind in ("2", "3", "4", "7", "9", "25")
    ]
    assert sent == ["F", "T", "P", "P", "P", "T"]
    given = RESOURCES["kursus"].complete({**kursus, "jenisKursusSertipikat": "F"}, pns_id="p", bkn_id=None)
    assert given["jenisKursusSertipikat"] == "F"
    hukdis = {name: value for name, value in ACCEPTED["hukdis"].items() if name != "jenisTingkatHukumanId"}
    heavy = RESOURCES["hukdis"].complete({**hukdis, "jenisHukumanId": "9"}, pns_id="p", bkn_id=None)
    assert heavy["jenisTingkatHukumanId"] == "B"


def test_the_choices_change_what_leaves_and_what_a_feed_may_name() -> None:
    older = chosen(Choices(jabatan_save="jabatan"))["jabatan"]
    assert older.save_path == "jabatan/save"
    assert "tmtMutasi" not in older.known_fields()
    credit = chosen(Choices(penailan="Penilaian"))["angkakredit"].complete(
        ACCEPTED["angkakredit"], pns_id="p", bkn_id=None
    )
    assert credit["bulanMulaiPenilaian"] == "1" and "bulanMulaiPenailan" not in credit
    ends = chosen(Choices(sertifikasi_end="masaBerlakuSertSelesai"))["sertifikasi"]
    assert ends.complete(ACCEPTED["sertifikasi"], pns_id="p", bkn_id=None)["masaBerlakuSertSelesai"] == "01-01-2026"
    months = chosen(Choices(kinerja_months_as_text=True))["kinerjaperiodik"]
    assert months.complete(ACCEPTED["kinerjaperiodik"], pns_id="p", bkn_id=None)["bulanMulaiPenilaian"] == "1"
    cut = chosen(Choices(cuts={"kursus.namaKursus": 5}))["kursus"].resource
    assert cut.differences({"namaKursus": "Arsip Dinamis"}, {"namaKursus": "ARSIP"}) == []
    form = chosen(Choices(combined_save=True))["jabatan"]
    assert form.complete(ACCEPTED["jabatan"], pns_id="p", bkn_id=None)["tmt_jabatan"] == "03-01-2023"


class NothingPulled:
    def has(self, table: str, code: str) -> bool:
        return False

    def is_complete(self, table: str) -> bool:
        return False


@pytest.mark.parametrize(
    ("target", "changes", "bad"),
    [
        ("penghargaan", {"hargaId": "999"}, BadField("hargaId", "code.not_at_bkn")),
        ("penghargaan", {}, None),
        ("hukdis", {"golonganId": "IX"}, None),
        ("jabatan", {"unorId": "nowhere"}, None),
        ("diklat", {"latihanStrukturalId": "77"}, BadField("latihanStrukturalId", "code.not_at_bkn")),
    ],
)
def test_a_code_is_held_only_if_a_complete_table_lacks_it(
    target: str, changes: dict[str, Any], bad: BadField | None
) -> None:
    bundle = load_bundle()
    check = CodeCheck(bundle, CodeBook(bundle, NothingPulled()))
    assert check.unknown(target, {**ACCEPTED[target], **changes}) == bad


def test_family_needs_a_legal_ground_by_its_flag() -> None:
    assert {name for name, api in RESOURCES.items() if api.is_family} == {"pasangan", "anak", "ortu"}
    assert BY_TARGET["pasangan"].target == "pasangan"
