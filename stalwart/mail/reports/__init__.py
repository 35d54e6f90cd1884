"""Reports about mail: those of others are read and kept, ours are counted and sent (RFC 7489 7.2, RFC 8460)."""
