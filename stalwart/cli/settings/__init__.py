"""Settings from the command line: a pure JMAP client that knows nothing but the schema document (settings A.14)."""
