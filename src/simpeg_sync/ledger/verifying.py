"""Is the trail whole? Goes through every block and every row once, in constant memory, and names what is not as it was sealed.

Works on a ledger, and on an export that was loaded into tables of the same names.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from simpeg_sync.ledger.engine import translated
from simpeg_sync.ledger.trail import HASHED, block_hash, canonical, digest, words_hash

PROBLEMS_MAX = 20
"""More of them say nothing new."""
BEFORE = 0
"""The chain of what is older than the trail."""


@dataclass(frozen=True, slots=True)
class Problem:
    where: str
    what: str


@dataclass(slots=True)
class Verdict:
    blocks: int = 0
    chains: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    before: int = 0
    """Rows that are older than the trail: nobody can say what was done to them before they were sealed."""
    attempts: int = 0
    """Writes to BKN whose attempt is as it was sealed."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.problems

    def is_wrong(self, where: str, what: str) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(Problem(where, what))


@dataclass(frozen=True, slots=True)
class Part:
    """What there is of a trail: all of it beside its attempts, or a file with it, or a piece of it."""

    starts: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    """Chain -> number of its first block that is there, and the hash of the block before it."""
    is_whole: bool = True
    """No chain is missing, and all that was sealed is there."""
    has_attempts: bool = True


WHOLE = Part()


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """The ledger as it is at one moment, while others go on writing."""
    if engine.dialect.name == "sqlite":
        with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")
        return
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with translated(), engine.connect().execution_options(**options) as connection, connection.begin():
        # All rows are gone through, where claims look for a few: see engine.PLANNER.
        for name in ("enable_hashjoin", "enable_mergejoin"):
            connection.exec_driver_sql(f"SET LOCAL {name} = on")
        yield connection


def verify(connection: Connection, *, heads: Sequence[str] = (), part: Part = WHOLE) -> Verdict:
    """``heads``: hashes of blocks, or their beginnings, that somebody has kept elsewhere."""
    verdict = Verdict()
    sealed = _blocks(connection, verdict, part)
    for table in HASHED:
        _rows(connection, verdict, table, sealed.get(table, 0))
    _seen_heads(connection, verdict, part)
    if part.has_attempts:
        _attempts(connection, verdict)
    for head in heads:
        _kept_head(connection, verdict, head)
    return verdict


# ------------------------------------------------------------------------------------------------------------------- blocks


def _blocks(connection: Connection, verdict: Verdict, part: Part) -> Mapping[str, int]:
    """Gives the rows of each table that the blocks say there are."""
    sealed: dict[str, int] = {}
    chain, number, previous = -1, -1, ""
    for block in _stream(connection, "SELECT * FROM trail_blocks ORDER BY chain, number"):
        verdict.blocks += 1
        if block.chain != chain:
            if part.is_whole and block.chain != chain + 1:
                gone = f"chain {chain + 1}" if block.chain == chain + 2 else f"chains {chain + 1} to {block.chain - 1}"
                verdict.is_wrong(gone, "it is missing as a whole")
            verdict.chains += 1
            first, previous = part.starts.get(block.chain, (0, ""))
            chain, number = block.chain, first - 1
        if block.number != number + 1:
            verdict.is_wrong(f"chain {chain}, block {number + 1}", f"it is missing; the next one is {block.number}")
            number, previous = block.number, block.hash
            _count(sealed, block.content)
            continue
        number = block.number
        if block_hash(previous, chain, number, block.at, block.writer, block.content) != block.hash:
            verdict.is_wrong(
                place(chain, number), "it was changed, or the block before it: its hash does not fit what it says"
            )
        previous = block.hash
        if not _count(sealed, block.content):
            verdict.is_wrong(place(chain, number), "its content is not what a block holds")
    if part.is_whole and not verdict.blocks:
        verdict.is_wrong("the trail", "all of it is gone; even an empty one has its first block")
    return sealed


def _count(sealed: dict[str, int], content: str) -> bool:
    try:
        counts = {table: int(count) for table, (count, _) in json.loads(content).items() if table in HASHED}
    except (ValueError, TypeError, AttributeError):
        return False
    for table, count in counts.items():
        sealed[table] = sealed.get(table, 0) + count
    return True


def place(chain: int, number: int) -> str:
    return f"chain {chain}, block {number}"


