"""What e-mails say of themselves in forms that SQL does not read, page by page: mailboxes, keywords and references.

How often references lead to threads is compared as a sum over the account, so that nothing has to be kept of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from stalwart.codec.ids import decode_id
from stalwart.store.checks.check import LOST, NAMED, Found, named
from stalwart.store.mail_rows import FLAGS
from stalwart.store.object_types import MAILBOX
from stalwart.store.sql.lists import insert_new
from stalwart.store.sql.mail_threads import Threads, unpack_references
from stalwart.store.sql.mail_writing import flags_of, keywords_text, mailboxes_text
from stalwart.store.sql.session import Session

_PAGE = 2000
_MASK = (1 << 64) - 1
_NOWHERE = "e-mails in no mailbox"
_MISSING = "e-mails that are missing in a mailbox"
_MAILBOXES = "e-mails that name other mailboxes than they are in"
_KEYWORDS = "e-mails whose keywords and flags differ"
_LABELS = "e-mails that are found by other keywords than they have"
_THREADS = "accounts in which messages lead to other threads than their answers should join"
_decode = msgspec.json.Decoder(dict[str, bool]).decode


class _Mail(NamedTuple):
    account_id: int
    id: int
    thread_id: int
    flags: int
    mailboxes: str
    keywords: str
    subject_hash: int
    refs: bytes
    received_at: int

    def references(self) -> tuple[int, ...]:
        return unpack_references(bytes(self.refs)[: len(self.refs) // 8 * 8])


class _Findings:
    def __init__(self, repair: bool) -> None:
        self._repair = repair
        self._rows: dict[str, list[tuple[int, ...]]] = {}
        self._counts: dict[str, int] = {}
        self._accounts: dict[str, set[int]] = {}

    def add(self, what: str, account_id: int, *ids: int) -> None:
        rows = self._rows.setdefault(what, [])
        if len(rows) <= NAMED:
            rows.append((account_id, *ids))
        self._counts[what] = self._counts.get(what, 0) + 1
        self._accounts.setdefault(what, set()).add(account_id)

    def all(self) -> Iterator[Found]:
        for what, rows in self._rows.items():
            names = ["account_id", "id"][: len(rows[0])]
            yield Found(
                what,
                self._counts[what],
                named(names, rows),
                LOST if self._repair else "",
                frozenset(self._accounts[what]),
            )


def check_mail(session: Session, now: int, repair: bool) -> Iterator[Found]:
    """See ``check.Look``."""
    yield from _Walk(session, now, repair).look()


class _Walk:
    def __init__(self, session: Session, now: int, repair: bool) -> None:
        self._session, self._now, self._repair = session, now, repair
        self._found = _Findings(repair)
        self._boxes: dict[int, str | None] = {}

    def look(self) -> Iterator[Found]:
        for (account_id,) in self._session.all("SELECT id FROM account ORDER BY id"):
            self._account(account_id)
        return self._found.all()

    def _account(self, account_id: int) -> None:
        found = self._session.all(
            "SELECT id, role FROM container WHERE account_id = ? AND type = ?", account_id, MAILBOX
        )
        self._boxes = dict(found)
        referred, after = 0, -1
        while page := self._page(account_id, after):
            last = page[-1].id
            places = self._of_page("container_id, dead", "member", "item_id", account_id, after, last)
            labels = self._of_page("keyword", "keyword", "email_id", account_id, after, last)
            for mail in page:
                self._places(mail, places.get(mail.id, []))
                self._keywords(mail, {keyword for (keyword,) in labels.get(mail.id, [])})
                for reference in mail.references():
                    referred += hash((reference, mail.subject_hash, mail.thread_id))
            after = last
        if (referred - self._referring(account_id)) & _MASK:
            self._found.add(_THREADS, account_id)
            if self._repair:
                self._lead_anew(account_id)

    def _page(self, account_id: int, after: int) -> list[_Mail]:
        rows = self._session.all(
            f"SELECT {', '.join(_Mail._fields)} FROM email WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?",
            *(account_id, after, _PAGE),
        )
        return [_Mail(*row) for row in rows]

    def _of_page(
        self, columns: str, table: str, by: str, account_id: int, after: int, last: int
    ) -> dict[int, list[tuple[Any, ...]]]:
        found: dict[int, list[tuple[Any, ...]]] = {}
        for id, *values in self._session.all(
            f"SELECT {by}, {columns} FROM {table} WHERE account_id = ? AND {by} > ? AND {by} <= ?",
            *(account_id, after, last),
        ):
            found.setdefault(id, []).append(tuple(values))
        return found

    def _places(self, mail: _Mail, places: list[tuple[Any, ...]]) -> None:
        """Where it is; its own word counts for mailboxes that know nothing of it, not even that it has left."""
        known = {container_id for container_id, _ in places}
        inside = {container_id for container_id, dead in places if not dead}
        said = _said(mail.mailboxes)
        missing = {id for id in said - known if id in self._boxes}
        if not inside:
            self._found.add(_NOWHERE, mail.account_id, mail.id)
            missing = missing or self._refuge()
        elif missing:
            self._found.add(_MISSING, mail.account_id, mail.id)
        if self._repair:
            for container_id in sorted(missing):
                self._join(mail, container_id)
            inside |= missing
        if mailboxes_text(inside) == mail.mailboxes:
            return
        if not missing:
            self._found.add(_MAILBOXES, mail.account_id, mail.id)
        if self._repair and inside:
            self._session.later(
                "UPDATE email SET mailboxes = ? WHERE account_id = ? AND id = ?",
                *(mailboxes_text(inside), mail.account_id, mail.id),
            )

    def _refuge(self) -> set[int]:
        """The inbox, or whatever there is."""
        inboxes = [id for id, role in self._boxes.items() if role == "inbox"]
        return set((inboxes or sorted(self._boxes))[:1])

    def _join(self, mail: _Mail, container_id: int) -> None:
        (seq,) = self._session.one("UPDATE account SET seq = seq + 1 WHERE id = ? RETURNING seq", mail.account_id)
        (uidnext,) = self._session.one(
            "UPDATE container SET uidnext = uidnext + 1, seq = ? WHERE account_id = ? AND id = ? RETURNING uidnext",
            *(seq, mail.account_id, container_id),
        )
        self._session.later(
            "INSERT INTO member(account_id, container_id, uid, item_id, added_seq, seq, sort_at, thread_id, flags,"
            " added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(mail.account_id, container_id, uidnext - 1, mail.id, seq, seq),
            *(mail.received_at, mail.thread_id, mail.flags, self._now),
        )

    def _keywords(self, mail: _Mail, labels: set[str]) -> None:
        try:
            keywords = set(_decode(mail.keywords))
        except msgspec.DecodeError:
            keywords = labels | {keyword for keyword, bit in FLAGS.items() if mail.flags & bit}
            self._write_keywords(mail, keywords)
        else:
            if flags_of(keywords) != mail.flags:
                self._write_keywords(mail, keywords)
        wanted = keywords - FLAGS.keys()
        if wanted == labels:
            return
        self._found.add(_LABELS, mail.account_id, mail.id)
        if self._repair:
            key = (mail.account_id, mail.id)
            self._session.later("DELETE FROM keyword WHERE account_id = ? AND email_id = ?", *key)
            rows = [(mail.account_id, keyword, mail.id) for keyword in wanted]
            insert_new(self._session, "INSERT INTO keyword(account_id, keyword, email_id)", rows)

    def _write_keywords(self, mail: _Mail, keywords: set[str]) -> None:
        self._found.add(_KEYWORDS, mail.account_id, mail.id)
        if self._repair:
            self._session.later(
                "UPDATE email SET keywords = ?, flags = ? WHERE account_id = ? AND id = ?",
                *(keywords_text(keywords), flags_of(keywords), mail.account_id, mail.id),
            )

    def _referring(self, account_id: int) -> int:
        """The same sum over the rows that lead to threads."""
        total, after = 0, (-1, -1, -1)
        while rows := self._session.all(
            "SELECT ref_hash, subject_hash, thread_id, emails FROM thread_ref WHERE account_id = ?"
            " AND (ref_hash, subject_hash, thread_id) > (?, ?, ?) ORDER BY ref_hash, subject_hash, thread_id LIMIT ?",
            *(account_id, *after, _PAGE),
        ):
            total += sum(emails * hash(key) for *values, emails in rows for key in (tuple(values),))
            after = tuple(rows[-1][:3])
        return total

    def _lead_anew(self, account_id: int) -> None:
        threads, after = Threads(self._session), -1
        self._session.later("DELETE FROM thread_ref WHERE account_id = ?", account_id)
        while page := self._page(account_id, after):
            for mail in page:
                threads.add(account_id, mail.thread_id, mail.references(), mail.subject_hash)
            after = page[-1].id


def _said(text: str) -> set[int]:
    """The mailboxes that an e-mail says it is in; none if that cannot be read."""
    try:
        return {decode_id(id) for id in _decode(text)}
    except (msgspec.DecodeError, ValueError):
        return set()
