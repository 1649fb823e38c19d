"""The tests' private databases, but durable and at work as in an office: every commit is on the disk before it is answered."""

from tests.servers import MariaDbServer, PostgresServer

DURABLE = {
    "fsync": "on",
    "autovacuum": "on",
    "shared_buffers": "128MB",
    "max_connections": "200",
    # As PostgreSQL comes: where prepared transactions are allowed, the change log notifies nobody.
    "max_prepared_transactions": "0",
}


class DurablePostgres(PostgresServer):
    def _command(self) -> list[str]:
        # The last word about a setting counts.
        return super()._command() + [part for name, value in DURABLE.items() for part in ("-c", f"{name}={value}")]


class DurableMariaDb(MariaDbServer):
    def _command(self) -> list[str]:
        return [*super()._command(), "--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1"]
