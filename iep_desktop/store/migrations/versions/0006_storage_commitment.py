"""On what evidence each image counts as arrived; storage commitment that nodes were asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "nodes", sa.Column("commitment", sa.String(length=32), server_default="automatic", nullable=False)
    )
    op.add_column("instances", sa.Column("evidence", sa.String(length=32), nullable=True))
    op.add_column("ends", sa.Column("uncommitted", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "commitments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("hospital", sa.String(), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transactions.id"],
            name=op.f("fk_commitments_transaction_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitments")),
    )
    op.create_index(op.f("ix_commitments_uid"), "commitments", ["uid"], unique=True)
    op.create_index(op.f("ix_commitments_transaction_id"), "commitments", ["transaction_id"])
    op.create_index(op.f("ix_commitments_node"), "commitments", ["node"])
    op.create_table(
        "commitment_images",
        sa.Column("commitment_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("instance_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("committed", sa.Boolean(), nullable=True),
        sa.Column("failure_reason", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["commitment_id"],
            ["commitments.id"],
            name=op.f("fk_commitment_images_commitment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["instances.id"],
            name=op.f("fk_commitment_images_instance_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commitment_id", "instance_id", name=op.f("pk_commitment_images")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_commitment_images_instance_id"), "commitment_images", ["instance_id"])


def downgrade() -> None:
    op.drop_table("commitment_images")
    op.drop_table("commitments")
    op.drop_column("ends", "uncommitted")
    op.drop_column("instances", "evidence")
    op.drop_column("nodes", "commitment")
