"""What can be wrong with a database: what it is called, what makes it so, and whether it can be put right."""

from __future__ import annotations

from stalwart.store.blob_files import BlobFiles
from stalwart.store.collection_rows import NewItem, Span, home
from stalwart.store.object_types import CALENDAR, FILE_NODE
from stalwart.store.sql.session import Session
from stalwart.store.sql.transaction import SqlTransaction
from tests.contract.store_queue import letter, to
from tests.store.moving.sample import ACCOUNT, NOW, fill

LETTER, OTHER = 77, 6


def fill_all(session: Session, files: BlobFiles) -> None:
    """Something in every table that has facts which follow from others."""
    fill(session, files)
    tx = SqlTransaction(session, files)
    tx.accounts.create(OTHER, "two", "user")
    inbox = tx.mail.mailboxes.by_role(ACCOUNT, "inbox")
    assert inbox is not None
    inner = tx.mail.mailboxes.create(ACCOUNT, "Inner", "inner", now=NOW, parent_id=inbox.id)
    first, *_ = [id for (id,) in session.all("SELECT id FROM email WHERE account_id = ? ORDER BY id", ACCOUNT)]
    tx.mail.update_email(
        ACCOUNT, first, now=NOW, mailboxes=frozenset({inbox.id, inner.id}), keywords=frozenset({"$seen", "work"})
    )
    calendar = tx.collections.create(ACCOUNT, CALENDAR, home(CALENDAR), "work", now=NOW, data={"name": "Work"})
    event = NewItem(1, octets=b"BEGIN:VCALENDAR", uid="u", span=Span(1, 0, 10), values=(("uid", "u"),))
    made, _ = tx.collections.put(ACCOUNT, calendar.item_id, "a.ics", event, now=NOW)
    folder = tx.collections.create(ACCOUNT, FILE_NODE, home(FILE_NODE), "papers", now=NOW)
    tx.collections.create(ACCOUNT, FILE_NODE, folder.item_id, "old", now=NOW)
    blob = tx.blobs.put(b"a file", NOW)
    file = NewItem(1, blob=blob.hash, size=blob.size)
    tx.collections.put(ACCOUNT, folder.item_id, "a.txt", file, now=NOW)
    tx.collections.put(ACCOUNT, folder.item_id, "b.txt", file, now=NOW)
    tx.archive.keep(ACCOUNT, folder.item_id, "b.txt", now=NOW, expires_at=NOW + 9)
    tx.collections.remove(ACCOUNT, folder.item_id, "b.txt", now=NOW)
    tx.shares.replace(ACCOUNT, calendar.item_id, {OTHER: 3})
    tx.preferences.set(ACCOUNT, made.item_id, OTHER, {"colour": "red"})
    tx.queue.insert(letter(tx, LETTER, counted=("sender",)), [to("a@example.org")], NOW)
    tx.registry.insert("Odd", {}, id=3, keys=[("odd", "value")])
    tx.registry.insert("Alias", {}, id=4, links=[("Odd", 3)], index=[("name", "x")])
    tx.registry.next_id("Alias", 4)


