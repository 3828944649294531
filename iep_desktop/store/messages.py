"""What the two hospitals of a transaction write to each other (R-TX-5). Each method is one short session."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from iep_desktop.core.transaction import Message
from iep_desktop.store.acts import acting, unknown
from iep_desktop.store.database import Database
from iep_desktop.store.tables import EndRow, MessageRow


class Messages:
    """Those of one hospital's transactions."""

    def __init__(self, database: Database, hospital: str) -> None:
        self._database = database
        self._hospital = hospital

    def messages(self, id: int) -> tuple[Message, ...]:
        """Oldest first."""
        wanted = select(MessageRow).where(MessageRow.transaction_id == id).order_by(MessageRow.id)
        with self._database.read() as session:
            self._end(session, id)
            return tuple(Message(r.at, r.author, r.hospital, r.text, r.read) for r in session.scalars(wanted))

    def add_message(self, id: int, author: str, text: str) -> None:
        """Both ends can read it; it is unread at the other."""
        with acting(self._database, self._hospital, id) as act:
            row = MessageRow(
                transaction_id=id, at=act.now, author=author, hospital=self._hospital, text=text, read=False
            )
            act.session.add(row)
            for end in act.ends:
                end.unread += end is not act.ours

    def mark_read(self, id: int) -> None:
        """Our end has read what the other wrote."""
        wanted = select(MessageRow).where(
            MessageRow.transaction_id == id, MessageRow.hospital != self._hospital, ~MessageRow.read
        )
        with acting(self._database, self._hospital, id) as act:
            act.ours.unread = 0
            for message in act.session.scalars(wanted):
                message.read = True

    # -- inside

    def _end(self, session: Session, id: int) -> EndRow:
        wanted = select(EndRow).where(EndRow.hospital == self._hospital, EndRow.transaction_id == id)
        end = session.scalar(wanted)
        if end is None:
            raise unknown()
        return end
