"""Calendars, address books, folders, what is in them, and what was deleted of them."""

from __future__ import annotations

from stalwart.store.checks.check import Check, matches, objects_for
from stalwart.store.collection_rows import ITEMS
from stalwart.store.object_types import (
    ADDRESS_BOOK,
    CALENDAR,
    CALENDAR_EVENT,
    CALENDAR_EVENT_NOTIFICATION,
    CONTACT_CARD,
    FILE_NODE,
)

_KINDS = ", ".join(map(str, (CALENDAR, ADDRESS_BOOK, FILE_NODE)))
_KEPT = 30 * 86_400
_WITH_CONTENT = (CALENDAR_EVENT, CONTACT_CARD, CALENDAR_EVENT_NOTIFICATION)
_BINDING = (
    "INSERT INTO binding(account_id, collection_id, segment, item_id, home, type, is_collection, added_seq, bound_seq,"
    " seq, dead, mark, size, created_at, modified_at) SELECT"
)
_ANEW = (
    " ON CONFLICT (account_id, collection_id, segment) DO UPDATE SET item_id = excluded.item_id, home = excluded.home,"
    " type = excluded.type, is_collection = excluded.is_collection, dead = 0, mark = excluded.mark,"
    " size = excluded.size, created_at = excluded.created_at, modified_at = excluded.modified_at WHERE binding.dead = 1"
)
_LIVE_OBJECT = "EXISTS (SELECT 1 FROM obj AS o WHERE o.account_id = {0}.account_id AND o.id = {0}.{1} AND o.dead = 0)"
_BOUND = (
    "EXISTS (SELECT 1 FROM binding AS b WHERE b.account_id = {0}.account_id AND b.item_id = {0}.id AND b.dead = 0"
    " AND b.is_collection = {1})"
)
_ROW = "EXISTS (SELECT 1 FROM collection AS c WHERE c.account_id = {0}.account_id AND c.id = {0}.{1})"

