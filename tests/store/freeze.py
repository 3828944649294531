"""Freezes a ledger of the present schema for the upgrade test: `python -m tests.store.freeze`, once a schema."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from iep_desktop.core.evidence import CommitmentState
from iep_desktop.core.model import Hospital, Node, NodeRole, RisState
from iep_desktop.core.transaction import InstanceState, MatchDecision, Medium, Status
from iep_desktop.store.commitment_tables import CommitmentImageRow, CommitmentRow
from iep_desktop.store.database import Database
from iep_desktop.store.directory import Directory, Person
from iep_desktop.store.drafts import Drafts
from iep_desktop.store.tables import InstanceRow
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import REVISIONS, open_ledger
from tests.store.samples import CONFIRM, MOUSE, THEM, US, disc, images, moved, sqlite, transfer

FOLDER = Path(__file__).parents[1] / "data" / "ledgers"
AT = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)


def freeze(path: Path) -> None:
    """A delivered import, one that waits for a person, and a transfer with a message."""
    path.unlink(missing_ok=True)
    database = open_ledger(f"sqlite:///{path}", clock=lambda: AT)
    ours = Transactions(database, US)
    decision = MatchDecision("12345", MOUSE.name, "Name and date of birth agree.", "A. Operator", AT)
    medium = Medium("/media/disc", "DISC", "fingerprint", 1, 2, "1 patients, 1 studies, 2 images")
    made = ours.create(disc(2, medium=medium, match=decision))
    for state in (InstanceState.SPOOLED, InstanceState.SENT, InstanceState.VERIFIED):
        ours.update_instances(made.id, [moved(i.sop_instance_uid, state) for i in images(2)])
    ours.move(made.id, Status.STARTED, "Started", "engine")
    ours.move(made.id, Status.DELIVERED, "Delivered", "engine")
    ours.unqueue(made.id)
    _commit_to(database, made.id)
    ours.set_exam_ris(made.id, 0, "RIS0001", RisState.ENTERED, "A. Operator")
    ours.create(disc(1, required=(CONFIRM,), queued=False))
    sent = ours.create(transfer())
    Transactions(database, THEM).add_message(sent.id, "B. Reader", "Thank you")
    directory = Directory(database)
    directory.put_hospital(Hospital("XX1", "Test Hospital", "Testtown"))
    directory.put_node(Node("PACS", NodeRole.PACS, US, "PACS", "localhost", 4242))
    directory.put_person(Person("A. Operator", "operator", hospital=US))
    Drafts(database, "A. Operator").save("cd-import", "1", "{}")
    database.dispose()
    with sqlite(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # one file, without its log
        connection.execute("VACUUM")
    connection.close()


def _commit_to(database: Database, id: int) -> None:
    """PACS has said of its images that it keeps them."""
    with database.write() as session:
        session.add(
            CommitmentRow(
                id=1,
                transaction_id=id,
                hospital=US,
                uid="2.25.1",
                node="PACS",
                asked_at=AT,
                due_at=AT,
                state=CommitmentState.SETTLED,
                reported_at=AT,
            )
        )
        session.flush()
        of = select(InstanceRow.id).where(InstanceRow.transaction_id == id)
        session.add_all(
            CommitmentImageRow(commitment_id=1, instance_id=key, committed=True)
            for key in session.scalars(of).all()
        )


if __name__ == "__main__":
    freeze(FOLDER / f"schema-{REVISIONS[-1]}.sqlite")
