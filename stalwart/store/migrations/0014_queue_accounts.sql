-- Whose letter it is, so that the letters of an account are found when it goes.

ALTER TABLE queue_letter ADD COLUMN account_id BIGINT;
CREATE INDEX queue_letter_account ON queue_letter(account_id, id) WHERE account_id IS NOT NULL;
