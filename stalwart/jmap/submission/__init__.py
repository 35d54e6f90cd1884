"""Sending mail over JMAP: identities and submissions (RFC 8621 6, 7)."""
