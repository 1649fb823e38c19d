"""How do the two sides compare? Every pair of rows, and every row that stands alone, is in exactly one situation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from simpeg_sync.domain.change import FeedName, SourceKey
from simpeg_sync.domain.record import BknId, Digest


class Situation(StrEnum):
    EQUAL = "equal"
    DIFFERS = "differs"
    """The same row on both sides, with other values in the fields that are named."""
    MISSING_AT_BKN = "missing_at_bkn"
    ONLY_AT_BKN = "only_at_bkn"
    TWICE_AT_BKN = "twice_at_bkn"
    """Several rows of BKN are this one of SIMPEG, and nothing says which."""
    TWICE_IN_SIMPEG = "twice_in_simpeg"
    """Several rows of SIMPEG are this one of BKN."""
    PERSON_UNKNOWN = "person_unknown"
    PERSON_INACTIVE = "person_inactive"
    NOT_COMPARABLE = "not_comparable"
    """The reason says why: not verified, a value or code that nobody can read, a kind that BKN shows to nobody."""


class Drift(StrEnum):
    """Which side has moved since the two were last seen equal, or since BKN last confirmed our content."""

    NONE = ""
    """Equal, or never seen equal."""
    SIMPEG = "simpeg"
    BKN = "bkn"
    """Another hand changed BKN's row: a conflict, never overwritten in silence."""
    BOTH = "both"
    NOT_KEPT = "not_kept"
    """Our own save is confirmed, and BKN keeps another form of it: sending it again would change nothing."""


Match = Literal["", "link", "stored_id", "natural_key", "likeness"]
"""By what a row of SIMPEG and one of BKN were taken for the same."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which the two rows are not equal."""

    name: str
    """BKN's name of the field on the writing side."""
    rule: str
    """The form that compared them: ``date``, ``number``, ``text``."""
    simpeg: str = field(repr=False)
    bkn: str = field(repr=False)
    """Both values as each side writes them; persons' data, never for the log."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one comparison says of a pair of rows, or of a row that has no partner."""

    feed: FeedName
    situation: Situation
    key: SourceKey | None = None
    """SIMPEG's row; None for a row that only BKN has."""
    bkn_id: BknId | None = None
    """BKN's row; None where BKN has none."""
    matched_by: Match = ""
    score: float = 1.0
    """How alike a pair by likeness is, 0 to 1."""
    differences: Sequence[Difference] = ()
    drift: Drift = Drift.NONE
    reason: str = ""
    detail: str = ""
    """Which column, code table or other rows; no values of persons."""
    simpeg_digest: Digest | None = None
    """Of the compared fields as SIMPEG has them, to see later which side has moved."""
    bkn_digest: Digest | None = None
    is_bkns: bool = False
    """Said of a row of BKN that is in no pair; else it is said of SIMPEG's row."""

    @property
    def place(self) -> tuple[FeedName, str, str]:
        """What stays the same from one comparison to the next: feed, SIMPEG's key, or else BKN's id."""
        return (self.feed, "", str(self.bkn_id)) if self.is_bkns else (self.feed, str(self.key), "")


@dataclass(frozen=True, slots=True)
class SeenEqual:
    """What both sides held when a comparison last found them equal."""

    simpeg: Digest | None
    bkn: Digest | None


Choice = Literal["push", "adopt", "keep_bkn", "report", "hold"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a region wants done about its rows, by situation."""

    missing_at_bkn: Choice = "push"
    differs: Choice = "push"
    """BKN has the row, and never had it from us."""
    changed_at_bkn: Choice = "hold"
    """Another hand has changed what was ours."""
    gone_at_bkn: Choice = "hold"
    alike: Choice = "hold"
    """BKN has no such row, and one that is probably this one, typed a little differently."""
    twice_at_bkn: Choice = "hold"