DAMAGES: tuple[tuple[str, str, bool], ...] = (
    # settings objects
    (
        "unique values of settings objects that are gone",
        "INSERT INTO registry_key(space, value, type, id) VALUES ('s', 'v', 'Domain', 999)",
        True,
    ),
    ("indexed values of settings objects that are gone", "DELETE FROM registry WHERE type = 'Alias'", True),
    ("references of settings objects that are gone", "DELETE FROM registry WHERE type = 'Alias'", True),
    ("references to settings objects that are gone", "DELETE FROM registry WHERE type = 'Odd'", False),
    (
        "types of settings objects that would give ids away twice",
        "UPDATE registry_sequence SET last = 1 WHERE type = 'Alias'",
        True,
    ),
    # accounts
    ("accounts that are not there and have rows of email", "DELETE FROM account WHERE id = 5", False),
    (
        "accounts that are not there and have rows of seen",
        "INSERT INTO seen(account_id, kind, digest, expires_at) VALUES (99, 1, CAST('x' AS BYTEA), 1)",
        True,
    ),
    ("accounts that would give numbers away twice", "UPDATE account SET last_id = 1, seq = 1", True),
    ("accounts whose used octets are another sum", "UPDATE account SET used_octets = 7", True),
    (
        "objects that have changed before they were made, or after they have changed last",
        "UPDATE obj SET prop_seq = seq + 1",
        True,
    ),
    ("states that are older than what has changed", "UPDATE type_state SET seq = 0", True),
    ("states that are older than what has changed", "DELETE FROM type_state", True),
    ("states that forget what is to come", "UPDATE type_state SET low_seq = seq + 5", True),
    ("rights of accounts that are not there", "UPDATE acl SET grantee = 99", True),
    ("rights of objects that are gone", "UPDATE acl SET obj_id = 9999", True),
    ("preferences of accounts that are not there", "UPDATE pref SET user_id = 99", True),
    ("preferences of objects that are gone", "UPDATE pref SET obj_id = 9999", True),
    # mail
    ("mailboxes that would give uids away twice", "UPDATE container SET uidnext = 1", True),
    ("mailboxes that would give uids away twice", "UPDATE container SET seq = 0", True),
    ("mailboxes without a validity of uids", "UPDATE container SET uidvalidity = NULL", True),
    ("mailboxes whose row is gone", "DELETE FROM container WHERE role = 'inbox'", True),
    ("mailboxes in mailboxes that are not there", "DELETE FROM container WHERE role = 'inbox'", True),
    ("mailboxes that are no objects", "DELETE FROM obj WHERE type = 1", True),
    ("mailboxes that are inside of themselves", "UPDATE container SET parent_id = id", True),
    ("mailboxes with a counter that is another sum", "UPDATE container SET total = 9, unread_threads = 4", True),
    ("places of threads in mailboxes that are miscounted", "DELETE FROM thread_count", True),
    ("e-mails in no mailbox", "DELETE FROM member", True),
    (
        "e-mails that are missing in a mailbox",
        "DELETE FROM member WHERE container_id = (SELECT id FROM container WHERE name = 'Inner')",
        True,
    ),
    ("e-mails that name other mailboxes than they are in", "UPDATE email SET mailboxes = ''", True),
    ("e-mails whose keywords and flags differ", "UPDATE email SET flags = 0", True),
    ("e-mails whose keywords and flags differ", "UPDATE email SET keywords = '{'", True),
    ("e-mails that are found by other keywords than they have", "DELETE FROM keyword", True),
    (
        "keywords of e-mails that are gone",
        "INSERT INTO keyword(account_id, keyword, email_id) VALUES (5, 'k', 99)",
        True,
    ),
    (
        "places in mailboxes that say something else than their e-mails",
        "UPDATE member SET flags = 2, sort_at = 1",
        True,
    ),
    ("places in mailboxes of e-mails that are gone", "UPDATE member SET item_id = 9999 WHERE uid = 1", True),
    ("places in mailboxes that are gone", "UPDATE member SET container_id = 9999, dead = 1 WHERE uid = 2", True),
    (
        "e-mails that are twice in a mailbox",
        "INSERT INTO member(account_id, container_id, uid, item_id, added_seq, seq, thread_id)"
        " SELECT account_id, container_id, uid + 50, item_id, added_seq, seq, thread_id FROM member",
        True,
    ),
    ("e-mails of threads that are not there", "UPDATE email SET thread_id = 424242", True),
    ("e-mails of threads that are not there", "DELETE FROM obj WHERE type = 3", True),
    ("threads without e-mails", "UPDATE obj SET type = 3 WHERE type = 12", True),
    ("accounts in which messages lead to other threads than their answers should join", "DELETE FROM thread_ref", True),
    (
        "accounts in which messages lead to other threads than their answers should join",
        "UPDATE thread_ref SET emails = 7",
        True,
    ),
    ("e-mails that are no objects", "UPDATE obj SET dead = 1 WHERE type = 2", True),
    ("e-mails that are no objects", "DELETE FROM obj WHERE type = 2", True),
    ("e-mails whose object has another message or size", "UPDATE obj SET size = 1 WHERE type = 2", True),
    ("objects that should be e-mails", "DELETE FROM email", False),
    (
        "texts of e-mails that are gone",
        "INSERT INTO mail_text(account_id, email_id, document) VALUES (5, 9999, CAST('x' AS BYTEA))",
        True,
    ),
    # calendars, address books, files
    ("calendars, address books and folders whose row is gone", "DELETE FROM collection", True),
    ("calendars, address books and folders that are no objects", "DELETE FROM obj WHERE type = 11", True),
    (
        "calendars, address books and folders that have no name where they are",
        "DELETE FROM binding WHERE is_collection = 1",
        True,
    ),
    (
        "calendars, address books and folders that are elsewhere than they say",
        "UPDATE collection SET segment = 'odd'",
        True,
    ),
    (
        "folders that are inside of themselves, or of what is not there",
        "UPDATE binding SET collection_id = item_id WHERE is_collection = 1; UPDATE collection SET parent_id = id",
        True,
    ),
    ("names of what is gone", "DELETE FROM obj WHERE type = 12", True),
    ("rows of content whose object is gone", "DELETE FROM obj WHERE type = 12", True),
    ("rows of span whose object is gone", "DELETE FROM obj WHERE type = 12", True),
    ("rows of indexed_value whose object is gone", "DELETE FROM obj WHERE type = 12", True),
    ("items that are in no collection", "DELETE FROM binding WHERE is_collection = 0", True),
    (
        "items that are in no collection",
        "DELETE FROM binding; DELETE FROM collection; DELETE FROM obj WHERE type = 11",
        False,
    ),
    ("names that are of another kind than what they mean", "UPDATE binding SET type = 14 WHERE type = 12", True),
    ("calendars, address books and folders whose items are miscounted", "UPDATE collection SET items = 9", True),
    ("calendars, address books and folders that are older than what is in them", "UPDATE collection SET seq = 0", True),
    ("deleted things that nobody could have back", "DELETE FROM archived", True),
    ("events and cards whose content is gone", "DELETE FROM content", False),
    ("deleted things of which nothing is left", "DELETE FROM archived_item", True),
    ("deleted things that are miscounted", "UPDATE archived SET items = 9", True),
    # blobs
    ("blobs in the database that have lost their row", "DELETE FROM blob WHERE store = 'db'", True),
    ("blobs in the database whose octets are missing, or of another length", "DELETE FROM blob_bytes", False),
    ("blobs that are in no place that there is", "UPDATE blob SET store = 'moon' WHERE store = 'file'", False),
    ("links to blobs that are not there", "DELETE FROM blob WHERE store = 'file'", False),
    (
        "links to blobs that are not there",
        "INSERT INTO blob_link(hash, account_id, owner_id) VALUES (CAST('x' AS BYTEA), 5, -1)",
        True,
    ),
    ("e-mails that do not hold their message", "DELETE FROM blob_link", True),
    ("objects that do not hold their blob", "DELETE FROM blob_link", True),
    ("letters in the queue that do not hold their message", "DELETE FROM blob_link", True),
    ("deleted files that do not hold their content", "DELETE FROM blob_link", True),
    ("blobs that are held for what is gone", "UPDATE blob_link SET owner_id = 9999 WHERE account_id = 0", True),
    ("blobs that something holds and that are to go", "UPDATE blob SET unref_at = 1", True),
    (
        "blobs that nothing holds and that would stay",
        "INSERT INTO blob(hash, size, stored_at, store) VALUES (CAST('x' AS BYTEA), 1, 0, 'file')",
        True,
    ),
    ("octets of no blob", "INSERT INTO blob_bytes(hash, bytes) VALUES (CAST('x' AS BYTEA), CAST('y' AS BYTEA))", True),
    # the queue
    ("letters in the queue without recipients", "DELETE FROM queue_recipient", False),
    ("recipients in the queue without a letter", "DELETE FROM queue_letter", False),
    ("letters in the queue without their message", "UPDATE queue_letter SET blob = CAST('x' AS BYTEA)", False),
    ("recipients in the queue whose destination is not there", "DELETE FROM queue_lane", True),
    ("recipients in the queue whose destination is not there", "UPDATE queue_recipient SET lane = 1", True),
    ("destinations whose waiting recipients are miscounted", "UPDATE queue_lane SET waiting = 4", True),
    ("destinations that would be looked at too late", "UPDATE queue_lane SET due = 9000000000", True),
    (
        "letters in the queue that say another time than their recipients",
        "UPDATE queue_letter SET due = due + 100",
        True,
    ),
    ("sums of waiting letters that are others", "UPDATE queue_used SET letters = 4", True),
)
"""What each finding is called, what makes it, and whether all that it makes can be put right."""
