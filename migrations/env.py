"""Alembic's entry: runs the steps on the connection that simpeg_sync.ledger.schema hands over, one transaction a step."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transaction_per_migration=True,
    # SQLite's DDL is transactional once the driver's own commits are off (see simpeg_sync.ledger.engine).
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
