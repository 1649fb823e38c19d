"""The change log on MariaDB and MySQL. Triggers run with the rights of whoever installs them."""

from collections.abc import Sequence

from sqlalchemy.engine import Dialect

from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.source.ddl import MARKER_TABLE, Trigger, belongs_to, literal, pairs, trigger_name
from simpeg_sync.source.names import quoted, quoted_table, split_table
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.watch import Watched


class MariaDbDdl:
    def __init__(self, dialect: Dialect, settings: LogSettings, *, several_schemas: bool) -> None:
        if several_schemas and "." not in settings.table:
            # A trigger looks for unqualified names in its own database.
            raise SourceUnfit(
                "feeds read tables of several databases; name the log with its database too, as `database.table`"
            )
        self._dialect = dialect
        self._settings = settings
        self._log = quoted_table(dialect, settings.table)

    def log_table(self) -> tuple[str, str]:
        return (
            f"""CREATE TABLE IF NOT EXISTS {self._log} (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  table_name VARCHAR(130) NOT NULL,
  old_key TEXT NULL,
  new_key TEXT NULL,
  at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin""",
            f"""INSERT INTO {self._log} (table_name)
SELECT {literal(MARKER_TABLE)} FROM DUAL
WHERE NOT EXISTS (SELECT 1 FROM {self._log})""",
        )

    def triggers(self, watched: Watched) -> Sequence[Trigger]:
        old, new = (self._key(row, watched.columns) for row in ("OLD", "NEW"))
        kinds = (("i", "INSERT", "NULL", new), ("u", "UPDATE", old, new), ("d", "DELETE", old, "NULL"))
        return [self._trigger(watched.table, *kind) for kind in kinds]

    def drop(self, name: str, schema: str, table: str) -> Sequence[str]:
        return [f"DROP TRIGGER IF EXISTS {quoted(self._dialect, schema)}.{quoted(self._dialect, name)}"]

    def drop_log(self) -> Sequence[str]:
        return [f"DROP TABLE IF EXISTS {self._log}"]

    def installed(self) -> str:
        return f"""SELECT TRIGGER_NAME, EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, 1
FROM information_schema.TRIGGERS
WHERE TRIGGER_NAME LIKE {literal(belongs_to(self._settings))} ESCAPE '!'
  AND (TRIGGER_SCHEMA = DATABASE() OR {int("." in self._settings.table)})
ORDER BY 1"""

    def drop_others(self, keep: Sequence[str]) -> Sequence[str]:
        return []

    def reading_rights(self, tables: Sequence[str], reader: str) -> Sequence[str]:
        account = _account(reader)
        return [f"GRANT SELECT ON {quoted_table(self._dialect, table)} TO {account}" for table in tables]

    def log_rights(self, reader: str) -> Sequence[str]:
        return [f"GRANT SELECT, DELETE ON {self._log} TO {_account(reader)}"]

    def script(self, statement: str) -> str:
        return f"DELIMITER //\n{statement}//\nDELIMITER ;" if "BEGIN" in statement else f"{statement};"

    def _trigger(self, table: str, operation: str, event: str, old: str, new: str) -> Trigger:
        # Whatever goes wrong inside, the application's statement goes on. Nobody is told: a warning raised in
        # a trigger does not reach the statement's SHOW WARNINGS (tried on 10.11). `source status` and the
        # sweep find it.
        body = f"""FOR EACH ROW
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN END;
  INSERT INTO {self._log} (table_name, old_key, new_key)
  VALUES ({literal(table)}, {old}, {new});
END"""
        name = trigger_name(self._settings, table, operation, body)
        schema, _ = split_table(table)
        place = f"{quoted(self._dialect, schema)}." if schema else ""
        create = f"CREATE TRIGGER {place}{quoted(self._dialect, name)} AFTER {event} ON "
        return Trigger(name, table, (f"{create}{quoted_table(self._dialect, table)} {body}",))

    def _key(self, row: str, columns: Sequence[str]) -> str:
        return f"JSON_OBJECT({pairs({column: self._text(row, column) for column in columns})})"

    def _text(self, row: str, column: str) -> str:
        # With its character set named: otherwise it is the one of the application's connection.
        return f"CAST({row}.{quoted(self._dialect, column)} AS CHAR CHARACTER SET utf8mb4)"


def _account(reader: str) -> str:
    user, _, host = reader.partition("@")
    return f"{literal(user)}@{literal(host or '%')}"
