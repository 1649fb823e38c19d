"""Each row of either side is in one pair or alone, and has exactly one situation."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.decide.look import Look
from simpeg_sync.decide.situations import Side, situations
from simpeg_sync.domain.change import FeedName, Nip, source_key
from simpeg_sync.domain.record import BknId, Digest, Record, RecordId
from simpeg_sync.domain.situation import Drift, Finding, Situation
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted, digest_of

SITI = Nip("198501012010012001")
KURSUS = RESOURCES["kursus"].resource
FEED = Feed(
    FeedName("kursus"), "kursus", "pelatihan", ("id",), "nip", fields={}, natural_key=("nomorSertipikat", "tahunKursus")
)


def body(**fields: Any) -> dict[str, Any]:
    return {
        "institusiPenyelenggara": "BPSDM Kota Teluk Biru",
        "jenisDiklatId": "3",
        "jumlahJam": 40,
        "namaKursus": "Manajemen Arsip Dinamis",
        "nomorSertipikat": "893.3/017/BPSDM/2024",
        "tahunKursus": 2024,
        "tanggalKursus": "04-03-2024",
        "tanggalSelesaiKursus": "08-03-2024",
    } | fields


def wanted(content: dict[str, Any], stored: str | None = None) -> Wanted:
    return Wanted(SITI, content, digest_of(content), None, BknId(stored) if stored else None, {})


def side(number: int, rendered: Rendered, *, legible: Wanted | None = None, **of_record: Any) -> Side:
    record = Record(RecordId(number), FEED.name, source_key([str(number)]), SITI, Status.SYNCED, 1, **of_record)
    return Side(FEED, KURSUS, record, rendered, legible=legible)


def linked(number: int, rendered: Rendered, bkn_id: str, confirmed: dict[str, Any] | None = None) -> Side:
    known = KURSUS.confirmed(confirmed) if confirmed is not None else {}
    digest = Digest(digest_of(confirmed)) if confirmed is not None else None
    at = 1.0 if confirmed is not None else None
    return side(number, rendered, bkn_id=BknId(bkn_id), confirmed=known, synced_digest=digest, synced_at=at)


def row(bkn_id: str, **fields: Any) -> dict[str, Any]:
    """As BKN shows it: other names, capitals, padding, another form of dates."""
    content = body(**fields)
    shown = {one.read: content.get(one.write) for one in KURSUS.fields if one.read is not None}
    shown["namaKursus"] = str(content["namaKursus"]).upper() + "  "
    shown["tanggalKursus"] = fields.get("tanggalKursus", "2024-03-04")
    return {**shown, "id": bkn_id, "nipBaru": SITI}


def compared(*sides: Side, rows: list[dict[str, Any]]) -> list[Finding]:
    return situations(sides, Look.of(rows), feed=FEED.name, resource=KURSUS)


def told(findings: list[Finding]) -> list[tuple[str | None, str | None, str]]:
    return [(one.key and one.key[2:-2], one.bkn_id, str(one.situation)) for one in findings]


def test_equal_in_another_form_is_equal() -> None:
    found = compared(side(1, wanted(body())), rows=[row("a1")])
    assert told(found) == [("1", "a1", "equal")]
    assert found[0].matched_by == "natural_key"


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("jumlahJam", 41, "number"),
        ("tanggalSelesaiKursus", "09-03-2024", "date"),
        ("namaKursus", "Manajemen Arsip Dinamik", "text"),
        ("institusiPenyelenggara", "", "text"),
    ],
)
def test_one_changed_digit_is_found_and_named(field: str, value: Any, rule: str) -> None:
    [found] = compared(side(1, wanted(body(**{field: value}))), rows=[row("a1")])
    assert found.situation is Situation.DIFFERS
    assert [(one.name, one.rule, one.simpeg) for one in found.differences] == [(field, rule, str(value))]
    assert found.reason == "compare.unequal"


def test_the_values_of_a_difference_stand_in_no_log() -> None:
    [found] = compared(side(1, wanted(body(namaKursus="Manajemen Arsip Dinamik"))), rows=[row("a1")])
    assert [one.bkn for one in found.differences] == ["MANAJEMEN ARSIP DINAMIS"], "as each side writes it"
    assert "dinamik" not in repr(found).lower()


def test_who_is_alone() -> None:
    other = row("b2", nomorSertipikat="1/2/2019", tahunKursus=2019, namaKursus="Bendahara", tanggalKursus="2019-01-02")
    found = compared(side(1, wanted(body())), rows=[other])
    assert told(found) == [(None, "b2", "only_at_bkn"), ("1", None, "missing_at_bkn")]
    assert [one.reason for one in found] == ["compare.only_at_bkn", "compare.missing"]


def test_a_link_counts_more_than_a_key() -> None:
    mine = linked(1, wanted(body(nomorSertipikat="893.3/018/BPSDM/2024")), "a1", body())
    found = compared(mine, rows=[row("a1")])
    assert told(found) == [("1", "a1", "differs")]
    assert (found[0].matched_by, found[0].drift) == ("link", Drift.SIMPEG)


def test_entered_twice_at_bkn() -> None:
    unlinked = compared(side(1, wanted(body())), rows=[row("a1"), row("a2")])
    assert told(unlinked) == [("1", "a1", "twice_at_bkn")]
    assert unlinked[0].detail == "a1, a2"
    known = compared(linked(1, wanted(body()), "a1", body()), rows=[row("a1"), row("a2")])
    assert told(known) == [("1", "a1", "equal"), ("1", "a2", "twice_at_bkn")]
    assert len({one.place for one in known}) == 2


def test_entered_twice_in_simpeg() -> None:
    found = compared(side(1, wanted(body())), side(2, wanted(body(jumlahJam=30))), rows=[row("a1")])
    assert told(found) == [("1", "a1", "equal"), ("2", "a1", "twice_in_simpeg")]


def test_as_many_rows_with_one_key_on_both_sides_are_as_many_pairs() -> None:
    sides = [side(1, wanted(body(jumlahJam=20))), side(2, wanted(body()))]
    found = compared(*sides, rows=[row("a1"), row("a2", jumlahJam=21)])
    assert told(found) == [("1", "a2", "differs"), ("2", "a1", "equal")]


def test_a_typing_error_in_the_key_is_still_the_same_row() -> None:
    found = compared(side(1, wanted(body(nomorSertipikat="893.3/071/BPSDM/2024"))), rows=[row("a1")])
    assert told(found) == [("1", "a1", "differs")]
    assert found[0].matched_by == "likeness"
    assert 0.9 < found[0].score < 1.0


def test_two_years_of_one_course_are_two_rows() -> None:
    this_year = body(
        nomorSertipikat="893.3/017/BPSDM/2025",
        tahunKursus=2025,
        tanggalKursus="04-03-2025",
        tanggalSelesaiKursus="08-03-2025",
    )
    found = compared(side(1, wanted(this_year)), rows=[row("a1")])
    assert Counter(one.situation for one in found) == {Situation.MISSING_AT_BKN: 1, Situation.ONLY_AT_BKN: 1}


def test_who_changed_it() -> None:
    sent = body()
    by_bkn = compared(linked(1, wanted(sent), "a1", sent), rows=[row("a1", jumlahJam=50)])
    assert (by_bkn[0].drift, by_bkn[0].reason) == (Drift.BKN, "conflict.changed_at_bkn")
    edited = body(jumlahJam=60)
    by_both = compared(linked(1, wanted(edited), "a1", sent), rows=[row("a1", jumlahJam=50)])
    assert by_both[0].drift is Drift.BOTH
    by_simpeg = compared(linked(1, wanted(edited), "a1", sent), rows=[row("a1")])
    assert by_simpeg[0].drift is Drift.SIMPEG
    gone = compared(linked(1, wanted(sent), "a1", sent), rows=[])
    assert (gone[0].situation, gone[0].drift, gone[0].reason) == (
        Situation.MISSING_AT_BKN,
        Drift.BKN,
        "conflict.gone_at_bkn",
    )


def test_what_bkn_keeps_in_another_form_is_no_other_hand() -> None:
    sent = body(nomorSertipikat="893.3/017/BPSDM/2024")
    kept = row("a1", nomorSertipikat="893.3/017/BPSDM/20")
    [found] = compared(linked(1, wanted(sent), "a1", sent), rows=[kept])
    assert (found.situation, found.drift, found.reason) == (Situation.DIFFERS, Drift.NOT_KEPT, "compare.not_kept")
    assert found.detail == "nomorSertipikat"


def test_a_row_that_may_not_leave_is_not_comparable_and_hides_its_own_row_at_bkn() -> None:
    unverified = side(1, Unready("unverified", nip=SITI), legible=wanted(body(jumlahJam=12)))
    inactive = side(
        2, Unready("person.inactive", nip=SITI), legible=wanted(body(nomorSertipikat="77/XII/2020", tahunKursus=2020))
    )
    rows = [row("a1"), row("a2", nomorSertipikat="77/XII/2020", tahunKursus=2020)]
    found = compared(unverified, inactive, rows=rows)
    assert told(found) == [("1", "a1", "not_comparable"), ("2", "a2", "person_inactive")]
    assert [one.reason for one in found] == ["unverified", "person.inactive"]


def test_a_row_deleted_in_simpeg_is_only_at_bkn_and_named() -> None:
    [found] = compared(linked(1, Gone("row.gone"), "a1", body()), rows=[row("a1")])
    assert (found.situation, found.key, found.reason) == (Situation.ONLY_AT_BKN, source_key(["1"]), "row.gone")


def test_deleted_and_entered_anew_is_one_row() -> None:
    found = compared(linked(1, Gone("row.gone"), "a1", body()), side(2, wanted(body())), rows=[row("a1")])
    assert told(found) == [("2", "a1", "equal")]


@pytest.mark.parametrize("seed", range(40))
def test_every_row_of_either_side_is_told_once_in_any_order(seed: int) -> None:
    chance = random.Random(seed)

    def some() -> dict[str, Any]:
        number = chance.choice(["1/A/2024", "2/A/2024", "893.3/017/BPSDM/2024", "893.3/018/BPSDM/2024"])
        return body(nomorSertipikat=number, jumlahJam=chance.choice([20, 40]), tahunKursus=chance.choice([2023, 2024]))

    rows = [row(f"b{n}", **some()) for n in range(chance.randint(0, 8))]
    sides = []
    for number in range(chance.randint(0, 8)):
        mine = wanted(some(), stored=f"b{number}" if chance.random() < 0.1 else None)
        sides.append(linked(number, mine, f"b{number}", some()) if chance.random() < 0.3 else side(number, mine))
    found = compared(*sides, rows=rows)
    assert Counter(one.record.key for one in sides) == Counter(one.key for one in found if not one.is_bkns)
    named = [one.bkn_id for one in found if one.bkn_id and one.situation is not Situation.TWICE_IN_SIMPEG]
    doubtful = (Situation.TWICE_AT_BKN, Situation.TWICE_IN_SIMPEG)
    several = {part for one in found if one.situation in doubtful for part in one.detail.split(", ") if part}
    assert set(named) | several == {one["id"] for one in rows}
    assert len(set(named)) == len(named)
    assert len({one.place for one in found}) == len(found)
    chance.shuffle(sides)
    chance.shuffle(rows)
    assert compared(*sides, rows=rows) == found


def test_where_bkn_has_one_row_a_person_there_is_nothing_to_match() -> None:
    resource = RESOURCES["data-utama"].resource
    feed = replace(FEED, name=FeedName("utama"), target="data-utama", natural_key=())
    mine = Wanted(SITI, {"email": "siti@contoh.example"}, digest_of({}), None, None, {})
    record = Record(RecordId(1), feed.name, source_key(["1"]), SITI, Status.WAITING, 1)
    shown = {"id": "p1", "nipBaru": SITI, "email": "SITI@CONTOH.EXAMPLE"}
    [found] = situations([Side(feed, resource, record, mine)], Look.of([shown]), feed=feed.name, resource=resource)
    assert found.situation is Situation.EQUAL
