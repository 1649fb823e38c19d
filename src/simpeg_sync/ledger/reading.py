"""What people ask of the ledger. Reads only; names what it gives as plain values, newest knowledge first."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, bindparam, text

from simpeg_sync.clock import Clock
from simpeg_sync.decide.budget import Books
from simpeg_sync.domain.change import FeedName, SourceKey
from simpeg_sync.domain.record import Action, Record
from simpeg_sync.ledger import budget
from simpeg_sync.ledger.engine import translated
from simpeg_sync.ledger.rows import record

LIST_MAX = 10_000


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records; everything that is set has to fit."""

    record_id: int | None = None
    person: str | None = None
    feed: str | None = None
    status: str | None = None
    reason: str | None = None
    since: float | None = None

    def clause(self, *, time_column: str) -> tuple[str, dict[str, Any]]:
        tests = {
            "records.id = :record_id": self.record_id,
            "records.lane = :person": self.person,
            "records.feed = :feed": self.feed,
            "records.status = :status": self.status,
            "records.reason = :reason": self.reason,
            f"{time_column} >= :since": self.since,
        }
        wanted = [test for test, value in tests.items() if value is not None]
        values = {test.rsplit(":", 1)[1]: value for test, value in tests.items() if value is not None}
        return (" AND ".join(wanted) or "1 = 1"), values


