"""Signatures of messages: their form, what they cover, making and verifying them (RFC 6376, RFC 8463, RFC 8617)."""
