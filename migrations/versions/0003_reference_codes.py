"""BKN's code tables as they were pulled, and how far each pull has come."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.Double()
"""Unix seconds."""


def upgrade() -> None:
    op.create_table(
        "reference_pulls",
        sa.Column("table_name", sa.Text, primary_key=True),
        sa.Column("pull", BIG, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("next_offset", BIG, nullable=False, server_default="0"),
        # Different codes that the pull has brought so far; a list may hold one twice.
        sa.Column("codes", BIG, nullable=False, server_default="0"),
        # What BKN said the table has when the pull began; a change means that the pages no longer fit together.
        sa.Column("expected", BIG),
        sa.Column("finished_at", TIME),
        # Of the last pull that came to its end: it makes the table complete, also while the next one runs.
        sa.Column("complete_at", TIME),
        sa.Column("complete_count", BIG),
    )
    op.create_table(
        "reference_codes",
        sa.Column("table_name", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("label", sa.Text, nullable=False, server_default=""),
        sa.Column("more", sa.Text, nullable=False, server_default="{}"),
        sa.Column("seen_in", BIG, nullable=False),
        sa.Column("gone_at", TIME),
    )
