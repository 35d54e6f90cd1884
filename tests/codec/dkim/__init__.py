"""Tests of signatures of messages."""
