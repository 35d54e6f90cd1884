"""The data type Email (RFC 8621 4, 5): messages are read, listed, searched, filed, imported, copied."""
