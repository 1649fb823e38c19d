"""The ways to notice changes, by the names that ``source.capture`` may give. One entry here makes a new one known."""

from collections.abc import Callable, Mapping

from simpeg_sync.config.load import Config
from simpeg_sync.ports import Capture, ScanMemory
from simpeg_sync.source.log import LogCapture
from simpeg_sync.source.scan import ScanCapture
from simpeg_sync.source.settings import ChangeTable, LoggedTable, Scan
from simpeg_sync.source.table import TableCapture
from simpeg_sync.wiring.stores import log_settings, source_engine


def _log(config: Config, memory: ScanMemory) -> Capture:
    feeds = list(config.feeds.values())
    return LogCapture(source_engine(config), source_engine(config, writable=True), feeds, log_settings(config))


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


def _scan(config: Config, memory: ScanMemory) -> Capture:
    scan = config.settings.source.scan
    pace = Scan(every_s=scan.every, rows_per_second=scan.rows_per_second)
    return ScanCapture(source_engine(config), list(config.feeds.values()), memory, pace)


MODES: Mapping[str, Callable[[Config, ScanMemory], Capture]] = {"log": _log, "table": _table, "scan": _scan}


def open_captures(config: Config, memory: ScanMemory) -> Mapping[str, Capture]:
    """Those that the settings name, by mode."""
    return {mode: MODES[mode](config, memory) for mode in config.settings.source.capture}
