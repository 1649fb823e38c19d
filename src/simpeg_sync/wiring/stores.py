"""The two databases: our ledger, and SIMPEG as source."""

from sqlalchemy import Engine

from simpeg_sync.clock import Clock
from simpeg_sync.config.load import Config
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.owner import own_name
from simpeg_sync.ledger.reading import LedgerReader
from simpeg_sync.ledger.situations import SituationReader
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.source.connect import open_reading, open_writing
from simpeg_sync.source.settings import Limits, LogSettings
from simpeg_sync.source.stream_settings import BinlogSettings, WalSettings

SPARE_CONNECTIONS = 3
"""Beside the workers: the intake, the sweep and the purge."""


def ledger_engine(config: Config, *, create: bool = False) -> Engine:
    """An open ledger whose schema fits; with ``create`` it is made or brought up to date first."""
    engine = open_engine(config.ledger_url, create=create)
    if create:
        schema.upgrade(engine)
    schema.check(engine)
    return engine


def open_ledger(config: Config, clock: Clock) -> SqlLedger:
    timing = config.settings.timing
    pauses = Pauses(quiet_period_s=timing.quiet_period, quiet_max_s=timing.quiet_max, settle_s=timing.settle)
    return SqlLedger(ledger_engine(config), clock, owner=own_name(), pauses=pauses, is_shared=True)


def open_reader(config: Config) -> LedgerReader:
    return LedgerReader(ledger_engine(config))


def open_situations(config: Config) -> SituationReader:
    return SituationReader(ledger_engine(config))


def log_settings(config: Config) -> LogSettings:
    settings = config.settings.source
    return LogSettings(
        table=settings.log_table, reader=settings.reader, gap_limit_s=settings.gap_limit, notifies=settings.notify
    )


def wal_settings(config: Config) -> WalSettings:
    settings = config.settings.source
    return WalSettings(
        slot=settings.wal.slot,
        reader=settings.reader,
        makes_slot=settings.wal.makes_slot,
        look_timeout_s=int(settings.wal.look_limit),
        retained_bytes_max=settings.wal.retained_max,
    )


def binlog_settings(config: Config) -> BinlogSettings:
    settings = config.settings.source
    return BinlogSettings(
        replica_id=settings.binlog.replica_id,
        reader=settings.reader,
        uses_gtid=settings.binlog.uses_gtid,
        read_timeout_s=int(settings.statement_limit) + 5,
    )


def source_engine(config: Config, *, writable: bool = False, url: str | None = None) -> Engine:
    limits = Limits(
        statement_timeout_s=int(config.settings.source.statement_limit),
        pool_size=config.settings.bkn.calls_in_flight + SPARE_CONNECTIONS,
    )
    return (open_writing if writable else open_reading)(url or config.source_url, limits)
