"""Equal is what BKN means as equal, whichever of its spellings came. Sources: bkn-api section 2, conventions."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simpeg_sync.decide.fields import Field, Form, Resource, amount, code, date, flag, identifier, number, score, text

KURSUS = Resource(
    name="kursus",
    fields=(
        Field("instansiId", None, identifier),
        Field("jenisKursus", "jenisKursusId", identifier),
        Field("jumlahJam", "jumlahJam", number),
        Field("namaKursus", "namaKursus"),
        Field("nomorSertipikat", "noSertipikat"),
        Field("tahunKursus", "tahunKursus", number),
        Field("tanggalKursus", "tanggalKursus", date),
    ),
    document_kinds=("881",),
)
ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3)


@pytest.mark.parametrize(
    ("form", "ours", "theirs"),
    [
        (text, "Balai Diklat", "BALAI DIKLAT   "),
        (text, "Balai Diklat", "  balai  diklat"),
        (text, "", None),
        (code, "3", 3),
        (code, "T", "T "),
        (code, "", None),
        (identifier, "8AE482864F05A0F5014F0D5B6F0B3D0E", "8ae482864f05a0f5014f0d5b6f0b3d0e"),
        (identifier, "", "0"),
        (identifier, None, "0"),
        (number, 40, "40"),
        (number, 40, 40.0),
        (number, "13.250", 13.25),
        (number, 2020, " 2020 "),
        (date, "01-02-2020", "2020-02-01"),
        (date, "01-02-2020", "2020-02-01T00:00:00Z"),
        (date, "", "01-01-0001"),
        (date, "", "0001-01-01T00:00:00Z"),
        (date, "", None),
        (amount, "12.500", "12.50"),
        (amount, "0", "0.000"),
        (score, 91.666, "91.67"),
        (score, 85, "85.00"),
        (flag, "", "0"),
        (flag, None, "0"),
        (flag, "1", 1),
    ],
)
def test_two_spellings_of_one_value_are_equal(form: Form, ours: Any, theirs: Any) -> None:
    assert form(ours) == form(theirs)


@pytest.mark.parametrize(
    ("form", "ours", "theirs"),
    [
        (text, "Balai Diklat", "BalaiDiklat"),
        (code, "t", "T"),
        (amount, "12.500", "12.501"),
        (score, 91.66, "91.67"),
        (flag, "1", "0"),
        (number, "0", ""),
        (code, "0", None),
        (identifier, "00", "0"),
        (number, 0, None),
        (number, 40, "41"),
        (number, "4O", 40),
        (date, "01-02-2020", "02-01-2020"),
        (date, "31-02-2020", "2020-02-29"),
        (date, "31-02-2020", ""),
    ],
)
def test_two_values_are_not_equal(form: Form, ours: Any, theirs: Any) -> None:
    assert form(ours) != form(theirs)


@pytest.mark.parametrize("form", [text, code, identifier, number, date])
@settings(deadline=None)
@given(value=ANYTHING)
def test_a_form_takes_whatever_json_can_hold(form: Form, value: Any) -> None:
    assert isinstance(form(value), str)


@settings(deadline=None)
@given(st.dates())
def test_every_day_of_the_calendar_is_the_same_in_both_spellings(day: Any) -> None:
    assert date(f"{day:%d-%m-}{day.year:04}") == date(day.isoformat())


BODY = {"jumlahJam": 40, "namaKursus": "Kursus Rekaan", "instansiId": "A5EB", "tanggalKursus": "01-02-2020"}
ROW = {"jumlahJam": 40, "namaKursus": "KURSUS REKAAN  ", "tanggalKursus": "2020-02-01", "tahunKursus": "2020"}


def test_only_fields_that_the_body_names_and_bkn_shows_again_are_compared() -> None:
    assert KURSUS.differences(BODY, ROW) == []
    assert KURSUS.differences({**BODY, "jumlahJam": 41}, ROW) == ["jumlahJam"]
    assert KURSUS.differences(BODY, {}) == ["jumlahJam", "namaKursus", "tanggalKursus"]


def test_what_was_confirmed_tells_the_fields_that_another_hand_has_changed_since() -> None:
    confirmed = KURSUS.confirmed(BODY)
    assert confirmed == {**KURSUS.seen(BODY, ROW), **KURSUS.unseen(BODY)}
    assert KURSUS.changed_since(confirmed, ROW) == []
    assert KURSUS.changed_since(confirmed, {**ROW, "jumlahJam": 8}) == ["jumlahJam"]
    assert "Rekaan" not in str(confirmed)


def test_half_a_surrogate_pair_from_bkn_is_compared_like_any_text() -> None:
    """JSON may hold it, UTF-8 not; it must not take the record's turn down."""
    row = {**ROW, "namaKursus": "\ud800"}
    assert KURSUS.changed_since(KURSUS.confirmed(BODY), row) == ["namaKursus"]


