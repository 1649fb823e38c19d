"""Fault matrix rows 1 and 2: writers commit in another order than they began, and some never do."""

import itertools
import json
import random
import time
from collections.abc import Iterator

import pytest
from tests.small_simpeg import LIMITS, Follower, Simpeg, add_kursus, kursus

from simpeg_sync.domain.change import key_parts
from simpeg_sync.source.connect import open_reading
from simpeg_sync.source.log_ids import IdCursor
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.transactions import Transactions


@pytest.fixture
def follower(served: Simpeg) -> Iterator[Follower]:
    served.install()
    yield Follower(served)


def gaps(follower: Follower) -> int:
    return sum(gap.size for gap in IdCursor.from_text(follower.cursor).position.gaps)


def look_until_no_gap(follower: Follower) -> None:
    """The server renews its list of transactions ten times a second, so the proof needs some looks."""
    for _ in range(200):
        if gaps(follower) == 0:
            return
        follower.look()
        time.sleep(0.05)
    raise AssertionError("the gap was not closed")


def test_a_transaction_held_open_stalls_nobody_and_loses_nothing(served: Simpeg, follower: Follower) -> None:
    with served.application.connect() as slow:
        slow.exec_driver_sql(add_kursus(1))
        for id_ in range(2, 12):
            served.run(add_kursus(id_))
            assert follower.look() == kursus(id_)
        assert follower.look() == set()
        slow.exec_driver_sql(add_kursus(20))
        slow.commit()
    assert follower.look() == kursus(1, 20)
    assert follower.look() == set()


def test_a_bare_id_above_cursor_would_lose_the_slow_one(maria: Simpeg) -> None:
    """The reason for all of this."""
    maria.install()
    with maria.application.connect() as slow:
        slow.exec_driver_sql(add_kursus(1))
        maria.run(add_kursus(2))
        [(cursor,)] = maria.ask("SELECT MAX(id) FROM simpeg_sync_log")
        slow.commit()
    later = maria.ask(f"SELECT new_key FROM simpeg_sync_log WHERE id > {cursor}")
    assert later == []
    assert len(maria.ask("SELECT 1 FROM simpeg_sync_log WHERE new_key LIKE '%\"1\"%'")) == 1


def test_the_greatest_finished_transaction_id_would_be_no_proof(pg: Simpeg) -> None:
    """Why a gap on PostgreSQL could not be proved dead by the snapshot's xmax: the writer may lie above
    it."""
    with pg.application.connect() as first, pg.application.connect() as slow:
        first.exec_driver_sql(add_kursus(1))
        slow.exec_driver_sql(add_kursus(2))
        writer = int(slow.exec_driver_sql("SELECT CAST(pg_current_xact_id() AS text)").scalar_one())
        first.commit()
        [(xmax,)] = pg.ask("SELECT CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text)")
        [(xmin,)] = pg.ask("SELECT CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text)")
        assert int(xmin) >= int(xmax) <= writer  # "burnt", and its writer is still there


def test_what_was_open_at_the_start_comes(served: Simpeg) -> None:
    served.install()
    with served.application.connect() as slow:
        slow.exec_driver_sql(add_kursus(1))
        served.run(add_kursus(2))
        follower = Follower(served)
        slow.commit()
    assert follower.look() == kursus(1)


def test_savepoints_rolled_back_inside_a_transaction_lose_nothing(served: Simpeg, follower: Follower) -> None:
    with served.application.connect() as slow:
        slow.exec_driver_sql(add_kursus(1))
        inner = slow.begin_nested()
        slow.exec_driver_sql(add_kursus(2))
        inner.rollback()
        served.run(add_kursus(3))
        assert follower.look() == kursus(3)
        slow.exec_driver_sql(add_kursus(4))
        slow.commit()
    assert follower.look() == kursus(1, 4)


def test_a_rolled_back_bulk_insert_is_burnt_at_once_by_proof(maria: Simpeg) -> None:
    maria.install()
    follower = Follower(maria, clock=lambda: 0.0)  # no time passes, so no time limit helps
    with maria.application.connect() as slow, maria.application.connect() as bulk:
        for id_ in range(100, 400):
            bulk.exec_driver_sql(add_kursus(id_))
        slow.exec_driver_sql(add_kursus(1))
        bulk.rollback()
        maria.run(add_kursus(2))
        assert follower.look() == kursus(2)
        assert gaps(follower) == 301
        for _ in range(5):
            follower.look()
        assert gaps(follower) == 301  # the slow one still runs, and shares their range
        slow.commit()
    look_until_no_gap(follower)
    maria.run(add_kursus(3))
    assert follower.look() == kursus(3)


