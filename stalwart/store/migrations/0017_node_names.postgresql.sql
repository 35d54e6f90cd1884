
ALTER TABLE binding ADD COLUMN collated TEXT COLLATE "C";
UPDATE binding SET collated = upper(segment COLLATE "C") WHERE home = 15 AND segment COLLATE "C" ~ '^[ -~]*$';
CREATE INDEX binding_collated ON binding(account_id, collection_id, collated, item_id, dead)
    WHERE dead = 0 AND collated IS NOT NULL;
CREATE INDEX binding_uncollated ON binding(account_id, collection_id) WHERE dead = 0 AND collated IS NULL AND home = 15;
