"""Commit in SIMPEG -> request at the server, for each way of noticing changes, and for a bare LISTEN-and-post loop.

Single changes, about 20 a second, each a transaction of its own; wall clock of one machine, in steps of a millisecond. The
settings that poll do it every 200 ms; what is woken by the database does not wait for that.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pymysql
import sqlalchemy as sa

from bench import listen
from bench.engine import FAST, Running, new_engine
from bench.ground import Figure, Ground
from bench.job import COLUMNS, FILL, MARIADB_SCHEMA, TABLE, record
from simpeg_sync.config.settings import SourceSettings

POLL_S = 0.2
PAUSE_S = 0.05
WARM_UP = 5
ARRIVAL_LIMIT_S = 30.0
SEED = 5

CHANGE_LOG = f"""
CREATE TABLE log_perubahan (id bigserial PRIMARY KEY, nama_tabel varchar(60), id_baris varchar(60));
CREATE FUNCTION catat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO log_perubahan (nama_tabel, id_baris) VALUES (TG_TABLE_NAME, NEW.id::text); RETURN NULL; END $$;
CREATE TRIGGER catat AFTER INSERT OR UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION catat();
"""
"""A SIMPEG that keeps a change log by itself, for mode `table`."""


@dataclass(frozen=True, slots=True)
class Mode:
    name: str
    source: Mapping[str, Any]
    database: str = "postgresql"
    also: str = ""
    """What SIMPEG has besides the table."""


WAKES: Mapping[str, Any] = {"notify": True} if "notify" in SourceSettings.model_fields else {}
"""The change log wakes the daemon."""

MODES = (
    Mode("log", {"capture": ["log"], **WAKES}),
    Mode("log, polled", {"capture": ["log"]}),
    Mode("wal", {"capture": ["wal"], "wal": {"makes_slot": True, "slot": "bench"}}),
    Mode("binlog", {"capture": ["binlog"]}, "mariadb"),
    Mode("log on mariadb", {"capture": ["log"]}, "mariadb"),
    Mode(
        "table",
        {
            "capture": ["table"],
            "change_table": {"table": "log_perubahan", "table_column": "nama_tabel", "key_column": "id_baris"},
        },
        also=CHANGE_LOG,
    ),
    Mode("scan", {"capture": ["scan"], "scan": {"every": "200 ms", "rows_per_second": 100_000}}),
)


def latency(ground: Ground) -> list[Figure]:
    changes = 15 if ground.quick else 200
    figures = []
    for adapter in ground.adapters[-1:]:
        takers: list[tuple[str, Callable[[], list[float]]]] = [
            ("bare LISTEN loop", lambda adapter=adapter: bare_loop(ground, adapter, changes))  # type: ignore[misc]
        ]
        for mode in MODES[:1] if ground.quick else MODES:
            takers.append(
                (mode.name, lambda mode=mode, adapter=adapter: by_mode(ground, mode, adapter, changes))  # type: ignore[misc]
            )
        seen: dict[str, list[list[float]]] = {name: [] for name, _ in takers}
        skipped: dict[str, str] = {}
        for _ in range(ground.repeat):
            for name, take in takers:
                if name in skipped:
                    continue
                try:
                    seen[name].append(take())
                except (RuntimeError, OSError) as error:
                    skipped[name] = str(error)
                    ground.tell(f"latency: {name}: {error}")
                else:
                    last = seen[name][-1]
                    ground.tell(f"latency: {name}: p50 {at(last, 0.5):.0f} ms, p99 {at(last, 0.99):.0f} ms")
        for name, runs in seen.items():
            for share, label in ((0.5, "p50"), (0.99, "p99")):
                samples = [at(run, share) for run in runs]
                facts = {"changes": changes, "adapter": adapter, "poll_s": POLL_S, "quiet_period": 0}
                figures.append(
                    Figure("commit to request", f"{name}: {label}", "ms", samples, facts, skipped.get(name, ""))
                )
    return figures


def at(milliseconds: list[float], share: float) -> float:
    ordered = sorted(milliseconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def bare_loop(ground: Ground, adapter: str, changes: int) -> list[float]:
    run = ground.bkn.new_run()
    simpeg = ground.new_simpeg()
    with psycopg.connect(simpeg.url, autocommit=True) as connection:
        connection.execute(listen.TRIGGER)
    argv = ground.python("bench.listen", adapter, simpeg.url, ground.bkn.url(run))
    with Running(argv, ground.bkn.folder) as loop, committing(simpeg.url) as commit:
        time.sleep(2.0)
        return measured(ground, run, commit, changes, loop)


def by_mode(ground: Ground, mode: Mode, adapter: str, changes: int) -> list[float]:
    run = ground.bkn.new_run()
    url = prepared_source(ground, mode)
    ours = new_engine(
        bkn_url=ground.bkn.url(run),
        source_url=url,
        ledger_url=None,
        in_flight=16,
        adapter=adapter,
        changes={**FAST, "source": {"poll": f"{POLL_S * 1000:g} ms", **mode.source}},
    )
    try:
        ours.prepare()
        ours.know(ground.new_simpeg().nips(WARM_UP + changes))
        with ours.start("run") as daemon, committing(url) as commit:
            daemon.ready_after_s()
            time.sleep(1.0)
            return measured(ground, run, commit, changes, daemon)
    finally:
        ours.remove()
        if mode.name == "wal":
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active"
                )


def prepared_source(ground: Ground, mode: Mode) -> str:
    if mode.database == "mariadb":
        url = ground.mariadb.create_database()
        with ground.mariadb.connect(sa.make_url(url).database) as connection, connection.cursor() as cursor:
            cursor.execute(MARIADB_SCHEMA)
        return url
    simpeg = ground.new_simpeg()
    if mode.also:
        with psycopg.connect(simpeg.url, autocommit=True) as connection:
            connection.execute(mode.also)
    return simpeg.url


def measured(ground: Ground, run: str, commit: Callable[[int], float], changes: int, process: Running) -> list[float]:
    """Milliseconds of each change. Raises RuntimeError when not all arrive."""
    chance = random.Random(SEED)
    for number in range(1, WARM_UP + 1):
        commit(number)
        time.sleep(chance.uniform(0.5, 1.5) * PAUSE_S)
    if not ground.bkn.wait_for(run, WARM_UP, limit_s=ARRIVAL_LIMIT_S):
        raise RuntimeError("the first changes did not arrive" + ("" if process.is_running() else ": it has ended"))
    committed = {}
    for number in range(WARM_UP + 1, WARM_UP + changes + 1):
        committed[record(number)] = commit(number)
        # Not in step with anybody's poll.
        time.sleep(chance.uniform(0.5, 1.5) * PAUSE_S)
    if not ground.bkn.wait_for(run, WARM_UP + changes, limit_s=ARRIVAL_LIMIT_S):
        raise RuntimeError(f"{ground.bkn.count(run)} of {WARM_UP + changes} changes arrived")
    began = {seen.record: seen.began for seen in reversed(ground.bkn.books(run).saves)}
    return [max(0.0, began[name] - at) * 1000 for name, at in committed.items()]


@contextmanager
def committing(url: str) -> Iterator[Callable[[int], float]]:
    """Gives a function that adds a row in a transaction of its own and tells when it was committed."""
    if url.startswith("postgresql"):
        with psycopg.connect(url) as connection:

            def commit(number: int) -> float:
                connection.execute(FILL, {"first": number, "last": number})
                connection.commit()
                return time.time()

            yield commit
        return
    parsed = sa.make_url(url)
    names = ", ".join(["%s"] * len(COLUMNS.split(",")))
    with pymysql.connect(
        host=parsed.host, port=parsed.port or 3306, user=parsed.username, password=parsed.password or "",
        database=parsed.database,
    ) as maria:  # fmt: skip

        def commit_there(number: int) -> float:
            with maria.cursor() as cursor:
                nip = f"{19600101 + number % 28}201001{1}{number:03d}"
                cursor.execute(
                    f"INSERT INTO {TABLE} ({COLUMNS}) VALUES ({names})",
                    (number, nip, f"Pelatihan {number}", "BPSDM", record(number), "3", 20, "2024-01-30", "2024-01-31"),
                )
            maria.commit()
            return time.time()

        yield commit_there
