ALTER TABLE archived_item DROP CONSTRAINT archived_item_pkey;
CREATE INDEX archived_item_of ON archived_item(account_id, archived_id);
