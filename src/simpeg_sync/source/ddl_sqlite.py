"""The change log on SQLite (3.38 or newer, for JSON). There is nobody to grant rights to, and no way to catch
an error."""

from collections.abc import Sequence

from sqlalchemy.engine import Dialect

from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.source.ddl import MARKER_TABLE, Trigger, belongs_to, literal, pairs, trigger_name
from simpeg_sync.source.names import quoted, split_table
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.watch import Watched


class SqliteDdl:
    def __init__(self, dialect: Dialect, settings: LogSettings) -> None:
        self._dialect = dialect
        self._settings = settings
        self._log = quoted(dialect, _plain(settings.table))

    def log_table(self) -> tuple[str, str]:
        return (
            # AUTOINCREMENT: a purged id is never used again.
            f"""CREATE TABLE IF NOT EXISTS {self._log} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  table_name TEXT NOT NULL,
  old_key TEXT,
  new_key TEXT,
  at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
)""",
            f"""INSERT INTO {self._log} (table_name)
SELECT {literal(MARKER_TABLE)}
WHERE NOT EXISTS (SELECT 1 FROM {self._log})""",
        )

    def triggers(self, watched: Watched) -> Sequence[Trigger]:
        old, new = (self._key(row, watched.columns) for row in ("OLD", "NEW"))
        kinds = (("i", "INSERT", "NULL", new), ("u", "UPDATE", old, new), ("d", "DELETE", old, "NULL"))
        return [self._trigger(watched.table, *kind) for kind in kinds]

    def drop(self, name: str, schema: str, table: str) -> Sequence[str]:
        return [f"DROP TRIGGER IF EXISTS {quoted(self._dialect, name)}"]

    def drop_log(self) -> Sequence[str]:
        return [f"DROP TABLE IF EXISTS {self._log}"]

    def installed(self) -> str:
        return f"""SELECT name, 'main', tbl_name, 1 FROM sqlite_master
WHERE type = 'trigger' AND name LIKE {literal(belongs_to(self._settings))} ESCAPE '!' ORDER BY 1"""

    def drop_others(self, keep: Sequence[str]) -> Sequence[str]:
        return []

    def reading_rights(self, tables: Sequence[str], reader: str) -> Sequence[str]:
        return []

    def log_rights(self, reader: str) -> Sequence[str]:
        return []

    def script(self, statement: str) -> str:
        return f"{statement};"

    def _trigger(self, table: str, operation: str, event: str, old: str, new: str) -> Trigger:
        body = f"""FOR EACH ROW
BEGIN
  INSERT INTO {self._log} (table_name, old_key, new_key)
  VALUES ({literal(table)}, {old}, {new});
END"""
        name = trigger_name(self._settings, table, operation, body)
        place = quoted(self._dialect, _plain(table))
        return Trigger(name, table, (f"CREATE TRIGGER {quoted(self._dialect, name)} AFTER {event} ON {place} {body}",))

    def _key(self, row: str, columns: Sequence[str]) -> str:
        texts = {column: f"CAST({row}.{quoted(self._dialect, column)} AS TEXT)" for column in columns}
        return f"json_object({pairs(texts)})"


def _plain(table: str) -> str:
    schema, name = split_table(table)
    if schema not in (None, "main"):
        raise SourceUnfit(f"{table}: a SQLite trigger cannot reach into an attached database; use capture mode `scan`")
    return name
