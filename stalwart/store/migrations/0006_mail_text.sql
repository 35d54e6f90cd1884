-- Full text of mail. mail_text keeps what was indexed of an e-mail, so that it can be shown and forgotten; mail_text_form
-- says how words were made. The queue names e-mails whose text is to be indexed, or to be forgotten if they are gone; each
-- dialect makes it, and its index, for itself.

CREATE TABLE mail_text (account_id BIGINT, email_id BIGINT, document BYTEA NOT NULL, PRIMARY KEY(account_id, email_id));
CREATE TABLE mail_text_form (form TEXT PRIMARY KEY);
