"""When things happen: the intake loop, the crew that takes the turns, the calendar jobs, the signals.

Loops that must be even (capture, leases) run by the monotonic clock; what people mean by the calendar (the nightly
sweep, the purge of the log) runs by APScheduler.
"""

import contextlib
import datetime as dt
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from simpeg_sync import logs
from simpeg_sync.clock import Clock
from simpeg_sync.compare import Nightly
from simpeg_sync.domain.errors import (
    BknDown,
    BknError,
    CaptureFailed,
    LedgerDown,
    LedgerError,
    LoginRefused,
    LostClaim,
    LostLead,
    SourceDown,
    SourceError,
    SourceUnfit,
    SyncError,
)
from simpeg_sync.fibers import Crew, pause
from simpeg_sync.intake import ChangeIntake
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.ports import Claim, Work
from simpeg_sync.turn import Turn
from simpeg_sync.turns import Turns
from simpeg_sync.wake import Wake
from simpeg_sync.write_back import WriteBack

IDLE_S = 0.5
"""How often an idle daemon that nobody wakes looks for a due lane."""
IDLE_MIN_S = 0.005
"""A lane that is due and another daemon's a moment later must not make us spin."""
KEEP_S = 30.0
"""How often the leases of what is under way are made longer, a few times in their life."""
LEAD_EVERY_S = 5.0
"""How often it is said, or asked, who looks after the change log."""
RETRY_S = 2.0
"""How often a lost source or ledger is tried again."""
STALL_S = 900.0
"""A loop without progress for longer makes the watchdog bite: longer than the slowest honest turn of one person."""
SWEEP_SOON_S = 60.0
"""An overdue sweep waits until the daemon is warm."""
WRITE_BACK_S = 15.0
"""How often SIMPEG is told BKN's new ids, where a feed wants it."""
COMPARE_S = 15.0
"""How often it is looked whether somebody is to be compared."""
SEAL_EVERY_S = 3600.0
"""How often the log is told the trail's head."""
PURGE_PAGE = 5000
"""Rows of a log that one purge deletes at most."""
ONCE_PATIENCE_S = 60.0
"""How long `run --once` waits for a lost neighbour before it gives up with its own exit code."""


@dataclass(slots=True)
class Health:
    """What is lost right now, told once when it goes and once when it comes back."""

    monotonic: Callable[[], float] = time.monotonic
    lost: dict[str, tuple[str, float]] = field(default_factory=dict)
    """What is lost -> why, and since when."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_lost(self, what: str, why: str) -> None:
        with self.lock:
            is_news = what not in self.lost
            self.lost.setdefault(what, (why, self.monotonic()))
        if is_news:
            event = "ledger.full" if what == "ledger" and "full" in why else f"{what}.lost"
            logs.get().error(event, problem=why, remedy="nothing is lost; the daemon goes on by itself when it is back")

    def is_back(self, what: str) -> None:
        with self.lock:
            was_lost = self.lost.pop(what, None) is not None
        if was_lost:
            logs.get().info(f"{what}.recovered")

    def lost_for_s(self, what: str, now: float) -> float:
        found = self.lost.get(what)
        return now - found[1] if found else 0.0


@dataclass(slots=True)
class Progress:
    """Whether every loop goes round, and every turn that was begun comes to an end. Who waits for work is not stuck."""

    monotonic: Callable[[], float] = time.monotonic
    _beats: dict[str, float] = field(default_factory=dict)
    """When each loop last went round, by its thread's name."""

    def beat(self) -> None:
        self._beats[threading.current_thread().name] = self.monotonic()

    def is_made(self, oldest_turn_at: float | None) -> bool:
        """``oldest_turn_at``: when the oldest turn that is under way was begun; None while none is."""
        signs = [*self._beats.values(), *(() if oldest_turn_at is None else (oldest_turn_at,))]
        now = self.monotonic()
        return min(signs, default=now) > now - STALL_S


