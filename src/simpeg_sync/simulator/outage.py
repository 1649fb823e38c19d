"""The whole service is away: the port is closed, or every API call gets the gateway's bad news."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from . import answers
from .answers import Answer
from .routes import Route

MODES = ("off", "closed", "suspended", "runtime_error", "503", "429")


class UnknownMode(ValueError):
    """Not one of MODES."""


@dataclass(frozen=True, slots=True)
class Outage:
    mode: str = "off"
    args: dict[str, Any] = field(default_factory=dict)

    def answer(self, route: Route) -> Answer | None:
        """None when this call isn't concerned. Token servers are other machines, up unless `tokens`."""
        is_token = route.action in ("apim_token", "sso_token", "classic_token")
        if self.mode in ("off", "closed") or (is_token and not self.args.get("tokens")):
            return None
        match self.mode:
            case "suspended":
                return answers.suspended(int(self.args.get("status", 503)))
            case "runtime_error":
                return answers.runtime_error(int(self.args.get("status", 500)))
            case "429":
                retry_after, next_access = self.args.get("retry_after"), self.args.get("next_access")
                return answers.throttled(now=time.time(), retry_after=retry_after, next_access=next_access)
            case _:
                return Answer(503, b"Service Unavailable", "text/plain")


def of_json(given: dict[str, Any]) -> Outage:
    mode = given.get("mode")
    if mode not in MODES:
        raise UnknownMode(f"mode must be one of {MODES}")
    return Outage(str(mode), {key: value for key, value in given.items() if key != "mode"})
