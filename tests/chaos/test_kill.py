"""A short round of `make chaos` with every run of the tests."""

import secrets
from pathlib import Path

import pytest

from tests.chaos.killer import play_with_kills

ROUNDS = 20


@pytest.mark.chaos
@pytest.mark.timeout(300)
def test_every_net_change_has_one_effect_though_the_daemon_is_killed_again_and_again(tmp_path: Path) -> None:
    seed = secrets.randbelow(1_000_000)
    print(f"again with: make chaos ROUNDS={ROUNDS} SEED={seed}")  # noqa: T201  the seed of a failure
    end = play_with_kills(tmp_path, rounds=ROUNDS, seed=seed)
    assert end.killed == ROUNDS
    assert end.found.total() > 0, "no kill met any work"
    assert list(end.result.findings) == []
    assert list(end.trail) == []
    assert (end.result.useless, end.doubles, end.left_open) == (0, 0, 0)
