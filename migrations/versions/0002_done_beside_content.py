"""A record may have several certificates, and a call that has to follow its save: what is done is kept by its name."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("records", sa.Column("done", sa.Text, nullable=False, server_default="{}"))
    # Until now a record had one certificate; which kind it was stands in its feed, so it is kept without a name.
    op.execute("""UPDATE records SET done = '{"": "' || document_digest || '"}' WHERE document_digest IS NOT NULL""")
    op.drop_column("records", "document_digest")
    # Whose is a row of BKN that does not say it?
    op.create_index("records_bkn_id", "records", [sa.text("lower(bkn_id)")])
