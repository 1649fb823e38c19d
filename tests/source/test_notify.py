"""SIMPEG's commit is noticed at once where the change log notifies, by polling where it does not, and SIMPEG pays for
neither with an error."""

import contextlib
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from tests.servers import PostgresServer
from tests.small_simpeg import LIMITS, Simpeg, add_kursus, kursus

from simpeg_sync.domain.change import SourceKey
from simpeg_sync.source.connect import open_reading
from simpeg_sync.source.listening import Listener
from simpeg_sync.source.log_woken import WokenLogCapture
from simpeg_sync.source.notify import channel, resting_lock
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.triggers import install, remove, status

from .pooler import pooler_before

TELLING = LogSettings(notifies=True)
POLL_S = 30.0
SOON_S = 10.0
"""Far below the poll; what is noticed at all is noticed in milliseconds, but the machine may be busy."""


class UsualServer(PostgresServer):
    """PostgreSQL as it comes: no prepared transactions."""

    def _command(self) -> list[str]:
        return [*super()._command(), "-c", "max_prepared_transactions=0"]


@pytest.fixture(scope="module")
def usual() -> Iterator[PostgresServer]:
    with contextlib.closing(UsualServer()) as server:
        yield server


@pytest.fixture
def telling(usual: PostgresServer) -> Iterator[Simpeg]:
    simpeg = Simpeg(usual.create_database())
    simpeg.install(TELLING)
    yield simpeg
    simpeg.close()


class Watcher:
    """Looks when it is told or the poll is over, as the daemon's intake does."""

    def __init__(self, simpeg: Simpeg, *, url: str = "", poll_s: float = POLL_S) -> None:
        self.reading = open_reading(url or simpeg.url, LIMITS)
        self.capture = WokenLogCapture(self.reading, simpeg.writing, simpeg.feeds, TELLING)
        self.simpeg, self.poll_s = simpeg, poll_s
        self.cursor = self.capture.start()
        self.found: queue.Queue[tuple[str, SourceKey]] = queue.Queue()
        self.is_ending = False
        self.looks = 0
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self.is_ending:
            batch = self.capture.changes(self.cursor, limit=1000)
            self.cursor = batch.cursor
            self.looks += 1
            for change in batch.changes:
                self.found.put((str(change.feed), change.key))
            if not batch.more:
                self.capture.wait(self.poll_s)

    def __enter__(self) -> "Watcher":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_ending = True
        self.capture.interrupt()
        self.thread.join(SOON_S)
        assert not self.thread.is_alive()
        self.reading.dispose()

    def until_resting(self) -> None:
        until(lambda: resting(self.simpeg) == 1)

    def finds(self, *ids: int) -> None:
        wanted, end = kursus(*ids), time.monotonic() + SOON_S
        while wanted:
            wanted.discard(self.found.get(timeout=max(0.0, end - time.monotonic())))


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON_S
    while not is_so():
        assert time.monotonic() < end, "it never came to that"
        threading.Event().wait(0.005)


def resting(simpeg: Simpeg) -> int:
    """How many sessions hold the lock for themselves."""
    number = resting_lock(TELLING)
    [(count,)] = simpeg.ask(
        "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database AND d.datname = current_database() "
        f"WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted "
        f"AND (classid::bigint << 32 | objid::bigint) = {number}"
    )
    return int(count)


def listening(simpeg: Simpeg) -> list[tuple[Any, ...]]:
    return simpeg.ask(
        "SELECT pid, state, xact_start, backend_xmin FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'simpeg-sync' "
        "AND (query LIKE 'LISTEN%' OR query LIKE '%advisory%')"
    )


def test_a_commit_is_noticed_long_before_the_next_poll(telling: Simpeg) -> None:
    with Watcher(telling) as watcher:
        watcher.until_resting()
        for number in range(1, 6):
            telling.run(add_kursus(number))
            watcher.finds(number)


def test_idle_it_looks_no_more_often_than_polling_would(telling: Simpeg) -> None:
    with Watcher(telling) as watcher:
        watcher.until_resting()
        telling.run(add_kursus(1))
        watcher.finds(1)
        watcher.until_resting()
        assert watcher.looks <= 5


