"""Tests of stalwart.app.workers; real processes are in tests/live/test_workers.py."""
