"""What the modes that read the server's own log (`wal`, `binlog`) have to be told, with their defaults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WalSettings:
    """A logical replication slot of PostgreSQL."""

    slot: str = "simpeg_sync"
    """One slot, one ledger: two programs on one slot would take each other's changes."""
    reader: str = "simpeg_sync"
    """The account the daemon uses, for the GRANT lines."""
    makes_slot: bool = False
    """Whether a missing or lost slot is made anew without asking the DBA. It keeps WAL on SIMPEG's disk."""
    look_timeout_s: int = 300
    """A look decodes all WAL since the oldest transaction that was open; that may take longer than a SELECT may."""
    look_rows: int = 20_000
    """After so many decoded rows a look ends with the next commit."""
    retained_bytes_max: int = 4 * 1024**3
    """More WAL than this kept back by the slot is worth a warning."""
    fanout_max: int = 20_000
    """A change that touches more rows of a feed than this is answered by a sweep of the feed."""


@dataclass(frozen=True, slots=True)
class BinlogSettings:
    """The binary log of MariaDB or MySQL, read as a replica reads it."""

    replica_id: int = 7_236_741
    """Our number among the server's replicas; must be nobody else's, nor the server's own."""
    reader: str = "simpeg_sync"
    """The account the daemon uses, ``user`` or ``user@host``, for the GRANT lines."""
    uses_gtid: bool = True
    """On MariaDB the position is a GTID. False, and always on MySQL: file and offset."""
    connect_timeout_s: int = 5
    read_timeout_s: int = 35
    """A server that is silent for longer while it sends its log is given up; the next look goes on."""
    fanout_max: int = 20_000
    """A change that touches more rows of a feed than this is answered by a sweep of the feed."""
