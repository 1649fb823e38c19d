"""What auditors ask of the ledger: who did what when about whom, newest first; and all that is kept about one person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, inspect, text

from simpeg_sync.ledger import codec
from simpeg_sync.ledger.engine import translated


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries; everything that is set has to fit."""

    since: float | None = None
    until: float | None = None
    actor: str | None = None
    action: str | None = None
    feed: str | None = None
    person: str | None = None
    record_id: int | None = None


# Each source of entries: its name, what is selected, and the test of each filter; None where it knows no such thing.
_SOURCES: Sequence[tuple[str, str, Mapping[str, str | None]]] = (
    (
        "move",
        """
        SELECT events.id, events.at, events.actor, events.event AS action, records.feed, records.source_key,
            coalesce(nullif(events.lane, ''), records.lane) AS person, events.record_id AS record, events.status,
            events.reason, events.detail, events.facts AS what, events.chain, events.block
        FROM events LEFT JOIN records ON records.id = events.record_id
        """,
        {
            "since": "events.at >= :since",
            "until": "events.at < :until",
            "actor": "events.actor = :actor",
            "action": "events.event = :action",
            "feed": "records.feed = :feed",
            "person": "coalesce(nullif(events.lane, ''), records.lane) = :person",
            "record_id": "events.record_id = :record_id",
        },
    ),
    (
        "order",
        """
        SELECT id, at, actor, action, NULL AS feed, NULL AS source_key, person, NULL AS record, '' AS status, reason, detail,
            target AS what, chain, block
        FROM audit
        """,
        {
            "since": "at >= :since",
            "until": "at < :until",
            "actor": "actor = :actor",
            "action": "action = :action",
            "feed": None,
            "person": "person = :person",
            "record_id": None,
        },
    ),
    (
        "read",
        """
        SELECT id, at, actor, 'read' AS action, NULL AS feed, NULL AS source_key, lane AS person, NULL AS record, '' AS status,
            why AS reason, '' AS detail, what, chain, block
        FROM reads
        """,
        {
            "since": "at >= :since",
            "until": "at < :until",
            "actor": "actor = :actor",
            "action": "'read' = :action",
            "feed": None,
            "person": "lane = :person",
            "record_id": None,
        },
    ),
)


class AuditReader:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def entries(self, wanted: EntryFilter, *, limit: int) -> Sequence[Mapping[str, Any]]:
        """The newest entries of all kinds, oldest of them first."""
        values = {name: getattr(wanted, name) for name in EntryFilter.__dataclass_fields__}
        values = {name: value for name, value in values.items() if value is not None}
        found: list[Mapping[str, Any]] = []
        for kind, select, tests in _SOURCES:
            wants = [tests[name] for name in values]
            if None in wants:
                continue
            where = " AND ".join(str(test) for test in wants) or "1 = 1"
            table = {"move": "events.", "order": "", "read": ""}[kind]
            rows = self._all(f"{select} WHERE {where} ORDER BY {table}id DESC LIMIT :limit", limit=limit, **values)
            found += [{"kind": kind, **row} for row in rows]
        found.sort(key=lambda row: (row["at"], row["kind"], row["id"]))
        return found[-limit:]

    def nips(self, nip: str) -> Sequence[str]:
        """The NIP, and the others that BKN knows as the same person."""
        others = self._all(
            "SELECT others.nip FROM persons JOIN persons others ON others.bkn_id = persons.bkn_id "
            "WHERE persons.nip = :nip AND others.nip <> :nip ORDER BY others.nip",
            nip=nip,
        )
        return [nip, *(row["nip"] for row in others)]

    def about(self, nips: Sequence[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Every row of every table that is about the person, by table."""
        with translated(), self._engine.connect() as connection:
            there = set(inspect(connection).get_table_names())
            return {
                table: _of_person(connection, select, nips)
                for table, select in _ABOUT.items()
                if table in there  # some came later than others
            }

    def _all(self, statement: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        with translated(), self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement), values).mappings()]


# A record may have been another person's once (a corrected NIP): what happened then is in that person's events.
_RECORDS = "SELECT id FROM records WHERE lane IN :nips UNION SELECT record_id FROM events WHERE lane IN :nips"
_ABOUT: Mapping[str, str] = {
    "persons": "SELECT * FROM persons WHERE nip IN :nips ORDER BY nip",
    "records": "SELECT * FROM records WHERE lane IN :nips ORDER BY feed, id",
    "events": f"""
        SELECT events.*, records.feed FROM events JOIN records ON records.id = events.record_id
        WHERE events.record_id IN ({_RECORDS})
          AND (events.lane IN :nips OR (events.lane = '' AND records.lane IN :nips)) ORDER BY events.id
    """,
    "attempts": """
        SELECT attempts.*, records.feed FROM attempts JOIN records ON records.id = attempts.record_id
        WHERE records.lane IN :nips ORDER BY attempts.started_at, attempts.id
    """,
    "reads": "SELECT * FROM reads WHERE lane IN :nips ORDER BY id",
    "audit": "SELECT * FROM audit WHERE person IN :nips ORDER BY id",
    "situations": "SELECT * FROM situations WHERE lane IN :nips ORDER BY feed, id",
    "situation_changes": "SELECT * FROM situation_changes WHERE lane IN :nips ORDER BY id",
    "plan_items": "SELECT * FROM plan_items WHERE lane IN :nips ORDER BY plan_id, number",
}
_ENCODED = {("attempts", "body"), ("situations", "said")}
"""What went through the codec on its way in."""


def _of_person(connection: Connection, select: str, nips: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    statement = text(select).bindparams(bindparam("nips", expanding=True))
    return [dict(row) for row in connection.execute(statement, {"nips": list(nips)}).mappings()]


def decoded(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: codec.decode(value) if (table, name) in _ENCODED else value for name, value in row.items()}
