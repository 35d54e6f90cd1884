-- used says of an upload that something was made of it: it does not count as waiting any more, whatever becomes of that.

ALTER TABLE blob_link ADD COLUMN used SMALLINT NOT NULL DEFAULT 0;
