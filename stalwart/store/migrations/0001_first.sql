-- The whole first schema. Account data as designed for JMAP, DAV and IMAP alike, then what the server itself needs.
-- Written for PostgreSQL; a dialect replaces type names. Every statement ends with a semicolon at the end of a line.

CREATE TABLE account   (id BIGINT PRIMARY KEY, login TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
                        seq BIGINT NOT NULL DEFAULT 0, last_id BIGINT NOT NULL DEFAULT 0,
                        used_octets BIGINT NOT NULL DEFAULT 0);
CREATE TABLE type_state(account_id BIGINT, type SMALLINT, seq BIGINT NOT NULL, low_seq BIGINT NOT NULL DEFAULT 0,
                        PRIMARY KEY(account_id, type));
CREATE TABLE obj       (account_id BIGINT, id BIGINT, type SMALLINT NOT NULL,
                        created_seq BIGINT NOT NULL, seq BIGINT NOT NULL, prop_seq BIGINT NOT NULL,
                        dead SMALLINT NOT NULL DEFAULT 0, uid TEXT, etag TEXT, blob BYTEA, size BIGINT NOT NULL DEFAULT 0,
                        created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL, data TEXT,
                        PRIMARY KEY(account_id, id));
CREATE UNIQUE INDEX obj_changes ON obj(account_id, type, seq);
CREATE INDEX obj_uid     ON obj(account_id, type, uid) WHERE uid IS NOT NULL AND dead = 0;
CREATE TABLE container (account_id BIGINT, id BIGINT, type SMALLINT NOT NULL, parent_id BIGINT, name TEXT NOT NULL,
                        name_key TEXT NOT NULL, role TEXT, sort_order BIGINT NOT NULL DEFAULT 0, uidvalidity BIGINT,
                        uidnext BIGINT NOT NULL DEFAULT 1, seq BIGINT NOT NULL DEFAULT 0,
                        total BIGINT NOT NULL DEFAULT 0, unread BIGINT NOT NULL DEFAULT 0,
                        total_threads BIGINT NOT NULL DEFAULT 0, unread_threads BIGINT NOT NULL DEFAULT 0,
                        PRIMARY KEY(account_id, id));
CREATE UNIQUE INDEX container_name ON container(account_id, type, COALESCE(parent_id, -1), name_key);
CREATE UNIQUE INDEX container_role ON container(account_id, type, role) WHERE role IS NOT NULL;
CREATE TABLE member    (account_id BIGINT, container_id BIGINT, uid BIGINT, item_id BIGINT NOT NULL, name TEXT,
                        added_seq BIGINT NOT NULL, seq BIGINT NOT NULL, dead SMALLINT NOT NULL DEFAULT 0,
                        sort_at BIGINT NOT NULL DEFAULT 0, thread_id BIGINT, flags BIGINT NOT NULL DEFAULT 0,
                        PRIMARY KEY(account_id, container_id, uid));
CREATE INDEX member_list   ON member(account_id, container_id, sort_at, item_id) WHERE dead = 0;
CREATE INDEX member_unread ON member(account_id, container_id, sort_at, item_id) WHERE dead = 0 AND flags % 2 = 0;
CREATE INDEX member_thread ON member(account_id, container_id, thread_id, sort_at, item_id) WHERE dead = 0;
CREATE INDEX member_item   ON member(account_id, item_id);
CREATE INDEX member_seq    ON member(account_id, container_id, seq);
CREATE UNIQUE INDEX member_name ON member(account_id, container_id, name) WHERE dead = 0 AND name IS NOT NULL;
CREATE TABLE email     (account_id BIGINT, id BIGINT, thread_id BIGINT NOT NULL, received_at BIGINT NOT NULL,
                        sent_at BIGINT, size BIGINT NOT NULL, has_attachment SMALLINT NOT NULL,
                        from_key TEXT, to_key TEXT, subject_key TEXT,
                        preview TEXT NOT NULL DEFAULT '', struct BYTEA, PRIMARY KEY(account_id, id));
