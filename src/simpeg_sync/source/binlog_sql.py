"""The SQL that a DBA runs once for capture mode `binlog`: the account's rights. Builders only."""

from collections.abc import Sequence

from sqlalchemy.engine import Dialect

from simpeg_sync.mapping.feed import Feed, tables_of
from simpeg_sync.source.ddl import literal
from simpeg_sync.source.names import checked, quoted_table
from simpeg_sync.source.stream_settings import BinlogSettings


def setup(dialect: Dialect, feeds: Sequence[Feed], settings: BinlogSettings, *, database: str) -> str:
    user, _, host = settings.reader.partition("@")
    account = f"{literal(checked(user))}@{literal(host or '%')}"
    return "\n".join(
        [
            "-- In the server's file (a restart): log_bin = ON, binlog_format = ROW, binlog_row_image = FULL,",
            "-- and keep the log for as long as the program may be off: expire_logs_days = 14 (MariaDB),",
            "-- binlog_expire_logs_seconds = 1209600 (MySQL 8).",
            f"-- Once, if the account is new: CREATE USER {account} IDENTIFIED BY '...';",
            *(f"GRANT SELECT ON {quoted_table(dialect, table, database)} TO {account};" for table in tables_of(feeds)),
            "-- REPLICATION SLAVE reads the whole binary log, of every database of the server. There is no smaller right.",
            f"GRANT REPLICATION SLAVE ON *.* TO {account};",
            "-- Only on MySQL, or with `uses_gtid` off: to ask where the log ends.",
            f"-- GRANT REPLICATION CLIENT ON *.* TO {account};",
            "",
        ]
    )
