"""Transfers between hospitals: their legs, the request they answer, the recipient's own form."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transfers",
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("source_node", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("onward_reason", sa.String(), nullable=False),
        sa.Column("trauma", sa.Boolean(), nullable=False),
        sa.Column("whole_studies", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("on_iep_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["transactions.id"],
            name=op.f("fk_transfers_request_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transactions.id"],
            name=op.f("fk_transfers_transaction_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_transfers")),
    )
    op.create_index(op.f("ix_transfers_request_id"), "transfers", ["request_id"])
    op.create_index(op.f("ix_transfers_on_iep_at"), "transfers", ["on_iep_at"])
    op.create_table(
        "own_forms",
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("hospital", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transactions.id"],
            name=op.f("fk_own_forms_transaction_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transaction_id", "hospital", name=op.f("pk_own_forms")),
    )
    op.add_column(
        "attachments", sa.Column("sop_instance_uid", sa.String(), server_default="", nullable=False)
    )
    op.add_column("nodes", sa.Column("rest_url", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("nodes", "rest_url")
    op.drop_column("attachments", "sop_instance_uid")
    op.drop_table("own_forms")
    op.drop_table("transfers")
