-- What scripts of accounts have answered or met before, by a digest, until it may be answered again (RFC 5230 4.2, RFC 7352).

CREATE TABLE seen (account_id BIGINT, kind SMALLINT, digest BYTEA, expires_at BIGINT NOT NULL,
                   PRIMARY KEY(account_id, kind, digest));
CREATE INDEX seen_expiry ON seen(expires_at);