def test_a_natural_key_needs_every_part_equal_and_at_least_one_of_them_filled() -> None:
    key = ("nomorSertipikat", "tahunKursus")
    row = {"noSertipikat": "001/REKAAN", "tahunKursus": "2020"}
    assert KURSUS.same_by(key, {"nomorSertipikat": "001/rekaan", "tahunKursus": 2020}, row)
    assert not KURSUS.same_by(key, {"nomorSertipikat": "001/rekaan", "tahunKursus": 2021}, row)
    assert not KURSUS.same_by(key, {"nomorSertipikat": "", "tahunKursus": None}, {})


def test_a_natural_key_of_which_the_body_lacks_a_part_matches_nothing() -> None:
    """The year alone would adopt somebody's other certificate."""
    row = {"noSertipikat": "001/REKAAN", "tahunKursus": "2020"}
    assert not KURSUS.same_by(("nomorSertipikat", "tahunKursus"), {"tahunKursus": 2020}, row)


def test_an_update_carries_over_what_the_feed_does_not_map_in_the_types_that_bkn_takes_back() -> None:
    """BKN reads years as text and empty dates as 01-01-0001, and refuses both (bkn-api sections 2 and 3, Types)."""
    row = {
        "jenisKursusId": "1234",
        "jumlahJam": "40",
        "tahunKursus": "2020",
        "tanggalKursus": "0001-01-01T00:00:00Z",
        "noSertipikat": None,
        "namaKursus": "BKN's own name",
    }
    assert KURSUS.carried_over({"namaKursus": "ours"}, row) == {
        "jenisKursus": "1234",
        "jumlahJam": 40,
        "tahunKursus": 2020,
        "tanggalKursus": "",
    }
    assert KURSUS.carried_over(BODY, {"tahunKursus": "2020", "tanggalKursus": "x"}) == {"tahunKursus": 2020}
    assert KURSUS.carried_over({}, {"tanggalKursus": "2020-02-01T00:00:00Z"}) == {"tanggalKursus": "01-02-2020"}


@settings(deadline=None)
@given(value=ANYTHING)
def test_whatever_bkn_shows_can_be_carried_over(value: Any) -> None:
    carried = KURSUS.carried_over({}, {field.read: value for field in KURSUS.fields if field.read})
    assert set(carried) <= {field.write for field in KURSUS.fields if field.read}
    assert all(isinstance(one, str | int | float) for one in carried.values())


CUT = Resource(name="x", fields=(Field("nama", "nama", cut_at=10), Field("jam", "jam", number)))


def test_what_bkn_cuts_is_compared_as_far_as_it_keeps_it() -> None:
    assert CUT.differences({"nama": "Manajemen Arsip", "jam": 4}, {"nama": "MANAJEMEN ", "jam": "4"}) == []
    assert CUT.differences({"nama": "Manajemen Arsip"}, {"nama": "Manajemer"}) == ["nama"]


GUESSED = Resource(
    name="kgb", fields=(Field("nomorSk", "nomorSk", is_guess=True), Field("gaji", "gaji", amount, is_guess=True))
)


def test_a_guessed_field_counts_only_where_a_row_has_it() -> None:
    body = {"nomorSk": "KGB/1", "gaji": "3000000"}
    assert GUESSED.differences(body, {"id": "a", "noSk": "KGB/2"}) == []
    assert GUESSED.differences(body, {"nomorSk": "KGB/2"}) == ["nomorSk"]
    assert not GUESSED.shows(("nomorSk",), {"noSk": "KGB/1"})
    assert GUESSED.shows(("nomorSk",), {"nomorSk": "x"})
    assert set(GUESSED.unseen(body, {"nomorSk": "x"})) == {"gaji"}


CARRIED = Resource(
    name="y",
    fields=(
        Field("nilai", "nilai", score),
        Field("jumlah", "jumlah", number),
        Field("kredit", "kredit", amount),
        Field("isKonversi", "isKonversi", flag),
        Field("tanggal", "tanggal", date),
        Field("subJabatanId", "subJabatanId", identifier),
    ),
)


def test_what_is_carried_over_goes_back_in_the_type_that_bkn_takes() -> None:
    row = {"nilai": "85.50", "jumlah": "12", "kredit": "12.500", "isKonversi": "", "tanggal": "2020-04-01T00:00:00Z"}
    assert CARRIED.carried_over({}, row) == {
        "nilai": 85.5,
        "jumlah": 12,
        "kredit": "12.500",
        "isKonversi": "0",
        "tanggal": "01-04-2020",
    }
    assert CARRIED.carried_over({}, {"nilai": "tidak ada", "jumlah": None, "tanggal": "01-01-0001"}) == {"tanggal": ""}


def test_an_id_that_bkn_shows_for_none_goes_back_as_none() -> None:
    assert CARRIED.carried_over({}, {"subJabatanId": "0"}) == {"subJabatanId": ""}
    assert CARRIED.carried_over({}, {"subJabatanId": "A0F1"}) == {"subJabatanId": "A0F1"}


def test_a_kind_that_changes_only_what_is_named_carries_nothing_over() -> None:
    assert replace(CARRIED, is_partial=True).carried_over({}, {"nilai": "85.50"}) == {}
