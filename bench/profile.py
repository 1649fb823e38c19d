"""What a change costs our own process, by thread: the whole daemon in this process, with a BKN that answers at once, or after a
while, without any network. `python -m bench.profile`

CPU is compared, not the clock: it is nearly the same when others use the machine too. The first tenth of the changes warms up
and is not counted. `--functions` adds where the workers' time goes, by yappi if it is installed; it makes everything slower.
"""

import argparse
import itertools
import json
import re
import resource
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from unittest.mock import patch

from bench.databases import DurablePostgres
from bench.engine import Engine, new_engine
from bench.job import Simpeg
from simpeg_sync import wiring
from simpeg_sync.bkn.exchange import Answer, Exchanged, Request
from simpeg_sync.clock import Clock
from simpeg_sync.config.load import Config
from simpeg_sync.daemon import Daemon
from simpeg_sync.ledger.store import SqlLedger

TOKEN = json.dumps({"access_token": "t" * 200, "token_type": "Bearer", "expires_in": 36000}).encode()
WARM_SHARE, COUNTED_SHARE = 0.1, 0.95
LIMIT_S = 600.0


@dataclass(slots=True)
class InstantBkn:
    """Implements Exchange. Every save is a new row; the threads that make the calls are counted too."""

    delay_s: float
    warm_at: int
    end_at: int
    warm: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        if "/kursus/save" not in request.url:
            return Answer(200, {}, TOKEN)
        number = next(self._numbers)
        if self.delay_s:
            time.sleep(self.delay_s)
        if number == self.warm_at:
            self.warm.set()
        if number == self.end_at:
            self.ended.set()
        body = f'{{"success":true,"mapData":{{"rwKursusId":"{number:032x}"}},"message":"success"}}'
        return Answer(200, {"content-type": "application/json"}, body.encode())

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Moment:
    wall: float
    process_cpu: float
    switches: int
    by_thread: Mapping[str, float]

    @classmethod
    def now(cls) -> "Moment":
        usage = resource.getrusage(resource.RUSAGE_SELF)
        threads: dict[str, float] = {}
        for thread in threading.enumerate():
            role = re.sub(r"-?\d.*$", "", thread.name)
            if thread.ident is not None:
                spent = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
                threads[role] = threads.get(role, 0.0) + spent
        return cls(time.monotonic(), time.process_time(), usage.ru_nvcsw + usage.ru_nivcsw, threads)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--in-flight", type=int, default=16)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--ledger", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--functions", action="store_true")
    arguments = parser.parse_args()
    postgres = DurablePostgres()
    try:
        for _ in range(arguments.repeat):
            for line in profiled(postgres, arguments):
                print(line, flush=True)
    finally:
        postgres.close()
    return 0


def profiled(postgres: DurablePostgres, arguments: argparse.Namespace) -> Iterator[str]:
    rows = arguments.rows
    simpeg = Simpeg(postgres.create_database())
    simpeg.create()
    ours = new_engine(
        bkn_url="http://127.0.0.1:9",
        source_url=simpeg.url,
        ledger_url=postgres.create_database() if arguments.ledger == "postgresql" else None,
        in_flight=arguments.in_flight,
        adapter="httpx",
    )
    bkn = InstantBkn(arguments.delay_ms / 1000, int(rows * WARM_SHARE), int(rows * COUNTED_SHARE) - 1)
    try:
        ours.prepare()
        with under_way(ours, bkn):
            pass  # the first start, which finds an empty table
        ours.know(simpeg.nips(rows))
        simpeg.fill(rows)
        with under_way(ours, bkn):
            if not bkn.warm.wait(LIMIT_S):
                raise RuntimeError(f"nothing is sent: {ours.log_tail()}")
            with functions_noted(wanted=arguments.functions) as functions:
                before = Moment.now()
                if not bkn.ended.wait(LIMIT_S):
                    raise RuntimeError(f"not everything is sent: {ours.log_tail()}")
                after = Moment.now()
        yield from report(before, after, bkn.end_at - bkn.warm_at)
        yield from functions
    finally:
        ours.remove()


@contextmanager
def under_way(ours: Engine, bkn: InstantBkn) -> Iterator[None]:
    """The daemon in a thread, until it has nothing left to do."""
    config = wiring.read_config(ours.folder / "simpeg-sync.yaml")
    clock = Clock()
    log = (ours.folder / "daemon.log").open("a")  # stays open: the last lines are written when the program ends
    wiring.configure_logs(config, stream=log, gathers=True)
    ledger = wiring.open_ledger(config, clock)
    daemon = opened(config, clock, ledger, bkn)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            daemon.run(once=True)
        except BaseException as error:
            failed.append(error)
            bkn.warm.set()
            bkn.ended.set()

    thread = threading.Thread(target=run, name="daemon")
    thread.start()
    try:
        yield
    finally:
        thread.join()
        ledger.close()
    if failed:
        raise failed[0]


def opened(config: Config, clock: Clock, ledger: SqlLedger, bkn: InstantBkn) -> Daemon:
    with patch("simpeg_sync.wiring.bkn.open_exchange", return_value=bkn):
        return wiring.open_daemon(config, clock, ledger)


def report(before: Moment, after: Moment, count: int) -> Iterator[str]:
    wall, cpu = after.wall - before.wall, after.process_cpu - before.process_cpu
    yield (
        f"{count / wall:,.0f} changes/s; {cpu * 1000 / count:.3f} ms CPU a change, of it "
        f"{(after.switches - before.switches) / count:.1f} switches of threads; {cpu / wall:.2f} cores; "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
    )
    spent = {role: after.by_thread[role] - before.by_thread.get(role, 0.0) for role in after.by_thread}
    for role, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        if seconds * 1000 / count >= 0.001:
            yield f"    {role:<16} {seconds * 1000 / count:.3f} ms"


@contextmanager
def functions_noted(*, wanted: bool) -> Iterator[list[str]]:
    lines: list[str] = []
    if not wanted:
        yield lines
        return
    yappi: Any = import_module("yappi")  # not among our packages: who looks for a cost installs it

    yappi.set_clock_type("cpu")
    yappi.start()
    try:
        yield lines
    finally:
        yappi.stop()
        total = sum(one.tsub for one in yappi.get_func_stats())
        for one in sorted(yappi.get_func_stats(), key=lambda one: -one.tsub)[:70]:
            place = "/".join(one.module.split("/")[-2:])
            lines.append(
                f"{100 * one.tsub / total:5.1f} % {100 * one.ttot / total:5.1f} % {one.ncall:>8}  {place}:{one.lineno} {one.name}"
            )


if __name__ == "__main__":
    sys.exit(main())
