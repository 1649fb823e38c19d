"""What is told of persons: the unit in which they work, and a doubt that BKN's person of the NIP is another one."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "identities",
        # The record that says who the person is; its lane is the person, also after a NIP was corrected.
        sa.Column("record_id", sa.BigInteger, sa.ForeignKey("records.id"), primary_key=True, autoincrement=False),
        sa.Column("unit", sa.Text, nullable=False, server_default=""),
        sa.Column("unit_name", sa.Text, nullable=False, server_default=""),
        # A digest of the facts that speak against it, and of those that somebody has accepted all the same.
        sa.Column("doubt", sa.Text),
        sa.Column("accepted", sa.Text),
    )
    op.create_index("identities_of_unit", "identities", ["unit"])
