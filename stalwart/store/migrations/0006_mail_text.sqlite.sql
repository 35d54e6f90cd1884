-- rowid is account_id * 2^32 + email_id. Words come ready made, with blanks between them; what is in other than ASCII letters
-- is a letter too. Nothing but the index is kept: rows are removed by naming their words. Mail comes in small pieces: merging
-- eight of them at a time instead of four is less work.

CREATE TABLE mail_text_queue (account_id BIGINT, email_id BIGINT, PRIMARY KEY(account_id, email_id)) WITHOUT ROWID;
DROP TABLE fts;
CREATE VIRTUAL TABLE mail_words USING fts5(sender, recipients, copies, blind_copies, subject, body, names, header,
                        content='', columnsize=0, tokenize='ascii');
INSERT INTO mail_words(mail_words, rank) VALUES ('automerge', 8);
