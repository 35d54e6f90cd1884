"""Tests of signatures and of checks of senders."""
