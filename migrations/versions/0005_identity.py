"""What identity needs: the content of a row that may not leave yet, people who have left, BKN's ids as SIMPEG holds them; and
the brake of each feed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NO_ID = "coalesce(bkn_id, '') <> coalesce(written_back, '')"


def partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "records", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    op.add_column("records", sa.Column("wanted_digest", sa.Text))
    op.add_column("records", sa.Column("person_left", sa.Integer, nullable=False, server_default="0"))
    op.add_column("records", sa.Column("written_back", sa.Text))
    partial_index("records_wanted", ["wanted_digest"], "wanted_digest IS NOT NULL AND bkn_id IS NULL")
    partial_index("records_gone", ["feed"], "gone_since IS NOT NULL")
    partial_index("records_unwritten", ["feed", "id"], NO_ID)
    # Two NIPs that BKN knows as one person.
    op.create_index("persons_bkn_id", "persons", ["bkn_id"])
    op.create_table(
        "brakes",
        sa.Column("feed", sa.Text, primary_key=True),
        # The window in which is counted, and how much left in it.
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("deletes", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("updates", sa.BigInteger, nullable=False, server_default="0"),
        # Records of the feed, counted once a window when it matters.
        sa.Column("size", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("sized_at", sa.Double),
        # An operator's word: until then nothing is too much.
        sa.Column("lifted_until", sa.Double),
        sa.Column("pulled_at", sa.Double),
        sa.Column("pulled_by", sa.Text, nullable=False, server_default=""),
        sa.Column("count", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("most", sa.BigInteger, nullable=False, server_default="0"),
    )
