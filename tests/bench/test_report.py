"""What the table says of a target follows from the figures, and a figure that is missing is called missing."""

import pytest
from bench.ground import Figure
from bench.report import FAST_16, Target, lines, targets


@pytest.mark.parametrize(
    ("target", "measured", "verdict"),
    [
        (Target("speed", 0.9, 95.0, 100.0), 0.95, "met"),
        (Target("speed", 0.9, 45.0, 100.0), 0.45, "missed: 50% short"),
        (Target("delay", 3.0, 4.5, 1.0, is_ceiling=True), 4.5, "missed: 50% over"),
        (Target("lost", 0.0, 0.0, is_ratio=False, is_ceiling=True), 0.0, "met"),
        (Target("lost", 0.0, 2.0, is_ratio=False, is_ceiling=True), 2.0, "missed by 2"),
        (Target("speed", 0.9, None, 100.0), None, "not measured"),
        (Target("speed", 0.9, 95.0, None), None, "not measured"),
    ],
)
def test_a_verdict_says_by_how_much(target: Target, measured: float | None, verdict: str) -> None:
    assert (target.measured, target.verdict) == (measured, verdict)


def test_the_median_of_the_repetitions_is_compared_with_the_loop_of_the_same_client() -> None:
    figures = [
        Figure(FAST_16, "loop, httpx", "changes/s", [900.0, 1000.0, 1200.0], {"adapter": "httpx"}),
        Figure(FAST_16, "simpeg-sync, httpx, ledger sqlite", "changes/s", [100.0, 950.0, 970.0], {"adapter": "httpx"}),
    ]
    first = targets(figures)[0]
    assert (first.measured, first.verdict) == (0.95, "met")


def test_what_could_not_be_measured_is_a_row_with_its_reason() -> None:
    failed = Figure(FAST_16, "dlt, httpx", "changes/s", [], skipped="could not be installed: no such package")
    assert any("could not be installed: no such package" in line for line in lines([failed]))
