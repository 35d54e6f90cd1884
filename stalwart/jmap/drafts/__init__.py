"""E-mails that clients describe become messages (RFC 8621 4.6): drafts are checked, and composed of text and blobs."""
