"""Whose fault was it? That is also who must act.

SyncError
├── OperatorError            the configuration or the command; the operator corrects it
│   ├── ConfigError          every problem of the settings at once, with file and line
│   ├── NotApproved          a new configuration only observes until its plan is approved
│   └── NothingMatched       the selection names no record
├── SourceError              SIMPEG's database
│   ├── SourceDown           not reachable or not answering now; try again later
│   ├── SourceUnfit          a table, a column or a right is missing; a person must act
│   │   └── CaptureFailed    one way of noticing changes does not work; the others and the sweep go on
│   └── HistoryLost          the change log was cut, restarted or restored: only a full sweep tells the truth
├── LedgerError              our own database
│   ├── LedgerDown           full, locked or gone; nothing may be sent until it is back
│   ├── LedgerUnfit          damaged, or its schema is not the one this program expects
│   │   └── NoLedger         there is none yet
│   └── LedgerBusy           another instance works on it
├── BknError                 what stops every call to BKN
│   ├── BknDown              not reachable, suspended or throttled
│   │   └── NotNow           our own rule: the calls of the day are used up, the office hours, the lease of a worker
│   └── LoginRefused         BKN refused our credentials; repeating could lock the account
└── ProgramError             ours: a bug
    ├── IllegalMove          a state machine was asked for a move that its table does not hold
    └── LostClaim            the lane was taken over by somebody else; what we know is stale
"""

from collections.abc import Sequence
from dataclasses import dataclass


class SyncError(Exception):
    """Base of everything this program raises on purpose. The text is meant for people and holds no personal data."""


class OperatorError(SyncError):
    pass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in the settings: where it stands, what is wrong, what to do."""

    place: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}. {self.remedy}"


class ConfigError(OperatorError):
    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class NotApproved(OperatorError):
    pass


class NothingMatched(OperatorError):
    pass


class SourceError(SyncError):
    pass


class SourceDown(SourceError):
    pass


class SourceUnfit(SourceError):
    pass


class CaptureFailed(SourceUnfit):
    pass


class HistoryLost(SourceError):
    """Changes between two known points of the log can no longer be read."""

    def __init__(self, what: str) -> None:
        super().__init__(f"history lost: {what}; every row has to be compared again")


class LedgerError(SyncError):
    pass


class LedgerDown(LedgerError):
    pass


class LedgerUnfit(LedgerError):
    pass


class NoLedger(LedgerUnfit):
    pass


class LedgerBusy(LedgerError):
    pass


class LostLead(LedgerError):
    """Another daemon looks after the change log now; what this one has read of it is not written."""


class BknError(SyncError):
    pass


class BknDown(BknError):
    reason = "bkn.down"
    """Why the record waits."""

    def __init__(self, what: str, retry_after_s: float | None = None) -> None:
        super().__init__(what)
        self.retry_after_s = retry_after_s


class NotNow(BknDown):
    """A call that we do not let leave by a rule of our own; it says nothing about BKN."""

    def __init__(self, reason: str, what: str, retry_after_s: float | None = None) -> None:
        super().__init__(what, retry_after_s)
        self.reason = reason


class BknAnswersBadly(BknError):
    """BKN is there, but what it says about this person cannot be used; others may go on."""


class LoginRefused(BknError):
    pass


class FeedBraked(SyncError):
    """An unusual share of the feed's rows vanishes or changes: nothing left, and nothing will before an operator says so."""

    def __init__(self, feed: str, by: str) -> None:
        self.by = by
        super().__init__(f"feed {feed} has stopped by itself ({by}); see `simpeg-sync status`")


class ProgramError(SyncError):
    pass


class IllegalMove(ProgramError):
    def __init__(self, status: str, event: str) -> None:
        super().__init__(f"a record in state {status!r} cannot take {event!r}")
        self.status = status
        self.event = event


class LostClaim(ProgramError):
    pass
