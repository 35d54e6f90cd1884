"""Tests of reports about mail and its transport."""
