"""Business rules that a test gives BKN for a while: whoever saves such a body is refused with this reason."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Refusal:
    resource: str
    message: str
    where: dict[str, Any] = field(default_factory=dict)
    times: int | None = None
    hits: int = 0

    def fits(self, resource: str, fields: dict[str, Any]) -> bool:
        is_left = self.times is None or self.hits < self.times
        return is_left and resource == self.resource and all(fields.get(key) == self.where[key] for key in self.where)


class Refusals:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Refusal] = []

    def add(self, rule: Refusal) -> None:
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def take(self, resource: str, fields: dict[str, Any]) -> str | None:
        """The reason of the first rule that fits; it counts as used."""
        with self._lock:
            for rule in self._rules:
                if rule.fits(resource, fields):
                    rule.hits += 1
                    return rule.message
        return None
