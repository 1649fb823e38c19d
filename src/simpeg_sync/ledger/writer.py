"""How writes reach the ledger: through one thread that commits many of them at once; on PostgreSQL others go beside it.

A commit costs a disk flush and, on PostgreSQL, several round trips. What the workers want written is collected while the last
group is being committed, and flushed together; each caller returns only after its own work is durable.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError

from simpeg_sync.domain.errors import LedgerDown, LedgerUnfit
from simpeg_sync.fibers import Signal, aside
from simpeg_sync.ledger.engine import Collision, translated
from simpeg_sync.ledger.trail import Trail, Transaction, undo

T = TypeVar("T")
Job = Callable[[Connection], Any]
Together = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Writes a whole group of orders, and gives for each its answer: a value, or the exception that its caller shall see."""

GROUP_MAX = 400
COLLISIONS_MAX = 5
ITS_OWN_FAULT = (IntegrityError, DataError, ProgrammingError, InterfaceError)
"""What the database says about the values or the statement. Everything else is about the database."""


class Writer(Protocol):
    def write(self, job: Callable[[Connection], T]) -> T:
        """Runs the job in a transaction; durable when this returns. Raises LedgerDown, LedgerUnfit, and
        what the job raises."""
        ...

    def close(self) -> None: ...


class OrderWriter(Writer, Protocol):
    def order(self, order: Any) -> Any:
        """Has the order written together with whatever else is waiting. Raises as `write`."""
        ...

    def order_all(self, orders: Sequence[Any]) -> None:
        """Several orders at once. Raises what kept the first of them from being written."""
        ...


class DirectWriter:
    """One transaction a job, in the caller's thread; serialization failures are repeated whole, a few times."""

    def __init__(self, engine: Engine, trail: Trail | None = None) -> None:
        """``trail``: for jobs that add to what is sealed."""
        self._engine = engine
        self._transaction: Transaction = trail.transaction if trail else engine.begin

    def write(self, job: Callable[[Connection], T]) -> T:
        return aside(partial(self._written, job))

    def _written(self, job: Callable[[Connection], T]) -> T:
        for _ in range(COLLISIONS_MAX):
            try:
                return self._once(job)
            except Collision:
                continue  # undone whole by the server: the same transaction may pass now
        return self._once(job)

    def _once(self, job: Callable[[Connection], T]) -> T:
        with translated(), self._transaction() as connection:
            return job(connection)

    def close(self) -> None:
        self._engine.dispose()


class _Order:
    """One thing to write: a job by itself, or an order among others of its kind."""

    __slots__ = ("_done", "answer", "job", "order")

    def __init__(self, job: Job | None, order: Any = None) -> None:
        self.job, self.order, self.answer = job, order, None
        self._done = Signal()

    def is_answered(self, answer: Any) -> None:
        self.answer = answer
        self._done.set()

    def result(self) -> Any:
        self._done.wait()
        return _raised(self.answer)


class _BadOrder(Exception):
    """Undoes a group with an order that cannot be written, whatever is wrong with it."""


