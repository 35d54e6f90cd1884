"""JMAP Mail but for its messages: mailboxes, threads (RFC 8621 1 to 3), and the quotas of accounts (RFC 9425)."""
