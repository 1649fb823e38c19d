"""Kills the daemon at random moments and starts it again, a given number of times; all chance comes from one seed."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simpeg_sync import wiring
from simpeg_sync.demo.play import Play, Result
from simpeg_sync.demo.stage import Stage, set_up
from simpeg_sync.ledger.verifying import snapshot, verify

LIFE_MIN_S, LIFE_MAX_S = 0.4, 2.6
"""From before the daemon has opened its ledger to well into its work."""
ANSWER_DELAY_S = 0.04
"""BKN stores at once and answers a little later: the moment in which a kill makes a write uncertain."""
WAITING_S = 0.02
AIMED_SHARE = 0.5
AIM_MAX_S = 1.0
"""Half of the kills wait for a write to be on its way: few moments of a day are, and these are the dangerous ones."""


@dataclass(slots=True)
class Killer:
    stage: Stage
    rounds: int
    chance: random.Random
    killed: int = 0
    found: Counter[str] = field(default_factory=Counter)
    """What the kills left in the ledger: records found working, sending, uncertain."""
    _born_at: float = 0.0
    _life_s: float = 0.0

    def tick(self) -> None:
        """Called all the time; kills when the daemon's planned life is over."""
        now = time.monotonic()
        if self.killed >= self.rounds:
            return
        if self._life_s == 0.0:
            self._plan(now)
        elif now >= self._born_at + self._life_s:
            if self.chance.random() < AIMED_SHARE:
                self._wait_for_a_write()
            self.stage.kill_daemon()
            self.killed += 1
            self._look()
            self.stage.start_daemon()
            self._plan(time.monotonic())

    def until(self, killed: int) -> None:
        """Goes on killing until so many kills are done; bounded by their planned lives."""
        while self.killed < min(killed, self.rounds):
            self.tick()
            time.sleep(WAITING_S)

    def _wait_for_a_write(self) -> None:
        """Up to a moment in which a write is on its way, and then some random time into it."""
        reader = wiring.open_reader(self.stage.config)
        ends_at = time.monotonic() + AIM_MAX_S
        while time.monotonic() < ends_at:
            if any(row["status"] == "sending" for row in reader.counts()):
                time.sleep(self.chance.uniform(0, 2 * ANSWER_DELAY_S))
                return
            time.sleep(0.003)

    def _plan(self, now: float) -> None:
        self._born_at, self._life_s = now, self.chance.uniform(LIFE_MIN_S, LIFE_MAX_S)

    def _look(self) -> None:
        for row in wiring.open_reader(self.stage.config).counts():
            if row["status"] in ("working", "sending", "uncertain"):
                self.found[row["status"]] += 1


@dataclass(frozen=True, slots=True)
class Survived:
    result: Result
    killed: int
    found: Counter[str]
    doubles: int
    """Creates of a content that BKN already held."""
    left_open: int
    """Attempts without an end when all is quiet."""
    trail: Sequence[str]
    """What is wrong with the trail."""

    @property
    def is_good(self) -> bool:
        return self.result.is_good and self.doubles == 0 and self.left_open == 0 and not self.trail


def play_with_kills(
    folder: Path,
    *,
    rounds: int,
    seed: int,
    employees: int = 40,
    source_url: str | None = None,
    ledger_url: str | None = None,
    limit_s: float = 120.0,
) -> Survived:
    """One day with ``rounds`` kills, a fifth of them during the first start."""
    stage = set_up(
        folder, seed=seed, employees=employees, source_url=source_url, ledger_url=ledger_url, calls_per_second=150
    )
    try:
        killer = Killer(stage, rounds, random.Random(seed))
        stage.bkn.control.add_fault(
            "delay_after_commit",
            match={"method": "POST", "path": "save|upload"},
            times=None,
            args={"seconds": ANSWER_DELAY_S},
        )
        early = rounds // 5
        play = Play(stage, tell=lambda line: None, limit_s=limit_s)
        play.prepare()
        play.between = killer.tick
        play.first_start(meanwhile=lambda: killer.until(early))
        edits = max(1, play.edits_of_the_day())
        done = 0

        def after_edit() -> None:
            nonlocal done
            done += 1
            killer.until(early + (rounds - early) * min(done, edits) // edits)
            killer.tick()

        play.between = after_edit
        play.while_waiting = killer.tick
        play.pause = lambda seconds: killer.until(killer.killed + 1)
        result = play.day()
        return Survived(result, killer.killed, killer.found, _doubles(stage), _left_open(stage), _trail(stage))
    finally:
        stage.close()


def _doubles(stage: Stage) -> int:
    """By BKN's books: creates of a content of a person that an earlier create made and nothing has removed since."""
    living: dict[str, tuple[str, str]] = {}
    doubles = 0
    for effect in stage.bkn.control.effects():
        content = (effect["nip"], effect["body_sha256"])
        match effect["kind"]:
            case "create":
                doubles += content in living.values()
                living[effect["row_id"]] = content
            case "update":
                living[effect["row_id"]] = content
            case "delete":
                living.pop(effect["row_id"], None)
    return doubles


def _trail(stage: Stage) -> Sequence[str]:
    engine = wiring.ledger_engine(stage.config)
    with snapshot(engine) as connection:
        found = [f"{one.where}: {one.what}" for one in verify(connection).problems]
    engine.dispose()
    return found


def _left_open(stage: Stage) -> int:
    reader = wiring.open_reader(stage.config)
    return sum(row["count"] for row in reader.attempts() if row["outcome"] in ("", "unclear"))
