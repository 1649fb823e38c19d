"""The tools that check a mapping: the source alone, or with BKN and the ledger beside it, all of them only read."""

from simpeg_sync.bkn.kinds import BknKinds, NothingPulled
from simpeg_sync.clock import Clock
from simpeg_sync.config.load import Config
from simpeg_sync.domain.errors import LedgerUnfit
from simpeg_sync.files import FolderFiles
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.mapcheck.check import MapCheck
from simpeg_sync.source.survey import Survey
from simpeg_sync.wiring.bkn import bkn_dialect, code_check, open_codes
from simpeg_sync.wiring.stores import open_ledger, source_engine


def open_map_check(config: Config, *, rows: int | None) -> MapCheck:
    kinds = open_kinds(config, None, Clock())
    return MapCheck(config, Survey(source_engine(config)), kinds, FolderFiles(), rows)


def open_kinds(config: Config, ledger: SqlLedger | None, clock: Clock) -> BknKinds:
    pulled = NothingPulled() if ledger is None else open_codes(ledger, clock)
    return BknKinds(bkn_dialect(config), code_check(config, pulled))


def ledger_if_any(config: Config, clock: Clock) -> SqlLedger | None:
    """None before `db upgrade`: then nothing was ever sent, linked or pulled."""
    try:
        return open_ledger(config, clock)
    except LedgerUnfit:
        return None
