"""Plans name their records, and a record carries what an applied plan allows for it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.Double()


def upgrade() -> None:
    # Empty: the plan of a whole configuration, which can be approved. Else which records it is about, in words for people.
    op.add_column("plans", sa.Column("selection", sa.Text, nullable=False, server_default=""))
    op.add_column("plans", sa.Column("wishes", sa.Text, nullable=False, server_default=""))
    op.add_column("plans", sa.Column("applied_at", TIME))
    op.add_column("plans", sa.Column("applied_by", sa.Text))
    # Read with every claim, and empty but for records with an open item.
    op.add_column("records", sa.Column("permission", sa.Text))
    op.create_table(
        "plan_items",
        sa.Column("plan_id", BIG, sa.ForeignKey("plans.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        # Empty while the ledger has not met the row.
        sa.Column("record_id", BIG),
        sa.Column("feed", sa.Text, nullable=False),
        sa.Column("source_key", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        # What people are shown, and the first thing that the daemon would do.
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("first", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.Column("wishes", sa.Text, nullable=False, server_default=""),
        # Digests only: a plan keeps no values.
        sa.Column("wanted", sa.Text, nullable=False, server_default=""),
        sa.Column("files", sa.Text, nullable=False, server_default=""),
        sa.Column("bkn", sa.Text, nullable=False, server_default=""),
        sa.Column("bkn_id", sa.Text),
        # Names of the fields that differ.
        sa.Column("fields", sa.Text, nullable=False, server_default=""),
        sa.Column("certificates", sa.Integer, nullable=False, server_default="0"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False, server_default=""),
        sa.Column("why_detail", sa.Text, nullable=False, server_default=""),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("plan_items_state", "plan_items", ["plan_id", "state", "number"])
    op.create_index(
        "plan_items_ordered",
        "plan_items",
        ["record_id"],
        sqlite_where=sa.text("state = 'ordered'"),
        postgresql_where=sa.text("state = 'ordered'"),
    )
