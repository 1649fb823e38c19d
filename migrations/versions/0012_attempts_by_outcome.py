"""`status` counts attempts by what became of them, and asks for the last success: by an index, however many there are."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ENDED = sa.text("ended_at IS NOT NULL")


def upgrade() -> None:
    # Without those under way: an attempt comes into it once, when it ends.
    op.create_index(
        "attempts_outcome",
        "attempts",
        ["outcome", "action", "ended_at"],
        sqlite_where=ENDED,
        postgresql_where=ENDED,
    )
