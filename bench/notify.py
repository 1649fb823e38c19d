"""What does `source.notify` bring, and what does it cost SIMPEG?

``python -m bench.notify`` starts its own PostgreSQL, with fsync on, and measures

1. from a commit in SIMPEG until its record is marked in the ledger, against a bare loop that LISTENs and reads the row, in
   turns in the same run;
2. SIMPEG's writes a second by eight clients of pgbench, as ratios: no trigger, the log, the log that notifies with the
   daemon's intake at work, and what every transaction would pay if each of them notified.
"""

import argparse
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from tests.servers import PostgresServer, find_binary
from tests.small_simpeg import LIMITS, Simpeg, add_kursus

from simpeg_sync import logs
from simpeg_sync.clock import Clock
from simpeg_sync.intake import ChangeIntake
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.source.connect import open_reading
from simpeg_sync.source.log import LogCapture
from simpeg_sync.source.log_woken import WokenLogCapture
from simpeg_sync.source.notify import channel, resting_lock
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.triggers import remove

TELLING = LogSettings(notifies=True)
POLL_S = 2.0
LIMIT_S = 10.0
ROWS = 20_000
CLIENTS = 8
LINE = "{:28}{:>10}{:>10}"


class DurableServer(PostgresServer):
    def _command(self) -> list[str]:
        return [*super()._command(), "-c", "fsync=on", "-c", "max_prepared_transactions=0"]


def main() -> None:
    logs.configure(level="ERROR")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=4, help="of one run of pgbench")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with closing(DurableServer()) as server:
        show_latency(server, arguments.changes)
        show_cost(server, arguments.seconds, arguments.rounds)


# -------------------------------------------------------------------------------------------------------------- latency


class Marked:
    """When the records were marked, told to whoever waits for it."""

    def __init__(self) -> None:
        self.at = 0.0
        self.event = threading.Event()

    def __call__(self) -> None:
        self.at = time.perf_counter()
        self.event.set()

    def within(self, began: float) -> float:
        assert self.event.wait(LIMIT_S), "it was not noticed"
        self.event.clear()
        return self.at - began


def show_latency(server: PostgresServer, changes: int) -> None:
    simpeg = Simpeg(server.create_database())
    simpeg.install(TELLING)
    bare, ours = Marked(), Marked()
    taken: dict[str, list[float]] = {"bare LISTEN and read": [], "marked in the ledger": []}
    with bare_loop(simpeg, bare), intake(simpeg, ours) as clock_cpu:
        for number in range(changes + 20):
            simpeg.run(add_kursus(number))
            began = time.perf_counter()
            both = (bare.within(began), ours.within(began))
            if number >= 20:  # the first ones open connections
                for name, value in zip(taken, both, strict=True):
                    taken[name].append(max(0.0, value))
        began, cpu = time.perf_counter(), clock_cpu()
        time.sleep(5.0)
        idle = (clock_cpu() - cpu) / (time.perf_counter() - began)
    simpeg.close()
    print(LINE.format(f"{changes} commits, ms", "p50", "p99"))
    for name, values in taken.items():
        print(LINE.format(name, *(f"{1000 * one:.2f}" for one in quantiles(values))))
    of_bare, of_ours = map(quantiles, taken.values())
    print(LINE.format("ratio", *(f"{b / a:.1f}" for a, b in zip(of_bare, of_ours, strict=True))))
    print(f"the intake's idle thread: {idle:.2%} of a core\n")


def quantiles(values: list[float]) -> tuple[float, float]:
    return statistics.median(values), statistics.quantiles(values, n=100)[98]


@contextmanager
def bare_loop(simpeg: Simpeg, marked: Callable[[], None]) -> Iterator[None]:
    """LISTEN, and read the row when its own trigger notifies, as it does for every commit."""
    simpeg.run(
        "CREATE FUNCTION bare() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_notify('bare', ''); RETURN NULL; END $$",
        "CREATE TRIGGER bare AFTER INSERT ON kursus FOR EACH STATEMENT EXECUTE FUNCTION bare()",
    )
    ready = threading.Event()
    url = sa.make_url(simpeg.url).render_as_string(hide_password=False)
    stop = threading.Event()

    def listen() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("LISTEN bare")
            ready.set()
            while not stop.is_set():
                if list(connection.notifies(timeout=0.5, stop_after=1)):
                    connection.execute("SELECT * FROM kursus ORDER BY id DESC LIMIT 1").fetchone()
                    marked()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert ready.wait(LIMIT_S)
    yield
    stop.set()
    thread.join()


