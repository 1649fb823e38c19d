"""Writes and reads for each net change on a SIMPEG-like day: re-saves, flag flips, edits in bursts, lost answers, an outage.

The demo's day, judged by the simulator's books. Everything stands at its default (look before writing, quiet period, settling)
but that every wait is shortened as the demo says. An engine that sends one write for each change of a row would send as many as
the day has edits.
"""

import tempfile
from pathlib import Path

from bench.ground import Figure, Ground
from simpeg_sync.demo.play import Play
from simpeg_sync.demo.stage import set_up

SEED = 20


def calls(ground: Ground) -> list[Figure]:
    employees = 40 if ground.quick else 60
    with tempfile.TemporaryDirectory(prefix="bench-day-") as folder:
        stage = set_up(Path(folder), seed=SEED, employees=employees)
        try:
            play = Play(stage, tell=ground.tell, pause=stage.wait_a_moment)
            play.prepare()
            play.first_start()
            edits = play.edits_of_the_day()
            result = play.day()
            stage.stop_daemon()
        finally:
            stage.close()
    if not result.is_good:
        raise RuntimeError(f"the day did not end well: {result.findings[:3]}")
    facts = {"employees": employees, "seed": SEED, "edits": edits, **result.as_json()}
    figures = []
    for name, part in (("first start", result.first_start), ("day", result.day)):
        net = max(1, part.net_writes)
        figures += [
            Figure("calls per net change", f"{name}: writes", "per net change", [part.writes / net], facts),
            Figure("calls per net change", f"{name}: reads", "per net change", [part.reads / net], facts),
        ]
    one_each = edits / max(1, result.day.net_writes)
    figures.append(Figure("calls per net change", "day: one write for each edit", "per net change", [one_each], facts))
    return figures
