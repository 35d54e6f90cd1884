"""Tests of stalwart.codec.sieve."""
