"""The ledger's disk, file, server and process fail. What was acknowledged is there; what failed left nothing."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url

from simpeg_sync.domain.errors import LedgerBusy, LedgerDown, LedgerUnfit
from simpeg_sync.domain.move import Move
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import BknId
from simpeg_sync.domain.status import Status
from simpeg_sync.ledger import engine as engine_module
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.lock import alone
from tests.servers import PostgresServer

from .conftest import OpenDesk, make_ledger
from .desk import KURSUS, SETTLE_S, Desk, child, key, line_of


def file_of(url: str) -> Path:
    return Path(str(make_url(url).database))


class Disk:
    """How many pages the ledger's file may have; from now on, on every connection."""

    def __init__(self, desk: Desk) -> None:
        self.pages = 10_000_000
        event.listen(desk.engine, "begin", lambda connection: connection.exec_driver_sql(self.limit()).close())

    def limit(self) -> str:
        return f"PRAGMA max_page_count = {self.pages}"


def test_a_full_disk_stores_nothing_by_half_and_the_ledger_goes_on_when_there_is_space(sqlite_desk: Desk) -> None:
    desk, disk = sqlite_desk, Disk(sqlite_desk)
    claim, record = desk.taken()
    disk.pages = desk.number("PRAGMA page_count") + 1
    many = [f"{n}-{'x' * 500}" for n in range(200)]
    with pytest.raises(LedgerDown, match="disk is full"):
        desk.mark(*many, cursor=("source", "9"))
    assert desk.number("SELECT count(*) FROM records") == 1
    assert desk.ledger.cursor("source") is None
    disk.pages = 10_000_000
    desk.mark(*many, cursor=("source", "9"))
    assert desk.number("SELECT count(*) FROM records") == 201
    desk.ledger.finish(claim, record, Move.unchanged())
    assert desk.rows("PRAGMA integrity_check")[0]["integrity_check"] == "ok"


def test_a_disk_that_is_full_before_the_intent_lets_nothing_leave(sqlite_desk: Desk) -> None:
    desk, disk = sqlite_desk, Disk(sqlite_desk)
    claim, record = desk.taken()
    intent = desk.intent(record, "d" * 100_000)
    disk.pages = desk.number("PRAGMA page_count")
    with pytest.raises(LedgerDown, match="disk is full"):
        desk.ledger.begin_attempt(claim, intent)
    assert desk.ledger.open_attempt(record) is None
    assert desk.status() is Status.WORKING
    disk.pages = 10_000_000
    assert desk.ledger.begin_attempt(claim, intent).number == 1


def test_a_disk_that_is_full_after_the_answer_leaves_the_write_uncertain(sqlite_desk: Desk) -> None:
    desk, disk = sqlite_desk, Disk(sqlite_desk)
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    disk.pages = desk.number("PRAGMA page_count")
    big = {f"field-{n}": "h" * 100 for n in range(1000)}
    proved = Move.proved(
        BknId("b"), digest=attempt.digest, confirmed=big, more_to_do=False, now=desk.clock.at, wakes=()
    )
    with pytest.raises(LedgerDown):
        desk.ledger.end_attempt(claim, record, attempt, Outcome.accepted(BknId("b")), proved)
    disk.pages = 10_000_000
    assert desk.ledger.recover(claim) == 1
    desk.ledger.release(claim)
    assert (desk.status(), desk.ledger.open_attempt(record)) == (Status.UNCERTAIN, attempt)


def test_a_ledger_that_may_only_be_read_says_so_and_can_still_be_looked_at(sqlite_desk: Desk) -> None:
    sqlite_desk.mark("1")
    event.listen(sqlite_desk.engine, "begin", lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))
    with pytest.raises(LedgerDown, match="cannot be written"):
        sqlite_desk.mark("2")
    assert sqlite_desk.status() is Status.WAITING


