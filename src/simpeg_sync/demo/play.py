"""Plays the day against the running daemon: edits SIMPEG, turns cues into trouble at BKN, and judges at the end.

The judge counts on BKN's side: what BKN holds, and which writes BKN has stored.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from simpeg_sync import wiring
from simpeg_sync.demo.compare import Finding, compare
from simpeg_sync.demo.day import Cue, Step, plan_day
from simpeg_sync.demo.net import NetChanges, after_sync, net_changes
from simpeg_sync.demo.stage import Stage
from simpeg_sync.demo.truth import BknRow, expect, rows_at_start
from simpeg_sync.reasons import sentence

OUTAGE_S = 3.0
"""Five minutes of outage, a hundred times faster."""
WRITES = ("create", "update", "delete", "upload")

Tell = Callable[[str], None]
"""One line of the story, for the screen."""


@dataclass(frozen=True, slots=True)
class Part:
    """What happened between two moments, counted by BKN's books."""

    stored: Counter[str]
    """Writes that BKN stored, by kind."""
    reads: int
    net: NetChanges
    """The fewest writes that lead BKN from the one moment to the other."""

    @property
    def writes(self) -> int:
        return sum(self.stored[kind] for kind in ("create", "update", "delete"))

    @property
    def net_writes(self) -> int:
        return self.net.creates + self.net.updates + self.net.deletes


@dataclass(frozen=True, slots=True)
class Result:
    first_start: Part
    day: Part
    findings: Sequence[Finding]
    """What is wrong at BKN; empty is good."""
    useless: int
    """Writes that BKN stored and that changed nothing there."""
    waiting: Sequence[dict[str, Any]]
    """Held and refused, by reason."""
    rows_right: int

    @property
    def is_good(self) -> bool:
        return not self.findings and self.useless == 0

    def as_json(self) -> dict[str, Any]:
        return {
            "good": self.is_good,
            "rows_right_at_bkn": self.rows_right,
            "findings": [
                {"kind": f.kind, "resource": f.key.resource, "fields": list(f.fields), "bkn_ids": list(f.bkn_ids)}
                for f in self.findings
            ],
            "useless_writes": self.useless,
            "first_start": _part(self.first_start),
            "day": _part(self.day),
            "held_and_refused": list(self.waiting),
        }


@dataclass(slots=True)
class Play:
    stage: Stage
    tell: Tell
    between: Callable[[], None] = lambda: None
    """Called after every edit: to pace them, or to kill the daemon."""
    while_waiting: Callable[[], None] = lambda: None
    """Called again and again while the daemon catches up."""
    pause: Callable[[float], None] = field(default=lambda _: None)
    """Waits some seconds while something lasts (an outage)."""
    limit_s: float = 120.0
    expired: int = field(default=0, init=False)

    def prepare(self) -> dict[str, Any]:
        """Ledger, triggers, plan, approval: what an operator does once. Gives the plan."""
        self.stage.command("db", "upgrade")
        self.tell("The ledger is ready.")
        if "log" in self.stage.config.settings.source.capture:
            self.stage.command("source", "install")
            self.tell("The change log and its triggers are installed in SIMPEG.")
        plan: dict[str, Any] = self.stage.command("plan")
        estimate = plan["estimate"]
        self.tell(f"The plan: about {estimate['writes']} writes. Nothing has been sent yet.")
        self.stage.command("plan", "--approve", "--reason", "demo: the plan was looked at")
        self.tell("An operator has looked at the plan and approved it: sending may begin.")
        return plan

    def first_start(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Everything that SIMPEG already has; what BKN already holds is linked, not created."""
        self.stage.start_daemon()
        meanwhile()
        self.settle()

    def edits_of_the_day(self) -> int:
        return sum(len(step.edits) for step in plan_day(self.stage.world).steps)

    def day(self) -> Result:
        """The whole day after the first start, judged."""
        before = self.stage.snapshot()
        held = after_sync(before, before, rows_at_start(self.stage.world.bkn))
        first = self._part(NOTHING_YET, net_changes(before, before, rows_at_start(self.stage.world.bkn)))
        books = self._books()
        for item in plan_day(self.stage.world).items:
            if isinstance(item, Step):
                self.tell(item.sentence)
                self._edit(item)
            else:
                self._cue(item)
        self.settle()
        self.tell("The nightly sweep looks for what no trigger sees: a scan that was replaced on disk.")
        self.stage.command("source", "sweep")
        self.settle()
        after = self.stage.snapshot()
        truth = expect(after, before=before, start=self.stage.world.bkn)
        effects = self.stage.bkn.control.effects()
        return Result(
            first_start=first,
            day=self._part(books, net_changes(before, after, held)),
            findings=compare(truth, cast(list[BknRow], self.stage.bkn.control.rows())),
            useless=sum(1 for effect in effects if effect["kind"] != "upload" and not effect["changed"]),
            waiting=[
                {**row, "sentence": sentence(row["reason"])} for row in wiring.open_reader(self.stage.config).reasons()
            ],
            rows_right=len(truth.expected),
        )

    def settle(self) -> None:
        self.stage.wait_until_settled(limit_s=self.limit_s, while_waiting=self.while_waiting)

    def _edit(self, step: Step) -> None:
        for edit in step.edits:
            with self.stage.simpeg.begin() as connection:
                edit(connection)
            self.between()

    def _cue(self, cue: Cue) -> None:
        control = self.stage.bkn.control
        match cue.kind:
            case "bkn_refuses":
                for resource in ("kursus", "diklat"):
                    control.add_refusal(
                        resource,
                        "Institusi penyelenggara tidak terdaftar",
                        where={"institusiPenyelenggara": cue.organiser},
                    )
            case "lost_answer":
                self.tell("BKN stores the next certificate, but its answer is lost on the way.")
                control.add_fault(
                    "reset_after_commit", match={"method": "POST", "path": "(kursus|diklat)/save"}, times=1
                )
            case "outage_begin":
                self.tell("BKN is down.")
                control.outage("closed")
            case "outage_end":
                self.pause(OUTAGE_S)
                control.outage("off")
                self.tell("BKN is back.")
            case "expire_token":
                which = ("sso", "apim")[self.expired % 2]
                self.expired += 1
                self.tell(f"The {which.upper()} token expires in the middle of the work.")
                control.expire_tokens(which)

    def _books(self) -> "_Books":
        control = self.stage.bkn.control
        reads = sum(count for path, count in control.counts()["by_path"].items() if path.startswith("GET "))
        return _Books(Counter(effect["kind"] for effect in control.effects()), reads)

    def _part(self, before: "_Books", net: NetChanges) -> Part:
        now = self._books()
        return Part(now.stored - before.stored, now.reads - before.reads, net)


@dataclass(frozen=True, slots=True)
class _Books:
    stored: Counter[str]
    reads: int


NOTHING_YET = _Books(Counter(), 0)


def _part(part: Part) -> dict[str, Any]:
    return {
        "stored": {kind: part.stored[kind] for kind in WRITES},
        "net": {
            "create": part.net.creates,
            "update": part.net.updates,
            "delete": part.net.deletes,
            "upload": part.net.uploads,
        },
        "writes_per_net_change": round(part.writes / part.net_writes, 3) if part.net_writes else None,
        "reads": part.reads,
        "reads_per_net_change": round(part.reads / part.net_writes, 2) if part.net_writes else None,
    }