class LedgerReader:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def counts(self) -> Sequence[Mapping[str, Any]]:
        """Records by feed and status."""
        # Grouped as the index has them, or millions of rows would be sorted.
        return self._all("""
            SELECT feed, status, count FROM (SELECT status, feed, count(*) AS count FROM records GROUP BY status, feed) AS counted
            ORDER BY feed, status""")

    def reasons(self) -> Sequence[Mapping[str, Any]]:
        """Why records do not go on, most frequent first. A detail that names another record is everybody's own, and left out."""
        return self._all("""
            SELECT feed, status, reason, detail, count(*) AS count FROM (
                SELECT feed, status, reason, CASE WHEN detail LIKE 'record %' THEN '' ELSE detail END AS detail
                FROM records WHERE status IN ('held', 'refused', 'uncertain')) standing
            GROUP BY feed, status, reason, detail ORDER BY count(*) DESC, feed LIMIT 100""")

    def oldest_waiting(self) -> float | None:
        return self._time("SELECT min(dirty_since) FROM records WHERE status = 'waiting'")

    def attempts(self) -> Sequence[Mapping[str, Any]]:
        # As the indexes have them: those that have ended, and the few under way.
        return self._all("""
            SELECT action, outcome, CAST(sum(count) AS BIGINT) AS count FROM (
                SELECT outcome, action, count(*) AS count FROM attempts WHERE ended_at IS NOT NULL GROUP BY outcome, action
                UNION ALL
                SELECT outcome, action, count(*) AS count FROM attempts WHERE ended_at IS NULL GROUP BY outcome, action
            ) AS counted GROUP BY action, outcome ORDER BY action, outcome""")

    def last_success(self) -> float | None:
        newest = " UNION ALL ".join(
            "SELECT * FROM (SELECT ended_at FROM attempts WHERE ended_at IS NOT NULL "
            f"AND outcome = '{outcome}' AND action = '{action}' ORDER BY ended_at DESC LIMIT 1) AS {outcome}_{action}"
            for outcome in ("accepted", "executed")
            for action in Action
        )
        return self._time(f"SELECT max(ended_at) FROM ({newest}) AS newest")

    def sweeps(self) -> Sequence[Mapping[str, Any]]:
        return self._all("SELECT feed, started_at, done_at, rows, why FROM sweeps ORDER BY feed")

    def cursor_moved_at(self, name: str | None = None) -> float | None:
        """Of one capture, or the newest of all."""
        if name is None:
            return self._time("SELECT max(moved_at) FROM cursors")
        return self._time("SELECT moved_at FROM cursors WHERE name = :name", name=name)

    def books(self) -> tuple[Books, float]:
        """The books of the calls to BKN, and their time."""
        return budget.look(self._engine, Clock())

    def brakes(self) -> Sequence[Mapping[str, Any]]:
        """Feeds that have stopped by themselves."""
        return self._all(
            "SELECT feed, pulled_at, pulled_by, count, most FROM brakes WHERE pulled_at IS NOT NULL ORDER BY feed"
        )

    def latest_plan(self) -> Mapping[str, Any] | None:
        """Of a whole configuration: the one that can be approved."""
        found = self._all("SELECT * FROM plans WHERE selection = '' ORDER BY id DESC LIMIT 1")
        return {**found[0], "summary": json.loads(found[0]["summary"])} if found else None

    def plan(self, plan_id: int) -> Mapping[str, Any] | None:
        found = self._all("SELECT * FROM plans WHERE id = :id", id=plan_id)
        return {**found[0], "summary": json.loads(found[0]["summary"])} if found else None

    def plan_states(self, plan_id: int) -> Mapping[tuple[str, str, str], int]:
        """Items by state, reason and planned action."""
        found = self._all(
            "SELECT state, why, action, count(*) AS count FROM plan_items WHERE plan_id = :id "
            "GROUP BY state, why, action ORDER BY 1, 2, 3",
            id=plan_id,
        )
        return {(row["state"], row["why"], row["action"]): row["count"] for row in found}

    def plan_items(self, plan_id: int, *, after: int = 0, limit: int = 500) -> Sequence[Mapping[str, Any]]:
        """A page of the plan's items behind ``after``, in their order."""
        return self._all(
            "SELECT * FROM plan_items WHERE plan_id = :id AND number > :after ORDER BY number LIMIT :limit",
            id=plan_id,
            after=after,
            limit=limit,
        )

    def by_ids(self, ids: Sequence[int]) -> Sequence[Mapping[str, Any]]:
        """The records with these numbers, by number."""
        statement = text("SELECT * FROM records WHERE id IN :ids ORDER BY id").bindparams(
            bindparam("ids", expanding=True)
        )
        with translated(), self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(statement, {"ids": list(ids)}).mappings()]

    def is_approved(self, configuration: str) -> bool:
        return bool(
            self._all(
                "SELECT 1 FROM plans WHERE configuration = :configuration AND approved_at IS NOT NULL LIMIT 1",
                configuration=configuration,
            )
        )

    def records(self, wanted: RecordFilter, *, limit: int = LIST_MAX) -> Sequence[Mapping[str, Any]]:
        clause, values = wanted.clause(time_column="records.since")
        return self._all(f"SELECT * FROM records WHERE {clause} ORDER BY id LIMIT :limit", limit=limit, **values)

    def many(self, feed: FeedName, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Record]:
        """The records with these keys, as far as there are any."""
        statement = text("SELECT * FROM records WHERE feed = :feed AND source_key IN :keys")
        statement = statement.bindparams(bindparam("keys", expanding=True))
        with translated(), self._engine.connect() as connection:
            found = connection.execute(statement, {"feed": feed, "keys": list(keys)}).mappings().all()
        return {SourceKey(row["source_key"]): record(row) for row in found}

    def linked(self, feed: FeedName) -> int:
        """Records of the feed that have a row at BKN."""
        found = self._all("SELECT count(*) AS count FROM records WHERE feed = :feed AND bkn_id IS NOT NULL", feed=feed)
        return int(found[0]["count"])

    def count(self, wanted: RecordFilter) -> tuple[int, int]:
        """Records and persons that the filter means."""
        clause, values = wanted.clause(time_column="records.since")
        found = self._all(
            f"SELECT count(*) AS records, count(DISTINCT lane) AS persons FROM records WHERE {clause}", **values
        )
        return found[0]["records"], found[0]["persons"]

    def ids(self, wanted: RecordFilter) -> list[int]:
        clause, values = wanted.clause(time_column="records.since")
        return [row["id"] for row in self._all(f"SELECT id FROM records WHERE {clause} ORDER BY id", **values)]

    def events(self, wanted: RecordFilter, *, after: int = 0, limit: int = 200) -> Sequence[Mapping[str, Any]]:
        """The newest events behind ``after``, oldest first."""
        clause, values = wanted.clause(time_column="events.at")
        newest = self._all(
            f"""
            SELECT events.*, records.feed, records.lane, records.source_key FROM events
            JOIN records ON records.id = events.record_id
            WHERE events.id > :after AND {clause.replace("records.status", "events.status")}
            ORDER BY events.id DESC LIMIT :limit""",
            after=after,
            limit=limit,
            **values,
        )
        return list(reversed(newest))

    def attempts_of(self, record_id: int) -> Sequence[Mapping[str, Any]]:
        return self._all(
            "SELECT id, number, version, action, digest, bkn_id, started_at, ended_at, outcome, code, http_status, message "
            "FROM attempts WHERE record_id = :record_id ORDER BY number",
            record_id=record_id,
        )

    def events_of(self, record_id: int) -> Sequence[Mapping[str, Any]]:
        return self._all("SELECT * FROM events WHERE record_id = :record_id ORDER BY id", record_id=record_id)

    def units(self) -> Sequence[Mapping[str, Any]]:
        """The units in which persons work, as SIMPEG has them, with how many persons each."""
        return self._all("""
            SELECT identities.unit, max(identities.unit_name) AS unit_name, count(DISTINCT records.lane) AS persons
            FROM identities JOIN records ON records.id = identities.record_id
            WHERE identities.unit <> '' GROUP BY identities.unit ORDER BY identities.unit""")

    def lanes_of_unit(self, unit: str) -> Sequence[str]:
        """The persons of a unit."""
        return [
            row["lane"]
            for row in self._all(
                "SELECT DISTINCT records.lane FROM identities JOIN records ON records.id = identities.record_id "
                "WHERE identities.unit = :unit ORDER BY records.lane",
                unit=unit,
            )
        ]

    def audit(self, *, limit: int = 200) -> Sequence[Mapping[str, Any]]:
        return self._all("SELECT * FROM audit ORDER BY id DESC LIMIT :limit", limit=limit)

    def notes(self, prefix: str) -> Mapping[str, str]:
        """Small notes by what follows the prefix in their names."""
        found = self._all(
            "SELECT name, value FROM notes WHERE substr(name, 1, :length) = :prefix AND value <> ''",
            length=len(prefix),
            prefix=prefix,
        )
        return {row["name"].removeprefix(prefix): row["value"] for row in found}

    def _time(self, statement: str, **values: Any) -> float | None:
        with translated(), self._engine.connect() as connection:
            found: float | None = connection.execute(text(statement), values).scalar()
            return found

    def _all(self, statement: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        with translated(), self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement), values).mappings()]
