"""How writes reach the disk: in groups on SQLite, one by one and repeated after a collision on PostgreSQL."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from simpeg_sync.domain.errors import IllegalMove, LedgerDown, LedgerUnfit
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.writer import COLLISIONS_MAX, DirectWriter, GroupWriter

from .desk import Desk

NOTE = text("INSERT INTO notes (name, value) VALUES (:name, 'x')")
Job = Callable[[Connection], Any]


@pytest.fixture
def group(sqlite_url: str) -> Iterator[GroupWriter]:
    writer = GroupWriter(open_engine(sqlite_url))
    yield writer
    writer.close()


def note(name: str) -> Job:
    return lambda c: c.execute(NOTE, {"name": name}).rowcount


def names(engine: Any) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT name FROM notes")).scalars())


@contextmanager
def held_up(writer: GroupWriter, jobs: list[Job]) -> Iterator[list[Future[Any]]]:
    """The jobs are handed in while the writer thread is busy with one before them."""
    runs, go = threading.Event(), threading.Event()
    handed_in = threading.Barrier(len(jobs) + 1)

    def until_told(_: Connection) -> bool:
        runs.set()
        return go.wait(10)

    def hand_in(job: Job) -> Any:
        handed_in.wait(10)
        return writer.write(job)

    with ThreadPoolExecutor(len(jobs) + 1) as pool:
        blocker = pool.submit(writer.write, until_told)
        assert runs.wait(10)
        futures = [pool.submit(hand_in, job) for job in jobs]
        handed_in.wait(10)
        for _ in range(1_000_000):
            if writer._orders.qsize() >= len(jobs):
                break
        go.set()
        assert blocker.result(10)
        yield futures


def test_what_many_threads_write_at_once_is_committed_together(group: GroupWriter) -> None:
    commits: list[int] = []
    event.listen(group._engine, "commit", lambda _: commits.append(1))
    with held_up(group, [note(str(n)) for n in range(40)]) as futures:
        assert [future.result(10) for future in futures] == [1] * 40
    assert names(group._engine) == {str(n) for n in range(40)}
    assert len(commits) == 2, "the one before, and all the others"


def raises(error: Exception) -> Job:
    def job(connection: Connection) -> None:
        connection.execute(NOTE, {"name": "half"})
        raise error

    return job


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        pytest.param(raises(ValueError("mine")), ValueError, id="its own error"),
        pytest.param(raises(IllegalMove("a", "b")), IllegalMove, id="an illegal move"),
        pytest.param(note("first"), LedgerUnfit, id="a broken constraint"),
        pytest.param(lambda c: c.execute(NOTE, {"name": object()}), LedgerUnfit, id="a value the driver refuses"),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_a_failing_job_is_undone_alone_and_says_why_to_its_caller_only(
    group: GroupWriter, bad: Job, expected: type[Exception], alone: bool
) -> None:
    group.write(note("first"))
    if alone:
        with pytest.raises(expected):
            group.write(bad)
        assert names(group._engine) == {"first"}
        return
    with held_up(group, [note("a"), bad, note("b")]) as (before, failing, after):
        assert before.result(10) == after.result(10) == 1
        with pytest.raises(expected):
            failing.result(10)
    assert names(group._engine) == {"first", "a", "b"}


def test_a_commit_that_fails_is_told_to_every_caller_and_leaves_nothing(group: GroupWriter) -> None:
    with group._engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE child (of INTEGER REFERENCES lanes (lane) DEFERRABLE INITIALLY DEFERRED)"
        )

    def orphan(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO child VALUES ('nobody')")

    with held_up(group, [note("a"), orphan]) as futures:
        for future in futures:
            with pytest.raises(LedgerUnfit):
                future.result(10)
    assert names(group._engine) == set()
    assert group.write(note("b")) == 1


def test_closing_writes_what_was_handed_in_and_then_refuses(group: GroupWriter) -> None:
    closing = threading.Thread(target=group.close)
    with held_up(group, [note(str(n)) for n in range(10)]) as futures:
        closing.start()
        assert [future.result(10) for future in futures] == [1] * 10
        closing.join(10)
    with pytest.raises(LedgerDown, match="closed"):
        group.write(note("late"))
    with open_engine(str(group._engine.url)).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM notes")).scalar_one() == 10


def test_a_reader_neither_waits_for_the_writer_nor_holds_it_up(sqlite_desk: Desk) -> None:
    """Before, every look took SQLite's one write lock."""
    sqlite_desk.mark("1")
    eyes = sqlite_desk.engine.execution_options(isolation_level="AUTOCOMMIT")
    with sqlite_desk.engine.begin() as writing, eyes.connect() as reading:
        writing.exec_driver_sql("UPDATE records SET mark = 7")
        assert reading.exec_driver_sql("SELECT mark FROM records").scalar_one() == 1
        assert sqlite_desk.record().mark == 1
        assert len(sqlite_desk.reader.counts()) == 1
    assert sqlite_desk.record().mark == 7


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_transaction_that_the_server_undid_is_repeated_whole(postgres_desk: Desk, sqlstate: str) -> None:
    writer, tries = DirectWriter(postgres_desk.engine), []

    def job(connection: Connection) -> str:
        connection.execute(NOTE, {"name": "a"})
        tries.append(1)
        if len(tries) < 3:
            connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION SQLSTATE '{sqlstate}'; END $$")
        return "done"

    assert writer.write(job) == "done"
    assert len(tries) == 3
    assert names(postgres_desk.engine) == {"a"}