# --------------------------------------------------------------------------------------------------------------------- rows


@dataclass(slots=True)
class _Open:
    """The rows of one block, as far as they were met. A chain's blocks come one after the other, also by the ids of rows."""

    chain: int
    block: int
    content: str | None
    first_id: int
    last_id: int = 0
    count: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


def _rows(connection: Connection, verdict: Verdict, table: str, sealed: int) -> None:
    columns = HASHED[table]
    names = ", ".join(f"rows.{name}" for name in columns)
    select = f"""
        SELECT {names}, rows.chain AS of_chain, rows.block AS of_block, blocks.content AS of_content
        FROM {table} AS rows
        LEFT JOIN trail_blocks AS blocks ON blocks.chain = rows.chain AND blocks.number = rows.block
        ORDER BY rows.id
    """
    opened: dict[int, _Open] = {}
    width, met, is_right = len(columns), 0, True
    for row in _stream(connection, select):
        chain, block, met = row[width], row[width + 1], met + 1
        one = opened.get(chain)
        if one is None or one.block != block:
            if one is not None:
                is_right &= _close(verdict, table, one)
                if block < one.block:
                    is_right = False
                    verdict.is_wrong(
                        _of(table, row[0], row[0], chain, block), "it is not in its place: it was put in or moved"
                    )
            one = opened[chain] = _Open(chain, block, row[width + 2], row[0])
        one.count, one.last_id = one.count + 1, row[0]
        one.digest.update(f"{canonical(list(row[:width]))}\n".encode())
        if chain == BEFORE:
            verdict.before += 1
    for one in opened.values():
        is_right &= _close(verdict, table, one)
    verdict.rows[table] = met
    if met != sealed or not is_right:
        _without_rows(connection, verdict, table)


def _close(verdict: Verdict, table: str, one: _Open) -> bool:
    where = _of(table, one.first_id, one.last_id, one.chain, one.block)
    if one.content is None:
        verdict.is_wrong(where, "there is no such block: rows were put in, or their block was removed")
        return False
    count, hash_ = _sealed(one.content, table)
    if one.count != count and one.chain == BEFORE:
        verdict.is_wrong(
            where, f"{count} rows are older than the trail, and {one.count} are there: put in past it, or removed"
        )
    elif one.count != count:
        verdict.is_wrong(where, f"the block was sealed with {count} rows, and {one.count} are there")
    elif one.digest.hexdigest() != hash_:
        verdict.is_wrong(where, "a row was changed: the hash of the block's rows does not fit")
    else:
        return True
    return False


def _sealed(content: str, table: str) -> tuple[int, str]:
    try:
        count, hash_ = json.loads(content).get(table, (0, digest([])))
    except (ValueError, TypeError, AttributeError):
        return 0, ""  # said of the block itself
    return count, hash_


def _without_rows(connection: Connection, verdict: Verdict, table: str) -> None:
    """Only when something is wrong: a block all of whose rows are gone meets no row."""
    select = f"""
        SELECT blocks.chain, blocks.number, blocks.content FROM trail_blocks AS blocks
        LEFT JOIN (SELECT DISTINCT chain, block FROM {table}) AS there
            ON there.chain = blocks.chain AND there.block = blocks.number
        WHERE there.chain IS NULL AND blocks.content LIKE '%"{table}"%' ORDER BY blocks.chain, blocks.number
    """
    for block in _stream(connection, select):
        if count := _sealed(block.content, table)[0]:
            verdict.is_wrong(f"{table}, {place(block.chain, block.number)}", f"its {count} rows are gone")
        if len(verdict.problems) >= PROBLEMS_MAX:
            return


def _of(table: str, first: int, last: int, chain: int, block: int) -> str:
    ids = f"row {first}" if first == last else f"rows {first} to {last}"
    return f"{table}, {ids}, {place(chain, block)}"


# -------------------------------------------------------------------------------------------------------------------- heads


def _seen_heads(connection: Connection, verdict: Verdict, part: Part) -> None:
    select = """
        SELECT heads.saw_chain, heads.saw_number, heads.saw_hash, heads.chain, heads.block, blocks.hash
        FROM trail_heads AS heads
        LEFT JOIN trail_blocks AS blocks ON blocks.chain = heads.saw_chain AND blocks.number = heads.saw_number
        ORDER BY heads.id
    """
    for head in _stream(connection, select):
        if head.hash == head.saw_hash:
            continue
        seen = place(head.saw_chain, head.saw_number)
        if head.hash is not None:
            verdict.is_wrong(seen, f"it is another one than {place(head.chain, head.block)} has seen")
        elif part.is_whole:
            verdict.is_wrong(seen, f"it was cut off: {place(head.chain, head.block)} has seen it")


