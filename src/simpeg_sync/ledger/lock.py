"""Only one daemon may work on a ledger that cannot coordinate several, a SQLite file. The second one is told so at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from simpeg_sync.domain.errors import LedgerBusy, LedgerUnfit


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Held while the daemon runs; freed by the operating system when the process dies. PostgreSQL coordinates any number of
    daemons, by leases and fences.

    Raises LedgerBusy.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    with _file_lock(f"{engine.url.database}.lock"):
        yield


@contextmanager
def _file_lock(path: str) -> Iterator[None]:
    try:
        opened = Path(path).open("a", encoding="utf-8")  # noqa: SIM115 - closed by the with below
    except OSError as error:
        raise LedgerUnfit(
            f"the ledger's folder cannot be written ({error.strerror}); correct its owner or rights"
        ) from None
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LedgerBusy(
                "another instance works on this ledger; stop it first, or use `simpeg-sync status`"
            ) from None
        yield
