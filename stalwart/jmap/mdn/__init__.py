"""Notifications of what became of messages, over JMAP (RFC 9007): sent, and read."""
