"""A call into a driver that has no limit of its own, waited for with one. One call hangs at most, however often it is tried."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


class Patience:
    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._free = threading.Lock()

    def connection(self, connect: Callable[[], Any]) -> Any:
        """What ``connect`` gives. Raises TimeoutError; a connection that comes too late is closed."""
        if not self._free.acquire(timeout=self._limit_s):
            raise TimeoutError("an earlier call still hangs")
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(connect())
            except BaseException as error:  # handed to whoever waits
                future.set_exception(error)
            finally:
                self._free.release()

        threading.Thread(target=run, name="source-connect", daemon=True).start()
        try:
            return future.result(self._limit_s)
        except TimeoutError:
            future.add_done_callback(_close)
            raise


def _close(late: "Future[Any]") -> None:
    if late.exception() is None:
        late.result().close()
