"""The trail: every transaction that adds to what may never change is one block of a chain, written with it.

A chain belongs to one writer from its start to its end, so that writers do not wait for each other. A block names the count
and the hash of its rows and is hashed together with the block before it. Now and then a block also names the ends of the
other chains that no block has named yet: whoever cuts off the end of one chain is found out by another.

The form of what is hashed stays as it is for ever; docs/decisions/0020-trail.md describes it.
"""

import functools
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, TextClause, text

from simpeg_sync.clock import Clock
from simpeg_sync.ledger.rowset import GroupStatement, run
from simpeg_sync.ports import Head

HEADS_EVERY_S = 60.0
"""So often a writer that has something to write looks for the ends of other chains."""
OPENING = 0x73696D70
"""PostgreSQL's name for our lock of those who open a chain."""

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "events": {
        "record_id": "int", "event": "text", "status": "text", "reason": "text", "detail": "text", "attempt_id": "int",
        "actor": "text", "lane": "text", "facts": "text",
    },
    "audit": {
        "actor": "text", "action": "text", "target": "text", "reason": "text", "detail": "text", "person": "text",
    },
    "reads": {"actor": "text", "lane": "text", "what": "text", "why": "text"},
    "trail_heads": {"saw_chain": "int", "saw_number": "int", "saw_hash": "text"},
}  # fmt: skip
"""Tables of the trail: the columns of each, in the order in which they are hashed, and their types."""
HASHED: Mapping[str, Sequence[str]] = {
    table: ("id", *(() if table == "trail_heads" else ("at",)), *columns) for table, columns in COLUMNS.items()
}

ADD_BLOCK = text("""
INSERT INTO trail_blocks (chain, number, at, writer, content, hash)
VALUES (:chain, :number, :at, :writer, :content, :hash)
""")

NEXT_CHAIN = text("SELECT max(chain) + 1 FROM trail_blocks")

# Those who open a chain wait for each other, so that their numbers have no gaps and a chain that is gone is missed.
LOCK_OPENING = text("SELECT pg_advisory_xact_lock(:name)")

# The ends of chains that no block has named.
OPEN_HEADS = text("""
SELECT blocks.chain AS saw_chain, blocks.number AS saw_number, blocks.hash AS saw_hash
FROM trail_blocks firsts JOIN trail_blocks blocks ON blocks.chain = firsts.chain
    AND blocks.number = (SELECT max(number) FROM trail_blocks others WHERE others.chain = firsts.chain)
WHERE firsts.number = 0 AND firsts.chain <> :own AND NOT EXISTS (SELECT 1 FROM trail_heads
    WHERE trail_heads.saw_chain = blocks.chain AND trail_heads.saw_number = blocks.number)
ORDER BY blocks.chain
""")

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Transaction = Callable[[], AbstractContextManager[Connection]]


def canonical(value: Any) -> str:
    """JSON without blanks; times as Python writes a float."""
    return _ENCODE(value)


def digest(lines: Sequence[str]) -> str:
    """Of rows in the order of their ids, a line each."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def words_hash(words: str) -> str:
    """Of BKN's words, which may be personal and stand beside the trail."""
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def block_hash(previous: str, chain: int, number: int, at: float, writer: str, content: str) -> str:
    return hashlib.sha256(canonical([previous, chain, number, at, writer, content]).encode()).hexdigest()


@dataclass(slots=True, eq=False)
class Chain:
    id: int | None = None
    """None until its first block is about to be written."""
    next: int = 0
    hash: str = ""
    """Of its last block."""
    looked_at: float = float("-inf")
    """Monotonic: when it last looked for the ends of others."""