def test_another_process_that_keeps_the_write_lock_is_waited_for_and_then_named(
    sqlite_url: str, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_LIMIT_MS", 50)
    desk = open_desk(sqlite_url)
    with closing(sqlite3.connect(file_of(sqlite_url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerDown, match="SQLITE_BUSY"):
            desk.mark("1")
        assert desk.ledger.find(KURSUS, key("1")) is None
        other.execute("ROLLBACK")
    desk.mark("1")
    assert desk.status() is Status.WAITING


WRITE_MANY = """
import sys
from tests.ledger.desk import ManualClock
from tests.ledger.desk import Desk
desk = Desk(sys.argv[1], ManualClock(), "child")
for number in range(int(sys.argv[2])):
    desk.mark(f"child-{number}", cursor=("child", str(number)))
    print(number, flush=True)
"""


def test_two_processes_that_write_at_once_both_come_through(sqlite_desk: Desk) -> None:
    with child(WRITE_MANY, sqlite_desk.url, "150") as other:
        assert line_of(other) == "0"
        for number in range(150):
            sqlite_desk.mark(f"ours-{number}")
        assert other.communicate(timeout=30)[0].split()[-1] == "149"
    assert other.returncode == 0
    assert sqlite_desk.number("SELECT count(*) FROM records") == 300


@pytest.mark.parametrize("acknowledged", [1, 37, 120])
def test_what_was_acknowledged_survives_kill_9_in_the_middle_of_writing(
    url: str, open_desk: OpenDesk, acknowledged: int
) -> None:
    with child(WRITE_MANY, url, "1000000") as writer:
        last = ""
        for _ in range(acknowledged):
            last = line_of(writer)
        writer.kill()
        assert writer.stdout is not None
        # What it still said before it died counts as acknowledged too.
        last = (last + "\n" + writer.stdout.read()).strip().splitlines()[-1]
    desk = open_desk(url)
    stored = {row["source_key"] for row in desk.rows("SELECT source_key FROM records")}
    assert stored >= {key(f"child-{number}") for number in range(int(last))}
    assert desk.ledger.cursor("child") == str(len(stored) - 1), "the cursor stands where the marks end"
    if desk.engine.dialect.name == "sqlite":
        assert desk.rows("PRAGMA integrity_check")[0]["integrity_check"] == "ok"


# ------------------------------------------------------------------------------------------------ the file itself


def test_a_missing_ledger_is_not_made_by_accident(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnfit, match=r"there is no ledger at .*db upgrade.*operations"):
        open_engine(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_ledger_in_memory_is_refused(url: str) -> None:
    with pytest.raises(LedgerUnfit, match="needs a file"):
        open_engine(url, create=True)


def test_a_folder_that_is_not_there_is_named_as_a_problem_of_writing(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnfit, match=r"cannot be made.*correct the folder"):
        make_ledger(f"sqlite:///{tmp_path}/none/ledger.db")


@pytest.mark.parametrize("content", [b"%PDF-1.7 not a ledger at all" * 400, b"SQLite format 3\x00" + b"\xff" * 9000])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    for use in (schema.check, schema.upgrade):
        engine = open_engine(f"sqlite:///{path}")
        with pytest.raises(LedgerUnfit, match=r"damaged.*operations"):
            use(engine)
    assert path.read_bytes() == content


def test_an_empty_file_is_no_ledger_yet(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    with pytest.raises(LedgerUnfit, match=r"no ledger yet.*db upgrade"):
        schema.check(open_engine(f"sqlite:///{tmp_path}/ledger.db"))


@pytest.mark.parametrize("how", ["bytes flipped", "cut short"])
def test_a_damaged_ledger_is_refused_before_work_begins(sqlite_desk: Desk, open_desk: OpenDesk, how: str) -> None:
    sqlite_desk.mark(*(f"{n}-{'x' * 200}" for n in range(500)))
    sqlite_desk.ledger.close()
    path = file_of(sqlite_desk.url)
    whole = path.read_bytes()
    assert len(whole) > 100_000
    half = len(whole) // 2
    path.write_bytes(whole[:half] if how == "cut short" else whole[:half] + b"\xa5" * 20_000 + whole[half + 20_000 :])
    engine = open_engine(sqlite_desk.url)
    with pytest.raises(LedgerUnfit, match=r"damaged.*operations"):
        schema.check_file(engine)


def test_a_sound_ledger_is_sound(desk: Desk) -> None:
    desk.mark("1")
    schema.check_file(desk.engine)


# ------------------------------------------------------------------------------------------------ one daemon at a time

HOLD = """
import sys
import threading
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.lock import alone
with alone(open_engine(sys.argv[1])):
    print("held", flush=True)
    threading.Event().wait()
"""


def test_a_second_daemon_is_told_at_once_and_a_killed_one_frees_the_ledger(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    with child(HOLD, desk.url) as holder:
        assert line_of(holder) == "held"
        with pytest.raises(LedgerBusy, match="another instance"), alone(desk.engine):
            pass
        holder.kill()
        holder.wait(10)
    with alone(desk.engine):
        pass


def test_daemons_on_postgresql_work_side_by_side(postgres_desk: Desk) -> None:
    with child(HOLD, postgres_desk.url) as holder:
        assert line_of(holder) == "held"
        with alone(postgres_desk.engine):
            pass
        holder.kill()


def test_a_lock_is_free_again_after_an_orderly_end_and_after_an_error(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError), alone(desk.engine):
        1 / 0  # noqa: B018
    with alone(desk.engine):
        pass
    with alone(desk.engine):
        pass


def test_a_lock_that_cannot_be_made_is_a_sentence(sqlite_desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "ledger.db.lock").mkdir()
    with pytest.raises(LedgerUnfit, match="owner or rights"), alone(sqlite_desk.engine):
        pass


# ------------------------------------------------------------------------------------------------ PostgreSQL goes away


def end_sessions(desk: Desk, server: PostgresServer) -> None:
    with server.connect(str(make_url(desk.url).database)) as connection:
        connection.cursor().execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_connections_that_were_cut_while_idle_are_made_anew_without_a_word(
    postgres_desk: Desk, postgres: PostgresServer
) -> None:
    postgres_desk.mark("1")
    end_sessions(postgres_desk, postgres)
    postgres_desk.mark("2")
    end_sessions(postgres_desk, postgres)
    assert postgres_desk.status("2") is Status.WAITING


def test_a_connection_cut_in_mid_transaction_stores_nothing_and_the_next_one_works(
    postgres_desk: Desk, postgres: PostgresServer
) -> None:
    desk = postgres_desk
    desk.mark(cursor=("source", "1"))
    with ThreadPoolExecutor(1) as pool, postgres.connect(str(make_url(desk.url).database)) as third:
        third.autocommit = False
        third.cursor().execute("UPDATE cursors SET cursor = cursor")
        marking = pool.submit(desk.mark, "1", cursor=("source", "2"))
        desk.wait_for_blocked(1)
        third.cursor().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        with pytest.raises(LedgerDown):
            marking.result(10)
        third.rollback()
    assert desk.ledger.find(KURSUS, key("1")) is None
    assert desk.ledger.cursor("source") == "1"
    desk.mark("1", cursor=("source", "2"))
    assert desk.ledger.cursor("source") == "2"


def test_a_server_that_is_gone_is_said_and_what_it_acknowledged_is_there_when_it_is_back(
    postgres_desk: Desk, postgres: PostgresServer
) -> None:
    desk = postgres_desk
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    postgres.kill()
    try:
        uses: list[Any] = [
            lambda: desk.mark("2"),
            desk.ledger.claim,
            desk.ledger.recover,
            lambda: desk.ledger.find(KURSUS, key("1")),
            desk.reader.counts,
            lambda: schema.check(desk.engine),
        ]
        for use in uses:
            with pytest.raises(LedgerDown) as problem:
                use()
            assert postgres.password not in str(problem.value)
    finally:
        postgres.start()
    assert desk.ledger.recover(claim) == 1
    desk.ledger.release(claim)
    desk.clock.at += SETTLE_S
    assert desk.ledger.open_attempt(desk.claim().records[0]) == attempt
