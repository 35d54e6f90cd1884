"""Tests of stalwart.cli.settings."""