@pytest.mark.parametrize(("sqlstate", "sentence"), [("53100", "disk is full"), ("25006", "read-only now")])
def test_a_server_that_cannot_write_now_is_waited_for(postgres_desk: Desk, sqlstate: str, sentence: str) -> None:
    def job(connection: Connection) -> None:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION SQLSTATE '{sqlstate}'; END $$")

    with pytest.raises(LedgerDown, match=sentence):
        DirectWriter(postgres_desk.engine).write(job)


def test_collisions_without_end_are_given_up(postgres_desk: Desk) -> None:
    tries = []

    def job(connection: Connection) -> None:
        tries.append(1)
        connection.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $$")

    with pytest.raises(LedgerDown, match="colliding"):
        DirectWriter(postgres_desk.engine).write(job)
    assert len(tries) == COLLISIONS_MAX + 1


def test_two_real_transactions_that_block_each_other_both_pass(postgres_desk: Desk) -> None:
    writer = DirectWriter(postgres_desk.engine)
    for name in ("a", "b"):
        writer.write(note(name))
    meet = threading.Barrier(2)

    def crossing(first: str, second: str) -> int:
        met: list[bool] = []

        def job(connection: Connection) -> int:
            for name in (first, second):
                connection.execute(
                    text("UPDATE notes SET value = value || :by WHERE name = :name"), {"by": first, "name": name}
                )
                if not met:
                    met.append(True)
                    meet.wait(10)
            return 1

        return writer.write(job)

    with ThreadPoolExecutor(2) as pool:
        assert [f.result(20) for f in (pool.submit(crossing, "a", "b"), pool.submit(crossing, "b", "a"))] == [1, 1]
    values = {row["name"]: row["value"] for row in postgres_desk.rows("SELECT * FROM notes")}
    assert {name: sorted(value) for name, value in values.items()} == {"a": ["a", "b", "x"], "b": ["a", "b", "x"]}


def test_an_order_that_cannot_be_written_fails_alone(sqlite_desk: Desk) -> None:
    def together(connection: Connection, orders: Sequence[Any]) -> Sequence[Any]:
        for order in orders:
            if order == "bad":
                raise TypeError("nobody can write this")
            note(order)(connection)
        return orders

    writer = GroupWriter(sqlite_desk.engine, together)

    def hand_in(name: str) -> Any:
        return writer.order(name) if name != "a job" else writer.write(note(name))

    go, runs = threading.Event(), threading.Event()

    def until_told(_: Connection) -> bool:
        runs.set()
        return go.wait(10)

    with ThreadPoolExecutor(4) as pool:
        blocker = pool.submit(writer.write, until_told)
        assert runs.wait(10)
        futures = {name: pool.submit(hand_in, name) for name in ("good", "bad", "a job")}
        for _ in range(1_000_000):
            if writer._orders.qsize() >= len(futures):
                break
        go.set()
        assert blocker.result(10)
        assert futures["good"].result(10) == "good"
        assert futures["a job"].result(10) == 1
        with pytest.raises(TypeError):
            futures["bad"].result(10)
    assert names(sqlite_desk.engine) == {"good", "a job"}
