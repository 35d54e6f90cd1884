
CREATE TABLE binding   (account_id BIGINT, collection_id BIGINT, segment TEXT, item_id BIGINT NOT NULL,
                        home SMALLINT NOT NULL, type SMALLINT NOT NULL, is_collection SMALLINT NOT NULL,
                        added_seq BIGINT NOT NULL, bound_seq BIGINT NOT NULL, seq BIGINT NOT NULL,
                        dead SMALLINT NOT NULL DEFAULT 0,
                        mark BIGINT NOT NULL, size BIGINT NOT NULL, created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
                        PRIMARY KEY(account_id, collection_id, segment));
CREATE INDEX binding_seq  ON binding(account_id, collection_id, seq);
CREATE INDEX binding_home ON binding(account_id, home, seq);
CREATE INDEX binding_item ON binding(account_id, item_id);
CREATE TABLE indexed_value (account_id BIGINT, property TEXT, id BIGINT, number SMALLINT, value TEXT NOT NULL,
                        PRIMARY KEY(account_id, property, id, number));
CREATE INDEX indexed_value_item ON indexed_value(account_id, id);
