"""The tools that check a mapping: the source alone, or with BKN and the ledger beside it, all of them only read."""

from dataclasses import replace

from simpeg_sync.bkn.codes import CodeCheck
from simpeg_sync.bkn.kinds import NothingPulled, RememberedCodes, UnaskedBkn
from simpeg_sync.clock import Clock
from simpeg_sync.config.load import Config
from simpeg_sync.documents import Documents
from simpeg_sync.domain.errors import NoLedger
from simpeg_sync.files import FolderFiles
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.mapcheck.check import MapCheck
from simpeg_sync.mapcheck.difference import MapDiff, Side
from simpeg_sync.mapcheck.onlooker import ForgetfulNotes, Onlooker
from simpeg_sync.mapcheck.preview import Preview
from simpeg_sync.mapcheck.rows import stand_in
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.planner import Planner
from simpeg_sync.ports import Bkn
from simpeg_sync.source.feed_survey import FeedSurvey
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.turn import View
from simpeg_sync.wiring.bkn import bkn_dialect, code_check, open_bkn, open_codes
from simpeg_sync.wiring.daemon import timing_of
from simpeg_sync.wiring.stores import open_ledger, open_reader, source_engine

EVERYBODY = 2**31


def open_map_check(config: Config, *, rows: int | None) -> MapCheck:
    unasked = _unasked_bkn(config, None, Clock())
    engine = source_engine(config)
    return MapCheck(config, FeedSurvey(engine), unasked, Documents(SqlSource(engine), FolderFiles()), rows)


def open_preview(config: Config, clock: Clock, *, asks_bkn: bool, shows_values: bool) -> Preview:
    source, ledger = SqlSource(source_engine(config)), _ledger_if_any(config, clock)
    bkn: Bkn = _unasked_bkn(config, ledger, clock)
    if asks_bkn:
        bkn = open_bkn(config, clock, ledger or ForgetfulNotes(), codes=_codes(config, ledger, clock))
    view = View(config.feeds, source, bkn, FolderFiles(), Onlooker(ledger), clock, timing_of(config))
    planner = Planner(Pipeline(view), config.settings.bkn.calls_per_second, EVERYBODY if asks_bkn else 0)
    return Preview(planner, source, config.feed_files, asks_bkn, shows_values)


def open_map_diff(config: Config, proposal: Config, clock: Clock, *, persons: int) -> MapDiff:
    """Over the rows of the running configuration's SIMPEG. ``persons``: how many to look up at BKN."""
    source, ledger = SqlSource(source_engine(config)), _ledger_if_any(config, clock)
    old = Side(config.feeds, _unasked_bkn(config, ledger, clock), _service(config))
    new = Side(proposal.feeds, _unasked_bkn(proposal, ledger, clock), _service(proposal))
    onlooker = Onlooker(ledger)
    view = View(proposal.feeds, source, new.kinds, FolderFiles(), onlooker, clock, timing_of(config))
    planner = None
    if persons:
        asked = _asked_through(config, proposal)
        bkn = open_bkn(asked, clock, ledger or ForgetfulNotes(), codes=_codes(proposal, ledger, clock))
        planner = Planner(Pipeline(replace(view, bkn=bkn)), config.settings.bkn.calls_per_second, persons)
    return MapDiff(
        old=old,
        new=new,
        source=source,
        known=open_reader(config) if ledger is not None else None,
        # Without a ledger nobody knows the ids at BKN that links stand for; both sides get the same stand-in.
        link_of=view.link_of if ledger is not None else stand_in,
        planner=planner,
    )


def _asked_through(config: Config, proposal: Config) -> Config:
    """BKN by the running configuration's login, since a proposal is a draft without secrets; another web service has its own."""
    ours, theirs = config.settings.bkn, proposal.settings.bkn
    if (ours.dialect, ours.base_url, ours.duplex_url) != (theirs.dialect, theirs.base_url, theirs.duplex_url):
        return proposal
    bkn = ours.model_copy(update={"choices": theirs.choices, "extra_codes": theirs.extra_codes})
    return replace(config, settings=config.settings.model_copy(update={"bkn": bkn}))


def _service(config: Config) -> str:
    bkn = config.settings.bkn
    return f"{bkn.dialect} {bkn.base_url} {bkn.choices.model_dump_json()} {sorted(bkn.extra_codes.items())}"


def _unasked_bkn(config: Config, ledger: SqlLedger | None, clock: Clock) -> UnaskedBkn:
    return UnaskedBkn(bkn_dialect(config), _codes(config, ledger, clock))


def _codes(config: Config, ledger: SqlLedger | None, clock: Clock) -> CodeCheck:
    pulled = NothingPulled() if ledger is None else RememberedCodes(open_codes(ledger, clock))
    return code_check(config, pulled)


def _ledger_if_any(config: Config, clock: Clock) -> SqlLedger | None:
    """None before `db upgrade`: then nothing was ever sent, linked or pulled."""
    try:
        return open_ledger(config, clock)
    except NoLedger:
        return None
