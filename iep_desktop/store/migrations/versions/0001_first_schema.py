"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "drafts",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "kind", "key", name=op.f("pk_drafts")),
    )
    op.create_table(
        "exam_codes",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_exam_codes")),
    )
    op.create_table(
        "hospitals",
        sa.Column("ods", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("town", sa.String(), nullable=False),
        sa.Column("search", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("ods", name=op.f("pk_hospitals")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hospital", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("hospital", "name", name=op.f("uq_people_hospital_name")),
    )
    op.create_table(
        "transactions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nhs_no", sa.String(), nullable=False),
        sa.Column("hospital_no", sa.String(), nullable=False),
        sa.Column("registered_by", sa.String(), nullable=False),
        sa.Column("everything_reason", sa.String(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("match", sa.Text(), nullable=True),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("spooled", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("verified", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "listed >= 0 AND spooled >= 0 AND sent >= 0 AND verified >= 0 AND failed >= 0 AND skipped >= 0",
            name=op.f("ck_transactions_counts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        sa.UniqueConstraint("number", name=op.f("uq_transactions_number")),
    )
    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transactions_hospital_no"), ["hospital_no"], unique=False)
        batch_op.create_index(batch_op.f("ix_transactions_nhs_no"), ["nhs_no"], unique=False)

    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transactions.id"],
            name=op.f("fk_attachments_transaction_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachments_transaction_id"), ["transaction_id"], unique=False)

    op.create_table(
        "ends",
        sa.Column("hospital", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=32), nullable=False),
        sa.Column("tab", sa.String(length=32), nullable=False),
        sa.Column("required", sa.Text(), nullable=False),
        sa.Column("assigned_to", sa.String(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("queue_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("patient", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("search", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_ends_transaction_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hospital", "created_at", "transaction_id", name=op.f("pk_ends")),
        sa.UniqueConstraint("transaction_id", "hospital", name=op.f("uq_ends_transaction_id_hospital")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ends", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ends_hospital_assigned_to_transaction_id"),
            ["hospital", "assigned_to", "transaction_id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_ends_hospital_changed"), ["hospital", "changed"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_ends_hospital_direction_transaction_id"),
            ["hospital", "direction", "transaction_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_ends_hospital_institution_transaction_id"),
            ["hospital", "institution", "transaction_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_ends_hospital_patient_transaction_id"),
            ["hospital", "patient", "transaction_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_ends_hospital_status_transaction_id"),
            ["hospital", "status", "transaction_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_ends_hospital_tab_created_at_transaction_id"),
            ["hospital", "tab", "created_at", "transaction_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_ends_hospital_type_transaction_id"),
            ["hospital", "type", "transaction_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_ends_queue",
            ["hospital", "priority", "queue_at", "transaction_id"],
            unique=False,
            sqlite_where=sa.text("queue_at IS NOT NULL"),
            postgresql_where=sa.text("queue_at IS NOT NULL"),
        )

    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hospital", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_events_transaction_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_transaction_id"), ["transaction_id"], unique=False)

    op.create_table(
        "exams",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("exam_code", sa.String(), nullable=False),
        sa.Column("accession", sa.String(), nullable=False),
        sa.Column("ris_state", sa.String(length=32), nullable=False),
        sa.Column("study_uid", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_exams_transaction_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exams")),
        sa.UniqueConstraint("transaction_id", "position", name=op.f("uq_exams_transaction_id_position")),
    )
    op.create_table(
        "forms",
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("call_ref", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_forms_transaction_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_forms")),
    )
    op.create_table(
        "media",
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("disc_no", sa.Integer(), nullable=True),
        sa.Column("discs", sa.Integer(), nullable=True),
        sa.Column("contents", sa.String(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=True),
        sa.Column("patients", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_media_transaction_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_media")),
    )
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_media_fingerprint"), ["fingerprint"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("hospital", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transactions.id"],
            name=op.f("fk_messages_transaction_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_transaction_id"), ["transaction_id"], unique=False)

    op.create_table(
        "nodes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hospital", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("calling_ae", sa.String(length=16), nullable=False),
        sa.Column("tls", sa.Boolean(), nullable=False),
        sa.CheckConstraint("port BETWEEN 1 AND 65535", name=op.f("ck_nodes_port")),
        sa.ForeignKeyConstraint(["hospital"], ["hospitals.ods"], name=op.f("fk_nodes_hospital")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nodes")),
        sa.UniqueConstraint("name", name=op.f("uq_nodes_name")),
    )
    with op.batch_alter_table("nodes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nodes_hospital"), ["hospital"], unique=False)

    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("study_uid", sa.String(), nullable=False),
        sa.Column("series_uid", sa.String(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_series_transaction_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint(
            "transaction_id",
            "study_uid",
            "series_uid",
            name=op.f("uq_series_transaction_id_study_uid_series_uid"),
        ),
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_series_study_uid"), ["study_uid"], unique=False)

    op.create_table(
        "slots",
        sa.Column("hospital", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", sa.Integer(), nullable=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_slots_transaction_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("hospital", "kind", "no", name=op.f("pk_slots")),
        sa.UniqueConstraint("hospital", "transaction_id", name=op.f("uq_slots_hospital_transaction_id")),
    )
    op.create_table(
        "instances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("sop_instance_uid", sa.String(), nullable=False),
        sa.Column("sop_class_uid", sa.String(), nullable=False),
        sa.Column("transfer_syntax_uid", sa.String(), nullable=False),
        sa.Column("source_path", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("spool_name", sa.String(), nullable=False),
        sa.Column("dicom_status", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_instances_series_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transactions.id"],
            name=op.f("fk_instances_transaction_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instances")),
        sa.UniqueConstraint(
            "transaction_id", "sop_instance_uid", name=op.f("uq_instances_transaction_id_sop_instance_uid")
        ),
    )
    with op.batch_alter_table("instances", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instances_series_id"), ["series_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("instances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_instances_series_id"))

    op.drop_table("instances")
    op.drop_table("slots")
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_series_study_uid"))

    op.drop_table("series")
    with op.batch_alter_table("nodes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_nodes_hospital"))

    op.drop_table("nodes")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_messages_transaction_id"))

    op.drop_table("messages")
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_media_fingerprint"))

    op.drop_table("media")
    op.drop_table("forms")
    op.drop_table("exams")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_transaction_id"))

    op.drop_table("events")
    with op.batch_alter_table("ends", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_ends_queue",
            sqlite_where=sa.text("queue_at IS NOT NULL"),
            postgresql_where=sa.text("queue_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_ends_hospital_type_transaction_id"))
        batch_op.drop_index(batch_op.f("ix_ends_hospital_tab_created_at_transaction_id"))
        batch_op.drop_index(batch_op.f("ix_ends_hospital_status_transaction_id"))
        batch_op.drop_index(batch_op.f("ix_ends_hospital_patient_transaction_id"))
        batch_op.drop_index(batch_op.f("ix_ends_hospital_institution_transaction_id"))
        batch_op.drop_index(batch_op.f("ix_ends_hospital_direction_transaction_id"))
        batch_op.drop_index(batch_op.f("ix_ends_hospital_changed"))
        batch_op.drop_index(batch_op.f("ix_ends_hospital_assigned_to_transaction_id"))

    op.drop_table("ends")
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachments_transaction_id"))

    op.drop_table("attachments")
    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transactions_nhs_no"))
        batch_op.drop_index(batch_op.f("ix_transactions_hospital_no"))

    op.drop_table("transactions")
    op.drop_table("people")
    op.drop_table("hospitals")
    op.drop_table("exam_codes")
    op.drop_table("drafts")
    op.drop_table("counters")
