"""The change log on Oracle (12.1 or newer). Triggers run with the rights of their owner.

A trigger that does not compile makes every write of its table fail. So it names the log in dynamic SQL alone: a log that is
missing or has another shape is an error when it runs, and those are caught. And a trigger is enabled only once it has compiled.
"""

from collections.abc import Sequence

from sqlalchemy.engine import Dialect

from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.source.compare import ORACLE_DATE, ORACLE_NUMBER, ORACLE_TIMESTAMP
from simpeg_sync.source.ddl import Trigger, belongs_to, literal, trigger_name
from simpeg_sync.source.names import quoted, quoted_table, split_table
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.watch import Watched

# One function by type, chosen when the trigger is compiled: the script need not know the tables, and the session's own formats
# do not count. A key's text is the one of compare.py.
_KEY_TEXT = f"""  FUNCTION key_text(v VARCHAR2) RETURN VARCHAR2 IS
  BEGIN
    IF v IS NULL THEN
      RETURN 'null';
    END IF;
    RETURN '"' || REPLACE(REPLACE(v, '\\', '\\\\'), '"', '\\"') || '"';
  END;
  FUNCTION key_text(v NUMBER) RETURN VARCHAR2 IS
  BEGIN
    RETURN key_text(TO_CHAR(v, {", ".join(ORACLE_NUMBER)}));
  END;
  FUNCTION key_text(v DATE) RETURN VARCHAR2 IS
  BEGIN
    RETURN key_text(TO_CHAR(v, {ORACLE_DATE}));
  END;
  FUNCTION key_text(v TIMESTAMP_UNCONSTRAINED) RETURN VARCHAR2 IS
  BEGIN
    RETURN key_text(TO_CHAR(v, {ORACLE_TIMESTAMP}));
  END;"""


