"""How writes reach the ledger: on SQLite through one thread that commits many of them at once, on PostgreSQL directly.

A commit with synchronous=FULL costs a disk flush. The workers' small transactions are collected and flushed together;
each caller returns only after its own work is durable.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError

from simpeg_sync.domain.errors import LedgerDown, LedgerUnfit
from simpeg_sync.ledger.engine import Collision, translated

T = TypeVar("T")
Job = Callable[[Connection], Any]

GROUP_MAX = 200
COLLISIONS_MAX = 5


class Writer(Protocol):
    def write(self, job: Callable[[Connection], T]) -> T:
        """Runs the job in a transaction; durable when this returns. Raises LedgerDown, LedgerUnfit, and
        what the job raises."""
        ...

    def close(self) -> None: ...


class DirectWriter:
    """One transaction a job, in the caller's thread; serialization failures are repeated whole, a few times."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, job: Callable[[Connection], T]) -> T:
        for _ in range(COLLISIONS_MAX):
            try:
                return self._once(job)
            except Collision:
                continue  # undone whole by the server: the same transaction may pass now
        return self._once(job)

    def _once(self, job: Callable[[Connection], T]) -> T:
        with translated(), self._engine.begin() as connection:
            return job(connection)

    def close(self) -> None:
        self._engine.dispose()


class GroupWriter:
    """One writer thread; a failing job is undone alone, by savepoint, and the rest of its group commits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open, self._is_closed = threading.Lock(), False
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def write(self, job: Callable[[Connection], T]) -> T:
        future: Future[T] = Future()
        with self._open:  # so that no job is put behind the last one, where nobody would ever answer it
            if self._is_closed:
                raise LedgerDown("the ledger is closed")
            self._jobs.put((job, future))
        return future.result()

    def close(self) -> None:
        """What was handed in before is still written."""
        with self._open:
            self._is_closed = True
            self._jobs.put(None)
        self._thread.join(timeout=30)
        self._engine.dispose()

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            group, stopping = [first], False
            while len(group) < GROUP_MAX and not self._jobs.empty():
                item = self._jobs.get()
                if item is None:
                    stopping = True
                    break
                group.append(item)
            self._commit(group)
            if stopping:
                return

    def _commit(self, group: list[tuple[Job, Future[Any]]]) -> None:
        answers: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with translated(), self._engine.begin() as connection:
                for job, future in group:
                    answers.append((future, *_run_one(connection, job, alone=len(group) == 1)))
        except BaseException as error:
            # Nothing of the group is stored; each caller decides what that means for it.
            for _, future in group:
                future.set_exception(error)
            return
        for future, value, failure in answers:
            if failure is None:
                future.set_result(value)
            else:
                future.set_exception(failure)


def _run_one(connection: Connection, job: Job, *, alone: bool) -> tuple[Any, BaseException | None]:
    if alone:
        return job(connection), None
    savepoint = connection.begin_nested()
    try:
        value = job(connection)
    except (IntegrityError, DataError, ProgrammingError, InterfaceError) as error:
        savepoint.rollback()
        return None, LedgerUnfit(f"the ledger refused a statement ({type(error.orig).__name__})")
    except DBAPIError:
        # The database itself has a problem (full, I/O): the group as a whole fails.
        raise
    except Exception as error:
        savepoint.rollback()
        return None, error
    savepoint.commit()
    return value, None
