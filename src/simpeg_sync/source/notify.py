"""The trigger by which PostgreSQL tells the daemon that the change log has grown, and what both ends call it.

A NOTIFY costs SIMPEG more than the log row itself: transactions that notify commit one after the other, each waiting until
the one before it is on disk. So a transaction notifies only while the daemon rests. It rests when it holds an advisory
lock, and the trigger asks for the same lock, shared, without waiting:

* It gets it: the daemon is awake, and cannot rest before this transaction has ended. When it rests it looks once more, so
  that it has seen what was committed without a notification.
* It does not get it: the daemon rests (or another one does), and is notified.

No order of events leaves a change unnoticed, and a busy SIMPEG hardly ever notifies.
"""

import hashlib
from collections.abc import Sequence

from sqlalchemy.engine import Dialect

from simpeg_sync.source.ddl import Trigger, literal, prefix, trigger_name
from simpeg_sync.source.ddl_postgresql import DEFAULT_SCHEMA
from simpeg_sync.source.names import quoted, quoted_table
from simpeg_sync.source.settings import LogSettings

FULLEST = 0.5
"""Part of the server's queue of notifications that may be in use: a NOTIFY into a full one fails when SIMPEG commits."""


def channel(settings: LogSettings) -> str:
    return f"{prefix(settings)}wake"


def resting_lock(settings: LogSettings) -> int:
    """The advisory lock's number: 60 bits of the log's name, so that no other program has it by chance."""
    return int(hashlib.sha256(f"simpeg-sync rests {settings.table}".encode()).hexdigest()[:15], 16)


def triggers(dialect: Dialect, settings: LogSettings) -> Sequence[Trigger]:
    """One, on the log itself: SIMPEG's tables and the triggers on them stay as they are."""
    if not settings.notifies or dialect.name != "postgresql":
        return ()
    body = _body(settings)
    log = quoted_table(dialect, settings.table, DEFAULT_SCHEMA)
    name = trigger_name(settings, settings.table, "n", body)
    function = f"{log.rpartition('.')[0]}.{quoted(dialect, name)}"
    create = (
        # It runs inside the functions of the other triggers: with their account and their settings.
        f"""CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql
AS {body}""",
        f"REVOKE ALL ON FUNCTION {function}() FROM PUBLIC",
        f"""CREATE TRIGGER {quoted(dialect, name)} AFTER INSERT ON {log}
FOR EACH STATEMENT EXECUTE FUNCTION {function}()""",
    )
    return (Trigger(name, settings.table, create),)


def _body(settings: LogSettings) -> str:
    # A transaction that has notified cannot be prepared, and no trigger can catch that: where SIMPEG's server allows
    # prepared transactions nobody is notified. An error of ours costs the notification, not the log row.
    return f"""$simpeg_sync$
BEGIN
  IF NOT pg_catalog.pg_try_advisory_xact_lock_shared({resting_lock(settings)})
    AND pg_catalog.current_setting('max_prepared_transactions') = '0'
    AND pg_catalog.pg_notification_queue_usage() < {FULLEST}
  THEN
    PERFORM pg_catalog.pg_notify({literal(channel(settings))}, '');
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'simpeg-sync: nobody was notified of a change (%)', SQLSTATE;
  RETURN NULL;
END
$simpeg_sync$"""
