"""A ledger with millions of records: how long do `status` and a claim take, and by which road does the database find them?

`python -m bench.large --records 5000000`. The ledger is filled by SQL: 25 records a person, one person in a hundred has one
that waits. Each question is asked several times; the shortest and the longest answer are printed, in milliseconds.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from bench.databases import DurablePostgres
from simpeg_sync.clock import Clock
from simpeg_sync.insights import Insights
from simpeg_sync.ledger import schema
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.reading import LedgerReader, RecordFilter
from simpeg_sync.ledger.store import Pauses, SqlLedger

A_PERSON, ONE_WAITS_IN = 25, 100
ASKED, CLAIMED = 5, 64
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) SELECT {what} FROM n",
    "postgresql": "SELECT {what} FROM generate_series(1, {count}) AS n",
}
FEEDS = "CASE n % 5 WHEN 0 THEN 'kursus' WHEN 1 THEN 'diklat' WHEN 2 THEN 'skp' WHEN 3 THEN 'jabatan' ELSE 'penghargaan' END"
NIP = "CAST(199001010000000000 + {} AS TEXT)"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.large", description=__doc__)
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--ledger", choices=("sqlite", "postgresql", "both"), default="both")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-large-", dir="/tmp") as folder:
        if arguments.ledger != "postgresql":
            show(f"sqlite:///{Path(folder) / 'ledger.db'}", arguments.records)
        if arguments.ledger != "sqlite":
            postgres = DurablePostgres()
            try:
                show(postgres.create_database(), arguments.records)
            finally:
                postgres.close()
    return 0


def show(url: str, records: int) -> None:
    engine = open_engine(url, create=True)
    schema.upgrade(engine)
    began = time.monotonic()
    with engine.begin() as connection:
        fill(connection, records)
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("ANALYZE")
    print(f"{engine.dialect.name}: {records:,} records, filled in {time.monotonic() - began:.0f} s", flush=True)
    ledger = SqlLedger(engine, Clock(), owner="bench", pauses=Pauses())
    try:
        for name, ask in questions(ledger).items():
            times = sorted(timed(ask) for _ in range(ASKED))
            print(f"    {name:<28} {times[0] * 1000:8.1f} to {times[-1] * 1000:8.1f} ms", flush=True)
        for line in roads(engine):
            print(f"    {line}", flush=True)
    finally:
        ledger.close()


def fill(connection: Connection, records: int) -> None:
    numbers, persons = NUMBERS[connection.dialect.name], max(1, records // A_PERSON)

    def add(into: str, count: int, what: str) -> None:
        connection.execute(text(f"INSERT INTO {into} {numbers.format(count=count, what=what)}"))

    nip, of_person = NIP.format("n"), f"(n % {persons}) + 1"
    waits = f"n <= {persons} AND ({of_person}) % {ONE_WAITS_IN} = 0"
    add(
        "lanes (lane, due_at, priority)",
        persons,
        f"{nip}, CASE WHEN n % {ONE_WAITS_IN} = 0 THEN 1000 + n % 1000 END, n % 2",
    )
    add("persons (nip, bkn_id, seen_at)", persons, f"{nip}, 'P' || {nip}, 0")
    add(
        "records (feed, source_key, lane, status, since, due_at, marked_at, dirty_since, bkn_id, written_back, synced_digest,"
        " synced_at, confirmed)",
        records,
        f"{FEEDS}, '[\"' || n || '\"]', {NIP.format(of_person)}, CASE WHEN {waits} THEN 'waiting' ELSE 'synced' END, 1000, "
        f"CASE WHEN {waits} THEN 1000 + n % 1000 END, 1000, 1000, 'row-' || n, 'row-' || n, "
        "'0123456789abcdef0123456789abcdef', 1000, "
        '\'{"namaKursus":"0123456789ab","nomorSertipikat":"0123456789ab","jumlahJam":"0123456789ab"}\'',
    )

    add(
        "attempts (record_id, number, version, action, digest, bkn_id, started_at, ended_at, outcome, http_status)",
        records,
        "n, 1, 1, 'create', '0123456789abcdef0123456789abcdef', NULL, 1000 + n % 1000, 1001 + n % 1000, 'accepted', 200",
    )


def questions(ledger: SqlLedger) -> Mapping[str, Callable[[], object]]:
    insights = Insights(LedgerReader(ledger.engine), "none")

    def claim_and_release() -> None:
        claims = ledger.claim_many(CLAIMED)
        if len(claims) != CLAIMED:
            raise RuntimeError(f"only {len(claims)} lanes were claimed")
        ledger.release_many(claims)

    return {
        "status": insights.status,
        f"claim of {CLAIMED} persons": claim_and_release,
        "next due": ledger.next_due_at,
        "has work": ledger.has_work,
        "one record": lambda: insights.reader.records(RecordFilter(record_id=77)),
    }


def timed(ask: Callable[[], object]) -> float:
    began = time.monotonic()
    ask()
    return time.monotonic() - began


def roads(engine: Engine) -> Iterator[str]:
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN (COSTS OFF) "
    asked: Mapping[str, tuple[str, Mapping[str, Any]]] = {
        "claim": (
            sql.claim(skip_locked=engine.dialect.name != "sqlite").text,
            {"owner": "a", "lease_until": 2.0, "now": 5000.0, "lease_now": 1.0, "limit": CLAIMED},
        ),
        "status, by feed and status": ("SELECT feed, status, count(*) FROM records GROUP BY feed, status", {}),
    }
    for name, (statement, values) in asked.items():
        yield f"{name}:"
        with engine.connect() as connection:
            for row in connection.execute(text(explain + statement), values).all():
                yield f"    {row[-1]}"


if __name__ == "__main__":
    sys.exit(main())
