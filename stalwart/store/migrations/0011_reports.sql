-- Reports of other servers about DMARC and TLS (x:DmarcExternalReport, x:TlsExternalReport): ids grow with time, the digest says
-- that a report is the same, body is the report itself, compressed. And what our own TLS reports will say: sessions of a day
-- with a domain, counted by policy and failure, which the digest stands for.

CREATE TABLE mail_report (id BIGINT PRIMARY KEY, kind TEXT NOT NULL, digest TEXT NOT NULL, domain TEXT NOT NULL,
                        tenant_id BIGINT, sender TEXT NOT NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL,
                        words TEXT NOT NULL, expires_at BIGINT, body BYTEA NOT NULL);
CREATE UNIQUE INDEX mail_report_digest ON mail_report(kind, digest);
CREATE INDEX mail_report_kind ON mail_report(kind, id);
CREATE INDEX mail_report_domain ON mail_report(kind, domain, id);
CREATE INDEX mail_report_expiry ON mail_report(expires_at);
CREATE TABLE tls_count (day BIGINT, domain TEXT, digest TEXT, policy TEXT NOT NULL, failure TEXT, sessions BIGINT NOT NULL,
                        PRIMARY KEY(day, domain, digest));
