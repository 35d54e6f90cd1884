"""Tests of the queue of mail."""