_NAMED = f"binding WHERE dead = 0 AND is_collection = 1 AND NOT {_ROW.format('binding', 'item_id')}"
_USED = f"binding WHERE dead = 0 AND collection_id > 0 AND NOT {_ROW.format('binding', 'collection_id')}"
_KNOWN = (
    f"obj WHERE dead = 0 AND type IN ({CALENDAR}, {ADDRESS_BOOK}) AND NOT {_ROW.format('obj', 'id')}"
    f" AND NOT {_BOUND.format('obj', 1)}"
)
_LOST = (
    f"SELECT account_id, item_id AS id FROM {_NAMED} UNION SELECT account_id, collection_id FROM {_USED}"
    f" UNION SELECT account_id, id FROM {_KNOWN}"
)
_COLLECTION = "INSERT INTO collection(account_id, id, type, parent_id, segment, seq) SELECT DISTINCT"
_HAS_OBJECT = (
    "EXISTS (SELECT 1 FROM obj AS o WHERE o.account_id = collection.account_id AND o.id = collection.id"
    " AND o.type = collection.type AND o.dead = 0)"
)
_NAMELESS = f"collection WHERE NOT {_BOUND.format('collection', 1)}"
_NAME_IT = (
    f"{_BINDING} account_id, parent_id, segment, id, type, type, 1, seq, seq, seq, 0, 0, 0, {{now}}, {{now}}"
    f" FROM {_NAMELESS}{_ANEW}"
)
_TO_THE_HOME = "parent_id = -type, segment = 'restored-' || id"
_PLACE = (
    "b.account_id = collection.account_id AND b.item_id = collection.id AND b.dead = 0 AND b.is_collection = 1"
    " AND (b.collection_id <> collection.parent_id OR b.segment <> collection.segment)"
)
_REACHED = (
    "(WITH RECURSIVE reached(account_id, id) AS (SELECT account_id, id FROM collection WHERE parent_id < 0"
    " UNION SELECT c.account_id, c.id FROM collection AS c JOIN reached AS r ON r.account_id = c.account_id"
    " AND r.id = c.parent_id) SELECT account_id, id FROM reached)"
)
_CIRCLE = f"(account_id, id) NOT IN {_REACHED}"
_GONE = f"dead = 0 AND is_collection = 0 AND NOT {_LIVE_OBJECT.format('binding', 'item_id')}"
_HOME = (
    "CASE WHEN binding.collection_id < 0 THEN -binding.collection_id ELSE (SELECT c.type FROM collection AS c"
    " WHERE c.account_id = binding.account_id AND c.id = binding.collection_id) END"
)
_TYPE = (
    "(SELECT o.type FROM obj AS o WHERE o.account_id = binding.account_id AND o.id = binding.item_id AND o.dead = 0)"
)
_OTHER = f"dead = 0 AND (home <> {_HOME} OR type <> {_TYPE})"
_IN = ", ".join(str(item) for item in ITEMS.values())
_AWAY = (
    f"obj WHERE dead = 0 AND type IN ({_IN}) AND (type <> {FILE_NODE} OR blob IS NOT NULL)"
    f" AND NOT {_BOUND.format('obj', 0)} AND NOT {_ROW.format('obj', 'id')}"
)
_BY_ITEM = "CASE obj.type " + " ".join(f"WHEN {item} THEN {kind}" for kind, item in ITEMS.items()) + " END"
_AT_HOME = ", ".join(str(item) for kind, item in ITEMS.items() if kind == item)
_TARGET = (
    f"CASE WHEN obj.type IN ({_AT_HOME}) THEN -obj.type ELSE"
    f" (SELECT MIN(c.id) FROM collection AS c WHERE c.account_id = obj.account_id AND c.type = {_BY_ITEM}) END"
)
_ITEMS = (
    "(SELECT COUNT(*) FROM binding AS b WHERE b.account_id = collection.account_id"
    " AND b.collection_id = collection.id AND b.dead = 0)"
)
_LAST = "(SELECT account_id, collection_id, MAX(seq) AS seq FROM binding GROUP BY account_id, collection_id)"
_SAME = "b.account_id = collection.account_id AND b.collection_id = collection.id AND collection.seq < b.seq"
_BIN = "archived_item WHERE NOT " + matches("archived_item", "archived", id="archived_id")
_SUMS = (
    "(SELECT account_id, archived_id, COUNT(*) AS items, CAST(SUM(size) AS BIGINT) AS size FROM archived_item"
    " GROUP BY account_id, archived_id) AS s"
)
_NOTHING_IN = "archived WHERE NOT " + matches("archived", "archived_item", archived_id="id")
_CONTENTLESS = (
    f"obj WHERE dead = 0 AND blob IS NULL AND type IN ({', '.join(map(str, _WITH_CONTENT))})"
    " AND NOT EXISTS (SELECT 1 FROM content AS c WHERE c.account_id = obj.account_id AND c.id = obj.id)"
)
_SUM = (
    "s.account_id = archived.account_id AND s.archived_id = archived.id"
    " AND (s.items <> archived.items OR s.size <> archived.size)"
)


def _left_over(table: str) -> Check:
    wrong = f"{table} WHERE NOT {_LIVE_OBJECT.format(table, 'id')}"
    return Check(f"rows of {table} whose object is gone", f"FROM {wrong}", (f"DELETE FROM {wrong}",))


