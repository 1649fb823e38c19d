"""The pipeline, the intake and the daemon around them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from simpeg_sync import logs
from simpeg_sync.bkn.client import BknClient
from simpeg_sync.bkn.codes import CodeCheck
from simpeg_sync.bkn.kinds import RememberedCodes
from simpeg_sync.clock import Clock
from simpeg_sync.compare import Comparer, Nightly
from simpeg_sync.config.load import Config
from simpeg_sync.daemon import Daemon
from simpeg_sync.decide.windows import Windows
from simpeg_sync.domain.brake import Limits
from simpeg_sync.fibers import Crew
from simpeg_sync.files import FolderFiles
from simpeg_sync.intake import ChangeIntake
from simpeg_sync.ledger.core import DAEMON
from simpeg_sync.ledger.reading import LedgerReader
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.planner import Planner
from simpeg_sync.plans import Plans
from simpeg_sync.source.id_column import IdColumn
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.turn import Timing, View
from simpeg_sync.turns import Turns
from simpeg_sync.wake import Wake
from simpeg_sync.wiring.aside import AsideFiles, AsideSource
from simpeg_sync.wiring.bkn import bkn_dialect, code_check, open_bkn, open_codes
from simpeg_sync.wiring.captures import open_captures
from simpeg_sync.wiring.stores import source_engine
from simpeg_sync.write_back import WriteBack

CODES_LAST_S = 30.0
"""So late it is seen what `codes pull` brought."""
HANDS = 16
"""Threads for what blocks beside BKN's calls: SIMPEG, certificates, a ledger behind a network."""


def open_pipeline(config: Config, clock: Clock, ledger: SqlLedger, bkn: BknClient) -> Pipeline:
    brake = config.settings.brake
    view = View(
        feeds=config.feeds,
        source=AsideSource(SqlSource(source_engine(config))),
        bkn=bkn,
        files=AsideFiles(FolderFiles()),
        ledger=ledger,
        clock=clock,
        timing=timing_of(config),
        brake=Limits(
            vanish_rows=brake.vanish_rows,
            vanish_percent=brake.vanish_percent,
            change_rows=brake.change_rows,
            change_percent=brake.change_percent,
            window_s=brake.window,
        ),
    )
    return Pipeline(view)


def timing_of(config: Config) -> Timing:
    timing = config.settings.timing
    return Timing(
        settle_s=timing.settle,
        absent_gap_s=timing.absent_gap,
        delete_grace_s=timing.delete_grace,
        look_again_s=timing.look_again,
        compare_again_s=timing.compare_again,
    )


def open_intake(config: Config, ledger: SqlLedger, tell: Callable[[], None] = lambda: None) -> ChangeIntake:
    apis = bkn_dialect(config).apis
    # Who people are is swept first, so that it is known when their rows have their turn.
    feeds = dict(sorted(config.feeds.items(), key=lambda item: not apis[item[1].target].resource.identity))
    return ChangeIntake(
        feeds,
        SqlSource(source_engine(config)),
        open_captures(config, ledger),
        ledger,
        page=config.settings.source.page,
        tell=tell,
    )


def open_comparer(
    config: Config, pipeline: Pipeline, ledger: SqlLedger, *, in_flight: int, actor: str = DAEMON
) -> Comparer:
    view = replace(pipeline.view, why="compare")
    return Comparer(view, ledger, in_flight, config.settings.compare.every, actor)


def open_plans(config: Config, clock: Clock, ledger: SqlLedger, *, persons: int, actor: str) -> Plans:
    """``persons``: how many to look up at BKN."""
    bkn = open_bkn(config, clock, ledger, codes=_remembered_codes(config, ledger, clock))
    planner = Planner(open_pipeline(config, clock, ledger, bkn), config.settings.bkn.calls_per_second, persons)
    return Plans(planner, LedgerReader(ledger.engine), ledger, config.digest, actor)


def _remembered_codes(config: Config, ledger: SqlLedger, clock: Clock) -> CodeCheck:
    """For whoever checks many rows: asking the ledger about each code takes longer than all the rest of a row."""
    return code_check(config, RememberedCodes(open_codes(ledger, clock), CODES_LAST_S, clock.monotonic))


def open_write_back(config: Config, ledger: SqlLedger) -> WriteBack:
    return WriteBack(config.feeds, IdColumn(source_engine(config, writable=True)), ledger)


def open_daemon(config: Config, clock: Clock, ledger: SqlLedger) -> Daemon:
    settings, wake = config.settings, Wake(clock.stop)
    bkn = open_bkn(config, clock, ledger, codes=_remembered_codes(config, ledger, clock))
    pipeline, compare = open_pipeline(config, clock, ledger, bkn), settings.compare
    turns = Turns(settings.bkn.calls_in_flight)
    # Half of the calls at most: what people wait for goes first.
    comparer = open_comparer(config, pipeline, ledger, in_flight=max(1, settings.bkn.calls_in_flight // 2))
    if bkn.calls.tokens.refusal:
        logs.get().error("token.refused", problem=bkn.calls.tokens.refusal)
    return Daemon(
        intake=open_intake(config, ledger, wake.set),
        pipeline=pipeline,
        work=ledger,
        clock=clock,
        turns=turns,
        crew=Crew(at_once=turns.at_once, hands=HANDS),
        poll_s=settings.source.poll,
        sweep_every_s=settings.timing.sweep_every,
        drain_s=settings.timing.drain,
        is_approved=_Approval(ledger, config.digest, clock),
        is_bkn_up=lambda: bkn.calls.gate.is_open_for_work,
        why_no_login=lambda: bkn.calls.tokens.refusal,
        bkn_lost_for_s=bkn.calls.gate.lost_for_s,
        keep_log_s=settings.source.keep_log,
        write_back=open_write_back(config, ledger),
        nightly=Nightly(
            comparer, Windows.of(compare.windows, settings.bkn.time_zone), compare.calls_per_night, compare.after_send
        ),
        wake=wake,
    )


@dataclass(slots=True)
class _Approval:
    """Whether an operator has approved this configuration; asked of the ledger every so often until it is."""

    ledger: SqlLedger
    configuration: str
    clock: Clock
    approved: bool = False
    asked_at: float = float("-inf")
    said: bool = False

    def __call__(self) -> bool:
        now = self.clock.monotonic()
        if not self.approved and now >= self.asked_at + 1.0:
            self.asked_at = now
            self.approved = self.ledger.is_approved(self.configuration)
            if not self.approved and not self.said:
                self.said = True
                logs.get().warning(
                    "daemon.observing", remedy="look at `simpeg-sync plan`, then `simpeg-sync plan --approve`"
                )
        return self.approved
