"""Fault matrix rows 3 to 6 and 15: the source restarts, goes silent, closes idle connections, and alters its
tables."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pymysql
import pytest
from tests.servers import Server
from tests.small_simpeg import ANI, KURSUS, LIMITS, Follower, Simpeg, add_kursus, kursus

from simpeg_sync.domain.change import source_key
from simpeg_sync.domain.errors import SourceDown
from simpeg_sync.source.connect import open_reading, open_writing


class Case:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.simpeg = Simpeg(server.create_database())
        self.simpeg.install()

    def run(self, *statements: str) -> None:
        self.simpeg.application.dispose()  # the application reconnects; that is not what is tried here
        self.simpeg.run(*statements)


@pytest.fixture(params=["postgres", "mariadb"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    case = Case(request.getfixturevalue(request.param))
    yield case
    case.simpeg.close()


def test_a_restart_between_looks_loses_nothing(case: Case) -> None:
    follower = Follower(case.simpeg)
    case.run(add_kursus(1))
    first = follower.capture.changes(follower.cursor, limit=10)
    case.simpeg.ask("SELECT 1")
    case.server.kill()
    try:
        for _ in range(3):
            with pytest.raises(SourceDown, match="not reachable"):
                follower.capture.changes(first.cursor, limit=10)
    finally:
        case.server.start()
    case.run(add_kursus(2))
    follower.cursor = first.cursor
    found = follower.look() | {("kursus", change.key) for change in first.changes}
    assert found == kursus(1, 2)
    assert case.simpeg.source().persons(KURSUS, [source_key(["2"])]) == {source_key(["2"]): ANI}


def test_a_crash_with_open_writers_leaves_gaps_that_end(case: Case) -> None:
    follower = Follower(case.simpeg)
    slow = case.simpeg.application.connect()
    slow.exec_driver_sql(add_kursus(1))
    case.simpeg.run(add_kursus(2))
    assert follower.look() == kursus(2)
    if case.simpeg.dialect == "mariadb":
        case.simpeg.run("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
        case.simpeg.run(add_kursus(5))
    case.server.restart()
    slow.invalidate()
    slow.close()
    case.run(add_kursus(3))
    assert follower.look() - kursus(5) == kursus(3)


def test_a_killed_connection_costs_nothing(case: Case) -> None:
    follower = Follower(case.simpeg)
    follower.look()
    if case.simpeg.dialect == "postgresql":
        case.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'simpeg-sync'")
    else:
        for (thread,) in case.simpeg.ask("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()"):
            _kill(case, thread)
    case.run(add_kursus(1))
    assert follower.look() == kursus(1)


def _kill(case: Case, thread: int) -> None:
    with case.server.connect() as connection:
        try:
            connection.cursor().execute(f"KILL {thread}")
        except pymysql.MySQLError as error:  # it may have ended by itself, or be this very one
            assert error.args[0] in (1094, 1317, 2013)


def test_a_silent_server_is_given_up(case: Case) -> None:
    limits = replace(LIMITS, connect_timeout_s=2, statement_timeout_s=1)
    capture = Follower(case.simpeg)
    fresh = Simpeg(case.simpeg.url, schema=())
    fresh.reading = open_reading(case.simpeg.url, limits)
    with case.server.paused(), pytest.raises(SourceDown):
        fresh.capture().changes(capture.cursor, limit=10)
    fresh.close()
    assert capture.look() == set()


def test_nothing_of_ours_is_left_open_between_looks(case: Case) -> None:
    follower = Follower(case.simpeg)
    follower.look()
    case.simpeg.source().read(KURSUS, [source_key(["1"])])
    question = {
        "postgresql": "SELECT COUNT(*) FROM pg_stat_activity "
        "WHERE application_name = 'simpeg-sync' AND xact_start IS NOT NULL",
        "mariadb": "SELECT COUNT(*) FROM information_schema.innodb_trx",
    }[case.simpeg.dialect]
    assert case.simpeg.ask(question) == [(0,)]


def test_a_connection_that_lives_long_sees_new_rows(case: Case) -> None:
    engine = open_reading(case.simpeg.url, replace(LIMITS, pool_size=1))
    with engine.connect() as connection:
        for number in range(3):
            assert connection.exec_driver_sql("SELECT COUNT(*) FROM kursus").scalar_one() == number
            case.simpeg.run(add_kursus(number))
    engine.dispose()


def test_simpeg_can_alter_its_tables_while_we_look(case: Case) -> None:
    case.simpeg.run(*(add_kursus(id_) for id_ in range(50)))
    follower, source, end = Follower(case.simpeg), case.simpeg.source(), threading.Event()

    def poll() -> int:
        looks = 0
        while not end.is_set():
            follower.look()
            source.read(KURSUS, [source_key([str(id_)]) for id_ in range(50)])
            looks += sum(1 for _ in source.keys(KURSUS, page_size=10))
        return looks

    wait = "SET lock_timeout = '2s'" if case.simpeg.dialect == "postgresql" else "SET lock_wait_timeout = 2"
    with ThreadPoolExecutor(1) as pool:
        looks = pool.submit(poll)
        try:
            for number in range(5):
                case.simpeg.run(wait, f"ALTER TABLE kursus ADD COLUMN x{number} INTEGER")
        finally:
            end.set()
        assert looks.result(20) > 0


def test_idle_connections_closed_by_the_server_are_replaced(case: Case) -> None:
    engine = open_reading(case.simpeg.url, replace(LIMITS, pool_size=1))
    with engine.connect() as connection:
        own = "pg_backend_pid()" if case.simpeg.dialect == "postgresql" else "CONNECTION_ID()"
        number = connection.exec_driver_sql(f"SELECT {own}").scalar_one()
    end = f"SELECT pg_terminate_backend({number})" if case.simpeg.dialect == "postgresql" else f"KILL {number}"
    case.simpeg.run(end)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT {own}").scalar_one() != number
    engine.dispose()


def test_two_pollers_do_not_disturb_each_other(case: Case) -> None:
    first, second = Follower(case.simpeg), Follower(case.simpeg)
    case.simpeg.run(add_kursus(1))
    assert first.look() == second.look() == kursus(1)


def test_the_writing_side_waits_for_no_lock(case: Case) -> None:
    engine = open_writing(case.simpeg.url, replace(LIMITS, lock_timeout_s=1))
    lock = {
        "postgresql": "LOCK TABLE simpeg_sync_log IN ACCESS EXCLUSIVE MODE",
        "mariadb": "LOCK TABLES simpeg_sync_log WRITE",
    }[case.simpeg.dialect]
    follower = Follower(case.simpeg)
    follower.capture._log._writing = engine  # type: ignore[attr-defined]
    with case.simpeg.application.connect() as dba:
        dba.exec_driver_sql(lock)
        with pytest.raises(SourceDown, match="locked by somebody else"):
            follower.capture.purge(follower.cursor, keep_s=0, limit=10)
        if case.simpeg.dialect == "mariadb":
            dba.exec_driver_sql("UNLOCK TABLES")
    engine.dispose()
