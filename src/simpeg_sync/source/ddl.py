"""What every dialect's DDL is made of: one log table, one set of triggers per watched table, the reader's
rights.

A trigger's name ends in a fingerprint of its text. So "is what is installed what we want?" is a question
about names, which every catalogue answers, and a changed trigger is created beside the old one before that is
dropped: no moment without capture.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.watch import Watched

MARKER_TABLE = ""
"""The table name of the row that installing writes, so that the log always has a row that must still be
there."""


@dataclass(frozen=True, slots=True)
class Trigger:
    name: str
    table: str
    create: tuple[str, ...]
    """Statements, one of them the trigger itself; run in this order."""


class Ddl(Protocol):
    """One dialect's SQL. Builders only: nothing is executed here."""

    def log_table(self) -> Sequence[str]:
        """Creates the log where it is not there yet, and its marker row where it is empty."""
        ...

    def triggers(self, watched: Watched) -> Sequence[Trigger]: ...

    def drop(self, name: str, schema: str, table: str) -> Sequence[str]:
        """Removes one installed trigger and what belongs to it alone."""
        ...

    def drop_log(self) -> Sequence[str]: ...

    def installed(self) -> str:
        """A query for (name, schema, table, is enabled) of all triggers that belong to this log."""
        ...

    def drop_others(self, keep: Sequence[str]) -> Sequence[str]:
        """Removes all triggers of this log but these, as a script finds them; empty where only `install` does that."""
        ...

    def reading_rights(self, tables: Sequence[str], reader: str) -> Sequence[str]:
        """What every mode needs: to read the tables of the feeds. Empty where there is nobody to grant to."""
        ...

    def log_rights(self, reader: str) -> Sequence[str]: ...

    def script(self, statement: str) -> str:
        """The statement as it stands in a file for the command line client."""
        ...


def prefix(settings: LogSettings) -> str:
    """Two logs in one database do not know each other."""
    return f"simpeg_sync_{_digest(settings.table, 4)}_"


def trigger_name(settings: LogSettings, table: str, operation: str, body: str, *, slug: bool = True) -> str:
    its = re.sub(r"[^a-z0-9]+", "_", table.lower())[-24:].strip("_") + "_" if slug else ""
    return f"{prefix(settings)}{its}{_digest(table, 4)}_{operation}_{_digest(body, 6)}"


def belongs_to(settings: LogSettings) -> str:
    """The prefix as a LIKE pattern with ``!`` as escape."""
    return prefix(settings).replace("_", "!_") + "%"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def pairs(columns: Mapping[str, str]) -> str:
    """Arguments of the dialect's JSON object function."""
    return ", ".join(f"{literal(name)}, {value}" for name, value in columns.items())


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
