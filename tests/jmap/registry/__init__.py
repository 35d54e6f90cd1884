"""Tests of stalwart.jmap.registry."""