def test_a_slow_one_is_found_after_any_number_of_looks(maria: Simpeg) -> None:
    maria.install()
    follower = Follower(maria, clock=lambda: 0.0)
    with maria.application.connect() as slow:
        slow.exec_driver_sql(add_kursus(1))
        maria.run(add_kursus(2))
        follower.look()
        for _ in range(20):
            follower.look()
            time.sleep(0.05)  # the server renews its list meanwhile, so the proof has its chances to be wrong
        slow.commit()
    assert follower.look() == kursus(1)
    assert gaps(follower) == 0


def test_a_stale_list_of_transactions_is_no_answer(maria: Simpeg) -> None:
    """Whoever reads the list all the time keeps it from being renewed."""
    ticks = itertools.count(step=1.0)
    transactions = Transactions(open_reading(maria.url, LIMITS), clock=lambda: next(ticks))
    fresh = []
    with maria.application.connect() as other:
        for _ in range(40):
            other.exec_driver_sql("SELECT COUNT(*) FROM information_schema.innodb_trx").all()
            fresh.append(transactions.look() is not None)
    assert not any(fresh[1:])
    time.sleep(0.3)
    assert transactions.look() is not None


@pytest.mark.parametrize(
    ("then", "now", "ended"),
    [
        ([["1", "7", "t"]], [], True),
        ([["1", "7", "t"]], [["2", "7", "u"], ["3", "8", "t"]], True),
        ([["1", "7", "t"]], [["1", "0", "t"]], False),
        ([["1", "7", "t"]], [["9", "7", "t"]], False),
        ([], [["1", "7", "t"]], True),
    ],
)
def test_a_transaction_is_known_by_its_id_or_by_thread_and_start(
    then: list[list[str]], now: list[list[str]], ended: bool
) -> None:
    assert Transactions.have_ended(json.dumps(then), json.dumps(now)) is ended


def test_without_the_process_right_a_gap_ends_by_time(maria: Simpeg, mariadb: object) -> None:
    maria.install()
    now = [0.0]
    follower = Follower(maria, LogSettings(gap_limit_s=60), clock=lambda: now[0])
    follower.capture._log._transactions._is_allowed = False  # type: ignore[attr-defined]
    with maria.application.connect() as bulk:
        bulk.exec_driver_sql(add_kursus(1))
        maria.run(add_kursus(2))
        bulk.rollback()
    follower.look()
    now[0] = 59.0
    follower.look()
    assert gaps(follower) == 1
    now[0] = 61.0
    follower.look()
    assert gaps(follower) == 0


def test_purge_leaves_what_a_slow_writer_may_still_fill(served: Simpeg, follower: Follower) -> None:
    with served.application.connect() as slow:
        slow.exec_driver_sql(add_kursus(1))
        served.run(*(add_kursus(id_) for id_ in range(2, 9)))
        follower.look()
        follower.capture.purge(follower.cursor, keep_s=0, limit=100)
        slow.commit()
    assert follower.look() == kursus(1)
    follower.capture.purge(follower.cursor, keep_s=0, limit=100)
    assert follower.look() == set()


def test_pages_of_a_window_with_open_writers(served: Simpeg, follower: Follower) -> None:
    with served.application.connect() as slow:
        for id_ in range(1, 40):
            slow.exec_driver_sql(add_kursus(id_))
            served.run(add_kursus(1000 + id_))
        assert follower.look(limit=7) == kursus(*range(1001, 1040))
        slow.commit()
    assert follower.look(limit=7) == kursus(*range(1, 40))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_order_of_writers_looks_and_purges_nothing_is_lost(served: Simpeg, seed: int) -> None:
    """Random writers on the real engine: every committed row is marked, and no rolled-back one is waited
    for."""
    chance = random.Random(seed)
    served.install()
    settings = LogSettings(gaps_max=chance.choice([2, 5, 1000]))
    follower, marked, committed = Follower(served, settings, clock=lambda: 0.0), set[int](), set[int]()
    writers = [(served.writer(), set[int]()) for _ in range(5)]

    def look() -> None:
        marked.update(int(key_parts(key)[0]) for _, key in follower.look(limit=chance.choice([1, 3, 100])))

    for id_ in range(1, 120):
        connection, mine = chance.choice(writers)
        match chance.choice(["write", "write", "write", "commit", "rollback", "look", "purge", "restart"]):
            case "write":
                connection.exec_driver_sql(add_kursus(id_))
                mine.add(id_)
            case "commit":
                connection.commit()
                committed |= mine
                mine.clear()
            case "rollback":
                connection.rollback()
                mine.clear()
            case "look":
                look()
            case "purge":
                follower.capture.purge(follower.cursor, keep_s=0, limit=chance.randint(1, 20))
            case "restart":
                cursor = follower.cursor
                follower = Follower(served, settings, clock=lambda: 0.0)
                follower.cursor = cursor
    for connection, mine in writers:
        connection.commit()
        committed |= mine
    for _ in range(100):
        look()
        if marked == committed:
            break
        time.sleep(0.05)
    assert marked == committed
