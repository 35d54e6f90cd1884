"""Tests of stalwart.jmap.sieve."""
