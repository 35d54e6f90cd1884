-- Push subscriptions (RFC 8620 7.2); the table that is made anew has held nothing before. holder says by which access one
-- was made: it goes when that does.

DROP TABLE push_sub;
CREATE TABLE push_sub  (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, device TEXT NOT NULL, url TEXT NOT NULL,
                        p256dh TEXT, auth TEXT, code TEXT NOT NULL, verified SMALLINT NOT NULL,
                        expires_at BIGINT NOT NULL, created_at BIGINT NOT NULL, types TEXT, email_push TEXT,
                        holder TEXT NOT NULL);
CREATE UNIQUE INDEX push_device ON push_sub(account_id, device);
CREATE INDEX push_expiry ON push_sub(expires_at);
