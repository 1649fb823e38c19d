"""The SQL that a DBA runs once for capture mode `wal`: the account, its rights, the slot. Builders only."""

from collections.abc import Sequence

from sqlalchemy.engine import Dialect

from simpeg_sync.mapping.feed import Feed, tables_of
from simpeg_sync.source.ddl import literal
from simpeg_sync.source.ddl_postgresql import DEFAULT_SCHEMA
from simpeg_sync.source.names import quoted, quoted_table
from simpeg_sync.source.stream_settings import WalSettings
from simpeg_sync.source.wal_slot import PLUGIN
from simpeg_sync.source.watch import watched


def setup(dialect: Dialect, feeds: Sequence[Feed], settings: WalSettings) -> str:
    """A script for psql, run as a superuser in SIMPEG's database; safe to repeat but for the slot."""
    account = quoted(dialect, settings.reader)
    tables = tables_of(feeds)
    schemas = sorted({table.rpartition(".")[0] or DEFAULT_SCHEMA for table in tables})
    return "\n".join(
        [
            "-- postgresql.conf (a restart): wal_level = logical. Also set a limit, for when the program is off for long:",
            "-- max_slot_wal_keep_size = '10GB'",
            f"-- Once, if the account is new: CREATE ROLE {account} LOGIN PASSWORD '...';",
            "-- REPLICATION is what reading a slot asks for. Do not add a `replication` line to pg_hba.conf for it.",
            f"ALTER ROLE {account} REPLICATION;",
            *(f"GRANT USAGE ON SCHEMA {quoted(dialect, schema)} TO {account};" for schema in schemas),
            *(f"GRANT SELECT ON {quoted_table(dialect, table)} TO {account};" for table in tables),
            "-- Where a watched column is not in the replica identity, the old value of it is told nowhere.",
            *(_identity(dialect, table, watch.needed) for table, watch in watched(feeds).items()),
            make_slot(settings),
            "",
        ]
    )


def make_slot(settings: WalSettings, *, instead: bool = False) -> str:
    made = f"SELECT pg_create_logical_replication_slot({literal(settings.slot)}, {literal(PLUGIN)});"
    return f"{drop_slot(settings)} {made}" if instead else made


def drop_slot(settings: WalSettings) -> str:
    return f"SELECT pg_drop_replication_slot({literal(settings.slot)});"


def _identity(dialect: Dialect, table: str, columns: Sequence[str]) -> str:
    """Changes the table only when it has to: the WAL of its updates grows by the row before."""
    name = quoted_table(dialect, table)
    wanted = ", ".join(literal(column) for column in columns)
    return f"""DO $simpeg_sync$ BEGIN
  IF EXISTS (
    SELECT 1 FROM pg_class c JOIN pg_attribute w ON w.attrelid = c.oid AND w.attname IN ({wanted})
    WHERE c.oid = {literal(name)}::regclass AND c.relkind = 'r' AND c.relreplident <> 'f' AND NOT EXISTS (
      SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND w.attnum = ANY (i.indkey)
      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END))
  THEN ALTER TABLE {name} REPLICA IDENTITY FULL; END IF;
END $simpeg_sync$;"""
