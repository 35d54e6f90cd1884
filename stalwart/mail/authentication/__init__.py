"""Whose a message is: signatures on what leaves (RFC 6376), checks of what comes (SPF, DKIM, DMARC, ARC, names)."""
