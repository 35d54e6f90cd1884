-- One vector for each column of words.

CREATE TABLE mail_text_queue (account_id BIGINT, email_id BIGINT, PRIMARY KEY(account_id, email_id));
DROP TABLE fts;
CREATE TABLE mail_words (account_id BIGINT, email_id BIGINT, part TEXT, words TSVECTOR NOT NULL,
                        PRIMARY KEY(account_id, email_id, part));
CREATE INDEX mail_words_words ON mail_words USING GIN (words);
