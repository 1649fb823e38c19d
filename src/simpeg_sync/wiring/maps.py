"""The tools that check a mapping: the source alone, or with BKN and the ledger beside it, all of them only read."""

from simpeg_sync.bkn.codes import CodeCheck
from simpeg_sync.bkn.kinds import NothingPulled, UnaskedBkn
from simpeg_sync.clock import Clock
from simpeg_sync.config.load import Config
from simpeg_sync.domain.errors import NoLedger
from simpeg_sync.files import FolderFiles
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.mapcheck.check import MapCheck
from simpeg_sync.mapcheck.onlooker import ForgetfulNotes, Onlooker
from simpeg_sync.mapcheck.preview import Preview
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.planner import Planner
from simpeg_sync.ports import Bkn
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.survey import Survey
from simpeg_sync.turn import View
from simpeg_sync.wiring.bkn import bkn_dialect, code_check, open_bkn, open_codes
from simpeg_sync.wiring.daemon import timing_of
from simpeg_sync.wiring.stores import open_ledger, source_engine

EVERYBODY = 2**31


def open_map_check(config: Config, *, rows: int | None) -> MapCheck:
    unasked = _unasked_bkn(config, None, Clock())
    return MapCheck(config, Survey(source_engine(config)), unasked, FolderFiles(), rows)


def open_preview(config: Config, clock: Clock, *, asks_bkn: bool, shows_values: bool) -> Preview:
    source, ledger = SqlSource(source_engine(config)), _ledger_if_any(config, clock)
    bkn: Bkn = _unasked_bkn(config, ledger, clock)
    if asks_bkn:
        bkn = open_bkn(config, clock, ledger or ForgetfulNotes(), codes=_codes(config, ledger, clock))
    view = View(config.feeds, source, bkn, FolderFiles(), Onlooker(ledger), clock, timing_of(config))
    planner = Planner(Pipeline(view), config.settings.bkn.calls_per_second, EVERYBODY if asks_bkn else 0)
    return Preview(planner, source, config.feed_files, asks_bkn, shows_values)


def _unasked_bkn(config: Config, ledger: SqlLedger | None, clock: Clock) -> UnaskedBkn:
    return UnaskedBkn(bkn_dialect(config), _codes(config, ledger, clock))


def _codes(config: Config, ledger: SqlLedger | None, clock: Clock) -> CodeCheck:
    return code_check(config, NothingPulled() if ledger is None else open_codes(ledger, clock))


def _ledger_if_any(config: Config, clock: Clock) -> SqlLedger | None:
    """None before `db upgrade`: then nothing was ever sent, linked or pulled."""
    try:
        return open_ledger(config, clock)
    except NoLedger:
        return None
