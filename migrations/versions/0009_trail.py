"""The trail: what happened is sealed in chains of blocks, and the database itself lets nobody change it."""

import hashlib
import json
import time

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.Double()
APPEND_ONLY = ("events", "reads", "trail_blocks", "trail_heads")
"""Beside `audit`, which has been so from the first."""
OLD_ROWS = {
    "events": "id, at, record_id, event, status, reason, detail, attempt_id, actor, lane, facts",
    "audit": "id, at, actor, action, target, reason, detail, person",
}


def upgrade() -> None:
    for table in ("events", "audit"):
        # What is older than the trail, or was put in by whoever does not know of it, stands in block 0 of chain 0.
        op.add_column(table, sa.Column("chain", BIG, nullable=False, server_default="0"))
        op.add_column(table, sa.Column("block", BIG, nullable=False, server_default="0"))
    op.add_column("events", sa.Column("lane", sa.Text, nullable=False, server_default=""))
    op.add_column("events", sa.Column("facts", sa.Text, nullable=False, server_default=""))
    op.add_column("audit", sa.Column("person", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "reads",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("chain", BIG, nullable=False, server_default="0"),
        sa.Column("block", BIG, nullable=False, server_default="0"),
    )
    op.create_index("reads_lane", "reads", ["lane"])
    op.create_table(
        "trail_blocks",
        sa.Column("chain", BIG, primary_key=True, autoincrement=False),
        sa.Column("number", BIG, primary_key=True, autoincrement=False),
        sa.Column("at", TIME, nullable=False),
        # Of the chain's first block only.
        sa.Column("writer", sa.Text, nullable=False, server_default=""),
        # Table -> count and hash of its rows.
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index(
        "trail_blocks_first",
        "trail_blocks",
        ["chain"],
        sqlite_where=sa.text("number = 0"),
        postgresql_where=sa.text("number = 0"),
    )
    op.create_table(
        "trail_heads",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("saw_chain", BIG, nullable=False),
        sa.Column("saw_number", BIG, nullable=False),
        sa.Column("saw_hash", sa.Text, nullable=False),
        sa.Column("chain", BIG, nullable=False, server_default="0"),
        sa.Column("block", BIG, nullable=False, server_default="0"),
    )
    op.create_index("trail_heads_saw", "trail_heads", ["saw_chain", "saw_number"])
    _seal_what_is_there(op.get_bind())
    _let_nobody_change()


def _seal_what_is_there(connection: sa.Connection) -> None:
    """The same form as in simpeg_sync/ledger/trail.py, which may not change either."""
    content = {}
    for table, columns in OLD_ROWS.items():
        select = sa.text(f"SELECT {columns} FROM {table} ORDER BY id")
        rows = connection.execute(select.execution_options(stream_results=True, max_row_buffer=1000))
        count, digest = 0, hashlib.sha256()
        for row in rows:
            count += 1
            digest.update(f"{_canonical(list(row))}\n".encode())
        if count:
            content[table] = [count, digest.hexdigest()]
    at, writer, text = time.time(), "before the trail", _canonical(content)
    block = {"at": at, "writer": writer, "content": text}
    hash_ = hashlib.sha256(_canonical(["", 0, 0, at, writer, text]).encode()).hexdigest()
    insert = "INSERT INTO trail_blocks (chain, number, at, writer, content, hash) VALUES (0, 0, :at, :writer, :content, :hash)"
    connection.execute(sa.text(insert), {**block, "hash": hash_})


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _let_nobody_change() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
                )
        return
    for table in (*APPEND_ONLY, "audit"):
        if table != "audit":
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
            )
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
        )
