"""Tests that open real sockets on loopback: the servers that misbehave, and the daemon against them."""
