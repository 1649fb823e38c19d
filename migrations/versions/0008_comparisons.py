"""How the two sides compare: what is due to be compared, the situation of every row, and every change of it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.Double()
"""Unix seconds."""


def upgrade() -> None:
    op.create_table(
        "comparisons",
        sa.Column("lane", sa.Text, primary_key=True),
        # BKN's list, mostly named as the one kind that it shows.
        sa.Column("list", sa.Text, primary_key=True),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("compared_at", TIME),
        # Calls to BKN that the last one took, for the night's budget.
        sa.Column("calls", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("comparisons_due", "comparisons", ["priority", "due_at"])
    op.create_index("comparisons_compared", "comparisons", ["compared_at"])
    op.create_table(
        "situations",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("list", sa.Text, nullable=False),
        sa.Column("feed", sa.Text, nullable=False),
        # By one of the two a row is known again: SIMPEG's key of a record, or the id of a row that only BKN has.
        sa.Column("of_key", sa.Text, nullable=False),
        sa.Column("of_bkn_id", sa.Text, nullable=False),
        sa.Column("source_key", sa.Text),
        sa.Column("bkn_id", sa.Text),
        sa.Column("situation", sa.Text, nullable=False),
        sa.Column("drift", sa.Text, nullable=False),
        sa.Column("matched_by", sa.Text, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        # Both values of every difference, as long as there is one; through the ledger's codec.
        sa.Column("said", sa.Text),
        sa.Column("simpeg_digest", sa.Text),
        sa.Column("bkn_digest", sa.Text),
        sa.Column("first_seen_at", TIME, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("equal_at", TIME),
        # What both sides held then.
        sa.Column("equal_simpeg", sa.Text),
        sa.Column("equal_bkn", sa.Text),
        sa.UniqueConstraint("lane", "feed", "of_key", "of_bkn_id"),
    )
    op.create_index("situations_kind", "situations", ["feed", "situation", "drift"])
    op.create_table(
        "situation_changes",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("feed", sa.Text, nullable=False),
        sa.Column("source_key", sa.Text),
        sa.Column("bkn_id", sa.Text),
        # Empty where there was none before, or is none any more.
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        # The side whose content is another than at the last comparison: simpeg, bkn, both, or neither.
        sa.Column("moved", sa.Text, nullable=False),
    )
    op.create_index("situation_changes_lane", "situation_changes", ["lane", "id"])
