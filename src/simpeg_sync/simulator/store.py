"""Everything BKN remembers, in SQLite: persons, rows, files, tokens, and the two books (effects and calls).

One connection behind one lock. An effect is committed before anybody hears of it; the log of calls may lag a
little behind, since nothing is judged by it after a crash.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

CALLS_PER_COMMIT = 64

_SCHEMA = """
CREATE TABLE IF NOT EXISTS persons (nip TEXT PRIMARY KEY, id TEXT UNIQUE NOT NULL, fields TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
    created_seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT UNIQUE NOT NULL, resource TEXT NOT NULL, nip TEXT NOT NULL,
    fields TEXT NOT NULL, documents TEXT NOT NULL, version INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL DEFAULT 0,
    changed_at REAL NOT NULL,
    shown TEXT);  -- what readers see until the read lag is over; JSON null = nothing
CREATE INDEX IF NOT EXISTS rows_of_person ON rows (nip, resource);
CREATE INDEX IF NOT EXISTS rows_of_resource ON rows (resource);
CREATE TABLE IF NOT EXISTS files (
    uri TEXT PRIMARY KEY, sha256 TEXT NOT NULL, content BLOB NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reference_rows (
    name TEXT NOT NULL, id TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (name, id));
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, user TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS effects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL, kind TEXT NOT NULL, resource TEXT NOT NULL, row_id TEXT, nip TEXT,
    body_sha256 TEXT, changed INTEGER NOT NULL, request_no INTEGER NOT NULL);
