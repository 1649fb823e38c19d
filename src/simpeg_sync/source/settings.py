"""What the source edge has to be told, as plain values with their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    notifies: bool = False
    """Whether the log's own trigger wakes the daemon; PostgreSQL alone."""


@dataclass(frozen=True, slots=True)
class LoggedTable:
    """What a row of SIMPEG's own change log says about one table."""

    table: str
    key: tuple[str, ...] = ()
    """Columns of the table that the log's key stands for; empty for the key of the feed that reads it."""
    key_columns: tuple[str, ...] = ()
    """Columns of the log that hold them; empty for the one ``key_column``."""


@dataclass(frozen=True, slots=True)
class ChangeTable:
    """A change log that SIMPEG keeps by itself."""

    table: str
    id: str
    table_column: str
    at: str | None = None
    key_column: str | None = None
    separator: str = "|"
    person_column: str | None = None
    names: Mapping[str, LoggedTable] = field(default_factory=dict)
    gap_limit_s: float = 24 * 3600
    gaps_max: int = 10_000
    fanout_max: int = 20_000

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the log, each once, beside its id."""
        wanted = [self.table_column, self.key_column, self.person_column, self.at]
        wanted += [column for name in self.names.values() for column in name.key_columns]
        return tuple(dict.fromkeys(column for column in wanted if column is not None))


@dataclass(frozen=True, slots=True)
class Scan:
    """How often and how fast every row is looked at."""

    every_s: float = 3600.0
    rows_per_second: float = 5000.0
