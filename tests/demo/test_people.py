from datetime import date
from random import Random

import pytest

from simpeg_sync.demo.people import invent_people, nip_fault, nip_stem


def test_everybody_has_a_valid_nip_and_nobody_shares_one() -> None:
    people = invent_people(Random(1), 500)
    assert [nip_fault(p.nip, born=p.born, sex=p.sex) for p in people] == [None] * 500
    assert len({p.nip for p in people}) == len({p.pns_id for p in people}) == len({p.id_peg for p in people}) == 500


def test_numbers_run_from_001_within_the_same_first_15_digits() -> None:
    stem = nip_stem(born=date(1966, 8, 1), appointed=date(1988, 3, 1), sex="L")
    assert stem == "196608011988031"
    by_stem: dict[str, list[str]] = {}
    for person in invent_people(Random(1), 20_000):
        by_stem.setdefault(person.nip[:15], []).append(person.nip[15:])
    assert max(len(numbers) for numbers in by_stem.values()) > 1
    assert all(numbers == [f"{n:03d}" for n in range(1, len(numbers) + 1)] for numbers in by_stem.values())


@pytest.mark.parametrize(
    ("nip", "fault"),
    [
        ("196608011988031001", None),
        ("19660801198803100", "not 18 digits"),
        ("19660801198803100x", "not 18 digits"),
        ("196608021988031001", "birth date differs"),
        ("196608011988131001", "no such month of appointment"),
        ("196608011980031001", "appointed too young"),
        ("196608011988032001", "sex differs"),
        ("196608011988031000", "running number starts at 001"),
    ],
)
def test_a_broken_rule_is_named(nip: str, fault: str | None) -> None:
    assert nip_fault(nip, born=date(1966, 8, 1), sex="L") == fault


def test_one_is_unknown_to_bkn_and_some_are_retired() -> None:
    people = invent_people(Random(1), 40)
    assert [p.is_known_to_bkn for p in people].count(False) == 1
    assert [p.is_active for p in people].count(False) == 1
    assert invent_people(Random(1), 40) == people
