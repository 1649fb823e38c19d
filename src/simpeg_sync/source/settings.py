"""What the source edge has to be told, as plain values with their defaults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How long SIMPEG may keep us waiting, and we it."""

    connect_timeout_s: int = 5
    statement_timeout_s: int = 30
    lock_timeout_s: int = 2
    """We never queue long for a lock: whoever comes after us would queue behind us."""
    pool_size: int = 5


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The change log that our triggers write."""

    table: str = "simpeg_sync_log"
    """``table`` or ``schema.table``. Must name the schema (database) where feeds read tables of several."""
    reader: str = "simpeg_sync"
    """The account the daemon uses, for the GRANT lines; on MariaDB ``user`` or ``user@host``."""
    gap_limit_s: float = 24 * 3600
    """After this time an id that never came is given up where nothing proves that it cannot come."""
    gaps_max: int = 10_000
    fanout_max: int = 20_000
    """A change that touches more rows of a feed than this is answered by a sweep of the feed."""
