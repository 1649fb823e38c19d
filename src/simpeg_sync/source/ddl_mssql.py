"""The change log on SQL Server (2016 or newer).

Ids come from a sequence and not from an IDENTITY column: applications ask ``@@IDENTITY`` for the id they just inserted, and
an identity drawn in a trigger would answer them. Not every error can be caught in a trigger; docs/source-other-engines.md
says which reach SIMPEG.
"""

from collections.abc import Sequence

from sqlalchemy.engine import Dialect

from simpeg_sync.source.compare import MSSQL_DATETIME, MSSQL_FLOAT
from simpeg_sync.source.ddl import MARKER_TABLE, Trigger, belongs_to, literal, trigger_name
from simpeg_sync.source.names import quoted, quoted_table, split_table
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.watch import Watched

DEFAULT_SCHEMA = "dbo"


class MsSqlDdl:
    def __init__(self, dialect: Dialect, settings: LogSettings) -> None:
        self._dialect = dialect
        self._settings = settings
        self._log = quoted_table(dialect, settings.table, DEFAULT_SCHEMA)
        self._ids = quoted_table(dialect, f"{settings.table}_ids", DEFAULT_SCHEMA)

    def log_table(self) -> Sequence[str]:
        at = quoted(self._dialect, "at")
        return (
            f"""IF OBJECT_ID({_national(self._ids)}, N'SO') IS NULL
  CREATE SEQUENCE {self._ids} AS BIGINT START WITH 1 CACHE 100""",
            f"""IF OBJECT_ID({_national(self._log)}, N'U') IS NULL
  CREATE TABLE {self._log} (
    id BIGINT NOT NULL DEFAULT (NEXT VALUE FOR {self._ids}) PRIMARY KEY,
    table_name NVARCHAR(130) NOT NULL,
    old_key NVARCHAR(4000) NULL,
    new_key NVARCHAR(4000) NULL,
    {at} DATETIME2(6) NOT NULL DEFAULT (SYSUTCDATETIME())
  )""",
            f"""IF NOT EXISTS (SELECT 1 FROM {self._log})
  INSERT INTO {self._log} (table_name) VALUES ({_national(MARKER_TABLE)})""",
        )

    def triggers(self, watched: Watched) -> Sequence[Trigger]:
        # XACT_ABORT is on in triggers unless told otherwise, and then any error dooms SIMPEG's transaction, caught or not.
        body = f"""AFTER INSERT, UPDATE, DELETE
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT OFF;
  SET LOCK_TIMEOUT 2000;
  BEGIN TRY
    INSERT INTO {self._log} (table_name, old_key)
    SELECT {_national(watched.table)}, {self._key(watched.columns)} FROM deleted AS one;
    INSERT INTO {self._log} (table_name, new_key)
    SELECT {_national(watched.table)}, {self._key(watched.columns)} FROM inserted AS one;
  END TRY
  BEGIN CATCH
    RETURN;
  END CATCH
END"""
        name = trigger_name(self._settings, watched.table, "r", body)
        schema, _ = split_table(watched.table)
        place = quoted(self._dialect, schema or DEFAULT_SCHEMA)
        table = quoted_table(self._dialect, watched.table, DEFAULT_SCHEMA)
        create = f"CREATE OR ALTER TRIGGER {place}.{quoted(self._dialect, name)} ON {table}\n{body}"
        return [Trigger(name, watched.table, (create,))]

    def drop(self, name: str, schema: str, table: str) -> Sequence[str]:
        return [f"DROP TRIGGER IF EXISTS {quoted(self._dialect, schema)}.{quoted(self._dialect, name)}"]

    def drop_others(self, keep: Sequence[str]) -> Sequence[str]:
        names = ", ".join(_national(name) for name in keep)
        but = f"\n  AND t.name NOT IN ({names})" if names else ""
        return [
            f"""DECLARE @drop NVARCHAR(MAX) = N'';
SELECT @drop = @drop + N'DROP TRIGGER ' + QUOTENAME(s.name) + N'.' + QUOTENAME(t.name) + N';'
FROM sys.triggers AS t JOIN sys.objects AS o ON o.object_id = t.parent_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE t.name LIKE {self._ours()} ESCAPE N'!'{but};
EXEC sp_executesql @drop"""
        ]

    def drop_log(self) -> Sequence[str]:
        return [f"DROP TABLE IF EXISTS {self._log}", f"DROP SEQUENCE IF EXISTS {self._ids}"]

    def installed(self) -> str:
        return f"""SELECT t.name, s.name, o.name, CASE t.is_disabled WHEN 0 THEN 1 ELSE 0 END
FROM sys.triggers AS t JOIN sys.objects AS o ON o.object_id = t.parent_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE t.name LIKE {self._ours()} ESCAPE N'!'
ORDER BY 1"""

    def reading_rights(self, tables: Sequence[str], reader: str) -> Sequence[str]:
        account = quoted(self._dialect, reader)
        return [
            f"GRANT SELECT ON {quoted_table(self._dialect, table, DEFAULT_SCHEMA)} TO {account}" for table in tables
        ]

    def log_rights(self, reader: str) -> Sequence[str]:
        return [f"GRANT SELECT, DELETE ON {self._log} TO {quoted(self._dialect, reader)}"]

    def script(self, statement: str) -> str:
        return f"{statement};\nGO"

    def _ours(self) -> str:
        return _national(belongs_to(self._settings))

    def _key(self, columns: Sequence[str]) -> str:
        parts = []
        for n, column in enumerate(columns):
            begin = f'{"," if n else "{"}"{column}":'
            text = f"STRING_ESCAPE({self._text(column)}, 'json')"
            parts.append(f"""{_national(begin)} + COALESCE(N'"' + {text} + N'"', N'null')""")
        return " + ".join(parts) + " + N'}'"

    def _text(self, column: str) -> str:
        """The text of compare.py, by the type that is found when the trigger runs: the script need not know the tables."""
        name = f"one.{quoted(self._dialect, column)}"
        by_type = (
            ("datetime", MSSQL_DATETIME),
            ("smalldatetime", MSSQL_DATETIME),
            ("float", MSSQL_FLOAT),
            ("real", MSSQL_FLOAT),
        )
        whens = " ".join(
            f"WHEN N'{its}' THEN CONVERT(NVARCHAR(400), CONVERT({its.upper()}, CONVERT(SQL_VARIANT, {name})), {style})"
            for its, style in by_type
        )
        base = f"CONVERT(NVARCHAR(128), SQL_VARIANT_PROPERTY({name}, 'BaseType'))"
        return f"CASE {base} {whens} ELSE CONVERT(NVARCHAR(400), {name}) END"


def _national(text: str) -> str:
    return f"N{literal(text)}"
