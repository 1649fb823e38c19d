"""Several daemons on one ledger: which of them looks after the change log and the calendar; and what claims look for."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "leaders",
        sa.Column("name", sa.Text, primary_key=True),
        # Empty when the last one gave it back.
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        # Raised with every new leader: what an overtaken one still writes is refused.
        sa.Column("fence", sa.BigInteger, nullable=False),
    )
    # Lanes that somebody has, among the many that nobody has.
    op.create_index(
        "lanes_owned",
        "lanes",
        ["owner"],
        sqlite_where=sa.text("owner IS NOT NULL"),
        postgresql_where=sa.text("owner IS NOT NULL"),
    )
