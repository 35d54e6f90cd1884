"""Telling clients that something has changed: event streams, WebSockets, Web Push (RFC 8620 7, RFC 8887)."""
