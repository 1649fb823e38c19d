"""What do the capture modes cost? A pass of `scan` over tables of two sizes (time, memory), and an idle look of the others.

``python -m bench.captures`` starts its own PostgreSQL and MariaDB. Every measurement of memory is a process of its own, so
that its peak is its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import sqlalchemy as sa
from tests.servers import MariaDbServer, PostgresServer
from tests.small_simpeg import ANI, BUDI, KURSUS, Simpeg

from simpeg_sync.clock import Clock
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.ports import Capture
from simpeg_sync.source.binlog import BinlogCapture
from simpeg_sync.source.connect import open_reading
from simpeg_sync.source.log import LogCapture
from simpeg_sync.source.scan import ScanCapture
from simpeg_sync.source.settings import Limits, LogSettings, Scan
from simpeg_sync.source.stream_settings import BinlogSettings, WalSettings
from simpeg_sync.source.wal import WalCapture

PAGE = 1000
CHUNK = 10_000
LOOKS = 500
POLL_S = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the large table; the small one has 10,000")
    parser.add_argument("--one-pass", nargs=2, metavar=("SOURCE", "LEDGER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one_pass:
        print(json.dumps(two_passes(*arguments.one_pass)))
        return
    with servers() as urls:
        print(f"{'scan':12}{'rows':>12}{'first pass':>14}{'a later one':>14}{'peak RSS':>12}")
        for engine, new_url in urls.items():
            for rows in (10_000, arguments.rows):
                show_scan(engine, fill(new_url(), rows), rows)
        print(f"\n{'idle look':12}{'on':>12}{'time':>14}{'our CPU':>14}{'of a core, every ' + str(POLL_S) + ' s':>26}")
        for mode, engine in (("log", "postgresql"), ("log", "mariadb"), ("wal", "postgresql"), ("binlog", "mariadb")):
            show_idle(mode, engine, Simpeg(urls[engine]()))


@contextmanager
def servers() -> Iterator[dict[str, Callable[[], str]]]:
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        postgres, mariadb = PostgresServer(), MariaDbServer()
        stack.callback(postgres.close)
        stack.callback(mariadb.close)
        yield {
            "sqlite": lambda: f"sqlite:///{tempfile.mkdtemp(dir=folder)}/simpeg.db",
            "postgresql": postgres.create_database,
            "mariadb": mariadb.create_database,
        }


def fill(url: str, rows: int) -> str:
    simpeg = Simpeg(url)
    insert = sa.text("INSERT INTO kursus VALUES (:id, :nip, 'T', :nama, '2024-01-31')")
    for first in range(0, rows, CHUNK):
        with simpeg.application.begin() as connection:
            connection.execute(
                insert,
                [
                    {"id": n, "nip": (ANI, BUDI)[n % 2], "nama": f"Pelatihan {n}"}
                    for n in range(first, min(rows, first + CHUNK))
                ],
            )
    simpeg.close()
    return url


def show_scan(engine: str, url: str, rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.captures", "--one-pass", url, f"sqlite:///{folder}/ledger.db"]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found["rows"] == rows, found
    print(f"{engine:12}{rows:>12,}{found['first']:>12.1f} s{found['later']:>12.1f} s{found['rss'] // 1024:>9} MiB")


def two_passes(source_url: str, ledger_url: str) -> dict[str, float]:
    """The first remembers every row, the second finds that nothing has changed."""
    engine = open_engine(ledger_url, create=True)
    schema.upgrade(engine)
    ledger = SqlLedger(engine, Clock(), owner="bench", pauses=Pauses())
    capture = ScanCapture(open_reading(source_url, Limits()), [KURSUS], ledger, Scan(every_s=1e-6, rows_per_second=1e9))
    cursor, taken = capture.start(), []
    for _ in range(2):
        began, rows = time.perf_counter(), 0
        while True:
            batch = capture.changes(cursor, limit=PAGE)
            ledger.take_changes([], {}, cursor=("scan", batch.cursor), seen=batch.seen)
            cursor, rows = batch.cursor, rows + len(batch.changes)
            if not batch.is_paced:
                break
        taken.append((time.perf_counter() - began, rows))
    (first, rows), (later, again) = taken
    assert again == 0, "nothing had changed"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ledger.close()
    return {"rows": rows, "first": first, "later": later, "rss": peak}


def show_idle(mode: str, engine: str, simpeg: Simpeg) -> None:
    capture = idle_capture(mode, simpeg)
    cursor = capture.start()
    for _ in range(10):
        cursor = capture.changes(cursor, limit=PAGE).cursor
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(LOOKS):
        batch = capture.changes(cursor, limit=PAGE)
        assert not batch.changes and not batch.more
        cursor = batch.cursor
    wall, cpu = (time.perf_counter() - began) / LOOKS, (time.process_time() - cpu) / LOOKS
    print(f"{mode:12}{engine:>12}{wall * 1000:>11.2f} ms{cpu * 1000:>11.2f} ms{cpu / POLL_S:>26.3%}")
    simpeg.close()


def idle_capture(mode: str, simpeg: Simpeg) -> Capture:
    match mode:
        case "log":
            simpeg.install()
            return LogCapture(simpeg.reading, simpeg.writing, simpeg.feeds, LogSettings())
        case "wal":
            return WalCapture(simpeg.reading, simpeg.writing, simpeg.feeds, WalSettings(makes_slot=True))
        case _:
            return BinlogCapture(simpeg.reading, simpeg.feeds, BinlogSettings())


if __name__ == "__main__":
    main()
