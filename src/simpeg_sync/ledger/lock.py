"""Only one daemon may work on a ledger that cannot coordinate several. The second one is told so at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from simpeg_sync.domain.errors import LedgerBusy, LedgerUnfit
from simpeg_sync.ledger.engine import translated

ADVISORY_KEY = 0x53494D504547


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Held while the daemon runs; freed by the operating system or the server when the process dies.

    Raises LedgerBusy.
    """
    if engine.dialect.name == "sqlite":
        with _file_lock(f"{engine.url.database}.lock"):
            yield
    else:
        with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_KEY}).scalar_one():
                raise LedgerBusy("another instance works on this ledger")
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
