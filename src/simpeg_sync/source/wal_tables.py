"""The watched tables as the WAL names them, and what their replica identity tells of a row before a change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from simpeg_sync.source.marking import Image, RowChange
from simpeg_sync.source.names import quoted_table
from simpeg_sync.source.wal_text import RowLine
from simpeg_sync.source.watch import Watched

# The leaves of a partitioned table are what the WAL speaks of. A key column is one of the replica identity.
_LOOK = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
       CAST(c.relkind AS text) AS kind, CAST(c.relpersistence AS text) AS persistence,
       CAST(c.relreplident AS text) AS identity,
       ARRAY(SELECT CAST(a.attname AS text) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
             WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey)
               AND CASE WHEN c.relreplident = 'i' THEN i.indisreplident
                        WHEN c.relreplident IN ('d', 'f') THEN i.indisprimary END) AS keys
FROM (SELECT to_regclass(:name) AS oid
      UNION SELECT relid FROM pg_partition_tree(to_regclass(:name)) WHERE isleaf) wanted
JOIN pg_class c ON c.oid = wanted.oid JOIN pg_namespace n ON n.oid = c.relnamespace"""


@dataclass(frozen=True, slots=True)
class WalTable:
    watch: Watched
    name: str
    """As the WAL spells it."""
    keys: frozenset[str]
    """Columns whose old value is always told: unchanged when no old image comes."""
    is_full: bool
    """The whole row before is told, its NULLs by their absence."""
    kind: str
    persistence: str

    @property
    def untold(self) -> tuple[str, ...]:
        """Columns whose old value is needed, and nobody learns it."""
        return () if self.is_full else tuple(c for c in self.watch.needed if c not in self.keys)

    def change(self, line: RowLine) -> RowChange:
        match line.operation:
            case "INSERT":
                return RowChange(None, self._reduced(line.new or {}))
            case "DELETE":
                return RowChange(self._before(line.old or {}), None)
            case _ if line.old is None:
                new = self._reduced(line.new or {})
                # No old image: the identity's columns are as they were. Of the others nobody knows.
                return RowChange({c: text for c, text in new.items() if c in self.keys}, new)
            case _:
                old = self._before(line.old)
                return RowChange(old, {**self._unrepeated(line), **self._reduced(line.new or {})})

    def _unrepeated(self, line: RowLine) -> Image:
        """A value stored aside is not repeated after the change when it is the one before."""
        return {c: text for c, text in self._before(line.old or {}).items() if c not in (line.new or {})}

    def _before(self, told: Image) -> Image:
        known = dict(told)
        # Only a row told in full tells its NULLs by leaving them out; an older line may hold the key alone.
        if self.is_full and not known.keys() <= self.keys:
            known = {**dict.fromkeys(self.watch.columns), **known}
        return self._reduced(known)

    def _reduced(self, image: Image) -> Image:
        return {column: image[column] for column in self.watch.columns if column in image}


def look(connection: sa.Connection, watched: Mapping[str, Watched]) -> Sequence[WalTable]:
    """Tables that are not there are not in the answer."""
    found = []
    for watch in watched.values():
        name = quoted_table(connection.dialect, watch.table)
        for row in connection.execute(sa.text(_LOOK), {"name": name}):
            full = row.identity == "f"
            found.append(WalTable(watch, row.name, frozenset(row.keys), full, row.kind, row.persistence))
    return found


def problems(dialect: Dialect, tables: Sequence[WalTable]) -> Sequence[str]:
    """Why changes of a table would not come, or not say what they were about; each with its way out."""
    found = []
    for table in tables:
        spelled = quoted_table(dialect, table.watch.table)
        if table.kind not in ("r", "p"):
            found.append(
                f"{table.watch.table} is no table but a view or the like: nothing of it is in the WAL; use `scan`"
            )
        elif table.persistence != "p":
            found.append(f"{table.watch.table} is not logged: ALTER TABLE {spelled} SET LOGGED, or use `scan`")
        elif table.kind == "r" and table.untold:
            columns = ", ".join(table.untold)
            found.append(
                f"{table.name}: the WAL does not tell the old value of {columns}; "
                f"ALTER TABLE {table.name} REPLICA IDENTITY FULL (or USING INDEX one that holds them)"
            )
    return found
