"""What scans have seen, a row for each range of keys; and cursors under the name of their capture mode."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "scan_ranges",
        sa.Column("feed", sa.Text, primary_key=True),
        # The key behind which the range begins; the first range of a feed has none.
        sa.Column("after_key", sa.Text, primary_key=True),
        sa.Column("until_key", sa.Text, nullable=False),
        sa.Column("shape", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("row_count", sa.Integer, nullable=False),
        sa.Column("entries", sa.LargeBinary, nullable=False),
    )
    op.execute("UPDATE cursors SET name = 'log' WHERE name = 'source'")
