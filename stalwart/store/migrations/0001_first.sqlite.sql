-- Full text, the SQLite way: rowid is the object's key, and acct holds one token a<accountId> that every search names first.

CREATE VIRTUAL TABLE fts USING fts5(acct, frm, rcpt, subject, body, tokenize='unicode61 remove_diacritics 2');
