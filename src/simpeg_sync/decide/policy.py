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
from simpeg_sync.decide.plan import OTHERS_FIRST, Decision, Hold, Later, Link, Report, Save
from simpeg_sync.domain.record import Action, BknId, Record
from simpeg_sync.domain.situation import Choice, Policy, SeenEqual


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
    seen_equal: Callable[[], SeenEqual | None]
    """What both sides held when a comparison last saw this record equal; asked only where something is to be written."""
    do_rivals_want: Callable[[BknId], bool]
    """Whether another row of SIMPEG that is not linked names this row of BKN too; asked only where it would be changed."""

    def decide(self, decision: Decision) -> Decision:
        match decision:
            case Save(Action.CREATE):
                return self._create(decision)
            case Link(bkn_id) if self.record.bkn_id is None and self._differing(bkn_id):
                # The first of two would write over what may be the other's row.
                return (
                    Hold("compare.twice_in_simpeg", bkn_id, looks_again=True)
                    if self.do_rivals_want(bkn_id)
                    else decision
                )
            case Save(Action.UPDATE, bkn_id) if self.record.synced_at is None and bkn_id is not None:
                return self._never_ours(decision, bkn_id)
            case Hold("conflict.changed_at_bkn", detail):
                return self._chosen(self.policy.changed_at_bkn, decision, "changed_at_bkn", detail)
            case Hold("conflict.gone_at_bkn", detail):
                return self._chosen(self.policy.gone_at_bkn, decision, "gone_at_bkn", detail)
            case Hold("match.several", detail):
                return self._several(decision, detail)
            case _:
                return decision

    def _differing(self, bkn_id: BknId) -> str:
        return ", ".join(self.resource.differences(self.body, self.look.row(bkn_id) or {}))

    def _never_ours(self, decision: Decision, bkn_id: BknId) -> Decision:
        """BKN has other values, and none of them from us. What a comparison once saw equal, another hand has changed."""
        names, seen, row = self._differing(bkn_id), self.seen_equal(), self.look.row(bkn_id) or {}
        if seen is not None and self.resource.digest_of_row(row) != seen.bkn:
            return self._chosen(
                self.policy.changed_at_bkn, Hold("conflict.changed_at_bkn", names), "changed_at_bkn", names
            )
        return self._chosen(self.policy.differs, decision, "differs", names)

    def _create(self, decision: Decision) -> Decision:
        alike = [bkn_id for bkn_id in self.unowned if likeness(self.resource, self.body, self.look.row(bkn_id) or {})]
        if alike and self.policy.alike != "push" and self.do_others_wait():
            return Later(OTHERS_FIRST, self.gap_s)  # the alike row may be exactly one of theirs
        if alike:
            # Creating it would make a second one of what somebody typed a little differently.
            adopted = Link(alike[0]) if self.policy.alike == "adopt" and len(alike) == 1 else None
            held = Hold("match.alike", ", ".join(alike), looks_again=True)
            return decision if self.policy.alike == "push" else adopted or held
        if self.record.synced_at is None and self.seen_equal() is not None:
            return self._chosen(self.policy.gone_at_bkn, Hold("conflict.gone_at_bkn"), "gone_at_bkn", "")
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
