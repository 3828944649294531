"""How many associations a node is sent over at once."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("nodes", sa.Column("associations", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("nodes", "associations")