@dataclass(slots=True)
class Daemon:
    intake: ChangeIntake
    pipeline: Pipeline
    work: Work
    clock: Clock
    turns: Turns
    crew: Crew
    poll_s: float
    sweep_every_s: float
    drain_s: float
    is_approved: Callable[[], bool]
    is_bkn_up: Callable[[], bool]
    why_no_login: Callable[[], str]
    """BKN's refusal of our credentials as a sentence; empty while there is none."""
    bkn_lost_for_s: Callable[[], float]
    keep_log_s: float
    write_back: WriteBack
    nightly: Nightly
    wake: Wake
    """Set by the intake when records were marked."""
    health: Health = field(default_factory=Health)
    progress: Progress = field(default_factory=Progress)
    intake_is_current: threading.Event = field(default_factory=threading.Event)
    _failed: list[BaseException] = field(default_factory=list)
    is_leading: bool = False
    """Of several daemons on one ledger: whether this one looks after the change log and the calendar."""
    _is_ending: bool = False
    """Of `run --once`: no turn was left to deal out when it was looked last."""
    _began_at: float = float("-inf")
    """In Unix seconds. `run --once` looks at what is held and was due by then; what becomes due later is the next run's."""
    _led_at: float = float("-inf")
    _kept_at: float = float("-inf")

    def run(self, *, once: bool = False) -> None:
        """Until SIGTERM, or with ``once`` until nothing is left to do. Raises what killed a thread."""
        self._began_at = self.clock.now()
        recovered = self.work.recover()
        if recovered:
            logs.get().warning("daemon.recovered_records", count=recovered)
        logs.get().info("daemon.started", pid=os.getpid())
        self._seal()
        self._keep_lead()
        scheduler = self._calendar()
        threads = [self._thread("intake", self._intake_loop)]
        threads.append(self._thread("dealer", self._dealer_loop))
        threads.append(self._thread("crew", self._crew_loop))
        if self.write_back.is_wanted:
            threads.append(self._thread("write-back", self._write_back_loop))
        if self.nightly.is_wanted and not once:
            threads.append(self._thread("comparer", self._compare_loop))
        notify("READY=1")
        try:
            while not self.clock.sleep(IDLE_S):
                self._tell_watchdog()
                self._keep_leases()
                self._keep_lead()
                if once and self._is_finished():
                    self._write_back()
                    break
        finally:
            self._drain(scheduler, threads)
        if self._failed:
            raise self._failed[0]

    def stop_on_signals(self, *, on_hup: Callable[[], None]) -> None:
        """First SIGTERM or SIGINT drains, the second ends at once: what left is uncertain then, and the ledger says so."""

        def on_signal(number: int, _: Any) -> None:
            if self.clock.stop.is_set():
                os._exit(128 + number)
            self.clock.stop.set()

        signal.signal(signal.SIGHUP, lambda *_: on_hup())
        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)

    # ----------------------------------------------------------------------------------------------------- loops

    def _intake_loop(self) -> None:
        led_before = False
        while not self.clock.stop.is_set():
            self.progress.beat()
            if not self.is_leading:
                led_before = False
                self.intake_is_current.set()  # it is another daemon's business
                self.clock.sleep(IDLE_S)
                self.intake_is_current.clear()
                continue
            if not led_before:
                led_before = True
                self.intake.begin_anew()
            try:
                more = self.intake.step()
            except LostLead:
                self.is_leading = False
                continue
            except SourceUnfit as error:
                # One feed's or capture's fault; the others go on with what is marked already, and sweeps find the rest.
                lost = "capture" if isinstance(error, CaptureFailed) else "feed"
                self.health.is_lost(lost, str(error))
                for what in ("source", "ledger"):
                    self.health.is_back(what)
                self.intake_is_current.set()
                self.clock.sleep(RETRY_S)
                self.intake_is_current.clear()
                continue
            except SourceError as error:
                self.health.is_lost("source", str(error))
                self.clock.sleep(RETRY_S)
                continue
            except LedgerDown as error:
                self.health.is_lost("ledger", str(error))
                self.clock.sleep(RETRY_S)
                continue
            for what in ("source", "capture", "feed", "ledger"):
                self.health.is_back(what)
            if not more:
                if not self.intake.is_paced:
                    self.intake_is_current.set()
                self.intake.wait(self.poll_s, self.clock.sleep)
                self.intake_is_current.clear()

    def _keep_lead(self) -> None:
        """By the loop that never waits for long: a sweep may take minutes, and two daemons must not take turns at it."""
        now = self.clock.monotonic()
        if now < self._led_at + LEAD_EVERY_S:
            return
        self._led_at = now
        try:
            self.is_leading = self.work.leads()
        except LedgerError as error:
            self.health.is_lost("ledger", str(error))

    def _keep_leases(self) -> None:
        now = self.clock.monotonic()
        if now < self._kept_at + KEEP_S:
            return
        self._kept_at = now
        try:
            self.work.keep_leases()
        except LedgerError as error:
            self.health.is_lost("ledger", str(error))

    def _write_back_loop(self) -> None:
        while not self.clock.stop.is_set():
            self.progress.beat()
            if self.is_leading:
                self._write_back()
            self.clock.sleep(WRITE_BACK_S)

    def _write_back(self) -> None:
        """Nothing waits for it: what fails is said once and tried again."""
        try:
            if self.is_approved():
                self.write_back.step()
        except (SourceError, LedgerError) as error:
            self.health.is_lost("write_back", str(error))
        else:
            self.health.is_back("write_back")

    def _compare_loop(self) -> None:
        """Nothing waits for it either; while a neighbour is lost it rests."""
        while not self.clock.stop.is_set():
            self.progress.beat()
            goes_on = False
            try:
                if self.is_leading and self.is_bkn_up() and not self.why_no_login() and not self._has_due_lane():
                    goes_on = self.nightly.step()
            except (SourceError, BknError, LedgerError) as error:
                self.health.is_lost("compare", str(error))
            else:
                self.health.is_back("compare")
            self.clock.sleep(0.0 if goes_on else COMPARE_S)

    def _has_due_lane(self) -> bool:
        """What people wait for goes before what the calendar wants."""
        due_at = self.work.next_due_at()
        return due_at is not None and due_at <= self.clock.now() and self.is_approved()

    # ------------------------------------------------------- turns: one thread deals them, another takes many at once

    def _dealer_loop(self) -> None:
        while not self.clock.stop.is_set():
            self.progress.beat()
            self._release_done()
            room = self.turns.room(self.clock.monotonic())
            if not room:
                self.wake.wait(IDLE_S)
                continue
            claims = self._next_claims(room)
            if not claims:
                self.wake.wait(self._idle_s())
                continue
            try:
                turns = self.pipeline.prepared(claims)
            except SourceDown as error:
                self.health.is_lost("source", str(error))
                for claim in claims:
                    self._give_back(claim)
                self.clock.sleep(RETRY_S)
                continue
            self.turns.deal(turns)
            self.crew.look()

    def _crew_loop(self) -> None:
        self.crew.run(self.turns.take, self._take_turn, is_over=lambda: self.turns.is_closed)

    def _take_turn(self, turn: Turn) -> None:
        try:
            self.pipeline.take_turn(turn)
        except LostClaim:
            logs.get().warning("daemon.worker_failed", error_class="LostClaim")
            self._break_off(turn)
        except SourceDown as error:
            self.health.is_lost("source", str(error))
            self._break_off(turn)
            pause(RETRY_S, self.clock.sleep)
        except LedgerError as error:
            self.health.is_lost("ledger", str(error))
            self._break_off(turn)
            pause(RETRY_S, self.clock.sleep)  # what the ledger refuses each time must not make us spin
        else:
            if turn.has_sent:
                self.nightly.was_sent(turn.claim.lane)
            if self.turns.done(turn, self.clock.monotonic()):
                self.wake.set()

    def _break_off(self, turn: Turn) -> None:
        self._give_back(turn.claim)
        self.turns.failed()

    def _next_claims(self, limit: int) -> Sequence[Claim]:
        try:
            if (
                self._is_ending
                or self.why_no_login()
                or not self.is_bkn_up()
                or "source" in self.health.lost
                or not self.is_approved()
            ):
                return ()
            return self.work.claim_many(limit)
        except LedgerDown as error:
            self.health.is_lost("ledger", str(error))
            self.clock.sleep(RETRY_S)
            return ()

    def _idle_s(self) -> float:
        """Until the earliest lane wants its turn, if that is sooner than the next look."""
        try:
            due_at = self.work.next_due_at()
        except LedgerDown as error:
            self.health.is_lost("ledger", str(error))
            return RETRY_S
        return IDLE_S if due_at is None else min(IDLE_S, max(IDLE_MIN_S, due_at - self.clock.now()))

    def _release_done(self) -> None:
        claims = self.turns.to_release()
        if not claims:
            return
        try:
            self.work.release_many(claims)
        except LedgerError as error:
            self.health.is_lost("ledger", str(error))
            for claim in claims:
                self._give_back(claim)
        else:
            self.health.is_back("ledger")

    def _give_back(self, claim: Claim) -> None:
        """Until it is given back the lane would wait for its lease; what may have left becomes uncertain first."""
        while True:
            try:
                self.work.recover(claim)
                self.work.release(claim)
            except LedgerDown as error:
                self.health.is_lost("ledger", str(error))
                pause(RETRY_S, self.clock.sleep)
                if self.clock.stop.is_set():
                    return  # the next start recovers it
            else:
                self.wake.set()
                self.health.is_back("ledger")
                return

    # ------------------------------------------------------------------------------------------------ start and end

    def _thread(self, name: str, loop: Callable[[], None]) -> threading.Thread:
        """A thread whose death ends the process loudly instead of leaving it half alive."""

        def supervised() -> None:
            try:
                loop()
            except BaseException as error:
                self._failed.append(error)
                logs.get().error("daemon.worker_failed", worker=name, error_class=type(error).__name__)
                self.clock.stop.set()

        thread = threading.Thread(target=supervised, name=name, daemon=True)
        thread.start()
        return thread

    def _calendar(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1})
        scheduler.add_job(
            self._sweep_job, "interval", seconds=self.sweep_every_s, next_run_time=self._next_sweep(), id="sweep"
        )
        scheduler.add_job(self._purge_job, "interval", seconds=min(self.sweep_every_s, 3600.0), id="purge")
        scheduler.add_job(self._seal, "interval", seconds=SEAL_EVERY_S, id="seal")
        scheduler.start()
        return scheduler

    def _next_sweep(self) -> dt.datetime:
        """Counted from the last sweep, so that a daemon that is restarted every day still makes its round."""
        last = self.intake.ledger.last_sweep_at()
        now = self.clock.now()
        due_at = now + self.sweep_every_s if last is None else max(last + self.sweep_every_s, now + SWEEP_SOON_S)
        return dt.datetime.fromtimestamp(due_at, dt.UTC)

    def _sweep_job(self) -> None:
        """The safety net: what no trigger sees (files on disk, cascades, TRUNCATE elsewhere) is found here."""
        if not self.is_leading:
            return
        try:
            self.intake.sweep_all(why="calendar")
        except SyncError as error:
            logs.get().warning("daemon.worker_failed", worker="sweep", error_class=type(error).__name__)

    def _purge_job(self) -> None:
        if not self.is_leading:
            return
        try:
            count = self.intake.purge(keep_s=self.keep_log_s, limit=PURGE_PAGE)
        except SyncError as error:
            logs.get().warning("daemon.worker_failed", worker="purge", error_class=type(error).__name__)
            return
        if count:
            logs.get().info("source.log_purged", count=count)

    def _seal(self) -> None:
        """The log is kept by somebody else than the ledger: with the head in it, nobody can cut off the trail's end unseen."""
        try:
            head = self.work.seal()
        except LedgerError as error:
            self.health.is_lost("ledger", str(error))
        else:
            logs.get().info("audit.sealed", chain=head.chain, block=head.number, head=head.hash)

    def _tell_watchdog(self) -> None:
        """systemd restarts a daemon that is stuck."""
        if self.progress.is_made(self.crew.begun_at()):
            notify("WATCHDOG=1")

    def _is_finished(self) -> bool:
        """Nothing dirty, nothing on its way, and the intake has seen the log's end since.

        Raises LoginRefused, BknDown, SourceDown when a neighbour stays away: then there is work left that cannot be done now.
        """
        if refusal := self.why_no_login():
            raise LoginRefused(refusal)
        if self.bkn_lost_for_s() > ONCE_PATIENCE_S:
            raise BknDown("BKN has been away for a while; what is left to do waits for the next run")
        if self.health.lost_for_s("source", self.clock.monotonic()) > ONCE_PATIENCE_S:
            raise SourceDown(f"{self.health.lost['source'][0]}; what is left to do waits for the next run")
        if not self.intake_is_current.is_set():
            return False
        if not self.is_approved():
            return True
        # Held records become due again and again, many of them at any moment: so nothing is dealt out any more, and what is
        # under way by then comes to its end.
        was_ending, self._is_ending = self._is_ending, not self.work.has_turns_left(looks_until=self._began_at)
        return was_ending and self._is_ending and not self.work.has_work()

    def _drain(self, scheduler: BackgroundScheduler, threads: list[threading.Thread]) -> None:
        notify("STOPPING=1")
        logs.get().info("daemon.draining")
        self.clock.stop.set()
        self.intake.interrupt()
        untaken = self.turns.close()
        self.crew.hurry()
        self.wake.set()
        scheduler.shutdown(wait=False)
        ends_at = self.clock.monotonic() + self.drain_s
        for thread in threads:
            thread.join(timeout=max(0.1, ends_at - self.clock.monotonic()))
        for claim in untaken:
            self._give_back(claim)
        try:
            # Calls that outlived the drain: their outcome is unknown, and the ledger says so.
            self.work.recover()
            self.work.stop_leading()
        except LedgerDown as error:
            self.health.is_lost("ledger", str(error))
        else:
            self._seal()
        logs.get().info("daemon.stopped")


def notify(state: str) -> None:
    """systemd's readiness protocol: one datagram to the socket it names, or nothing."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        # Whoever does not read must not stop the daemon; a notice too many is worth nothing.
        channel.setblocking(False)
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        with contextlib.suppress(BlockingIOError):
            channel.send(state.encode())
