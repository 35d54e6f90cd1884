"""Settings types that need more than their declaration: a handler for each, found by the registry."""
