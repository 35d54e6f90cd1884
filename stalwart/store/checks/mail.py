"""Mailboxes, e-mails and threads: rows of one table against those of another."""

from __future__ import annotations

from stalwart.store.checks.check import LOST, Check, lives, matches, objects_for
from stalwart.store.object_types import EMAIL, MAILBOX, THREAD

_THREADLESS = f"NOT {lives('email', 'thread_id', THREAD)}"
_KNOWN = (
    "FROM member AS m JOIN obj AS t ON t.account_id = m.account_id AND t.id = m.thread_id"
    f" AND t.type = {THREAD} AND t.dead = 0 WHERE m.account_id = email.account_id AND m.item_id = email.id"
)
_BLOBLESS = "CAST(NULL AS BYTEA)"
_NO_ROW = "NOT EXISTS (SELECT 1 FROM container AS c WHERE c.account_id = {0}.account_id AND c.id = {0}.{1})"
_LOST_MAILBOXES = (
    f"SELECT obj.account_id, obj.id FROM obj WHERE type = {MAILBOX} AND dead = 0 AND {_NO_ROW.format('obj', 'id')}"
    " UNION SELECT member.account_id, member.container_id FROM member WHERE dead = 0"
    f" AND {_NO_ROW.format('member', 'container_id')} AND {matches('member', 'email', id='item_id')}"
)
_REACHED = (
    "(WITH RECURSIVE reached(account_id, id) AS (SELECT account_id, id FROM container WHERE parent_id IS NULL"
    " UNION SELECT c.account_id, c.id FROM container AS c JOIN reached AS r ON r.account_id = c.account_id"
    " AND r.id = c.parent_id) SELECT account_id, id FROM reached)"
)
_TO_THE_TOP = (
    "name = name || ' (' || id || ')', name_key = name_key || ' (' || id || ')', parent_id = NULL"  # names may be taken
)
_ORPHAN = "parent_id IS NOT NULL AND NOT " + matches("container", "container", id="parent_id")
_CIRCLE = f"parent_id IS NOT NULL AND (account_id, id) NOT IN {_REACHED}"
_GONE = f"NOT {matches('member', 'email', id='item_id')}"
_TWICE = (
    "dead = 0 AND (account_id, container_id, uid) IN (SELECT account_id, container_id, uid FROM"
    " (SELECT account_id, container_id, uid, ROW_NUMBER() OVER (PARTITION BY account_id, item_id, container_id"
    " ORDER BY uid) AS place FROM member WHERE dead = 0) AS n WHERE place > 1)"
)
_LAST = (
    "(SELECT account_id, container_id, MAX(uid) AS uid, MAX(seq) AS seq FROM member GROUP BY account_id, container_id)"
)
_BEHIND = "(container.uidnext <= m.uid OR container.seq < m.seq)"
_SAME_BOX = "m.account_id = container.account_id AND m.container_id = container.id"
_SAME_MAIL = "e.account_id = member.account_id AND e.id = member.item_id"
_OTHER = (
    "(member.thread_id IS NULL OR member.thread_id <> e.thread_id OR member.flags <> e.flags"
    " OR member.sort_at <> e.received_at)"
)
_SAME_OBJECT = f"o.account_id = email.account_id AND o.id = email.id AND o.type = {EMAIL} AND o.dead = 0"
_OTHER_CONTENT = "(o.blob IS NULL OR o.blob <> email.blob OR o.size <> email.size)"
_OBJECT = f"type = {EMAIL} AND dead = 0 AND NOT {matches('obj', 'email', id='id')}"
_EMPTY = f"type = {THREAD} AND dead = 0 AND NOT {matches('obj', 'email', thread_id='id')}"
_STRAY = f"NOT {matches('keyword', 'email', id='email_id')}"