def _kept_head(connection: Connection, verdict: Verdict, head: str) -> None:
    select = text("SELECT chain, number FROM trail_blocks WHERE substr(hash, 1, :length) = :head LIMIT 1")
    if connection.execute(select, {"length": len(head), "head": head}).first() is None:
        verdict.is_wrong(
            f"head {head}", "no block has this hash: the end of the trail was cut off, or this is another ledger"
        )


# ----------------------------------------------------------------------------------------------------------------- attempts


def _attempts(connection: Connection, verdict: Verdict) -> None:
    """Attempts change until they end. What must not differ stands in the events, which do not."""
    select = """
        SELECT events.id, events.at, events.event, events.record_id, events.attempt_id, events.facts,
            attempts.id AS found, attempts.record_id AS of_record, attempts.number, attempts.version, attempts.action,
            attempts.digest, attempts.bkn_id, attempts.started_at, attempts.ended_at, attempts.outcome, attempts.code,
            attempts.http_status, attempts.message
        FROM events LEFT JOIN attempts ON attempts.id = events.attempt_id
        WHERE events.attempt_id IS NOT NULL AND events.facts <> '' ORDER BY events.id
    """
    for row in _stream(connection, select):
        where = f"attempt {row.attempt_id} of record {row.record_id} (event {row.id})"
        try:
            facts = json.loads(row.facts)
        except ValueError:
            continue  # said of the event itself
        if row.found is None:
            verdict.is_wrong(where, "the attempt is gone")
            continue
        wrong = _not_as_sealed(row, facts)
        if wrong:
            verdict.is_wrong(where, f"the attempt was changed: {', '.join(wrong)}")
        verdict.attempts += row.event == "intent"
    for select, what in _OTHER_ATTEMPTS.items():
        for row in _stream(connection, select):
            verdict.is_wrong(f"attempt {row.id} of record {row.record_id}", what)


_OTHER_ATTEMPTS = {
    """
    SELECT attempts.id, attempts.record_id FROM attempts
    WHERE NOT EXISTS (SELECT 1 FROM events
        WHERE events.record_id = attempts.record_id AND events.attempt_id = attempts.id AND events.event = 'intent')
    ORDER BY attempts.id LIMIT 20
    """: "no event tells of it: it was put in",
    # Those of an older ledger have events without facts.
    """
    SELECT attempts.id, attempts.record_id FROM attempts
    JOIN events ON events.record_id = attempts.record_id AND events.attempt_id = attempts.id
        AND events.event = 'intent' AND events.facts <> ''
    WHERE attempts.ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM events ends
        WHERE ends.record_id = attempts.record_id AND ends.attempt_id = attempts.id AND ends.at = attempts.ended_at)
    ORDER BY attempts.id LIMIT 20
    """: "no event tells of its end: it was changed",
    """
    SELECT id, record_id FROM attempts
    WHERE ended_at IS NULL AND (outcome NOT IN ('', 'unclear') OR message <> '') ORDER BY id LIMIT 20
    """: "it is open and has an outcome: it was changed",
}
"""What no event leads to -> what is wrong with it."""


def _not_as_sealed(row: Row[Any], facts: Mapping[str, Any]) -> list[str]:
    sealed: dict[str, Any] = {"number": facts.get("number"), "of_record": row.record_id}
    if row.event == "intent":
        sealed |= {name: facts.get(name) for name in ("version", "action", "digest", "bkn_id")} | {"started_at": row.at}
    if facts.get("is_end"):
        sealed |= {name: facts.get(name) for name in ("outcome", "code", "http_status")} | {"ended_at": row.at}
        if facts.get("words", "") != (words_hash(row.message) if row.message else ""):
            sealed["message"] = None
    return [name for name, value in sealed.items() if getattr(row, name) != value]


def _stream(connection: Connection, select: str) -> Iterator[Row[Any]]:
    yield from connection.execute(text(select).execution_options(stream_results=True, max_row_buffer=1000))