@contextmanager
def intake(simpeg: Simpeg, marked: Callable[[], None], *, is_told: bool = True) -> Iterator[Callable[[], float]]:
    """The daemon's intake loop over a ledger in a SQLite file; gives what its thread has used of the CPU."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/ledger.db", create=True)
        schema.upgrade(engine)
        clock = Clock()
        ledger = SqlLedger(engine, clock, owner="bench", pauses=Pauses())
        reading = open_reading(simpeg.url, LIMITS)
        make = WokenLogCapture if is_told else LogCapture
        capture = make(reading, simpeg.writing, simpeg.feeds, TELLING)
        feeds = {feed.name: feed for feed in simpeg.feeds}
        taking = ChangeIntake(feeds, SqlSource(reading), {"log": capture}, ledger, tell=marked)
        taking.step()
        cpu = Clockwork()

        def loop() -> None:
            cpu.begin()
            while not clock.stop.is_set():
                if not taking.step():
                    taking.wait(POLL_S, clock.sleep)

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        with simpeg.application.connect() as application:
            number = resting_lock(TELLING)
            held = f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = {number}"
            while is_told and application.exec_driver_sql(held).first() is None:
                time.sleep(0.01)
        yield cpu.used
        clock.stop.set()
        taking.interrupt()
        thread.join(LIMIT_S)
        ledger.close()
        reading.dispose()


class Clockwork:
    """The CPU time of another thread."""

    def begin(self) -> None:
        self.clock = time.pthread_getcpuclockid(threading.get_ident())

    def used(self) -> float:
        return time.clock_gettime(self.clock)


# ----------------------------------------------------------------------------------------------------- SIMPEG's writes


def show_cost(server: PostgresServer, seconds: int, rounds: int) -> None:
    simpeg = Simpeg(server.create_database())
    simpeg.run(
        f"INSERT INTO kursus SELECT i, NULL, 'T', 'Kursus ' || i, '2024-01-31' FROM generate_series(1, {ROWS}) i"
    )
    ways = ("no trigger", "log", "log, intake polls", "notify, intake woken", "notify always")
    rates: dict[str, list[float]] = {way: [] for way in ways}
    notified = 0
    for _ in range(rounds):  # in turns, since the machine is not equally busy all the time
        for way in ways:
            rate, told = writes_a_second(server, simpeg, way, seconds)
            rates[way].append(rate)
            if way == "notify, intake woken":
                notified += told
    simpeg.close()
    base = statistics.median(rates["log"])
    print(LINE.format(f"{CLIENTS} clients of pgbench", "writes/s", "of log"))
    for way, values in rates.items():
        print(LINE.format(way, f"{statistics.median(values):,.0f}", f"{statistics.median(values) / base:.2f}"))
    written = sum(rates["notify, intake woken"]) * seconds
    print(f"notified while the intake was at work: {notified / written:.2%} of the transactions")


def writes_a_second(server: PostgresServer, simpeg: Simpeg, way: str, seconds: int) -> tuple[float, int]:
    remove(simpeg.writing, TELLING)
    simpeg.run(
        "TRUNCATE kursus",
        f"INSERT INTO kursus SELECT i, NULL, 'T', 'x', '2024-01-31' FROM generate_series(1, {ROWS}) i",
    )
    if way != "no trigger":
        simpeg.install(TELLING if "notify" in way else LogSettings())
    with simpeg.application.connect().execution_options(isolation_level="AUTOCOMMIT") as ears:
        ears.exec_driver_sql("CHECKPOINT")
        if way == "notify always":  # as if the daemon rested all the time
            ears.exec_driver_sql(f"SELECT pg_advisory_lock({resting_lock(TELLING)})")
        ears.exec_driver_sql(f"LISTEN {channel(TELLING)}")
        heard: list[Any] = []
        driver: Any = ears.connection.driver_connection
        driver.add_notify_handler(heard.append)
        if "intake" in way:
            with intake(simpeg, lambda: None, is_told="notify" in way):
                rate = pgbench(server, simpeg, seconds)
        else:
            rate = pgbench(server, simpeg, seconds)
        ears.exec_driver_sql("SELECT 1")
        ears.exec_driver_sql("SELECT pg_advisory_unlock_all()")
        ears.exec_driver_sql("UNLISTEN *")
    return rate, len(heard)


def pgbench(server: PostgresServer, simpeg: Simpeg, seconds: int) -> float:
    program = find_binary("pgbench", "/usr/lib/postgresql/*/bin", package="postgresql-contrib")
    url = sa.make_url(simpeg.url)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "write.sql"
        script.write_text(f"\\set i random(1, {ROWS})\nUPDATE kursus SET nama = nama WHERE id = :i;\n")
        command = [str(program), "-h", "127.0.0.1", "-p", str(url.port), "-U", str(url.username), "-n", "-f", str(script),
                   "-c", str(CLIENTS), "-T", str(seconds), str(url.database)]  # fmt: skip
        secret = {"PGPASSWORD": str(url.password), "PATH": "/usr/bin:/bin"}
        said = subprocess.run(command, check=True, capture_output=True, text=True, env=secret).stdout
    return next(float(line.split()[2]) for line in said.splitlines() if line.startswith("tps"))


if __name__ == "__main__":
    main()
