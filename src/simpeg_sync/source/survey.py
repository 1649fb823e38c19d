"""A look at a SIMPEG that nobody has described yet: its tables, keys and a few hundred rows of each, by SELECT alone.

Never reads a whole big table: rows come from both ends of the key, long texts are cut by the database, and what lies
in binary columns is not read at all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from simpeg_sync.domain.errors import SourceDown, SourceError, SourceUnfit
from simpeg_sync.source.connect import translated
from simpeg_sync.source.names import checked, table_clause

SAMPLE_ROWS = 200
"""From each end of a table."""
LONG_TEXT = 255
CUT_AT = 300
TABLES_MAX = 3000
FAILURES_MAX = 3
"""A table may be locked; a database that does not answer is not asked table by table."""
PROBE_ROWS = 20_000
"""The most rows that a look for different values goes through."""


@dataclass(frozen=True, slots=True)
class SurveyedTable:
    name: str
    """As a feed names it: ``table`` or ``schema.table``."""
    columns: Mapping[str, sa.types.TypeEngine[Any]]
    key: tuple[str, ...]
    partners: Mapping[str, tuple[str, str]]
    """Column with a declared foreign key -> the other table and its column."""
    rows: Sequence[Mapping[str, Any]] = field(repr=False, default=())
    """The sample: personal data, never to be written anywhere."""


@dataclass(frozen=True, slots=True)
class Unseen:
    table: str
    why: str


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """What bears on how changes can be noticed."""

    dialect: str
    may_create_triggers: bool
    has_log: bool
    """The server writes a log from which rows can be followed, and the account may follow it."""
    missing: str = ""
    """What the server's log lacks, in words."""


class Survey:
    def __init__(self, engine: sa.Engine, schemas: Sequence[str] = ()) -> None:
        self._engine = engine
        self._schemas: Sequence[str | None] = [checked(name) for name in schemas] or [None]
        self._indexed: dict[str, frozenset[str]] = {}
        """Table -> columns by which it can be asked at no cost."""
        self._failures = 0
        self.unseen: list[Unseen] = []
        """Tables that were left out, and why."""

    @property
    def dialect(self) -> str:
        name = self._engine.dialect.name
        return "mariadb" if name == "mysql" and getattr(self._engine.dialect, "is_mariadb", False) else name

    def tables(self) -> Sequence[SurveyedTable]:
        """By name. Raises SourceError."""
        found: list[SurveyedTable] = []
        for schema in self._schemas:
            with translated("list the tables"):
                described = self._described(schema)
            found += [self._with_rows(table) for table in described]
        return sorted(found, key=lambda table: table.name)

    def share_found(self, table: str, column: str, values: Collection[Any]) -> float:
        """How many of the values stand in the column of the other table, 0 to 1."""
        if not values:
            return 0.0
        wanted: sa.ColumnElement[Any] = table_clause(table, column).c[column]
        if column not in self._indexed.get(table, ()):
            # Without an index the database would go through all of a table of any size.
            wanted = sa.select(wanted).limit(PROBE_ROWS).subquery().c[column]
        statement = sa.select(sa.func.count(wanted.distinct())).where(wanted.in_(list(values)))
        with translated(f"look at table {table}"), self._engine.connect() as connection:
            return min(1.0, int(connection.execute(statement).scalar_one()) / len(values))

    def different(self, table: str, column: str, *, limit: int) -> Sequence[Any]:
        """Values of the column, each once, among the first rows of the table."""
        clause = table_clause(table, column)
        some = sa.select(clause.c[column].label("v")).limit(PROBE_ROWS).subquery()
        statement = sa.select(some.c.v).distinct().limit(limit)
        return [row[0] for row in self._asked(table, statement)]

    def pairs(self, table: str, column: str, label: str | None, *, limit: int) -> Sequence[tuple[Any, Any]]:
        """The column's values with their texts; for tables of codes."""
        clause = table_clause(table, *dict.fromkeys([column, label or column]))
        statement = sa.select(clause.c[column], clause.c[label or column]).limit(limit)
        return [(row[0], row[1] if label else None) for row in self._asked(table, statement)]

    def _asked(self, table: str, statement: sa.Select[Any]) -> Sequence[Any]:
        with translated(f"look at table {table}"), self._engine.connect() as connection:
            return connection.execute(statement).fetchall()

    # ------------------------------------------------------------------------------------------------------ catalogue

    def _described(self, schema: str | None) -> Sequence[SurveyedTable]:
        inspector = sa.inspect(self._engine)
        names = sorted(inspector.get_table_names(schema=schema))
        if len(names) > TABLES_MAX:
            self.unseen += [
                Unseen(name, f"only the first {TABLES_MAX} tables were looked at") for name in names[TABLES_MAX:]
            ]
        wanted = names[:TABLES_MAX]
        columns = inspector.get_multi_columns(schema=schema, filter_names=wanted)
        keys = inspector.get_multi_pk_constraint(schema=schema, filter_names=wanted)
        foreign = inspector.get_multi_foreign_keys(schema=schema, filter_names=wanted)
        indexes = inspector.get_multi_indexes(schema=schema, filter_names=wanted)
        found: list[SurveyedTable] = []
        for name in wanted:
            place = (schema, name)
            try:
                checked(name)
                usable = {
                    column["name"]: column["type"] for column in columns.get(place, []) if _is_plain(column["name"])
                }
            except SourceUnfit:
                self.unseen.append(Unseen(ascii(name), "its name cannot be written in a feed"))
                continue
            declared = keys.get(place)
            key = tuple(declared["constrained_columns"]) if declared else ()
            partners = {
                one["constrained_columns"][0]: (
                    _named(one["referred_schema"], one["referred_table"]),
                    one["referred_columns"][0],
                )
                for one in foreign.get(place, [])
                if len(one["constrained_columns"]) == 1 and len(one["referred_columns"]) == 1
            }
            leading = {str(one["column_names"][0]) for one in indexes.get(place, []) if one["column_names"]}
            self._indexed[_named(schema, name)] = frozenset({*key[:1], *leading})
            found.append(SurveyedTable(_named(schema, name), usable, key if set(key) <= set(usable) else (), partners))
        return found

    # ---------------------------------------------------------------------------------------------------------- rows

    def _with_rows(self, table: SurveyedTable) -> SurveyedTable:
        try:
            rows = self._sample(table)
        except SourceError as error:
            self._failures += isinstance(error, SourceDown)
            if self._failures > FAILURES_MAX:
                raise
            self.unseen.append(Unseen(table.name, str(error)))
            rows = []
        return SurveyedTable(table.name, table.columns, table.key, table.partners, rows)

    def _sample(self, table: SurveyedTable) -> Sequence[Mapping[str, Any]]:
        readable = [name for name, kind in table.columns.items() if not is_binary(kind)]
        if not readable:
            return []
        clause = table_clause(table.name, *table.columns)
        wanted = [
            (sa.func.substr(clause.c[name], 1, CUT_AT) if _is_long(table.columns[name]) else clause.c[name]).label(
                f"c{index}"
            )
            for index, name in enumerate(readable)
        ]
        order = [clause.c[name] for name in table.key]
        ends = [sa.select(*wanted).order_by(*order).limit(SAMPLE_ROWS)]
        if order:
            ends.append(sa.select(*wanted).order_by(*(column.desc() for column in order)).limit(SAMPLE_ROWS))
        rows: dict[tuple[str, ...], Mapping[str, Any]] = {}
        for statement in ends:
            for row in self._asked(table.name, statement):
                rows[tuple(str(value) for value in row)] = dict(zip(readable, row, strict=True))
        return list(rows.values())

    # ------------------------------------------------------------------------------------------------------- capture

    def capture_facts(self) -> CaptureFacts:
        """Raises SourceError."""
        with translated("look at the rights of the account"), self._engine.connect() as connection:
            match self.dialect:
                case "postgresql":
                    return _postgresql(connection)
                case "mysql" | "mariadb":
                    return _mariadb(connection, self.dialect)
                case dialect:
                    return CaptureFacts(dialect, dialect == "sqlite", False, f"{dialect} has none that can be followed")


