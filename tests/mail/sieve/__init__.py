"""Tests of stalwart.mail.sieve."""
