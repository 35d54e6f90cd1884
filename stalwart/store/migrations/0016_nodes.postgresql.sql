-- The nodes that use this database: when each was heard of, and which one leads (store/postgresql/neighbours). What is
-- lost of it in a crash comes back within seconds.

CREATE UNLOGGED TABLE node (id BIGINT PRIMARY KEY, name TEXT NOT NULL, pid BIGINT NOT NULL, leads BOOLEAN NOT NULL,
                        seen_at TIMESTAMPTZ NOT NULL);