class GroupWriter:
    """One writer thread; what fails is undone alone, and the rest of its group commits: a job by its savepoint, an order by
    writing everything of the group anew, each by itself."""

    def __init__(
        self, engine: Engine, together: Together = lambda _, orders: orders, trail: Trail | None = None
    ) -> None:
        """``together``: writes orders, for whoever has any. ``trail``: for jobs and orders that add to what is sealed."""
        self._engine, self._together = engine, together
        self._transaction: Transaction = trail.transaction if trail else engine.begin
        self._open, self._is_closed = threading.Lock(), False
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def write(self, job: Callable[[Connection], T]) -> T:
        written: T = self._put(_Order(job))
        return written

    def order(self, order: Any) -> Any:
        return self._put(_Order(None, order))

    def order_all(self, orders: Sequence[Any]) -> None:
        put = [self._queued(_Order(None, order)) for order in orders]
        for one in put:
            one.result()

    def _put(self, order: _Order) -> Any:
        return self._queued(order).result()

    def _queued(self, order: _Order) -> _Order:
        with self._open:  # so that no order is put behind the last one, where nobody would ever answer it
            if self._is_closed:
                raise LedgerDown("the ledger is closed")
            self._orders.put(order)
        return order

    def close(self) -> None:
        """What was handed in before is still written."""
        with self._open:
            self._is_closed = True
            self._orders.put(None)
        self._thread.join(timeout=30)
        self._engine.dispose()

    def _run(self) -> None:
        while (first := self._orders.get()) is not None:
            group, stopping = [first], False
            while len(group) < GROUP_MAX and not self._orders.empty():
                item = self._orders.get()
                if item is None:
                    stopping = True
                    break
                group.append(item)
            self._commit(group)
            if stopping:
                return

    def _commit(self, group: list[_Order]) -> None:
        for _ in range(COLLISIONS_MAX):
            try:
                return self._answer(group, self._written(group))
            except Collision:
                continue  # undone whole by the server: the same transaction may pass now
            except _BadOrder:
                # One of them cannot be written, and so nothing of the group is: each by itself shows which.
                for one in group:
                    self._commit_alone(one)
                return None
            except BaseException as error:
                # Nothing of the group is stored; each caller decides what that means for it.
                return self._answer(group, [error] * len(group))
        return self._answer(group, [LedgerDown("the ledger's transactions keep colliding")] * len(group))

    def _commit_alone(self, one: _Order) -> None:
        answer: Any
        try:
            with translated(), self._transaction() as connection:
                answer = (one.job or partial(self._order_alone, one.order))(connection)
        except BaseException as error:
            answer = error
        one.is_answered(answer)

    def _written(self, group: list[_Order]) -> list[Any]:
        with translated(), self._transaction() as connection:
            answers: dict[_Order, Any] = {}
            together = [one for one in group if one.job is None]
            # Jobs come first: none of them asks for what an order of the same group writes.
            for one in group:
                if one.job is not None:
                    answers[one] = _run_one(connection, one.job, alone=len(group) == 1)
            if together:
                answers |= zip(together, self._orders_of(connection, group, together), strict=True)
            return [answers[one] for one in group]

    def _orders_of(self, connection: Connection, group: Sequence[_Order], together: Sequence[_Order]) -> Sequence[Any]:
        try:
            return self._together(connection, [one.order for one in together])
        except Exception as error:
            is_databases = isinstance(error, DBAPIError) and not isinstance(error, ITS_OWN_FAULT)
            if len(group) == 1 or is_databases:
                raise
            raise _BadOrder from error

    def _order_alone(self, order: Any, connection: Connection) -> Any:
        return _raised(self._together(connection, [order])[0])

    @staticmethod
    def _answer(group: Sequence[_Order], answers: Sequence[Any]) -> None:
        for one, answer in zip(group, answers, strict=True):
            one.is_answered(answer)


class TwoWayWriter(DirectWriter):
    """PostgreSQL: orders in groups through one thread; jobs, which may be long, each in its caller's own transaction."""

    def __init__(self, engine: Engine, together: Together, trail: Trail | None = None) -> None:
        super().__init__(engine, trail)
        self._groups = GroupWriter(engine, together, trail)

    def order(self, order: Any) -> Any:
        return self._groups.order(order)

    def order_all(self, orders: Sequence[Any]) -> None:
        self._groups.order_all(orders)

    def close(self) -> None:
        self._groups.close()


def _raised(answer: Any) -> Any:
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _run_one(connection: Connection, job: Job, *, alone: bool = False) -> Any:
    if alone:
        return job(connection)
    savepoint, undone = connection.begin_nested(), undo(connection)
    try:
        value = job(connection)
    except ITS_OWN_FAULT as error:
        savepoint.rollback()
        undone()
        return LedgerUnfit(f"the ledger refused a statement ({type(error.orig).__name__})")
    except DBAPIError:
        # The database itself has a problem (full, I/O): the group as a whole fails.
        raise
    except Exception as error:
        savepoint.rollback()
        undone()
        return error
    savepoint.commit()
    return value
