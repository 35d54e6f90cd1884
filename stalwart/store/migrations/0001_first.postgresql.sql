-- Full text, the PostgreSQL way.

CREATE TABLE fts (account_id BIGINT, id BIGINT, tsv TSVECTOR NOT NULL, PRIMARY KEY(account_id, id));
CREATE INDEX fts_tsv ON fts USING GIN (tsv);