def is_binary(kind: sa.types.TypeEngine[Any]) -> bool:
    return isinstance(kind, sa.LargeBinary | sa.BINARY | sa.VARBINARY | sa.BLOB)


def _is_long(kind: sa.types.TypeEngine[Any]) -> bool:
    return isinstance(kind, sa.String) and not isinstance(kind, sa.Enum) and (kind.length or LONG_TEXT + 1) > LONG_TEXT


def _is_plain(name: str) -> bool:
    try:
        checked(name)
    except SourceUnfit:
        return False  # an expression cannot name it
    return True


def _named(schema: str | None, table: str) -> str:
    return f"{schema}.{table}" if schema else table


def _postgresql(connection: sa.Connection) -> CaptureFacts:
    level = str(connection.exec_driver_sql("SHOW wal_level").scalar_one())
    may_follow, owns = connection.exec_driver_sql(
        "SELECT rolreplication OR rolsuper, rolsuper OR EXISTS ("
        "  SELECT 1 FROM pg_class WHERE relkind = 'r' AND relowner = pg_roles.oid) FROM pg_roles WHERE rolname = current_user"
    ).one()
    lacks = [
        *([] if level == "logical" else [f"wal_level is {level}"]),
        *([] if may_follow else ["no REPLICATION right"]),
    ]
    return CaptureFacts("postgresql", bool(owns), not lacks, ", ".join(lacks))


def _mariadb(connection: sa.Connection, dialect: str) -> CaptureFacts:
    has_binlog, form = connection.exec_driver_sql("SELECT @@log_bin, @@binlog_format").one()
    grants = " ".join(str(row[0]) for row in connection.exec_driver_sql("SHOW GRANTS")).upper()
    has_all = "ALL PRIVILEGES ON *.*" in grants
    lacks = [
        *([] if has_binlog else ["no binlog"]),
        *([] if str(form).upper() == "ROW" else [f"binlog_format is {form}"]),
        *([] if has_all or "REPLICATION SLAVE" in grants else ["no REPLICATION SLAVE right"]),
    ]
    may_create = "ALL PRIVILEGES" in grants or " TRIGGER" in grants
    return CaptureFacts(dialect, may_create, not lacks, ", ".join(lacks))
