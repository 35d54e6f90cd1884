-- What mail that arrives needs. delivered says which messages an account got by SMTP or LMTP of late, by a digest of what
-- the client sent, and in which blob they are, so that one that is sent again is not there twice. added_at is when an e-mail came into a mailbox: what
-- has been in the trash for long is deleted.

CREATE TABLE delivered (account_id BIGINT, digest BYTEA, blob BYTEA NOT NULL, expires_at BIGINT NOT NULL,
                        PRIMARY KEY(account_id, digest));
CREATE INDEX delivered_expiry ON delivered(expires_at);
ALTER TABLE member ADD COLUMN added_at BIGINT NOT NULL DEFAULT 0;
