"""Questions about calendar objects (RFC 4791): which of them a filter means, which part is given, when one is busy."""
