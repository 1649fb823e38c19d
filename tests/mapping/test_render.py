"""What a feed wants for a row: a body, a reason, or nothing. Never an exception, never somebody's data in a reason."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpeg_sync.domain.change import FeedName
from simpeg_sync.mapping.conditions import ColumnTest, Condition
from simpeg_sync.mapping.expressions import Code, Column, Constant, Date, First, Integer, Year
from simpeg_sync.mapping.feed import DocumentRule, Feed, Place
from simpeg_sync.mapping.render import Gone, Unready, Wanted, digest_of, nip_of, render

ALICE = "198501012010012001"


def _if(column: str, *values: str) -> Condition:
    return Condition(((ColumnTest(column, one_of=values),),))


FEED = Feed(
    name=FeedName("kursus"),
    target="kursus",
    table="pelatihan",
    key=("id",),
    person="nip",
    person_bkn_id="pns",
    bkn_id="id_bkn",
    deleted=_if("hapus", "1"),
    scope=_if("jenis", "02"),
    verified=_if("status", "2"),
    active_person=_if("aktif", "1"),
    fields={
        "namaKursus": Column("nama", max_length=40),
        "jumlahJam": Integer("jam"),
        "tanggalKursus": Date("mulai"),
        "tahunKursus": First((Year(Date("selesai")), Year(Date("mulai")))),
        "instansiId": Constant("A1"),
    },
    required=("namaKursus",),
    documents=(DocumentRule(Column("berkas"), "files", required=True),),
)
ROW: Mapping[str, Any] = {
    "id": 1, "nip": ALICE, "pns": "A" * 32, "id_bkn": None, "hapus": 0, "jenis": "02", "status": 2, "aktif": 1,
    "nama": "Manajemen Arsip", "jam": "40 JP", "mulai": "2024-03-04", "selesai": "2024-03-08", "berkas": "a.pdf",
}  # fmt: skip


def wanted(**changes: Any) -> Wanted:
    rendered = render(FEED, {**ROW, **changes})
    assert isinstance(rendered, Wanted), rendered
    return rendered


def test_a_good_row_becomes_a_body_in_the_order_of_the_feed() -> None:
    assert list(wanted().body.items()) == [
        ("namaKursus", "Manajemen Arsip"),
        ("jumlahJam", 40),
        ("tanggalKursus", "04-03-2024"),
        ("tahunKursus", 2024),
        ("instansiId", "A1"),
    ]
    assert (wanted().nip, wanted().person_bkn_id, wanted().places) == (ALICE, "A" * 32, {"": Place("files", "a.pdf")})


def test_the_first_reason_in_a_fixed_order_is_given() -> None:
    """A row that is wrong in every way is mended step by step, and each step shows the next reason."""
    row: dict[str, Any] = {**ROW, "hapus": 1, "jenis": "00", "nip": "x", "status": 1, "aktif": 0, "nama": "", "jam": "?",
                           "berkas": ""}  # fmt: skip
    seen = [render(FEED, None)]
    for column in ("hapus", "jenis", "nip", "status", "aktif", "nama", "jam", "berkas"):
        seen.append(render(FEED, row))
        row[column] = ROW[column]
    assert [one.reason for one in seen if isinstance(one, Gone | Unready)] == [
        "row.gone",
        "row.soft_deleted",
        "row.out_of_scope",
        "person.no_nip",
        "unverified",
        "person.inactive",
        "field.required",
        "number.unreadable",
        "document.not_named",
    ]
    assert isinstance(render(FEED, row), Wanted)


def test_a_bad_field_is_named_with_its_column_and_the_person_is_known() -> None:
    assert render(FEED, {**ROW, "jam": "?"}) == Unready("number.unreadable", "jumlahJam: jam", wanted().nip)


@pytest.mark.parametrize(
    "text",
    [
        ALICE,
        f" {ALICE} ",
        "19850101 201001 2 001",
        "19850101.201001.2.001",
        f"'{ALICE}",
        f"{ALICE[:9]}\u200b{ALICE[9:]}",
    ],
    ids=repr,
)
def test_a_nip_is_read_through_blanks_dots_and_a_quote_mark(text: str) -> None:
    assert nip_of(text) == ALICE


@pytest.mark.parametrize(
    "text",
    ["", ALICE[:-1], ALICE + "1", ALICE[:-1] + "O", "１９８５０１０１２０１００１２００１", "1.98501012010012E+17", "-", "0",
     "\ud800", ALICE.replace("0", "٠")],
    ids=ascii,
)  # fmt: skip
def test_anything_but_18_plain_digits_is_no_nip(text: str) -> None:
    assert nip_of(text) is None


def test_a_nip_that_went_through_a_float_is_refused_since_it_may_be_somebody_elses() -> None:
    assert render(FEED, {**ROW, "nip": float(ALICE)}) == Unready("person.no_nip", "nip")
    assert wanted(nip=int(ALICE)).nip == ALICE


@pytest.mark.parametrize("junk", [None, "", "0", 0, "-", "x" * 32 + "'", "\ud800" * 32, "a b" * 11])
def test_junk_in_the_columns_of_bkns_ids_is_no_id(junk: Any) -> None:
    assert wanted(id_bkn=junk, pns=junk).stored_bkn_id is None
    assert wanted(id_bkn=junk, pns=junk).person_bkn_id is None


def test_the_digest_does_not_see_the_order_of_fields_nor_columns_that_are_not_mapped() -> None:
    turned = replace(FEED, fields=dict(reversed(list(FEED.fields.items()))))
    other = render(turned, {**ROW, "diubah_oleh": "admin", "berkas": "b.pdf", "id_bkn": "B" * 36})
    assert isinstance(other, Wanted)
    assert other.digest == wanted().digest


@pytest.mark.parametrize("change", [{"nama": "Lain"}, {"jam": 41}, {"mulai": "2024-03-05"}, {"selesai": "2023-12-31"}])
def test_the_digest_changes_with_every_mapped_value(change: dict[str, Any]) -> None:
    assert wanted(**change).digest != wanted().digest


def test_the_digest_tells_a_number_from_its_text_and_none_from_blank() -> None:
    assert len({digest_of({"a": a}) for a in (1, "1", None, "", True)}) == 5


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(), st.binary(), st.dates(),
    st.datetimes(), st.times(), st.timedeltas(), st.just("\ud800"), st.text(alphabet="0123456789-/. "),
)  # fmt: skip


@given(st.fixed_dictionaries(dict.fromkeys(ROW, ANYTHING)))
def test_render_never_raises_whatever_the_row_holds(row: dict[str, Any]) -> None:
    assert isinstance(render(FEED, row), Wanted | Unready | Gone)


def test_an_integer_too_long_to_be_written_is_held_and_not_an_error() -> None:
    for name in ROW:
        assert isinstance(render(FEED, {**ROW, name: 10**5000}), Wanted | Unready | Gone)


@given(
    st.fixed_dictionaries(
        {
            name: ANYTHING.map(lambda value: f"MARKER-{value!r}"[:400]) | st.just("x" * 50 + "MARKER")
            for name in ("nama", "jam", "mulai", "selesai", "berkas")
        }
    ),
    st.sampled_from([ALICE, "MARKER", None]),
)
def test_no_reason_holds_what_a_cell_held(bad: dict[str, str], nip: str | None) -> None:
    rendered = render(FEED, {**ROW, **bad, "nip": nip})
    assert isinstance(rendered, Unready)
    assert "MARKER" not in rendered.reason + rendered.detail
    assert rendered.detail in ("", "nip", "namaKursus: nama", "jumlahJam: jam", "tanggalKursus: mulai",
                               "tahunKursus: selesai", "tahunKursus: mulai")  # fmt: skip


def test_an_unknown_code_shows_the_code_but_nothing_else_of_the_row() -> None:
    feed = replace(FEED, fields={"jenisDiklatId": Code(Column("jenis"), "codes/j.csv", {})})
    rendered = render(feed, ROW)
    assert isinstance(rendered, Unready)
    assert (rendered.reason, rendered.detail) == ("code.unknown", "jenisDiklatId: codes/j.csv: 02")
