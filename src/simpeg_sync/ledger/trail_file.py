"""The trail as a file that can be verified without the ledger: JSON lines, first what it is, then blocks, then rows, then an end.

docs/operations.md describes the form for whoever wants to check it with a program of their own.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Row, create_engine, text

from simpeg_sync.domain.errors import LedgerUnfit
from simpeg_sync.ledger.trail import COLUMNS, HASHED, canonical
from simpeg_sync.ledger.verifying import Part

FORM = "simpeg-sync trail"
VERSION = 1
BATCH = 1000
BLOCK = ("chain", "number", "at", "writer", "content", "hash")


def write(connection: Connection, file: IO[str], *, since: float | None, until: float | None) -> Mapping[str, int]:
    """The blocks that were sealed from ``since`` on and before ``until``, with their rows; gives the number of lines by kind."""
    parts = _parts(connection, since, until)
    head = {
        "form": FORM,
        "version": VERSION,
        "is_whole": since is None and until is None,
        "since": since,
        "until": until,
        "starts": {chain: list(start) for chain, start in _starts(connection, parts).items()},
        "columns": {"block": BLOCK, **{table: ("chain", "block", *names) for table, names in HASHED.items()}},
    }
    _line(file, head)
    counts = {"block": 0, **dict.fromkeys(HASHED, 0)}
    for kind, _, select in _selects():
        for row in _stream(connection, select):
            values = list(row)
            first, last = parts.get(values[0], (0, -1))
            if first <= values[1] <= last:
                counts[kind] += 1
                _line(file, {kind: values})
    _line(file, {"end": counts})
    return counts


def _selects() -> Iterator[tuple[str, tuple[str, ...], str]]:
    yield "block", BLOCK, f"SELECT {', '.join(BLOCK)} FROM trail_blocks ORDER BY chain, number"
    for table, names in HASHED.items():
        columns = ("chain", "block", *names)
        yield table, columns, f"SELECT {', '.join(columns)} FROM {table} ORDER BY id"


def _parts(connection: Connection, since: float | None, until: float | None) -> Mapping[int, tuple[int, int]]:
    """Of each chain its first and its last block in that time, and so all between, whatever the clock did."""
    select = text("""
        SELECT chain, min(number) AS first, max(number) AS last FROM trail_blocks
        WHERE at >= :since AND at < :until GROUP BY chain
    """)
    values = {"since": 0.0 if since is None else since, "until": 1e18 if until is None else until}
    return {row.chain: (row.first, row.last) for row in connection.execute(select, values)}


def _starts(connection: Connection, parts: Mapping[int, tuple[int, int]]) -> Mapping[int, tuple[int, str]]:
    before = text("SELECT hash FROM trail_blocks WHERE chain = :chain AND number = :number")
    return {
        chain: (first, connection.execute(before, {"chain": chain, "number": first - 1}).scalar() or "")
        for chain, (first, _) in parts.items()
        if first > 0
    }


def _line(file: IO[str], value: Any) -> None:
    file.write(f"{canonical(value)}\n")


def _stream(connection: Connection, select: str) -> Iterator[Row[Any]]:
    yield from connection.execute(text(select).execution_options(stream_results=True, max_row_buffer=BATCH))


@contextmanager
def loaded(path: Path) -> Iterator[tuple[Connection, Part]]:
    """The file in tables of a database of its own, ready for `verifying.verify`. Raises LedgerUnfit for what is no such file
    or has lost its end."""
    with tempfile.TemporaryDirectory(prefix="simpeg-sync-") as folder:
        engine = create_engine(f"sqlite:///{folder}/trail.db", hide_parameters=True)
        try:
            with engine.begin() as connection, path.open(encoding="utf-8") as file:
                _make_tables(connection)
                part = _load(connection, file, path.name)
                yield connection, part
        finally:
            engine.dispose()


def _make_tables(connection: Connection) -> None:
    types = {"int": "INTEGER", "text": "TEXT"}
    for table, columns in COLUMNS.items():
        at = "" if table == "trail_heads" else "at REAL, "
        named = ", ".join(f"{name} {types[type_]}" for name, type_ in columns.items())
        connection.execute(text(f"CREATE TABLE {table} (chain INTEGER, block INTEGER, id INTEGER, {at}{named})"))
        connection.execute(text(f"CREATE INDEX {table}_id ON {table} (id)"))
    connection.execute(
        text("CREATE TABLE trail_blocks (chain INTEGER, number INTEGER, at REAL, writer TEXT, content TEXT, hash TEXT)")
    )
    connection.execute(text("CREATE INDEX trail_blocks_number ON trail_blocks (chain, number)"))


def _load(connection: Connection, file: IO[str], name: str) -> Part:
    lines = _read(file, name)
    _, head = next(lines, (0, {}))
    if head.get("form") != FORM or head.get("version") != VERSION:
        raise LedgerUnfit(f"{name} is no trail of form {VERSION}; `simpeg-sync audit export` writes one")
    columns = {kind: names for kind, names, _ in _selects()}
    counts, batch = dict.fromkeys(columns, 0), _Batch(connection)
    end: Mapping[str, Any] | None = None
    for number, line in lines:
        if end is not None:
            raise LedgerUnfit(f"{name}, line {number}: there is more behind its end")
        if "end" in line:
            end = line["end"]
            continue
        [(kind, values)] = line.items() if len(line) == 1 else [("", ())]
        if kind not in columns or not isinstance(values, list) or len(values) != len(columns[kind]):
            raise LedgerUnfit(f"{name}, line {number}: it is not what a trail holds")
        counts[kind] += 1
        batch.add("trail_blocks" if kind == "block" else kind, dict(zip(columns[kind], values, strict=True)))
    batch.put()
    if end != counts:
        raise LedgerUnfit(
            f"{name} does not hold what its last line says: it was cut off, or lines were added or removed"
        )
    try:
        starts = {int(chain): (int(start), str(hash_)) for chain, (start, hash_) in head["starts"].items()}
        return Part(starts, is_whole=bool(head["is_whole"]), has_attempts=False)
    except (KeyError, ValueError, TypeError, AttributeError):
        raise LedgerUnfit(f"{name}, line 1: it is not what a trail begins with") from None


def _read(file: IO[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        for number, line in enumerate(file, start=1):
            found = json.loads(line)
            if not isinstance(found, dict):
                raise ValueError
            yield number, found
    except ValueError:
        raise LedgerUnfit(f"{name}, line {number}: it cannot be read as JSON") from None


class _Batch:
    """Rows on their way into the tables, many at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def add(self, table: str, row: dict[str, Any]) -> None:
        rows = self._rows.setdefault(table, [])
        rows.append(row)
        if len(rows) >= BATCH:
            self.put()

    def put(self) -> None:
        for table, rows in self._rows.items():
            names = ", ".join(rows[0])
            values = ", ".join(f":{name}" for name in rows[0])
            self._connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), rows)
        self._rows = {}