class Page:
    """What one transaction adds to the trail."""

    def __init__(self, trail: "Trail") -> None:
        self._trail = trail
        self._chain: Chain | None = None
        self._lines: dict[str, list[str]] = {}
        self._is_wanted = False
        self.head: Head | None = None

    def add(self, connection: Connection, table: str, now: float, rows: Sequence[Mapping[str, Any]]) -> None:
        """The rows, with the block that they belong to."""
        if not rows:
            return
        chain, number = self._place(connection)
        # The time is a value by itself: through JSON it might come out another one in its last digit.
        values: dict[str, Any] = {"chain": chain, "block": number} | ({} if table == "trail_heads" else {"now": now})
        statement, on_json = _insert(table, connection.dialect.name)
        ids = sorted(run(connection, statement, on_json, rows, **values).scalars())
        times = [] if table == "trail_heads" else [now]
        lines = self._lines.setdefault(table, [])
        if self._chain is not None:
            names = COLUMNS[table]
            lines += [
                _ENCODE([id_, *times, *(row[name] for name in names)]) for id_, row in zip(ids, rows, strict=True)
            ]

    def want(self, connection: Connection) -> None:
        """A block even if there is nothing to put into it but the ends of other chains."""
        self._place(connection)
        self._is_wanted = True

    def mark(self) -> Mapping[str, int]:
        return {table: len(lines) for table, lines in self._lines.items()}

    def back_to(self, mark: Mapping[str, int]) -> None:
        """What was added since is undone, by a savepoint."""
        self._lines = {table: self._lines[table][:count] for table, count in mark.items()}
        if self._chain is not None and self._chain.next == 0 and not mark:
            self._chain.id = None  # and with it the lock under which it was given

    def seal(self, connection: Connection) -> None:
        """The last statement of the transaction."""
        chain = self._chain
        if chain is None or not (self._is_wanted or any(self._lines.values())):
            return
        number = chain.next
        at, looks = self._trail.clock.now(), self._looks_for_others(chain)
        assert chain.id is not None
        if looks:
            heads = connection.execute(OPEN_HEADS, {"own": chain.id}).mappings().all()
            self.add(connection, "trail_heads", at, [dict(head) for head in heads])
        content = canonical(
            {table: [len(self._lines[table]), digest(self._lines[table])] for table in sorted(self._lines)}
        )
        writer = "" if number else self._trail.writer
        hash_ = block_hash(chain.hash, chain.id, number, at, writer, content)
        block = {"chain": chain.id, "number": number, "at": at, "writer": writer, "content": content, "hash": hash_}
        connection.execute(ADD_BLOCK, block)
        if looks:
            chain.looked_at = self._trail.clock.monotonic()
        self.head = Head(chain.id, number, hash_)

    def is_written(self) -> None:
        if self._chain is not None:
            self._trail.give_back(self._chain, self.head)

    def is_undone(self) -> None:
        # Whether a block that was sealed has been committed nobody knows: its chain is left at that, and a new one begins.
        if self._chain is not None and self.head is None:
            self._trail.give_back(self._chain, None)

    def _place(self, connection: Connection) -> tuple[int, int]:
        if self._trail.is_off:
            return 0, 0
        if self._chain is None:
            self._chain = self._trail.take()
        if self._chain.id is None:
            if connection.dialect.name != "sqlite":
                connection.execute(LOCK_OPENING, {"name": OPENING})
            self._chain.id = int(connection.execute(NEXT_CHAIN).scalar_one())
        return self._chain.id, self._chain.next

    def _looks_for_others(self, chain: Chain) -> bool:
        is_time = chain.looked_at + HEADS_EVERY_S < self._trail.clock.monotonic()
        return self._is_wanted or chain.next == 0 or is_time


@dataclass(slots=True)
class Trail:
    """The chains of one process. Thread-safe."""

    begin: Transaction
    """Gives a transaction of the ledger's database."""
    clock: Clock
    writer: str
    """Which process it is."""
    is_off: bool = False
    """Only to measure what it costs."""
    _idle: list[Chain] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        page = Page(self)
        try:
            with self.begin() as connection:
                connection.execution_options(trail=page)
                yield connection
                page.seal(connection)
        except BaseException:
            page.is_undone()
            raise
        page.is_written()

    def take(self) -> Chain:
        """One that no other transaction of this process writes to."""
        with self._lock:
            return self._idle.pop() if self._idle else Chain()

    def give_back(self, chain: Chain, head: Head | None) -> None:
        if head is not None:
            chain.next, chain.hash = head.number + 1, head.hash
        if chain.next == 0:
            return  # nothing of it was written
        with self._lock:
            self._idle.append(chain)


def page_of(connection: Connection) -> Page:
    page: Page | None = connection.get_execution_options().get("trail")
    if page is None:
        raise AssertionError("what goes into the trail is written in a transaction of Trail")
    return page


def undo(connection: Connection) -> Callable[[], None]:
    """Called before a savepoint; what it gives is called after its rollback."""
    page: Page | None = connection.get_execution_options().get("trail")
    if page is None:
        return lambda: None
    return functools.partial(page.back_to, page.mark())


def add(connection: Connection, table: str, now: float, rows: Sequence[Mapping[str, Any]]) -> None:
    page_of(connection).add(connection, table, now, rows)


@functools.cache
def _insert(table: str, dialect: str) -> tuple[GroupStatement, TextClause]:
    names = ", ".join(COLUMNS[table])
    at = "" if table == "trail_heads" else "at, "
    now = at and "CAST(:now AS DOUBLE PRECISION), "
    insert = f"""
        INSERT INTO {table} ({at}{names}, chain, block)
        SELECT {now}{names}, CAST(:chain AS BIGINT), CAST(:block AS BIGINT) FROM {{given}}
        RETURNING id
    """
    statement = GroupStatement(insert, COLUMNS[table])
    return statement, statement.on(dialect)
