-- Who is signed in to which application, and what proves people besides their passwords. An account that is no row of
-- account (the recovery administrator) may be signed in too; presenter_id is who entered somebody else's account.

CREATE TABLE sign_in   (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, presenter_id BIGINT, client TEXT NOT NULL,
                        generation BIGINT NOT NULL DEFAULT 0,
                        created_at BIGINT NOT NULL, used_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, data TEXT NOT NULL);
CREATE INDEX sign_in_account ON sign_in(account_id, client);
CREATE INDEX sign_in_presenter ON sign_in(presenter_id) WHERE presenter_id IS NOT NULL;
CREATE INDEX sign_in_end ON sign_in(expires_at);
CREATE TABLE factor    (account_id BIGINT, id BIGINT, kind TEXT NOT NULL, key TEXT NOT NULL,
                        created_at BIGINT NOT NULL, data TEXT NOT NULL, PRIMARY KEY(account_id, id));
CREATE UNIQUE INDEX factor_key ON factor(kind, key);
