"""Tests of TLS by itself."""
