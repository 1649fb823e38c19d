"""What a region wants done where the two sides are not equal: the last word on what `plan.py` would do about a row.

A policy only makes less happen, or says which of BKN's rows is meant. What another hand changed at BKN is never pushed by
one: only an operator's plan overwrites it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.likeness import likeness
from simpeg_sync.decide.look import Look
from simpeg_sync.decide.plan import Decision, Hold, Later, Link, Report, Save
from simpeg_sync.domain.record import Action, BknId, Record
from simpeg_sync.domain.situation import Choice, Policy


@dataclass(frozen=True, slots=True)
class Case:
    """One record that has been looked for at BKN."""

    policy: Policy
    resource: Resource
    record: Record
    body: Mapping[str, Any]
    look: Look
    free: Sequence[BknId]
    """BKN's rows with its natural key that nobody owns."""
    unowned: Sequence[BknId]
    """All of BKN's rows of this person and kind that nobody owns."""
    do_others_wait: Callable[[], bool]
    """Whether other rows of this person still look for their place at BKN; asked only where it matters."""
    gap_s: float

    def decide(self, decision: Decision) -> Decision:
        match decision:
            case Save(Action.CREATE):
                return self._create(decision)
            case Save(Action.UPDATE, bkn_id) if self.record.synced_at is None and bkn_id is not None:
                names = ", ".join(self.resource.differences(self.body, self.look.row(bkn_id) or {}))
                return self._chosen(self.policy.differs, decision, "differs", names)
            case Hold("conflict.changed_at_bkn", detail):
                return self._chosen(self.policy.changed_at_bkn, decision, "changed_at_bkn", detail)
            case Hold("conflict.gone_at_bkn", detail):
                return self._chosen(self.policy.gone_at_bkn, decision, "gone_at_bkn", detail)
            case Hold("match.several", detail):
                return self._several(decision, detail)
            case _:
                return decision

    def _create(self, decision: Decision) -> Decision:
        alike = [bkn_id for bkn_id in self.unowned if likeness(self.resource, self.body, self.look.row(bkn_id) or {})]
        if alike and self.policy.alike != "push" and self.do_others_wait():
            return Later("match.others_first", self.gap_s)  # the alike row may be exactly one of theirs
        if alike:
            # Creating it would make a second one of what somebody typed a little differently.
            adopted = Link(alike[0]) if self.policy.alike == "adopt" and len(alike) == 1 else None
            held = Hold("match.alike", ", ".join(alike), looks_again=True)
            return decision if self.policy.alike == "push" else adopted or held
        return self._chosen(self.policy.missing_at_bkn, decision, "missing_at_bkn", "")

    def _several(self, decision: Decision, detail: str) -> Decision:
        if self.policy.twice_at_bkn == "adopt":
            equal = [one for one in self.free if not self.resource.differences(self.body, self.look.row(one) or {})]
            return Link(min(equal or self.free))
        return self._chosen(self.policy.twice_at_bkn, decision, "twice_at_bkn", detail)

    @staticmethod
    def _chosen(choice: Choice, decision: Decision, situation: str, detail: str) -> Decision:
        where = f"{situation}: {detail}" if detail else situation
        match choice:
            case "push" | "adopt":
                return decision
            case "keep_bkn":
                return Hold("policy.keeps_bkn", where)
            case "report":
                return Report("policy.reports", where)
            case "hold":
                return decision if isinstance(decision, Hold) else Hold("policy.holds", where)
            case _:
                assert_never(choice)
