"""The first ledger: lanes, records, attempts, their history, cursors, plans and the audit of operators."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

STATUSES = ("waiting", "working", "sending", "uncertain", "held", "refused", "synced", "removed", "ignored")
ACTIONS = ("create", "update", "delete", "upload")

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.Double()
"""Unix seconds."""


def one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=f"{column}_known")


def upgrade() -> None:
    op.create_table(
        "lanes",
        sa.Column("lane", sa.Text, primary_key=True),
        sa.Column("due_at", TIME),
        sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
        sa.Column("owner", sa.Text),
        sa.Column("lease_until", TIME),
        sa.Column("fence", BIG, nullable=False, server_default="0"),
    )
    op.create_index(
        "lanes_due",
        "lanes",
        ["priority", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "records",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("feed", sa.Text, nullable=False),
        sa.Column("source_key", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.Column("due_at", TIME),
        sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
        sa.Column("mark", BIG, nullable=False, server_default="1"),
        sa.Column("marked_at", TIME, nullable=False),
        sa.Column("dirty_since", TIME, nullable=False),
        sa.Column("bkn_id", sa.Text),
        sa.Column("synced_digest", sa.Text),
        sa.Column("synced_at", TIME),
        sa.Column("document_digest", sa.Text),
        sa.Column("refused_digest", sa.Text),
        sa.Column("confirmed", sa.Text, nullable=False, server_default="{}"),
        sa.Column("gone_since", TIME),
        sa.Column("delete_released", sa.Integer, nullable=False, server_default="0"),
        sa.Column("version", BIG, nullable=False, server_default="0"),
        sa.Column("attempts", BIG, nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("deaths", sa.Integer, nullable=False, server_default="0"),
        sa.UniqueConstraint("feed", "source_key"),
        one_of("status", STATUSES),
    )
    op.create_index("records_lane", "records", ["lane"])
    op.create_index("records_status", "records", ["status", "feed"])
    op.create_table(
        "attempts",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("record_id", BIG, sa.ForeignKey("records.id"), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("bkn_id", sa.Text),
        sa.Column("known_ids", sa.Text),
        sa.Column("body", sa.Text),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("absent_since", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("outcome", sa.Text, nullable=False, server_default=""),
        sa.Column("code", sa.Text, nullable=False, server_default=""),
        sa.Column("http_status", sa.Integer),
        sa.Column("message", sa.Text, nullable=False, server_default=""),
        sa.UniqueConstraint("record_id", "number"),
        one_of("action", ACTIONS),
    )
    # At most one open attempt a record: the rule "no blind resend" as a constraint.
    op.create_index(
        "attempts_open",
        "attempts",
        ["record_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "events",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("record_id", BIG, sa.ForeignKey("records.id"), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.Column("attempt_id", BIG),
        sa.Column("actor", sa.Text, nullable=False, server_default="daemon"),
    )
    op.create_index("events_record", "events", ["record_id", "id"])
    op.create_table(
        "persons",
        sa.Column("nip", sa.Text, primary_key=True),
        sa.Column("bkn_id", sa.Text, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
    )
    op.create_table(
        "cursors",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False),
        sa.Column("moved_at", TIME, nullable=False),
    )
    op.create_table(
        "sweeps",
        sa.Column("feed", sa.Text, primary_key=True),
        sa.Column("started_at", TIME),
        sa.Column("done_at", TIME),
        sa.Column("rows", BIG, nullable=False, server_default="0"),
        sa.Column("why", sa.Text, nullable=False, server_default=""),
    )
    op.create_table(
        "notes",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "plans",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("configuration", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("approved_at", TIME),
        sa.Column("approved_by", sa.Text),
    )
    op.create_table(
        "audit",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA application_id = 1397312848")
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
        )
