"""`make bench` works: every part of its quick round gives figures. How fast is not judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_the_quick_round_gives_a_figure_for_everything_that_it_measures(tmp_path: Path) -> None:
    raw = tmp_path / "raw.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--keep", str(raw)],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(raw.read_text())["figures"]
    assert [figure["name"] for figure in figures if figure["skipped"] or not figure["samples"]] == []
    measured = {figure["group"] for figure in figures}
    assert measured >= {"kill -9 at half", "commit to request", "memory", "idle", "start", "0 ms answers, 16 in flight"}
    assert "verdict" in done.stdout
    by_name = {figure["name"]: figure["samples"] for figure in figures if figure["group"] == "kill -9 at half"}
    wrong = [name for name, samples in by_name.items() if name.endswith(("twice", "lost")) and any(samples)]
    assert wrong == []