def test_no_transaction_stays_open_and_nothing_can_be_written_while_it_waits(telling: Simpeg) -> None:
    with Watcher(telling) as watcher:
        watcher.until_resting()
        telling.run("ALTER TABLE kursus ADD COLUMN baru TEXT")
        [(_, state, began, xmin)] = listening(telling)
        assert (state, began, xmin) == ("idle", None, None)


def test_a_lost_connection_is_made_again_and_nothing_is_missed(telling: Simpeg) -> None:
    with Watcher(telling) as watcher:
        watcher.until_resting()
        for number in range(1, 5, 2):
            [(pid, *_)] = listening(telling)
            telling.run(f"SELECT pg_terminate_backend({pid})", add_kursus(number))
            watcher.finds(number)
            watcher.until_resting()
            telling.run(add_kursus(number + 1))
            watcher.finds(number + 1)


def test_what_was_written_while_it_was_awake_is_seen_when_it_is_committed(telling: Simpeg) -> None:
    """Such a transaction notifies nobody, so nobody may rest before its end."""
    slow = telling.writer()
    slow.exec_driver_sql(add_kursus(1))
    with Watcher(telling) as watcher:
        telling.run(add_kursus(2))
        watcher.finds(2)
        assert resting(telling) == 0
        slow.commit()
        watcher.finds(1)
        watcher.until_resting()


def test_a_rolled_back_change_keeps_nobody_awake(telling: Simpeg) -> None:
    slow = telling.writer()
    slow.exec_driver_sql(add_kursus(1))
    with Watcher(telling) as watcher:
        until(lambda: watcher.looks > 1)
        slow.rollback()
        watcher.until_resting()
        telling.run(add_kursus(2))
        watcher.finds(2)


@pytest.mark.parametrize("seed", range(3))
def test_many_writers_at_once_are_all_noticed(telling: Simpeg, seed: int) -> None:
    print("seed", seed)  # noqa: T201  # to play it again
    committed: list[int] = []

    def write(writer: int) -> None:
        chance = random.Random(f"{seed} {writer}")
        with telling.application.connect() as connection:
            for number in range(writer * 1000, writer * 1000 + 40):
                connection.exec_driver_sql(add_kursus(number))
                if chance.random() < 0.3:
                    connection.exec_driver_sql("SELECT pg_sleep(0.002)")
                if chance.random() < 0.2:
                    connection.rollback()
                else:
                    connection.commit()
                    committed.append(number)

    with Watcher(telling) as watcher:
        writers = [threading.Thread(target=write, args=(number,)) for number in range(1, 7)]
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
        watcher.finds(*committed)


def test_stopping_does_not_wait_for_the_poll(telling: Simpeg) -> None:
    with Watcher(telling) as watcher:
        watcher.until_resting()
        began = time.monotonic()
        watcher.is_ending = True
        watcher.capture.interrupt()
        watcher.thread.join(SOON_S)
        assert time.monotonic() - began < 0.5


def test_stopping_does_not_wait_while_there_is_no_connection(telling: Simpeg) -> None:
    with pooler_before(telling.url) as url, Watcher(telling, url=url) as watcher:
        until(lambda: watcher.looks > 0)
        began = time.monotonic()
    assert time.monotonic() - began < 0.5


def test_behind_a_pooler_it_polls_and_leaves_nothing_in_the_pooled_connection(telling: Simpeg) -> None:
    with pooler_before(telling.url) as url, Watcher(telling, url=url, poll_s=0.05) as watcher:
        telling.run(add_kursus(1))
        watcher.finds(1)
        assert resting(telling) == 0 and listening(telling) == []
        state = watcher.capture.state(None)
        assert state.facts["noticed"] == "by polling" and "a pooler" in state.polled_because
        assert state.problems == []


