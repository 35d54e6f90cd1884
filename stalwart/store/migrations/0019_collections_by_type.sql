-- Calendars and address books are found whatever else an account has: among many folders, above all.

CREATE INDEX collection_type ON collection(account_id, type, id);
