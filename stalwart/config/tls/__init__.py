"""Certificates: authorities that issue them, the certificates themselves, DNS providers (settings C.3)."""
