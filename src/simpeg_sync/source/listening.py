"""Waiting for the notifications of the change log's trigger, on a connection of its own. ``ports.Waits``.

It is never more than a shorter wait: whoever waits looks at least every ``timeout_s``, so that a notification that was lost
(no connection, a pooler, no trigger) costs time and nothing else. ``notify.py`` says when SIMPEG notifies.
"""

import math
import select
import socket
import time
from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy as sa

from simpeg_sync import logs
from simpeg_sync.domain.errors import SourceDown, SourceError, SourceUnfit
from simpeg_sync.source.connect import translated
from simpeg_sync.source.notify import channel, resting_lock
from simpeg_sync.source.settings import LogSettings

EAGER_S, EAGER_MAX_S = 0.02, 0.1
"""From one look to the next while SIMPEG writes without notifying us: grows as long as that lasts."""
AGAIN_S, AGAIN_MAX_S = 1.0, 60.0
"""From one attempt to connect to the next: grows as long as they fail."""


class Listener:
    """One thread waits; ``interrupt`` may come from any other."""

    def __init__(
        self, engine: sa.Engine, settings: LogSettings, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine, self._monotonic = engine, monotonic
        self._channel, self._lock = channel(settings), resting_lock(settings)
        self._ends, self._end = socket.socketpair()
        self._connection: sa.Connection | None = None
        self._rests = False
        """Whether the advisory lock is ours: then every change is notified."""
        self._eager_s = EAGER_S
        self._again_s, self._again_at = AGAIN_S, -math.inf
        self._said = ""
        self._is_over = False

    def wait(self, timeout_s: float) -> bool:
        may_find = self._told_within(timeout_s) if not self._is_over else False
        if self._is_over:
            self.close()
        return may_find

    def interrupt(self) -> None:
        """Never taken back: the socket stays readable, and the connection is given up."""
        self._is_over = True
        self._end.send(b".")

    def why_not(self) -> str:
        """Why nobody could be notified over this connection, tried now; empty when it can be."""
        try:
            self._connect()
        except SourceError as error:
            return str(error)
        finally:
            self.close()
        return ""

    def close(self) -> None:
        connection, self._connection, self._rests = self._connection, None, False
        if connection is not None:
            connection.invalidate()  # a pooled connection would go on listening, and resting
            connection.close()

    # ------------------------------------------------------------------------------------------------------- waiting

    def _told_within(self, timeout_s: float) -> bool:
        if self._connection is None:
            wait_s = self._again_at - self._monotonic()
            if wait_s > 0 or not self._has_connected():
                self._heard(None, min(timeout_s, max(wait_s, AGAIN_S)))
                return False
            return True  # what was notified meanwhile is lost
        try:
            return self._wait(self._connection, timeout_s)
        except SourceError as error:
            self.close()
            self._say(str(error))
            return True

    def _wait(self, connection: sa.Connection, timeout_s: float) -> bool:
        """1. Awake: rest, and look once more. 2. Resting: until somebody notifies. 3. Notified again during the very next
        look: SIMPEG is busy, so wake up, which spares its transactions the notifications, and look by ourselves."""
        if not self._rests:
            self._rests = self._asked(connection, "pg_try_advisory_lock")
            if self._rests:
                self._eager_s = EAGER_S
                return True
            self._heard(connection, min(timeout_s, self._eager_s))
            self._eager_s = min(2 * self._eager_s, EAGER_MAX_S)
            return True
        if self._heard(connection, 0.0):
            self._asked(connection, "pg_advisory_unlock")
            self._rests = False
            return True
        return self._heard(connection, timeout_s)

    def _heard(self, connection: sa.Connection | None, timeout_s: float) -> bool:
        """Sleeps until a notification, the interruption or the time is there. Takes all notifications that came."""
        poll = select.poll()
        poll.register(self._ends, select.POLLIN)
        if connection is None:
            poll.poll(math.ceil(timeout_s * 1000))
            return False
        wire = _driver(connection).pgconn
        try:
            if _taken(wire):  # came together with an answer
                return True
            poll.register(wire.socket, select.POLLIN)
            poll.poll(math.ceil(timeout_s * 1000))
            wire.consume_input()
            return _taken(wire)
        except psycopg.Error:
            lost = SourceDown("the connection that waits for notifications is lost; it is made again")
        raise lost

    def _asked(self, connection: sa.Connection, function: str) -> bool:
        with translated("wait for notifications"):
            return bool(connection.exec_driver_sql(f"SELECT {function}({self._lock})").scalar_one())

    # ---------------------------------------------------------------------------------------------------- connecting

    def _has_connected(self) -> bool:
        try:
            self._connect()
        except SourceError as error:
            self.close()
            self._again_at = self._monotonic() + self._again_s
            self._again_s = min(2 * self._again_s, AGAIN_MAX_S)
            self._say(str(error))
            return False
        # A connection that dies as soon as it is made is not made again without a pause.
        self._again_s, self._again_at = AGAIN_S, self._monotonic() + AGAIN_S
        self._say("")
        return True

    def _connect(self) -> None:
        with translated("wait for notifications"):
            connection = self._connection = self._engine.connect()
            driver = _driver(connection)
            # Also drops what comes with an answer, which the driver would keep for ever; we look after every answer.
            driver.add_notify_handler(_passed_over)
            backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            if backend != driver.pgconn.backend_pid:
                # LISTEN and the lock would stay behind in a connection that others use.
                raise SourceUnfit(
                    "cannot wait for notifications: between us and PostgreSQL stands a pooler (PgBouncer?); "
                    "changes are noticed by polling, or name the server's own address"
                )
            connection.exec_driver_sql(f"LISTEN {self._channel}")

    def _say(self, problem: str) -> None:
        if problem == self._said:
            return
        self._said = problem
        if problem:
            logs.get().warning(
                "source.not_notified", problem=problem, remedy="meanwhile changes are noticed by polling"
            )
        else:
            logs.get().info("source.notified")


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection), "only PostgreSQL notifies"
    return driver


def _taken(wire: psycopg.pq.abc.PGconn) -> bool:
    found = False
    while wire.notifies() is not None:
        found = True
    return found


def _passed_over(_: psycopg.Notify) -> None:
    pass
