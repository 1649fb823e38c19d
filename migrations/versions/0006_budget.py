"""The books of the calls to BKN: all processes on this ledger share one pace, one pause, and one count a minute and a day;
and the tokens that they share, encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("account", sa.Text, primary_key=True),
        # JSON of decide/budget.py's Books: a row that is read and written as a whole, every half second at most.
        sa.Column("books", sa.Text, nullable=False),
    )
    op.create_table(
        "tokens",
        # A keyed hash of the login, so that other credentials never meet a token that is not theirs.
        sa.Column("login", sa.Text, primary_key=True),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("good_until", sa.Double, nullable=False),
        # Who is renewing it just now, and until when the others wait for that.
        sa.Column("renewed_by", sa.Text, nullable=False, server_default=""),
        sa.Column("renewing_until", sa.Double, nullable=False, server_default="0"),
    )