CREATE TRIGGER IF NOT EXISTS effects_stay BEFORE UPDATE ON effects
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS effects_keep BEFORE DELETE ON effects
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TABLE IF NOT EXISTS calls (
    no INTEGER PRIMARY KEY, at_start REAL NOT NULL, at_end REAL NOT NULL,
    method TEXT NOT NULL, path TEXT NOT NULL,
    nip TEXT, status INTEGER, fault TEXT, was_effect INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Person:
    nip: str
    id: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    resource: str
    # Empty for a row of the instansi.
    nip: str
    # Stored under the write names.
    fields: dict[str, Any]
    # id_ref_dokumen -> document object with its sha256.
    documents: dict[str, dict[str, str]]
    version: int
    created_seq: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    uri: str
    content: bytes
    document: dict[str, str]


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Store:
    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._depth = 0
        # Ended calls on their way to the table. Each trip to SQLite lets the other threads in, so there are few.
        self._calls: deque[tuple[Any, ...]] = deque()
        # Persons that were asked for, by NIP and by id: nearly every call needs one.
        self._persons: dict[str, Person] = {}

    def close(self) -> None:
        """Waits for the effect under way; whoever comes later finds the store closed."""
        with self._lock:
            self._keep_calls()
            self._db.close()

    @contextmanager
    def one_step(self) -> Iterator[None]:
        """What is read and written inside happens as a whole and is durable afterwards, or not at all."""
        with self._lock:
            self._depth += 1
            try:
                yield
            except BaseException:
                self._db.rollback()
                self._persons.clear()
                raise
            else:
                if self._depth == 1:
                    self._flush_calls()
                    self._db.commit()
            finally:
                self._depth -= 1

    # persons

    def put_person(self, person: Person) -> None:
        statement = """INSERT INTO persons VALUES (?,?,?)
            ON CONFLICT (nip) DO UPDATE SET id=excluded.id, fields=excluded.fields"""
        with self._lock:
            old = self._one("SELECT id FROM persons WHERE nip=?", person.nip)
            self._execute(statement, person.nip, person.id, canonical(person.fields))
            for key in (person.nip, person.id, old["id"] if old else ""):
                self._persons.pop(key, None)

    def correct_nip(self, old: str, new: str) -> None:
        """The person and the rows keep their ids; nobody is called by the old NIP any more."""
        with self._lock:
            self._execute("UPDATE persons SET nip=? WHERE nip=?", new, old)
            self._execute("UPDATE rows SET nip=? WHERE nip=?", new, old)
            self._persons.clear()

    def person(self, nip: str) -> Person | None:
        return self._remembered(nip, "SELECT * FROM persons WHERE nip=?")

    def person_by_id(self, person_id: str) -> Person | None:
        return self._remembered(person_id, "SELECT * FROM persons WHERE id=?")

    def persons(self, *, nip: str | None = None) -> list[Person]:
        found = self._all("SELECT * FROM persons WHERE nip=coalesce(?1,nip) ORDER BY nip", nip)
        return [Person(row["nip"], row["id"], json.loads(row["fields"])) for row in found]

    def another_person(self, nip: str, resource: str | None) -> Person | None:
        """Somebody else, best of all one who has rows of this resource."""
        statement = """SELECT * FROM persons p WHERE nip<>? ORDER BY NOT EXISTS (SELECT 1 FROM rows r
            WHERE r.nip=p.nip AND r.resource=? AND NOT r.is_deleted), nip LIMIT 1"""
        return self._person(statement, nip, resource)

    # rows

    def row(self, row_id: str) -> Row | None:
        found = self._one("SELECT * FROM rows WHERE id=? AND NOT is_deleted", row_id)
        return _row(found) if found else None

    def rows(self, *, resource: str | None = None, nip: str | None = None) -> list[Row]:
        statement = """SELECT * FROM rows WHERE NOT is_deleted
            AND resource=coalesce(?1,resource) AND nip=coalesce(?2,nip) ORDER BY created_seq"""
        return [_row(found) for found in self._all(statement, resource, nip)]

    def shown_rows(self, resource: str, nip: str, *, read_lag_s: float) -> list[Row]:
        """What a reader sees now: a change younger than the lag isn't there yet."""
        statement = "SELECT * FROM rows WHERE nip=? AND resource=? ORDER BY created_seq"
        return [row for found in self._all(statement, nip, resource) if (row := _shown(found, read_lag_s))]

    def all_shown_rows(self, resource: str, *, read_lag_s: float) -> list[Row]:
        statement = "SELECT * FROM rows WHERE resource=? ORDER BY created_seq"
        return [row for found in self._all(statement, resource) if (row := _shown(found, read_lag_s))]

    def shown_row(self, row_id: str, *, read_lag_s: float) -> Row | None:
        found = self._one("SELECT * FROM rows WHERE id=?", row_id)
        return _shown(found, read_lag_s) if found else None

    def insert_row(
        self,
        row_id: str,
        resource: str,
        nip: str,
        *,
        fields: dict[str, Any],
        documents: dict[str, dict[str, str]],
        is_old: bool = False,
    ) -> None:
        """`is_old`: the row has been there before anybody watched, so no read lag hides it."""
        # REPLACE: the id may belong to a row that was deleted.
        statement = """INSERT OR REPLACE INTO rows
            (id, resource, nip, fields, documents, version, changed_at, shown)
            VALUES (?,?,?,?,?,1,?,'null')"""
        changed_at = 0.0 if is_old else time.time()
        self._execute(statement, row_id, resource, nip, canonical(fields), canonical(documents), changed_at)

    def change_row(
        self, row: Row, *, fields: dict[str, Any], documents: dict[str, dict[str, str]], read_lag_s: float
    ) -> None:
        self._keep_shown(row, read_lag_s)
        self._execute(
            "UPDATE rows SET fields=?, documents=?, version=version+1, changed_at=? WHERE id=?",
            canonical(fields),
            canonical(documents),
            time.time(),
            row.id,
        )

    def delete_row(self, row: Row, *, read_lag_s: float) -> None:
        self._keep_shown(row, read_lag_s)
        self._execute("UPDATE rows SET is_deleted=1, version=version+1, changed_at=? WHERE id=?", time.time(), row.id)

    def _keep_shown(self, row: Row, read_lag_s: float) -> None:
        # A row that still hides an earlier change goes on showing what it showed.
        shown = canonical({"fields": row.fields, "documents": row.documents})
        self._execute("UPDATE rows SET shown=? WHERE id=? AND changed_at+?<=?", shown, row.id, read_lag_s, time.time())

    # files

    def put_file(self, file: StoredFile) -> None:
        self._execute(
            "INSERT OR REPLACE INTO files VALUES (?,?,?,?)",
            file.uri,
            sha256_of(file.content),
            file.content,
            canonical(file.document),
        )

    def file(self, uri: str) -> StoredFile | None:
        found = self._one("SELECT * FROM files WHERE uri=?", uri)
        return StoredFile(found["uri"], found["content"], json.loads(found["document"])) if found else None

    # reference tables

    def put_reference_rows(self, name: str, rows: list[tuple[str, dict[str, Any]]]) -> None:
        statement = "INSERT OR REPLACE INTO reference_rows VALUES (?,?,?)"
        with self.one_step():
            self._db.executemany(statement, [(name, row_id, json.dumps(row)) for row_id, row in rows])

    def delete_reference_rows(self, name: str) -> None:
        with self.one_step():
            self._execute("DELETE FROM reference_rows WHERE name=?", name)

    def reference_rows(self) -> list[tuple[str, dict[str, Any]]]:
        found = self._all("SELECT name, row FROM reference_rows ORDER BY rowid")
        return [(row["name"], json.loads(row["row"])) for row in found]

    # tokens

    def put_token(self, token: str, kind: str, user: str, *, expires_at: float) -> None:
        with self.one_step():
            self._execute("INSERT OR REPLACE INTO tokens VALUES (?,?,?,?)", token, kind, user, expires_at)

    def expire_tokens(self, kind: str) -> None:
        with self.one_step():
            self._execute("UPDATE tokens SET expires_at=0 WHERE kind=?", kind)

    def tokens(self) -> list[sqlite3.Row]:
        return self._all("SELECT * FROM tokens")

    # books

    def effect_on(self, kind: str, row: Row, *, changed: bool, request_no: int) -> None:
        """What a save or a delete did to a row; `row` is as it is afterwards, or was before it was deleted."""
        self.write_effect(
            kind,
            row.resource,
            row_id=row.id,
            nip=row.nip or None,
            body_sha256=sha256_of(canonical(row.fields).encode()),
            changed=changed,
            request_no=request_no,
        )

    def write_effect(
        self,
        kind: str,
        resource: str,
        *,
        row_id: str | None,
        nip: str | None,
        body_sha256: str,
        changed: bool,
        request_no: int,
    ) -> None:
        statement = """INSERT INTO effects (at, kind, resource, row_id, nip, body_sha256, changed, request_no)
            VALUES (?,?,?,?,?,?,?,?)"""
        self._execute(statement, time.time(), kind, resource, row_id, nip, body_sha256, changed, request_no)

    def effects(self, *, after: int = 0) -> list[dict[str, Any]]:
        found = self._all("SELECT * FROM effects WHERE seq>? ORDER BY seq", after)
        return [{**dict(effect), "changed": bool(effect["changed"])} for effect in found]

    def write_call(self, *values: Any) -> None:
        self._calls.append(values)
        if len(self._calls) >= CALLS_PER_COMMIT:
            self._keep_calls()

    def calls(self, *, after: int = 0) -> list[dict[str, Any]]:
        self._keep_calls()
        found = self._all("SELECT * FROM calls WHERE no>? ORDER BY no", after)
        return [{**dict(call), "was_effect": bool(call["was_effect"])} for call in found]

    def last_call_no(self) -> int:
        statement = """SELECT max(coalesce((SELECT max(no) FROM calls), 0),
            coalesce((SELECT max(request_no) FROM effects), 0))"""
        found = self._one(statement)
        return int(found[0]) if found else 0

    def totals(self) -> dict[str, Any]:
        kinds = self._all("SELECT kind, count(*) FROM effects GROUP BY kind")
        found = self._one("SELECT (SELECT count(*) FROM persons), (SELECT count(*) FROM rows WHERE NOT is_deleted)")
        persons, rows = found if found else (0, 0)
        return {"persons": persons, "rows": rows, "effects": {str(kind): int(count) for kind, count in kinds}}

    # SQLite

    def _keep_calls(self) -> None:
        with self.one_step():
            self._flush_calls()

    def _flush_calls(self) -> None:
        calls = [self._calls.popleft() for _ in range(len(self._calls))]
        self._db.executemany("INSERT OR REPLACE INTO calls VALUES (?,?,?,?,?,?,?,?,?)", calls)

    def _remembered(self, key: str, statement: str) -> Person | None:
        person = self._persons.get(key)
        if person is None:
            with self._lock:
                person = self._person(statement, key)
                if person:
                    self._persons[key] = person
        return person

    def _execute(self, statement: str, *values: Any) -> None:
        with self._lock:
            self._db.execute(statement, values)

    def _one(self, statement: str, *values: Any) -> sqlite3.Row | None:
        with self._lock:
            found: sqlite3.Row | None = self._db.execute(statement, values).fetchone()
            return found

    def _all(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    def _person(self, statement: str, *values: Any) -> Person | None:
        found = self._one(statement, *values)
        return Person(found["nip"], found["id"], json.loads(found["fields"])) if found else None


def _row(found: sqlite3.Row) -> Row:
    fields, documents = json.loads(found["fields"]), json.loads(found["documents"])
    return Row(
        found["id"],
        found["resource"],
        found["nip"],
        fields,
        documents,
        found["version"],
        found["created_seq"],
    )


def _shown(found: sqlite3.Row, read_lag_s: float) -> Row | None:
    if found["changed_at"] + read_lag_s <= time.time():
        return None if found["is_deleted"] else _row(found)
    shown = json.loads(found["shown"])
    if shown is None:
        return None
    return Row(
        found["id"],
        found["resource"],
        found["nip"],
        shown["fields"],
        shown["documents"],
        found["version"],
        found["created_seq"],
    )
