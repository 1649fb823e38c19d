"""One thing that the check has to say about a feed, with the line of its file, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from simpeg_sync.domain.change import SourceKey, key_parts


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str
    level: Literal["problem", "note"]
    """A problem keeps rows from leaving, or lets wrong ones leave; a note costs time, or may matter one day."""
    place: str
    """``file:line``."""
    what: str
    remedy: str
    count: int | None = None
    example: str = ""
    """The key of a row that shows it."""

    @property
    def as_data(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "level": self.level,
            "place": self.place,
            "what": self.what,
            "remedy": self.remedy,
            "count": self.count,
            "example": self.example,
        }


def has_problems(findings: Sequence[Finding]) -> bool:
    return any(finding.level == "problem" for finding in findings)


def shown(key: SourceKey | None) -> str:
    return "" if key is None else "/".join(key_parts(key))
