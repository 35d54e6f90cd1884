"""Storage: the stores, search, the cluster, how long things are kept (settings C.11)."""
