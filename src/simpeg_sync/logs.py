"""The log line. One JSON object a line, stable event names, and an allow-list: what is not on it is not printed.

Nothing personal or secret: persons appear as a keyed hash, BKN's messages and row values never appear.
"""

import atexit
import functools
import hashlib
import json
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

ALLOWED = frozenset(
    [
        "ts",
        "level",
        "event",
        "run_id",
        "worker",
        "feed",
        "list",
        "record_id",
        "person",
        "attempt",
        "action",
        "version",
        "status",
        "outcome",
        "reason",
        "detail",
        "code",
        "count",
        "duration_ms",
        "http_status",
        "token",
        "error_class",
        "wait_s",
        "problem",
        "url_host",
        "page",
        "cursor_gaps",
        "version_of",
        "lane_records",
        "approved",
        "plan_id",
        "pid",
        "signal",
        "remedy",
        "source",
        "ledger",
        "table",
        "limit_s",
        "limit",
        "seconds",
        "chain",
        "block",
        "head",
    ]
)
EVENTS = frozenset(
    [
        "daemon.started",
        "daemon.draining",
        "daemon.stopped",
        "daemon.observing",
        "daemon.worker_failed",
        "daemon.recovered_records",
        "compare.failed",
        "compare.lost",
        "compare.recovered",
        "source.lost",
        "source.recovered",
        "capture.lost",
        "capture.recovered",
        "feed.lost",
        "feed.recovered",
        "feed.braked",
        "source.ids_written",
        "write_back.lost",
        "write_back.recovered",
        "source.history_lost",
        "source.swept",
        "source.feed_unfit",
        "source.log_purged",
        "change.captured",
        "source.gap_passed",
        "source.gap_given_up",
        "source.gap_burnt",
        "source.log_waits",
        "source.no_process_right",
        "source.notified",
        "source.not_notified",
        "source.wal_retained",
        "source.rows_unreadable",
        "record.held",
        "record.synced",
        "record.refused",
        "record.removed",
        "record.ignored",
        "record.put_back",
        "record.unchanged",
        "record.failed",
        "attempt.sent",
        "attempt.uncertain",
        "attempt.decided",
        "bkn.lost",
        "bkn.pause_not_shared",
        "bkn.recovered",
        "token.renewed",
        "token.refused",
        "token.note_failed",
        "token.not_shared",
        "token.shared",
        "ledger.full",
        "ledger.lost",
        "ledger.recovered",
        "audit.sealed",
        "plan.approved",
        "operator.resync_requested",
        "operator.record_changed",
        "config.read",
        "document.problem",
    ]
)


class UnknownEvent(ValueError):
    """A log line with a name that is not in EVENTS: the names are an interface for alerts."""


GATHERED_S = 0.05
"""So long a line may wait for others, to be written together with them."""
GATHERED_MAX = 500


def configure(
    *,
    level: str = "INFO",
    form: str = "json",
    stream: TextIO | None = None,
    person_key: bytes = b"",
    gathers: bool = False,
) -> None:
    """Called once by the program that owns the process. ``gathers``: lines below a warning may be written a moment later."""
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    # httpx logs full URLs, with the NIP in them, at INFO.
    for noisy in ("httpx", "httpcore", "sqlalchemy", "apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    renderer: Any = _as_json if form == "json" else structlog.dev.ConsoleRenderer()
    lines = (_GatheredLines if gathers else _Lines)(stream or sys.stdout)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            _Redaction(person_key),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    get.cache_clear()


@functools.cache
def get() -> Any:
    """The logger, until the next `configure`; structlog's bound loggers have no useful static type."""
    return structlog.get_logger().bind()


_encode = json.JSONEncoder(default=repr).encode
"""Made once: `json.dumps` would make one for each line."""


def _as_json(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> str:
    return _encode(line)


class _Lines:
    """Where lines go: each is written when it comes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lock = stream, threading.Lock()

    def warning(self, line: str) -> None:
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = error = critical = warning


class _GatheredLines(_Lines):
    """A line for each record, thousands in a second, each with a wait for the kernel, costs more than what it tells of: these
    are written together. A warning goes at once, with all that came before it; so does everything at the end."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._gathered: deque[str] = deque()
        self._some = threading.Event()
        self._max = GATHERED_MAX
        threading.Thread(target=self._run, name="log", daemon=True).start()
        atexit.register(self._write)

    def info(self, line: str) -> None:
        self._gathered.append(line)
        if len(self._gathered) >= self._max:
            self._write()
        elif not self._some.is_set():
            self._some.set()

    def warning(self, line: str) -> None:
        self._gathered.append(line)
        self._write()

    debug = info
    error = critical = warning

    def _write(self) -> None:
        with self._lock:
            lines = []
            while self._gathered:
                lines.append(self._gathered.popleft())
            if lines:
                self._stream.write("\n".join(lines) + "\n")
                self._stream.flush()

    def _run(self) -> None:
        try:
            while self._some.wait():
                time.sleep(GATHERED_S)
                self._some.clear()
                self._write()
        except OSError:
            self._max = 0  # whoever has the next line is told that it cannot be written


class _Redaction:
    """Last before printing: unknown keys are dropped, a person becomes a keyed hash."""

    def __init__(self, person_key: bytes) -> None:
        self._key = person_key

    def __call__(self, logger: Any, method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
        if line.get("event") not in EVENTS:
            raise UnknownEvent(f"log event {line.get('event')!r} is not in logs.EVENTS")
        if "person" in line:
            line["person"] = person_hash(str(line["person"]), self._key)
        return {key: value for key, value in line.items() if key in ALLOWED}


@functools.lru_cache(maxsize=4096)
def person_hash(lane: str, key: bytes) -> str:
    """The same person has the same short hash within one installation, and nobody can turn it back without its key."""
    return hashlib.blake2b(lane.encode(), key=key[:64], digest_size=6).hexdigest()