class OracleDdl:
    def __init__(self, dialect: Dialect, settings: LogSettings, *, several_schemas: bool) -> None:
        if several_schemas and "." not in settings.table:
            # A trigger looks for unqualified names in its own schema.
            raise SourceUnfit("feeds read tables of other schemas; name the log with its schema too, as `schema.table`")
        self._dialect = dialect
        self._settings = settings
        self._log = quoted_table(dialect, settings.table)
        self._ids = quoted_table(dialect, f"{settings.table}_ids")

    def log_table(self) -> Sequence[str]:
        at = quoted(self._dialect, "at")
        table = f"""CREATE TABLE {self._log} (
  id NUMBER(19) NOT NULL PRIMARY KEY,
  table_name VARCHAR2(130),
  old_key VARCHAR2(4000),
  new_key VARCHAR2(4000),
  {at} TIMESTAMP(6) DEFAULT SYS_EXTRACT_UTC(SYSTIMESTAMP) NOT NULL
)"""
        return (
            _unless_there(table),
            _unless_there(f"CREATE SEQUENCE {self._ids} CACHE 100"),
            # Without a name: to Oracle an empty text is NULL.
            f"""INSERT INTO {self._log} (id)
SELECT {self._ids}.NEXTVAL FROM dual WHERE NOT EXISTS (SELECT 1 FROM {self._log})""",
            "COMMIT",
        )

    def triggers(self, watched: Watched) -> Sequence[Trigger]:
        insert = f"INSERT INTO {self._log} (id, table_name, old_key, new_key) VALUES ({self._ids}.NEXTVAL, :1, :2, :3)"
        # A cancelled statement (1013) and a killed session (28) still end. Everything else must not reach SIMPEG.
        body = f"""AFTER INSERT OR UPDATE OR DELETE ON {quoted_table(self._dialect, watched.table)}
FOR EACH ROW
DISABLE
DECLARE
  was VARCHAR2(4000);
  now_is VARCHAR2(4000);
{_KEY_TEXT}
BEGIN
  IF UPDATING OR DELETING THEN
    was := {self._key(":OLD", watched.columns)};
  END IF;
  IF INSERTING OR UPDATING THEN
    now_is := {self._key(":NEW", watched.columns)};
  END IF;
  EXECUTE IMMEDIATE {literal(insert)}
    USING {literal(watched.table)}, was, now_is;
EXCEPTION
  WHEN OTHERS THEN
    IF SQLCODE IN (-28, -1013) THEN
      RAISE;
    END IF;
END;"""
        # Names have at most 30 bytes before 12.2, so the table's own is left out.
        name = trigger_name(self._settings, watched.table, "r", body, slug=False)
        schema, _ = split_table(watched.table)
        place = f"{quoted(self._dialect, schema)}." if schema else ""
        name_here = f"{place}{quoted(self._dialect, name)}"
        create = f"CREATE OR REPLACE TRIGGER {name_here}\n{body}"
        return [Trigger(name, watched.table, (create, _enable(name_here, name, schema)))]

    def drop(self, name: str, schema: str, table: str) -> Sequence[str]:
        return [f"DROP TRIGGER {quoted(self._dialect, schema)}.{quoted(self._dialect, name)}"]

    def drop_others(self, keep: Sequence[str]) -> Sequence[str]:
        names = ", ".join(literal(name.upper()) for name in keep)
        but = f"\n      AND trigger_name NOT IN ({names})" if names else ""
        return [
            f"""BEGIN
  FOR one IN (
    SELECT owner, trigger_name FROM all_triggers
    WHERE trigger_name LIKE {self._ours()} ESCAPE '!'{but}
  ) LOOP
    EXECUTE IMMEDIATE 'DROP TRIGGER "' || one.owner || '"."' || one.trigger_name || '"';
  END LOOP;
END;"""
        ]

    def drop_log(self) -> Sequence[str]:
        return [f"DROP TABLE {self._log}", f"DROP SEQUENCE {self._ids}"]

    def installed(self) -> str:
        return f"""SELECT LOWER(t.trigger_name), t.table_owner, t.table_name,
  CASE WHEN t.status = 'ENABLED' AND o.status = 'VALID' THEN 1 ELSE 0 END
FROM all_triggers t JOIN all_objects o
  ON o.owner = t.owner AND o.object_name = t.trigger_name AND o.object_type = 'TRIGGER'
WHERE t.trigger_name LIKE {self._ours()} ESCAPE '!'
ORDER BY 1"""

    def reading_rights(self, tables: Sequence[str], reader: str) -> Sequence[str]:
        account = quoted(self._dialect, reader)
        # READ and not SELECT, which would also allow to lock rows.
        return [
            f"GRANT CREATE SESSION TO {account}",
            *(f"GRANT READ ON {quoted_table(self._dialect, table)} TO {account}" for table in tables),
        ]

    def log_rights(self, reader: str) -> Sequence[str]:
        # SELECT here: a DELETE that names rows asks for it (SQL92_SECURITY).
        return [f"GRANT SELECT, DELETE ON {self._log} TO {quoted(self._dialect, reader)}"]

    def script(self, statement: str) -> str:
        return f"{statement}\n/" if "BEGIN" in statement else f"{statement};"

    def _ours(self) -> str:
        return literal(belongs_to(self._settings).upper())

    def _key(self, row: str, columns: Sequence[str]) -> str:
        pairs = [f"""'{'' if n == 0 else ','}"{column}":' || key_text({row}.{quoted(self._dialect, column)})"""
                 for n, column in enumerate(columns)]  # fmt: skip
        return "'{' || " + " || ".join(pairs) + " || '}'"


def _enable(name_here: str, name: str, schema: str | None) -> str:
    owner = "SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')"
    if schema:
        owner = literal(schema if schema != schema.lower() else schema.upper())
    return f"""DECLARE
  compiled NUMBER;
BEGIN
  SELECT COUNT(*) INTO compiled FROM all_objects
  WHERE owner = {owner} AND object_type = 'TRIGGER' AND object_name = {literal(name.upper())} AND status = 'VALID';
  IF compiled = 0 THEN
    RAISE_APPLICATION_ERROR(-20001, 'this trigger does not compile and stays disabled; see all_errors: {name}');
  END IF;
  EXECUTE IMMEDIATE {literal(f"ALTER TRIGGER {name_here} ENABLE")};
END;"""


def _unless_there(statement: str) -> str:
    return f"""BEGIN
  EXECUTE IMMEDIATE {literal(statement)};
EXCEPTION
  WHEN OTHERS THEN
    IF SQLCODE <> -955 THEN
      RAISE;
    END IF;
END;"""
