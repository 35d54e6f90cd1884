-- Mail. A row of email holds all that a list shows: what never changes as ready JSON (fragment), mailboxes and keywords as
-- ready JSON objects. A reference leads to a thread once, however many e-mails carry it. thread_count says how many e-mails
-- of a thread are in a mailbox, and how many of them are unread: the counters of mailboxes follow from it. The tables
-- that are made anew have held nothing before. Indexes of lists hold all that their walks ask for.

DROP TABLE email;
CREATE TABLE email     (account_id BIGINT, id BIGINT, thread_id BIGINT NOT NULL, received_at BIGINT NOT NULL,
                        sent_at BIGINT, size BIGINT NOT NULL, has_attachment SMALLINT NOT NULL, flags BIGINT NOT NULL,
                        blob BYTEA NOT NULL, mailboxes TEXT NOT NULL, keywords TEXT NOT NULL,
                        from_key TEXT NOT NULL, to_key TEXT NOT NULL, subject_key TEXT NOT NULL,
                        subject_hash BIGINT NOT NULL, refs BYTEA NOT NULL,
                        fragment BYTEA NOT NULL, parts BYTEA NOT NULL, PRIMARY KEY(account_id, id));
CREATE INDEX email_thread ON email(account_id, thread_id, received_at, id);
CREATE INDEX email_recv   ON email(account_id, received_at, id, thread_id);
CREATE INDEX email_unread ON email(account_id, received_at, id, thread_id, flags) WHERE flags % 2 = 0;
CREATE INDEX email_flagged ON email(account_id, received_at, id, thread_id, flags) WHERE (flags & 2) <> 0;
DROP TABLE thread_ref;
CREATE TABLE thread_ref(account_id BIGINT, ref_hash BIGINT, subject_hash BIGINT, thread_id BIGINT,
                        emails BIGINT NOT NULL, PRIMARY KEY(account_id, ref_hash, subject_hash, thread_id));
CREATE TABLE thread_count (account_id BIGINT, thread_id BIGINT, container_id BIGINT, emails BIGINT NOT NULL,
                        unread BIGINT NOT NULL, PRIMARY KEY(account_id, thread_id, container_id));
DROP INDEX member_list;
CREATE INDEX member_list   ON member(account_id, container_id, sort_at, item_id, thread_id, dead) WHERE dead = 0;
DROP INDEX member_unread;
CREATE INDEX member_unread ON member(account_id, container_id, sort_at, item_id, thread_id, dead, flags)
                        WHERE dead = 0 AND flags % 2 = 0;
CREATE INDEX member_flagged ON member(account_id, container_id, sort_at, item_id, thread_id, dead, flags)
                        WHERE dead = 0 AND (flags & 2) <> 0;
DROP INDEX member_thread;
CREATE INDEX member_thread ON member(account_id, container_id, thread_id, sort_at, item_id, dead) WHERE dead = 0;
CREATE INDEX member_dead   ON member(account_id, seq) WHERE dead = 1;
