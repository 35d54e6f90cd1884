"""Settings types that need more than the declaration says: one handler for each, found by ``@handles``."""
