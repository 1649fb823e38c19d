"""Which calls go wrong: rules that match a call, let some pass, strike some times, and count how often."""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from .http import Request
from .misbehaviour import BEHAVIOURS


class BadRule(ValueError):
    """A rule that could never do what its author meant."""


@dataclass(slots=True)
class Rule:
    id: int
    do: str
    match: dict[str, str] = field(default_factory=dict)
    skip: int = 0
    # None means for ever.
    times: int | None = 1
    args: dict[str, Any] = field(default_factory=dict)
    skipped: int = 0
    hits: int = 0

    def fits(self, request: Request, nip: str | None) -> bool:
        match = self.match
        return (
            ("method" not in match or match["method"].upper() == request.method)
            and ("nip" not in match or match["nip"] == nip)
            and ("path" not in match or re.search(match["path"], request.path) is not None)
            and ("body" not in match or re.search(match["body"], request.body.decode("utf-8", "replace")) is not None)
        )


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._rules: list[Rule] = []

    def add(self, given: dict[str, Any]) -> Rule:
        rule = _checked(given, next(self._ids))
        with self._lock:
            self._rules.append(rule)
        return rule

    def rules(self) -> list[Rule]:
        with self._lock:
            return list(self._rules)

    def remove(self, rule_id: int | None) -> None:
        """Without an id all of them go."""
        with self._lock:
            self._rules = [rule for rule in self._rules if rule_id is not None and rule.id != rule_id]

    def take(self, request: Request, nip: str | None) -> Rule | None:
        """The first rule that wants this call; the call counts as its hit."""
        if not self._rules:
            return None
        with self._lock:
            for rule in self._rules:
                if (rule.times is not None and rule.hits >= rule.times) or not rule.fits(request, nip):
                    continue
                if rule.skipped < rule.skip:
                    rule.skipped += 1
                    continue
                rule.hits += 1
                return rule
        return None


def _checked(given: dict[str, Any], rule_id: int) -> Rule:
    unknown = set(given) - {"do", "match", "skip", "times", "args"}
    unknown |= set(given.get("match", {})) - {"method", "path", "nip", "body"}
    if unknown:
        raise BadRule(f"unknown in a rule: {sorted(unknown)}")
    if given.get("do") not in BEHAVIOURS:
        raise BadRule(f"`do` must be one of {sorted(BEHAVIOURS)}")
    for name in ("path", "body"):
        try:
            re.compile(given.get("match", {}).get(name, ""))
        except re.error as problem:
            raise BadRule(f"match.{name}: {problem}") from problem
    return Rule(id=rule_id, **given)
