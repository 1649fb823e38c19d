"""The ways to notice changes, by the names that ``source.capture`` may give. One entry here makes a new one known."""

# A mode's module is imported when it is used: the streams bring packages of their own.

from collections.abc import Callable, Mapping

from sqlalchemy import make_url

from simpeg_sync.config.load import Config
from simpeg_sync.ports import Capture, ScanMemory
from simpeg_sync.source import connect, id_column, triggers
from simpeg_sync.source.log import LogCapture
from simpeg_sync.source.log_woken import WokenLogCapture
from simpeg_sync.source.scan import ScanCapture
from simpeg_sync.source.settings import ChangeTable, LoggedTable, Scan
from simpeg_sync.source.table import TableCapture
from simpeg_sync.wiring.stores import binlog_settings, log_settings, source_engine, wal_settings


def _log(config: Config, memory: ScanMemory) -> Capture:
    reading, writing = source_engine(config), source_engine(config, writable=True)
    is_woken = config.settings.source.notify and reading.dialect.name == "postgresql"
    make = WokenLogCapture if is_woken else LogCapture
    return make(reading, writing, list(config.feeds.values()), log_settings(config))


def _table(config: Config, memory: ScanMemory) -> Capture:
    settings = config.settings.source
    described = settings.change_table
    assert described is not None, "the settings refuse mode `table` without its description"
    names = {
        name: LoggedTable(logged.table, tuple(logged.key), tuple(logged.key_columns))
        for name, logged in described.names.items()
    }
    table = ChangeTable(
        table=described.table,
        id=described.id,
        table_column=described.table_column,
        at=described.at,
        key_column=described.key_column,
        separator=described.separator,
        person_column=described.person_column,
        names=names,
        gap_limit_s=settings.gap_limit,
    )
    return TableCapture(source_engine(config), list(config.feeds.values()), table)


def _wal(config: Config, memory: ScanMemory) -> Capture:
    from simpeg_sync.source.wal import WalCapture

    feeds = list(config.feeds.values())
    return WalCapture(source_engine(config), source_engine(config, writable=True), feeds, wal_settings(config))


def _binlog(config: Config, memory: ScanMemory) -> Capture:
    from simpeg_sync.source.binlog import BinlogCapture

    return BinlogCapture(source_engine(config), list(config.feeds.values()), binlog_settings(config))


def _scan(config: Config, memory: ScanMemory) -> Capture:
    scan = config.settings.source.scan
    pace = Scan(every_s=scan.every, rows_per_second=scan.rows_per_second)
    return ScanCapture(source_engine(config), list(config.feeds.values()), memory, pace)


MODES: Mapping[str, Callable[[Config, ScanMemory], Capture]] = {
    "log": _log,
    "table": _table,
    "wal": _wal,
    "binlog": _binlog,
    "scan": _scan,
}


def _log_sql(config: Config, dialect: str) -> str:
    return triggers.sql(dialect, list(config.feeds.values()), log_settings(config))


def _wal_sql(config: Config, dialect: str) -> str:
    from simpeg_sync.source import wal_sql

    return wal_sql.setup(connect.dialect(dialect), list(config.feeds.values()), wal_settings(config))


def _binlog_sql(config: Config, dialect: str) -> str:
    from simpeg_sync.source import binlog_sql

    feeds, database = list(config.feeds.values()), make_url(config.source_url).database or ""
    return binlog_sql.setup(connect.dialect(dialect), feeds, binlog_settings(config), database=database)


SCRIPTS: Mapping[str, Callable[[Config, str], str]] = {"log": _log_sql, "wal": _wal_sql, "binlog": _binlog_sql}


def setup_sql(config: Config, dialect: str | None) -> str:
    """What the source's DBA has to run for the modes of the settings."""
    name = _dialect(config, dialect)
    modes = [mode for mode in config.settings.source.capture if mode in SCRIPTS]
    scripts = [SCRIPTS[mode](config, name) for mode in modes]
    described = config.settings.source.change_table
    table = [described.table] if described is not None and "table" in config.settings.source.capture else []
    if not modes or table:
        feeds = [] if modes else list(config.feeds.values())  # the other scripts name the feeds' tables
        scripts.append(triggers.reading_sql(name, feeds, log_settings(config), more=table))
    if rights := id_column.grants(connect.dialect(name), list(config.feeds.values()), config.settings.source.reader):
        scripts.append(rights)
    return "\n".join(scripts)


def removal_sql(config: Config, dialect: str | None) -> str:
    """The same for taking the change log away again."""
    return triggers.removal_sql(_dialect(config, dialect), log_settings(config))


def _dialect(config: Config, name: str | None) -> str:
    return name or make_url(config.source_url).get_backend_name()


def open_captures(config: Config, memory: ScanMemory) -> Mapping[str, Capture]:
    """Those that the settings name, by mode."""
    return {mode: MODES[mode](config, memory) for mode in config.settings.source.capture}
