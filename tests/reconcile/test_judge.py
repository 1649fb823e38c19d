"""The judge is judged: a perfect comparison passes, and each way to be wrong is told."""

from dataclasses import replace

import pytest

from simpeg_sync.domain.situation import Drift, Match, Situation
from tests.reconcile.judge import GROUPS, WITHOUT_BKN, Found, judge
from tests.reconcile.planting import Planted, Planting

SEED = 20_261_124


@pytest.fixture(scope="module")
def planted() -> list[Planted]:
    return Planting(SEED, 120, 1).planted


def perfect(one: Planted) -> list[Found]:
    """The findings that a comparison without fault would print of this."""
    by: Match = one.by[0] if one.by else ""
    common = Found(one.feed, one.situation, drift=one.drift, fields=one.fields, by=by, reason="reason")
    if one.situation is Situation.TWICE_IN_SIMPEG:
        pair = replace(common, situation=Situation.EQUAL, bkn_id=one.bkn_ids[0], reason="")
        partner = one.equal_keys[:1]
        return [replace(pair if key in partner else common, key=key) for key in one.keys]
    if one.situation in GROUPS:
        return [replace(common, key=key, others=one.bkn_ids) for key in one.keys]
    if one.situation in WITHOUT_BKN:
        return [replace(common, key=key) for key in one.keys]
    if one.keys:
        return [replace(common, key=one.keys[0], bkn_id=(*one.bkn_ids, "")[0])]
    return [replace(common, bkn_id=row_id) for row_id in one.bkn_ids]


def findings_of(planted: list[Planted]) -> list[Found]:
    return [found for one in planted for found in perfect(one)]


def test_a_perfect_comparison_passes(planted: list[Planted]) -> None:
    verdict = judge(planted, findings_of(planted))
    assert verdict.is_good, list(verdict.lines())
    assert verdict.found == verdict.listed


def _plant(planted: list[Planted], name: str) -> Planted:
    return next(one for one in planted if one.plant == name)


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("a digit of the hours", {"situation": Situation.EQUAL, "fields": ()}, "called equal"),
        ("a digit of the hours", {"fields": ("namaKursus",)}, "differs in ['namaKursus']"),
        ("a digit of the hours", {"by": "likeness"}, "paired by likeness"),
        ("a digit of the hours", {"bkn_id": "another"}, "called differs|BKN's row is not named|paired otherwise"),
        ("capitals in a name", {"situation": Situation.DIFFERS, "fields": ("namaKursus",)}, "called differs"),
        ("changed at BKN by another hand", {"drift": Drift.SIMPEG}, "drift simpeg, not bkn"),
        ("changed at BKN by another hand", {"drift": Drift.NONE}, "drift none, not bkn"),
        ("not verified", {"reason": ""}, "no reason is said"),
        ("entered twice at BKN", {"situation": Situation.EQUAL}, "called equal"),
    ],
)
def test_what_is_said_wrong_is_told(planted: list[Planted], name: str, wrong: dict[str, object], said: str) -> None:
    spoilt = _plant(planted, name)
    findings = [found for one in planted if one is not spoilt for found in perfect(one)]
    findings += [replace(found, **wrong) for found in perfect(spoilt)]  # type: ignore[arg-type]  # a table of cases
    verdict = judge(planted, findings)
    [(one, complaint)] = verdict.missed
    assert one is spoilt
    assert any(part in complaint for part in said.split("|"))


def test_what_is_not_said_and_what_is_invented_is_told(planted: list[Planted]) -> None:
    spoilt = _plant(planted, "not entered at BKN")
    invented = Found("kursus", Situation.ONLY_AT_BKN, bkn_id="nobody's")
    verdict = judge(planted, [*(found for found in findings_of(planted) if found.key not in spoilt.keys), invented])
    assert ("not entered at BKN", "not named") in {(one.plant, said) for one, said in verdict.missed}
    assert verdict.invented == [invented]


def test_the_equal_one_of_two_doubles_in_simpeg_must_be_the_one_that_is_equal(planted: list[Planted]) -> None:
    spoilt = _plant(planted, "entered twice in SIMPEG, first with other hours")
    others = [found for one in planted if one is not spoilt for found in perfect(one)]
    first, second = perfect(spoilt)
    assert (first.situation, second.situation) == (Situation.TWICE_IN_SIMPEG, Situation.EQUAL)
    exchanged = [replace(second, key=first.key), replace(first, key=second.key)]
    both = [replace(second, key=first.key), second]
    for wrong in (exchanged, both):
        assert [one.plant for one, _ in judge(planted, [*others, *wrong]).missed] == [spoilt.plant]


def test_a_double_shown_as_another_row_is_told(planted: list[Planted]) -> None:
    spoilt = _plant(planted, "entered twice at BKN")
    alone = Found("kursus", Situation.ONLY_AT_BKN, bkn_id=spoilt.bkn_ids[1])
    verdict = judge(planted, [*findings_of(planted), alone])
    assert [(one.plant, said) for one, said in verdict.missed] == [("entered twice at BKN", "called only_at_bkn ()")]
