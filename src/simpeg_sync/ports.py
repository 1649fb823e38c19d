"""What must an edge be able to do? The pipeline and the daemon know their neighbours only by these protocols."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from simpeg_sync.domain.change import Change, FeedName, Nip, Row, SourceKey
from simpeg_sync.mapping.feed import Feed


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """What one look into the change log gave: the records to mark, and the cursor to store with them."""

    changes: Sequence[Change]
    cursor: str
    """Opaque text of the capture; stored in the same transaction as the changes it passes."""
    more: bool
    """True when another look at once would find more."""
    sweep: tuple[FeedName, ...] = ()
    """Feeds of which everything may have changed (a TRUNCATE, or a lookup row that touches too many): compare them all.
    To be remembered in the same transaction as the cursor."""


class Source(Protocol):
    """SIMPEG, read-only. Every method may raise SourceDown or SourceUnfit, never a driver's own error."""

    def read(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Row]:
        """The rows as they are now; a key without a row is absent from the answer."""
        ...

    def persons(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Nip]:
        """Whose rows these are, as far as SIMPEG knows."""
        ...

    def keys(self, feed: Feed, *, page_size: int) -> Iterator[Sequence[SourceKey]]:
        """All keys of the feed's table in pages by key order, in constant memory."""
        ...


class Capture(Protocol):
    """Where changes come from."""

    def start(self) -> str:
        """The cursor that lies at the end of the log now; what came before is for a sweep to find."""
        ...

    def changes(self, cursor: str, *, limit: int) -> ChangeBatch:
        """What the log holds behind the cursor.

        Raises HistoryLost when rows the cursor has not passed are gone.
        """
        ...

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        """Deletes at most ``limit`` old log rows that the cursor has passed; gives their number."""
        ...
