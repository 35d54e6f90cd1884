"""Domains: mail domains, their signing keys and policies (settings C.6)."""
