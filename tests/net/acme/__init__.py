"""Tests of stalwart.net.acme."""
