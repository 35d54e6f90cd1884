-- Calendars, address books and folders, and what is in them. A binding is a name in a collection (RFC 5842 1.1): one row per
-- name, which stays as a tombstone, so the changes of a collection are one walk along seq (RFC 6578). A home has no row of
-- its own: its members are bound in the negative number of its type. span says when something happens, so that questions
-- about time never read calendar data, and when an alarm of it is due next; indexed_value has what is searched by property.

DROP TABLE occurrence;
CREATE TABLE collection (account_id BIGINT, id BIGINT, type SMALLINT NOT NULL, parent_id BIGINT NOT NULL,
                        segment TEXT NOT NULL, seq BIGINT NOT NULL, items BIGINT NOT NULL DEFAULT 0,
                        PRIMARY KEY(account_id, id));
CREATE INDEX collection_parent ON collection(account_id, parent_id);
CREATE TABLE content   (account_id BIGINT, id BIGINT, octets BYTEA NOT NULL, PRIMARY KEY(account_id, id));
CREATE TABLE span      (account_id BIGINT, id BIGINT, kind SMALLINT NOT NULL, first_at BIGINT NOT NULL,
                        last_at BIGINT NOT NULL, alarm_at BIGINT, periods BYTEA, PRIMARY KEY(account_id, id));
CREATE INDEX span_time ON span(account_id, last_at, first_at, id);
CREATE INDEX span_alarm ON span(alarm_at) WHERE alarm_at IS NOT NULL;
CREATE TABLE dav_lock  (token BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, home SMALLINT NOT NULL, path TEXT NOT NULL,
                        user_id BIGINT NOT NULL, is_deep SMALLINT NOT NULL, is_shared SMALLINT NOT NULL,
                        owner TEXT, expires_at BIGINT NOT NULL);
CREATE INDEX dav_lock_account ON dav_lock(account_id, home);
CREATE INDEX dav_lock_expiry ON dav_lock(expires_at);
CREATE TABLE archived  (account_id BIGINT, id BIGINT, type SMALLINT NOT NULL, path TEXT NOT NULL, items BIGINT NOT NULL,
                        size BIGINT NOT NULL, archived_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
                        PRIMARY KEY(account_id, id));
CREATE INDEX archived_expiry ON archived(expires_at);
CREATE TABLE archived_item (account_id BIGINT, archived_id BIGINT, path TEXT, type SMALLINT NOT NULL,
                        is_collection SMALLINT NOT NULL, created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
                        size BIGINT NOT NULL, blob BYTEA, octets BYTEA, data TEXT,
                        PRIMARY KEY(account_id, archived_id, path));