COLLECTIONS = (
    Check(
        "calendars, address books and folders whose row is gone",
        f"FROM ({_LOST}) AS lost",
        (
            f"{_COLLECTION} account_id, item_id, home, collection_id, segment, seq FROM {_NAMED}"
            " ON CONFLICT DO NOTHING",
            f"{_COLLECTION} account_id, collection_id, home, -home, 'restored-' || collection_id, 0 FROM {_USED}"
            " ON CONFLICT DO NOTHING",
            f"{_COLLECTION} account_id, id, type, -type, 'restored-' || id, seq FROM {_KNOWN} ON CONFLICT DO NOTHING",
        ),
        tells=True,
    ),
    Check(
        "calendars, address books and folders that are no objects",
        f"FROM collection WHERE NOT {_HAS_OBJECT}",
        tuple(
            statement
            for kind in (CALENDAR, ADDRESS_BOOK, FILE_NODE)
            for statement in objects_for(
                "SELECT account_id, id, CAST(NULL AS BYTEA) AS blob, 0 AS size, CAST({now} AS BIGINT) AS at"
                f" FROM collection WHERE type = {kind} AND NOT {_HAS_OBJECT}",
                str(kind),
            )
        ),
        tells=True,
    ),
    Check(
        "calendars, address books and folders that have no name where they are",
        f"FROM {_NAMELESS}",
        (
            _NAME_IT,
            f"UPDATE collection SET {_TO_THE_HOME} WHERE NOT {_BOUND.format('collection', 1)}",
            _NAME_IT,
        ),
        tells=True,
    ),
    Check(
        "calendars, address books and folders that are elsewhere than they say",
        f"FROM collection JOIN binding AS b ON {_PLACE}",
        (f"UPDATE collection SET parent_id = b.collection_id, segment = b.segment FROM binding AS b WHERE {_PLACE}",),
        key="collection.account_id, collection.id",
    ),
    Check(
        "folders that are inside of themselves, or of what is not there",
        f"FROM collection WHERE {_CIRCLE}",
        (
            "DELETE FROM binding WHERE is_collection = 1 AND (account_id, item_id) IN"
            f" (SELECT account_id, id FROM collection WHERE {_CIRCLE})",
            f"UPDATE collection SET {_TO_THE_HOME} WHERE {_CIRCLE}",
            _NAME_IT,
        ),
        tells=True,
    ),
    Check(
        "names of what is gone",
        f"FROM binding WHERE {_GONE}",
        (f"UPDATE binding SET dead = 1, size = 0 WHERE {_GONE}",),
        key="account_id, collection_id, segment, item_id",
        tells=True,
    ),
    Check(
        "items that are in no collection",
        f"FROM {_AWAY}",
        (
            f"{_BINDING} obj.account_id, {_TARGET}, 'restored-' || obj.id, obj.id, {_BY_ITEM}, obj.type, 0, obj.seq,"
            f" obj.seq, obj.seq, 0, 0, obj.size, obj.created_at, obj.modified_at FROM {_AWAY}"
            f" AND {_TARGET} IS NOT NULL{_ANEW}",
        ),
        advice="the account has no collection for them: make one, and repair again",
        tells=True,
    ),
    Check(
        "names that are of another kind than what they mean",
        f"FROM binding WHERE {_OTHER}",
        (f"UPDATE binding SET home = {_HOME}, type = {_TYPE} WHERE {_OTHER}",),
        key="account_id, collection_id, segment, item_id",
        tells=True,
    ),
    Check(
        "calendars, address books and folders whose items are miscounted",
        f"FROM collection WHERE items <> {_ITEMS}",
        (f"UPDATE collection SET items = {_ITEMS} WHERE items <> {_ITEMS}",),
    ),
    Check(
        "calendars, address books and folders that are older than what is in them",
        f"FROM collection JOIN {_LAST} AS b ON {_SAME}",
        (f"UPDATE collection SET seq = b.seq FROM {_LAST} AS b WHERE {_SAME}",),
        key="collection.account_id, collection.id",
    ),
    *(_left_over(table) for table in ("content", "span", "indexed_value")),
    Check(
        "events and cards whose content is gone",
        f"FROM {_CONTENTLESS}",
        advice="the content is in the last backup, what is left can be destroyed",
    ),
    Check("deleted things of which nothing is left", f"FROM {_NOTHING_IN}", (f"DELETE FROM {_NOTHING_IN}",)),
    Check(
        "deleted things that nobody could have back",
        f"FROM {_BIN}",
        (
            "INSERT INTO archived(account_id, id, type, path, items, size, archived_at, expires_at)"
            " SELECT account_id, archived_id, MIN(type), 'restored-' || archived_id, COUNT(*),"
            f" CAST(SUM(size) AS BIGINT), CAST({{now}} AS BIGINT), CAST({{now}} AS BIGINT) + {_KEPT}"
            f" FROM {_BIN} GROUP BY account_id, archived_id",
        ),
        key="account_id, archived_id, path",
    ),
    Check(
        "deleted things that are miscounted",
        f"FROM archived JOIN {_SUMS} ON {_SUM}",
        (f"UPDATE archived SET items = s.items, size = s.size FROM {_SUMS} WHERE {_SUM}",),
        key="archived.account_id, archived.id",
    ),
)
