"""The change log on PostgreSQL (13 or newer).

The log has no sequence on purpose. Applications ask ``lastval()`` for the id they just inserted (PHP's PDO
and CodeIgniter do); a ``nextval`` of ours in an AFTER trigger would answer them with the number of a log row.
Instead each row carries its transaction id, and the reader asks by snapshot what it has not seen
(``log_postgresql.py``).
"""

from collections.abc import Sequence

from sqlalchemy.engine import Dialect

from simpeg_sync.source.ddl import MARKER_TABLE, Trigger, belongs_to, literal, pairs, trigger_name
from simpeg_sync.source.names import quoted, quoted_table
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.watch import Watched

DEFAULT_SCHEMA = "public"


class PostgresDdl:
    def __init__(self, dialect: Dialect, settings: LogSettings) -> None:
        self._dialect = dialect
        self._settings = settings
        self._log = quoted_table(dialect, settings.table, DEFAULT_SCHEMA)
        self._schema = self._log.rpartition(".")[0]

    def log_table(self) -> tuple[str, str]:
        return (
            f"""CREATE TABLE IF NOT EXISTS {self._log} (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  table_name text NOT NULL,
  old_key text,
  new_key text,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (xid, id)
)""",
            f"""INSERT INTO {self._log} (table_name)
SELECT {literal(MARKER_TABLE)}
WHERE NOT EXISTS (SELECT 1 FROM {self._log})""",
        )

    def triggers(self, watched: Watched) -> Sequence[Trigger]:
        body = self._body(watched)
        table = quoted_table(self._dialect, watched.table)
        found = []
        for operation, event, each in (
            ("r", "INSERT OR UPDATE OR DELETE", "ROW"),
            ("t", "TRUNCATE", "STATEMENT"),
        ):
            name = trigger_name(self._settings, watched.table, operation, body)
            function = self._function(name)
            create = (
                # SECURITY DEFINER: SIMPEG's accounts need no right on the log. The settings make the text of
                # keys the same for every session and keep SIMPEG from waiting when somebody locks the log.
                f"""CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres'
SET extra_float_digits = 1
SET bytea_output = 'hex'
AS {body}""",
                f"REVOKE ALL ON FUNCTION {function}() FROM PUBLIC",
                f"""CREATE TRIGGER {quoted(self._dialect, name)} AFTER {event} ON {table}
FOR EACH {each} EXECUTE FUNCTION {function}()""",
            )
            found.append(Trigger(name, watched.table, create))
        return found

    def drop(self, name: str, schema: str, table: str) -> Sequence[str]:
        place = f"{quoted(self._dialect, schema)}.{quoted(self._dialect, table)}"
        return [
            f"DROP TRIGGER IF EXISTS {quoted(self._dialect, name)} ON {place}",
            f"DROP FUNCTION IF EXISTS {self._function(name)}()",
        ]

    def drop_log(self) -> Sequence[str]:
        return [f"DROP TABLE IF EXISTS {self._log}"]

    def installed(self) -> str:
        return f"""SELECT t.tgname, n.nspname, c.relname, t.tgenabled IN ('O', 'A')
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0
  AND t.tgname LIKE {literal(belongs_to(self._settings))} ESCAPE '!'
ORDER BY 1"""

    def drop_others(self, keep: Sequence[str]) -> Sequence[str]:
        return []

    def reading_rights(self, tables: Sequence[str], reader: str) -> Sequence[str]:
        account = quoted(self._dialect, reader)
        schemas = {table.rpartition(".")[0] or DEFAULT_SCHEMA for table in tables}
        names = sorted({quoted(self._dialect, schema) for schema in schemas})
        return [
            *(f"GRANT USAGE ON SCHEMA {name} TO {account}" for name in names),
            *(f"GRANT SELECT ON {quoted_table(self._dialect, table)} TO {account}" for table in tables),
        ]

    def log_rights(self, reader: str) -> Sequence[str]:
        account = quoted(self._dialect, reader)
        return [
            f"GRANT USAGE ON SCHEMA {self._schema} TO {account}",
            f"GRANT SELECT, DELETE ON {self._log} TO {account}",
        ]

    def script(self, statement: str) -> str:
        return f"{statement};"

    def _function(self, name: str) -> str:
        return f"{self._schema}.{quoted(self._dialect, name)}"

    def _body(self, watched: Watched) -> str:
        old, new = (self._key(row, watched.columns) for row in ("OLD", "NEW"))
        # OTHERS leaves out a cancelled statement: SIMPEG's own limits still end it. SQLSTATE only: SQLERRM
        # holds values.
        return f"""$simpeg_sync$
DECLARE
  was text;
  now_is text;
BEGIN
  IF TG_OP IN ('UPDATE', 'DELETE') THEN
    was := {old};
  END IF;
  IF TG_OP IN ('INSERT', 'UPDATE') THEN
    now_is := {new};
  END IF;
  INSERT INTO {self._log} (table_name, old_key, new_key) VALUES ({literal(watched.table)}, was, now_is);
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'simpeg-sync: a change of % was not logged (%)', TG_TABLE_NAME, SQLSTATE;
  RETURN NULL;
END
$simpeg_sync$"""

    def _key(self, row: str, columns: Sequence[str]) -> str:
        texts = {column: f"CAST({row}.{quoted(self._dialect, column)} AS text)" for column in columns}
        return f"CAST(json_build_object({pairs(texts)}) AS text)"