def test_a_log_of_an_older_version_is_polled_and_can_be_renewed(usual: PostgresServer) -> None:
    simpeg = Simpeg(usual.create_database())
    simpeg.install()
    with Watcher(simpeg, poll_s=0.05) as watcher:
        simpeg.run(add_kursus(1))
        watcher.finds(1)
        assert "simpeg-sync source install" in watcher.capture.state(None).polled_because
        [missing] = status(simpeg.reading, simpeg.feeds, TELLING).missing
        assert missing.startswith("simpeg_sync_log: ")
        before = set(simpeg.ask("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"))
        simpeg.install(TELLING)
        assert before < set(simpeg.ask("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"))
        state = watcher.capture.state(None)
        assert (state.facts["noticed"], state.polled_because, state.problems) == ("at once", "", [])
        watcher.poll_s = POLL_S
        watcher.until_resting()
        simpeg.run(add_kursus(2))
        watcher.finds(2)
    simpeg.close()


def test_what_notifies_goes_when_it_is_not_wanted_any_more(telling: Simpeg) -> None:
    assert len(status(telling.writing, telling.feeds, LogSettings()).outdated) == 1
    assert install(telling.writing, telling.feeds, LogSettings()).is_complete
    telling.run(add_kursus(1))
    telling.install(TELLING)
    remove(telling.writing, LogSettings())
    assert telling.ask("SELECT proname FROM pg_proc WHERE proname LIKE 'simpeg%'") == []


# What SIMPEG must not feel.


def rest(simpeg: Simpeg) -> sa.Connection:
    """As the daemon does, so that every change is to be notified."""
    connection = simpeg.writer()
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({resting_lock(TELLING)})")
    connection.commit()
    return connection


def test_a_prepared_transaction_of_simpeg_is_not_refused(pg: Simpeg) -> None:
    """PostgreSQL prepares no transaction that has notified; no trigger could catch that error."""
    pg.install(TELLING)
    rest(pg)
    pg.run("SELECT 1")
    with pg.application.connect() as application:
        application.exec_driver_sql(add_kursus(1))
        application.exec_driver_sql("PREPARE TRANSACTION 'berdua'")
        application.rollback()
    with pg.application.connect().execution_options(isolation_level="AUTOCOMMIT") as application:
        application.exec_driver_sql("COMMIT PREPARED 'berdua'")
    assert pg.ask("SELECT id FROM kursus") == [(1,)]
    capture = WokenLogCapture(pg.reading, pg.writing, pg.feeds, TELLING)
    assert "max_prepared_transactions" in capture.state(None).polled_because


@pytest.mark.parametrize("function", ["pg_notify(text, text)", "pg_try_advisory_xact_lock_shared(bigint)"])
def test_a_right_that_was_taken_away_costs_the_notification_alone(telling: Simpeg, function: str) -> None:
    owner = f"o_{sa.make_url(telling.url).database}"
    telling.run(
        f"CREATE ROLE {owner}", f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {owner}",
        *(f"ALTER FUNCTION {name}() OWNER TO {owner}" for (name,) in telling.ask(
            "SELECT quote_ident(proname) FROM pg_proc WHERE proname LIKE 'simpeg_sync%'")),
        f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC",
    )  # fmt: skip
    rest(telling)
    telling.run(add_kursus(1))
    assert telling.ask("SELECT count(*) FROM simpeg_sync_log WHERE table_name = 'kursus'") == [(1,)]


def test_nobody_is_notified_while_the_daemon_is_awake(telling: Simpeg) -> None:
    with telling.application.connect().execution_options(isolation_level="AUTOCOMMIT") as ears:
        ears.exec_driver_sql(f"LISTEN {channel(TELLING)}")
        driver: Any = ears.connection.driver_connection
        telling.run(add_kursus(1))
        assert list(driver.notifies(timeout=0.1)) == []
        rest(telling)
        telling.run(add_kursus(2), add_kursus(3))
        assert len(list(driver.notifies(timeout=SOON_S, stop_after=1))) == 1


def test_mariadb_cannot_be_told_and_says_so(maria: Simpeg) -> None:
    maria.install(TELLING)
    state = maria.capture(TELLING).state(None)
    assert "only PostgreSQL notifies" in state.polled_because


def test_a_server_that_is_away_is_a_pause(telling: Simpeg) -> None:
    nowhere = sa.make_url(telling.url).set(port=1).render_as_string(hide_password=False)
    listener = Listener(open_reading(nowhere, LIMITS), TELLING)
    assert listener.wait(0.01) is False
    assert "not reachable" in listener.why_not()
