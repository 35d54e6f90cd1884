"""Sharing: rights on single objects, accounts that others have shared, who is told (RFC 9670)."""
