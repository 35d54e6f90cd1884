"""Tests of the well-known places."""
