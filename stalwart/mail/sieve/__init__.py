"""Sieve scripts and vacation responses of accounts, run when mail is delivered; the language is in ``codec.sieve``."""
