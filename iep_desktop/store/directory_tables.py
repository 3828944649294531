"""The tables of what an installation knows of its surroundings: hospitals, nodes, exam codes, people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from iep_desktop.core.evidence import CommitmentUse
from iep_desktop.core.model import NodeRole
from iep_desktop.store.tables import Base


class HospitalRow(Base):
    __tablename__ = "hospitals"

    ods: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str]
    town: Mapped[str]
    search: Mapped[str]  # folded code, name and town


class NodeRow(Base):
    __tablename__ = "nodes"
    __table_args__ = (
        UniqueConstraint("name"),
        Index(None, "hospital"),
        CheckConstraint("port BETWEEN 1 AND 65535", "port"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hospital: Mapped[str] = mapped_column(ForeignKey("hospitals.ods"))
    name: Mapped[str]
    role: Mapped[NodeRole]
    ae_title: Mapped[str] = mapped_column(String(16))
    host: Mapped[str]
    port: Mapped[int]
    calling_ae: Mapped[str] = mapped_column(String(16))
    tls: Mapped[bool]
    rest_url: Mapped[str] = mapped_column(server_default="")
    dicomweb: Mapped[str] = mapped_column(server_default="")
    commitment: Mapped[CommitmentUse] = mapped_column(server_default=CommitmentUse.AUTOMATIC)
    associations: Mapped[int] = mapped_column(server_default="0")


class ExamCodeRow(Base):
    __tablename__ = "exam_codes"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    description: Mapped[str]
    modality: Mapped[str]


class PersonRow(Base):
    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("hospital", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hospital: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    added_at: Mapped[datetime]
