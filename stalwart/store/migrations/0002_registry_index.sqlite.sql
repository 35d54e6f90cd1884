-- The table is its own index; text compares by its UTF-8 bytes.

CREATE TABLE registry_index (type TEXT, property TEXT, value TEXT, id BIGINT,
                        PRIMARY KEY(type, property, value, id)) WITHOUT ROWID;
CREATE INDEX registry_index_owner ON registry_index(type, id, property, value);
