"""The judge's own proof: what the list says is planted is there on both sides, and nothing else is."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from simpeg_sync.demo.people import nip_fault
from simpeg_sync.domain.situation import Drift, Situation
from tests.reconcile import people
from tests.reconcile.kinds import BY_FEED
from tests.reconcile.naive import Naive
from tests.reconcile.planting import Planted, Planting
from tests.reconcile.plants import KEPT_LETTERS, PLANTS
from tests.reconcile.region import Region

EMPLOYEES, COPIES, SEED = 120, 1, 20_261_124


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """Both sides filled, without the program: what only the daemon enters is entered by hand."""
    region = Region(tmp_path_factory.mktemp("planted"), Planting(SEED, EMPLOYEES, COPIES))
    region.play(region.planting.past)
    yield region
    region.close()


def test_the_past_is_equal_and_the_differences_are_those_of_the_list(region: Region) -> None:
    past = Naive(region)
    sent = {one.sent: one for one in region.planting.planted if one.sent}
    for feed, theirs in past.theirs.items():
        mine = [_row(nip, row) for nip, row in past.ours[feed].values() if not sent.keys() & _letters(row)]
        assert Counter(mine) == Counter(_row(nip, row) for nip, row in theirs.values())
    for one in sent.values():
        _send_by_hand(region, one)
    region.know_what_was_sent()
    region.play(region.planting.now)
    assert list(Naive(region).complaints()) == []
    # The naive comparison is no yes-man.
    listed = region.planting.planted
    spoilt = next(one for one in listed if one.plant == "a digit of the hours")
    region.planting.planted = [replace(one, fields=("namaKursus",)) if one is spoilt else one for one in listed]
    assert [said for said in Naive(region).complaints() if said.startswith("a digit of the hours:")]
    region.planting.planted = [one for one in listed if one is not spoilt]
    assert len(list(Naive(region).complaints())) == 2
    region.planting.planted = listed


def _row(nip: str, row: Mapping[str, str]) -> tuple[str, ...]:
    return (nip, *(f"{name}={value}" for name, value in sorted(row.items())))


def _letters(row: Mapping[str, str]) -> set[str]:
    return {value.upper() for value in row.values()}


def _send_by_hand(region: Region, one: Planted) -> None:
    kind = BY_FEED[one.feed]
    [row] = [row for row in region.rows_of_simpeg(kind.table) if row["nomor"] == one.sent]
    body = kind.at_bkn(row)
    for name, letters in KEPT_LETTERS.items():
        target, _, field = name.partition(".")
        if target == one.feed:
            body[field] = body[field][:letters]
    region.stage.bkn.control.add_row(one.feed, one.nip, body)


def test_every_situation_and_every_drift_is_planted() -> None:
    planted = Planting(SEED, EMPLOYEES, COPIES).planted
    assert {one.situation for one in planted} == set(Situation)
    assert {one.drift for one in planted} == set(Drift)
    assert {one.plant for one in planted} >= {plant.name for plant in PLANTS}
    assert len({plant.name for plant in PLANTS}) == len(PLANTS)
    json.dumps([one.as_json() for one in planted])


def test_the_same_seed_plants_the_same() -> None:
    first, second = Planting(SEED, EMPLOYEES, COPIES), Planting(SEED, EMPLOYEES, COPIES)
    assert (first.planted, first.past, first.now) == (second.planted, second.past, second.now)
    assert Planting(SEED + 1, EMPLOYEES, COPIES).planted != first.planted


def test_invented_nips_obey_the_rule() -> None:
    invented = people.invent(Random(SEED), 2000)
    assert len({one.nip for one in invented}) == 2000
    for one in invented:
        assert nip_fault(one.nip, born=one.born, sex="L" if one.nip[14] == "1" else "P") is None


def test_more_plants_than_people_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        Planting(SEED, 10, 1)


def test_the_list_fits_into_a_file(region: Region, tmp_path: Path) -> None:
    path = region.planting.write(tmp_path / "planted.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(region.planting.planted)
    assert json.loads(lines[0])["situation"] in {situation.value for situation in Situation}
