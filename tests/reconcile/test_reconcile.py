"""What is planted is found, nothing is invented, and it comes together by policy with no write too many."""

import secrets
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import pytest

from simpeg_sync.domain.situation import Situation
from tests.reconcile import compare
from tests.reconcile.compare import AFRESH
from tests.reconcile.judge import Verdict
from tests.reconcile.naive import Naive
from tests.reconcile.plants import SEEN_ONLY
from tests.reconcile.play import Play, Round, open_play

pytestmark = [
    pytest.mark.skipif(not compare.is_there(), reason="this version does not compare"),
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("reconcile"),
]

EMPLOYEES, COPIES = 120, 1
KILLS = 3
UNDER_WAY = 128
"""Comparisons that a kill may lose: those in flight, and those whose results wait to be stored together."""


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    seed = secrets.randbelow(1_000_000)
    print(f"again with: make reconcile ARGS='--employees {EMPLOYEES} --seed {seed}'")  # noqa: T201  of a failure
    play = open_play(tmp_path_factory.mktemp("reconcile"), seed=seed, employees=EMPLOYEES, copies=COPIES)
    try:
        play.plant()
        yield play
    finally:
        play.region.close()


@pytest.fixture(scope="module")
def before(play: Play, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger before anything was compared."""
    kept = tmp_path_factory.mktemp("before")
    play.region.copy_ledger(kept)
    return kept


@pytest.fixture(scope="module")
def first(play: Play, before: Path) -> Round:
    assert before.is_dir()
    return play.compare_all()


def _said(verdict: Verdict) -> str:
    return "\n".join([*verdict.lines(), *(f"{count} {said}" for said, count in verdict.plants().items())])


def _wrong(verdict: Verdict) -> set[str]:
    return {one.plant for one, _ in verdict.missed}


def _plants(play: Play, writes: Iterable[tuple[str, str, str]]) -> set[str]:
    """To which plants these writes belong."""
    owners: dict[tuple[str, str], set[str]] = {}
    for one in play.planted:
        if not one.plant.startswith("ordinary"):
            owners.setdefault((one.feed, one.nip), set()).add(one.plant)
    return {name for _, feed, nip in writes for name in owners.get((feed, nip), {f"ordinary {feed}"})}


def test_all_that_is_planted_is_found_and_nothing_is_invented(first: Round) -> None:
    assert not first.verdict.invented, _said(first.verdict)
    assert _wrong(first.verdict) == set(), _said(first.verdict)
    assert set(first.verdict.found) == set(Situation)


def test_a_comparison_writes_nothing_and_reads_each_list_once(play: Play, first: Round) -> None:
    assert not play.region.writes()
    assert not list(Naive(play.region).complaints())
    assert first.lists <= len(play.region.planting.employees) * 7


def test_whom_bkn_means_by_a_nip_is_asked_once(play: Play, first: Round) -> None:
    assert first.calls - first.lists <= len(play.region.planting.employees)


def test_a_second_one_right_after_says_the_same_and_spends_no_call(play: Play, first: Round) -> None:
    second = play.compare_all()
    assert set(second.findings) == set(first.findings)
    assert second.calls == 0


def test_a_comparison_that_is_killed_again_and_again_ends_as_one_that_is_not(
    play: Play, first: Round, before: Path, tmp_path: Path
) -> None:
    play.region.copy_ledger(tmp_path)
    play.region.restore_ledger(before)
    rng, lists = Random(play.region.planting.seed), play.region.lists()
    for _ in range(KILLS):
        _killed_after(play, rng.randrange(1, first.lists // KILLS))
    rest = play.compare_all()
    assert set(rest.findings) == set(first.findings)
    again = play.region.lists() - lists - first.lists
    assert again <= KILLS * UNDER_WAY, f"{again} lists were read twice, more than were under way"
    play.region.restore_ledger(tmp_path)


def _killed_after(play: Play, lists: int) -> None:
    """By SIGKILL, when BKN has shown so many more lists."""
    from_here, ends_at = play.region.lists(), time.monotonic() + 60
    process = play.compare.start()
    while play.region.lists() - from_here < lists and process.poll() is None:
        assert time.monotonic() < ends_at, "the comparison does not go on"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was done before it could be killed"


def test_it_comes_together_by_policy_with_the_writes_that_are_needed_and_the_rest_stays(
    play: Play, first: Round
) -> None:
    assert first.findings
    superfluous, undone = play.bring_together()
    assert not undone
    assert _plants(play, superfluous) == set()
    after = play.compare_all(play.afterwards(), *AFRESH)
    assert not after.verdict.invented, _said(after.verdict)
    assert _wrong(after.verdict) == set(), _said(after.verdict)
    play.region.run()
    assert not play.region.writes(), "what does not stick is not sent twice"


def test_drift_is_seen_and_heeded_where_only_an_earlier_comparison_has_seen_both_sides_equal(tmp_path: Path) -> None:
    seed = secrets.randbelow(1_000_000)
    print(f"seed {seed}")  # noqa: T201  of a failure
    play = open_play(tmp_path, seed=seed, employees=40, copies=1, plants=SEEN_ONLY)
    try:
        earlier = play.plant_after_a_comparison()
        assert {found.situation for found in earlier.findings} >= {Situation.EQUAL}
        later = play.compare_all(None, *AFRESH)
        assert later.verdict.is_good, _said(later.verdict)
        assert play.bring_together() == (Counter(), Counter())
    finally:
        play.region.close()
