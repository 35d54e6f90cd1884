"""Samples for those who run the server: what they say must be so."""
