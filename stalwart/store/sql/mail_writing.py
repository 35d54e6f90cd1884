"""E-mails come, change and go: rows of ``email``, ``member`` and ``keyword``, with counters, threads and changes.

Everything is looked up and refused before the first row is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from typing import Any

import msgspec
from attrs import frozen

from stalwart.codec.ids import decode_id, encode_id
from stalwart.errors import DanglingReference, Invalid, NotFound
from stalwart.store.mail import Revise
from stalwart.store.mail_rows import FLAGS, AddedEmail, NewEmail
from stalwart.store.object_types import MAILBOX
from stalwart.store.sql.accounts import SqlAccounts
from stalwart.store.sql.blobs import SqlBlobs
from stalwart.store.sql.lists import bounded, change_in, insert_new, select_in
from stalwart.store.sql.mail_ledger import Ledger, is_unread
from stalwart.store.sql.mail_text import queue_text
from stalwart.store.sql.mail_threads import Threads, pack_references, unpack_references
from stalwart.store.sql.session import Session

_members = _keywords = msgspec.json.Decoder(dict[str, bool]).decode
_EMAIL = "SELECT id, thread_id, size, received_at, flags, mailboxes, keywords, blob, subject_hash, refs FROM email"
_NEW_EMAIL = (
    "INSERT INTO email(account_id, id, thread_id, received_at, sent_at, size, has_attachment, flags, blob,"
    " mailboxes, keywords, from_key, to_key, subject_key, subject_hash, refs, fragment, parts)"
    f" VALUES ({', '.join('?' * 18)})"
)
_NEW_MEMBER = (
    "INSERT INTO member(account_id, container_id, uid, item_id, added_seq, seq, sort_at, thread_id, flags,"
    f" added_at) VALUES ({', '.join('?' * 10)})"
)


@frozen
class _Email:
    """What is needed of a stored e-mail to change it."""

    id: int
    thread_id: int
    size: int
    received_at: int
    flags: int
    mailboxes: str
    keywords: str
    blob: bytes
    subject_hash: int
    refs: bytes


@frozen
class _Place:
    """An e-mail in a mailbox."""

    container_id: int
    uid: int
    added_at: int


class MailWriting:
    """Adds, updates and destroys e-mails."""

    def __init__(self, session: Session, blobs: SqlBlobs) -> None:
        self._session = session
        self._blobs = blobs
        self._accounts = SqlAccounts(session)
        self._threads = Threads(session)

    def add(self, account_id: int, email: NewEmail, now: int) -> AddedEmail:
        """See ``store.mail``."""
        self._require(account_id, email.mailboxes)
        if self._blobs.find(email.blob) is None:
            raise NotFound
        ledger = Ledger(self._session, account_id, now)
        thread_id, others = self._threads.find(account_id, email.references, email.subject_hash)
        moving = self._of_threads(account_id, others) if others else []
        ids = iter(self._accounts.new_ids(account_id, 1 + len(moving) + (thread_id is None)))
        id = next(ids)
        if thread_id is None:
            thread_id = next(ids)
            ledger.make_thread(thread_id)
        else:
            ledger.open((thread_id, *others))
        moves = list(zip(moving, ids, strict=True))
        places = self._places(account_id, [old.id for old in moving]) if moving else {}
        flags = flags_of(email.keywords)
        ledger.create(id, thread_id, email.blob, email.size)
        for container_id in email.mailboxes:
            ledger.put(thread_id, container_id, flags)
        for old, new_id in moves:
            self._announce_move(ledger, old, new_id, thread_id, places[old.id])
        ledger.write()
        self._insert(account_id, id, thread_id, email, flags)
        for container_id in sorted(email.mailboxes):
            self._join(ledger, account_id, container_id, id, thread_id, email.received_at, flags, now)
        self._threads.add(account_id, thread_id, email.references, email.subject_hash)
        self._blobs.link(email.blob, account_id, id)
        for old, new_id in moves:
            self._move(ledger, account_id, old, new_id, thread_id, places[old.id], now)
        return AddedEmail(id, thread_id, tuple((old.id, new_id) for old, new_id in moves))

    def update(self, account_id: int, id: int, now: int, mailboxes: Set[int] | None, keywords: Set[str] | None) -> bool:
        """See ``store.mail``."""

        def revise(had: Set[int], marked: Set[str]) -> tuple[Set[int], Set[str]]:
            return had if mailboxes is None else mailboxes, marked if keywords is None else keywords

        return self.revise(account_id, id, now, revise) > 0

    def revise(self, account_id: int, id: int, now: int, revise: Revise) -> int:
        """See ``store.mail``."""
        found = self._session.one(f"{_EMAIL} WHERE account_id = ? AND id = ?", account_id, bounded(id))
        if found is None:
            raise NotFound
        email = _Email(*found)
        mailboxes, keywords = _mailboxes(email.mailboxes), _keywords(email.keywords).keys()
        new_mailboxes, new_keywords = revise(mailboxes, keywords)
        moves, marks = new_mailboxes != mailboxes, new_keywords != keywords
        if not moves and not marks:
            return 0
        self._require(account_id, new_mailboxes, sorted(new_mailboxes - mailboxes))
        flags = flags_of(new_keywords) if marks else email.flags
        ledger = Ledger(self._session, account_id, now)
        ledger.update(id)
        if moves or is_unread(flags) != is_unread(email.flags):
            ledger.open([email.thread_id])
            for container_id in mailboxes & new_mailboxes:
                ledger.mark(email.thread_id, container_id, email.flags, flags)
        else:
            ledger.touch(mailboxes)
        if moves:
            self._rehouse(ledger, account_id, email, flags, mailboxes, new_mailboxes, now)
        else:
            ledger.write()
        if marks:
            self._session.later(
                "UPDATE member SET flags = ?, seq = ? WHERE account_id = ? AND item_id = ? AND +dead = 0",
                *(flags, ledger.number(id), account_id, id),
            )
            self._write_keywords(account_id, id, flags, keywords, new_keywords)
        return ledger.number(id)

    def _rehouse(
        self,
        ledger: Ledger,
        account_id: int,
        email: _Email,
        flags: int,
        mailboxes: Set[int],
        new_mailboxes: Set[int],
        now: int,
    ) -> None:
        """Write the ledger and what comes into mailboxes and goes out of them."""
        places = {place.container_id: place for place in self._places(account_id, [email.id])[email.id]}
        coming, going = sorted(new_mailboxes - mailboxes), sorted(mailboxes - new_mailboxes)
        for container_id in going:
            ledger.take(email.thread_id, container_id, email.flags)
        for container_id in coming:
            ledger.put(email.thread_id, container_id, flags)
        ledger.write()
        for container_id in going:
            self._leave(ledger.number(email.id), account_id, places[container_id])
        for container_id in coming:
            self._join(ledger, account_id, container_id, email.id, email.thread_id, email.received_at, flags, now)
        self._session.later(
            "UPDATE email SET mailboxes = ? WHERE account_id = ? AND id = ?",
            *(mailboxes_text(new_mailboxes), account_id, email.id),
        )

    def destroy(self, account_id: int, ids: Iterable[int], now: int) -> frozenset[int]:
        """See ``store.mail``."""
        found = select_in(self._session, f"{_EMAIL} WHERE account_id = ? AND id IN", account_id, ids=ids)
        emails = [_Email(*columns) for columns in found]
        if not emails:
            return frozenset()
        gone = [email.id for email in emails]
        places = self._places(account_id, gone)
        ledger = Ledger(self._session, account_id, now)
        ledger.open(email.thread_id for email in emails)
        for email in emails:
            ledger.kill(email.id, email.thread_id, email.size)
            for place in places[email.id]:
                ledger.take(email.thread_id, place.container_id, email.flags)
        ledger.write()
        for email in emails:
            for place in places[email.id]:
                self._leave(ledger.number(email.id), account_id, place)
            self._threads.remove(account_id, email.thread_id, unpack_references(email.refs), email.subject_hash)
            self._blobs.unlink(account_id, email.id, now)
            queue_text(self._session, account_id, email.id)
        change_in(self._session, "DELETE FROM email WHERE account_id = ? AND id IN", account_id, ids=gone)
        change_in(self._session, "DELETE FROM keyword WHERE account_id = ? AND email_id IN", account_id, ids=gone)
        return frozenset(gone)

    def remove_from(self, account_id: int, ids: Collection[int], mailbox_id: int, now: int) -> None:
        """Take e-mails out of a mailbox; those that are in no other one are destroyed."""
        places = self._places(account_id, ids)
        self.destroy(account_id, [id for id in ids if len(places[id]) < 2], now)
        for id in ids:
            left = {place.container_id for place in places[id]} - {mailbox_id}
            if left:
                self.update(account_id, id, now, left, None)

    def _require(self, account_id: int, mailboxes: Collection[int], new: Collection[int] | None = None) -> None:
        """At least one mailbox, and those that are new to the e-mail are there."""
        if not mailboxes:
            raise Invalid("An e-mail must be in at least one mailbox.", ("mailboxIds",))
        wanted = mailboxes if new is None else new
        ask, asked = "SELECT id FROM container WHERE account_id = ? AND type = ? AND id IN", (account_id, MAILBOX)
        there = self._session.recalled(
            *("container", ("there", *asked, frozenset(wanted))),
            lambda: select_in(self._session, ask, *asked, ids=wanted),
        )
        missing = set(wanted) - {row[0] for row in there}
        if missing:
            raise DanglingReference(("Mailbox", min(missing)), "mailboxIds")

    def _of_threads(self, account_id: int, thread_ids: Sequence[int]) -> list[_Email]:
        found = select_in(self._session, f"{_EMAIL} WHERE account_id = ? AND thread_id IN", account_id, ids=thread_ids)
        return sorted((_Email(*columns) for columns in found), key=lambda email: email.id)

    def _places(self, account_id: int, ids: Collection[int]) -> dict[int, list[_Place]]:
        """Which mailboxes e-mails are in."""
        places: dict[int, list[_Place]] = {id: [] for id in ids}
        # + keeps SQLite from the indexes of lists, which begin with the mailbox
        for item_id, *place in select_in(
            self._session,
            "SELECT item_id, container_id, uid, added_at FROM member WHERE account_id = ? AND +dead = 0 AND item_id IN",
            account_id,
            ids=ids,
        ):
            places[item_id].append(_Place(*place))
        return places

    def _insert(self, account_id: int, id: int, thread_id: int, email: NewEmail, flags: int) -> None:
        self._session.later(
            _NEW_EMAIL,
            *(account_id, id, thread_id, email.received_at, email.sent_at, email.size, int(email.has_attachment)),
            *(flags, email.blob, mailboxes_text(email.mailboxes), keywords_text(email.keywords)),
            *(email.from_key, email.to_key, email.subject_key, email.subject_hash),
            *(pack_references(email.references), email.fragment, email.parts),
        )
        self._label(account_id, id, email.keywords)
        queue_text(self._session, account_id, id)

    def _label(self, account_id: int, id: int, keywords: Iterable[str]) -> None:
        """Make it be found by its keywords; those that are flags are found by these."""
        rows = [(account_id, keyword, id) for keyword in keywords if keyword not in FLAGS]
        insert_new(self._session, "INSERT INTO keyword(account_id, keyword, email_id)", rows)

    def _join(
        self,
        ledger: Ledger,
        account_id: int,
        container_id: int,
        id: int,
        thread_id: int,
        received_at: int,
        flags: int,
        added_at: int,
    ) -> None:
        seq = ledger.number(id)
        self._session.later(
            _NEW_MEMBER,
            *(account_id, container_id, ledger.uid(container_id), id, seq, seq, received_at, thread_id, flags),
            added_at,
        )

    def _leave(self, seq: int, account_id: int, place: _Place) -> None:
        self._session.later(
            "UPDATE member SET dead = 1, seq = ? WHERE account_id = ? AND container_id = ? AND uid = ?",
            *(seq, account_id, place.container_id, place.uid),
        )

    def _write_keywords(self, account_id: int, id: int, flags: int, old: Set[str], new: Set[str]) -> None:
        self._session.later(
            "UPDATE email SET flags = ?, keywords = ? WHERE account_id = ? AND id = ?",
            *(flags, keywords_text(new), account_id, id),
        )
        for keyword in old - new - FLAGS.keys():
            self._session.later(
                "DELETE FROM keyword WHERE account_id = ? AND keyword = ? AND email_id = ?", account_id, keyword, id
            )
        self._label(account_id, id, new - old)

    def _announce_move(
        self, ledger: Ledger, old: _Email, new_id: int, thread_id: int, places: Iterable[_Place]
    ) -> None:
        ledger.create(new_id, thread_id, old.blob, old.size)
        ledger.kill(old.id, old.thread_id, old.size)
        for place in places:
            ledger.take(old.thread_id, place.container_id, old.flags)
            ledger.put(thread_id, place.container_id, old.flags)

    def _move(
        self,
        ledger: Ledger,
        account_id: int,
        old: _Email,
        new_id: int,
        thread_id: int,
        places: Iterable[_Place],
        now: int,
    ) -> None:
        """An e-mail of a thread that ends is in another under a new id."""
        for place in places:
            self._leave(ledger.number(old.id), account_id, place)
            self._join(
                *(ledger, account_id, place.container_id, new_id, thread_id, old.received_at, old.flags, place.added_at)
            )
        self._session.later(
            "UPDATE email SET id = ?, thread_id = ? WHERE account_id = ? AND id = ?",
            *(new_id, thread_id, account_id, old.id),
        )
        self._session.later(
            "UPDATE keyword SET email_id = ? WHERE account_id = ? AND email_id = ?", new_id, account_id, old.id
        )
        references = unpack_references(old.refs)
        self._threads.remove(account_id, old.thread_id, references, old.subject_hash)
        self._threads.add(account_id, thread_id, references, old.subject_hash)
        self._blobs.link(old.blob, account_id, new_id)
        self._blobs.unlink(account_id, old.id, now)
        queue_text(self._session, account_id, old.id)
        queue_text(self._session, account_id, new_id)


def flags_of(keywords: Iterable[str]) -> int:
    """The bits of those keywords that have one."""
    return sum(FLAGS.get(keyword, 0) for keyword in keywords)


def _mailboxes(text: str) -> Set[int]:
    """The reverse of ``mailboxes_text``."""
    return {decode_id(id) for id in _members(text)}


def mailboxes_text(mailboxes: Iterable[int]) -> str:
    """The JSON object of mailbox ids that lists show."""
    return "{" + ",".join(f'"{encode_id(id)}":true' for id in sorted(mailboxes)) + "}"


def keywords_text(keywords: Iterable[str]) -> str:
    """The JSON object of keywords that lists show."""
    values: Mapping[str, Any] = dict.fromkeys(sorted(keywords), True)
    return msgspec.json.encode(values).decode()