CREATE INDEX email_thread ON email(account_id, thread_id, received_at, id);
CREATE INDEX email_recv   ON email(account_id, received_at, id);
CREATE TABLE keyword   (account_id BIGINT, keyword TEXT, email_id BIGINT, PRIMARY KEY(account_id, keyword, email_id));
CREATE INDEX keyword_email ON keyword(account_id, email_id);
CREATE TABLE thread_ref(account_id BIGINT, ref_hash BIGINT, subject_hash BIGINT, email_id BIGINT,
                        thread_id BIGINT NOT NULL,
                        PRIMARY KEY(account_id, ref_hash, subject_hash, email_id));
CREATE TABLE blob      (hash BYTEA PRIMARY KEY, size BIGINT NOT NULL, stored_at BIGINT NOT NULL, store TEXT NOT NULL,
                        unref_at BIGINT);
CREATE INDEX blob_unref ON blob(unref_at) WHERE unref_at IS NOT NULL;
CREATE TABLE blob_bytes(hash BYTEA PRIMARY KEY, bytes BYTEA NOT NULL);
CREATE TABLE blob_link (hash BYTEA, account_id BIGINT, owner_id BIGINT, expires_at BIGINT, type TEXT,
                        PRIMARY KEY(hash, account_id, owner_id));
CREATE INDEX blob_link_exp ON blob_link(expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX blob_link_owner ON blob_link(account_id, owner_id);
CREATE TABLE acl       (account_id BIGINT, obj_id BIGINT, grantee BIGINT, rights BIGINT NOT NULL,
                        since_seq BIGINT NOT NULL,
                        PRIMARY KEY(account_id, obj_id, grantee));
CREATE INDEX acl_grantee ON acl(grantee, account_id);
CREATE TABLE pref      (account_id BIGINT, obj_id BIGINT, user_id BIGINT, seq BIGINT NOT NULL, data TEXT NOT NULL,
                        PRIMARY KEY(account_id, obj_id, user_id));
CREATE TABLE occurrence(account_id BIGINT, event_id BIGINT, start_utc BIGINT, end_utc BIGINT, recurrence_id TEXT,
                        PRIMARY KEY(account_id, start_utc, event_id));
CREATE TABLE push_sub  (id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL, device TEXT NOT NULL, url TEXT NOT NULL,
                        p256dh BYTEA, auth BYTEA, code TEXT NOT NULL, verified SMALLINT NOT NULL DEFAULT 0,
                        expires_at BIGINT NOT NULL, types TEXT, email_push TEXT, credential TEXT);
CREATE UNIQUE INDEX push_device ON push_sub(user_id, device);

CREATE TABLE registry  (type TEXT, id BIGINT, revision BIGINT NOT NULL, data TEXT NOT NULL, PRIMARY KEY(type, id));
CREATE TABLE registry_key (space TEXT, value TEXT, type TEXT NOT NULL, id BIGINT NOT NULL,
                        PRIMARY KEY(space, value));
CREATE INDEX registry_key_owner ON registry_key(type, id);
CREATE TABLE registry_link (type TEXT, id BIGINT, target_type TEXT, target_id BIGINT,
                        PRIMARY KEY(type, id, target_type, target_id));
CREATE INDEX registry_link_target ON registry_link(target_type, target_id);
CREATE TABLE registry_sequence (type TEXT PRIMARY KEY, last BIGINT NOT NULL);

CREATE TABLE token     (kind TEXT, id TEXT, data TEXT NOT NULL, expires_at BIGINT NOT NULL, PRIMARY KEY(kind, id));
CREATE INDEX token_expiry ON token(expires_at);
CREATE TABLE ban       (network TEXT PRIMARY KEY, reason TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT);
CREATE TABLE counter   (bucket TEXT PRIMARY KEY, value BIGINT NOT NULL, expires_at BIGINT NOT NULL);
CREATE INDEX counter_expiry ON counter(expires_at);
CREATE TABLE secret    (name TEXT PRIMARY KEY, value BYTEA NOT NULL);
