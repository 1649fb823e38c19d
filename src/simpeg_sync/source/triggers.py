"""Installing, describing, checking and removing the change log. The only part that changes anything in
SIMPEG's schema, and it runs by hand, with an account that may, never in the daemon."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapping.feed import Feed, tables_of
from simpeg_sync.source import connect, notify
from simpeg_sync.source.catalogue import Catalogue
from simpeg_sync.source.connect import translated
from simpeg_sync.source.ddl import Ddl, Trigger
from simpeg_sync.source.dialects import ddl_of
from simpeg_sync.source.names import split_table, table_clause
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.watch import watched

LOG_COLUMNS = ("id", "table_name", "old_key", "new_key", "at")

SCRIPT_ALONE = ("oracle", "mssql")
"""Engines that were not tried on a real server: nothing is changed there by us, a DBA reads and runs the script."""


@dataclass(frozen=True, slots=True)
class Status:
    """What of the change log is there, compared with what the feeds want."""

    has_log: bool
    missing: tuple[str, ...]
    """Triggers that the feeds want and the database has not, as `table: trigger`."""
    disabled: tuple[str, ...]
    outdated: tuple[str, ...]
    """Triggers of ours that no feed wants any more, or with other columns than now."""
    is_visible: bool = True
    """False where the account may not see triggers (MariaDB's reader): then the lists are empty and say nothing."""

    @property
    def is_complete(self) -> bool:
        return self.has_log and self.is_visible and not (self.missing or self.disabled or self.outdated)


@dataclass(frozen=True, slots=True)
class _Installed:
    name: str
    schema: str
    table: str
    is_enabled: bool


def install(engine: sa.Engine, feeds: Sequence[Feed], settings: LogSettings) -> Status:
    """Brings log and triggers to what the feeds want; safe to repeat. Needs an engine of ``open_writing``.

    One table after the other, each in a transaction of its own where the engine has DDL transactions:
    SIMPEG's tables are locked for moments, and not at all when the lock is not free at once (SourceDown: try
    again).
    """
    _refuse_untried(engine.dialect, "install the change log")
    check_columns(engine, feeds)
    ddl, wanted = _wanted(engine.dialect, feeds, settings)
    with translated("install the change log"):
        create, mark = ddl.log_table()
        with _transaction(engine) as connection:
            connection.exec_driver_sql(create)
        _refuse_foreign_log(engine, settings)
        with _transaction(engine) as connection:
            connection.exec_driver_sql(mark)
        present = {trigger.name for trigger in _installed(engine, ddl)}
        for trigger in wanted:
            if trigger.name not in present:
                with _transaction(engine) as connection:
                    for statement in trigger.create:
                        connection.exec_driver_sql(statement)
        _drop(engine, ddl, [t for t in _installed(engine, ddl) if t.name not in {w.name for w in wanted}])
    return status(engine, feeds, settings)


def sql(dialect: str, feeds: Sequence[Feed], settings: LogSettings) -> str:
    """The same as a script for the DBA to read and run, with the rights the daemon's account needs."""
    its = connect.dialect(dialect)
    ddl, wanted = _wanted(its, feeds, settings)
    removal = "source sql --remove" if its.name in SCRIPT_ALONE else "source remove"
    parts = [
        "-- simpeg-sync: change log for SIMPEG. Run once, as an account that owns the tables.",
        f"-- It can be taken away again with `simpeg-sync {removal}`.",
        *_warning(its),
        "\n-- 1. The log. Only the triggers write it, only simpeg-sync deletes in it.",
        *(ddl.script(statement) for statement in ddl.log_table()),
        "\n-- 2. The triggers. They write keys, never other values, and no error of theirs may reach SIMPEG;",
        f"--    what an engine cannot promise here is in docs/{_page(its)}.",
    ]
    for trigger in wanted:
        parts += [f"\n-- {trigger.table}", *(ddl.script(statement) for statement in trigger.create)]
    if others := ddl.drop_others([trigger.name for trigger in wanted]):
        parts += ["\n-- Triggers of this log that the feeds do not want any more.", *map(ddl.script, others)]
    grants = [*ddl.reading_rights(tables_of(feeds), settings.reader), *ddl.log_rights(settings.reader)]
    if grants:
        parts += ["\n-- 3. Rights of the daemon's account: reading, and deleting old rows of the log. Nothing else."]
        parts += [ddl.script(grant) for grant in grants]
    return "\n".join(parts) + "\n"


def removal_sql(dialect: str, settings: LogSettings) -> str:
    """`remove` as a script, for engines on which only scripts are made."""
    its = connect.dialect(dialect)
    if its.name not in SCRIPT_ALONE:
        raise SourceUnfit("on this engine run `simpeg-sync source remove`, which finds what is installed")
    ddl, _ = _wanted(its, (), settings)
    parts = [
        "-- simpeg-sync: takes away all triggers of this change log, then the log. Run it as the account that owns them.",
        *_warning(its),
        *map(ddl.script, [*ddl.drop_others(()), *ddl.drop_log()]),
    ]
    return "\n".join(parts) + "\n"


def reading_sql(dialect: str, feeds: Sequence[Feed], settings: LogSettings, *, more: Sequence[str] = ()) -> str:
    """The rights of an account that only reads: the feeds' tables, and ``more``."""
    its = connect.dialect(dialect)
    ddl = ddl_of(its, settings, {})
    tables = list(dict.fromkeys([*tables_of(feeds), *more]))
    grants = [ddl.script(grant) for grant in ddl.reading_rights(tables, settings.reader)]
    if not grants:
        return f"-- {its.name} knows no rights: the daemon's account has to be able to read the file.\n"
    return "\n".join(
        ["-- simpeg-sync: rights of the daemon's account. It reads these tables, and nothing else.", *grants, ""]
    )


def remove(engine: sa.Engine, settings: LogSettings) -> tuple[str, ...]:
    """Takes away exactly what was installed for this log, also for feeds that are gone. Gives the triggers'
    names.

    Triggers first: with the log gone before them, SIMPEG's writes would meet triggers without a table.
    """
    _refuse_untried(engine.dialect, "remove the change log")
    ddl, _ = _wanted(engine.dialect, (), settings)
    with translated("remove the change log"):
        found = _installed(engine, ddl)
        _drop(engine, ddl, found)
        with _transaction(engine) as connection:
            for statement in ddl.drop_log():
                connection.exec_driver_sql(statement)
    return tuple(trigger.name for trigger in found)


def status(engine: sa.Engine, feeds: Sequence[Feed], settings: LogSettings) -> Status:
    ddl, wanted = _wanted(engine.dialect, feeds, settings)
    with translated("look at the change log"):
        present = {trigger.name: trigger for trigger in _installed(engine, ddl)}
        schema, name = split_table(settings.table)
        has_log = sa.inspect(engine).has_table(name, schema=schema)
        is_visible = bool(present) or _may_see_triggers(engine)
    names = {trigger.name for trigger in wanted}
    return Status(
        has_log=has_log,
        missing=tuple(f"{t.table}: {t.name}" for t in wanted if t.name not in present and is_visible),
        disabled=tuple(f"{t.table}: {t.name}" for t in present.values() if not t.is_enabled),
        outdated=tuple(f"{t.table}: {t.name}" for t in present.values() if t.name not in names),
        is_visible=is_visible,
    )


def lacks_notifying(engine: sa.Engine, settings: LogSettings) -> str:
    """Why the change log of an older installation, or on this server, notifies nobody; empty when it does."""
    with translated("look at the change log"):
        ddl, _ = _wanted(engine.dialect, (), settings)
        enabled = {trigger.name for trigger in _installed(engine, ddl) if trigger.is_enabled}
        with engine.connect() as connection:
            prepares = str(connection.exec_driver_sql("SHOW max_prepared_transactions").scalar_one()) != "0"
    if not enabled.issuperset(trigger.name for trigger in notify.triggers(engine.dialect, settings)):
        return (
            "the change log does not notify yet, so changes are noticed by polling; renew it with "
            "`simpeg-sync source install`, or set source.notify: false"
        )
    if prepares:
        return (
            "the server allows prepared transactions (max_prepared_transactions), which no trigger may notify from, so "
            "changes are noticed by polling; set source.notify: false"
        )
    return ""


def check_columns(engine: sa.Engine, feeds: Sequence[Feed]) -> None:
    """Every table and column a trigger would name must be in the live catalogue; raises SourceUnfit."""
    catalogue = Catalogue(engine)
    for table, watch in watched(feeds).items():
        for column in watch.columns:
            try:
                catalogue.type_of(table, column)
            except SourceUnfit as unfit:
                raise SourceUnfit(f"feed {', '.join(watch.feeds)}: {unfit}") from None


def _refuse_untried(dialect: Dialect, doing: str) -> None:
    if dialect.name in SCRIPT_ALONE:
        raise SourceUnfit(
            f"cannot {doing}: on {dialect.name} its DBA does that, with the script of `simpeg-sync source sql` "
            "(--remove to take it away)"
        )


def _warning(dialect: Dialect) -> Sequence[str]:
    if dialect.name not in SCRIPT_ALONE:
        return ()
    return ("-- Not tried on a real server by its authors: read it, and run it on a copy of SIMPEG first.",)


def _page(dialect: Dialect) -> str:
    return "source-other-engines.md" if dialect.name in SCRIPT_ALONE else "source-log-mode.md"


def _wanted(dialect: Dialect, feeds: Sequence[Feed], settings: LogSettings) -> tuple[Ddl, list[Trigger]]:
    tables = watched(feeds)
    ddl = ddl_of(dialect, settings, tables)
    of_tables = [trigger for table in tables.values() for trigger in ddl.triggers(table)]
    return ddl, [*of_tables, *(notify.triggers(dialect, settings) if tables else ())]


def _installed(engine: sa.Engine, ddl: Ddl) -> list[_Installed]:
    with engine.connect().execution_options(no_parameters=True) as connection:
        rows = connection.exec_driver_sql(ddl.installed()).all()
    return [_Installed(str(name), str(schema), str(table), bool(on)) for name, schema, table, on in rows]


def _drop(engine: sa.Engine, ddl: Ddl, triggers: Sequence[_Installed]) -> None:
    for trigger in triggers:
        with _transaction(engine) as connection:
            for statement in ddl.drop(trigger.name, trigger.schema, trigger.table):
                connection.exec_driver_sql(statement)


@contextmanager
def _transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """The engine is in autocommit, so BEGIN is said by hand. MariaDB commits each DDL statement anyway."""
    begin: Mapping[str, str] = {"postgresql": "BEGIN", "sqlite": "BEGIN IMMEDIATE"}
    # Without parameters a driver leaves the percent signs of a function's text alone.
    with engine.connect().execution_options(no_parameters=True) as connection:
        statement = begin.get(engine.dialect.name)
        if statement is None:
            yield connection
            return
        connection.exec_driver_sql(statement)
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _refuse_foreign_log(engine: sa.Engine, settings: LogSettings) -> None:
    log = table_clause(settings.table, *LOG_COLUMNS)
    try:
        with engine.connect() as connection:
            connection.execute(sa.select(*log.c).where(sa.literal_column("1") == sa.literal_column("0"))).all()
    except DBAPIError:
        raise SourceUnfit(
            f"table {settings.table} exists and is not a log of simpeg-sync; choose another name for the log"
        ) from None


def _may_see_triggers(engine: sa.Engine) -> bool:
    if engine.dialect.name in SCRIPT_ALONE:
        return False  # a reader's account sees none, and nothing here says whether that is so
    if engine.dialect.name not in ("mysql", "mariadb"):
        return True
    with engine.connect() as connection:
        grants = " ".join(str(row[0]) for row in connection.exec_driver_sql("SHOW GRANTS"))
    return "ALL PRIVILEGES" in grants or "TRIGGER" in grants
