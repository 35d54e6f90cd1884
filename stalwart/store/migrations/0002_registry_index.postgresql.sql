-- The collation is that of SQLite, whatever language the database speaks.

CREATE TABLE registry_index (type TEXT, property TEXT, value TEXT COLLATE "C", id BIGINT,
                        PRIMARY KEY(type, property, value, id));
CREATE INDEX registry_index_owner ON registry_index(type, id, property, value);
