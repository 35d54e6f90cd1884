"""Sieve scripts and vacation responses over JMAP (RFC 9661, RFC 8621 8)."""
