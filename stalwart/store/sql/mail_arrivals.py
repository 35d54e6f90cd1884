"""What mail that arrives asks and leaves behind: messages delivered of late, how many an account has."""

from __future__ import annotations

from stalwart.store.mail_rows import AddedEmail
from stalwart.store.sql.session import Session


class Arrivals:
    """Reads and writes ``delivered``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, account_id: int, digest: bytes, now: int) -> AddedEmail | None:
        """See ``store.mail``."""
        found = self._session.one(
            "SELECT email.id, email.thread_id FROM delivered"
            " JOIN blob_link ON blob_link.hash = delivered.blob AND blob_link.account_id = delivered.account_id"
            " JOIN email ON email.account_id = blob_link.account_id AND email.id = blob_link.owner_id"
            " WHERE delivered.account_id = ? AND delivered.digest = ? AND delivered.expires_at > ?"
            " ORDER BY email.id LIMIT 1",
            *(account_id, digest, now),
        )
        return AddedEmail(found[0], found[1], duplicate=True) if found else None

    def note(self, account_id: int, digest: bytes, blob: bytes, expires_at: int) -> None:
        """See ``store.mail``."""
        self._session.later(
            "INSERT INTO delivered(account_id, digest, blob, expires_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (account_id, digest)"
            " DO UPDATE SET blob = excluded.blob, expires_at = excluded.expires_at",
            *(account_id, digest, blob, expires_at),
        )

    def purge(self, now: int, limit: int) -> int:
        """See ``store.mail``."""
        return self._session.changed(
            "DELETE FROM delivered WHERE (account_id, digest) IN (SELECT account_id, digest FROM delivered"
            " WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
            *(now, limit),
        )

    def count(self, account_id: int, enough: int) -> int:
        """See ``store.mail``."""
        (most,) = self._session.one(
            "SELECT COALESCE(SUM(total), 0) FROM container WHERE account_id = ?",
            account_id,
        )
        if most < enough:
            return int(most)
        (count,) = self._session.one("SELECT COUNT(*) FROM email WHERE account_id = ?", account_id)
        return int(count)

    def staying(self, account_id: int, mailbox_id: int, before: int, limit: int) -> list[int]:
        """The e-mails that came into a mailbox before a time, at most ``limit``."""
        found = self._session.all(
            "SELECT item_id FROM member WHERE account_id = ? AND container_id = ? AND dead = 0 AND added_at < ?"
            " ORDER BY uid LIMIT ?",
            *(account_id, mailbox_id, before, limit),
        )
        return [id for (id,) in found]