BEFORE = (
    Check(
        "e-mails of threads that are not there",
        f"FROM email WHERE {_THREADLESS}",
        (
            f"UPDATE email SET thread_id = (SELECT MIN(m.thread_id) {_KNOWN}) WHERE {_THREADLESS}"
            f" AND EXISTS (SELECT 1 {_KNOWN})",
            *objects_for(
                f"SELECT account_id, thread_id AS id, {_BLOBLESS} AS blob, 0 AS size, MIN(received_at) AS at"
                f" FROM email WHERE {_THREADLESS} GROUP BY account_id, thread_id",
                str(THREAD),
            ),
        ),
        tells=True,
    ),
    Check(
        "threads without e-mails",
        f"FROM obj WHERE {_EMPTY}",
        (f"UPDATE obj SET dead = 1 WHERE {_EMPTY}",),
        tells=True,
    ),
    Check(
        "e-mails that are no objects",
        f"FROM email WHERE NOT {lives('email', 'id', EMAIL)}",
        objects_for(
            f"SELECT account_id, id, blob, size, received_at AS at FROM email WHERE NOT {lives('email', 'id', EMAIL)}",
            str(EMAIL),
        ),
        tells=True,
    ),
    Check(
        "e-mails whose object has another message or size",
        f"FROM email JOIN obj AS o ON {_SAME_OBJECT} WHERE {_OTHER_CONTENT}",
        (
            "UPDATE obj SET blob = e.blob, size = e.size FROM email AS e WHERE e.account_id = obj.account_id"
            f" AND e.id = obj.id AND obj.type = {EMAIL} AND obj.dead = 0"
            " AND (obj.blob IS NULL OR obj.blob <> e.blob OR obj.size <> e.size)",
        ),
        key="email.account_id, email.id",
    ),
    Check(
        "objects that should be e-mails",
        f"FROM obj WHERE {_OBJECT}",
        key="account_id, id, blob",
        advice=f"the messages are there as long as their blobs are held, {LOST}",
    ),
    Check(
        "mailboxes whose row is gone",
        f"FROM ({_LOST_MAILBOXES}) AS lost WHERE EXISTS (SELECT 1 FROM account AS a WHERE a.id = lost.account_id)",
        (
            "INSERT INTO container(account_id, id, type, name, name_key, uidvalidity, uidnext)"
            f" SELECT account_id, id, {MAILBOX}, 'Restored ' || id, 'restored ' || id, {{now}}, 1"
            f" FROM ({_LOST_MAILBOXES}) AS lost WHERE id > 0 ON CONFLICT DO NOTHING",
        ),
        tells=True,
    ),
    Check(
        "mailboxes that are no objects",
        f"FROM container WHERE type = {MAILBOX} AND NOT {lives('container', 'id', MAILBOX)}",
        objects_for(
            f"SELECT account_id, id, {_BLOBLESS} AS blob, 0 AS size, CAST({{now}} AS BIGINT) AS at FROM container"
            f" WHERE type = {MAILBOX} AND NOT {lives('container', 'id', MAILBOX)}",
            str(MAILBOX),
        ),
        tells=True,
    ),
    *(
        Check(what, f"FROM container WHERE {wrong}", (f"UPDATE container SET {_TO_THE_TOP} WHERE {wrong}",), tells=True)
        for what, wrong in (
            ("mailboxes in mailboxes that are not there", _ORPHAN),
            ("mailboxes that are inside of themselves", _CIRCLE),
        )
    ),
    Check(
        "mailboxes without a validity of uids",
        "FROM container WHERE uidvalidity IS NULL",
        ("UPDATE container SET uidvalidity = {now} WHERE uidvalidity IS NULL",),
        tells=True,
    ),
    Check(
        "places in mailboxes of e-mails that are gone",
        f"FROM member WHERE dead = 0 AND {_GONE}",
        (f"UPDATE member SET dead = 1 WHERE dead = 0 AND {_GONE}",),
        key="account_id, container_id, uid",
        tells=True,
    ),
    Check(
        "places in mailboxes that are gone",
        f"FROM member WHERE {_NO_ROW.format('member', 'container_id')}"
        f" AND (dead = 1 OR NOT {matches('member', 'email', id='item_id')})",
        (f"DELETE FROM member WHERE dead = 1 AND {_NO_ROW.format('member', 'container_id')}",),
        key="account_id, container_id, uid",
    ),
    Check(
        "e-mails that are twice in a mailbox",
        f"FROM member WHERE {_TWICE}",
        (f"UPDATE member SET dead = 1 WHERE {_TWICE}",),
        key="account_id, container_id, uid",
        tells=True,
    ),
    Check(
        "mailboxes that would give uids away twice",
        f"FROM container JOIN {_LAST} AS m ON {_SAME_BOX} WHERE {_BEHIND}",
        (
            "UPDATE container SET uidnext = CASE WHEN container.uidnext <= m.uid THEN m.uid + 1"
            " ELSE container.uidnext END, seq = CASE WHEN container.seq < m.seq THEN m.seq ELSE container.seq END"
            f" FROM {_LAST} AS m WHERE {_SAME_BOX} AND {_BEHIND}",
        ),
        key="container.account_id, container.id",
    ),
)

AFTER = (
    Check(
        "places in mailboxes that say something else than their e-mails",
        f"FROM member JOIN email AS e ON {_SAME_MAIL} WHERE member.dead = 0 AND {_OTHER}",
        (
            "UPDATE member SET thread_id = e.thread_id, flags = e.flags, sort_at = e.received_at FROM email AS e"
            f" WHERE {_SAME_MAIL} AND member.dead = 0 AND {_OTHER}",
        ),
        key="member.account_id, member.container_id, member.uid",
    ),
    Check(
        "keywords of e-mails that are gone",
        f"FROM keyword WHERE {_STRAY}",
        (f"DELETE FROM keyword WHERE {_STRAY}",),
        key="account_id, keyword, email_id",
    ),
    Check(
        "texts of e-mails that are gone",
        "FROM mail_text WHERE NOT "
        + matches("mail_text", "email", id="email_id")
        + " AND NOT "
        + matches("mail_text", "mail_text_queue", email_id="email_id")
        + " AND EXISTS (SELECT 1 FROM account AS a WHERE a.id = mail_text.account_id)",
        (
            "INSERT INTO mail_text_queue(account_id, email_id) SELECT account_id, email_id FROM mail_text WHERE NOT "
            + matches("mail_text", "email", id="email_id")
            + " AND EXISTS (SELECT 1 FROM account AS a WHERE a.id = mail_text.account_id) ON CONFLICT DO NOTHING",
        ),
        key="account_id, email_id",
    ),
)
